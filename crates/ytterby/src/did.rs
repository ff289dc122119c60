//! Issuers and holders: `did:web` and `did:key`. Nothing is ever resolved here.

mod document;

use std::fmt;

pub use document::DocumentError;

use crate::key::Multikey;

/// A `did:web` or `did:key` identifier, in the one spelling we accept.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Did(Box<str>);

/// A text is not a DID we accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DidError {
    /// Neither `did:web:` nor `did:key:`.
    #[error("not a did:web or did:key identifier")]
    Method,
    /// The host or path of a `did:web` is malformed.
    #[error("did:web needs a lower-case host name, then path segments, separated by colons")]
    Web,
    /// The key of a `did:key` is no Ed25519 Multikey.
    #[error("did:key needs an Ed25519 Multikey (z6Mk…)")]
    Key,
}

impl Did {
    /// Parses a DID. No fragment, no query, no upper-case host: one spelling for one party.
    pub fn parse(text: &str) -> Result<Self, DidError> {
        if let Some(key) = text.strip_prefix("did:key:") {
            Multikey::parse(key).map_err(|_| DidError::Key)?;
        } else {
            let name = text.strip_prefix("did:web:").ok_or(DidError::Method)?;
            if text.len() > 255 || !is_web_name(name) {
                return Err(DidError::Web);
            }
        }
        Ok(Did(text.into()))
    }

    /// The `did:key` of a key.
    pub fn of_key(key: &Multikey) -> Self {
        Did(format!("did:key:{key}").into())
    }

    /// The identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key that a `did:key` is.
    pub fn key(&self) -> Option<Multikey> {
        Multikey::parse(self.0.strip_prefix("did:key:")?).ok()
    }

    /// The verification method of one of this party's keys: DID, `#`, Multikey.
    pub fn method(&self, key: &Multikey) -> String {
        format!("{self}#{key}")
    }
}

fn is_web_name(name: &str) -> bool {
    let mut segments = name.split(':');
    let host = segments.next().unwrap_or_default();
    let (host, port) = host.split_once("%3A").map_or((host, None), |(host, port)| (host, Some(port)));
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let port_fits = port.is_none_or(|p| p.parse::<u16>().is_ok_and(|n| n > 0) && !p.starts_with(['0', '+']));
    let segment = |s: &str| {
        !s.is_empty()
            && !matches!(s, "." | "..")
            && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    host.len() <= 253 && host.split('.').all(label) && port_fits && segments.all(segment)
}

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_for_one_party() {
        for good in [
            "did:web:refinery.example",
            "did:web:localhost%3A8080:issuers:mine",
            "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
        ] {
            assert_eq!(Did::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "did:web:",
            "did:web:Refinery.example",
            "did:web:a..b",
            "did:web:a:",
            "did:web:a:..",
            "did:web:a%3a80",
            "did:web:a%3A0",
            "did:web:a#k",
            "did:web:a/b",
            "did:key:z6Mk",
            "did:ion:x",
            "DID:web:a",
            "did:web:-a.example",
            "did:web:refinery.example ",
            "did:web:m\u{fc}ll.example",
        ] {
            assert!(Did::parse(bad).is_err(), "{bad}");
        }
    }
}
