//! Whose logs a verifier accepts, and who must have watched them. Implements
//! proto-docs/verification.md, "Trust file".

use serde::Deserialize;
use toml::Spanned;
use ytterby_tlog::{Policy, SignatureKind, VerifierKey};

use super::registry::{self, PinnedRegistry, WireRegistry};
use super::{TrustError, fault, tables, value};
use crate::wire::Home;

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

/// The log part as it is written. Witnesses and quorum are stated in their tables or in a policy.
pub(super) struct WireLogs {
    pub(super) policy: Option<String>,
    pub(super) registry: Vec<WireRegistry>,
    pub(super) witness: Vec<Spanned<WireWitness>>,
    pub(super) quorum: Option<Spanned<WireQuorum>>,
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

/// The log part of a trust file.
pub(super) struct Logs {
    pub(super) registries: Vec<PinnedRegistry>,
    pub(super) witnesses: Vec<PinnedWitness>,
    pub(super) quorum: Option<Quorum>,
}

/// Reads registries, witnesses and quorum, which only make sense together. `text` is the whole file.
pub(super) fn read(text: &str, wire: WireLogs) -> Result<Logs, TrustError> {
    match &wire.policy {
        Some(policy) => {
            check_unambiguous(text, &wire)?;
            by_policy(policy, wire.registry)
        }
        None => by_tables(wire),
    }
}

fn by_tables(wire: WireLogs) -> Result<Logs, TrustError> {
    let mut registries = tables("registry", wire.registry, registry::read)?;
    let witnesses = tables("witness", wire.witness, |at, wire| witness(at, wire.into_inner()))?;
    check_distinct(&registries, &witnesses)?;
    let quorum = wire.quorum.map(Spanned::into_inner);
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

/// The log part as a C2SP policy states it: its logs are the registries, and all its witnesses audit
/// each of them. It says nothing of dishonest witnesses, so as many are assumed as 2k > n + f bears.
fn by_policy(text: &str, tables: Vec<WireRegistry>) -> Result<Logs, TrustError> {
    let policy = value("policy", Policy::parse(text.as_bytes()))?;
    let quorum = outvoting(&policy).map_err(|problem| fault("policy", problem))?;
    let mut registries = Vec::new();
    for key in policy.logs() {
        let origin = origin("policy", key.name().as_str())?;
        registries.push(PinnedRegistry::new(origin, key.clone(), policy.clone()));
    }
    let origins: Vec<Home> = registries.iter().map(|registry| registry.origin.clone()).collect();
    let audits = |witness: &ytterby_tlog::Witness| PinnedWitness {
        key: witness.key().clone(),
        audits: origins.clone(),
    };
    let witnesses: Vec<PinnedWitness> = policy.witnesses().iter().map(audits).collect();
    let is_policy = |error| match error {
        TrustError::Value { problem, .. } => fault("policy", problem),
        other => other,
    };
    check_distinct(&registries, &witnesses).map_err(is_policy)?;
    for (at, table) in tables.into_iter().enumerate() {
        registry::describe(&format!("registry[{at}]"), table, &mut registries)?;
    }
    Ok(Logs { registries, witnesses, quorum: Some(quorum) })
}

/// The quorum of a policy, if it is one of which any two share an honest witness.
fn outvoting(policy: &Policy) -> Result<Quorum, String> {
    let none = "it asks for no witness: no receipt could be told from one of another history";
    let Some((k, n)) = policy.flat_quorum() else {
        return Err("its quorum is no k of n witnesses: that any two overlap cannot be shown".to_owned());
    };
    let bears = (2 * k).checked_sub(n + 1).ok_or(match k {
        0 => none.to_owned(),
        _ => format!(
            "{k} of {n} witnesses are no quorum: two such sets need not share a witness, it takes {} (2k > n)",
            n / 2 + 1
        ),
    })?;
    let number = |count: usize| u32::try_from(count).map_err(|error| error.to_string());
    Ok(Quorum { need: number(k)?, dishonest: number(bears)? })
}

/// With a policy, nothing else may say what it says.
fn check_unambiguous(text: &str, wire: &WireLogs) -> Result<(), TrustError> {
    let keys = wire.registry.iter().filter_map(|registry| registry.key.as_ref()).map(Spanned::span);
    let keys = keys.map(|span| (span, "`policy` states the keys of the logs: leave `key` out"));
    let witnesses = wire.witness.iter().map(Spanned::span);
    let witnesses = witnesses.map(|span| (span, "`policy` names the witnesses: leave [[witness]] out"));
    let quorum = wire.quorum.iter().map(Spanned::span);
    let quorum = quorum.map(|span| (span, "`policy` states the quorum: leave [quorum] out"));
    let Some((span, problem)) = keys.chain(witnesses).chain(quorum).min_by_key(|(span, _)| span.start) else {
        return Ok(());
    };
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Err(TrustError::Ambiguous { line, column, problem })
}

fn witness(at: &str, wire: WireWitness) -> Result<PinnedWitness, TrustError> {
    let key = verifier_key(at, &wire.key, SignatureKind::Cosignature)?;
    let audits = wire.audits.iter().map(|text| origin(&format!("{at}.audits"), text));
    Ok(PinnedWitness { key, audits: audits.collect::<Result<_, _>>()? })
}

pub(super) fn verifier_key(at: &str, text: &str, kind: SignatureKind) -> Result<VerifierKey, TrustError> {
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

pub(super) fn origin(key: &str, text: &str) -> Result<Home, TrustError> {
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
    if k > n {
        let problem = format!("it needs {k} witnesses that audit {origin}, and {n} are pinned");
        return Err(fault("quorum", problem));
    }
    if 2 * k <= n + f {
        let least = (n + f) / 2 + 1;
        let way_out = match least <= n {
            true => format!("set need = {least}"),
            false => "pin more witnesses that audit it".to_owned(),
        };
        let problem = format!(
            "{k} of the {n} witnesses that audit {origin} are too few if {f} may lie: {way_out} (2k > n + f)"
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

    pub(crate) fn log_key(name: &str) -> String {
        let (name, seed) = name_and_seed(name);
        NoteSigner::from_seed(name, &seed).verifier_key().to_string()
    }

    pub(crate) fn witness_key(name: &str) -> String {
        let (name, seed) = name_and_seed(name);
        Cosigner::from_seed(name, &seed).verifier_key().to_string()
    }

    fn registry(origin: &str, key: &str) -> String {
        format!("[[registry]]\norigin = \"{origin}\"\nkey = \"{key}\"\n")
    }

    fn witness(key: &str, audits: &str) -> String {
        format!("[[witness]]\nkey = \"{key}\"\naudits = {audits}\n")
    }

    pub(crate) fn quorum(need: u32, dishonest: u32) -> String {
        format!("[quorum]\nneed = {need}\ndishonest = {dishonest}\n")
    }

    /// A registry and witnesses that audit it.
    pub(crate) fn watched(origin: &str, witnesses: u32) -> String {
        let audits = format!("[\"{origin}\"]");
        let witnesses = (1..=witnesses).map(|n| witness(&witness_key(&format!("w{n}.example")), &audits));
        registry(origin, &log_key(origin)) + &witnesses.collect::<String>()
    }

    pub(crate) fn parse(rest: &[&str]) -> Result<Trust, String> {
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
        assert!(read.unwrap_err().contains("it needs 3 witnesses that audit b.example, and 0 are pinned"));
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

    /// A C2SP policy of these logs and so many witnesses, of which any `need` are a quorum.
    pub(crate) fn policy_text(logs: &[&str], witnesses: u32, need: u32) -> String {
        let logs: String = logs.iter().map(|name| format!("log {}\n", log_key(name))).collect();
        let line = |n| format!("witness w{n} {}\n", witness_key(&format!("w{n}.example")));
        let names: String = (1..=witnesses).map(|n| format!(" w{n}")).collect();
        let lines: String = (1..=witnesses).map(line).collect();
        format!("{logs}{lines}group all {need}{names}\nquorum all\n")
    }

    fn by(policy: &str) -> String {
        format!("policy = \"\"\"\n{policy}\"\"\"\n")
    }

    #[test]
    fn a_policy_states_logs_witnesses_and_quorum() {
        let text = policy_text(&["a.example", "b.example"], 4, 3);
        let about = "[[registry]]\norigin = \"b.example\"\nstatus_keys = [\"z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2\"]\n";
        let trust = parse(&[&by(&text), about]).unwrap();
        assert_eq!(trust.quorum, Some(Quorum { need: 3, dishonest: 1 }));
        assert_eq!((trust.registries.len(), trust.witnesses.len()), (2, 4));
        let (_, b) = trust.registry("b.example").unwrap();
        assert_eq!((b.quorum(), b.status_keys.len()), (Some((3, 4)), 1));
        // The same as in tables.
        let tables = parse(&[&watched("a.example", 4), &quorum(3, 1)]).unwrap();
        let (by_tables, by_policy) = (&tables.registries[0], &trust.registries[0]);
        assert_eq!(by_tables.key, by_policy.key);
        let keys = |registry: &PinnedRegistry| {
            let keys = registry.policy().unwrap().flat_witnesses().unwrap();
            keys.into_iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(keys(by_tables), keys(by_policy));
        // One witness that must have cosigned is any 1 of 1; a second that is listed is not asked.
        let one =
            format!("log {}\nwitness a {}\nquorum a\n", log_key("a.example"), witness_key("w1.example"));
        assert_eq!(parse(&[&by(&one)]).unwrap().quorum, Some(Quorum { need: 1, dishonest: 0 }));
    }

    #[test]
    fn policies_that_do_not_outvote_or_cannot_be_read_are_refused() {
        let (log, w) = (log_key("a.example"), |n: u32| witness_key(&format!("w{n}.example")));
        let same = Cosigner::from_seed(KeyName::parse("x.example").unwrap(), &name_and_seed("a.example").1);
        for (policy, word) in [
            (
                policy_text(&["a.example"], 4, 2),
                "2 of 4 witnesses are no quorum: two such sets need not share a witness, it takes 3",
            ),
            (format!("log {log}\nquorum none\n"), "asks for no witness"),
            (
                format!(
                    "log {log}\nwitness a {}\nwitness b {}\ngroup g any a\ngroup h all g b\nquorum h\n",
                    w(1),
                    w(2)
                ),
                "no k of n",
            ),
            (format!("log {log}\nquorum b\n"), "line 2: "),
            (format!("log {log}\nwitness a {}\nquorum a\n", same.verifier_key()), "own witness"),
        ] {
            let text = parse(&[&by(&policy)]).unwrap_err();
            assert!(text.starts_with("policy: ") && text.contains(word), "{text}");
        }
        let unknown = "[[registry]]\norigin = \"c.example\"\n";
        let text = parse(&[&by(&policy_text(&["a.example"], 4, 3)), unknown]).unwrap_err();
        assert!(text.starts_with("registry[0].origin: ") && text.contains("no log"), "{text}");
        let text = parse(&[unknown]).unwrap_err();
        assert!(text.starts_with("registry[0].key: "), "{text}");
    }

    #[test]
    fn two_ways_to_say_one_thing_are_refused_with_their_place() {
        let policy = by(&policy_text(&["a.example"], 4, 3));
        let lines = policy.lines().count() + 1;
        let key = format!("[[registry]]\norigin = \"a.example\"\nkey = \"{}\"\n", log_key("a.example"));
        let one = witness(&witness_key("w5.example"), r#"["a.example"]"#);
        for (more, line, column, word) in [
            (key.clone(), lines + 3, 7, "`key`"),
            (one.clone(), lines + 1, 1, "[[witness]]"),
            (quorum(3, 1), lines + 1, 1, "[quorum]"),
            (quorum(3, 1) + &one + &key, lines + 1, 1, "[quorum]"),
        ] {
            let text = parse(&[&policy, &more]).unwrap_err();
            assert!(text.starts_with(&format!("line {line}, column {column}: ")), "{text}\n{more}");
            assert!(text.contains(word), "{text}");
        }
    }
}
