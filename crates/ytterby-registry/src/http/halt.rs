//! `GET`, `POST` and `DELETE /v1/halt`: the switch that stops registrations.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::body::{JsonBytes, check_reason, form, json};
use crate::app::App;
use crate::problem::Problem;

/// Why everything stops.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = HaltForm)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    /// Why: 1 to 500 characters; whoever is refused reads it.
    reason: String,
}

/// Whether registrations are stopped.
#[utoipa::path(
    get, path = "/v1/halt", operation_id = "readHalt", tag = "service",
    responses((status = 200, description = "`{halted, reason}`", body = serde_json::Value)),
    security(("api_key" = ["admin"])),
)]
pub(super) async fn read(State(app): State<App>) -> Result<Response, Problem> {
    shown(&app).await
}

/// Stops every issue and admission from the next commit on, in every process on this database.
///
/// What is registered stays so; closings and changes of status are still taken.
#[utoipa::path(
    post, path = "/v1/halt", operation_id = "halt", tag = "service", request_body = Body,
    responses((status = 200, description = "`{halted, reason}`", body = serde_json::Value)),
    security(("api_key" = ["admin"])),
)]
pub(super) async fn stop(State(app): State<App>, JsonBytes(body): JsonBytes) -> Result<Response, Problem> {
    let Body { reason } = form(&body)?;
    check_reason(&reason)?;
    tracing::warn!(%reason, "registrations are stopped");
    app.store().halt(Some(reason)).await?;
    shown(&app).await
}

/// Lets registrations go on.
#[utoipa::path(
    delete, path = "/v1/halt", operation_id = "goOn", tag = "service",
    responses((status = 200, description = "`{halted, reason}`", body = serde_json::Value)),
    security(("api_key" = ["admin"])),
)]
pub(super) async fn go_on(State(app): State<App>) -> Result<Response, Problem> {
    tracing::warn!("registrations go on");
    app.store().halt(None).await?;
    shown(&app).await
}

async fn shown(app: &App) -> Result<Response, Problem> {
    let reason = app.store().halted().await?;
    Ok(json(StatusCode::OK, &json!({ "halted": reason.is_some(), "reason": reason })))
}
