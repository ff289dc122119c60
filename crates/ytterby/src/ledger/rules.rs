//! For each rule of replay an entry that breaks it alone, and one that may stand in its place.

use serde_json::{Value, json};

use super::histories::{
    HERE, THERE, admission, attestation, closing, digest, draw, ledger, parse, registration, status,
};
use super::{Arrival, Violation};
use crate::element::Element;
use crate::form::{CloseReason, StatusPurpose};
use crate::masses::Masses;
use crate::wire::Home;

/// What every case begins with: two origins of 10 kg neodymium and 1 kg dysprosium, an attestation,
/// and a lot that has come from another log.
fn beginning() -> Vec<Value> {
    let origin = |name| registration("Origin", name, json!({ "Nd": "10", "Dy": "1" }), &[]);
    vec![origin("ore"), origin("other ore"), attestation("audit"), admission("bought", json!({ "Nd": "2" }))]
}

fn made(name: &str, draws: &[Value]) -> Value {
    registration("Processing", name, json!({ "Nd": "1" }), draws)
}

fn sold(name: &str, draws: &[Value]) -> Value {
    registration("Transfer", name, json!({ "Nd": "1" }), draws)
}

/// One kilogram of neodymium out of the ore, as the first draw.
fn first() -> Value {
    draw("ore", 1, json!({ "Nd": "1" }), json!({ "Nd": "1" }))
}

fn with(mut entry: Value, place: &str, value: impl Into<Value>) -> Value {
    let (object, name) = place.rsplit_once('/').unwrap();
    entry.pointer_mut(object).unwrap()[name] = value.into();
    entry
}

fn masses(text: &[(&str, u64)]) -> Masses {
    text.iter().map(|(symbol, mg)| (Element::parse(symbol).unwrap(), *mg)).collect()
}

/// What comes before, the entry that is refused, why, and an entry that may stand in its place.
type Case = (Vec<Value>, Value, Violation, Value);

fn check(cases: impl IntoIterator<Item = Case>) {
    for (before, wrong, violation, right) in cases {
        let mut ledger = ledger(&[beginning(), before].concat());
        let untouched = ledger.clone();
        assert_eq!(ledger.apply(&parse(&wrong).unwrap()), Err(violation), "{wrong}");
        assert_eq!(ledger, untouched, "{wrong}");
        assert_eq!(ledger.apply(&parse(&right).unwrap()), Ok(()), "{right}");
        assert_ne!(ledger, untouched, "{right}");
    }
}

#[test]
fn registrations() {
    let certificate = digest("oxide");
    let home = Home::parse(THERE).unwrap();
    let oxide = || made("oxide", &[first()]);
    let next = draw("ore", 2, json!({ "Nd": "1" }), json!({ "Nd": "2" }));
    check([
        (
            vec![oxide()],
            made("oxide", std::slice::from_ref(&next)),
            Violation::RegisteredTwice { certificate },
            made("another oxide", &[next]),
        ),
        (
            vec![],
            sold("bought", &[first()]),
            Violation::RegisteredThoughAdmitted { certificate: digest("bought") },
            sold("sold", &[first()]),
        ),
        (
            vec![],
            with(oxide(), "/home", THERE),
            Violation::HomeElsewhere { certificate, home: home.clone() },
            with(sold("oxide", &[first()]), "/home", THERE),
        ),
        (
            vec![],
            with(attestation("licence"), "/home", THERE),
            Violation::HomeElsewhere { certificate: digest("licence"), home },
            attestation("licence"),
        ),
        (
            vec![],
            with(sold("oxide", &[first()]), "/amounts/content", json!({ "Nd": "1.000001" })),
            Violation::TransferExceedsDraws {
                certificate,
                element: Element::parse("Nd").unwrap(),
                drawn_mg: 1_000_000,
                content_mg: 1_000_001,
            },
            with(oxide(), "/amounts/content", json!({ "Nd": "1.000001" })),
        ),
        (
            vec![],
            with(sold("oxide", &[first()]), "/amounts/content", json!({ "Pr": "0.000001" })),
            Violation::TransferExceedsDraws {
                certificate,
                element: Element::parse("Pr").unwrap(),
                drawn_mg: 0,
                content_mg: 1,
            },
            with(sold("oxide", &[first()]), "/amounts/content", json!({ "Nd": "0.999999" })),
        ),
    ]);
}

#[test]
fn lots_that_may_not_be_drawn_on() {
    let lot = digest("ore");
    let oxide = || made("oxide", &[first()]);
    let bought = |lot| made("oxide", &[draw(lot, 1, json!({ "Nd": "1" }), json!({ "Nd": "1" }))]);
    let delivered = with(sold("sold", &[first()]), "/closed", "delivered");
    let sold_there = with(sold("sold", &[first()]), "/home", THERE);
    check([
        (vec![], bought("unheard"), Violation::UnknownLot { lot: digest("unheard") }, bought("bought")),
        (vec![], bought("oxide"), Violation::UnknownLot { lot: digest("oxide") }, oxide()),
        (vec![], bought("audit"), Violation::NotALot { certificate: digest("audit") }, oxide()),
        (
            vec![sold_there],
            bought("sold"),
            Violation::LotElsewhere { lot: digest("sold"), home: Home::parse(THERE).unwrap() },
            bought("other ore"),
        ),
        (
            vec![sold("sold", &[first()])],
            bought("ore"),
            Violation::OutOfSequence { lot, last: 1, found: 1 },
            bought("sold"),
        ),
        (
            vec![closing("ore", "lost")],
            oxide(),
            Violation::Closed { lot, reason: CloseReason::Lost },
            bought("other ore"),
        ),
        (
            vec![delivered],
            bought("sold"),
            Violation::Closed { lot: digest("sold"), reason: CloseReason::Delivered },
            bought("other ore"),
        ),
        (vec![status("ore", "revocation", "1")], oxide(), Violation::Revoked { lot }, bought("other ore")),
        (
            vec![status("ore", "suspension", "1")],
            oxide(),
            Violation::Suspended { lot },
            status("ore", "suspension", "0"),
        ),
    ]);
    let lifted = [status("ore", "suspension", "1"), status("ore", "suspension", "0"), oxide()];
    assert_eq!(ledger(&[&beginning()[..], &lifted].concat()).get(&lot).map(super::Standing::draws), Some(1));
}

#[test]
fn draws_that_do_not_follow_the_last() {
    let lot = digest("ore");
    let one = json!({ "Nd": "1" });
    let oxide = |seq, amount: &Value, cumulative: &Value| {
        made("oxide", &[draw("ore", seq, amount.clone(), cumulative.clone())])
    };
    let drawn = || {
        vec![made(
            "first",
            &[draw("ore", 1, json!({ "Dy": "0.9", "Nd": "9" }), json!({ "Dy": "0.9", "Nd": "9" }))],
        )]
    };
    let right = || oxide(2, &one, &json!({ "Dy": "0.9", "Nd": "10" }));
    let wrong_cumulative = |expected: &[(&str, u64)], found: &[(&str, u64)]| Violation::WrongCumulative {
        lot,
        expected: masses(expected),
        found: masses(found),
    };
    let overdrawn = |symbol, content_mg, cumulative_mg| Violation::Overdrawn {
        lot,
        element: Element::parse(symbol).unwrap(),
        content_mg,
        cumulative_mg,
    };
    let all = [("Dy", 900_000), ("Nd", 10_000_000)];
    check([
        (
            vec![],
            oxide(2, &one, &one),
            Violation::OutOfSequence { lot, last: 0, found: 2 },
            oxide(1, &one, &one),
        ),
        (drawn(), oxide(3, &one, &one), Violation::OutOfSequence { lot, last: 1, found: 3 }, right()),
        (drawn(), oxide(1, &one, &one), Violation::OutOfSequence { lot, last: 1, found: 1 }, right()),
        (drawn(), oxide(2, &one, &one), wrong_cumulative(&all, &[("Nd", 1_000_000)]), right()),
        (
            drawn(),
            oxide(2, &one, &json!({ "Dy": "0.9", "Nd": "9.999999" })),
            wrong_cumulative(&all, &[("Dy", 900_000), ("Nd", 9_999_999)]),
            right(),
        ),
        (
            drawn(),
            oxide(2, &one, &json!({ "Nd": "10" })),
            wrong_cumulative(&all, &[("Nd", 10_000_000)]),
            right(),
        ),
        (
            drawn(),
            oxide(2, &json!({ "Nd": "1.000001" }), &json!({ "Dy": "0.9", "Nd": "10.000001" })),
            overdrawn("Nd", 10_000_000, 10_000_001),
            right(),
        ),
        (
            drawn(),
            oxide(2, &json!({ "Pr": "0.000001" }), &json!({ "Dy": "0.9", "Nd": "9", "Pr": "0.000001" })),
            overdrawn("Pr", 0, 1),
            right(),
        ),
        // The second of two draws is wrong: the first must leave no trace.
        (
            drawn(),
            made(
                "oxide",
                &[draw("other ore", 1, one.clone(), one.clone()), draw("ore", 2, one.clone(), one.clone())],
            ),
            wrong_cumulative(&all, &[("Nd", 1_000_000)]),
            made("oxide", &[draw("other ore", 1, one.clone(), one.clone())]),
        ),
    ]);
}

#[test]
fn admissions() {
    let content = json!({ "Nd": "1" });
    let there = Home::parse(THERE).unwrap();
    let drawn = made("oxide", &[draw("bought", 1, json!({ "Nd": "2" }), json!({ "Nd": "2" }))]);
    let certificate = digest("bought");
    let next = || admission("bought too", content.clone());
    check([
        (vec![], admission("bought", content.clone()), Violation::AdmittedTwice { certificate }, next()),
        (vec![drawn], admission("bought", content.clone()), Violation::AdmittedTwice { certificate }, next()),
        (
            vec![closing("bought", "consumed")],
            admission("bought", content.clone()),
            Violation::AdmittedTwice { certificate },
            next(),
        ),
        (
            vec![sold("sold", &[first()])],
            admission("sold", content.clone()),
            Violation::AdmittedThoughRegistered { certificate: digest("sold") },
            next(),
        ),
        (
            vec![with(sold("sold", &[first()]), "/home", THERE)],
            admission("sold", content.clone()),
            Violation::AdmittedThoughRegistered { certificate: digest("sold") },
            next(),
        ),
        (
            vec![],
            with(next(), "/home", THERE),
            Violation::HomeElsewhere { certificate: digest("bought too"), home: there },
            next(),
        ),
        (
            vec![],
            with(next(), "/from/origin", HERE),
            Violation::AdmittedFromHere { certificate: digest("bought too") },
            next(),
        ),
    ]);
}

#[test]
fn closings() {
    let lot = digest("ore");
    let sold_there = with(sold("sold", &[first()]), "/home", THERE);
    check([
        (
            vec![],
            closing("unheard", "lost"),
            Violation::UnknownLot { lot: digest("unheard") },
            closing("ore", "lost"),
        ),
        (
            vec![],
            closing("audit", "lost"),
            Violation::NotALot { certificate: digest("audit") },
            closing("bought", "stocktake"),
        ),
        (
            vec![sold_there],
            closing("sold", "lost"),
            Violation::LotElsewhere { lot: digest("sold"), home: Home::parse(THERE).unwrap() },
            closing("ore", "disposed"),
        ),
        (
            vec![closing("ore", "consumed")],
            closing("ore", "lost"),
            Violation::Closed { lot, reason: CloseReason::Consumed },
            closing("other ore", "lost"),
        ),
        (
            vec![with(sold("sold", &[first()]), "/closed", "delivered")],
            closing("sold", "delivered"),
            Violation::Closed { lot: digest("sold"), reason: CloseReason::Delivered },
            closing("ore", "delivered"),
        ),
    ]);
}

#[test]
fn status_changes() {
    let certificate = digest("ore");
    let (revocation, suspension) = (StatusPurpose::Revocation, StatusPurpose::Suspension);
    let unchanged = |purpose, value| Violation::StatusUnchanged { certificate, purpose, value };
    let sold_there = || with(sold("sold", &[first()]), "/home", THERE);
    check([
        (
            vec![],
            status("unheard", "revocation", "1"),
            Violation::UnknownCertificate { certificate: digest("unheard") },
            status("audit", "revocation", "1"),
        ),
        (
            vec![sold_there()],
            status("bought", "suspension", "1"),
            Violation::StatusElsewhere { certificate: digest("bought") },
            status("sold", "suspension", "1"),
        ),
        (
            vec![],
            status("ore", "suspension", "0"),
            unchanged(suspension, false),
            status("ore", "suspension", "1"),
        ),
        (
            vec![],
            status("ore", "revocation", "0"),
            unchanged(revocation, false),
            status("ore", "revocation", "1"),
        ),
        (
            vec![status("ore", "suspension", "1")],
            status("ore", "suspension", "1"),
            unchanged(suspension, true),
            status("ore", "revocation", "1"),
        ),
        (
            vec![status("ore", "revocation", "1")],
            status("ore", "revocation", "1"),
            unchanged(revocation, true),
            closing("ore", "disposed"),
        ),
        (
            vec![status("ore", "revocation", "1")],
            status("ore", "revocation", "0"),
            Violation::RevocationLifted { certificate },
            status("ore", "suspension", "1"),
        ),
    ]);
}

#[test]
fn a_ledger_says_what_a_lot_has_left() {
    let ledger =
        ledger(&[beginning(), vec![made("oxide", &[first()]), closing("ore", "stocktake")]].concat());
    assert_eq!(ledger.len(), 5);
    let ore = ledger.get(&digest("ore")).unwrap();
    assert_eq!(ore.to_string(), "registered - 1 stocktake - Nd:10:1,Dy:1:0");
    assert_eq!(ledger.get(&digest("bought")).unwrap().arrival(), Arrival::Admitted);
    assert_eq!(ledger.get(&digest("unheard")), None);
}
