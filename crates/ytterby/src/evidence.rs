//! Evidence: what a log has signed and no log may sign, in a file that anybody can judge.
//!
//! Whoever accuses chooses what to show. So nothing here depends on an entry that is not shown: an
//! honest log cannot be framed by leaving some out. Implements proto-docs/monitoring.md, "Evidence".

#[cfg(test)]
mod framing;
mod kind;
mod read;
mod rules;

use std::fmt;

use ytterby_tlog::{
    Checkpoint, Hash, KeyName, ReceiptTextError, SignatureError, SignedCheckpoint, TreeHead, VerifierKey,
    verify_consistency,
};

use crate::entry::{Entry, EntryError};
use crate::json::{Misfit, ParseError, Value, write_value};
use crate::key::Multikey;
use crate::status_list::{StatusList, StatusListError};
use crate::trust::Trust;
use crate::wire::Home;

pub use kind::Kind;

/// Whose signatures are known.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// Of logs and of witnesses.
    pub notes: Vec<VerifierKey>,
    /// Of status lists, by the origin of the log that they are about.
    pub status: Vec<(Home, Multikey)>,
}

/// Evidence against a log or a witness. Nothing of it is proven until it is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    kind: Kind,
    shown: Shown,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shown {
    Statements(Vec<Statement>),
    Fork(Box<Fork>),
    List(Box<SignedList>, Vec<Statement>),
}

/// A status list, in the bytes that it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SignedList {
    list: StatusList,
    bytes: Vec<u8>,
}

/// That a log holds an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    entry: Entry,
    bytes: Vec<u8>,
    proof: ytterby_tlog::Receipt,
}

/// Two checkpoints of one origin that no history has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    checkpoints: [SignedCheckpoint; 2],
    grown: Option<(Hash, Vec<Hash>)>,
}

/// What evidence proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// Which fault.
    pub kind: Kind,
    /// The keys that signed it: each of them is at fault, unless `one_of`.
    pub accused: Vec<VerifierKey>,
    /// Whether it is only shown that one of the accused is at fault.
    pub one_of: bool,
    /// What was done, in a sentence.
    pub text: String,
}

/// Why bytes are no evidence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// They are not strict JSON.
    #[error("not strict JSON: {0}")]
    Json(#[from] ParseError),
    /// They are JSON of another form.
    #[error("not evidence: {0}")]
    Form(#[from] Misfit),
    /// A status list is none, or is not signed as it says.
    #[error("the status list: {0}")]
    List(#[from] StatusListError),
    /// An entry that is stated is none.
    #[error("statement {at}: the entry: {error}")]
    Entry {
        /// The number of the statement, from 0.
        at: usize,
        /// What is wrong with it.
        error: EntryError,
    },
    /// A proof is no `tlog-proof`.
    #[error("statement {at}: the proof: {error}")]
    Proof {
        /// The number of the statement, from 0.
        at: usize,
        /// What is wrong with it.
        error: ReceiptTextError,
    },
}

/// Why evidence proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// No key of the log is known.
    #[error("no key of the log {0} is known")]
    UnknownLog(KeyName),
    /// The status list is signed by no key that is known for its log.
    #[error("the key of the status list is not known for the log {0}")]
    UnknownStatusKey(Home),
    /// A checkpoint is not signed as it must be.
    #[error("the checkpoint of {origin}: {error}")]
    Signature {
        /// Its origin.
        origin: KeyName,
        /// What is wrong.
        error: SignatureError,
    },
    /// A statement's proof does not lead to the root that was signed.
    #[error("statement {at}: {error}")]
    Inclusion {
        /// The number of the statement, from 0.
        at: usize,
        /// What is wrong.
        error: ytterby_tlog::ProofError,
    },
    /// The two checkpoints have no known signer in common.
    #[error("no known key has signed both checkpoints")]
    NoSigner,
    /// The kind is not shown by what is stated.
    #[error("what is shown breaks no rule: {0}")]
    Harmless(&'static str),
}

impl Keys {
    /// The keys of a trust file.
    pub fn of(trust: &Trust) -> Self {
        let logs = trust.registries.iter().map(|registry| registry.key.clone());
        let witnesses = trust.witnesses.iter().map(|witness| witness.key.clone());
        let status = trust
            .registries
            .iter()
            .flat_map(|registry| registry.status_keys.iter().map(|key| (registry.origin.clone(), *key)));
        Keys { notes: logs.chain(witnesses).collect(), status: status.collect() }
    }
}

impl Evidence {
    /// Reads evidence.
    pub fn parse(bytes: &[u8]) -> Result<Self, EvidenceError> {
        read::evidence(&Value::parse(bytes)?)
    }

    /// Evidence of a kind from statements.
    pub fn stating(kind: Kind, statements: Vec<Statement>) -> Self {
        Evidence { kind, shown: Shown::Statements(statements) }
    }

    /// Evidence of a split view.
    pub fn forked(fork: Fork) -> Self {
        Evidence { kind: Kind::SplitView, shown: Shown::Fork(Box::new(fork)) }
    }

    /// Evidence against a status list: the registration of a certificate, and its revocation.
    pub fn against_list(list: &[u8], statements: Vec<Statement>) -> Result<Self, StatusListError> {
        let list = SignedList { list: StatusList::parse(list)?, bytes: list.to_vec() };
        Ok(Evidence { kind: Kind::StatusList, shown: Shown::List(Box::new(list), statements) })
    }

    /// Which fault it is said to show.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The bytes of the file: canonical JSON.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_value(&read::value(self), &mut bytes);
        bytes
    }

    /// Judges it with the keys of logs and witnesses that are known.
    pub fn judge(&self, keys: &Keys) -> Result<Proven, Unproven> {
        match &self.shown {
            Shown::Fork(fork) => fork.judge(&keys.notes),
            Shown::Statements(statements) => {
                judge(self.kind, statements, &keys.notes, |entries| rules::shows(self.kind, entries))
            }
            Shown::List(signed, statements) => {
                let known =
                    |(origin, key): &(Home, Multikey)| *origin == signed.list.log && *key == signed.list.key;
                if !keys.status.iter().any(known) {
                    return Err(Unproven::UnknownStatusKey(signed.list.log.clone()));
                }
                judge(self.kind, statements, &keys.notes, |entries| rules::status_list(&signed.list, entries))
            }
        }
    }
}

impl Statement {
    /// That an entry, in the bytes that the log holds, stands where a proof says.
    pub fn new(entry: &[u8], proof: ytterby_tlog::Receipt) -> Result<Self, EntryError> {
        Ok(Statement { entry: Entry::parse(entry)?, bytes: entry.to_vec(), proof })
    }

    fn stated(&self) -> &Checkpoint {
        self.proof.checkpoint().unverified()
    }
}

/// An entry, and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Logged<'e> {
    /// The log.
    pub origin: &'e str,
    /// The place in it.
    pub index: u64,
    /// The entry.
    pub entry: &'e Entry,
}

/// The kinds that some entries show together, in this order, whoever signed them; the first that
/// applies is named first. A monitor asks this of the entry that breaks a rule and of those that came
/// before it.
pub fn kinds_shown<'e>(entries: &'e [Logged<'e>]) -> impl Iterator<Item = Kind> + 'e {
    Kind::ALL.into_iter().filter(move |kind| rules::shows(*kind, entries).is_ok())
}

fn judge(
    kind: Kind,
    statements: &[Statement],
    keys: &[VerifierKey],
    shows: impl FnOnce(&[Logged<'_>]) -> Result<String, &'static str>,
) -> Result<Proven, Unproven> {
    let mut accused: Vec<VerifierKey> = Vec::new();
    for (at, statement) in statements.iter().enumerate() {
        let origin = statement.stated().origin();
        let mut known = keys.iter().filter(|key| is_of_log(key, origin)).peekable();
        if known.peek().is_none() {
            return Err(Unproven::UnknownLog(origin.clone()));
        }
        let signed = statement.proof.checkpoint().note().verify(known);
        let signed = signed.map_err(|error| Unproven::Signature { origin: origin.clone(), error })?;
        let head = statement.stated().head();
        statement
            .proof
            .verify_at(&statement.bytes, &head)
            .map_err(|error| Unproven::Inclusion { at, error })?;
        for key in signed.iter().map(|signature| signature.key) {
            if !accused.contains(key) {
                accused.push(key.clone());
            }
        }
    }
    let entries: Vec<Logged<'_>> = statements
        .iter()
        .map(|statement| Logged {
            origin: statement.stated().origin().as_str(),
            index: statement.proof.index(),
            entry: &statement.entry,
        })
        .collect();
    let text = shows(&entries).map_err(Unproven::Harmless)?;
    Ok(Proven { kind, accused, one_of: kind.is_between_logs(), text })
}

fn is_of_log(key: &VerifierKey, origin: &KeyName) -> bool {
    key.kind() == ytterby_tlog::SignatureKind::Note && key.name() == origin
}

impl Fork {
    /// Two checkpoints of one size.
    pub fn of_one_size(one: SignedCheckpoint, other: SignedCheckpoint) -> Self {
        Fork { checkpoints: [one, other], grown: None }
    }

    /// Two checkpoints of different sizes: the second tree is shown to have this root over as many
    /// entries as the first has.
    pub fn of_two_sizes(
        smaller: SignedCheckpoint,
        larger: SignedCheckpoint,
        root: Hash,
        consistency: Vec<Hash>,
    ) -> Self {
        Fork { checkpoints: [smaller, larger], grown: Some((root, consistency)) }
    }

    fn judge(&self, keys: &[VerifierKey]) -> Result<Proven, Unproven> {
        let [one, other] = &self.checkpoints;
        let (first, second) = (one.unverified(), other.unverified());
        if first.origin() != second.origin() {
            return Err(Unproven::Harmless("the checkpoints are of two logs"));
        }
        // A log's key counts for its own log only; a witness's for any.
        let known: Vec<&VerifierKey> = keys
            .iter()
            .filter(|key| {
                key.kind() == ytterby_tlog::SignatureKind::Cosignature || key.name() == first.origin()
            })
            .collect();
        let accused = self.signers_of_both(&known);
        if accused.is_empty() {
            return Err(Unproven::NoSigner);
        }
        let (small, large) = (first.head(), second.head());
        let text = match &self.grown {
            None if small.size != large.size => {
                return Err(Unproven::Harmless("the checkpoints have two sizes, and no proof is given"));
            }
            None if small.root == large.root => {
                return Err(Unproven::Harmless("the checkpoints have one root"));
            }
            None => format!("two roots were signed for {} entries of {}", small.size, first.origin()),
            Some((root, proof)) => {
                let prefix = TreeHead { size: small.size, root: *root };
                if small.size >= large.size || verify_consistency(&prefix, &large, proof).is_err() {
                    return Err(Unproven::Harmless("the proof does not lead from the larger checkpoint"));
                }
                if *root == small.root {
                    return Err(Unproven::Harmless("the larger checkpoint continues the smaller one"));
                }
                format!(
                    "the {} entries that were signed for {} do not begin with the {} that were signed before",
                    large.size,
                    first.origin(),
                    small.size
                )
            }
        };
        Ok(Proven { kind: Kind::SplitView, accused, one_of: false, text })
    }

    /// Each key is asked by itself: a bad signature of one clears no other.
    fn signers_of_both(&self, known: &[&VerifierKey]) -> Vec<VerifierKey> {
        let signed = |key: &VerifierKey| {
            self.checkpoints.iter().all(|checkpoint| checkpoint.note().verify([key]).is_ok())
        };
        known.iter().copied().filter(|key| signed(key)).cloned().collect()
    }
}

impl fmt::Display for Proven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.accused.iter().map(|key| key.name().as_str()).collect();
        let either = if self.one_of { "one of " } else { "" };
        write!(f, "{} by {either}{}: {}", self.kind, names.join(", "), self.text)
    }
}
