//! Rules over whole bundles: what a hostile issuer puts into one does not become an answer.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::path::Path;

use conformance::book::{Book, time};
use conformance::vectors::{Forge, NOW, Signed};
use serde_json::{Value, json};
use ytterby::rules::Answer;
use ytterby::{Bundle, RulePack, Rules, Trust, Verdict};

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
