//! `GET /v1/status-lists/{n}` and `GET /v1/status-lists/{n}/suspension`.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use ytterby::form::StatusPurpose;

use super::body::{Name, typed};
use crate::app::App;
use crate::problem::Problem;
use crate::statuses;

/// A list of revocations (Bitstring Status List): of the certificates whose log index divided by 131,072 is `n`.
#[utoipa::path(
    get, path = "/v1/status-lists/{n}", operation_id = "readRevocations", tag = "log",
    params(("n" = String, Path, description = "Number of the list: log index ÷ 131,072")),
    responses(
        (status = 200, description = "The signed list", body = serde_json::Value, content_type = "application/vc"),
        (status = 404, description = "The log does not reach this list", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn revocations(State(app): State<App>, Name(number): Name) -> Result<Response, Problem> {
    list(&app, &number, StatusPurpose::Revocation).await
}

/// The same of suspensions.
#[utoipa::path(
    get, path = "/v1/status-lists/{n}/suspension", operation_id = "readSuspensions", tag = "log",
    params(("n" = String, Path, description = "Number of the list: log index ÷ 131,072")),
    responses(
        (status = 200, description = "The signed list", body = serde_json::Value, content_type = "application/vc"),
        (status = 404, description = "The log does not reach this list", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn suspensions(State(app): State<App>, Name(number): Name) -> Result<Response, Problem> {
    list(&app, &number, StatusPurpose::Suspension).await
}

async fn list(app: &App, number: &str, purpose: StatusPurpose) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("the log does not reach a list of this number");
    let parsed: u64 = number.parse().map_err(|_| unknown())?;
    let size = app.store().head().await?.size;
    let begins = parsed.checked_mul(ytterby::status_list::LIST_BITS).ok_or_else(unknown)?;
    if parsed.to_string() != number || begins > size {
        return Err(unknown());
    }
    let bytes = statuses::list(app, parsed, purpose, 0).await?;
    let mut response = typed(StatusCode::OK, "application/vc", bytes);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    Ok(response)
}
