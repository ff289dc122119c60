//! Is the order in time possible? (proto-docs/verification.md, "Time".)
//!
//! Until receipts are checked, the time of a certificate is `proof.created`.

use jiff::{Span, Timestamp, civil::Date};

use super::{Case, Findings, input, subject};
use crate::certificate::{Body, Claims};
use crate::finding::Code;
use crate::lot::Lot;
use crate::time::{date_of, format_time};

/// How late a certificate may be made without a word: a month's work and a month to write it down.
const LATE_DAYS: i64 = 62;

pub(crate) fn check(claims: &Claims, created: Timestamp, at: Timestamp, findings: &mut Findings) {
    let from = created.max(claims.valid_from);
    if from > at {
        let text = format!("it is from {}, the time asked about is {}", format_time(from), format_time(at));
        findings.add(Code::TimeNotYet, "/proof/created", text);
    }
    if let (Body::Attestation(_), Some(until)) = (&claims.body, claims.valid_until)
        && until < at
    {
        findings.add(Code::StatusExpired, "/validUntil", format!("valid until {}", format_time(until)));
    }
}

/// The order of a lot's own dates, and of it and its parents.
pub(crate) fn check_order(case: &Case<'_>, findings: &mut Findings) {
    for (at, _, parent) in case.parents() {
        if case.created < parent.created {
            let text = format!(
                "signed {}, its input {} was signed {}",
                format_time(case.created),
                parent.lot.number,
                format_time(parent.created)
            );
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
    if days_from(date_of(case.created), end) > 1 {
        let text = format!("signed {}, for work until {end}", format_time(case.created));
        findings.add(Code::TimeAfterIssue, dates(case.lot), text);
    }
    let late = days_from(end, date_of(case.created));
    if late > LATE_DAYS && case.lot.corrects().is_none() {
        findings.add(Code::TimeLateRegistration, "/proof/created", format!("{late} days after {end}"));
    }
}

fn dates(lot: &Lot) -> String {
    subject(if lot.is_transfer() { "dispatchDate" } else { "period" })
}

fn days_from(from: Date, to: Date) -> i64 {
    from.until((jiff::Unit::Day, to)).map(|span: Span| i64::from(span.get_days())).unwrap_or_default()
}
