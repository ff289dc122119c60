//! What every handler shares: the store, the seal, the clock and the limits.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use ytterby::Home;
use ytterby::did::Did;
use ytterby::key::{Multikey, SigningKey};
use ytterby::time::format_time;
use ytterby_store::{Store, StoreError};

use crate::clock::Clock;
use crate::config::{Limits, PublicUrl};
use crate::gate::{Gate, GateSetting};
use crate::idempotency::InProgress;
use crate::log::{Log, LogError};
use crate::peers::{Peer, Peers};
use crate::problem::Problem;
use crate::registrar::Registrar;
use crate::seal::{Seal, SealError};
use crate::statuses::Statuses;

/// Writes that may be under way at once; shutting down waits for every one of them.
const WRITES: u32 = 2_048;

/// One in so many requests may wait for witnesses, or for a screening service: others must always find a place.
const WAITING: usize = 4;

/// The service's shared parts.
#[derive(Clone)]
pub struct App(Arc<Parts>);

struct Parts {
    store: Arc<dyn Store>,
    seal: Seal,
    clock: Clock,
    public_url: PublicUrl,
    origin: Home,
    limits: Limits,
    registrar: Registrar,
    in_progress: InProgress,
    requests: Arc<Semaphore>,
    verifications: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    writes: Arc<Semaphore>,
    statuses: Statuses,
    peers: Peers,
    admission: Option<PathBuf>,
    gate: Option<Gate>,
    refresh: Duration,
}

/// Why the sealing secret is not the one of the store's keys.
#[derive(Debug, thiserror::Error)]
pub enum SealCheck {
    /// A key does not open.
    #[error("seal.secret_file: put back the secret that sealed the issuers' keys ({0})")]
    Seal(#[from] SealError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a registry says of itself, beside what it keeps.
pub struct About {
    /// Where clients reach it.
    pub public_url: PublicUrl,
    /// Its log's origin: the `home` of every lot made here.
    pub origin: Home,
    /// What one request, and all together, may cost.
    pub limits: Limits,
    /// What signs its status lists.
    pub status_key: SigningKey,
    /// Other registries whose status lists are handed on.
    pub peers: Vec<Peer>,
    /// By which trust file lots of other registries are admitted; none are without one.
    pub admission: Option<PathBuf>,
    /// What a transfer has to pass; nothing without it.
    pub gate: Option<GateSetting>,
    /// How old the newest cosignatures may become before witnesses are asked again.
    pub refresh: Duration,
}

impl App {
    /// Puts the parts together.
    pub fn new(store: Arc<dyn Store>, log: Log, seal: Seal, clock: Clock, about: About) -> Self {
        let About { public_url, origin, limits, status_key, peers, admission, gate, refresh } = about;
        let gate = gate.map(|setting| Gate::new(setting, limits.concurrent_requests / WAITING));
        let registrar = Registrar::new(store.clone(), log);
        let requests = Arc::new(Semaphore::new(limits.concurrent_requests));
        let verifications = Arc::new(Semaphore::new(limits.concurrent_verifications));
        let waiting = Arc::new(Semaphore::new(limits.concurrent_requests / WAITING));
        let writes = Arc::new(Semaphore::new(WRITES as usize));
        let in_progress = InProgress::default();
        App(Arc::new(Parts {
            store,
            seal,
            clock,
            public_url,
            origin,
            limits,
            registrar,
            in_progress,
            requests,
            verifications,
            waiting,
            writes,
            statuses: Statuses::new(status_key),
            peers: Peers::new(peers),
            admission,
            gate,
            refresh,
        }))
    }

    /// Compares the log with its mark; nothing may be served before that went well.
    pub async fn start(&self) -> Result<(), LogError> {
        self.registrar().start().await
    }

    /// Opens a custodial key of the store: another secret than the one that sealed them would seal new
    /// keys beside them.
    pub async fn check_seal(&self) -> Result<(), SealCheck> {
        for issuer in self.store().issuers().await? {
            for key in self.store().issuer_keys(issuer.did.clone()).await? {
                let Some(sealed) = &key.sealed_secret else { continue };
                let Ok(public) = Multikey::parse(&key.public) else { continue };
                self.0.seal.open(&issuer.did, &public, sealed)?;
                return Ok(());
            }
        }
        Ok(())
    }

    /// The store.
    pub fn store(&self) -> &dyn Store {
        &*self.0.store
    }

    /// The time, to the second.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The time, as it is written.
    pub(crate) fn now_text(&self) -> String {
        format_time(self.now())
    }

    /// The DID of a custodial issuer of this name.
    pub(crate) fn did_of(&self, name: &str) -> Option<Did> {
        Did::parse(&format!("did:web:{}:issuers:{name}", self.0.public_url.did_host())).ok()
    }

    /// A new signing key for an issuer: its public half, and its sealed seed for the store.
    pub fn new_custodial_key(&self, issuer: &Did) -> Result<(Multikey, Vec<u8>), SealError> {
        self.0.seal.new_key(issuer)
    }

    pub(crate) fn seal(&self) -> &Seal {
        &self.0.seal
    }

    pub(crate) fn public_url(&self) -> &PublicUrl {
        &self.0.public_url
    }

    pub(crate) fn origin(&self) -> &Home {
        &self.0.origin
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn registrar(&self) -> &Registrar {
        &self.0.registrar
    }

    pub(crate) fn statuses(&self) -> &Statuses {
        &self.0.statuses
    }

    /// The key that verifies the status lists.
    pub fn status_key(&self) -> Multikey {
        self.0.statuses.key()
    }

    pub(crate) fn peers(&self) -> &Peers {
        &self.0.peers
    }

    /// The trust file of admissions, which is read for each.
    pub(crate) fn admission(&self) -> Option<PathBuf> {
        self.0.admission.clone()
    }

    /// What a transfer has to pass, if anything.
    pub(crate) fn gate(&self) -> Option<&Gate> {
        self.0.gate.as_ref()
    }

    /// How old the newest cosignatures may become.
    pub(crate) fn refresh(&self) -> Duration {
        self.0.refresh
    }

    pub(crate) fn in_progress(&self) -> &InProgress {
        &self.0.in_progress
    }

    /// A place among the requests that may run at once.
    pub(crate) fn request_place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.0.requests.clone().try_acquire_owned().map_err(|_| Problem::busy())
    }

    /// A place among the verifications that may run at once.
    pub(crate) fn verification_place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.0.verifications.clone().try_acquire_owned().map_err(|_| Problem::too_many())
    }

    /// A place among the requests that may wait for witnesses; none if enough of them do.
    pub(crate) fn waiting_place(&self) -> Option<OwnedSemaphorePermit> {
        self.0.waiting.clone().try_acquire_owned().ok()
    }

    /// Runs a write to its end even when the client goes away in the middle of it.
    pub(crate) async fn to_the_end<T: Send + 'static>(
        &self,
        write: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = self.0.writes.clone().try_acquire_owned().map_err(|_| Problem::busy())?;
        let task = tokio::spawn(async move {
            let done = write.await;
            drop(place);
            done
        });
        task.await.unwrap_or_else(|error| Err(Problem::internal("write", &error)))
    }

    /// Waits until every write that was begun has ended; none is begun after that.
    pub async fn finish_writes(&self) {
        if let Ok(all) = self.0.writes.acquire_many(WRITES).await {
            self.0.writes.close();
            drop(all);
        }
    }
}
