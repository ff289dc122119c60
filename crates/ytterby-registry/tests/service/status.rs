//! Revoking, suspending, recalling, and stopping everything.

use serde_json::{Value, json};
use ytterby::form::StatusPurpose;
use ytterby::key::SigningKey;
use ytterby::status_list::StatusList;
use ytterby::time::parse_time;
use ytterby::{Bundle, Trust};

use crate::log::{bytes, key};
use crate::make::{Answer, ORIGIN, START, Service, bearer, draw, origin};
use crate::witness::Witness;

fn change(service: &Service, api_key: &str, id: &str, action: &str, version: &str) -> Answer {
    let (path, auth) = (format!("/v1/certificates/{id}/status"), bearer(api_key));
    let body = json!({ "action": action, "reason": "assay withdrawn" }).to_string();
    let headers =
        [("authorization", auth.as_str()), ("content-type", "application/json"), ("if-match", version)];
    service.client.send("POST", &path, &headers, Some(body.as_bytes()))
}

fn list(service: &Service, path: &str) -> StatusList {
    let list = StatusList::parse(&bytes(service, path)).unwrap();
    assert_eq!((list.key, list.log.as_str()), (SigningKey::from_seed(&[9; 32]).public(), ORIGIN));
    list
}

#[test]
fn a_certificate_is_suspended_reinstated_and_revoked() {
    let service = Service::start();
    let (did, mine) = service.issuer("mine");
    let ore = service.client.issue(&mine, &origin("ORE-1")).id();
    let path = format!("/v1/certificates/{ore}/status");
    let first = service.client.get(&path, &mine).expect(200);
    assert_eq!(first.header("etag"), Some("\"0\""));
    assert_eq!(first.json()["revoked"], json!(false));
    let lists = || {
        let revoked = list(&service, "/v1/status-lists/0");
        let suspended = list(&service, "/v1/status-lists/0/suspension");
        assert_eq!(
            (revoked.purpose, suspended.purpose),
            (StatusPurpose::Revocation, StatusPurpose::Suspension)
        );
        (revoked.size, revoked.get(0), suspended.get(0))
    };
    assert_eq!(lists(), (1, Some(false), Some(false)));

    change(&service, &mine, &ore, "suspend", "").expect(428);
    let suspended = change(&service, &mine, &ore, "suspend", "\"0\"").expect(200);
    assert_eq!(suspended.header("etag"), Some("\"1\""));
    let seen = &suspended.json()["changes"][0];
    assert_eq!((&seen["action"], &seen["reason"]), (&json!("suspend"), &json!("assay withdrawn")));
    assert_eq!((&seen["by"], &seen["at"], &seen["index"]), (&json!(did), &json!(START), &json!("1")));
    assert_eq!(lists(), (2, Some(false), Some(true)));
    // Somebody who has read it before the change does not change it.
    let late = change(&service, &mine, &ore, "revoke", "\"0\"").expect(412);
    assert_eq!(late.json()["code"], json!("status.changed"));
    change(&service, &mine, &ore, "reinstate", "\"1\"").expect(200);
    service.client.issue(&mine, &draw("PART-1", &ore, "1"));
    let revoked = change(&service, &service.admin, &ore, "revoke", "\"2\"").expect(200).json();
    assert_eq!((&revoked["revoked"], &revoked["suspended"]), (&json!(true), &json!(false)));
    assert_eq!(lists(), (5, Some(true), Some(false)));
    change(&service, &mine, &ore, "reinstate", "\"3\"").expect(409);
    assert_eq!(lists().1, Some(true));
    // A restart forgets nothing.
    let service = service.restart();
    assert_eq!(list(&service, "/v1/status-lists/0").get(0), Some(true));
    service.client.send("GET", "/v1/status-lists/1", &[], None).expect(404);
    service.client.send("GET", "/v1/status-lists/00", &[], None).expect(404);
}

#[test]
fn only_its_issuer_or_an_administrator_changes_a_status() {
    let service = Service::start();
    let ((_, mine), (_, other)) = (service.issuer("mine"), service.issuer("other"));
    let ore = service.client.issue(&mine, &origin("ORE-1")).id();
    change(&service, &other, &ore, "revoke", "\"0\"").expect(403);
    let issuing = service.key(Some("mine"), &["issue"]);
    change(&service, &issuing, &ore, "revoke", "\"0\"").expect(403);
    let bulk = json!({ "certificates": [ore], "action": "revoke", "reason": "x" });
    service.client.post("/v1/certificates/status", &other, &bulk).expect(403);
    for (member, value) in
        [("action", json!("burn")), ("reason", json!(" ")), ("reason", json!("a\u{202e}b"))]
    {
        let mut body = json!({ "certificates": [ore], "action": "revoke", "reason": "x" });
        body[member] = value;
        service.client.post("/v1/certificates/status", &mine, &body).expect(422);
    }
    let state = service.client.get(&format!("/v1/certificates/{ore}/status"), &mine).expect(200).json();
    assert_eq!(state["changes"], json!([]));
}

#[test]
fn a_recall_finds_everything_after_a_lot_and_suspends_it() {
    let service = Service::start();
    let (_, mine) = service.issuer("mine");
    let (_, other) = service.issuer("other");
    let ore = service.client.issue(&mine, &origin("ORE-1")).id();
    let unconcerned = service.client.issue(&mine, &origin("ORE-2")).id();
    let parts: Vec<String> =
        (1..=5).map(|n| service.client.issue(&mine, &draw(&format!("PART-{n}"), &ore, "10")).id()).collect();
    let child = service.client.issue(&mine, &draw("CHILD", &parts[2], "5")).id();
    let page = |path: &str, api_key: &str| service.client.get(path, api_key);
    let ids = |page: &Value| -> Vec<String> {
        page["certificates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = page(&format!("/v1/certificates/{ore}/after?limit=4"), &mine).expect(200).json();
    assert_eq!((&first["total"], ids(&first)), (&json!(6), parts[..4].to_vec()));
    let next = first["next"].as_str().unwrap();
    let second =
        page(&format!("/v1/certificates/{ore}/after?limit=4&after={next}"), &mine).expect(200).json();
    assert_eq!((ids(&second), &second["next"]), (vec![parts[4].clone(), child.clone()], &json!(null)));
    let behind = page(&format!("/v1/certificates/{child}/behind"), &mine).expect(200).json();
    assert_eq!(ids(&behind), [ore.clone(), parts[2].clone()]);
    page(&format!("/v1/certificates/{ore}/after"), &other).expect(403);
    page(&format!("/v1/certificates/{ore}/after?limit=0"), &mine).expect(400);

    let recalled = [vec![ore.clone()], ids(&first), ids(&second)].concat();
    let body = json!({ "certificates": recalled, "action": "suspend", "reason": "recall" });
    let done = service.client.post("/v1/certificates/status", &mine, &body).expect(200).json();
    assert_eq!(done, json!({ "changed": 7 }));
    let done = service.client.post("/v1/certificates/status", &mine, &body).expect(200).json();
    assert_eq!(done, json!({ "changed": 0 }));
    let suspended = list(&service, "/v1/status-lists/0/suspension");
    assert_eq!((0..8).map(|n| suspended.get(n) == Some(true)).collect::<Vec<_>>(), {
        [true, false, true, true, true, true, true, true]
    });
    service.client.issue(&mine, &draw("FREE", &unconcerned, "1"));
}

/// What cannot be made is refused with the same answer whether it is tried or done.
#[test]
fn a_dry_run_answers_as_the_real_one() {
    let service = Service::start();
    let (_, mine) = service.issuer("mine");
    let lot = |name: &str| service.client.issue(&mine, &origin(name)).id();
    let (suspended, revoked, both, closed) = (lot("ORE-1"), lot("ORE-2"), lot("ORE-3"), lot("ORE-4"));
    change(&service, &mine, &suspended, "suspend", "\"0\"").expect(200);
    change(&service, &mine, &revoked, "revoke", "\"0\"").expect(200);
    change(&service, &mine, &both, "suspend", "\"0\"").expect(200);
    change(&service, &mine, &both, "revoke", "\"1\"").expect(200);
    let path = format!("/v1/lots/{closed}/close");
    service.client.make(&path, &mine, "close", &json!({ "reason": "lost" })).expect(200);
    let answers = |draft: &Value, key: &str| {
        let one = "/v1/certificates";
        let batch = json!({ "mode": "all", "certificates": [draft] });
        let many = format!("{one}/batch");
        let told = |answer: Answer| {
            (answer.status, answer.json()["code"].clone(), answer.json()["findings"].clone())
        };
        let tried = told(service.client.post(&format!("{one}?dry_run=true"), &mine, draft));
        assert_eq!(told(service.client.make(one, &mine, key, draft)), tried);
        let all = told(service.client.post(&format!("{many}?dry_run=true"), &mine, &batch));
        assert_eq!(told(service.client.make(&many, &mine, &format!("{key}-all"), &batch)), all);
        assert_eq!((all.0, &all.1), (tried.0, &tried.1));
        (tried.0, tried.1.as_str().unwrap().to_owned())
    };
    for (lot, code) in [
        (&suspended, "status.suspended"),
        (&revoked, "status.revoked"),
        (&both, "status.revoked"),
        (&closed, "custody.closed-lot"),
    ] {
        assert_eq!(answers(&draw("X", lot, "1"), code), (422, code.to_owned()));
    }
    let stop = json!({ "reason": "key compromised" });
    service.client.post("/v1/halt", &service.admin, &stop).expect(200);
    assert_eq!(answers(&origin("ORE-5"), "halted"), (503, "registry.halted".to_owned()));
    assert_eq!(answers(&draw("X", &closed, "1"), "both").1, "custody.closed-lot");
}

#[test]
fn a_halt_stops_issue_and_nothing_else() {
    let service = Service::start();
    let (_, mine) = service.issuer("mine");
    let ore = service.client.issue(&mine, &origin("ORE-1")).id();
    let halt = |body: Value| service.client.post("/v1/halt", &service.admin, &body);
    halt(json!({ "reason": "" })).expect(422);
    halt(json!({ "reason": "key compromised" })).expect(200);
    let refused = service.client.make("/v1/certificates", &mine, "b", &origin("ORE-2")).expect(503);
    assert_eq!(refused.json()["code"], json!("registry.halted"));
    assert!(refused.text().contains("key compromised"), "{}", refused.text());
    assert!(refused.header("retry-after").is_some());
    change(&service, &mine, &ore, "revoke", "\"0\"").expect(200);
    service.client.get(&format!("/v1/certificates/{ore}/bundle"), &mine).expect(200);
    let service = service.restart();
    let told = service.client.get("/v1/halt", &service.admin).expect(200).json();
    assert_eq!(told, json!({ "halted": true, "reason": "key compromised" }));
    let auth = bearer(&service.admin);
    service.client.send("DELETE", "/v1/halt", &[("authorization", &auth)], None).expect(200);
    service.client.make("/v1/certificates", &mine, "b", &origin("ORE-2")).expect(201);
}

#[test]
fn a_bundle_brings_the_lists_that_a_verifier_requires() {
    let at = parse_time(START).unwrap();
    let (all, setting) = Witness::several(4, 3, &key(), at.as_second().unsigned_abs());
    let service = Service::set(setting);
    let (did, mine) = service.issuer("mine");
    let ore = service.client.issue(&mine, &origin("ORE-1")).id();
    let part = service.client.issue(&mine, &draw("PART-1", &ore, "10")).id();
    let trust = |service: &Service| {
        let status = SigningKey::from_seed(&[9; 32]).public();
        let pins = crate::admissions::pins(ORIGIN, &all, &format!("status_keys = [\"{status}\"]\n"));
        let text = crate::make::trust(service, &did)
            .replace("[require]\nregistration = false\nstatus = false\n", &pins);
        Trust::parse(text.as_bytes()).unwrap()
    };
    let verified = |service: &Service| {
        crate::cosigned::cosigned(service, &mine, &part);
        let bundle = service.client.get(&format!("/v1/certificates/{part}/bundle"), &mine).expect(200).bytes;
        let report = ytterby::verify(
            &Bundle::parse(&bundle).unwrap(),
            &trust(service),
            &ytterby::Rules::default(),
            parse_time("2026-09-02T00:00:00Z").unwrap(),
        );
        let codes: Vec<_> = report.findings().iter().map(|finding| finding.code.as_str()).collect();
        assert!(report.is_status_checked());
        codes.join(" ")
    };
    assert_eq!(verified(&service), "");
    change(&service, &mine, &ore, "revoke", "\"0\"").expect(200);
    assert_eq!(verified(&service), "status.ancestor-revoked");
    change(&service, &mine, &part, "revoke", "\"0\"").expect(200);
    assert_eq!(verified(&service), "status.revoked status.ancestor-revoked");
}
