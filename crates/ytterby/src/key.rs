//! Ed25519 keys: Multikeys that others publish, and the signing key of an issuer.
//! Implements proto-docs/certificate.md, "Keys".

use std::fmt;

use ed25519_dalek::{Signature, Signer as _, VerifyingKey};

use crate::base58;

/// An Ed25519 public key as the Multikey it is written as (`z6Mk…`). Only its form is known to be
/// right: whether it is a point that can verify anything is [`Multikey::verifying_key`]'s to say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Multikey([u8; 32]);

/// Multicodec prefixes: `ed25519-pub`, `ed25519-priv`.
const PUBLIC: [u8; 2] = [0xed, 0x01];
const SECRET: [u8; 2] = [0x80, 0x26];

/// A text is not an Ed25519 key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not `z` and the base58btc of a prefixed 32-byte key.
    #[error("not an Ed25519 Multikey: \"z\" and base58btc (z6Mk…) is expected")]
    Encoding,
    /// The bytes are no point of the curve, or one of small order, which verifies anything.
    #[error("not a usable Ed25519 public key")]
    Point,
}

impl Multikey {
    /// Parses `z6Mk…`.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        decode(text, PUBLIC).map(Multikey)
    }

    /// The key of 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Multikey(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The point: refused when it is none, or of small order.
    pub fn verifying_key(&self) -> Result<VerifyingKey, KeyError> {
        let key = VerifyingKey::from_bytes(&self.0).map_err(|_| KeyError::Point)?;
        if key.is_weak() { Err(KeyError::Point) } else { Ok(key) }
    }
}

impl fmt::Display for Multikey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode(&self.0, PUBLIC))
    }
}

impl fmt::Debug for Multikey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An issuer's signing key. Signing is deterministic: the same certificate gets the same bytes.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key of a 32-byte seed, which the caller draws from a good source.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        SigningKey(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// Parses a secret Multikey (`z3u2…`).
    pub fn parse(secret: &str) -> Result<Self, KeyError> {
        decode(secret, SECRET).map(|seed| Self::from_seed(&seed))
    }

    /// The secret, as a Multikey (`z3u2…`): to be written to a file only its owner can read.
    pub fn to_secret_multikey(&self) -> String {
        encode(self.0.as_bytes(), SECRET)
    }

    /// The public key.
    pub fn public(&self) -> Multikey {
        Multikey(self.0.verifying_key().to_bytes())
    }

    /// The signature over a message.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public())
    }
}

/// Strict verification (RFC 8032, canonical encodings, no small order): never batched, so every
/// verifier gives the same answer.
pub fn verify_strict(key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> bool {
    key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
}

fn encode(bytes: &[u8; 32], prefix: [u8; 2]) -> String {
    let mut prefixed = [0; 34];
    prefixed[..2].copy_from_slice(&prefix);
    prefixed[2..].copy_from_slice(bytes);
    format!("z{}", bs58::encode(prefixed).into_string())
}

fn decode(text: &str, prefix: [u8; 2]) -> Result<[u8; 32], KeyError> {
    let bytes: Option<[u8; 34]> = text.strip_prefix('z').and_then(base58::decode);
    let bytes = bytes.ok_or(KeyError::Encoding)?;
    let key = bytes.strip_prefix(&prefix).ok_or(KeyError::Encoding)?;
    key.try_into().map_err(|_| KeyError::Encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multikeys_round_trip() {
        let key = SigningKey::from_seed(&[7; 32]);
        assert!(key.public().to_string().starts_with("z6Mk"));
        assert_eq!(Multikey::parse(&key.public().to_string()), Ok(key.public()));
        let again = SigningKey::parse(&key.to_secret_multikey()).unwrap();
        assert_eq!(again.public(), key.public());
        assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.public()));
        for bad in
            ["", "z", "z6Mk", "u6Mk", &key.to_secret_multikey(), &format!("{}1", key.public()), "z0OIl"]
        {
            assert_eq!(Multikey::parse(bad), Err(KeyError::Encoding), "{bad}");
        }
    }

    #[test]
    fn small_order_points_are_no_keys() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(Multikey::from_bytes(identity).verifying_key(), Err(KeyError::Point));
    }
}
