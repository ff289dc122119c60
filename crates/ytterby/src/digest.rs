//! Digests: SHA-256 over a certificate's canonical bytes, written as a multibase multihash (`uEi…`).

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

/// Multihash code of SHA-256 and its length.
const SHA2_256: [u8; 2] = [0x12, 0x20];

/// A text is not the `digestMultibase` of a SHA-256 digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a digest: \"u\" and the base64url of a SHA-256 multihash (uEi…) is expected")]
pub struct DigestError;

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Digest(Sha256::digest(bytes).into())
    }

    /// A digest from its 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Digest(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Parses `uEi…`; exactly one text stands for each digest.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        let encoded = text.strip_prefix('u').filter(|rest| rest.len() == 46).ok_or(DigestError)?;
        let bytes = BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(|_| DigestError)?;
        let hash = bytes.strip_prefix(&SHA2_256).ok_or(DigestError)?;
        hash.try_into().map(Digest).map_err(|_| DigestError)
    }

    /// The first characters that tell digests apart, for people.
    pub fn short(&self) -> String {
        self.to_string()[3..13].to_owned()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 34];
        bytes[..2].copy_from_slice(&SHA2_256);
        bytes[2..].copy_from_slice(&self.0);
        write!(f, "u{}", BASE64URL_NOPAD.encode(&bytes))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_for_each_digest() {
        let digest = Digest::of(b"ytterby");
        let text = digest.to_string();
        assert!(text.starts_with("uEi"));
        assert_eq!(Digest::parse(&text), Ok(digest));
        for bad in [
            "",
            "uEi",
            &text[1..],
            &format!("{text}A"),
            &text.replacen("uEi", "uEj", 1),
            &format!("z{}", &text[1..]),
        ] {
            assert_eq!(Digest::parse(bad), Err(DigestError), "{bad}");
        }
        // The last character carries four unused bits: they must be zero.
        let last = text.chars().last().unwrap();
        for c in
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars().filter(|c| *c != last)
        {
            let other = format!("{}{c}", &text[..text.len() - 1]);
            assert_ne!(Digest::parse(&other), Ok(digest));
        }
    }
}
