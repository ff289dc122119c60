//! Accreditations: who says that an issuer may certify what, with which keys, where, from when to when.
//!
//! This is what one says; whether anybody believes it is the authority check's business.
//! Implements proto-docs/accreditation.md, "Format".

use std::fmt;

use jiff::{Timestamp, civil::Date};

use crate::decimal::Mass;
use crate::did::Did;
use crate::element::Element;
use crate::form::{Source, Step};
use crate::key::Multikey;
use crate::masses::Masses;
use crate::wire::{Country, Home};

/// What an accreditation says. When it begins and ends, its certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accreditation {
    /// Who is accredited.
    pub accredits: Did,
    /// The name that the accreditor gives it.
    pub name: Option<Box<str>>,
    /// The keys it may sign with, each once: at least one.
    pub keys: Box<[AccreditedKey]>,
    /// What it may certify; nothing if absent.
    pub may_certify: Option<Scope>,
    /// For what it may accredit others; for nothing if absent.
    pub may_accredit: Option<Scope>,
}

/// A key, and when it was good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccreditedKey {
    /// The key.
    pub key: Multikey,
    /// When.
    pub window: KeyWindow,
}

/// When a key is good, by the logged time of what it signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyWindow {
    /// From then on, that second included.
    pub from: Option<Timestamp>,
    /// Until then, that second included.
    pub until: Option<Timestamp>,
    /// What is logged before stays good.
    pub retired: Option<Timestamp>,
    /// From then on somebody else may have had it: only what is shown to be logged before counts.
    pub compromised: Option<Timestamp>,
}

/// What somebody may certify or accredit for. What is absent is not limited here: it is as wide as the
/// scope of whoever gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Steps, sorted, as are the other lists.
    pub steps: Option<Box<[Task]>>,
    /// Countries of facilities.
    pub countries: Option<Box<[Country]>>,
    /// Facilities, by their identifiers.
    pub facilities: Option<Box<[AccreditedFacility]>>,
    /// Rare earths; base metals need no standing.
    pub elements: Option<Box<[Element]>>,
    /// Sources of origins.
    pub sources: Option<Box<[Source]>>,
    /// Limits of opening stock.
    pub opening_stock: Option<OpeningStock>,
}

/// A facility, and what is plausible of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccreditedFacility {
    /// Its identifier.
    pub id: Box<str>,
    /// What it can put out in a calendar year, kilograms of lots.
    pub annual_capacity: Option<Mass>,
    /// The one registry in whose log its origins stand.
    pub origins: Option<Home>,
}

/// How much of what a company had when it joined may be certified, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningStock {
    /// The last day on which such an origin may be logged, UTC.
    pub until: Date,
    /// At most so much of each rare earth, and nothing of any other; any amount if absent.
    pub limits: Option<Masses>,
}

/// What somebody does: a step, a transfer, or attesting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Task {
    /// A step; `origin` is one.
    Step(Step),
    /// Handing on.
    Transfer,
    /// Attesting.
    Attestation,
}

impl Task {
    /// The task of a word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "transfer" => Some(Task::Transfer),
            "attestation" => Some(Task::Attestation),
            word => Step::parse(word).map(Task::Step),
        }
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Task::Step(step) => step.as_str(),
            Task::Transfer => "transfer",
            Task::Attestation => "attestation",
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Accreditation {
    /// When a key is good, if it is one of the accredited issuer's.
    pub fn key(&self, key: &Multikey) -> Option<&KeyWindow> {
        self.keys.iter().find(|own| own.key == *key).map(|own| &own.window)
    }
}

impl Scope {
    /// A facility, if the scope lists it.
    pub fn facility(&self, id: &str) -> Option<&AccreditedFacility> {
        let all = self.facilities.as_deref()?;
        all.binary_search_by(|facility| (*facility.id).cmp(id)).ok().map(|at| &all[at])
    }
}
