//! Anchors: whose accreditations are believed, by which keys, and how many of them it takes.
//! Implements proto-docs/accreditation.md, "Anchors".

use std::collections::HashSet;

use jiff::Timestamp;
use serde::Deserialize;

use super::{TrustError, fault, value};
use crate::accreditation::{AccreditedKey, KeyWindow};
use crate::did::Did;
use crate::key::Multikey;
use crate::time::parse_time;

/// An anchor: whom it accredits is accepted. Several parties may be one anchor together.
#[derive(Debug, Clone)]
pub struct Anchor {
    /// The name to show instead of its members' DIDs.
    pub name: Option<String>,
    /// Who it is: at least one.
    pub members: Vec<AnchorMember>,
    /// How many different keys, of whichever members, must have accredited an issuer.
    pub need: usize,
}

/// A party of an anchor, with its keys.
#[derive(Debug, Clone)]
pub struct AnchorMember {
    /// Its DID.
    pub did: Did,
    /// Its keys: at least one. No key stands twice in a trust file's anchors.
    pub keys: Vec<AccreditedKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireAnchor {
    name: Option<String>,
    did: Option<String>,
    keys: Option<Vec<WireKey>>,
    #[serde(default)]
    member: Vec<WireMember>,
    need: Option<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireMember {
    did: String,
    keys: Vec<WireKey>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a key (z6Mk…), or { key, from, until, retired, compromised }")]
enum WireKey {
    Plain(String),
    Dated(WireDated),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireDated {
    key: String,
    from: Option<String>,
    until: Option<String>,
    retired: Option<String>,
    compromised: Option<String>,
}

impl Anchor {
    /// The name to show: its own, else the DIDs of its members.
    pub fn shown(&self) -> String {
        let dids = || self.members.iter().map(|member| member.did.as_str()).collect::<Vec<_>>().join(" and ");
        self.name.clone().unwrap_or_else(dids)
    }

    /// The keys of all its members.
    pub fn keys(&self) -> impl Iterator<Item = &AccreditedKey> {
        self.members.iter().flat_map(|member| &member.keys)
    }
}

/// Reads all anchors: a key counts for one of them, and for one of its members.
pub(super) fn read(wire: Vec<WireAnchor>) -> Result<Vec<Anchor>, TrustError> {
    let mut seen = HashSet::new();
    let mut anchors = Vec::with_capacity(wire.len());
    for (at, wire) in wire.into_iter().enumerate() {
        let at = format!("anchor[{at}]");
        let anchor = anchor(&at, wire)?;
        if let Some(twice) = anchor.keys().find(|own| !seen.insert(own.key)) {
            return Err(fault(
                &format!("{at}.keys"),
                format!("{} stands twice among the anchors", twice.key),
            ));
        }
        anchors.push(anchor);
    }
    Ok(anchors)
}

fn anchor(at: &str, wire: WireAnchor) -> Result<Anchor, TrustError> {
    let mut members = Vec::new();
    match (wire.did, wire.keys, wire.member.is_empty()) {
        (Some(did), Some(keys), true) => members.push(member(at, WireMember { did, keys })?),
        (None, None, false) => {
            for (number, wire) in wire.member.into_iter().enumerate() {
                members.push(member(&format!("{at}.member[{number}]"), wire)?);
            }
        }
        _ => {
            return Err(fault(
                at,
                "either `did` and `keys`, or tables [[anchor.member]] with both".to_owned(),
            ));
        }
    }
    let anchor = Anchor { name: wire.name, members, need: usize::from(wire.need.unwrap_or(1)) };
    let keys = anchor.keys().count();
    if anchor.need == 0 || anchor.need > keys || keys > MAX_KEYS {
        let problem =
            format!("{} of {keys} keys: at least one, at most all, of at most {MAX_KEYS}", anchor.need);
        return Err(fault(&format!("{at}.need"), problem));
    }
    Ok(anchor)
}

/// Most keys of an anchor: chains from so many are looked for.
pub(crate) const MAX_KEYS: usize = 16;

fn member(at: &str, wire: WireMember) -> Result<AnchorMember, TrustError> {
    let did = value(&format!("{at}.did"), Did::parse(&wire.did))?;
    let read = |(number, wire)| key(&format!("{at}.keys[{number}]"), wire);
    let keys: Vec<_> = wire.keys.into_iter().enumerate().map(read).collect::<Result<_, _>>()?;
    if keys.is_empty() {
        return Err(fault(&format!("{at}.keys"), "no key at all".to_owned()));
    }
    Ok(AnchorMember { did, keys })
}

fn key(at: &str, wire: WireKey) -> Result<AccreditedKey, TrustError> {
    let usable = |text: &str| {
        let key = Multikey::parse(text).and_then(|key| key.verifying_key().map(|_| key));
        value(at, key.map_err(|error| format!("{text:?}: {error}")))
    };
    let dated = match wire {
        WireKey::Plain(text) => {
            return Ok(AccreditedKey { key: usable(&text)?, window: KeyWindow::default() });
        }
        WireKey::Dated(dated) => dated,
    };
    let time = |name: &str, text: Option<String>| -> Result<Option<Timestamp>, TrustError> {
        text.map(|text| value(&format!("{at}.{name}"), parse_time(&text))).transpose()
    };
    let window = KeyWindow {
        from: time("from", dated.from)?,
        until: time("until", dated.until)?,
        retired: time("retired", dated.retired)?,
        compromised: time("compromised", dated.compromised)?,
    };
    Ok(AccreditedKey { key: usable(&dated.key)?, window })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SigningKey;
    use crate::trust::Trust;

    fn key(seed: u8) -> String {
        SigningKey::from_seed(&[seed; 32]).public().to_string()
    }

    fn read(anchors: &str) -> Result<Trust, TrustError> {
        Trust::parse(format!("version = 1\n{anchors}").as_bytes())
    }

    #[test]
    fn one_party_or_several() {
        let (a, b) = (key(1), key(2));
        let one = read(&format!("[[anchor]]\ndid = \"did:web:a.example\"\nkeys = [\"{a}\"]")).unwrap();
        assert_eq!((one.anchors[0].need, one.anchors[0].shown()), (1, "did:web:a.example".to_owned()));
        let text = format!(
            "[[anchor]]\nneed = 2\n[[anchor.member]]\ndid = \"did:web:a.example\"\nkeys = [\"{a}\"]\n\
             [[anchor.member]]\ndid = \"did:web:b.example\"\n\
             keys = [{{ key = \"{b}\", compromised = \"2026-09-01T00:00:00Z\" }}]"
        );
        let several = read(&text).unwrap();
        assert_eq!(several.anchors[0].shown(), "did:web:a.example and did:web:b.example");
        let compromised = several.anchors[0].members[1].keys[0].window.compromised.unwrap();
        assert_eq!(crate::time::format_time(compromised), "2026-09-01T00:00:00Z");
    }

    #[test]
    fn a_threshold_is_not_met_by_one_key_under_two_names() {
        let (a, b) = (key(1), key(2));
        let error = |text: &str| read(text).unwrap_err().to_string();
        let anchor = |rest: &str| format!("[[anchor]]\ndid = \"did:web:a.example\"\n{rest}");
        assert!(error(&anchor(&format!("keys = [\"{a}\", \"{a}\"]\nneed = 2"))).contains("stands twice"));
        let twins = format!(
            "[[anchor]]\nneed = 2\n[[anchor.member]]\ndid = \"did:web:a.example\"\nkeys = [\"{a}\"]\n\
             [[anchor.member]]\ndid = \"did:web:b.example\"\nkeys = [\"{a}\"]"
        );
        assert!(error(&twins).contains("stands twice"));
        let two = format!(
            "{}\n{}",
            anchor(&format!("keys = [\"{a}\"]")),
            anchor(&format!("keys = [\"{b}\", \"{a}\"]"))
        );
        assert!(error(&two).starts_with("anchor[1].keys"));
        assert!(error(&anchor(&format!("keys = [\"{a}\"]\nneed = 2"))).contains("2 of 1 keys"));
        assert!(error(&anchor(&format!("keys = [\"{a}\"]\nneed = 0"))).contains("0 of 1 keys"));
    }

    #[test]
    fn faults_are_named() {
        let a = key(1);
        let error = |text: &str| read(text).unwrap_err().to_string();
        assert!(error("[[anchor]]\ndid = \"did:web:a.example\"").contains("either `did` and `keys`"));
        let with = |key: &str| format!("[[anchor]]\ndid = \"did:web:a.example\"\nkeys = [{key}]");
        assert!(error(&with("")).contains("no key"));
        assert!(error(&with("\"z6Mk\"")).starts_with("anchor[0].keys[0]: \"z6Mk\""));
        assert!(
            error(&with(&format!("{{ key = \"{a}\", retired = \"2026\" }}"))).contains("keys[0].retired")
        );
        assert!(
            error(&with(&format!("{{ key = \"{a}\", stolen = \"2026\" }}"))).contains("a key (z6Mk…), or")
        );
    }
}
