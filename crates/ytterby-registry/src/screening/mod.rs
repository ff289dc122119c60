//! Asking a screening service before a transfer is registered: one signed question, and one signed answer that
//! fits no other. Implements proto-docs/gate.md, "Screening".
//!
//! What is asked and what is believed is decided here, from bytes; `ask` is what goes over the network.

mod ask;
mod signature;

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use ytterby::Home;
use ytterby::digest::Digest;
use ytterby::json::{self, Object, Value};
use ytterby::key::{Multikey, SigningKey};
use ytterby::rules::RuleAnswer;
use ytterby::text::printable;
use ytterby::time::format_time;

pub(crate) use ask::{Screen, ScreeningError};

/// The version of both messages.
const VERSION: &str = "ytterby.screening/1";
/// Longest reason and reference, in characters.
const LONGEST: usize = 200;
/// The type of both bodies.
const JSON: &str = "application/json";

/// How a service is asked.
pub struct ScreeningSetting {
    /// Where.
    pub url: String,
    /// Whose answers count.
    pub keys: Vec<Multikey>,
    /// What signs the questions.
    pub key: SigningKey,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// A transfer that would be registered.
pub struct Transfer<'a> {
    /// The digest of its certificate.
    pub certificate: Digest,
    /// The certificate's bytes.
    pub bytes: &'a [u8],
    /// What the rules of the registry say of it.
    pub rules: &'a [RuleAnswer],
}

/// A question, ready to be sent.
#[derive(Debug)]
pub struct Question {
    /// The headers that belong to it, in the order in which it is signed.
    pub headers: [(&'static str, String); 4],
    /// The body.
    pub body: Vec<u8>,
    /// What was signed.
    pub base: String,
    signature: String,
    certificates: Vec<Digest>,
}

/// What came back, of which nothing is believed.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What a service says of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may be registered.
    pub is_allowed: bool,
    /// Why, if it says so; fit to be shown.
    pub reason: Option<String>,
    /// What it is filed under there; fit to be shown.
    pub reference: Option<String>,
}

/// Why an answer is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// Another status than 200.
    #[error("its status is {0}")]
    Status(u16),
    /// A header is not there, or twice, or of another type.
    #[error("{0} is missing, stands twice, or is not what it has to be")]
    Header(&'static str),
    /// No signature of 64 bytes is for screening, or several are.
    #[error("there is not one signature with the tag {}", signature::TAG)]
    Unsigned,
    /// It does not sign what it has to, or something else too.
    #[error("it does not sign exactly the status, type and digest of the body, and the question's signature")]
    Covers,
    /// The signature has other parameters than it may have.
    #[error("the signature has other parameters than created, keyid, alg and tag")]
    Parameters,
    /// The key is not pinned.
    #[error("it is signed with a key that is not pinned")]
    Key,
    /// The signature is bad: of another question, another answer, or another key.
    #[error("its signature does not verify over this question and this answer")]
    Signature,
    /// The body says something else than what may stand there.
    #[error("its body: {0}")]
    Body(String),
}

impl BadAnswer {
    /// The rule of proto-docs/gate.md, "Answer", that is broken.
    pub fn rule(&self) -> u8 {
        match self {
            BadAnswer::Status(_) => 1,
            BadAnswer::Header(_) => 3,
            BadAnswer::Unsigned => 4,
            BadAnswer::Covers => 5,
            BadAnswer::Parameters | BadAnswer::Key => 6,
            BadAnswer::Signature => 7,
            BadAnswer::Body(_) => 8,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    screening: String,
    answers: Vec<WireAnswer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireAnswer {
    certificate: String,
    decision: WireDecision,
    reason: Option<String>,
    reference: Option<String>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum WireDecision {
    Allow,
    Deny,
}

impl Question {
    /// The question about transfers, signed. The nonce makes it one that was never asked.
    pub fn new(
        setting: &ScreeningSetting,
        registry: &Home,
        at: Timestamp,
        nonce: &[u8; 32],
        transfers: &[Transfer<'_>],
    ) -> Self {
        let body = body(registry, at, transfers);
        let digest = signature::content_digest(&body);
        let parameters = format!(
            "(\"@method\" \"@target-uri\" \"content-type\" \"content-digest\");created={};nonce=\"{}\";keyid=\"{}\";\
             alg=\"ed25519\";tag=\"{}\"",
            at.as_second(),
            data_encoding::BASE64URL_NOPAD.encode(nonce),
            setting.key.public(),
            signature::TAG,
        );
        let lines = [
            ("\"@method\"", "POST"),
            ("\"@target-uri\"", setting.url.as_str()),
            ("\"content-type\"", JSON),
            ("\"content-digest\"", digest.as_str()),
        ];
        let base = signature::base(lines, &parameters);
        let signature = signature::byte_sequence(&setting.key.sign(base.as_bytes()));
        let headers = [
            ("content-type", JSON.to_owned()),
            ("content-digest", digest),
            ("signature-input", format!("{}={parameters}", signature::LABEL)),
            ("signature", format!("{}={signature}", signature::LABEL)),
        ];
        let certificates = transfers.iter().map(|transfer| transfer.certificate).collect();
        Question { headers, body, base, signature, certificates }
    }

    /// What an answer says of each transfer, in their order, if it is one to this very question under one of
    /// some keys.
    pub fn judge(&self, answer: &Answer, keys: &[Multikey]) -> Result<Vec<Decision>, BadAnswer> {
        if answer.status != 200 {
            return Err(BadAnswer::Status(answer.status));
        }
        let content_type = answer.header("content-type")?;
        if content_type != JSON {
            return Err(BadAnswer::Header("content-type"));
        }
        let content_digest = answer.header("content-digest")?;
        if !signature::is_digest_of(content_digest, &answer.body) {
            return Err(BadAnswer::Header("content-digest"));
        }
        let (input, signatures) = (answer.header("signature-input")?, answer.header("signature")?);
        let covered = signature::Covered {
            status: answer.status,
            content_type,
            content_digest,
            question: &self.signature,
        };
        signature::verify(input, signatures, &covered, keys)?;
        self.read(&answer.body).map_err(BadAnswer::Body)
    }

    fn read(&self, body: &[u8]) -> Result<Vec<Decision>, String> {
        let value = Value::parse(body).map_err(|error| error.to_string())?;
        let wire: Wire = json::from_value(&value).map_err(|misfit| misfit.to_string())?;
        if wire.screening != VERSION {
            return Err(format!("it is no {VERSION}"));
        }
        if wire.answers.len() != self.certificates.len() {
            return Err(format!("{} answers to {} transfers", wire.answers.len(), self.certificates.len()));
        }
        let decisions = wire.answers.into_iter().zip(&self.certificates).map(|(own, asked)| {
            if own.certificate != asked.to_string() {
                return Err("an answer is about another certificate".to_owned());
            }
            Ok(Decision {
                is_allowed: own.decision == WireDecision::Allow,
                reason: own.reason.map(shown).transpose()?,
                reference: own.reference.map(shown).transpose()?,
            })
        });
        decisions.collect()
    }
}

impl Answer {
    /// A header that stands there once.
    fn header(&self, name: &'static str) -> Result<&str, BadAnswer> {
        let mut found = self.headers.iter().filter(|(own, _)| own == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Ok(value.trim_matches([' ', '\t'])),
            _ => Err(BadAnswer::Header(name)),
        }
    }
}

fn shown(text: String) -> Result<String, String> {
    match text.chars().count() {
        1..=LONGEST => Ok(printable(&text)),
        count => Err(format!("a text of {count} characters, 1 to {LONGEST} may stand there")),
    }
}

fn body(registry: &Home, at: Timestamp, transfers: &[Transfer<'_>]) -> Vec<u8> {
    let text = |text: String| Value::String(text.into());
    let rule = |answer: &RuleAnswer| {
        object([
            ("pack", text(answer.pack.clone())),
            ("digest", text(answer.pack_digest.to_string())),
            ("answer", text(answer.answer.as_str().to_owned())),
        ])
    };
    let transfer = |own: &Transfer<'_>| {
        // A certificate is strict JSON, or it would be none.
        let mut claims = Value::parse(own.bytes).map_or(Value::Null, Value::into_owned);
        if let Value::Object(members) = &mut claims {
            members.remove("proof");
        }
        object([
            ("certificate", text(own.certificate.to_string())),
            ("claims", claims),
            ("rules", Value::Array(own.rules.iter().map(rule).collect())),
        ])
    };
    json::canonical(&object([
        ("screening", text(VERSION.to_owned())),
        ("registry", text(registry.to_string())),
        ("at", text(format_time(at))),
        ("transfers", Value::Array(transfers.iter().map(transfer).collect())),
    ]))
}

fn object<const N: usize>(members: [(&'static str, Value<'static>); N]) -> Value<'static> {
    let mut object = Object::default();
    for (name, value) in members {
        object.insert(name, value);
    }
    Value::Object(object)
}
