//! `GET /openapi.json`: the OpenAPI 3.1 document, made from the handlers themselves.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::body::json_bytes;

/// The document, for `/openapi.json` and `/docs`.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ytterby registry",
        description = "Registers signed, chained certificates for rare-earth lots. Bodies are strict JSON, unknown members are refused, decimals are strings, times are UTC. Errors are RFC 9457 problems with a frozen code.",
    ),
    paths(
        super::certificate_issue::handle,
        super::certificate_batch::handle,
        super::certificate_list::handle,
        super::certificate_read::handle,
        super::certificate_bundle::handle,
        super::certificate_receipt::handle,
        super::certificate_kin::behind,
        super::certificate_kin::after,
        super::certificate_status::read,
        super::certificate_status::change,
        super::status_bulk::handle,
        super::status_list::revocations,
        super::status_list::suspensions,
        super::admission::handle,
        super::halt::read,
        super::halt::stop,
        super::halt::go_on,
        super::lot_read::handle,
        super::lot_close::handle,
        super::verify::handle,
        super::issuer_list::handle,
        super::issuer_add::handle,
        super::issuer_read::handle,
        super::issuer_key_list::handle,
        super::issuer_key_add::handle,
        super::api_key_list::handle,
        super::api_key_create::handle,
        super::api_key_revoke::handle,
        super::whoami::handle,
        super::issuer_did::handle,
        super::log_checkpoint::handle,
        super::log_tile::handle,
        super::service::livez,
        super::service::readyz,
        super::service::version,
        super::problem_read::handle,
        handle,
        super::docs::handle,
    ),
    components(schemas(crate::problem::ProblemDocument))
)]
struct Document;

/// This document.
#[utoipa::path(get, path = "/openapi.json", operation_id = "getOpenapi", tag = "service",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)))]
pub(super) async fn handle() -> Response {
    json_bytes(StatusCode::OK, serde_json::to_vec(&document()).unwrap_or_default())
}

/// The OpenAPI document.
pub fn document() -> Value {
    let mut document = Document::openapi();
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("ytb_…").build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("api_key", SecurityScheme::Http(scheme));
    let mut document = serde_json::to_value(document).unwrap_or_default();
    add_schemas(&mut document);
    for operation in operations(&mut document) {
        add_common_answers(operation);
    }
    document["components"]["responses"] = common_answers();
    document
}

/// The schemas of drafts, certificates and reports, which are made from the library's own structs.
fn add_schemas(document: &mut Value) {
    let drafts = ytterby::draft_schemas();
    let published = ytterby::published_schemas();
    let published: Vec<_> = published
        .into_iter()
        .map(|(file, schema)| (file.trim_end_matches(".schema.json").to_owned(), schema))
        .collect();
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let named = |(name, _): &(String, Value)| reference(name);
    let certificates: Vec<Value> =
        published.iter().map(named).filter(|schema| *schema != reference("Report")).collect();
    let submissions: Vec<Value> = drafts.iter().map(named).chain([reference("Certificate")]).collect();
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        for (name, schema) in drafts.into_iter().chain(published) {
            add_schema(schemas, name, schema);
        }
        let about = "A signed certificate of one of the types.";
        schemas.insert("Certificate".to_owned(), json!({ "description": about, "oneOf": certificates }));
        let about = "A draft, which the registry signs, or a certificate that its issuer signed.";
        schemas.insert("Submission".to_owned(), json!({ "description": about, "oneOf": submissions }));
        schemas["CertificateBatch"]["properties"]["certificates"]["items"] = reference("Submission");
    }
    let paths = &mut document["paths"];
    let issue = &mut paths["/v1/certificates"]["post"]["requestBody"];
    issue["content"] = json!({ "application/json": { "schema": reference("Submission") } });
    issue["required"] = true.into();
    let read = &mut paths["/v1/certificates/{id}"]["get"]["responses"]["200"];
    read["content"] = json!({ "application/vc": { "schema": reference("Certificate") } });
    let verify = &mut paths["/v1/verify"]["post"]["responses"]["200"];
    verify["content"] = json!({ "application/json": { "schema": reference("Report") } });
}

/// Adds a schema, and what it defines beside itself; in this document they all stand in one place.
fn add_schema(schemas: &mut Map<String, Value>, name: String, mut schema: Value) {
    if let Value::Object(members) = &mut schema {
        members.retain(|name, _| name != "$schema" && name != "$id");
        let defined = members.remove("$defs");
        for (name, defined) in defined.iter().filter_map(Value::as_object).flatten() {
            add_schema(schemas, name.clone(), defined.clone());
        }
    }
    refer_to_components(&mut schema);
    schemas.insert(name, schema);
}

fn refer_to_components(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref") {
                *reference = reference.replace("#/$defs/", "#/components/schemas/");
            }
            members.values_mut().for_each(refer_to_components);
        }
        Value::Array(items) => items.iter_mut().for_each(refer_to_components),
        _ => {}
    }
}

fn operations(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    paths.filter_map(|(_, methods)| methods.as_object_mut()).flatten().map(|(_, operation)| operation)
}

/// What any request may be answered with, by status.
const COMMON: [(&str, &str, &str); 5] = [
    ("401", "Unauthorized", "No API key, or one that is unknown, expired or revoked"),
    ("403", "Forbidden", "The API key does not let the caller do this"),
    ("413", "TooLarge", "The body is too large"),
    ("415", "MediaType", "The body is of a type that is not read here"),
    (
        "503",
        "Busy",
        "The service is busy, or the storage did not confirm; `Retry-After` says when to come back",
    ),
];

fn add_common_answers(operation: &mut Value) {
    let (secured, body) = (operation.get("security").is_some(), operation.get("requestBody").is_some());
    for (status, name, _) in COMMON {
        let applies = match status {
            "401" | "403" => secured,
            "413" | "415" => body,
            _ => true,
        };
        if applies && operation["responses"].get(status).is_none() {
            let reference = format!("#/components/responses/{name}");
            operation["responses"][status] = json!({ "$ref": reference });
        }
    }
}

fn common_answers() -> Value {
    let problem = json!({ "schema": { "$ref": "#/components/schemas/ProblemDocument" } });
    let answer = |(_, name, about): (&str, &str, &str)| {
        let content = json!({ "application/problem+json": problem });
        (name.to_owned(), json!({ "description": about, "content": content }))
    };
    Value::Object(COMMON.into_iter().map(answer).collect())
}
