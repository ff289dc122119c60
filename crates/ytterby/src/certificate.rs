//! A certificate: the bytes that were signed, and what they say.
//!
//! Parsing settles form: strict JSON, closed schema, members that go together. Everything else is
//! a check's business. Implements proto-docs/certificate.md.

use std::borrow::Cow;

use jiff::Timestamp;
use uuid::Uuid;

use crate::accreditation::Accreditation;
use crate::assay::Assay;
use crate::did::Did;
use crate::digest::Digest;
use crate::finding::{Code, Finding};
use crate::form::{AssayPurpose, AttestationKind, Kind};
use crate::json::{Members, Misfit, MisfitKind, Object, ParseError, Plain, Value};
use crate::key::Multikey;
use crate::lot::Lot;
use crate::proof::{self, HashData};
use crate::wire::{self, Home};

/// The one `@context` a certificate has.
pub const CONTEXT: [&str; 2] = ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/ytterby/v1"];
/// The first word of every certificate's `type`.
pub(crate) const VERIFIABLE_CREDENTIAL: &str = "VerifiableCredential";
/// The one `proofPurpose`.
pub(crate) const PURPOSE: &str = "assertionMethod";

/// Largest certificate accepted, in bytes: 64 inputs, 40 components and 1,000 packages fit.
pub const MAX_CERTIFICATE: usize = 512 * 1024;

/// A certificate of sound form.
#[derive(Debug, Clone)]
pub struct Certificate<'a> {
    bytes: Cow<'a, [u8]>,
    digest: Digest,
    claims: Claims,
    proof: Proof,
}

/// What a certificate says.
#[derive(Debug, Clone)]
pub struct Claims {
    /// Its label.
    pub id: Uuid,
    /// Its type.
    pub kind: Kind,
    /// Who issued it.
    pub issuer: Did,
    /// The name the issuer gives itself.
    pub issuer_name: Option<Box<str>>,
    /// The log origin of the registry it belongs to.
    pub home: Home,
    /// When it was issued.
    pub valid_from: Timestamp,
    /// Until when it holds; attestations and accreditations only.
    pub valid_until: Option<Timestamp>,
    /// A lot, an attestation or an accreditation.
    pub body: Body,
}

/// What a certificate is about.
#[derive(Debug, Clone)]
pub enum Body {
    /// It creates a lot.
    Lot(Box<Lot>),
    /// It attests something.
    Attestation(Box<Attestation>),
    /// It says whom somebody accredits, and for what.
    Accreditation(Box<Accreditation>),
}

/// A third party's statement.
#[derive(Debug, Clone)]
pub struct Attestation {
    /// What it is.
    pub kind: AttestationKind,
    /// The lots it is about, by label and digest.
    pub lots: Box<[(Uuid, Digest)]>,
    /// The sample it is about, if it names one.
    pub sample: Option<Box<str>>,
    /// The facility it is about, by its identifier.
    pub facility: Option<Box<str>>,
    /// The scheme, standard or regime.
    pub scheme: Option<Box<str>>,
    /// Its version.
    pub scheme_version: Option<Box<str>>,
    /// What was looked at.
    pub scope: Option<Box<str>>,
    /// What a claim includes.
    pub boundary: Option<Box<str>>,
    /// How a claim shares a plant's total out over its products.
    pub allocation_rule: Option<Box<str>>,
    /// The name of whoever verified a claim, as its issuer says.
    pub verifier: Option<Box<str>>,
    /// What an assay is for: final, where it does not say.
    pub purpose: Option<AssayPurpose>,
    /// The assay, of a laboratory's report.
    pub assay: Option<Box<Assay>>,
    /// The papers, by digest.
    pub documents: Box<[Digest]>,
    /// What was found.
    pub result: Box<str>,
}

/// The proof, decoded as far as its form goes.
#[derive(Debug, Clone)]
pub struct Proof {
    /// When it was signed.
    pub created: Timestamp,
    /// Issuer DID, `#`, Multikey, as it stands.
    pub verification_method: Box<str>,
    /// The key it names, read once: base58 is slow.
    pub(crate) key: Option<Multikey>,
    pub(crate) suite_fits: bool,
    pub(crate) context_fits: bool,
    pub(crate) value: Box<str>,
    pub(crate) hashes: HashData,
}

/// Why bytes are no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The bytes are not strict JSON.
    #[error("not strict JSON: {0}")]
    Json(#[from] ParseError),
    /// It is JSON that breaks the form of a certificate.
    #[error("not a certificate: {}: {}", .0.code, .0.text)]
    Form(Box<Finding>),
}

impl<'a> Certificate<'a> {
    /// Reads a certificate. A pretty-printed copy is as good as the canonical bytes.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, CertificateError> {
        if bytes.len() > MAX_CERTIFICATE {
            let text = format!("larger than {MAX_CERTIFICATE} bytes");
            return Err(CertificateError::Form(Box::new(Finding::new(Code::LimitCertificateBytes, text))));
        }
        if let Some(text) = str::from_utf8(bytes).ok()
            && let Some((certificate, length)) =
                kind_hints(text).next().and_then(|(_, k)| Self::plain(text, k))
            && length == bytes.len()
        {
            return Ok(certificate);
        }
        let value = Value::parse(bytes)?;
        let Value::Object(object) = &value else {
            let finding = Finding::new(Code::MalformedWrongType, "a certificate is an object");
            return Err(CertificateError::Form(Box::new(finding)));
        };
        let mut canonical = Vec::with_capacity(bytes.len());
        Self::from_object(object, Some(bytes), &mut canonical)
            .map_err(|f| CertificateError::Form(Box::new(f)))
    }

    /// Reads the certificate that a text begins with, if it is of this kind and stands there in the
    /// bytes that were signed, as most do; says how many bytes it has. Whatever else it is, and
    /// whatever is wrong with it, the tree tells.
    pub(crate) fn plain(text: &'a str, kind: Kind) -> Option<(Self, usize)> {
        // What is longer than a certificate may be is not decoded first and then refused.
        let most = text.len().min(MAX_CERTIFICATE);
        let most = (0..=most).rev().find(|at| text.is_char_boundary(*at))?;
        let mut plain = Plain::new(&text[..most]);
        let (claims, wire) = wire::claims(kind, &mut plain).ok()?;
        let wire = wire?;
        let length = plain.offset();
        let source = text.get(..length)?;
        let hashes = proof::hash_plain(source, &wire)?;
        let (bytes, digest) = (Cow::Borrowed(source.as_bytes()), Digest::of(source.as_bytes()));
        Some((Certificate { bytes, digest, claims, proof: Proof::of(wire, hashes) }, length))
    }

    /// Reads a certificate from its tree. `source` are the bytes the tree came from: when they are
    /// canonical they are kept and nothing is copied. `scratch` is overwritten.
    pub(crate) fn from_object(
        object: &Object<'_>,
        source: Option<&'a [u8]>,
        scratch: &mut Vec<u8>,
    ) -> Result<Self, Finding> {
        let hashes = proof::hash_secured(object, scratch);
        if hashes.is_none() {
            scratch.clear();
            crate::json::write_object_without(object, "", scratch);
        }
        let digest = Digest::of(scratch);
        let (claims, wire) = Claims::decode(object).map_err(|finding| finding.about(digest))?;
        let (Some(wire), Some(hashes)) = (wire, hashes) else {
            let misfit = Misfit::new(MisfitKind::MissingField, "there is no proof").under("proof");
            return Err(Finding::from(misfit).about(digest));
        };
        let proof = Proof::of(wire, hashes);
        let bytes = match source {
            Some(source) if source == scratch.as_slice() => Cow::Borrowed(source),
            _ => Cow::Owned(scratch.clone()),
        };
        Ok(Certificate { bytes, digest, claims, proof })
    }

    /// The bytes that were signed, in canonical form.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 over those bytes: the lot's identity.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What it says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Its proof.
    pub fn proof(&self) -> &Proof {
        &self.proof
    }

    /// The lot it creates, if it creates one.
    pub fn lot(&self) -> Option<&Lot> {
        self.claims.lot()
    }

    /// Whether a person means this one: by the number of its lot, its label or its digest.
    pub fn is_called(&self, name: &str) -> bool {
        self.lot().is_some_and(|lot| *lot.number == *name)
            || self.claims.id.urn().to_string() == name
            || self.digest().to_string() == name
    }

    /// The same certificate, borrowing nothing.
    pub fn into_owned(self) -> Certificate<'static> {
        Certificate {
            bytes: Cow::Owned(self.bytes.into_owned()),
            digest: self.digest,
            claims: self.claims,
            proof: self.proof,
        }
    }
}

impl Claims {
    /// The lot, if the certificate creates one.
    pub fn lot(&self) -> Option<&Lot> {
        match &self.body {
            Body::Lot(lot) => Some(lot),
            Body::Attestation(_) | Body::Accreditation(_) => None,
        }
    }

    /// Whom it accredits and for what, if it is an accreditation.
    pub fn accreditation(&self) -> Option<&Accreditation> {
        match &self.body {
            Body::Accreditation(accreditation) => Some(accreditation),
            Body::Lot(_) | Body::Attestation(_) => None,
        }
    }

    /// Decodes everything, and gives the proof for itself.
    fn decode<'t>(object: &'t Object<'_>) -> Result<(Self, Option<wire::Proof<'t>>), Finding> {
        let listed = |name: &str| -> Vec<Option<&str>> {
            object.get(name).and_then(Value::as_array).unwrap_or_default().iter().map(Value::as_str).collect()
        };
        if listed("@context") != CONTEXT.map(Some) {
            return Err(
                Finding::new(Code::MalformedContext, format!("it must be {CONTEXT:?}")).at("/@context")
            );
        }
        let types = listed("type");
        let kind = match types.as_slice() {
            [Some(VERIFIABLE_CREDENTIAL), Some(kind)] => Kind::parse(kind),
            _ => None,
        };
        let Some(kind) = kind else {
            let known: Vec<_> = Kind::ALL.iter().map(|k| k.as_str()).collect();
            let text = format!("it must be [\"{VERIFIABLE_CREDENTIAL}\", one of {}]", known.join(", "));
            return Err(Finding::new(Code::MalformedType, text).at("/type"));
        };
        wire::claims(kind, Members::decoder(object)).map_err(Finding::from)
    }
}

impl Proof {
    /// The key after the `#` of the verification method, and the DID before it.
    pub fn key(&self) -> Option<(&str, Multikey)> {
        let (did, _) = self.verification_method.split_once('#')?;
        Some((did, self.key?))
    }

    fn of(wire: wire::Proof<'_>, hashes: HashData) -> Self {
        Proof {
            created: wire.created.0,
            verification_method: wire.verification_method.into(),
            key: wire.verification_method.split_once('#').and_then(|(_, key)| Multikey::parse(key).ok()),
            suite_fits: wire.r#type == proof::PROOF_TYPE
                && wire.cryptosuite == proof::CRYPTOSUITE
                && wire.proof_purpose == PURPOSE,
            context_fits: wire.context == CONTEXT,
            value: wire.proof_value.into(),
            hashes,
        }
    }
}

/// Where a text says which kind of certificate it is, and which. A hint: whoever uses it finds out
/// whether it holds.
pub(crate) fn kind_hints(text: &str) -> impl Iterator<Item = (usize, Kind)> {
    const TYPE: &str = "\"type\":[\"VerifiableCredential\",\"";
    memchr::memmem::find_iter(text.as_bytes(), TYPE).filter_map(move |at| {
        let word = text.get(at + TYPE.len()..)?.split('"').next()?;
        Some((at, Kind::parse(word)?))
    })
}
