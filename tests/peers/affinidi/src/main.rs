//! Certificates between us and the crate `affinidi-data-integrity`.
//!
//! ```text
//! peer-affinidi verify METHODS FILE...     one line for each file: verified, or refused and why
//! peer-affinidi issue SEED FILE OUT        signs FILE (its proof, if any, is dropped)
//! peer-affinidi bench METHODS FILE COUNT   verifications per second, on one thread
//! ```
//!
//! METHODS is a file `{"did:web:…": ["z6Mk…", …]}`, the keys of each `did:web`; SEED is 32 bytes in hex.

use std::fs;
use std::time::Instant;

use affinidi_data_integrity::{DataIntegrityProof, SignOptions, VerifyOptions, crypto_suites::CryptoSuite};
use affinidi_secrets_resolver::secrets::Secret;
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use chrono::TimeDelta;
use serde_json::{Value, json};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["verify", methods, ref files @ ..] => {
            let methods = read(methods)?;
            for file in files {
                match verify(&read(file)?, &methods) {
                    Ok(()) => println!("verified\t{file}"),
                    Err(error) => println!("refused\t{file}\t{error:#}"),
                }
            }
            Ok(())
        }
        ["issue", seed, file, out] => {
            fs::write(out, serde_json::to_vec_pretty(&issue(read(file)?, seed)?)?)?;
            println!("issued\t{out}");
            Ok(())
        }
        ["bench", methods, file, count] => bench(&read(file)?, &read(methods)?, count.parse()?),
        _ => bail!("verify METHODS FILE..., issue SEED FILE OUT or bench METHODS FILE COUNT is expected"),
    }
}

fn read(path: &str) -> Result<Value> {
    serde_json::from_slice(&fs::read(path).with_context(|| path.to_owned())?).with_context(|| path.to_owned())
}

fn verify(credential: &Value, methods: &Value) -> Result<()> {
    let mut document = credential.clone();
    let proof = document.as_object_mut().and_then(|members| members.remove("proof")).context("no proof")?;
    let contexts = strings(&document["@context"])?;
    let proof: DataIntegrityProof = serde_json::from_value(proof)?;
    ensure!(proof.proof_purpose == "assertionMethod", "the purpose is {}", proof.proof_purpose);
    let (did, key) = proof.verification_method.split_once('#').context("the method has no fragment")?;
    let issuer = issuer_of(&document).context("no issuer")?;
    ensure!(did == issuer, "the method is not the issuer's");
    let known = match did.strip_prefix("did:key:") {
        Some(own) => own == key,
        None => methods[did].as_array().is_some_and(|keys| keys.iter().any(|k| k == key)),
    };
    ensure!(known, "{did} has no key {key}");
    let public = Secret::decode_multikey(key).map_err(|e| anyhow!("{key}: {e}"))?;
    // An example may be dated ahead: whether it is valid today is not the question here.
    let options = VerifyOptions::new()
        .with_expected_context(contexts)
        .with_allowed_suites(vec![CryptoSuite::EddsaJcs2022])
        .with_clock_skew(TimeDelta::MAX);
    proof.verify_with_public_key(&document, &public, options).map_err(|e| anyhow!("{e}"))
}

fn issue(mut credential: Value, seed: &str) -> Result<Value> {
    let seed = bytes_of_hex(seed)?;
    let key =
        Secret::generate_ed25519(None, Some(&seed)).get_public_keymultibase().map_err(|e| anyhow!("{e}"))?;
    let issuer = issuer_of(&credential).context("no issuer")?;
    let did = if issuer.starts_with("did:key:") { format!("did:key:{key}") } else { issuer.to_owned() };
    match &mut credential["issuer"] {
        Value::Object(members) => members.insert("id".into(), json!(did)).map(drop),
        own => Some(*own = json!(did)),
    };
    let members = credential.as_object_mut().context("no object")?;
    members.remove("proof");
    let contexts = strings(&credential["@context"])?;
    let secret = Secret::generate_ed25519(Some(&format!("{did}#{key}")), Some(&seed));
    let signed = DataIntegrityProof::sign(&credential, &secret, SignOptions::new().with_context(contexts));
    let proof = pollster::block_on(signed).map_err(|e| anyhow!("{e}"))?;
    credential["proof"] = serde_json::to_value(proof)?;
    Ok(credential)
}

fn bench(credential: &Value, methods: &Value, count: u32) -> Result<()> {
    let start = Instant::now();
    for _ in 0..count {
        verify(credential, methods)?;
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{:.0} verifications/s ({count} in {seconds:.2} s, one thread)", f64::from(count) / seconds);
    Ok(())
}

fn issuer_of(credential: &Value) -> Option<&str> {
    let issuer = &credential["issuer"];
    issuer.as_str().or_else(|| issuer["id"].as_str())
}

fn strings(value: &Value) -> Result<Vec<String>> {
    serde_json::from_value(value.clone()).context("@context is not a list of URLs")
}

fn bytes_of_hex(text: &str) -> Result<[u8; 32]> {
    ensure!(text.len() == 64 && text.is_ascii(), "a seed has 64 hex digits");
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16)?;
    }
    Ok(bytes)
}
