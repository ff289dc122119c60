//! Two registry processes on one PostgreSQL database.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::cluster::{Server, programs};
use crate::make::{begun, origin};
use crate::program::{configured, printed, refused, serving};

/// Puts the database in the place of the file.
fn on_database(config: &Path, url: &str) {
    let folder = config.parent().unwrap();
    fs::write(folder.join("postgres.url"), url).unwrap();
    fs::set_permissions(folder.join("postgres.url"), fs::Permissions::from_mode(0o600)).unwrap();
    let text = fs::read_to_string(config).unwrap();
    let postgres = "postgres = { url_file = \"postgres.url\" }";
    fs::write(config, text.replace("sqlite = \"registry.db\"", postgres)).unwrap();
}

#[test]
fn two_processes_share_one_log() {
    let Some(bin) = programs() else { return };
    let server = Server::start(bin, &[]);
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = configured(one.path(), "development", "http", "");
    for key in ["log.key", "status.key"] {
        fs::copy(one.path().join(key), other.path().join(key)).unwrap();
    }
    let second = configured(other.path(), "development", "http", "");
    [&first, &second].into_iter().for_each(|config| on_database(config, &server.url("postgres")));
    let (first, second) = (first.to_str().unwrap(), second.to_str().unwrap());
    assert!(printed(&["check-config", "--config", first]).contains("with its own tools"));
    let copy = one.path().join("copy");
    let error = refused(&["backup", "--config", first, "--to", copy.to_str().unwrap()]);
    assert!(error.contains("with its own tools"), "{error}");
    let admin = printed(&["keys", "admin", "--config", first]);
    serving(first, |one| {
        serving(second, |other| {
            one.post("/v1/issuers", &admin, &json!({ "name": "mine", "title": "Mine" })).expect(201);
            let body = json!({ "issuer": "mine", "scopes": ["read", "issue"], "label": "x" });
            let key = other.post("/v1/api-keys", &admin, &body).expect(201).json();
            let key = key["key"].as_str().unwrap();
            for n in 0..10 {
                let client = if n % 2 == 0 { one } else { other };
                client.issue(key, &origin(&format!("LOT-{n}")));
            }
            // The same key leads to the same certificate, whichever process answers.
            let again = |client: &crate::make::Client| {
                client.make("/v1/certificates", key, "once", &origin("LOT-once")).expect(201).text()
            };
            let (here, there) = (again(one), again(other));
            assert_eq!(here, there);
            // And if one of them has known the caller for a while when the other answers.
            let (mut slow, draft) = begun(one, key, "slow", &origin("LOT-slow"));
            std::thread::sleep(Duration::from_millis(300));
            let there = other.make("/v1/certificates", key, "slow", &origin("LOT-slow")).expect(201).text();
            slow.write_all(&draft[draft.len() / 2..]).unwrap();
            let mut here = String::new();
            slow.read_to_string(&mut here).unwrap();
            let (head, body) = here.split_once("\r\n\r\n").unwrap();
            assert!(
                head.starts_with("HTTP/1.1 201") && head.contains("idempotency-replayed: true"),
                "{here}"
            );
            assert_eq!(body, there);
            for client in [one, other] {
                let list = client.get("/v1/certificates", key).expect(200).json();
                assert_eq!(list["certificates"].as_array().unwrap().len(), 12);
            }
        });
    });
    // Each has its own mark, and goes on with the log that both wrote.
    serving(second, |client| {
        let checkpoint = client.send("GET", "/log/checkpoint", &[], None).expect(200).text();
        assert_eq!(checkpoint.lines().nth(1), Some("12"), "{checkpoint}");
    });
}

#[test]
fn production_refuses_asynchronous_replication() {
    let Some(bin) = programs() else { return };
    let server = Server::start(bin, &[]);
    let folder = tempfile::tempdir().unwrap();
    let config = configured(folder.path(), "production", "https", "");
    on_database(&config, &server.url("postgres"));
    let config = config.to_str().unwrap();
    let error = refused(&["serve", "--config", config]);
    assert!(error.contains("replication is asynchronous"), "{error}");
    fs::set_permissions(folder.path().join("postgres.url"), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(refused(&["check-config", "--config", config]).contains("others can read"));
}
