//! What a share can be a share of, and small numbers for it.

use std::collections::HashMap;
use std::fmt;

use crate::form::{Form, Source, Step};
use crate::wire::Country;

/// A stage of the way from the ground to a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Out of the ground.
    Mining,
    /// Collected after use.
    Collection,
    /// A processing step.
    Step(Step),
}

impl Stage {
    /// Every stage, mine first.
    pub fn all() -> impl Iterator<Item = Stage> {
        let steps = Step::ALL.iter().copied().filter(|step| Stage::of(*step).is_some()).map(Stage::Step);
        [Stage::Mining, Stage::Collection].into_iter().chain(steps)
    }

    /// The stage that a step is. A pool is none: what leaves it is; nor is a correction that undoes one.
    pub fn of(step: Step) -> Option<Stage> {
        (!matches!(step, Step::InProcess | Step::Origin | Step::Undo)).then_some(Stage::Step(step))
    }

    /// The stage of a word: `mining`, `collection` or a step.
    pub fn parse(word: &str) -> Option<Stage> {
        match word {
            "mining" => Some(Stage::Mining),
            "collection" => Some(Stage::Collection),
            word => Step::parse(word).and_then(Stage::of),
        }
    }

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Mining => "mining",
            Stage::Collection => "collection",
            Stage::Step(step) => step.as_str(),
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where metal enters the certificates; each milligram does so once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entered {
    /// By an origin certificate of this source.
    Origin(Source),
    /// As a declared input without certificate.
    Declared,
    /// As content that no draw and no declaration backs: weighing and assay error, inventory gains.
    Unbacked,
    /// Perhaps exchanged for other metal of a site that keeps a mass balance.
    Exchanged,
    /// By a lot that is not in the bundle.
    Missing,
}

impl Entered {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Entered::Origin(source) => source.as_str(),
            Entered::Declared => "declared",
            Entered::Unbacked => "unbacked",
            Entered::Exchanged => "exchanged",
            Entered::Missing => "missing",
        }
    }
}

/// What a share is a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    Entered(Entered),
    PreConsumer,
    Done(Stage),
    Untold(Stage),
    Country(Stage, Option<Country>),
    Region(Stage, Country, Name),
    /// In a country, and in no region that is told.
    Unplaced(Stage, Country),
    Facility(Stage, Name),
    Issuer(Stage, Name),
    Declared(Stage, Option<Country>),
}

impl Key {
    /// The stage it is about, if it is about one.
    pub(crate) fn stage(self) -> Option<Stage> {
        match self {
            Key::Entered(_) | Key::PreConsumer => None,
            Key::Done(stage)
            | Key::Untold(stage)
            | Key::Country(stage, _)
            | Key::Region(stage, ..)
            | Key::Unplaced(stage, _)
            | Key::Facility(stage, _)
            | Key::Issuer(stage, _)
            | Key::Declared(stage, _) => Some(stage),
        }
    }
}

/// The number of a text of the bundle: a region, a facility's identifier, an issuer's DID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name(u32);

/// So many different regions, facilities and issuers are told apart, all together; a bundle that
/// names more has the rest in one.
const MAX_NAMES: usize = 4096;

/// Keys and names by number: numbers are small and dense, so that sums over them are arrays.
#[derive(Default)]
pub(crate) struct Keys<'b> {
    keys: Vec<Key>,
    numbers: HashMap<Key, u32>,
    names: Vec<&'b str>,
    name_numbers: HashMap<&'b str, Name>,
}

impl<'b> Keys<'b> {
    pub(crate) fn number(&mut self, key: Key) -> u32 {
        let next = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(key).or_insert_with(|| {
            self.keys.push(key);
            next
        })
    }

    pub(crate) fn name(&mut self, text: &'b str) -> Name {
        if let Some(name) = self.name_numbers.get(text) {
            return *name;
        }
        let text = if self.names.len() < MAX_NAMES { text } else { "others" };
        let next = Name(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        *self.name_numbers.entry(text).or_insert_with(|| {
            self.names.push(text);
            next
        })
    }

    /// The same, and nothing where it would be one of the rest.
    pub(crate) fn own_name(&mut self, text: &'b str) -> Option<Name> {
        let is_told = self.names.len() < MAX_NAMES || self.name_numbers.contains_key(text);
        is_told.then(|| self.name(text))
    }

    pub(crate) fn key(&self, number: u32) -> Option<Key> {
        self.keys.get(number as usize).copied()
    }

    pub(crate) fn text(&self, name: Name) -> &'b str {
        self.names.get(name.0 as usize).copied().unwrap_or_default()
    }
}

/// The steps that material of this form may have passed before its first certificate.
pub(crate) fn before(form: Form) -> &'static [Step] {
    const ALL: [Step; 15] = [
        Step::Beneficiation,
        Step::Leaching,
        Step::Cracking,
        Step::Separation,
        Step::Calcination,
        Step::Reduction,
        Step::Alloying,
        Step::Powder,
        Step::Sintering,
        Step::Bonding,
        Step::Diffusion,
        Step::Coating,
        Step::Finishing,
        Step::Magnetization,
        Step::Assembly,
    ];
    let passed = match form {
        Form::Ore => 0,
        Form::Concentrate => 1,
        Form::MixedCompound | Form::Solution | Form::InProcess => 3,
        Form::Carbonate
        | Form::Chloride
        | Form::Fluoride
        | Form::Nitrate
        | Form::Oxalate
        | Form::Hydroxide
        | Form::Oxide => 5,
        Form::Metal => 6,
        Form::Alloy => 7,
        Form::Powder => 8,
        Form::MagnetBlock => 10,
        Form::Magnet => 14,
        Form::Component
        | Form::OtherProduct
        | Form::Swarf
        | Form::Scrap
        | Form::EndOfLife
        | Form::Residue => 15,
    };
    &ALL[..passed]
}
