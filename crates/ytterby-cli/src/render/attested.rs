//! What is attested beside the lots, for people: third parties' word and parties' own word, never in one line.

use ytterby::certificate::{Attestation, Body};
use ytterby::statement::{Standing, Statement};
use ytterby::text::printable;
use ytterby::time::format_time;

use super::problem::Index;
use super::{style, wrap};

/// How many of a heading are shown.
const MOST: usize = 20;

/// The rows of a report: what counts, by whose word it is. What does not count is told with the authority.
pub(crate) fn rows(statements: &[Statement], index: &Index<'_, '_>) -> String {
    let of = |standing: Standing| statements.iter().filter(move |own| own.standing() == standing);
    let attested = block(4, "attested", of(Standing::Attested), index);
    attested + &block(4, "self-declared", of(Standing::SelfDeclared), index)
}

/// The same where nothing was verified: only whether a party says it is told apart.
pub(crate) fn unverified(statements: &[Statement], index: &Index<'_, '_>) -> String {
    let of = |is_party: bool| statements.iter().filter(move |own| own.is_self_declared == is_party);
    let others = block(2, "by others", of(false), index);
    others + &block(2, "self-declared", of(true), index)
}

fn block<'s>(
    indent: usize,
    name: &str,
    all: impl Iterator<Item = &'s Statement> + Clone,
    index: &Index<'_, '_>,
) -> String {
    let head = |name: &str| format!("{:indent$}{name:<14} ", "");
    let mut out = String::new();
    for (at, own) in all.clone().take(MOST).enumerate() {
        let Some(line) = line(own, index) else { continue };
        let stands = own.is_valid && own.superseded_by.is_none();
        let paint = |line: &str| if stands { line.to_owned() } else { style::dim(line) };
        let name = if at == 0 { name } else { "" };
        out.push_str(&wrap::hanging(&head(name), indent + 15, &line, paint));
    }
    match all.count().saturating_sub(MOST) {
        0 => out,
        more => out + &wrap::hanging(&head(""), indent + 15, &format!("and {more} more"), style::dim),
    }
}

fn line(own: &Statement, index: &Index<'_, '_>) -> Option<String> {
    let claims = index.get(&own.certificate)?.claims();
    let Body::Attestation(said) = &claims.body else { return None };
    let about: Vec<String> = (said.lots.iter())
        .map(|(label, digest)| match index.get(digest).and_then(|own| own.lot()) {
            Some(lot) => printable(&lot.number),
            None => label.urn().to_string(),
        })
        .collect();
    let about = match (about.is_empty(), &said.sample) {
        (false, _) => format!(" of {}", about.join(", ")),
        (true, Some(sample)) => format!(" of sample {}", printable(sample)),
        (true, None) => String::new(),
    };
    let kind = match said.purpose {
        Some(purpose) => format!("{purpose} {}", said.kind),
        None => said.kind.to_string(),
    };
    let mut text = format!("{kind}{about} by {}{}: {}", claims.issuer, claim(said), printable(&said.result));
    if let Some(verifier) = &said.verifier {
        text.push_str(&format!(" · says that {} verified it", printable(verifier)));
    }
    if let Some(until) = claims.valid_until {
        text.push_str(&format!(" · until {}", format_time(until)));
    }
    if !own.is_valid {
        text.push_str(" · not valid then");
    }
    if let Some(other) = own.superseded_by {
        text.push_str(&format!(" · superseded by {}", other.short()));
    }
    Some(text)
}

/// The scheme, and of what a figure is one.
fn claim(said: &Attestation) -> String {
    let version = said.scheme_version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    let scheme = said.scheme.as_ref().map(|scheme| format!("{scheme}{version}"));
    let boundary = said.boundary.as_ref().map(|text| format!("boundary {text}"));
    let rule = said.allocation_rule.as_ref().map(|text| format!("allocated {text}"));
    let all: Vec<String> =
        [scheme, boundary, rule].into_iter().flatten().map(|text| printable(&text)).collect();
    if all.is_empty() { String::new() } else { format!(" ({})", all.join("; ")) }
}
