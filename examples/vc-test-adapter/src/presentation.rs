//! A presentation by the rules of VCDM 2.0: itself, its proofs, and each credential in it.

use ytterby::json::{Object, Value};

use crate::Adapter;
use crate::context::{BASE, Terms};
use crate::credential::{self, known_members, objects, terms_of_use};
use crate::language;
use crate::place::Place;
use crate::problem::{Kind, Problem};
use crate::proofs::{self, Wanted};
use crate::url;

/// Most credentials in one presentation: each costs signatures.
const MAX_CREDENTIALS: usize = 64;

const OWN: [&str; 5] = ["@context", "holder", "proof", "termsOfUse", "verifiableCredential"];

/// Verifies a presentation; returns the places of the enveloped credentials, whose envelopes (JOSE,
/// COSE) are not opened here.
pub(crate) fn verify(
    adapter: &Adapter,
    presentation: &Object<'_>,
    wanted: &Wanted<'_>,
    place: &Place,
) -> Result<Vec<Place>, Problem> {
    let terms = Terms::of(presentation, place)?;
    terms.types(presentation, Some("VerifiablePresentation"), place)?;
    known_members(presentation, &terms, place, |name| OWN.contains(&name))?;
    url::optional(presentation.get("id"), &place.member("id"))?;
    language::names(presentation, place)?;
    let holder = match presentation.get("holder") {
        None => None,
        holder => Some(url::party(holder, &place.member("holder"))?),
    };
    terms_of_use(presentation, &terms, place)?;
    let credentials = objects(presentation, "verifiableCredential", place)?;
    if credentials.len() > MAX_CREDENTIALS {
        let detail = format!("more than {MAX_CREDENTIALS} credentials");
        return Err(Problem::at(Kind::Range, &place.member("verifiableCredential"), detail));
    }
    proofs::verify(adapter, presentation, holder, wanted, place)?;
    let mut unopened = Vec::new();
    for (credential, place) in credentials {
        if is_enveloped(credential) {
            enveloped(credential, &place)?;
            unopened.push(place);
        } else {
            let issuer = credential::check(credential, &place)?;
            proofs::verify(adapter, credential, Some(issuer), &Wanted::assertion(), &place)?;
        }
    }
    Ok(unopened)
}

fn is_enveloped(credential: &Object<'_>) -> bool {
    let is = |value: &Value<'_>| value.as_str() == Some("EnvelopedVerifiableCredential");
    credential
        .get("type")
        .is_some_and(|value| is(value) || value.as_array().is_some_and(|list| list.iter().any(is)))
}

/// An enveloped credential has a context that defines it, one type, and a `data:` URL.
fn enveloped(credential: &Object<'_>, place: &Place) -> Result<(), Problem> {
    let base = |value: &Value<'_>| value.as_str() == Some(BASE);
    let context = credential.get("@context");
    if !context.is_some_and(|value| base(value) || value.as_array().is_some_and(|list| list.iter().any(base)))
    {
        return Err(Problem::malformed(&place.member("@context"), format!("the context {BASE} is required")));
    }
    let id = url::required(credential.get("id"), &place.member("id"))?;
    let data = id.strip_prefix("data:").and_then(|rest| rest.split_once(','));
    if data.is_none_or(|(media, content)| !media.contains('/') || content.is_empty()) {
        return Err(Problem::malformed(&place.member("id"), "an enveloped credential is a data: URL"));
    }
    Ok(())
}
