//! What the companies do: they register, issue, hand lots on from one registry to the other, and the
//! buyer writes down whom he trusts.

use std::collections::HashMap;

use anyhow::{Context, Result};
use examples::client::Client;
use examples::corridor::{Corridor, Meaning};
use examples::erp;
use serde_json::{Value, json};
use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::key::SigningKey;

use crate::stage::{QUORUM, Registry, Stage, Witness};

/// The companies at work.
pub(crate) struct Play {
    /// Each company's way to its registry.
    clients: HashMap<String, Client>,
    /// The number of each company's registry.
    at: HashMap<String, usize>,
    pub(crate) own: HashMap<String, erp::Company>,
    dids: HashMap<String, String>,
    pub(crate) lots: HashMap<String, String>,
    /// The origin of each registry's log.
    homes: Vec<String>,
}

impl Play {
    /// Registers every company with its registry.
    pub(crate) fn register(admins: &[Client], homes: &[&str], corridor: &Corridor) -> Result<Self> {
        let mut play = Play {
            clients: HashMap::new(),
            at: HashMap::new(),
            own: HashMap::new(),
            dids: HashMap::new(),
            lots: HashMap::new(),
            homes: homes.iter().map(|home| (*home).to_owned()).collect(),
        };
        for company in &corridor.companies {
            let admin = admins.get(company.registry).context("a company has a registry")?;
            let mut body = json!({ "name": company.name, "title": company.title });
            if company.own_key {
                // A demonstration's key, made from a fixed name; a company draws its own at random.
                let key = SigningKey::from_seed(
                    Digest::of(format!("demo key of {}", company.name).as_bytes()).as_bytes(),
                );
                let did = Did::parse(&format!("did:key:{}", key.public()))?;
                body["did"] = json!(did.as_str());
                body["publicKeyMultibase"] = json!(key.public().to_string());
                play.own.insert(company.name.clone(), erp::Company { did, name: company.title.clone(), key });
            }
            let made =
                admin.post("/v1/issuers", body.to_string().as_bytes(), None).context(company.name.clone())?;
            let did = made["did"].as_str().context("an issuer has a DID")?.to_owned();
            let scopes =
                json!({ "issuer": company.name, "scopes": ["read", "issue"], "label": company.title });
            let key = admin.post("/v1/api-keys", scopes.to_string().as_bytes(), None)?;
            let key = key["key"].as_str().context("a new API key is shown once")?;
            play.clients.insert(company.name.clone(), admin.with_key(key));
            play.at.insert(company.name.clone(), company.registry);
            play.dids.insert(company.name.clone(), did);
        }
        let buyer = &corridor.buyer.name;
        play.dids.insert(buyer.clone(), format!("did:web:{buyer}.example"));
        Ok(play)
    }

    /// Issues every file in order; the last one is the delivery.
    pub(crate) fn issue(&mut self, corridor: &Corridor) -> Result<String> {
        #[expect(clippy::disallowed_methods, reason = "the corridor ends today")]
        let today = jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now()).date();
        let mut last = String::new();
        for step in &corridor.steps {
            let meaning = Meaning { today, dids: &self.dids, lots: &self.lots };
            let client = &self.clients[&step.issuer];
            if let Some((lot, reason)) = &step.close {
                let path = format!("/v1/lots/{}/close", meaning.word(lot));
                client.post(&path, json!({ "reason": reason }).to_string().as_bytes(), Some(&step.name))?;
            }
            let Some(draft) = &step.draft else { continue };
            let mut draft = meaning.fill(draft);
            let home = &self.homes[self.at[&step.issuer]];
            let arrives = self.arrival(&step.issuer, &draft);
            if let Some(company) = &arrives {
                draft["home"] = json!(self.homes[self.at[company]]);
            }
            let label = match self.own.get(&step.issuer) {
                Some(company) => {
                    let certificate =
                        company.certify(client, home, draft).with_context(|| step.name.clone())?;
                    company.register(client, &certificate).with_context(|| step.name.clone())?;
                    certificate.claims().id.urn().to_string()
                }
                None => {
                    let made =
                        client.post("/v1/certificates", draft.to_string().as_bytes(), Some(&step.name));
                    let made = made.with_context(|| step.name.clone())?;
                    made["certificate"]["id"].as_str().context("a certificate has an id")?.to_owned()
                }
            };
            println!("   {:<26} {:<11} {}", step.name, step.issuer, step.note);
            if let Some(company) = arrives {
                self.admit(&label, client, &company).with_context(|| step.name.clone())?;
            }
            label.clone_into(&mut last);
            self.lots.insert(step.name.clone(), label);
        }
        Ok(last)
    }

    /// The company of another registry that a transfer goes to.
    fn arrival(&self, issuer: &str, draft: &Value) -> Option<String> {
        let to = draft["to"]["id"].as_str()?;
        let (company, _) = self.dids.iter().find(|(_, did)| *did == to)?;
        (self.at.get(company)? != self.at.get(issuer)?).then(|| company.clone())
    }

    /// The bundle of the transfer is the whole message from one registry to the other.
    fn admit(&self, label: &str, from: &Client, company: &str) -> Result<()> {
        from.receipt(label)?;
        let bundle = from.get(&format!("/v1/certificates/{label}/bundle"))?;
        let admitted = self.clients[company].post("/v1/admissions", &bundle, None)?;
        let entry = &admitted["receipt"]["entry"];
        println!(
            "   {:<26} {company:<11} admitted from entry {} of {}",
            "",
            entry["from"]["index"].as_str().unwrap_or_default(),
            entry["from"]["origin"].as_str().unwrap_or_default(),
        );
        Ok(())
    }

    /// The buyer's trust file: one anchor, which has accredited each company for what it does.
    pub(crate) fn trust_file(&self, stage: &Stage, corridor: &Corridor, anchor: &str) -> String {
        let text = format!(
            "version = 1\nname = \"{} sourcing\"\nserial = 1\nholder = [\"{}\"]\n{anchor}",
            corridor.buyer.title, self.dids[&corridor.buyer.name]
        );
        text + &logs(stage)
    }

    /// The DID of a company.
    pub(crate) fn did(&self, company: &str) -> &str {
        &self.dids[company]
    }

    /// The origin of a registry's log.
    pub(crate) fn home(&self, registry: usize) -> &str {
        &self.homes[registry]
    }

    /// The keys of a company, as its registry knows them.
    pub(crate) fn keys(&self, company: &str) -> Result<Vec<String>> {
        let path = format!("/v1/issuers/{company}/keys");
        let keys: Value = serde_json::from_slice(&self.clients[company].get(&path)?)?;
        let keys = keys["keys"].as_array().into_iter().flatten();
        Ok(keys.filter_map(|key| Some(key["publicKeyMultibase"].as_str()?.to_owned())).collect())
    }
}

/// The log part of a trust file: both registries, the witnesses that audit them, and the quorum that an
/// alliance has published for each.
fn logs(stage: &Stage) -> String {
    let mut text = String::new();
    let all = |part: &dyn Fn(usize, &Witness) -> String| -> String {
        stage.witnesses.iter().enumerate().map(|(at, witness)| part(at + 1, witness)).collect()
    };
    for registry in &stage.registries {
        let Registry { origin, key, status_key, .. } = registry;
        let keys = all(&|number, witness| format!("witness w{number} {}\n", witness.key));
        let names = all(&|number, _| format!(" w{number}"));
        text += &format!(
            "\n[[registry]]\norigin = \"{origin}\"\nkey = \"{key}\"\nstatus_keys = [\"{status_key}\"]\n\
             [registry.published]\nby = \"did:web:critical-minerals.example\"\n\
             policy = \"\"\"\nlog {key}\n{keys}group quorum {QUORUM}{names}\nquorum quorum\n\"\"\"\n"
        );
    }
    let audits: Vec<_> = stage.registries.iter().map(|registry| registry.origin).collect();
    text += &all(&|_, witness| format!("\n[[witness]]\nkey = \"{}\"\naudits = {audits:?}\n", witness.key));
    text + &format!("\n[quorum]\nneed = {QUORUM}\ndishonest = 1\n")
}
