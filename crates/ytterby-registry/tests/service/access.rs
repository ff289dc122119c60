//! Who may use which route: generated from the routes, so that none is forgotten.

use std::io::{Read, Write};

use serde_json::{Value, json};
use ytterby::time::parse_time;
use ytterby_registry::auth::Access;
use ytterby_registry::http::{Route, routes};
use ytterby_store::Scope;

use crate::make::{Answer, Service, bearer, begun, draw, origin};

/// What a key of another issuer gets, with every scope that an issuer's key can have, when it turns to
/// what belongs to the mine.
const OF_ANOTHER: &[(&str, &str, u16)] = &[
    ("POST", "/v1/certificates", 422),
    ("POST", "/v1/certificates/batch", 422),
    ("GET", "/v1/certificates", 403),
    ("GET", "/v1/certificates/{id}", 200),
    ("GET", "/v1/certificates/{id}/bundle", 200),
    ("GET", "/v1/certificates/{id}/receipt", 200),
    ("GET", "/v1/certificates/{id}/behind", 403),
    ("GET", "/v1/certificates/{id}/after", 403),
    ("GET", "/v1/certificates/{id}/status", 200),
    ("POST", "/v1/certificates/{id}/status", 403),
    ("POST", "/v1/certificates/status", 403),
    ("GET", "/v1/status-lists/{n}", 200),
    ("GET", "/v1/status-lists/{n}/suspension", 200),
    ("POST", "/v1/admissions", 403),
    ("GET", "/v1/halt", 403),
    ("POST", "/v1/halt", 403),
    ("DELETE", "/v1/halt", 403),
    ("GET", "/v1/lots/{id}", 403),
    ("POST", "/v1/lots/{id}/close", 403),
    ("POST", "/v1/verify", 200),
    ("GET", "/v1/issuers", 200),
    ("POST", "/v1/issuers", 403),
    ("GET", "/v1/issuers/{name}", 200),
    ("GET", "/v1/issuers/{name}/keys", 200),
    ("POST", "/v1/issuers/{name}/keys", 403),
    ("GET", "/v1/api-keys", 403),
    ("POST", "/v1/api-keys", 403),
    ("DELETE", "/v1/api-keys/{id}", 404),
    ("GET", "/v1/whoami", 200),
    ("GET", "/issuers/{name}/did.json", 200),
    ("GET", "/log/checkpoint", 200),
    ("GET", "/log/tile/{*path}", 200),
    ("GET", "/problems/{code}", 200),
    ("GET", "/livez", 200),
    ("GET", "/readyz", 200),
    ("GET", "/version", 200),
    ("GET", "/openapi.json", 200),
    ("GET", "/docs", 200),
];

struct Mine {
    service: Service,
    did: String,
    key: String,
    key_id: String,
    lot: String,
    bundle: Value,
}

fn mine() -> Mine {
    let service = Service::start();
    let (did, key) = service.issuer("mine");
    let lot = service.client.issue(&key, &origin("MREC-0001")).id();
    let bundle = service.client.get(&format!("/v1/certificates/{lot}/bundle"), &key).expect(200).json();
    let key_id = service.client.get("/v1/whoami", &key).expect(200).json()["id"].as_str().unwrap().to_owned();
    Mine { service, did, key, key_id, lot, bundle }
}

impl Mine {
    /// A request that is good but for who sends it.
    fn ask(&self, route: &Route, key: Option<&str>, once: &str) -> Answer {
        let id = if route.path.starts_with("/v1/api-keys") { &self.key_id } else { &self.lot };
        let mut path =
            route.path.replace("{id}", id).replace("{name}", "mine").replace("{code}", "content.sum");
        path = path.replace("{n}", "0");
        // The one tile of a log with an entry; there are more by the time it is asked for.
        path = path.replace("{*path}", "0/000.p/1");
        match (route.method.as_str(), route.path) {
            ("GET", "/v1/certificates") => {
                path.push_str(&format!("?issuer={}", self.did.replace('%', "%25")))
            }
            ("GET", "/v1/api-keys") => path.push_str("?issuer=mine"),
            _ => {}
        }
        let once = &format!("{once} {}", route.path);
        // More than there is, by whom it is none of their business.
        let kg = if key == Some(self.key.as_str()) { "1" } else { "60000" };
        let draft = draw(&format!("PART {once}"), &self.lot, kg);
        let body = match route.path {
            "/v1/certificates" => draft,
            "/v1/certificates/batch" => json!({ "mode": "all", "certificates": [draft] }),
            "/v1/certificates/{id}/status" => json!({ "action": "reinstate", "reason": "x" }),
            "/v1/certificates/status" => {
                json!({ "certificates": [self.lot], "action": "reinstate", "reason": "x" })
            }
            "/v1/admissions" => self.bundle.clone(),
            "/v1/halt" => json!({ "reason": "x" }),
            "/v1/lots/{id}/close" => json!({ "reason": "lost" }),
            "/v1/verify" => json!({ "bundle": self.bundle }),
            "/v1/issuers" => json!({ "name": "new", "title": "New" }),
            "/v1/api-keys" => json!({ "issuer": "mine", "scopes": ["read"], "label": "new" }),
            _ => json!({}),
        };
        let bearer = key.map(bearer);
        let mut headers =
            vec![("content-type", "application/json"), ("idempotency-key", once), ("if-match", "\"0\"")];
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        let bytes = body.to_string();
        let body = (route.method.as_str() == "POST").then_some(bytes.as_bytes());
        self.service.client.send(route.method.as_str(), &path, &headers, body)
    }
}

#[test]
fn the_matrix_has_every_route() {
    let mut there: Vec<_> = routes().iter().map(|r| (r.method.to_string(), r.path.to_owned())).collect();
    let mut known: Vec<_> = OF_ANOTHER.iter().map(|(m, p, _)| ((*m).to_owned(), (*p).to_owned())).collect();
    there.sort();
    known.sort();
    assert_eq!(there, known);
}

#[test]
fn nobody_passes_without_a_good_key() {
    let mine = mine();
    let make = |expires: Option<&str>| {
        let mut body = json!({ "scopes": ["issue", "manage"], "label": "x", "issuer": "mine" });
        if let Some(expires) = expires {
            body["expires"] = expires.into();
        }
        mine.service.client.post("/v1/api-keys", &mine.service.admin, &body).expect(201).json()
    };
    let (expired, revoked) = (make(Some("2026-09-01T08:00:01Z")), make(None));
    let revoke = format!("/v1/api-keys/{}", revoked["id"].as_str().unwrap());
    let admin = bearer(&mine.service.admin);
    mine.service.client.send("DELETE", &revoke, &[("authorization", &admin)], None).expect(204);
    mine.service.clock.set(parse_time("2026-09-01T08:00:01Z").unwrap());
    let flipped = mine.key.replace("ytb_", "ytb-");
    let keys = [
        None,
        expired["key"].as_str(),
        revoked["key"].as_str(),
        Some("ytb_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        Some(flipped.as_str()),
        Some(""),
    ];
    for route in routes().iter().filter(|route| route.access != Access::Public) {
        for key in keys {
            let answer = mine.ask(route, key, "nobody");
            assert_eq!(answer.status, 401, "{} {} {key:?}", route.method, route.path);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        }
    }
    assert_eq!(mine.service.client.lot(&mine.key, &mine.lot)["drawn"], json!({}));
}

#[test]
fn a_key_that_reads_does_nothing_else() {
    let mine = mine();
    let reading = mine.service.key(Some("mine"), &["read"]);
    for route in &routes() {
        let status = mine.ask(route, Some(&reading), "reader").status;
        match route.access {
            Access::Public | Access::Key | Access::Scope(Scope::Read) => {
                assert_eq!(status, 200, "{} {}", route.method, route.path);
            }
            Access::Scope(_) => assert_eq!(status, 403, "{} {}", route.method, route.path),
        }
    }
}

#[test]
fn another_issuers_key_does_not_reach_what_is_yours() {
    let mine = mine();
    let (_, other) = mine.service.issuer("other");
    for route in &routes() {
        let wanted = OF_ANOTHER.iter().find(|(m, p, _)| *m == route.method.as_str() && *p == route.path);
        let (_, _, wanted) =
            wanted.unwrap_or_else(|| panic!("{} {} is not in the matrix", route.method, route.path));
        let answer = mine.ask(route, Some(&other), "other");
        assert_eq!(answer.status, *wanted, "{} {}: {}", route.method, route.path, answer.text());
        if route.path.starts_with("/v1/certificates") && answer.status == 422 {
            assert!(answer.text().contains("custody.not-holder"), "{}", answer.text());
            assert!(!answer.text().contains("50691"), "the balance is told: {}", answer.text());
        }
    }
    let lot = mine.service.client.lot(&mine.key, &mine.lot);
    assert_eq!((&lot["drawn"], &lot["closed"]), (&json!({}), &Value::Null));
}

#[test]
fn an_administrator_issues_nothing_and_its_own_key_opens_every_route() {
    let mine = mine();
    for route in &routes() {
        let by_owner = mine.ask(route, Some(&mine.key), "owner").status;
        let by_admin = mine.ask(route, Some(&mine.service.admin), "admin").status;
        match route.access {
            // No lots are admitted by this service; see `admissions`.
            _ if route.path == "/v1/admissions" => assert_eq!((by_owner, by_admin), (403, 403)),
            Access::Scope(Scope::Issue) => assert_eq!((by_owner / 100, by_admin), (2, 403), "{}", route.path),
            Access::Scope(Scope::Admin) => assert_eq!((by_owner, by_admin / 100), (403, 2), "{}", route.path),
            // The owner's key revoked itself.
            _ if route.method.as_str() == "DELETE" => assert_eq!(by_owner, 204),
            _ if by_owner == 401 => assert_eq!(by_admin / 100, 2, "{}", route.path),
            _ => assert_eq!((by_owner / 100, by_admin / 100), (2, 2), "{} {}", route.method, route.path),
        }
    }
}

#[test]
fn no_key_makes_one_that_may_do_more() {
    let mine = mine();
    let managing = mine.service.key(Some("mine"), &["manage"]);
    for (key, scopes, status) in [
        (&managing, json!(["read"]), 201),
        (&managing, json!(["issue"]), 403),
        (&mine.key, json!(["issue"]), 201),
        (&mine.key, json!(["admin"]), 403),
        (&mine.service.admin, json!(["issue"]), 422),
        (&mine.service.admin, json!(["admin"]), 201),
        (&mine.key, json!([]), 422),
        (&mine.key, json!(["read", "read"]), 422),
    ] {
        let body = json!({ "scopes": scopes, "label": "x" });
        let answer = mine.service.client.post("/v1/api-keys", key, &body);
        assert_eq!(answer.status, status, "{scopes}: {}", answer.text());
    }
    let admin_of_issuer = json!({ "scopes": ["admin"], "label": "x", "issuer": "mine" });
    mine.service.client.post("/v1/api-keys", &mine.service.admin, &admin_of_issuer).expect(403);
    // No list ever shows a key's text or hash.
    let list = mine.service.client.get("/v1/api-keys", &mine.key).expect(200).text();
    assert!(!list.contains("ytb_") && !list.contains("hash"), "{list}");
}

/// A body that is long in coming outlives the key that it came with.
#[test]
fn a_key_that_is_revoked_while_the_body_comes_makes_nothing() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let id = service.client.get("/v1/whoami", &refinery).expect(200).json()["id"].clone();
    let (mut slow, body) = begun(&service.client, &refinery, "slow", &origin("LOT-slow"));
    std::thread::sleep(std::time::Duration::from_millis(1_300));
    let revoke = format!("/v1/api-keys/{}", id.as_str().unwrap());
    let admin = bearer(&service.admin);
    service.client.send("DELETE", &revoke, &[("authorization", &admin)], None).expect(204);
    slow.write_all(&body[body.len() / 2..]).unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("auth.invalid"), "{answer}");
}

/// What was answered while a body came is answered again, though the caller was asked for before.
#[test]
fn a_request_that_was_overtaken_by_its_like_is_answered_as_that_was() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let (mut slow, body) = begun(&service.client, &refinery, "once", &origin("LOT-once"));
    std::thread::sleep(std::time::Duration::from_millis(200));
    let first = service.client.make("/v1/certificates", &refinery, "once", &origin("LOT-once")).expect(201);
    slow.write_all(&body[body.len() / 2..]).unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 201") && head.contains("idempotency-replayed: true"), "{answer}");
    assert_eq!(body, first.text());
}
