//! `POST /v1/issuers/{name}/keys`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use ytterby_store::IssuerKey;

use super::body::{JsonBytes, Name, form, json, misfit};
use super::issuer_add::own_key;
use super::issuer_read::find;
use crate::app::App;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::show;

/// A key that is to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = IssuerKeyForm)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Body {
    /// The issuer's own public key (`z6Mk…`). When absent, the registry makes a key and keeps it:
    /// the one before it signs nothing new from then on.
    public_key_multibase: Option<String>,
}

/// Adds a key to an issuer: a custodial one (rotation), or the issuer's own.
#[utoipa::path(
    post, path = "/v1/issuers/{name}/keys", operation_id = "addIssuerKey", tag = "issuers", request_body = Body,
    params(("name" = String, Path, description = "The issuer's short name here")),
    responses(
        (status = 201, description = "The key", body = serde_json::Value),
        (status = 403, description = "Another issuer's", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "The key is there", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["manage"])),
)]
pub(super) async fn handle(
    State(app): State<App>,
    caller: Caller,
    Name(name): Name,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Problem> {
    let row = find(&app, &name).await?;
    caller.acts_for(&row.did)?;
    let Body { public_key_multibase } = form(&body)?;
    let (public, sealed_secret) = match &public_key_multibase {
        Some(text) if row.did.key().is_none() => (own_key(text)?, None),
        Some(_) => return Err(misfit("publicKeyMultibase", "a did:key has the one key that it is")),
        None if app.did_of(&row.name).as_ref() == Some(&row.did) => {
            let (public, sealed) = app.new_custodial_key(&row.did)?;
            (public, Some(sealed))
        }
        None => {
            return Err(misfit("publicKeyMultibase", "this issuer keeps its keys itself: send a public key"));
        }
    };
    let created = app.now_text();
    let key =
        IssuerKey { issuer: row.did, public: public.to_string(), sealed_secret, created, retired: None };
    let (own, stored) = (app.clone(), key.clone());
    app.to_the_end(async move { Ok(own.store().add_issuer_key(stored).await?) }).await?;
    Ok(json(StatusCode::CREATED, &show::issuer_key(&key)))
}
