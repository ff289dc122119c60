//! The document of a `did:web`: where it is, and which keys it publishes. Nothing is fetched here.
//! Implements proto-docs/verification.md, "Asking over the network".

use data_encoding::BASE64URL_NOPAD;

use super::Did;
use crate::json::{Object, ParseError, Value};
use crate::key::Multikey;

/// Most verification methods that are looked at.
const MOST_METHODS: usize = 256;

/// Bytes are not the document of a DID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Not strict JSON.
    #[error("not strict JSON: {0}")]
    Json(#[from] ParseError),
    /// Not an object, or without an `id`.
    #[error("not a DID document: it has no `id`")]
    Form,
    /// It is the document of another party.
    #[error("it is the document of another DID")]
    OtherDid,
    /// More verification methods than anybody needs.
    #[error("more than {MOST_METHODS} verification methods")]
    Methods,
}

impl Did {
    /// Where the document of a `did:web` is: an `https` URL. Nothing for a `did:key`, which is its key.
    pub fn document_url(&self) -> Option<String> {
        let name = self.as_str().strip_prefix("did:web:")?;
        let (host, path) = match name.split_once(':') {
            Some((host, path)) => (host, path.replace(':', "/")),
            None => (name, ".well-known".to_owned()),
        };
        Some(format!("https://{}/{path}/did.json", host.replace("%3A", ":")))
    }

    /// The Ed25519 keys that a document publishes for making assertions in this DID's name, sorted.
    ///
    /// A key counts if `assertionMethod` names or holds it, as `Multikey`, `Ed25519VerificationKey2020`
    /// or a JWK, under the control of this DID alone. Keys of other kinds are passed over.
    pub fn published_keys(&self, document: &[u8]) -> Result<Vec<Multikey>, DocumentError> {
        let value = Value::parse(document)?;
        let id = value.get("id").and_then(Value::as_str).ok_or(DocumentError::Form)?;
        if id != self.as_str() {
            return Err(DocumentError::OtherDid);
        }
        let methods = |member: &str| value.get(member).and_then(Value::as_array).unwrap_or_default();
        let (known, asserting) = (methods("verificationMethod"), methods("assertionMethod"));
        if known.len() > MOST_METHODS || asserting.len() > MOST_METHODS {
            return Err(DocumentError::Methods);
        }
        let named = |reference: &str| {
            let is = |method: &&Value<'_>| {
                let id = method.get("id").and_then(Value::as_str);
                id.is_some_and(|id| self.absolute(id) == self.absolute(reference))
            };
            known.iter().find(is)
        };
        let method = |entry: &Value<'_>| match entry.as_str() {
            Some(reference) => named(reference).and_then(Value::as_object).and_then(|own| self.key_of(own)),
            None => entry.as_object().and_then(|own| self.key_of(own)),
        };
        let mut keys: Vec<_> = asserting.iter().filter_map(method).collect();
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }

    /// A reference within the document may leave the DID out.
    fn absolute(&self, id: &str) -> String {
        if id.starts_with('#') { format!("{self}{id}") } else { id.to_owned() }
    }

    fn key_of(&self, method: &Object<'_>) -> Option<Multikey> {
        let text = |name: &str| method.get(name).and_then(Value::as_str);
        if text("controller") != Some(self.as_str()) {
            return None;
        }
        match text("type")? {
            "Multikey" | "Ed25519VerificationKey2020" => Multikey::parse(text("publicKeyMultibase")?).ok(),
            "JsonWebKey" | "JsonWebKey2020" => {
                let jwk = method.get("publicKeyJwk")?.as_object()?;
                let member = |name: &str| jwk.get(name).and_then(Value::as_str);
                if (member("kty"), member("crv")) != (Some("OKP"), Some("Ed25519")) {
                    return None;
                }
                let bytes = BASE64URL_NOPAD.decode(member("x")?.as_bytes()).ok()?;
                Some(Multikey::from_bytes(bytes.try_into().ok()?))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SigningKey;

    fn did() -> Did {
        Did::parse("did:web:refinery.example").unwrap()
    }

    fn key(seed: u8) -> Multikey {
        SigningKey::from_seed(&[seed; 32]).public()
    }

    #[test]
    fn the_document_is_where_the_did_says() {
        for (did, url) in [
            ("did:web:refinery.example", "https://refinery.example/.well-known/did.json"),
            ("did:web:registry.example:issuers:mine", "https://registry.example/issuers/mine/did.json"),
            ("did:web:localhost%3A8080:a", "https://localhost:8080/a/did.json"),
            ("did:web:localhost%3A8080", "https://localhost:8080/.well-known/did.json"),
        ] {
            assert_eq!(Did::parse(did).unwrap().document_url().as_deref(), Some(url));
        }
        assert_eq!(Did::of_key(&key(1)).document_url(), None);
    }

    #[test]
    fn a_key_counts_in_each_of_its_spellings_if_it_is_for_assertions() {
        let x = BASE64URL_NOPAD.encode(key(3).as_bytes());
        let document = format!(
            r##"{{"id":"did:web:refinery.example","x-more":[1.5,null],
              "verificationMethod":[
                {{"id":"did:web:refinery.example#a","type":"Multikey","controller":"did:web:refinery.example","publicKeyMultibase":"{}"}},
                {{"id":"#b","type":"Ed25519VerificationKey2020","controller":"did:web:refinery.example","publicKeyMultibase":"{}"}},
                {{"id":"#c","type":"JsonWebKey2020","controller":"did:web:refinery.example","publicKeyJwk":{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}}},
                {{"id":"#only-to-log-in","type":"Multikey","controller":"did:web:refinery.example","publicKeyMultibase":"{}"}},
                {{"id":"#p","type":"JsonWebKey2020","controller":"did:web:refinery.example","publicKeyJwk":{{"kty":"EC","crv":"P-256","x":"{x}"}}}},
                {{"id":"#else","type":"Multikey","controller":"did:web:other.example","publicKeyMultibase":"{}"}}],
              "assertionMethod":["#a","did:web:refinery.example#b","#c","#a","#p","#else","#none",
                {{"id":"#d","type":"Multikey","controller":"did:web:refinery.example","publicKeyMultibase":"{}"}}]}}"##,
            key(1),
            key(2),
            key(4),
            key(5),
            key(6),
        );
        let mut wanted = vec![key(1), key(2), key(3), key(6)];
        wanted.sort_unstable();
        assert_eq!(did().published_keys(document.as_bytes()), Ok(wanted));
    }

    #[test]
    fn what_is_no_document_of_the_did_is_refused() {
        let error = |text: &str| did().published_keys(text.as_bytes()).unwrap_err();
        assert!(matches!(error("<html>"), DocumentError::Json(_)));
        assert_eq!(error("[]"), DocumentError::Form);
        assert_eq!(error(r#"{"id":1}"#), DocumentError::Form);
        assert_eq!(error(r#"{"id":"did:web:refinery.example.evil.example"}"#), DocumentError::OtherDid);
        let many = vec!["\"#a\""; MOST_METHODS + 1].join(",");
        let text = format!(r#"{{"id":"did:web:refinery.example","assertionMethod":[{many}]}}"#);
        assert_eq!(error(&text), DocumentError::Methods);
        let none = did().published_keys(br#"{"id":"did:web:refinery.example","assertionMethod":"x"}"#);
        assert_eq!(none, Ok(Vec::new()), "no key is published");
    }
}
