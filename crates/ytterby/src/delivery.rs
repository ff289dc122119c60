//! What was delivered: which lot, and how much of it the certificates cover.
//! Implements proto-docs/verification.md, "Delivery".

use std::collections::HashMap;

use crate::certificate::Certificate;
use crate::check::conservation::class_of;
use crate::decimal::kilograms_grouped;
use crate::finding::{Code, Finding};
use crate::lot::Lot;
use crate::masses::Masses;
use crate::report::Report;
use crate::verify::Question;
use crate::wide::mul_div;

/// Is the lot that was asked about among the subjects, and do they cover the mass?
pub(crate) fn check(subjects: &[&Certificate<'_>], question: &Question, report: &mut Report) {
    let named = |certificate: &&&Certificate<'_>| {
        question.lot.as_ref().is_none_or(|wanted| certificate.is_called(wanted))
    };
    let delivered: Vec<_> = subjects.iter().filter(named).collect();
    if let (Some(wanted), true) = (&question.lot, delivered.is_empty()) {
        let numbers: Vec<_> =
            subjects.iter().filter_map(|c| c.lot()).map(|lot| lot.number.to_string()).collect();
        let text = format!("{wanted:?} was asked about, the bundle delivers {}", numbers.join(", "));
        report.findings.push(Finding::new(Code::CustodyLotNotFound, text));
    } else if let Some(mass) = question.mass {
        let drawn: HashMap<_, _> = report.certificates.iter().map(|own| (own.digest, &own.drawn)).collect();
        let of = |certificate: &Certificate<'_>| {
            Some(covered(certificate.lot()?, drawn.get(&certificate.digest())?))
        };
        let covered = delivered.iter().filter_map(|c| of(c)).fold(0, u64::saturating_add);
        if covered < mass.mg() {
            let text = format!(
                "{} kg delivered, {} kg certified",
                kilograms_grouped(mass.mg()),
                kilograms_grouped(covered)
            );
            report.findings.push(Finding::new(Code::CustodyMassNotCovered, text));
        }
    }
}

/// The net mass, as far as its assay is certified and nobody in the bundle has drawn on it.
fn covered(lot: &Lot, drawn: &Masses) -> u64 {
    let Some(net_mass) = lot.net_mass else { return 0 };
    let (certified, assayed) = certified_share(lot).unwrap_or((1, 1));
    let certified = mul_div(net_mass.mg(), certified, assayed).unwrap_or(0);
    mul_div(certified, lot.content.less(drawn).total(), lot.content.total()).unwrap_or(0)
}

/// The smallest share of what an assay shows that is certified: of an element that the lot holds, or of all
/// its rare earths. `None` where the assay agrees with the content as two laboratories do, or there is none.
fn certified_share(lot: &Lot) -> Option<(u64, u64)> {
    let net_mass = lot.net_mass?;
    let assayed = crate::check::content::content_of(lot.assay.as_ref()?, net_mass);
    let mut rare_earths = (0, 0);
    let mut shares = Vec::new();
    for (element, shown) in assayed.iter() {
        let content = lot.content.get(element);
        if content > 0 {
            shares.push((content, shown));
        }
        if element.is_rare_earth() {
            rare_earths = (rare_earths.0 + content.min(shown), rare_earths.1 + shown);
        }
    }
    shares.push(rare_earths);
    let short = |(content, shown): &(u64, u64)| {
        // Two milligrams for a part's rounding, the class of the element for a second look.
        let least = 1_000_000 - u128::from(class_of(*shown, net_mass.mg()));
        u128::from(content + 2) * 1_000_000 < u128::from(*shown) * least
    };
    shares.into_iter().filter(short).reduce(smaller)
}

/// The smaller of two shares, each a part and the whole; the first of equal ones.
fn smaller(a: (u64, u64), b: (u64, u64)) -> (u64, u64) {
    if u128::from(b.0) * u128::from(a.1) < u128::from(a.0) * u128::from(b.1) { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_compared_as_fractions() {
        for (lesser, greater) in [
            ((10, 100), (9, 50)),
            ((1, 3), (1, 2)),
            ((0, 1), (1, u64::MAX)),
            ((u64::MAX - 1, u64::MAX), (1, 1)),
        ] {
            assert_eq!(smaller(lesser, greater), lesser);
            assert_eq!(smaller(greater, lesser), lesser);
        }
        assert_eq!(smaller((1, 2), (2, 4)), (1, 2));
        assert_eq!(smaller((2, 4), (1, 2)), (2, 4));
    }
}
