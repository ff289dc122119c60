//! `POST /v1/verify`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use ytterby::json::{ParseErrorKind, Reader};
use ytterby::time::parse_time;
use ytterby::{Bundle, Trust};

use super::body::{LargeJsonBytes, json, misfit};
use crate::app::App;
use crate::problem::Problem;

/// What is to be verified, for whom, as of when.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = VerificationRequest)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the shape that the published schema is made from")]
pub(super) struct Body {
    /// A bundle, a certificate, a list of them, or a W3C presentation.
    bundle: serde_json::Value,
    /// The text of a trust file (TOML); with none the best verdict is `untrusted`.
    trust: Option<String>,
    /// As of when, UTC; now when absent.
    at: Option<String>,
}

/// Verifies a bundle: the report, whatever the verdict.
#[utoipa::path(
    post, path = "/v1/verify", operation_id = "verifyBundle", tag = "verification", request_body = Body,
    responses(
        (status = 200, description = "The report (`ytterby.report/1`), also when the verdict is bad", body = serde_json::Value),
        (status = 400, description = "Not strict JSON", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "No bundle, or no trust file", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many verifications run", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn handle(
    State(app): State<App>,
    LargeJsonBytes(body): LargeJsonBytes,
) -> Result<Response, Problem> {
    let place = app.verification_place()?;
    let (now, most) = (app.now(), app.limits().body_bytes);
    let done = tokio::task::spawn_blocking(move || {
        // Held until the work ends, which is when the caller may long have gone: it is what is limited.
        let _place = place;
        verify(&body, now, most)
    });
    let report = done.await.unwrap_or_else(|error| Err(Problem::internal("verify", &error)))?;
    Ok(json(StatusCode::OK, &report))
}

fn verify(body: &[u8], now: Timestamp, most: usize) -> Result<serde_json::Value, Problem> {
    let request = read(body, most)?;
    let bundle = Bundle::parse(request.bundle).map_err(|error| {
        let detail = format!("within `bundle`: {error}");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "request.bundle", "`bundle` is no bundle", detail)
    })?;
    let trust = match &request.trust {
        Some(text) => Trust::parse(text.as_bytes())
            .map_err(|error| misfit("trust", &ytterby::text::printable(&error.to_string())))?,
        None => Trust::nobody(),
    };
    let at = match &request.at {
        Some(text) => parse_time(text).map_err(|error| misfit("at", &error.to_string()))?,
        None => now,
    };
    Ok(ytterby::verify(&bundle, &trust, &ytterby::Rules::default(), at).to_json(&bundle))
}

/// The request, its bundle still in the bytes it came in.
struct Request<'a> {
    bundle: &'a [u8],
    trust: Option<String>,
    at: Option<String>,
}

/// Reads member by member, so that the bundle's bytes are handed on as they are, without a tree; what
/// stands beside it has at most as many bytes as a form.
fn read(body: &[u8], most: usize) -> Result<Request<'_>, Problem> {
    let mut reader = Reader::new(body)?;
    if reader.peek() != Some(b'{') {
        reader.skip()?;
        reader.end()?;
        return Err(misfit("bundle", "the body is an object with the member `bundle`"));
    }
    let mut members: Vec<(String, &[u8], Option<String>)> = Vec::new();
    let mut more = reader.open(b'{')?;
    while more {
        let key = reader.key()?.into_owned();
        if members.iter().any(|(name, ..)| *name == key) {
            return Err(reader.error(ParseErrorKind::DuplicateKey(key)).into());
        }
        if members.len() > MEMBERS.len() {
            return Err(unknown(&key));
        }
        let from = reader.offset();
        let text = if key == "bundle" {
            // Read for itself below, strictly.
            reader.skip()?;
            None
        } else {
            reader.value_up_to(most)?.as_str().map(str::to_owned)
        };
        members.push((key, reader.span(from, reader.offset()), text));
        more = reader.more(b'{')?;
    }
    reader.end()?;
    if let Some((key, ..)) = members.iter().find(|(key, ..)| !MEMBERS.contains(&key.as_str())) {
        return Err(unknown(key));
    }
    let member = |name: &str| members.iter().find(|(key, ..)| key == name);
    let text = |name| match member(name) {
        Some((_, _, None)) => Err(misfit(name, "a string is expected")),
        Some((_, _, text)) => Ok(text.clone()),
        None => Ok(None),
    };
    let (_, bundle, _) = member("bundle").ok_or_else(|| misfit("bundle", "it is missing"))?;
    Ok(Request { bundle, trust: text("trust")?, at: text("at")? })
}

const MEMBERS: [&str; 3] = ["at", "bundle", "trust"];

fn unknown(key: &str) -> Problem {
    let kind = ytterby::json::MisfitKind::UnknownField;
    let text = "members are `bundle`, `trust` and `at`";
    ytterby::json::Misfit::new(kind, text).under(ytterby::text::printable(key)).into()
}
