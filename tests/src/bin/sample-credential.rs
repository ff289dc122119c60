//! Secured credentials for the peers, and our side of the exchange with them.
//!
//! ```text
//! sample-credential write FOLDER           sample certificates by a did:web and by a did:key issuer
//! sample-credential methods FILE...        {"did:web:…": ["z6Mk…"]}: the keys that the files' proofs name
//! sample-credential verify SEED FILE...    one line for each file: verified, or refused and why
//! sample-credential spoil FOLDER FILE...   writes each file twice, with one byte changed
//! sample-credential lists ON FILE...       verified if a status list is on where ON says, and nowhere else
//! ```
//!
//! SEED is 32 bytes in hex. Ed25519 is deterministic, so what a peer signed with a seed must be, byte for
//! byte, what we sign with it: `verify` asks for that too, unless SEED is `-`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use ytterby::did::Did;
use ytterby::json::{Object, Value, canonical};
use ytterby::key::{Multikey, SigningKey};
use ytterby::proof;
use ytterby::status_list::{LIST_BITS, StatusList};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", folder] => write(Path::new(folder)),
        ["methods", ref files @ ..] => methods(files),
        ["verify", seed, ref files @ ..] => verify(seed, files),
        ["spoil", folder, ref files @ ..] => spoil(Path::new(folder), files),
        ["lists", on, ref files @ ..] => lists(on, files),
        _ => Err("write FOLDER, methods FILE..., verify SEED FILE..., spoil FOLDER FILE... or \
                  lists ON FILE... is expected"
            .into()),
    }
}

/// Sample documents, each with what certificates have: an issuer object, both contexts, exact strings,
/// names outside of ASCII, deep members.
fn write(folder: &Path) -> Result<(), Failure> {
    let key = SigningKey::from_seed(&[11; 32]);
    let issuers = [
        ("did-web", "did:web:refinery.example:issuers:ytterby".to_owned()),
        ("did-key", format!("did:key:{}", key.public())),
    ];
    for (name, did) in issuers {
        for (number, extra) in EXTRA.iter().enumerate() {
            let text =
                TEMPLATE.replace("DID", &did).replace("NUMBER", &number.to_string()).replace("EXTRA", extra);
            let config = format!(
                r#"{{"created":"2026-03-01T08:00:00Z","proofPurpose":"assertionMethod","verificationMethod":"{}"}}"#,
                Did::parse(&did)?.method(&key.public())
            );
            let signed = proof::sign(object(text.as_bytes())?, object(config.as_bytes())?, &key);
            fs::write(folder.join(format!("{name}-{number}.json")), canonical(&Value::Object(signed)))?;
        }
    }
    Ok(())
}

const TEMPLATE: &str = r#"{
  "@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/ytterby/v1"],
  "id": "urn:uuid:0d9c3a1e-6a0e-4a53-9a52-00000000000NUMBER",
  "type": ["VerifiableCredential", "OriginCertificate"],
  "issuer": {"id": "DID", "name": "Ytterby gruva, \u00e5\u00e4\u00f6"},
  "validFrom": "2026-03-01T08:00:00Z",
  "credentialSubject": EXTRA
}"#;

const EXTRA: [&str; 3] = [
    r#"{"holder": "DID", "content": {"Nd": "77.5", "Pr": "22.499999"}}"#,
    r#"{"holder": "DID", "product": "\u7a00\u571f \ud83d\ude02 \u20ac \"\\/\b\f\t", "content": {"\u00e9": "1", "z": "2", "\ufb33": "3"}}"#,
    r#"{"holder": "DID", "packages": [{"net": "0.000001", "seal": "1"}, {"net": "999999999.999999", "seal": "2"}], "rest": true}"#,
];

#[expect(clippy::print_stdout, reason = "the map is the answer")]
fn methods(files: &[&str]) -> Result<(), Failure> {
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        let bytes = fs::read(file)?;
        let document = object(&bytes)?;
        let (did, key) = method(&document).ok_or_else(|| format!("{file}: no verification method"))?;
        if did.starts_with("did:web:") {
            keys.entry(did.to_owned()).or_default().insert(key.to_owned());
        }
    }
    println!("{}", serde_json::to_string_pretty(&keys)?);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "one line for each file is the answer")]
fn verify(seed: &str, files: &[&str]) -> Result<(), Failure> {
    let key = if seed == "-" { None } else { Some(SigningKey::from_seed(&seed_of(seed)?)) };
    for file in files {
        match check(&fs::read(file)?, key.as_ref()) {
            Ok(()) => println!("verified\t{file}"),
            Err(reason) => println!("refused\t{file}\t{reason}"),
        }
    }
    Ok(())
}

fn check(bytes: &[u8], key: Option<&SigningKey>) -> Result<(), Failure> {
    let document = object(bytes)?;
    let (did, fragment) = method(&document).ok_or("no verification method")?;
    let issuer =
        document.get("issuer").and_then(|issuer| issuer.as_str().or_else(|| issuer.get("id")?.as_str()));
    if issuer != Some(did) {
        return Err("the method is not the issuer's".into());
    }
    let public = Multikey::parse(fragment)?;
    if Did::parse(did)?.key().is_some_and(|own| own != public) {
        return Err("the method is not the key of its did:key".into());
    }
    proof::verify(&document, &public)?;
    let Some(key) = key else { return Ok(()) };
    let config = document.get("proof").and_then(Value::as_object).ok_or("no proof")?.clone();
    if proof::sign(document.clone(), config, key) != document {
        return Err("we sign the same document with the same seed to other bytes".into());
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "one line for each file is the answer")]
fn lists(on: &str, files: &[&str]) -> Result<(), Failure> {
    let on: BTreeMap<String, Vec<u64>> = serde_json::from_slice(&fs::read(on)?)?;
    for file in files {
        match StatusList::parse(&fs::read(file)?) {
            Ok(list) => {
                let all = list.number * LIST_BITS..list.size.min((list.number + 1) * LIST_BITS);
                let found: Vec<u64> = all.filter(|index| list.get(*index) == Some(true)).collect();
                match on.get(list.purpose.as_str()) {
                    Some(wanted) if *wanted == found => println!("verified\t{file}"),
                    _ => println!("refused\t{file}\ton are {found:?}"),
                }
            }
            Err(reason) => println!("refused\t{file}\t{reason}"),
        }
    }
    Ok(())
}

/// Writes each file with one digit of its `id` changed, and with one character of its signature.
fn spoil(folder: &Path, files: &[&str]) -> Result<(), Failure> {
    for file in files {
        let name = Path::new(file).file_stem().and_then(|name| name.to_str()).ok_or("no file name")?;
        let bytes = fs::read(file)?;
        let mut document = object(&bytes)?;
        let id = document.get("id").and_then(Value::as_str).ok_or_else(|| format!("{file}: no id"))?;
        let id = other_end(id);
        let mut proof = document.get("proof").and_then(Value::as_object).ok_or("no proof")?.clone();
        let value = proof.get("proofValue").and_then(Value::as_str).ok_or("no proofValue")?;
        let value = other_end(value);
        proof.insert("proofValue", Value::String(value.into()));
        let mut forged = document.clone();
        forged.insert("proof", Value::Object(proof));
        document.insert("id", Value::String(id.into()));
        fs::write(folder.join(format!("{name}.id.json")), canonical(&Value::Object(document)))?;
        fs::write(folder.join(format!("{name}.signature.json")), canonical(&Value::Object(forged)))?;
    }
    Ok(())
}

/// A text with another last character, one that stands in base58 and in hexadecimal.
fn other_end(text: &str) -> String {
    let mut text = text.to_owned();
    let last = text.pop();
    text.push(if last == Some('2') { '3' } else { '2' });
    text
}

fn method<'v>(document: &'v Object<'_>) -> Option<(&'v str, &'v str)> {
    document.get("proof")?.get("verificationMethod")?.as_str()?.split_once('#')
}

fn object(bytes: &[u8]) -> Result<Object<'static>, Failure> {
    match Value::parse(bytes)?.into_owned() {
        Value::Object(object) => Ok(object),
        _ => Err("no JSON object".into()),
    }
}

fn seed_of(text: &str) -> Result<[u8; 32], Failure> {
    if text.len() != 64 || !text.is_ascii() {
        return Err("a seed has 64 hex digits".into());
    }
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16)?;
    }
    Ok(bytes)
}
