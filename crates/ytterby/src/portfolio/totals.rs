//! Sums over lots: integers, lower ends rounded down once at the end, upper ends up.

use std::collections::BTreeMap;

use super::Held;
use crate::decimal::Percent;
use crate::digest::Digest;
use crate::element::Element;
use crate::masses::Masses;
use crate::profile::{ElementProfile, Entered, Share, Stage, StageProfile};
use crate::rules::{Answer, Facts, Rules};
use crate::wire::Country;

/// How a pack answers for the lots of a portfolio.
#[derive(Debug, Clone)]
pub struct RuleTotals {
    /// The pack's name.
    pub pack: String,
    /// The digest of its bytes.
    pub pack_digest: Digest,
    /// What it asks, in a line.
    pub title: String,
    /// For each answer the lots that got it: pass, fail, not demonstrated, not applicable.
    pub totals: [Total; 4],
}

/// The lots that got an answer.
#[derive(Debug, Clone)]
pub struct Total {
    /// The answer.
    pub answer: Answer,
    /// How many lots.
    pub lots: usize,
    /// What they hold, as far as it counts.
    pub masses: Masses,
}

/// An element of a portfolio.
#[derive(Debug, Clone)]
pub struct ElementTotals {
    /// The element.
    pub element: Element,
    /// Its mass, milligrams.
    pub mg: u64,
    /// In how many lots.
    pub lots: usize,
    /// Of so much there is no profile: nothing is known of where it comes from.
    pub unprofiled_mg: u64,
    /// How it entered the certificates.
    pub entered: Vec<(Entered, Amount)>,
    /// Recovered from production scrap of another process, and not used before.
    pub pre_consumer: Amount,
    /// Its stages, mine first.
    pub stages: Vec<StageTotals>,
}

/// A stage of an element's way, over a portfolio.
#[derive(Debug, Clone)]
pub struct StageTotals {
    /// The stage.
    pub stage: Stage,
    /// What passed it under a certificate.
    pub done: Amount,
    /// What may have passed it before its first certificate.
    pub untold: Amount,
    /// By country, largest first; no country where certificates say that it is unknown.
    pub countries: Vec<(Option<Country>, Amount)>,
    /// By country, of material that is declared and not certified.
    pub declared: Vec<(Option<Country>, Amount)>,
}

/// A mass of an element between two ends, each rounded outward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amount {
    /// At least so many milligrams.
    pub low_mg: u64,
    /// At most so many.
    pub high_mg: u64,
    /// At least so much of all of the element.
    pub low: Percent,
    /// At most so much.
    pub high: Percent,
}

pub(super) fn of_rules(rules: &Rules, lots: &[&Held]) -> Vec<RuleTotals> {
    let order = [Answer::Pass, Answer::Fail, Answer::NotDemonstrated, Answer::NotApplicable];
    let totals = |number: usize| {
        order.map(|answer| {
            let mut total = Total { answer, lots: 0, masses: Masses::default() };
            for held in lots.iter().filter(|held| held.answers.get(number) == Some(&answer)) {
                total.lots += 1;
                total.masses.add_all(&held.counted);
            }
            total
        })
    };
    let packs = rules.packs.iter().enumerate();
    packs
        .map(|(number, pack)| RuleTotals {
            pack: pack.id.clone(),
            pack_digest: pack.digest,
            title: pack.title.clone(),
            totals: totals(number),
        })
        .collect()
}

pub(super) fn of_elements(lots: &[(&Facts, &Masses)]) -> Vec<ElementTotals> {
    let held = lots.iter().flat_map(|(_, masses)| masses.iter().map(|(element, _)| element));
    let mut sums: BTreeMap<Element, ElementSum> =
        held.map(|element| (element, ElementSum::default())).collect();
    for (facts, masses) in lots {
        for (element, mg) in masses.iter() {
            let profile = facts.profile.iter().flat_map(|own| &own.elements);
            let own = profile.into_iter().find(|own| own.element == element);
            sums.entry(element).or_default().add(mg, own);
        }
    }
    sums.into_iter().map(|(element, sum)| sum.totals(element)).collect()
}

/// Milligrams in millionths of a percent of a milligram: at least, and at most.
#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    low: u128,
    high: u128,
}

#[derive(Debug, Default)]
struct ElementSum {
    mg: u64,
    lots: usize,
    unprofiled_mg: u64,
    entered: BTreeMap<Entered, Sum>,
    pre_consumer: Sum,
    stages: BTreeMap<Stage, StageSum>,
}

#[derive(Debug, Default)]
struct StageSum {
    done: Sum,
    untold: Sum,
    countries: BTreeMap<Option<Country>, Sum>,
    declared: BTreeMap<Option<Country>, Sum>,
}

impl Sum {
    fn add(&mut self, mg: u64, share: Share) {
        self.low += u128::from(mg) * u128::from(share.low().millionths());
        self.high += u128::from(mg) * u128::from(share.high().millionths());
    }

    /// The mass, and what it is of all: each end rounded once.
    fn of(self, all_mg: u64) -> Amount {
        let full = u128::from(Percent::FULL);
        let mg = |sum: u128| u64::try_from(sum).unwrap_or(u64::MAX).min(all_mg);
        let percent =
            |millionths: u128| Percent::from_millionths(u32::try_from(millionths).unwrap_or(Percent::FULL));
        let all = u128::from(all_mg.max(1));
        Amount {
            low_mg: mg(self.low / full),
            high_mg: mg(self.high.div_ceil(full)),
            low: percent(self.low / all),
            high: percent(self.high.div_ceil(all)),
        }
    }
}

impl ElementSum {
    fn add(&mut self, mg: u64, profile: Option<&ElementProfile>) {
        self.mg = self.mg.saturating_add(mg);
        self.lots += 1;
        let Some(profile) = profile else {
            self.unprofiled_mg = self.unprofiled_mg.saturating_add(mg);
            return;
        };
        for (way, share) in &profile.entered {
            self.entered.entry(*way).or_default().add(mg, *share);
        }
        self.pre_consumer.add(mg, profile.pre_consumer);
        for stage in &profile.stages {
            self.stages.entry(stage.stage).or_default().add(mg, stage);
        }
    }

    fn totals(self, element: Element) -> ElementTotals {
        let mg = self.mg;
        ElementTotals {
            element,
            mg,
            lots: self.lots,
            unprofiled_mg: self.unprofiled_mg,
            entered: self.entered.into_iter().map(|(way, sum)| (way, sum.of(mg))).collect(),
            pre_consumer: self.pre_consumer.of(mg),
            stages: self.stages.into_iter().map(|(stage, sum)| sum.totals(stage, mg)).collect(),
        }
    }
}

impl StageSum {
    fn add(&mut self, mg: u64, stage: &StageProfile) {
        self.done.add(mg, stage.done);
        self.untold.add(mg, stage.untold);
        for (sums, shares) in [(&mut self.countries, &stage.countries), (&mut self.declared, &stage.declared)]
        {
            for (country, share) in shares {
                sums.entry(*country).or_default().add(mg, *share);
            }
        }
    }

    fn totals(self, stage: Stage, mg: u64) -> StageTotals {
        StageTotals {
            stage,
            done: self.done.of(mg),
            untold: self.untold.of(mg),
            countries: largest_first(self.countries, mg),
            declared: largest_first(self.declared, mg),
        }
    }
}

fn largest_first(sums: BTreeMap<Option<Country>, Sum>, mg: u64) -> Vec<(Option<Country>, Amount)> {
    let mut all: Vec<_> = sums.into_iter().map(|(country, sum)| (country, sum.of(mg))).collect();
    all.sort_by_key(|(_, amount)| std::cmp::Reverse((amount.high_mg, amount.low_mg)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    /// A lot of neodymium whose share separated in Estonia lies between two percentages.
    fn lot(mg: u64, low: &str, high: &str) -> (Facts, Masses) {
        let element = Element::parse("Nd").unwrap();
        let share = Share::between(Percent::parse(low).unwrap(), Percent::parse(high).unwrap());
        let mut stage = StageProfile::of(Stage::parse("separation").unwrap());
        stage.done = share;
        stage.countries.push((Country::parse("EE"), share));
        let mut own = ElementProfile::empty(element, mg);
        own.stages.push(stage);
        let profile = Profile { lot: Digest::of(b"lot"), weakest_custody: None, elements: vec![own] };
        let masses: Masses = [(element, mg)].into_iter().collect();
        (Facts { content: masses.clone(), profile: Some(profile), ..Facts::default() }, masses)
    }

    fn in_estonia(lots: &[(Facts, Masses)]) -> ([u64; 2], [String; 2], u64) {
        let lots: Vec<_> = lots.iter().map(|(facts, masses)| (facts, masses)).collect();
        let totals = of_elements(&lots);
        let amount = totals[0].stages.first().map(|own| own.countries[0].1).unwrap_or_default();
        let percent = [amount.low.to_string(), amount.high.to_string()];
        ([amount.low_mg, amount.high_mg], percent, totals[0].unprofiled_mg)
    }

    #[test]
    fn ends_are_rounded_outward_once_over_all_lots() {
        // Half a milligram is rounded to none and to one; two halves are one.
        let half = || lot(1, "50", "50");
        assert_eq!(in_estonia(&[half()]), ([0, 1], ["50".into(), "50".into()], 0));
        assert_eq!(in_estonia(&[half(), half()]).0, [1, 1]);
        assert_eq!(in_estonia(&[half(), half(), half()]).0, [1, 2]);
        let thirds = in_estonia(&[lot(3_000_000, "100", "100"), lot(6_000_000, "0", "0")]);
        assert_eq!(thirds, ([3_000_000, 3_000_000], ["33.333333".into(), "33.333334".into()], 0));
        let exact = in_estonia(&[lot(u64::MAX / 4, "100", "100"), lot(u64::MAX / 4, "100", "100")]);
        assert_eq!(exact.0, [u64::MAX / 4 * 2; 2]);
    }

    #[test]
    fn of_what_has_no_profile_nothing_is_known() {
        let mut untold = lot(700, "100", "100");
        untold.0.profile = None;
        assert_eq!(
            in_estonia(&[untold, lot(300, "100", "100")]),
            ([300, 300], ["30".into(), "30".into()], 700)
        );
    }

    #[test]
    fn a_part_may_be_any_part() {
        let (mut facts, mut masses) = lot(1_000, "50", "50");
        masses.set(Element::parse("Nd").unwrap(), 500);
        facts.profile.as_mut().unwrap().keep(&masses);
        assert_eq!(in_estonia(&[(facts, masses)]).0, [0, 500]);
        let (mut facts, mut masses) = lot(1_000, "50", "50");
        masses.set(Element::parse("Nd").unwrap(), 800);
        facts.profile.as_mut().unwrap().keep(&masses);
        assert_eq!(in_estonia(&[(facts, masses)]).0, [300, 500]);
    }
}
