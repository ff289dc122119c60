//! `POST /v1/lots/{id}/close`.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby_store::{CloseReason, Closing, StoreError};

use super::body::{JsonBytes, Name, form, json};
use super::certificate_read::find;
use crate::app::App;
use crate::auth::Caller;
use crate::idempotency::{Key, REPLAYED};
use crate::problem::Problem;

/// Why a lot is closed.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = LotClosing)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    /// `consumed`, `lost`, `disposed`, `delivered` or `stocktake`.
    reason: String,
}

/// Closes a lot for ever; its holder alone may.
///
/// A closed lot keeps the time and reason it was closed with: asking again for the same reason is
/// answered with the same bytes.
#[utoipa::path(
    post, path = "/v1/lots/{id}/close", operation_id = "closeLot", tag = "lots", request_body = Body,
    params(("id" = String, Path, description = "`urn:uuid:…`, the plain UUID, or the digest `uEi…`"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 printable ASCII characters")),
    responses(
        (status = 200, description = "It is closed", body = serde_json::Value),
        (status = 403, description = "Somebody else holds it", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "It is closed for another reason", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["issue"])),
)]
pub(super) async fn handle(
    State(app): State<App>,
    caller: Caller,
    Name(id): Name,
    headers: HeaderMap,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Problem> {
    let holder = caller.bound_issuer()?.clone();
    let key = Key::read(&headers, &holder, &format!("POST /v1/lots/{id}/close"), &body)?;
    let working = app.in_progress().begin(&key)?;
    let Body { reason } = form(&body)?;
    let reason = CloseReason::parse(&reason).ok_or_else(|| unknown_reason(&reason))?;
    let lot = find(&app, &id).await?;
    let own = app.clone();
    app.to_the_end(async move {
        let _working = working;
        close(&own, Closing { lot, holder, reason, at: own.now_text() }).await
    })
    .await
}

async fn close(app: &App, closing: Closing) -> Result<Response, Problem> {
    let Closing { lot, holder, reason, at } = closing.clone();
    match app.registrar().close(closing).await {
        Ok(()) => {
            app.registrar().publish_all().await?;
            Ok(closed(lot, &holder, reason, &at))
        }
        Err(StoreError::LotClosed(_)) => {
            let record = app.store().lots(vec![lot]).await?.into_iter().next();
            match record.and_then(|record| record.closed) {
                Some((at, earlier)) if earlier == reason => {
                    // A commit that was in doubt may be what closed it: nobody has shown it yet.
                    app.registrar().publish_all().await?;
                    let mut response = closed(lot, &holder, reason, &at);
                    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
                    Ok(response)
                }
                _ => Err(StoreError::LotClosed(lot).into()),
            }
        }
        Err(error) => Err(error.into()),
    }
}

fn closed(lot: Digest, holder: &Did, reason: CloseReason, at: &str) -> Response {
    let closed = json!({ "at": at, "reason": reason.as_str() });
    json(StatusCode::OK, &json!({ "digest": lot.to_string(), "holder": holder.as_str(), "closed": closed }))
}

fn unknown_reason(reason: &str) -> Problem {
    let text = format!(
        "{:?} is none of consumed, lost, disposed, delivered, stocktake",
        ytterby::text::printable(reason)
    );
    super::body::misfit("reason", &text)
}
