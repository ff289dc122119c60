//! `POST /v1/certificates/status`.

use std::collections::HashSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::body::{JsonBytes, form, json, misfit};
use super::certificate_read::find;
use super::certificate_status::{apply, change_of, may_change};
use crate::app::App;
use crate::auth::Caller;
use crate::problem::Problem;

/// Most certificates of one change.
const MOST: usize = 1_000;

/// Certificates of which the same is to become.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = BulkStatusForm)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    /// Labels or digests, 1 to 1,000.
    certificates: Vec<String>,
    /// `revoke` (for good), `suspend`, or `reinstate` (what was suspended).
    action: String,
    /// Why: 1 to 500 characters.
    reason: String,
}

/// Revokes, suspends or reinstates certificates, all or none: a recall.
///
/// What has the status already is left as it is, and what is revoked stays so. Which certificates a recall concerns, `…/after` tells.
#[utoipa::path(
    post, path = "/v1/certificates/status", operation_id = "changeStatuses", tag = "certificates", request_body = Body,
    responses(
        (status = 200, description = "`{changed}`: how many were not so before", body = serde_json::Value),
        (status = 403, description = "Somebody else issued one of them", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "One of them is not registered here", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A member is not good", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["manage"])),
)]
pub(super) async fn handle(
    State(app): State<App>,
    caller: Caller,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Problem> {
    let Body { certificates, action, reason } = form(&body)?;
    if certificates.is_empty() || certificates.len() > MOST {
        return Err(misfit("certificates", "1 to 1,000 certificates"));
    }
    let (mut digests, mut seen) = (Vec::with_capacity(certificates.len()), HashSet::new());
    for id in &certificates {
        let digest = find(&app, id).await?;
        if seen.insert(digest) {
            may_change(&app, &caller, digest).await?;
            digests.push(digest);
        }
    }
    let change = change_of(&app, &caller, digests, &action, reason)?;
    let changed = apply(&app, change).await?.len();
    Ok(json(StatusCode::OK, &json!({ "changed": changed })))
}
