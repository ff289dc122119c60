//! `GET` and `POST /v1/certificates/{id}/status`.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use ytterby::digest::Digest;
use ytterby::form::StatusPurpose;
use ytterby_store::{StatusChange, StatusEvent, StoreError};

use super::body::{JsonBytes, Name, check_reason, form, json, misfit};
use super::certificate_read::find;
use crate::app::App;
use crate::auth::Caller;
use crate::problem::Problem;

/// What is to become of a certificate.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = StatusForm)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    /// `revoke` (for good), `suspend`, or `reinstate` (what was suspended).
    action: String,
    /// Why: 1 to 500 characters, kept and shown to whoever may read the certificate.
    reason: String,
}

/// The status of a certificate, and every change it has seen.
///
/// `ETag` is the version that a change names in `If-Match`.
#[utoipa::path(
    get, path = "/v1/certificates/{id}/status", operation_id = "readStatus", tag = "certificates",
    params(("id" = String, Path, description = "`urn:uuid:…`, the plain UUID, or the digest `uEi…`")),
    responses(
        (status = 200, description = "`{revoked, suspended, changes}`; `ETag`", body = serde_json::Value),
        (status = 404, description = "None of that name is registered here", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["read"])),
)]
pub(super) async fn read(State(app): State<App>, Name(id): Name) -> Result<Response, Problem> {
    let digest = find(&app, &id).await?;
    shown(&app, digest).await
}

/// Revokes, suspends or reinstates a certificate: its issuer or an administrator.
///
/// The change is an entry of the log, and in the status lists when this is answered. Revocation is for good.
#[utoipa::path(
    post, path = "/v1/certificates/{id}/status", operation_id = "changeStatus", tag = "certificates", request_body = Body,
    params(("id" = String, Path, description = "`urn:uuid:…`, the plain UUID, or the digest `uEi…`"),
        ("If-Match" = String, Header, description = "The `ETag` of the status that is changed")),
    responses(
        (status = 200, description = "The status now; `ETag`", body = serde_json::Value),
        (status = 403, description = "Somebody else issued it", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "A revocation is not lifted", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 412, description = "It has changed since", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 428, description = "`If-Match` is missing", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["manage"])),
)]
pub(super) async fn change(
    State(app): State<App>,
    caller: Caller,
    Name(id): Name,
    headers: HeaderMap,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Problem> {
    let Body { action, reason } = form(&body)?;
    let digest = find(&app, &id).await?;
    may_change(&app, &caller, digest).await?;
    let expected = Some(if_match(&headers)?);
    let change = change_of(&app, &caller, vec![digest], &action, reason)?;
    let events = app.store().status_events(digest).await?;
    if !change.value && events.iter().any(|event| event.purpose == StatusPurpose::Revocation) {
        return Err(for_good());
    }
    apply(&app, StatusChange { expected, ..change }).await?;
    shown(&app, digest).await
}

fn for_good() -> Problem {
    let detail = "a revocation is for good: issue a new certificate";
    Problem::new(StatusCode::CONFLICT, "log.rule", "the log's rules do not let this be recorded", detail)
}

/// Only its issuer, or an administrator.
pub(super) async fn may_change(app: &App, caller: &Caller, digest: Digest) -> Result<(), Problem> {
    let row = app.store().certificate(digest).await?;
    match row {
        Some(row) => caller.acts_for(&row.issuer),
        // Recovered from a copy of the log: who issued it is not known any more.
        None if caller.is_admin() => Ok(()),
        None => Err(Problem::not_found("no such certificate")),
    }
}

/// A change of several certificates, as a caller asks for it.
pub(super) fn change_of(
    app: &App,
    caller: &Caller,
    certificates: Vec<Digest>,
    action: &str,
    reason: String,
) -> Result<StatusChange, Problem> {
    let (purpose, value) = match action {
        "revoke" => (StatusPurpose::Revocation, true),
        "suspend" => (StatusPurpose::Suspension, true),
        "reinstate" => (StatusPurpose::Suspension, false),
        _ => return Err(misfit("action", "it is none of revoke, suspend, reinstate")),
    };
    check_reason(&reason)?;
    let by = caller.issuer().map_or_else(|| caller.key().id.clone(), |did| did.to_string());
    Ok(StatusChange { certificates, purpose, value, reason, by, at: app.now_text(), expected: None })
}

/// Makes a change and shows it to everybody before it is answered.
pub(super) async fn apply(app: &App, change: StatusChange) -> Result<Vec<u64>, Problem> {
    let own = app.clone();
    app.to_the_end(async move {
        let changed = own.registrar().change_status(change).await;
        if let Err(StoreError::StatusChanged { .. }) = &changed {
            // A commit that was in doubt may be what changed it: nobody has shown it yet.
            own.statuses().forget();
            own.registrar().publish_all().await?;
        }
        let indices = changed?;
        own.statuses().forget();
        own.registrar().publish_all().await?;
        Ok(indices)
    })
    .await
}

async fn shown(app: &App, digest: Digest) -> Result<Response, Problem> {
    let events = app.store().status_events(digest).await?;
    let last = |purpose| events.iter().rev().find(|e| e.purpose == purpose).is_some_and(|e| e.value);
    let mut response = json(
        StatusCode::OK,
        &json!({
            "certificate": digest.to_string(),
            "revoked": last(StatusPurpose::Revocation),
            "suspended": last(StatusPurpose::Suspension),
            "changes": events.iter().map(event).collect::<Vec<_>>(),
        }),
    );
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", events.len())) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

fn event(event: &StatusEvent) -> Value {
    let action = match (event.purpose, event.value) {
        (StatusPurpose::Revocation, _) => "revoke",
        (StatusPurpose::Suspension, true) => "suspend",
        (StatusPurpose::Suspension, false) => "reinstate",
    };
    json!({ "index": event.index.to_string(), "action": action, "reason": event.reason, "by": event.by, "at": event.at })
}

/// The version that is to be changed: how many changes there were.
fn if_match(headers: &HeaderMap) -> Result<u64, Problem> {
    let title = "which version is changed must be said";
    let detail = "send `If-Match` with the `ETag` of GET /v1/certificates/{id}/status";
    let missing = || Problem::new(StatusCode::PRECONDITION_REQUIRED, "status.if-match", title, detail);
    let stated = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
    let version = stated.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    version.and_then(|version| version.parse().ok()).ok_or_else(missing)
}
