//! `GET /problems/{code}`: what the `type` of a problem leads to.

use axum::http::StatusCode;
use axum::response::Response;
use ytterby::finding::Code;
use ytterby::service_code;

use super::body::{Name, typed};
use crate::problem::Problem;

/// What a problem's code means, and what to do about it.
#[utoipa::path(
    get, path = "/problems/{code}", operation_id = "explainProblem", tag = "service",
    params(("code" = String, Path, description = "The code of a problem or finding")),
    responses(
        (status = 200, description = "A short text", body = String, content_type = "text/plain"),
        (status = 404, description = "No such code", body = crate::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn handle(Name(code): Name) -> Result<Response, Problem> {
    let text = explain(&code).ok_or_else(|| Problem::not_found("no problem has this code"))?;
    Ok(typed(StatusCode::OK, "text/plain; charset=utf-8", text))
}

fn explain(code: &str) -> Option<String> {
    if let Some(text) = service_code::help(code) {
        return Some(format!("{code}\n\n{text}\n"));
    }
    let code = Code::parse(code)?;
    let (issuer, receiver) = (code.help_for_issuer(), code.help());
    Some(format!("{code}\n\n{}\n\nWho issues: {issuer}.\nWho receives: {receiver}.\n", code.title()))
}
