//! The checks: one question each, asked of one certificate with its parents at hand.
//!
//! The same code judges a certificate that is to be issued and one that was received; what one
//! lets in, the other accepts. Implements proto-docs/verification.md.

pub(crate) mod authority;
pub(crate) mod bounds;
pub(crate) mod checkpoints;
pub(crate) mod classification;
pub(crate) mod conservation;
pub(crate) mod content;
pub(crate) mod correction;
pub(crate) mod custody;
pub(crate) mod events;
pub(crate) mod mass;
pub(crate) mod proof;
pub(crate) mod registration;
pub(crate) mod reports;
pub(crate) mod split;
pub(crate) mod status;
pub(crate) mod time;

use jiff::Timestamp;

use crate::carried::Carried;
use crate::certificate::Claims;
use crate::digest::Digest;
use crate::finding::{Code, Finding};
use crate::lot::{Input, Lot};

/// A certificate whose lot is under judgement, and how to find what stands behind it.
pub(crate) struct Case<'c> {
    pub(crate) claims: &'c Claims,
    pub(crate) lot: &'c Lot,
    pub(crate) created: Timestamp,
    /// Where a receipt shows that it was logged.
    pub(crate) logged: Option<Logged>,
    /// The lot certificate of a digest, if it is known and of sound form.
    pub(crate) find: &'c dyn Fn(&Digest) -> Option<Known<'c>>,
}

/// A lot that was judged before.
#[derive(Clone, Copy)]
pub(crate) struct Known<'c> {
    pub(crate) claims: &'c Claims,
    pub(crate) lot: &'c Lot,
    pub(crate) created: Timestamp,
    /// Where a receipt shows that it was logged.
    pub(crate) logged: Option<Logged>,
    /// What is carried to its children; `None` when that could not be computed.
    pub(crate) carried: Option<&'c Carried>,
}

impl<'c> Case<'c> {
    /// The inputs whose certificates are known, with their positions.
    pub(crate) fn parents(&self) -> impl Iterator<Item = (usize, &'c Input, Known<'c>)> + '_ {
        let find = self.find;
        self.lot
            .inputs
            .iter()
            .enumerate()
            .filter_map(move |(at, input)| Some((at, input, find(&input.digest)?)))
    }
}

/// A certificate's place in a log, as a receipt has shown it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Logged {
    /// The registry's number in the trust file.
    pub(crate) registry: usize,
    pub(crate) index: u64,
    /// When a quorum had cosigned the receipt's checkpoint.
    pub(crate) at: Timestamp,
    /// How many of the witnesses that audit the log had.
    pub(crate) cosigned: usize,
    /// Up to where its log is known: by that checkpoint, or by a newer one that travels with it.
    pub(crate) known: UpTo,
}

/// How much of a log is known, and as of when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UpTo {
    /// Entries.
    pub(crate) size: u64,
    /// When a quorum had cosigned it.
    pub(crate) at: Timestamp,
}

impl UpTo {
    /// The larger size and the later time: the log only grows, so both hold together.
    pub(crate) fn max(self, other: UpTo) -> UpTo {
        UpTo { size: self.size.max(other.size), at: self.at.max(other.at) }
    }
}

/// What a check found.
#[derive(Default)]
pub(crate) struct Findings(pub(crate) Vec<Finding>);

impl Findings {
    pub(crate) fn add(&mut self, code: Code, pointer: impl Into<String>, text: impl Into<String>) {
        self.0.push(Finding::new(code, text).at(pointer));
    }
}

/// The pointer to a member of the subject.
pub(crate) fn subject(member: &str) -> String {
    format!("/credentialSubject/{member}")
}

/// The pointer to an input or a member of it.
pub(crate) fn input(at: usize, member: &str) -> String {
    let slash = if member.is_empty() { "" } else { "/" };
    format!("/credentialSubject/inputs/{at}{slash}{member}")
}
