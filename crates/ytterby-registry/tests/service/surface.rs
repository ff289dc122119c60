//! What surrounds the routes: the published document, headers, limits.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;
use ytterby_registry::config::Limits;
use ytterby_registry::http::{document, routes};

use crate::make::{Service, origin, separation, transfer};

#[test]
fn the_document_and_the_routes_are_the_same() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut published = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let secured = operation.get("security").is_some();
            published.insert((method.to_uppercase(), path.clone(), secured));
        }
    }
    let there: BTreeSet<_> = routes()
        .iter()
        .map(|route| {
            let public = route.access == ytterby_registry::auth::Access::Public;
            // A document has no name for a path's whole rest.
            (route.method.to_string(), route.path.replace("{*", "{"), !public)
        })
        .collect();
    assert_eq!(published, there);
    let service = Service::start();
    let served = service.client.send("GET", "/openapi.json", &[], None).expect(200).json();
    assert_eq!(served, document);
}

#[test]
fn every_operation_has_a_name_a_body_of_its_own_and_its_errors() {
    let document = document();
    let (mut names, mut bodies) = (BTreeSet::new(), BTreeMap::new());
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name}");
            let answers = operation["responses"].as_object().unwrap();
            let secured = operation.get("security").is_some();
            assert_eq!((answers.contains_key("401"), answers.contains_key("403")), (secured, secured));
            assert!(answers.contains_key("503"), "{name}");
            if method == "post" {
                let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
                bodies.insert(path.as_str(), schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap());
            }
        }
    }
    let wanted = [
        ("/v1/admissions", "BundleDocument"),
        ("/v1/api-keys", "ApiKeyForm"),
        ("/v1/certificates", "Submission"),
        ("/v1/certificates/batch", "CertificateBatch"),
        ("/v1/certificates/status", "BulkStatusForm"),
        ("/v1/certificates/{id}/status", "StatusForm"),
        ("/v1/halt", "HaltForm"),
        ("/v1/issuers", "IssuerForm"),
        ("/v1/issuers/{name}/keys", "IssuerKeyForm"),
        ("/v1/lots/{id}/close", "LotClosing"),
        ("/v1/verify", "VerificationRequest"),
    ];
    assert_eq!(bodies, BTreeMap::from(wanted));
    every_reference_resolves(&document, &document);
    // The drafts that the tests issue fit the schemas of drafts.
    for (kind, draft) in [
        ("OriginDraft", origin("A")),
        ("ProcessingDraft", separation("A", "urn:uuid:5d0c2f61-0000-4000-8000-000000000000")),
        (
            "TransferDraft",
            transfer("A", "urn:uuid:5d0c2f61-0000-4000-8000-000000000000", "did:web:a.example"),
        ),
    ] {
        let schemas = ytterby::draft_schemas();
        let (_, schema) = schemas.iter().find(|(name, _)| name == kind).unwrap();
        assert!(jsonschema::validate(schema, &draft).is_ok(), "{:?}", jsonschema::validate(schema, &draft));
        let wrong = serde_json::json!({ "type": draft["type"], "content": {} });
        assert!(!jsonschema::is_valid(schema, &wrong));
        assert!(document["components"]["schemas"][kind]["properties"]["lotNumber"].is_object());
    }
}

fn every_reference_resolves(document: &Value, value: &Value) {
    if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
        assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
    }
    let members = value.as_object().into_iter().flat_map(|members| members.values());
    members.chain(value.as_array().into_iter().flatten()).for_each(|v| every_reference_resolves(document, v));
}

#[test]
fn every_answer_is_secured_and_numbered() {
    let service = Service::start();
    for (path, status) in [("/livez", 200), ("/docs", 200), ("/nothing", 404), ("/v1/whoami", 401)] {
        let answer = service.client.send("GET", path, &[("x-request-id", "mine-1")], None).expect(status);
        assert_eq!(answer.header("x-request-id"), Some("mine-1"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(answer.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    }
    let odd = service.client.send("GET", "/livez", &[("x-request-id", "a b;c")], None);
    assert_eq!(odd.header("x-request-id").map(str::len), Some(36));
    let page = service.client.send("GET", "/docs", &[], None);
    assert!(page.text().contains("/v1/certificates/{id}/bundle") && !page.text().contains("<script"));
    assert!(!page.text().contains('`') && page.text().contains("<code>Retry-After</code>"));
    let at = |text: &str| page.text().find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(at("POST /v1/certificates<") < at("/v1/lots/{id}") && at("/log/checkpoint") < at("/livez"));
    // Bodies are there for people too: forms, and what drafts consist of.
    for word in ["ApiKeyForm", "ProcessingDraft", "<code>lotNumber</code><td>required", "custodyModel"] {
        assert!(page.text().contains(word), "{word}");
    }
    assert_eq!(service.client.send("GET", "/metrics", &[], None).status, 404);
}

#[test]
fn more_than_may_run_at_once_is_told_to_come_back() {
    let limits = Limits { concurrent_requests: 1, timeout_seconds: 2, ..Limits::default() };
    let service = Service::start_with(limits);
    let host = service.client.url.strip_prefix("http://").unwrap();
    // A request whose body never comes holds the one place until it is given up; unless the question
    // whether it does was faster, and had the place itself.
    let (mut slow, busy) = (0..50)
        .find_map(|_| {
            let mut slow = TcpStream::connect(host).unwrap();
            write!(slow, "POST /v1/verify HTTP/1.1\r\nhost: {host}\r\ncontent-length: 100\r\n\r\n").unwrap();
            std::thread::sleep(std::time::Duration::from_millis(20));
            let answer = service.client.send("GET", "/openapi.json", &[], None);
            (answer.status == 503).then_some((slow, answer))
        })
        .expect("the place was never taken");
    assert_eq!((busy.header("retry-after"), busy.json()["code"].as_str()), (Some("1"), Some("service.busy")));
    let mut answer = [0; 12];
    slow.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 503");
    service.client.send("GET", "/openapi.json", &[], None).expect(200);
}

#[test]
fn a_client_that_goes_away_gets_its_certificate_all_the_same() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let host = service.client.url.strip_prefix("http://").unwrap().to_owned();
    let body = origin("MREC-0001").to_string();
    let mut gone = TcpStream::connect(&host).unwrap();
    write!(
        gone,
        "POST /v1/certificates HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {refinery}\r\n\
         idempotency-key: once\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    // Whether it hung up before or after the request was taken up, a retry finds one certificate.
    drop(gone);
    let answer = loop {
        let answer = service.client.make("/v1/certificates", &refinery, "once", &origin("MREC-0001"));
        if answer.status != 409 {
            break answer.expect(201);
        }
    };
    let list = service.client.get("/v1/certificates", &refinery).expect(200).json();
    assert_eq!(list["certificates"].as_array().unwrap().len(), 1);
    assert_eq!(list["certificates"][0]["id"], answer.id());
}

#[test]
fn the_type_of_a_problem_leads_to_a_page_of_the_service() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let mut gold = origin("MREC-0001");
    gold["form"] = "gold".into();
    for answer in [
        service.client.get("/v1/nothing", &refinery),
        service.client.get("/v1/whoami", "ytb_x"),
        service.client.get("/v1/certificates?colour=red", &refinery),
        service.client.post("/v1/certificates", &refinery, &origin("MREC-0001")),
        service.client.post("/v1/certificates", &service.admin, &origin("MREC-0001")),
        service.client.make("/v1/certificates", &refinery, "k", &gold),
    ] {
        let problem = answer.json();
        let page = service.client.send("GET", problem["type"].as_str().unwrap(), &[], None).expect(200);
        assert!(page.text().starts_with(problem["code"].as_str().unwrap()), "{problem}");
        assert_eq!(page.header("content-type"), Some("text/plain; charset=utf-8"));
    }
    service.client.send("GET", "/problems/no.such-code", &[], None).expect(404);
}
