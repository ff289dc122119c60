//! Data Integrity proofs of the cryptosuite `eddsa-jcs-2022`, for any JSON document.
//!
//! What is signed is SHA-256(proof configuration) ‖ SHA-256(document), each in canonical bytes.
//! Certificates add stricter rules of form on top (one proof, our fields alone); this layer is the
//! W3C suite and nothing else. Implements proto-docs/certificate.md, "Proof".

use sha2::{Digest as _, Sha256};

use crate::base58;
use crate::json::{Object, Value, write_object_without, write_value};
use crate::key::{Multikey, SigningKey, verify_strict};
use crate::wire;

/// The cryptosuite's name.
pub const CRYPTOSUITE: &str = "eddsa-jcs-2022";
/// The proof type.
pub const PROOF_TYPE: &str = "DataIntegrityProof";

/// Why a proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The document has no `proof`, or it is no object.
    #[error("the document has no proof object")]
    Missing,
    /// `type` or `cryptosuite` is another one, or a member has the wrong type.
    #[error("not a DataIntegrityProof of the cryptosuite eddsa-jcs-2022")]
    Suite,
    /// The proof's `@context` does not begin the document's.
    #[error("the proof's @context is not where the document's @context begins")]
    Context,
    /// `proofValue` is not `z` and the base58btc of 64 bytes.
    #[error("proofValue is not the base58btc of 64 bytes")]
    Encoding,
    /// The key cannot verify anything.
    #[error("the key is not a usable Ed25519 public key")]
    Key,
    /// The signature does not verify over this document and configuration.
    #[error("the signature does not verify")]
    Signature,
}

/// The bytes that are signed, with the hashes they are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashData {
    /// SHA-256 of the canonical proof configuration.
    pub config: [u8; 32],
    /// SHA-256 of the canonical document without its proof.
    pub document: [u8; 32],
}

impl HashData {
    /// The 64 bytes that the signature covers.
    pub fn signed_bytes(&self) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&self.config);
        bytes[32..].copy_from_slice(&self.document);
        bytes
    }
}

/// Secures a document: adds `proof`, made from `config` (type and suite are set here; the document's
/// `@context` is copied into it).
pub fn sign<'a>(mut document: Object<'a>, mut config: Object<'a>, key: &SigningKey) -> Object<'a> {
    document.remove("proof");
    config.remove("proofValue");
    config.insert("type", string(PROOF_TYPE));
    config.insert("cryptosuite", string(CRYPTOSUITE));
    if let Some(context) = document.get("@context") {
        let context = context.clone();
        config.insert("@context", context);
    }
    let hashes = HashData { config: hash(&config), document: hash(&document) };
    let signature = key.sign(&hashes.signed_bytes());
    config.insert("proofValue", Value::String(encode_signature(&signature).into()));
    document.insert("proof", Value::Object(config));
    document
}

/// Verifies the single proof of a document with a key that the caller has found to belong to the
/// proof's `verificationMethod`.
pub fn verify(document: &Object<'_>, key: &Multikey) -> Result<(), ProofError> {
    let Some(Value::Object(proof)) = document.get("proof") else { return Err(ProofError::Missing) };
    verify_with(document, proof, key)
}

/// Verifies one proof over a document, which may still hold its `proof` member.
pub fn verify_with(document: &Object<'_>, proof: &Object<'_>, key: &Multikey) -> Result<(), ProofError> {
    let is = |name, wanted| proof.get(name).and_then(Value::as_str) == Some(wanted);
    if !is("type", PROOF_TYPE) || !is("cryptosuite", CRYPTOSUITE) {
        return Err(ProofError::Suite);
    }
    let signature = proof.get("proofValue").and_then(Value::as_str).ok_or(ProofError::Encoding)?;
    let signature = decode_signature(signature).ok_or(ProofError::Encoding)?;
    let mut unsecured = document.clone();
    unsecured.remove("proof");
    if let Some(context) = proof.get("@context") {
        if !begins(unsecured.get("@context"), context) {
            return Err(ProofError::Context);
        }
        unsecured.insert("@context", context.clone());
    }
    let mut config = proof.clone();
    config.remove("proofValue");
    let hashes = HashData { config: hash(&config), document: hash(&unsecured) };
    let key = key.verifying_key().map_err(|_| ProofError::Key)?;
    if verify_strict(&key, &hashes.signed_bytes(), &signature) { Ok(()) } else { Err(ProofError::Signature) }
}

/// `z` and the base58btc of a signature.
pub fn encode_signature(signature: &[u8; 64]) -> String {
    format!("z{}", bs58::encode(signature).into_string())
}

/// A signature of exactly 64 bytes from its multibase text.
pub fn decode_signature(text: &str) -> Option<[u8; 64]> {
    base58::decode(text.strip_prefix('z')?)
}

/// The hashes of a secured document that stands in `scratch` in canonical bytes, from one pass: the
/// document is what was written without the member `proof`.
pub(crate) fn hash_secured(document: &Object<'_>, scratch: &mut Vec<u8>) -> Option<HashData> {
    let proof = document.get("proof")?.as_object()?;
    scratch.clear();
    let cut = write_object_without(proof, "proofValue", scratch)?;
    let config = Sha256::new().chain_update(&scratch[..cut.from]).chain_update(&scratch[cut.to..]).finalize();
    scratch.clear();
    let cut = write_object_without(document, "proof", scratch)?;
    let unsecured =
        Sha256::new().chain_update(&scratch[..cut.from]).chain_update(&scratch[cut.to..]).finalize();
    Some(HashData { config: config.into(), document: unsecured.into() })
}

/// The same of a document that is a text in canonical bytes, from where its parts stand in it. A closed
/// schema leaves them one place each: the proof is behind another member and begins with its
/// `@context`, ends with its verification method, and its value is in the middle.
pub(crate) fn hash_plain(document: &str, proof: &wire::Proof<'_>) -> Option<HashData> {
    const OPEN: &str = r#","proof":{"@context":[""#;
    const CONFIG: usize = r#","proof":"#.len();
    const VALUE: &str = r#","proofValue":""#;
    const CLOSE: &str = r#""}"#;
    // The parts are slices of the document: their addresses say where.
    let place = |part: &str| part.as_ptr().addr().checked_sub(document.as_ptr().addr());
    let from = place(proof.context.first()?)?.checked_sub(OPEN.len())?;
    let to = place(proof.verification_method)? + proof.verification_method.len() + CLOSE.len();
    let value = place(proof.proof_value)?;
    let (value_from, value_to) = (value.checked_sub(VALUE.len())?, value + proof.proof_value.len() + 1);
    let stands = |at: usize, text: &str| document.get(at..).is_some_and(|rest| rest.starts_with(text));
    if !stands(from, OPEN) || !stands(value_from, VALUE) || !stands(to.checked_sub(CLOSE.len())?, CLOSE) {
        return None;
    }
    let hash_of = |parts: [Option<&str>; 2]| -> Option<[u8; 32]> {
        let [before, after] = parts;
        Some(Sha256::new().chain_update(before?).chain_update(after?).finalize().into())
    };
    Some(HashData {
        config: hash_of([document.get(from + CONFIG..value_from), document.get(value_to..to)])?,
        document: hash_of([document.get(..from), document.get(to..)])?,
    })
}

fn hash(object: &Object<'_>) -> [u8; 32] {
    let mut out = Vec::with_capacity(1024);
    write_value(&Value::Object(object.clone()), &mut out);
    Sha256::digest(&out).into()
}

/// Whether a document's `@context` begins with a proof's (each one value or a list).
fn begins(document: Option<&Value<'_>>, proof: &Value<'_>) -> bool {
    let list = |value: &Value<'_>| match value {
        Value::Array(items) => items.iter().map(|v| v.clone().into_owned()).collect(),
        other => vec![other.clone().into_owned()],
    };
    document.is_some_and(|document| list(document).starts_with(&list(proof)))
}

fn string(text: &'static str) -> Value<'static> {
    Value::String(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secured() -> (Object<'static>, SigningKey) {
        let key = SigningKey::from_seed(&[1; 32]);
        let document =
            Value::parse(br#"{"@context":["https://www.w3.org/ns/credentials/v2"],"a":"b"}"#).unwrap();
        let config =
            Value::parse(br#"{"proofPurpose":"assertionMethod","verificationMethod":"did:example:1#k"}"#)
                .unwrap();
        let (Value::Object(document), Value::Object(config)) = (document, config) else { panic!("objects") };
        (sign(document, config, &key), key)
    }

    #[test]
    fn signs_and_verifies() {
        let (document, key) = secured();
        assert_eq!(verify(&document, &key.public()), Ok(()));
        let other = SigningKey::from_seed(&[2; 32]).public();
        assert_eq!(verify(&document, &other), Err(ProofError::Signature));
        let mut changed = document.clone();
        changed.insert("a", Value::Null);
        assert_eq!(verify(&changed, &key.public()), Err(ProofError::Signature));
    }

    #[test]
    fn one_pass_gives_the_same_hashes() {
        let (document, _) = secured();
        let mut scratch = Vec::new();
        let hashes = hash_secured(&document, &mut scratch).unwrap();
        let (mut unsecured, mut config) =
            (document.clone(), document.get("proof").unwrap().as_object().unwrap().clone());
        unsecured.remove("proof");
        config.remove("proofValue");
        assert_eq!(hashes, HashData { config: hash(&config), document: hash(&unsecured) });
    }

    #[test]
    fn a_signature_has_64_bytes() {
        assert_eq!(decode_signature(&encode_signature(&[9; 64])), Some([9; 64]));
        for bytes in [&[9_u8; 63][..], &[9; 65], &[]] {
            assert_eq!(decode_signature(&format!("z{}", bs58::encode(bytes).into_string())), None);
        }
    }
}
