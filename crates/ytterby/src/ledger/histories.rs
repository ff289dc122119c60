//! Histories of logs: builders of entries for tests, and what must hold for every history.
//!
//! [`fault`] says of a whole history at once what the ledger says entry by entry. It looks at the JSON
//! alone and keeps no state: each of its sentences quantifies over the entries that came before.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Ledger, Standing};
use crate::digest::Digest;
use crate::entry::{Entry, EntryError};
use crate::wire::Home;

/// The log.
pub(crate) const HERE: &str = "registry.example/ree";
/// Another log.
pub(crate) const THERE: &str = "other.example/ree";

pub(crate) fn digest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

pub(crate) fn registration(kind: &str, name: &str, content: Value, draws: &[Value]) -> Value {
    let mut amounts = json!({ "content": content });
    if !draws.is_empty() {
        amounts["draws"] = draws.into();
    }
    json!({
        "version": "1", "kind": "certificate", "certificate": digest(name).to_string(),
        "type": format!("{kind}Certificate"), "home": HERE, "amounts": amounts,
    })
}

pub(crate) fn attestation(name: &str) -> Value {
    let mut entry = registration("Attestation", name, Value::Null, &[]);
    entry.as_object_mut().unwrap().remove("amounts");
    entry
}

pub(crate) fn draw(lot: &str, seq: u64, amount: Value, cumulative: Value) -> Value {
    json!({ "lot": digest(lot).to_string(), "seq": seq.to_string(), "amount": amount, "cumulative": cumulative })
}

pub(crate) fn admission(name: &str, content: Value) -> Value {
    json!({
        "version": "1", "kind": "admission", "certificate": digest(name).to_string(), "home": HERE,
        "amounts": { "content": content }, "from": { "origin": THERE, "index": "7" },
    })
}

pub(crate) fn closing(name: &str, reason: &str) -> Value {
    json!({ "version": "1", "kind": "closing", "certificate": digest(name).to_string(), "reason": reason })
}

pub(crate) fn status(name: &str, purpose: &str, value: &str) -> Value {
    let certificate = digest(name).to_string();
    json!({ "version": "1", "kind": "status", "certificate": certificate, "purpose": purpose, "value": value })
}

pub(crate) fn parse(entry: &Value) -> Result<Entry, EntryError> {
    Entry::parse(&serde_json_canonicalizer::to_vec(entry).unwrap())
}

/// The ledger of an honest history.
pub(crate) fn ledger(history: &[Value]) -> Ledger {
    let mut ledger = Ledger::new(Home::parse(HERE).unwrap());
    for entry in history {
        assert_eq!(ledger.apply(&parse(entry).unwrap()), Ok(()), "{entry}");
    }
    ledger
}

/// Milligrams by symbol.
fn mg(amounts: &Value) -> BTreeMap<String, u128> {
    let exact = |text: &Value| {
        let text = text.as_str().unwrap();
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        format!("{whole}{decimals:0<6}").parse().unwrap()
    };
    amounts.as_object().into_iter().flatten().map(|(symbol, text)| (symbol.clone(), exact(text))).collect()
}

/// Kilograms by symbol.
fn kg(amounts: &BTreeMap<String, u128>) -> Value {
    let text = |mg: &u128| Value::from(crate::decimal::kilograms(u64::try_from(*mg).unwrap()));
    amounts.iter().filter(|(_, mg)| **mg > 0).map(|(symbol, mg)| (symbol.clone(), text(mg))).collect()
}

fn sum<'a>(all: impl Iterator<Item = &'a Value>) -> BTreeMap<String, u128> {
    let mut total = BTreeMap::new();
    for (symbol, mg) in all.flat_map(mg) {
        *total.entry(symbol).or_default() += mg;
    }
    total
}

fn fits(part: &BTreeMap<String, u128>, whole: &BTreeMap<String, u128>) -> bool {
    part.iter().all(|(symbol, mg)| whole.get(symbol).is_some_and(|most| mg <= most))
}

fn draws(entry: &Value) -> impl Iterator<Item = &Value> {
    entry.pointer("/amounts/draws").and_then(Value::as_array).into_iter().flatten()
}

/// Entries of a history that are of a kind and about a certificate.
fn about<'h>(history: &'h [Value], kind: &'h str, certificate: &'h Value) -> impl Iterator<Item = &'h Value> {
    history.iter().filter(move |entry| entry["kind"] == *kind && entry["certificate"] == *certificate)
}

/// The entry by which a lot came to stand here, if it may be drawn on and closed here as far as its
/// home goes.
fn lot_here<'h>(before: &'h [Value], lot: &'h Value) -> Option<&'h Value> {
    let arrived = about(before, "certificate", lot).chain(about(before, "admission", lot)).next()?;
    (arrived["amounts"].is_object() && arrived["home"] == HERE).then_some(arrived)
}

fn is_closed(before: &[Value], arrived: &Value) -> bool {
    arrived["closed"].is_string() || about(before, "closing", &arrived["certificate"]).next().is_some()
}

fn is_set(before: &[Value], certificate: &Value, purpose: &str) -> bool {
    about(before, "status", certificate)
        .filter(|e| e["purpose"] == purpose)
        .last()
        .is_some_and(|e| e["value"] == "1")
}

fn may_draw(before: &[Value], draw: &Value) -> bool {
    let lot = &draw["lot"];
    let Some(arrived) = lot_here(before, lot) else { return false };
    let earlier = || before.iter().flat_map(draws).filter(|other| other["lot"] == *lot);
    let cumulative = sum(earlier().chain([draw]).map(|other| &other["amount"]));
    !is_closed(before, arrived)
        && !is_set(before, lot, "revocation")
        && !is_set(before, lot, "suspension")
        && draw["seq"] == *(earlier().count() + 1).to_string()
        && mg(&draw["cumulative"]) == cumulative
        && fits(&cumulative, &mg(&arrived["amounts"]["content"]))
}

fn may_follow(before: &[Value], entry: &Value) -> bool {
    let certificate = &entry["certificate"];
    let registered = about(before, "certificate", certificate).next().is_some();
    let admitted = about(before, "admission", certificate).next().is_some();
    match entry["kind"].as_str().unwrap() {
        "certificate" => {
            let transfer = entry["type"] == "TransferCertificate";
            let drawn = || sum(draws(entry).map(|draw| &draw["amount"]));
            !registered
                && !admitted
                && (transfer || entry["home"] == HERE)
                && draws(entry).all(|draw| may_draw(before, draw))
                && (!transfer || fits(&mg(&entry["amounts"]["content"]), &drawn()))
        }
        "admission" => !registered && !admitted && entry["home"] == HERE && entry["from"]["origin"] != HERE,
        "closing" => lot_here(before, certificate).is_some_and(|arrived| !is_closed(before, arrived)),
        _ => {
            let purpose = entry["purpose"].as_str().unwrap();
            registered
                && is_set(before, certificate, purpose) != (entry["value"] == "1")
                && (purpose, entry["value"].as_str().unwrap()) != ("revocation", "0")
        }
    }
}

/// The first entry of a history that breaks a rule.
pub(crate) fn fault(history: &[Value]) -> Option<usize> {
    (0..history.len()).find(|at| parse(&history[*at]).is_err() || !may_follow(&history[..*at], &history[*at]))
}

/// The first entry that a ledger refuses.
pub(crate) fn refused(history: &[Value]) -> Option<usize> {
    let mut ledger = Ledger::new(Home::parse(HERE).unwrap());
    history.iter().position(|entry| parse(entry).map_or(true, |entry| ledger.apply(&entry).is_err()))
}

/// What somebody wants to do next: an action and the choices it needs.
pub(crate) type Wish = (u8, prop::sample::Index, prop::sample::Index, u8);

pub(crate) fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let index = any::<prop::sample::Index>;
    prop::collection::vec((0..12_u8, index(), index(), any::<u8>()), 1..24)
}

pub(crate) fn beginning() -> Vec<Value> {
    vec![
        registration("Origin", "first", json!({ "Nd": "100", "Dy": "3" }), &[]),
        admission("second", json!({ "Nd": "0.00002", "Dy": "1" })),
    ]
}

/// An honest history: each wish is fulfilled with what is there, or left out if a log may not hold it.
pub(crate) fn honest(wishes: &[Wish]) -> Vec<Value> {
    let mut history = beginning();
    for (at, wish) in wishes.iter().enumerate() {
        let entry = wished(&history, &format!("lot {at}"), wish);
        if let Some(entry) = entry.filter(|entry| may_follow(&history, entry)) {
            history.push(entry);
        }
    }
    history
}

fn wished(history: &[Value], name: &str, (action, one, two, share): &Wish) -> Option<Value> {
    let arrived: Vec<&Value> =
        history.iter().filter(|e| e["kind"] == "certificate" || e["kind"] == "admission").collect();
    let (one, two) = (one.get(&arrived), two.get(&arrived));
    let about = |mut entry: Value| {
        entry["certificate"] = one["certificate"].clone();
        entry
    };
    Some(match action {
        0 => registration(
            "Origin",
            name,
            json!({ "Nd": "1.5", "Tb": format!("{}", u32::from(*share) + 1) }),
            &[],
        ),
        1 => admission(name, json!({ "Nd": format!("{}", u32::from(*share) + 1) })),
        2 => attestation(name),
        3 => about(closing(name, "consumed")),
        4 => about(status(name, if share % 2 == 0 { "revocation" } else { "suspension" }, "1")),
        5 => about(status(name, "suspension", "0")),
        6..=8 => {
            let draw = part(history, one, *share)?;
            let mut transfer = registration("Transfer", name, draw["amount"].clone(), &[draw]);
            match share % 8 {
                0 => transfer["closed"] = "delivered".into(),
                1 | 2 => transfer["home"] = THERE.into(),
                _ => {}
            }
            transfer
        }
        _ => {
            let mut draws = vec![part(history, one, *share)?];
            if one["certificate"] != two["certificate"] {
                draws.extend(part(history, two, share.wrapping_mul(7)));
            }
            let content = kg(&sum(draws.iter().map(|draw| &draw["amount"])));
            registration("Processing", name, content, &draws)
        }
    })
}

/// The next draw on a lot: a share of what is left.
fn part(history: &[Value], arrived: &Value, share: u8) -> Option<Value> {
    let lot = &arrived["certificate"];
    let earlier = || history.iter().flat_map(draws).filter(|draw| draw["lot"] == *lot);
    let drawn = sum(earlier().map(|draw| &draw["amount"]));
    let mut amount = mg(&arrived["amounts"]["content"]);
    for (symbol, mg) in &mut amount {
        let left = *mg - drawn.get(symbol).copied().unwrap_or(0);
        // Three quarters of the draws take a part, the others all that is left.
        *mg = if share < 192 { left * u128::from(share) / 255 } else { left };
    }
    let amount = kg(&amount);
    let cumulative = kg(&sum(earlier().map(|draw| &draw["amount"]).chain([&amount])));
    let seq = (earlier().count() + 1).to_string();
    let positive = amount.as_object().is_some_and(|amount| !amount.is_empty());
    positive.then(|| json!({ "lot": lot, "seq": seq, "amount": amount, "cumulative": cumulative }))
}

/// One change to a history, and whether no log may hold the result.
pub(crate) fn mutated(
    history: &[Value],
    what: u8,
    at: prop::sample::Index,
    other: prop::sample::Index,
) -> (Vec<Value>, bool) {
    let mut history = history.to_vec();
    let (at, other) = (at.index(history.len()), other.index(history.len()));
    let another = history[other]["certificate"].clone();
    let mut certain = false;
    match what {
        0 => history.swap(at, other),
        1 => {
            let copy = history[at].clone();
            // Suspended, reinstated, suspended: that may be. Nothing else happens twice.
            certain = copy["kind"] != "status";
            history.insert(other, copy);
        }
        2 => {
            history.remove(at);
        }
        3 => {
            let there = if history[at]["home"] == HERE { THERE } else { HERE };
            if history[at]["home"].is_string() {
                history[at]["home"] = there.into();
            }
        }
        4 => history[at]["certificate"] = another,
        5 if history[at]["kind"] == "status" => {
            let value = if history[at]["value"] == "1" { "0" } else { "1" };
            history[at]["value"] = value.into();
        }
        6 if history[at]["from"].is_object() => {
            history[at]["from"]["origin"] = HERE.into();
            certain = true;
        }
        7 => {
            if let Some(content) = history[at].pointer_mut("/amounts/content") {
                let less: BTreeMap<_, _> =
                    mg(content).into_iter().map(|(s, mg)| (s, mg.div_ceil(2))).collect();
                *content = kg(&less);
            }
        }
        8 if history[at]["type"] == "ProcessingCertificate" => {
            history[at]["type"] = "TransferCertificate".into();
        }
        _ => {
            let Some(draw) = history[at].pointer_mut("/amounts/draws/0") else { return (history, false) };
            match what {
                9 | 10 => {
                    let name = if what == 9 { "amount" } else { "cumulative" };
                    let mut masses = mg(&draw[name]);
                    *masses.values_mut().next().unwrap() += 1;
                    draw[name] = kg(&masses);
                    certain = true;
                }
                11 => {
                    let seq: u64 = draw["seq"].as_str().unwrap().parse().unwrap();
                    draw["seq"] = (seq + 1).to_string().into();
                    certain = true;
                }
                _ => draw["lot"] = another,
            }
        }
    }
    (history, certain)
}

proptest! {
    #[test]
    fn what_a_log_may_hold_is_replayed_and_nothing_is_drawn_twice(wishes in wishes()) {
        let mut history = beginning();
        let mut ledger = ledger(&history);
        for (at, wish) in wishes.iter().enumerate() {
            let Some(entry) = wished(&history, &format!("lot {at}"), wish) else { continue };
            let applied = ledger.apply(&parse(&entry).unwrap());
            prop_assert_eq!(applied.is_ok(), may_follow(&history, &entry), "{} {:?}", entry, applied);
            if applied.is_ok() {
                history.push(entry);
            }
        }
        for arrived in history.iter().filter(|e| e["amounts"].is_object()) {
            let lot = &arrived["certificate"];
            let drawn = sum(history.iter().flat_map(draws).filter(|d| d["lot"] == *lot).map(|d| &d["amount"]));
            prop_assert!(fits(&drawn, &mg(&arrived["amounts"]["content"])));
            let standing = ledger.get(&Digest::parse(lot.as_str().unwrap()).unwrap()).unwrap();
            let kept: BTreeMap<_, _> =
                standing.drawn().iter().map(|(e, mg)| (e.to_string(), u128::from(mg))).collect();
            prop_assert_eq!(kept, drawn);
        }
        for (_, standing) in ledger.iter() {
            prop_assert_eq!(&Standing::parse(&standing.to_string()), &Ok(standing.clone()));
        }
    }

    #[test]
    fn a_changed_history_is_refused_where_it_breaks_a_rule(
        wishes in wishes(),
        what in 0..13_u8,
        at in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
    ) {
        let (history, certain) = mutated(&honest(&wishes), what, at, other);
        let fault = fault(&history);
        prop_assert_eq!(refused(&history), fault, "{:#?}", history);
        prop_assert!(!certain || fault.is_some(), "{:#?}", history);
    }

    #[test]
    fn a_ledger_of_what_is_named_comes_to_the_same_verdict(
        wishes in wishes(),
        what in 0..13_u8,
        at in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        size in 1..6_usize,
    ) {
        let (history, _) = mutated(&honest(&wishes), what, at, other);
        let entries: Vec<Entry> = history.iter().filter_map(|entry| parse(entry).ok()).collect();
        let mut whole = Ledger::new(Home::parse(HERE).unwrap());
        for batch in entries.chunks(size) {
            let mut partial = Ledger::new(Home::parse(HERE).unwrap());
            for name in batch.iter().flat_map(Entry::names) {
                if let Some(standing) = whole.get(&name) {
                    partial.insert(name, standing.clone());
                }
            }
            for entry in batch {
                prop_assert_eq!(partial.apply(entry), whole.apply(entry));
            }
            for (name, standing) in partial.iter() {
                prop_assert_eq!(whole.get(name), Some(standing));
            }
        }
    }
}
