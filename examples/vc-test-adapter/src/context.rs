//! `@context`: what stands in it, and which terms it defines (VCDM 2.0 sections 4.3, 4.5 and 5.2).
//!
//! No JSON-LD processor runs here. The terms of the base context are known by name, an inline context
//! is read, and any other context URL may define anything.

use std::collections::BTreeMap;

use ytterby::json::{Object, Value};

use crate::place::Place;
use crate::problem::Problem;
use crate::url;

/// The base context of VCDM 2.0, always the first.
pub(crate) const BASE: &str = "https://www.w3.org/ns/credentials/v2";

/// The types that the base context defines.
const BASE_TYPES: [&str; 10] = [
    "BitstringStatusList",
    "BitstringStatusListCredential",
    "BitstringStatusListEntry",
    "DataIntegrityProof",
    "EnvelopedVerifiableCredential",
    "EnvelopedVerifiablePresentation",
    "JsonSchema",
    "JsonSchemaCredential",
    "VerifiableCredential",
    "VerifiablePresentation",
];

/// The other terms that it defines for every object.
const BASE_TERMS: [&str; 20] = [
    "id",
    "type",
    "name",
    "description",
    "digestMultibase",
    "digestSRI",
    "mediaType",
    "_sd",
    "_sd_alg",
    "...",
    "aud",
    "cnf",
    "exp",
    "iat",
    "iss",
    "jku",
    "kid",
    "nbf",
    "sub",
    "x5u",
];

/// The terms that a document's contexts define.
#[derive(Debug, Default)]
pub(crate) struct Terms<'v> {
    /// A vocabulary or a context that is not known here: any term may be defined.
    open: bool,
    /// Terms of inline contexts: what they mean, and whether that may be changed.
    inline: BTreeMap<&'v str, (&'v Value<'v>, bool)>,
}

impl<'v> Terms<'v> {
    /// Reads a document's `@context`.
    pub(crate) fn of(document: &'v Object<'v>, place: &Place) -> Result<Self, Problem> {
        let place = place.member("@context");
        let value =
            document.get("@context").ok_or_else(|| Problem::malformed(&place, "@context is required"))?;
        let items = match value {
            Value::Array(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        if items.first().and_then(Value::as_str) != Some(BASE) {
            return Err(Problem::malformed(&place, format!("the first context is {BASE}")));
        }
        let mut terms = Terms::default();
        for (at, item) in items.iter().enumerate().skip(1) {
            let place = if matches!(value, Value::Array(_)) { place.item(at) } else { place.clone() };
            match item {
                Value::Object(context) => terms.read(context, &place)?,
                other => terms.open |= url::required(Some(other), &place)? != BASE,
            }
        }
        Ok(terms)
    }

    /// Whether a term is defined for every object.
    pub(crate) fn defines(&self, term: &str) -> bool {
        self.open
            || BASE_TERMS.contains(&term)
            || BASE_TYPES.contains(&term)
            || url::is_absolute(term)
            || self.inline.get(term).is_some_and(|(value, _)| !matches!(value, Value::Null))
    }

    /// Checks the `type` of an object: one or more strings, each a defined term or a URL, `wanted`
    /// among them.
    pub(crate) fn types(
        &self,
        object: &Object<'_>,
        wanted: Option<&str>,
        place: &Place,
    ) -> Result<(), Problem> {
        let place = place.member("type");
        let value = object.get("type").ok_or_else(|| Problem::malformed(&place, "type is required"))?;
        let types = match value {
            Value::Array(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        for (at, item) in types.iter().enumerate() {
            let place = if matches!(value, Value::Array(_)) { place.item(at) } else { place.clone() };
            let name = item.as_str().ok_or_else(|| Problem::malformed(&place, "a type is a string"))?;
            if !self.is_type(name) {
                return Err(Problem::malformed(&place, "a type is a URL or a term that a context defines"));
            }
        }
        let found = wanted.is_none_or(|wanted| types.iter().any(|item| item.as_str() == Some(wanted)));
        if !found || types.is_empty() {
            return Err(Problem::malformed(
                &place,
                format!("the type {} is required", wanted.unwrap_or("of some name")),
            ));
        }
        Ok(())
    }

    fn is_type(&self, name: &str) -> bool {
        let plain = !name.is_empty() && !name.starts_with('@') && !name.contains(char::is_whitespace);
        plain
            && (self.open
                || BASE_TYPES.contains(&name)
                || url::is_absolute(name)
                || self.inline.get(name).is_some_and(|(value, _)| !matches!(value, Value::Null)))
    }

    /// Reads one inline context.
    fn read(&mut self, context: &'v Object<'v>, place: &Place) -> Result<(), Problem> {
        let protected = matches!(context.get("@protected"), Some(Value::Bool(true)));
        for (term, value) in context.iter() {
            let place = place.member(term);
            if let Some(keyword) = term.strip_prefix('@') {
                self.keyword(keyword, value, &place)?;
                continue;
            }
            if BASE_TERMS.contains(&term) || BASE_TYPES.contains(&term) {
                return Err(Problem::malformed(&place, "a term of the base context is protected"));
            }
            if self.inline.get(term).is_some_and(|(earlier, kept)| *kept && *earlier != value) {
                return Err(Problem::malformed(&place, "an earlier context protects this term"));
            }
            let own = matches!(value.get("@protected"), Some(Value::Bool(true)));
            let earlier = self.inline.get(term).is_some_and(|(_, kept)| *kept);
            self.inline.insert(term, (value, protected || own || earlier));
        }
        for (term, value) in context.iter().filter(|(term, _)| !term.starts_with('@')) {
            self.meaning(value, context, &place.member(term))?;
        }
        Ok(())
    }

    fn keyword(&mut self, keyword: &str, value: &Value<'_>, place: &Place) -> Result<(), Problem> {
        let fits = match keyword {
            "vocab" => {
                self.open = true;
                value.as_str().is_some_and(url::is_absolute)
            }
            "protected" | "propagate" => matches!(value, Value::Bool(_)),
            "version" => matches!(value, Value::Number(number) if number == "1.1"),
            "base" => value.as_str().is_some_and(url::is_absolute) || matches!(value, Value::Null),
            "language" => matches!(value, Value::String(_) | Value::Null),
            "direction" => matches!(value.as_str(), Some("ltr" | "rtl")) || matches!(value, Value::Null),
            _ => false,
        };
        if fits { Ok(()) } else { Err(Problem::malformed(place, "not what a context may hold here")) }
    }

    /// Checks what a term stands for: a URL, a term or keyword, nothing, or a definition with one of these.
    fn meaning(&self, value: &Value<'_>, context: &Object<'_>, place: &Place) -> Result<(), Problem> {
        let iri = |text: &str| {
            let keyword =
                matches!(text, "@id" | "@type" | "@nest" | "@json" | "@none" | "@graph" | "@included");
            keyword || url::is_absolute(text) || self.defines(text) || context.get(text).is_some()
        };
        let fits = match value {
            Value::Null => true,
            Value::String(text) => iri(text),
            Value::Object(definition) => match definition.get("@id") {
                None => definition.get("@reverse").is_some() || self.open,
                Some(Value::Null) => true,
                Some(id) => id.as_str().is_some_and(iri),
            },
            _ => false,
        };
        if fits { Ok(()) } else { Err(Problem::malformed(place, "a term stands for a URL")) }
    }
}
