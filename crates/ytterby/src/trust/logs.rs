//! Whose logs a verifier accepts, and who must have watched them. Implements
//! proto-docs/verification.md, "Trust file".

use serde::Deserialize;
use ytterby_tlog::{Policy, SignatureKind, VerifierKey};

use super::{TrustError, fault, list, tables, value};
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
    policy: Option<Policy>,
}

/// A witness and the logs it audits.
#[derive(Debug, Clone)]
pub struct PinnedWitness {
    /// The key that it cosigns with.
    pub key: VerifierKey,
    /// The origins it audits: only for these does it count.
    pub audits: Vec<Home>,
}

/// How many witnesses must have cosigned a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quorum {
    /// k: that many of the n that audit the log.
    pub need: u32,
    /// f: so many of them may lie, and two quorums still have an honest witness in common.
    pub dishonest: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireRegistry {
    origin: String,
    #[serde(default)]
    status_keys: Vec<String>,
    key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireWitness {
    key: String,
    audits: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireQuorum {
    need: u32,
    dishonest: u32,
}

impl PinnedRegistry {
    /// What a checkpoint of its log must satisfy: its key, and a quorum of the witnesses that audit
    /// it. `None` when the trust file has no quorum.
    pub fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    /// The quorum as (k, n), if there is one.
    pub fn quorum(&self) -> Option<(usize, usize)> {
        self.policy.as_ref().and_then(Policy::flat_quorum)
    }
}

/// The log part of a trust file.
pub(super) struct Logs {
    pub(super) registries: Vec<PinnedRegistry>,
    pub(super) witnesses: Vec<PinnedWitness>,
    pub(super) quorum: Option<Quorum>,
}

/// Reads registries, witnesses and quorum, which only make sense together.
pub(super) fn read(
    registries: Vec<WireRegistry>,
    witnesses: Vec<WireWitness>,
    quorum: Option<WireQuorum>,
) -> Result<Logs, TrustError> {
    let mut registries = tables("registry", registries, registry)?;
    let witnesses = tables("witness", witnesses, witness)?;
    check_distinct(&registries, &witnesses)?;
    let quorum = quorum.map(|WireQuorum { need, dishonest }| Quorum { need, dishonest });
    if let Some(quorum) = quorum {
        if registries.is_empty() {
            return Err(fault(
                "quorum",
                "there is no [[registry]] whose log it could be asked of".to_owned(),
            ));
        }
        for registry in &mut registries {
            registry.policy = Some(policy(registry, &witnesses, quorum)?);
        }
    }
    Ok(Logs { registries, witnesses, quorum })
}

fn registry(at: &str, wire: WireRegistry) -> Result<PinnedRegistry, TrustError> {
    let origin = origin(&format!("{at}.origin"), &wire.origin)?;
    let status_keys = list(&format!("{at}.status_keys"), &wire.status_keys, Multikey::parse)?;
    let key = verifier_key(at, &wire.key, SignatureKind::Note)?;
    if key.name().as_str() != origin.as_str() {
        let problem = format!("the key is that of {}, not of {origin}", key.name());
        return Err(fault(&format!("{at}.key"), problem));
    }
    Ok(PinnedRegistry { origin, status_keys, key, policy: None })
}

fn witness(at: &str, wire: WireWitness) -> Result<PinnedWitness, TrustError> {
    let key = verifier_key(at, &wire.key, SignatureKind::Cosignature)?;
    let audits = wire.audits.iter().map(|text| origin(&format!("{at}.audits"), text));
    Ok(PinnedWitness { key, audits: audits.collect::<Result<_, _>>()? })
}

fn verifier_key(at: &str, text: &str, kind: SignatureKind) -> Result<VerifierKey, TrustError> {
    let at = format!("{at}.key");
    let key = value(&at, VerifierKey::parse(text))?;
    if key.kind() == kind {
        return Ok(key);
    }
    let problem = match kind {
        SignatureKind::Note => "a log signs with a key of type 0x01, this is one that cosigns",
        SignatureKind::Cosignature => "a witness signs with a key of type 0x04, this is a log's",
    };
    Err(fault(&at, problem.to_owned()))
}

fn origin(key: &str, text: &str) -> Result<Home, TrustError> {
    Home::parse(text).ok_or_else(|| fault(key, "not a log origin: host and path without a scheme".to_owned()))
}

/// Nobody counts twice: one table for each log, one name and one key for each witness, and no log
/// among its own witnesses.
fn check_distinct(registries: &[PinnedRegistry], witnesses: &[PinnedWitness]) -> Result<(), TrustError> {
    for (at, registry) in registries.iter().enumerate() {
        if registries[..at].iter().any(|other| other.origin == registry.origin) {
            let problem = format!("{} is pinned twice: a log has one key here", registry.origin);
            return Err(fault(&format!("registry[{at}].origin"), problem));
        }
    }
    for (at, PinnedWitness { key, .. }) in witnesses.iter().enumerate() {
        let same = |other: &VerifierKey| other.public_key() == key.public_key();
        let problem = if witnesses[..at].iter().any(|other| same(&other.key)) {
            "another witness has the same public key: it would count twice"
        } else if witnesses[..at].iter().any(|other| other.key.name() == key.name()) {
            "another witness has the same name: a witness has one key here, or it would count twice"
        } else if registries.iter().any(|registry| same(&registry.key)) {
            "a registry has the same public key: no log is its own witness"
        } else {
            continue;
        };
        return Err(fault(&format!("witness[{at}].key"), problem.to_owned()));
    }
    Ok(())
}

/// 2k > n + f, of the witnesses that audit this log: any two sets of k share an honest one.
fn policy(
    registry: &PinnedRegistry,
    witnesses: &[PinnedWitness],
    quorum: Quorum,
) -> Result<Policy, TrustError> {
    let origin = &registry.origin;
    let auditing: Vec<VerifierKey> = witnesses
        .iter()
        .filter(|witness| witness.audits.contains(origin))
        .map(|witness| witness.key.clone())
        .collect();
    let Quorum { need, dishonest } = quorum;
    let (n, k, f) = (auditing.len() as u64, u64::from(need), u64::from(dishonest));
    if k > n || 2 * k <= n + f {
        let problem = format!(
            "{need} of the {n} witnesses that audit {origin} do not outvote {dishonest} dishonest: \
             2k > n + f is needed"
        );
        return Err(fault("quorum", problem));
    }
    let policy = Policy::k_of_n([registry.key.clone()], auditing, need as usize);
    policy.map_err(|problem| fault("quorum", format!("{origin}: {problem}")))
}

#[cfg(test)]
pub(super) mod tests {
    use ytterby_tlog::{Cosigner, Hash, KeyName, NoteSigner};

    use super::*;
    use crate::trust::Trust;

    fn name_and_seed(text: &str) -> (KeyName, [u8; 32]) {
        (KeyName::parse(text).unwrap(), *Hash::of_leaf(text.as_bytes()).as_bytes())
    }

    fn log_key(name: &str) -> String {
        let (name, seed) = name_and_seed(name);
        NoteSigner::from_seed(name, &seed).verifier_key().to_string()
    }

    fn witness_key(name: &str) -> String {
        let (name, seed) = name_and_seed(name);
        Cosigner::from_seed(name, &seed).verifier_key().to_string()
    }

    fn registry(origin: &str, key: &str) -> String {
        format!("[[registry]]\norigin = \"{origin}\"\nkey = \"{key}\"\n")
    }

    fn witness(key: &str, audits: &str) -> String {
        format!("[[witness]]\nkey = \"{key}\"\naudits = {audits}\n")
    }

    fn quorum(need: u32, dishonest: u32) -> String {
        format!("[quorum]\nneed = {need}\ndishonest = {dishonest}\n")
    }

    /// A registry and witnesses that audit it.
    pub(crate) fn watched(origin: &str, witnesses: u32) -> String {
        let audits = format!("[\"{origin}\"]");
        let witnesses = (1..=witnesses).map(|n| witness(&witness_key(&format!("w{n}.example")), &audits));
        registry(origin, &log_key(origin)) + &witnesses.collect::<String>()
    }

    fn parse(rest: &[&str]) -> Result<Trust, String> {
        let text = format!("version = 1\n{}", rest.concat());
        Trust::parse(text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn each_log_has_a_policy_of_the_witnesses_that_audit_it() {
        let other = witness(&witness_key("w5.example"), r#"["b.example", "c.example"]"#);
        let both = [&watched("a.example", 4)[..], &other, &quorum(3, 1)];
        let trust = parse(&both).unwrap();
        assert_eq!(trust.quorum, Some(Quorum { need: 3, dishonest: 1 }));
        let (at, pinned) = trust.registry("a.example").unwrap();
        assert_eq!((at, pinned.quorum()), (0, Some((3, 4))));
        assert_eq!(pinned.policy().unwrap().witnesses().len(), 4, "the fifth audits another log");
        assert!(trust.registry("b.example").is_none());
        let without = parse(&both[..2]).unwrap();
        assert!(without.registries[0].policy().is_none());
    }

    #[test]
    fn quorums_must_overlap_in_an_honest_witness() {
        for (witnesses, need, dishonest, fits) in [
            (4, 3, 1, true),
            (4, 3, 2, false),
            (4, 2, 0, false),
            (4, 5, 0, false),
            (3, 2, 0, true),
            (1, 1, 0, true),
            (1, 1, 1, false),
            (0, 0, 0, false),
            (4, u32::MAX, u32::MAX, false),
        ] {
            let read = parse(&[&watched("a.example", witnesses), &quorum(need, dishonest)]);
            assert_eq!(read.is_ok(), fits, "{need} of {witnesses}, {dishonest} dishonest");
            if let Err(text) = read {
                assert!(text.starts_with("quorum: ") && text.contains("audit a.example"), "{text}");
            }
        }
        // Four witnesses for one log are none for the other.
        let second = registry("b.example", &log_key("b.example"));
        let read = parse(&[&watched("a.example", 4), &second, &quorum(3, 1)]);
        assert!(read.unwrap_err().contains("3 of the 0 witnesses that audit b.example"));
        assert!(parse(&[&quorum(1, 0)]).unwrap_err().starts_with("quorum: there is no [[registry]]"));
        let many = parse(&[&watched("a.example", 65), &quorum(60, 1)]);
        assert!(many.unwrap_err().starts_with("quorum: a.example: "));
    }

    #[test]
    fn one_fault_each() {
        let good = log_key("a.example");
        let (a, w) = (registry("a.example", &good), witness_key("w1.example"));
        let audits = r#"["a.example"]"#;
        let (_, seed) = name_and_seed("w1.example");
        let renamed = Cosigner::from_seed(KeyName::parse("w2.example").unwrap(), &seed);
        let rekeyed = Cosigner::from_seed(KeyName::parse("w1.example").unwrap(), &[9; 32]);
        let (name, seed) = name_and_seed("a.example");
        let own = Cosigner::from_seed(name, &seed);
        let of = |signer: &Cosigner| witness(&signer.verifier_key().to_string(), audits);
        for (rest, key, word) in [
            (registry("a.example", "a.example+7be43b1f+AZ3u7e0="), "registry[0].key", "not a key"),
            (registry("a.example", &good.replace('+', " ")), "registry[0].key", "name+hash+base64"),
            (registry("b.example", &good), "registry[0].key", "not of b.example"),
            (registry("https://a.example", &good), "registry[0].origin", "scheme"),
            (registry("a.example", &witness_key("a.example")), "registry[0].key", "0x01"),
            (a.clone() + &a, "registry[1].origin", "pinned twice"),
            (a.clone() + &witness(&log_key("w1.example"), audits), "witness[0].key", "0x04"),
            (a.clone() + &witness(&w, r#"["a .example"]"#), "witness[0].audits", "scheme"),
            (a.clone() + &witness(&w, audits) + &of(&renamed), "witness[1].key", "same public key"),
            (a.clone() + &witness(&w, audits) + &of(&rekeyed), "witness[1].key", "same name"),
            (a.clone() + &of(&own), "witness[0].key", "own witness"),
        ] {
            let text = parse(&[&rest]).unwrap_err();
            assert!(text.starts_with(key) && text.contains(word), "{text}\n{rest}");
        }
    }
}
