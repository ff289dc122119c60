//! A registry over HTTP, as a company's software sees it.

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A registry and the key to it.
#[derive(Clone)]
pub struct Client {
    base: String,
    key: String,
    agent: ureq::Agent,
}

impl Client {
    /// A client for a registry's base URL and an API key.
    pub fn new(base: &str, key: &str) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build();
        Client { base: base.trim_end_matches('/').to_owned(), key: key.to_owned(), agent: config.into() }
    }

    /// The same registry with another key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Client { key: key.to_owned(), ..self.clone() }
    }

    /// Gets a resource.
    pub fn get(&self, path: &str) -> Result<Vec<u8>> {
        let url = format!("{}{path}", self.base);
        let response = self.agent.get(&url).header("authorization", &self.bearer()).call();
        read(response.with_context(|| format!("GET {url}"))?)
    }

    /// Gets the receipt of a certificate, once enough witnesses have cosigned it.
    pub fn receipt(&self, id: &str) -> Result<Vec<u8>> {
        let url = format!("{}/v1/certificates/{id}/receipt", self.base);
        let request =
            self.agent.get(&url).header("authorization", &self.bearer()).header("prefer", "wait=30");
        read(request.call().with_context(|| format!("GET {url}"))?)
    }

    /// Posts JSON. `idempotency` makes a repeated request give the same answer instead of a second
    /// certificate.
    pub fn post(&self, path: &str, body: &[u8], idempotency: Option<&str>) -> Result<Value> {
        let url = format!("{}{path}", self.base);
        let mut request = self
            .agent
            .post(&url)
            .header("authorization", &self.bearer())
            .header("content-type", "application/json");
        if let Some(key) = idempotency {
            request = request.header("idempotency-key", key);
        }
        let body = read(request.send(body).with_context(|| format!("POST {url}"))?)?;
        serde_json::from_slice(&body).context("the registry did not answer with JSON")
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.key)
    }
}

/// The body of a success; a problem becomes an error with its code and text.
fn read(response: ureq::http::Response<ureq::Body>) -> Result<Vec<u8>> {
    let status = response.status();
    let body = response.into_body().with_config().limit(1 << 30).read_to_vec()?;
    if status.is_success() {
        return Ok(body);
    }
    let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut text =
        problem["detail"].as_str().or(problem["title"].as_str()).unwrap_or("no reason given").to_owned();
    for finding in problem["findings"].as_array().into_iter().flatten() {
        let part = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        text += &format!("\n  {} {}: {}", part("code"), part("pointer"), part("text"));
    }
    bail!("{status}: {text}")
}
