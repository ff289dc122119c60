//! The proof layer of `ytterby` behind the VC-API routes that public W3C test suites call, for *any*
//! Verifiable Credential 2.0 and not only for certificates.
//!
//! It signs whatever well-formed credential it is sent, with a key whose seed stands in this file: a
//! signing oracle, for tests and nothing else. No product crate depends on it.
//!
//! What VCDM 2.0 asks of a credential is checked by hand, one module for each noun; a credential that
//! breaks a rule is answered with the first broken rule and its place. See the README for what is
//! not checked.

mod context;
mod credential;
mod http;
mod language;
mod multibase;
mod place;
mod presentation;
mod problem;
mod proofs;
mod stamp;
mod url;

use jiff::Timestamp;
use ytterby::did::Did;
use ytterby::key::SigningKey;

pub use http::{MAX_BODY, router};
pub use problem::{Kind, Problem};

/// The seed of the one signing key. It is public on purpose: whatever it has signed proves nothing.
const PUBLIC_TEST_SEED: [u8; 32] = *b"public test seed, proves nothing";

/// The adapter: its key and the time it believes in.
#[derive(Debug, Clone)]
pub struct Adapter {
    key: SigningKey,
    now: fn() -> Timestamp,
}

impl Adapter {
    /// An adapter that takes the time from `now`.
    pub fn new(now: fn() -> Timestamp) -> Self {
        Adapter { key: SigningKey::from_seed(&PUBLIC_TEST_SEED), now }
    }

    /// The issuer that the adapter signs as, a `did:key`.
    pub fn issuer(&self) -> String {
        format!("did:key:{}", self.key.public())
    }

    /// The verification method in the proofs it makes.
    fn method(&self) -> String {
        let did = self.issuer();
        Did::parse(&did).map_or(did, |did| did.method(&self.key.public()))
    }
}
