//! May this issuer, with this key, certify this? (proto-docs/verification.md, "Authority".)

use super::{Findings, subject};
use crate::certificate::{Body, Certificate, Claims};
use crate::finding::{Code, Finding};
use crate::lot::{Lot, Making};
use crate::trust::{PinnedIssuer, Trust};

pub(crate) fn check(certificate: &Certificate<'_>, trust: &Trust, findings: &mut Findings) {
    let claims = certificate.claims();
    let Some(issuer) = trust.issuer(&claims.issuer) else {
        let text = format!("{} is not in the trust file", claims.issuer);
        return findings.add(Code::AuthorityUnknownIssuer, "/issuer/id", text);
    };
    // A key under another DID is no key of the issuer: the proof check has said so.
    let key = certificate.proof().key().filter(|(did, _)| *did == claims.issuer.as_str());
    let Some((_, key)) = key else { return };
    if !issuer.keys.contains(&key) {
        let text = format!("the trust file pins other keys for {}", claims.issuer);
        return findings.add(Code::AuthorityUnknownKey, "/proof/verificationMethod", text);
    }
    check_scope(claims, issuer, findings);
}

/// Why an attestation beside a lot does not count: its issuer is not accepted for it. Without a trust
/// file nobody is, and that is said of the whole.
pub(crate) fn not_counted(certificate: &Certificate<'_>, trust: &Trust) -> Option<Finding> {
    let mut findings = Findings::default();
    if trust.present {
        check(certificate, trust, &mut findings);
    }
    let found = findings.0.into_iter().next()?;
    let finding = Finding::new(Code::AuthorityAttestationNotCounted, found.text).at(found.pointer);
    Some(finding.about(certificate.digest()))
}

/// The scope of an issuer; a key that is absent means any.
pub(crate) fn check_scope(claims: &Claims, issuer: &PinnedIssuer, findings: &mut Findings) {
    let step = match &claims.body {
        Body::Attestation(_) => "attestation",
        Body::Lot(lot) => match &lot.making {
            Making::Origin { .. } => "origin",
            Making::Transfer { .. } => "transfer",
            Making::Processing { step, .. } => step.as_str(),
        },
    };
    if !allows(issuer.steps.as_deref(), |allowed| allowed == step) {
        let text = format!(
            "{} may do {}, not {step}",
            issuer.shown(),
            issuer.steps.iter().flatten().cloned().collect::<Vec<_>>().join(", ")
        );
        findings.add(Code::AuthorityStep, subject("step"), text);
    }
    if let Body::Lot(lot) = &claims.body {
        check_lot_scope(lot, issuer, findings);
    }
}

fn check_lot_scope(lot: &Lot, issuer: &PinnedIssuer, findings: &mut Findings) {
    let country = lot.facility.as_ref().map(|facility| facility.country);
    if let Some(country) = country.filter(|c| !allows(issuer.countries.as_deref(), |allowed| allowed == c)) {
        let text = format!("{} is not accepted for work in {}", issuer.shown(), country.as_str());
        findings.add(Code::AuthorityCountry, subject("facility/country"), text);
    }
    // Iron, boron and other base metals need no standing; rare earths do.
    let outside = lot
        .content
        .iter()
        .map(|(element, _)| element)
        .find(|e| e.is_rare_earth() && !allows(issuer.elements.as_deref(), |allowed| allowed == e));
    if let Some(element) = outside {
        let text = format!("{} is not accepted for {element}", issuer.shown());
        findings.add(Code::AuthorityElement, subject(&format!("content/{element}")), text);
    }
    if let Making::Origin { source, .. } = &lot.making
        && !allows(issuer.sources.as_deref(), |allowed| allowed == source)
    {
        let text = format!("{} is not accepted for origins of source {source}", issuer.shown());
        findings.add(Code::AuthoritySource, subject("source"), text);
    }
}

fn allows<T>(scope: Option<&[T]>, fits: impl FnMut(&T) -> bool) -> bool {
    scope.is_none_or(|allowed| allowed.iter().any(fits))
}
