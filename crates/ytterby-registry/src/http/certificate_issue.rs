//! `POST /v1/certificates`.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;
use ytterby::json::Value;
use ytterby_store::Replay;

use super::body::{JsonBytes, Params, json, json_bytes};
use crate::app::App;
use crate::auth::Caller;
use crate::idempotency::{Key, REPLAYED};
use crate::inputs::Submission;
use crate::issue::{self, Issuer};
use crate::problem::Problem;
use crate::receipts;
use crate::show;

/// How a certificate is to be made.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// `true` judges and shows what would be signed and drawn; nothing is stored.
    dry_run: Option<bool>,
}

/// Makes a certificate from a draft, or registers one that its issuer signed.
///
/// A draft has a `type` and the members of the certificate's subject; a certificate is recognised by
/// its `proof`. With `dry_run` no idempotency key is needed.
#[utoipa::path(
    post, path = "/v1/certificates", operation_id = "issueCertificate", tag = "certificates", params(Query,
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters; required unless `dry_run`")),
    request_body = serde_json::Value,
    responses(
        (status = 200, description = "What a dry run found", body = serde_json::Value),
        (status = 201, description = "`{certificate, receipt}`; `Location` names it", body = serde_json::Value),
        (status = 400, description = "Not strict JSON, or no idempotency key", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "In progress, external id taken, or somebody else drew first", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Findings against it, the gate refuses it, or the key was used for another body", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Registrations are stopped, or the screening service gave no answer that counts", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["issue"])),
)]
pub(super) async fn handle(
    State(app): State<App>,
    caller: Caller,
    Params(query): Params<Query>,
    headers: HeaderMap,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Problem> {
    let issuer = Issuer::of(&app, &caller).await?;
    if query.dry_run == Some(true) {
        let submission = Submission::read(Value::parse(&body)?)?;
        let (passed, inputs) = issue::dry_run(&app, &issuer, submission).await?;
        return Ok(json(StatusCode::OK, &show::dry_run(&passed, &inputs)));
    }
    let key = Key::read(&headers, issuer.did(), "POST /v1/certificates", &body)?;
    let (working, replay) = key.begin(&app, &caller).await?;
    if let Some(replay) = replay {
        return again(&app, replay).await;
    }
    let submission = Submission::read(Value::parse(&body)?)?;
    let (own, used) = (app.clone(), key.clone());
    let write = async move {
        let _working = working;
        issue::issue(&own, &issuer, submission, &used).await
    };
    match app.to_the_end(write).await {
        Ok((label, body)) => Ok(made(Some(&label.to_string()), body, false)),
        Err(failed) => again(&app, key.after(&app, failed).await?).await,
    }
}

/// What was answered before.
async fn again(app: &App, replay: Replay) -> Result<Response, Problem> {
    let body = receipts::fill_again(app, &replay.body).await?;
    Ok(made(label_in(&body).as_deref(), body, true))
}

/// The label of the certificate in an answer that was given before.
fn label_in(body: &[u8]) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    Some(answer["certificate"]["id"].as_str()?.strip_prefix("urn:uuid:")?.to_owned())
}

fn made(label: Option<&str>, body: Vec<u8>, replayed: bool) -> Response {
    let location = label.and_then(|label| HeaderValue::from_str(&format!("/v1/certificates/{label}")).ok());
    let mut response = json_bytes(StatusCode::CREATED, body);
    if let Some(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}
