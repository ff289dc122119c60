//! How much of an element came by way of some countries.

use super::{Found, asked, range, words};
use crate::decimal::Percent;
use crate::form::CustodyModel;
use crate::profile::{ElementProfile, Entered, Profile, Share, Stage, StageProfile};
use crate::rules::{Contribution, Facts};
use crate::wire::Country;

/// Shares of metal that entered before its first certificate round outward: so much is nothing.
const ROUNDING: u32 = 64;

/// A sum of shares, millionths of a percent: certain, and possible.
#[derive(Default, Clone, Copy)]
struct Range {
    low: u32,
    high: u32,
}

impl Range {
    fn also(&mut self, share: Share) {
        // Parts may overlap: the largest is certain, and no more than their sum is possible.
        self.low = self.low.max(share.low().millionths());
        self.perhaps(share.high().millionths());
    }

    fn perhaps(&mut self, high: u32) {
        self.high = self.high.saturating_add(high).min(Percent::FULL);
    }
}

impl Contribution {
    pub(super) fn ask(&self, facts: &Facts, profile: &Profile) -> Found {
        let mut all: Vec<Found> = asked(&self.elements, profile).map(|own| self.element(own)).collect();
        for element in &self.elements {
            if facts.content.get(*element) > 0 && !profile.elements.iter().any(|own| own.element == *element)
            {
                all.push(Found::Open(format!("nothing is known of where the {element} comes from")));
            }
        }
        let found = Found::gravest(all);
        let Some(found) = found else {
            return Found::Not("the lot holds none of the elements".to_owned());
        };
        let asked: Vec<_> = asked(&self.elements, profile).map(|own| own.element.symbol()).collect();
        let balanced = profile.weakest_custody == Some(CustodyModel::MassBalance);
        match found {
            Found::Pass(_) if self.physical && balanced => {
                Found::Open("mass balance on the way shows no physical origin".to_owned())
            }
            Found::Pass(why) if asked.len() > 1 => Found::Pass(format!("{}: each {why}", asked.join(", "))),
            Found::Pass(why) => Found::Pass(format!("{} {why}", asked.join(""))),
            found => found,
        }
    }

    fn element(&self, own: &ElementProfile) -> Found {
        let element = own.element;
        let mut sum = Range::default();
        let mut open: Option<(u32, String)> = None;
        let mut note = |high: u32, why: String| {
            if high > ROUNDING && open.as_ref().is_none_or(|(most, _)| *most < high) {
                open = Some((high, why));
            }
        };
        for stage in &self.stages {
            let known = own.stage(*stage);
            for (country, share) in known.iter().flat_map(|known| &known.countries) {
                match country {
                    None => {
                        sum.perhaps(share.high().millionths());
                        note(share.high().millionths(), format!("{stage} in a country that is not stated"));
                    }
                    Some(country) if self.countries.contains(country) => {
                        let found = self.in_country(*country, *share, known);
                        if found.low < found.high {
                            note(found.high, format!("{stage} perhaps in {}", country.as_str()));
                        }
                        sum.low = sum.low.max(found.low);
                        sum.perhaps(found.high);
                    }
                    Some(_) => {}
                }
            }
            if let Some(untold) = known.map(|known| known.untold).filter(|untold| untold.is_possible()) {
                sum.perhaps(untold.high().millionths());
                note(
                    untold.high().millionths(),
                    format!("nobody says where {stage} was done before its origin"),
                );
            }
            self.declared(own, *stage, known, &mut sum, &mut note);
        }
        // Whatever it was before: what passed the stages under certificates passed them there.
        let all_told = |stage: &Stage| {
            own.stage(*stage).is_some_and(|known| known.done.low().millionths() >= Percent::FULL - ROUNDING)
        };
        let elsewhere = self.told.is_empty() && !self.stages.iter().all(all_told);
        for (way, why) in [
            (Entered::Exchanged, "metal that a mass balance may have exchanged"),
            (Entered::Missing, "metal from lots that are not in the bundle"),
        ] {
            let high = if elsewhere { own.entered(way).high().millionths() } else { 0 };
            sum.perhaps(high);
            note(high, why.to_owned());
        }
        for group in &self.told {
            if let Some(why) = untold(own, group) {
                sum.high = Percent::FULL;
                note(Percent::FULL, why);
            }
        }
        let shown = range(Percent::from_millionths(sum.low), Percent::from_millionths(sum.high));
        let of: Vec<_> = self.countries.iter().map(|country| country.as_str()).collect();
        if sum.low > self.at_most.millionths() && self.value {
            let way = self.by_way(own, &of);
            return Found::Open(format!(
                "{element} {shown} by way of {way}: how much of the value that is no certificate says"
            ));
        }
        if sum.low > self.at_most.millionths() {
            return Found::Fail(format!("{element} {shown} by way of {}", self.by_way(own, &of)));
        }
        if sum.high <= self.at_most.millionths().saturating_add(ROUNDING) {
            return Found::Pass(format!("none by way of {}", of.join(", ")));
        }
        let why = open.map_or_else(|| "it is not excluded".to_owned(), |(_, why)| why);
        Found::Open(format!("{element} {shown} by way of {}: {why}", of.join(", ")))
    }

    /// How much passed a stage in this country, or in the regions of it that are asked about.
    fn in_country(&self, country: Country, share: Share, known: Option<&StageProfile>) -> Range {
        let mut range = Range::default();
        if self.regions.is_empty() {
            range.also(share);
            return range;
        }
        let named = known.iter().flat_map(|known| &known.regions);
        for ((own, name), share) in named {
            if *own == country && self.is_region(name) {
                range.also(*share);
            }
        }
        // What is in the country and in no region that was named may be in any.
        let unplaced = known.iter().flat_map(|known| &known.unplaced);
        for (_, share) in unplaced.filter(|(own, _)| *own == country) {
            range.perhaps(share.high().millionths());
        }
        range.high = range.high.min(share.high().millionths()).max(range.low);
        range
    }

    /// Whether the name of a region has the words of one that is asked about in it. Scripts that do not part
    /// words are searched as they stand.
    fn is_region(&self, name: &str) -> bool {
        let padded = |text: &str| format!(" {} ", words(text));
        let (whole, lower) = (padded(name), name.to_lowercase());
        let is =
            |own: &String| whole.contains(&padded(own)) || (!own.is_ascii() && lower.contains(own.as_str()));
        self.regions.iter().any(is)
    }

    fn declared(
        &self,
        own: &ElementProfile,
        stage: Stage,
        known: Option<&StageProfile>,
        sum: &mut Range,
        note: &mut impl FnMut(u32, String),
    ) {
        let all = own.entered(Entered::Declared);
        if !all.is_possible() {
            return;
        }
        let mut told = 0_u32;
        for (country, share) in known.iter().flat_map(|known| &known.declared) {
            match country {
                Some(country) if self.countries.contains(country) && !self.regions.is_empty() => {
                    // What is declared names no region.
                    sum.perhaps(share.high().millionths());
                    note(
                        share.high().millionths(),
                        format!("it is declared, {stage} in {}", country.as_str()),
                    );
                    told = told.saturating_add(share.low().millionths());
                }
                Some(country) if self.countries.contains(country) => {
                    sum.also(*share);
                    told = told.saturating_add(share.low().millionths());
                }
                Some(_) if self.declared_counts => told = told.saturating_add(share.low().millionths()),
                Some(_) | None => {}
            }
        }
        let is_asked = self.told.is_empty() || self.told.iter().any(|group| group.contains(&stage));
        let open = all.high().millionths().saturating_sub(told);
        if open > ROUNDING && (is_asked && (stage == Stage::Mining || !self.declared_counts)) {
            sum.perhaps(open);
            note(open, format!("it is declared and not certified, and {stage} is not told"));
        }
    }

    fn by_way(&self, own: &ElementProfile, all: &[&str]) -> String {
        let mut found: Vec<String> = Vec::new();
        for stage in &self.stages {
            for (country, share) in own.stage(*stage).iter().flat_map(|known| &known.countries) {
                if let Some(country) = country.filter(|c| self.countries.contains(c) && share.is_certain()) {
                    found.push(format!("{} ({stage})", country.as_str()));
                }
            }
        }
        if found.is_empty() { all.join(", ") } else { found.join(", ") }
    }
}

/// Whether some of an element passed none of these stages where anybody says.
fn untold(own: &ElementProfile, group: &[Stage]) -> Option<String> {
    let most = |shares: &mut dyn Iterator<Item = Share>| {
        shares.map(|share| share.low().millionths()).max().unwrap_or(0)
    };
    let done = most(&mut group.iter().filter_map(|stage| own.stage(*stage)).map(|known| known.done));
    let declared: u32 = group
        .iter()
        .filter_map(|stage| own.stage(*stage))
        .map(|known| known.declared.iter().map(|(_, share)| share.low().millionths()).sum::<u32>())
        .max()
        .unwrap_or(0);
    let error = own.entered(Entered::Unbacked).high().millionths();
    let told = done.saturating_add(declared).saturating_add(error).saturating_add(ROUNDING);
    let words: Vec<_> = group.iter().map(|stage| stage.as_str()).collect();
    (told < Percent::FULL).then(|| format!("not all of it has a certificate of {}", words.join(" or ")))
}
