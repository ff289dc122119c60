//! Where each stage was done, as a table; is it known of all of it?

use super::{Found, ROUNDING, asked, range};
use crate::decimal::Percent;
use crate::element::Element;
use crate::profile::{ElementProfile, Entered, Profile, Share, Stage, StageProfile};
use crate::rules::Row;
use crate::wire::Country;

pub(super) fn ask(
    elements: &[Element],
    groups: &[(String, Vec<Stage>)],
    with_regions: bool,
    profile: &Profile,
    rows: &mut Vec<Row>,
) -> Found {
    let mut all = Vec::new();
    if asked(elements, profile).next().is_none() {
        return Found::Not("the lot holds none of the elements".to_owned());
    }
    for own in asked(elements, profile) {
        for (name, stages) in groups {
            let (text, told) = places(own, stages, with_regions);
            rows.push(Row { name: format!("{} {name}", own.element), text });
            let error = own.entered(Entered::Unbacked).high().millionths();
            if told.saturating_add(error).saturating_add(ROUNDING) < Percent::FULL {
                let told = Percent::from_millionths(told);
                all.push(Found::Open(format!(
                    "{}: where it was {name} is told of {told} % of it at least",
                    own.element
                )));
            }
        }
    }
    let found = Found::gravest(all);
    found.unwrap_or_else(|| Found::Pass(format!("{} stages told of every element", groups.len())))
}

/// The countries of some stages, and of how much at least they are told. What passed two stages of a
/// group counts by the better known one.
fn places(own: &ElementProfile, stages: &[Stage], with_regions: bool) -> (String, u32) {
    let mut words: Vec<String> = Vec::new();
    let mut told = 0;
    for stage in stages {
        let Some(known) = own.stage(*stage) else { continue };
        for (place, share) in named(known, with_regions) {
            let word = format!("{place} {}", range(share.low(), share.high()));
            if !words.contains(&word) {
                words.push(word);
            }
        }
        told = told.max(told_of(known, with_regions));
    }
    let text = if words.is_empty() { "not told".to_owned() } else { words.join(", ") };
    (text, told.min(Percent::FULL))
}

/// Of how much at least the place is told: of what passed the stage but for what passed it in no such place. Shares of places
/// cannot be summed, as metal may have passed it twice.
fn told_of(known: &StageProfile, with_regions: bool) -> u32 {
    let sum = |shares: &mut dyn Iterator<Item = u32>| shares.fold(0_u32, u32::saturating_add);
    let unnamed = known.countries.iter().filter(|(country, _)| country.is_none());
    let unnamed = sum(&mut unnamed.map(|(_, share)| share.high().millionths()));
    let done = known.done.low().millionths().saturating_sub(unnamed);
    if with_regions {
        let unplaced = sum(&mut known.unplaced.iter().map(|(_, share)| share.high().millionths()));
        return done.saturating_sub(unplaced);
    }
    // What is declared entered beside the certificates.
    let declared = known.declared.iter().filter(|(country, _)| country.is_some());
    done.saturating_add(sum(&mut declared.map(|(_, share)| share.low().millionths())))
}

/// The places of a stage. What is declared names no region.
fn named(known: &StageProfile, with_regions: bool) -> Vec<(String, Share)> {
    if with_regions {
        let text = |country: Country, region: &str| format!("{} {region}", country.as_str());
        return known.regions.iter().map(|((country, name), share)| (text(*country, name), *share)).collect();
    }
    let all = known.countries.iter().chain(&known.declared);
    all.filter_map(|(country, share)| Some(((*country)?.as_str().to_owned(), *share))).collect()
}
