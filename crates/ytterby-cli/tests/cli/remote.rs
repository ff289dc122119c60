//! `bundle fetch` and `issue --registry`, against a server of the test's own on loopback.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;

use super::delivery::{Delivery, label, origin};
use super::run::Folder;

/// Answers one request after the other with these, and gives back what it was asked.
fn serve(answers: Vec<(&'static str, Vec<u8>)>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let serve = move || {
        answers
            .into_iter()
            .map(|(head, body)| {
                let (mut stream, _) = listener.accept().unwrap();
                let asked = request(&mut stream);
                let length = body.len();
                let head =
                    format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
                stream.write_all(head.as_bytes()).unwrap();
                // The client may have heard enough.
                let _ = stream.write_all(&body);
                asked
            })
            .collect()
    };
    (base, std::thread::spawn(serve))
}

/// A whole request, head and body.
fn request(stream: &mut std::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap();
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or_default() {
                return text;
            }
        }
        assert!(read > 0, "the request broke off: {text}");
    }
}

fn header<'r>(request: &'r str, name: &str) -> &'r str {
    let line = request.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name} in {request}"))[name.len() + 2..].trim()
}

#[test]
fn a_bundle_is_fetched_and_said_to_be() {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    let (base, server) = serve(vec![("200 OK", delivery.bundle())]);
    let url = format!("{base}/v1/certificates/x/bundle");
    folder.write("api.key", "ytb_secret\n");
    let args = ["bundle", "fetch", &url, "-o", "fetched.json", "--api-key-file", "api.key"];
    let ran = folder.run(&args).exits(0);
    assert!(ran.err.contains("opening a network connection") && ran.err.contains("wrote fetched.json"));
    assert_eq!(folder.read("fetched.json").as_bytes(), delivery.bundle());
    let asked = server.join().unwrap();
    assert!(asked[0].starts_with("GET /v1/certificates/x/bundle "));
    assert_eq!(header(&asked[0], "authorization"), "Bearer ytb_secret");
}

#[test]
fn what_is_no_bundle_is_not_written() {
    let folder = Folder::new();
    for (answer, more, word) in [
        (("200 OK", b"<html>".to_vec()), vec![], "neither a bundle"),
        (("200 OK", vec![b' '; 2000]), vec!["--max-bytes", "1000"], "larger than 1000 bytes"),
        (("404 Not Found", b"{}".to_vec()), vec![], "404: there is nothing of that name"),
        (("401 Unauthorized", b"{}".to_vec()), vec![], "--api-key-file"),
        (("302 Found\r\nLocation: http://registry.example/", Vec::new()), vec![], ""),
    ] {
        let (base, server) = serve(vec![answer]);
        let args = [&["bundle", "fetch", &base, "-o", "fetched.json"][..], &more].concat();
        let ran = folder.run(&args).exits(4);
        assert!(ran.err.contains(word), "{}", ran.err);
        assert!(!folder.path("fetched.json").exists());
        server.join().unwrap();
    }
}

#[test]
fn a_registry_issues_a_draft() {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    let certificate: serde_json::Value = serde_json::from_slice(delivery.ore.bytes()).unwrap();
    let answer = serde_json::json!({ "certificate": certificate, "receipt": {} }).to_string().into_bytes();
    let (base, server) = serve(vec![("201 Created", answer.clone()), ("201 Created", answer)]);
    folder.write("ore.json", serde_json::to_string_pretty(&origin("ORE-1")).unwrap());
    folder.write("api.key", "ytb_secret\n");
    let args =
        ["issue", "ore.json", "--registry", &base, "--api-key-file", "api.key", "-o", "certificate.json"];
    let ran = folder.run(&args).exits(0);
    assert!(!ran.err.contains("ytb_secret"));
    assert_eq!(folder.read("certificate.json").as_bytes(), delivery.ore.bytes());
    folder.run(&args).exits(0);
    let asked = server.join().unwrap();
    assert!(asked[0].starts_with("POST /v1/certificates "), "{}", asked[0]);
    assert_eq!(header(&asked[0], "authorization"), "Bearer ytb_secret");
    assert_eq!(header(&asked[0], "content-type"), "application/json");
    assert!(header(&asked[0], "idempotency-key").starts_with("uEi"));
    assert_eq!(asked[0], asked[1], "a draft sent again is the same request");
    let body = asked[0].split_once("\r\n\r\n").unwrap().1;
    assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap(), origin("ORE-1"));
}

#[test]
fn a_row_may_draw_on_a_row_before_it() {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    let answer = |certificate: &ytterby::Certificate<'_>| {
        let certificate: serde_json::Value = serde_json::from_slice(certificate.bytes()).unwrap();
        ("201 Created", serde_json::json!({ "certificate": certificate }).to_string().into_bytes())
    };
    let (base, server) = serve(vec![answer(&delivery.ore), answer(&delivery.ore_sold)]);
    folder.write(
        "two.csv",
        "type,lotNumber,inputs\nOriginCertificate,FIRST,\nTransferCertificate,SECOND,FIRST\n",
    );
    folder.write("api.key", "ytb_secret");
    let args = ["issue", "two.csv", "--registry", &base, "--api-key-file", "api.key"];
    assert_eq!(folder.run(&args).exits(0).json().as_array().unwrap().len(), 2);
    assert!(server.join().unwrap()[1].contains(&label(&delivery.ore)));
}

#[test]
fn a_refusal_is_told_apart_from_an_outage() {
    let folder = Folder::new();
    folder.write("ore.json", origin("ORE-1").to_string()).write("api.key", "ytb_secret");
    for (status, problem, code, word) in [
        (
            "422 Unprocessable Content",
            r#"{"code":"content.sum","title":"t","findings":[{"code":"content.sum","pointer":"/assay","text":"150 %\u001b[2J"}]}"#,
            1,
            "/assay",
        ),
        ("409 Conflict", r#"{"code":"idempotency.in-progress","title":"t","detail":"wait"}"#, 4, "wait"),
        ("401 Unauthorized", r#"{"code":"auth.invalid","title":"t","detail":"no"}"#, 4, "auth.invalid"),
        ("503 Service Unavailable", "oops", 4, "503"),
        ("201 Created", "{}", 4, "no certificate"),
    ] {
        let (base, server) = serve(vec![(status, problem.as_bytes().to_vec())]);
        let args = ["issue", "ore.json", "--registry", &base, "--api-key-file", "api.key"];
        let ran = folder.run(&args).exits(code);
        assert!(ran.err.contains(word) && ran.out.is_empty() && !ran.err.contains('\u{1b}'), "{}", ran.err);
        server.join().unwrap();
    }
}
