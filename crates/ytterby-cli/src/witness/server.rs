//! Serving a witness over HTTP/1.1, and an orderly end.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use ytterby_tlog::MAX_NOTE_BYTES;

use super::answer::{self, Answer};
use super::config::{Config, Limits};
use super::state::State;
use crate::failure::Failure;
use crate::output::Output;

/// Largest body of a request, in bytes: a checkpoint and a proof, and what tells that it is too long.
const MAX_BODY: usize = MAX_NOTE_BYTES + 4096;
/// Largest head of a request, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// How long connections may take to end once the witness is told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// What every request has in common.
#[derive(Clone)]
struct Shared {
    state: Arc<State>,
    limits: Limits,
    narrator: Arc<Output>,
    verbose: bool,
}

/// Serves until the process is told to stop (SIGINT, SIGTERM).
pub(crate) fn serve(config: &Config, state: State, narrator: Output, verbose: bool) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::undecided(format!("cannot start: {error}")))?;
    let (state, narrator) = (Arc::new(state), Arc::new(narrator));
    let shared =
        Shared { state: state.clone(), limits: config.limits.clone(), narrator: narrator.clone(), verbose };
    let served = runtime.block_on(async move {
        let listener = TcpListener::bind(config.listen).await;
        let listener = listener.map_err(|error| Failure::undecided(format!("{}: {error}", config.listen)))?;
        let address = listener.local_addr().map_err(|error| Failure::undecided(error.to_string()))?;
        narrator.note(&format!("{}: listening on http://{address}", state.cosigner().verifier_key()));
        accept(listener, shared).await
    });
    // An audit that is under way ends at its next bundle; it has accepted nothing by then.
    runtime.shutdown_timeout(GRACE);
    served.map(|()| 0)
}

async fn accept(listener: TcpListener, shared: Shared) -> Result<(), Failure> {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(shared.limits.request()).max_buf_size(MAX_HEAD);
    let places = Arc::new(Semaphore::new(shared.limits.connections));
    let graceful = GracefulShutdown::new();
    let mut told = std::pin::pin!(told()?);
    loop {
        let place = places.clone().acquire_owned();
        let accepted = tokio::select! {
            accepted = async { (place.await, listener.accept().await) } => accepted,
            () = &mut told => break,
        };
        let (Ok(place), Ok((stream, _))) = accepted else {
            // Out of file descriptors, most likely: connections that end make room.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let shared = shared.clone();
        let service = service_fn(move |request| {
            let shared = shared.clone();
            async move { Ok::<_, Infallible>(answer(request, shared).await) }
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // A connection that breaks off is the client's affair.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    shared.state.stop.store(true, Ordering::Relaxed);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        shared.narrator.note("connections did not end in time");
    }
    Ok(())
}

async fn answer(request: Request<Incoming>, shared: Shared) -> Answer {
    let path = request.uri().path().to_owned();
    if path == "/add-checkpoint" {
        if request.method() != Method::POST {
            return answer::other_method("POST");
        }
        return match body(request.into_body(), shared.limits.request()).await {
            Ok(body) => {
                let Shared { state, limits, narrator, verbose } = shared;
                answer::add_checkpoint(state, limits, body, narrator, verbose).await
            }
            Err((status, why)) => answer::no_body(status, why),
        };
    }
    match path.strip_prefix('/').and_then(|path| path.strip_suffix("/checkpoint")) {
        Some(hash) if request.method() == Method::GET || request.method() == Method::HEAD => {
            answer::checkpoint(&shared.state, hash)
        }
        Some(_) => answer::other_method("GET"),
        None => answer::nothing_there(),
    }
}

async fn body(body: Incoming, most: Duration) -> Result<Bytes, (StatusCode, &'static str)> {
    match tokio::time::timeout(most, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err((StatusCode::PAYLOAD_TOO_LARGE, "longer than a request can be"))
        }
        Ok(Err(_)) => Err((StatusCode::BAD_REQUEST, "the request broke off")),
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "the request did not come in time")),
    }
}

/// Ends when the process is told to stop.
fn told() -> Result<impl Future<Output = ()>, Failure> {
    let cannot = |error: std::io::Error| Failure::undecided(format!("cannot wait for signals: {error}"));
    #[cfg(unix)]
    let mut terminate =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(cannot)?;
    #[cfg(unix)]
    let terminated = async move {
        terminate.recv().await;
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    #[cfg(not(unix))]
    let _ = cannot;
    Ok(async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            () = terminated => {}
        }
    })
}
