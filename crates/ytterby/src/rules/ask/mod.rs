//! The questions, one file for each that is more than a few lines.

mod activity;
mod attested;
mod authorised;
mod contribution;
mod disclosed;

use std::cell::Cell;

use jiff::Timestamp;

use super::{Ask, Clause, Facts, Row};
use crate::decimal::Percent;
use crate::element::Element;
use crate::profile::{ElementProfile, Entered, Profile, Stage};
use crate::text::words;
use crate::wire::Country;

/// Shares round outward: so much, millionths of a percent, is nothing.
const ROUNDING: u32 = 64;

/// What was found out about a question. The gravest of several counts: a failure, then what is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// It is not asked of this lot.
    Not(String),
    /// It holds.
    Pass(String),
    /// What would show it is not there.
    Open(String),
    /// It does not hold.
    Fail(String),
}

impl Found {
    fn rank(&self) -> u8 {
        match self {
            Found::Not(_) => 0,
            Found::Pass(_) => 1,
            Found::Open(_) => 2,
            Found::Fail(_) => 3,
        }
    }

    /// Of several, the gravest; of these the first.
    pub(crate) fn gravest(all: impl IntoIterator<Item = Found>) -> Option<Found> {
        all.into_iter().reduce(|a, b| if b.rank() > a.rank() { b } else { a })
    }
}

/// What a question is asked of.
#[derive(Clone, Copy)]
pub(crate) struct Case<'c> {
    /// The clause that it stands in.
    pub(crate) clause: &'c Clause,
    /// The facts.
    pub(crate) facts: &'c Facts,
    /// As of when.
    pub(crate) at: Timestamp,
    /// The steps that expressions may still take.
    pub(crate) steps: &'c Cell<u64>,
}

impl Ask {
    /// Asks; rows of a table go to the list.
    pub(crate) fn ask(&self, case: &Case<'_>, rows: &mut Vec<Row>) -> Found {
        let facts = case.facts;
        match self {
            Ask::Contribution(own) => with_profile(facts, |profile| own.ask(facts, profile)),
            Ask::Within { elements, stages, countries, at_least } => {
                with_profile(facts, |profile| within(elements, stages, countries, *at_least, profile))
            }
            Ask::Recycled { elements, post_consumer, pre_consumer, at_least, exact } => {
                with_profile(facts, |profile| {
                    let of = (*post_consumer, *pre_consumer);
                    recycled(elements, of, (*at_least, *exact), profile, rows)
                })
            }
            Ask::Disclosed { elements, groups, with_regions } => {
                with_profile(facts, |profile| disclosed::ask(elements, groups, *with_regions, profile, rows))
            }
            Ask::Authorised(own) => own.ask(case.clause, facts),
            Ask::Screened { lists } => screened(lists, facts),
            Ask::Attested { kind, schemes } => attested::ask(*kind, schemes, facts, case.at, rows),
            Ask::Activity { at_most_mbq_per_g } => activity::ask(*at_most_mbq_per_g, facts),
            Ask::Complete => complete(facts),
            Ask::Expression(own) => own.ask(case),
            // A clause that asks this is asked of a portfolio, and of no lot.
            Ask::Portfolio(_) => Found::Open("it is asked of a portfolio".to_owned()),
        }
    }
}

fn complete(facts: &Facts) -> Found {
    let count = facts.gaps.len() + facts.own_gaps.len();
    match (facts.gaps.iter().chain(&facts.own_gaps).next(), count) {
        (None, _) => Found::Pass("everything that is asked for is stated".to_owned()),
        (Some(only), 1) => Found::Open(only.clone()),
        (Some(first), _) => Found::Open(format!("{first}, and {} more gaps", count - 1)),
    }
}

fn with_profile(facts: &Facts, ask: impl FnOnce(&Profile) -> Found) -> Found {
    match &facts.profile {
        Some(profile) => ask(profile),
        None => Found::Open("there is too much behind the lot for a profile".to_owned()),
    }
}

/// The elements that a question is about: those named that the lot holds, or all its rare earths.
pub(crate) fn asked<'p>(
    elements: &'p [Element],
    profile: &'p Profile,
) -> impl Iterator<Item = &'p ElementProfile> {
    profile.elements.iter().filter(move |own| match elements {
        [] => own.element.is_rare_earth(),
        named => named.contains(&own.element),
    })
}

fn within(
    elements: &[Element],
    stages: &[Stage],
    countries: &[Country],
    at_least: Percent,
    profile: &Profile,
) -> Found {
    let names: Vec<_> = countries.iter().map(|country| country.as_str()).collect();
    let mut all = Vec::new();
    for own in asked(elements, profile) {
        for stage in stages {
            let places = own.stage(*stage).into_iter().flat_map(|known| &known.countries);
            let inside = places.filter(|(own, _)| own.is_some_and(|own| countries.contains(&own)));
            // Metal that passed the stage twice counts once: the largest is certain.
            let (mut low, mut high) = (0, 0_u32);
            for (_, share) in inside {
                low = low.max(share.low().millionths());
                high = high.saturating_add(share.high().millionths()).min(Percent::FULL);
            }
            let share = range(Percent::from_millionths(low), Percent::from_millionths(high));
            let text = format!("{} {share} {stage} in {}", own.element, names.join(", "));
            let error = own.entered(Entered::Unbacked).high().millionths();
            all.push(match at_least.millionths() {
                least if low.saturating_add(error) >= least => Found::Pass(text),
                least if high < least => Found::Fail(format!("{text}, {at_least} % is asked for")),
                _ => Found::Open(format!("{text}, {at_least} % is asked for")),
            });
        }
    }
    Found::gravest(all).unwrap_or_else(|| Found::Open("the lot holds none of the elements".to_owned()))
}

fn recycled(
    elements: &[Element],
    (post_consumer, pre_consumer): (bool, bool),
    (at_least, exact): (Percent, bool),
    profile: &Profile,
    rows: &mut Vec<Row>,
) -> Found {
    let one = |own: &ElementProfile| {
        let ends = |which: fn(crate::profile::Share) -> Percent| {
            let post = if post_consumer { which(own.post_consumer()).millionths() } else { 0 };
            let pre = if pre_consumer { which(own.pre_consumer).millionths() } else { 0 };
            Percent::from_millionths(post + pre)
        };
        let (low, high) = (ends(|share| share.low()), ends(|share| share.high()));
        rows.push(Row { name: own.element.to_string(), text: range(low, high) });
        let unknown =
            [Entered::Exchanged, Entered::Missing].iter().any(|way| own.entered(*way).is_possible());
        if exact && (unknown || high.millionths() - low.millionths() > ROUNDING) {
            Found::Open(format!("{} {} recycled, which is no one share", own.element, range(low, high)))
        } else if low >= at_least {
            Found::Pass(format!("{} {} recycled", own.element, range(low, high)))
        } else if high < at_least {
            Found::Fail(format!("{} {} recycled, {at_least} % is asked for", own.element, range(low, high)))
        } else {
            Found::Open(format!("{} {} recycled, {at_least} % is asked for", own.element, range(low, high)))
        }
    };
    let all: Vec<Found> = asked(elements, profile).map(one).collect();
    Found::gravest(all).unwrap_or_else(|| Found::Not("the lot holds none of the elements".to_owned()))
}

fn screened(lists: &[String], facts: &Facts) -> Found {
    let mut all = Vec::new();
    for name in lists {
        let Some(list) = facts.screening.iter().find(|list| list.name == *name) else {
            all.push(Found::Open(format!("the list {name} was not given")));
            continue;
        };
        all.push(match facts.parties.first(list.words.iter()) {
            Some(party) => {
                let name = party.name.as_ref().or(party.did.as_ref()).map_or("somebody", |name| name);
                Found::Fail(format!("{name} is on {} of {}", list.name, list.date))
            }
            None => Found::Pass(format!(
                "none of {} parties is on {} of {}",
                facts.parties.iter().len(),
                list.name,
                list.date
            )),
        });
    }
    Found::gravest(all).unwrap_or_else(|| Found::Open("no list is named".to_owned()))
}

/// Names are compared without case, and without what stands between their words.
fn same_name(a: &str, b: &str) -> bool {
    words(a) == words(b)
}

/// `62.5 to 75 %`.
pub(crate) fn range(low: Percent, high: Percent) -> String {
    if low == high { format!("{low} %") } else { format!("{low} to {high} %") }
}
