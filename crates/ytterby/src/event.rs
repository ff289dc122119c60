//! What happened to a lot after it was certified, as bundles carry it: closings, changes of status and
//! admissions, each an entry with its place in a log. Implements proto-docs/status.md, "Before or after
//! the draw".

use std::borrow::Cow;

use ytterby_tlog::SignedCheckpoint;

use crate::digest::Digest;
use crate::entry::{Entry, EntryError};
use crate::json::{Value, canonical, write_value};
use crate::receipt::{ReceiptError, known_members, member, object, wrong_type};

/// An event in its JSON form, of which nothing is read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a>(Cow<'a, [u8]>);

/// What an event says. None of it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedEvent {
    /// The entry.
    pub entry: Entry,
    /// Where it is said to stand.
    pub proof: ytterby_tlog::Receipt,
    /// Digest of the text of the checkpoint with its signatures.
    pub(crate) checkpoint: Digest,
    /// Of an admission: a checkpoint that does not reach it, and the digest of its text.
    pub(crate) before: Option<(SignedCheckpoint, Digest)>,
}

impl<'a> Event<'a> {
    /// The event of an entry that a log holds; of an admission with a checkpoint of that log that is
    /// from before it.
    pub fn of(
        entry: &[u8],
        proof: &ytterby_tlog::Receipt,
        before: Option<&SignedCheckpoint>,
    ) -> Result<Event<'static>, EntryError> {
        let mut text = b"{".to_vec();
        if let Some(before) = before {
            text.extend_from_slice(b"\"before\":");
            write_value(&Value::String(before.to_string().into()), &mut text);
            text.push(b',');
        }
        text.extend_from_slice(b"\"entry\":");
        text.extend_from_slice(&Entry::parse(entry)?.to_bytes());
        text.extend_from_slice(b",\"proof\":");
        write_value(&Value::String(proof.to_string().into()), &mut text);
        text.push(b'}');
        Ok(Event(text.into()))
    }

    /// An event from a span of a text that was read strictly.
    pub(crate) fn of_span(span: &'a [u8]) -> Self {
        Event(span.into())
    }

    /// The JSON as it was read.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads what it says.
    pub fn open(&self) -> Result<OpenedEvent, ReceiptError> {
        let value = Value::parse(&self.0)?;
        let members = object(&value, "")?;
        known_members(members, &["before", "entry", "proof"])?;
        let entry = Entry::parse(&canonical(member(members, "entry")?))?;
        let Some(text) = member(members, "proof")?.as_str() else {
            return Err(wrong_type("proof", "it must be the text of a tlog-proof").into());
        };
        let proof = ytterby_tlog::Receipt::parse(text.as_bytes())?;
        let (_, checkpoint) = text.split_once("\n\n").unwrap_or_default();
        let before = match (members.get("before"), &entry) {
            (None, _) => None,
            (Some(Value::String(text)), Entry::Admission(_)) => {
                Some((SignedCheckpoint::parse(text.as_bytes())?, Digest::of(text.as_bytes())))
            }
            (Some(_), Entry::Admission(_)) => {
                return Err(wrong_type("before", "it must be the text of a checkpoint").into());
            }
            (Some(_), _) => return Err(wrong_type("before", "only an admission has it").into()),
        };
        Ok(OpenedEvent { entry, proof, checkpoint: Digest::of(checkpoint.as_bytes()), before })
    }
}
