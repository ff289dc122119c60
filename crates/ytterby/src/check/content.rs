//! Does the stated content follow from mass and assay? (proto-docs/lots.md, "Assay" and F2.)

use super::{Findings, subject};
use crate::assay::{Amount, Assay};
use crate::decimal::{Mass, Percent, kilograms_grouped};
use crate::element::Element;
use crate::finding::Code;
use crate::form::{ContentFrom, MassBasis, PercentBasis};
use crate::lot::Lot;
use crate::masses::Masses;

pub(crate) fn check(lot: &Lot, findings: &mut Findings) {
    if let (Some(step), ContentFrom::Assay) = (lot.step(), lot.content_from)
        && step.always_draws()
        && !lot.is_reassay()
    {
        let text = format!("{step} changes nothing that an assay would show: content is what was drawn");
        return findings.add(Code::ContentDrawsRequired, subject("contentFrom"), text);
    }
    let before = findings.0.len();
    if let Some(assay) = &lot.assay {
        check_assay(assay, findings);
    }
    if findings.0[before..].iter().any(|f| f.code != Code::ContentSumOver100) {
        return;
    }
    match (lot.content_from, &lot.assay, lot.net_mass) {
        (ContentFrom::Assay, Some(assay), Some(net_mass)) => {
            check_stated(lot, &content_of(assay, net_mass), findings)
        }
        (ContentFrom::Assay, _, _) => {
            findings.add(
                Code::ContentMissingAssay,
                subject("contentFrom"),
                "there is no assay, or no net mass",
            );
        }
        (ContentFrom::Draws, Some(assay), Some(net_mass)) => {
            check_excess(lot, &content_of(assay, net_mass), findings)
        }
        (ContentFrom::Draws, _, _) => {}
    }
    if let Some(net_mass) = lot.net_mass
        && lot.content.total() > net_mass.mg()
    {
        let (total, mass) = (kilograms_grouped(lot.content.total()), kilograms_grouped(net_mass.mg()));
        findings.add(
            Code::ContentExceedsNetMass,
            subject("content"),
            format!("{total} kg of elements in {mass} kg of material"),
        );
    }
}

/// F2 for every row with a percentage.
pub(crate) fn content_of(assay: &Assay, net_mass: Mass) -> Masses {
    let rows = assay.rows.iter().filter(|row| matches!(row.amount, Amount::Percent(_)));
    rows.map(|row| (row.element, assay.content(net_mass, row).map_or(0, Mass::mg))).collect()
}

fn check_stated(lot: &Lot, computed: &Masses, findings: &mut Findings) {
    let Some((element, stated, computed)) = first_difference(&lot.content, computed) else { return };
    let text = format!(
        "{} kg {element} stated, {} kg follow from mass and assay",
        crate::decimal::kilograms(stated),
        crate::decimal::kilograms(computed)
    );
    findings.add(Code::ContentMismatch, subject(&format!("content/{element}")), text);
}

/// With content from draws an assay may show more than is certified, never less: else the lot would
/// be certified to hold what its own laboratory did not find. Steps whose content always comes from
/// draws are free of this: an assay there is a second look, with its own error.
fn check_excess(lot: &Lot, computed: &Masses, findings: &mut Findings) {
    if lot.step().is_none_or(|step| step.always_draws() || lot.corrects().is_some()) {
        return;
    }
    let reported = |element| lot.assay.iter().flat_map(|a| a.rows.iter()).any(|row| row.element == element);
    for (element, mg) in lot.content.iter() {
        if mg > computed.get(element) && reported(element) {
            let (certified, shown) = (kilograms_grouped(mg), kilograms_grouped(computed.get(element)));
            let text = format!("{certified} kg {element} certified, the assay shows {shown} kg");
            return findings.add(Code::ContentExceedsAssay, subject(&format!("content/{element}")), text);
        }
    }
}

fn first_difference(a: &Masses, b: &Masses) -> Option<(Element, u64, u64)> {
    let elements = a.iter().chain(b.iter()).map(|(element, _)| element);
    elements.map(|e| (e, a.get(e), b.get(e))).find(|(_, a, b)| a != b)
}

pub(crate) fn check_assay(assay: &Assay, findings: &mut Findings) {
    if let Some(at) = assay.rare_earth_impurities.first() {
        let text = "rare earths are components, whatever their amount";
        findings.add(
            Code::ContentRareEarthImpurity,
            subject(&format!("assay/impurities/{at}/species")),
            text,
        );
    }
    for (at, row) in assay.rows.iter().enumerate() {
        if assay.rows[..at].iter().any(|other| other.element == row.element) {
            let text = format!("{} has a row before this one", row.element);
            return findings.add(
                Code::ContentDuplicateComponent,
                subject(&format!("assay/components/{at}")),
                text,
            );
        }
    }
    if let Some((member, text)) = basis_fault(assay) {
        return findings.add(Code::ContentBasis, subject(&format!("assay/{member}")), text);
    }
    check_sum(assay, findings);
}

/// The member that does not fit the bases, and why.
fn basis_fault(assay: &Assay) -> Option<(&'static str, &'static str)> {
    let rare_earth =
        |oxide: bool| assay.rows.iter().any(|r| r.element.is_rare_earth() && r.oxide.is_some() == oxide);
    match assay.mass_basis {
        MassBasis::AsReceived if assay.moisture.is_some() || assay.loss_on_ignition.is_some() => Some((
            "massBasis",
            "percentages of the mass as received take no moisture and no loss on ignition",
        )),
        MassBasis::Dry if assay.moisture.is_none() => {
            Some(("moisture", "percentages of the dry mass need the moisture"))
        }
        MassBasis::Dry if assay.loss_on_ignition.is_some() => {
            Some(("lossOnIgnition", "percentages of the dry mass take no loss on ignition"))
        }
        MassBasis::Ignited if assay.loss_on_ignition.is_none() => {
            Some(("lossOnIgnition", "percentages of the ignited mass need the loss on ignition"))
        }
        _ => match assay.percent_basis {
            PercentBasis::OfTreo if assay.treo.is_none() => Some((
                "treo",
                "percentages of TREO need `treo`, the percentage of total rare-earth oxides in the mass",
            )),
            PercentBasis::OfTreo if rare_earth(false) => {
                Some(("percentBasis", "percentages of TREO are of oxides"))
            }
            PercentBasis::OfTrem if assay.trem.is_none() => Some((
                "trem",
                "percentages of TREM need `trem`, the percentage of total rare-earth metals in the mass",
            )),
            PercentBasis::OfTrem if rare_earth(true) => {
                Some(("percentBasis", "percentages of TREM are of elements"))
            }
            _ => None,
        },
    }
}

/// Percentages of the mass, and within a total those of the total, add up to 100, laboratory error
/// aside.
fn check_sum(assay: &Assay, findings: &mut Findings) {
    let percent = |rare_earths: bool| -> u64 {
        let rows = assay.rows.iter().filter(|row| row.element.is_rare_earth() == rare_earths);
        rows.map(|row| match row.amount {
            Amount::Percent(percent) => u64::from(percent.millionths()),
            Amount::Below(_) => 0,
        })
        .sum()
    };
    let total = match assay.percent_basis {
        PercentBasis::OfMass => None,
        PercentBasis::OfTreo => assay.treo,
        PercentBasis::OfTrem => assay.trem,
    };
    let of_mass = percent(false) + total.map_or(percent(true), |t| t.millionths().into());
    let sum = of_mass.max(if total.is_some() { percent(true) } else { 0 });
    let full = u64::from(Percent::FULL);
    let (code, limit) = match sum {
        s if s > full + full / 100 => (Code::ContentSum, "101"),
        s if s > full => (Code::ContentSumOver100, "100"),
        _ => return,
    };
    let text = format!("the components add up to {} %, more than {limit}", crate::decimal::kilograms(sum));
    findings.add(code, subject("assay/components"), text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_name_the_member_that_they_lack_or_refuse() {
        let some = Percent::parse("10").ok();
        let member = |mass_basis, percent_basis, moisture, loss_on_ignition, total| {
            let assay = Assay {
                mass_basis,
                moisture,
                loss_on_ignition,
                percent_basis,
                treo: total,
                trem: total,
                rows: Box::default(),
                rare_earth_impurities: Box::default(),
                actinides: Box::default(),
                report: None,
            };
            basis_fault(&assay).map(|(member, _)| member)
        };
        use MassBasis::{AsReceived, Dry, Ignited};
        use PercentBasis::{OfMass, OfTrem, OfTreo};
        assert_eq!(member(AsReceived, OfMass, None, None, None), None);
        assert_eq!(member(AsReceived, OfMass, some, None, None), Some("massBasis"));
        assert_eq!(member(AsReceived, OfMass, None, some, None), Some("massBasis"));
        assert_eq!(member(Dry, OfMass, None, None, None), Some("moisture"));
        assert_eq!(member(Dry, OfMass, some, some, None), Some("lossOnIgnition"));
        assert_eq!(member(Ignited, OfMass, None, None, None), Some("lossOnIgnition"));
        assert_eq!(member(AsReceived, OfTreo, None, None, None), Some("treo"));
        assert_eq!(member(AsReceived, OfTrem, None, None, None), Some("trem"));
        assert_eq!(member(Dry, OfTreo, some, None, some), None);
        assert_eq!(member(Ignited, OfTrem, None, some, some), None);
    }
}
