//! Receipts as bundles carry them: an entry, and where in which log it stands.
//!
//! Held as the text they were read from and opened when they are looked at: beside a hundred
//! thousand certificates they must cost little. Implements proto-docs/registration.md, "Receipts".

use std::borrow::Cow;

use ytterby_tlog::{CheckpointError, Hash, ReceiptTextError, SignedCheckpoint};

use crate::digest::Digest;
use crate::entry::{CertificateEntry, Entry, EntryError};
use crate::json::{Misfit, MisfitKind, Object, ParseError, Value, canonical, write_value};

/// Most hashes in a consistency proof: as many as a witness is sent.
const MAX_CONSISTENCY: usize = 63;

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
    /// The newer checkpoint that travels beside it, if one does.
    pub fresh: Option<Fresh>,
}

/// A newer checkpoint of the receipt's log, and what is to show that it continues the receipt's. It
/// serves freshness alone: how much is known of the log, and since when. None of it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh {
    /// The checkpoint, signed and cosigned.
    pub checkpoint: SignedCheckpoint,
    /// The consistency proof from the tree of the receipt's checkpoint to that of this one.
    pub consistency: Vec<Hash>,
    /// Digest of the text of the checkpoint with its signatures.
    pub(crate) digest: Digest,
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
    /// What is to be a newer checkpoint is none.
    #[error("the newer checkpoint: {0}")]
    Fresh(#[from] CheckpointError),
}

impl<'a> Receipt<'a> {
    /// The receipt of an entry, in the bytes that it has in a bundle and in a registry's answer.
    /// `entry` are the bytes that the log holds.
    pub fn of(entry: &[u8], proof: &ytterby_tlog::Receipt) -> Result<Self, EntryError> {
        Ok(Receipt::written(&Entry::parse(entry)?, None, proof))
    }

    /// The same receipt with a newer checkpoint of its log, in the place of one that is there.
    /// `consistency` is the proof from the tree of the receipt's own checkpoint to that of the newer
    /// one, at most 63 hashes. Nothing else changes: entry and proof stay as they are.
    pub fn with_fresh(
        &self,
        checkpoint: &SignedCheckpoint,
        consistency: &[Hash],
    ) -> Result<Receipt<'static>, ReceiptError> {
        let Opened { entry, proof, .. } = self.open()?;
        let hashes = consistency.iter().map(|hash| Value::String(hash.to_string().into())).collect();
        let mut fresh = Object::default();
        fresh.insert("checkpoint", Value::String(checkpoint.to_string().into()));
        fresh.insert("consistency", Value::Array(hashes));
        let fresh = Value::Object(fresh);
        read_fresh(&fresh)?;
        Ok(Receipt::written(&Entry::Certificate(entry), Some(&fresh), &proof))
    }

    /// The text with its members in canonical order.
    fn written(entry: &Entry, fresh: Option<&Value<'_>>, proof: &ytterby_tlog::Receipt) -> Receipt<'static> {
        let mut text = b"{\"entry\":".to_vec();
        text.extend_from_slice(&entry.to_bytes());
        if let Some(fresh) = fresh {
            text.extend_from_slice(b",\"fresh\":");
            write_value(fresh, &mut text);
        }
        text.extend_from_slice(b",\"proof\":");
        write_value(&Value::String(proof.to_string().into()), &mut text);
        text.push(b'}');
        Receipt(String::from_utf8_lossy(&text).into_owned().into())
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

    /// The JSON in canonical form: what [`Receipt::of`] and [`Receipt::with_fresh`] make.
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
        let fresh = object.get("fresh").map(read_fresh).transpose()?;
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
        Ok(Opened { entry, proof, checkpoint: Digest::of(checkpoint.as_bytes()), fresh })
    }
}

/// A newer checkpoint and the proof that it continues the receipt's.
fn read_fresh(fresh: &Value<'_>) -> Result<Fresh, ReceiptError> {
    let members = object(fresh, "fresh")?;
    let within = |misfit: Misfit| misfit.under("fresh");
    known_members(members, &["checkpoint", "consistency"]).map_err(within)?;
    let Some(text) = member(members, "checkpoint").map_err(within)?.as_str() else {
        return Err(within(wrong_type("checkpoint", "it must be the text of a checkpoint")).into());
    };
    let hash = |value: &Value<'_>| Hash::parse(value.as_str()?).ok();
    let hashes = member(members, "consistency").map_err(within)?.as_array();
    let hashes = hashes.filter(|hashes| hashes.len() <= MAX_CONSISTENCY);
    let Some(consistency) = hashes.and_then(|hashes| hashes.iter().map(hash).collect()) else {
        let text = format!("it must be a list of at most {MAX_CONSISTENCY} hashes");
        return Err(within(Misfit::new(MisfitKind::WrongType, text).under("consistency")).into());
    };
    let checkpoint = SignedCheckpoint::parse(text.as_bytes())?;
    Ok(Fresh { checkpoint, consistency, digest: Digest::of(text.as_bytes()) })
}

pub(crate) fn object<'v, 'a>(value: &'v Value<'a>, place: &'static str) -> Result<&'v Object<'a>, Misfit> {
    let misfit = || Misfit::new(MisfitKind::WrongType, "it must be an object");
    value.as_object().ok_or_else(|| if place.is_empty() { misfit() } else { misfit().under(place) })
}

pub(crate) fn member<'v, 'a>(object: &'v Object<'a>, name: &'static str) -> Result<&'v Value<'a>, Misfit> {
    let missing = || Misfit::new(MisfitKind::MissingField, format!("{name} is missing")).under(name);
    object.get(name).ok_or_else(missing)
}

pub(crate) fn known_members(object: &Object<'_>, known: &[&str]) -> Result<(), Misfit> {
    match object.iter().find(|(name, _)| !known.contains(name)) {
        Some((name, _)) => {
            let text = "a member that a receipt does not have";
            Err(Misfit::new(MisfitKind::UnknownField, text).under(name.to_owned()))
        }
        None => Ok(()),
    }
}

pub(crate) fn wrong_type(name: &'static str, text: &'static str) -> Misfit {
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
    fn a_newer_checkpoint_changes_nothing_else() {
        let first = Receipt::of(&entry(), &proof()).unwrap();
        let fresh = first.with_fresh(proof().checkpoint(), &[]).unwrap();
        assert_eq!(fresh.to_bytes(), fresh.as_str().as_bytes(), "canonical");
        let opened = fresh.open().unwrap();
        let Some(Fresh { checkpoint, consistency, digest }) = &opened.fresh else {
            panic!("none");
        };
        assert_eq!((checkpoint, &consistency[..]), (proof().checkpoint(), &[][..]));
        assert_eq!(*digest, opened.checkpoint, "of one text");
        assert_eq!(Opened { fresh: None, ..opened.clone() }, first.open().unwrap());
        let again = fresh.with_fresh(proof().checkpoint(), &[Hash::EMPTY_ROOT]).unwrap();
        assert_eq!(again.open().unwrap().fresh.unwrap().consistency, [Hash::EMPTY_ROOT], "in its place");
        assert!(first.with_fresh(proof().checkpoint(), &[Hash::EMPTY_ROOT; 64]).is_err());
        assert!(Receipt::parse(b"{}").unwrap().with_fresh(proof().checkpoint(), &[]).is_err());
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
        let with = |name: &str, value: serde_json::Value| {
            let mut with = good.clone();
            with[name] = value;
            with
        };
        let text = proof().checkpoint().to_string();
        let fresh = |consistency: serde_json::Value| {
            with("fresh", json!({ "checkpoint": text, "consistency": consistency }))
        };
        let hash = Hash::EMPTY_ROOT.to_string();
        assert!(open(&fresh(json!(vec![hash.clone(); 63]))).is_ok());
        for (wrong, at) in [
            (json!([]), ""),
            (with("note", json!("x")), "/note"),
            (with("proof", json!([])), "/proof"),
            (with("fresh", json!("x")), "/fresh"),
            (with("fresh", json!({ "checkpoint": "x" })), "/fresh/consistency"),
            (with("fresh", json!({ "consistency": [] })), "/fresh/checkpoint"),
            (with("fresh", json!({ "checkpoint": 1, "consistency": [] })), "/fresh/checkpoint"),
            (fresh(json!("x")), "/fresh/consistency"),
            (fresh(json!([1])), "/fresh/consistency"),
            (fresh(json!([hash.replace('=', "")])), "/fresh/consistency"),
            (fresh(json!([hash.replace('+', "-").replace('/', "_")])), "/fresh/consistency"),
            (fresh(json!(vec![hash.clone(); 64])), "/fresh/consistency"),
            (with("fresh", json!({ "checkpoint": "x", "consistency": [], "x": "" })), "/fresh/x"),
        ] {
            assert_eq!(place(&wrong), at, "{wrong}");
        }
        let none = with("fresh", json!({ "checkpoint": "x", "consistency": [] }));
        assert!(matches!(open(&none), Err(ReceiptError::Fresh(_))));
        assert!(matches!(open(&with("proof", json!("x"))), Err(ReceiptError::Proof(_))));
        assert!(matches!(open(&with("entry", json!({}))), Err(ReceiptError::Entry(_))));
        let closing = json!({ "version": "1", "kind": "closing", "reason": "lost",
            "certificate": Digest::of(b"ore").to_string() });
        assert_eq!(open(&with("entry", closing)), Err(ReceiptError::Kind));
        assert!(Receipt::parse(b"{").is_err());
    }
}
