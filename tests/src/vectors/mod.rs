//! Our own test vectors: one fault each, generated here, committed under `proto-docs/vectors`.

mod accreditation;
mod attestations;
mod faults;
mod findings;
mod forge;
mod masses;
mod proofs;
mod registration;
mod reports;
mod rules;
mod screening;
mod status;
mod steps;

use serde_json::{Value, json};

pub use accreditation::accreditation;
pub use findings::document as findings_document;
pub use screening::{Exchange, screening};
pub use steps::{contents, intermediate};

pub use forge::{Forge, NOW, Signed, set, unset};

/// A vector: a bundle with one fault, what it is verified with, and the whole set of expected codes.
pub struct Vector {
    /// File name without ending: the code, then what the fault is.
    pub name: &'static str,
    /// What the fault is, in a sentence.
    pub comment: String,
    /// The exact set of codes.
    pub expect: Vec<&'static str>,
    /// What else differs from the usual question.
    pub asked: Asked,
    /// The input.
    pub bundle: Value,
}

/// Trust, time and question.
#[derive(Clone)]
pub struct Asked {
    /// The trust file; none at all if `None`.
    pub trust: Option<String>,
    /// The time asked about.
    pub at: &'static str,
    /// The lot asked about.
    pub lot: Option<&'static str>,
    /// The mass asked about.
    pub mass: Option<&'static str>,
    /// The budget of certificates and draws.
    pub budget: Option<(usize, usize)>,
    /// The budget of signatures on checkpoints.
    pub signatures: Option<usize>,
    /// A rule pack that is asked.
    pub rules: Option<&'static str>,
}

impl Vector {
    /// The vector as a file.
    pub fn to_json(&self) -> Value {
        let mut file = json!({
            "comment": self.comment,
            "expect": self.expect,
            "at": self.asked.at,
            "bundle": self.bundle,
        });
        if let Some(trust) = &self.asked.trust {
            file["trust"] = json!(trust);
        }
        if let Some(lot) = self.asked.lot {
            file["lot"] = json!(lot);
        }
        if let Some(mass) = self.asked.mass {
            file["mass"] = json!(mass);
        }
        if let Some(rules) = self.asked.rules {
            file["rules"] = json!(rules);
        }
        if let Some((certificates, draws)) = self.asked.budget {
            file["budget"] = json!({ "certificates": certificates, "draws": draws });
        }
        if let Some(signatures) = self.asked.signatures {
            file["budget"]["signatures"] = json!(signatures);
        }
        file
    }
}

/// Declares vectors: the comment of each becomes the comment in its file.
macro_rules! vectors {
    ($($(#[doc = $doc:literal])+ $name:literal [$($code:literal),*] |$forge:ident| $body:block)+) => {
        /// The vectors of this module.
        pub(crate) fn all() -> Vec<crate::vectors::Vector> {
            vec![$({
                let mut forge = crate::vectors::Forge::default();
                let made: crate::vectors::forge::Made = {
                    let $forge = &mut forge;
                    $body
                };
                crate::vectors::Vector {
                    name: $name,
                    comment: [$($doc),+].map(str::trim).join(" "),
                    expect: vec![$($code),*],
                    asked: made.asked,
                    bundle: made.bundle,
                }
            }),+]
        }
    };
}
pub(crate) use vectors;

/// Every vector.
pub fn all() -> Vec<Vector> {
    let mut all = proofs::all();
    all.extend(faults::all());
    all.extend(registration::all());
    all.extend(status::all());
    all.extend(masses::all());
    all.extend(rules::all());
    all.extend(attestations::all());
    all.extend(reports::all());
    all.extend(accreditation::all());
    all
}
