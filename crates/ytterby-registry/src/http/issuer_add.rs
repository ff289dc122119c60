//! `POST /v1/issuers`.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use ytterby::did::Did;
use ytterby::key::Multikey;
use ytterby_store::{IssuerKey, IssuerRow};

use super::body::{JsonBytes, form, json, misfit};
use crate::app::App;
use crate::problem::Problem;
use crate::show;

/// Longest title, in characters: it stands in certificates.
const LONGEST_TITLE: usize = 300;

/// A party that is to issue here.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = IssuerForm)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Body {
    /// Short name in this registry's paths: lower-case letters, digits and hyphens.
    name: String,
    /// The name people know it by.
    title: String,
    /// Its own DID. When absent, the registry makes one (`did:web`) and keeps its key.
    did: Option<String>,
    /// Its own public key (`z6Mk…`), needed with a `did:web` of its own.
    public_key_multibase: Option<String>,
}

/// Adds an issuer, with a key that the registry keeps, or with its own DID and public key.
#[utoipa::path(
    post, path = "/v1/issuers", operation_id = "addIssuer", tag = "issuers", request_body = Body,
    responses(
        (status = 201, description = "The issuer; `Location` names it", body = serde_json::Value),
        (status = 409, description = "Name or DID is taken", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A member is not good", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["admin"])),
)]
pub(super) async fn handle(State(app): State<App>, JsonBytes(body): JsonBytes) -> Result<Response, Problem> {
    let body: Body = form(&body)?;
    let (row, key) = read(&app, body)?;
    let own = app.clone();
    let row = app
        .to_the_end(async move {
            own.store().add_issuer(row.clone()).await?;
            own.store().add_issuer_key(key).await?;
            Ok(row)
        })
        .await?;
    let keys = app.store().issuer_keys(row.did.clone()).await?;
    let mut response = json(StatusCode::CREATED, &show::issuer(&row, &keys));
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/issuers/{}", row.name)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

fn read(app: &App, body: Body) -> Result<(IssuerRow, IssuerKey), Problem> {
    let Body { name, title, did, public_key_multibase } = body;
    check_name(&name)?;
    check_title(&title)?;
    let created = app.now_text();
    let (did, public, sealed_secret) = match (did, public_key_multibase) {
        (None, None) => {
            let did = app.did_of(&name).ok_or_else(|| misfit("name", "it makes no DID"))?;
            let (public, sealed) = app.new_custodial_key(&did)?;
            (did, public, Some(sealed))
        }
        (None, Some(_)) => return Err(misfit("did", "an issuer with its own key has its own DID")),
        (Some(did), key) => {
            let did = Did::parse(&did).map_err(|error| misfit("did", &error.to_string()))?;
            let stated = key.map(|key| own_key(&key)).transpose()?;
            let public = match (did.key(), stated) {
                (Some(key), None) => own_key(&key.to_string())?,
                (Some(key), Some(stated)) if key != stated => {
                    return Err(misfit("publicKeyMultibase", "a did:key has the key that it is"));
                }
                (_, Some(stated)) => stated,
                (None, None) => return Err(misfit("publicKeyMultibase", "a did:web needs its key")),
            };
            (did, public, None)
        }
    };
    let key = IssuerKey {
        issuer: did.clone(),
        public: public.to_string(),
        sealed_secret,
        created: created.clone(),
        retired: None,
    };
    Ok((IssuerRow { did, name, title, created }, key))
}

/// A public key that can verify something.
pub(super) fn own_key(text: &str) -> Result<Multikey, Problem> {
    let bad = |error: ytterby::key::KeyError| misfit("publicKeyMultibase", &error.to_string());
    let key = Multikey::parse(text).map_err(bad)?;
    key.verifying_key().map_err(bad)?;
    Ok(key)
}

fn check_name(name: &str) -> Result<(), Problem> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let fits = (1..=63).contains(&name.len()) && name.bytes().all(plain) && !name.starts_with('-');
    if fits { Ok(()) } else { Err(misfit("name", "1 to 63 lower-case letters, digits and hyphens")) }
}

fn check_title(title: &str) -> Result<(), Problem> {
    let fits = !title.is_empty()
        && title.trim() == title
        && title.chars().count() <= LONGEST_TITLE
        && ytterby::text::printable(title) == title;
    let text = "1 to 300 characters, none of them invisible, no white space at an end";
    if fits { Ok(()) } else { Err(misfit("title", text)) }
}
