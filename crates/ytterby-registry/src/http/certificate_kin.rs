//! `GET /v1/certificates/{id}/behind` and `GET /v1/certificates/{id}/after`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use ytterby_store::{Cursor, Direction};

use super::body::{Name, Params, bad_query, json};
use super::lot_read::lot;
use crate::app::App;
use crate::auth::Caller;
use crate::problem::Problem;

/// Most certificates of a page, and how many are on one when nothing is said.
const MOST: usize = 100_000;
const USUAL: usize = 1_000;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Most certificates on the page: 1 to 100,000, 1,000 when absent.
    limit: Option<usize>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
}

/// What a lot was made from, all the way back within this registry: its issuer, its holder or an administrator.
#[utoipa::path(
    get, path = "/v1/certificates/{id}/behind", operation_id = "listBehind", tag = "certificates",
    params(("id" = String, Path, description = "`urn:uuid:…`, the plain UUID, or the digest `uEi…`"), Which),
    responses(
        (status = 200, description = "`{total, certificates, next}`, in the order they were registered", body = serde_json::Value),
        (status = 403, description = "Neither its issuer nor its holder", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["read"])),
)]
pub(super) async fn behind(
    State(app): State<App>,
    caller: Caller,
    Name(id): Name,
    Params(which): Params<Which>,
) -> Result<Response, Problem> {
    kin(&app, &caller, &id, Direction::Behind, which).await
}

/// What was made from a lot, all the way on within this registry: whom a recall concerns.
#[utoipa::path(
    get, path = "/v1/certificates/{id}/after", operation_id = "listAfter", tag = "certificates",
    params(("id" = String, Path, description = "`urn:uuid:…`, the plain UUID, or the digest `uEi…`"), Which),
    responses(
        (status = 200, description = "`{total, certificates, next}`, in the order they were registered", body = serde_json::Value),
        (status = 403, description = "Neither its issuer nor its holder", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["read"])),
)]
pub(super) async fn after(
    State(app): State<App>,
    caller: Caller,
    Name(id): Name,
    Params(which): Params<Which>,
) -> Result<Response, Problem> {
    kin(&app, &caller, &id, Direction::After, which).await
}

async fn kin(
    app: &App,
    caller: &Caller,
    id: &str,
    direction: Direction,
    which: Which,
) -> Result<Response, Problem> {
    let limit = which.limit.unwrap_or(USUAL);
    if limit == 0 || limit > MOST {
        return Err(bad_query("`limit` is 1 to 100000"));
    }
    let after = which.after.map(|text| text.parse().map(Cursor)).transpose();
    let after = after.map_err(|_| bad_query("`after` is no cursor"))?;
    let (record, _) = lot(app, caller, id).await?;
    let found = app.store().kin(record.digest, direction, after, limit).await?;
    let shown = |(digest, id): &(ytterby::digest::Digest, String)| -> Value {
        json!({ "digest": digest.to_string(), "id": id })
    };
    Ok(json(
        StatusCode::OK,
        &json!({
            "total": found.total,
            "certificates": found.page.iter().map(shown).collect::<Vec<_>>(),
            "next": found.next.map(|Cursor(seq)| seq.to_string()),
        }),
    ))
}
