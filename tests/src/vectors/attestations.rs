//! Vectors of attestations beside a lot, by somebody whom the verifier does not know.

use serde_json::{Value, json};

use super::forge::{Made, Signed, set};
use super::registration::{HOME, registered};
use super::{Forge, vectors};
use crate::log::TestLog;

/// An audit of a lot, by a stranger.
fn audit(f: &mut Forge, lot: &Signed) -> Signed {
    let lots = json!([{ "lot": lot.id(), "digestMultibase": lot.digest() }]);
    let subject = json!({ "home": HOME, "kind": "audit", "about": { "lots": lots }, "result": "failed" });
    f.sign_as("stranger", "2026-09-20T10:00:00Z", "AttestationCertificate", subject)
}

/// A registered ore and an oxide of it, and beside them what a stranger says of the ore, spoiled, without a
/// receipt.
fn attested(f: &mut Forge, spoil: impl FnOnce(&mut Value, &Signed)) -> Made {
    let ore = f.ore();
    let oxide = f.oxide(&ore);
    let mut audit = audit(f, &ore);
    spoil(&mut audit.value, &ore);
    let mut made = registered(f, &mut TestLog::new(HOME), &[&ore, &oxide]);
    made.bundle["attestations"] = json!([audit.value]);
    made
}

vectors! {
    /// Somebody whom nobody pinned attests something of the lot that was drawn on: verified all the same.
    "authority.attestation-not-counted" ["authority.attestation-not-counted"] |f| {
        let ore = f.ore();
        let oxide = f.oxide(&ore);
        let audit = audit(f, &ore);
        let mut made = f.bundle(&[&ore, &oxide]);
        made.bundle["attestations"] = json!([audit.value]);
        made
    }
    /// The stranger's attestation has no receipt, a signature that does not verify, a date to come and the label
    /// of the lot: verified all the same.
    "authority.attestation-not-counted-and-wrong" ["authority.attestation-not-counted"] |f| {
        attested(f, |audit, ore| {
            set(audit, "/validFrom", json!("2027-01-01T00:00:00Z"));
            set(audit, "/id", json!(ore.id()));
        })
    }
    /// The attestation is by a pinned issuer, who may not attest anything.
    "authority.attestation-not-counted-out-of-scope" ["authority.attestation-not-counted"] |f| {
        let ore = f.ore();
        let audit = f.sign("AttestationCertificate", json!({
            "home": HOME, "kind": "audit", "about": { "sampleId": "S-1" }, "result": "passed",
        }));
        let mut made = f.bundle(&[&ore]).trusting("[require]", "steps = [\"origin\"]\n[require]");
        made.bundle["attestations"] = json!([audit.value]);
        made
    }
    /// The stranger's attestation is what the bundle is about.
    "authority.unknown-issuer-of-attestation" ["authority.unknown-issuer"] |f| {
        let ore = f.ore();
        let audit = audit(f, &ore);
        f.bundle(&[&ore, &audit])
    }
    /// The attestation is by a pinned issuer with a pinned key, and its signature does not verify: that is no
    /// stranger's word.
    "proof.signature-of-attestation" ["proof.signature"] |f| {
        let ore = f.ore();
        let mut audit = f.sign("AttestationCertificate", json!({
            "home": HOME, "kind": "audit", "about": { "sampleId": "S-1" }, "result": "passed",
        }));
        set(&mut audit.value, "/credentialSubject/result", json!("failed"));
        let mut made = f.bundle(&[&ore]);
        made.bundle["attestations"] = json!([audit.value]);
        made
    }
}
