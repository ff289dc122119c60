//! The same certificate with an independent implementation, where it is installed.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use ytterby::{Bundle, Trust};

use super::Failure;
use super::clock::Best;
use super::figure::Figures;
use conformance::book::time;
use conformance::corridor::{NOW, issued};

/// How often each verifies it.
const TIMES: usize = 2_000;

pub(crate) fn measure(figures: &mut Figures) -> Result<(), Failure> {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    if !peers.join("node_modules").is_dir() {
        figures.missing("Digital Bazaar's verifier: npm ci --ignore-scripts in tests/peers");
        return Ok(());
    }
    let book = issued();
    let certificate = book.certificates.first().ok_or("the corridor has a first certificate")?;
    let folder = super::target().join("bench-peers");
    std::fs::create_dir_all(&folder)?;
    let (file, methods) = (folder.join("certificate.json"), folder.join("methods.json"));
    std::fs::write(&file, certificate.bytes())?;
    let (did, key) = certificate.proof().key().ok_or("a proof names its key")?;
    std::fs::write(&methods, json!({ did: [key.to_string()] }).to_string())?;
    let context = peers.join("../../proto-docs/context/v1.jsonld");
    let output = Command::new("node")
        .arg(peers.join("peers.mjs"))
        .args(["bench", "--context", &format!("{}={}", ytterby::certificate::CONTEXT[1], context.display())])
        .arg("--methods")
        .arg(&methods)
        .arg(&file)
        .arg(TIMES.to_string())
        .output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    std::fs::remove_dir_all(&folder)?;
    let Some(theirs) = said.split_whitespace().next().and_then(|word| word.parse::<f64>().ok()) else {
        figures.missing("Digital Bazaar's verifier: node runs, and tests/peers/run passes");
        return Ok(());
    };
    let mut best = Best::NONE;
    let trust = Trust::parse(book.trust_file(None).as_bytes())?;
    for _ in 0..5 {
        best.time(|| {
            for _ in 0..TIMES {
                let Ok(bundle) = Bundle::parse(certificate.bytes()) else { break };
                ytterby::verify(&bundle, &trust, &ytterby::Rules::default(), time(NOW));
            }
        });
    }
    let ours = TIMES as f64 / best.0.as_secs_f64();
    figures.add("verify one certificate, over and over", ours, "per second", ("Digital Bazaar's", theirs));
    Ok(())
}
