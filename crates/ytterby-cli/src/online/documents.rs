//! Whether issuers publish the keys that signed, in their `did:web` documents as they are now.

use std::collections::HashMap;

use ytterby::Bundle;
use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::finding::{Code, Finding};
use ytterby::key::Multikey;
use ytterby::text::printable;

use super::unavailable;
use super::web::Web;
use crate::render::report::plural;

/// Most issuers that are asked about for one bundle: whoever wrote it chose them.
const MOST_ISSUERS: usize = 16;

/// The documents that were fetched, and what came of it.
#[derive(Debug)]
pub(crate) struct Documents {
    web: Web,
    fetched: HashMap<Did, Result<Vec<Multikey>, String>>,
}

impl Default for Documents {
    fn default() -> Self {
        Documents { web: Web::public(), fetched: HashMap::new() }
    }
}

/// A key that signed in an issuer's name: where first, and how often.
struct Signed {
    did: Did,
    key: Multikey,
    first: Digest,
    certificates: usize,
}

impl Documents {
    /// Fetches a document, once, and gives the keys that it publishes.
    pub(crate) fn keys(&mut self, did: &Did, say: &dyn Fn(&str)) -> Result<Vec<Multikey>, String> {
        let Some(url) = did.document_url() else { return Ok(did.key().into_iter().collect()) };
        let web = &self.web;
        let fetch = || {
            say(&url);
            let document = web.get(&url)?;
            did.published_keys(&document).map_err(|error| error.to_string())
        };
        self.fetched.entry(did.clone()).or_insert_with(fetch).clone()
    }

    /// Holds the keys that signed against those that are published.
    pub(super) fn compare(&mut self, bundle: &Bundle<'_>, say: &dyn Fn(&str), findings: &mut Vec<Finding>) {
        let signed = signed(bundle);
        let mut issuers: Vec<&Did> = Vec::new();
        for Signed { did, .. } in &signed {
            if !issuers.contains(&did) && issuers.len() <= MOST_ISSUERS {
                issuers.push(did);
            }
        }
        if issuers.len() > MOST_ISSUERS {
            issuers.pop();
            let text =
                format!("of more than {MOST_ISSUERS} issuers no more were asked for their DID document");
            findings.push(unavailable(text));
        }
        let mut missing = Vec::new();
        for did in issuers {
            match self.keys(did, say) {
                Err(error) => missing.push(format!("{did} ({})", printable(&error))),
                Ok(published) => {
                    let own = signed.iter().filter(|signed| signed.did == *did);
                    let gone = own.filter(|signed| !published.contains(&signed.key));
                    findings.extend(gone.map(|signed| unpublished(signed, published.len())));
                }
            }
        }
        if !missing.is_empty() {
            let text = format!(
                "{} not to be had: {}",
                if missing.len() == 1 { "a DID document was" } else { "DID documents were" },
                missing.join("; ")
            );
            findings.push(unavailable(text));
        }
    }
}

/// Each key of each `did:web` issuer, in the order of the file.
fn signed(bundle: &Bundle<'_>) -> Vec<Signed> {
    let mut signed: Vec<Signed> = Vec::new();
    let mut places = HashMap::new();
    for certificate in bundle.certificates() {
        let did = &certificate.claims().issuer;
        let Some((_, key)) = certificate.proof().key().filter(|_| did.key().is_none()) else { continue };
        match places.get(&(did, key)) {
            Some(&place) => {
                let known: Option<&mut Signed> = signed.get_mut(place);
                known.into_iter().for_each(|known| known.certificates += 1);
            }
            None => {
                places.insert((did, key), signed.len());
                let first = certificate.digest();
                signed.push(Signed { did: did.clone(), key, first, certificates: 1 });
            }
        }
    }
    signed
}

fn unpublished(signed: &Signed, published: usize) -> Finding {
    let Signed { did, key, first, certificates } = signed;
    let text = format!(
        "{key} signed {} and is not among the {} that {did} publishes",
        plural(*certificates, "certificate"),
        plural(published, "key")
    );
    Finding::new(Code::AuthorityKeyUnpublished, text).about(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VECTOR: &str = include_str!("../../../../proto-docs/vectors/honest.json");

    /// What is said of a bundle when its issuers publish these keys.
    fn said(publish: impl Fn(&Did, Multikey) -> Result<Vec<Multikey>, String>) -> Vec<(Code, String)> {
        let vector: serde_json::Value = serde_json::from_str(VECTOR).unwrap();
        let bytes = vector["bundle"].to_string();
        let bundle = Bundle::parse(bytes.as_bytes()).unwrap();
        let mut documents = Documents::default();
        for own in signed(&bundle) {
            documents.fetched.insert(own.did.clone(), publish(&own.did, own.key));
        }
        let mut findings = Vec::new();
        documents.compare(&bundle, &|url| panic!("{url} was asked"), &mut findings);
        findings.into_iter().map(|finding| (finding.code, finding.text)).collect()
    }

    #[test]
    fn a_key_that_its_document_does_not_hold_is_said_once() {
        assert_eq!(said(|_, key| Ok(vec![key])), []);
        let other = ytterby::key::SigningKey::from_seed(&[77; 32]).public();
        let said = said(|_, _| Ok(vec![other]));
        let [(Code::AuthorityKeyUnpublished, text)] = said.as_slice() else { panic!("{said:?}") };
        assert!(text.contains(" is not among the 1 key that did:web:"), "{text}");
    }

    #[test]
    fn documents_that_cannot_be_had_are_one_finding() {
        let said = said(|_, _| Err("no\u{1b}[31m way".to_owned()));
        let [(Code::OnlineUnavailable, text)] = said.as_slice() else { panic!("{said:?}") };
        assert!(text.starts_with("a DID document was not to be had: did:web:"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
