//! `GET /v1/issuers`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::body::json;
use crate::app::App;
use crate::problem::Problem;
use crate::show;

/// Lists who may issue here, with their public keys.
#[utoipa::path(
    get, path = "/v1/issuers", operation_id = "listIssuers", tag = "issuers",
    responses((status = 200, description = "`{issuers}`", body = serde_json::Value)),
    security(("api_key" = ["read"])),
)]
pub(super) async fn handle(State(app): State<App>) -> Result<Response, Problem> {
    let mut shown = Vec::new();
    for row in app.store().issuers().await? {
        let keys = app.store().issuer_keys(row.did.clone()).await?;
        shown.push(show::issuer(&row, &keys));
    }
    Ok(json(StatusCode::OK, &json!({ "issuers": shown })))
}
