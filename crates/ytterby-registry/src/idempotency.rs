//! Idempotency keys: one request, one effect, however often it is sent.
//!
//! What a key was answered with is stored in the transaction that did it. Requests that fail leave
//! no trace, so their key can be used again. Implements proto-docs/http-api.md, "Idempotency".

use std::collections::HashSet;
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
        // Whether it was answered since then shows when the request is refused: see [`Key::after`].
        Ok((working, if caller.answered() { self.replay(app).await? } else { None }))
    }

    /// What the key was answered with, after a request with it was refused: the same may have been done since the
    /// caller was asked for, here or by another process, and what is wrong is only that it was done. What is in doubt stays in doubt.
    pub(crate) async fn after(&self, app: &App, failed: Problem) -> Result<Replay, Problem> {
        if !failed.status().is_client_error() {
            return Err(failed);
        }
        self.meanwhile(app).await?.ok_or(failed)
    }

    /// What it may have been answered with meanwhile. A store that does not say is no reason to fail.
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
pub(crate) struct InProgress(Arc<Mutex<HashSet<(String, String)>>>);

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

    fn working(&self) -> MutexGuard<'_, HashSet<(String, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.all.working().remove(&self.own);
    }
}
