//! `verify --online` and `trust add --online`, against registries of the test's own on loopback.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};
use ytterby::entry::CertificateEntry;
use ytterby::{Certificate, Receipt};
use ytterby_tlog::{Cosigner, KeyName, SignedCheckpoint, VerifierKey};

use super::delivery::{Party, origin};
use super::liar::{Liar, ORIGIN, lot};
use super::run::{Folder, Ran};

const AT: &str = "2026-11-24T12:00:00Z";
const LIST: &str = "/v1/status-lists/0";
const SUSPENSIONS: &str = "/v1/status-lists/0/suspension";

/// A delivery whose registry is here: its status lists are taken out of the bundle, to be shown by it.
struct Asked {
    folder: Folder,
    registry: Liar,
    lists: Vec<String>,
}

impl Asked {
    /// From a vector; of its lists the first so many stay in the bundle.
    fn of(vector: &str, kept: usize) -> Self {
        let mut vector: Value = serde_json::from_str(vector).unwrap();
        let lists = vector["bundle"]["statusLists"].as_array_mut().unwrap().split_off(kept);
        if kept == 0 {
            vector["bundle"].as_object_mut().unwrap().remove("statusLists");
        }
        let (folder, registry) = (Folder::new(), Liar::new(ORIGIN));
        let base = registry.serve(Duration::ZERO);
        let url = base.trim_end_matches("log");
        let table = format!("[[registry]]\nurl = \"{url}\"\n");
        let trust = vector["trust"].as_str().unwrap();
        folder.write("trust.toml", trust.replacen("[[registry]]\n", &table, 1));
        folder.write("without-url.toml", trust);
        folder.write("delivery.json", vector["bundle"].to_string());
        Asked { folder, registry, lists: lists.iter().map(Value::to_string).collect() }
    }

    fn run(&self, trust: &str, more: &[&str]) -> Ran {
        let asked = ["verify", "delivery.json", "--trust", trust, "--at", AT, "--format", "json"];
        self.folder.run(&[&asked, more].concat())
    }

    /// The texts of the problems with a code, in a report.
    fn said(ran: &Ran, code: &str) -> Vec<String> {
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        let problems = report["problems"].as_array().unwrap();
        let own = problems.iter().filter(|problem| problem["code"] == code);
        own.map(|problem| problem["text"].as_str().unwrap().to_owned()).collect()
    }
}

const UNAVAILABLE: &str = "online.unavailable";
const HONEST: &str = include_str!("../../../../proto-docs/vectors/honest-status.json");

#[test]
fn lists_are_fetched_where_the_trust_file_says() {
    let asked = Asked::of(HONEST, 0);
    asked.registry.show(LIST, asked.lists[0].as_str());
    asked.registry.show(SUSPENSIONS, asked.lists[1].as_str());
    let offline = asked.run("trust.toml", &[]).exits(4);
    assert!(!Asked::said(&offline, "status.missing").is_empty(), "{}", offline.out);
    assert_eq!(offline.err, "");
    let ran = asked.run("trust.toml", &["--online"]).exits(0);
    let network = |ran: &Ran| serde_json::from_str::<Value>(&ran.out).unwrap()["network"].clone();
    assert_eq!((network(&offline), network(&ran)), (json!("none"), json!("asked")));
    assert!(ran.err.contains("opening a network connection: http://127.0.0.1:"), "{}", ran.err);
    // The registry shows no checkpoint, and the issuers' domain does not exist: both are said.
    let said = Asked::said(&ran, UNAVAILABLE);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].ends_with("/log: there is no checkpoint"), "{said:?}");
    assert!(said[1].starts_with("a DID document was not to be had: did:web:refinery.example ("), "{said:?}");
    assert_eq!(asked.run("trust.toml", &["--online", "-q"]).exits(0).err, "");
}

#[test]
fn a_revocation_that_the_bundle_does_not_know_is_found() {
    let vector = include_str!("../../../../proto-docs/vectors/status.revoked-in-the-newer-list.json");
    let bundle: Value = serde_json::from_str(vector).unwrap();
    let lists = bundle["bundle"]["statusLists"].as_array().unwrap();
    let purpose = |list: &Value| list["credentialSubject"]["statusPurpose"].as_str().unwrap().to_owned();
    let size = |list: &&Value| list["credentialSubject"]["size"].as_str().unwrap().parse::<u64>().unwrap();
    let newest = |wanted: &str| {
        lists.iter().filter(|list| purpose(list) == wanted).max_by_key(size).unwrap().to_string()
    };
    let asked = Asked::of(vector, 0);
    asked.registry.show(LIST, newest("revocation"));
    asked.registry.show(SUSPENSIONS, newest("suspension"));
    asked.run("trust.toml", &[]).exits(4);
    let ran = asked.run("trust.toml", &["--online"]).exits(1);
    assert_eq!(Asked::said(&ran, "status.revoked").len(), 1, "{}", ran.out);
}

/// Whoever wrote the bundle has no say in which lists are asked for, and one that is missing keeps no other
/// back.
#[test]
fn a_revocation_is_found_beside_lists_that_are_not_there() {
    let vector = include_str!("../../../../proto-docs/vectors/status.revoked-in-the-newer-list.json");
    let mut vector: Value = serde_json::from_str(vector).unwrap();
    let lists = vector["bundle"]["statusLists"].as_array().unwrap();
    let is_revocation = |list: &&Value| list["credentialSubject"]["statusPurpose"] == "revocation";
    let size = |list: &&Value| list["credentialSubject"]["size"].as_str().unwrap().parse::<u64>().unwrap();
    let newest = lists.iter().filter(is_revocation).max_by_key(size).unwrap().to_string();
    // A place that no log gave, of a certificate that is not there.
    let receipts = vector["bundle"]["receipts"].as_object_mut().unwrap();
    let mut forged = receipts.values().next().unwrap().clone();
    let proof = forged["proof"].as_str().unwrap().lines().map(|line| match line.starts_with("index ") {
        true => format!("index {}\n", 900_u64 << 17),
        false => format!("{line}\n"),
    });
    forged["proof"] = proof.collect::<String>().into();
    receipts.insert(ytterby::digest::Digest::of(b"nothing").to_string(), forged);
    let asked = Asked::of(&vector.to_string(), 0);
    asked.registry.show(LIST, newest);
    let ran = asked.run("trust.toml", &["--online"]).exits(1);
    assert_eq!(Asked::said(&ran, "status.revoked").len(), 1, "{}", ran.out);
    let said = Asked::said(&ran, UNAVAILABLE);
    assert!(said[0].contains("/v1/status-lists/0/suspension: there is no such list; "), "{said:?}");
    assert!(!ran.err.contains("status-lists/900"), "{}", ran.err);
}

#[test]
fn a_list_that_was_not_asked_for_is_said() {
    let asked = Asked::of(HONEST, 0);
    asked.registry.show(LIST, asked.lists[1].as_str());
    asked.registry.show(SUSPENSIONS, asked.lists[1].as_str());
    let ran = asked.run("trust.toml", &["--online"]).exits(4);
    let said = Asked::said(&ran, UNAVAILABLE);
    let text = "/v1/status-lists/0: it is the suspension list 0 of registry.example/ree; ";
    assert!(said[0].contains(text), "{said:?}");
    // What is signed by a key that nobody has pinned would not count.
    let other = Party::new("mine", 1).key.public().to_string();
    let trust = asked.folder.read("trust.toml");
    let keys = trust.lines().find(|line| line.starts_with("status_keys")).unwrap();
    asked.folder.write("other.toml", trust.replace(keys, &format!("status_keys = [\"{other}\"]")));
    asked.registry.show(LIST, asked.lists[0].as_str());
    let said = Asked::said(&asked.run("other.toml", &["--online"]).exits(4), UNAVAILABLE);
    let text = "/v1/status-lists/0: the trust file does not name the key that signed it, z6Mk";
    assert!(said[0].contains(text), "{said:?}");
}

#[test]
fn what_does_not_answer_changes_no_verdict_and_is_said() {
    let asked = Asked::of(HONEST, 2);
    let said = |trust: &str| Asked::said(&asked.run(trust, &["--online"]).exits(0), UNAVAILABLE)[0].clone();
    assert!(said("trust.toml").contains("/v1/status-lists/0: there is no such list; "));
    asked.registry.show(LIST, "{\"not\":\"a list\"}");
    assert!(said("trust.toml").contains("not a status list"));
    let text = "the trust file has no `url` for registry.example/ree: nothing was asked there";
    assert_eq!(said("without-url.toml"), text);
    for (url, why) in [
        ("http://registry.example", "it must begin with https://"),
        ("http://127.0.0.1.evil.example", "it must begin with https://"),
        ("https://user@registry.example", "a host and a path"),
        ("https://registry.example/?next=", "a host and a path"),
        ("file:///etc", "it must begin with https://"),
    ] {
        let table = format!("[[registry]]\nurl = \"{url}\"\n");
        let trust = asked.folder.read("without-url.toml").replacen("[[registry]]\n", &table, 1);
        asked.folder.write("bad.toml", trust);
        let ran = asked.run("bad.toml", &[]).exits(4);
        assert!(ran.err.contains("registry[0].url") && ran.err.contains(why), "{url}: {}", ran.err);
    }
}

const COSIGNED: u64 = 1_780_500_000;

/// The checkpoint of a log as it stands, cosigned by one witness, whose key comes with it.
fn cosigned(log: &Liar) -> (SignedCheckpoint, VerifierKey) {
    let witness = Cosigner::from_seed(KeyName::parse("witness.example/1").unwrap(), &[9; 32]);
    let mut signed = log.checkpoint();
    let signature = witness.cosign(signed.unverified(), COSIGNED + log.head().size).unwrap();
    signed.add(signature).unwrap();
    (signed, witness.verifier_key().clone())
}

/// An origin of a mine, registered as the first entry of a log; the trust file knows where that is.
fn registered(log: &mut Liar, folder: &Folder) {
    let mine = Party::new("mine", 1);
    let ore: Certificate<'_> = mine.issue(1, "2026-06-01T08:00:00Z", origin("ORE-1"), &[]);
    let entry = ytterby::Entry::Certificate(CertificateEntry::of(&ore, &[]).unwrap()).to_bytes();
    log.append_bytes(entry.clone());
    let (checkpoint, witness) = cosigned(log);
    let receipt = ytterby_tlog::Receipt::new(0, Vec::new(), checkpoint);
    let receipt = Receipt::of(&entry, &receipt).unwrap();
    let bundle = ytterby::Bundle::of(vec![ore.digest()], vec![ore.clone()]);
    folder.write("delivery.json", bundle.with_receipts([(ore.digest(), receipt)]).to_bytes());
    let base = log.serve(Duration::ZERO);
    let trust = format!(
        "version = 1\n[[issuer]]\ndid = {:?}\nkeys = [\"{}\"]\n[require]\nstatus = false\n\
         [[registry]]\norigin = {ORIGIN:?}\nkey = \"{}\"\nurl = {:?}\n\
         [[witness]]\nkey = \"{witness}\"\naudits = [{ORIGIN:?}]\n[quorum]\nneed = 1\ndishonest = 0\n",
        mine.did,
        mine.key.public(),
        log.key(),
        base.trim_end_matches("/log"),
    );
    folder.write("trust.toml", trust);
}

/// The size up to which the delivered lot's log is known, by a report.
fn known(folder: &Folder, code: i32) -> (Value, Ran) {
    let args = ["verify", "delivery.json", "--trust", "trust.toml", "--online", "--format", "json"];
    let ran = folder.run(&args).exits(code);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    (report["certificates"][0]["registered"]["known"]["size"].clone(), ran)
}

#[test]
fn a_newer_checkpoint_is_fetched_and_must_continue_the_receipts() {
    let (mut log, folder) = (Liar::new(ORIGIN), Folder::new());
    registered(&mut log, &folder);
    let mut forked = log.forked(0);
    let published = |log: &Liar| {
        log.publish();
        // What a registry shows beside the log.
        for (path, purpose) in [(LIST, "revocation"), (SUSPENSIONS, "suspension")] {
            let list: Value = serde_json::from_str::<Value>(HONEST).unwrap()["bundle"]["statusLists"]
                .as_array()
                .unwrap()
                .iter()
                .find(|list| list["credentialSubject"]["statusPurpose"] == purpose)
                .unwrap()
                .clone();
            log.show(path, list.to_string());
        }
    };
    let grown = |log: &mut Liar| {
        (0..300).for_each(|at| log.append(&lot(&format!("after {at}"), "1")));
        published(log);
    };
    grown(&mut log);
    // Not cosigned yet: what is known stays as old as the receipt.
    let (size, ran) = known(&folder, 0);
    assert_eq!(size, json!("1"));
    assert!(Asked::said(&ran, UNAVAILABLE)[0].contains("/log/checkpoint: "), "{}", ran.out);
    log.show("checkpoint", cosigned(&log).0.to_string());
    let (size, ran) = known(&folder, 0);
    assert_eq!(size, json!("301"), "{}", ran.out);
    // Another history, signed and cosigned too: the receipt's tree is no part of it.
    forked.append(&lot("another first", "1"));
    published(&forked);
    for size in ["1", "301"] {
        forked.show("checkpoint", cosigned(&forked).0.to_string());
        let (_, ran) = known(&folder, 1);
        assert_eq!(Asked::said(&ran, "registration.consistency").len(), 1, "{size}: {}", ran.out);
        grown(&mut forked);
    }
}

#[test]
fn the_issuer_of_what_is_delivered_is_asked_first() {
    let folder = Folder::new();
    let issued = |at: u8| {
        let did = format!("did:web:127.0.0.1%3A{}", 9_000 + u16::from(at));
        let party = Party { did, key: ytterby::key::SigningKey::from_seed(&[at; 32]) };
        party.issue(at.into(), "2026-06-01T08:00:00Z", origin(&format!("ORE-{at}")), &[])
    };
    let ores: Vec<Certificate<'static>> = (1..=20).map(issued).collect();
    let delivered = ores[19].digest();
    folder.write("delivery.json", ytterby::Bundle::of(vec![delivered], ores).to_bytes());
    folder.run(&["trust", "init", "-o", "trust.toml"]).exits(0);
    let ran = folder.run(&["verify", "delivery.json", "--trust", "trust.toml", "--online"]);
    let asked: Vec<&str> = ran.err.lines().filter(|line| line.starts_with("opening")).collect();
    assert_eq!(asked.len(), 16, "{asked:?}");
    assert!(asked[0].ends_with("https://127.0.0.1:9020/.well-known/did.json"), "{asked:?}");
    assert!(ran.out.contains("of more than 16 issuers no more were asked"), "{}", ran.out);
}

#[test]
fn keys_are_not_taken_from_this_machine() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let folder = Folder::new();
    folder.run(&["trust", "init", "-o", "trust.toml"]).exits(0);
    let before = folder.read("trust.toml");
    for host in ["localhost", "127.0.0.1"] {
        let did = format!("did:web:{host}%3A{port}");
        let ran = folder.run(&["trust", "add", "trust.toml", "--did", &did, "--online"]).exits(4);
        assert!(ran.err.contains("is not an address of the public network"), "{}", ran.err);
    }
    let ran = folder.run(&["trust", "add", "trust.toml", "--did", "did:web:mine.example"]).exits(2);
    assert!(ran.err.contains("--key"), "{}", ran.err);
    assert_eq!(folder.read("trust.toml"), before);
    assert!(listener.accept().is_err(), "nobody has connected");
    let key = Party::new("mine", 1).key.public();
    let did = format!("did:key:{key}");
    folder.run(&["trust", "add", "trust.toml", "--did", &did, "--online"]).exits(0);
    assert!(folder.read("trust.toml").contains(&format!("keys = [\"{key}\"]")));
}

#[test]
fn a_registry_that_does_not_answer_is_asked_once_in_a_run() {
    let asked = Asked::of(HONEST, 2);
    let url = "url = \"http://127.0.0.1:9\"";
    let trust = asked.folder.read("without-url.toml").replacen(
        "[[registry]]\n",
        &format!("[[registry]]\n{url}\n"),
        1,
    );
    asked.folder.write("down.toml", trust);
    asked.folder.write("again.json", asked.folder.read("delivery.json"));
    let ran = asked.run("down.toml", &["again.json", "--online"]).exits(0);
    assert_eq!(ran.err.matches("http://127.0.0.1:9/").count(), 1, "{}", ran.err);
    let run: Value = serde_json::from_str(&ran.out).unwrap();
    for report in run["inputs"].as_array().unwrap() {
        let said = |problem: &Value| problem["text"].as_str().unwrap().starts_with("http://127.0.0.1:9/");
        assert!(report["problems"].as_array().unwrap().iter().any(said), "{report}");
    }
}
