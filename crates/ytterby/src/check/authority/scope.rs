//! Is this within a scope, and is one scope within another?
//! (proto-docs/accreditation.md, "Scopes".)

use super::Truth;
use crate::accreditation::{OpeningStock, Scope, Task};
use crate::certificate::{Body, Claims};
use crate::check::{Findings, subject};
use crate::decimal::kilograms;
use crate::finding::Code;
use crate::form::Source;
use crate::lot::{Lot, Making};
use crate::masses::Masses;
use crate::time::date_of;

/// Whose scope it is, and what limits of it are counted against.
pub(super) struct Giver<'g> {
    /// Who is accepted or not, as it is shown.
    pub(super) who: &'g str,
    /// When the certificate was made.
    pub(super) truth: Truth,
    /// The opening stock of the issuer so far.
    pub(super) stock: &'g Masses,
}

/// What a certificate is outside of.
pub(super) fn check(claims: &Claims, scope: &Scope, giver: &Giver<'_>, findings: &mut Findings) {
    let Some(task) = task(claims) else { return };
    let who = giver.who;
    if !allows(scope.steps.as_deref(), &task) {
        let allowed: Vec<_> = scope.steps.iter().flatten().map(|task| task.as_str()).collect();
        let text = format!("{who} may do {}, not {task}", allowed.join(", "));
        findings.add(Code::AuthorityStep, subject("step"), text);
    }
    if let Body::Lot(lot) = &claims.body {
        check_lot(claims, lot, scope, giver, findings);
    }
}

fn check_lot(claims: &Claims, lot: &Lot, scope: &Scope, giver: &Giver<'_>, findings: &mut Findings) {
    let who = giver.who;
    if let Some(facility) = &lot.facility {
        if !allows(scope.countries.as_deref(), &facility.country) {
            let text = format!("{who} is not accepted for work in {}", facility.country.as_str());
            findings.add(Code::AuthorityCountry, subject("facility/country"), text);
        }
        let listed = scope.facility(&facility.id);
        if scope.facilities.is_some() && listed.is_none() {
            let text = format!("{who} is not accepted for work at {}", facility.id);
            findings.add(Code::AuthorityFacility, subject("facility/id"), text);
        }
        let registry = listed.and_then(|listed| listed.origins.as_ref()).filter(|_| lot.is_origin());
        if let Some(registry) = registry.filter(|registry| **registry != claims.home) {
            let text =
                format!("origins of {} are registered in {registry}, not in {}", facility.id, claims.home);
            findings.add(Code::AuthorityOriginRegistry, subject("home"), text);
        }
    }
    // Iron, boron and other base metals need no standing; rare earths do.
    let outside = lot
        .content
        .iter()
        .map(|(element, _)| element)
        .find(|element| element.is_rare_earth() && !allows(scope.elements.as_deref(), element));
    if let Some(element) = outside {
        let text = format!("{who} is not accepted for {element}");
        findings.add(Code::AuthorityElement, subject(&format!("content/{element}")), text);
    }
    if let Making::Origin { source, .. } = &lot.making {
        if !allows(scope.sources.as_deref(), source) {
            let text = format!("{who} is not accepted for origins of source {source}");
            findings.add(Code::AuthoritySource, subject("source"), text);
        }
        if let Some(limits) = scope.opening_stock.as_ref().filter(|_| *source == Source::OpeningStock) {
            check_stock(lot, limits, giver, findings);
        }
    }
}

/// Opening stock is certified once, soon after a company joined, and no more than was counted then.
fn check_stock(lot: &Lot, limits: &OpeningStock, giver: &Giver<'_>, findings: &mut Findings) {
    let (who, day) = (giver.who, date_of(giver.truth.at));
    if day > limits.until {
        let text = format!("{who} may certify opening stock until {}, this is of {day}", limits.until);
        findings.add(Code::AuthorityOpeningStock, subject("source"), text);
    }
    let Some(most) = &limits.limits else { return };
    let with = |element, mg: u64| giver.stock.get(element).saturating_add(mg);
    let rare = lot.content.iter().filter(|(element, _)| element.is_rare_earth());
    let mut over = rare.filter(|(element, mg)| with(*element, *mg) > most.get(*element));
    if let Some((element, mg)) = over.next() {
        let (all, most) = (kilograms(with(element, mg)), kilograms(most.get(element)));
        let text = format!("{all} kg {element} of opening stock with this lot, {who} may certify {most} kg");
        findings.add(Code::AuthorityOpeningStock, subject(&format!("content/{element}")), text);
    }
}

/// What a certificate does; nothing that a scope limits if it is an accreditation.
pub(super) fn task(claims: &Claims) -> Option<Task> {
    match &claims.body {
        Body::Attestation(_) => Some(Task::Attestation),
        Body::Accreditation(_) => None,
        Body::Lot(lot) => Some(match &lot.making {
            Making::Origin { .. } => Task::Step(crate::form::Step::Origin),
            Making::Transfer { .. } => Task::Transfer,
            Making::Processing { step, .. } => Task::Step(*step),
        }),
    }
}

fn allows<T: Ord>(scope: Option<&[T]>, wanted: &T) -> bool {
    scope.is_none_or(|allowed| allowed.binary_search(wanted).is_ok())
}

/// What a scope claims beyond that of its giver, in words; nothing if it is within. What it leaves out
/// it takes from the giver.
pub(super) fn excess(scope: &Scope, giver: &Scope) -> Vec<String> {
    let mut all = Vec::new();
    let mut beyond = |what: &str, words: Vec<&str>| {
        if !words.is_empty() {
            all.push(format!("{what} {}", words.join(", ")));
        }
    };
    let (steps, given) = (scope.steps.as_deref(), giver.steps.as_deref());
    beyond("step", outside(steps, given).map(|task| task.as_str()).collect());
    let (countries, given) = (scope.countries.as_deref(), giver.countries.as_deref());
    beyond("country", outside(countries, given).map(|country| country.as_str()).collect());
    let (elements, given) = (scope.elements.as_deref(), giver.elements.as_deref());
    beyond("element", outside(elements, given).map(|element| element.symbol()).collect());
    let (sources, given) = (scope.sources.as_deref(), giver.sources.as_deref());
    beyond("source", outside(sources, given).map(|source| source.as_str()).collect());
    let facilities = scope.facilities.iter().flatten();
    let unknown = facilities.filter(|own| giver.facilities.is_some() && giver.facility(&own.id).is_none());
    beyond("facility", unknown.map(|own| &*own.id).collect());
    if let (Some(own), Some(given)) = (&scope.opening_stock, &giver.opening_stock) {
        let more = match (&own.limits, &given.limits) {
            (Some(own), Some(given)) => own.iter().any(|(element, mg)| mg > given.get(element)),
            (None | Some(_), None) | (None, Some(_)) => false,
        };
        if more || own.until > given.until {
            all.push("opening stock".to_owned());
        }
    }
    all
}

fn outside<'s, T: Ord>(scope: Option<&'s [T]>, giver: Option<&'s [T]>) -> impl Iterator<Item = &'s T> {
    scope.into_iter().flatten().filter(move |own| !allows(giver, own))
}
