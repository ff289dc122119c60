//! Is the order in time possible? (proto-docs/verification.md, "Time".)
//!
//! A certificate's own word for its time is `proof.created`. Where a receipt shows when and in which
//! order certificates were logged, that is the truth.

use jiff::{Span, Timestamp, civil::Date};

use super::{Case, Findings, Known, Logged, input, subject};
use crate::certificate::{Body, Claims};
use crate::finding::Code;
use crate::lot::Lot;
use crate::time::{date_of, format_time};

/// How late a certificate may be made without a word: a month's work and a month to write it down.
const LATE_DAYS: i64 = 62;

pub(crate) fn check(
    claims: &Claims,
    created: Timestamp,
    logged: Option<Logged>,
    at: Timestamp,
    findings: &mut Findings,
) {
    // An accreditation may begin later than it was made; what it covers then, authority says.
    let stated = match claims.body {
        Body::Accreditation(_) => created,
        Body::Lot(_) | Body::Attestation(_) => created.max(claims.valid_from),
    };
    let from = logged.map_or(stated, |logged| stated.max(logged.at));
    if from > at {
        let text = format!("it is from {}, the time asked about is {}", format_time(from), format_time(at));
        findings.add(Code::TimeNotYet, "/proof/created", text);
    }
    if let (Body::Attestation(_) | Body::Accreditation(_), Some(until)) = (&claims.body, claims.valid_until)
        && until < at
    {
        findings.add(Code::StatusExpired, "/validUntil", format!("valid until {}", format_time(until)));
    }
}

/// The order of a lot's own dates, and of it and its parents.
pub(crate) fn check_order(case: &Case<'_>, findings: &mut Findings) {
    for (at, _, parent) in case.parents() {
        if let Some(text) = before_parent(case, &parent) {
            findings.add(Code::TimeBeforeParent, input(at, "lot"), text);
        }
        if case.lot.period.1 < parent.lot.period.0 {
            let (end, begin) = (case.lot.period.1, parent.lot.period.0);
            let text = format!("done by {end}, its input {} was begun on {begin}", parent.lot.number);
            findings.add(Code::TimeImpossibleOrder, dates(case.lot), text);
        }
    }
    let end = case.lot.period.1;
    // A day of grace: dates are local, times are UTC.
    let known = case.logged.map_or(case.created, |logged| logged.at.min(case.created));
    if days_from(date_of(known), end) > 1 {
        let word = if known < case.created { "logged" } else { "signed" };
        let text = format!("{word} {}, for work until {end}", format_time(known));
        findings.add(Code::TimeAfterIssue, dates(case.lot), text);
    }
    let shown = case.logged.map_or(case.created, |logged| logged.at);
    let late = days_from(end, date_of(shown));
    if late > LATE_DAYS && case.lot.corrects().is_none() {
        let pointer = if case.logged.is_some() { "" } else { "/proof/created" };
        findings.add(Code::TimeLateRegistration, pointer, format!("{late} days after {end}"));
    }
}

/// In one log the order is that of the entries; else that of the signatures' own times.
fn before_parent(case: &Case<'_>, parent: &Known<'_>) -> Option<String> {
    let number = &parent.lot.number;
    if let (Some(own), Some(its)) = (case.logged, parent.logged)
        && own.registry == its.registry
    {
        let (own, its) = (own.index, its.index);
        return (own <= its).then(|| format!("logged at index {own}, its input {number} at index {its}"));
    }
    (case.created < parent.created).then(|| {
        let (own, its) = (format_time(case.created), format_time(parent.created));
        format!("signed {own}, its input {number} was signed {its}")
    })
}

fn dates(lot: &Lot) -> String {
    subject(if lot.is_transfer() { "dispatchDate" } else { "period" })
}

fn days_from(from: Date, to: Date) -> i64 {
    from.until((jiff::Unit::Day, to)).map(|span: Span| i64::from(span.get_days())).unwrap_or_default()
}
