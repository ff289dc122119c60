//! Bodies that are not what they should be: each a clear problem, never a fault of ours.

use serde_json::{Value, json};

use crate::make::{Service, bearer, draw, origin, separation};
use ytterby_registry::config::Limits;

fn post(service: &Service, path: &str, key: &str, content_type: &str, body: &[u8]) -> crate::make::Answer {
    let bearer = bearer(key);
    let headers =
        [("authorization", bearer.as_str()), ("content-type", content_type), ("idempotency-key", "k")];
    service.client.send("POST", path, &headers, Some(body))
}

#[test]
fn what_is_not_strict_json_is_refused_where_it_breaks() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let deep = "[".repeat(100_000);
    let cases: [&[u8]; 12] = [
        b"",
        b"{",
        b"{}{}",
        b"\xef\xbb\xbf{}",
        b"{\"type\":\"a\",\"type\":\"b\"}",
        b"{\"type\":\"a\",\"\\u0074ype\":\"b\"}",
        b"{\"a\":1e400}",
        b"{\"a\":01}",
        b"{\"a\":\"\\ud800\"}",
        b"{\"a\":\"\xff\"}",
        b"{\"a\":NaN}",
        deep.as_bytes(),
    ];
    for path in ["/v1/certificates", "/v1/certificates?dry_run=true", "/v1/certificates/batch", "/v1/verify"]
    {
        for body in cases {
            let answer = post(&service, path, &refinery, "application/json", body);
            let problem = answer.json();
            let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
            assert_eq!(
                (answer.status, problem["code"].as_str()),
                (400, Some("request.json")),
                "{path} {shown}"
            );
            assert!(
                problem["line"].as_u64() >= Some(1) && problem["column"].as_u64() >= Some(1),
                "{problem}"
            );
        }
    }
}

#[test]
fn what_is_wrong_in_a_draft_is_pointed_at() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let ore = service.client.issue(&refinery, &origin("MREC-0001")).id();
    let with = |pointer: &str, value: Value| {
        let mut draft = separation("X", &ore);
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match draft.pointer_mut(parent).unwrap() {
            Value::Object(object) => drop(object.insert(name.to_owned(), value)),
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
            _ => panic!("{pointer}"),
        }
        draft
    };
    let tenfold =
        json!([{ "oxide": "Nd2O3", "percent": "77.278" }, { "oxide": "Pr6O11", "percent": "33.222" }]);
    for (draft, code, pointer) in [
        (json!(null), "malformed.wrong-type", ""),
        (json!([]), "malformed.wrong-type", ""),
        (with("/type", json!("Gold")), "malformed.value", "/type"),
        (with("/type", json!(["ProcessingCertificate"])), "malformed.value", "/type"),
        (with("/step", json!("alchemy")), "malformed.value", "/step"),
        (with("/tenant_id", json!("x")), "malformed.unknown-field", "/tenant_id"),
        (with("/status", json!("ok")), "malformed.unknown-field", "/status"),
        (with("/home", json!("x.example")), "malformed.unknown-field", "/home"),
        (with("/content", json!({ "Nd": "1" })), "malformed.unknown-field", "/content"),
        (with("/netMass", json!(73450.9)), "malformed.wrong-type", "/netMass"),
        (with("/netMass", json!("73450,9")), "malformed.value", "/netMass"),
        (with("/netMass", json!("-1")), "malformed.value", "/netMass"),
        (with("/netMass", json!("1e3")), "malformed.value", "/netMass"),
        (with("/netMass", json!("0.0000001")), "malformed.value", "/netMass"),
        (with("/product", json!("")), "malformed.value", "/product"),
        (with("/product", json!("NdPr\u{202e}oxide")), "malformed.value", "/product"),
        (with("/facility/country", json!("Malaysia")), "malformed.value", "/facility/country"),
        (with("/inputs", json!({})), "malformed.wrong-type", "/inputs"),
        (with("/inputs", json!([])), "malformed.value", "/inputs"),
        (with("/inputs/0", json!({ "lot": "nowhere" })), "lineage.missing-parent", "/inputs/0/lot"),
        (with("/inputs/0", json!({ "lot": ore, "rest": false })), "malformed.value", "/inputs/0/rest"),
        (with("/assay/components", tenfold), "content.sum", "/assay"),
        (with("/assay/percentBasis", json!("of-treo")), "content.basis", "/assay/treo"),
        (with("/netMass", json!("99999.9")), "conservation.exceeds-draws", "/assay/components/1"),
        (with("/period/to", json!("2026-12-01")), "time.after-issue", "/period/to"),
    ] {
        let answer =
            post(&service, "/v1/certificates", &refinery, "application/json", draft.to_string().as_bytes());
        let problem = answer.json();
        assert_eq!(answer.status, 422, "{problem}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let finding = &problem["findings"][0];
        assert_eq!(
            (problem["code"].as_str(), finding["code"].as_str()),
            (Some(code), Some(code)),
            "{problem}"
        );
        assert!(finding["pointer"].as_str().unwrap().starts_with(pointer), "{problem}");
        let help = finding["help"].as_str().unwrap();
        assert!(!help.is_empty() && !help.contains("ask the issuer") && !help.contains("do not accept"));
    }
    let lot = service.client.lot(&refinery, &ore);
    assert_eq!(lot["drawn"], json!({}));
}

#[test]
fn other_bodies_are_pointed_at_too() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let keys = "/v1/issuers/refinery/keys";
    for (path, body, pointer) in [
        ("/v1/issuers", json!({ "name": "Upper", "title": "x" }), "/name"),
        ("/v1/issuers", json!({ "name": "a/../b", "title": "x" }), "/name"),
        ("/v1/issuers", json!({ "name": "x", "title": "a\u{200b}b" }), "/title"),
        ("/v1/issuers", json!({ "name": "x", "title": "x", "did": "did:web:" }), "/did"),
        (
            "/v1/issuers",
            json!({ "name": "x", "title": "x", "did": "did:web:x.example" }),
            "/publicKeyMultibase",
        ),
        ("/v1/issuers", json!({ "name": "x", "title": "x", "publicKeyMultibase": "z6Mk" }), "/did"),
        ("/v1/issuers", json!({ "name": "x" }), "/title"),
        ("/v1/issuers", json!({ "name": "x", "title": "x", "admin": true }), "/admin"),
        (keys, json!({ "publicKeyMultibase": "z6Mk" }), "/publicKeyMultibase"),
        (keys, json!({ "secret": "x" }), "/secret"),
        ("/v1/api-keys", json!({ "scopes": ["all"], "label": "x" }), "/scopes"),
        ("/v1/api-keys", json!({ "scopes": ["read"], "label": "" }), "/label"),
        ("/v1/api-keys", json!({ "scopes": ["read"], "label": "x", "expires": "tomorrow" }), "/expires"),
        (
            "/v1/api-keys",
            json!({ "scopes": ["read"], "label": "x", "expires": "2026-01-01T00:00:00Z" }),
            "/expires",
        ),
        ("/v1/verify", json!({}), "/bundle"),
        ("/v1/verify", json!([]), "/bundle"),
        ("/v1/verify", json!({ "bundle": [], "trust": "colour = 1" }), "/trust"),
        ("/v1/verify", json!({ "bundle": [], "at": "now" }), "/at"),
        ("/v1/verify", json!({ "bundle": [], "online": true }), "/online"),
    ] {
        let answer = service.client.post(path, &service.admin, &body);
        let problem = answer.json();
        assert_eq!(
            (answer.status, problem["findings"][0]["pointer"].as_str()),
            (422, Some(pointer)),
            "{path} {problem}"
        );
    }
    let no_bundle = service.client.post("/v1/verify", &refinery, &json!({ "bundle": 7 })).expect(422).json();
    assert_eq!(no_bundle["code"], "request.bundle");
    service
        .client
        .post("/v1/issuers", &service.admin, &json!({ "name": "refinery", "title": "x" }))
        .expect(409);
}

#[test]
fn size_type_query_and_path_have_their_own_problems() {
    let limits = Limits { body_bytes: 20_000, bundle_bytes: 50_000, ..Limits::default() };
    let service = Service::start_with(limits);
    let (_, refinery) = service.issuer("refinery");
    let large = format!("\"{}\"", "x".repeat(60_000));
    for path in ["/v1/certificates", "/v1/certificates/batch", "/v1/verify"] {
        let answer = post(&service, path, &refinery, "application/json", large.as_bytes()).expect(413);
        assert_eq!(answer.json()["code"], "request.too-large");
    }
    // The same when nobody announces how large it will be, or it never gets there.
    assert!(
        raw(
            &service,
            &format!("transfer-encoding: chunked\r\n\r\n{:x}\r\n{large}\r\n0\r\n\r\n", large.len())
        )
        .contains("413")
    );
    assert!(raw(&service, "content-length: 99999999999\r\n\r\n").contains("413"));
    assert!(raw(&service, "content-length: -1\r\n\r\n").contains("400"));
    let typed = post(&service, "/v1/certificates", &refinery, "text/csv", b"a,b").expect(415);
    assert_eq!(typed.json()["code"], "request.content-type");
    for query in [
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=x",
        "colour=red",
        "type=Gold",
        "element=Xx",
        "status=gone",
        "issuer=acme",
        "from=yesterday",
        "limit=1&limit=2",
    ] {
        let answer = service.client.get(&format!("/v1/certificates?{query}"), &refinery).expect(400);
        assert_eq!(answer.json()["code"], "request.query", "{query}");
    }
    for id in
        ["x", "..%2f..%2fetc", "%ff", "urn:uuid:00000000-0000-4000-8000-000000000000", "%0d%0aset-cookie:x"]
    {
        for path in [
            format!("/v1/certificates/{id}"),
            format!("/v1/certificates/{id}/bundle"),
            format!("/v1/lots/{id}"),
        ] {
            let answer = service.client.get(&path, &refinery).expect(404);
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
            assert_eq!(answer.header("set-cookie"), None);
        }
    }
    service.client.get("/v1/nothing", &refinery).expect(404);
    let put = service.client.send("PUT", "/v1/certificates", &[], Some(b"{}")).expect(405);
    let mut allowed: Vec<_> = put.header("allow").unwrap().split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
}

/// The status line that the rest of a request to verify is answered with.
fn raw(service: &Service, rest: &str) -> String {
    use std::io::{Read, Write};
    let host = service.client.url.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    write!(stream, "POST /v1/verify HTTP/1.1\r\nhost: {host}\r\n{rest}").ok();
    let mut answer = [0; 30];
    stream.read_exact(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).lines().next().unwrap().to_owned()
}

/// Bodies that do not come: places are given back, and who runs the service is answered throughout.
#[test]
fn slow_bodies_give_their_places_back() {
    use std::io::{Read, Write};
    let service = Service::start_with(Limits { concurrent_requests: 4, ..Limits::default() });
    let (_, refinery) = service.issuer("refinery");
    let host = service.client.url.strip_prefix("http://").unwrap();
    let head = "POST /v1/verify HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{";
    let open = |_| {
        let mut stream = std::net::TcpStream::connect(host).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let slow: Vec<_> = (0..4).map(open).collect();
    let full = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        service.client.get("/v1/whoami", &refinery).status == 503
    });
    assert!(full, "the places are taken");
    for path in ["/livez", "/readyz", "/version"] {
        service.client.send("GET", path, &[], None).expect(200);
    }
    for mut stream in slow {
        let mut answer = String::new();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("request.timeout"), "{answer}");
    }
    service.client.get("/v1/whoami", &refinery).expect(200);
}

/// A bundle is not made a tree of, and what stands beside it is no larger than a form.
#[test]
fn a_request_to_verify_is_read_in_little_memory() {
    let service = Service::start_with(Limits { body_bytes: 1_000, ..Limits::default() });
    let (_, refinery) = service.issuer("refinery");
    let ask = |body: &str| post(&service, "/v1/verify", &refinery, "application/json", body.as_bytes());
    let large = format!("\"{}\"", "x".repeat(1_000));
    for member in ["trust", "at", "other"] {
        let answer = ask(&format!("{{\"bundle\":[],\"{member}\":{large}}}")).expect(400);
        assert_eq!(answer.json()["code"], "request.json", "{member}");
    }
    // Names that stand twice within the bundle are still found, where the bundle is read.
    let twice = ask("{\"bundle\":{\"a\":1,\"a\":2}}").expect(422).json();
    assert!(twice["detail"].as_str().unwrap().contains("stands twice"), "{twice}");
    ask("{\"bundle\":[{\"a\":1,}]}").expect(400);
    assert_eq!(ask(&format!("{{\"bundle\":[{{\"a\":{large}}}]}}")).expect(200).json()["verdict"], "rejected");
}

#[test]
fn a_list_is_filtered_and_paged() {
    let service = Service::start();
    let (did, refinery) = service.issuer("refinery");
    let ore = service.client.issue(&refinery, &origin("MREC-0001")).id();
    for n in 0..5 {
        service.client.issue(&refinery, &draw(&format!("PART-{n}"), &ore, "1"));
    }
    let mut path = "/v1/certificates?limit=2&type=ProcessingCertificate".to_owned();
    let mut numbers = Vec::new();
    loop {
        let page = service.client.get(&path, &refinery).expect(200);
        let rows = page.json()["certificates"].as_array().unwrap().clone();
        numbers.extend(rows.iter().map(|row| row["lotNumber"].as_str().unwrap().to_owned()));
        let Some(link) = page.header("link") else { break };
        // What is registered meanwhile does not shift the pages.
        service.client.issue(&refinery, &draw(&format!("LATE-{}", numbers.len()), &ore, "1"));
        path = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap().to_owned();
    }
    assert_eq!(numbers, ["PART-4", "PART-3", "PART-2", "PART-1", "PART-0"]);
    let escaped = did.replace('%', "%25");
    for (query, count) in [
        ("lotNumber=PART-1".to_owned(), 1),
        ("element=La".to_owned(), 1),
        ("step=separation&status=open".to_owned(), 7),
        (format!("holder={escaped}&type=OriginCertificate"), 1),
        ("from=2026-09-02T00:00:00Z".to_owned(), 0),
        ("to=2026-09-02T00:00:00Z".to_owned(), 8),
    ] {
        let page = service.client.get(&format!("/v1/certificates?{query}"), &refinery).expect(200).json();
        assert_eq!(page["certificates"].as_array().unwrap().len(), count, "{query}");
    }
}
