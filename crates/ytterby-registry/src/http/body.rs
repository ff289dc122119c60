//! What handlers take out of requests: strict JSON, closed query strings, names in paths.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use ytterby::json::{Value, from_value};

use crate::app::App;
use crate::problem::Problem;

/// The bytes of a body that says it is JSON, up to the limit of one certificate or form.
pub(crate) struct JsonBytes(pub(crate) Bytes);

/// The same, up to the limit of a bundle or a batch.
pub(crate) struct LargeJsonBytes(pub(crate) Bytes);

impl FromRequest<App> for JsonBytes {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        read(request, app.limits().body_bytes).await.map(JsonBytes)
    }
}

impl FromRequest<App> for LargeJsonBytes {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        read(request, app.limits().bundle_bytes).await.map(LargeJsonBytes)
    }
}

/// A form read from strict JSON; unknown members are refused with a pointer.
pub(crate) fn form<T: for<'t> serde::Deserialize<'t>>(bytes: &[u8]) -> Result<T, Problem> {
    Ok(from_value(&Value::parse(bytes)?)?)
}

/// A query string of known members.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(params)| Params(params))
            .map_err(|error| bad_query(&error.to_string()))
    }
}

/// A query string that is not what may stand there.
pub(crate) fn bad_query(detail: &str) -> Problem {
    let title = "a query parameter is not good";
    Problem::new(StatusCode::BAD_REQUEST, "request.query", title, ytterby::text::printable(detail))
}

/// The one name in a path.
pub(crate) struct Name(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(name)| Name(name)).map_err(|_| Problem::not_found("the path is not UTF-8"))
    }
}

/// An answer of JSON bytes.
pub(crate) fn json_bytes(status: StatusCode, bytes: impl Into<Body>) -> Response {
    typed(status, "application/json", bytes)
}

/// An answer made from a value.
pub(crate) fn json(status: StatusCode, value: &serde_json::Value) -> Response {
    json_bytes(status, value.to_string())
}

/// An answer of some type.
pub(crate) fn typed(status: StatusCode, media_type: &'static str, bytes: impl Into<Body>) -> Response {
    let mut response = (status, bytes.into()).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// How long the next bytes of a body may take: whoever sends none holds a place that others want.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much of a refused body is read on, in bytes: what an honest mistake sends.
const DRAINED: usize = 1024 * 1024;

async fn read(request: Request, limit: usize) -> Result<Bytes, Problem> {
    let typed = expect_json(request.headers());
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let mut body = request.into_body();
    if let Err(problem) = typed {
        drain(body).await;
        return Err(problem);
    }
    let mut bytes = Vec::new();
    if announced.is_none_or(|length| length <= limit as u64) {
        loop {
            match tokio::time::timeout(PATIENCE, frame(&mut body)).await {
                Err(_) => return Err(too_slow()),
                Ok(None) => return Ok(bytes.into()),
                Ok(Some(Err(_))) => return Err(broken_off()),
                Ok(Some(Ok(data))) if bytes.len() + data.len() > limit => break,
                Ok(Some(Ok(data))) => bytes.extend_from_slice(&data),
            }
        }
    }
    drain(body).await;
    let detail = format!("at most {limit} bytes are read here");
    Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "request.too-large", "the body is too large", detail))
}

/// Reads on for a while what nobody wants: a client that is still sending when the connection closes
/// does not see the answer.
async fn drain(mut body: Body) {
    const PAUSE: Duration = Duration::from_millis(200);
    let mut left = DRAINED;
    while let Ok(Some(Ok(data))) = tokio::time::timeout(PAUSE, frame(&mut body)).await {
        left = left.saturating_sub(data.len().max(1));
        if left == 0 {
            break;
        }
    }
}

/// The next bytes of a body; none in a frame of trailers.
async fn frame(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
    let next = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await?;
    Some(next.map(|frame| frame.into_data().unwrap_or_default()))
}

fn broken_off() -> Problem {
    let title = "the body broke off";
    Problem::new(StatusCode::BAD_REQUEST, "request.broken-off", title, "it ended before it was complete")
}

fn too_slow() -> Problem {
    let detail = format!("no more of it came within {} seconds; nothing was done", PATIENCE.as_secs());
    Problem::new(StatusCode::REQUEST_TIMEOUT, "request.timeout", "the body did not come", detail)
}

fn expect_json(headers: &HeaderMap) -> Result<(), Problem> {
    let stated = headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default());
    let media_type = stated.map(|value| value.split(';').next().unwrap_or_default().trim().to_lowercase());
    match media_type.as_deref() {
        None | Some("application/json" | "application/vc" | "application/ld+json") => Ok(()),
        Some(_) => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "request.content-type",
            "the body is of a type that is not read here",
            "send `Content-Type: application/json`",
        )),
    }
}

/// A reason that people are to read: 1 to 500 characters.
pub(crate) fn check_reason(reason: &str) -> Result<(), Problem> {
    let fits = !reason.trim().is_empty()
        && reason.chars().count() <= 500
        && ytterby::text::printable(reason) == reason;
    if fits { Ok(()) } else { Err(misfit("reason", "1 to 500 characters, none of them invisible")) }
}

/// A member whose value may not stand there.
pub(crate) fn misfit(member: &'static str, text: &str) -> Problem {
    ytterby::json::Misfit::new(ytterby::json::MisfitKind::Value, text).under(member).into()
}
