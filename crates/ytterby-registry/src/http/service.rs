//! `GET /livez`, `/readyz` and `/version`: for those who run the service.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::body::json;
use crate::app::App;
use crate::problem::Problem;

/// Whether the process runs.
#[utoipa::path(get, path = "/livez", tag = "service",
    responses((status = 200, description = "It does", body = serde_json::Value)))]
pub(super) async fn livez() -> Response {
    json(StatusCode::OK, &json!({ "status": "live" }))
}

/// Whether requests would be served: the storage answers.
#[utoipa::path(get, path = "/readyz", tag = "service",
    responses(
        (status = 200, description = "They would", body = serde_json::Value),
        (status = 503, description = "The storage does not answer", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ))]
pub(super) async fn readyz(State(app): State<App>) -> Result<Response, Problem> {
    match app.store().ping().await {
        Ok(()) => Ok(json(StatusCode::OK, &json!({ "status": "ready" }))),
        Err(error) => {
            tracing::error!(%error, "the storage does not answer");
            let title = "the service is not ready";
            let status = StatusCode::SERVICE_UNAVAILABLE;
            Err(Problem::new(status, "service.not-ready", title, "the storage does not answer")
                .retry_after(2))
        }
    }
}

/// What runs, the log origin it registers for, and how far its log is published and cosigned.
#[utoipa::path(get, path = "/version", tag = "service",
    responses((status = 200, description = "Name, version, log origin, sizes of the log", body = serde_json::Value)))]
pub(super) async fn version(State(app): State<App>) -> Response {
    let (version, log) = (env!("CARGO_PKG_VERSION"), app.registrar().log());
    json(
        StatusCode::OK,
        &json!({
            "name": "ytterby-registry", "version": version, "origin": app.origin().to_string(),
            "log": { "published": log.published_size(), "cosigned": log.cosigned_size() },
        }),
    )
}
