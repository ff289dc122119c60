//! Replay with switches, and every state of a log that it can lead to.
//!
//! It is a paraphrase of `ytterby::Ledger`, which has no switches. While all rules hold, each answer is
//! compared with the real one.

use std::collections::HashMap;

use ytterby::Ledger;
use ytterby::form::StatusPurpose;

use crate::real::Real;
use crate::rule::{Rule, Rules};
use crate::verifier;
use crate::world::{Leaf, Made, World};

/// How a lot stands in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Standing {
    arrival: Arrival,
    is_here: bool,
    content: u8,
    draws: u8,
    drawn: u8,
    closed: bool,
    revoked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Arrival {
    Registered,
    Admitted,
    /// Only where a lot may be drawn on that the log does not know.
    Drawn,
}

/// The lots of the world, in their order.
pub(crate) type Standings = Vec<Option<Standing>>;

/// A state of one log: which entries it holds, and how the lots stand.
#[derive(Clone, Copy)]
pub(crate) struct Node {
    /// The entries, as bits in the order of the world's list.
    holds: u128,
    /// The lots whose certificates have a receipt here that a verifier accepts, as bits.
    pub(crate) shown: u16,
    /// What closings have used up.
    pub(crate) used_up: u8,
}

/// One log of a world, in every state that it can be in: by number, the first empty, each found when it
/// is first reached.
pub(crate) struct Log<'w> {
    world: &'w World,
    log: usize,
    rules: Rules,
    real: Option<&'w Real>,
    numbers: HashMap<(u128, Standings), usize>,
    /// Each state with how the lots stand in it, in the real ledger too.
    found: Vec<(Node, Standings, Option<Ledger>)>,
    /// What may come next, as far as it was asked for.
    next: Vec<Option<Steps>>,
}

/// Each entry that may come next, and the state that it leads to.
type Steps = Vec<(usize, usize)>;

impl<'w> Log<'w> {
    /// A log of a world; with `real`, each answer is compared with that of the library.
    pub(crate) fn new(world: &'w World, log: usize, rules: Rules, real: Option<&'w Real>) -> Self {
        let empty: Standings = vec![None; world.lots.len()];
        let numbers = HashMap::from([((0, empty.clone()), 0)]);
        let node = Node { holds: 0, shown: 0, used_up: 0 };
        let found = vec![(node, empty, real.map(|real| real.ledger(log)))];
        Log { world, log, rules, real, numbers, found, next: vec![None] }
    }

    /// A state.
    pub(crate) fn node(&self, at: usize) -> Node {
        self.found[at].0
    }

    /// How many states were reached.
    pub(crate) fn len(&self) -> usize {
        self.found.len()
    }

    /// What may come next in a state.
    pub(crate) fn next(&mut self, at: usize) -> Steps {
        if self.next[at].is_none() {
            self.next[at] = Some(self.steps(at));
        }
        self.next[at].clone().unwrap_or_default()
    }

    fn steps(&mut self, at: usize) -> Steps {
        let mut steps = Vec::new();
        for (number, leaf) in self.world.leaves[self.log].iter().enumerate() {
            let (node, standings, ledger) = &self.found[at];
            let after = replay(self.world, self.log, self.rules, standings, *leaf);
            let ledger = match (self.real, ledger) {
                (Some(real), Some(ledger)) => {
                    compared(self.world, real, self.log, ledger, number, after.as_ref())
                }
                _ => None,
            };
            let Some(after) = after else { continue };
            let holds = node.holds | 1 << number;
            let to = *self.numbers.entry((holds, after.clone())).or_insert_with(|| {
                let (shown, used_up) = verifier::seen(self.world, self.log, holds, self.rules);
                self.found.push((Node { holds, shown, used_up }, after, ledger.clone()));
                self.next.push(None);
                self.found.len() - 1
            });
            assert_eq!(self.found[to].2, ledger, "two ways to one state");
            steps.push((number, to));
        }
        steps
    }
}

/// The real ledger after an entry, once it is found to say what the paraphrase says.
fn compared(
    world: &World,
    real: &Real,
    log: usize,
    before: &Ledger,
    number: usize,
    after: Option<&Standings>,
) -> Option<Ledger> {
    let leaf = world.leaves[log][number];
    // What an honest issuer waits for, and what an auditor counts, no ledger knows of.
    let asks_more = match leaf {
        Leaf::Register { lot, .. } => matches!(world.lots[lot].made, Made::Again(_)),
        Leaf::Close { .. } => true,
        Leaf::Admit { .. } | Leaf::Revoke { .. } => false,
    };
    if after.is_none() && asks_more {
        return None;
    }
    let mut ledger = before.clone();
    let applied = ledger.apply(&real.entries[log][number]);
    let step = world.describe(log, leaf);
    assert_eq!(applied.is_ok(), after.is_some(), "{step}: the ledger says {applied:?}");
    let standings = after?;
    for (lot, standing) in standings.iter().enumerate() {
        let found = ledger.get(&real.digests[lot]);
        assert_eq!(found.is_some(), standing.is_some(), "{step}: {}", world.lots[lot].name);
        let (Some(found), Some(standing)) = (found, standing) else { continue };
        assert_eq!(found.draws(), u64::from(standing.draws), "{step}");
        assert_eq!(found.drawn(), real.mass(standing.drawn), "{step}");
        assert_eq!(found.content(), real.mass(standing.content), "{step}");
        assert_eq!(found.elsewhere().is_none(), standing.is_here, "{step}");
        assert_eq!(found.closed().is_some(), standing.closed, "{step}");
        assert_eq!(found.has(StatusPurpose::Revocation), standing.revoked, "{step}");
    }
    Some(ledger)
}

/// How the lots stand after an entry; `None` if it is refused.
fn replay(world: &World, log: usize, rules: Rules, before: &Standings, leaf: Leaf) -> Option<Standings> {
    let mut after = before.clone();
    match leaf {
        Leaf::Register { lot, content, .. } => {
            let known = before[lot].map(|standing| standing.arrival);
            let is_transfer = matches!(world.lots[lot].made, Made::Transfer(_));
            let is_here = world.lots[lot].home == log;
            let twice = rules.keep(Rule::RegisteredOnce) && known.is_some();
            if twice || (rules.keep(Rule::OwnHome) && !is_transfer && !is_here) || !is_due(world, before, lot)
            {
                return None;
            }
            if let Some(parent) = world.lots[lot].parent() {
                after[parent] = Some(draw(rules, before[parent], leaf)?);
            }
            after[lot] = Some(arrived(Arrival::Registered, is_here, content));
        }
        Leaf::Admit { lot, content } => {
            let refused = match before[lot].map(|standing| standing.arrival) {
                Some(Arrival::Registered) => rules.keep(Rule::AdmittedFromElsewhere),
                Some(Arrival::Admitted) => rules.keep(Rule::AdmittedOnce),
                Some(Arrival::Drawn) | None => false,
            };
            if refused {
                return None;
            }
            after[lot] = Some(arrived(Arrival::Admitted, true, content));
        }
        Leaf::Close { lot, left } => {
            let standing = before[lot].filter(|standing| standing.is_here && !standing.closed)?;
            // What is left of a revoked lot may be certified anew: no auditor counts it as used up.
            // And what a log states beyond the certificate was never there.
            let certified = standing.content == world.lots[lot].units;
            if standing.revoked || !certified || standing.content.checked_sub(standing.drawn) != Some(left) {
                return None;
            }
            after[lot] = Some(Standing { closed: true, ..standing });
        }
        Leaf::Revoke { lot } => {
            let registered = |standing: &Standing| standing.arrival == Arrival::Registered;
            let standing = before[lot].filter(|standing| registered(standing) && !standing.revoked)?;
            after[lot] = Some(Standing { revoked: true, ..standing });
            if !rules.keep(Rule::Final)
                && let Some(parent) = world.lots[lot].parent().and_then(|parent| after[parent].as_mut())
            {
                parent.drawn = parent.drawn.saturating_sub(world.lots[lot].units);
            }
        }
    }
    Some(after)
}

fn arrived(arrival: Arrival, is_here: bool, content: u8) -> Standing {
    Standing { arrival, is_here, content, draws: 0, drawn: 0, closed: false, revoked: false }
}

/// The honest issuer of an origin issues it anew, once, for what was left when it was revoked.
fn is_due(world: &World, before: &Standings, lot: usize) -> bool {
    let Made::Again(first) = world.lots[lot].made else { return true };
    let other = |at: usize| world.lots[at].made == Made::Again(first) && before[at].is_some();
    let left = |standing: Standing| standing.content.saturating_sub(standing.drawn);
    !(0..world.lots.len()).any(other)
        && before[first]
            .is_some_and(|first| first.revoked && !first.closed && left(first) == world.lots[lot].units)
}

/// The parent after a draw; `None` if it is refused.
fn draw(rules: Rules, parent: Option<Standing>, leaf: Leaf) -> Option<Standing> {
    let Leaf::Register { content, amount, seq, cumulative, .. } = leaf else { return None };
    let parent = match parent {
        Some(parent) => parent,
        None if rules.keep(Rule::KnownBeforeDrawn) => return None,
        None => arrived(Arrival::Drawn, true, u8::MAX),
    };
    let refused = !parent.is_here
        || (parent.closed && rules.keep(Rule::Closed))
        || (parent.revoked && rules.keep(Rule::Revoked))
        || (seq != parent.draws + 1 && rules.keep(Rule::Sequence))
        || (cumulative != parent.drawn + amount && rules.keep(Rule::Sum))
        || (cumulative > parent.content && rules.keep(Rule::StatedContent))
        || content > amount;
    (!refused).then_some(Standing { draws: seq, drawn: cumulative, ..parent })
}
