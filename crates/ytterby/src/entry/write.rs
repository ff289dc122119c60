//! From an entry to its bytes.

use std::fmt::Display;

use super::{CertificateEntry, Draw, Entry};
use crate::decimal::kilograms;
use crate::form::{CloseReason, EntryKind};
use crate::json::{Object, Value, canonical};
use crate::masses::Masses;

impl Entry {
    /// The bytes that a log holds: canonical JSON, at most [`MAX_ENTRY`](super::MAX_ENTRY) of them.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Entry::Certificate(entry) => certificate(entry),
            Entry::Admission(admission) => finished(
                EntryKind::Admission,
                [
                    ("certificate", text(admission.certificate)),
                    ("home", text(&admission.home)),
                    ("amounts", object([("content", amounts(&admission.content))])),
                    ("from", object([("origin", text(&admission.from)), ("index", text(admission.index))])),
                ],
            ),
            Entry::Closing(closing) => finished(
                EntryKind::Closing,
                [("certificate", text(closing.certificate)), ("reason", text(closing.reason))],
            ),
            Entry::Status(change) => finished(
                EntryKind::Status,
                [
                    ("certificate", text(change.certificate)),
                    ("purpose", text(change.purpose)),
                    ("value", text(u8::from(change.value))),
                ],
            ),
        }
    }
}

pub(super) fn certificate(entry: &CertificateEntry) -> Vec<u8> {
    let mut members = vec![
        ("certificate", text(entry.certificate)),
        ("type", text(entry.kind)),
        ("home", text(&entry.home)),
    ];
    if let Some(lot) = &entry.lot {
        let mut held = vec![("content", amounts(&lot.content))];
        if !lot.draws.is_empty() {
            held.push(("draws", Value::Array(lot.draws.iter().map(draw).collect())));
        }
        members.push(("amounts", object(held)));
        if lot.delivered {
            members.push(("closed", text(CloseReason::Delivered)));
        }
    }
    finished(EntryKind::Certificate, members)
}

fn draw(draw: &Draw) -> Value<'static> {
    object([
        ("lot", text(draw.lot)),
        ("seq", text(draw.seq)),
        ("amount", amounts(&draw.amount)),
        ("cumulative", amounts(&draw.cumulative)),
    ])
}

fn finished(kind: EntryKind, members: impl IntoIterator<Item = (&'static str, Value<'static>)>) -> Vec<u8> {
    canonical(&object([("version", text(1)), ("kind", text(kind))].into_iter().chain(members)))
}

fn object(members: impl IntoIterator<Item = (&'static str, Value<'static>)>) -> Value<'static> {
    let mut object = Object::default();
    for (name, value) in members {
        object.insert(name, value);
    }
    Value::Object(object)
}

fn amounts(masses: &Masses) -> Value<'static> {
    object(masses.iter().map(|(element, mg)| (element.symbol(), Value::String(kilograms(mg).into()))))
}

fn text(value: impl Display) -> Value<'static> {
    Value::String(value.to_string().into())
}
