//! `GET /v1/whoami`.

use axum::http::StatusCode;
use axum::response::Response;

use super::body::json;
use crate::auth::Caller;
use crate::show;

/// What the key that asks is, and may do.
#[utoipa::path(
    get, path = "/v1/whoami", operation_id = "whoami", tag = "api-keys",
    responses((status = 200, description = "The key, without its text", body = serde_json::Value)),
    security(("api_key" = [])),
)]
pub(super) async fn handle(caller: Caller) -> Response {
    json(StatusCode::OK, &show::api_key(caller.key()))
}
