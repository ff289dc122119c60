//! Signing keys for notes: a log's and a witness's. Signing is deterministic; the time that a
//! cosignature states is the caller's. Implements proto-docs/log.md, "Keys and signatures".
//!
//! ```text
//! PRIVATE+KEY+<name>+<id>+<base64 of the kind and the 32-byte seed>
//! ```

use std::fmt;

use data_encoding::HEXLOWER;
use ed25519_dalek::{Signer as _, SigningKey};

use crate::checkpoint::Checkpoint;
use crate::key::{KeyError, KeyName, SignatureKind, VerifierKey, encoded, parse_encoded};
use crate::note::{NoteSignature, cosigned_message};

/// The latest time that a cosignature may state, in seconds since 1970: what C2SP allows.
pub const MAX_TIME: u64 = u64::MAX >> 1;

/// How a secret key begins where it is written down.
const SECRET: &str = "PRIVATE+KEY+";

/// Signs the texts of notes: the key of a log.
#[derive(Clone)]
pub struct NoteSigner(Secret);

/// Signs checkpoints at a time: the key of a witness.
#[derive(Clone)]
pub struct Cosigner(Secret);

/// A time later than a cosignature may state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is too late a time for a cosignature")]
pub struct TimeError(pub u64);

impl NoteSigner {
    /// The key of a name and a 32-byte seed, which the caller draws from a good source.
    pub fn from_seed(name: KeyName, seed: &[u8; 32]) -> Self {
        NoteSigner(Secret::from_seed(name, SignatureKind::Note, seed))
    }

    /// Parses `PRIVATE+KEY+name+id+base64`.
    pub fn parse_secret(text: &str) -> Result<Self, KeyError> {
        Secret::parse(text, SignatureKind::Note).map(NoteSigner)
    }

    /// The secret in one line: to be written to a file only its owner can read.
    pub fn to_secret(&self) -> String {
        self.0.to_text()
    }

    /// The public half.
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.0.verifier
    }

    /// The signature over a text, which ends in a newline.
    pub fn sign(&self, text: &str) -> NoteSignature {
        NoteSignature::new(&self.0.verifier, self.0.key.sign(text.as_bytes()).to_bytes().to_vec())
    }
}

impl Cosigner {
    /// The key of a name and a 32-byte seed, which the caller draws from a good source.
    pub fn from_seed(name: KeyName, seed: &[u8; 32]) -> Self {
        Cosigner(Secret::from_seed(name, SignatureKind::Cosignature, seed))
    }

    /// Parses `PRIVATE+KEY+name+id+base64`.
    pub fn parse_secret(text: &str) -> Result<Self, KeyError> {
        Secret::parse(text, SignatureKind::Cosignature).map(Cosigner)
    }

    /// The secret in one line: to be written to a file only its owner can read.
    pub fn to_secret(&self) -> String {
        self.0.to_text()
    }

    /// The public half.
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.0.verifier
    }

    /// The cosignature on a checkpoint at a time in seconds since 1970. It says that this is the
    /// largest tree seen by then: store the checkpoint before.
    pub fn cosign(&self, checkpoint: &Checkpoint, time: u64) -> Result<NoteSignature, TimeError> {
        self.cosign_text(&checkpoint.to_string(), time)
    }

    pub(crate) fn cosign_text(&self, text: &str, time: u64) -> Result<NoteSignature, TimeError> {
        if time > MAX_TIME {
            return Err(TimeError(time));
        }
        let signature = self.0.key.sign(cosigned_message(text, time).as_bytes()).to_bytes();
        Ok(NoteSignature::new(&self.0.verifier, [&time.to_be_bytes()[..], &signature].concat()))
    }
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteSigner({})", self.0.verifier)
    }
}

impl fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cosigner({})", self.0.verifier)
    }
}

#[derive(Clone)]
struct Secret {
    verifier: VerifierKey,
    key: SigningKey,
}

impl Secret {
    fn from_seed(name: KeyName, kind: SignatureKind, seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let verifier = VerifierKey::of_signing_key(name, kind, &key);
        Secret { verifier, key }
    }

    fn parse(text: &str, wanted: SignatureKind) -> Result<Self, KeyError> {
        let encoded = text.strip_prefix(SECRET).ok_or(KeyError::Form)?;
        let (name, id, kind, seed) = parse_encoded(encoded)?;
        if kind != wanted {
            return Err(KeyError::Kind(kind.byte()));
        }
        let secret = Secret::from_seed(name, kind, &seed);
        if HEXLOWER.encode(&secret.verifier.id()) == id { Ok(secret) } else { Err(KeyError::Id) }
    }

    fn to_text(&self) -> String {
        let key = &self.verifier;
        format!("{SECRET}{}", encoded(key.name(), key.id(), key.kind(), self.key.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::SignatureError;

    #[test]
    fn secrets_round_trip_and_do_not_print() {
        let name = KeyName::parse("registry.example/ree").unwrap();
        let log = NoteSigner::from_seed(name.clone(), &[7; 32]);
        let witness = Cosigner::from_seed(name, &[7; 32]);
        let [log_secret, witness_secret] = [log.to_secret(), witness.to_secret()];
        assert_eq!(NoteSigner::parse_secret(&log_secret).unwrap().verifier_key(), log.verifier_key());
        assert_eq!(Cosigner::parse_secret(&witness_secret).unwrap().verifier_key(), witness.verifier_key());
        assert_ne!(log.verifier_key().id(), witness.verifier_key().id());
        assert_eq!(NoteSigner::parse_secret(&witness_secret).unwrap_err(), KeyError::Kind(0x04));
        assert_eq!(Cosigner::parse_secret(&log_secret).unwrap_err(), KeyError::Kind(0x01));
        for (bad, error) in [
            (log_secret[8..].to_owned(), KeyError::Form),
            (log.verifier_key().to_string(), KeyError::Form),
            (log_secret.replace("registry", "Registry"), KeyError::Id),
            (log_secret[..log_secret.len() - 4].to_owned(), KeyError::Form),
        ] {
            assert_eq!(NoteSigner::parse_secret(&bad).unwrap_err(), error, "{bad}");
        }
        assert_eq!(format!("{log:?}"), format!("NoteSigner({})", log.verifier_key()));
        assert!(!format!("{witness:?}").contains(witness_secret.rsplit_once('+').unwrap().1));
    }

    #[test]
    fn no_time_beyond_the_last() {
        let witness = Cosigner::from_seed(KeyName::parse("w.example").unwrap(), &[1; 32]);
        assert!(witness.cosign_text("x\n", MAX_TIME).is_ok());
        let late = MAX_TIME + 1;
        assert_eq!(witness.cosign_text("x\n", late), Err(TimeError(late)));
        // A witness that signs it nevertheless is not believed.
        let signature = witness.0.key.sign(cosigned_message("x\n", late).as_bytes()).to_bytes();
        let signature = [&late.to_be_bytes()[..], &signature].concat();
        let signature = NoteSignature::new(witness.verifier_key(), signature);
        let invalid = SignatureError::Invalid(witness.verifier_key().name().clone());
        assert_eq!(witness.verifier_key().verify("x\n", &signature), Err(invalid));
    }
}
