//! Statuses, halting, and what is behind or after a certificate: what a recall needs.

use ytterby::digest::Digest;
use ytterby::form::StatusPurpose;

/// A change of status of some certificates, all or none of them.
#[derive(Debug, Clone)]
pub struct StatusChange {
    /// Whose status changes, each once.
    pub certificates: Vec<Digest>,
    /// Which status.
    pub purpose: StatusPurpose,
    /// On, or off again: only a suspension is ever lifted.
    pub value: bool,
    /// Why, for people.
    pub reason: String,
    /// Who did it: a DID, or the public id of an administrator's key.
    pub by: String,
    /// When, `YYYY-MM-DDThh:mm:ssZ`.
    pub at: String,
    /// How many changes the one certificate must have seen until now; of several nothing is asked.
    pub expected: Option<u64>,
}

/// One change that a certificate has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusEvent {
    /// The index of its entry.
    pub index: u64,
    /// Which status.
    pub purpose: StatusPurpose,
    /// On or off.
    pub value: bool,
    /// Why.
    pub reason: String,
    /// Who did it; empty if that was lost with a database.
    pub by: String,
    /// When.
    pub at: String,
}

/// The bits of one status list that are set, as of a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusBits {
    /// Size of the log up to which they hold.
    pub size: u64,
    /// The log indices of the certificates whose status is on, rising.
    pub set: Vec<u64>,
}

/// Which way to go from a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To what it draws on, and what that draws on.
    Behind,
    /// To what draws on it, and what draws on that.
    After,
}

/// Some of the certificates behind or after one, in the order they were registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kin {
    /// How many there are in all.
    pub total: usize,
    /// Digest and label of those of this page. What was recovered without its bytes has an empty label.
    pub page: Vec<(Digest, String)>,
    /// Where the next page begins, if there is one.
    pub next: Option<crate::Cursor>,
}
