//! An accreditation for people, and who accredited those whom a report accepts.

use std::collections::{BTreeSet, HashMap};

use ytterby::Report;
use ytterby::accreditation::{Accreditation, AccreditedKey, Scope};
use ytterby::did::Did;
use ytterby::report::{CertificateReport, Outcome, Step};
use ytterby::text::printable;
use ytterby::time::format_time;

use super::amount;
use super::problem::Index;
use super::report::plural;

/// Rows of what an accreditation says: a name and a text each.
pub(super) fn rows(accreditation: &Accreditation, row: &mut impl FnMut(&str, String)) {
    row("accredits", accreditation.accredits.to_string());
    for key in &accreditation.keys {
        row("key", self::key(key));
    }
    for (name, scope) in
        [("may certify", &accreditation.may_certify), ("may accredit", &accreditation.may_accredit)]
    {
        match scope {
            Some(scope) => scope_rows(name, scope, row),
            None => row(name, "nothing".to_owned()),
        }
    }
}

/// A key with the times that limit it.
pub(crate) fn key(key: &AccreditedKey) -> String {
    let window = &key.window;
    let times = [
        ("from", window.from),
        ("until", window.until),
        ("retired", window.retired),
        ("compromised", window.compromised),
    ];
    let times = times.iter().filter_map(|(word, time)| Some(format!(", {word} {}", format_time((*time)?))));
    format!("{}{}", key.key, times.collect::<String>())
}

fn scope_rows(name: &str, scope: &Scope, row: &mut impl FnMut(&str, String)) {
    row(name, limits(scope).join("; "));
    for facility in scope.facilities.iter().flatten() {
        let capacity =
            facility.annual_capacity.map(|mass| format!(", {} a year at most", amount::kg(mass.mg())));
        let origins = facility.origins.as_ref().map(|home| format!(", its origins in {home}"));
        let more = capacity.into_iter().chain(origins).collect::<String>();
        row("facility", format!("{}{more}", printable(&facility.id)));
    }
    if let Some(stock) = &scope.opening_stock {
        let amounts = stock.limits.as_ref().map_or_else(|| "any amount".to_owned(), amount::draws);
        row("opening stock", format!("{amounts}, until {}", stock.until));
    }
}

/// The limits of a scope that are lists of words.
pub(crate) fn limits(scope: &Scope) -> Vec<String> {
    let words = |what: &str, words: Option<Vec<&str>>| match words {
        Some(words) if words.is_empty() => format!("no {what} at all"),
        Some(words) if words.len() == 1 => format!("{what} {}", words.join(", ")),
        Some(words) => format!("{} {}", many(what), words.join(", ")),
        None => format!("any {what}"),
    };
    vec![
        words("step", scope.steps.as_ref().map(|all| all.iter().map(|task| task.as_str()).collect())),
        words("country", scope.countries.as_ref().map(|all| all.iter().map(|own| own.as_str()).collect())),
        words("element", scope.elements.as_ref().map(|all| all.iter().map(|own| own.symbol()).collect())),
        words("source", scope.sources.as_ref().map(|all| all.iter().map(|own| own.as_str()).collect())),
    ]
}

fn many(what: &str) -> String {
    what.strip_suffix('y').map_or_else(|| format!("{what}s"), |stem| format!("{stem}ies"))
}

/// How many issuers are accepted, and by whom they are accredited; nothing if no accreditation counts.
pub(super) fn line(report: &Report, file: &str) -> Option<String> {
    let own: Vec<&CertificateReport> = report.relied_on().filter(|own| !is_accreditation(own)).collect();
    let accredited = |own: &&&CertificateReport| !own.accredited.is_empty();
    let anchors: BTreeSet<&str> =
        own.iter().flat_map(|own| own.accredited.iter().map(|by| by.anchor.as_str())).collect();
    if anchors.is_empty() {
        return None;
    }
    let issuers = |certificates: &mut dyn Iterator<Item = &&CertificateReport>| -> BTreeSet<Did> {
        certificates.map(|own| own.issuer.clone()).collect()
    };
    let all = issuers(&mut own.iter());
    let refused = issuers(&mut own.iter().filter(|own| own.outcome(Step::Authority) > Outcome::Warn));
    let by: BTreeSet<Did> =
        issuers(&mut own.iter().filter(accredited)).difference(&refused).cloned().collect();
    let anchors = anchors.into_iter().map(|anchor| printable(anchor.trim_start_matches("did:web:")));
    let anchors = anchors.collect::<Vec<_>>().join(", ");
    let mut text = format!("{} of {} accredited by {anchors}", by.len(), plural(all.len(), "issuer"));
    let pinned = all.len() - by.len() - refused.len();
    if pinned > 0 {
        text.push_str(&format!(", {pinned} accepted by {file}"));
    }
    if own.iter().filter(accredited).any(|own| own.logged.is_none()) {
        text.push_str(" · some by times that no witness saw");
    }
    Some(text)
}

/// What those whom a report accepts are called by whoever accredited them.
pub(crate) fn names(report: &Report, index: &Index<'_, '_>) -> HashMap<Did, String> {
    let accreditations =
        report.relied_on().filter_map(|own| index.get(&own.digest)?.claims().accreditation());
    let named =
        accreditations.filter_map(|own| Some((own.accredits.clone(), own.name.as_ref()?.to_string())));
    named.collect()
}

fn is_accreditation(own: &CertificateReport) -> bool {
    own.kind == ytterby::form::Kind::Accreditation
}
