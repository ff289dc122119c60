//! Many certificates in one request.

use serde_json::{Value, json};

use crate::make::{Service, draw, origin, separation};

const PATH: &str = "/v1/certificates/batch";

#[test]
fn a_batch_may_draw_on_its_own_lots() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let drafts =
        json!([origin("MREC-0001"), separation("NDPR-OX-0001", "MREC-0001"), draw("X", "MREC-0001", "5")]);
    let batch = json!({ "mode": "all", "certificates": drafts });
    let made = service.client.make(PATH, &refinery, "once", &batch).expect(201);
    let results = made.json()["results"].as_array().unwrap().clone();
    for result in &results {
        assert_eq!(result["status"], 201);
        assert_eq!(result["receipt"]["entry"]["kind"], "certificate");
    }
    let ore = results[0]["certificate"]["id"].as_str().unwrap();
    assert_eq!(results[1]["certificate"]["credentialSubject"]["inputs"][0]["lot"], ore);
    assert_eq!(service.client.lot(&refinery, ore)["drawnBy"].as_array().unwrap().len(), 2);
    let again = service.client.make(PATH, &refinery, "once", &batch).expect(201);
    assert_eq!(again.bytes, made.bytes);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
}

#[test]
fn all_is_all_or_none_and_each_is_each() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let ore = service.client.issue(&refinery, &origin("MREC-0001")).id();
    let drafts = json!([
        draw("A", &ore, "50000"),
        draw("B", &ore, "1000"),
        draw("C", &ore, "600"),
        draw("D", "nowhere", "1"),
    ]);
    let all = json!({ "mode": "all", "certificates": drafts });
    let refused = service.client.make(PATH, &refinery, "all", &all).expect(422).json();
    let pointers: Vec<_> = refused["findings"].as_array().unwrap().iter().map(|f| &f["pointer"]).collect();
    assert_eq!(pointers, ["/certificates/1/inputs/0/draws/Nd", "/certificates/3/inputs/0/lot"]);
    assert_eq!(service.client.lot(&refinery, &ore)["drawn"], json!({}));

    let each = json!({ "mode": "each", "certificates": drafts });
    let done = service.client.make(PATH, &refinery, "each", &each).expect(201).json();
    let statuses: Vec<_> = done["results"].as_array().unwrap().iter().map(|r| &r["status"]).collect();
    assert_eq!(statuses, [201, 422, 201, 422]);
    assert_eq!(done["results"][1]["problem"]["code"], "conservation.overdrawn");
    assert_eq!(service.client.lot(&refinery, &ore)["drawn"]["Nd"]["kg"], "50600");

    // The ids of those that were made are taken, also within one batch.
    let again = json!({ "mode": "each", "certificates": [draw("A", &ore, "1"), draw("E", &ore, "1"), draw("E", &ore, "2")] });
    let done = service.client.make(PATH, &refinery, "again", &again).expect(201).json();
    let statuses: Vec<_> = done["results"].as_array().unwrap().iter().map(|r| &r["status"]).collect();
    assert_eq!(statuses, [409, 201, 409]);
}

#[test]
fn outputs_registered_together_share_a_deficit() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let ore = service.client.issue(&refinery, &origin("MREC-0001")).id();
    // By their own assays the two halves hold a little more Pr than the input has left.
    let half = |number: &str| {
        let mut draft = separation(number, &ore);
        draft["assay"]["components"] = json!([{ "oxide": "Pr6O11", "percent": "95.0" }]);
        draft["netMass"] = "9000".into();
        draft
    };
    let batch = json!({ "mode": "all", "certificates": [half("PR-1"), half("PR-2")] });
    let made = service.client.make(PATH, &refinery, "once", &batch).expect(201).json();
    let drawn = |at: usize| {
        let subject = &made["results"][at]["certificate"]["credentialSubject"];
        let kg = |value: &Value| ytterby::decimal::Mass::parse(value.as_str().unwrap()).unwrap().mg();
        assert!(kg(&subject["content"]["Pr"]) > kg(&subject["inputs"][0]["draws"]["Pr"]));
        kg(&subject["inputs"][0]["draws"]["Pr"])
    };
    // Evenly, to the milligram that does not divide, and no matter who comes first.
    assert!(drawn(0).abs_diff(drawn(1)) <= 1, "{} {}", drawn(0), drawn(1));
    let left = service.client.lot(&refinery, &ore)["left"]["Pr"]["kg"].clone();
    assert!(left.is_null() || left.as_str().unwrap().starts_with("0.00000"), "{left}");
}

/// A draft that is refused because somebody else holds an input has no part in how the rest is spread:
/// that other's balance would show in it.
#[test]
fn a_balance_does_not_show_in_how_a_deficit_is_spread() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let (_, other) = service.issuer("other");
    let theirs = service.client.issue(&refinery, &origin("MREC-0001")).id();
    let own = service.client.issue(&other, &origin("MREC-0002")).id();
    let praseodymium = |number: &str, mass: &str, inputs: Value| {
        let mut draft = separation(number, &own);
        draft["assay"]["components"] = json!([{ "oxide": "Pr6O11", "percent": "95.0" }]);
        draft["netMass"] = mass.into();
        draft["inputs"] = inputs;
        draft
    };
    let both = praseodymium("A", "18000", json!([{ "lot": theirs }, { "lot": own }]));
    let one = praseodymium("B", "9000", json!([{ "lot": own }]));
    let batch = json!({ "mode": "all", "certificates": [both, one] });
    let ask = || {
        let path = format!("{PATH}?dry_run=true");
        service.client.post(&path, &other, &batch).expect(422).json()["findings"].clone()
    };
    let before = ask();
    let mut all = draw("PR", &theirs, "1");
    all["inputs"][0]["draws"] = json!({ "Pr": "14000" });
    service.client.issue(&refinery, &all);
    assert_eq!(ask(), before);
    assert_eq!(before.as_array().unwrap().len(), 1, "{before}");
    assert_eq!(before[0]["pointer"], "/certificates/0/inputs/0/lot");
}

/// Where two drafts make lots of one number, a third that names it might mean either.
#[test]
fn an_ambiguous_lot_number_is_refused() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let again = |number: &str, id: &str| {
        let mut draft = origin(number);
        draft["externalId"] = id.into();
        draft
    };
    let mut third = draw("X", "MREC-0001", "5");
    third["inputs"] = json!([{ "lot": "MREC-0002" , "draws": { "Nd": "1" } }, { "lot": "MREC-0001", "draws": { "Nd": "5" } }]);
    let drafts = json!([again("MREC-0001", "a"), again("MREC-0002", "b"), again("MREC-0001", "c"), third]);
    let all = json!({ "mode": "all", "certificates": drafts });
    for refused in [
        service.client.make(PATH, &refinery, "all", &all).expect(422).json(),
        service.client.post(&format!("{PATH}?dry_run=true"), &refinery, &all).expect(422).json(),
    ] {
        assert_eq!(refused["findings"].as_array().unwrap().len(), 1, "{refused}");
        assert_eq!(refused["findings"][0]["pointer"], "/certificates/3/inputs/1/lot");
        assert_eq!(refused["findings"][0]["code"], "malformed.combination");
    }
    let list = service.client.get("/v1/certificates", &refinery).expect(200).json();
    assert_eq!(list["certificates"], json!([]));
    let each = json!({ "mode": "each", "certificates": drafts });
    let done = service.client.make(PATH, &refinery, "each", &each).expect(201).json();
    let statuses: Vec<_> = done["results"].as_array().unwrap().iter().map(|r| &r["status"]).collect();
    assert_eq!(statuses, [201, 201, 201, 422]);
    // One before it is one, whatever comes after.
    let drafts = json!([again("M", "d"), draw("Y", "M", "5"), again("M", "e")]);
    service
        .client
        .make(PATH, &refinery, "one", &json!({ "mode": "all", "certificates": drafts }))
        .expect(201);
}

#[test]
fn a_batch_has_a_form() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let many: Vec<Value> = (0..1001).map(|n| origin(&format!("O-{n}"))).collect();
    for (body, pointer) in [
        (json!([]), "/certificates"),
        (json!({ "mode": "some", "certificates": [origin("A")] }), "/mode"),
        (json!({ "mode": "all", "certificates": [] }), "/certificates"),
        (json!({ "mode": "all", "certificates": many }), "/certificates"),
        (json!({ "mode": "all", "certificates": [origin("A")], "tenant_id": "x" }), "/tenant_id"),
        (json!({ "mode": "all", "certificates": [origin("A"), { "type": "Gold" }] }), "/certificates/1/type"),
    ] {
        let refused = service.client.make(PATH, &refinery, "k", &body).expect(422).json();
        assert_eq!(refused["findings"][0]["pointer"], pointer);
    }
    let thousand = json!({ "mode": "all", "certificates": &many[..1000] });
    let made = service.client.make(PATH, &refinery, "k", &thousand).expect(201).json();
    assert_eq!(made["results"].as_array().unwrap().len(), 1000);
}
