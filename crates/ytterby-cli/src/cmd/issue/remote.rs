//! Issuing by a registry, over HTTP.

use std::collections::HashMap;
use std::io::Read as _;
use std::time::Duration;

use serde_json::{Value, json};
use ytterby::digest::Digest;
use ytterby::text::printable;

use crate::args::Issue;
use crate::cmd::bundle::{agent, unavailable};
use crate::failure::Failure;
use crate::input;
use crate::output::Output;

/// How long a registry may take for a certificate.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Largest answer read, in bytes: a certificate and its receipt are far smaller.
const MAX_ANSWER: u64 = 4 << 20;

/// Posts every draft, and writes the certificates that come back.
pub(crate) fn run(
    args: &Issue,
    url: &str,
    drafts: &[(String, Vec<u8>)],
    mut output: Output,
) -> Result<u8, Failure> {
    let path = args.api_key_file.as_deref();
    let secret = input::read_api_key(path.ok_or_else(|| Failure::usage("--registry needs --api-key-file"))?)?;
    let agent = agent(url, TIMEOUT)?;
    output.note(&format!("opening a network connection: {}", printable(url)));
    let client = Client { agent, base: url.trim_end_matches('/'), secret };
    // Labels of the lots that this run made, by lot number, for the rows that draw on them.
    let mut made: HashMap<String, String> = HashMap::new();
    let mut certificates = Vec::new();
    for (place, bytes) in drafts {
        let strict = ytterby::json::Value::parse(bytes)
            .map_err(|error| Failure::undecided(format!("{place}: not strict JSON: {error}")))?;
        let mut draft: Value = serde_json::from_slice(&ytterby::json::canonical(&strict))
            .map_err(|error| Failure::undecided(format!("{place}: {error}")))?;
        for input in draft.get_mut("inputs").and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(lot) = input.get_mut("lot") else { continue };
            if let Some(label) = lot.as_str().and_then(|name| made.get(name)) {
                *lot = json!(label);
            }
        }
        let answer = client.post(place, &draft, args.dry_run)?;
        if args.dry_run {
            output.json(&answer, true)?;
            continue;
        }
        let certificate = &answer["certificate"];
        let (Some(label), true) = (certificate["id"].as_str(), certificate.is_object()) else {
            return Err(Failure::undecided(format!("{place}: the registry's answer holds no certificate")));
        };
        if let Some(number) = draft["lotNumber"].as_str() {
            made.insert(number.to_owned(), label.to_owned());
        }
        certificates.push(certificate.clone());
    }
    if !args.dry_run {
        let all = if certificates.len() == 1 { certificates.remove(0) } else { Value::Array(certificates) };
        let text = all.to_string();
        let strict = ytterby::json::Value::parse(text.as_bytes()).map_err(|error| {
            Failure::undecided(format!("the registry's answer is not strict JSON: {error}"))
        })?;
        output.raw(&ytterby::json::canonical(&strict))?;
    }
    output.finish_saying()?;
    Ok(0)
}

struct Client<'c> {
    agent: ureq::Agent,
    base: &'c str,
    secret: String,
}

impl Client<'_> {
    /// Posts a draft. Its digest is the idempotency key: the same draft sent again makes nothing new.
    fn post(&self, place: &str, draft: &Value, dry_run: bool) -> Result<Value, Failure> {
        let body = draft.to_string();
        let url = format!("{}/v1/certificates{}", self.base, if dry_run { "?dry_run=true" } else { "" });
        let request = self
            .agent
            .post(&url)
            .config()
            .http_status_as_error(false)
            .build()
            .header("Authorization", format!("Bearer {}", self.secret))
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", Digest::of(body.as_bytes()).to_string());
        let mut response = request.send(body.as_bytes()).map_err(|error| unavailable(&url, &error))?;
        let status = response.status();
        let mut bytes = Vec::new();
        let answer = response.body_mut().as_reader().take(MAX_ANSWER).read_to_end(&mut bytes);
        answer.map_err(|error| Failure::undecided(format!("{url}: the answer broke off: {error}")))?;
        let value: Option<Value> = serde_json::from_slice(&bytes).ok();
        if status.is_success() {
            return value.ok_or_else(|| Failure::undecided(format!("{url}: the answer is not JSON")));
        }
        Err(refused(place, status.as_u16(), &value.unwrap_or_default()))
    }
}

/// What the registry has against a draft, or why it does nothing now.
fn refused(place: &str, status: u16, problem: &Value) -> Failure {
    let word = |value: &Value, name: &str| value[name].as_str().map(str::to_owned).unwrap_or_default();
    let code = word(problem, "code");
    let mut text = format!("{place}: the registry answers {status} {code}: {}", word(problem, "title"));
    let findings = problem["findings"].as_array().cloned().unwrap_or_default();
    if findings.is_empty() {
        text.push_str(&format!("\n   |  {}", word(problem, "detail")));
    }
    for finding in findings.iter().take(20) {
        let (code, pointer) = (word(finding, "code"), word(finding, "pointer"));
        text.push_str(&format!("\n  --> {pointer}  {code}\n   |  {}", word(finding, "text")));
        let help = word(finding, "help");
        if !help.is_empty() {
            text.push_str(&format!("\n   = help: {help}"));
        }
    }
    let proven = matches!(status, 400 | 409 | 422) && code != "idempotency.in-progress";
    if proven { Failure::rejected(text) } else { Failure::undecided(text) }
}
