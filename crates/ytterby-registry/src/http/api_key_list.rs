//! `GET /v1/api-keys`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::body::{Params, json};
use super::issuer_read::find;
use crate::app::App;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::show;

/// Whose keys.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Short name of an issuer; when absent, the caller's own keys.
    issuer: Option<String>,
}

/// Lists API keys, never their texts: those of an issuer, or the administrators'.
#[utoipa::path(
    get, path = "/v1/api-keys", operation_id = "listApiKeys", tag = "api-keys", params(Query),
    responses(
        (status = 200, description = "`{apiKeys}`", body = serde_json::Value),
        (status = 403, description = "Another issuer's", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["manage"])),
)]
pub(super) async fn handle(
    State(app): State<App>,
    caller: Caller,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let issuer = match &query.issuer {
        Some(name) => {
            let row = find(&app, name).await?;
            caller.acts_for(&row.did)?;
            Some(row.did)
        }
        None => caller.issuer().cloned(),
    };
    let keys = app.store().api_keys(issuer).await?;
    let keys: Vec<_> = keys.iter().map(show::api_key).collect();
    Ok(json(StatusCode::OK, &json!({ "apiKeys": keys })))
}
