//! The published exchange with a screening service, as the registry judges it.
#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

use std::collections::BTreeSet;
use std::path::Path;

use conformance::vectors::{Exchange, screening};
use serde_json::Value;
use ytterby_registry::screening::Answer;

fn file() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto-docs/values/screening.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn answer(row: &Value) -> Answer {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let headers = row["headers"].as_array().unwrap();
    Answer {
        status: text(&row["status"]).parse().unwrap(),
        headers: headers.iter().map(|header| (text(&header[0]), text(&header[1]))).collect(),
        body: text(&row["body"]).into_bytes(),
    }
}

#[test]
fn the_committed_file_is_what_the_generator_makes() {
    assert_eq!(file(), screening(), "run `make vectors`");
}

#[test]
fn each_answer_is_believed_or_breaks_its_rule() {
    let (file, exchange) = (file(), Exchange::new(7));
    let keys = &exchange.setting.keys;
    for row in file["answers"].as_array().unwrap() {
        let decisions = exchange.question.judge(&answer(row), keys).unwrap();
        let allowed: Vec<_> = decisions.iter().map(|own| own.is_allowed).collect();
        assert_eq!(allowed, [row["allowed"].as_bool().unwrap()], "{}", row["comment"]);
        assert_eq!(decisions[0].reference.as_deref(), Some("case 4711"));
    }
    let mut rules = BTreeSet::new();
    for row in file["refused"].as_array().unwrap() {
        let bad = exchange.question.judge(&answer(row), keys).unwrap_err();
        assert_eq!(bad.rule().to_string(), row["expect"], "{}: {bad}", row["comment"]);
        rules.insert(bad.rule());
    }
    assert_eq!(rules, BTreeSet::from([1, 3, 4, 5, 6, 7, 8]));
}

/// What is believed of one question is believed of no other, whatever the nonce is all that they differ in.
#[test]
fn an_answer_fits_its_own_question_alone() {
    let file = file();
    let good = answer(&file["answers"][0]);
    for nonce in [0, 1, 6, 8, 255] {
        let other = Exchange::new(nonce);
        assert_eq!(other.question.judge(&good, &other.setting.keys).unwrap_err().rule(), 7);
    }
}

/// Every single bit of a believed answer: what is still believed says the same.
#[test]
fn no_flipped_bit_changes_what_is_believed() {
    let (exchange, file) = (Exchange::new(7), file());
    let good = answer(&file["answers"][1]);
    let said = exchange.question.judge(&good, &exchange.setting.keys).unwrap();
    let mut tried = 0;
    let mut judge = |spoiled: &Answer| {
        tried += 1;
        if let Ok(decisions) = exchange.question.judge(spoiled, &exchange.setting.keys) {
            assert_eq!(decisions, said);
        }
    };
    for (at, bit) in (0..good.body.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut spoiled = good.clone();
        spoiled.body[at] ^= 1 << bit;
        judge(&spoiled);
    }
    for (header, (_, value)) in good.headers.iter().enumerate() {
        for (at, bit) in (0..value.len()).flat_map(|at| (0..7).map(move |bit| (at, bit))) {
            let mut bytes = value.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let mut spoiled = good.clone();
            spoiled.headers[header].1 = String::from_utf8(bytes).unwrap();
            judge(&spoiled);
        }
    }
    assert!(tried > 3_000, "{tried}");
}

/// Whoever sees the question holds no certificate.
#[test]
fn the_question_has_no_proof_in_it() {
    let question: Value = serde_json::from_slice(&Exchange::new(7).question.body).unwrap();
    let claims = &question["transfers"][0]["claims"];
    assert!(claims["credentialSubject"]["kind"].is_string() && claims.get("proof").is_none());
}
