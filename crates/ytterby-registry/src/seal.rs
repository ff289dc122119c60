//! Custodial keys at rest: AES-256-GCM under a key that argon2id makes of the registry's secret.
//!
//! The issuer and the public key are authenticated with each sealed secret, so that rows of the
//! store cannot be exchanged for one another.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use argon2::Argon2;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use ytterby::did::Did;
use ytterby::key::{Multikey, SigningKey};
use zeroize::Zeroizing;

use crate::random;

/// First byte of everything sealed this way.
const VERSION: u8 = 1;
/// Bytes of the nonce that follows it.
const NONCE: usize = 12;
/// Fewest bytes of a secret that is worth stretching.
pub const SHORTEST_SECRET: usize = 16;

/// What seals and opens custodial keys.
#[derive(Clone)]
pub struct Seal(Aes256Gcm);

/// Why a key cannot be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The secret is shorter than 16 bytes.
    #[error("the sealing secret is shorter than {SHORTEST_SECRET} bytes")]
    ShortSecret,
    /// The secret could not be stretched.
    #[error("the sealing secret could not be stretched into a key")]
    Derivation,
    /// It was sealed with another secret, for another key, or is damaged.
    #[error("a custodial key does not open: another secret sealed it, or it is damaged")]
    DoesNotOpen,
    /// The cipher refused.
    #[error("a custodial key could not be sealed")]
    DoesNotSeal,
}

impl Seal {
    /// Stretches the secret. The registry's log origin, which never changes, is the salt.
    pub fn new(secret: &SecretString, origin: &str) -> Result<Self, SealError> {
        let secret = secret.expose_secret().as_bytes();
        if secret.len() < SHORTEST_SECRET {
            return Err(SealError::ShortSecret);
        }
        let salt = Sha256::new().chain_update("ytterby-seal/1\n").chain_update(origin).finalize();
        let mut key = Zeroizing::new([0_u8; 32]);
        Argon2::default()
            .hash_password_into(secret, &salt, key.as_mut())
            .map_err(|_| SealError::Derivation)?;
        Ok(Seal(Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key))))
    }

    /// A new signing key of an issuer: its public half, and its sealed seed.
    pub fn new_key(&self, issuer: &Did) -> Result<(Multikey, Vec<u8>), SealError> {
        let seed = Zeroizing::new(random::bytes::<32>());
        let public = SigningKey::from_seed(&seed).public();
        let nonce = random::bytes::<NONCE>();
        let bound = bound(issuer, &public);
        let payload = Payload { msg: seed.as_ref(), aad: bound.as_bytes() };
        let sealed = self.0.encrypt(&Nonce::from(nonce), payload).map_err(|_| SealError::DoesNotSeal)?;
        Ok((public, [&[VERSION][..], &nonce, &sealed].concat()))
    }

    /// Opens a sealed key.
    pub fn open(&self, issuer: &Did, public: &Multikey, sealed: &[u8]) -> Result<SigningKey, SealError> {
        let (nonce, sealed) = sealed
            .strip_prefix(&[VERSION])
            .and_then(|rest| rest.split_first_chunk::<NONCE>())
            .ok_or(SealError::DoesNotOpen)?;
        let bound = bound(issuer, public);
        let payload = Payload { msg: sealed, aad: bound.as_bytes() };
        let opened = self.0.decrypt(&Nonce::from(*nonce), payload).map_err(|_| SealError::DoesNotOpen)?;
        let opened = Zeroizing::new(opened);
        let seed: &[u8; 32] = opened.as_slice().try_into().map_err(|_| SealError::DoesNotOpen)?;
        let key = SigningKey::from_seed(seed);
        if key.public() == *public { Ok(key) } else { Err(SealError::DoesNotOpen) }
    }
}

fn bound(issuer: &Did, public: &Multikey) -> String {
    format!("ytterby-seal/1\n{issuer}\n{public}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(secret: &str, origin: &str) -> Result<Seal, SealError> {
        Seal::new(&SecretString::from(secret), origin)
    }

    #[test]
    fn a_key_opens_for_its_own_issuer_and_secret_alone() {
        let own = seal("a long enough secret", "registry.example/log").unwrap();
        let (mine, other) =
            (Did::parse("did:web:mine.example").unwrap(), Did::parse("did:web:x.example").unwrap());
        let (public, sealed) = own.new_key(&mine).unwrap();
        assert_eq!(own.open(&mine, &public, &sealed).unwrap().public(), public);
        let fails = |seal: &Seal, issuer: &Did, public: &Multikey, sealed: &[u8]| {
            assert_eq!(seal.open(issuer, public, sealed).unwrap_err(), SealError::DoesNotOpen);
        };
        fails(&own, &other, &public, &sealed);
        fails(&own, &mine, &own.new_key(&mine).unwrap().0, &sealed);
        fails(&seal("another long secret", "registry.example/log").unwrap(), &mine, &public, &sealed);
        fails(&seal("a long enough secret", "elsewhere.example/log").unwrap(), &mine, &public, &sealed);
        for at in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1;
            fails(&own, &mine, &public, &flipped);
        }
        fails(&own, &mine, &public, &sealed[..12]);
        fails(&own, &mine, &public, &[]);
    }

    #[test]
    fn a_short_secret_is_none() {
        assert_eq!(seal("fifteen bytes!!", "r.example").err(), Some(SealError::ShortSecret));
    }
}
