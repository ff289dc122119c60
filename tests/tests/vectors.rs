//! The committed vectors: the set of codes is exactly the expected one, and every code has one.
#![expect(clippy::unwrap_used, reason = "a test that cannot read what it tests fails")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use conformance::book::time;
use conformance::vectors::Forge;
use serde_json::Value;
use ytterby::assay::{Amount, Row};
use ytterby::budget::Budget;
use ytterby::decimal::{Mass, Percent};
use ytterby::element::{Element, Oxide};
use ytterby::finding::Code;
use ytterby::form::{MassBasis, PercentBasis};
use ytterby::{Bundle, Certificate, Question, Report, RulePack, Rules, Trust};

/// Codes that no bundle alone can show, and the tests that show them.
const ELSEWHERE: [(&str, &str); 5] = [
    ("authority.key-unpublished", "crates/ytterby-cli/src/online: a key that its document does not hold"),
    ("authority.trust-file-older", "crates/ytterby-cli/tests: an older edition after a newer one"),
    ("custody.already-received", "crates/ytterby-cli/tests: --record twice"),
    ("limit.certificate-bytes", "tests/tests/admission.rs: a certificate over the limit"),
    ("online.unavailable", "crates/ytterby-cli/tests: registries and issuers that do not answer"),
];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto-docs").join(name)
}

fn files() -> Vec<(String, Value)> {
    let mut files: Vec<(String, Value)> = std::fs::read_dir(folder("vectors"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
        })
        .collect();
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files
}

fn codes(file: &Value) -> BTreeSet<String> {
    report(file).findings().iter().map(|finding| finding.code.as_str().to_owned()).collect()
}

fn report(file: &Value) -> Report {
    let bytes = file["bundle"].to_string();
    let bundle = Bundle::parse(bytes.as_bytes()).unwrap();
    let trust =
        file["trust"].as_str().map_or_else(Trust::nobody, |text| Trust::parse(text.as_bytes()).unwrap());
    let count = |name: &str| file["budget"][name].as_u64().map(|n| usize::try_from(n).unwrap());
    let usual = Budget::default();
    let question = Question {
        max_status_age: ytterby::StatusAge::default(),
        lot: file["lot"].as_str().map(str::to_owned),
        mass: file["mass"].as_str().map(|mass| Mass::parse(mass).unwrap()),
        rules: Rules {
            packs: file["rules"]
                .as_str()
                .map(|text| RulePack::parse(text.as_bytes()).unwrap())
                .into_iter()
                .collect(),
            screening: Vec::new(),
        },
        budget: Budget {
            certificates: count("certificates").unwrap_or(usual.certificates),
            edges: count("draws").unwrap_or(usual.edges),
            signatures: count("signatures").unwrap_or(usual.signatures),
            ..usual
        },
    };
    ytterby::verify_with(&bundle, &trust, time(file["at"].as_str().unwrap()), &question, &mut |_, _| {})
}

fn expected(file: &Value) -> BTreeSet<String> {
    file["expect"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_vector_shows_exactly_its_codes() {
    let wrong: Vec<String> = files()
        .iter()
        .filter(|(_, file)| codes(file) != expected(file))
        .map(|(name, file)| format!("{name}: expected {:?}, found {:?}", expected(file), codes(file)))
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

/// What is no finding is told all the same, and only from when it was known.
#[test]
fn a_closing_is_told_once_it_was_shown() {
    let closed = |wanted: &str| {
        let (_, file) = files().into_iter().find(|(name, _)| name == wanted).unwrap();
        report(&file).certificates[0].closed.as_ref().map(|closed| closed.reason.as_str())
    };
    assert_eq!(closed("honest-closed"), Some("consumed"));
    assert_eq!(closed("honest-closed-later"), None);
}

#[test]
fn every_code_has_a_vector_with_that_fault() {
    let shown: BTreeSet<String> = files().iter().flat_map(|(_, file)| expected(file)).collect();
    let elsewhere: BTreeSet<&str> = ELSEWHERE.iter().map(|(code, _)| *code).collect();
    for code in Code::ALL {
        let (name, vector) = (code.as_str(), shown.contains(code.as_str()));
        assert_ne!(vector, elsewhere.contains(name), "{name}: a vector, or else a place in the list above");
    }
}

#[test]
fn committed_files_are_what_the_generator_makes() {
    let files = files();
    let made = conformance::vectors::all();
    assert_eq!(files.len(), made.len());
    for vector in made {
        let file = files.iter().find(|(name, _)| name == vector.name).map(|(_, file)| file);
        assert_eq!(file, Some(&vector.to_json()), "{}: run `make vectors`", vector.name);
    }
    for (name, schema) in ytterby::published_schemas() {
        let committed: Value =
            serde_json::from_slice(&std::fs::read(folder("schemas").join(&name)).unwrap()).unwrap();
        assert_eq!(committed, schema, "{name}: run `make vectors`");
    }
}

#[test]
fn values_are_what_the_library_computes() {
    let read = |name: &str| -> Value {
        serde_json::from_slice(&std::fs::read(folder("values").join(name)).unwrap()).unwrap()
    };
    assert_eq!(read("certificate.json"), conformance::vectors::intermediate());
    let contents = read("content.json");
    assert_eq!(contents, conformance::vectors::contents());
    let text = std::fs::read_to_string(folder("findings.md")).unwrap();
    assert_eq!(text, conformance::vectors::findings_document(), "run `make vectors`");
}

/// Each row of `content.json` as an assay of ignited material in shares of TREO, which takes every factor.
#[test]
fn contents_are_what_the_library_computes() {
    let ore = Forge::default().ore().value.to_string();
    let ore = Certificate::parse(ore.as_bytes()).unwrap();
    let file = std::fs::read(folder("values").join("content.json")).unwrap();
    let file: Value = serde_json::from_slice(&file).unwrap();
    let rows = file["rows"].as_array().unwrap();
    for row in rows {
        let text = |name: &str| row[name].as_str().unwrap();
        let percent = |name: &str| Percent::parse(text(name)).unwrap();
        let oxide = Oxide {
            name: "an oxide of this factor",
            element: Element::parse("Nd").unwrap(),
            ppm: text("ppm").parse().unwrap(),
        };
        let amount = Amount::Percent(percent("percent"));
        let component = Row { element: oxide.element, oxide: Some(Box::leak(Box::new(oxide))), amount };
        let mut assay = ore.lot().unwrap().assay.as_deref().unwrap().clone();
        assay.mass_basis = MassBasis::Ignited;
        assay.moisture = Some(percent("moisture"));
        assay.loss_on_ignition = Some(percent("lossOnIgnition"));
        assay.percent_basis = PercentBasis::OfTreo;
        assay.treo = Some(percent("share"));
        let content = assay.content(Mass::parse(text("netMass")).unwrap(), &component).unwrap();
        assert_eq!(content.mg().to_string(), text("contentMilligrams"), "{}", text("comment"));
    }
    assert!(rows.len() >= 5);
}

#[test]
fn every_code_has_a_section_in_the_findings_document() {
    let text = std::fs::read_to_string(folder("findings.md")).unwrap();
    let sections: BTreeSet<&str> = text.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(sections, codes);
}
