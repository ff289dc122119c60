//! The only place that speaks SQL. One trait, [`Store`]; its verbs are the registry's use cases.
//!
//! Why one crate: it keeps the database drivers out of everything that verifies. The certificates
//! it holds are the bytes that were signed; what it indexes beside them can be rebuilt from them.
//! Implements the storage side of proto-docs/http-api.md and of the order of effects in
//! ARCHITECTURE.md.

mod admission;
mod postgres;
mod record;
mod sound;
mod sqlite;
mod status;

use std::path::Path;
use std::pin::Pin;

pub use admission::{Admission, Foreign};
pub use postgres::{Postgres, PostgresOptions, Replication};
pub use record::{
    ApiKey, ApiKeyHash, CallerRow, CertificateFilter, CertificateRow, CloseReason, Closing, Cosigned, Cursor,
    Draw, DrawnBy, Idempotency, IssuerKey, IssuerRow, Logged, LotRecord, NewCertificate, NewLot, Page,
    Recovery, Registration, Replay, Scope,
};
pub use sqlite::{Checked, Sqlite, SqliteOptions, Synchronous, check, restore};
pub use status::{Direction, Kin, StatusBits, StatusChange, StatusEvent};

use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::element::Element;
use ytterby::form::StatusPurpose;
use ytterby_tlog::{Hash, Tile, TreeHead};

/// What a store answers with, later.
pub type Answer<'s, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 's>>;

/// The storage contract.
///
/// Every write is one transaction that is durable (on the disk, not in a cache of the operating
/// system or the engine) when its future resolves to `Ok`, and has left no trace when it resolves
/// to an error other than [`StoreError::InDoubt`]. Reads see every write that was acknowledged
/// before they began. Dropping a future of a write does not undo it: a client that went away in
/// mid-issue finds its certificate by its idempotency key.
///
/// Draws are guarded twice, by the update's own condition and by a CHECK on the row, so that no
/// sequence of concurrent registrations can draw more of an element than a lot holds.
pub trait Store: Send + Sync + 'static {
    /// Registers certificates, all or none: in one transaction it stores their bytes, opens their
    /// lots, takes their draws, reserves their external ids and stores what the idempotency key is
    /// to be answered with. Draws on lots of the same registration are allowed, in order. For each it
    /// answers what [`Store::logged`] does from then on.
    ///
    /// Concurrent calls are grouped into one durable commit; each still succeeds or fails alone.
    /// Errors that say something about the request: [`StoreError::Overdrawn`],
    /// [`StoreError::UnknownLot`], [`StoreError::LotClosed`], [`StoreError::NotHolder`],
    /// [`StoreError::ExternalIdTaken`], [`StoreError::IdTaken`], [`StoreError::KeyTaken`].
    fn register(&self, registration: Registration) -> Answer<'_, Vec<Logged>>;

    /// What an idempotency key of a caller was answered with; `None` if it is new.
    fn replay(&self, caller: &str, key: &str) -> Answer<'_, Option<Replay>>;

    /// The lots of these certificate digests, each with what is drawn and whether it is closed, in
    /// the order asked for. [`StoreError::UnknownLot`] names the first that is not there.
    fn lots(&self, digests: Vec<Digest>) -> Answer<'_, Vec<LotRecord>>;

    /// The digest of the certificate with this `urn:uuid` label: of the one that is registered here, else
    /// of the one that was admitted. [`StoreError::Ambiguous`] if there are several of those: other
    /// registries choose their labels.
    fn digest_of(&self, id: &str) -> Answer<'_, Option<Digest>>;

    /// A certificate's row, bytes included.
    fn certificate(&self, digest: Digest) -> Answer<'_, Option<CertificateRow>>;

    /// The bytes of certificates, in the order asked for; `None` for what is not there.
    fn certificates(&self, digests: Vec<Digest>) -> Answer<'_, Vec<Option<Vec<u8>>>>;

    /// The certificates that fit a filter, newest first, one page at a time. A page is stable: what
    /// is registered later never shifts it.
    fn list(&self, filter: CertificateFilter, after: Option<Cursor>, limit: usize) -> Answer<'_, Page>;

    /// The bytes of these certificates and of everything behind them, parents before children, and
    /// of every attestation about any of them. [`StoreError::TooMany`] above `limit` certificates.
    fn lineage(&self, digests: Vec<Digest>, limit: usize) -> Answer<'_, Vec<Vec<u8>>>;

    /// The bytes of the accreditations of issuers, given the digests of their DIDs: those that
    /// registrations filed under them, oldest first, of each accreditor the newest `most`.
    fn accreditations(&self, accredited: Vec<Digest>, most: usize) -> Answer<'_, Vec<Vec<u8>>>;

    /// Who drew on a lot, in the order of the draws; draws of recovered certificates are left out.
    fn drawn_by(&self, digest: Digest) -> Answer<'_, Vec<DrawnBy>>;

    /// Closes a lot for ever: nothing may draw on it again. [`StoreError::LotClosed`] if it is.
    fn close(&self, closing: Closing) -> Answer<'_, ()>;

    /// Size and root of the log: every entry of an acknowledged write is covered.
    fn head(&self) -> Answer<'_, TreeHead>;

    /// A head of at least so many entries that covers every write acknowledged by this process. It need not be the
    /// newest: whoever has own entries to show does not wait for what other processes have written since.
    fn head_covering(&self, size: u64) -> Answer<'_, TreeHead>;

    /// Changes when a head was read from, or a write was committed by, another server than the time before or one
    /// that was started anew, and when a connection that writes was lost: whoever signs heads then compares the
    /// log with what was signed.
    fn incarnation(&self) -> u64;

    /// The bytes of a tile, of exactly its width; `None` where the log does not reach.
    fn tile(&self, tile: Tile) -> Answer<'_, Option<Vec<u8>>>;

    /// The entries from an index on, at most so many, as they were logged.
    fn entries(&self, from: u64, most: usize) -> Answer<'_, Vec<Vec<u8>>>;

    /// Where certificates stand in the log, `None` for what was never registered, with the proof for
    /// the first head that covers the entry; for the first head of at least `size`, if that is given.
    /// Without `size` the answer never changes.
    fn logged(&self, digests: Vec<Digest>, size: Option<u64>) -> Answer<'_, Vec<Option<Logged>>>;

    /// The head of an older size, and the proof that the tree of the newer size, at which a write
    /// ended, only grew from it.
    fn consistency(&self, old: u64, new: u64) -> Answer<'_, (TreeHead, Vec<Hash>)>;

    /// The newest cosigned checkpoint of at most a size: what was known before an index.
    fn cosigned_before(&self, size: u64) -> Answer<'_, Option<Cosigned>>;

    /// Adds an issuer; [`StoreError::IdTaken`] if its DID or name is there.
    fn add_issuer(&self, issuer: IssuerRow) -> Answer<'_, ()>;

    /// All issuers, by DID.
    fn issuers(&self) -> Answer<'_, Vec<IssuerRow>>;

    /// Adds a key to an issuer ([`StoreError::UnknownIssuer`] if it is not there); if it is custodial it becomes the one new certificates are signed
    /// with, and the one before it is retired at its creation time. Old keys stay for ever.
    fn add_issuer_key(&self, key: IssuerKey) -> Answer<'_, ()>;

    /// The keys of an issuer, oldest first.
    fn issuer_keys(&self, did: Did) -> Answer<'_, Vec<IssuerKey>>;

    /// Adds an API key; only its hash is stored.
    fn add_api_key(&self, key: ApiKey) -> Answer<'_, ()>;

    /// Who calls with an API key, by the key's hash, and whether the issuer's idempotency key was answered, if
    /// one is given. Asked once for each request, so that it is one read.
    fn caller(&self, hash: ApiKeyHash, idempotency: Option<&str>) -> Answer<'_, Option<CallerRow>>;

    /// All API keys of an issuer, or those of no issuer (administrators).
    fn api_keys(&self, issuer: Option<Did>) -> Answer<'_, Vec<ApiKey>>;

    /// Revokes an API key by its public id at a time; `false` if there is none.
    fn revoke_api_key(&self, id: &str, at: &str) -> Answer<'_, bool>;

    /// Writes a consistent copy of the whole store to a new file while it is in use.
    fn backup<'s>(&'s self, to: &'s Path) -> Answer<'s, ()>;

    /// Asks the storage for one read; `Ok` if it answered.
    fn ping(&self) -> Answer<'_, ()>;

    /// Admits a lot whose transfer is registered in another log, with what is behind it, and logs that;
    /// from then on the lot is drawn on like any other, and [`Store::lineage`] goes on behind it. The
    /// index of the entry. [`StoreError::IdTaken`] if its label is here already;
    /// [`StoreError::Unloggable`] if it was admitted or registered before.
    fn admit(&self, admission: Admission) -> Answer<'_, u64>;

    /// The receipts, in their JSON form, of those of some certificates that are registered elsewhere.
    fn foreign_receipts(&self, digests: Vec<Digest>) -> Answer<'_, Vec<(Digest, Vec<u8>)>>;

    /// Changes the status of certificates, all or none, one entry for each; returns the indices of the
    /// entries. What has the status already is left as it is, and has no entry. [`StoreError::UnknownLot`] for a digest
    /// that is not registered here, [`StoreError::StatusChanged`] if `expected` is not so,
    /// [`StoreError::Unloggable`] if a revocation is to be lifted.
    fn change_status(&self, change: StatusChange) -> Answer<'_, Vec<u64>>;

    /// What a certificate has seen of status changes, oldest first.
    fn status_events(&self, digest: Digest) -> Answer<'_, Vec<StatusEvent>>;

    /// The certificates with a status on, of those with an index from `from` on and below `to`, and the head
    /// as of which that is so.
    fn status_bits(&self, purpose: StatusPurpose, from: u64, to: u64) -> Answer<'_, StatusBits>;

    /// The entries of closings and status changes about certificates, and of admissions of them, with
    /// proofs for the first head of at least `size`: those that it covers.
    fn events(&self, digests: Vec<Digest>, size: u64) -> Answer<'_, Vec<Logged>>;

    /// What is behind or after a certificate, a page at a time.
    fn kin(
        &self,
        digest: Digest,
        direction: Direction,
        after: Option<Cursor>,
        limit: usize,
    ) -> Answer<'_, Kin>;

    /// Stops every registration and admission from the next commit on, or lets them go on again: `None`. Closings and
    /// changes of status are still taken.
    fn halt(&self, reason: Option<String>) -> Answer<'_, ()>;

    /// Why registrations are stopped, if they are.
    fn halted(&self) -> Answer<'_, Option<String>>;

    /// Keeps for ever a checkpoint that a quorum has cosigned, of a size at which a write ended. `false`,
    /// and nothing is kept, if one of that size or of a larger one is kept already: what covers an entry
    /// first never changes.
    fn keep_cosigned(&self, cosigned: Cosigned) -> Answer<'_, bool>;

    /// The first kept checkpoint that covers the entry at an index: its time is the entry's for ever.
    fn cosigned(&self, index: u64) -> Answer<'_, Option<Cosigned>>;

    /// The newest kept checkpoint.
    fn last_cosigned(&self) -> Answer<'_, Option<Cosigned>>;

    /// Appends entries that a store which was lost had, and this one, restored from a copy, has not. Each
    /// is replayed, its draws are taken, closings, admissions and changes of status done. Certificates whose bytes are gone with the
    /// lost store are counted and found by no other verb than [`Store::logged`]; their lots have no
    /// holder. The size and root that the log has then; [`StoreError::NotThere`] if it does not end where
    /// the entries begin, [`StoreError::Unloggable`] if one breaks a rule, and then none is kept.
    fn recover(&self, recovery: Recovery) -> Answer<'_, TreeHead>;
}

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another certificate of this issuer has this external id.
    #[error("external id {external_id:?} is taken by {by}")]
    ExternalIdTaken {
        /// The external id.
        external_id: String,
        /// Digest of the certificate that has it.
        by: Digest,
    },
    /// A certificate with this label, or an issuer of this DID or name, is there already.
    #[error("{0} is taken")]
    IdTaken(String),
    /// Several lots that were admitted have this label, and no certificate of this registry.
    #[error("several lots are called {0}: name one by its digest")]
    Ambiguous(String),
    /// The idempotency key was used, by a request that was answered in the meantime.
    #[error("the idempotency key is taken")]
    KeyTaken,
    /// The lot is closed.
    #[error("lot {0} is closed")]
    LotClosed(Digest),
    /// The drawing certificate's issuer does not hold the lot.
    #[error("lot {lot} is held by {holder}")]
    NotHolder {
        /// The lot.
        lot: Digest,
        /// Who holds it; nobody after a delivery.
        holder: String,
    },
    /// A draw takes more of an element than is left.
    #[error("lot {lot} has {left_mg} mg {element} left, {wanted_mg} mg wanted")]
    Overdrawn {
        /// The lot.
        lot: Digest,
        /// The element.
        element: Element,
        /// What is left of it.
        left_mg: u64,
        /// What was to be drawn.
        wanted_mg: u64,
    },
    /// More certificates than the caller's limit.
    #[error("more than {0} certificates")]
    TooMany(usize),
    /// No lot of this digest.
    #[error("no lot {0}")]
    UnknownLot(Digest),
    /// No issuer of this DID.
    #[error("no issuer {0}")]
    UnknownIssuer(Did),
    /// The entry would be larger than a log takes: the certificate has too many draws of too many elements.
    #[error("the entry of {certificate}: {why}")]
    EntryTooLarge {
        /// The certificate.
        certificate: Digest,
        /// How much too large.
        why: String,
    },
    /// What would be logged breaks a rule of the log: no witness would let it pass. Nothing of the
    /// request is kept.
    #[error("{certificate} cannot be logged: {why}")]
    Unloggable {
        /// The certificate.
        certificate: Digest,
        /// Which rule.
        why: String,
    },
    /// The status of a certificate was changed by somebody else: it has seen so many changes.
    #[error("the status of {certificate} has seen {changes} changes")]
    StatusChanged {
        /// The certificate.
        certificate: Digest,
        /// How many changes.
        changes: u64,
    },
    /// Registrations are stopped.
    #[error("registrations are stopped: {0}")]
    Halted(String),
    /// The log ends elsewhere than was said, or no write ended at that size.
    #[error("the log has {size} entries, {wanted} were expected")]
    NotThere {
        /// The size of the log.
        size: u64,
        /// The size that was spoken of.
        wanted: u64,
    },
    /// The queue in front of the engine is full.
    #[error("too many requests are waiting")]
    Busy,
    /// A commit was not confirmed; it may or may not have happened.
    #[error("a commit is in doubt: {0}")]
    InDoubt(String),
    /// A row is not what this crate writes.
    #[error("inconsistent row in {table}: {detail}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// The engine failed.
    #[error("storage: {0}")]
    Engine(String),
}
