//! One witness, as a registry asks it to cosign. Implements the client of proto-docs/log.md, "Witnesses"
//! (C2SP tlog-witness).
//!
//! Requests run on a blocking thread, with a client that has time-outs of its own: there are few
//! witnesses, each is asked one thing at a time, and nobody who issues waits for them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use ureq::Agent;
use ytterby_store::{Store, StoreError};
use ytterby_tlog::{
    AddCheckpoint, MAX_NOTE_BYTES, NoteError, NoteSignature, SignatureError, SignedCheckpoint, VerifierKey,
    parse_cosignatures,
};

use crate::clock::Stopwatch;
use crate::config::WitnessAddress;

/// How long a witness may take to cosign: it may have entries to read first. What takes longer it goes on
/// with, and answers the next question at once.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long it may take to say what it has seen.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a witness is left alone after a failure; doubled with each one that follows.
const SHORTEST_PAUSE: Duration = Duration::from_millis(250);
/// And at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Questions to one witness about one checkpoint: the size that is remembered, the one that it names, and
/// once more if somebody else asked it in between.
const QUESTIONS: usize = 3;

/// A witness.
pub(crate) struct Witness {
    key: VerifierKey,
    url: String,
    agent: Agent,
    memory: Mutex<Memory>,
}

/// What is known of a witness.
#[derive(Default)]
struct Memory {
    /// The size it has last cosigned.
    seen: Option<u64>,
    /// Whether a question is under way.
    asked: bool,
    /// Failures in a row, and the time since the last one.
    failures: u32,
    failed: Option<Stopwatch>,
}

/// Why a witness did not cosign.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WitnessError {
    /// It has seen a larger log than the checkpoint's.
    #[error("it has seen {seen} entries")]
    Ahead {
        /// The size it has seen.
        seen: u64,
    },
    /// It has seen another log of this size than ours.
    #[error("it has seen another log at size {size}")]
    Forked {
        /// The size.
        size: u64,
    },
    /// It does not accept that the log has only grown, or what it has grown by.
    #[error("it does not accept what follows the size {size}: {text}")]
    Inconsistent {
        /// The size it has seen.
        size: u64,
        /// What it says.
        text: String,
    },
    /// No connection, or no answer in time.
    #[error("it cannot be asked: {0}")]
    Unreachable(String),
    /// It answered with a status that says nothing about the log's history.
    #[error("it answered {status}: {text}")]
    Refused {
        /// The status.
        status: u16,
        /// The beginning of the body.
        text: String,
    },
    /// It answered 200, and not with signatures; or 409, and not with a size.
    #[error("its answer: {0}")]
    Text(String),
    /// Its answer has no signature by its key.
    #[error("its answer has no cosignature by its key")]
    Missing,
    /// Its signature is bad.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Our own store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<NoteError> for WitnessError {
    fn from(error: NoteError) -> Self {
        WitnessError::Text(error.to_string())
    }
}

impl Witness {
    pub(crate) fn new(address: WitnessAddress) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0);
        let agent = config.build().into();
        Witness { key: address.key, url: address.url, agent, memory: Mutex::default() }
    }

    /// Its key.
    pub(crate) fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Whether it may be asked now: no question is under way, and its pause is over.
    pub(crate) fn is_ready(&self) -> bool {
        let memory = self.memory();
        let pause = SHORTEST_PAUSE.saturating_mul(1 << memory.failures.clamp(1, 16).saturating_sub(1));
        let pausing = memory.failed.as_ref().is_some_and(|since| since.elapsed() < pause.min(LONGEST_PAUSE));
        !memory.asked && !pausing
    }

    /// Asks it to cosign a checkpoint of ours, from whatever size it has seen: its cosignature, verified.
    pub(crate) async fn ask(
        self: &Arc<Self>,
        store: &dyn Store,
        checkpoint: &SignedCheckpoint,
    ) -> Result<NoteSignature, WitnessError> {
        self.memory().asked = true;
        let answer = self.converse(store, checkpoint).await;
        let mut memory = self.memory();
        memory.asked = false;
        match &answer {
            Ok(_) => (memory.failures, memory.failed) = (0, None),
            Err(error) => {
                drop(memory);
                tracing::warn!(witness = %self.key.name(), %error, "a witness did not cosign");
                self.failed();
            }
        }
        answer
    }

    /// Leaves it alone for a while, longer each time, and counts the failure.
    pub(crate) fn failed(&self) {
        let mut memory = self.memory();
        (memory.failures, memory.failed) = (memory.failures.saturating_add(1), Some(Stopwatch::start()));
        drop(memory);
        let name = self.key.name().to_string();
        metrics::counter!("ytterby_witness_failures_total", "witness" => name).increment(1);
    }

    /// The size that it has seen of our log, without anything for it to read or to accept: if it is the
    /// checkpoint's, it has the same root.
    pub(crate) async fn probe(&self, checkpoint: &SignedCheckpoint) -> Result<u64, WitnessError> {
        let size = checkpoint.unverified().head().size;
        let request = AddCheckpoint::new(size, Vec::new(), checkpoint.clone());
        let seen = match self.post(request, PROBE_TIMEOUT).await? {
            (200, body) => {
                self.cosignature(&body, checkpoint)?;
                size
            }
            (409, body) => match size_of(&body).ok_or_else(|| WitnessError::Text(beginning(&body)))? {
                seen if seen == size => return Err(WitnessError::Forked { size }),
                seen => seen,
            },
            (status, body) => return Err(WitnessError::Refused { status, text: beginning(&body) }),
        };
        self.memory().seen = Some(seen);
        Ok(seen)
    }

    /// The newest checkpoint that it shows, of which nothing is verified.
    pub(crate) async fn latest(self: &Arc<Self>, origin: &str) -> Result<SignedCheckpoint, WitnessError> {
        let (agent, url) = (self.agent.clone(), shown_at(&self.url, origin));
        let asked = tokio::task::spawn_blocking(move || {
            read(agent.get(url).config().timeout_global(Some(PROBE_TIMEOUT)).build().call())
        })
        .await;
        match asked.unwrap_or_else(|error| Err(WitnessError::Unreachable(error.to_string())))? {
            (200, body) => {
                SignedCheckpoint::parse(&body).map_err(|error| WitnessError::Text(error.to_string()))
            }
            (status, body) => Err(WitnessError::Refused { status, text: beginning(&body) }),
        }
    }

    async fn converse(
        self: &Arc<Self>,
        store: &dyn Store,
        checkpoint: &SignedCheckpoint,
    ) -> Result<NoteSignature, WitnessError> {
        let size = checkpoint.unverified().head().size;
        let mut old = self.memory().seen.unwrap_or(0);
        for _ in 0..QUESTIONS {
            if old > size {
                // It may have been a lie, or another's: it is asked anew next time.
                self.memory().seen = None;
                return Err(WitnessError::Ahead { seen: old });
            }
            let (_, proof) = store.consistency(old, size).await?;
            let request = AddCheckpoint::new(old, proof, checkpoint.clone());
            match self.post(request, TIMEOUT).await? {
                (200, body) => {
                    let cosignature = self.cosignature(&body, checkpoint)?;
                    self.memory().seen = Some(size);
                    return Ok(cosignature);
                }
                (409, body) => {
                    let seen = size_of(&body).ok_or_else(|| WitnessError::Text(beginning(&body)))?;
                    self.memory().seen = Some(seen);
                    // The old size is its own, so what it does not like is the root.
                    if seen == old {
                        return Err(WitnessError::Forked { size: old });
                    }
                    old = seen;
                }
                // It has another root of that size, or has read an entry that breaks a rule.
                (422, body) => {
                    return Err(WitnessError::Inconsistent { size: old, text: beginning(&body) });
                }
                (status, body) => return Err(WitnessError::Refused { status, text: beginning(&body) }),
            }
        }
        Err(WitnessError::Text(format!("it has seen {old} entries, and something else each time")))
    }

    fn cosignature(&self, body: &[u8], checkpoint: &SignedCheckpoint) -> Result<NoteSignature, WitnessError> {
        let signatures = parse_cosignatures(body)?;
        let own = signatures.into_iter().find(|signature| signature.is_by(&self.key));
        let own = own.ok_or(WitnessError::Missing)?;
        self.key.verify(checkpoint.note().text(), &own)?;
        Ok(own)
    }

    async fn post(&self, request: AddCheckpoint, timeout: Duration) -> Result<(u16, Vec<u8>), WitnessError> {
        let (agent, url) = (self.agent.clone(), format!("{}/add-checkpoint", self.url));
        let asked = tokio::task::spawn_blocking(move || {
            let post = agent.post(url).config().timeout_global(Some(timeout)).build();
            read(post.content_type("text/plain; charset=utf-8").send(request.to_string()))
        });
        asked.await.unwrap_or_else(|error| Err(WitnessError::Unreachable(error.to_string())))
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Status and body of an answer.
fn read(
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<(u16, Vec<u8>), WitnessError> {
    let unreachable = |error: ureq::Error| WitnessError::Unreachable(error.to_string());
    let (parts, mut body) = answer.map_err(unreachable)?.into_parts();
    let body = body.with_config().limit(MAX_NOTE_BYTES as u64).read_to_vec().map_err(unreachable)?;
    Ok((parts.status.as_u16(), body))
}

/// The body of a 409: a decimal number and a newline.
fn size_of(body: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(body).ok()?.strip_suffix('\n')?;
    let size: u64 = text.parse().ok()?;
    (size.to_string() == text).then_some(size)
}

/// The beginning of what a witness said, fit to be shown.
fn beginning(body: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(body).chars().take(200).collect();
    ytterby::text::printable(text.trim())
}

/// Where a witness shows the newest checkpoint of an origin.
fn shown_at(url: &str, origin: &str) -> String {
    format!("{url}/{}/checkpoint", HEXLOWER.encode(&Sha256::digest(origin.as_bytes())))
}
