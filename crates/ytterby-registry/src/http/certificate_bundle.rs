//! `GET /v1/certificates/{id}/bundle`.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::body::{Name, json_bytes};
use super::certificate_read::find;
use crate::app::App;
use crate::bundles;
use crate::problem::Problem;

/// The one file for an offline verifier: the certificate and everything behind it, the accreditations of
/// their issuers, with their receipts and the status lists that hold them.
#[utoipa::path(
    get, path = "/v1/certificates/{id}/bundle", operation_id = "getBundle", tag = "certificates",
    params(("id" = String, Path, description = "`urn:uuid:…`, the plain UUID, or the digest `uEi…`")),
    responses(
        (status = 200, description = "A bundle (`ytterby.bundle/1`)", body = serde_json::Value),
        (status = 404, description = "None of that name", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "More behind it than one bundle holds", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["read"])),
)]
pub(super) async fn handle(State(app): State<App>, Name(id): Name) -> Result<Response, Problem> {
    let digest = find(&app, &id).await?;
    let all = app.store().lineage(vec![digest], app.limits().bundle_certificates).await?;
    let bundle = bundles::of(&app, vec![digest], bundles::read(&all)?).await?;
    let mut response = json_bytes(StatusCode::OK, bundle.to_bytes());
    let name = format!("attachment; filename=\"{}.json\"", digest.short());
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
