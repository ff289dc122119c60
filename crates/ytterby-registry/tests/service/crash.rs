//! The program itself: killed in the middle of its work, stopped in an orderly way, and what it logs.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::make::{Client, draw, origin};

struct Program {
    child: Child,
    client: Client,
    admin: String,
}

impl Program {
    fn start(folder: &Path, address: &str) -> Self {
        let log = std::fs::File::options().create(true).append(true).open(folder.join("log")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_ytterby-registry"))
            .args(["serve", "--demo", "--listen", address, "--dir"])
            .arg(folder.join("data"))
            .env("RUST_LOG", "debug")
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut line = |prefix: &str| {
            let line = lines.next().unwrap_or_else(|| panic!("no line {prefix:?}"));
            line.strip_prefix(prefix).unwrap_or_else(|| panic!("{line}")).to_owned()
        };
        let url = line("listening on ");
        let admin = line("admin key ");
        Program { child, client: Client::new(url), admin }
    }

    fn issuer(&self, name: &str) -> String {
        let body = json!({ "name": name, "title": name });
        self.client.post("/v1/issuers", &self.admin, &body).expect(201);
        let body = json!({ "issuer": name, "scopes": ["issue"], "label": "test" });
        let key = self.client.post("/v1/api-keys", &self.admin, &body).expect(201).json();
        key["key"].as_str().unwrap().to_owned()
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn terminate(mut self) -> bool {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().success()
    }
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// The example drafts are of August 2026: today's certificates are only made late, which is a warning.
fn today(mut draft: Value) -> Value {
    draft["period"] = json!({ "from": "2026-08-01", "to": "2026-08-30" });
    draft
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    const WRITERS: usize = 6;
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let mut program = Program::start(folder.path(), &address);
    let key = program.issuer("refinery");
    let ore = program.client.issue(&key, &today(origin("MREC-0001"))).id();
    let next = AtomicUsize::new(0);
    // Every request that was sent, with the bytes of its answer if there was one.
    let sent: Mutex<Vec<(String, Option<Vec<u8>>)>> = Mutex::new(Vec::new());
    for _ in 0..3 {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        let number = format!("PART-{}", next.fetch_add(1, Ordering::Relaxed));
                        let draft = today(draw(&number, &ore, "0.001"));
                        let answer = program.client.try_make("/v1/certificates", &key, &number, &draft);
                        let bytes = answer.ok().map(|answer| answer.expect(201).bytes);
                        sent.lock().unwrap().push((number, bytes));
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(700));
            let pid = program.child.id().to_string();
            assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
            stop.store(true, Ordering::Relaxed);
        });
        program.kill();
        program = Program::start(folder.path(), &address);
    }
    let sent = sent.into_inner().unwrap();
    let acknowledged = sent.iter().filter(|(_, bytes)| bytes.is_some()).count();
    assert!(acknowledged > 30, "only {acknowledged} were acknowledged: nothing was tested");
    for (number, bytes) in &sent {
        let draft = today(draw(number, &ore, "0.001"));
        let again = program.client.make("/v1/certificates", &key, number, &draft).expect(201);
        if let Some(bytes) = bytes {
            assert_eq!(again.bytes, *bytes, "{number}");
            assert_eq!(again.header("idempotency-replayed"), Some("true"), "{number}");
        }
    }
    let lot = program.client.lot(&key, &ore);
    assert_eq!(lot["drawnBy"].as_array().unwrap().len(), sent.len());
    let mg: u64 = sent.len() as u64 * 1000;
    assert_eq!(lot["drawn"]["Nd"]["kg"], ytterby::decimal::kilograms(mg));
    assert!(program.terminate());
    secrets_are_not_in(folder.path(), &[&key]);
}

/// Neither keys nor the sealing secret stand in the log, which has a line per request.
fn secrets_are_not_in(folder: &Path, keys: &[&str]) {
    let log = std::fs::read_to_string(folder.join("log")).unwrap();
    assert!(log.contains("/v1/certificates"), "the log is empty");
    let secret = std::fs::read_to_string(folder.join("data/seal.secret")).unwrap();
    assert!(!log.contains(secret.trim()) && !log.contains("ytb_") && !log.to_lowercase().contains("bearer"));
    for key in keys {
        assert!(!log.contains(key.trim_start_matches("ytb_")));
    }
    // The store holds no key as it was shown either.
    for entry in std::fs::read_dir(folder.join("data")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for key in keys {
            assert!(!bytes.windows(key.len()).any(|window| window == key.as_bytes()));
        }
    }
}

#[test]
fn an_orderly_stop_finishes_what_was_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let program = Program::start(folder.path(), &address);
    let key = program.issuer("refinery");
    let made: Mutex<Vec<(String, Vec<u8>)>> = Mutex::new(Vec::new());
    let client = program.client.clone();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let (made, client, key) = (&made, &client, &key);
            scope.spawn(move || {
                for n in 0.. {
                    let number = format!("O-{writer}-{n}");
                    match client.try_make("/v1/certificates", key, &number, &today(origin(&number))) {
                        Ok(answer) => made.lock().unwrap().push((number, answer.expect(201).bytes)),
                        Err(_) => break,
                    }
                }
            });
        }
        std::thread::sleep(Duration::from_millis(300));
        assert!(program.terminate(), "it did not end well");
    });
    let made = made.into_inner().unwrap();
    assert!(!made.is_empty());
    let program = Program::start(folder.path(), &address);
    for (number, bytes) in &made {
        let again = program.client.make("/v1/certificates", &key, number, &today(origin(number))).expect(201);
        assert_eq!(again.bytes, *bytes);
    }
    program.kill();
}
