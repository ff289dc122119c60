//! A pack asked of many lots together: how much of each stage one country has.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::ask::{Found, range};
use super::judge::{Answer, ClauseAnswer, Row, RuleAnswer};
use super::scope::Applies;
use super::{Ask, Clause, Facts, Portfolio, RulePack};
use crate::decimal::{Percent, kilograms_grouped};
use crate::element::Element;
use crate::masses::Masses;
use crate::profile::{ElementProfile, Stage};
use crate::wire::Country;

/// Milligrams in millionths of a percent of a milligram: at least, and at most.
#[derive(Debug, Default, Clone, Copy)]
struct Amount {
    low: u128,
    high: u128,
}

/// What is known of an element at some stages, over many lots.
#[derive(Debug, Default)]
struct Sum {
    /// Milligrams of it.
    mg: u128,
    /// By country.
    countries: BTreeMap<Country, Amount>,
    /// What may have passed the stages in any country.
    anywhere: u128,
}

impl RulePack {
    /// Asks the pack about many lots together, as of a time. With each lot stands how much of it
    /// counts, milligrams of each element: its content, or a part of that. Clauses that ask of one lot
    /// are not applicable.
    pub fn judge_portfolio(&self, lots: &[(&Facts, &Masses)], at: Timestamp) -> RuleAnswer {
        let clauses = self.clauses.iter().map(|clause| clause.judge_portfolio(lots, at)).collect();
        self.answer(None, at, clauses)
    }
}

impl Clause {
    fn judge_portfolio(&self, lots: &[(&Facts, &Masses)], at: Timestamp) -> ClauseAnswer {
        let mut answer = self.unasked(at);
        if !self.span.holds(at) {
            return answer;
        }
        let [Ask::Portfolio(portfolio)] = self.asks.as_slice() else {
            "it is asked of one lot".clone_into(&mut answer.reason);
            return answer;
        };
        let is_in = |facts: &Facts| !matches!(self.scope.applies(facts), Applies::No(_));
        let lots: Vec<_> = lots.iter().filter(|(facts, _)| is_in(facts)).copied().collect();
        (answer.answer, answer.reason) = match portfolio.ask(&lots, &mut answer.rows) {
            Some(Found::Pass(why)) => (Answer::Pass, why),
            Some(Found::Open(why)) => (Answer::NotDemonstrated, why),
            Some(Found::Fail(why)) => (Answer::Fail, why),
            Some(Found::Not(why)) => (Answer::NotApplicable, why),
            None => (Answer::NotApplicable, "it holds none of the elements".to_owned()),
        };
        answer
    }
}

impl Portfolio {
    fn ask(&self, lots: &[(&Facts, &Masses)], rows: &mut Vec<Row>) -> Option<Found> {
        let mut all = Vec::new();
        for element in self.held(lots) {
            for (name, stages) in &self.groups {
                let mut sum = Sum::default();
                lots.iter().for_each(|(facts, masses)| sum.add(element, stages, facts, masses));
                all.push(self.judge(element, name, &sum, rows));
            }
        }
        let count = all.len();
        let found = Found::gravest(all)?;
        Some(match found {
            Found::Pass(_) => Found::Pass(format!(
                "no country outside has more than {} % of any of {count} elements and stages",
                self.at_most
            )),
            found => found,
        })
    }

    fn held(&self, lots: &[(&Facts, &Masses)]) -> Vec<Element> {
        let mut total = Masses::default();
        lots.iter().for_each(|(_, masses)| total.add_all(masses));
        let is_asked = |element: &Element| match self.elements.as_slice() {
            [] => element.is_rare_earth(),
            named => named.contains(element),
        };
        total.iter().map(|(element, _)| element).filter(is_asked).collect()
    }

    fn judge(&self, element: Element, name: &str, sum: &Sum, rows: &mut Vec<Row>) -> Found {
        let outside = sum.countries.iter().filter(|(country, _)| !self.inside.contains(country));
        // Of what nobody says where it was done, all may be in the largest, or in one that is not named.
        let most = |amount: &Amount| amount.high + sum.anywhere;
        let largest = outside.max_by_key(|(_, amount)| (most(amount), amount.low));
        let (country, low, high) = match largest {
            Some((country, amount)) => (country.as_str(), amount.low, most(amount)),
            None => ("no country outside", 0, sum.anywhere),
        };
        let text = format!(
            "{country} {} of {} kg",
            range(percent(low, sum.mg, false), percent(high, sum.mg, true)),
            kilograms_grouped(u64::try_from(sum.mg).unwrap_or(u64::MAX)),
        );
        let certain = sum.countries.iter().filter(|(country, _)| !self.inside.contains(country));
        let certain = certain.max_by_key(|(_, amount)| amount.low);
        let limit = u128::from(self.at_most.millionths()) * sum.mg;
        rows.push(Row { name: format!("{element} {name}"), text: text.clone() });
        match certain {
            Some((over, amount)) if amount.low > limit => Found::Fail(format!(
                "{element} {name}: {} has at least {} %, and {} % is allowed",
                over.as_str(),
                percent(amount.low, sum.mg, false),
                self.at_most
            )),
            _ if high <= limit => Found::Pass(text),
            _ => Found::Open(format!("{element} {name}: {text}, {} % is allowed", self.at_most)),
        }
    }
}

impl Sum {
    fn add(&mut self, element: Element, stages: &[Stage], facts: &Facts, masses: &Masses) {
        let mg = u128::from(masses.get(element));
        let full = u128::from(Percent::FULL);
        self.mg += mg;
        let profile = facts.profile.as_ref();
        let Some(own) = profile.and_then(|all| all.elements.iter().find(|own| own.element == element)) else {
            self.anywhere += mg * full;
            return;
        };
        for (country, [low, high]) in shares(own, stages) {
            let amount = self.countries.entry(country).or_default();
            amount.low += mg * u128::from(low);
            amount.high += mg * u128::from(high);
        }
        self.anywhere += mg * u128::from(Percent::FULL - told(own, stages));
    }
}

/// What passed one of the stages in each country, of one element of a lot: the larger of several is
/// certain, no more than their sum is possible.
fn shares(own: &ElementProfile, stages: &[Stage]) -> BTreeMap<Country, [u32; 2]> {
    let mut all: BTreeMap<Country, [u32; 2]> = BTreeMap::new();
    for known in stages.iter().filter_map(|stage| own.stage(*stage)) {
        for (country, share) in known.countries.iter().chain(&known.declared) {
            let Some(country) = country else { continue };
            let [low, high] = all.entry(*country).or_default();
            *low = (*low).max(share.low().millionths());
            *high = high.saturating_add(share.high().millionths()).min(Percent::FULL);
        }
    }
    all
}

/// How much passed one of the stages where somebody says the country.
fn told(own: &ElementProfile, stages: &[Stage]) -> u32 {
    let one = |stage: &Stage| {
        let known = own.stage(*stage)?;
        let unnamed: u32 = (known.countries.iter())
            .filter(|(country, _)| country.is_none())
            .fold(0, |sum, (_, share)| sum.saturating_add(share.high().millionths()));
        let declared = known.declared.iter().filter(|(country, _)| country.is_some());
        let declared = declared.fold(0_u32, |sum, (_, share)| sum.saturating_add(share.low().millionths()));
        Some(known.done.low().millionths().saturating_sub(unnamed).saturating_add(declared))
    };
    stages.iter().filter_map(one).max().unwrap_or(0).min(Percent::FULL)
}

fn percent(amount: u128, mg: u128, up: bool) -> Percent {
    let mg = mg.max(1);
    let share = if up { amount.div_ceil(mg) } else { amount / mg };
    Percent::from_millionths(u32::try_from(share).unwrap_or(Percent::FULL))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::profile::{Profile, Share, StageProfile};

    const PACK: &str = r#"
pack = "ytterby.rules/1"
id = "portfolio"
title = "65 % at most"
jurisdiction = "EU"
instrument = "none"
as-of = "2026-11-23"
confidence = "made up"
[[clause]]
id = "one"
title = "a country's share"
from = "2025-01-01"
[[clause.ask]]
that = "portfolio"
elements = ["Nd"]
inside = ["EE"]
at-most = "65"
groups = [{ name = "separated", stages = ["separation"] }]
"#;

    /// Neodymium that was separated in these countries, so many percent at least and at most.
    fn lot(mg: u64, places: &[(&str, &str, &str)]) -> (Facts, Masses) {
        let element = Element::parse("Nd").unwrap();
        let mut stage = StageProfile::of(Stage::parse("separation").unwrap());
        stage.done = Share::ALL;
        for (country, low, high) in places {
            let percent = |text: &str| Percent::parse(text).unwrap();
            stage.countries.push((Country::parse(country), Share::between(percent(low), percent(high))));
        }
        let mut own = ElementProfile::empty(element, mg);
        own.stages.push(stage);
        let mut masses = Masses::default();
        masses.set(element, mg);
        let profile = Profile { lot: Digest::of(b"lot"), weakest_custody: None, elements: vec![own] };
        (Facts { content: masses.clone(), profile: Some(profile), ..Facts::default() }, masses)
    }

    fn answer(lots: &[(Facts, Masses)], at: &str) -> (Answer, String, Vec<Row>) {
        let lots: Vec<(&Facts, &Masses)> = lots.iter().map(|(facts, masses)| (facts, masses)).collect();
        let pack = RulePack::parse(PACK.as_bytes()).unwrap();
        let mut answer = pack.judge_portfolio(&lots, at.parse().unwrap());
        let clause = answer.clauses.remove(0);
        assert_eq!(answer.answer, clause.answer);
        (clause.answer, clause.reason, clause.rows)
    }

    const AT: &str = "2026-06-01T00:00:00Z";

    #[test]
    fn one_milligram_decides() {
        let all = |country: &str, mg: u64| lot(mg, &[(country, "100", "100")]);
        for (china, other, expected) in [
            (65_000, 35_000, Answer::Pass),
            (65_001, 35_000, Answer::Fail),
            (64_999, 35_000, Answer::Pass),
            (65, 34, Answer::Fail),
            // Masses at the end of their range do not overflow.
            (u64::MAX / 2, u64::MAX / 2, Answer::Pass),
        ] {
            let (found, why, rows) = answer(&[all("CN", china), all("AU", other)], AT);
            assert_eq!(found, expected, "{china} of {}: {why}", u128::from(china) + u128::from(other));
            assert_eq!(rows.len(), 1);
        }
        let (_, why, rows) = answer(&[all("CN", 65_001), all("AU", 35_000)], AT);
        assert_eq!(why, "Nd separated: CN has at least 65.000349 %, and 65 % is allowed");
        assert_eq!(rows[0].text, "CN 65.000349 to 65.00035 % of 0.100 kg");
    }

    #[test]
    fn inside_any_share_is_allowed() {
        let (found, ..) = answer(&[lot(1_000, &[("EE", "100", "100")])], AT);
        assert_eq!(found, Answer::Pass);
    }

    #[test]
    fn what_is_not_told_may_be_anywhere() {
        let known = lot(65_000, &[("EE", "100", "100")]);
        let mut untold = lot(65_000, &[]);
        untold.0.profile = None;
        // Half of it, then more than 65 %, may be in one country.
        assert_eq!(answer(&[known.clone(), untold.clone()], AT).0, Answer::Pass);
        untold.1.set(Element::parse("Nd").unwrap(), 65_000 * 65 / 35 + 1);
        let (found, why, _) = answer(&[known, untold], AT);
        assert_eq!(found, Answer::NotDemonstrated);
        assert!(why.contains("no country outside 0 to 65.00"), "{why}");
    }

    #[test]
    fn a_pool_is_open_on_both_sides_of_the_limit() {
        let pool = |low, high| lot(100_000, &[("CN", low, high), ("EE", "0", "50")]);
        assert_eq!(answer(&[pool("50", "65")], AT).0, Answer::Pass);
        assert_eq!(answer(&[pool("50", "65.000001")], AT).0, Answer::NotDemonstrated);
        assert_eq!(answer(&[pool("65.00001", "80")], AT).0, Answer::Fail);
    }

    #[test]
    fn a_lot_is_no_portfolio_and_a_clause_has_its_time() {
        let pack = RulePack::parse(PACK.as_bytes()).unwrap();
        let (facts, masses) = lot(1_000, &[("CN", "100", "100")]);
        let one = pack.judge(&facts, AT.parse().unwrap());
        assert_eq!(
            (one.answer, one.clauses[0].reason.as_str()),
            (Answer::NotApplicable, "it is asked of a portfolio")
        );
        let lots = [(facts, masses)];
        assert_eq!(answer(&lots, "2024-12-31T23:59:59Z").0, Answer::NotApplicable);
        assert_eq!(answer(&lots, "2025-01-01T00:00:00Z").0, Answer::Fail);
        assert_eq!(answer(&[], AT).0, Answer::NotApplicable);
        // Clauses that are asked of a lot are not asked of a portfolio.
        let dfars = RulePack::parse(RulePack::shipped("us-dfars-7052").unwrap().as_bytes()).unwrap();
        assert_eq!(dfars.judge_portfolio(&[], AT.parse().unwrap()).answer, Answer::NotApplicable);
    }

    #[test]
    fn a_question_of_a_portfolio_stands_alone() {
        let two = format!("{PACK}[[clause.ask]]\nthat = \"complete\"\n");
        let error = RulePack::parse(two.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("stands alone"), "{error}");
        let way_out = format!(
            "{PACK}[[clause.exception]]\nid = \"out\"\ntitle = \"out\"\n[[clause.exception.ask]]\nthat = \"portfolio\"\nat-most = \"1\"\ngroups = []\n"
        );
        let error = RulePack::parse(way_out.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("no way out"), "{error}");
    }
}
