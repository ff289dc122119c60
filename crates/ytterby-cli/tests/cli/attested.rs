//! Attestations on the screen: third parties' word and parties' own, apart.

use serde_json::Value;

use super::run::{Folder, Ran};

/// A folder with a vector's bundle, trust file and rules.
fn vector(text: &str) -> Folder {
    let file: Value = serde_json::from_str(text).unwrap();
    let folder = Folder::new();
    folder.write("delivery.json", file["bundle"].to_string());
    folder.write("trust.toml", file["trust"].as_str().unwrap());
    if let Some(rules) = file["rules"].as_str() {
        folder.write("rules.toml", rules);
    }
    folder
}

const UMPIRE: &str =
    include_str!("../../../../proto-docs/vectors/honest-report-umpire-supersedes-final.json");
const OWN: &str = include_str!("../../../../proto-docs/vectors/rule.not-demonstrated-self-declared.json");
const REUSED: &str = include_str!("../../../../proto-docs/vectors/content.report-reused.json");
const AT: [&str; 4] = ["--at", "2026-11-24T12:00:00Z", "--trust", "trust.toml"];

fn verify(folder: &Folder, more: &[&str]) -> Ran {
    folder.run(&[&["verify", "delivery.json"], &AT[..], more].concat())
}

#[test]
fn a_report_that_another_supersedes_says_so() {
    let folder = vector(UMPIRE);
    let ran = verify(&folder, &[]).exits(0);
    let line =
        |start: &str| ran.out.lines().find(|line| line.trim_start().starts_with(start)).unwrap().to_owned();
    let umpire = line("attested");
    assert!(
        umpire.contains("umpire assay of MREC-0001 by did:web:laboratory.example: as measured"),
        "{umpire}"
    );
    assert!(!umpire.contains("superseded"));
    let last = line("final assay of MREC-0001");
    assert!(
        last.contains("by did:web:second-laboratory.example") && last.contains(" · superseded by "),
        "{last}"
    );
    assert!(!ran.out.contains("self-declared"));
    let json = verify(&folder, &["--format", "json"]).exits(0).json();
    let attested = json["attestations"]["attested"].as_array().unwrap();
    let stands: Vec<_> =
        attested.iter().map(|own| (own["purpose"].as_str(), own["stands"].as_bool())).collect();
    assert_eq!(stands, [(Some("umpire"), Some(true)), (Some("final"), Some(false))]);
    assert_eq!(attested[1]["supersededBy"], attested[0]["certificate"]);
    assert_eq!(json["attestations"]["selfDeclared"], serde_json::json!([]));
}

#[test]
fn a_claim_of_ones_own_is_under_a_heading_of_its_own() {
    let folder = vector(OWN);
    let ran = verify(&folder, &["--rules", "rules.toml"]).exits(4);
    let wanted = "self-declared  esg of MREC-0001 by did:web:refinery.example (ISO 14067 2018; boundary cradle to gate; \
                  allocated by mass of oxide): 41.2 kg CO2e per kg · says that Example Assurance verified it";
    assert!(ran.out.contains(wanted), "{}", ran.out);
    assert!(!ran.out.contains("    attested "), "{}", ran.out);
    assert!(ran.out.contains("declares it itself, and no third party attests it"), "{}", ran.out);
    let json = verify(&folder, &["--format", "json"]).json();
    let own = &json["attestations"]["selfDeclared"][0];
    assert_eq!((own["boundary"].as_str(), own["byParty"].as_bool()), (Some("cradle to gate"), Some(true)));
    assert_eq!(json["attestations"]["attested"], serde_json::json!([]));
    for format in ["markdown", "html"] {
        let page = verify(&folder, &["--format", format]).out;
        assert!(page.contains("Self-declared, by who made or moved the metal"), "{page}");
        assert!(
            page.contains("allocated by mass of oxide") && !page.contains("Attested by third parties"),
            "{page}"
        );
    }
    // Nobody's word is taken in a profile, and whose it is is told apart all the same.
    let profile = folder.run(&["profile", "delivery.json"]).exits(0);
    assert!(profile.out.contains("\n  self-declared  esg of MREC-0001"), "{}", profile.out);
    assert!(!profile.out.contains("by others"), "{}", profile.out);
    let json = folder.run(&["profile", "delivery.json", "--format", "json"]).exits(0).json();
    assert_eq!(json["attestations"]["notCounted"][0]["byParty"], serde_json::json!(true));
    // Alone it shows what it is a figure of.
    let claim: Value = serde_json::from_str(OWN).unwrap();
    folder.write("claim.json", claim["bundle"]["attestations"][0].to_string());
    let shown = folder.run(&["show", "claim.json"]).exits(0).out;
    assert!(
        shown.contains("\n  allocation    by mass of oxide\n  verifier      Example Assurance\n"),
        "{shown}"
    );
}

#[test]
fn one_report_under_two_lots_is_said_with_both() {
    let ran = verify(&vector(REUSED), &[]).exits(4);
    let wanted = "report R-17 of lab a ltd stands under MREC-0001 and MREC-0002";
    assert!(ran.out.contains("content.report-reused") && ran.out.contains(wanted), "{}", ran.out);
}
