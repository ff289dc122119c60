//! A registry in this process, over any store, its log and its mark in a folder.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::watch;
use ytterby::key::SigningKey;
use ytterby_registry::clock::Clock;
use ytterby_registry::config::{Limits, WitnessAddress};
use ytterby_registry::log::Log;
use ytterby_registry::seal::Seal;
use ytterby_registry::witnesses::Witnesses;
use ytterby_registry::{About, App, auth, server};
use ytterby_store::{Scope, Store};
use ytterby_tlog::{NoteSigner, SignedCheckpoint, TreeHead, VerifierKey};

use super::{Failure, origin};

/// Test keys: everybody may know them.
const SEED: [u8; 32] = [7; 32];

/// A registry that serves until it is stopped.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    /// An administrator's key.
    pub(crate) admin: String,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<Result<(), String>>>,
}

impl Served {
    /// Starts it; fails if it refuses to sign for the store.
    pub(crate) fn start(
        store: Box<dyn Store>,
        mark: &Path,
        witness: Option<WitnessAddress>,
    ) -> Result<Self, Failure> {
        let app = app(store, mark, witness)?;
        let (stop, told) = watch::channel(false);
        let (ready, started) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            let runtime = runtime.worker_threads(2).enable_all().build().map_err(|e| e.to_string())?;
            runtime.block_on(async move {
                let listener = server::listen(([127, 0, 0, 1], 0).into()).await.map_err(|e| e.to_string())?;
                let address = listener.local_addr().map_err(|e| e.to_string())?;
                app.start().await.map_err(|e| e.to_string())?;
                let (text, key) = auth::new_key(None, vec![Scope::Admin], "test".to_owned(), app.now(), None);
                app.store().add_api_key(key).await.map_err(|e| e.to_string())?;
                // Whoever waits for it is still there.
                let _ = ready.send((address, text.expose_secret().to_owned()));
                server::serve(app, listener, told).await.map_err(|e| e.to_string())
            })
        });
        match started.recv() {
            Ok((address, admin)) => Ok(Served { address, admin, stop, thread: Some(thread) }),
            Err(_) => Err(match thread.join() {
                Ok(Err(refusal)) => refusal.into(),
                _ => "it ended at once".into(),
            }),
        }
    }

    /// Stops it. The store is closed when this returns.
    pub(crate) fn stop(mut self) -> Result<(), Failure> {
        self.end()
    }

    fn end(&mut self) -> Result<(), Failure> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        self.stop.send_replace(true);
        thread.join().map_err(|_| "it panicked")?.map_err(Failure::from)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Whoever dropped it has an error to tell already.
        let _ = self.end();
    }
}

/// The key that verifies its checkpoints.
pub(crate) fn log_key() -> Result<VerifierKey, Failure> {
    let (_, public) = Log::new_key(&origin(), &SEED)?;
    Ok(VerifierKey::parse(&public)?)
}

/// A checkpoint in the bytes in which its log signs it.
pub(crate) fn signed(head: TreeHead) -> Result<SignedCheckpoint, Failure> {
    let (secret, _) = Log::new_key(&origin(), &SEED)?;
    let signer = NoteSigner::parse_secret(&secret)?;
    let name = signer.verifier_key().name().clone();
    Ok(ytterby_tlog::Checkpoint::new(name, head).sign(&signer)?)
}

fn app(store: Box<dyn Store>, mark: &Path, witness: Option<WitnessAddress>) -> Result<App, Failure> {
    let (secret, _) = Log::new_key(&origin(), &SEED)?;
    let log = Log::new(&origin(), &secret, mark)?;
    let quorum = usize::from(witness.is_some());
    let log = log.with_witnesses(Witnesses::new(witness.into_iter().collect(), quorum));
    let seal = Seal::new(&SecretString::from("of no secret at all"), super::ORIGIN)?;
    let about = About {
        refresh: std::time::Duration::from_secs(3600),
        public_url: "http://registry.example".to_owned().try_into()?,
        origin: origin(),
        limits: Limits::default(),
        status_key: SigningKey::from_seed(&SEED),
        peers: Vec::new(),
        admission: None,
        gate: None,
    };
    Ok(App::new(Arc::from(store), log, seal, Clock::system(), about))
}
