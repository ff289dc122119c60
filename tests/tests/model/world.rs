//! Small worlds: lots that a dishonest seller has certificates of, and every entry, true or false, that
//! a dishonest registry may put into its log.

use crate::rule::{Rule, Rules};

/// The registries: the first is the home of the origin.
pub(crate) const HOMES: [&str; 2] = ["registry.example/ree", "rival.example/ree"];

/// Who holds a lot. The buyers are honest: they draw on nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    Seller,
    X,
    Y,
}

/// How a lot comes to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    Origin,
    /// An origin that is issued anew for what is left of a revoked one.
    Again(usize),
    Transfer(usize),
    Processing(usize),
}

/// A lot with its certificate. Masses are in halves of the first origin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lot {
    pub(crate) name: &'static str,
    pub(crate) made: Made,
    pub(crate) home: usize,
    /// Its content, and what its certificate draws.
    pub(crate) units: u8,
    pub(crate) held: Held,
}

/// An entry that a log may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaf {
    /// Content and amount are what the entry states; the certificate may state otherwise.
    Register {
        lot: usize,
        content: u8,
        amount: u8,
        seq: u8,
        cumulative: u8,
    },
    Admit {
        lot: usize,
        content: u8,
    },
    /// Closed as consumed, with so much left: an auditor counts that as used up.
    Close {
        lot: usize,
        left: u8,
    },
    Revoke {
        lot: usize,
    },
}

/// Lots, and the entries that each of the two logs may hold.
pub(crate) struct World {
    pub(crate) lots: Vec<Lot>,
    pub(crate) leaves: [Vec<Leaf>; 2],
}

impl Lot {
    /// The lot that it is drawn from.
    pub(crate) fn parent(&self) -> Option<usize> {
        match self.made {
            Made::Origin | Made::Again(_) => None,
            Made::Transfer(parent) | Made::Processing(parent) => Some(parent),
        }
    }

    fn of(name: &'static str, made: Made, home: usize, units: u8, held: Held) -> Self {
        Lot { name, made, home, units, held }
    }
}

impl World {
    /// One log: whole and half transfers of one origin to both buyers, false counts and contents, a
    /// second registration, an admission of what is registered there, closings, revocations, and the
    /// origin issued anew by its honest issuer.
    pub(crate) fn single() -> Self {
        let sold = |name, from, units, held| Lot::of(name, Made::Transfer(from), 0, units, held);
        let lots = vec![
            Lot::of("ore", Made::Origin, 0, 2, Held::Seller),
            sold("all to X", 0, 2, Held::X),
            sold("all to Y", 0, 2, Held::Y),
            sold("half to X", 0, 1, Held::X),
            sold("half to Y", 0, 1, Held::Y),
            Lot::of("half of the ore anew", Made::Again(0), 0, 1, Held::Seller),
            Lot::of("all of the ore anew", Made::Again(0), 0, 2, Held::Seller),
            sold("the new half to Y", 5, 1, Held::Y),
            sold("the new ore to Y", 6, 2, Held::Y),
        ];
        let mut here = vec![origin(0, 2), origin(0, 4), origin(5, 1), origin(6, 2)];
        here.extend((1..=4).flat_map(|lot| draws(lot, lots[lot].units, lots[lot].units, 3)));
        here.extend((1..=2).flat_map(|lot| draws(lot, 1, 1, 2)));
        here.extend([7, 8].into_iter().flat_map(|lot| draws(lot, lots[lot].units, lots[lot].units, 1)));
        here.push(Leaf::Admit { lot: 0, content: 2 });
        here.extend([1, 2].map(|left| Leaf::Close { lot: 0, left }));
        here.extend([0, 1, 3].map(|lot| Leaf::Revoke { lot }));
        World { lots, leaves: [here, vec![]] }
    }

    /// Two logs: an origin in the first, a transfer to the second and from there back, buyers of each,
    /// a product that names the second as its home without being a transfer, and admissions of all that,
    /// true and false, in both.
    pub(crate) fn two() -> Self {
        let sold = |name, from, home, held| Lot::of(name, Made::Transfer(from), home, 2, held);
        let lots = vec![
            Lot::of("ore", Made::Origin, 0, 2, Held::Seller),
            sold("all to X", 0, 0, Held::X),
            sold("all to Y", 0, 0, Held::Y),
            sold("the move", 0, 1, Held::Seller),
            sold("the moved to X", 3, 1, Held::X),
            sold("the moved to Y", 3, 1, Held::Y),
            sold("the move back", 3, 0, Held::Seller),
            sold("the returned to X", 6, 0, Held::X),
            sold("the returned to Y", 6, 0, Held::Y),
            Lot::of("the product", Made::Processing(0), 1, 2, Held::Seller),
            sold("the product to Y", 9, 1, Held::Y),
        ];
        let all = |lots: &[usize]| lots.iter().flat_map(|lot| draws(*lot, 2, 2, 2)).collect::<Vec<_>>();
        let admit = |lot, content| Leaf::Admit { lot, content };
        let mut here = all(&[1, 2, 3, 7, 8, 9]);
        here.extend([origin(0, 2), admit(6, 2), admit(6, 4), admit(3, 2)]);
        here.extend(all(&[5]));
        let mut there = all(&[2, 3, 4, 5, 6, 10]);
        there.extend([origin(0, 2), admit(3, 2), admit(3, 4), admit(0, 2), admit(9, 2)]);
        World { lots, leaves: [here, there] }
    }

    /// One log with few entries, to be shown to witnesses in different versions.
    pub(crate) fn forks() -> Self {
        let sold = |name, units, held| Lot::of(name, Made::Transfer(0), 0, units, held);
        let lots = vec![
            Lot::of("ore", Made::Origin, 0, 2, Held::Seller),
            sold("all to X", 2, Held::X),
            sold("all to Y", 2, Held::Y),
            sold("half to X", 1, Held::X),
            sold("half to Y", 1, Held::Y),
        ];
        let mut here = vec![origin(0, 2)];
        here.extend((1..=4).flat_map(|lot| draws(lot, lots[lot].units, lots[lot].units, 2)));
        World { lots, leaves: [here, vec![]] }
    }

    /// The step that puts an entry into a log.
    pub(crate) fn describe(&self, log: usize, leaf: Leaf) -> String {
        let place = ["A", "B"][log];
        let name = |lot: usize| self.lots[lot].name;
        let what = match leaf {
            Leaf::Register { lot, content, amount, seq, cumulative } => {
                let certified = self.lots[lot].units;
                let states =
                    if content == certified { String::new() } else { format!(", stating {content}") };
                let draw = match self.lots[lot].parent() {
                    Some(_) if amount == certified => format!(", draw {seq}, {cumulative} in all"),
                    Some(_) => format!(", draw {seq}, {cumulative} in all, {amount} of it now"),
                    None => String::new(),
                };
                format!("register {}{states}{draw}", name(lot))
            }
            Leaf::Admit { lot, content } if content == self.lots[lot].units => format!("admit {}", name(lot)),
            Leaf::Admit { lot, content } => format!("admit {}, stating {content}", name(lot)),
            Leaf::Close { lot, .. } => format!("close {}", name(lot)),
            Leaf::Revoke { lot } => format!("revoke {}", name(lot)),
        };
        format!("{place}: {what}")
    }

    /// A lot and all that stands behind it.
    pub(crate) fn lineage(&self, lot: usize, rules: Rules) -> Vec<usize> {
        let behind = std::iter::successors(Some(lot), |lot| self.lots[*lot].parent());
        behind.take(if rules.keep(Rule::WholeLineage) { usize::MAX } else { 1 }).collect()
    }
}

fn origin(lot: usize, content: u8) -> Leaf {
    Leaf::Register { lot, content, amount: 0, seq: 0, cumulative: 0 }
}

/// Every count that a log could give a draw, up to the third draw and twice the origin.
fn draws(lot: usize, content: u8, amount: u8, last: u8) -> impl Iterator<Item = Leaf> {
    (1..=last).flat_map(move |seq| {
        (1..=4).map(move |cumulative| Leaf::Register { lot, content, amount, seq, cumulative })
    })
}
