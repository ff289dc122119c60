//! The lines that say where a delivery was registered, who has watched, and what was revoked.

use std::collections::BTreeSet;

use ytterby::Report;
use ytterby::digest::Digest;
use ytterby::finding::Code;
use ytterby::report::{ClosedIn, LoggedIn, Outcome, Step};

/// How many certificates were found in which logs, cosigned by how many, and how long ago.
pub(crate) fn line(report: &Report) -> String {
    if !report.registries_pinned {
        return "not checked".to_owned();
    }
    let logged: Vec<&LoggedIn> = report.counted().filter_map(|own| own.logged.as_ref()).collect();
    let all = report.counted().count();
    let logs: BTreeSet<&str> = logged.iter().map(|place| place.log.as_str()).collect();
    let open = if report.is_registration_checked() { "" } else { " · the others not checked" };
    let place = match (logs.len(), logs.first()) {
        (_, None) if open.is_empty() => return format!("0 of {all} logged"),
        (_, None) => return "not checked".to_owned(),
        (1, Some(log)) => (*log).to_owned(),
        (count, _) => format!("{count} registries"),
    };
    format!("{} of {all} logged in {place}{}{open}", logged.len(), watched(&logged, report))
}

/// How many are revoked or suspended, and how old the knowledge is.
pub(crate) fn status_line(report: &Report) -> String {
    let Some(known) = &report.status_known else { return "not checked".to_owned() };
    let found = |codes: &[Code]| report.findings().iter().filter(|f| codes.contains(&f.code)).count();
    let open = report.counted().filter(|own| own.outcome(Step::Status) == Outcome::Unknown).count();
    let revoked = found(&[Code::StatusRevoked, Code::StatusAncestorRevoked, Code::StatusAttestationRevoked]);
    let suspended = found(&[Code::StatusSuspended]);
    let mut words = Vec::new();
    for (count, word) in [(revoked, "revoked"), (suspended, "suspended")] {
        if count > 0 {
            words.push(format!("{count} {word}"));
        }
    }
    let unknown = open.saturating_sub(suspended + found(&[Code::StatusAncestorRevoked]));
    if words.is_empty() {
        words.push("none revoked or suspended".to_owned());
    }
    if unknown > 0 {
        words.push(format!("{unknown} of {} not known", report.counted().count()));
    }
    let said = words.join(", ");
    let seconds = report.at.as_second() - known.at.as_second();
    format!("{said} · lists made {}", ago(seconds))
}

/// Which of the delivered lots are closed, and since when at the latest: nobody can draw on them any more.
pub(crate) fn closed(report: &Report) -> String {
    let subject: BTreeSet<Digest> = report.subject.iter().copied().collect();
    let delivered = report.certificates.iter().filter(|own| subject.contains(&own.digest));
    let closed: Vec<&ClosedIn> = delivered.filter_map(|own| own.closed.as_ref()).collect();
    match closed.as_slice() {
        [] => String::new(),
        [one] if report.subject.len() == 1 => {
            let seconds = report.at.as_second() - one.at.as_second();
            format!(" · closed as {} at {} of {}, {}", one.reason.as_str(), one.index, one.log, ago(seconds))
        }
        some => format!(" · {} of {} lots are closed", some.len(), report.subject.len()),
    }
}

/// The fewest witnesses of any checkpoint, and the time of the latest.
fn watched(logged: &[&LoggedIn], report: &Report) -> String {
    let Some(weakest) = logged.iter().min_by_key(|place| (place.cosigned, place.witnesses)) else {
        return String::new();
    };
    let Some(latest) = logged.iter().map(|place| place.at).max() else { return String::new() };
    let same = logged.iter().all(|place| place.at == latest);
    let last = if same { "" } else { ", the last" };
    let seconds = report.at.as_second() - latest.as_second();
    format!(", cosigned by {} of {} witnesses{last} {}", weakest.cosigned, weakest.witnesses, ago(seconds))
}

/// A span in its largest whole unit.
fn ago(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..0 => return "after the time asked about".to_owned(),
        0..60 => return "less than a minute before".to_owned(),
        60..3600 => (seconds / 60, "min"),
        3600..172_800 => (seconds / 3600, "h"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{count} {unit} before")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_in_their_largest_unit() {
        for (seconds, text) in [
            (-1, "after the time asked about"),
            (0, "less than a minute before"),
            (240, "4 min before"),
            (172_799, "47 h before"),
            (172_800, "2 days before"),
        ] {
            assert_eq!(ago(seconds), text);
        }
    }
}
