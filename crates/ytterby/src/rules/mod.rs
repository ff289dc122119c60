//! Rule packs: what a law or a buyer asks, as dated data with citations. Implements proto-docs/rules.md.
//!
//! A pack is parsed (`read`), asked of facts (`facts`), and answered (`judge`): pass, fail, not
//! demonstrated or not applicable, as of a date. A rule sees nothing but facts.

mod ask;
mod expression;
mod facts;
mod fixture;
#[cfg(test)]
mod hostile;
mod judge;
mod portfolio;
mod question;
mod read;
mod scope;
mod screening;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::decimal::Percent;
use crate::digest::Digest;
use crate::element::Element;
use crate::form::{AttestationKind, Form};
use crate::profile::Stage;
use crate::wire::Country;

pub use expression::Expression;
pub use facts::{Attested, Export, Facts, Parties, Party};
pub use fixture::{Fixture, FixtureError};
pub use judge::{Answer, ClauseAnswer, Row, RuleAnswer, Rules};
pub use read::RuleError;
pub use screening::Screening;

/// The packs that are shipped: name and bytes.
const SHIPPED: [(&str, &str); 16] = [
    ("cn-japan-2026", include_str!("../../rules/cn-japan-2026.toml")),
    ("cn-licences", include_str!("../../rules/cn-licences.toml")),
    ("cn-mofcom-18-2025", include_str!("../../rules/cn-mofcom-18-2025.toml")),
    ("cn-mofcom-57-2025", include_str!("../../rules/cn-mofcom-57-2025.toml")),
    ("cn-mofcom-61-2025", include_str!("../../rules/cn-mofcom-61-2025.toml")),
    ("esg-attested", include_str!("../../rules/esg-attested.toml")),
    ("eu-crma-28", include_str!("../../rules/eu-crma-28.toml")),
    ("eu-crma-29", include_str!("../../rules/eu-crma-29.toml")),
    ("eu-crma-5", include_str!("../../rules/eu-crma-5.toml")),
    ("eu-forced-labour-2024-3015", include_str!("../../rules/eu-forced-labour-2024-3015.toml")),
    ("iso-23664-completeness", include_str!("../../rules/iso-23664-completeness.toml")),
    ("norm-radioactivity", include_str!("../../rules/norm-radioactivity.toml")),
    ("oecd-5-steps", include_str!("../../rules/oecd-5-steps.toml")),
    ("us-dfars-7052", include_str!("../../rules/us-dfars-7052.toml")),
    ("us-ndaa-857", include_str!("../../rules/us-ndaa-857.toml")),
    ("us-uflpa", include_str!("../../rules/us-uflpa.toml")),
];

/// What a law or a buyer asks.
#[derive(Debug, Clone)]
pub struct RulePack {
    /// SHA-256 of its bytes: verdicts name it.
    pub digest: Digest,
    /// Its name, which `--rules` takes.
    pub id: String,
    /// What it asks, in a line.
    pub title: String,
    /// Whose law: a country code, `EU`, `INT`.
    pub jurisdiction: String,
    /// The instrument.
    pub instrument: String,
    /// The day its facts were gathered.
    pub as_of: jiff::civil::Date,
    /// How sure they are.
    pub confidence: String,
    /// What else is to be known of it, doubts included.
    pub notes: Vec<String>,
    /// Where it stands.
    pub citations: Vec<Citation>,
    /// What it asks, and when.
    pub clauses: Vec<Clause>,
    /// Facts with the answer that is expected.
    pub fixtures: Vec<Fixture>,
}

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    /// What it is.
    pub title: String,
    /// Where it can be had; empty where nobody said.
    pub url: String,
}

/// A part of a pack: its own dates, scope and questions.
#[derive(Debug, Clone)]
pub struct Clause {
    /// Its name within the pack.
    pub id: String,
    /// What it asks, in a line.
    pub title: String,
    /// When it applies; what is outside is not applicable.
    pub span: Span,
    /// What is the matter with it when: elsewhere it is in force.
    pub states: Vec<(Span, State, String)>,
    /// What it is about.
    pub scope: Scope,
    /// What must hold, all of it.
    pub asks: Vec<Ask>,
    /// If all of one of these hold, the clause does not ask.
    pub exceptions: Vec<Exception>,
}

/// From a time on, and before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first time that is in it.
    pub from: Option<Timestamp>,
    /// The first time after it.
    pub before: Option<Timestamp>,
}

/// Whether a clause is law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It is.
    InForce,
    /// Nobody could say: it is asked as if it were.
    Uncertain,
    /// It is not for now.
    Suspended,
    /// It is not yet.
    Proposed,
}

/// What a clause is about. What it leaves out does not narrow it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Lots of these forms.
    pub forms: Vec<Form>,
    /// Lots that hold all of these.
    pub holds_all: Vec<Element>,
    /// Lots that hold one of these, by assay or not excluded by one.
    pub holds_any: Vec<Element>,
    /// An assay's limit up to which an element counts as absent; without one no limit shows absence.
    pub absent_below: Option<Percent>,
    /// Lots that left one of these countries on the way.
    pub leaves: Vec<Country>,
    /// Lots that went to one of these countries on the way.
    pub goes_to: Vec<Country>,
    /// Lots that went from one country to another on the way, neither of them one of these.
    pub outside: Vec<Country>,
}

/// A way out of a clause.
#[derive(Debug, Clone)]
pub struct Exception {
    /// Its name.
    pub id: String,
    /// What it says.
    pub title: String,
    /// What must hold; one with no question is for people to judge.
    pub asks: Vec<Ask>,
}

/// A question about facts.
#[derive(Debug, Clone)]
pub enum Ask {
    /// No more than a share of an element may have passed stages in some countries.
    Contribution(Contribution),
    /// At least a share of an element passed each of some stages in some countries.
    Within {
        /// Of each of these that the lot holds; of all its rare earths where there are none.
        elements: Vec<Element>,
        /// Each of these stages.
        stages: Vec<Stage>,
        /// In these countries.
        countries: Vec<Country>,
        /// At least so much.
        at_least: Percent,
    },
    /// At least a share of an element is recovered.
    Recycled {
        /// Of each of these that the lot holds.
        elements: Vec<Element>,
        /// From products after use.
        post_consumer: bool,
        /// From another process's scrap.
        pre_consumer: bool,
        /// At least so much.
        at_least: Percent,
        /// The share itself is known, not only that it lies between two.
        exact: bool,
    },
    /// Where each of these groups of stages was done is known.
    Disclosed {
        /// Of each of these that the lot holds; of all its rare earths where there are none.
        elements: Vec<Element>,
        /// A name and its stages: each passed at least one of them, in a known country.
        groups: Vec<(String, Vec<Stage>)>,
        /// In a known region of it.
        with_regions: bool,
    },
    /// Each export in scope was authorised.
    Authorised(Authorised),
    /// No party is on a list.
    Screened {
        /// The lists, by name.
        lists: Vec<String>,
    },
    /// Somebody accepted attests it, and it is still valid.
    Attested {
        /// Of this kind.
        kind: AttestationKind,
        /// Under one of these schemes; any where there are none.
        schemes: Vec<String>,
    },
    /// Natural radioactivity is below a limit.
    Activity {
        /// Millibecquerels per gram, of each decay chain.
        at_most_mbq_per_g: u64,
    },
    /// What a certificate of this trade states is stated.
    Complete,
    /// An expression over the same facts says.
    Expression(Expression),
    /// No country outside has more than a share of a stage, over many lots together.
    Portfolio(Portfolio),
}

/// How much of an element may come by way of some countries.
#[derive(Debug, Clone)]
pub struct Contribution {
    /// Of each of these that the lot holds; of all its rare earths where there are none.
    pub elements: Vec<Element>,
    /// By these stages.
    pub stages: Vec<Stage>,
    /// In these countries.
    pub countries: Vec<Country>,
    /// Only in these regions of them, by any of their names.
    pub regions: Vec<String>,
    /// So much is allowed.
    pub at_most: Percent,
    /// The stages of which it must be told where they were done.
    pub told: Vec<Vec<Stage>>,
    /// Declared material counts as declared; else nothing is known of it.
    pub declared_counts: bool,
    /// Mass balance shows nothing.
    pub physical: bool,
    /// The limit is of value, which certificates do not state: what is certain in mass is open.
    pub value: bool,
}

/// What an export needs to have been authorised.
#[derive(Debug, Clone)]
pub struct Authorised {
    /// An authorisation under one of these regimes.
    pub regimes: Vec<String>,
    /// Only exports of these forms need one; of all forms where there are none.
    pub forms: Vec<Form>,
    /// A statement with a reason that none is required will do, whatever the export holds.
    pub or_not_required: bool,
    /// An end user and an end use are stated.
    pub end_user: bool,
    /// A general authorisation is valid for a year at most.
    pub general_one_year: bool,
}

/// How much of each stage one country may have, over many lots together.
#[derive(Debug, Clone)]
pub struct Portfolio {
    /// Of each of these; of all rare earths where there are none.
    pub elements: Vec<Element>,
    /// A name and its stages: metal that passed one of them counts.
    pub groups: Vec<(String, Vec<Stage>)>,
    /// Countries that may have any share.
    pub inside: Vec<Country>,
    /// Every other has at most so much.
    pub at_most: Percent,
}

impl RulePack {
    /// A pack that is shipped, by its name.
    pub fn shipped(id: &str) -> Option<&'static str> {
        SHIPPED.iter().find(|(name, _)| *name == id).map(|(_, text)| *text)
    }

    /// Whether it asks anything of many lots together.
    pub fn asks_of_portfolio(&self) -> bool {
        let asks = self.clauses.iter().flat_map(|clause| &clause.asks);
        asks.into_iter().any(|ask| matches!(ask, Ask::Portfolio(_)))
    }

    /// The names of those that are shipped.
    pub fn shipped_names() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }
}

impl Span {
    /// Whether a time is in it.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.before.is_none_or(|before| at < before)
    }
}

impl State {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            State::InForce => "in-force",
            State::Uncertain => "uncertain",
            State::Suspended => "suspended",
            State::Proposed => "proposed",
        }
    }

    /// Whether an answer to it counts.
    pub fn counts(self) -> bool {
        matches!(self, State::InForce | State::Uncertain)
    }
}

impl Clause {
    /// The expressions that it asks, those of its ways out too.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let out = self.exceptions.iter().flat_map(|own| &own.asks);
        self.asks.iter().chain(out).filter_map(|ask| match ask {
            Ask::Expression(own) => Some(own),
            _ => None,
        })
    }

    /// What is the matter with it at a time, and why.
    pub fn state(&self, at: Timestamp) -> (State, &str) {
        let found = self.states.iter().find(|(span, ..)| span.holds(at));
        found.map_or((State::InForce, ""), |(_, state, note)| (*state, note.as_str()))
    }
}
