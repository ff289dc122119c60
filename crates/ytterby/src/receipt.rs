//! Receipts as bundles carry them: an entry, and where in which log it stands.
//!
//! Held as the text they were read from and opened when they are looked at: beside a hundred
//! thousand certificates they must cost little. Implements proto-docs/registration.md, "Receipts".

use std::borrow::Cow;

use ytterby_tlog::ReceiptTextError;

use crate::digest::Digest;
use crate::entry::{CertificateEntry, Entry, EntryError};
use crate::json::{Misfit, MisfitKind, Object, ParseError, Value, canonical, write_value};

/// A receipt in its JSON form, of which nothing is read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt<'a>(Cow<'a, str>);

/// What a receipt says. None of it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The entry that a certificate is said to have in a log.
    pub entry: CertificateEntry,
    /// Where it is said to stand.
    pub proof: ytterby_tlog::Receipt,
    /// Digest of the text of the checkpoint with its signatures.
    pub(crate) checkpoint: Digest,
}

/// Why a text is no receipt of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// It is not strict JSON.
    #[error("not strict JSON: {0}")]
    Json(#[from] ParseError),
    /// It is JSON that breaks the form of a receipt.
    #[error("not a receipt: {0}")]
    Form(#[from] Misfit),
    /// The entry is none.
    #[error("the entry: {0}")]
    Entry(#[from] EntryError),
    /// The entry records something else than a certificate.
    #[error("the entry is not that of a certificate")]
    Kind,
    /// The proof is no `tlog-proof`.
    #[error("the proof: {0}")]
    Proof(#[from] ReceiptTextError),
}

impl<'a> Receipt<'a> {
    /// The receipt of an entry, in the bytes that it has in a bundle and in a registry's answer.
    /// `entry` are the bytes that the log holds.
    pub fn of(entry: &[u8], proof: &ytterby_tlog::Receipt) -> Result<Self, EntryError> {
        let entry = Entry::parse(entry)?.to_bytes();
        let mut text = b"{\"entry\":".to_vec();
        text.extend_from_slice(&entry);
        text.extend_from_slice(b",\"proof\":");
        write_value(&Value::String(proof.to_string().into()), &mut text);
        text.push(b'}');
        Ok(Receipt(String::from_utf8_lossy(&text).into_owned().into()))
    }

    /// A receipt from its JSON. Only that it is strict JSON is settled.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        Value::parse(bytes)?;
        Ok(Receipt::of_span(bytes))
    }

    /// A receipt from a span of a text that was read strictly.
    pub(crate) fn of_span(span: &'a [u8]) -> Self {
        Receipt(String::from_utf8_lossy(span))
    }

    /// The JSON as it was read.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The JSON in canonical form: what [`Receipt::of`] made it from.
    pub fn to_bytes(&self) -> Vec<u8> {
        Value::parse(self.0.as_bytes()).map_or_else(|_| Vec::new(), |value| canonical(&value))
    }

    /// The same receipt, borrowing nothing.
    pub fn into_owned(self) -> Receipt<'static> {
        Receipt(Cow::Owned(self.0.into_owned()))
    }

    /// Reads what it says.
    pub fn open(&self) -> Result<Opened, ReceiptError> {
        let value = Value::parse(self.0.as_bytes())?;
        let object = object(&value, "")?;
        known_members(object, &["entry", "fresh", "proof"])?;
        check_fresh(object.get("fresh"))?;
        let entry = member(object, "entry")?;
        let Entry::Certificate(entry) = Entry::parse(&canonical(entry))? else {
            return Err(ReceiptError::Kind);
        };
        let Some(text) = member(object, "proof")?.as_str() else {
            return Err(wrong_type("proof", "it must be the text of a tlog-proof").into());
        };
        let proof = ytterby_tlog::Receipt::parse(text.as_bytes())?;
        // A receipt prints as it was read: what follows the first empty line is the checkpoint.
        let (_, checkpoint) = text.split_once("\n\n").unwrap_or_default();
        Ok(Opened { entry, proof, checkpoint: Digest::of(checkpoint.as_bytes()) })
    }
}

/// A newer checkpoint of the log and the proof that it continues the receipt's. Its form is settled;
/// what it shows is not looked at by this version.
fn check_fresh(fresh: Option<&Value<'_>>) -> Result<(), Misfit> {
    let Some(fresh) = fresh else { return Ok(()) };
    let members = object(fresh, "fresh")?;
    let within = |misfit: Misfit| misfit.under("fresh");
    known_members(members, &["checkpoint", "consistency"]).map_err(within)?;
    if member(members, "checkpoint").map_err(within)?.as_str().is_none() {
        return Err(within(wrong_type("checkpoint", "it must be the text of a checkpoint")));
    }
    let hashes = member(members, "consistency").map_err(within)?.as_array();
    if hashes.is_none_or(|hashes| hashes.iter().any(|hash| hash.as_str().is_none())) {
        return Err(within(wrong_type("consistency", "it must be a list of hashes")));
    }
    Ok(())
}

fn object<'v, 'a>(value: &'v Value<'a>, place: &'static str) -> Result<&'v Object<'a>, Misfit> {
    let misfit = || Misfit::new(MisfitKind::WrongType, "it must be an object");
    value.as_object().ok_or_else(|| if place.is_empty() { misfit() } else { misfit().under(place) })
}

fn member<'v, 'a>(object: &'v Object<'a>, name: &'static str) -> Result<&'v Value<'a>, Misfit> {
    let missing = || Misfit::new(MisfitKind::MissingField, format!("{name} is missing")).under(name);
    object.get(name).ok_or_else(missing)
}

fn known_members(object: &Object<'_>, known: &[&str]) -> Result<(), Misfit> {
    match object.iter().find(|(name, _)| !known.contains(name)) {
        Some((name, _)) => {
            let text = "a member that a receipt does not have";
            Err(Misfit::new(MisfitKind::UnknownField, text).under(name.to_owned()))
        }
        None => Ok(()),
    }
}

fn wrong_type(name: &'static str, text: &'static str) -> Misfit {
    Misfit::new(MisfitKind::WrongType, text).under(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use ytterby_tlog::{Checkpoint, Hash, KeyName, NoteSigner, TreeHead};

    use super::*;

    fn entry() -> Vec<u8> {
        let entry = json!({
            "version": "1", "kind": "certificate", "certificate": Digest::of(b"ore").to_string(),
            "type": "OriginCertificate", "home": "registry.example/ree",
            "amounts": { "content": { "Nd": "1.5" } },
        });
        serde_json_canonicalizer::to_vec(&entry).unwrap()
    }

    fn proof() -> ytterby_tlog::Receipt {
        let origin = KeyName::parse("registry.example/ree").unwrap();
        let log = NoteSigner::from_seed(origin.clone(), &[1; 32]);
        let head = TreeHead { size: 1, root: Hash::of_leaf(&entry()) };
        ytterby_tlog::Receipt::new(0, vec![], Checkpoint::new(origin, head).sign(&log).unwrap())
    }

    #[test]
    fn receipts_are_written_once_and_read_as_they_were() {
        let receipt = Receipt::of(&entry(), &proof()).unwrap();
        let opened = receipt.open().unwrap();
        assert_eq!(Entry::Certificate(opened.entry.clone()).to_bytes(), entry());
        assert_eq!(opened.proof, proof());
        assert_eq!(opened.checkpoint, Digest::of(proof().checkpoint().to_string().as_bytes()));
        assert_eq!(receipt.to_bytes(), receipt.as_str().as_bytes(), "canonical");
        let value: serde_json::Value = serde_json::from_str(receipt.as_str()).unwrap();
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        let read = Receipt::parse(pretty.as_bytes()).unwrap();
        assert_eq!((read.open(), read.to_bytes()), (Ok(opened), receipt.to_bytes()));
        assert!(Receipt::of(b"{}", &proof()).is_err());
    }

    #[test]
    fn one_fault_each() {
        let good = Receipt::of(&entry(), &proof()).unwrap();
        let good: serde_json::Value = serde_json::from_str(good.as_str()).unwrap();
        let open = |value: &serde_json::Value| Receipt::parse(value.to_string().as_bytes()).unwrap().open();
        let place = |value: &serde_json::Value| match open(value) {
            Err(ReceiptError::Form(misfit)) => misfit.pointer(),
            other => panic!("{other:?}"),
        };
        for name in ["entry", "proof"] {
            let mut less = good.clone();
            less.as_object_mut().unwrap().remove(name);
            assert_eq!(place(&less), format!("/{name}"));
        }
        let fresh = json!({ "checkpoint": "…", "consistency": ["…"] });
        let with = |name: &str, value: serde_json::Value| {
            let mut with = good.clone();
            with[name] = value;
            with
        };
        assert!(open(&with("fresh", fresh.clone())).is_ok(), "its form is all that is looked at");
        for (wrong, at) in [
            (json!([]), ""),
            (with("note", json!("x")), "/note"),
            (with("proof", json!([])), "/proof"),
            (with("fresh", json!("x")), "/fresh"),
            (with("fresh", json!({ "checkpoint": "x" })), "/fresh/consistency"),
            (with("fresh", json!({ "consistency": [] })), "/fresh/checkpoint"),
            (with("fresh", json!({ "checkpoint": 1, "consistency": [] })), "/fresh/checkpoint"),
            (with("fresh", json!({ "checkpoint": "x", "consistency": [1] })), "/fresh/consistency"),
            (with("fresh", json!({ "checkpoint": "x", "consistency": [], "x": "" })), "/fresh/x"),
        ] {
            assert_eq!(place(&wrong), at, "{wrong}");
        }
        assert!(matches!(open(&with("proof", json!("x"))), Err(ReceiptError::Proof(_))));
        assert!(matches!(open(&with("entry", json!({}))), Err(ReceiptError::Entry(_))));
        let closing = json!({ "version": "1", "kind": "closing", "reason": "lost",
            "certificate": Digest::of(b"ore").to_string() });
        assert_eq!(open(&with("entry", closing)), Err(ReceiptError::Kind));
        assert!(Receipt::parse(b"{").is_err());
    }
}
