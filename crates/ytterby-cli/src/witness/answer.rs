//! From a request to an answer, as C2SP tlog-witness has it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use ytterby::Evidence;
use ytterby::digest::Digest;
use ytterby::text::printable;
use ytterby_tlog::{AddCheckpoint, Refusal, print_cosignatures};

use super::config::Limits;
use super::keeper::{Keeper, NotCosigned};
use super::state::State;
use crate::clock::Stopwatch;
use crate::follow::{FollowError, origin_hash};
use crate::output::Output;

/// What a witness answers with.
pub(crate) type Answer = Response<Full<Bytes>>;

/// Most files of evidence: only a log that signs falsehoods fills the folder, and a thousand faults
/// are enough.
const MOST_EVIDENCE: usize = 3000;

/// `POST /add-checkpoint`.
pub(crate) async fn add_checkpoint(
    state: Arc<State>,
    limits: Limits,
    body: Bytes,
    narrator: Arc<Output>,
    verbose: bool,
) -> Answer {
    let request = match AddCheckpoint::parse(&body) {
        Ok(request) => request,
        Err(error) => return text(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let hash = origin_hash(request.checkpoint().unverified().origin().as_str());
    let Some(keeper) = state.log(&hash) else {
        return text(StatusCode::NOT_FOUND, &Refusal::UnknownOrigin.to_string());
    };
    // Whoever is not the log must not be able to fill its queue.
    if let Err(error) = request.checkpoint().note().verify([keeper.key()]) {
        return text(StatusCode::FORBIDDEN, &error.to_string());
    }
    let Some(turn) = keeper.turn(limits.waiting_per_log).await else {
        return busy("too many requests for this log");
    };
    let worker = {
        let (state, hash, limits, narrator) = (state.clone(), hash.clone(), limits.clone(), narrator.clone());
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            audit(&state, &hash, &limits, &request, &narrator, verbose)
        })
    };
    worker.await.unwrap_or_else(|_| text(StatusCode::INTERNAL_SERVER_ERROR, "a bug in this program"))
}

/// `GET /<hash of origin>/checkpoint`.
pub(crate) fn checkpoint(state: &State, hash: &str) -> Answer {
    match state.log(hash).and_then(Keeper::cosigned) {
        Some(signed) => text_as_is(StatusCode::OK, signed.to_string()),
        None => text(StatusCode::NOT_FOUND, "nothing was cosigned of a log of this hash"),
    }
}

/// There is nothing under a path, or another method is meant.
pub(crate) fn nothing_there() -> Answer {
    text(StatusCode::NOT_FOUND, "a witness answers POST /add-checkpoint and GET /<hash of origin>/checkpoint")
}

/// Another method is meant.
pub(crate) fn other_method(allowed: &'static str) -> Answer {
    let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, &format!("{allowed} is meant"));
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

/// A body that did not come whole: too long, too slow, broken off.
pub(crate) fn no_body(status: StatusCode, why: &str) -> Answer {
    text(status, why)
}

fn audit(
    state: &State,
    hash: &str,
    limits: &Limits,
    request: &AddCheckpoint,
    narrator: &Output,
    verbose: bool,
) -> Answer {
    let Some(keeper) = state.log(hash) else { return nothing_there() };
    let watch = Stopwatch::start();
    let checkpoint = request.checkpoint().unverified();
    let (origin, head) = (checkpoint.origin(), checkpoint.head());
    let name = format!("{}-{}", &hash[..16], Digest::of(request.checkpoint().note().text().as_bytes()));
    let to_file = |evidence: Evidence| {
        keep(state.evidence(), &format!("{name}.json"), &evidence.to_bytes());
    };
    match keeper.add(request, state.cosigner(), limits.audit(), &state.stop, &to_file) {
        Ok(cosignature) => {
            if verbose {
                let took = watch.elapsed().as_millis();
                narrator.note(&format!(
                    "cosigned {} {} {} in {took} ms",
                    printable(origin.as_str()),
                    head.size,
                    head.root
                ));
            }
            text_as_is(StatusCode::OK, print_cosignatures(&[cosignature]))
        }
        Err(refusal) => {
            let reason = refusal.to_string();
            if refusal.is_evidence() {
                keep(state.evidence(), &format!("{name}.reason"), format!("{reason}\n").as_bytes());
                let name = keep(state.evidence(), &format!("{name}.request"), request.to_string().as_bytes());
                narrator.note(&format!(
                    "NOT cosigned {} {}: {}; {name}",
                    printable(origin.as_str()),
                    head.size,
                    printable(&reason)
                ));
            } else if verbose {
                narrator.note(&format!(
                    "not cosigned {} {}: {}",
                    printable(origin.as_str()),
                    head.size,
                    printable(&reason)
                ));
            }
            refused(&refusal, &reason)
        }
    }
}

impl NotCosigned {
    /// Whether the log itself has signed what shows its fault.
    fn is_evidence(&self) -> bool {
        matches!(
            self,
            NotCosigned::Forked(_)
                | NotCosigned::Broken { .. }
                | NotCosigned::Follow(FollowError::Root { .. })
        )
    }
}

fn refused(refusal: &NotCosigned, reason: &str) -> Answer {
    match refusal {
        NotCosigned::Refused(Refusal::Conflict { size }) | NotCosigned::Forked(Refusal::Fork { size }) => {
            let mut answer = text_as_is(StatusCode::CONFLICT, format!("{size}\n"));
            answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/x.tlog.size"));
            answer
        }
        NotCosigned::Refused(refusal) | NotCosigned::Forked(refusal) => {
            text(status(refusal.status()), reason)
        }
        NotCosigned::Broken { .. } | NotCosigned::Follow(FollowError::Root { .. }) => {
            text(StatusCode::UNPROCESSABLE_ENTITY, reason)
        }
        NotCosigned::Follow(_) | NotCosigned::Clock => busy(reason),
        NotCosigned::State(_) => text(StatusCode::INTERNAL_SERVER_ERROR, reason),
    }
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Keeps what shows a fault; says where.
fn keep(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    if std::fs::read_dir(folder).is_ok_and(|files| files.count() >= MOST_EVIDENCE) {
        return "the folder of evidence is full".to_owned();
    }
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    match written {
        // The same request tells the same: it is kept once.
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            format!("could not be kept: {error}")
        }
        _ => format!("kept as {}", path.display()),
    }
}

/// Not now, but soon.
pub(crate) fn busy(reason: &str) -> Answer {
    let mut answer = text(StatusCode::SERVICE_UNAVAILABLE, reason);
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    answer
}

fn text(status: StatusCode, line: &str) -> Answer {
    text_as_is(status, format!("{line}\n"))
}

fn text_as_is(status: StatusCode, body: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}
