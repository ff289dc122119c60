//! `POST /v1/admissions`.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use utoipa::ToSchema;

use super::body::{LargeJsonBytes, json_bytes};
use crate::app::App;
use crate::auth::Caller;
use crate::idempotency::REPLAYED;
use crate::problem::Problem;

/// A bundle (`ytterby.bundle/1`), as a registry serves it; proto-docs/bundle.md has every member.
#[derive(ToSchema)]
#[schema(as = BundleDocument)]
#[expect(dead_code, reason = "the shape that the published schema is made from")]
pub(super) struct Body {
    /// `ytterby.bundle/1`.
    bundle: String,
    /// Digest of the transfer.
    subject: Vec<String>,
    /// The transfer and everything behind it.
    certificates: Vec<serde_json::Value>,
    /// Their receipts, by digest.
    receipts: serde_json::Value,
}

/// Admits a lot whose transfer names this registry as its home: the bundle of the transfer in, a receipt out.
///
/// The bundle is verified by the registry's own trust file, like a buyer's. A lot is admitted once, for ever; asked again, the
/// answer is that of the first time. Its holder may ask.
#[utoipa::path(
    post, path = "/v1/admissions", operation_id = "admitLot", tag = "lots", request_body = Body,
    responses(
        (status = 201, description = "`{certificate, receipt}`: digest of the transfer, and the entry of its admission with its proof", body = serde_json::Value),
        (status = 200, description = "It was admitted before", body = serde_json::Value),
        (status = 403, description = "Somebody else holds the lot, or no lots are admitted here", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "The bundle does not verify, or the transfer is not one that comes here", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["issue"])),
)]
pub(super) async fn handle(
    State(app): State<App>,
    caller: Caller,
    LargeJsonBytes(body): LargeJsonBytes,
) -> Result<Response, Problem> {
    let (digest, again) = crate::admission::admit(&app, &caller, body.to_vec()).await?;
    let receipt = app.registrar().admission_receipt(digest).await?;
    let receipt = receipt.ok_or_else(|| Problem::not_found("the lot is registered here, not admitted"))?;
    let mut answer = format!("{{\"certificate\":\"{digest}\",\"receipt\":").into_bytes();
    answer.extend(receipt.to_bytes());
    answer.push(b'}');
    let mut response = json_bytes(if again { StatusCode::OK } else { StatusCode::CREATED }, answer);
    if again {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}
