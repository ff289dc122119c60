//! A store whose next use of one verb is not confirmed, whether or not it was done.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::form::StatusPurpose;
use ytterby_store::{
    Admission, Answer, ApiKey, ApiKeyHash, CallerRow, CertificateFilter, CertificateRow, Closing, Cosigned,
    Cursor, Direction, DrawnBy, IssuerKey, IssuerRow, Kin, Logged, LotRecord, Page, Recovery, Registration,
    Replay, StatusBits, StatusChange, StatusEvent, Store, StoreError,
};
use ytterby_tlog::{Hash, Tile, TreeHead};

/// A verb that can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// [`Store::register`].
    Register,
    /// [`Store::close`].
    Close,
    /// [`Store::change_status`].
    ChangeStatus,
    /// [`Store::keep_cosigned`].
    KeepCosigned,
    /// [`Store::head`] and [`Store::head_covering`].
    Head,
    /// [`Store::logged`].
    Logged,
}

/// What became of that which was not confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was not done.
    Lost,
    /// It was done.
    Persisted,
}

/// Which use fails next.
#[derive(Debug, Clone, Default)]
pub struct Plan(Arc<Mutex<Armed>>);

#[derive(Debug, Default)]
struct Armed {
    next: Option<(Verb, Outcome)>,
    head: Option<TreeHead>,
    turning: bool,
    turned: bool,
}

impl Plan {
    /// Lets the next use of a verb fail, once.
    pub fn arm(&self, verb: Verb, outcome: Outcome) {
        self.armed().next = Some((verb, outcome));
    }

    /// From the next registration on another server answers, that one included.
    pub fn turn(&self) {
        self.armed().turning = true;
    }

    /// Whether what was armed has happened.
    pub fn is_spent(&self) -> bool {
        let armed = self.armed();
        armed.next.is_none() && armed.turning == armed.turned
    }

    /// The head that the store told last.
    pub fn last_head(&self) -> Option<TreeHead> {
        self.armed().head
    }

    fn armed(&self) -> MutexGuard<'_, Armed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, verb: Verb) -> Option<Outcome> {
        self.armed().next.take_if(|(next, _)| *next == verb).map(|(_, outcome)| outcome)
    }
}

/// Another store, as one whose disk or network fails; or two, the second being the server that takes over.
pub struct Faulty {
    first: Box<dyn Store>,
    second: Option<Box<dyn Store>>,
    plan: Plan,
}

impl Faulty {
    /// The store, failing by a plan.
    pub fn new(inner: Box<dyn Store>, plan: Plan) -> Self {
        Faulty { first: inner, second: None, plan }
    }

    /// The same with the store of the server that takes over; without one it has all that the first has.
    pub fn with_other(self, second: Box<dyn Store>) -> Self {
        Faulty { second: Some(second), ..self }
    }

    fn inner(&self) -> &dyn Store {
        self.second.as_ref().filter(|_| self.plan.armed().turned).map_or(&*self.first, |second| &**second)
    }

    fn or<'s, T: Send + 's>(&'s self, verb: Verb, real: impl FnOnce() -> Answer<'s, T>) -> Answer<'s, T> {
        let fault = || StoreError::InDoubt("the connection was lost, on purpose".to_owned());
        match self.plan.take(verb) {
            None => real(),
            Some(Outcome::Lost) => Box::pin(std::future::ready(Err(fault()))),
            Some(Outcome::Persisted) => {
                let answer = real();
                Box::pin(async move {
                    answer.await?;
                    Err(fault())
                })
            }
        }
    }
}

/// Verbs that are the other store's.
macro_rules! inner {
    ($(fn $verb:ident($($name:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(fn $verb(&self, $($name: $type),*) -> Answer<'_, $answer> {
            self.inner().$verb($($name),*)
        })*
    };
}

/// Verbs that can fail.
macro_rules! faulty {
    ($(fn $verb:ident($($name:ident: $type:ty),*) -> $answer:ty, $which:ident;)*) => {
        $(fn $verb(&self, $($name: $type),*) -> Answer<'_, $answer> {
            self.or(Verb::$which, || self.inner().$verb($($name),*))
        })*
    };
}

impl Store for Faulty {
    faulty! {
        fn close(closing: Closing) -> (), Close;
        fn change_status(change: StatusChange) -> Vec<u64>, ChangeStatus;
        fn keep_cosigned(cosigned: Cosigned) -> bool, KeepCosigned;
        fn logged(digests: Vec<Digest>, size: Option<u64>) -> Vec<Option<Logged>>, Logged;
    }

    inner! {
        fn replay(caller: &str, key: &str) -> Option<Replay>;
        fn lots(digests: Vec<Digest>) -> Vec<LotRecord>;
        fn digest_of(id: &str) -> Option<Digest>;
        fn certificate(digest: Digest) -> Option<CertificateRow>;
        fn certificates(digests: Vec<Digest>) -> Vec<Option<Vec<u8>>>;
        fn list(filter: CertificateFilter, after: Option<Cursor>, limit: usize) -> Page;
        fn lineage(digests: Vec<Digest>, limit: usize) -> Vec<Vec<u8>>;
        fn drawn_by(digest: Digest) -> Vec<DrawnBy>;
        fn tile(tile: Tile) -> Option<Vec<u8>>;
        fn entries(from: u64, most: usize) -> Vec<Vec<u8>>;
        fn consistency(old: u64, new: u64) -> (TreeHead, Vec<Hash>);
        fn cosigned_before(size: u64) -> Option<Cosigned>;
        fn add_issuer(issuer: IssuerRow) -> ();
        fn issuers() -> Vec<IssuerRow>;
        fn add_issuer_key(key: IssuerKey) -> ();
        fn issuer_keys(did: Did) -> Vec<IssuerKey>;
        fn add_api_key(key: ApiKey) -> ();
        fn caller(hash: ApiKeyHash, idempotency: Option<&str>) -> Option<CallerRow>;
        fn api_keys(issuer: Option<Did>) -> Vec<ApiKey>;
        fn revoke_api_key(id: &str, at: &str) -> bool;
        fn ping() -> ();
        fn admit(admission: Admission) -> u64;
        fn accreditations(accredited: Vec<Digest>, most: usize) -> Vec<Vec<u8>>;
        fn foreign_receipts(digests: Vec<Digest>) -> Vec<(Digest, Vec<u8>)>;
        fn status_events(digest: Digest) -> Vec<StatusEvent>;
        fn status_bits(purpose: StatusPurpose, from: u64, to: u64) -> StatusBits;
        fn events(digests: Vec<Digest>, size: u64) -> Vec<Logged>;
        fn kin(digest: Digest, direction: Direction, after: Option<Cursor>, limit: usize) -> Kin;
        fn halt(reason: Option<String>) -> ();
        fn halted() -> Option<String>;
        fn cosigned(index: u64) -> Option<Cosigned>;
        fn last_cosigned() -> Option<Cosigned>;
        fn recover(recovery: Recovery) -> TreeHead;
    }

    fn register(&self, registration: Registration) -> Answer<'_, Vec<Logged>> {
        let mut armed = self.plan.armed();
        armed.turned = armed.turning;
        drop(armed);
        let answer = self.or(Verb::Register, || self.inner().register(registration));
        Box::pin(async move {
            let logged = answer.await?;
            if let Some(last) = logged.last() {
                self.plan.armed().head = Some(last.head);
            }
            Ok(logged)
        })
    }

    fn head(&self) -> Answer<'_, TreeHead> {
        let answer = self.or(Verb::Head, || self.inner().head());
        Box::pin(async move {
            let head = answer.await?;
            self.plan.armed().head = Some(head);
            Ok(head)
        })
    }

    fn head_covering(&self, size: u64) -> Answer<'_, TreeHead> {
        let answer = self.or(Verb::Head, || self.inner().head_covering(size));
        Box::pin(async move {
            let head = answer.await?;
            self.plan.armed().head = Some(head);
            Ok(head)
        })
    }

    fn incarnation(&self) -> u64 {
        let turned = self.plan.armed().turned;
        u64::from(turned) + self.inner().incarnation()
    }

    fn backup<'s>(&'s self, to: &'s Path) -> Answer<'s, ()> {
        self.inner().backup(to)
    }
}
