//! A lot, as the checks need it: parsed from a certificate's subject, compact, owning its texts.

use jiff::civil::Date;

use crate::assay::Assay;
use crate::decimal::Mass;
use crate::did::Did;
use crate::digest::Digest;
use crate::element::Element;
use crate::form::{
    AuthorisationType, ContentFrom, CustodyModel, DeclaredReason, Form, Source, Step, TransferKind,
};
use crate::masses::Masses;
use crate::wire::Country;

/// The quantity of material that a certificate creates.
#[derive(Debug, Clone)]
pub struct Lot {
    /// The number on the label.
    pub number: Box<str>,
    /// What the trade calls it.
    pub product: Box<str>,
    /// Its physical form.
    pub form: Form,
    /// The issuer's own reference, if it is stated.
    pub external_id: Option<Box<str>>,
    /// Mass as weighed.
    pub net_mass: Option<Mass>,
    /// What is in it.
    pub assay: Option<Box<Assay>>,
    /// What the content is computed from.
    pub content_from: ContentFrom,
    /// Contained mass of each element, as stated.
    pub content: Masses,
    /// Who may draw on it; nobody after a delivery to somebody without a DID.
    pub holder: Option<Did>,
    /// Where it was made; a transfer has none.
    pub facility: Option<Box<Facility>>,
    /// First and last day of the work, or twice the day of dispatch.
    pub period: (Date, Date),
    /// How it was kept apart; a transfer changes nothing about that.
    pub custody_model: Option<CustodyModel>,
    /// Tariff codes, with their nomenclature.
    pub hs_codes: Box<[TariffCode]>,
    /// How it came to be.
    pub making: Making,
    /// The lots it was made from.
    pub inputs: Box<[Input]>,
    /// Material without a certificate.
    pub declared: Box<[Declared]>,
}

/// How a lot came to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Making {
    /// Without inputs.
    Origin {
        /// Where the metal comes from.
        source: Source,
        /// The country it was mined in, if known.
        mined_in: Option<Country>,
        /// The region of that country, if stated.
        region: Option<Box<str>>,
        /// The country it was collected in after use.
        collected_in: Option<Country>,
    },
    /// From inputs.
    Processing {
        /// What was done.
        step: Step,
        /// The certificate it corrects, if it is a correction.
        corrects: Option<Digest>,
    },
    /// As a part of another lot.
    Transfer {
        /// Why.
        kind: TransferKind,
        /// The recipient's name.
        to: Box<str>,
        /// The country it goes to.
        destination: Country,
        /// For whom, what for, and what allows it.
        control: Box<Control>,
    },
}

/// What export control asks of a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Control {
    /// The DID of the end user, if it has one.
    pub end_user_did: Option<Did>,
    /// Who will use it.
    pub end_user: Option<Box<str>>,
    /// The country of the end user.
    pub end_user_country: Option<Country>,
    /// What for.
    pub end_use: Option<Box<str>>,
    /// Export authorisations, or why none is needed.
    pub authorisations: Box<[Authorisation]>,
}

/// An export authorisation, or why none is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorisation {
    /// The law it is under.
    pub regime: Box<str>,
    /// Single, general or not required.
    pub kind: AuthorisationType,
    /// Why none is required.
    pub reason: Option<Box<str>>,
    /// Its number.
    pub number: Option<Box<str>>,
    /// What it covers.
    pub scope: Option<Box<str>>,
    /// Who holds it.
    pub holder: Option<Box<str>>,
    /// The category of customer it is for.
    pub customer_category: Option<Box<str>>,
    /// First and last day of its validity.
    pub validity: Option<(Date, Date)>,
}

/// A tariff code and its nomenclature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TariffCode {
    /// Nomenclature and edition: `HS 2022`.
    pub nomenclature: Box<str>,
    /// The code as printed.
    pub code: Box<str>,
}

/// A place of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facility {
    /// Its identifier.
    pub id: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// The country it is in.
    pub country: Country,
    /// The region of that country, if stated.
    pub region: Option<Box<str>>,
}

/// An input and what was drawn from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Label of the input's certificate.
    pub label: uuid::Uuid,
    /// Digest of the input's certificate: its identity.
    pub digest: Digest,
    /// What was taken.
    pub draws: Masses,
    /// Whether exactly what was left was taken.
    pub rest: bool,
}

/// Material without a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The element it brings.
    pub element: Element,
    /// How much.
    pub mass: Mass,
    /// Why it has no certificate.
    pub reason: DeclaredReason,
    /// Its steps, in the words that were declared, and where they were done, if that is known.
    pub origins: Box<[(Box<str>, Option<Country>)]>,
}

impl Lot {
    /// The word for how the lot came to be: step, transfer kind or source.
    pub fn made_by(&self) -> &'static str {
        match &self.making {
            Making::Origin { source, .. } => source.as_str(),
            Making::Processing { step, .. } => step.as_str(),
            Making::Transfer { kind, .. } => kind.as_str(),
        }
    }

    /// The processing step, if there was one.
    pub fn step(&self) -> Option<Step> {
        match self.making {
            Making::Processing { step, .. } => Some(step),
            Making::Origin { .. } | Making::Transfer { .. } => None,
        }
    }

    /// The certificate this one corrects.
    pub fn corrects(&self) -> Option<Digest> {
        match self.making {
            Making::Processing { corrects, .. } => corrects,
            Making::Origin { .. } | Making::Transfer { .. } => None,
        }
    }

    /// Whether it is a transfer.
    pub fn is_transfer(&self) -> bool {
        matches!(self.making, Making::Transfer { .. })
    }

    /// Whether it is an origin.
    pub fn is_origin(&self) -> bool {
        matches!(self.making, Making::Origin { .. })
    }

    /// Whether its parts must have the composition of the whole: a transfer, or a repacking of one
    /// lot that is not a new assay of it.
    pub fn is_split(&self) -> bool {
        self.is_transfer()
            || (self.step() == Some(Step::Repacking)
                && self.corrects().is_none()
                && self.inputs.len() == 1
                && self.content_from == ContentFrom::Draws)
    }

    /// Whether it is a new assay of one lot: repacked, content from the assay, never more than drawn.
    pub fn is_reassay(&self) -> bool {
        self.step() == Some(Step::Repacking)
            && self.inputs.len() == 1
            && self.content_from == ContentFrom::Assay
    }

    /// All draws together.
    pub fn drawn(&self) -> Masses {
        sum(self.inputs.iter().map(|input| &input.draws))
    }

    /// Declared inputs: certified as such, and inventory gains, which count as unbacked.
    pub fn declared_masses(&self) -> (Masses, Masses) {
        let of = |gain: bool| {
            self.declared
                .iter()
                .filter(|d| (d.reason == DeclaredReason::InventoryGain) == gain)
                .map(|d| (d.element, d.mass.mg()))
                .collect()
        };
        (of(false), of(true))
    }
}

/// The sum of several masses.
pub(crate) fn sum<'m>(all: impl IntoIterator<Item = &'m Masses>) -> Masses {
    let mut total = Masses::default();
    for masses in all {
        total.add_all(masses);
    }
    total
}
