//! A credential by the rules of VCDM 2.0, proofs aside.

use std::collections::BTreeSet;

use ytterby::json::{Object, Value};

use crate::context::Terms;
use crate::language;
use crate::multibase::{is_digest, is_sri};
use crate::place::Place;
use crate::problem::{Kind, Problem};
use crate::stamp::Stamp;
use crate::url;

/// What a member that holds one object or a list of them needs in each, besides `type`.
#[derive(Clone, Copy, PartialEq)]
enum Id {
    Required,
    Optional,
}

/// The members that hold typed objects (VCDM 2.0 sections 4.10, 4.11, 5.4, 5.5, 5.6 and 5.10).
const TYPED: [(&str, Id); 7] = [
    ("confidenceMethod", Id::Optional),
    ("credentialSchema", Id::Required),
    ("credentialStatus", Id::Optional),
    ("evidence", Id::Optional),
    ("refreshService", Id::Optional),
    ("renderMethod", Id::Optional),
    ("termsOfUse", Id::Optional),
];

/// The other members that the base context defines in a credential.
const OWN: [&str; 7] =
    ["@context", "credentialSubject", "issuer", "proof", "relatedResource", "validFrom", "validUntil"];

/// Checks a credential; returns its issuer.
pub(crate) fn check<'v>(credential: &'v Object<'v>, place: &Place) -> Result<&'v str, Problem> {
    let terms = Terms::of(credential, place)?;
    terms.types(credential, Some("VerifiableCredential"), place)?;
    known_members(credential, &terms, place, |name| {
        OWN.contains(&name) || TYPED.iter().any(|(n, _)| *n == name)
    })?;
    url::optional(credential.get("id"), &place.member("id"))?;
    language::names(credential, place)?;
    let issuer = url::party(credential.get("issuer"), &place.member("issuer"))?;
    if let Some(object) = credential.get("issuer").and_then(Value::as_object) {
        language::names(object, &place.member("issuer"))?;
    }
    subjects(credential, place)?;
    period(credential, place)?;
    for (name, id) in TYPED {
        typed(credential, name, id, &terms, place)?;
    }
    related(credential, place)?;
    Ok(issuer)
}

/// Refuses members that no context defines.
pub(crate) fn known_members(
    document: &Object<'_>,
    terms: &Terms<'_>,
    place: &Place,
    own: impl Fn(&str) -> bool,
) -> Result<(), Problem> {
    for (name, _) in document.iter() {
        if !own(name) && !terms.defines(name) {
            return Err(Problem::malformed(&place.member(name), "no context defines this term"));
        }
    }
    Ok(())
}

/// Checks `termsOfUse` and its like in a document: each an object with `type`, and `id` a URL.
fn typed(document: &Object<'_>, name: &str, id: Id, terms: &Terms<'_>, place: &Place) -> Result<(), Problem> {
    for (object, place) in objects(document, name, place)? {
        terms.types(object, None, &place)?;
        match id {
            Id::Required => drop(url::required(object.get("id"), &place.member("id"))?),
            Id::Optional => url::optional(object.get("id"), &place.member("id"))?,
        }
    }
    Ok(())
}

/// Checks the `termsOfUse` of a presentation.
pub(crate) fn terms_of_use(document: &Object<'_>, terms: &Terms<'_>, place: &Place) -> Result<(), Problem> {
    typed(document, "termsOfUse", Id::Optional, terms, place)
}

/// The objects of a member that holds one or a list of at least one; none when it is absent.
pub(crate) fn objects<'v>(
    document: &'v Object<'v>,
    name: &str,
    place: &Place,
) -> Result<Vec<(&'v Object<'v>, Place)>, Problem> {
    let place = place.member(name);
    let wrong = |place: &Place| Problem::malformed(place, "an object is expected");
    match document.get(name) {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) if items.is_empty() => Err(Problem::malformed(&place, "the list is empty")),
        Some(Value::Array(items)) => items
            .iter()
            .enumerate()
            .map(|(at, item)| {
                let place = place.item(at);
                item.as_object().map(|object| (object, place.clone())).ok_or_else(|| wrong(&place))
            })
            .collect(),
        Some(Value::Object(object)) => Ok(vec![(object, place)]),
        Some(_) => Err(wrong(&place)),
    }
}

fn subjects(credential: &Object<'_>, place: &Place) -> Result<(), Problem> {
    let list = objects(credential, "credentialSubject", place)?;
    if list.is_empty() {
        return Err(Problem::malformed(&place.member("credentialSubject"), "credentialSubject is required"));
    }
    for (subject, place) in list {
        if subject.is_empty() {
            return Err(Problem::malformed(&place, "a subject without any claim"));
        }
        url::optional(subject.get("id"), &place.member("id"))?;
    }
    Ok(())
}

fn period(credential: &Object<'_>, place: &Place) -> Result<(), Problem> {
    let from = Stamp::optional(credential.get("validFrom"), &place.member("validFrom"))?;
    let until = Stamp::optional(credential.get("validUntil"), &place.member("validUntil"))?;
    match (from, until) {
        (Some(from), Some(until)) if until < from => {
            Err(Problem::at(Kind::Range, &place.member("validUntil"), "before validFrom"))
        }
        _ => Ok(()),
    }
}

fn related(credential: &Object<'_>, place: &Place) -> Result<(), Problem> {
    let mut seen = BTreeSet::new();
    for (resource, place) in objects(credential, "relatedResource", place)? {
        let id = url::required(resource.get("id"), &place.member("id"))?;
        if !seen.insert(id) {
            return Err(Problem::at(Kind::Range, &place.member("id"), "two related resources have this id"));
        }
        if resource.get("mediaType").is_some_and(|value| value.as_str().is_none()) {
            return Err(Problem::malformed(&place.member("mediaType"), "a string is expected"));
        }
        let sri = digests(resource, "digestSRI", is_sri, &place)?;
        let multibase = digests(resource, "digestMultibase", is_digest, &place)?;
        if !sri && !multibase {
            return Err(Problem::malformed(&place, "digestSRI or digestMultibase is required"));
        }
    }
    Ok(())
}

/// Checks one digest or a list of them; says whether there was any.
fn digests(
    resource: &Object<'_>,
    name: &str,
    fits: fn(&str) -> bool,
    place: &Place,
) -> Result<bool, Problem> {
    let items = match resource.get(name) {
        None => return Ok(false),
        Some(Value::Array(items)) => items.as_slice(),
        Some(single) => std::slice::from_ref(single),
    };
    if !items.is_empty() && items.iter().all(|item| item.as_str().is_some_and(fits)) {
        Ok(true)
    } else {
        Err(Problem::malformed(&place.member(name), "not a digest in a form that is known here"))
    }
}
