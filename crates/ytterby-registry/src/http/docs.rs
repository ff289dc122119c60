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
h2{font-size:1.1rem}td{padding:.1rem 1rem .1rem 0;vertical-align:top}";

/// This page.
#[utoipa::path(get, path = "/docs", tag = "service",
    responses((status = 200, description = "The API for people", body = String, content_type = "text/html")))]
pub(super) async fn handle() -> Response {
    let document = serde_json::to_value(document()).unwrap_or_default();
    let mut response = typed(StatusCode::OK, "text/html; charset=utf-8", page(&document));
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
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            section(&mut page, path, method, operation);
        }
    }
    page.push_str("</html>");
    page
}

fn section(page: &mut String, path: &str, method: &str, operation: &Value) {
    let (method, path) = (escape(&method.to_uppercase()), escape(path));
    let _ =
        write!(page, "<section><h2><code>{method} {path}</code></h2><p>{}</p>", text(&operation["summary"]));
    let _ = write!(page, "<p>{}</p><table>", text(&operation["description"]));
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let (name, about) = (text(&parameter["name"]), text(&parameter["description"]));
        let _ = write!(page, "<tr><td><code>{name}</code><td>{}<td>{about}", text(&parameter["in"]));
    }
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let _ = write!(page, "<tr><td>{}<td>answer<td>{}", escape(status), text(&response["description"]));
    }
    page.push_str("</table></section>");
}

fn text(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
