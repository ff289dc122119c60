//! A circuit that rolls for years: one open pool at a time, each made of the one before it and new feed.
//!
//! Time for each certificate must not depend on how many there are, and memory must stay small beside the
//! input. Memory is the high-water mark of a child process that does nothing else.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;
use ytterby::budget::Budget;
use ytterby::did::Did;
use ytterby::key::SigningKey;
use ytterby::{
    Authority, Bundle, Draft, InputLot, Inputs, Issue, Question, RulePack, Rules, Trust, Verdict, admit,
};

use super::Failure;
use super::clock::Best;
use super::figure::Figures;
use conformance::book::{Book, home, time};

/// The argument that makes this program the child.
pub(crate) const CHILD: &str = "rolling-child";
const LENGTHS: [usize; 2] = [10_000, 100_000];
const ROUNDS: usize = 3;
const NOW: &str = "2026-11-24T12:00:00Z";
const COMPANY: &str = "refinery";

pub(crate) fn measure(figures: &mut Figures) -> Result<(), Failure> {
    let trust = trust()?;
    let [short, long] = [bundle(LENGTHS[0])?, bundle(LENGTHS[1])?];
    let mut best = [Best::NONE; 2];
    for _ in 0..ROUNDS {
        for (bytes, best) in [&short, &long].into_iter().zip(&mut best) {
            best.time(|| verified(bytes, &trust))?;
        }
    }
    let each = |at: usize| best[at].0.as_secs_f64() * 1e6 / LENGTHS[at] as f64;
    let baseline = ("in a lineage of 10000", each(0));
    figures.add(format!("verify, a lineage of {}", LENGTHS[1]), each(1), "µs each", baseline);
    provenance(figures, &long, &trust)?;
    let file = super::target().join("bench-rolling.json");
    std::fs::write(&file, &long)?;
    let output = Command::new(std::env::current_exe()?).arg(CHILD).arg(&file).output();
    std::fs::remove_file(&file)?;
    let output = output?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.trim().parse::<f64>() {
        Ok(bytes) => {
            let kib = bytes / 1024.0 / LENGTHS[1] as f64;
            figures.add("memory beyond the input", kib, "KiB each", ("most wanted", 4.0));
        }
        Err(_) => figures.missing("memory: /proc/self/status is needed"),
    }
    Ok(())
}

/// What the profile of the last pool, and every shipped rule asked of it, take beside the signatures.
fn provenance(figures: &mut Figures, bytes: &[u8], trust: &Trust) -> Result<(), Failure> {
    let bundle = Bundle::parse(bytes)?;
    let shipped = RulePack::shipped_names().filter_map(RulePack::shipped);
    let packs = shipped.map(|text| RulePack::parse(text.as_bytes())).collect::<Result<_, _>>()?;
    let rules = Rules { packs, screening: Vec::new() };
    let none = Budget { shares: 0, ..Budget::default() };
    let without = Question { budget: none, ..Question::default() };
    let with = Question { rules, ..Question::default() };
    let (mut bare, mut whole, mut signatures) = (Best::NONE, Best::NONE, Best::NONE);
    let raw = super::distinct::Raw::new(LENGTHS[1])?;
    for _ in 0..ROUNDS {
        signatures.time(|| raw.verify());
        bare.time(|| ytterby::verify_with(&bundle, trust, time(NOW), &without, &mut |_, _| {}));
        let report = whole.time(|| ytterby::verify_with(&bundle, trust, time(NOW), &with, &mut |_, _| {}));
        if report.provenance.is_none() || report.rules.is_empty() {
            return Err("the circuit has no profile".into());
        }
    }
    let each = |best: Best| best.0.as_secs_f64() * 1e6 / LENGTHS[1] as f64;
    let name = format!("profile and {} rule packs, a lineage of {}", with.rules.packs.len(), LENGTHS[1]);
    figures.add(name, each(whole) - each(bare), "µs each", ("verify_strict alone", each(signatures)));
    Ok(())
}

/// Verifies a file and says how many bytes of memory that took beyond the file itself.
pub(crate) fn child(file: &Path) -> Result<(), Failure> {
    let (bytes, trust) = (std::fs::read(file)?, trust()?);
    let before = memory("VmRSS").ok_or("no VmRSS")?;
    verified(&bytes, &trust)?;
    let peak = memory("VmHWM").ok_or("no VmHWM")?;
    write!(std::io::stdout(), "{}", peak.saturating_sub(before))?;
    Ok(())
}

/// A line of /proc/self/status, in bytes.
fn memory(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

fn verified(bytes: &[u8], trust: &Trust) -> Result<(), Failure> {
    let bundle = Bundle::parse(bytes)?;
    match ytterby::verify(&bundle, trust, &ytterby::Rules::default(), time(NOW)).verdict() {
        Verdict::Verified => Ok(()),
        other => Err(format!("the circuit is {}", other.as_str()).into()),
    }
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[3; 32])
}

fn trust() -> Result<Trust, Failure> {
    let (did, key) = (Book::did(COMPANY), key().public());
    let text = format!(
        "version = 1\nname = \"bench\"\n[[issuer]]\ndid = \"{did}\"\nkeys = [\"{key}\"]\n[require]\nregistration = false\n\
         status = false\n"
    );
    Ok(Trust::parse(text.as_bytes())?)
}

/// Issues the circuit: only the open pool and the new feed are at hand, as in a registry.
struct Circuit {
    authority: Authority,
    key: SigningKey,
    at: Timestamp,
    issued: u64,
    bytes: Vec<u8>,
}

/// A bundle of `count` certificates: opening stock, then feed and pool in turns.
fn bundle(count: usize) -> Result<Vec<u8>, Failure> {
    let key = key();
    let authority = Authority {
        issuer: Did::parse(Book::did(COMPANY).as_str())?,
        name: Some(COMPANY.to_owned()),
        key: key.public(),
        home: home("registry.example/ree"),
        scope: None,
    };
    let bytes = br#"{"bundle":"ytterby.bundle/1","certificates":["#.to_vec();
    let mut circuit = Circuit { authority, key, at: time(NOW), issued: 0, bytes };
    let mut pool = circuit.issue(&feed(0, "120000.000"), &Inputs::default())?;
    for n in 1..count.div_ceil(2) {
        let new = circuit.issue(&feed(n, "1000.000"), &Inputs::default())?;
        let names = [&pool, &new].map(|lot| lot.certificate.claims().id.urn().to_string());
        let mut inputs = Inputs::default();
        inputs.add(pool, None);
        inputs.add(new, None);
        pool = circuit.issue(&charge(n, &names), &inputs)?;
    }
    let digest = pool.certificate.digest();
    circuit.bytes.extend_from_slice(format!("],\"subject\":[\"{digest}\"]}}").as_bytes());
    Ok(circuit.bytes)
}

impl Circuit {
    fn issue(&mut self, draft: &Value, inputs: &Inputs) -> Result<InputLot, Failure> {
        let draft = Draft::parse(draft.to_string().as_bytes())?;
        self.issued += 1;
        let mut label = [0; 16];
        label[8..].copy_from_slice(&self.issued.to_be_bytes());
        let id: Uuid = uuid::Builder::from_random_bytes(label).into_uuid();
        let refused = |findings: Vec<_>| format!("refused: {findings:?}");
        let unsigned = admit(&draft, inputs, &self.authority, Issue { id, at: self.at }).map_err(refused)?;
        let certificate = unsigned.sign(&self.key);
        if self.issued > 1 {
            self.bytes.push(b',');
        }
        self.bytes.extend_from_slice(certificate.bytes());
        let carried = unsigned.carried().clone();
        Ok(InputLot { certificate, carried, drawn: Default::default(), closed: false, status: None })
    }
}

fn feed(n: usize, mass: &str) -> Value {
    json!({
        "type": "OriginCertificate", "source": "opening-stock", "origin": { "country": "unknown" },
        "lotNumber": format!("FEED-{n}"), "product": "Feed of the separation circuit", "form": "in-process",
        "netMass": mass,
        "assay": {
            "massBasis": "as-received", "percentBasis": "of-mass",
            "components": [
                { "oxide": "La2O3", "percent": "2.5" },
                { "oxide": "CeO2", "percent": "4.6" },
                { "oxide": "Pr6O11", "percent": "0.53" },
                { "oxide": "Nd2O3", "percent": "1.85" },
                { "oxide": "Sm2O3", "percent": "0.22" },
            ],
            "method": "ICP-OES, stocktake", "laboratory": "Gebeng laboratory", "date": "2026-10-31"
        },
        "facility": facility(), "period": { "from": "2026-10-31", "to": "2026-10-31" }, "custodyModel": "mass-balance",
    })
}

/// The next pool: all of the one before it but what left as product, and all of the feed.
fn charge(n: usize, names: &[String; 2]) -> Value {
    let left: serde_json::Map<String, Value> =
        [("La", "2500"), ("Ce", "4400"), ("Pr", "500"), ("Nd", "1800"), ("Sm", "200")]
            .into_iter()
            .map(|(element, kilograms)| (element.to_owned(), json!(kilograms)))
            .collect();
    json!({
        "type": "ProcessingCertificate", "step": "in-process",
        "lotNumber": format!("SX-2026-{n}"), "product": "Contents of the separation circuit", "form": "in-process",
        "facility": facility(), "period": { "from": "2026-11-01", "to": "2026-11-02" }, "custodyModel": "mass-balance",
        "inputs": [{ "lot": names[0], "draws": left }, { "lot": names[1], "rest": true }],
    })
}

fn facility() -> Value {
    json!({ "id": "urn:gln:9521321000020", "name": "Gebeng separation plant", "country": "MY" })
}
