//! A forge: signs what an honest issuer would not.

use serde_json::{Map, Value, json};
use ytterby::Certificate;
use ytterby::digest::Digest;
use ytterby::json::{Object, Value as Tree, canonical};
use ytterby::key::SigningKey;

use super::Asked;
use crate::book::Book;

/// The time that vectors are verified at.
pub const NOW: &str = "2026-11-24T12:00:00Z";
const SIGNED: &str = "2026-09-20T10:00:00Z";

/// Signs anything.
#[derive(Default)]
pub struct Forge {
    signed: u32,
    book: Book,
}

/// A secured document and what identifies it.
#[derive(Clone)]
pub struct Signed {
    /// The document.
    pub value: Value,
}

/// A bundle and what it is verified with.
pub(crate) struct Made {
    pub(crate) asked: Asked,
    pub(crate) bundle: Value,
}

impl Signed {
    pub(crate) fn id(&self) -> &str {
        self.value["id"].as_str().unwrap_or_default()
    }

    pub(crate) fn digest(&self) -> String {
        Digest::of(&canonical_bytes(&self.value)).to_string()
    }

    pub(crate) fn content(&self, element: &str) -> Value {
        self.value["credentialSubject"]["content"][element].clone()
    }

    /// What the library reads it as.
    pub fn certificate(&self) -> Certificate<'static> {
        let text = self.value.to_string();
        Certificate::parse(text.as_bytes()).expect("a certificate").into_owned()
    }

    /// The same, altered after signing.
    pub(crate) fn altered(&self, pointer: &str, value: Value) -> Signed {
        let mut altered = self.clone();
        set(&mut altered.value, pointer, value);
        altered
    }
}

impl Forge {
    /// The signing key of a company.
    pub fn key(&mut self, company: &str) -> SigningKey {
        self.book.key(company)
    }

    /// An honest origin: a tonne of mixed carbonate with 10 % Nd2O3, 3 % Pr6O11, Dy2O3 below 0.01 %.
    pub fn ore(&mut self) -> Signed {
        self.sign("OriginCertificate", ore())
    }

    /// An honest separation: 80 kg of Nd oxide.
    pub fn oxide(&mut self, ore: &Signed) -> Signed {
        self.sign("ProcessingCertificate", oxide(ore))
    }

    /// An honest transfer of all of a lot to the buyer.
    pub fn sale(&mut self, lot: &Signed) -> Signed {
        self.sign("TransferCertificate", sale(lot))
    }

    /// Signs a subject for the refinery.
    pub fn sign(&mut self, kind: &str, subject: Value) -> Signed {
        self.sign_document("refinery", SIGNED, self.document(kind, subject))
    }

    /// Signs a subject for a company at a time.
    pub fn sign_as(&mut self, company: &str, created: &str, kind: &str, subject: Value) -> Signed {
        let mut document = self.document(kind, subject);
        document["issuer"] = json!({ "id": Book::did(company).as_str() });
        document["validFrom"] = json!(created);
        self.sign_document(company, created, document)
    }

    /// A document that is not signed yet.
    pub fn document(&self, kind: &str, subject: Value) -> Value {
        json!({
            "@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/ytterby/v1"],
            "id": format!("urn:uuid:00000000-0000-4000-8000-{:012x}", self.signed + 1),
            "type": ["VerifiableCredential", kind],
            "issuer": { "id": Book::did("refinery").as_str() },
            "validFrom": SIGNED,
            "credentialSubject": subject,
        })
    }

    /// Signs any document with the key of a company.
    pub fn sign_document(&mut self, company: &str, created: &str, document: Value) -> Signed {
        let key = self.key(company);
        let did = Book::did(company);
        let config = json!({
            "created": created,
            "proofPurpose": "assertionMethod",
            "verificationMethod": did.method(&key.public()),
        });
        self.sign_with(&key, config, document)
    }

    /// Signs any document with any configuration.
    pub fn sign_with(&mut self, key: &SigningKey, config: Value, document: Value) -> Signed {
        self.signed += 1;
        let secured = ytterby::proof::sign(tree(&document), tree(&config), key);
        let bytes = canonical(&Tree::Object(secured));
        Signed { value: serde_json::from_slice(&bytes).expect("canonical JSON") }
    }

    /// A bundle about its last certificate, with the usual trust.
    pub(crate) fn bundle(&mut self, certificates: &[&Signed]) -> Made {
        let subject: Vec<String> = certificates.last().iter().map(|last| last.digest()).collect();
        let bundle = json!({
            "bundle": "ytterby.bundle/1",
            "subject": subject,
            "certificates": certificates.iter().map(|signed| &signed.value).collect::<Vec<_>>(),
        });
        Made { asked: self.asked(), bundle }
    }

    /// The usual trust: the refinery is pinned, nothing that is not checked is required.
    pub(crate) fn asked(&mut self) -> Asked {
        let key = self.key("refinery").public();
        let trust = format!(
            "version = 1\nname = \"vectors\"\n[[issuer]]\ndid = \"did:web:refinery.example\"\nkeys = [\"{key}\"]\n\
             [require]\nregistration = false\nstatus = false\n"
        );
        Asked {
            trust: Some(trust),
            at: NOW,
            lot: None,
            mass: None,
            budget: None,
            signatures: None,
            rules: None,
        }
    }
}

impl Made {
    /// With more in the trust file, which requires registration.
    pub(crate) fn requiring(self, logs: &str) -> Self {
        let more = format!("registration = true\nstatus = false\n{logs}");
        self.trusting("registration = false\nstatus = false\n", &more)
    }

    /// With something else in the trust file.
    pub(crate) fn trusting(mut self, from: &str, to: &str) -> Self {
        self.asked.trust = self.asked.trust.map(|trust| trust.replace(from, to));
        self
    }
}

fn facility() -> Value {
    json!({ "id": "urn:gln:9521321000010", "name": "Example Refinery", "country": "MY" })
}

/// The subject of an honest origin.
pub(crate) fn ore() -> Value {
    json!({
        "home": "registry.example/ree",
        "holder": "did:web:refinery.example",
        "lotNumber": "MREC-0001",
        "product": "mixed carbonate",
        "form": "mixed-compound",
        "netMass": "1000.000",
        "assay": {
            "massBasis": "as-received",
            "percentBasis": "of-mass",
            "components": [
                { "oxide": "Nd2O3", "percent": "10" },
                { "oxide": "Pr6O11", "percent": "3" },
                { "oxide": "Dy2O3", "below": "0.01" },
            ],
        },
        "content": { "Nd": "85.7356", "Pr": "24.83112" },
        "source": "mined",
        "origin": { "country": "AU" },
        "facility": facility(),
        "period": { "from": "2026-08-01", "to": "2026-08-20" },
        "custodyModel": "segregated",
    })
}

/// The subject of an honest separation: 80 kg of oxide, all of it Nd2O3.
pub(crate) fn oxide(ore: &Signed) -> Value {
    json!({
        "home": "registry.example/ree",
        "holder": "did:web:refinery.example",
        "lotNumber": "ND-0001",
        "product": "Nd oxide",
        "form": "oxide",
        "netMass": "80",
        "assay": {
            "massBasis": "as-received",
            "percentBasis": "of-mass",
            "components": [{ "oxide": "Nd2O3", "percent": "100" }],
        },
        "content": { "Nd": "68.58848" },
        "step": "separation",
        "contentFrom": "assay",
        "facility": facility(),
        "period": { "from": "2026-08-21", "to": "2026-09-10" },
        "custodyModel": "segregated",
        "inputs": [input(ore, json!({ "Nd": "68.58848" }))],
    })
}

/// The subject of an honest transfer of all of a lot.
pub(crate) fn sale(lot: &Signed) -> Value {
    let of = |name: &str| lot.value["credentialSubject"][name].clone();
    json!({
        "home": "registry.example/ree",
        "holder": "did:web:buyer.example",
        "lotNumber": of("lotNumber"),
        "product": of("product"),
        "form": of("form"),
        "netMass": of("netMass"),
        "content": of("content"),
        "kind": "sale",
        "to": { "id": "did:web:buyer.example", "name": "Buyer" },
        "dispatchDate": "2026-09-15",
        "destination": "DE",
        "inputs": [input(lot, of("content"))],
    })
}

/// A draw on a lot.
pub(crate) fn input(lot: &Signed, draws: Value) -> Value {
    json!({ "lot": lot.id(), "digestMultibase": lot.digest(), "draws": draws })
}

/// Sets the value at a pointer; the last part may be new, and `-` appends to a list.
pub fn set(value: &mut Value, pointer: &str, new: Value) {
    let (parent, last) = pointer.rsplit_once('/').expect("a pointer");
    match value.pointer_mut(parent).expect("a place in the document") {
        Value::Object(members) => {
            members.insert(last.replace("~1", "/"), new);
        }
        Value::Array(items) if last == "-" => items.push(new),
        Value::Array(items) => items[last.parse::<usize>().expect("an index")] = new,
        _ => panic!("{parent} holds nothing"),
    }
}

/// Takes the member at a pointer out.
pub fn unset(value: &mut Value, pointer: &str) {
    let (parent, last) = pointer.rsplit_once('/').expect("a pointer");
    value
        .pointer_mut(parent)
        .and_then(Value::as_object_mut)
        .map(|members: &mut Map<_, _>| members.remove(last));
}

fn canonical_bytes(value: &Value) -> Vec<u8> {
    canonical(&Tree::Object(tree(value)))
}

fn tree(value: &Value) -> Object<'static> {
    let text = value.to_string();
    match Tree::parse(text.as_bytes()).expect("strict JSON").into_owned() {
        Tree::Object(object) => object,
        _ => panic!("an object is signed"),
    }
}
