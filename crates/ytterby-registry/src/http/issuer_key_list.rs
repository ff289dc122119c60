//! `GET /v1/issuers/{name}/keys`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::body::{Name, json};
use super::issuer_read::find;
use crate::app::App;
use crate::problem::Problem;
use crate::show;

/// The public keys of an issuer, oldest first, retired ones included.
#[utoipa::path(
    get, path = "/v1/issuers/{name}/keys", operation_id = "listIssuerKeys", tag = "issuers",
    params(("name" = String, Path, description = "The issuer's short name here")),
    responses(
        (status = 200, description = "`{keys}`", body = serde_json::Value),
        (status = 404, description = "None of that name", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["read"])),
)]
pub(super) async fn handle(State(app): State<App>, Name(name): Name) -> Result<Response, Problem> {
    let row = find(&app, &name).await?;
    let keys = app.store().issuer_keys(row.did).await?;
    let keys: Vec<_> = keys.iter().map(show::issuer_key).collect();
    Ok(json(StatusCode::OK, &json!({ "keys": keys })))
}
