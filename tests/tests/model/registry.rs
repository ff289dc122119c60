//! An honest registry that crashes, or whose disk is replaced by a backup, and that has no witnesses: what
//! its own order of effects is worth.
//!
//! Modelled, not real: the crash tests of `ytterby-registry` kill the real one. Its log has the ore, and
//! room for one of two transfers: the database takes the second only if the first is not in it.

use std::fmt;

use crate::rule::{Rule, Rules};
use crate::search::{Outcome, search};

/// A head: the log without either transfer (0), or with one of them (1 or 2).
type Head = u8;

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct State {
    /// What is committed.
    database: Head,
    backup: Head,
    /// The head in the high-water mark, a file that no backup replaces.
    mark: Head,
    /// A transaction that is not committed.
    open: Option<Head>,
    /// The head that was signed and is still in memory.
    signed: Option<Head>,
    /// Heads other than the first that were ever signed, and that were ever shown, as bits.
    ever_signed: u8,
    shown: u8,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Begin(Head),
    Commit,
    Sign(Head),
    Mark,
    Publish(Head),
    Crash,
    BackUp,
    Restore,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let buyer = |head: &Head| ["nobody", "X", "Y"][usize::from(*head)];
        match self {
            Step::Begin(head) => write!(f, "begin the transfer to {}", buyer(head)),
            Step::Commit => f.write_str("commit"),
            Step::Sign(head) => write!(f, "sign the head with {}", buyer(head)),
            Step::Mark => f.write_str("advance the mark"),
            Step::Publish(head) => write!(f, "publish the head with {}", buyer(head)),
            Step::Crash => f.write_str("crash"),
            Step::BackUp => f.write_str("back up"),
            Step::Restore => f.write_str("crash, and restore the backup"),
        }
    }
}

impl State {
    fn next(&self, rules: Rules, restores: bool) -> Vec<(Step, State)> {
        let mut all = Vec::new();
        if self.open.is_none() && self.database == 0 {
            all.extend([1, 2].map(|head| (Step::Begin(head), State { open: Some(head), ..self.clone() })));
        }
        if let Some(head) = self.open {
            all.push((Step::Commit, State { database: head, open: None, ..self.clone() }));
        }
        let head =
            if rules.keep(Rule::CommitFirst) { self.database } else { self.open.unwrap_or(self.database) };
        // Nothing is signed that does not continue the mark.
        if head > 0 && (!rules.keep(Rule::Mark) || self.mark == 0 || self.mark == head) {
            let ever_signed = self.ever_signed | head;
            all.push((Step::Sign(head), State { signed: Some(head), ever_signed, ..self.clone() }));
        }
        if let Some(head) = self.signed {
            all.push((Step::Mark, State { mark: head, ..self.clone() }));
            if !rules.keep(Rule::BelowMark) || self.mark == head {
                all.push((Step::Publish(head), State { shown: self.shown | head, ..self.clone() }));
            }
        }
        let crashed = State { open: None, signed: None, ..self.clone() };
        all.push((Step::Crash, crashed.clone()));
        if restores {
            all.push((Step::BackUp, State { backup: self.database, ..self.clone() }));
            all.push((Step::Restore, State { database: self.backup, ..crashed }));
        }
        all
    }
}

/// A disk that keeps what was committed: no two heads are ever signed of which neither continues the other.
pub(crate) fn crashes(rules: Rules) -> Outcome {
    search(State::default(), |s| s.next(rules, false), |s| s.ever_signed == 3, |step| step.to_string())
}

/// A disk that is replaced by a backup: no two such heads are ever shown. One that was signed and not
/// shown may be lost.
pub(crate) fn restores(rules: Rules) -> Outcome {
    search(State::default(), |s| s.next(rules, true), |s| s.shown == 3, |step| step.to_string())
}
