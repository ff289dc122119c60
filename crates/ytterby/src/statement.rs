//! What third parties, and the parties themselves, say beside the lots: whose word each attestation is, and whether it
//! stands. Implements proto-docs/attestations.md, "Whose word it is".

use std::collections::{HashMap, HashSet};

use crate::bundle::Bundle;
use crate::certificate::{Attestation, Body, Certificate, Claims};
use crate::did::Did;
use crate::digest::Digest;
use crate::report::{CertificateReport, Outcome, Report, Step};

/// What became of an attestation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its digest.
    pub certificate: Digest,
    /// Whether its signature is good, and it is neither revoked nor suspended nor missing from its log.
    pub is_sound: bool,
    /// Whether the trust file accepts its issuer for it.
    pub is_accepted: bool,
    /// Whether its issuer issued a certificate of a lot in the bundle: then it is no third party's.
    pub is_self_declared: bool,
    /// Whether it is valid as of the report's time.
    pub is_valid: bool,
    /// The laboratory report that stands in its place.
    pub superseded_by: Option<Digest>,
}

/// Under which heading an attestation is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// A third party's word, which counts.
    Attested,
    /// A party's own word.
    SelfDeclared,
    /// Nothing is said by it.
    NotCounted,
}

impl Statement {
    /// Whether it counts.
    pub fn is_counted(&self) -> bool {
        self.is_sound && self.is_accepted
    }

    /// The heading that it belongs under.
    pub fn standing(&self) -> Standing {
        match (self.is_counted(), self.is_self_declared) {
            (false, _) => Standing::NotCounted,
            (true, true) => Standing::SelfDeclared,
            (true, false) => Standing::Attested,
        }
    }

    /// Whether it counts, is valid, and is no report that another stands in the place of.
    pub fn stands(&self) -> bool {
        self.is_counted() && self.is_valid && self.superseded_by.is_none()
    }
}

/// What a certificate attests.
pub(crate) fn attestation(claims: &Claims) -> Option<&Attestation> {
    match &claims.body {
        Body::Attestation(attestation) => Some(attestation),
        Body::Lot(_) | Body::Accreditation(_) => None,
    }
}

/// Every attestation of a bundle, in the order of the report, once everything else is known of them.
pub(crate) fn statements(bundle: &Bundle<'_>, report: &Report) -> Vec<Statement> {
    let lots = bundle.certificates().iter().filter(|own| own.lot().is_some());
    let parties: HashSet<&Did> = lots.map(|own| &own.claims().issuer).collect();
    let index: HashMap<Digest, &Certificate<'_>> =
        bundle.certificates().iter().map(|own| (own.digest(), own)).collect();
    let statement = |own: &CertificateReport| {
        let claims = index.get(&own.digest)?.claims();
        attestation(claims)?;
        Some(Statement {
            certificate: own.digest,
            is_sound: is_sound(own),
            is_accepted: own.relied_on && own.outcome(Step::Authority) == Outcome::Pass,
            is_self_declared: parties.contains(&claims.issuer),
            is_valid: claims.valid_from <= report.at
                && claims.valid_until.is_none_or(|until| report.at <= until),
            superseded_by: None,
        })
    };
    report.certificates.iter().filter_map(statement).collect()
}

/// A revoked attestation only warns of itself, and counts no longer all the same.
fn is_sound(own: &CertificateReport) -> bool {
    let is_refused = |step| own.outcome(step) == Outcome::Fail;
    ![Step::Proof, Step::Status, Step::Registration].into_iter().any(is_refused)
        && own.outcome(Step::Status) != Outcome::Warn
}
