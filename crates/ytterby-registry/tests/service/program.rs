//! The program's other commands, and the profile that refuses what a demonstration may do.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::json;
use ytterby_tlog::NoteSigner;

use crate::make::{Client, origin, transfer};
use crate::witness::{Mood, Witness};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_ytterby-registry"))
}

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

/// What a command that succeeds prints.
#[track_caller]
pub(crate) fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// What a command that fails says.
#[track_caller]
pub(crate) fn refused(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

/// A configuration in a folder.
pub(crate) fn configured(folder: &Path, profile: &str, scheme: &str, more: &str) -> PathBuf {
    let path = folder.join("registry.toml");
    let text = format!(
        "profile = \"{profile}\"\nlisten = \"127.0.0.1:0\"\npublic_url = \"{scheme}://registry.example\"\n{more}\n\
         [storage]\nsqlite = \"registry.db\"\n[seal]\nsecret_file = \"seal.secret\"\n\
         [status]\nkey_file = \"status.key\"\n\
         [log]\nkey_file = \"log.key\"\nmark_file = \"log.mark\"\n"
    );
    fs::write(&path, text).unwrap();
    fs::write(folder.join("seal.secret"), "the secret of this test\n").unwrap();
    fs::set_permissions(folder.join("seal.secret"), fs::Permissions::from_mode(0o600)).unwrap();
    if !folder.join("log.key").exists() {
        let key = folder.join("log.key").to_string_lossy().into_owned();
        let made = printed(&["keys", "log", "--origin", "registry.example/log", "--output", &key]);
        assert!(made.starts_with("registry.example/log+"), "{made}");
        let status = folder.join("status.key").to_string_lossy().into_owned();
        let made = printed(&["keys", "status", "--output", &status]);
        assert!(made.starts_with("z6Mk"), "{made}");
    }
    path
}

/// Serves a configuration while something is done with it.
pub(crate) fn serving(config: &str, with: impl FnOnce(&Client)) {
    let mut child = program()
        .args(["serve", "--config", config])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("listening on ").map(str::to_owned);
    if let Some(url) = url {
        with(&Client::new(url));
    }
    let stopped = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(stopped.success() && child.wait().unwrap().success(), "{line}");
}

#[test]
fn a_registry_is_backed_up_restored_and_its_keys_rotated() {
    let folder = tempfile::tempdir().unwrap();
    let path = configured(folder.path(), "production", "https", "");
    let config = path.to_str().unwrap();
    let said = printed(&["check-config", "--config", config]);
    let said: Vec<&str> = said.lines().collect();
    assert_eq!(said[0], "ok: https://registry.example as registry.example/log");
    assert!(said[1].starts_with("log key registry.example/log+"), "{said:?}");
    assert!(said[2].starts_with("status key z6Mk"), "{said:?}");
    assert_eq!(said[3], "no witness is named: nobody's trust file finds a quorum on its receipts");
    let status = folder.path().join("status.key");
    let kept = fs::read(&status).unwrap();
    fs::write(&status, "nonsense").unwrap();
    assert!(refused(&["check-config", "--config", config]).contains("status"));
    fs::write(&status, kept).unwrap();
    let admin = printed(&["keys", "admin", "--config", config]);
    assert!(admin.starts_with("ytb_") && admin.len() == 47);
    let file = folder.path().join("admin.key");
    let kept = ["keys", "admin", "--config", config, "--label", "second", "-o", file.to_str().unwrap()];
    assert_eq!(printed(&kept), "");
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions()) & 0o777,
        0o600
    );
    assert!(refused(&kept).contains("admin.key"), "a file that is there is left alone");
    let second = fs::read_to_string(&file).unwrap().trim().to_owned();
    let mut issuer = String::new();
    serving(config, |client| {
        client.get("/v1/issuers", &second).expect(200);
        let added =
            client.post("/v1/issuers", &admin, &json!({ "name": "mine", "title": "Mine" })).expect(201);
        assert_eq!(added.json()["did"], "did:web:registry.example:issuers:mine");
        assert!(added.header("strict-transport-security").is_some());
        let body = json!({ "issuer": "mine", "scopes": ["issue"], "label": "x" });
        issuer =
            client.post("/v1/api-keys", &admin, &body).expect(201).json()["key"].as_str().unwrap().to_owned();
        client.issue(&issuer, &origin("MREC-0001"));
        // One process has the store: a second one, and the commands, are refused.
        let busy = refused(&["keys", "list", "--config", config]);
        assert!(busy.contains("stop the service first"), "{busy}");
    });
    let copy = folder.path().join("copy.db");
    let copy = copy.to_str().unwrap();
    assert_eq!(printed(&["backup", "--config", config, "--to", copy]), "backed up: 1 certificates, 1 lots");
    let rotated = printed(&["keys", "rotate", "--config", config, "mine"]);
    let list = printed(&["keys", "list", "--config", config]);
    assert_eq!(list.lines().count(), 2);
    assert!(
        list.lines().next().unwrap().contains("retired") && list.lines().nth(1).unwrap().contains(&rotated)
    );
    assert!(refused(&["keys", "rotate", "--config", config, "nobody"]).contains("no issuer"));

    fs::remove_file(folder.path().join("registry.db")).unwrap();
    let db = folder.path().join("registry.db");
    let restored = printed(&["restore", "--from", copy, "--to", db.to_str().unwrap()]);
    assert_eq!(restored, "restored: 1 certificates, 1 lots");
    serving(config, |client| {
        let list = client.get("/v1/certificates", &issuer).expect(200).json();
        assert_eq!(list["certificates"].as_array().unwrap().len(), 1);
        client.issue(&issuer, &origin("MREC-0002"));
    });
}

#[test]
fn production_refuses_a_demonstrations_keys_and_open_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut demo = program()
        .args(["serve", "--demo", "--dir", data.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("listening on http://127.0.0.1:"));
    assert!(lines.next().unwrap().unwrap().starts_with("admin key ytb_"));
    demo.kill().unwrap();
    demo.wait().unwrap();
    let mode = fs::metadata(data.join("seal.secret")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let secret = fs::read(data.join("seal.secret")).unwrap();
    let origin = "origin = \"demo.example/log\"";
    let path = configured(&data, "production", "https", origin);
    let config = path.to_str().unwrap();
    let serve = |wanted: &str| {
        let said = refused(&["serve", "--config", config]);
        assert!(said.contains(wanted), "{said}");
    };
    serve("admin key of a demonstration");
    fs::set_permissions(data.join("seal.secret"), fs::Permissions::from_mode(0o644)).unwrap();
    serve("others can read");
    fs::write(data.join("seal.secret"), secret).unwrap();
    serve("secret of a demonstration");
    configured(&data, "production", "http", "");
    serve("plain-http");
    configured(&data, "production", "https", "colour = 1");
    serve("line 4");
}

#[test]
fn metrics_have_a_listener_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let private = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let more = format!("metrics_listen = \"{private}\"");
    let path = configured(folder.path(), "development", "http", &more);
    let config = path.to_str().unwrap();
    serving(config, |client| {
        client.send("GET", "/livez", &[], None).expect(200);
        client.send("GET", "/metrics", &[], None).expect(404);
        let metrics = Client::new(format!("http://{private}"));
        let text = metrics.send("GET", "/metrics", &[], None).expect(200).text();
        assert!(text.contains("ytterby_requests_total{path=\"/livez\",status=\"200\"} 1"), "{text}");
        metrics.send("GET", "/livez", &[], None).expect(404);
    });
}

#[test]
fn how_far_behind_the_witnesses_are_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let private = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let more = format!("metrics_listen = \"{private}\"");
    let path = configured(folder.path(), "development", "http", &more);
    let config = path.to_str().unwrap();
    let secret = fs::read_to_string(folder.path().join("log.key")).unwrap();
    let log = NoteSigner::parse_secret(secret.trim()).unwrap().verifier_key().clone();
    // Its clock is an hour behind, and it can be heard from at first.
    let now = ytterby_registry::clock::Clock::system().now().as_second().unsigned_abs();
    let witness = Witness::start(1, log, now - 3_600);
    let mut text = fs::read_to_string(&path).unwrap();
    let known = witness.config();
    text = text.replace("mark_file = \"log.mark\"\n", "mark_file = \"log.mark\"\nquorum = 1\n");
    text.push_str(&format!("[[witness]]\nkey = \"{}\"\nurl = \"{}\"\n", known.key, known.url));
    fs::write(&path, text).unwrap();
    let said = printed(&["check-config", "--config", config]);
    assert!(said.ends_with("\ncosigned by 1 of 1 witnesses"), "{said}");
    let admin = printed(&["keys", "admin", "--config", config]);
    serving(config, |client| {
        client.post("/v1/issuers", &admin, &json!({ "name": "mine", "title": "Mine" })).expect(201);
        let body = json!({ "issuer": "mine", "scopes": ["issue"], "label": "x" });
        let made = client.post("/v1/api-keys", &admin, &body).expect(201).json();
        let issuer = made["key"].as_str().unwrap();
        let metrics = Client::new(format!("http://{private}"));
        let shows = |wanted: &dyn Fn(&str) -> bool| {
            let mut text = String::new();
            let found = (0..500).any(|_| {
                std::thread::sleep(std::time::Duration::from_millis(20));
                text = metrics.send("GET", "/metrics", &[], None).expect(200).text();
                wanted(&text)
            });
            assert!(found, "{text}");
        };
        client.issue(issuer, &origin("MREC-0001"));
        shows(&|text| text.contains("\nytterby_log_cosigned_size 1\n"));
        let age = |text: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix("ytterby_log_cosigned_age_seconds "));
            line.and_then(|age| age.parse::<u64>().ok())
        };
        shows(&|text| age(text).is_some_and(|age| (3_590..4_000).contains(&age)));
        witness.set(Mood::Down);
        client.issue(issuer, &origin("MREC-0002"));
        shows(&|text| {
            text.contains("\nytterby_log_published_size 2\n")
                && text.contains("\nytterby_log_cosigned_size 1\n")
                && text.contains("ytterby_witness_failures_total{witness=\"witness.example/1\"} ")
        });
        // Who asks whether it serves is not told of witnesses.
        client.send("GET", "/readyz", &[], None).expect(200);
    });
}

#[test]
fn a_gate_is_checked_shown_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let private = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let path = configured(folder.path(), "development", "http", &format!("metrics_listen = \"{private}\""));
    let config = path.to_str().unwrap();
    let key = folder.path().join("screening.key");
    let public = printed(&["keys", "screening", "-o", key.to_str().unwrap()]);
    let (server, other) = (crate::screening::ScreeningServer::start(), tempfile::tempdir().unwrap());
    let setting = server.gate(other.path()).screening.unwrap();
    let gate = |pack: &str| {
        format!(
            "[[gate.rules]]\npack = \"{pack}\"\nrefuse = \"fail\"\n[gate.screening]\nurl = \"{}\"\nkeys = [\"{}\"]\n\
             key_file = \"screening.key\"\n",
            setting.url, setting.keys[0]
        )
    };
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}{}", gate("us-dfars"))).unwrap();
    let error = refused(&["check-config", "--config", config]);
    assert!(error.contains("gate.rules: no pack \"us-dfars\" is shipped"), "{error}");
    fs::write(&path, format!("{text}{}", gate("cn-licences"))).unwrap();
    let said = printed(&["check-config", "--config", config]);
    let wanted = format!("\nscreened by {}\nscreening key {public}", setting.url);
    assert!(said.contains("\nrefused: a transfer that fails under cn-licences (uEi"), "{said}");
    assert!(said.ends_with(&wanted), "{said}");
    let admin = printed(&["keys", "admin", "--config", config]);
    serving(config, |client| {
        client.post("/v1/issuers", &admin, &json!({ "name": "mine", "title": "Mine" })).expect(201);
        let body = json!({ "issuer": "mine", "scopes": ["issue"], "label": "x" });
        let made = client.post("/v1/api-keys", &admin, &body).expect(201).json();
        let issuer = made["key"].as_str().unwrap();
        let ore = client.issue(issuer, &origin("MREC-0001")).id();
        let mut sale = transfer("MREC-0001", &ore, "did:web:buyer.example");
        sale["form"] = "mixed-compound".into();
        sale["netMass"] = "710222.000".into();
        // The key in the file is another than the one that the service knows: it refuses to answer.
        let answer = client.make("/v1/certificates", issuer, "sale-1", &sale);
        assert_eq!(answer.json()["code"], json!("screening.unavailable"), "{}", answer.text());
        let metrics = Client::new(format!("http://{private}"));
        let text = metrics.send("GET", "/metrics", &[], None).expect(200).text();
        assert!(text.contains("\nytterby_screenings_total{outcome=\"unavailable\"} 1\n"), "{text}");
    });
}

#[test]
fn a_head_that_is_too_large_or_never_ends_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = configured(folder.path(), "development", "http", "");
    serving(path.to_str().unwrap(), |client| {
        let host = client.url.strip_prefix("http://").unwrap();
        let answer = |head: &str| {
            let mut stream = TcpStream::connect(host).unwrap();
            stream.write_all(head.as_bytes()).ok();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).ok();
            String::from_utf8_lossy(&answer).into_owned()
        };
        let large = format!("GET /livez HTTP/1.1\r\nhost: x\r\na: {}\r\n\r\n", "x".repeat(100_000));
        let many = format!("GET /livez HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(1_000));
        for head in [large, many] {
            let answer = answer(&head);
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
        }
        // Nothing more comes: the server hangs up, not the client.
        assert!(!answer("GET /livez HTTP/1.1\r\nhost: x\r\n").contains("200"));
        client.send("GET", "/livez", &[], None).expect(200);
    });
}

#[test]
fn what_makes_no_sense_is_a_usage_error_and_a_cause_is_told_once() {
    let nothing = run(&["serve"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("--config"));
    let absent = refused(&["check-config", "--config", "absent.toml"]);
    assert!(absent.contains("cannot read absent.toml: No such file"), "{absent}");
    assert_eq!(absent.matches("No such file").count(), 1, "{absent}");
}

#[test]
fn a_demonstration_says_where_to_go_on() {
    let mut child =
        program().args(["serve", "--demo"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines: Vec<String> =
        BufReader::new(child.stdout.take().unwrap()).lines().take(4).map(Result::unwrap).collect();
    let url = lines[0].strip_prefix("listening on ").unwrap();
    assert_eq!(lines[2], format!("documentation {url}/docs"));
    assert!(lines[3].starts_with("next: ") && lines[3].contains("First certificate"));
    // It goes on when nobody reads any further.
    std::thread::sleep(std::time::Duration::from_millis(50));
    assert_eq!(child.try_wait().unwrap(), None);
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(child.wait().unwrap().success());
}
