//! Metal that only a detection limit stands for. (proto-docs/lots.md, "Limits" and F5.)

use std::collections::{HashMap, HashSet};

use super::conservation::Feed;
use super::subject;
use crate::bundle::Bundle;
use crate::carried::{CAP_BOUNDED, Carried};
use crate::decimal::{Mass, kilograms};
use crate::element::Element;
use crate::finding::{Code, Finding};
use crate::lineage::Lineage;
use crate::lot::Lot;
use crate::masses::Masses;
use crate::wide::mul_div;

/// B(e) of an origin: what its own limits allow of elements that it does not hold.
pub(crate) fn of_origin(lot: &Lot) -> Masses {
    let rows = lot.assay.iter().flat_map(|assay| assay.rows.iter());
    rows.filter(|row| lot.content.get(row.element) == 0)
        .filter_map(|row| Some((row.element, own(lot, row.element)?)))
        .collect()
}

/// The limit that a lot states for an element, as a mass.
fn own(lot: &Lot, element: Element) -> Option<u64> {
    lot.assay.as_ref()?.bound(lot.net_mass?, element).map(Mass::mg)
}

/// B(e) of a lot with inputs: what theirs allow of the part that was drawn, and what was drawn of e and is
/// not certified; no more than its own limit, if it states one.
pub(crate) fn of_output(lot: &Lot, feeds: &[Feed<'_>]) -> Masses {
    let mut bounds = Masses::default();
    for feed in feeds {
        for (element, _) in feed.carried.bounds.iter() {
            bounds.add(element, allowed(feed.known.lot, feed.draws, feed.carried, element));
        }
        bounds.add_all(feed.draws);
    }
    let open = bounds.iter().filter(|(element, _)| lot.content.get(*element) == 0);
    open.map(|(element, sum)| (element, own(lot, element).map_or(sum, |own| own.min(sum)))).collect()
}

/// B(e) of a correction: no more than what the base had of it, as content or as a limit.
pub(crate) fn of_correction(bounds: &Masses, base: &Lot, carried: &Carried) -> Masses {
    let had = |element| match base.content.get(element) {
        0 => carried.bounds.get(element),
        content => content,
    };
    bounds.iter().map(|(element, mg)| (element, mg.min(had(element)))).collect()
}

/// ⌊B(e)·f⌋, with f the largest share of any element that was drawn.
pub(crate) fn allowed(lot: &Lot, draws: &Masses, carried: &Carried, element: Element) -> u64 {
    let shares = draws.iter().map(|(e, draw)| (draw, lot.content.get(e))).filter(|(_, content)| *content > 0);
    let largest = shares.reduce(|a, b| {
        if u128::from(b.0) * u128::from(a.1) > u128::from(a.0) * u128::from(b.1) { b } else { a }
    });
    largest.and_then(|(draw, content)| mul_div(carried.bounds.get(element), draw, content)).unwrap_or(0)
}

/// What all certificates of a bundle take of the limits behind them is at most these limits.
pub(crate) fn check_spent(
    bundle: &Bundle<'_>,
    lineage: &Lineage,
    carried: &[Option<Carried>],
) -> Vec<Finding> {
    let lot_at = |position: u32| {
        let at = position as usize;
        Some((bundle.certificates[at].lot()?, carried[at].as_ref()?))
    };
    let corrected: HashSet<_> = bundle.certificates.iter().filter_map(|c| c.lot()?.corrects()).collect();
    let mut taken: HashMap<u32, Masses> = HashMap::new();
    let mut findings = Vec::new();
    for position in lineage.order.iter().rev() {
        let Some((lot, own)) = lot_at(*position) else { continue };
        let certificate = &bundle.certificates[*position as usize];
        let mut claims = Masses::default();
        for (element, mg) in taken.remove(position).unwrap_or_default().iter() {
            let bound = own.bounds.get(element);
            claims.add(element, mg.min(bound));
            if mg > bound {
                let text = format!(
                    "{} kg {element} certified out of {}, whose limits allow {} kg",
                    kilograms(mg),
                    lot.number,
                    kilograms(bound)
                );
                let finding = Finding::new(Code::ConservationExceedsBound, text);
                findings.push(finding.at(subject("content")).about(certificate.digest()));
            }
        }
        // What a corrected lot took, its correction takes instead.
        if !corrected.contains(&certificate.digest()) {
            claims.add_all(&lot.content.iter().filter(|(e, _)| own.caps.get(*e) == CAP_BOUNDED).collect());
        }
        if claims.is_empty() {
            continue;
        }
        let base = own.base.and_then(|base| lineage.index.get(&base));
        let inputs = match base.and_then(|base| Some((*base, lot_at(*base)?.0))) {
            Some((base, origin)) if origin.is_origin() => {
                taken.entry(base).or_default().add_all(&claims);
                continue;
            }
            Some((_, base)) => &base.inputs,
            None => &lot.inputs,
        };
        let drawn = crate::lot::sum(inputs.iter().map(|input| &input.draws));
        let mut open = claims.less(&drawn);
        for input in inputs {
            let Some(parent) = lineage.index.get(&input.digest) else { continue };
            let Some((parent_lot, parent_carried)) = lot_at(*parent) else { continue };
            let part: Masses = open
                .iter()
                .map(|(e, mg)| (e, mg.min(allowed(parent_lot, &input.draws, parent_carried, e))))
                .collect();
            open = open.less(&part);
            taken.entry(*parent).or_default().add_all(&part);
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_share_counts_wherever_it_stands() {
        let element = |symbol| Element::parse(symbol).unwrap();
        let masses = |nd, dy| -> Masses { [(element("Nd"), nd), (element("Dy"), dy)].into_iter().collect() };
        let lot = crate::test_lot::lot(masses(1_000, 2_000));
        let tb = element("Tb");
        let carried = Carried { bounds: [(tb, 5_000)].into_iter().collect(), ..Carried::default() };
        assert_eq!(allowed(&lot, &masses(600, 1_000), &carried, tb), 3_000, "of the first");
        assert_eq!(allowed(&lot, &masses(500, 1_200), &carried, tb), 3_000, "of the second");
        assert_eq!(allowed(&lot, &Masses::default(), &carried, tb), 0, "of nothing");
    }
}
