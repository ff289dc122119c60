//! `GET /issuers/{name}/did.json`.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::json;

use super::body::{Name, typed};
use super::issuer_read::find;
use crate::app::App;
use crate::problem::Problem;

/// The `did:web` document of a custodial issuer: every key it ever signed with.
///
/// Retired keys stay: what they signed still verifies.
#[utoipa::path(
    get, path = "/issuers/{name}/did.json", operation_id = "getDidDocument", tag = "issuers",
    params(("name" = String, Path, description = "The issuer's short name here")),
    responses(
        (status = 200, description = "The DID document", body = serde_json::Value, content_type = "application/did+json"),
        (status = 404, description = "No issuer whose DID leads here", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn handle(State(app): State<App>, Name(name): Name) -> Result<Response, Problem> {
    let row = find(&app, &name).await?;
    if app.did_of(&name).as_ref() != Some(&row.did) {
        return Err(Problem::not_found("the issuer's DID does not lead here"));
    }
    let keys = app.store().issuer_keys(row.did.clone()).await?;
    let id = |public: &str| format!("{}#{public}", row.did);
    let methods: Vec<_> = keys
        .iter()
        .map(|key| {
            json!({
                "id": id(&key.public),
                "type": "Multikey",
                "controller": row.did.as_str(),
                "publicKeyMultibase": key.public,
            })
        })
        .collect();
    let document = json!({
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": row.did.as_str(),
        "verificationMethod": methods,
        "assertionMethod": keys.iter().map(|key| id(&key.public)).collect::<Vec<_>>(),
    });
    let mut response = typed(StatusCode::OK, "application/did+json", document.to_string());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    Ok(response)
}
