//! The examples in `proto-docs/registration.md` are what the code makes, and a log may hold them.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use serde_json::Value;
use ytterby::digest::Digest;
use ytterby::entry::{CertificateEntry, Taken};
use ytterby::{Certificate, Entry, Home, Ledger};

const REGISTRATION: &str = include_str!("../../../proto-docs/registration.md");
const HONEST: &str = include_str!("../../../proto-docs/vectors/honest.json");

/// The entries that are shown, a line each.
fn shown() -> Vec<&'static str> {
    let (entries, _) = REGISTRATION.split_once("\n## Receipts\n").unwrap();
    entries.split("```\n").skip(1).step_by(2).flat_map(str::lines).collect()
}

fn text(entry: &Entry) -> String {
    String::from_utf8(entry.to_bytes()).unwrap()
}

#[test]
fn the_first_entries_register_the_honest_chain() {
    let vector: Value = serde_json::from_str(HONEST).unwrap();
    let certificates = vector["bundle"]["certificates"].as_array().unwrap();
    for (certificate, shown) in certificates.iter().zip(shown()) {
        let bytes = certificate.to_string();
        let certificate = Certificate::parse(bytes.as_bytes()).unwrap();
        let inputs = certificate.lot().unwrap().inputs.iter();
        let taken: Vec<Taken> =
            inputs.map(|input| Taken { seq: 1, cumulative: input.draws.clone() }).collect();
        let entry = CertificateEntry::of(&certificate, &taken).unwrap();
        assert_eq!(text(&Entry::Certificate(entry)), shown);
    }
    assert_eq!(certificates.len(), 3);
}

#[test]
fn every_entry_is_read_and_replayed() {
    let mut ledger = Ledger::new(Home::parse("registry.example/ree").unwrap());
    for shown in shown() {
        let entry = Entry::parse(shown.as_bytes()).unwrap();
        assert_eq!(text(&entry), shown);
        assert_eq!(ledger.apply(&entry), Ok(()), "{shown}");
    }
    assert_eq!((shown().len(), ledger.len()), (6, 4));
    assert!(ledger.get(&Digest::of(b"a transfer to registry.example/ree")).is_some());
}
