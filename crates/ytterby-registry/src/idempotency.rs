//! Idempotency keys: one request, one effect, however often it is sent.
//!
//! What a key was answered with is stored in the transaction that did it. Requests that fail leave
//! no trace, so their key can be used again. Implements proto-docs/http-api.md, "Idempotency".

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderMap, StatusCode};
use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby_store::{Idempotency, Replay};

use crate::app::App;
use crate::auth::Caller;
use crate::problem::Problem;

/// The request header.
const HEADER: &str = "idempotency-key";
/// The header of an answer that was given before.
pub(crate) const REPLAYED: &str = "idempotency-replayed";
/// Longest key, in bytes.
const LONGEST: usize = 255;

/// A request as its idempotency key identifies it.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    caller: String,
    key: String,
    request: Digest,
}

impl Key {
    /// Reads the header. `what` tells requests to different places apart.
    pub(crate) fn read(headers: &HeaderMap, caller: &Did, what: &str, body: &[u8]) -> Result<Self, Problem> {
        let text = header(headers)?;
        let request = Digest::of(&[what.as_bytes(), b"\n", body].concat());
        Ok(Key { caller: caller.to_string(), key: text.to_owned(), request })
    }

    /// Claims the key for a request, and says what it was answered with before, if it was; a problem while
    /// another request has it, or if that was another request.
    pub(crate) async fn begin(
        &self,
        app: &App,
        caller: &Caller,
    ) -> Result<(Working, Option<Replay>), Problem> {
        let working = app.in_progress().begin(self)?;
        let (answered, then) = caller.answered();
        if !answered && app.in_progress().ended(&self.key) == then {
            return Ok((working, None));
        }
        // It was answered, or a request with the key has ended here after that was read.
        Ok((working, self.replay(app).await?))
    }

    /// What the key was answered with, after a request with it was refused: another process may have done the
    /// same meanwhile, and what is wrong is only that it was done. What is in doubt stays in doubt.
    pub(crate) async fn after(&self, app: &App, failed: Problem) -> Result<Replay, Problem> {
        if !failed.status().is_client_error() {
            return Err(failed);
        }
        self.meanwhile(app).await?.ok_or(failed)
    }

    /// What another process may have answered meanwhile. A store that does not say is no reason to fail.
    pub(crate) async fn meanwhile(&self, app: &App) -> Result<Option<Replay>, Problem> {
        match self.replay(app).await {
            Err(problem) if problem.status() != StatusCode::UNPROCESSABLE_ENTITY => Ok(None),
            found => found,
        }
    }

    /// What the key was answered with; a problem if that was another request.
    async fn replay(&self, app: &App) -> Result<Option<Replay>, Problem> {
        match app.store().replay(&self.caller, &self.key).await? {
            Some(replay) if replay.request != self.request => Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency.other-body",
                "the idempotency key was used for another request",
                "take a new key for a new request",
            )),
            found => Ok(found),
        }
    }

    /// What the store is to keep with the registration.
    pub(crate) fn answered(&self, status: StatusCode, body: &[u8]) -> Idempotency {
        Idempotency {
            caller: self.caller.clone(),
            key: self.key.clone(),
            request: self.request,
            status: status.as_u16(),
            body: body.to_owned(),
        }
    }
}

/// The one header that there has to be.
pub(crate) fn header(headers: &HeaderMap) -> Result<&str, Problem> {
    let bad = |code, detail: &str| {
        Problem::new(StatusCode::BAD_REQUEST, code, "an idempotency key is needed", detail)
    };
    let mut values = headers.get_all(HEADER).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        let detail = "send one `Idempotency-Key` header: a retry with the same key is safe";
        return Err(bad("idempotency.missing", detail));
    };
    let text = value.to_str().unwrap_or_default();
    if text.is_empty() || text.len() > LONGEST || !text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        let detail = "an idempotency key has 1 to 255 printable ASCII characters";
        return Err(bad("idempotency.malformed", detail));
    }
    Ok(text)
}

/// The keys of requests that are being worked on.
#[derive(Debug, Clone, Default)]
pub(crate) struct InProgress(Arc<Keys>);

#[derive(Debug, Default)]
struct Keys {
    working: Mutex<HashSet<(String, String)>>,
    /// How many requests have ended, by the sum of the bytes of their key.
    ended: [AtomicU64; 32],
}

/// How many requests with a key, or one like it, have ended here: while it stays the same, this process has
/// answered none with the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended(u64);

/// A key being worked on, until this is dropped.
#[derive(Debug)]
pub(crate) struct Working {
    all: InProgress,
    own: (String, String),
}

impl InProgress {
    /// Claims a key; refused while another request has it.
    pub(crate) fn begin(&self, key: &Key) -> Result<Working, Problem> {
        let own = (key.caller.clone(), key.key.clone());
        if !self.working().insert(own.clone()) {
            let detail = "a request with this key is being worked on: ask again";
            let title = "the same request is in progress";
            return Err(
                Problem::new(StatusCode::CONFLICT, "idempotency.in-progress", title, detail).retry_after(1)
            );
        }
        Ok(Working { all: self.clone(), own })
    }

    /// How many requests with a key have ended.
    pub(crate) fn ended(&self, key: &str) -> Ended {
        Ended(self.counter(key).load(Ordering::Acquire))
    }

    fn counter(&self, key: &str) -> &AtomicU64 {
        let sum = key.bytes().fold(0, |sum: usize, byte| sum.wrapping_add(byte.into()));
        &self.0.ended[sum % self.0.ended.len()]
    }

    fn working(&self) -> MutexGuard<'_, HashSet<(String, String)>> {
        self.0.working.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        // Counted first: whoever claims the key next sees that it was used.
        self.all.counter(&self.own.1).fetch_add(1, Ordering::AcqRel);
        self.all.working().remove(&self.own);
    }
}
