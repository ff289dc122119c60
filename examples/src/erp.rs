//! Issuing with a key of one's own: the library judges and signs here, the registry registers.

use anyhow::{Result, anyhow};
use serde_json::Value;
use ytterby::did::Did;
use ytterby::key::SigningKey;
use ytterby::{Authority, Bundle, Certificate, Draft, Home, Inputs, Issue, admit, lots_of};

use crate::client::Client;

/// A company that signs for itself.
pub struct Company {
    /// Its DID.
    pub did: Did,
    /// Its name.
    pub name: String,
    /// Its signing key, which never leaves it.
    pub key: SigningKey,
}

impl Company {
    /// Makes a certificate from a draft: fetches what stands behind the inputs, lets the library fill
    /// in content and draws, and signs.
    pub fn certify(&self, registry: &Client, home: &str, draft: Value) -> Result<Certificate<'static>> {
        let now = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second())?;
        let draft = Draft::parse(draft.to_string().as_bytes())?;
        let mut inputs = Inputs::default();
        for input in draft.inputs() {
            let bytes = registry.get(&format!("/v1/certificates/{}/bundle", input.lot))?;
            for lot in lots_of(&Bundle::parse(&bytes)?) {
                inputs.add(lot, None);
            }
        }
        let authority = Authority {
            issuer: self.did.clone(),
            name: Some(self.name.clone()),
            key: self.key.public(),
            home: Home::parse(home).ok_or_else(|| anyhow!("{home:?} is no log origin"))?,
            scope: None,
        };
        let issue = Issue { id: uuid::Uuid::new_v4(), at: now };
        let unsigned = admit(&draft, &inputs, &authority, issue).map_err(|findings| {
            let texts: Vec<String> = findings.iter().map(ToString::to_string).collect();
            anyhow!("refused: {}", texts.join("; "))
        })?;
        Ok(unsigned.sign(&self.key))
    }

    /// Registers a certificate that this company signed.
    pub fn register(&self, registry: &Client, certificate: &Certificate<'_>) -> Result<()> {
        let key = certificate.claims().id.to_string();
        registry.post("/v1/certificates", certificate.bytes(), Some(&key))?;
        Ok(())
    }
}
