//! Accreditations: issued like any certificate, and in every bundle that they count for.

use serde_json::{Value, json};
use ytterby::key::SigningKey;
use ytterby::time::parse_time;
use ytterby::{
    Authority, Bundle, Certificate, Draft, Home, Inputs, Issue, Rules, Trust, Verdict, admit, verify,
};

use crate::make::{ORIGIN, START, Service, origin, trust};

/// The draft of an accreditation of an issuer of a service, with the keys that it has there.
pub(crate) fn accreditation(service: &Service, name: &str, given: Value) -> Value {
    let issuer = service.client.get(&format!("/v1/issuers/{name}"), &service.admin).expect(200).json();
    let keys = issuer["keys"].as_array().unwrap().iter();
    let keys: Vec<Value> = keys.map(|key| json!({ "key": key["publicKeyMultibase"] })).collect();
    let mut draft = json!({
        "type": "AccreditationCertificate", "accredits": issuer["did"], "name": issuer["title"], "keys": keys,
        "validFrom": "2026-01-01T00:00:00Z", "validUntil": "2027-12-31T23:59:59Z",
    });
    draft.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
    draft
}

#[test]
fn every_bundle_has_the_accreditations_up_to_the_anchor() {
    let service = Service::start();
    let key = |name: &str| service.issuer(name).1;
    let (alliance, body, refinery, stranger) =
        (key("alliance"), key("body"), key("refinery"), key("stranger"));
    let make = |api_key: &str, once: &str, draft: &Value| {
        service.client.make("/v1/certificates", api_key, once, draft).expect(201)
    };
    // Before or after the lot: what counts is what it says.
    let ore = service.client.issue(&refinery, &origin("MREC-1")).id();
    make(
        &alliance,
        "a",
        &accreditation(&service, "body", json!({ "mayAccredit": { "countries": ["MY", "AU"] } })),
    );
    let given = make(&body, "b", &accreditation(&service, "refinery", json!({ "mayCertify": {} })));
    service.issuer("elsewhere");
    make(&stranger, "s", &accreditation(&service, "elsewhere", json!({ "mayCertify": {} })));

    let bytes = service.client.get(&format!("/v1/certificates/{ore}/bundle"), &refinery).expect(200);
    let read = bytes.json();
    assert_eq!(read["accreditations"].as_array().unwrap().len(), 2, "{read}");
    let text = bytes.text();
    let bundle = Bundle::parse(text.as_bytes()).unwrap();
    let pinned = |name: &str| {
        let issuer = service.client.get(&format!("/v1/issuers/{name}"), &service.admin).expect(200).json();
        format!(
            "version = 1\n[[anchor]]\ndid = {}\nkeys = [{}]\n[require]\nregistration = false\nstatus = false\n",
            issuer["did"], issuer["keys"][0]["publicKeyMultibase"]
        )
    };
    let verdict = |name: &str| {
        let trust = Trust::parse(pinned(name).as_bytes()).unwrap();
        ytterby::verify(&bundle, &trust, &ytterby::Rules::default(), parse_time(START).unwrap())
    };
    let report = verdict("alliance");
    assert_eq!((report.verdict(), report.findings()), (Verdict::Verified, &[][..]));
    let chain =
        &report.certificates.iter().find(|own| !own.accredited.is_empty()).unwrap().accredited[0].chain;
    assert_eq!(chain.len(), 2);
    assert_eq!(bundle.certificate(&chain[0]).unwrap().claims().id.urn().to_string(), given.id());
    assert_eq!(verdict("stranger").verdict(), Verdict::Untrusted);

    // It is a certificate like any other, but no lot.
    let listed = service.client.get("/v1/certificates?type=AccreditationCertificate", &alliance).expect(200);
    assert_eq!(listed.json()["certificates"].as_array().unwrap().len(), 1, "{}", listed.text());
    service.client.get(&format!("/v1/lots/{}", given.id()), &refinery).expect(404);
}

#[test]
fn an_anchor_signs_its_own() {
    let service = Service::start();
    let (did, alliance) = service.issuer("alliance");
    service.issuer("refinery");
    let key = SigningKey::from_seed(&[3; 32]);
    let public = json!({ "publicKeyMultibase": key.public().to_string() });
    service.client.post("/v1/issuers/alliance/keys", &alliance, &public).expect(201);
    let text =
        accreditation(&service, "refinery", json!({ "mayCertify": { "steps": ["origin"] } })).to_string();
    let draft = Draft::parse(text.as_bytes()).unwrap();
    let authority = Authority {
        issuer: ytterby::did::Did::parse(&did).unwrap(),
        name: None,
        key: key.public(),
        home: Home::parse(ORIGIN).unwrap(),
        scope: None,
    };
    let id = uuid::Builder::from_random_bytes([7; 16]).into_uuid();
    let issue = Issue { id, at: parse_time(START).unwrap() };
    let signed = admit(&draft, &Inputs::default(), &authority, issue).unwrap().sign(&key);
    let signed: Value = serde_json::from_slice(signed.bytes()).unwrap();
    let answer = service.client.make("/v1/certificates", &alliance, "signed", &signed).expect(201);
    assert_eq!(answer.json()["certificate"], signed);
    let bundle =
        service.client.get(&format!("/v1/certificates/{}/bundle", answer.id()), &alliance).expect(200);
    assert_eq!(bundle.json()["accreditations"], json!([signed]));

    // What breaks form is said at the member that it comes from.
    let mut wrong: Value = serde_json::from_str(&text).unwrap();
    wrong["mayCertify"]["steps"] = json!(["smelting"]);
    let refused = service.client.make("/v1/certificates", &alliance, "wrong", &wrong).expect(422).json();
    assert_eq!(refused["findings"][0]["pointer"], json!("/mayCertify/steps/0"), "{refused}");
    let mut endless: Value = serde_json::from_str(&text).unwrap();
    endless.as_object_mut().unwrap().remove("validUntil");
    let refused = service.client.make("/v1/certificates", &alliance, "endless", &endless).expect(422).json();
    assert_eq!(refused["findings"][0]["pointer"], json!("/validUntil"), "{refused}");
}

/// A laboratory's report that is older than the lot cannot list it. The lot names it, and it travels with the lot.
#[test]
fn a_report_that_a_lot_names_is_in_its_bundle() {
    let service = Service::start();
    let ((_, mine), (_, laboratory)) = (service.issuer("mine"), service.issuer("laboratory"));
    let mut draft = origin("ORE-1");
    let report = json!({
        "type": "AttestationCertificate", "kind": "assay", "purpose": "final", "about": { "sampleId": "S-17" },
        "assay": draft["assay"], "result": "as measured",
    });
    let made = service.client.make("/v1/certificates", &laboratory, "report-1", &report).expect(201);
    let bytes = made.json()["certificate"].to_string();
    let digest = Certificate::parse(bytes.as_bytes()).unwrap().digest();
    draft["assay"]["attestation"] = digest.to_string().into();
    let ore = service.client.issue(&mine, &draft).id();
    let bundle = service.client.get(&format!("/v1/certificates/{ore}/bundle"), &mine).expect(200);
    let bundle = Bundle::parse(&bundle.bytes).unwrap();
    assert!(bundle.certificate(&digest).is_some() && bundle.receipt(&digest).is_some());
    let trust = Trust::parse(trust(&service, "did:web:nobody.example").as_bytes()).unwrap();
    let report = verify(&bundle, &trust, &Rules::default(), parse_time(START).unwrap());
    let stands: Vec<_> = report.attestations.iter().map(|own| (own.certificate, own.stands())).collect();
    assert_eq!(stands, [(digest, true)]);
}
