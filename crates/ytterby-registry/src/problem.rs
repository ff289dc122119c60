//! Every way a request fails, as an RFC 9457 problem. The one file that maps errors to HTTP.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use ytterby::certificate::CertificateError;
use ytterby::finding::Finding;
use ytterby::json::{Misfit, ParseError};
use ytterby_store::StoreError;

use crate::seal::SealError;

/// So many findings are told at once: more help nobody, and those of a batch that makes something are stored.
const FINDINGS: usize = 100;

/// Where each problem is explained: a path of this service, a relative reference as RFC 9457 has it.
const HELP: &str = "/problems/";

/// The body of every answer that is an error (`application/problem+json`).
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "the shape that the published schema is made from")]
pub(crate) struct ProblemDocument {
    /// A link to what it means and what to do.
    r#type: String,
    /// What it says, without the particulars.
    title: String,
    /// The HTTP status.
    status: u16,
    /// The particulars.
    detail: String,
    /// The frozen code: of the first finding, if findings are why.
    code: String,
    /// What was found against a draft, certificate or body.
    findings: Option<Vec<FindingDocument>>,
    /// Line of the body at which it stops being strict JSON.
    line: Option<usize>,
    /// Column of it, in bytes.
    column: Option<usize>,
    /// The certificate that has the external id already.
    certificate: Option<String>,
}

/// One statement about a body.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "the shape that the published schema is made from")]
pub(crate) struct FindingDocument {
    /// The frozen code.
    code: String,
    /// JSON pointer into the body.
    pointer: String,
    /// What is the matter, with its quantities.
    text: String,
    /// What to do about it.
    help: String,
}

/// A problem on its way out.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    title: Cow<'static, str>,
    detail: String,
    members: Map<String, Value>,
    retry_after: Option<u32>,
}

impl Problem {
    /// A problem of ours.
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        let (code, title) = (code.into(), title.into());
        Problem { status, code, title, detail: detail.into(), members: Map::new(), retry_after: None }
    }

    /// Findings against what was sent.
    pub(crate) fn refused(status: StatusCode, findings: &[Finding]) -> Self {
        let first = findings.iter().min_by_key(|finding| finding.code.effect());
        let (code, title, detail) = match first {
            Some(f) => (f.code.as_str(), f.code.title(), f.text.clone()),
            None => ("request.refused", "it was refused", String::new()),
        };
        let list = findings.iter().take(FINDINGS).map(finding_json).collect();
        Problem::new(status, code, title, detail).with("findings", Value::Array(list))
    }

    /// One more member.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// The same, its findings' pointers under another.
    pub(crate) fn within(mut self, pointer: &str) -> Self {
        for finding in self.members.get_mut("findings").and_then(Value::as_array_mut).into_iter().flatten() {
            let inner = finding["pointer"].as_str().unwrap_or_default();
            finding["pointer"] = format!("{pointer}{inner}").into();
        }
        self
    }

    /// With the advice to come back.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Nothing of that name.
    pub(crate) fn not_found(what: &str) -> Self {
        Problem::new(StatusCode::NOT_FOUND, "request.not-found", "there is no such thing here", what)
    }

    /// The server cannot take more at the moment.
    pub(crate) fn busy() -> Self {
        let detail = "too many requests are waiting; nothing was done";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "service.busy", "the service is busy", detail)
            .retry_after(1)
    }

    /// The caller, or all callers together, ask for too much of what is costly.
    pub(crate) fn too_many() -> Self {
        let detail = "as many verifications run as may run at once";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "service.too-many", "too many at once", detail)
            .retry_after(1)
    }

    /// A fault of ours: it goes to the log in full, and out without particulars.
    pub(crate) fn internal(what: &str, error: &dyn std::fmt::Display) -> Self {
        tracing::error!(what, error = %error, "internal error");
        let detail = "the request id leads to the particulars in the service's log";
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "service.internal",
            "something went wrong here",
            detail,
        )
    }

    /// Its status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The document.
    pub(crate) fn to_json(&self) -> Value {
        let mut document = json!({
            "type": format!("{HELP}{}", self.code),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
        });
        if let Value::Object(map) = &mut document {
            map.extend(self.members.clone());
        }
        document
    }
}

/// A finding against what was sent, for whoever sent it.
pub(crate) fn finding_json(finding: &Finding) -> Value {
    json!({
        "code": finding.code.as_str(),
        "pointer": finding.pointer,
        "text": finding.text,
        "help": finding.code.help_for_issuer(),
    })
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.to_json().to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<ParseError> for Problem {
    fn from(error: ParseError) -> Self {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "request.json",
            "the body is not strict JSON",
            error.to_string(),
        )
        .with("line", error.line)
        .with("column", error.column)
    }
}

impl From<Misfit> for Problem {
    fn from(misfit: Misfit) -> Self {
        Problem::refused(StatusCode::UNPROCESSABLE_ENTITY, &[Finding::from(misfit)])
    }
}

impl From<CertificateError> for Problem {
    fn from(error: CertificateError) -> Self {
        match error {
            CertificateError::Json(error) => error.into(),
            CertificateError::Form(finding) => {
                Problem::refused(StatusCode::UNPROCESSABLE_ENTITY, &[*finding])
            }
        }
    }
}

impl From<SealError> for Problem {
    fn from(error: SealError) -> Self {
        Problem::internal("seal", &error)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        let conflict = |code, title| Problem::new(StatusCode::CONFLICT, code, title, text.clone());
        match &error {
            StoreError::ExternalIdTaken { by, .. } => {
                conflict("certificate.external-id-taken", "the external id is taken for ever")
                    .with("certificate", by.to_string())
            }
            StoreError::IdTaken(_) => conflict("request.taken", "the name is taken"),
            StoreError::Ambiguous(_) => {
                conflict("request.ambiguous", "several lots have this label: name one by its digest")
            }
            StoreError::KeyTaken => {
                conflict("idempotency.in-progress", "a request with this key was just answered")
                    .retry_after(1)
            }
            StoreError::LotClosed(_) => {
                conflict("custody.closed-lot", "the lot is closed: nothing may draw on it")
            }
            StoreError::Overdrawn { .. } => {
                conflict("conservation.overdrawn", "more was to be drawn from a lot than it holds")
            }
            StoreError::NotHolder { .. } => Problem::new(
                StatusCode::FORBIDDEN,
                "custody.not-holder",
                "somebody else holds the lot",
                text.clone(),
            ),
            StoreError::UnknownLot(_) | StoreError::UnknownIssuer(_) => Problem::not_found(&text),
            StoreError::TooMany(_) => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "limit.certificates",
                "more certificates than one answer holds",
                text.clone(),
            ),
            StoreError::EntryTooLarge { .. } => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "limit.entry",
                "its entry in the log would be too large",
                text.clone(),
            ),
            StoreError::StatusChanged { .. } => Problem::new(
                StatusCode::PRECONDITION_FAILED,
                "status.changed",
                "the status has changed since it was read",
                text.clone(),
            ),
            StoreError::Halted(_) => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "registry.halted",
                "the registry makes no certificates at present",
                text.clone(),
            )
            .retry_after(60),
            StoreError::Unloggable { .. } => {
                conflict("log.rule", "the log's rules do not let this be recorded")
            }
            StoreError::Busy => Problem::busy(),
            StoreError::InDoubt(_) => {
                tracing::error!(error = %text, "a commit is in doubt");
                let detail = "it may or may not have happened: send it again with the same Idempotency-Key";
                let title = "the storage did not confirm";
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "service.in-doubt", title, detail)
                    .retry_after(2)
            }
            _ => Problem::internal("store", &text),
        }
    }
}
