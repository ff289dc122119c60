//! The trust file: the verifier's own pins. Who it is, whose word it takes, and for what.
//! Implements proto-docs/verification.md, "Trust file".

mod anchors;
mod logs;
mod registry;

use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;

use crate::accreditation::{Scope, Task};
use crate::did::Did;
use crate::element::Element;
use crate::form::Source;
use crate::key::Multikey;
use crate::time::parse_date;
use crate::wire::Country;

pub(crate) use anchors::MAX_KEYS;
use anchors::WireAnchor;
pub use anchors::{Anchor, AnchorMember};
pub use logs::{PinnedWitness, Quorum};
use logs::{WireLogs, WireQuorum, WireWitness};
use registry::WireRegistry;
pub use registry::{PinnedRegistry, Published};

/// What a verifier accepts. Holding one means that every value in it is well formed.
#[derive(Debug, Clone)]
pub struct Trust {
    /// A name for the file.
    pub name: String,
    /// Who the verifier is: a lot is "yours" when its holder is one of these.
    pub holder: Vec<Did>,
    /// Which edition of the file this is: whoever has seen a higher one is warned.
    pub serial: Option<u64>,
    /// When the file should have been reviewed.
    pub expires: Option<Date>,
    /// Pinned issuers.
    pub issuers: Vec<PinnedIssuer>,
    /// Anchors, whose accreditations are believed.
    pub anchors: Vec<Anchor>,
    /// Pinned registries.
    pub registries: Vec<PinnedRegistry>,
    /// Pinned witnesses.
    pub witnesses: Vec<PinnedWitness>,
    /// How many of the witnesses that audit a log must have cosigned its checkpoints.
    pub quorum: Option<Quorum>,
    /// Whether registration must be shown.
    pub require_registration: bool,
    /// Whether current status must be shown.
    pub require_status: bool,
    /// Whether there is a file at all.
    pub(crate) present: bool,
}

/// An issuer pinned with its keys and scope. A scope that is absent means any.
#[derive(Debug, Clone)]
pub struct PinnedIssuer {
    /// Its DID.
    pub did: Did,
    /// The name to show instead of the one it gives itself.
    pub name: Option<String>,
    /// Its keys.
    pub keys: Vec<Multikey>,
    /// What it may certify: steps, countries, elements and sources can be limited.
    pub scope: Scope,
}

/// A text is no trust file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// Not TOML of the trust file's closed form; the text names line and column.
    #[error("{0}")]
    Toml(String),
    /// A value is not of the form that may stand there.
    #[error("{key}: {problem}")]
    Value {
        /// The key, with the number of its table.
        key: String,
        /// What is wrong.
        problem: String,
    },
    /// Two ways to say who must have watched a log stand in one file: the later is named.
    #[error("line {line}, column {column}: {problem}")]
    Ambiguous {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What stands there besides.
        problem: &'static str,
    },
    /// A version this library does not know.
    #[error("version {0} is not known; this reads version 1")]
    Version(i64),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    version: i64,
    #[serde(default)]
    name: String,
    #[serde(default)]
    holder: Vec<String>,
    serial: Option<u64>,
    expires: Option<String>,
    #[serde(default)]
    issuer: Vec<WireIssuer>,
    #[serde(default)]
    anchor: Vec<WireAnchor>,
    policy: Option<String>,
    #[serde(default)]
    registry: Vec<WireRegistry>,
    #[serde(default)]
    witness: Vec<Spanned<WireWitness>>,
    quorum: Option<Spanned<WireQuorum>>,
    #[serde(default)]
    require: WireRequire,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireIssuer {
    did: String,
    name: Option<String>,
    keys: Vec<String>,
    steps: Option<Vec<String>>,
    countries: Option<Vec<String>>,
    elements: Option<Vec<String>>,
    sources: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WireRequire {
    registration: bool,
    status: bool,
}

impl Default for WireRequire {
    fn default() -> Self {
        WireRequire { registration: true, status: true }
    }
}

impl Trust {
    /// Reads a trust file.
    pub fn parse(bytes: &[u8]) -> Result<Self, TrustError> {
        let text = std::str::from_utf8(bytes).map_err(|_| TrustError::NotUtf8)?;
        let wire: Wire =
            toml::from_str(text).map_err(|e| TrustError::Toml(e.to_string().trim_end().to_owned()))?;
        if wire.version != 1 {
            return Err(TrustError::Version(wire.version));
        }
        if wire.serial.is_some() && wire.name.is_empty() {
            return Err(fault("serial", "editions of a file without a name cannot be told apart".to_owned()));
        }
        let Wire { policy, registry, witness, quorum, .. } = wire;
        let logs::Logs { registries, witnesses, quorum } =
            logs::read(text, WireLogs { policy, registry, witness, quorum })?;
        let trust = Trust {
            name: wire.name,
            holder: list("holder", &wire.holder, Did::parse)?,
            serial: wire.serial,
            expires: wire.expires.map(|text| value("expires", parse_date(&text))).transpose()?,
            issuers: tables("issuer", wire.issuer, issuer)?,
            anchors: anchors::read(wire.anchor)?,
            registries,
            witnesses,
            quorum,
            require_registration: wire.require.registration,
            require_status: wire.require.status,
            present: true,
        };
        trust.without_twins()
    }

    /// No trust file: nobody is believed, and nothing is asked for that only a trust file can accept.
    pub fn nobody() -> Self {
        Trust {
            name: String::new(),
            holder: Vec::new(),
            serial: None,
            expires: None,
            issuers: Vec::new(),
            anchors: Vec::new(),
            registries: Vec::new(),
            witnesses: Vec::new(),
            quorum: None,
            require_registration: false,
            require_status: false,
            present: false,
        }
    }

    /// The pin of an issuer.
    pub fn issuer(&self, did: &Did) -> Option<&PinnedIssuer> {
        self.issuers.iter().find(|issuer| issuer.did == *did)
    }

    /// The pin of a registry, and its number in the file.
    pub fn registry(&self, origin: &str) -> Option<(usize, &PinnedRegistry)> {
        self.registries.iter().enumerate().find(|(_, registry)| registry.origin.as_str() == origin)
    }

    fn without_twins(self) -> Result<Self, TrustError> {
        for (at, issuer) in self.issuers.iter().enumerate() {
            if self.issuers[..at].iter().any(|other| other.did == issuer.did) {
                return Err(fault(&format!("issuer[{at}].did"), format!("{} is pinned twice", issuer.did)));
            }
        }
        Ok(self)
    }
}

impl PinnedIssuer {
    /// The name to show.
    pub fn shown(&self) -> &str {
        self.name.as_deref().unwrap_or(self.did.as_str())
    }
}

fn issuer(at: &str, wire: WireIssuer) -> Result<PinnedIssuer, TrustError> {
    let scope = |name: &str| format!("{at}.{name}");
    Ok(PinnedIssuer {
        did: value(&scope("did"), Did::parse(&wire.did))?,
        name: wire.name,
        keys: keys(at, &wire.keys)?,
        scope: Scope {
            steps: sorted(&scope("steps"), wire.steps.as_deref(), |text| {
                Task::parse(text).ok_or("not a step, nor origin, transfer or attestation")
            })?,
            countries: sorted(&scope("countries"), wire.countries.as_deref(), |text| {
                Country::parse(text).ok_or("not a country code")
            })?,
            elements: sorted(&scope("elements"), wire.elements.as_deref(), |text| {
                Element::parse(text).ok_or("not an element symbol")
            })?,
            sources: sorted(&scope("sources"), wire.sources.as_deref(), |text| {
                Source::parse(text).ok_or("not a source")
            })?,
            ..Scope::default()
        },
    })
}

/// A list of a scope, which is searched often.
fn sorted<T: Ord>(
    key: &str,
    wire: Option<&[String]>,
    read: impl Fn(&str) -> Result<T, &'static str>,
) -> Result<Option<Box<[T]>>, TrustError> {
    let Some(wire) = wire else { return Ok(None) };
    let mut all = list(key, wire, read)?;
    all.sort_unstable();
    Ok(Some(all.into()))
}

fn keys(at: &str, wire: &[String]) -> Result<Vec<Multikey>, TrustError> {
    let keys = list(&format!("{at}.keys"), wire, |text| {
        Multikey::parse(text).and_then(|key| key.verifying_key().map(|_| key))
    })?;
    if keys.is_empty() { Err(fault(&format!("{at}.keys"), "no key at all".to_owned())) } else { Ok(keys) }
}

fn tables<W, T>(
    name: &str,
    wire: Vec<W>,
    read: impl Fn(&str, W) -> Result<T, TrustError>,
) -> Result<Vec<T>, TrustError> {
    wire.into_iter().enumerate().map(|(at, table)| read(&format!("{name}[{at}]"), table)).collect()
}

fn list<T, E: std::fmt::Display>(
    key: &str,
    wire: &[String],
    read: impl Fn(&str) -> Result<T, E>,
) -> Result<Vec<T>, TrustError> {
    wire.iter().map(|text| read(text).map_err(|e| fault(key, format!("{text:?}: {e}")))).collect()
}

fn value<T, E: std::fmt::Display>(key: &str, result: Result<T, E>) -> Result<T, TrustError> {
    result.map_err(|e| fault(key, e.to_string()))
}

fn fault(key: &str, problem: String) -> TrustError {
    TrustError::Value { key: key.to_owned(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";

    #[test]
    fn reads_the_documented_file() {
        let watched = logs::tests::watched("registry.example/ree", 4);
        let text = format!(
            r#"
version = 1
name = "Acme magnets sourcing"
holder = ["did:web:acme.example"]
expires = "2027-02-01"
serial = 7
[[anchor]]
did = "did:web:critical-minerals.example"
keys = ["{KEY}"]
[[issuer]]
did = "did:web:refinery.example"
name = "Example Refinery"
keys = ["{KEY}"]
steps = ["separation", "transfer"]
countries = ["MY"]
{watched}
[quorum]
need = 3
dishonest = 1
[require]
registration = false
"#
        );
        let trust = Trust::parse(text.as_bytes()).unwrap();
        assert_eq!(trust.issuers[0].shown(), "Example Refinery");
        assert!(!trust.require_registration && trust.require_status);
        assert!(trust.issuer(&Did::parse("did:web:refinery.example").unwrap()).is_some());
        assert_eq!((trust.registries.len(), trust.witnesses.len()), (1, 4));
        assert_eq!((trust.anchors[0].need, trust.serial), (1, Some(7)));
    }

    #[test]
    fn faults_are_named() {
        let error = |text: &str| Trust::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(error("version = 2").contains("version 2"));
        assert!(error("version = 1\ncolour = 1").contains("line 2"));
        assert!(error("version = 1\nholder = [\"acme\"]").starts_with("holder"));
        assert!(error("version = 1\nserial = 1").starts_with("serial"));
        assert!(error("version = 1\nname = \"x\"\nserial = -1").contains("line 3"));
        let issuer = |rest: &str| format!("version = 1\n[[issuer]]\ndid = \"did:web:a.example\"\n{rest}");
        assert!(error(&issuer("keys = []")).contains("no key"));
        assert!(
            error(&issuer(&format!("keys = [\"{KEY}\"]\nsteps = [\"smelting\"]")))
                .contains("issuer[0].steps")
        );
        assert!(
            error(&issuer(&format!("keys = [\"{KEY}\"]\ncountries = [\"Malaysia\"]"))).contains("country")
        );
        let twice = format!(
            "{}\n[[issuer]]\ndid = \"did:web:a.example\"\nkeys = [\"{KEY}\"]",
            issuer(&format!("keys = [\"{KEY}\"]"))
        );
        assert!(error(&twice).contains("twice"));
    }
}
