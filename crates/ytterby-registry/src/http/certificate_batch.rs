//! `POST /v1/certificates/batch`.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use ytterby::json::{MisfitKind, Value};
use ytterby_store::Replay;

use super::body::{LargeJsonBytes, Params, json_bytes, misfit};
use crate::app::App;
use crate::auth::Caller;
use crate::batch::{self, Mode};
use crate::idempotency::{Key, REPLAYED};
use crate::inputs::Submission;
use crate::issue::Issuer;
use crate::problem::Problem;
use crate::receipts;

/// Most certificates of a batch.
const MOST: usize = 1_000;

/// How certificates are to be made.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// `true` judges and shows what would be signed; nothing is stored.
    dry_run: Option<bool>,
}

/// A batch.
#[derive(Debug, ToSchema)]
#[schema(as = CertificateBatch)]
#[expect(dead_code, reason = "the shape that the published schema is made from")]
pub(super) struct Body {
    /// `all` (all or none) or `each`.
    mode: String,
    /// Drafts or signed certificates, up to 1,000. An input may name the lot number of one before it.
    certificates: Vec<serde_json::Value>,
}

/// Makes up to 1,000 certificates in one transaction.
///
/// Neighbours in an `all` batch that share an input are registered together: where their contents are
/// more than it has left, the deficit is spread evenly over them.
#[utoipa::path(
    post, path = "/v1/certificates/batch", operation_id = "issueBatch", tag = "certificates", params(Query,
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters; required unless `dry_run`")),
    request_body = Body,
    responses(
        (status = 200, description = "A dry run, or `each` with nothing made", body = serde_json::Value),
        (status = 201, description = "`{mode, results}`, one result per certificate", body = serde_json::Value),
        (status = 503, description = "Registrations are stopped, or the screening service gave no answer that counts", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Findings against any of `all`, or the gate refuses one", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["issue"])),
)]
pub(super) async fn handle(
    State(app): State<App>,
    caller: Caller,
    Params(query): Params<Query>,
    headers: HeaderMap,
    LargeJsonBytes(body): LargeJsonBytes,
) -> Result<Response, Problem> {
    let issuer = Issuer::of(&app, &caller).await?;
    if query.dry_run == Some(true) {
        let (mode, submissions) = read(&body)?;
        let shown = batch::dry_run(&app, &issuer, mode, submissions).await?;
        return Ok(json_bytes(StatusCode::OK, shown));
    }
    let key = Key::read(&headers, issuer.did(), "POST /v1/certificates/batch", &body)?;
    let (working, replay) = key.begin(&app, &caller).await?;
    if let Some(replay) = replay {
        return again(&app, replay).await;
    }
    let (mode, submissions) = read(&body)?;
    let (own, used) = (app.clone(), key.clone());
    let write = async move {
        let _working = working;
        batch::issue(&own, &issuer, mode, submissions, &used).await
    };
    match app.to_the_end(write).await {
        // All was refused: it may be that another process has made it meanwhile.
        Ok((StatusCode::OK, body)) => match key.meanwhile(&app).await? {
            Some(replay) => again(&app, replay).await,
            None => Ok(json_bytes(StatusCode::OK, body)),
        },
        Ok((status, body)) => Ok(json_bytes(status, body)),
        Err(failed) => again(&app, key.after(&app, failed).await?).await,
    }
}

/// What was answered before.
async fn again(app: &App, replay: Replay) -> Result<Response, Problem> {
    let mut response = json_bytes(StatusCode::CREATED, receipts::fill_again(app, &replay.body).await?);
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn read(body: &[u8]) -> Result<(Mode, Vec<Submission>), Problem> {
    let Value::Object(mut object) = Value::parse(body)? else {
        return Err(misfit("certificates", "the body is an object with `mode` and `certificates`"));
    };
    let mode = match object.remove("mode").as_ref().and_then(Value::as_str) {
        Some("all") => Mode::All,
        Some("each") => Mode::Each,
        _ => return Err(misfit("mode", "\"all\" or \"each\"")),
    };
    let Some(Value::Array(items)) = object.remove("certificates") else {
        return Err(misfit("certificates", "a list is expected"));
    };
    if let Some((name, _)) = object.iter().next() {
        let unknown =
            ytterby::json::Misfit::new(MisfitKind::UnknownField, "members are `mode` and `certificates`");
        return Err(unknown.under(ytterby::text::printable(name)).into());
    }
    if items.is_empty() || items.len() > MOST {
        return Err(misfit(
            "certificates",
            &format!("{} items, from 1 to {MOST} may stand here", items.len()),
        ));
    }
    let submissions = items.into_iter().enumerate().map(|(at, item)| {
        Submission::read(item).map_err(|problem| problem.within(&format!("/certificates/{at}")))
    });
    Ok((mode, submissions.collect::<Result<_, _>>()?))
}
