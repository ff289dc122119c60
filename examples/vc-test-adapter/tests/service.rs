//! The routes and the binary: whatever is sent, the answer is JSON, and the server goes on.

#[expect(dead_code, reason = "the harness is shared by the tests of this folder")]
mod harness;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use axum::body::Body;
use axum::http::Request;
use harness::{post, send};
use serde_json::json;
use vc_test_adapter::MAX_BODY;

#[test]
fn hostile_bodies_are_answered() {
    let deep = format!("{{\"verifiableCredential\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let cases: [(Vec<u8>, u16); 12] = [
        (b"".to_vec(), 400),
        (b"null".to_vec(), 400),
        (b"[]".to_vec(), 400),
        (b"{}".to_vec(), 400),
        (b"{".to_vec(), 400),
        (b"\xef\xbb\xbf{}".to_vec(), 400),
        (b"{\"verifiableCredential\":\"\xff\"}".to_vec(), 400),
        (b"{\"verifiableCredential\":{},\"verifiable\\u0043redential\":{}}".to_vec(), 400),
        (b"{\"verifiableCredential\":{\"a\":1.0}}".to_vec(), 400),
        (b"{\"verifiableCredential\":{},\"options\":[]}".to_vec(), 400),
        (deep.into_bytes(), 400),
        (vec![b' '; MAX_BODY + 1], 413),
    ];
    for path in ["/credentials/issue", "/credentials/verify", "/presentations/verify"] {
        for (body, expected) in &cases {
            let (status, answer) = post(path, body.clone());
            assert_eq!(status, *expected, "{path}: {answer}");
            assert!(answer["detail"].is_string(), "{answer}");
        }
    }
}

#[test]
fn other_routes_are_nowhere() {
    assert_eq!(post("/", "{}").0, 404);
    assert_eq!(send(Request::get("/credentials/issue").body(Body::empty()).unwrap()).0, 404);
}

/// A running adapter, ended with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

#[test]
fn the_binary_serves_on_loopback_says_what_it_is_and_stops() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vc-test-adapter"));
    let mut server = Server(command.args(["0", "3"]).stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(server.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let address = lines.next().unwrap();
    let address = address.strip_prefix("listening on http://").unwrap().split(' ').next().unwrap().to_owned();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    let issuer = lines.next().unwrap().strip_prefix("issuer ").unwrap().to_owned();
    assert!(lines.next().unwrap().contains("signing oracle"));

    let body = json!({"credential": harness::credential(&issuer)}).to_string();
    let mut stream = TcpStream::connect(&address).unwrap();
    let head = format!(
        "POST /credentials/issue HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert!(answer.contains("\"proofValue\":\"z"), "{answer}");

    assert!(server.0.wait().unwrap().success(), "it stops by itself");
}
