//! A witness on loopback: it decides as every witness does, and can be told to be down, late or strange.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::oneshot;
use ytterby_registry::config::WitnessConfig;
use ytterby_tlog::{
    AddCheckpoint, Checkpoint, Cosigner, KeyName, NoteSigner, Refusal, SignedCheckpoint, TreeHead,
    VerifierKey, print_cosignatures,
};

use crate::make::Setting;

/// How a witness behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// As it should.
    Good,
    /// It answers 503.
    Down,
    /// It answers after a while.
    Late(Duration),
    /// It signs something else.
    Forging,
    /// It answers 422.
    Refusing,
}

pub(crate) struct Witness {
    pub(crate) url: String,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    key: Cosigner,
    log: VerifierKey,
    mood: Mutex<Mood>,
    seen: Mutex<(TreeHead, Option<SignedCheckpoint>)>,
    time: AtomicU64,
    asked: AtomicUsize,
}

impl Witness {
    /// A witness of a log; its first cosignature has this time, each next one a second more.
    pub(crate) fn start(number: u8, log: VerifierKey, time: u64) -> Self {
        let name = KeyName::parse(&format!("witness.example/{number}")).unwrap();
        let shared = Arc::new(Shared {
            key: Cosigner::from_seed(name, &[number; 32]),
            log,
            mood: Mutex::new(Mood::Good),
            seen: Mutex::new((TreeHead::EMPTY, None)),
            time: AtomicU64::new(time),
            asked: AtomicUsize::new(0),
        });
        let (stop, told) = oneshot::channel::<()>();
        let (ready, started) = std::sync::mpsc::channel();
        let state = shared.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                ready.send(listener.local_addr().unwrap()).unwrap();
                let routes = Router::new()
                    .route("/w/add-checkpoint", post(add))
                    .route("/w/{origin}/checkpoint", get(latest))
                    .with_state(state);
                tokio::select! {
                    served = axum::serve(listener, routes) => served.unwrap(),
                    _ = told => {}
                }
            });
        });
        let url = format!("http://{}/w", started.recv().unwrap());
        Witness { url, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// So many witnesses, and what a registry needs to know of them.
    pub(crate) fn several(count: u8, quorum: usize, log: &VerifierKey, time: u64) -> (Vec<Witness>, Setting) {
        let all: Vec<_> =
            (1..=count).map(|n| Witness::start(n, log.clone(), time + 60 * u64::from(n))).collect();
        let witness = all.iter().map(Witness::config).collect();
        (all, Setting { quorum: Some(quorum), witness, ..Setting::default() })
    }

    pub(crate) fn config(&self) -> WitnessConfig {
        WitnessConfig { key: self.key().to_string(), url: self.url.clone() }
    }

    pub(crate) fn key(&self) -> VerifierKey {
        self.shared.key.verifier_key().clone()
    }

    pub(crate) fn set(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    /// Gives its next cosignature another time.
    pub(crate) fn time(&self, time: u64) {
        self.shared.time.store(time, Ordering::SeqCst);
    }

    /// What it has last seen.
    pub(crate) fn seen(&self) -> TreeHead {
        self.shared.seen.lock().unwrap().0
    }

    /// Makes it have seen something else.
    pub(crate) fn believe(&self, head: TreeHead) {
        self.shared.seen.lock().unwrap().0 = head;
    }

    /// Makes it have seen something that it does not show.
    pub(crate) fn forget(&self, head: TreeHead) {
        *self.shared.seen.lock().unwrap() = (head, None);
    }

    /// Makes it show a checkpoint that the log has signed, which it did not get from this registry.
    pub(crate) fn show(&self, log: &NoteSigner, head: TreeHead) {
        let checkpoint = Checkpoint::new(self.shared.log.name().clone(), head).sign(log).unwrap();
        *self.shared.seen.lock().unwrap() = (head, Some(checkpoint));
    }

    /// How often it was asked to cosign.
    pub(crate) fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

async fn add(State(shared): State<Arc<Shared>>, body: String) -> Response {
    shared.asked.fetch_add(1, Ordering::SeqCst);
    let mood = *shared.mood.lock().unwrap();
    match mood {
        Mood::Down => return (StatusCode::SERVICE_UNAVAILABLE, "not now").into_response(),
        Mood::Refusing => return (StatusCode::UNPROCESSABLE_ENTITY, "no").into_response(),
        Mood::Late(by) => tokio::time::sleep(by).await,
        Mood::Good | Mood::Forging => {}
    }
    let request = AddCheckpoint::parse(body.as_bytes()).unwrap();
    let mut seen = shared.seen.lock().unwrap();
    match request.judge([&shared.log], &seen.0) {
        Ok(checkpoint) => {
            *seen = (checkpoint.head(), Some(request.checkpoint().clone()));
            let time = shared.time.fetch_add(1, Ordering::SeqCst);
            let mut line = print_cosignatures(&[shared.key.cosign(checkpoint, time).unwrap()]);
            if mood == Mood::Forging {
                // The last byte of the signature, another one.
                let at = line.len() - 6;
                let other = if line.as_bytes()[at] == b'A' { "B" } else { "A" };
                line.replace_range(at..=at, other);
            }
            line.into_response()
        }
        Err(refusal @ (Refusal::Conflict { size } | Refusal::Fork { size })) => {
            let status = StatusCode::from_u16(refusal.status()).unwrap();
            (status, [("content-type", "text/x.tlog.size")], format!("{size}\n")).into_response()
        }
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status()).unwrap();
            (status, format!("{refusal}\n")).into_response()
        }
    }
}

async fn latest(State(shared): State<Arc<Shared>>) -> Response {
    match &shared.seen.lock().unwrap().1 {
        Some(checkpoint) => checkpoint.to_string().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
