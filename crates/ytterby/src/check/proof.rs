//! Is the proof of the right suite, made with a key of the issuer, and does it verify?

use std::collections::HashMap;

use ed25519_dalek::VerifyingKey;

use super::Findings;
use crate::certificate::Certificate;
use crate::finding::Code;
use crate::key::{Multikey, verify_strict};
use crate::proof::decode_signature;

/// Keys that were decompressed before: most bundles hold a few keys and many signatures.
#[derive(Default)]
pub(crate) struct Keys(HashMap<Multikey, Option<VerifyingKey>>);

impl Keys {
    fn get(&mut self, key: Multikey) -> Option<VerifyingKey> {
        *self.0.entry(key).or_insert_with(|| key.verifying_key().ok())
    }
}

pub(crate) fn check(certificate: &Certificate<'_>, keys: &mut Keys, findings: &mut Findings) {
    let proof = certificate.proof();
    if !proof.suite_fits {
        let text = "type, cryptosuite or proofPurpose is another one";
        return findings.add(Code::ProofSuite, "/proof", text);
    }
    if !proof.context_fits {
        return findings.add(Code::ProofContext, "/proof/@context", "it must equal the document's @context");
    }
    let issuer = &certificate.claims().issuer;
    let method = &proof.verification_method;
    let key = proof.key().filter(|(did, _)| *did == issuer.as_str()).map(|(_, key)| key);
    let Some(key) = key.filter(|key| issuer.key().is_none_or(|own| own == *key)) else {
        let text = format!("{:?} is not {issuer} followed by # and a Multikey of it", shortened(method));
        return findings.add(Code::ProofMethod, "/proof/verificationMethod", text);
    };
    let Some(signature) = decode_signature(&proof.value) else {
        return findings.add(Code::ProofEncoding, "/proof/proofValue", "it does not decode to 64 bytes");
    };
    let Some(verifying) = keys.get(key) else {
        let text = format!("{key} is no point of the curve, or one of small order");
        return findings.add(Code::ProofKey, "/proof/verificationMethod", text);
    };
    if !verify_strict(&verifying, &proof.hashes.signed_bytes(), &signature) {
        let text = format!("the bytes are not those that {key} signed");
        findings.add(Code::ProofSignature, "/proof/proofValue", text);
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(120).collect()
}
