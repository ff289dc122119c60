//! What every request passes before it reaches a handler, and every answer on its way out:
//! request ids, limits, time-outs, security headers, and a line in the log.

use std::any::Any;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::clock::Stopwatch;
use crate::problem::Problem;
use crate::random;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The outermost layer.
pub(crate) async fn edge(State(app): State<App>, request: Request, next: Next) -> Response {
    let watch = Stopwatch::start();
    let id = request_id(&request);
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let mut response = limited(&app, &path, request, next).await;
    let unread = matches!(response.status(), StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT);
    let headers = response.headers_mut();
    if unread {
        // What is left of the body would be taken for the next request: say that the connection ends.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    headers.insert(REQUEST_ID, id.clone());
    secure(&app, headers);
    let (status, elapsed) = (response.status().as_u16(), watch.elapsed());
    // The route's pattern, never the path or a header: those hold what callers typed.
    tracing::info!(id = id.to_str().unwrap_or_default(), %method, path, status, ?elapsed, "request");
    let labels = [("path", path), ("status", status.to_string())];
    metrics::counter!("ytterby_requests_total", &labels).increment(1);
    metrics::histogram!("ytterby_request_seconds").record(elapsed.as_secs_f64());
    response
}

/// What a handler that panicked is answered with.
pub(crate) fn panicked(_: Box<dyn Any + Send>) -> Response {
    Problem::internal("panic", &"a handler panicked").into_response()
}

/// Answered however many requests run: who runs the service looks here when it is full.
const ALWAYS: [&str; 3] = ["/livez", "/readyz", "/version"];

async fn limited(app: &App, path: &str, request: Request, next: Next) -> Response {
    let place = match app.request_place() {
        _ if ALWAYS.contains(&path) => None,
        Ok(place) => Some(place),
        Err(problem) => {
            unread(request).await;
            return problem.into_response();
        }
    };
    let answer = tokio::time::timeout(app.limits().timeout(), next.run(request)).await;
    drop(place);
    answer.unwrap_or_else(|_| {
        let detail = "it took too long; a write may still end: ask again with the same Idempotency-Key";
        let title = "the request was given up";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "service.timeout", title, detail)
            .retry_after(1)
            .into_response()
    })
}

/// Most of a refused body that is read, and how long is waited for it.
const UNREAD: (usize, Duration) = (16 * 1024, Duration::from_millis(500));

/// Reads a body that nobody wants, if it is small: a caller who is still sending when the connection ends
/// would see that, and not why he was refused.
async fn unread(request: Request) {
    let (most, time) = UNREAD;
    // What is larger or slower has its connection closed.
    let _ = tokio::time::timeout(time, axum::body::to_bytes(request.into_body(), most)).await;
}

/// The caller's own id if it is short and plain, else one of ours.
fn request_id(request: &Request) -> HeaderValue {
    let plain = |id: &&HeaderValue| {
        (1..=64).contains(&id.len())
            && id.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    let given = request.headers().get(REQUEST_ID).filter(plain).cloned();
    given
        .or_else(|| HeaderValue::from_str(&random::label().to_string()).ok())
        .unwrap_or(HeaderValue::from_static("-"))
}

fn secure(app: &App, headers: &mut axum::http::HeaderMap) {
    let always = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if app.public_url().is_https() {
        let value = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    let unless_said = [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in unless_said {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
