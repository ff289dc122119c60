//! A witness on loopback that cosigns whatever continues what it has seen.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::oneshot;
use ytterby_registry::config::WitnessAddress;
use ytterby_tlog::{
    AddCheckpoint, Cosigner, KeyName, Refusal, SignedCheckpoint, TreeHead, VerifierKey, print_cosignatures,
};

use super::Failure;

/// 2026-09-21T12:00:00Z: when it cosigns.
const TIME: u64 = 1_789_992_000;

pub(crate) struct Witness {
    pub(crate) address: WitnessAddress,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

struct Seen {
    key: Cosigner,
    log: VerifierKey,
    last: Mutex<Option<SignedCheckpoint>>,
}

impl Witness {
    /// A witness of a log.
    pub(crate) fn start(log: VerifierKey) -> Result<Self, Failure> {
        let key = Cosigner::from_seed(KeyName::parse("witness.example")?, &[9; 32]);
        let public = key.verifier_key().clone();
        let seen = Arc::new(Seen { key, log, last: Mutex::new(None) });
        let (stop, told) = oneshot::channel::<()>();
        let (ready, started) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
                // Whoever waits for it is still there.
                let _ = ready.send(listener.local_addr()?);
                let routes = Router::new()
                    .route("/add-checkpoint", post(add))
                    .route("/{origin}/checkpoint", get(latest))
                    .with_state(seen);
                tokio::select! {
                    served = axum::serve(listener, routes) => served,
                    _ = told => Ok(()),
                }
            })
        });
        let url = format!("http://{}", started.recv()?);
        let address = WitnessAddress { key: public, url };
        Ok(Witness { address, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        drop(self.stop.take());
        // It was told to stop, or has stopped.
        self.thread.take().map(JoinHandle::join);
    }
}

async fn add(State(seen): State<Arc<Seen>>, body: String) -> Response {
    let Ok(request) = AddCheckpoint::parse(body.as_bytes()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let mut last = seen.last.lock().unwrap_or_else(PoisonError::into_inner);
    let head = last.as_ref().map_or(TreeHead::EMPTY, |last| last.unverified().head());
    match request.judge([&seen.log], &head) {
        Ok(checkpoint) => match seen.key.cosign(checkpoint, TIME + checkpoint.head().size) {
            Ok(signature) => {
                *last = Some(request.checkpoint().clone());
                print_cosignatures(&[signature]).into_response()
            }
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
        Err(Refusal::Conflict { size } | Refusal::Fork { size }) => {
            (StatusCode::CONFLICT, [("content-type", "text/x.tlog.size")], format!("{size}\n"))
                .into_response()
        }
        Err(_) => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
    }
}

async fn latest(State(seen): State<Arc<Seen>>) -> Response {
    match &*seen.last.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(checkpoint) => checkpoint.to_string().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
