//! A screening service on loopback: it checks what it is asked, and can be told to answer as it should not. What
//! it signs is written out here.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use data_encoding::BASE64;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;
use ytterby::key::{SigningKey, verify_strict};
use ytterby_registry::config::{GateConfig, ScreeningConfig};

/// How the service behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It allows everything.
    Allow,
    /// It denies everything.
    Deny,
    /// It denies the second of several transfers.
    DenySecond,
    /// It allows everything, after a while.
    Slow(Duration),
    /// It begins to answer in time, and never ends.
    Trickle,
    /// It answers 200 and no JSON, unsigned.
    Garbage,
    /// It signs with a key that is not pinned.
    WrongKey,
    /// It sends what it sent last time, for another question.
    Replay,
    /// It sends the client to where everything is allowed.
    Redirect,
    /// It allows everything in more bytes than are read.
    Oversized,
    /// It answers 500.
    Broken,
}

pub(crate) struct ScreeningServer {
    pub(crate) url: String,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    url: Mutex<String>,
    mood: Mutex<Mood>,
    asked: AtomicUsize,
    questions: Mutex<Vec<Value>>,
    last: Mutex<Option<Sent>>,
}

/// An answer: its headers and its body.
#[derive(Clone)]
struct Sent(Vec<(&'static str, String)>, Vec<u8>);

/// The key that signs questions.
fn registry() -> SigningKey {
    SigningKey::from_seed(&[51; 32])
}

/// The key that is pinned.
fn service() -> SigningKey {
    SigningKey::from_seed(&[52; 32])
}

impl ScreeningServer {
    pub(crate) fn start() -> Self {
        let shared = Arc::new(Shared {
            url: Mutex::default(),
            mood: Mutex::new(Mood::Allow),
            asked: AtomicUsize::new(0),
            questions: Mutex::default(),
            last: Mutex::default(),
        });
        let (stop, told) = oneshot::channel::<()>();
        let (ready, started) = std::sync::mpsc::channel();
        let state = shared.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                ready.send(listener.local_addr().unwrap()).unwrap();
                let routes =
                    Router::new().route("/ask", post(ask)).route("/allow", post(allow)).with_state(state);
                tokio::select! {
                    served = axum::serve(listener, routes) => served.unwrap(),
                    _ = told => {}
                }
            });
        });
        let url = format!("http://{}/ask", started.recv().unwrap());
        url.clone_into(&mut shared.url.lock().unwrap());
        ScreeningServer { url, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// A gate that asks it; the key is written into a folder.
    pub(crate) fn gate(&self, folder: &std::path::Path) -> GateConfig {
        let key_file = folder.join("screening.key");
        std::fs::write(&key_file, registry().to_secret_multikey()).unwrap();
        let keys = vec![service().public().to_string()];
        let screening = ScreeningConfig { url: self.url.clone(), keys, key_file, timeout_seconds: 1 };
        GateConfig { screening: Some(screening), ..GateConfig::default() }
    }

    pub(crate) fn set(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// What it was asked last.
    pub(crate) fn question(&self) -> Value {
        self.shared.questions.lock().unwrap().last().unwrap().clone()
    }
}

impl Drop for ScreeningServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

async fn ask(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    shared.asked.fetch_add(1, Ordering::SeqCst);
    let url = shared.url.lock().unwrap().clone();
    if !is_signed(&url, &headers, &body) {
        return (StatusCode::UNAUTHORIZED, "who are you?").into_response();
    }
    let question: Value = serde_json::from_slice(&body).unwrap();
    shared.questions.lock().unwrap().push(question.clone());
    let mood = *shared.mood.lock().unwrap();
    let key = if mood == Mood::WrongKey { SigningKey::from_seed(&[53; 32]) } else { service() };
    let sent = answer(&question, &headers, mood, &key);
    match mood {
        Mood::Garbage => return (StatusCode::OK, "yes, of course").into_response(),
        Mood::Broken => return (StatusCode::INTERNAL_SERVER_ERROR, "out of order").into_response(),
        Mood::Redirect => {
            return (StatusCode::TEMPORARY_REDIRECT, [("location", "/allow")]).into_response();
        }
        Mood::Replay => {
            let last = shared.last.lock().unwrap().clone().unwrap();
            return last.into_response();
        }
        Mood::Slow(by) => tokio::time::sleep(by).await,
        Mood::Trickle => return trickle(sent),
        _ => {}
    }
    *shared.last.lock().unwrap() = Some(sent.clone());
    sent.into_response()
}

/// Where a redirect leads: a service that allows what it is asked.
async fn allow(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    shared.asked.fetch_add(100, Ordering::SeqCst);
    let question: Value = serde_json::from_slice(&body).unwrap();
    answer(&question, &headers, Mood::Allow, &service()).into_response()
}

/// Whether the question is signed as the specification has it, by the registry.
fn is_signed(url: &str, headers: &HeaderMap, body: &[u8]) -> bool {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let digest = format!("sha-256=:{}:", BASE64.encode(&Sha256::digest(body)));
    let input = header("signature-input");
    let parameters = input.strip_prefix("ytterby=").unwrap();
    let base = format!(
        "\"@method\": POST\n\"@target-uri\": {url}\n\"content-type\": {}\n\"content-digest\": {digest}\n\
         \"@signature-params\": {parameters}",
        header("content-type")
    );
    let signature = header("signature");
    let signature = signature.strip_prefix("ytterby=:").unwrap().strip_suffix(':').unwrap();
    let signature = BASE64.decode(signature.as_bytes()).unwrap().try_into().unwrap();
    let key = registry().public().verifying_key().unwrap();
    header("content-digest") == digest && verify_strict(&key, base.as_bytes(), &signature)
}

fn answer(question: &Value, headers: &HeaderMap, mood: Mood, key: &SigningKey) -> Sent {
    let answers = question["transfers"].as_array().unwrap().iter().enumerate().map(|(at, transfer)| {
        let is_denied = mood == Mood::Deny || mood == Mood::DenySecond && at == 1;
        let mut own = json!({ "certificate": transfer["certificate"], "decision": "allow" });
        if is_denied {
            own["decision"] = "deny".into();
            own["reason"] = "end user is listed".into();
            own["reference"] = "case 4711".into();
        }
        own
    });
    let body = json!({ "screening": "ytterby.screening/1", "answers": answers.collect::<Vec<_>>() });
    let padding = if mood == Mood::Oversized { " ".repeat(1024 * 1024) } else { String::new() };
    let body = format!("{body}{padding}").into_bytes();
    let digest = format!("sha-256=:{}:", BASE64.encode(&Sha256::digest(&body)));
    let asked = headers["signature"].to_str().unwrap().strip_prefix("ytterby=").unwrap();
    let parameters = format!(
        "(\"signature\";req;key=\"ytterby\" \"content-digest\" \"content-type\" \"@status\");created=1;keyid=\"{}\";\
         tag=\"ytterby-screening\"",
        key.public()
    );
    let base = format!(
        "\"signature\";req;key=\"ytterby\": {asked}\n\"content-digest\": {digest}\n\
         \"content-type\": application/json\n\"@status\": 200\n\"@signature-params\": {parameters}"
    );
    let signature = BASE64.encode(&key.sign(base.as_bytes()));
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("content-digest", digest),
        ("signature-input", format!("a={parameters}")),
        ("signature", format!("a=:{signature}:")),
    ];
    Sent(headers, body)
}

/// A head in time, and a body that comes byte by byte.
fn trickle(sent: Sent) -> Response {
    let slow = futures_util::stream::unfold(sent.1.into_iter(), |mut rest| async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let byte = rest.next()?;
        Some((Ok::<_, std::io::Error>(Bytes::copy_from_slice(&[byte])), rest))
    });
    Sent(sent.0, Vec::new()).head().body(axum::body::Body::from_stream(slow)).unwrap()
}

impl Sent {
    fn head(&self) -> axum::http::response::Builder {
        let head = Response::builder().status(200);
        self.0.iter().fold(head, |head, (name, value)| head.header(*name, value))
    }
}

impl IntoResponse for Sent {
    fn into_response(self) -> Response {
        self.head().body(axum::body::Body::from(self.1)).unwrap()
    }
}
