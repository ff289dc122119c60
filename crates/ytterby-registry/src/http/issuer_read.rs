//! `GET /v1/issuers/{name}`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use ytterby_store::IssuerRow;

use super::body::{Name, json};
use crate::app::App;
use crate::problem::Problem;
use crate::show;

/// One issuer, with its public keys.
#[utoipa::path(
    get, path = "/v1/issuers/{name}", operation_id = "getIssuer", tag = "issuers",
    params(("name" = String, Path, description = "The issuer's short name here")),
    responses(
        (status = 200, description = "The issuer", body = serde_json::Value),
        (status = 404, description = "None of that name", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["read"])),
)]
pub(super) async fn handle(State(app): State<App>, Name(name): Name) -> Result<Response, Problem> {
    let row = find(&app, &name).await?;
    let keys = app.store().issuer_keys(row.did.clone()).await?;
    Ok(json(StatusCode::OK, &show::issuer(&row, &keys)))
}

/// The issuer of a short name.
pub(super) async fn find(app: &App, name: &str) -> Result<IssuerRow, Problem> {
    let all = app.store().issuers().await?;
    let unknown = || Problem::not_found(&format!("no issuer {:?}", ytterby::text::printable(name)));
    all.into_iter().find(|row| row.name == name).ok_or_else(unknown)
}
