//! The alliance: the one anchor of the buyer. It accredits every company for what it does, at the registry
//! where the company is, with a key of its own.

use anyhow::{Context, Result};
use examples::client::Client;
use examples::corridor::Corridor;
use examples::erp;
use jiff::ToSpan as _;
use serde_json::json;
use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::key::SigningKey;
use ytterby::time::format_time;

use crate::play::Play;

/// Accredits everybody; what a buyer writes into his trust file.
pub(crate) fn accredit(play: &Play, admins: &[Client], corridor: &Corridor) -> Result<String> {
    // A demonstration's key, made from a fixed name; an alliance draws its own at random.
    let key = SigningKey::from_seed(Digest::of(b"demo key of the alliance").as_bytes());
    let public = key.public().to_string();
    let did = format!("did:web:{}.example", corridor.anchor.name);
    let alliance = erp::Company { did: Did::parse(&did)?, name: corridor.anchor.title.clone(), key };
    let mut clients = Vec::new();
    for admin in admins {
        let body =
            json!({ "name": "alliance", "title": alliance.name, "did": did, "publicKeyMultibase": public });
        admin.post("/v1/issuers", body.to_string().as_bytes(), None)?;
        let scopes = json!({ "issuer": "alliance", "scopes": ["issue"], "label": "alliance" });
        let made = admin.post("/v1/api-keys", scopes.to_string().as_bytes(), None)?;
        clients.push(admin.with_key(made["key"].as_str().context("a new API key is shown once")?));
    }
    #[expect(clippy::disallowed_methods, reason = "the alliance accredits from yesterday on")]
    let now = jiff::Timestamp::now();
    let (from, until) = (now.checked_sub(24.hours())?, now.checked_add((366 * 24).hours())?);
    for company in &corridor.companies {
        let span = [&*format_time(from), &*format_time(until)];
        let did = play.did(&company.name);
        let draft = corridor.accreditation(company, did, &play.keys(&company.name)?, span);
        let client = clients.get(company.registry).context("a company has a registry")?;
        let certificate = alliance.certify(client, play.home(company.registry), draft)?;
        alliance.register(client, &certificate).with_context(|| company.name.clone())?;
    }
    Ok(format!("\n[[anchor]]\ndid = \"{did}\"\nkeys = [\"{public}\"]\n"))
}
