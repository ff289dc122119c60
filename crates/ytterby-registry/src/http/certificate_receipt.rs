//! `GET /v1/certificates/{id}/receipt`.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

use super::body::{Name, json_bytes};
use super::certificate_read::find;
use crate::app::App;
use crate::problem::Problem;

/// Longest time that a cosignature is waited for, seconds.
const LONGEST: u64 = 30;
/// What is left of a request's time for the answer itself, seconds.
const RESERVE: u64 = 2;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// The receipt of a certificate, the best there is now.
///
/// Under the first checkpoint that a quorum of witnesses has cosigned and that covers the certificate; it
/// is kept for ever. Until there is one, under the newest checkpoint, which the log alone has signed.
/// `Prefer: wait=N` (RFC 7240) waits for the first kind, up to 30 seconds; if none comes, the second is
/// the answer. When too many wait already, it is the answer at once, without `Preference-Applied`.
#[utoipa::path(
    get, path = "/v1/certificates/{id}/receipt", operation_id = "getReceipt", tag = "certificates",
    params(
        ("id" = String, Path, description = "`urn:uuid:…`, the plain UUID, or the digest `uEi…`"),
        ("Prefer" = Option<String>, Header, description = "`wait=N`: so many seconds at most"),
    ),
    responses(
        (status = 200, description = "A receipt: entry and proof", body = serde_json::Value),
        (status = 404, description = "None of that name", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["read"])),
)]
pub(super) async fn handle(
    State(app): State<App>,
    Name(id): Name,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let digest = find(&app, &id).await?;
    let place = wait(&headers).and_then(|asked| Some((asked.min(longest(&app)), app.waiting_place()?)));
    let seconds = place.as_ref().map(|(seconds, _)| *seconds);
    let patience = Duration::from_secs(seconds.unwrap_or(0));
    let receipt = app.registrar().receipt_now(digest, patience).await?;
    drop(place);
    let receipt = receipt.ok_or_else(|| Problem::internal("a certificate is not logged", &digest))?;
    let mut response = json_bytes(StatusCode::OK, receipt.to_bytes());
    if let Some(seconds) = seconds
        && let Ok(applied) = HeaderValue::from_str(&format!("wait={seconds}"))
    {
        response.headers_mut().insert(APPLIED, applied);
    }
    Ok(response)
}

/// A request that waits still has to be answered in time.
fn longest(app: &App) -> u64 {
    LONGEST.min(app.limits().timeout_seconds.saturating_sub(RESERVE))
}

/// The seconds of the first `wait` among the preferences; one that is no number is ignored, as they are.
fn wait(headers: &HeaderMap) -> Option<u64> {
    let lines = headers.get_all(PREFER).into_iter().filter_map(|line| line.to_str().ok());
    let mut preferences = lines.flat_map(|line| line.split(',')).map(str::trim);
    preferences.find_map(|preference| {
        let (name, value) = preference.split_once('=')?;
        name.trim().eq_ignore_ascii_case("wait").then(|| value.trim().parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_are_read_or_ignored() {
        let read = |lines: &[&'static str]| {
            let lines = lines.iter().map(|line| (PREFER, HeaderValue::from_static(line)));
            wait(&HeaderMap::from_iter(lines))
        };
        assert_eq!(read(&[]), None);
        assert_eq!(read(&["wait=5"]), Some(5));
        assert_eq!(read(&["respond-async, Wait = 7"]), Some(7));
        assert_eq!(read(&["wait=soon"]), None);
        assert_eq!(read(&["wait=-1"]), None);
        assert_eq!(read(&["wait=99999999999999999999"]), None);
    }
}
