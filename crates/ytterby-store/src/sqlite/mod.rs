//! The engine for one machine: one SQLite file, one thread that writes, a few that read.
//!
//! SQLite has one writer at a time anyway; giving it a thread of its own turns waiting writers into
//! one durable commit for all of them. Reads are never in its way: each has a snapshot.

mod admission;
mod copy;
mod cosigned;
mod file;
mod ledger;
mod lineage;
mod list;
mod log;
mod parties;
mod readers;
mod reads;
mod recover;
mod register;
mod rows;
mod schema;
mod status;
mod writer;

use std::path::Path;

use ytterby::Home;
use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::form::StatusPurpose;
use ytterby_tlog::{Hash, Tile, TreeHead};

pub use copy::{Checked, check, restore};

use crate::{
    Admission, Answer, ApiKey, ApiKeyHash, CallerRow, CertificateFilter, CertificateRow, Closing, Cosigned,
    Cursor, Direction, DrawnBy, IssuerKey, IssuerRow, Kin, Logged, LotRecord, Page, Recovery, Registration,
    Replay, StatusBits, StatusChange, StatusEvent, Store, StoreError, sound,
};
use file::Claim;
use readers::Readers;
use writer::Writer;

/// How a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqliteOptions {
    /// When a commit counts as done.
    pub synchronous: Synchronous,
    /// At most so many writes share one commit.
    pub group: usize,
    /// So many writes, and as many reads, may wait; one more is [`StoreError::Busy`].
    pub queue: usize,
    /// So many threads read.
    pub readers: usize,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        SqliteOptions { synchronous: Synchronous::Full, group: 256, queue: 4_096, readers: 4 }
    }
}

/// When a commit counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Synchronous {
    /// When it is on the disk. What a registry runs with.
    #[default]
    Full,
    /// When the operating system has it: a power cut loses commits that were acknowledged. It
    /// breaks the contract of [`Store`] and is here for one purpose: a crash test that does not
    /// find losses with it proves nothing about [`Synchronous::Full`].
    Normal,
}

/// A store in one SQLite file.
///
/// A write is queued when its verb is called, whether or not its future is ever polled. Dropping
/// the store blocks until everything queued is answered and the file is closed.
pub struct Sqlite {
    // Fields drop in this order: readers close first, so that the writer can empty the log, and
    // the claim on the file ends last.
    readers: Readers,
    writer: Writer,
    claim: Claim,
    origin: Home,
}

impl Sqlite {
    /// Opens the store of a log for writing and makes it if there is no file. Fails if another process
    /// has it, if the file is not a store or that of another log, or if its schema is of another version.
    pub fn open(path: impl AsRef<Path>, origin: &Home, options: SqliteOptions) -> Result<Self, StoreError> {
        let claim = Claim::take(path.as_ref(), origin)?;
        let file = claim.path.clone();
        let first = file::identity(&file)?;
        let connect = Box::new(move || {
            // The readers have the first file open: what is written after a failure has to be what they read.
            match file::identity(&file)? == first {
                true => file::writer(&file, &options),
                false => Err(file::refused(&file, "another file has taken its place")),
            }
        });
        let writer = Writer::start(connect, log::seal, options.group, options.queue)?;
        let connections: Vec<_> =
            (0..options.readers.max(1)).map(|_| file::reader(&claim.path)).collect::<Result<_, _>>()?;
        if let Some(found) = connections.first().map(schema::origin).transpose()?
            && found != *origin
        {
            return Err(file::refused(
                &claim.path,
                format!("it is the store of the log {found}, not {origin}"),
            ));
        }
        let (readers, origin) = (Readers::start(connections, options.queue)?, origin.clone());
        Ok(Sqlite { readers, writer, claim, origin })
    }

    /// How many transactions were committed since the store was opened: fewer than writes, because
    /// writes are grouped.
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }
}

impl Store for Sqlite {
    fn register(&self, registration: Registration) -> Answer<'_, Vec<Logged>> {
        if let Err(error) = sound::registration(&registration) {
            return Box::pin(std::future::ready(Err(error)));
        }
        let origin = self.origin.clone();
        let entries = registration.certificates.len();
        self.writer.enter(entries, move |connection| register::register(connection, &origin, &registration))
    }

    fn replay(&self, caller: &str, key: &str) -> Answer<'_, Option<Replay>> {
        let (caller, key) = (caller.to_owned(), key.to_owned());
        self.readers.ask(move |connection| reads::replay(connection, &caller, &key))
    }

    fn lots(&self, digests: Vec<Digest>) -> Answer<'_, Vec<LotRecord>> {
        self.readers.ask(move |connection| reads::lots(connection, &digests))
    }

    fn digest_of(&self, id: &str) -> Answer<'_, Option<Digest>> {
        let id = id.to_owned();
        self.readers.ask(move |connection| reads::digest_of(connection, &id))
    }

    fn certificate(&self, digest: Digest) -> Answer<'_, Option<CertificateRow>> {
        self.readers.ask(move |connection| reads::certificate(connection, digest))
    }

    fn certificates(&self, digests: Vec<Digest>) -> Answer<'_, Vec<Option<Vec<u8>>>> {
        self.readers.ask(move |connection| reads::certificates(connection, &digests))
    }

    fn list(&self, filter: CertificateFilter, after: Option<Cursor>, limit: usize) -> Answer<'_, Page> {
        self.readers.ask(move |connection| list::list(connection, &filter, after, limit))
    }

    fn lineage(&self, digests: Vec<Digest>, limit: usize) -> Answer<'_, Vec<Vec<u8>>> {
        self.readers.ask(move |connection| lineage::lineage(connection, &digests, limit))
    }

    fn drawn_by(&self, digest: Digest) -> Answer<'_, Vec<DrawnBy>> {
        self.readers.ask(move |connection| reads::drawn_by(connection, digest))
    }

    fn close(&self, closing: Closing) -> Answer<'_, ()> {
        let origin = self.origin.clone();
        self.writer.submit(move |connection| register::close(connection, &origin, &closing))
    }

    fn head(&self) -> Answer<'_, TreeHead> {
        self.readers.ask(log::head)
    }

    fn head_covering(&self, _size: u64) -> Answer<'_, TreeHead> {
        self.head()
    }

    /// One process has the file for as long as it is open.
    fn incarnation(&self) -> u64 {
        0
    }

    fn tile(&self, tile: Tile) -> Answer<'_, Option<Vec<u8>>> {
        self.readers.ask(move |connection| log::tile(connection, tile))
    }

    fn entries(&self, from: u64, most: usize) -> Answer<'_, Vec<Vec<u8>>> {
        self.readers.ask(move |connection| log::entries(connection, from, most))
    }

    fn logged(&self, digests: Vec<Digest>, size: Option<u64>) -> Answer<'_, Vec<Option<Logged>>> {
        self.readers.ask(move |connection| log::logged(connection, &digests, size))
    }

    fn consistency(&self, old: u64, new: u64) -> Answer<'_, (TreeHead, Vec<Hash>)> {
        self.readers.ask(move |connection| log::consistency(connection, old, new))
    }

    fn add_issuer(&self, issuer: IssuerRow) -> Answer<'_, ()> {
        self.writer.submit(move |connection| parties::add_issuer(connection, &issuer))
    }

    fn issuers(&self) -> Answer<'_, Vec<IssuerRow>> {
        self.readers.ask(parties::issuers)
    }

    fn add_issuer_key(&self, key: IssuerKey) -> Answer<'_, ()> {
        self.writer.submit(move |connection| parties::add_issuer_key(connection, &key))
    }

    fn issuer_keys(&self, did: Did) -> Answer<'_, Vec<IssuerKey>> {
        self.readers.ask(move |connection| parties::issuer_keys(connection, &did))
    }

    fn add_api_key(&self, key: ApiKey) -> Answer<'_, ()> {
        self.writer.submit(move |connection| parties::add_api_key(connection, &key))
    }

    fn caller(&self, hash: ApiKeyHash, idempotency: Option<&str>) -> Answer<'_, Option<CallerRow>> {
        let idempotency = idempotency.map(str::to_owned);
        self.readers.ask(move |connection| parties::caller(connection, hash, idempotency.as_deref()))
    }

    fn api_keys(&self, issuer: Option<Did>) -> Answer<'_, Vec<ApiKey>> {
        self.readers.ask(move |connection| parties::api_keys(connection, issuer.as_ref()))
    }

    fn revoke_api_key(&self, id: &str, at: &str) -> Answer<'_, bool> {
        let (id, at) = (id.to_owned(), at.to_owned());
        self.writer.submit(move |connection| parties::revoke_api_key(connection, &id, &at))
    }

    fn backup<'s>(&'s self, to: &'s Path) -> Answer<'s, ()> {
        let (from, to) = (self.claim.path.clone(), to.to_owned());
        readers::apart("store-backup", move || copy::copy(&from, &to))
    }

    fn ping(&self) -> Answer<'_, ()> {
        if let Err(error) = self.writer.alive() {
            return Box::pin(std::future::ready(Err(error)));
        }
        self.readers.ask(reads::ping)
    }

    fn admit(&self, admission: Admission) -> Answer<'_, u64> {
        if let Err(error) = sound::admission(&admission) {
            return Box::pin(std::future::ready(Err(error)));
        }
        let origin = self.origin.clone();
        let rows = 1 + admission.foreign.len();
        self.writer.submit_of(rows, move |connection| admission::admit(connection, &origin, &admission))
    }

    fn accreditations(&self, accredited: Vec<Digest>, most: usize) -> Answer<'_, Vec<Vec<u8>>> {
        self.readers.ask(move |connection| lineage::accreditations(connection, &accredited, most))
    }

    fn foreign_receipts(&self, digests: Vec<Digest>) -> Answer<'_, Vec<(Digest, Vec<u8>)>> {
        self.readers.ask(move |connection| admission::receipts(connection, &digests))
    }

    fn change_status(&self, change: StatusChange) -> Answer<'_, Vec<u64>> {
        let origin = self.origin.clone();
        let entries = change.certificates.len();
        self.writer.submit_of(entries, move |connection| status::change(connection, &origin, &change))
    }

    fn status_events(&self, digest: Digest) -> Answer<'_, Vec<StatusEvent>> {
        self.readers.ask(move |connection| status::events(connection, digest))
    }

    fn status_bits(&self, purpose: StatusPurpose, from: u64, to: u64) -> Answer<'_, StatusBits> {
        self.readers.ask(move |connection| status::bits(connection, purpose, from, to))
    }

    fn events(&self, digests: Vec<Digest>, size: u64) -> Answer<'_, Vec<Logged>> {
        self.readers.ask(move |connection| log::events(connection, &digests, size))
    }

    fn kin(
        &self,
        digest: Digest,
        direction: Direction,
        after: Option<Cursor>,
        limit: usize,
    ) -> Answer<'_, Kin> {
        self.readers.ask(move |connection| lineage::kin(connection, digest, direction, after, limit))
    }

    fn halt(&self, reason: Option<String>) -> Answer<'_, ()> {
        self.writer.submit(move |connection| status::halt(connection, reason.as_deref()))
    }

    fn halted(&self) -> Answer<'_, Option<String>> {
        self.readers.ask(status::halted)
    }

    fn keep_cosigned(&self, cosigned: Cosigned) -> Answer<'_, bool> {
        self.writer.submit(move |connection| cosigned::keep(connection, &cosigned))
    }

    fn cosigned(&self, index: u64) -> Answer<'_, Option<Cosigned>> {
        self.readers.ask(move |connection| cosigned::covering(connection, index))
    }

    fn cosigned_before(&self, size: u64) -> Answer<'_, Option<Cosigned>> {
        self.readers.ask(move |connection| cosigned::before(connection, size))
    }

    fn last_cosigned(&self) -> Answer<'_, Option<Cosigned>> {
        self.readers.ask(cosigned::last)
    }

    fn recover(&self, recovery: Recovery) -> Answer<'_, TreeHead> {
        let origin = self.origin.clone();
        let entries = recovery.entries.len();
        self.writer.submit_of(entries, move |connection| recover::recover(connection, &origin, &recovery))
    }
}
