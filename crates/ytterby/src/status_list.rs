//! Status lists: which certificates of a log are revoked or suspended, as of when.
//! Implements proto-docs/status.md, "Lists".

use std::io::{Read, Write};

use data_encoding::BASE64URL_NOPAD;
use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;

use crate::certificate::CONTEXT;
use crate::did::Did;
use crate::form::StatusPurpose;
use crate::json::{Misfit, Object, ParseError, Value, canonical, from_value};
use crate::key::{Multikey, SigningKey};
use crate::proof::{self, CRYPTOSUITE, PROOF_TYPE, ProofError};
use crate::time::format_time;
use crate::wire::{Home, StatusListCredential};

/// How many certificates one list is about: what the specification asks for at least, so that whoever
/// fetches one does not say which certificate he asks about.
pub const LIST_BITS: u64 = 131_072;

/// Its bytes once they are inflated. One more is read, to notice that there are more.
const LIST_BYTES: usize = 16_384;

pub(crate) const TYPES: [&str; 2] = ["VerifiableCredential", "BitstringStatusListCredential"];
pub(crate) const SUBJECT_TYPE: &str = "BitstringStatusList";
const PURPOSE: &str = "assertionMethod";

/// A status list that verifies with the key that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusList {
    /// Origin of the log that it is about.
    pub log: Home,
    /// Its number: it is about the indices from `number` · [`LIST_BITS`] on.
    pub number: u64,
    /// Which status.
    pub purpose: StatusPurpose,
    /// Size of the log up to which it holds.
    pub size: u64,
    /// As of when.
    pub at: Timestamp,
    /// The key that has signed it: whether that is a key of the log's registry is not asked here.
    pub key: Multikey,
    bits: Box<[u8]>,
}

/// Bytes are no status list, or not as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatusListError {
    /// Not strict JSON.
    #[error("not strict JSON: {0}")]
    Json(#[from] ParseError),
    /// Not of the closed form.
    #[error("not a status list: {0}")]
    Form(#[from] Misfit),
    /// A member says another thing than it has to.
    #[error("{0}")]
    Member(&'static str),
    /// The bits are not 16,384 bytes, compressed.
    #[error("the list does not inflate to 16,384 bytes")]
    Bits,
    /// The proof does not hold.
    #[error("the proof: {0}")]
    Proof(#[from] ProofError),
}

impl StatusList {
    /// Reads a status list and verifies it with the key that its issuer is.
    pub fn parse(bytes: &[u8]) -> Result<Self, StatusListError> {
        let value = Value::parse(bytes)?;
        let wire: StatusListCredential<'_> = from_value(&value)?;
        let key = settled(&wire)?;
        let document = value.as_object().ok_or(StatusListError::Member("a status list is an object"))?;
        proof::verify(document, &key)?;
        let subject = wire.credential_subject;
        Ok(StatusList {
            log: subject.origin.0,
            number: subject.list.0.0,
            purpose: subject.status_purpose,
            size: subject.size.0.0,
            at: wire.valid_from.0,
            key,
            bits: inflate(subject.encoded_list).ok_or(StatusListError::Bits)?,
        })
    }

    /// Whether it is about a certificate with this index, and its log was long enough.
    pub fn covers(&self, index: u64) -> bool {
        index / LIST_BITS == self.number && index < self.size
    }

    /// Whether the status of the certificate with this index is on; `None` if it is not about that.
    pub fn get(&self, index: u64) -> Option<bool> {
        let bit = usize::try_from(index % LIST_BITS).ok()?;
        let byte = self.bits.get(bit / 8)?;
        self.covers(index).then_some(byte & (0x80 >> (bit % 8)) != 0)
    }
}

/// What is about to be signed as a status list.
#[derive(Debug, Clone)]
pub struct NewStatusList<'s> {
    /// Origin of the log.
    pub log: &'s Home,
    /// Its number.
    pub number: u64,
    /// Which status.
    pub purpose: StatusPurpose,
    /// Size of the log up to which it holds.
    pub size: u64,
    /// As of when.
    pub at: Timestamp,
    /// The indices whose status is on; others than the list's own are left out.
    pub set: &'s [u64],
}

impl NewStatusList<'_> {
    /// Signs it: the bytes of the credential, the same whenever the same is said.
    pub fn sign(&self, key: &SigningKey) -> Vec<u8> {
        let text = |text: &str| Value::String(text.to_owned().into());
        let words = |all: &[&str]| Value::Array(all.iter().map(|word| text(word)).collect());
        let object = |members: Vec<(&'static str, Value<'static>)>| {
            let mut object = Object::default();
            members.into_iter().for_each(|(name, value)| object.insert(name, value));
            object
        };
        let issuer = Did::of_key(&key.public());
        let at = format_time(self.at);
        let subject = object(vec![
            ("type", text(SUBJECT_TYPE)),
            ("statusPurpose", text(self.purpose.as_str())),
            ("encodedList", text(&deflate(&self.bits()))),
            ("origin", text(self.log.as_str())),
            ("list", text(&self.number.to_string())),
            ("size", text(&self.size.to_string())),
        ]);
        let document = object(vec![
            ("@context", words(&CONTEXT)),
            ("type", words(&TYPES)),
            ("issuer", text(issuer.as_str())),
            ("validFrom", text(&at)),
            ("credentialSubject", Value::Object(subject)),
        ]);
        let config = object(vec![
            ("created", text(&at)),
            ("verificationMethod", text(&issuer.method(&key.public()))),
            ("proofPurpose", text(PURPOSE)),
        ]);
        canonical(&Value::Object(proof::sign(document, config, key)))
    }

    fn bits(&self) -> Vec<u8> {
        let mut bits = vec![0_u8; LIST_BYTES];
        for index in self.set.iter().filter(|index| **index / LIST_BITS == self.number) {
            let bit = usize::try_from(index % LIST_BITS).unwrap_or_default();
            if let Some(byte) = bits.get_mut(bit / 8) {
                *byte |= 0x80 >> (bit % 8);
            }
        }
        bits
    }
}

/// What a list must say in one way; the key that its issuer is.
fn settled(wire: &StatusListCredential<'_>) -> Result<Multikey, StatusListError> {
    let key = wire.issuer.0.key().ok_or(StatusListError::Member("the issuer must be a did:key"))?;
    let proof = &wire.proof;
    let says = [
        (wire.context == CONTEXT && proof.context == CONTEXT, "@context is not exactly ours"),
        (wire.r#type == TYPES, "the type is not that of a status list"),
        (wire.credential_subject.r#type == SUBJECT_TYPE, "the subject is no status list"),
        (
            proof.r#type == PROOF_TYPE && proof.cryptosuite == CRYPTOSUITE && proof.proof_purpose == PURPOSE,
            "not a DataIntegrityProof of eddsa-jcs-2022 for assertionMethod",
        ),
        (
            proof.verification_method == wire.issuer.0.method(&key),
            "the verification method is not the issuer's key",
        ),
    ];
    match says.into_iter().find(|(holds, _)| !holds) {
        Some((_, text)) => Err(StatusListError::Member(text)),
        None => Ok(key),
    }
}

fn deflate(bits: &[u8]) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory does not fail.
    let compressed = encoder.write_all(bits).and_then(|()| encoder.finish()).unwrap_or_default();
    format!("u{}", BASE64URL_NOPAD.encode(&compressed))
}

fn inflate(text: &str) -> Option<Box<[u8]>> {
    let compressed = BASE64URL_NOPAD.decode(text.strip_prefix('u')?.as_bytes()).ok()?;
    let mut decoder = GzDecoder::new(compressed.as_slice());
    let mut bits = Vec::with_capacity(LIST_BYTES + 1);
    (&mut decoder).take(LIST_BYTES as u64 + 1).read_to_end(&mut bits).ok()?;
    (bits.len() == LIST_BYTES && decoder.get_ref().is_empty()).then(|| bits.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_time;

    fn key() -> SigningKey {
        SigningKey::from_seed(&[7; 32])
    }

    fn list(number: u64, set: &[u64]) -> Vec<u8> {
        let (log, at) =
            (Home::parse("registry.example/ree").unwrap(), parse_time("2026-11-24T12:00:00Z").unwrap());
        let size = (number + 1) * LIST_BITS - 1;
        NewStatusList { log: &log, number, purpose: StatusPurpose::Revocation, size, at, set }.sign(&key())
    }

    /// The list with another text in the place of its bits, signed again.
    fn with_bits(encoded: &str) -> Vec<u8> {
        let bytes = list(0, &[]);
        let mut document = Value::parse(&bytes).unwrap().as_object().unwrap().clone();
        let mut subject = document.get("credentialSubject").unwrap().as_object().unwrap().clone();
        let mut config = document.remove("proof").unwrap().as_object().unwrap().clone();
        config.remove("proofValue");
        subject.insert("encodedList", Value::String(encoded.to_owned().into()));
        document.insert("credentialSubject", Value::Object(subject));
        canonical(&Value::Object(proof::sign(document, config, &key())))
    }

    #[test]
    fn bits_stand_from_the_left() {
        let set = [LIST_BITS, LIST_BITS + 9, 2 * LIST_BITS - 2, 5];
        let read = StatusList::parse(&list(1, &set)).unwrap();
        assert_eq!((read.bits[0], read.bits[1], read.bits[LIST_BYTES - 1]), (0x80, 0x40, 0x02));
        assert_eq!(read.get(LIST_BITS + 9), Some(true));
        assert_eq!(read.get(LIST_BITS + 8), Some(false));
        // Not of this list, and not covered by its size.
        assert_eq!((read.get(5), read.get(2 * LIST_BITS - 1)), (None, None));
        assert_eq!((read.key, read.number), (key().public(), 1));
        assert_eq!(list(1, &set), list(1, &set));
    }

    #[test]
    fn every_changed_byte_is_refused() {
        let bytes = list(0, &[3]);
        let read = StatusList::parse(&bytes).unwrap();
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            assert!(StatusList::parse(&altered).map_or(true, |list| list == read), "byte {at}");
        }
    }

    #[test]
    fn a_bomb_is_not_inflated() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let zeros = vec![0; 1 << 20];
        (0..64).for_each(|_| encoder.write_all(&zeros).unwrap());
        let bomb = encoder.finish().unwrap();
        let mut decoder = GzDecoder::new(bomb.as_slice());
        let mut read = Vec::new();
        (&mut decoder).take(LIST_BYTES as u64 + 1).read_to_end(&mut read).unwrap();
        assert_eq!(read.len(), LIST_BYTES + 1);
        let text = format!("u{}", BASE64URL_NOPAD.encode(&bomb));
        assert!(refused(&text));
        for bytes in [LIST_BYTES - 1, LIST_BYTES + 1] {
            assert!(refused(&deflate(&vec![0; bytes])));
        }
        assert!(StatusList::parse(&with_bits(&deflate(&vec![0; LIST_BYTES]))).is_ok());
        let trailing = [bytes_of(&deflate(&vec![0; LIST_BYTES])), vec![0]].concat();
        let text = format!("u{}", BASE64URL_NOPAD.encode(&trailing));
        assert!(refused(&text));
    }

    fn refused(encoded: &str) -> bool {
        StatusList::parse(&with_bits(encoded)) == Err(StatusListError::Bits)
    }

    fn bytes_of(encoded: &str) -> Vec<u8> {
        BASE64URL_NOPAD.decode(encoded.strip_prefix('u').unwrap().as_bytes()).unwrap()
    }
}
