//! `GET /v1/certificates/{id}`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use ytterby::digest::Digest;

use super::body::{Name, typed};
use crate::app::App;
use crate::problem::Problem;
use crate::reference::Reference;

/// One certificate, in the bytes that were signed.
///
/// Whoever knows its label or digest and has a key may read it: labels are random.
#[utoipa::path(
    get, path = "/v1/certificates/{id}", operation_id = "getCertificate", tag = "certificates",
    params(("id" = String, Path, description = "`urn:uuid:…`, the plain UUID, or the digest `uEi…`")),
    responses(
        (status = 200, description = "The certificate", body = serde_json::Value, content_type = "application/vc"),
        (status = 404, description = "None of that name", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["read"])),
)]
pub(super) async fn handle(State(app): State<App>, Name(id): Name) -> Result<Response, Problem> {
    let digest = find(&app, &id).await?;
    let row = app.store().certificate(digest).await?.ok_or_else(|| unknown(&id))?;
    Ok(typed(StatusCode::OK, "application/vc", row.bytes))
}

/// The digest of a certificate named in a path.
pub(super) async fn find(app: &App, id: &str) -> Result<Digest, Problem> {
    let reference = Reference::parse(id).ok_or_else(|| unknown(id))?;
    reference.digest(app.store()).await?.ok_or_else(|| unknown(id))
}

fn unknown(id: &str) -> Problem {
    Problem::not_found(&format!("no certificate {:?}", ytterby::text::printable(id)))
}
