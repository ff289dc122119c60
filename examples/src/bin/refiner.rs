//! A refiner's issue call: `refiner REGISTRY_URL API_KEY_FILE DRAFT.json`.
//!
//! The draft holds what stands on the paper; the registry fills in digests, draws and content. The
//! idempotency key is the draft's digest: sending the same draft twice makes one certificate.
#![expect(clippy::print_stdout, reason = "an example prints")]

use anyhow::{Context, Result};
use examples::client::Client;
use ytterby::digest::Digest;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [registry, key_file, draft] = arguments.as_slice() else {
        anyhow::bail!("usage: refiner REGISTRY_URL API_KEY_FILE DRAFT.json");
    };
    let key = std::fs::read_to_string(key_file).with_context(|| key_file.clone())?;
    let draft = std::fs::read(draft).with_context(|| draft.clone())?;
    let client = Client::new(registry, key.trim());

    let judged = client.post("/v1/certificates?dry_run=true", &draft, None)?;
    println!("a dry run would make:\n{judged:#}");

    let made = client.post("/v1/certificates", &draft, Some(&Digest::of(&draft).to_string()))?;
    println!("issued {}", made["certificate"]["id"].as_str().unwrap_or_default());
    Ok(())
}
