//! What a transfer has to pass before it is registered.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use ytterby_registry::clock::Stopwatch;
use ytterby_registry::config::{GateConfig, GateRuleConfig, Limits, Refuse};

use crate::make::{Answer, Service, Setting, bearer, draw, origin, separation, transfer};
use crate::screening::{Mood, ScreeningServer};

const BUYER: &str = "did:web:buyer.example";

/// A pack that fails if anybody on the way is on the list `denied`.
const HOUSE: &str = r#"
pack = "ytterby.rules/1"
id = "house"
title = "nobody on our list"
jurisdiction = "INT"
instrument = "house rules"
as-of = "2026-08-01"
confidence = "sourced"
[[clause]]
id = "listed"
title = "no party is on the list"
[[clause.ask]]
that = "screened"
lists = ["denied"]
"#;

/// A service with a lot of oxide, and who holds it.
struct Sold {
    service: Service,
    refinery: String,
    oxide: String,
}

impl Sold {
    fn with(setting: Setting) -> Self {
        let service = Service::set(setting);
        let (_, refinery) = service.issuer("refinery");
        let ore = service.client.issue(&refinery, &origin("MREC-0001")).id();
        let oxide = service.client.issue(&refinery, &separation("NDPR-1", &ore)).id();
        Sold { service, refinery, oxide }
    }

    /// The same with another setting, over the same store.
    fn again(self, setting: Setting) -> Self {
        let service = Service::again_with(self.service.stop(), setting);
        Sold { service, ..self }
    }

    fn sale(&self, to: &str) -> Value {
        transfer("NDPR-1", &self.oxide, to)
    }

    fn try_sell(&self, once: &str, to: &str) -> Answer {
        self.service.client.make("/v1/certificates", &self.refinery, once, &self.sale(to))
    }

    /// Nothing of a refused transfer is there: its lot is whole, no entry more is in the log, no certificate lists.
    #[track_caller]
    fn untouched(&self) {
        let lot = self.service.client.lot(&self.refinery, &self.oxide);
        assert_eq!(lot["content"], lot["left"], "{lot}");
        assert_eq!(lot["drawnBy"], json!([]), "{lot}");
        let version = self.service.client.send("GET", "/version", &[], None).json();
        assert_eq!(version["log"]["published"].to_string().trim_matches('"'), "2", "{version}");
    }
}

/// A gate of house rules, its files written into a folder.
fn house(folder: &Path, refuse: Refuse, denied: Option<&[&str]>) -> GateConfig {
    let (pack, list) = (folder.join("house.toml"), folder.join("denied.toml"));
    std::fs::write(&pack, HOUSE).unwrap();
    let lists = denied.map(|entries| {
        std::fs::write(&list, format!("list = \"denied\"\ndate = \"2026-08-01\"\nentries = {entries:?}\n"))
            .unwrap();
        list
    });
    let rules = vec![GateRuleConfig { pack: None, file: Some(pack), refuse }];
    GateConfig { rules, lists: lists.into_iter().collect(), ..GateConfig::default() }
}

fn gated(gate: GateConfig) -> Setting {
    Setting { gate: Some(gate), ..Setting::default() }
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) -> Value {
    let problem = answer.json();
    assert_eq!((answer.status, problem["code"].as_str()), (status, Some(code)), "{}", answer.text());
    problem
}

#[test]
fn a_transfer_that_fails_a_pack_is_not_registered_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let sold = Sold::with(gated(house(folder.path(), Refuse::Fail, Some(&[BUYER]))));
    let answer = sold.try_sell("sale-1", BUYER);
    let problem = refused(&answer, 422, "gate.rules");
    assert_eq!((&problem["pack"], &problem["findings"][0]["code"]), (&json!("house"), &json!("rule.failed")));
    assert!(problem["packDigest"].as_str().unwrap().starts_with("uEi"));
    assert!(problem["detail"].as_str().unwrap().starts_with("house listed: "), "{problem}");
    sold.untouched();
    let explained = sold.service.client.send("GET", "/problems/gate.rules", &[], None).expect(200);
    assert!(explained.text().contains("findings"));
    // A dry run says the same.
    let dry = sold.service.client.post("/v1/certificates?dry_run=true", &sold.refinery, &sold.sale(BUYER));
    refused(&dry, 422, "gate.rules");
    // What is no transfer is not asked about, and neither is another buyer refused.
    sold.service.client.issue(&sold.refinery, &origin("MREC-0002"));
    // Once the list has changed the same request, under the same key, succeeds.
    let sold = sold.again(gated(house(folder.path(), Refuse::Fail, Some(&["did:web:other.example"]))));
    let made = sold.try_sell("sale-1", BUYER).expect(201);
    assert_eq!(sold.try_sell("sale-1", BUYER).expect(201).bytes, made.bytes);
}

#[test]
fn what_is_not_demonstrated_refuses_where_that_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    // Without the list the question stays open.
    let sold = Sold::with(gated(house(folder.path(), Refuse::FailOrNotDemonstrated, None)));
    let problem = refused(&sold.try_sell("sale-1", BUYER), 422, "gate.rules");
    assert_eq!(problem["findings"][0]["code"], json!("rule.not-demonstrated"));
    sold.untouched();
    let sold = sold.again(gated(house(folder.path(), Refuse::Fail, None)));
    sold.try_sell("sale-1", BUYER).expect(201);
}

#[test]
fn in_a_batch_a_refusal_is_of_all_or_of_what_follows_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let sold = Sold::with(gated(house(folder.path(), Refuse::Fail, Some(&["The listed yard"]))));
    let did = sold.service.client.get("/v1/whoami", &sold.refinery).expect(200).json();
    let own = did["issuer"].as_str().unwrap();
    let mut moved = transfer("NDPR-1", &sold.oxide, own);
    moved["kind"] = "own-move".into();
    moved["to"]["name"] = "The listed yard".into();
    moved["lotNumber"] = "NDPR-1-A".into();
    let mut after = draw("NDPR-2", "NDPR-1-A", "10");
    after["period"] = json!({ "from": "2026-08-31", "to": "2026-08-31" });
    let all = json!({ "mode": "all", "certificates": [origin("MREC-0002"), moved, after] });
    let path = "/v1/certificates/batch";
    let answer = sold.service.client.make(path, &sold.refinery, "batch-1", &all);
    assert_eq!(refused(&answer, 422, "gate.rules")["pointer"], json!("/certificates/1"));
    sold.untouched();
    let mut each = all;
    each["mode"] = "each".into();
    let made = sold.service.client.make(path, &sold.refinery, "batch-2", &each).expect(201).json();
    let results = made["results"].as_array().unwrap();
    let codes: Vec<_> = results.iter().map(|own| own["problem"]["code"].as_str()).collect();
    assert_eq!(codes, [None, Some("gate.rules"), Some("custody.lot-not-found")], "{made}");
    let lot = sold.service.client.lot(&sold.refinery, &sold.oxide);
    assert_eq!(lot["content"], lot["left"]);
}

/// A pack that an audit has to hold for.
fn audited() -> String {
    HOUSE.replace("that = \"screened\"\nlists = [\"denied\"]", "that = \"attested\"\nkind = \"audit\"")
}

#[test]
fn an_attestation_counts_while_its_issuer_does_and_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let sold = Sold::with(Setting::default());
    let (auditor, key) = sold.service.issuer("auditor");
    let all = sold.service.client.get("/v1/issuers", &sold.service.admin).expect(200).json();
    let issuer = all["issuers"].as_array().unwrap().iter().find(|own| own["did"] == json!(auditor)).unwrap();
    let pinned = format!(
        "version = 1\n[require]\nregistration = false\nstatus = false\n[[issuer]]\ndid = \"{auditor}\"\nkeys = [{}]\n",
        issuer["keys"][0]["publicKeyMultibase"]
    );
    let mut gate = house(folder.path(), Refuse::FailOrNotDemonstrated, None);
    std::fs::write(folder.path().join("house.toml"), audited()).unwrap();
    let stranger = gated(gate.clone());
    let trust_file = folder.path().join("trust.toml");
    std::fs::write(&trust_file, pinned).unwrap();
    gate.trust_file = Some(trust_file);
    let sold = sold.again(gated(gate.clone()));
    refused(&sold.try_sell("sale-1", BUYER), 422, "gate.rules");
    let digest = sold.service.client.lot(&sold.refinery, &sold.oxide)["digest"].clone();
    let audit = json!({
        "type": "AttestationCertificate", "kind": "audit", "result": "passed",
        "about": { "lots": [{ "lot": sold.oxide, "digestMultibase": digest }] },
    });
    let audit = sold.service.client.make("/v1/certificates", &key, "audit-1", &audit).expect(201).id();
    let sold = sold.again(stranger);
    refused(&sold.try_sell("sale-1", BUYER), 422, "gate.rules");
    let sold = sold.again(gated(gate));
    let path = "/v1/certificates?dry_run=true";
    sold.service.client.post(path, &sold.refinery, &sold.sale(BUYER)).expect(200);
    // Suspended it is as if it had not been said, and reinstated it holds.
    let change = |action: &str, version: &str| {
        let auth = bearer(&sold.service.admin);
        let headers =
            [("authorization", auth.as_str()), ("content-type", "application/json"), ("if-match", version)];
        let body = json!({ "action": action, "reason": "test" }).to_string();
        let path = format!("/v1/certificates/{audit}/status");
        sold.service.client.send("POST", &path, &headers, Some(body.as_bytes())).expect(200);
    };
    change("suspend", "\"0\"");
    refused(&sold.try_sell("sale-1", BUYER), 422, "gate.rules");
    change("reinstate", "\"1\"");
    sold.try_sell("sale-1", BUYER).expect(201);
}

#[test]
fn a_screening_service_allows_or_denies() {
    let (folder, server) = (tempfile::tempdir().unwrap(), ScreeningServer::start());
    let sold = Sold::with(gated(server.gate(folder.path())));
    server.set(Mood::Deny);
    let problem = refused(&sold.try_sell("sale-1", BUYER), 422, "screening.denied");
    assert_eq!(
        (&problem["detail"], &problem["reference"]),
        (&json!("end user is listed"), &json!("case 4711"))
    );
    sold.untouched();
    let first = server.question();
    let asked = &first["transfers"][0];
    assert_eq!(
        (&first["registry"], &problem["certificate"]),
        (&json!("registry.example/log"), &asked["certificate"])
    );
    assert_eq!(asked["claims"]["credentialSubject"]["to"]["id"], json!(BUYER));
    assert!(asked["claims"].get("proof").is_none());
    // A dry run is nobody else's event.
    sold.service.client.post("/v1/certificates?dry_run=true", &sold.refinery, &sold.sale(BUYER)).expect(200);
    assert_eq!(server.asked(), 1);
    server.set(Mood::Allow);
    let made = sold.try_sell("sale-1", BUYER).expect(201);
    assert_eq!(server.asked(), 2);
    // What was answered is answered again, without another question.
    assert_eq!(sold.try_sell("sale-1", BUYER).expect(201).bytes, made.bytes);
    assert_eq!(server.asked(), 2);
}

#[test]
fn whatever_is_no_answer_refuses_and_the_same_request_succeeds_later() {
    let (folder, server) = (tempfile::tempdir().unwrap(), ScreeningServer::start());
    let sold = Sold::with(gated(server.gate(folder.path())));
    // Something to replay: an answer that was good once, for another question.
    let mut earlier = transfer("MREC-0009", "", "did:web:early.example");
    let ore = sold.service.client.issue(&sold.refinery, &origin("MREC-0009")).id();
    earlier["inputs"][0]["lot"] = ore.into();
    earlier["form"] = "mixed-compound".into();
    earlier["netMass"] = "710222.000".into();
    sold.service.client.make("/v1/certificates", &sold.refinery, "early-1", &earlier).expect(201);
    for (mood, code) in [
        (Mood::Slow(Duration::from_secs(3)), "screening.unavailable"),
        (Mood::Trickle, "screening.unavailable"),
        (Mood::Oversized, "screening.unavailable"),
        (Mood::Redirect, "screening.unavailable"),
        (Mood::Broken, "screening.unavailable"),
        (Mood::Garbage, "screening.bad-answer"),
        (Mood::WrongKey, "screening.bad-answer"),
        (Mood::Replay, "screening.bad-answer"),
    ] {
        server.set(mood);
        let begun = Stopwatch::start();
        let answer = sold.try_sell("sale-1", BUYER);
        refused(&answer, 503, code);
        assert_eq!(answer.header("retry-after"), Some("5"), "{mood:?}");
        assert!(begun.elapsed() < Duration::from_secs(3), "{mood:?} took {:?}", begun.elapsed());
        let lot = sold.service.client.lot(&sold.refinery, &sold.oxide);
        assert_eq!((&lot["content"], &lot["drawnBy"]), (&lot["left"], &json!([])), "{mood:?}");
        let explained = sold.service.client.send("GET", &format!("/problems/{code}"), &[], None).expect(200);
        assert!(explained.text().contains("Nothing was registered"));
    }
    // Nobody followed the redirect.
    assert!(server.asked() < 100);
    server.set(Mood::Allow);
    sold.try_sell("sale-1", BUYER).expect(201);
}

#[test]
fn a_service_that_is_down_stops_transfers_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let gate = ScreeningServer::start().gate(folder.path());
    let sold = Sold::with(gated(gate));
    refused(&sold.try_sell("sale-1", BUYER), 503, "screening.unavailable");
    sold.untouched();
    sold.service.client.issue(&sold.refinery, &origin("MREC-0002"));
    sold.service.client.send("GET", "/readyz", &[], None).expect(200);
}

#[test]
fn nothing_is_locked_while_an_answer_is_waited_for() {
    let (folder, server) = (tempfile::tempdir().unwrap(), ScreeningServer::start());
    let mut gate = server.gate(folder.path());
    gate.screening.as_mut().unwrap().timeout_seconds = 10;
    let limits = Limits { concurrent_requests: 4, ..Limits::default() };
    let sold = Sold::with(Setting { limits, ..gated(gate) });
    server.set(Mood::Slow(Duration::from_secs(3)));
    let (client, refinery, sale) = (sold.service.client.clone(), sold.refinery.clone(), sold.sale(BUYER));
    let begun = Stopwatch::start();
    let selling = std::thread::spawn(move || client.make("/v1/certificates", &refinery, "sale-1", &sale));
    while server.asked() == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    // Other lots are made meanwhile, one more question finds no place, and the same lot is drawn on.
    sold.service.client.issue(&sold.refinery, &origin("MREC-0002"));
    refused(&sold.try_sell("sale-2", "did:web:second.example"), 503, "service.busy");
    refused(&sold.try_sell("sale-1", BUYER), 409, "idempotency.in-progress");
    let mut all = draw("NDPR-9", &sold.oxide, "1");
    all["period"] = json!({ "from": "2026-08-31", "to": "2026-08-31" });
    sold.service.client.issue(&sold.refinery, &all);
    assert!(begun.elapsed() < Duration::from_secs(3), "somebody waited: {:?}", begun.elapsed());
    // What was allowed does not fit any more: it is judged anew, and refused.
    refused(&selling.join().unwrap(), 409, "conservation.split");
    let lot = sold.service.client.lot(&sold.refinery, &sold.oxide);
    assert_eq!(lot["drawnBy"].as_array().unwrap().len(), 1, "{lot}");
}

#[test]
fn the_transfers_of_a_batch_are_asked_about_together() {
    let (folder, server) = (tempfile::tempdir().unwrap(), ScreeningServer::start());
    let sold = Sold::with(gated(server.gate(folder.path())));
    let half = |number: &str, to: &str| {
        let mut half = transfer("NDPR-1", &sold.oxide, to);
        half["netMass"] = "10.000".into();
        half["externalId"] = number.into();
        half
    };
    let certificates = [half("a", BUYER), origin("MREC-0002"), half("b", BUYER)];
    let (path, mut body) = ("/v1/certificates/batch", json!({ "mode": "all", "certificates": certificates }));
    server.set(Mood::DenySecond);
    let answer = sold.service.client.make(path, &sold.refinery, "batch-1", &body);
    assert_eq!(refused(&answer, 422, "screening.denied")["pointer"], json!("/certificates/2"));
    sold.untouched();
    assert_eq!(server.asked(), 1);
    assert_eq!(server.question()["transfers"].as_array().unwrap().len(), 2);
    body["mode"] = "each".into();
    server.set(Mood::WrongKey);
    refused(&sold.service.client.make(path, &sold.refinery, "batch-1", &body), 503, "screening.bad-answer");
    sold.untouched();
    server.set(Mood::DenySecond);
    let made = sold.service.client.make(path, &sold.refinery, "batch-1", &body).expect(201).json();
    let statuses: Vec<_> =
        made["results"].as_array().unwrap().iter().map(|own| own["status"].as_u64()).collect();
    assert_eq!(statuses, [Some(201), Some(201), Some(422)], "{made}");
}

/// Rules come first, and what they refuse is nobody else's to hear of; what they say travels with the question.
#[test]
fn a_service_is_not_told_of_what_rules_refuse() {
    let (folder, server) = (tempfile::tempdir().unwrap(), ScreeningServer::start());
    let rules = house(folder.path(), Refuse::Fail, Some(&[BUYER]));
    let sold = Sold::with(gated(GateConfig { screening: server.gate(folder.path()).screening, ..rules }));
    refused(&sold.try_sell("sale-1", BUYER), 422, "gate.rules");
    assert_eq!(server.asked(), 0);
    sold.try_sell("sale-2", "did:web:second.example").expect(201);
    let rules = &server.question()["transfers"][0]["rules"];
    assert_eq!((&rules[0]["pack"], &rules[0]["answer"]), (&json!("house"), &json!("pass")));
}
