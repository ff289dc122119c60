//! The first rule that a document breaks: what kind, where, and in words. Kinds carry the problem
//! types of VCDM 2.0 section 7.2 and Data Integrity 1.0 section 4.7.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use ytterby::json::{Object, ParseError, Value, canonical};

use crate::place::Place;

/// What kind of rule is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The body is not strict JSON, or not the request that the route takes.
    Parsing,
    /// A value of the wrong shape, or one that must be there and is not.
    Malformed,
    /// A value outside of what is allowed: dates in the wrong order, a set with two equal members.
    Range,
    /// A proof that cannot be made as asked.
    Generation,
    /// A proof that does not hold.
    Verification,
    /// The body is larger than the adapter reads.
    TooLarge,
    /// No such route, or not with this method.
    Route,
}

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind of rule.
    pub kind: Kind,
    /// Where: a JSON pointer into the request's body, empty for the body as a whole.
    pub pointer: String,
    /// In words.
    pub detail: String,
}

impl Kind {
    fn status(self) -> StatusCode {
        match self {
            Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::Route => StatusCode::NOT_FOUND,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    fn type_url(self) -> &'static str {
        match self {
            Kind::Parsing => "https://www.w3.org/TR/vc-data-model#PARSING_ERROR",
            Kind::Malformed => "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR",
            Kind::Range => "https://www.w3.org/TR/vc-data-model#RANGE_ERROR",
            Kind::Generation => "https://w3id.org/security#PROOF_GENERATION_ERROR",
            Kind::Verification => "https://w3id.org/security#PROOF_VERIFICATION_ERROR",
            Kind::TooLarge | Kind::Route => "about:blank",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Kind::Parsing => "the request cannot be read",
            Kind::Malformed => "a value is malformed",
            Kind::Range => "a value is out of range",
            Kind::Generation => "no proof can be made",
            Kind::Verification => "a proof does not hold",
            Kind::TooLarge => "the request is too large",
            Kind::Route => "no such route",
        }
    }
}

impl Problem {
    /// A rule broken at a place.
    pub(crate) fn at(kind: Kind, place: &Place, detail: impl Into<String>) -> Self {
        Problem { kind, pointer: place.to_string(), detail: detail.into() }
    }

    /// A malformed value.
    pub(crate) fn malformed(place: &Place, detail: impl Into<String>) -> Self {
        Self::at(Kind::Malformed, place, detail)
    }

    /// A fault of the request as a whole.
    pub(crate) fn request(kind: Kind, detail: impl Into<String>) -> Self {
        Problem { kind, pointer: String::new(), detail: detail.into() }
    }
}

impl From<ParseError> for Problem {
    fn from(error: ParseError) -> Self {
        Self::request(Kind::Parsing, error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.kind.status();
        let mut body = Object::default();
        body.insert("type", Value::String(self.kind.type_url().into()));
        body.insert("title", Value::String(self.kind.title().into()));
        body.insert("status", Value::Number(status.as_u16().to_string().into()));
        body.insert("detail", Value::String(format!("{}: {}", self.pointer, self.detail).into()));
        let mut place = Object::default();
        place.insert("pointer", Value::String(self.pointer.into()));
        place.insert("detail", Value::String(self.detail.into()));
        body.insert("errors", Value::Array(vec![Value::Object(place)]));
        let bytes = canonical(&Value::Object(body));
        (status, [(header::CONTENT_TYPE, "application/problem+json")], bytes).into_response()
    }
}
