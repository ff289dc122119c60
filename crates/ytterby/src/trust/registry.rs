//! A pinned registry: whose log it is, what has been published of its witnesses, and whether it is
//! frozen. Implements proto-docs/verification.md, "Trust file".

use serde::Deserialize;
use toml::Spanned;
use ytterby_tlog::{Hash, Policy, SignatureKind, TreeHead, VerifierKey};

use super::logs::{origin, verifier_key};
use super::{TrustError, fault, list, value};
use crate::did::Did;
use crate::key::Multikey;
use crate::wire::Home;

/// A registry whose receipts and status lists are accepted.
#[derive(Debug, Clone)]
pub struct PinnedRegistry {
    /// Its log origin, which is the name of its key.
    pub origin: Home,
    /// Keys of its status lists.
    pub status_keys: Vec<Multikey>,
    /// The key that its log signs with.
    pub key: VerifierKey,
    /// The witnesses and quorum that somebody publishes for everybody who relies on this log.
    pub published: Option<Published>,
    /// Where the log ends for this verifier: nothing beyond it is accepted.
    pub frozen: Option<TreeHead>,
    /// Where its service is, without a slash at the end. Nothing here asks it.
    pub url: Option<String>,
    pub(super) policy: Option<Policy>,
}

/// A policy as it was published, and by whom.
#[derive(Debug, Clone)]
pub struct Published {
    /// Who publishes it: an anchor, as a rule.
    pub by: Did,
    /// What was published.
    pub policy: Policy,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireRegistry {
    origin: String,
    #[serde(default)]
    status_keys: Vec<String>,
    pub(super) key: Option<Spanned<String>>,
    published: Option<WirePublished>,
    frozen: Option<WireFrozen>,
    url: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WirePublished {
    by: String,
    policy: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireFrozen {
    last_size: String,
    root: String,
}

impl PinnedRegistry {
    /// A registry of a policy, of which nothing else is said.
    pub(super) fn new(origin: Home, key: VerifierKey, policy: Policy) -> Self {
        PinnedRegistry { policy: Some(policy), ..Self::bare(origin, key) }
    }

    fn bare(origin: Home, key: VerifierKey) -> Self {
        PinnedRegistry {
            origin,
            status_keys: Vec::new(),
            key,
            published: None,
            frozen: None,
            url: None,
            policy: None,
        }
    }

    /// What a checkpoint of its log must satisfy: its key, and a quorum of the witnesses that audit
    /// it. `None` when the trust file has no quorum.
    pub fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    /// The quorum as (k, n), if there is one.
    pub fn quorum(&self) -> Option<(usize, usize)> {
        self.policy.as_ref().and_then(Policy::flat_quorum)
    }

    /// Why the quorum is a private one, in a sentence: it is not the one that is published for
    /// everybody, so another buyer's need not share an honest witness with it. `None` if it is the
    /// published one, or if there is no quorum.
    pub fn private_quorum(&self) -> Option<String> {
        let own = self.policy.as_ref()?;
        let (need, all) = own.flat_quorum()?;
        let origin = &self.origin;
        let Some(Published { by, policy }) = &self.published else {
            return Some(format!(
                "{need} of {all} witnesses of {origin} are asked for, and no published quorum is stated"
            ));
        };
        let Some((k, n)) = policy.flat_quorum() else {
            return Some(format!(
                "{need} of {all} witnesses of {origin} are asked for; {by} publishes groups"
            ));
        };
        if (k, witnesses(policy)) == (need, witnesses(own)) {
            return None;
        }
        let others = if (k, n) == (need, all) { ", others" } else { "" };
        Some(format!(
            "{need} of {all} witnesses of {origin} are asked for; {by} publishes {k} of {n}{others}"
        ))
    }
}

/// Who is asked: names are no more than names.
fn witnesses(policy: &Policy) -> Vec<[u8; 32]> {
    let keys = policy.flat_witnesses().unwrap_or_default();
    let mut keys: Vec<_> = keys.into_iter().map(|key| *key.public_key()).collect();
    keys.sort_unstable();
    keys
}

/// A registry from its table alone.
pub(super) fn read(at: &str, wire: WireRegistry) -> Result<PinnedRegistry, TrustError> {
    let origin = origin(&format!("{at}.origin"), &wire.origin)?;
    let Some(key) = &wire.key else {
        return Err(fault(&format!("{at}.key"), "the key of the log is missing".to_owned()));
    };
    let key = verifier_key(at, key.get_ref(), SignatureKind::Note)?;
    if key.name().as_str() != origin.as_str() {
        let problem = format!("the key is that of {}, not of {origin}", key.name());
        return Err(fault(&format!("{at}.key"), problem));
    }
    let mut registry = PinnedRegistry::bare(origin, key);
    more(at, wire, &mut registry)?;
    Ok(registry)
}

/// What a table says of a registry that a policy has pinned.
pub(super) fn describe(
    at: &str,
    wire: WireRegistry,
    registries: &mut [PinnedRegistry],
) -> Result<(), TrustError> {
    let found = registries.iter_mut().find(|registry| registry.origin.as_str() == wire.origin);
    let Some(registry) = found else {
        return Err(fault(&format!("{at}.origin"), format!("`policy` has no log {:?}", wire.origin)));
    };
    more(at, wire, registry)
}

fn more(at: &str, wire: WireRegistry, registry: &mut PinnedRegistry) -> Result<(), TrustError> {
    registry.status_keys = list(&format!("{at}.status_keys"), &wire.status_keys, Multikey::parse)?;
    registry.published =
        wire.published.map(|wire| published(&format!("{at}.published"), &wire, registry)).transpose()?;
    registry.frozen = wire.frozen.map(|wire| frozen(&format!("{at}.frozen"), &wire)).transpose()?;
    registry.url = wire.url.map(|url| address(&format!("{at}.url"), &url)).transpose()?;
    Ok(())
}

/// The address of a service: `https`, or `http` on this machine, as far as that can be told without
/// reading the rest of the URL.
fn address(at: &str, url: &str) -> Result<String, TrustError> {
    let local = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
    let is_local = |host: &&str| {
        url.strip_prefix(*host).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    };
    if !url.starts_with("https://") && !local.iter().any(is_local) {
        return Err(fault(at, "it must begin with https:// (or be http on this machine)".to_owned()));
    }
    if url.contains(['?', '#', '@']) || !url.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(fault(at, "a host and a path, nothing else".to_owned()));
    }
    Ok(url.trim_end_matches('/').to_owned())
}

fn published(at: &str, wire: &WirePublished, registry: &PinnedRegistry) -> Result<Published, TrustError> {
    let by = value(&format!("{at}.by"), Did::parse(&wire.by))?;
    let place = format!("{at}.policy");
    let policy = value(&place, Policy::parse(wire.policy.as_bytes()))?;
    if !policy.logs().any(|key| *key == registry.key) {
        return Err(fault(&place, format!("it does not list the key that is pinned of {}", registry.origin)));
    }
    Ok(Published { by, policy })
}

fn frozen(at: &str, wire: &WireFrozen) -> Result<TreeHead, TrustError> {
    let size = wire.last_size.parse::<u64>().ok().filter(|size| size.to_string() == wire.last_size);
    let problem = || fault(&format!("{at}.last_size"), "not a number of entries".to_owned());
    let size = size.ok_or_else(problem)?;
    Ok(TreeHead { size, root: value(&format!("{at}.root"), Hash::parse(&wire.root))? })
}

#[cfg(test)]
mod tests {
    use super::super::logs::tests::{parse, policy_text, quorum, watched, witness_key};
    use super::*;

    fn published(by: &str, policy: &str) -> String {
        format!("[registry.published]\nby = \"{by}\"\npolicy = \"\"\"\n{policy}\"\"\"\n")
    }

    /// What is said of a quorum of three of four, with this in the registry's table.
    fn said(table: &str) -> Result<Option<String>, String> {
        let file = watched("a.example", 4).replacen("[[witness]]", &format!("{table}[[witness]]"), 1);
        Ok(parse(&[&file, &quorum(3, 1)])?.registries[0].private_quorum())
    }

    #[test]
    fn a_quorum_is_private_unless_it_is_the_published_one() {
        let by = "did:web:alliance.example";
        let of = |policy: &str| said(&published(by, policy)).unwrap();
        assert_eq!(of(&policy_text(&["a.example"], 4, 3)), None);
        let renamed = policy_text(&["b.example", "a.example"], 4, 3).replace("w1 w2 w3 w4", "w4 w2 w3 w1");
        assert_eq!(of(&renamed), None, "order and other logs do not matter");
        let asked = "3 of 4 witnesses of a.example are asked for";
        for (policy, says) in [
            (policy_text(&["a.example"], 4, 4), "did:web:alliance.example publishes 4 of 4"),
            (policy_text(&["a.example"], 3, 3), "did:web:alliance.example publishes 3 of 3"),
            (
                policy_text(&["a.example"], 4, 3)
                    .replace(&witness_key("w4.example"), &witness_key("w5.example")),
                "did:web:alliance.example publishes 3 of 4, others",
            ),
            (
                policy_text(&["a.example"], 4, 3).replace("quorum all", "group one any all\nquorum one"),
                "did:web:alliance.example publishes groups",
            ),
        ] {
            assert_eq!(of(&policy), Some(format!("{asked}; {says}")));
        }
        let alone = said("").unwrap();
        assert_eq!(alone, Some(format!("{asked}, and no published quorum is stated")));
        let none = parse(&[&watched("a.example", 4)]).unwrap();
        assert_eq!(none.registries[0].private_quorum(), None, "no quorum, no receipt");
    }

    #[test]
    fn one_fault_each() {
        let good = policy_text(&["a.example"], 4, 3);
        let root = Hash::EMPTY_ROOT.to_string();
        let frozen =
            |size: &str, root: &str| format!("frozen = {{ last_size = \"{size}\", root = \"{root}\" }}\n");
        assert!(said(&frozen("18446744073709551615", &root)).is_ok());
        for (table, key, word) in [
            (published("alliance", &good), "registry[0].published.by", "did"),
            (published("did:web:a.example", "quorum none"), "registry[0].published.policy", "line 1"),
            (
                published("did:web:a.example", &policy_text(&["b.example"], 4, 3)),
                "registry[0].published.policy",
                "pinned of a.example",
            ),
            (frozen("01", &root), "registry[0].frozen.last_size", "number"),
            (frozen("-1", &root), "registry[0].frozen.last_size", "number"),
            (frozen("18446744073709551616", &root), "registry[0].frozen.last_size", "number"),
            (frozen("1", root.trim_end_matches('=')), "registry[0].frozen.root", ""),
        ] {
            let text = said(&table).unwrap_err();
            assert!(text.starts_with(key) && text.to_lowercase().contains(word), "{text}\n{table}");
        }
        assert!(said("frozen = { last_size = \"1\" }\n").unwrap_err().contains("root"));
    }
}
