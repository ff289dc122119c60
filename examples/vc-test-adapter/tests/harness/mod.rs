//! The router in process, a valid credential and presentation, and one change to each.

#![expect(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test stops where it fails; each test file is its own crate"
)]
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tower::ServiceExt as _;
use vc_test_adapter::{Adapter, router};
use ytterby::json::{Object, Value, canonical};
use ytterby::key::SigningKey;
use ytterby::proof;

pub const BASE: &str = "https://www.w3.org/ns/credentials/v2";

/// One change to a document: where, and what stands there then (`None`: nothing).
pub type Change = (&'static str, Option<Json>);

/// A key of the tests' own.
pub fn key() -> SigningKey {
    SigningKey::from_seed(&[5; 32])
}

pub fn did() -> String {
    format!("did:key:{}", key().public())
}

pub fn method() -> String {
    format!("{}#{}", did(), key().public())
}

fn noon() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

pub fn adapter() -> Adapter {
    Adapter::new(noon)
}

pub fn app() -> Router {
    router(adapter())
}

/// A valid credential by `issuer`, unsecured.
pub fn credential(issuer: &str) -> Json {
    json!({
        "@context": [BASE],
        "type": ["VerifiableCredential"],
        "id": "urn:uuid:5b9f1d6c-1c1c-4f3e-8d57-0d1f5f3f8a10",
        "issuer": issuer,
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:subject"}
    })
}

/// Proof options as `purpose` asks for.
pub fn options(purpose: &str) -> Json {
    json!({"created": "2026-05-01T00:00:00Z", "proofPurpose": purpose, "verificationMethod": method()})
}

/// A credential of the tests' own issuer, secured.
pub fn secured() -> Json {
    sign(&credential(&did()), &options("assertionMethod"))
}

/// A presentation of one secured credential, secured.
pub fn presentation() -> Json {
    sign(&unsecured_presentation(), &options("authentication"))
}

pub fn unsecured_presentation() -> Json {
    json!({
        "@context": [BASE],
        "type": "VerifiablePresentation",
        "holder": did(),
        "verifiableCredential": [secured()]
    })
}

/// Secures whatever it is given, faults included, exactly as it stands.
pub fn sign(document: &Json, options: &Json) -> Json {
    let read = |value: &Json| -> Object<'static> {
        let bytes = serde_json::to_vec(value).unwrap();
        match Value::parse(&bytes).unwrap().into_owned() {
            Value::Object(object) => object,
            _ => panic!("an object is signed"),
        }
    };
    let signed = proof::sign(read(document), read(options), &key());
    serde_json::from_slice(&canonical(&Value::Object(signed))).unwrap()
}

pub fn changed(document: &Json, (pointer, value): &Change) -> Json {
    let mut document = document.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer} is nowhere"));
    match (parent, value) {
        (Json::Object(members), Some(value)) => drop(members.insert(name.to_owned(), value.clone())),
        (Json::Object(members), None) => drop(members.remove(name)),
        (Json::Array(items), Some(value)) if name == "-" => items.push(value.clone()),
        (Json::Array(items), Some(value)) => items[name.parse::<usize>().unwrap()] = value.clone(),
        (parent, _) => panic!("{pointer} is in {parent}"),
    }
    document
}

/// Posts a body; gives status and answer.
pub fn post(path: &str, body: impl Into<Body>) -> (u16, Json) {
    let request = Request::post(path).header("content-type", "application/json").body(body.into()).unwrap();
    send(request)
}

pub fn send(request: Request<Body>) -> (u16, Json) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let response = app().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    })
}

pub fn issue(credential: &Json, options: &Json) -> (u16, Json) {
    post("/credentials/issue", json!({"credential": credential, "options": options}).to_string())
}

pub fn verify(credential: &Json) -> (u16, Json) {
    post("/credentials/verify", json!({"verifiableCredential": credential, "options": {}}).to_string())
}

pub fn verify_presentation(presentation: &Json, options: &Json) -> (u16, Json) {
    let body = json!({"verifiablePresentation": presentation, "options": options});
    post("/presentations/verify", body.to_string())
}

/// Asserts that an answer is a problem at a place.
pub fn refused(answer: &(u16, Json), pointer: &str, case: &str) {
    assert_eq!(
        (answer.0, answer.1["errors"][0]["pointer"].as_str()),
        (400, Some(pointer)),
        "{case}: {}",
        answer.1
    );
    for member in ["type", "title", "detail"] {
        assert!(answer.1[member].is_string(), "{case}: {}", answer.1);
    }
}
