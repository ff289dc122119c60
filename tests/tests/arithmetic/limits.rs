//! Limits: what only a detection limit stands for is certified once, whoever certifies it.

use serde_json::{Value, json};

use crate::forged::found;
use crate::honest::{bounded, seeds};
use crate::oracle::{get, int, kg};
use crate::plant::{Plant, assay, draft, transfer};

const EXCEEDS: &str = "conservation.exceeds-bound";

fn row(element: &str, percent: &str) -> Value {
    json!({ "element": element, "percent": percent })
}

/// Half neodymium, a tenth praseodymium, dysprosium below 0.01 %: 100 g in a tonne.
fn ore(plant: &mut Plant) -> String {
    let dysprosium = json!({ "element": "Dy", "below": "0.01" });
    plant.honest(&draft(
        "OriginCertificate",
        "metal",
        json!({
            "source": "mined", "origin": { "country": "AU" }, "netMass": "1000",
            "assay": assay(vec![row("Nd", "50"), row("Pr", "10"), dysprosium]),
        }),
    ))
}

/// All of an element of a lot, with this much dysprosium, and a limit that allows everything.
fn product(plant: &mut Plant, from: &str, element: &str, grams: u64) -> Value {
    let content = plant.left(from, element);
    let mass = &content * int(2);
    let dysprosium = int(grams) * int(1000) * int(100_000_000) / &mass;
    let row_of = json!({ "element": "Dy", "percent": kg(&dysprosium) });
    draft(
        "ProcessingCertificate",
        "metal",
        json!({
            "step": "reduction", "netMass": kg(&mass), "assay": assay(vec![row(element, "50"), row_of]),
            "inputs": [{ "lot": from, "draws": { element: kg(&content) } }],
        }),
    )
}

/// Lots on the way state limits of their own and split the ore by element: all shares together are of the
/// one limit that the origin stated.
#[test]
fn a_limit_is_spent_once_over_parallel_products() {
    let (mut over, mut under) = (0, 0);
    for seed in seeds(40) {
        let mut plant = Plant::new(seed);
        let from = ore(&mut plant);
        let mut sums = 0;
        let mut expected = std::collections::BTreeSet::new();
        for element in ["Nd", "Pr"] {
            let mut lot = from.clone();
            if plant.dice.between(0, 1) == 0 {
                // On the way through a pool that says it may be nothing but dysprosium.
                let draws = json!({ element: kg(&plant.left(&lot, element)) });
                lot = plant.honest(&draft(
                    "ProcessingCertificate",
                    "in-process",
                    json!({
                        "step": "in-process", "netMass": "1000",
                        "assay": assay(vec![json!({ "element": "Dy", "below": "100" })]),
                        "inputs": [{ "lot": lot, "draws": draws }],
                    }),
                ));
            }
            let grams = plant.dice.between(1, 90);
            let draft = product(&mut plant, &lot, element, grams);
            expected.extend(plant.let_in(&draft).unwrap().1);
            sums += grams;
        }
        expected.remove("conservation.within-bound");
        let trust = plant.book.trust_file(None);
        assert_eq!(found(&plant.documents, &trust), expected, "{sums} g of 100 g");
        assert_eq!(expected.contains(EXCEEDS), sums > 100, "{sums} g of 100 g");
        over += usize::from(sums > 100);
        under += usize::from(sums <= 100);
    }
    println!("{over} above the limit, {under} below it");
    assert!(over > 5 && under > 5);
}

/// A milligram of the ore carries a milligram's share of its limit, whatever is said on the way.
#[test]
fn a_limit_of_its_own_gives_a_lot_nothing() {
    let mut plant = Plant::new(1);
    let from = ore(&mut plant);
    let pool = plant.honest(&draft(
        "ProcessingCertificate",
        "in-process",
        json!({
            "step": "in-process", "netMass": "900000", "assay": assay(vec![json!({ "element": "Dy", "below": "100" })]),
            "inputs": [{ "lot": from, "draws": { "Nd": "50" } }],
        }),
    ));
    assert_eq!(get(&plant.oracle.lots[&pool].bounds, "Dy"), int(10_000), "a tenth of 100 g");
    let subject = plant.document(&pool)["credentialSubject"].clone();
    let half = plant.honest(&transfer(&pool, &subject, json!({ "netMass": "450000" })));
    assert_eq!(get(&plant.oracle.lots[&half].bounds, "Dy"), int(5_000));
    let draft = product(&mut plant, &half, "Nd", 6);
    let refused = plant.issue(&draft).unwrap_err();
    assert!(refused.iter().any(|f| f.starts_with(EXCEEDS)), "{refused:?}");
    let draft = product(&mut plant, &half, "Nd", 5);
    plant.honest(&draft);
    bounded(&plant.oracle);
}
