//! Rules over whole bundles: what a hostile issuer puts into one does not become an answer.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::path::Path;
use std::time::{Duration, Instant};

use conformance::book::{Book, time};
use conformance::vectors::{Forge, NOW, Signed, accreditation};
use serde_json::{Value, json};
use ytterby::rules::Answer;
use ytterby::{Bundle, Question, RulePack, Rules, Trust, Verdict};

/// A pack with one question.
fn pack(ask: &str) -> Rules {
    let text = format!(
        "pack = \"ytterby.rules/1\"\nid = \"own\"\ntitle = \"own\"\njurisdiction = \"INT\"\ninstrument = \"own\"\n\
         as-of = \"2026-11-23\"\nconfidence = \"made up\"\n[[clause]]\nid = \"own\"\ntitle = \"own\"\n\
         [[clause.ask]]\n{ask}\n"
    );
    Rules { packs: vec![RulePack::parse(text.as_bytes()).unwrap()], screening: Vec::new() }
}

fn answer(bundle: &Value, trust: &str, at: &str, rules: &Rules) -> (Answer, Verdict) {
    let bytes = bundle.to_string();
    let bundle = Bundle::parse(bytes.as_bytes()).unwrap();
    let report = ytterby::verify(&bundle, &Trust::parse(trust.as_bytes()).unwrap(), rules, time(at));
    (report.rules[0].answer, report.verdict())
}

/// What is revoked beside a lot is only warned of, and is no evidence any more.
#[test]
fn a_revoked_attestation_shows_nothing() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto-docs/vectors");
    let bytes = std::fs::read(vectors.join("status.attestation-revoked-rule.json")).unwrap();
    let vector: Value = serde_json::from_slice(&bytes).unwrap();
    let rules = pack("that = \"attested\"\nkind = \"audit\"");
    let (at, trust) = (vector["at"].as_str().unwrap(), vector["trust"].as_str().unwrap());
    let found = answer(&vector["bundle"], trust, at, &rules);
    assert_eq!(found, (Answer::NotDemonstrated, Verdict::Undecided));
    // The same without the list that shows it, which this verifier does not ask for.
    let mut unknown = vector["bundle"].clone();
    unknown["statusLists"] = json!([]);
    let found = answer(&unknown, &trust.replace("status = true", "status = false"), at, &rules);
    assert_eq!(found.0, Answer::Pass);
}

/// An ore and an oxide of another ore, and what an accepted auditor says of one of them.
#[test]
fn what_is_attested_of_another_lot_shows_nothing() {
    let mut forge = Forge::default();
    let ore = forge.ore();
    let oxide = forge.oxide(&ore);
    let other = forge.ore();
    let lots = |lot: &Signed| {
        let digest = lot.certificate().digest().to_string();
        json!({ "lots": [{ "lot": lot.value["id"], "digestMultibase": digest }] })
    };
    let facility = |id: &str| json!({ "facility": { "id": id, "name": "Plant", "country": "MY" } });
    let own = oxide.value["credentialSubject"]["facility"]["id"].as_str().unwrap().to_owned();
    let home = ore.value["credentialSubject"]["home"].clone();
    let rules = pack("that = \"attested\"\nkind = \"audit\"");
    for (about, expected) in [
        (lots(&ore), Answer::Pass),
        (lots(&oxide), Answer::Pass),
        (lots(&other), Answer::NotDemonstrated),
        (facility(&own), Answer::Pass),
        (facility("urn:gln:9521321999995"), Answer::NotDemonstrated),
        (json!({ "sampleId": "S-1" }), Answer::NotDemonstrated),
    ] {
        let subject = json!({ "home": home, "kind": "audit", "about": about, "result": "passed" });
        let claim = forge.sign_as("auditor", "2026-09-20T10:00:00Z", "AttestationCertificate", subject);
        let bundle = json!({
            "bundle": "ytterby.bundle/1", "subject": [oxide.certificate().digest().to_string()],
            "certificates": [ore.value, oxide.value, other.value], "attestations": [claim.value],
        });
        let pins: String = (["refinery", "auditor"].iter())
            .map(|name| {
                let (did, key) = (Book::did(name), forge.key(name).public());
                format!("[[issuer]]\ndid = \"{did}\"\nkeys = [\"{key}\"]\n")
            })
            .collect();
        let trust = format!("version = 1\n{pins}[require]\nregistration = false\nstatus = false\n");
        assert_eq!(answer(&bundle, &trust, NOW, &rules).0, expected, "{about}");
    }
}

/// One accreditor, reached in as many ways as are kept, floods a bundle: four times as many take about four
/// times as long.
#[test]
fn a_flood_by_one_accreditor_stays_linear() {
    let mut forge = Forge::default();
    let ore = forge.ore();
    let mut given: Vec<Value> = Vec::new();
    for number in 0..64 {
        let may = json!({ "mayAccredit": {}, "name": format!("n{number}") });
        given.push(accreditation(&mut forge, "alliance", "body", &may).value);
    }
    given.push(accreditation(&mut forge, "body", "refinery", &json!({ "mayCertify": {} })).value);
    for number in 0..8_000 {
        let may = json!({ "mayCertify": {} });
        given.push(accreditation(&mut forge, "body", &format!("company-{number}"), &may).value);
    }
    let key = forge.key("alliance").public();
    let trust = format!(
        "version = 1\n[[anchor]]\ndid = \"{}\"\nkeys = [\"{key}\"]\n[require]\nregistration = false\nstatus = false\n",
        Book::did("alliance")
    );
    let trust = Trust::parse(trust.as_bytes()).unwrap();
    let took = |count: usize| -> Duration {
        let bundle = json!({
            "bundle": "ytterby.bundle/1", "subject": [ore.certificate().digest().to_string()],
            "certificates": [ore.value], "accreditations": given[..65 + count],
        });
        let bytes = bundle.to_string();
        let bundle = Bundle::parse(bytes.as_bytes()).unwrap();
        let begin = now();
        let report = ytterby::verify_with(&bundle, &trust, time(NOW), &Question::default(), &mut |_, _| {});
        assert_eq!(report.verdict(), Verdict::Verified);
        begin.elapsed()
    };
    // The best of several, in turn: other programs run beside this one.
    let rounds: Vec<(Duration, Duration)> = (0..4).map(|_| (took(2_000), took(8_000))).collect();
    let few = rounds.iter().map(|(few, _)| *few).min().unwrap();
    let many = rounds.iter().map(|(_, many)| *many).min().unwrap();
    println!("2 000 in {few:?}, 8 000 in {many:?}");
    // Four times as many in less than ten times as long: a square would be sixteen.
    assert!(many < few * 10, "{few:?}, then {many:?}");
}

#[expect(clippy::disallowed_methods, reason = "a test measures how long something takes")]
fn now() -> Instant {
    Instant::now()
}
