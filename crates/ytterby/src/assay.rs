//! Assays, and the content that follows from one: formula F2 of proto-docs/lots.md.

use crate::decimal::{Mass, Percent, Ppm};
use crate::digest::Digest;
use crate::element::{Element, Oxide};
use crate::form::{MassBasis, PercentBasis};
use crate::wide::Wide;

/// An assay, as far as it decides content. Two assays are equal when they give every mass the same
/// content and bounds.
#[derive(Debug, Clone)]
pub struct Assay {
    /// What the percentages refer to.
    pub mass_basis: MassBasis,
    /// Moisture, if stated.
    pub moisture: Option<Percent>,
    /// Loss on ignition, if stated.
    pub loss_on_ignition: Option<Percent>,
    /// Of what the percentages of rare earths are.
    pub percent_basis: PercentBasis,
    /// Total rare-earth oxides, if stated.
    pub treo: Option<Percent>,
    /// Total rare-earth metals, if stated.
    pub trem: Option<Percent>,
    /// The rows, in the order of the paper.
    pub rows: Box<[Row]>,
    /// Impurities that hold a rare earth, by position: there may be none.
    pub(crate) rare_earth_impurities: Box<[usize]>,
    /// Thorium and uranium among the impurities.
    pub actinides: Box<[(Actinide, ActinideAmount)]>,
    /// The laboratory's report, if it is named.
    pub report: Option<Box<LabReport>>,
}

/// What identifies a laboratory's report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabReport {
    /// The laboratory's own attestation, by digest.
    pub attestation: Option<Digest>,
    /// The laboratory's name.
    pub laboratory: Option<Box<str>>,
    /// The number that it gave the report.
    pub number: Option<Box<str>>,
}

impl PartialEq for Assay {
    /// Thorium and uranium are no content, and neither is whose report it is.
    fn eq(&self, other: &Self) -> bool {
        let bases = |own: &Self| {
            (own.mass_basis, own.moisture, own.loss_on_ignition, own.percent_basis, own.treo, own.trem)
        };
        bases(self) == bases(other)
            && self.rows == other.rows
            && self.rare_earth_impurities == other.rare_earth_impurities
    }
}

impl Eq for Assay {}

/// What thorium and uranium are reported as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actinide {
    /// Th.
    Thorium,
    /// ThO2.
    ThoriumOxide,
    /// U.
    Uranium,
    /// U3O8.
    UraniumOxide,
}

/// How much thorium or uranium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActinideAmount {
    /// This much.
    Ppm(Ppm),
    /// Less than this.
    Below(Ppm),
}

impl Actinide {
    /// What a formula stands for, if it is one of these.
    pub(crate) fn parse(formula: &str) -> Option<Self> {
        Some(match formula {
            "Th" => Actinide::Thorium,
            "ThO2" => Actinide::ThoriumOxide,
            "U" => Actinide::Uranium,
            "U3O8" => Actinide::UraniumOxide,
            _ => return None,
        })
    }

    /// Its formula.
    pub fn formula(self) -> &'static str {
        match self {
            Actinide::Thorium => "Th",
            Actinide::ThoriumOxide => "ThO2",
            Actinide::Uranium => "U",
            Actinide::UraniumOxide => "U3O8",
        }
    }

    /// Whether it is thorium.
    pub fn is_thorium(self) -> bool {
        matches!(self, Actinide::Thorium | Actinide::ThoriumOxide)
    }
}

/// A row: an element, reported as such or as an oxide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The element.
    pub element: Element,
    /// The oxide it is reported as, if it is.
    pub oxide: Option<&'static Oxide>,
    /// How much.
    pub amount: Amount,
}

/// A percentage, or the limit it is below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// This much.
    Percent(Percent),
    /// Less than this.
    Below(Percent),
}

impl Assay {
    /// F2: the content that a net mass has by a row; a bound, if the row gives a limit. `None` for a
    /// basis whose total is not stated.
    pub fn content(&self, net_mass: Mass, row: &Row) -> Option<Mass> {
        let (Amount::Percent(percent) | Amount::Below(percent)) = row.amount;
        let dry = match self.mass_basis {
            MassBasis::AsReceived => Percent::FULL,
            MassBasis::Dry => self.moisture?.complement().millionths(),
            MassBasis::Ignited => self.moisture.unwrap_or_default().complement().millionths(),
        };
        let ignited = match self.mass_basis {
            MassBasis::Ignited => self.loss_on_ignition?.complement().millionths(),
            MassBasis::AsReceived | MassBasis::Dry => Percent::FULL,
        };
        let share = match self.percent_basis {
            PercentBasis::OfTreo if row.element.is_rare_earth() => self.treo?.millionths(),
            PercentBasis::OfTrem if row.element.is_rare_earth() => self.trem?.millionths(),
            _ => Percent::FULL,
        };
        let ppm = row.oxide.map_or(1_000_000, |oxide| oxide.ppm);
        let product = [dry, ignited, share, percent.millionths(), ppm]
            .into_iter()
            .try_fold(Wide::new(net_mass.mg()), |product, factor| product.times(factor.into()))?;
        let full = u64::from(Percent::FULL);
        let floored = product.over(full).over(full).over(full).over(full).over(1_000_000);
        floored.to_u64().and_then(Mass::from_mg)
    }

    /// The detection limit of an element as a mass, if the assay gives only a limit for it.
    pub fn bound(&self, net_mass: Mass, element: Element) -> Option<Mass> {
        let row = self.rows.iter().find(|row| row.element == element)?;
        match row.amount {
            Amount::Below(_) => self.content(net_mass, row),
            Amount::Percent(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(oxide: &str, percent: &str) -> Row {
        let oxide = Oxide::parse(oxide).unwrap();
        Row {
            element: oxide.element,
            oxide: Some(oxide),
            amount: Amount::Percent(Percent::parse(percent).unwrap()),
        }
    }

    fn assay(mass_basis: MassBasis, percent_basis: PercentBasis) -> Assay {
        Assay {
            mass_basis,
            moisture: None,
            loss_on_ignition: None,
            percent_basis,
            treo: None,
            trem: None,
            rows: Box::default(),
            rare_earth_impurities: Box::default(),
            actinides: Box::default(),
            report: None,
        }
    }

    #[test]
    fn content_is_floored_once_at_the_end() {
        // 73 450.9 kg × 77.278 % × 0.857356 = 48 664.7… kg Nd.
        let ignited = Assay {
            loss_on_ignition: Percent::parse("0").ok(),
            ..assay(MassBasis::Ignited, PercentBasis::OfMass)
        };
        let content = ignited.content(Mass::parse("73450.900").unwrap(), &row("Nd2O3", "77.278")).unwrap();
        // 73 450 900 000 mg × 77 278 000 × 857 356 ÷ 10^14, by hand: 48 664 715 285.8…
        assert_eq!(content.mg(), 48_664_715_285);
    }

    #[test]
    fn every_base_takes_its_factor() {
        let mass = Mass::parse("1000").unwrap();
        let mut wet = assay(MassBasis::Dry, PercentBasis::OfTreo);
        assert_eq!(wet.content(mass, &row("CeO2", "50")), None, "no moisture");
        wet.moisture = Percent::parse("15").ok();
        assert_eq!(wet.content(mass, &row("CeO2", "50")), None, "no TREO");
        wet.treo = Percent::parse("40").ok();
        // 1000 × 0.85 × 0.40 × 0.50 × 0.814088 = 138.39496 kg
        assert_eq!(wet.content(mass, &row("CeO2", "50")).unwrap().to_string(), "138.39496");
        let iron = Row { element: Element::parse("Fe").unwrap(), oxide: None, ..row("CeO2", "10") };
        assert_eq!(wet.content(mass, &iron).unwrap().to_string(), "85", "TREO is for rare earths only");
    }
}
