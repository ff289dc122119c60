//! `POST /v1/api-keys`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::ExposeSecret;
use serde::Deserialize;
use utoipa::ToSchema;
use ytterby::did::Did;
use ytterby::time::parse_time;
use ytterby_store::Scope;

use super::body::{JsonBytes, form, json, misfit};
use super::issuer_read::find;
use crate::app::App;
use crate::auth::{self, Caller};
use crate::problem::Problem;
use crate::show;

/// An API key that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ApiKeyForm)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    /// `read`, `issue`, `manage`, `admin`: at least one, each once.
    scopes: Vec<String>,
    /// Short name of the issuer it is for; when absent, the caller's own (an administrator's: none).
    issuer: Option<String>,
    /// A note for people.
    label: String,
    /// From when on it is refused, UTC; never when absent.
    expires: Option<String>,
}

/// Makes an API key. Its text is in this answer and nowhere else.
///
/// Who manages an issuer's keys may make keys for that issuer; administrators for everybody.
#[utoipa::path(
    post, path = "/v1/api-keys", operation_id = "createApiKey", tag = "api-keys", request_body = Body,
    responses(
        (status = 201, description = "The key; `key` is shown once", body = serde_json::Value),
        (status = 403, description = "For another issuer, or more than the caller may", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A member is not good", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["manage"])),
)]
pub(super) async fn handle(
    State(app): State<App>,
    caller: Caller,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Problem> {
    let Body { scopes, issuer, label, expires } = form(&body)?;
    let scopes = read_scopes(&scopes)?;
    let issuer = issuer_of(&app, &caller, issuer).await?;
    check(&app, &caller, issuer.as_ref(), &scopes, &label, expires.as_deref())?;
    let (text, key) = auth::new_key(issuer, scopes, label, app.now(), expires);
    let (own, stored) = (app.clone(), key.clone());
    app.to_the_end(async move { Ok(own.store().add_api_key(stored).await?) }).await?;
    let mut shown = show::api_key(&key);
    shown["key"] = text.expose_secret().into();
    Ok(json(StatusCode::CREATED, &shown))
}

async fn issuer_of(app: &App, caller: &Caller, name: Option<String>) -> Result<Option<Did>, Problem> {
    match name {
        Some(name) => {
            let row = find(app, &name).await?;
            caller.acts_for(&row.did)?;
            Ok(Some(row.did))
        }
        None => Ok(caller.issuer().cloned()),
    }
}

fn check(
    app: &App,
    caller: &Caller,
    issuer: Option<&Did>,
    scopes: &[Scope],
    label: &str,
    expires: Option<&str>,
) -> Result<(), Problem> {
    if scopes.contains(&Scope::Admin) && (issuer.is_some() || !caller.is_admin()) {
        return Err(auth::forbidden("auth.scope", "administrators alone make keys for administrators"));
    }
    if issuer.is_none() && scopes.contains(&Scope::Issue) {
        return Err(misfit("scopes", "a key that issues is a key of an issuer"));
    }
    // The holder of a key that manages but does not issue must not make itself one that does.
    if scopes.iter().any(|scope| !caller.is_admin() && !caller.may(*scope)) {
        return Err(auth::forbidden("auth.scope", "a key makes no key that may do more than itself"));
    }
    if label.is_empty() || label.chars().count() > 100 || ytterby::text::printable(label) != label {
        return Err(misfit("label", "1 to 100 characters, none of them invisible"));
    }
    match expires.map(parse_time) {
        Some(Err(error)) => Err(misfit("expires", &error.to_string())),
        Some(Ok(at)) if at <= app.now() => Err(misfit("expires", "it lies in the past")),
        _ => Ok(()),
    }
}

fn read_scopes(words: &[String]) -> Result<Vec<Scope>, Problem> {
    let mut scopes = Vec::new();
    for word in words {
        match Scope::parse(word) {
            Some(scope) if !scopes.contains(&scope) => scopes.push(scope),
            _ => return Err(misfit("scopes", "each of read, issue, manage, admin at most once")),
        }
    }
    if scopes.is_empty() { Err(misfit("scopes", "at least one is needed")) } else { Ok(scopes) }
}
