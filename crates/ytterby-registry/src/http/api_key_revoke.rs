//! `DELETE /v1/api-keys/{id}`.

use axum::extract::State;
use axum::http::StatusCode;

use super::body::Name;
use crate::app::App;
use crate::auth::Caller;
use crate::problem::Problem;

/// Revokes an API key, from now on and for ever.
#[utoipa::path(
    delete, path = "/v1/api-keys/{id}", operation_id = "revokeApiKey", tag = "api-keys",
    params(("id" = String, Path, description = "The key's public id")),
    responses(
        (status = 204, description = "It is revoked"),
        (status = 404, description = "None of that id among the caller's", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["manage"])),
)]
pub(super) async fn handle(
    State(app): State<App>,
    caller: Caller,
    Name(id): Name,
) -> Result<StatusCode, Problem> {
    let unknown = || Problem::not_found("no such API key among yours");
    if !caller.is_admin() {
        let own = app.store().api_keys(caller.issuer().cloned()).await?;
        own.iter().find(|key| key.id == id).ok_or_else(unknown)?;
    }
    let own = app.clone();
    let revoked = async move { Ok(own.store().revoke_api_key(&id, &own.now_text()).await?) };
    if app.to_the_end(revoked).await? { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}
