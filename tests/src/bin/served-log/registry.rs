//! The registry that is asked: the binary, on loopback, with a folder of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use examples::client::Client;
use serde_json::json;
use ytterby_tlog::NoteSigner;

use super::Failure;

/// A process, ended when this is dropped.
pub(crate) struct Registry {
    child: Child,
    /// With the key of an issuer.
    pub(crate) client: Client,
    /// What its log signs with: some faults are signed anew.
    pub(crate) signer: NoteSigner,
}

impl Registry {
    pub(crate) fn start(folder: &Path) -> Result<Self, Failure> {
        let binary = std::env::current_exe()?.with_file_name("ytterby-registry");
        let mut child = Command::new(&binary)
            .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--dir"])
            .arg(folder)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}: cargo build -p ytterby-registry", binary.display()))?;
        match connect(&mut child, folder) {
            Ok((client, signer)) => Ok(Registry { child, client, signer }),
            Err(error) => {
                end(&mut child);
                Err(error)
            }
        }
    }

    /// Makes origins, all in one commit; their ids.
    pub(crate) fn issue(&self, numbers: std::ops::Range<u64>) -> Result<Vec<String>, Failure> {
        let key = format!("{}-{}", numbers.start, numbers.end);
        let drafts: Vec<_> = numbers.map(|number| draft(&format!("FEED-{number}"))).collect();
        let batch = json!({ "mode": "all", "certificates": drafts }).to_string();
        let made = self.client.post("/v1/certificates/batch", batch.as_bytes(), Some(&key))?;
        let results = made["results"].as_array().ok_or("a batch has results")?;
        let ids = results.iter().map(|made| made["certificate"]["id"].as_str().map(str::to_owned));
        Ok(ids.collect::<Option<Vec<_>>>().ok_or("a result has a certificate")?)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Nobody wants what it would still write.
fn end(child: &mut Child) {
    child.kill().and_then(|()| child.wait().map(drop)).unwrap_or_default();
}

fn connect(child: &mut Child, folder: &Path) -> Result<(Client, NoteSigner), Failure> {
    let output = child.stdout.take().ok_or("no output")?;
    let (mut url, mut key) = (String::new(), String::new());
    for line in BufReader::new(output).lines() {
        for word in line?.split_whitespace() {
            if word.starts_with("http://127.0.0.1") && url.is_empty() {
                word.clone_into(&mut url);
            }
            if word.starts_with("ytb_") {
                word.clone_into(&mut key);
            }
        }
        if !url.is_empty() && !key.is_empty() {
            break;
        }
    }
    let admin = Client::new(&url, &key);
    admin.post("/v1/issuers", br#"{"name":"refinery","title":"Refinery"}"#, None)?;
    let form = br#"{"issuer":"refinery","scopes":["read","issue","manage"],"label":"peers"}"#;
    let made = admin.post("/v1/api-keys", form, None)?;
    let client = admin.with_key(made["key"].as_str().ok_or("a new API key is shown once")?);
    let signer = NoteSigner::parse_secret(fs::read_to_string(folder.join("log.key"))?.trim())?;
    Ok((client, signer))
}

fn draft(number: &str) -> serde_json::Value {
    json!({
        "type": "OriginCertificate", "source": "opening-stock", "origin": { "country": "unknown" },
        "lotNumber": number, "product": "Feed of the separation circuit", "form": "in-process",
        "netMass": "1000",
        "assay": {
            "massBasis": "as-received", "percentBasis": "of-mass",
            "components": [{ "oxide": "Pr6O11", "percent": "0.53" }, { "oxide": "Nd2O3", "percent": "1.85" }],
        },
        "facility": { "id": "urn:gln:9521321000020", "name": "Example Refinery", "country": "MY" },
        "period": { "from": "2026-10-31", "to": "2026-10-31" }, "custodyModel": "mass-balance",
    })
}
