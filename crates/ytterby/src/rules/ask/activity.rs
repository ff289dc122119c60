//! Natural radioactivity, from an assay's thorium and uranium.

use super::Found;
use crate::assay::{Actinide, ActinideAmount};
use crate::rules::Facts;

pub(super) fn ask(at_most_mbq_per_g: u64, facts: &Facts) -> Found {
    let chain = |is_thorium: bool, name: &str| {
        let own = facts.actinides.iter().filter(|(actinide, _)| actinide.is_thorium() == is_thorium);
        let found = own.map(|(actinide, amount)| match amount {
            ActinideAmount::Ppm(ppm) => (mbq(*actinide, ppm.millionths()), true),
            ActinideAmount::Below(ppm) => (mbq(*actinide, ppm.millionths()), false),
        });
        match found.max() {
            None => Found::Open(format!("the assay does not give {name}")),
            Some((mbq, _)) if mbq <= at_most_mbq_per_g => {
                Found::Pass(format!("{name} at most {} Bq/g", bq(mbq)))
            }
            Some((mbq, true)) => {
                Found::Fail(format!("{name} {} Bq/g, the limit is {}", bq(mbq), bq(at_most_mbq_per_g)))
            }
            Some((mbq, false)) => Found::Open(format!("{name} is only known to be below {} Bq/g", bq(mbq))),
        }
    };
    let found = Found::gravest([chain(true, "thorium"), chain(false, "uranium")]);
    found.unwrap_or_else(|| Found::Open("nothing was assayed".to_owned()))
}

/// Millibecquerels per gram of millionths of a part per million, rounded up: 1 % Th is 40.7 Bq/g, ThO2
/// 35.8, U 123.5, U3O8 104.7.
fn mbq(actinide: Actinide, millionths_of_ppm: u64) -> u64 {
    let per_percent = match actinide {
        Actinide::Thorium => 40_700,
        Actinide::ThoriumOxide => 35_800,
        Actinide::Uranium => 123_500,
        Actinide::UraniumOxide => 104_700,
    };
    // A percent is 10¹⁰ millionths of a part per million; at most 10¹² of them, so this fits.
    (millionths_of_ppm * per_percent).div_ceil(10_000_000_000)
}

fn bq(mbq: u64) -> String {
    let text = format!("{}.{:03}", mbq / 1_000, mbq % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
