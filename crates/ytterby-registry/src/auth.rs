//! API keys: who calls, and what the key lets it do.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use ytterby::did::Did;
use ytterby::time::{format_time, parse_time};
use ytterby_store::{ApiKey, ApiKeyHash, CallerRow, IssuerKey, IssuerRow, Scope};
use zeroize::Zeroizing;

use crate::app::App;
use crate::clock::Stopwatch;
use crate::idempotency;
use crate::problem::Problem;
use crate::random;

/// What every API key begins with, so that secret scanners find it.
const PREFIX: &str = "ytb_";

/// For so long what was read of a caller is good to sign with.
const FRESH: Duration = Duration::from_secs(1);

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// A valid key, whatever it may do.
    Key,
    /// A key with this scope, or one that includes it.
    Scope(Scope),
}

/// A caller whose key was found good.
#[derive(Debug, Clone)]
pub struct Caller(Arc<Found>);

/// What was found of a caller, in one read.
#[derive(Debug)]
struct Found {
    row: CallerRow,
    since: Stopwatch,
}

impl Caller {
    /// Whether its key has a scope, or one that includes it: each includes `read`, `admin` also
    /// `manage`. Nothing includes `issue`: certificates are made by keys of issuers.
    pub fn may(&self, scope: Scope) -> bool {
        let has = |wanted| self.key().scopes.contains(&wanted);
        has(scope)
            || match scope {
                Scope::Read => !self.key().scopes.is_empty(),
                Scope::Manage => has(Scope::Admin),
                Scope::Issue | Scope::Admin => false,
            }
    }

    /// Whether it may act for every issuer.
    pub fn is_admin(&self) -> bool {
        self.issuer().is_none() && self.may(Scope::Admin)
    }

    /// The issuer its key is bound to.
    pub fn issuer(&self) -> Option<&Did> {
        self.key().issuer.as_ref()
    }

    /// The issuer it makes certificates for.
    pub(crate) fn bound_issuer(&self) -> Result<&Did, Problem> {
        self.issuer().ok_or_else(no_issuer)
    }

    /// Its key, as stored.
    pub fn key(&self) -> &ApiKey {
        &self.0.row.key
    }

    /// The issuer that its key is bound to, with the keys that it may sign with. A body that was long in coming
    /// may have outlived any of them.
    pub(crate) async fn issuing(&self, app: &App) -> Result<(IssuerRow, Vec<IssuerKey>), Problem> {
        let issuer = if self.0.since.elapsed() > FRESH {
            good(app, app.store().caller(self.key().hash, None).await?)?.issuer
        } else {
            self.0.row.issuer.clone()
        };
        issuer.ok_or_else(no_issuer)
    }

    /// Whether its idempotency key was answered when the request came.
    pub(crate) fn answered(&self) -> bool {
        self.0.row.answered
    }

    /// Refuses who is neither this issuer nor an administrator.
    pub(crate) fn acts_for(&self, issuer: &Did) -> Result<(), Problem> {
        if self.is_admin() || self.issuer() == Some(issuer) {
            return Ok(());
        }
        Err(forbidden("auth.not-yours", "it belongs to another issuer"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(missing)
    }
}

/// The layer in front of each route that is not public.
pub(crate) async fn guard(
    State((app, access)): State<(App, Access)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let caller = permit(&app, request.headers(), access).await?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// Who calls, if the key is good for this.
pub(crate) async fn permit(app: &App, headers: &HeaderMap, access: Access) -> Result<Caller, Problem> {
    let caller = identify(app, headers, access).await?;
    if let Access::Scope(scope) = access
        && !caller.may(scope)
    {
        if scope == Scope::Issue && caller.issuer().is_none() {
            return Err(no_issuer());
        }
        return Err(forbidden("auth.scope", &format!("the key lacks the scope `{}`", scope.as_str())));
    }
    Ok(caller)
}

/// A new key: its text, to be shown once, and what is stored.
pub fn new_key(
    issuer: Option<Did>,
    scopes: Vec<Scope>,
    label: String,
    at: Timestamp,
    expires: Option<String>,
) -> (SecretString, ApiKey) {
    let secret = Zeroizing::new(random::bytes::<32>());
    let text = SecretString::from(format!("{PREFIX}{}", BASE64URL_NOPAD.encode(secret.as_ref())));
    let key = ApiKey {
        id: random::label().to_string(),
        hash: hash(text.expose_secret()),
        scopes,
        issuer,
        label,
        created: format_time(at),
        expires,
        revoked: None,
    };
    (text, key)
}

async fn identify(app: &App, headers: &HeaderMap, access: Access) -> Result<Caller, Problem> {
    let header = headers.get(header::AUTHORIZATION).ok_or_else(missing)?;
    let text = header.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")).ok_or_else(missing)?;
    let wanted = hash(text.trim());
    let idempotency = idempotency::header(headers).ok().filter(|_| access == Access::Scope(Scope::Issue));
    let since = Stopwatch::start();
    let found = app.store().caller(wanted, idempotency).await?;
    let row = good(app, found.filter(|row| bool::from(row.key.hash.0.ct_eq(&wanted.0))))?;
    if !text.starts_with(PREFIX) {
        return Err(invalid());
    }
    Ok(Caller(Arc::new(Found { row, since })))
}

/// A key that is there, and good now.
fn good(app: &App, found: Option<CallerRow>) -> Result<CallerRow, Problem> {
    let row = found.ok_or_else(invalid)?;
    let expired = match &row.key.expires {
        Some(time) => parse_time(time).map_or(true, |time| time <= app.now()),
        None => false,
    };
    if expired || row.key.revoked.is_some() { Err(invalid()) } else { Ok(row) }
}

fn hash(text: &str) -> ApiKeyHash {
    ApiKeyHash(Sha256::digest(text.as_bytes()).into())
}

fn missing() -> Problem {
    let detail = "send `Authorization: Bearer ytb_…`";
    Problem::new(StatusCode::UNAUTHORIZED, "auth.missing", "an API key is needed", detail)
}

fn invalid() -> Problem {
    let detail = "it is unknown, expired or revoked";
    Problem::new(StatusCode::UNAUTHORIZED, "auth.invalid", "the API key is not good", detail)
}

fn no_issuer() -> Problem {
    let detail = "the key is bound to no issuer: make one that is with POST /v1/api-keys, \
                  {\"issuer\":\"NAME\",\"scopes\":[\"issue\"],\"label\":\"...\"}";
    forbidden("auth.no-issuer", detail)
}

pub(crate) fn forbidden(code: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, code, "the API key does not let you do this", detail)
}
