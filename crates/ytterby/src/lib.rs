//! Signed, chained, exact certificates for rare-earth lots.
//!
//! This crate reads, judges and makes certificates. It has no clock, no randomness, no disk and no
//! network: bytes, trust and time are arguments, a report is the result.
//!
//! Start at [`verify()`] and [`admit()`]; the normative text is `proto-docs/`.

pub mod accreditation;
mod admit;
pub mod assay;
mod base58;
pub mod budget;
pub mod bundle;
pub mod carried;
pub mod certificate;
mod check;
pub mod decimal;
mod delivery;
pub mod did;
pub mod digest;
mod draft;
mod draft_help;
mod draft_place;
mod draws;
pub mod element;
pub mod entry;
pub mod event;
pub mod evidence;
mod external_id;
pub mod finding;
pub mod form;
pub mod json;
pub mod key;
pub mod ledger;
mod lineage;
pub mod lot;
pub mod masses;
pub mod portfolio;
pub mod profile;
pub mod proof;
pub mod receipt;
pub mod report;
mod report_json;
pub mod rules;
pub mod service_code;
pub mod statement;
pub mod status_list;
pub mod text;
pub mod time;
pub mod trust;
mod verify;
mod wide;
mod wire;

#[cfg(test)]
mod test_lot;

pub use admit::{Authority, InputLot, Inputs, Issue, Refusal, Unsigned, admit, admit_signed};
pub use bundle::Bundle;
pub use certificate::Certificate;
pub use draft::{Draft, DraftInput, Take};
pub use entry::Entry;
pub use evidence::Evidence;
pub use ledger::Ledger;
pub use portfolio::{Portfolio, PortfolioReport};
pub use receipt::Receipt;
pub use report::{Report, Verdict};
pub use report_json::{InputName, Run, unreadable_json};
pub use rules::{Facts, RulePack, Rules};
pub use trust::Trust;
pub use verify::{Question, StatusAge, lots_of, verify, verify_with};
pub use wire::{Country, Home, draft_schemas, published_schemas};
