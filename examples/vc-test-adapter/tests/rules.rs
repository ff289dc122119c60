//! The rules of VCDM 2.0, one fault each: refused at issue, and refused at verification, alone and
//! inside a presentation, even though the proof over the faulty credential is right.

#[expect(dead_code, reason = "the harness is shared by the tests of this folder")]
mod harness;

use harness::{
    BASE, Change, adapter, changed, credential, did, issue, options, refused, sign, unsecured_presentation,
    verify, verify_presentation,
};
use serde_json::{Value as Json, json};

const SRI: &str = "sha256-AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const MULTIBASE: &str = "uEiABAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ";

/// A fault, and where it is reported when that is not where it was made.
type Fault = (Change, Option<&'static str>);

fn at(pointer: &'static str, value: Json) -> Fault {
    ((pointer, Some(value)), None)
}

fn below(pointer: &'static str, value: Json, place: &'static str) -> Fault {
    ((pointer, Some(value)), Some(place))
}

fn without(pointer: &'static str) -> Fault {
    ((pointer, None), None)
}

fn context_faults() -> Vec<Fault> {
    let context = |item: Json| json!([BASE, item]);
    vec![
        without("/@context"),
        at("/@context", json!([])),
        at("/@context", json!("https://www.w3.org/2018/credentials/v1")),
        at("/@context", json!(["https://www.w3.org/ns/credentials/examples/v2", BASE])),
        at("/@context", json!([{"a": "urn:a"}])),
        at("/@context", json!({"a": "urn:a"})),
        at("/@context", json!(["http://www.w3.org/ns/credentials/v2"])),
        below("/@context", context(json!("https ://not-a-url")), "/@context/1"),
        below("/@context", context(json!(123)), "/@context/1"),
        below("/@context", context(json!(null)), "/@context/1"),
        below("/@context", context(json!([BASE])), "/@context/1"),
        below("/@context", context(json!({"A": "https ://not-a-url#A"})), "/@context/1/A"),
        below("/@context", context(json!({"A": "B"})), "/@context/1/A"),
        below("/@context", context(json!({"A": 7})), "/@context/1/A"),
        below("/@context", context(json!({"A": {"@id": "not a url"}})), "/@context/1/A"),
        below("/@context", context(json!({"A": {"@type": "@id"}})), "/@context/1/A"),
        below(
            "/@context",
            context(json!({"VerifiableCredential": "urn:other"})),
            "/@context/1/VerifiableCredential",
        ),
        below("/@context", context(json!({"id": "urn:other"})), "/@context/1/id"),
        below("/@context", context(json!({"@vocab": "nowhere"})), "/@context/1/@vocab"),
        below("/@context", context(json!({"@protected": "yes"})), "/@context/1/@protected"),
        below("/@context", context(json!({"@import": "https://a.example"})), "/@context/1/@import"),
        below(
            "/@context",
            json!([BASE, {"@protected": true, "A": "urn:a"}, {"A": "urn:b"}]),
            "/@context/2/A",
        ),
        below(
            "/@context",
            json!([BASE, {"A": {"@id": "urn:a", "@protected": true}}, {"A": null}]),
            "/@context/2/A",
        ),
    ]
}

fn type_and_name_faults() -> Vec<Fault> {
    vec![
        without("/type"),
        at("/type", json!([])),
        below("/type", json!(7), "/type"),
        at("/type", json!("https://a.example/Other")),
        below("/type", json!(["VerifiableCredential", 2]), "/type/1"),
        below("/type", json!(["VerifiableCredential", "Unmapped"]), "/type/1"),
        below("/type", json!(["VerifiableCredential", "no url or term"]), "/type/1"),
        below("/type", json!(["VerifiableCredential", ""]), "/type/1"),
        at("/type", json!(["BitstringStatusListCredential"])),
        at("/id", json!(null)),
        at("/id", json!("not-a-url")),
        at("/id", json!(["urn:uuid:1", "urn:uuid:2"])),
        at("/id", json!({"id": "urn:uuid:1"})),
        at("/name", json!(7)),
        at("/name", json!([])),
        below("/name", json!({"@value": "a", "url": "urn:a"}), "/name/url"),
        below("/name", json!({"@language": "en"}), "/name/@value"),
        below("/name", json!({"@value": ["a"]}), "/name/@value"),
        below("/name", json!({"@value": "a", "@language": "e n"}), "/name/@language"),
        below("/description", json!({"@value": "a", "@direction": "up"}), "/description/@direction"),
        below("/description", json!(["a", 7]), "/description/1"),
        at("/somethingElse", json!("a")),
        at("/verifiableCredential", json!([])),
        at("/@id", json!("urn:uuid:1")),
    ]
}

fn issuer_subject_and_period_faults() -> Vec<Fault> {
    vec![
        without("/issuer"),
        at("/issuer", json!(null)),
        at("/issuer", json!("not-a-url")),
        at("/issuer", json!([did()])),
        below("/issuer", json!({}), "/issuer/id"),
        below("/issuer", json!({"id": null}), "/issuer/id"),
        below("/issuer", json!({"id": "not-a-url"}), "/issuer/id"),
        below("/issuer", json!({"id": did(), "name": {"@value": "a", "b": "c"}}), "/issuer/name/b"),
        below("/issuer", json!({"id": did(), "description": 7}), "/issuer/description"),
        without("/credentialSubject"),
        at("/credentialSubject", json!({})),
        at("/credentialSubject", json!([])),
        at("/credentialSubject", json!("did:example:subject")),
        below("/credentialSubject", json!([{"id": "did:example:1"}, {}]), "/credentialSubject/1"),
        below("/credentialSubject", json!([{"id": "did:example:1"}, 7]), "/credentialSubject/1"),
        below("/credentialSubject", json!({"id": "subject"}), "/credentialSubject/id"),
        below(
            "/credentialSubject",
            json!({"id": ["did:example:1", "did:example:2"]}),
            "/credentialSubject/id",
        ),
        at("/validFrom", json!("2026-01-01")),
        at("/validFrom", json!("2026-01-01T00:00:00")),
        at("/validFrom", json!("2026-02-30T00:00:00Z")),
        at("/validFrom", json!(1)),
        at("/validUntil", json!("soon")),
        at("/validUntil", json!(["2027-01-01T00:00:00Z"])),
        at("/validUntil", json!("2025-12-31T23:59:59Z")),
        at("/validUntil", json!("2026-01-01T00:00:00+00:01")),
    ]
}

fn related_faults() -> Vec<Fault> {
    let (id, other) = ("https://a.example/1", "https://a.example/2");
    vec![
        at("/relatedResource", json!([])),
        at("/relatedResource", json!("https://a.example/1")),
        below("/relatedResource", json!({"digestSRI": SRI}), "/relatedResource/id"),
        below("/relatedResource", json!({"id": "a", "digestSRI": SRI}), "/relatedResource/id"),
        at("/relatedResource", json!({"id": id})),
        below("/relatedResource", json!({"id": id, "digestSRI": "md5-AAAA"}), "/relatedResource/digestSRI"),
        below(
            "/relatedResource",
            json!({"id": id, "digestMultibase": "x"}),
            "/relatedResource/digestMultibase",
        ),
        below(
            "/relatedResource",
            json!({"id": id, "digestMultibase": []}),
            "/relatedResource/digestMultibase",
        ),
        below(
            "/relatedResource",
            json!({"id": id, "digestSRI": SRI, "mediaType": 1}),
            "/relatedResource/mediaType",
        ),
        below(
            "/relatedResource",
            json!([{"id": id, "digestSRI": SRI}, {"id": other, "digestSRI": SRI}, {"id": id, "digestMultibase": MULTIBASE}]),
            "/relatedResource/2/id",
        ),
    ]
}

/// Every member that holds typed objects breaks in the same ways.
fn typed_faults() -> Vec<(Change, String)> {
    let url = "https://a.example/Type";
    let mut faults = Vec::new();
    for name in [
        "/confidenceMethod",
        "/credentialSchema",
        "/credentialStatus",
        "/evidence",
        "/refreshService",
        "/renderMethod",
        "/termsOfUse",
    ] {
        for (value, place) in [
            (json!({"id": "urn:uuid:1"}), "/type"),
            (json!({"id": "urn:uuid:1", "type": 2}), "/type"),
            (json!({"id": "urn:uuid:1", "type": []}), "/type"),
            (json!({"id": "urn:uuid:1", "type": "Unmapped"}), "/type"),
            (json!({"id": 7, "type": url}), "/id"),
            (json!({"id": "no url", "type": url}), "/id"),
            (json!({"id": ["urn:uuid:1", "urn:uuid:2"], "type": url}), "/id"),
            (json!([{"id": "urn:uuid:1", "type": url}, {"id": "urn:uuid:2"}]), "/1/type"),
            (json!([]), ""),
            (json!("urn:uuid:1"), ""),
        ] {
            faults.push(((name, Some(value)), format!("{name}{place}")));
        }
    }
    faults.push((("/credentialSchema", Some(json!({"type": url}))), "/credentialSchema/id".into()));
    faults
}

#[test]
fn every_fault_is_refused_everywhere() {
    let mut faults = typed_faults();
    for list in
        [context_faults(), type_and_name_faults(), issuer_subject_and_period_faults(), related_faults()]
    {
        faults.extend(list.into_iter().map(|(change, place)| {
            let place = place.unwrap_or(change.0).to_owned();
            (change, place)
        }));
    }
    assert_eq!(faults.len(), 71 + 23 + 24 + 25 + 10);
    for (change, place) in &faults {
        let case = format!("{change:?}");
        let asked = changed(&credential(&adapter().issuer()), change);
        refused(&issue(&asked, &json!({})), &format!("/credential{place}"), &case);

        let faulty = sign(&changed(&credential(&did()), change), &options("assertionMethod"));
        refused(&verify(&faulty), &format!("/verifiableCredential{place}"), &case);

        let mut presentation = unsecured_presentation();
        presentation["verifiableCredential"] = json!([harness::secured(), faulty]);
        let presentation = sign(&presentation, &options("authentication"));
        let pointer = format!("/verifiablePresentation/verifiableCredential/1{place}");
        refused(&verify_presentation(&presentation, &json!({})), &pointer, &case);
    }
}

/// What the rules allow, each a list of changes to the valid credential.
fn allowed() -> Vec<Vec<Change>> {
    let examples = "https://www.w3.org/ns/credentials/examples/v2";
    let typed = json!({"type": "https://a.example/Type"});
    vec![
        vec![],
        vec![("/@context", Some(json!(BASE)))],
        vec![("/type", Some(json!("VerifiableCredential")))],
        vec![("/type", Some(json!(["https://a.example/A", "VerifiableCredential"])))],
        vec![
            ("/@context", Some(json!([BASE, examples]))),
            ("/type", Some(json!(["VerifiableCredential", "AlumniCredential"]))),
        ],
        vec![
            ("/@context", Some(json!([BASE, {"A": "https://a.example/#A"}]))),
            ("/type", Some(json!(["A", "VerifiableCredential"]))),
        ],
        vec![
            ("/@context", Some(json!([BASE, {"p": "https://a.example/#", "A": {"@id": "p:A"}}]))),
            ("/A", Some(json!("b"))),
        ],
        vec![("/@context", Some(json!([BASE, {"@protected": true, "A": "urn:a"}, {"A": "urn:a"}])))],
        vec![
            ("/@context", Some(json!([BASE, {"@vocab": "https://a.example/#"}]))),
            ("/anything", Some(json!("b"))),
        ],
        vec![("/urn:a:b", Some(json!("c")))],
        vec![("/id", None)],
        vec![
            ("/name", Some(json!("a"))),
            ("/description", Some(json!({"@value": "a", "@language": "en-GB", "@direction": "ltr"}))),
        ],
        vec![(
            "/name",
            Some(json!([{"@value": "a", "@language": "en"}, {"@value": "b", "@language": "sv"}])),
        )],
        vec![("/issuer", Some(json!({"id": "did:example:issuer", "name": "a"})))],
        vec![("/issuer", Some(json!("https://a.example/issuer")))],
        vec![("/credentialSubject", Some(json!([{"id": "did:example:1"}, {"name": "b"}])))],
        vec![("/validFrom", None)],
        vec![
            ("/validFrom", Some(json!("2026-01-01T01:02:58.447Z"))),
            ("/validUntil", Some(json!("2026-01-01T00:02:58.447-01:00"))),
        ],
        vec![("/validFrom", Some(json!("9999-01-01T00:00:00Z")))],
        vec![("/validUntil", Some(json!("2026-12-31T24:00:00+14:00")))],
        vec![(
            "/relatedResource",
            Some(
                json!([{"id": "urn:a", "digestSRI": SRI, "mediaType": "text/html"}, {"id": "urn:b", "digestMultibase": MULTIBASE}]),
            ),
        )],
        vec![
            ("/credentialStatus", Some(typed.clone())),
            ("/evidence", Some(json!([typed, typed]))),
            ("/termsOfUse", Some(typed.clone())),
        ],
        vec![
            ("/credentialSchema", Some(json!({"id": "urn:a", "type": "JsonSchema"}))),
            ("/refreshService", Some(typed.clone())),
        ],
        vec![("/credentialStatus", Some(json!({"id": "urn:a", "type": "BitstringStatusListEntry"})))],
        vec![("/renderMethod", Some(typed.clone())), ("/confidenceMethod", Some(typed))],
    ]
}

#[test]
fn what_the_rules_allow_is_issued_and_verifies() {
    let cases = allowed();
    assert_eq!(cases.len(), 25);
    for changes in &cases {
        let own = credential(&adapter().issuer());
        let asked = changes.iter().fold(own, |document, change| changed(&document, change));
        let (status, answer) = issue(&asked, &json!({}));
        assert_eq!(status, 201, "{changes:?}: {answer}");
        let mut issued = answer["verifiableCredential"].clone();
        assert_eq!(verify(&issued).0, 200, "{changes:?}: {}", verify(&issued).1);
        assert_eq!(issued["proof"]["cryptosuite"], "eddsa-jcs-2022");
        issued.as_object_mut().unwrap().remove("proof");
        assert_eq!(issued, asked, "nothing but the proof is added");
    }
}
