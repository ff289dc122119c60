//! No part of a history that a log may have shows a fault; and what a ledger refuses can be shown, but
//! for what only the whole log shows.

use proptest::prelude::*;
use serde_json::Value;

use super::{Kind, Logged, kinds_shown};
use crate::entry::Entry;
use crate::ledger::histories::{HERE, honest, mutated, parse, wishes};
use crate::ledger::{Ledger, Violation};
use crate::wire::Home;

/// Entries with their places; what is none ends the log.
fn logged(entries: &[Entry]) -> Vec<Logged<'_>> {
    let place = |(index, entry)| Logged { origin: HERE, index: index as u64, entry };
    entries.iter().enumerate().map(place).collect()
}

fn entries(history: &[Value]) -> Vec<Entry> {
    history.iter().map_while(|entry| parse(entry).ok()).collect()
}

/// Every kind that some single entry, pair in any order, or run of entries shows.
fn shown(logged: &[Logged<'_>]) -> Vec<Kind> {
    let mut kinds = Vec::new();
    let mut ask = |some: &[Logged<'_>]| kinds.extend(kinds_shown(some));
    for (at, one) in logged.iter().enumerate() {
        ask(&[*one]);
        logged.iter().for_each(|other| ask(&[*one, *other]));
        (at + 3..=logged.len()).for_each(|end| ask(&logged[at..end]));
    }
    kinds
}

/// Whether a part of the log shows it, whatever else there is.
fn is_portable(violation: &Violation) -> bool {
    match violation {
        Violation::UnknownLot { .. }
        | Violation::UnknownCertificate { .. }
        | Violation::StatusUnchanged { .. } => false,
        Violation::OutOfSequence { last, found, .. } => found <= last,
        _ => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_that_a_log_may_hold_is_evidence_against_it(wishes in wishes()) {
        let entries = entries(&honest(&wishes));
        prop_assert_eq!(shown(&logged(&entries)), Vec::new());
    }

    #[test]
    fn what_a_ledger_refuses_is_shown_and_nothing_else(
        wishes in wishes(),
        what in 0..13_u8,
        at in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
    ) {
        let entries = entries(&mutated(&honest(&wishes), what, at, other).0);
        let mut ledger = Ledger::new(Home::parse(HERE).unwrap());
        let refused = entries.iter().position(|entry| ledger.apply(entry).is_err());
        let all = logged(&entries);
        prop_assert_eq!(shown(&all[..refused.unwrap_or(all.len())]), Vec::new());
        if let Some(at) = refused {
            let violation = ledger.apply(&entries[at]).unwrap_err();
            let shows = !shown(&all[..=at]).is_empty();
            prop_assert!(shows || !is_portable(&violation), "{} {:?}", at, violation);
        }
    }
}

#[test]
fn kinds_have_their_names_and_what_is_no_evidence_is_refused() {
    for kind in Kind::ALL {
        assert_eq!(Kind::parse(kind.as_str()), Some(kind));
    }
    for text in [
        "",
        "[]",
        r#"{"kind":"double-seq","statements":[]}"#,
        r#"{"version":"2","kind":"double-seq","statements":[]}"#,
        r#"{"version":"1","kind":"theft","statements":[]}"#,
        r#"{"version":"1","kind":"double-seq","statements":[],"more":"1"}"#,
        r#"{"version":"1","kind":"double-seq","checkpoints":[]}"#,
        r#"{"version":"1","kind":"double-seq","statements":[{"entry":{},"proof":""}]}"#,
        r#"{"version":"1","kind":"split-view","checkpoints":["a","b"]}"#,
        r#"{"version":"1","kind":"split-view","statements":[]}"#,
    ] {
        assert!(super::Evidence::parse(text.as_bytes()).is_err(), "{text}");
    }
    let nothing = r#"{"version":"1","kind":"double-seq","statements":[]}"#;
    let nothing = super::Evidence::parse(nothing.as_bytes()).unwrap();
    assert!(nothing.judge(&super::Keys::default()).is_err());
}
