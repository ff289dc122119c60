//! `GET /livez`, `/readyz` and `/version`: for those who run the service.

use std::time::Duration;

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

/// How long nothing may be published before the service is not ready.
const LONGEST_UNPUBLISHED: Duration = Duration::from_secs(5);
/// How long publishing is tried before it is answered that it fails.
const TRIED: Duration = Duration::from_secs(2);

/// Whether requests would be served: the storage answers, and what it keeps can be published.
///
/// `log` is `unpublished` as soon as something could not be, and after five seconds of that the answer is 503: each
/// such question tries again.
#[utoipa::path(get, path = "/readyz", tag = "service",
    responses(
        (status = 200, description = "They would", body = serde_json::Value),
        (status = 503, description = "The storage does not answer, or the log cannot be signed for", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ))]
pub(super) async fn readyz(State(app): State<App>) -> Result<Response, Problem> {
    match app.store().ping().await {
        Ok(()) => publishing(&app).await,
        Err(error) => {
            tracing::error!(%error, "the storage does not answer");
            let title = "the service is not ready";
            let status = StatusCode::SERVICE_UNAVAILABLE;
            Err(Problem::new(status, "service.not-ready", title, "the storage does not answer")
                .retry_after(2))
        }
    }
}

/// Who asks for nothing else finds out whether it goes on: nobody may be sent here as long as it does not.
async fn publishing(app: &App) -> Result<Response, Problem> {
    let log = app.registrar().log();
    if log.failing_for().is_some() {
        let _ = tokio::time::timeout(TRIED, app.registrar().publish_all()).await;
    }
    let ready = |log: &str| json(StatusCode::OK, &json!({ "status": "ready", "log": log }));
    match log.failing_for() {
        None => Ok(ready("published")),
        Some(time) if time < LONGEST_UNPUBLISHED => Ok(ready("unpublished")),
        Some(time) => {
            let detail = format!("for {} seconds nothing could be published", time.as_secs());
            let status = StatusCode::SERVICE_UNAVAILABLE;
            Err(Problem::new(status, "log.unpublished", "the log cannot be signed for", detail)
                .retry_after(5))
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
