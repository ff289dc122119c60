//! May a lot weigh what it says it weighs? (proto-docs/lots.md, "Net mass".)

use super::conservation::Feed;
use super::{Findings, subject};
use crate::decimal::{Mass, kilograms_grouped};
use crate::finding::Code;
use crate::form::{ContentFrom, Step};
use crate::lot::Lot;
use crate::masses::Masses;
use crate::wide::mul_div_up;

/// Drums take up moisture and scales differ: what several lots, or a finished one, may weigh beyond what
/// went in, parts per thousand. Granted once: it is not handed on.
const MOISTURE: u64 = 5;

/// Checks the net mass of a lot with inputs, and says what the lots after it may weigh together.
pub(crate) fn check(lot: &Lot, feeds: &[Feed<'_>], findings: &mut Findings) -> Option<Mass> {
    if !keeps_mass(lot) {
        return lot.net_mass; // a measured material, or one that water and reagents went into
    }
    let (declared, gained) = lot.declared_masses();
    let parts = feeds.iter().map(|feed| Some(part(feed.carried.ceiling?.mg(), feed)));
    let tied: Option<u64> = parts.sum::<Option<u64>>();
    let tied = tied.map(|mg| mg.saturating_add(declared.total()).saturating_add(gained.total()));
    if let Some(net_mass) = lot.net_mass {
        if lot.is_split() {
            check_part(net_mass, &feeds[0], findings);
        } else if let Some(tied) = tied {
            check_whole(lot, net_mass, tied, feeds.len(), findings);
        }
    }
    let tied = tied.map(|mg| Mass::from_mg(mg).unwrap_or(Mass::MAX));
    match (tied, lot.net_mass) {
        (Some(tied), Some(net_mass)) => Some(tied.min(net_mass)),
        (tied, net_mass) => tied.or(net_mass),
    }
}

/// Whether nothing but what went in can be in the lot's mass.
fn keeps_mass(lot: &Lot) -> bool {
    let step = matches!(
        lot.step(),
        Some(Step::Blending | Step::Repacking | Step::Finishing | Step::Magnetization | Step::Undo)
    );
    lot.is_transfer() || (step && lot.content_from == ContentFrom::Draws)
}

/// The part of a mass that was drawn: all elements together, with the milligram of each that the rule of
/// splits allows.
fn part(mass: u64, feed: &Feed<'_>) -> u64 {
    let content = &feed.known.lot.content;
    let drawn = feed.draws.total().saturating_add(content.iter().len() as u64).min(content.total());
    mul_div_up(mass, drawn, content.total()).unwrap_or(mass)
}

/// A part of a lot weighs at most its share of what the lot weighs.
fn check_part(net_mass: Mass, feed: &Feed<'_>, findings: &mut Findings) {
    let Some(whole) = feed.known.lot.net_mass.or(feed.carried.ceiling) else { return };
    let most = part(whole.mg(), feed);
    if net_mass.mg() > most {
        let text = format!(
            "{} kg stated, what was drawn is {} kg of the lot's {} kg",
            kilograms_grouped(net_mass.mg()),
            kilograms_grouped(most),
            kilograms_grouped(whole.mg())
        );
        findings.add(Code::ConservationSplit, subject("netMass"), text);
    }
}

fn check_whole(lot: &Lot, net_mass: Mass, tied: u64, inputs: usize, findings: &mut Findings) {
    let moisture = if lot.step() == Some(Step::Undo) { 0 } else { tied / 1000 * MOISTURE };
    let most = tied.saturating_add(moisture).saturating_add(inputs as u64);
    if net_mass.mg() > most {
        let text = format!(
            "{} kg stated, what was drawn and declared weighs {} kg",
            kilograms_grouped(net_mass.mg()),
            kilograms_grouped(tied)
        );
        findings.add(Code::ContentExceedsInputMass, subject("netMass"), text);
    }
}

/// Whether what is left of a lot may keep its assay: each draw is in proportion, but for ten grams.
pub(crate) fn is_like(draws: &Masses, whole: &Lot, part: Option<Mass>) -> bool {
    const OFF: u128 = 10_000;
    let (part, all) = match (part, whole.net_mass) {
        (Some(part), Some(all)) => (part.mg(), all.mg()),
        _ => (draws.total(), whole.content.total()),
    };
    let (part, all) = (u128::from(part), u128::from(all));
    whole.content.iter().all(|(element, content)| {
        (u128::from(draws.get(element)) * all).abs_diff(u128::from(content) * part) <= OFF * all
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::Element;

    #[test]
    fn what_is_left_is_measured_by_its_weight_if_both_are_weighed() {
        let nd = |mg| -> Masses { [(Element::parse("Nd").unwrap(), mg)].into_iter().collect() };
        let whole = Lot { net_mass: Mass::from_mg(2_000_000), ..crate::test_lot::lot(nd(1_000_000)) };
        let draws = nd(500_000);
        assert!(is_like(&draws, &whole, Mass::from_mg(1_000_000)), "half of both");
        assert!(is_like(&draws, &whole, Mass::from_mg(1_020_000)), "ten grams of neodymium off");
        assert!(!is_like(&draws, &whole, Mass::from_mg(1_020_001)));
        assert!(!is_like(&draws, &whole, Mass::from_mg(500_000)), "half the metal in a quarter of the mass");
        assert!(is_like(&draws, &whole, None), "by the draws alone");
    }
}
