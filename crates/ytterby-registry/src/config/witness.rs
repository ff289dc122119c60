//! The witnesses of a configuration: who cosigns, where, and how many of them are enough.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::Deserialize;
use ureq::http::Uri;
use ytterby_tlog::{SignatureKind, VerifierKey};

use super::{Config, ConfigError, Profile};

/// Most witnesses: a note has no room for more signatures than that and the log's.
const MOST: usize = 63;

/// A witness that is asked to cosign.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessConfig {
    /// Its verifier key, of type `cosignature/v1`: `<name>+<id>+<base64>`.
    pub key: String,
    /// Where it is asked: its submission prefix, to which `/add-checkpoint` is added. With
    /// `profile = "production"`, plain http is for this machine alone.
    pub url: String,
}

/// Who may read the entries of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Entries {
    /// Anybody.
    #[default]
    Public,
    /// Whoever has an API key with the scope `read`. Hashes and checkpoints stay public.
    Restricted,
}

/// A witness, its key read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessAddress {
    /// Its key.
    pub key: VerifierKey,
    /// Its submission prefix, without a slash at its end.
    pub url: String,
}

impl Config {
    /// The witnesses, and how many of them are a quorum; none, and 0, if none is named.
    pub fn witnesses(&self) -> Result<(Vec<WitnessAddress>, usize), ConfigError> {
        let wrong = |key, problem| ConfigError::Value { key, problem };
        let count = self.witness.len();
        if count > MOST {
            return Err(wrong("witness", format!("{count} of them, at most {MOST} may be named")));
        }
        let quorum = match (self.log.quorum, count) {
            (None, 0) => 0,
            (None, _) => {
                let problem = "say how many of the witnesses have to cosign".to_owned();
                return Err(wrong("log.quorum", problem));
            }
            (Some(quorum), _) if quorum == 0 || quorum > count => {
                let problem = format!("it is {quorum}, and {count} witnesses are named");
                return Err(wrong("log.quorum", problem));
            }
            (Some(quorum), _) => quorum,
        };
        let mut keys = BTreeSet::new();
        let mut all = Vec::with_capacity(count);
        for witness in &self.witness {
            let key = VerifierKey::parse(&witness.key)
                .map_err(|error| wrong("witness.key", format!("{:?}: {error}", witness.key)))?;
            if key.kind() != SignatureKind::Cosignature {
                let problem = format!("{} is no key of the type cosignature/v1", witness.key);
                return Err(wrong("witness.key", problem));
            }
            // One key, or one name, twice would be counted as two witnesses.
            if !keys.insert(*key.public_key())
                || all.iter().any(|w: &WitnessAddress| w.key.name() == key.name())
            {
                let problem = format!("{} is named twice, by its name or by its key", key.name());
                return Err(wrong("witness.key", problem));
            }
            all.push(WitnessAddress { key, url: self.address("witness.url", &witness.url)? });
        }
        Ok((all, quorum))
    }

    /// Why the quorum is too small for its witnesses, if it is: two quorums of them need not share any, so
    /// a log could show each half another history. How many may lie besides, only who relies on it knows.
    pub fn weak_quorum(&self) -> Result<Option<String>, ConfigError> {
        let (all, k) = self.witnesses()?;
        let n = all.len();
        Ok((k > 0 && 2 * k <= n).then(|| {
            format!(
                "log.quorum = {k} of {n} witnesses: two such quorums need not have a witness in common, and no trust \
                 file accepts that (2k > n + f, with f that may lie)"
            )
        }))
    }

    /// An address that is asked in plain text on this machine alone, as it stands.
    pub(super) fn private_address(&self, key: &'static str, url: &str) -> Result<String, ConfigError> {
        self.address(key, url)?;
        let uri: Option<Uri> = url.parse().ok();
        let is_plain = |uri: &Uri| uri.scheme_str() == Some("http") && !uri.host().is_some_and(is_loopback);
        if uri.as_ref().is_some_and(is_plain) {
            let problem = format!("{url:?} is plain http, which is for this machine alone");
            return Err(ConfigError::Value { key, problem });
        }
        // It is signed as it stands, so it has to be what is sent: a URL without a path gets one.
        if uri.map(|uri| uri.to_string()).as_deref() != Some(url) {
            return Err(ConfigError::Value { key, problem: format!("{url:?} is not in its usual form") });
        }
        Ok(url.to_owned())
    }

    /// An address that is asked, without a slash at its end.
    pub(super) fn address(&self, key: &'static str, url: &str) -> Result<String, ConfigError> {
        let wrong = |problem: &str| ConfigError::Value { key, problem: format!("{url:?} {problem}") };
        let uri: Uri = url.parse().map_err(|_| wrong("is no URL"))?;
        let host = uri.host().ok_or_else(|| wrong("names no host"))?;
        if uri.query().is_some() {
            return Err(wrong("has a query"));
        }
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if self.profile != Profile::Production || is_loopback(host) => {}
            Some("http") => {
                return Err(ConfigError::Production(format!("the plain-http address {url}")));
            }
            _ => return Err(wrong("begins neither with https:// nor with http://")),
        }
        Ok(url.trim_end_matches('/').to_owned())
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use ytterby_tlog::{Cosigner, KeyName, NoteSigner};

    use super::super::tests::{GOOD, read};
    use super::*;

    fn key(name: &str, seed: u8) -> String {
        Cosigner::from_seed(KeyName::parse(name).unwrap(), &[seed; 32]).verifier_key().to_string()
    }

    fn entry(key: &str, url: &str) -> String {
        format!("[[witness]]\nkey = \"{key}\"\nurl = \"{url}\"\n")
    }

    fn configured(log: &str, witnesses: &str) -> Result<Config, ConfigError> {
        read(&format!("{GOOD}{log}{witnesses}"), "a long enough secret", 0o600)
    }

    #[test]
    fn a_quorum_is_of_distinct_witnesses() {
        let (a, b) = (key("a.example", 1), key("b.example", 2));
        let two = entry(&a, "http://127.0.0.1:1/w/") + &entry(&b, "https://b.example");
        let (all, quorum) = configured("quorum = 2\n", &two).unwrap().witnesses().unwrap();
        assert_eq!(
            (quorum, all[0].url.as_str(), all[1].url.as_str()),
            (2, "http://127.0.0.1:1/w", "https://b.example")
        );
        assert_eq!(configured("", "").unwrap().witnesses().unwrap(), (Vec::new(), 0));
        let log_key =
            NoteSigner::from_seed(KeyName::parse("c.example").unwrap(), &[3; 32]).verifier_key().to_string();
        let with = |second: String| entry(&a, "http://a.example") + &second;
        for (log, witnesses, wanted) in [
            ("quorum = 3\n", two.clone(), "it is 3, and 2 witnesses are named"),
            ("quorum = 0\n", two.clone(), "it is 0"),
            ("quorum = 1\n", String::new(), "it is 1, and 0 witnesses"),
            ("", two.clone(), "say how many"),
            ("quorum = 1\n", with(entry(&a, "http://b.example")), "named twice"),
            ("quorum = 1\n", with(entry(&key("b.example", 1), "http://b.example")), "named twice"),
            ("quorum = 1\n", with(entry(&key("a.example", 2), "http://b.example")), "named twice"),
            ("quorum = 1\n", with(entry(&log_key, "http://c.example")), "no key of the type"),
            ("quorum = 1\n", with(entry("nonsense", "http://c.example")), "nonsense"),
            ("quorum = 1\n", with(entry(&b, "ftp://b.example")), "begins neither"),
            ("quorum = 1\n", with(entry(&b, "b.example")), "begins neither"),
            ("quorum = 1\n", with(entry(&b, "http://b.example/?x=1")), "has a query"),
            ("quorum = 1\n", with(format!("{}colour = 1\n", entry(&b, "http://b.example"))), "unknown field"),
            ("entries = \"secret\"\n", String::new(), "unknown variant"),
        ] {
            let error = configured(log, &witnesses).unwrap_err().to_string();
            assert!(error.contains(wanted), "{wanted}: {error}");
        }
    }

    #[test]
    fn two_quorums_have_a_witness_in_common() {
        let all: String =
            (1..=4).map(|n| entry(&key(&format!("{n}.example"), n), "https://w.example")).collect();
        let weak = configured("quorum = 2\n", &all).unwrap().weak_quorum().unwrap();
        assert!(weak.unwrap().contains("2 of 4 witnesses"));
        assert_eq!(configured("quorum = 3\n", &all).unwrap().weak_quorum().unwrap(), None);
        assert_eq!(configured("", "").unwrap().weak_quorum().unwrap(), None);
        let production = GOOD.replace("development", "production").replace("http://", "https://");
        let production = production.replace("127.0.0.1:8080\"\n[", "registry.example\"\n[");
        let with = |quorum: &str| read(&format!("{production}{quorum}{all}"), "a long enough secret", 0o600);
        with("quorum = 3\n").unwrap();
        let error = with("quorum = 2\n").unwrap_err().to_string();
        assert!(error.contains("refuses log.quorum = 2 of 4"), "{error}");
    }

    #[test]
    fn production_asks_in_plain_text_on_its_own_machine_alone() {
        let text = GOOD.replace("development", "production").replace("http://", "https://");
        let text = text.replace("127.0.0.1:8080\"\n[", "registry.example\"\n[");
        let asked = |url: &str| {
            let text = format!("{text}quorum = 1\n{}", entry(&key("a.example", 1), url));
            read(&text, "a long enough secret", 0o600)
        };
        for url in ["https://a.example/w", "http://127.0.0.1:9", "http://[::1]:9", "http://localhost:9"] {
            asked(url).unwrap();
        }
        for url in ["http://a.example/w", "http://192.0.2.1", "http://127.0.0.1.example"] {
            assert!(asked(url).unwrap_err().to_string().contains("plain-http address"), "{url}");
        }
    }
}
