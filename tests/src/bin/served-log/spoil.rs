//! Faults: each case with one thing wrong.

use ytterby_tlog::{Hash, NoteSigner, Receipt};

use conformance::log::witness;

use super::Failure;
use super::case::{Growth, Proof};

/// Base64 in the order of its values: one bit lies between a character and its neighbour.
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Where in a line of base64 a bit is flipped: within its data, whatever it is.
const WITHIN: usize = 9;

/// A receipt with a fault that the Merkle proof alone shows. The root is that of the checkpoint, unsigned.
pub(crate) fn proof(good: &Proof) -> Vec<Proof> {
    let lines: Vec<String> = good.text.split('\n').map(str::to_owned).collect();
    let blank = lines.iter().position(String::is_empty).unwrap_or(2);
    let hashes = 2..blank;
    let with = |fault, change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        good.with(fault, lines.join("\n"))
    };
    let mut all: Vec<Proof> =
        hashes.clone().map(|at| with("hash-bit", &|lines| flip(&mut lines[at], WITHIN))).collect();
    all.push(with("root-bit", &|lines| flip(&mut lines[blank + 3], WITHIN)));
    all.push(with("hash-added", &|lines| lines.insert(blank, Hash::of_leaf(b"").to_string())));
    let index: u64 = lines[1].trim_start_matches("index ").parse().unwrap_or_default();
    all.push(with("index-after", &|lines| lines[1] = format!("index {}", index + 1)));
    if index > 0 {
        all.push(with("index-before", &|lines| lines[1] = format!("index {}", index - 1)));
    }
    if !hashes.is_empty() {
        all.push(with("hash-dropped", &|lines| drop(lines.remove(blank - 1))));
    }
    if hashes.len() > 1 {
        all.push(with("hashes-swapped", &|lines| lines.swap(2, 3)));
    }
    let mut entry = good.with("entry-bit", good.text.clone());
    // The lowest bit of an ASCII character: it stays one.
    let mut bytes = entry.entry.into_bytes();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    entry.entry = String::from_utf8_lossy(&bytes).into_owned();
    all.push(entry);
    all
}

/// A receipt whose proof is good and whose checkpoint is not.
pub(crate) fn note(good: &Proof, signer: &NoteSigner) -> Result<Vec<Proof>, Failure> {
    let receipt = Receipt::parse(good.text.as_bytes())?;
    let head = receipt.checkpoint().unverified().head();
    let (proof, _) = good.text.split_once("\n\n").ok_or("no checkpoint")?;
    let name = signer.verifier_key().name();
    let text = receipt.checkpoint().note().text();
    let line = signer.sign(text).to_string();
    // The same head under another text, or other signatures.
    let with = |fault, text: &str, lines: &[String]| {
        good.with(fault, format!("{proof}\n\n{text}\n{}\n", lines.join("\n")))
    };
    let signed = |fault, text: String| with(fault, &text, &[signer.sign(&text).to_string()]);
    let flipped = |at: usize| {
        let mut line = line.clone();
        let start = line.rfind(' ').unwrap_or_default() + 1;
        flip(&mut line, start + at);
        line
    };
    let (bad_signature, bad_id) = (flipped(WITHIN), flipped(0));
    let other = NoteSigner::from_seed(name.clone(), &[7; 32]);
    let cosigned = witness(1).cosign(receipt.checkpoint().unverified(), 1)?.to_string();
    let (size, root) = (head.size, head.root.to_string());
    let other_size = text.replacen(&format!("\n{size}\n"), &format!("\n{}\n", size + 1), 1);
    let short = name.as_str().split('/').next().unwrap_or_default();
    let padded = root.trim_end_matches('=');
    let mut unused_bits = padded.to_owned();
    flip(&mut unused_bits, padded.len() - 1);
    Ok(vec![
        with("signature-bit", text, std::slice::from_ref(&bad_signature)),
        with("key-id-bit", text, &[bad_id]),
        with("size-unsigned", &other_size, std::slice::from_ref(&line)),
        with(
            "origin-unsigned",
            &text.replacen(name.as_str(), "other.example/log", 1),
            std::slice::from_ref(&line),
        ),
        with("extension-unsigned", &format!("{text}more\n"), std::slice::from_ref(&line)),
        with("other-key", text, &[other.sign(text).to_string()]),
        with("witness-alone", text, &[cosigned]),
        good.with("no-signature", format!("{proof}\n\n{text}\n")),
        good.with("last-newline-lost", format!("{proof}\n\n{text}\n{line}")),
        // Signed, but by a name that is not the key's.
        with("signer-renamed", text, &[line.replacen(name.as_str(), "other.example/log", 1)]),
        with("signer-shortened", text, &[line.replacen(name.as_str(), short, 1)]),
        // A good signature does not outweigh a bad one of the same key.
        with("good-then-bad", text, &[line.clone(), bad_signature.clone()]),
        with("bad-then-good", text, &[bad_signature, line.clone()]),
        with("line-without-mark", text, &[line.clone(), "no signature".to_owned()]),
        // Signed by the log over texts that are not exact, or of another log.
        signed("size-with-zero", text.replacen(&format!("\n{size}\n"), &format!("\n0{size}\n"), 1)),
        signed("size-with-sign", text.replacen(&format!("\n{size}\n"), &format!("\n+{size}\n"), 1)),
        signed("root-unused-bit", text.replacen(&root, &format!("{unused_bits}="), 1)),
        signed("origin-of-another", text.replacen(name.as_str(), "other.example/log", 1)),
    ])
}

/// A consistency proof with a fault.
pub(crate) fn growth(good: &Growth) -> Vec<Growth> {
    let lines: Vec<String> = good.request.split('\n').map(str::to_owned).collect();
    let blank = lines.iter().position(String::is_empty).unwrap_or(1);
    let named = |fault: &str| Growth { name: format!("{}, {fault}", good.name), ..good.clone() };
    let with = |fault: &str, change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        Growth { request: lines.join("\n"), ..named(fault) }
    };
    let mut all: Vec<Growth> =
        (1..blank).map(|at| with(&format!("hash {at}"), &|lines| flip(&mut lines[at], WITHIN))).collect();
    all.push(with("new root", &|lines| flip(&mut lines[blank + 3], WITHIN)));
    all.push(with("hash added", &|lines| lines.insert(blank, Hash::of_leaf(b"").to_string())));
    all.push(with("hash dropped", &|lines| drop(lines.remove(blank - 1))));
    let mut old: Vec<String> = good.old.split('\n').map(str::to_owned).collect();
    flip(&mut old[2], WITHIN);
    all.push(Growth { old: old.join("\n"), ..named("old root") });
    all
}

/// Flips the lowest bit of the base64 character at a place.
fn flip(text: &mut String, at: usize) {
    let mut bytes = std::mem::take(text).into_bytes();
    if let Some(value) = BASE64.iter().position(|c| *c == bytes[at]) {
        bytes[at] = BASE64[value ^ 1];
    }
    *text = String::from_utf8_lossy(&bytes).into_owned();
}
