//! The three routes. A body is read by the strict reader, so what is refused there (duplicate names,
//! numbers that are not canonical) is refused before any rule is asked.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use ytterby::json::{Object, Value, canonical};

use crate::place::Place;
use crate::problem::{Kind, Problem};
use crate::proofs::Wanted;
use crate::{Adapter, credential, presentation, proofs};

/// Largest body that is read, in bytes.
pub const MAX_BODY: usize = 1 << 20;

/// The routes.
pub fn router(adapter: Adapter) -> Router {
    let nowhere = || async {
        Problem::request(
            Kind::Route,
            "POST to /credentials/issue, /credentials/verify or /presentations/verify",
        )
    };
    Router::new()
        .route("/credentials/issue", post(issue))
        .route("/credentials/verify", post(verify_credential))
        .route("/presentations/verify", post(verify_presentation))
        .fallback(nowhere)
        .method_not_allowed_fallback(nowhere)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(adapter)
}

type Body = Result<Bytes, BytesRejection>;

async fn issue(State(adapter): State<Adapter>, body: Body) -> Result<Response, Problem> {
    let bytes = read(body)?;
    let body = Value::parse(&bytes)?;
    let (credential, options, place) = request(&body, "credential")?;
    let issuer = credential::check(credential, &place)?;
    if issuer.starts_with("did:key:") && issuer != adapter.issuer() {
        let detail = format!("only {} has its key here", adapter.issuer());
        return Err(Problem::at(Kind::Generation, &place.member("issuer"), detail));
    }
    let signed = proofs::issue(&adapter, credential, options, &place)?;
    Ok(answer(StatusCode::CREATED, [("verifiableCredential", Value::Object(signed))]))
}

async fn verify_credential(State(adapter): State<Adapter>, body: Body) -> Result<Response, Problem> {
    let bytes = read(body)?;
    let body = Value::parse(&bytes)?;
    let (credential, options, place) = request(&body, "verifiableCredential")?;
    let wanted = Wanted::from_options(options, "assertionMethod")?;
    let issuer = credential::check(credential, &place)?;
    proofs::verify(&adapter, credential, Some(issuer), &wanted, &place)?;
    Ok(answer(StatusCode::OK, [("verified", Value::Bool(true))]))
}

async fn verify_presentation(State(adapter): State<Adapter>, body: Body) -> Result<Response, Problem> {
    let bytes = read(body)?;
    let body = Value::parse(&bytes)?;
    let (presentation, options, place) = request(&body, "verifiablePresentation")?;
    let wanted = Wanted::from_options(options, "authentication")?;
    let unopened = presentation::verify(&adapter, presentation, &wanted, &place)?;
    let unopened = unopened.iter().map(|place| Value::String(place.to_string().into())).collect();
    Ok(answer(StatusCode::OK, [("verified", Value::Bool(true)), ("notOpened", Value::Array(unopened))]))
}

fn read(body: Body) -> Result<Bytes, Problem> {
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::request(Kind::TooLarge, format!("more than {MAX_BODY} bytes"))
        }
        _ => Problem::request(Kind::Parsing, "the body could not be read"),
    })
}

/// The document and the options of a request, and the document's place.
fn request<'v>(
    body: &'v Value<'v>,
    name: &str,
) -> Result<(&'v Object<'v>, Option<&'v Object<'v>>, Place), Problem> {
    let place = Place::of(name);
    let document = body.get(name).and_then(Value::as_object);
    let document =
        document.ok_or_else(|| Problem::at(Kind::Parsing, &place, "the request holds no such object"))?;
    match body.get("options") {
        None => Ok((document, None, place)),
        Some(Value::Object(options)) => Ok((document, Some(options), place)),
        Some(_) => Err(Problem::at(Kind::Parsing, &Place::of("options"), "options are an object")),
    }
}

fn answer<'v, const N: usize>(status: StatusCode, members: [(&'static str, Value<'v>); N]) -> Response {
    let mut body = Object::default();
    for (name, value) in members {
        body.insert(name, value);
    }
    (status, [(header::CONTENT_TYPE, "application/json")], canonical(&Value::Object(body))).into_response()
}
