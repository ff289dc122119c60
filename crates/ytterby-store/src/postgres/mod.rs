//! The engine for several machines: one PostgreSQL database, any number of registry processes.
//!
//! The row of `log` is the one lock: whoever has it decides a group of requests, numbers their entries
//! and moves the head, in one transaction. There is no leader, no lease and no sequence, so that a
//! process that dies leaves nothing behind, and a server that is replaced goes on where the last
//! confirmed commit ended. It shares the domain with the other engine, and no SQL.

/// Which server answers, for which log: its timeline, which changes when a standby takes over, the time at which it was
/// started, and the number of the table, which is another one after a restore.
macro_rules! server {
    () => {
        "substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || ' ' || extract(epoch FROM pg_postmaster_start_time())
         || ' ' || 'ytterby.log'::regclass::oid"
    };
}

mod callers;
mod check;
mod connect;
mod cosigned;
mod judge;
mod lineage;
mod list;
mod load;
mod log;
mod parties;
mod plan;
mod readers;
mod reads;
mod recover;
mod rows;
mod schema;
mod status;
mod tiles;
mod write;
mod writer;

use std::path::Path;
use std::time::Duration;

use tokio::runtime::Runtime;
use ytterby::Home;
use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::form::StatusPurpose;
use ytterby_tlog::{Hash, Tile, TreeHead};

use crate::{
    Admission, Answer, ApiKey, ApiKeyHash, CallerRow, CertificateFilter, CertificateRow, Checked, Closing,
    Cosigned, Cursor, Direction, DrawnBy, IssuerKey, IssuerRow, Kin, Logged, LotRecord, Page, Recovery,
    Registration, Replay, StatusBits, StatusChange, StatusEvent, Store, StoreError, sound,
};
use callers::Callers;
use parties::Party;
use readers::Readers;
use writer::{Work, Writer};

/// How a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostgresOptions {
    /// What has to have a commit before it counts as done.
    pub replication: Replication,
    /// At most so many writes share one commit.
    pub group: usize,
    /// So many writes, and as many callers, may wait; one more is [`StoreError::Busy`].
    pub queue: usize,
    /// So many connections read, beside the one that asks who calls.
    pub readers: usize,
    /// How long the server may work on one statement or wait for the lock, and how long a commit may
    /// take before it is in doubt. (A wait for a standby the server itself never ends.)
    pub statement_timeout: Duration,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        PostgresOptions {
            replication: Replication::Synchronous,
            group: 256,
            queue: 4_096,
            readers: 4,
            statement_timeout: Duration::from_secs(20),
        }
    }
}

/// What has to have a commit before it counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Replication {
    /// The server's disk and that of a synchronous standby. What a registry runs with: a server that
    /// replicates asynchronously, or to nobody, is refused.
    #[default]
    Synchronous,
    /// The server's disk, and a standby's if the server says so. Losing the server then may lose commits
    /// that were acknowledged; for trials, and for a test that shows the loss.
    Any,
}

/// A store in one PostgreSQL database, which other processes may have open as well.
///
/// A write is queued when its verb is called, whether or not its future is ever polled. Dropping
/// the store blocks until everything queued is answered.
pub struct Postgres {
    writer: Writer,
    readers: Readers,
    callers: Callers,
    origin: Home,
    // Its threads run everything above.
    runtime: Option<Runtime>,
}

impl Postgres {
    /// Opens the store of a log and makes its tables if there are none. `url` is a connection string, which
    /// may name several hosts: the one that takes writes is used.
    ///
    /// Fails if the server is older than 15, may lose what it confirms (see [`Replication`]), or has the
    /// store of another log or of another version.
    pub fn open(url: &str, origin: &Home, options: PostgresOptions) -> Result<Self, StoreError> {
        let config = connect::config(url, &options)?;
        let failed = |error| StoreError::Engine(format!("starting the store's threads: {error}"));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("store-postgres")
            .enable_all()
            .build()
            .map_err(failed)?;
        // On a thread of its own: whoever calls this may be a task of another runtime.
        let opened = std::thread::scope(|scope| {
            let opening = scope.spawn(|| runtime.block_on(opened(&config, origin, options.replication)));
            opening
                .join()
                .unwrap_or_else(|_| Err(StoreError::Engine("opening the store panicked".to_owned())))
        });
        let session = match opened {
            Ok(session) => session,
            Err(error) => {
                runtime.shutdown_background();
                return Err(error);
            }
        };
        let writer = Writer::start(runtime.handle(), session, config.clone(), origin, options);
        let shared = writer.shared().clone();
        let callers = Callers::start(runtime.handle(), &config, &options, shared.clone())?;
        let readers = Readers::new(runtime.handle().clone(), config, &options, shared)?;
        Ok(Postgres { writer, readers, callers, origin: origin.clone(), runtime: Some(runtime) })
    }

    /// How many groups of writes this process committed since the store was opened.
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }

    /// Checks the store as of one moment, while it is in use: that every certificate has the bytes of
    /// its digest; that no lot is overdrawn and that the draws on each add up; that the log, replayed
    /// from its first entry, breaks no rule, registers exactly these certificates, and has the tiles and
    /// the head that are stored.
    pub fn check(&self) -> Answer<'_, Checked> {
        let origin = self.origin.clone();
        self.readers.snapshot(move |client| Box::pin(check::check(client, origin.clone())))
    }

    /// A write that is no part of the log.
    fn party(&self, party: Party) -> Answer<'_, bool> {
        self.writer.submit(|reply| Work::Party(party, reply))
    }
}

/// A session on a database that has the tables.
async fn opened(
    config: &tokio_postgres::Config,
    origin: &Home,
    replication: Replication,
) -> Result<connect::Session, StoreError> {
    let session = connect::Session::open(config, replication).await?;
    schema::claim(&session.client, origin).await?;
    writer::open(config, replication).await
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let (task, runtime) = (self.writer.stop(), self.runtime.take());
        let (readers, callers) = (self.readers.clone(), self.callers.readers().clone());
        let waiting = std::thread::spawn(move || {
            if let (Some(task), Some(runtime)) = (task, runtime) {
                // A panic of the task was already told to everybody who waited.
                let _ = runtime.block_on(task);
                readers.close();
                callers.close();
                runtime.shutdown_timeout(Duration::from_secs(1));
            }
        });
        let _ = waiting.join();
    }
}

/// Done, whatever there was to change.
fn done(answer: Answer<'_, bool>) -> Answer<'_, ()> {
    Box::pin(async move { answer.await.map(drop) })
}

fn refused<T: Send + 'static>(error: StoreError) -> Answer<'static, T> {
    Box::pin(std::future::ready(Err(error)))
}

impl Store for Postgres {
    fn register(&self, registration: Registration) -> Answer<'_, Vec<Logged>> {
        match sound::registration(&registration) {
            Ok(()) => self.writer.register(registration),
            Err(error) => refused(error),
        }
    }

    fn replay(&self, caller: &str, key: &str) -> Answer<'_, Option<Replay>> {
        let (caller, key) = (caller.to_owned(), key.to_owned());
        self.readers.ask(move |client| Box::pin(reads::replay(client, caller.clone(), key.clone())))
    }

    fn lots(&self, digests: Vec<Digest>) -> Answer<'_, Vec<LotRecord>> {
        self.readers.ask(move |client| Box::pin(reads::lots(client, digests.clone())))
    }

    fn digest_of(&self, id: &str) -> Answer<'_, Option<Digest>> {
        let id = id.to_owned();
        self.readers.ask(move |client| Box::pin(reads::digest_of(client, id.clone())))
    }

    fn certificate(&self, digest: Digest) -> Answer<'_, Option<CertificateRow>> {
        self.readers.ask(move |client| Box::pin(reads::certificate(client, digest)))
    }

    fn certificates(&self, digests: Vec<Digest>) -> Answer<'_, Vec<Option<Vec<u8>>>> {
        self.readers.ask(move |client| Box::pin(reads::certificates(client, digests.clone())))
    }

    fn list(&self, filter: CertificateFilter, after: Option<Cursor>, limit: usize) -> Answer<'_, Page> {
        self.readers.ask(move |client| Box::pin(list::list(client, filter.clone(), after, limit)))
    }

    fn lineage(&self, digests: Vec<Digest>, limit: usize) -> Answer<'_, Vec<Vec<u8>>> {
        self.readers.snapshot(move |client| Box::pin(lineage::lineage(client, digests.clone(), limit)))
    }

    fn drawn_by(&self, digest: Digest) -> Answer<'_, Vec<DrawnBy>> {
        self.readers.snapshot(move |client| Box::pin(reads::drawn_by(client, digest)))
    }

    fn close(&self, closing: Closing) -> Answer<'_, ()> {
        self.writer.submit(|reply| Work::Close(closing, reply))
    }

    /// What another process committed is shown only when a commit of this process was confirmed after it:
    /// the other one's may be in doubt.
    fn head(&self) -> Answer<'_, TreeHead> {
        let read = self.readers.ask(|client| Box::pin(log::head_of_server(client)));
        Box::pin(async move {
            let (head, server) = read.await?;
            self.writer.shared().answered(&server);
            if head.size > self.writer.shared().confirmed() {
                self.writer.submit(Work::Confirm).await?;
            }
            Ok(head)
        })
    }

    /// The one up to which a commit of this process is confirmed, if that is far enough: no commit has to be waited
    /// for, however many other processes have made since.
    fn head_covering(&self, size: u64) -> Answer<'_, TreeHead> {
        let confirmed = self.writer.shared().confirmed();
        if confirmed < size.max(1) {
            return self.head();
        }
        let read = self.readers.ask(move |client| Box::pin(log::head_at(client, confirmed)));
        Box::pin(async move {
            let Some((head, server)) = read.await? else {
                // Another server, which does not have it.
                return self.head().await;
            };
            self.writer.shared().answered(&server);
            Ok(head)
        })
    }

    fn incarnation(&self) -> u64 {
        self.writer.shared().incarnation()
    }

    fn tile(&self, tile: Tile) -> Answer<'_, Option<Vec<u8>>> {
        self.readers.ask(move |client| Box::pin(log::tile(client, tile)))
    }

    fn entries(&self, from: u64, most: usize) -> Answer<'_, Vec<Vec<u8>>> {
        self.readers.ask(move |client| Box::pin(log::entries(client, from, most)))
    }

    fn logged(&self, digests: Vec<Digest>, size: Option<u64>) -> Answer<'_, Vec<Option<Logged>>> {
        self.readers.snapshot(move |client| Box::pin(log::logged(client, digests.clone(), size)))
    }

    fn consistency(&self, old: u64, new: u64) -> Answer<'_, (TreeHead, Vec<Hash>)> {
        self.readers.snapshot(move |client| Box::pin(log::consistency(client, old, new)))
    }

    fn add_issuer(&self, issuer: IssuerRow) -> Answer<'_, ()> {
        done(self.party(Party::Issuer(issuer)))
    }

    fn issuers(&self) -> Answer<'_, Vec<IssuerRow>> {
        self.readers.ask(|client| Box::pin(parties::issuers(client)))
    }

    fn add_issuer_key(&self, key: IssuerKey) -> Answer<'_, ()> {
        done(self.party(Party::IssuerKey(key)))
    }

    fn issuer_keys(&self, did: Did) -> Answer<'_, Vec<IssuerKey>> {
        self.readers.ask(move |client| Box::pin(parties::issuer_keys(client, did.clone())))
    }

    fn add_api_key(&self, key: ApiKey) -> Answer<'_, ()> {
        done(self.party(Party::ApiKey(key)))
    }

    fn caller(&self, hash: ApiKeyHash, idempotency: Option<&str>) -> Answer<'_, Option<CallerRow>> {
        self.callers.ask(hash, idempotency)
    }

    fn api_keys(&self, issuer: Option<Did>) -> Answer<'_, Vec<ApiKey>> {
        self.readers.ask(move |client| Box::pin(parties::api_keys(client, issuer.clone())))
    }

    fn revoke_api_key(&self, id: &str, at: &str) -> Answer<'_, bool> {
        self.party(Party::Revoke(id.to_owned(), at.to_owned()))
    }

    fn backup<'s>(&'s self, _to: &'s Path) -> Answer<'s, ()> {
        refused(StoreError::Engine(
            "a PostgreSQL database is backed up with its own tools: pg_basebackup and an archive of its log"
                .to_owned(),
        ))
    }

    fn ping(&self) -> Answer<'_, ()> {
        match self.writer.alive().and_then(|()| self.callers.alive()) {
            Ok(()) => self.readers.ask(|client| Box::pin(reads::ping(client))),
            Err(error) => refused(error),
        }
    }

    fn admit(&self, admission: Admission) -> Answer<'_, u64> {
        match sound::admission(&admission) {
            Ok(()) => self.writer.submit(|reply| Work::Admit(Box::new(admission), reply)),
            Err(error) => refused(error),
        }
    }

    fn accreditations(&self, accredited: Vec<Digest>, most: usize) -> Answer<'_, Vec<Vec<u8>>> {
        self.readers.ask(move |client| Box::pin(lineage::accreditations(client, accredited.clone(), most)))
    }

    fn foreign_receipts(&self, digests: Vec<Digest>) -> Answer<'_, Vec<(Digest, Vec<u8>)>> {
        self.readers.ask(move |client| Box::pin(status::foreign_receipts(client, digests.clone())))
    }

    fn change_status(&self, change: StatusChange) -> Answer<'_, Vec<u64>> {
        self.writer.submit(|reply| Work::Status(change, reply))
    }

    fn status_events(&self, digest: Digest) -> Answer<'_, Vec<StatusEvent>> {
        self.readers.snapshot(move |client| Box::pin(status::events(client, digest)))
    }

    fn status_bits(&self, purpose: StatusPurpose, from: u64, to: u64) -> Answer<'_, StatusBits> {
        self.readers.ask(move |client| Box::pin(status::bits(client, purpose, from, to)))
    }

    fn events(&self, digests: Vec<Digest>, size: u64) -> Answer<'_, Vec<Logged>> {
        self.readers.snapshot(move |client| Box::pin(log::events(client, digests.clone(), size)))
    }

    fn kin(
        &self,
        digest: Digest,
        direction: Direction,
        after: Option<Cursor>,
        limit: usize,
    ) -> Answer<'_, Kin> {
        self.readers.snapshot(move |client| Box::pin(lineage::kin(client, digest, direction, after, limit)))
    }

    fn halt(&self, reason: Option<String>) -> Answer<'_, ()> {
        done(self.party(Party::Halt(reason)))
    }

    fn halted(&self) -> Answer<'_, Option<String>> {
        self.readers.ask(|client| Box::pin(parties::halted(client)))
    }

    fn keep_cosigned(&self, cosigned: Cosigned) -> Answer<'_, bool> {
        self.party(Party::Cosigned(cosigned))
    }

    fn cosigned(&self, index: u64) -> Answer<'_, Option<Cosigned>> {
        self.readers.ask(move |client| Box::pin(cosigned::covering(client, index)))
    }

    fn cosigned_before(&self, size: u64) -> Answer<'_, Option<Cosigned>> {
        self.readers.ask(move |client| Box::pin(cosigned::before(client, size)))
    }

    fn last_cosigned(&self) -> Answer<'_, Option<Cosigned>> {
        self.readers.ask(|client| Box::pin(cosigned::last(client)))
    }

    fn recover(&self, recovery: Recovery) -> Answer<'_, TreeHead> {
        self.writer.submit(|reply| Work::Recover(recovery, reply))
    }
}
