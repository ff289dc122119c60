//! The published schemas and the code draw the same line between form and no form.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::{BTreeMap, BTreeSet};

use conformance::book::time;
use conformance::corridor::{NOW, issued};
use conformance::vectors::{Forge, accreditation};
use jsonschema::Validator;
use serde_json::{Value, json};
use ytterby::{Bundle, Certificate, Trust};

/// What the code refuses and a schema lets through, and why a schema cannot say it. A place is the
/// end of a pointer, without indices; a fault of any other kind or place must be seen by both.
const CODE_ALONE: [(&str, &str); 8] = [
    ("/holder", "the holder of a transfer equals its recipient's DID; every other lot has one"),
    ("/to/id", "the holder of a transfer equals its recipient's DID"),
    ("/netMass", "an origin is weighed, though other lots need not be"),
    ("/assay", "an origin is assayed, though other lots need not be"),
    ("/documents", "what was purchased has the supplier's documents"),
    ("/components/oxide", "either an element or an oxide"),
    ("/components/element", "either an element or an oxide"),
    ("/components/percent", "either a percentage or a limit"),
];
/// More of them: impurities, limits, corrections, periods.
const CODE_ALONE_TOO: [(&str, &str); 14] = [
    ("/mayCertify", "an accreditation lets somebody do something"),
    ("/accredits", "nobody accredits himself"),
    ("/components", "either an element or an oxide"),
    ("/impurities", "either an amount or a limit"),
    ("/authorisations/reason", "an authorisation has a number, or a reason why none is required"),
    ("/components/below", "either a percentage or a limit"),
    ("/impurities/ppm", "either an amount or a limit"),
    ("/impurities/belowPpm", "either an amount or a limit"),
    ("/corrects/digestMultibase", "a correction's one input is what it corrects"),
    ("/inputs/digestMultibase", "a correction's one input is what it corrects"),
    ("/period/from", "a period ends after it begins"),
    ("/period/to", "a period ends after it begins"),
    ("/authorisations/number", "an authorisation has a number, or a reason why none is required"),
    ("/collectedIn", "material after use needs the country it was collected in"),
];
/// Words of a grammar that is a list: the pattern knows its shape, only the code its members.
const LISTED: [(&str, &str); 4] = [
    ("x\0y", "text has no control characters; which those are is a list of Unicode's"),
    ("Xx", "no element, though it is spelt like one"),
    ("XX", "no country, though it is spelt like one"),
    ("2026-02-30", "no day of the calendar, though it is spelt like one"),
];

fn validators() -> BTreeMap<String, Validator> {
    ytterby::published_schemas()
        .iter()
        .map(|(name, schema)| {
            let kind = name.trim_end_matches(".schema.json").to_owned();
            (kind, jsonschema::validator_for(schema).unwrap())
        })
        .collect()
}

/// One changed document: where, what was done, and whether a list's member was put in.
struct Variation {
    at: String,
    what: String,
    document: Value,
}

/// Where a document may be varied: every object and every leaf.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                places(member, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), all);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{index}"), all);
            }
        }
        _ => {}
    }
}

fn variations(document: &Value) -> Vec<Variation> {
    let mut at = Vec::new();
    places(document, "", &mut at);
    let mut all = Vec::new();
    for at in at {
        let mut add = |what: &str, change: &dyn Fn(&mut Value)| {
            let mut document = document.clone();
            change(document.pointer_mut(&at).unwrap());
            all.push(Variation { at: at.clone(), what: what.to_owned(), document });
        };
        match document.pointer(&at).unwrap() {
            Value::Object(members) => {
                add("an unknown member", &|place| place["colour"] = json!("red"));
                add("a string for an object", &|place| *place = json!("x"));
                add("an empty object", &|place| *place = json!({}));
                for name in members.keys() {
                    let what = format!("without {name}");
                    add(&what, &|place| drop(place.as_object_mut().unwrap().remove(name)));
                }
            }
            Value::Array(_) => {
                add("an empty list", &|place| *place = json!([]));
                add("an object for a list", &|place| *place = json!({}));
            }
            Value::String(text) => {
                for bad in ["", " ", "-1", "1e3", "01", "Xx", "XX", "2026-02-30", "did:example:1", "x\u{0}y"]
                {
                    add(&format!("{bad:?}"), &|place| *place = json!(bad));
                }
                add("a blank behind it", &|place| *place = json!(format!("{text} ")));
                add("a number", &|place| *place = json!(1));
                add("a list of it", &|place| *place = json!([text]));
                add("null", &|place| *place = Value::Null);
            }
            _ => {
                add("false", &|place| *place = json!(false));
                add("a string for a flag", &|place| *place = json!("true"));
            }
        }
    }
    all
}

/// The pointer of what is missing or wrong, without indices.
fn place(variation: &Variation) -> String {
    let member = variation.what.strip_prefix("without ").map_or(String::new(), |name| format!("/{name}"));
    let parts = variation.at.split('/').skip(1).filter(|part| part.parse::<usize>().is_err());
    parts.map(|part| format!("/{part}")).collect::<String>() + &member
}

/// Why the code may refuse what the schema accepts, if it may.
fn reason(variation: &Variation) -> Option<&'static str> {
    let place = place(variation);
    let listed = LISTED.iter().find(|(word, _)| variation.what == format!("{word:?}"));
    let stated = CODE_ALONE.iter().chain(&CODE_ALONE_TOO).find(|(end, _)| place.ends_with(end));
    listed.or(stated).map(|(_, reason)| *reason)
}

/// Whether a document is a certificate with a proof of our suite, whoever signed it: what a schema
/// says of a proof is for the proof check to say, which tells a wrong one from a malformed one.
fn sound(document: &Value) -> bool {
    let text = document.to_string();
    let Ok(certificate) = Certificate::parse(text.as_bytes()) else { return false };
    let bundle = Bundle::of(vec![certificate.digest()], vec![certificate]);
    let report = ytterby::verify(&bundle, &Trust::nobody(), &ytterby::Rules::default(), time(NOW));
    let form = ["proof.context", "proof.encoding", "proof.method", "proof.suite"];
    !report.findings().iter().any(|finding| form.contains(&finding.code.as_str()))
}

fn kind_of(document: &Value) -> &str {
    document["type"][1].as_str().unwrap()
}

/// An accreditation with every member that one can have.
fn accredited() -> Value {
    let scope = json!({
        "steps": ["origin", "separation", "transfer"], "countries": ["MY"], "elements": ["Nd", "Pr"],
        "sources": ["mined", "opening-stock"],
        "facilities": [{ "id": "urn:gln:9521321000010", "annualCapacity": "1000", "origins": "registry.example/ree" }],
        "openingStock": { "until": "2026-12-31", "limits": { "Nd": "1.5" } },
    });
    let given = json!({ "mayCertify": scope, "mayAccredit": scope, "name": "Example Refinery" });
    let mut forge = Forge::default();
    let mut signed = accreditation(&mut forge, "alliance", "refinery", &given).value;
    let key = &mut signed["credentialSubject"]["keys"][0];
    key["from"] = json!("2026-01-01T00:00:00Z");
    key["until"] = json!("2027-01-01T00:00:00Z");
    key["retired"] = json!("2026-11-01T00:00:00Z");
    key["compromised"] = json!("2026-12-01T00:00:00Z");
    signed
}

fn corridor() -> Vec<Value> {
    issued().certificates.iter().map(|c| serde_json::from_slice(c.bytes()).unwrap()).collect()
}

#[test]
fn every_certificate_of_the_corridor_fits_its_schema() {
    let validators = validators();
    let mut kinds = BTreeSet::new();
    for document in corridor() {
        let kind = kind_of(&document).to_owned();
        let errors: Vec<_> = validators[&kind].iter_errors(&document).map(|e| e.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{document:#}");
        kinds.insert(kind);
    }
    assert_eq!(kinds.len(), 3, "{kinds:?}");
    let errors: Vec<_> =
        validators["AccreditationCertificate"].iter_errors(&accredited()).map(|e| e.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert!(sound(&accredited()));
}

#[test]
fn schema_and_code_agree_on_form() {
    let validators = validators();
    let (mut cases, mut both, mut alone) = (0, 0, BTreeMap::<&str, usize>::new());
    let mut wrong = Vec::new();
    for document in corridor().into_iter().step_by(3).chain([accredited()]) {
        let validator = &validators[kind_of(&document)];
        for variation in variations(&document) {
            let schema = validator.is_valid(&variation.document);
            let code = sound(&variation.document);
            cases += 1;
            both += usize::from(!schema && !code);
            if schema == code {
                continue;
            }
            match reason(&variation).filter(|_| schema) {
                Some(reason) => *alone.entry(reason).or_default() += 1,
                None => {
                    wrong.push(format!("{} {}: schema {schema}, code {code}", variation.at, variation.what))
                }
            }
        }
    }
    println!("{cases} variations, {both} refused by both; by the code alone: {alone:#?}");
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{} disagreements:\n{}", wrong.len(), wrong[..wrong.len().min(60)].join("\n"));
    assert!(both > 3000, "{both}");
    for reason in LISTED.iter().map(|(_, reason)| reason) {
        assert!(alone.contains_key(reason), "the schema sees this too, take it off the list: {reason}");
    }
}
