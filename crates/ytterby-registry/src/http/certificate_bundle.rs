//! `GET /v1/certificates/{id}/bundle`.

use std::collections::HashSet;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use ytterby::certificate::Certificate;
use ytterby::json::ParseError;
use ytterby::{Bundle, Receipt};

use super::body::{Name, json_bytes};
use super::certificate_read::find;
use crate::accreditations;
use crate::app::App;
use crate::peers;
use crate::problem::Problem;
use crate::statuses;

/// The one file for an offline verifier: the certificate and everything behind it, the accreditations of
/// their issuers, with their receipts and the status lists that hold them.
#[utoipa::path(
    get, path = "/v1/certificates/{id}/bundle", operation_id = "getBundle", tag = "certificates",
    params(("id" = String, Path, description = "`urn:uuid:…`, the plain UUID, or the digest `uEi…`")),
    responses(
        (status = 200, description = "A bundle (`ytterby.bundle/1`)", body = serde_json::Value),
        (status = 404, description = "None of that name", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "More behind it than one bundle holds", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["read"])),
)]
pub(super) async fn handle(State(app): State<App>, Name(id): Name) -> Result<Response, Problem> {
    let digest = find(&app, &id).await?;
    let all = app.store().lineage(vec![digest], app.limits().bundle_certificates).await?;
    let parsed: Result<Vec<_>, _> = all.iter().map(|bytes| Certificate::parse(bytes)).collect();
    let mut certificates =
        parsed.map_err(|error| Problem::internal("a stored certificate does not parse", &error))?;
    let room = app.limits().bundle_certificates.saturating_sub(certificates.len());
    certificates.extend(accreditations::behind(app.store(), &certificates, room).await?);
    let digests: Vec<_> = certificates.iter().map(Certificate::digest).collect();
    let events = app.registrar().events(digests.clone()).await?;
    let receipts = app.registrar().receipts_now(digests).await?;
    let lists = statuses::of(&app, receipts.iter().map(|(_, index, _)| *index)).await?;
    let own: HashSet<_> = receipts.iter().map(|(digest, ..)| *digest).collect();
    let elsewhere = certificates.iter().map(Certificate::digest).filter(|digest| !own.contains(digest));
    let foreign = app.store().foreign_receipts(elsewhere.collect()).await?;
    let foreign = foreign.iter().filter(|(_, receipt)| !receipt.is_empty());
    let foreign: Result<Vec<_>, _> =
        foreign.map(|(digest, bytes)| Ok((*digest, Receipt::parse(bytes)?.into_owned()))).collect();
    let foreign = foreign.map_err(|error: ParseError| Problem::internal("a stored receipt", &error))?;
    let receipts_of_others: Vec<_> = foreign.iter().map(|(_, receipt)| receipt.clone()).collect();
    let more = peers::lists(&app, &receipts_of_others).await?;
    let bundle = Bundle::of(vec![digest], certificates)
        .with_receipts(receipts.into_iter().map(|(digest, _, receipt)| (digest, receipt)))
        .with_receipts(foreign)
        .with_status_lists(lists.into_iter().chain(more))
        .with_events(events);
    let mut response = json_bytes(StatusCode::OK, bundle.to_bytes());
    let name = format!("attachment; filename=\"{}.json\"", digest.short());
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
