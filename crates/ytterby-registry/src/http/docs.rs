//! `GET /docs`: the same document as a page for people. No script, nothing from elsewhere.

use std::fmt::Write as _;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use data_encoding::BASE64;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::body::typed;
use super::openapi::document;

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
color-scheme:light dark}code{font-family:ui-monospace,monospace}section{border-top:1px solid;padding:.5rem 0}\
h3{font-size:1.1rem}td{padding:.1rem 1rem .1rem 0;vertical-align:top}";

/// This page.
#[utoipa::path(get, path = "/docs", operation_id = "getDocs", tag = "service",
    responses((status = 200, description = "The API for people", body = String, content_type = "text/html")))]
pub(super) async fn handle() -> Response {
    let mut response = typed(StatusCode::OK, "text/html; charset=utf-8", page(&document()));
    let style = BASE64.encode(&Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn page(document: &Value) -> String {
    let title = text(&document["info"]["title"]);
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style><h1>{title}</h1><p>{}</p>\
         <p>For programs: <a href=\"/openapi.json\">openapi.json</a></p>",
        text(&document["info"]["description"])
    );
    let mut operations: Vec<(&str, &str, &str, &Value)> = Vec::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let tag = operation["tags"][0].as_str().unwrap_or_default();
            operations.push((tag, path, method, operation));
        }
    }
    // What people come for first; a group that is not listed comes last.
    operations.sort_by_key(|(tag, ..)| GROUPS.iter().position(|group| group == tag).unwrap_or(GROUPS.len()));
    let mut last = "";
    for (tag, path, method, operation) in operations {
        if tag != last {
            let _ = write!(page, "<h2>{}</h2>", escape(tag));
            last = tag;
        }
        section(&mut page, document, path, (method, operation));
    }
    page.push_str("</html>");
    page
}

/// The groups of operations, in the order of the page.
const GROUPS: [&str; 7] = ["certificates", "lots", "verification", "log", "issuers", "api-keys", "service"];

fn section(page: &mut String, document: &Value, path: &str, (method, operation): (&str, &Value)) {
    let (method, path) = (escape(&method.to_uppercase()), escape(path));
    let _ =
        write!(page, "<section><h3><code>{method} {path}</code></h3><p>{}</p>", text(&operation["summary"]));
    let _ = write!(page, "<p>{}</p><table>", text(&operation["description"]));
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let (name, about) = (text(&parameter["name"]), text(&parameter["description"]));
        let _ = write!(page, "<tr><td><code>{name}</code><td>{}<td>{about}", text(&parameter["in"]));
    }
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let about = text(&resolved(document, response)["description"]);
        let _ = write!(page, "<tr><td>{}<td>answer<td>{about}", escape(status));
    }
    page.push_str("</table>");
    for (media_type, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
        let _ = write!(page, "<p>Body (<code>{}</code>):</p>", escape(media_type));
        body(page, document, &content["schema"]);
    }
    page.push_str("</section>");
}

/// The members of a body, or of each of the kinds that it may be.
fn body(page: &mut String, document: &Value, schema: &Value) {
    let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    let schema = resolved(document, schema);
    let _ = write!(page, "<details><summary><code>{}</code>", escape(name.unwrap_or("JSON")));
    let _ = write!(page, "</summary><p>{}</p>", text(&schema["description"]));
    for choice in schema["oneOf"].as_array().into_iter().flatten() {
        body(page, document, choice);
    }
    let required: Vec<_> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    page.push_str("<table>");
    for (member, is) in schema["properties"].as_object().into_iter().flatten() {
        let need = if required.contains(&member.as_str()) { "required" } else { "" };
        let is_ref = is["$ref"].as_str().or(is["items"]["$ref"].as_str());
        let of = is_ref.and_then(|reference| reference.rsplit('/').next()).unwrap_or_default();
        let about = match is["description"].as_str() {
            Some(about) => prose(about),
            None => text(&resolved(document, is)["description"]),
        };
        let member = escape(member);
        let _ =
            write!(page, "<tr><td><code>{member}</code><td>{need}<td>{about} <code>{}</code>", escape(of));
    }
    page.push_str("</table></details>");
}

/// What a reference within the document stands for.
fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

fn text(value: &Value) -> String {
    prose(value.as_str().unwrap_or_default())
}

/// Text in which backticks mark code, as the document's Markdown has them.
fn prose(text: &str) -> String {
    let escaped = escape(text);
    let parts: Vec<&str> = escaped.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escaped;
    }
    let part = |(at, part): (usize, &&str)| match at % 2 {
        0 => (*part).to_owned(),
        _ => format!("<code>{part}</code>"),
    };
    parts.iter().enumerate().map(part).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
