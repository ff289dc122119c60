//! Embedding the library: issue with an own key, register, and verify what arrives.
//!
//! `erp REGISTRY_URL API_KEY_FILE HOME DID SECRET_KEY_FILE DRAFT.json TRUST.toml`
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "an example prints, and reads the clock"
)]

use anyhow::{Context, Result, anyhow};
use examples::client::Client;
use examples::erp::Company;
use ytterby::did::Did;
use ytterby::key::SigningKey;
use ytterby::{Bundle, Trust};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [registry, api_key, home, did, secret, draft, trust] = arguments.as_slice() else {
        anyhow::bail!("usage: erp REGISTRY_URL API_KEY_FILE HOME DID SECRET_KEY_FILE DRAFT.json TRUST.toml");
    };
    let read = |path: &String| std::fs::read_to_string(path).with_context(|| path.clone());
    let registry = Client::new(registry, read(api_key)?.trim());
    let company = Company {
        did: Did::parse(did)?,
        name: did.clone(),
        key: SigningKey::parse(read(secret)?.trim()).map_err(|error| anyhow!("{secret}: {error}"))?,
    };

    let certificate = company.certify(&registry, home, serde_json::from_str(&read(draft)?)?)?;
    company.register(&registry, &certificate)?;
    println!("issued and registered {}", certificate.claims().id.urn());

    // On receipt of a delivery: the same library, the bundle and the buyer's own trust file.
    let bytes = registry.get(&format!("/v1/certificates/{}/bundle", certificate.claims().id.urn()))?;
    let report = ytterby::verify(
        &Bundle::parse(&bytes)?,
        &Trust::parse(read(trust)?.as_bytes())?,
        &ytterby::Rules::default(),
        jiff::Timestamp::now(),
    );
    println!("on receipt: {}", report.verdict().as_str());
    for finding in report.findings() {
        println!("  {finding}");
    }
    Ok(())
}
