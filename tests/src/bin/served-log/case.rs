//! One question to a peer.

use serde_json::{Value, json};
use ytterby_tlog::{AddCheckpoint, Receipt, SignedCheckpoint, VerifierKey};

use super::Failure;

/// A receipt and the entry that it is for.
#[derive(Clone)]
pub(crate) struct Proof {
    pub(crate) name: String,
    /// What is wrong with it, in one word; nothing if it is good.
    pub(crate) fault: &'static str,
    /// The key that the log is known by.
    pub(crate) key: VerifierKey,
    pub(crate) entry: String,
    /// The text of the receipt, which need not be one.
    pub(crate) text: String,
}

/// An older checkpoint and the request to cosign one that continues it.
#[derive(Clone)]
pub(crate) struct Growth {
    pub(crate) name: String,
    pub(crate) key: VerifierKey,
    pub(crate) old: String,
    pub(crate) request: String,
}

impl Proof {
    /// Whether we take it, with the checkpoint opened by the log's key.
    pub(crate) fn verify(&self) -> Result<(), Failure> {
        let receipt = Receipt::parse(self.text.as_bytes())?;
        let checkpoint = receipt.checkpoint().open(&self.key)?;
        Ok(receipt.verify_at(self.entry.as_bytes(), &checkpoint.head())?)
    }

    pub(crate) fn to_json(&self) -> Value {
        let key = self.key.to_string();
        json!({ "name": self.name, "fault": self.fault, "key": key, "entry": self.entry, "proof": self.text })
    }

    /// The same with a fault.
    pub(crate) fn with(&self, fault: &'static str, text: String) -> Self {
        Proof { name: format!("{}, {fault}", self.name), fault, text, ..self.clone() }
    }
}

impl Growth {
    /// Whether a witness that has seen the older checkpoint would cosign the newer one.
    pub(crate) fn verify(&self) -> Result<(), Failure> {
        let old = SignedCheckpoint::parse(self.old.as_bytes())?;
        AddCheckpoint::parse(self.request.as_bytes())?.judge([&self.key], &old.unverified().head())?;
        Ok(())
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "name": self.name, "old": self.old, "request": self.request })
    }
}
