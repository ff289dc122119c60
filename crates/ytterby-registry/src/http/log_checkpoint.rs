//! `GET /log/checkpoint`.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::body::typed;
use crate::app::App;
use crate::problem::Problem;

/// The newest checkpoint of the log (C2SP tlog-checkpoint, tlog-tiles).
#[utoipa::path(
    get, path = "/log/checkpoint", tag = "log", operation_id = "readCheckpoint",
    responses(
        (status = 200, description = "A signed note", body = String, content_type = "text/plain"),
        (status = 503, description = "None was signed yet", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn handle(State(app): State<App>) -> Result<Response, Problem> {
    let checkpoint = app.registrar().log().checkpoint_shown().ok_or_else(Problem::busy)?;
    let mut response = typed(StatusCode::OK, "text/plain; charset=utf-8", checkpoint.to_string());
    // It changes with every commit: a cache may answer for a moment, not longer.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=5"));
    Ok(response)
}
