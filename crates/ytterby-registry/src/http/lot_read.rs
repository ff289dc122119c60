//! `GET /v1/lots/{id}`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use ytterby::InputLot;
use ytterby_store::LotRecord;

use super::body::{Name, json};
use super::certificate_read::find;
use crate::app::App;
use crate::auth::Caller;
use crate::inputs::input_lot;
use crate::problem::Problem;
use crate::show;

/// A lot's balance: content, drawn and left per element, and who drew.
///
/// For its issuer, its holder and administrators.
#[utoipa::path(
    get, path = "/v1/lots/{id}", operation_id = "getLot", tag = "lots",
    params(("id" = String, Path, description = "`urn:uuid:…`, the plain UUID, or the digest `uEi…`")),
    responses(
        (status = 200, description = "The balance", body = serde_json::Value),
        (status = 403, description = "Neither its issuer nor its holder", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "None of that name", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["read"])),
)]
pub(super) async fn handle(
    State(app): State<App>,
    caller: Caller,
    Name(id): Name,
) -> Result<Response, Problem> {
    let (record, known) = lot(&app, &caller, &id).await?;
    let drawn_by = app.store().drawn_by(record.digest).await?;
    Ok(json(StatusCode::OK, &show::lot(&record, &known.certificate, &drawn_by)))
}

/// A lot that a caller may know of: its issuer, its holder and administrators.
pub(super) async fn lot(app: &App, caller: &Caller, id: &str) -> Result<(LotRecord, InputLot), Problem> {
    let digest = find(app, id).await?;
    let record = app.store().lots(vec![digest]).await?.into_iter().next();
    let record = record.ok_or_else(|| Problem::not_found("no such lot"))?;
    let known = input_lot(&record)?;
    let holder = known.certificate.lot().and_then(|lot| lot.holder.as_ref());
    if holder.is_none() || holder != caller.issuer() {
        caller.acts_for(&known.certificate.claims().issuer)?;
    }
    Ok((record, known))
}
