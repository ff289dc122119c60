//! `GET /v1/certificates`.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use ytterby::did::Did;
use ytterby::element::Element;
use ytterby::form::Kind;
use ytterby::time::parse_time;
use ytterby_store::{CertificateFilter, Cursor};

use super::body::{Params, bad_query, json};
use crate::app::App;
use crate::auth::{Caller, forbidden};
use crate::problem::Problem;
use crate::show;

/// Most rows of a page.
const MOST: usize = 200;

/// Which certificates, newest first.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Exact lot number.
    lot_number: Option<String>,
    /// `OriginCertificate` and so on.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    kind: Option<String>,
    /// Step, transfer kind or origin source.
    step: Option<String>,
    /// Symbol of an element the lot contains.
    element: Option<String>,
    /// `open`, `drained` or `closed`.
    status: Option<String>,
    /// DID of the issuer.
    issuer: Option<String>,
    /// DID of the holder.
    holder: Option<String>,
    /// The issuer's own reference.
    external_id: Option<String>,
    /// Registered at or after this UTC time.
    from: Option<String>,
    /// Registered before this UTC time.
    to: Option<String>,
    /// 1 to 200 rows; 50 when absent.
    limit: Option<usize>,
    /// Where the page before this one ended.
    cursor: Option<String>,
}

/// Lists and filters certificates.
///
/// A key that is bound to an issuer lists what that issuer issued, or holds. `Link: rel=next` leads
/// to the next page; what is registered meanwhile never shifts it.
#[utoipa::path(
    get, path = "/v1/certificates", operation_id = "listCertificates", tag = "certificates", params(Query),
    responses(
        (status = 200, description = "`{certificates, next}`", body = serde_json::Value),
        (status = 400, description = "A parameter is not good", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["read"])),
)]
pub(super) async fn handle(
    State(app): State<App>,
    caller: Caller,
    uri: Uri,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let limit = query.limit.unwrap_or(50);
    if !(1..=MOST).contains(&limit) {
        return Err(bad_query(&format!("limit: from 1 to {MOST}")));
    }
    let after = query.cursor.as_deref().map(read_cursor).transpose()?;
    let filter = filter(query, &caller)?;
    let page = app.store().list(filter, after, limit).await?;
    let next = page.next.map(write_cursor);
    let rows: Vec<_> = page.rows.iter().map(show::row).collect();
    let mut response = json(StatusCode::OK, &json!({ "certificates": rows, "next": next }));
    let link = next.and_then(|next| HeaderValue::from_str(&next_link(&uri, &next)).ok());
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

fn filter(query: Query, caller: &Caller) -> Result<CertificateFilter, Problem> {
    let did = |name: &str, text: Option<String>| {
        text.map(|text| Did::parse(&text).map_err(|error| bad_query(&format!("{name}: {error}")))).transpose()
    };
    let check = |name: &str, text: &Option<String>, good: &dyn Fn(&str) -> bool| match text {
        Some(text) if !good(text) => Err(bad_query(&format!("{name}: not {text:?}"))),
        _ => Ok(()),
    };
    check("type", &query.kind, &|text| Kind::parse(text).is_some())?;
    check("element", &query.element, &|text| Element::parse(text).is_some())?;
    check("status", &query.status, &|text| matches!(text, "open" | "drained" | "closed"))?;
    check("from", &query.from, &|text| parse_time(text).is_ok())?;
    check("to", &query.to, &|text| parse_time(text).is_ok())?;
    let mut issuer = did("issuer", query.issuer)?;
    let holder = did("holder", query.holder)?;
    if !caller.is_admin() {
        let own = caller.issuer();
        if issuer.is_none() && holder.is_none() {
            issuer = own.cloned();
        } else if own.is_none() || (issuer.as_ref() != own && holder.as_ref() != own) {
            return Err(forbidden("auth.not-yours", "list what you issued, or what you hold"));
        }
    }
    Ok(CertificateFilter {
        lot_number: query.lot_number,
        kind: query.kind,
        step: query.step,
        element: query.element,
        issuer,
        holder,
        status: query.status,
        external_id: query.external_id,
        from: query.from,
        to: query.to,
    })
}

fn write_cursor(cursor: Cursor) -> String {
    BASE64URL_NOPAD.encode(&cursor.0.to_be_bytes())
}

fn read_cursor(text: &str) -> Result<Cursor, Problem> {
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.map(|bytes| Cursor(i64::from_be_bytes(bytes))).ok_or_else(|| bad_query("cursor: not one of ours"))
}

fn next_link(uri: &Uri, next: &str) -> String {
    let kept = uri.query().unwrap_or_default().split('&');
    let kept: Vec<_> = kept.filter(|pair| !pair.is_empty() && !pair.starts_with("cursor=")).collect();
    let mut query = kept.join("&");
    if !query.is_empty() {
        query.push('&');
    }
    format!("<{}?{query}cursor={next}>; rel=\"next\"", uri.path())
}
