//! Is a part of a lot like the whole? (proto-docs/lots.md, "Splits", F6.)

use super::{Case, Findings, Known, input, mass, subject};
use crate::decimal::{Mass, kilograms};
use crate::finding::Code;
use crate::lot::{Input, Lot};

pub(crate) fn check(case: &Case<'_>, parent: Known<'_>, findings: &mut Findings) {
    let draw = &case.lot.inputs[0];
    if let Some(assay) = &case.lot.assay
        && parent.lot.assay.as_ref() != Some(assay)
    {
        let text = "a part of a lot has the assay of the whole, or none";
        findings.add(Code::ContentAssayNotInherited, subject("assay"), text);
    } else if case.lot.assay.is_some()
        && draw.rest
        && !mass::is_like(&draw.draws, parent.lot, case.lot.net_mass)
    {
        let text = "what is left is not like the whole: it loses the assay, or is assayed again";
        findings.add(Code::ContentAssayNotInherited, subject("assay"), text);
    }
    if draw.rest {
        return; // what was left is known to the log alone; overdrawing is found elsewhere
    }
    let fault = match (case.lot.net_mass, parent.lot.net_mass) {
        (Some(part), Some(whole)) => off_proportion(draw, parent.lot, part, whole),
        _ => no_one_share(draw, parent.lot),
    };
    if let Some(text) = fault {
        findings.add(Code::ConservationSplit, input(0, "draws"), text);
    }
}

/// |draw − content·m ÷ M| ≤ 1 mg, for every element of the whole.
fn off_proportion(draw: &Input, whole: &Lot, part_mass: Mass, whole_mass: Mass) -> Option<String> {
    if part_mass > whole_mass {
        return Some(format!("{part_mass} kg cannot be a part of {whole_mass} kg"));
    }
    let (part, all) = (u128::from(part_mass.mg()), u128::from(whole_mass.mg()));
    whole.content.iter().find_map(|(element, content)| {
        let drawn = draw.draws.get(element);
        let difference = (u128::from(drawn) * all).abs_diff(u128::from(content) * part);
        let expected = u64::try_from(u128::from(content) * part / all.max(1)).unwrap_or(u64::MAX);
        (difference > all).then(|| {
            format!("{} kg {element} drawn, {} kg are in proportion", kilograms(drawn), kilograms(expected))
        })
    })
}

/// One share k with |draw − k·content| ≤ 1 mg for every element.
fn no_one_share(draw: &Input, whole: &Lot) -> Option<String> {
    // The largest lower and the smallest upper bound on k, as fractions (numerator, denominator).
    let (mut low, mut high) = ((0_u128, 1_u128), (1_u128, 1_u128));
    for (element, content) in whole.content.iter() {
        let (drawn, content) = (u128::from(draw.draws.get(element)), u128::from(content));
        let (from, to) = ((drawn.saturating_sub(1), content), (drawn + 1, content));
        if from.0 * low.1 > low.0 * from.1 {
            low = from;
        }
        if to.0 * high.1 < high.0 * to.1 {
            high = to;
        }
        if low.0 * high.1 > high.0 * low.1 {
            return Some(format!("{element} was drawn in another share than the elements before it"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::Element;

    #[test]
    fn one_share_fits_all_or_does_not() {
        let (nd, dy) = (Element::parse("Nd").unwrap(), Element::parse("Dy").unwrap());
        let whole = |nd_mg, dy_mg| [(nd, nd_mg), (dy, dy_mg)].into_iter().collect();
        let lot = crate::test_lot::lot(whole(1_000_000, 10_000));
        let draw = |nd_mg, dy_mg| Input { draws: whole(nd_mg, dy_mg), ..crate::test_lot::input() };
        assert_eq!(no_one_share(&draw(500_000, 5_000), &lot), None);
        assert_eq!(no_one_share(&draw(500_000, 5_001), &lot), None, "within a milligram");
        assert!(no_one_share(&draw(500_000, 5_007), &lot).is_some());
        assert!(no_one_share(&draw(500_000, 0), &lot).is_some());
        assert!(no_one_share(&draw(1_000_002, 10_000), &lot).is_some(), "no share above one");
    }
}
