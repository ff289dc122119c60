//! One number of an honest lineage is changed and signed again: the verifier says what the oracle says.

use std::collections::{BTreeMap, BTreeSet};

use conformance::book::time;
use conformance::vectors::Forge;
use serde_json::{Value, json};
use ytterby::finding::Effect;
use ytterby::{Bundle, Trust};

use crate::honest::seeds;
use crate::oracle::{Oracle, int, kg, mg};
use crate::plant::{AT, Dice, OWNER, Plant};

const SEEDS: u64 = 30;
const FORGERIES: usize = 40;

/// Signs a document again with the key of its issuer.
pub(crate) fn signed_again(document: &Value) -> Value {
    let mut document = document.clone();
    let method = document["proof"]["verificationMethod"].clone();
    document.as_object_mut().unwrap().remove("proof");
    let mut forge = Forge::default();
    let key = forge.key(OWNER);
    let config = json!({ "created": AT, "proofPurpose": "assertionMethod", "verificationMethod": method });
    forge.sign_with(&key, config, document).value
}

/// The codes that a verifier finds, warnings aside.
pub(crate) fn found(documents: &[Value], trust: &str) -> BTreeSet<&'static str> {
    let file = json!({ "bundle": "ytterby.bundle/1", "certificates": documents }).to_string();
    let bundle = Bundle::parse(file.as_bytes()).unwrap();
    let report = ytterby::verify(
        &bundle,
        &Trust::parse(trust.as_bytes()).unwrap(),
        &ytterby::Rules::default(),
        time(AT),
    );
    let grave = report.findings().iter().filter(|f| f.code.effect() != Effect::Warn);
    grave.map(|finding| finding.code.as_str()).collect()
}

/// Pointers to every mass that a certificate states.
fn masses(document: &Value) -> Vec<String> {
    let subject = &document["credentialSubject"];
    let of = |at: &str| -> Vec<String> {
        let members = subject.pointer(at).and_then(Value::as_object);
        members.into_iter().flatten().map(|(e, _)| format!("{at}/{e}")).collect()
    };
    let count = |name: &str| subject[name].as_array().map_or(0, Vec::len);
    let mut all = of("/content");
    all.extend((0..count("inputs")).flat_map(|at| of(&format!("/inputs/{at}/draws"))));
    all.extend((0..count("declaredInputs")).map(|at| format!("/declaredInputs/{at}/mass")));
    all.extend(subject.get("netMass").map(|_| "/netMass".to_owned()));
    all
}

/// The document with one mass changed by up to a kilogram, most often by one milligram.
fn forged(document: &Value, dice: &mut Dice) -> Option<Value> {
    let masses = masses(document);
    let at = format!("/credentialSubject{}", dice.pick(&masses));
    let mut forged = document.clone();
    let by = int(*dice.pick(&[1, 1, 1, 2, 1000, 1_000_000, -1, -1, -2, -1_000_000]));
    let place = forged.pointer_mut(&at).unwrap();
    let changed = mg(place.as_str().unwrap()) + by;
    (changed > int(0)).then(|| *place = json!(kg(&changed)))?;
    Some(signed_again(&forged))
}

#[test]
fn a_milligram_off_is_found_exactly_where_the_oracle_finds_it() {
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut cases, mut accepted) = (0, 0);
    for seed in seeds(SEEDS) {
        println!("seed {seed}");
        let mut plant = Plant::new(seed ^ 0xf0f0);
        for _ in 0..25 {
            plant.step();
        }
        let trust = plant.book.trust_file(None);
        for _ in 0..FORGERIES {
            let leaves: Vec<usize> = (0..plant.documents.len())
                .filter(|at| !plant.oracle.drawn.contains_key(plant.documents[*at]["id"].as_str().unwrap()))
                .collect();
            let at = *plant.dice.pick(&leaves);
            let Some(forged) = forged(&plant.documents[at], &mut plant.dice) else { continue };
            let mut documents = plant.documents.clone();
            documents.remove(at);
            let mut oracle = Oracle::default();
            for honest in &documents {
                oracle.judge(honest);
            }
            let mut expected = oracle.judge(&forged);
            expected.remove("conservation.within-bound");
            documents.push(forged);
            assert_eq!(found(&documents, &trust), expected, "{:#}", documents.last().unwrap());
            cases += 1;
            accepted += usize::from(expected.is_empty());
            for code in expected {
                *codes.entry(code).or_default() += 1;
            }
        }
    }
    println!("{cases} forgeries, {accepted} of them within every limit: {codes:?}");
    for code in [
        "conservation.correction",
        "conservation.draws-mismatch",
        "conservation.exceeds-draws",
        "conservation.overdrawn",
        "conservation.split",
        "content.mismatch",
    ] {
        assert!(codes.contains_key(code), "no forgery showed {code}: {codes:?}");
    }
}
