//! The bodies of the fuzz targets: what must hold of any bytes at all.
//!
//! `fuzz/` hands them to libFuzzer, the program `fuzz` to a mutator of its own, `tests/corpus.rs` to `cargo test`.
//! Each says in a word or two what became of its input, so that a mutator can tell when it sees something new.

use std::sync::OnceLock;

use jiff::Timestamp;
use uuid::Uuid;
use ytterby::budget::Budget;
use ytterby::certificate::CertificateError;
use ytterby::decimal::{Mass, Percent, Ppm};
use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::evidence::{Evidence, Keys};
use ytterby::json::{Value, canonical};
use ytterby::key::{Multikey, SigningKey};
use ytterby::ledger::Standing;
use ytterby::time::{format_time, parse_date, parse_time};
use ytterby::{
    Authority, Bundle, Certificate, Draft, Entry, Home, InputLot, Inputs, Issue, Ledger, Question, RulePack,
    Rules, Trust, admit, admit_signed,
};
use ytterby_tlog::{AddCheckpoint, Policy, SignedCheckpoint, Tile, VerifierKey};

use crate::book::{Book, home, time};

/// A target: its name, which is that of its corpus folder, and its body.
pub type Target = (&'static str, fn(&[u8]) -> String);

/// Every target.
pub const TARGETS: [Target; 8] = [
    ("json", json),
    ("certificate", certificate),
    ("bundle_verify", bundle_verify),
    ("trust", trust),
    ("draft_admit", draft_admit),
    ("keys_and_dids", keys_and_dids),
    ("log", log),
    ("rules", rules),
];

const NOW: &str = "2026-11-24T12:00:00Z";
/// The lot that drafts may draw on.
const FEED: &str = r#"{"type":"OriginCertificate","source":"opening-stock","origin":{"country":"unknown"},
"lotNumber":"FEED","product":"Feed","form":"in-process","netMass":"1000","assay":{"massBasis":"as-received",
"percentBasis":"of-mass","components":[{"oxide":"Nd2O3","percent":"10"},{"oxide":"Pr6O11","percent":"3"}]},
"facility":{"id":"urn:gln:9521321000020","name":"Plant","country":"MY"},"period":{"from":"2026-11-01","to":"2026-11-02"},
"custodyModel":"mass-balance"}"#;

/// Strict JSON: what is accepted is JSON, and its canonical bytes are a fixed point that says the same.
///
/// # Panics
///
/// When that does not hold; so do all targets.
pub fn json(bytes: &[u8]) -> String {
    let value = match Value::parse(bytes) {
        Ok(value) => value,
        Err(error) => return word(&format!("{:?}", error.kind)),
    };
    let other: serde_json::Value = serde_json::from_slice(bytes).expect("what we accept is JSON to others");
    let written = canonical(&value);
    let again = Value::parse(&written).expect("canonical bytes are strict JSON");
    assert_eq!(again, value, "the canonical bytes say something else");
    assert_eq!(canonical(&again), written, "canonical bytes are not a fixed point");
    let reread: serde_json::Value =
        serde_json::from_slice(&written).expect("canonical bytes are JSON to others");
    assert_eq!(reread, other, "others read something else in the canonical bytes");
    format!("{} {}", kind(&value), written.len().ilog2())
}

/// A certificate: its bytes are canonical, its digest is theirs, and reading them again gives the same.
pub fn certificate(bytes: &[u8]) -> String {
    readers_agree(bytes);
    let certificate = match Certificate::parse(bytes) {
        Ok(certificate) => certificate,
        Err(error) => return certificate_error(&error),
    };
    let tree = Value::parse(certificate.bytes()).expect("a certificate's bytes are strict JSON");
    assert_eq!(canonical(&tree), certificate.bytes(), "a certificate's bytes are canonical");
    assert_eq!(Digest::of(certificate.bytes()), certificate.digest());
    let again = Certificate::parse(certificate.bytes()).expect("its own bytes are a certificate");
    assert_eq!(format!("{again:?}"), format!("{certificate:?}"));
    format!("{:?} {:?}", certificate.claims().kind, certificate.lot().map(|lot| lot.made_by()))
}

/// Canonical bytes are read the short way, and by the strict reader where a space stands in front of them:
/// both say the same, of what is right and of what is wrong.
///
/// # Panics
///
/// When they do not.
pub fn readers_agree(bytes: &[u8]) {
    let spaced = [b" ", bytes].concat();
    match (Certificate::parse(bytes), Certificate::parse(&spaced)) {
        (Ok(short), Ok(strict)) => assert_eq!(format!("{short:?}"), format!("{strict:?}")),
        (Err(CertificateError::Form(short)), Err(CertificateError::Form(strict))) => {
            assert_eq!(short, strict)
        }
        // Their places differ by the space, and a byte-order mark is none behind it.
        (Err(CertificateError::Json(_)), Err(CertificateError::Json(_))) => {}
        (short, strict) => panic!("{short:?}, but behind a space {strict:?}"),
    }
}

/// The whole verifier: any bundle has a report, the same each time.
pub fn bundle_verify(bytes: &[u8]) -> String {
    let bundle = match Bundle::parse(bytes) {
        Ok(bundle) => bundle,
        Err(error) => return word(&format!("{:?}", error.0.kind)),
    };
    let question = Question {
        lot: None,
        max_status_age: ytterby::StatusAge::default(),
        mass: Mass::parse("1").ok(),
        rules: shipped_rules(),
        budget: Budget { certificates: 1000, edges: 4000, signatures: 4000, shares: 400_000 },
    };
    let reported = |trust: &Trust| {
        let report = ytterby::verify_with(&bundle, trust, time(NOW), &question, &mut |_, _| {});
        let mut codes: Vec<_> = report.findings().iter().map(|finding| finding.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        (report.to_json(&bundle).to_string(), codes.join(" "))
    };
    let first = reported(known());
    assert_eq!(first, reported(known()), "two reports on one bundle differ");
    reported(&Trust::nobody());
    ytterby::lots_of(&bundle);
    let written = bundle.to_bytes();
    let again = Bundle::parse(&written).expect("a bundle that was written can be read");
    let digests = |bundle: &Bundle<'_>| {
        let mut all: Vec<_> = bundle.certificates().iter().map(Certificate::digest).collect();
        all.sort();
        all
    };
    assert_eq!(digests(&again), digests(&bundle), "writing a bundle lost or changed a certificate");
    first.1
}

/// A trust file: read, or refused with words.
pub fn trust(bytes: &[u8]) -> String {
    match Trust::parse(bytes) {
        Ok(trust) => {
            let bundle = Bundle::of(Vec::new(), vec![feed().certificate.clone()]);
            ytterby::verify(&bundle, &trust, &Rules::default(), time(NOW)).verdict().as_str().to_owned()
        }
        Err(error) => word(&error.to_string()),
    }
}

/// A rule pack, and the same bytes as an expression of one: read, or refused with words; what is read has the same
/// answers each time.
///
/// # Panics
///
/// When it has not.
pub fn rules(bytes: &[u8]) -> String {
    let asked = |pack: &[u8]| match RulePack::parse(pack) {
        Ok(pack) => {
            let wrong = pack.test();
            assert_eq!(pack.test(), wrong, "two answers to one fixture");
            format!("{} of {} fixtures", wrong.len(), pack.fixtures.len())
        }
        Err(error) => error.to_string().rsplit(": ").next().map(word).unwrap_or_default(),
    };
    let own = asked(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains("'''") => {
            format!("{own} {}", asked(EXPRESSION.replace("{}", text).as_bytes()))
        }
        _ => own,
    }
}

/// A pack that asks one expression of facts with a little of everything.
const EXPRESSION: &str = r#"pack = "ytterby.rules/1"
id = "fuzz"
title = "fuzz"
jurisdiction = "INT"
instrument = "fuzz"
as-of = "2026-11-23"
confidence = "made up"
[[clause]]
id = "one"
title = "one"
[[clause.ask]]
that = "expression"
cel = '''
{}
'''
[[fixture]]
name = "facts"
at = "2026-11-23"
expect = "pass"
form = "oxide"
holds = { Nd = "100", Fe = "1" }
gaps = ["one", "two"]
place = [
    { of = "Nd", stage = "separation", country = "EE", facility = "urn:p:1", low = "40", high = "50" },
    { of = "Nd", stage = "separation", low = "30", high = "60" },
]
export = [{ from = "EE", to = "JP", dispatched = "2026-01-05", exporter = "Maker" }]
party = [{ name = "Maker", did = "did:web:m.example" }]
attestation = [{ kind = "esg", scheme = "IRMA", issuer = "did:web:v.example", accepted = true, from = "2026-01-01" }]
list = [{ name = "l", date = "2026-11-01", entries = ["Bad & Co."] }]
"#;

/// A draft: what admission lets in, the verifier accepts, and so does admission as a signed certificate.
pub fn draft_admit(bytes: &[u8]) -> String {
    let draft = match Draft::parse(bytes) {
        Ok(draft) => draft,
        Err(error) => return certificate_error(&error),
    };
    let key = key();
    let mut inputs = Inputs::default();
    inputs.add(feed().clone(), Some("FEED"));
    let issue = Issue { id: label(2), at: time(NOW) };
    let unsigned = match admit(&draft, &inputs, &authority(), issue) {
        Ok(unsigned) => unsigned,
        Err(findings) => {
            assert!(!findings.is_empty(), "refused for nothing");
            let mut codes: Vec<_> = findings.iter().map(|finding| finding.code.as_str()).collect();
            codes.dedup();
            return codes.join(" ");
        }
    };
    let certificate = unsigned.sign(&key);
    Certificate::parse(certificate.bytes()).expect("what was issued is a certificate");
    admit_signed(&certificate, &inputs, &authority(), time(NOW)).expect("what was issued is admitted");
    let bundle = Bundle::of(vec![certificate.digest()], vec![feed().certificate.clone(), certificate]);
    let report = ytterby::verify(&bundle, known(), &Rules::default(), time(NOW));
    assert_eq!(
        report.verdict().as_str(),
        "verified",
        "issued and then not accepted: {:?}",
        report.findings()
    );
    format!("issued {:?}", draft.kind())
}

/// Small grammars: one text for one value.
pub fn keys_and_dids(bytes: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else { return "not UTF-8".to_owned() };
    let mut read = String::new();
    let mut same = |name: &str, shown: Option<String>| {
        if let Some(shown) = shown {
            assert_eq!(shown, text, "two texts for one {name}");
            read += name;
        }
    };
    same("multikey", Multikey::parse(text).ok().map(|key| key.to_string()));
    same("secret", SigningKey::parse(text).ok().map(|key| key.to_secret_multikey()));
    same("did", Did::parse(text).ok().map(|did| did.to_string()));
    same("digest", Digest::parse(text).ok().map(|digest| digest.to_string()));
    same("home", Home::parse(text).map(|home| home.to_string()));
    same("time", parse_time(text).ok().map(format_time));
    same("date", parse_date(text).ok().map(|date| date.to_string()));
    if let Ok(key) = Multikey::parse(text) {
        read += if key.verifying_key().is_ok() { "point" } else { "none" };
    }
    // Decimals may end in zeros: the shown form is read as the same value.
    if let Ok(mass) = Mass::parse(text) {
        assert_eq!(Mass::parse(&mass.to_string()), Ok(mass));
        read += "mass";
    }
    if let Ok(percent) = Percent::parse(text) {
        assert_eq!(Percent::parse(&percent.to_string()), Ok(percent));
        read += "percent";
    }
    read += if Ppm::parse(text).is_ok() { "ppm" } else { "" };
    let safe = ytterby::text::printable(text);
    assert_eq!(ytterby::text::printable(&safe), safe, "what was made printable is not");
    if read.is_empty() { "nothing".to_owned() } else { read }
}

fn certificate_error(error: &CertificateError) -> String {
    match error {
        CertificateError::Json(error) => word(&format!("{:?}", error.kind)),
        CertificateError::Form(finding) => format!("{} {}", finding.code, word(&finding.text)),
    }
}

/// The first words of a message, without what is quoted from the input.
fn word(text: &str) -> String {
    text.chars().take_while(|c| !matches!(c, '(' | '"' | '`' | '0'..='9')).take(40).collect()
}

fn kind(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The texts of a log: what one reader takes it writes again in the same bytes, and no entry makes the
/// ledger fail.
///
/// # Panics
///
/// When that does not hold.
pub fn log(bytes: &[u8]) -> String {
    let mut read = Vec::new();
    let mut same = |name: &'static str, printed: Vec<u8>| {
        assert_eq!(printed, bytes, "{name} is written otherwise than it was read");
        read.push(name);
    };
    if let Ok(entry) = Entry::parse(bytes) {
        same("entry", entry.to_bytes());
        let mut ledger = Ledger::new(home("registry.example/ree"));
        let first = ledger.apply(&entry);
        assert!(first.is_err() || ledger.apply(&entry).is_err(), "an entry can be replayed twice");
    }
    if let Ok(receipt) = ytterby_tlog::Receipt::parse(bytes) {
        same("receipt", receipt.to_string().into_bytes());
    }
    if let Ok(checkpoint) = SignedCheckpoint::parse(bytes) {
        same("checkpoint", checkpoint.to_string().into_bytes());
    }
    if let Ok(request) = AddCheckpoint::parse(bytes) {
        same("add-checkpoint", request.to_string().into_bytes());
    }
    if let Ok(policy) = Policy::parse(bytes) {
        assert_eq!(Policy::parse(&policy.to_bytes()).as_ref(), Ok(&policy), "a policy is read otherwise");
        read.push("policy");
    }
    if let Ok(evidence) = Evidence::parse(bytes) {
        let again = Evidence::parse(&evidence.to_bytes());
        assert_eq!(again.as_ref(), Ok(&evidence), "evidence is read otherwise");
        assert!(evidence.judge(&Keys::default()).is_err(), "something is proven against nobody");
        read.push("evidence");
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let printed = [
            Tile::parse(text).map(|tile| tile.to_string()),
            ytterby_tlog::Bundle::parse(text).map(|bundle| bundle.to_string()),
            VerifierKey::parse(text).ok().map(|key| key.to_string()),
            Standing::parse(text).ok().map(|standing| standing.to_string()),
        ];
        for printed in printed.into_iter().flatten() {
            assert_eq!(printed, text, "a path, key or standing is written otherwise than it was read");
            read.push("line");
        }
    }
    read.join(" ")
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[9; 32])
}

fn authority() -> Authority {
    let (issuer, home) = (Book::did("refinery"), home("registry.example/ree"));
    Authority { issuer, name: None, key: key().public(), home, scope: None }
}

fn label(n: u8) -> Uuid {
    uuid::Builder::from_random_bytes([n; 16]).into_uuid()
}

/// The lot that drafts may draw on: as `FEED`, or under its label.
fn feed() -> &'static InputLot {
    static LOT: OnceLock<InputLot> = OnceLock::new();
    LOT.get_or_init(|| {
        let draft = Draft::parse(FEED.as_bytes()).expect("the feed is a draft");
        let at: Timestamp = time(NOW);
        let unsigned = admit(&draft, &Inputs::default(), &authority(), Issue { id: label(1), at });
        let unsigned = unsigned.expect("the feed is admitted");
        let carried = unsigned.carried().clone();
        InputLot {
            certificate: unsigned.sign(&key()),
            carried,
            drawn: Default::default(),
            closed: false,
            status: None,
        }
    })
}

/// Trust in the one issuer that drafts are issued as.
fn known() -> &'static Trust {
    static TRUST: OnceLock<Trust> = OnceLock::new();
    TRUST.get_or_init(|| {
        let (did, key) = (Book::did("refinery"), key().public());
        let text = format!(
            "version = 1\nname = \"fuzz\"\n[[issuer]]\ndid = \"{did}\"\nkeys = [\"{key}\"]\n[require]\n\
             registration = false\nstatus = false\n"
        );
        Trust::parse(text.as_bytes()).expect("a trust file")
    })
}

/// Every pack that is shipped, read once.
fn shipped_rules() -> Rules {
    static PACKS: std::sync::OnceLock<Vec<RulePack>> = std::sync::OnceLock::new();
    let read = |name| RulePack::parse(RulePack::shipped(name)?.as_bytes()).ok();
    let packs = PACKS.get_or_init(|| RulePack::shipped_names().filter_map(read).collect());
    Rules { packs: packs.clone(), screening: Vec::new() }
}
