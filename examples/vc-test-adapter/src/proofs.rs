//! Proofs: one, or a set of which each must hold (Data Integrity 1.0, `eddsa-jcs-2022`). Chains of
//! proofs are refused: the proof layer covers a document without any proof.

use ytterby::did::Did;
use ytterby::json::{Object, Value};
use ytterby::key::Multikey;
use ytterby::proof::{self, CRYPTOSUITE, PROOF_TYPE, ProofError};
use ytterby::time::format_time;

use crate::Adapter;
use crate::place::Place;
use crate::problem::{Kind, Problem};
use crate::stamp::Stamp;
use crate::url;

/// Most proofs on one document: each costs a signature check.
const MAX_PROOFS: usize = 8;

/// What a verifier wants of each proof.
pub(crate) struct Wanted<'v> {
    purpose: &'v str,
    challenge: Option<&'v str>,
    domain: Option<&'v str>,
}

impl<'v> Wanted<'v> {
    /// A statement by an issuer, for anybody.
    pub(crate) fn assertion() -> Self {
        Wanted { purpose: "assertionMethod", challenge: None, domain: None }
    }

    /// What the options of a request ask for; `purpose` where they name none.
    pub(crate) fn from_options(
        options: Option<&'v Object<'v>>,
        purpose: &'static str,
    ) -> Result<Self, Problem> {
        let place = Place::of("options");
        let text = |name: &str| match options.and_then(|options| options.get(name)) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_ref())),
            Some(_) => Err(Problem::malformed(&place.member(name), "a string is expected")),
        };
        Ok(Wanted {
            purpose: text("expectedProofPurpose")?.unwrap_or(purpose),
            challenge: text("challenge")?,
            domain: text("domain")?,
        })
    }
}

/// Verifies every proof of a document. `controller` is its issuer or holder: when that is a `did:key`,
/// the proofs must be by this key.
pub(crate) fn verify(
    adapter: &Adapter,
    document: &Object<'_>,
    controller: Option<&str>,
    wanted: &Wanted<'_>,
    place: &Place,
) -> Result<(), Problem> {
    let place = place.member("proof");
    let wrong = |place: &Place| Problem::at(Kind::Verification, place, "a proof is an object");
    let proofs = match document.get("proof") {
        Some(Value::Array(items)) if (1..=MAX_PROOFS).contains(&items.len()) => items.as_slice(),
        Some(Value::Array(_)) => {
            return Err(Problem::at(Kind::Verification, &place, format!("not one to {MAX_PROOFS} proofs")));
        }
        Some(single) => std::slice::from_ref(single),
        None => return Err(Problem::at(Kind::Verification, &place, "a proof is required")),
    };
    let single = proofs.len() == 1 && document.get("proof").and_then(Value::as_array).is_none();
    for (at, item) in proofs.iter().enumerate() {
        let place = if single { place.clone() } else { place.item(at) };
        let proof = item.as_object().ok_or_else(|| wrong(&place))?;
        let key = method(proof, controller, &place)?;
        configuration(adapter, proof, wanted, &place)?;
        proof::verify_with(document, proof, &key).map_err(|error| {
            let place = match error {
                ProofError::Context => place.member("@context"),
                ProofError::Encoding | ProofError::Signature => place.member("proofValue"),
                _ => place.clone(),
            };
            Problem::at(Kind::Verification, &place, error.to_string())
        })?;
    }
    Ok(())
}

/// The key of a proof's verification method, which is a `did:key` and the key again as its fragment.
fn method(proof: &Object<'_>, controller: Option<&str>, place: &Place) -> Result<Multikey, Problem> {
    let place = place.member("verificationMethod");
    let wrong = |detail: &str| Problem::at(Kind::Verification, &place, detail);
    let method = proof.get("verificationMethod").and_then(Value::as_str);
    let method = method.ok_or_else(|| wrong("a verification method is one string"))?;
    let (did, fragment) =
        method.split_once('#').ok_or_else(|| wrong("no verification method of a did:key"))?;
    let did = Did::parse(did).map_err(|error| wrong(&error.to_string()))?;
    let key = did.key().ok_or_else(|| wrong("only did:key is known here: nothing is resolved"))?;
    if fragment != key.to_string() {
        return Err(wrong("the fragment is not the key of this did:key"));
    }
    if controller.is_some_and(|party| party.starts_with("did:key:") && party != did.as_str()) {
        return Err(wrong("the key is not the one of the issuer or holder"));
    }
    Ok(key)
}

/// Checks everything in a proof but its signature.
fn configuration(
    adapter: &Adapter,
    proof: &Object<'_>,
    wanted: &Wanted<'_>,
    place: &Place,
) -> Result<(), Problem> {
    let fail = |name: &str, detail: &str| Err(Problem::at(Kind::Verification, &place.member(name), detail));
    let text = |name: &str| proof.get(name).and_then(Value::as_str);
    if text("type") != Some(PROOF_TYPE) {
        return fail("type", "not a DataIntegrityProof");
    }
    if text("cryptosuite") != Some(CRYPTOSUITE) {
        return fail("cryptosuite", "not eddsa-jcs-2022");
    }
    if text("proofPurpose") != Some(wanted.purpose) {
        return fail("proofPurpose", "not the purpose that is expected");
    }
    if proof.get("previousProof").is_some() {
        return fail("previousProof", "chains of proofs are not supported");
    }
    url::optional(proof.get("id"), &place.member("id"))?;
    Stamp::optional(proof.get("created"), &place.member("created"))?;
    let expires = Stamp::optional(proof.get("expires"), &place.member("expires"))?;
    if expires.is_some_and(|expires| expires <= Stamp::from((adapter.now)())) {
        return fail("expires", "the proof has expired");
    }
    for name in ["challenge", "nonce"] {
        if proof.get(name).is_some() && text(name).is_none() {
            return fail(name, "a string is expected");
        }
    }
    if wanted.challenge.is_some() && text("challenge") != wanted.challenge {
        return fail("challenge", "not the challenge that was given");
    }
    let domains = match proof.get("domain") {
        None => Some(Vec::new()),
        Some(Value::Array(items)) => items.iter().map(Value::as_str).collect(),
        Some(single) => single.as_str().map(|domain| vec![domain]),
    };
    match (domains, wanted.domain) {
        (None, _) => fail("domain", "a string or a list of strings is expected"),
        (Some(domains), Some(wanted)) if !domains.contains(&wanted) => {
            fail("domain", "not for the domain that was given")
        }
        _ => Ok(()),
    }
}

/// Secures a credential that has been checked: adds a proof, beside those that it already has.
pub(crate) fn issue<'v>(
    adapter: &Adapter,
    credential: &Object<'v>,
    options: Option<&Object<'v>>,
    place: &Place,
) -> Result<Object<'v>, Problem> {
    let mut proofs = match credential.get("proof") {
        None => Vec::new(),
        Some(Value::Array(items)) => items.clone(),
        Some(single) => vec![single.clone()],
    };
    if proofs.iter().any(|proof| proof.get("type").and_then(Value::as_str).is_none())
        || proofs.len() >= MAX_PROOFS
    {
        return Err(Problem::at(
            Kind::Generation,
            &place.member("proof"),
            "a proof that is there must have a type",
        ));
    }
    let mut signed = proof::sign(credential.clone(), proof_options(adapter, options)?, &adapter.key);
    if !proofs.is_empty() {
        proofs.extend(signed.remove("proof"));
        signed.insert("proof", Value::Array(proofs));
    }
    Ok(signed)
}

fn proof_options<'v>(adapter: &Adapter, options: Option<&Object<'v>>) -> Result<Object<'v>, Problem> {
    let place = Place::of("options");
    let method = adapter.method();
    let mut config = Object::default();
    let given = |name: &str| options.and_then(|options| options.get(name));
    for (name, only) in [
        ("type", PROOF_TYPE),
        ("cryptosuite", CRYPTOSUITE),
        ("proofPurpose", "assertionMethod"),
        ("verificationMethod", method.as_str()),
    ] {
        if given(name).is_some_and(|value| value.as_str() != Some(only)) {
            return Err(Problem::at(
                Kind::Generation,
                &place.member(name),
                format!("only {only} is made here"),
            ));
        }
        config.insert(name.to_owned(), Value::String(only.to_owned().into()));
    }
    config.insert("created", Value::String(format_time((adapter.now)()).into()));
    for name in ["created", "expires"] {
        if let Some(value) = given(name) {
            Stamp::optional(Some(value), &place.member(name))
                .map_err(|problem| Problem { kind: Kind::Generation, ..problem })?;
            config.insert(name, value.clone());
        }
    }
    Ok(config)
}
