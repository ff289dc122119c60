//! `GET /openapi.json`: the OpenAPI 3.1 document, made from the handlers themselves.

use axum::http::StatusCode;
use axum::response::Response;
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
        handle,
        super::docs::handle,
    ),
    components(schemas(crate::problem::ProblemDocument))
)]
struct Document;

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "service",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)))]
pub(super) async fn handle() -> Response {
    json_bytes(StatusCode::OK, serde_json::to_vec(&document()).unwrap_or_default())
}

/// The OpenAPI document.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("ytb_…").build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("api_key", SecurityScheme::Http(scheme));
    document
}
