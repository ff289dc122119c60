//! From an origin to a delivery that an offline verifier accepts.

use serde_json::{Value, json};
use ytterby::time::parse_time;
use ytterby::{Bundle, Trust, Verdict};

use crate::make::{Service, draw, origin, separation, transfer, trust};

#[test]
fn a_delivery_verifies_offline() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let (buyer_did, buyer) = service.issuer("buyer");
    let ore = service.client.issue(&refinery, &origin("MREC-0001")).id();
    let made = service.client.issue(&refinery, &separation("NDPR-OX-0001", &ore));
    assert_eq!(made.json()["receipt"]["entry"]["type"], "ProcessingCertificate");
    let oxide = made.id();
    let plain = oxide.strip_prefix("urn:uuid:").unwrap();
    assert_eq!(made.header("location"), Some(format!("/v1/certificates/{plain}").as_str()));
    let sale = transfer("NDPR-OX-0001", &oxide, &buyer_did);
    let sold = service.client.make("/v1/certificates", &refinery, "sale", &sale).expect(201).id();

    let bundle = service.client.get(&format!("/v1/certificates/{sold}/bundle"), &buyer).expect(200).bytes;
    let parsed = Bundle::parse(&bundle).unwrap();
    assert_eq!((parsed.certificates().len(), parsed.receipts().len()), (3, 3));
    let text = trust(&service, &buyer_did);
    let at = parse_time("2026-09-02T00:00:00Z").unwrap();
    let report =
        ytterby::verify(&parsed, &Trust::parse(text.as_bytes()).unwrap(), &ytterby::Rules::default(), at);
    assert_eq!(report.verdict(), Verdict::Verified, "{:?}", report.findings());

    // The service says the same, also when the verdict is bad.
    let bundle: Value = serde_json::from_slice(&bundle).unwrap();
    let ask = |bundle: &Value| {
        let body = json!({ "bundle": bundle, "trust": text, "at": "2026-09-02T00:00:00Z" });
        service.client.post("/v1/verify", &buyer, &body).expect(200).json()
    };
    assert_eq!(ask(&bundle)["verdict"], "verified");
    let schemas = ytterby::published_schemas();
    let (_, schema) = schemas.iter().find(|(name, _)| name == "Report.schema.json").unwrap();
    let report = ask(&bundle);
    let fits = jsonschema::validate(schema, &report);
    assert!(fits.is_ok(), "{fits:?}");
    let mut forged = bundle.clone();
    forged["certificates"][0]["credentialSubject"]["product"] = "gold".into();
    assert_eq!(ask(&forged)["verdict"], "rejected");

    // One certificate has three names and the same bytes under each.
    let digest = service.client.lot(&buyer, &sold)["digest"].as_str().unwrap().to_owned();
    let plain = sold.strip_prefix("urn:uuid:").unwrap();
    let read = |name: &str| service.client.get(&format!("/v1/certificates/{name}"), &buyer).expect(200);
    assert_eq!(read(&sold).header("content-type"), Some("application/vc"));
    assert_eq!(read(&sold).bytes, read(plain).bytes);
    assert_eq!(read(&sold).bytes, read(&digest).bytes);
}

#[test]
fn a_dry_run_shows_kilograms_and_changes_nothing() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let ore = service.client.issue(&refinery, &origin("MREC-0001")).id();
    let before = service.client.lot(&refinery, &ore);
    let draft = separation("NDPR-OX-0001", &ore);
    let shown = service.client.post("/v1/certificates?dry_run=true", &refinery, &draft).expect(200).json();
    let nd = &shown["inputs"][0]["draws"]["Nd"];
    // 73450.9 kg × 77.278 % Nd2O3, of which 85.7356 % is neodymium.
    assert_eq!(nd["oxide"], "Nd2O3");
    assert_eq!(nd["kg"].as_str().unwrap().split('.').next(), Some("48664"));
    assert_eq!(nd["kgOxide"].as_str().unwrap().split('.').next(), Some("56761"));
    assert_eq!(shown["inputs"][0]["lotNumber"], "MREC-0001");
    let after = shown["inputs"][0]["leftAfter"]["Nd"]["kg"].as_str().unwrap();
    assert_eq!(after.split('.').next(), Some("2027"));
    assert!(shown["certificate"].get("proof").is_none());
    let all = json!({ "mode": "all", "certificates": [draft] });
    service.client.post("/v1/certificates/batch?dry_run=true", &refinery, &all).expect(200);

    assert_eq!(service.client.lot(&refinery, &ore), before);
    let list = service.client.get("/v1/certificates", &refinery).expect(200).json();
    assert_eq!(list["certificates"].as_array().unwrap().len(), 1);
    service.client.issue(&refinery, &draft);
}

#[test]
fn an_external_id_is_taken_for_ever() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let (_, other) = service.issuer("other");
    let first = service.client.make("/v1/certificates", &refinery, "a", &origin("MREC-0001")).expect(201);
    let again =
        service.client.make("/v1/certificates", &refinery, "b", &origin("MREC-0001")).expect(409).json();
    assert_eq!(again["code"], "certificate.external-id-taken");
    assert_eq!(again["certificate"], service.client.lot(&refinery, &first.id())["digest"]);
    service.client.make("/v1/certificates", &other, "b", &origin("MREC-0001")).expect(201);
}

#[test]
fn what_was_issued_before_is_said_to_be_there_not_to_exceed_its_inputs() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let ore = service.client.issue(&refinery, &origin("MREC-0001")).id();
    let draft = separation("NDPR-OX-0001", &ore);
    let first = service.client.issue(&refinery, &draft);
    let digest = service.client.lot(&refinery, &first.id())["digest"].clone();
    let batch = json!({ "mode": "all", "certificates": [draft] });
    for (path, body) in [
        ("/v1/certificates", &draft),
        ("/v1/certificates?dry_run=true", &draft),
        ("/v1/certificates/batch", &batch),
    ] {
        let again = service.client.make(path, &refinery, "another", body).expect(409).json();
        assert_eq!(again["code"], "certificate.external-id-taken", "{path}");
        assert_eq!(again["certificate"], digest);
    }
    // A closed lot is closed, whether or not there is as much in it.
    service.client.make(&format!("/v1/lots/{ore}/close"), &refinery, "c", &json!({ "reason": "consumed" }));
    for draft in [separation("B", &ore), draw("C", &ore, "50691.9"), draw("D", &ore, "1")] {
        let refused = service.client.make("/v1/certificates", &refinery, "d", &draft).expect(422).json();
        assert_eq!(refused["code"], "custody.closed-lot", "{refused}");
    }
}

#[test]
fn a_correction_stands_on_what_the_corrected_lot_drew() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let ore = service.client.issue(&refinery, &origin("MREC-0001")).id();
    let wrong = service.client.issue(&refinery, &separation("NDPR-OX-0001", &ore)).id();
    // As a clerk types it: the lot keeps its number, and no external id is stated.
    let correction = |of: &str, mass: &str| {
        let mut draft = separation("NDPR-OX-0001", of);
        draft.as_object_mut().unwrap().remove("externalId");
        draft["corrects"] = json!({ "reason": "typing error in the net mass" });
        draft["netMass"] = mass.into();
        draft
    };
    // A correction of the correction goes back to the first lot of the chain and its inputs.
    let make = |once: &str, draft: &Value| service.client.make("/v1/certificates", &refinery, once, draft);
    let first = make("a", &correction(&wrong, "73440.900")).expect(201).id();
    make("b", &correction(&first, "73450.000")).expect(201);
    // What was corrected is not corrected again: by its reference, and by what is left of it.
    let mut twice = correction(&wrong, "73000.000");
    let refused = make("c", &twice).expect(409).json();
    assert_eq!(refused["code"], "certificate.external-id-taken");
    twice["externalId"] = "another reference".into();
    let refused = make("c", &twice).expect(422).json();
    assert_eq!(refused["code"], "conservation.overdrawn");
    let left = service.client.lot(&refinery, &first);
    assert_eq!(left["left"], json!({}));
}

#[test]
fn a_closed_lot_is_closed_for_ever() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let (_, other) = service.issuer("other");
    let ore = service.client.issue(&refinery, &origin("MREC-0001")).id();
    let path = format!("/v1/lots/{ore}/close");
    let lost = json!({ "reason": "lost" });
    service.client.make(&path, &other, "k", &lost).expect(403);
    service.client.make(&path, &refinery, "k", &json!({ "reason": "stolen" })).expect(422);
    assert_eq!(
        service.client.post(&path, &refinery, &lost).expect(400).json()["code"],
        "idempotency.missing"
    );
    let closed = service.client.make(&path, &refinery, "k", &lost).expect(200);
    service.clock.set(parse_time("2026-09-01T09:00:00Z").unwrap());
    let again = service.client.make(&path, &refinery, "k", &lost).expect(200);
    assert_eq!(again.bytes, closed.bytes);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let other_reason =
        service.client.make(&path, &refinery, "l", &json!({ "reason": "consumed" })).expect(409);
    assert_eq!(other_reason.json()["code"], "custody.closed-lot");
    let refused = service.client.make("/v1/certificates", &refinery, "m", &draw("X", &ore, "1")).expect(422);
    assert_eq!(refused.json()["code"], "custody.closed-lot");
    assert_eq!(service.client.lot(&refinery, &ore)["closed"]["reason"], "lost");
}

#[test]
fn what_a_retired_key_signed_still_verifies() {
    let service = Service::start();
    let (did, refinery) = service.issuer("refinery");
    let ore = service.client.issue(&refinery, &origin("MREC-0001")).id();
    let old = method(&service, &refinery, &ore);
    service.clock.set(parse_time("2026-09-01T09:00:00Z").unwrap());
    let rotated = service.client.post("/v1/issuers/refinery/keys", &refinery, &json!({})).expect(201).json();
    let oxide = service.client.issue(&refinery, &separation("NDPR-OX-0001", &ore)).id();
    let new = method(&service, &refinery, &oxide);
    assert_ne!(old, new);
    assert_eq!(new, format!("{did}#{}", rotated["publicKeyMultibase"].as_str().unwrap()));

    let document = service.client.send("GET", "/issuers/refinery/did.json", &[], None).expect(200).json();
    assert_eq!(document["id"], did.as_str());
    assert_eq!(document["assertionMethod"], json!([old, new]));
    let bundle = service.client.get(&format!("/v1/certificates/{oxide}/bundle"), &refinery).expect(200).bytes;
    let text = trust(&service, &did);
    let at = parse_time("2026-09-02T00:00:00Z").unwrap();
    let report = ytterby::verify(
        &Bundle::parse(&bundle).unwrap(),
        &Trust::parse(text.as_bytes()).unwrap(),
        &ytterby::Rules::default(),
        at,
    );
    assert_eq!(report.verdict(), Verdict::Verified, "{:?}", report.findings());
}

fn method(service: &Service, key: &str, id: &str) -> String {
    let certificate = service.client.get(&format!("/v1/certificates/{id}"), key).expect(200).json();
    certificate["proof"]["verificationMethod"].as_str().unwrap().to_owned()
}

#[test]
fn an_issuer_with_its_own_key_posts_what_it_signed() {
    let service = Service::start();
    let secret = ytterby::key::SigningKey::from_seed(&[7; 32]);
    let did = format!("did:key:{}", secret.public());
    let body = json!({ "name": "dysprosium", "title": "Serra Dysprosio", "did": did });
    service.client.post("/v1/issuers", &service.admin, &body).expect(201);
    let key = service.key(Some("dysprosium"), &["issue"]);
    let refused = service.client.make("/v1/certificates", &key, "a", &origin("DY-1")).expect(409).json();
    assert_eq!(refused["code"], "issuer.no-custodial-key");

    let sign = |key: &ytterby::key::SigningKey, at: &str| {
        let draft = ytterby::Draft::parse(origin("DY-1").to_string().as_bytes()).unwrap();
        let authority = ytterby::Authority {
            issuer: ytterby::did::Did::parse(&did).unwrap(),
            name: None,
            key: key.public(),
            home: ytterby::Home::parse("registry.example/log").unwrap(),
            scope: None,
        };
        let id = ytterby_registry::random::label();
        let issue = ytterby::Issue { id, at: parse_time(at).unwrap() };
        let unsigned = ytterby::admit(&draft, &ytterby::Inputs::default(), &authority, issue).unwrap();
        serde_json::from_slice::<Value>(unsigned.sign(key).bytes()).unwrap()
    };
    let forged = sign(&ytterby::key::SigningKey::from_seed(&[8; 32]), "2026-09-01T07:00:00Z");
    let refused = service.client.make("/v1/certificates", &key, "b", &forged).expect(422).json();
    let codes: Vec<_> = refused["findings"].as_array().unwrap().iter().map(|f| f["code"].clone()).collect();
    assert!(codes.contains(&json!("authority.unknown-key")), "{codes:?}");
    let future = sign(&secret, "2026-09-03T07:00:00Z");
    service.client.make("/v1/certificates", &key, "c", &future).expect(422);
    let good = sign(&secret, "2026-09-01T07:00:00Z");
    let made = service.client.make("/v1/certificates", &key, "d", &good).expect(201).json();
    assert_eq!(made["certificate"], good);
    // Another's certificate is not registered with one's own key.
    let (_, refinery) = service.issuer("refinery");
    service
        .client
        .make("/v1/certificates", &refinery, "e", &sign(&secret, "2026-09-01T06:00:00Z"))
        .expect(422);
}

/// Drafts whose judgement depends in one way or another on what is left of a lot.
fn drafts_on(ore: &str) -> [Value; 8] {
    let exactly = json!([{ "lot": ore, "draws": { "Nd": "60000" } }]);
    let rest = json!([{ "lot": ore, "rest": true }]);
    let with = |mut draft: Value, members: &[(&str, Value)]| {
        for (name, value) in members {
            match value {
                Value::Null => drop(draft.as_object_mut().unwrap().remove(*name)),
                value => draft[*name] = value.clone(),
            }
        }
        draft
    };
    let oxide = separation("X", ore);
    [
        // More than was drawn.
        with(oxide.clone(), &[("netMass", json!("9000000")), ("inputs", rest.clone())]),
        // More than the lot weighs, or than its own assay shows, or by what is left alone.
        with(
            oxide.clone(),
            &[
                ("contentFrom", json!("draws")),
                ("netMass", json!("0.001")),
                ("assay", Value::Null),
                ("inputs", rest.clone()),
            ],
        ),
        with(
            oxide.clone(),
            &[("contentFrom", json!("draws")), ("netMass", json!("0.1")), ("inputs", rest.clone())],
        ),
        with(oxide.clone(), &[("inputs", rest.clone())]),
        // More than there is, and a part that is not one.
        with(draw("X", ore, "1"), &[("inputs", exactly)]),
        with(transfer("X", ore, "did:web:x.example"), &[("inputs", rest)]),
        transfer("X", ore, "did:web:x.example"),
        oxide,
    ]
}

/// Whoever does not hold a lot is told that, in every way of asking, and not what is left of it.
#[test]
fn a_balance_is_not_found_out_by_asking_for_it() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let (_, other) = service.issuer("other");
    let ore = service.client.issue(&refinery, &origin("MREC-0001")).id();
    let drafts = drafts_on(&ore);
    let wanted = format!("[{{\"code\":\"custody.not-holder\",\"pointer\":\"{}/inputs/0/lot\"}}]", "PLACE");
    let check = |problem: &Value, place: &str| {
        let shape = |f: &Value| json!({ "code": f["code"], "pointer": f["pointer"] });
        let found: Vec<Value> = problem["findings"].as_array().unwrap().iter().map(shape).collect();
        assert_eq!(Value::from(found).to_string(), wanted.replace("PLACE", place), "{problem}");
        assert_eq!(problem["code"], "custody.not-holder");
        assert!(problem["detail"].as_str().unwrap().contains("holds lot MREC-0001"), "{problem}");
    };
    // Also when nothing is left of it, or it is closed.
    for step in 0..3 {
        match step {
            1 => drop(service.client.issue(&refinery, &draw("ND", &ore, "50691.5"))),
            2 => {
                let lost = json!({ "reason": "lost" });
                service.client.make(&format!("/v1/lots/{ore}/close"), &refinery, "k", &lost).expect(200);
            }
            _ => {}
        }
        for (at, draft) in drafts.iter().enumerate() {
            let once = format!("{step}-{at}");
            check(&service.client.make("/v1/certificates", &other, &once, draft).expect(422).json(), "");
            let tried = service.client.post("/v1/certificates?dry_run=true", &other, draft);
            check(&tried.expect(422).json(), "");
            let all = json!({ "mode": "all", "certificates": [origin("MREC-0002"), draft] });
            let each = json!({ "mode": "each", "certificates": [draft] });
            let path = "/v1/certificates/batch";
            check(&service.client.make(path, &other, &once, &all).expect(422).json(), "/certificates/1");
            let tried = service.client.post(&format!("{path}?dry_run=true"), &other, &all);
            check(&tried.expect(422).json(), "/certificates/1");
            let tried = service.client.make(path, &other, &format!("{once}-each"), &each).expect(200).json();
            check(&tried["results"][0]["problem"], "");
            let tried =
                service.client.post(&format!("{path}?dry_run=true"), &other, &each).expect(200).json();
            check(&tried["results"][0]["problem"], "");
        }
    }
}

/// A certificate in the name of the holder, posted by somebody else, finds out no more.
#[test]
fn a_forged_certificate_does_not_find_out_a_balance() {
    let service = Service::start();
    let (did, refinery) = service.issuer("refinery");
    let (_, other) = service.issuer("other");
    let ore = service.client.issue(&refinery, &origin("MREC-0001")).id();
    let signed = service.client.get(&format!("/v1/certificates/{ore}"), &refinery).expect(200).bytes;
    let parent = ytterby::InputLot {
        certificate: ytterby::Certificate::parse(&signed).unwrap().into_owned(),
        carried: ytterby::carried::Carried::default(),
        drawn: ytterby::masses::Masses::default(),
        closed: false,
        status: None,
    };
    let mut inputs = ytterby::Inputs::default();
    inputs.add(parent, None);
    service.client.issue(&refinery, &draw("ND", &ore, "50000"));
    let secret = ytterby::key::SigningKey::from_seed(&[9; 32]);
    let authority = ytterby::Authority {
        issuer: ytterby::did::Did::parse(&did).unwrap(),
        name: None,
        key: secret.public(),
        home: ytterby::Home::parse("registry.example/log").unwrap(),
        scope: None,
    };
    let draft = ytterby::Draft::parse(draw("X", &ore, "1000").to_string().as_bytes()).unwrap();
    let issue = ytterby::Issue {
        id: ytterby_registry::random::label(),
        at: parse_time("2026-09-01T08:00:00Z").unwrap(),
    };
    let unsigned = ytterby::admit(&draft, &inputs, &authority, issue).unwrap();
    let forged: Value = serde_json::from_slice(unsigned.sign(&secret).bytes()).unwrap();
    let refused = service.client.make("/v1/certificates", &other, "f", &forged).expect(422).json();
    let codes: Vec<_> = refused["findings"].as_array().unwrap().iter().map(|f| f["code"].clone()).collect();
    assert_eq!(codes, ["custody.not-holder"], "{refused}");
    assert_eq!(refused["findings"][0]["pointer"], "/credentialSubject/inputs/0/lot");
}
