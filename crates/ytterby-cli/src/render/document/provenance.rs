//! Where each element of a delivered lot comes from: a table for each, a row for each stage.

use std::collections::HashMap;

use ytterby::profile::{ElementProfile, Profile, Share, StageProfile};
use ytterby::text::printable;

use super::Whole;
use super::table::{Cell, Section, Table};
use crate::render::amount;
use crate::render::profile::{country_name, percents};

/// So many places or parties of a stage are named.
const MAX_NAMED: usize = 100;

const NOTE: &str = "Shares of the element's mass in the lot: the smallest and the largest that the certificates leave \
    possible, each rounded outward. They are as good as the certificates.";
const UNKNOWN: &str = "Not worked out: the file is about too many lots, or there is too much behind them.";

pub(super) fn section(whole: &Whole<'_, '_>) -> Option<Section> {
    let Some(provenance) = &whole.shown.report.provenance else {
        return Some(Section { title: "Provenance", note: UNKNOWN.to_owned(), tables: Vec::new() });
    };
    let facilities = facilities(whole);
    let tables = provenance.lots.iter().flat_map(|lot| tables(lot, whole, &facilities));
    Section::of("Provenance", NOTE, tables.collect())
}

/// Names of facilities by their identifiers, as the first certificate states them.
fn facilities<'b>(whole: &Whole<'b, '_>) -> HashMap<&'b str, &'b str> {
    let lots = whole.bundle.certificates().iter().filter_map(ytterby::Certificate::lot);
    let mut names = HashMap::new();
    for facility in lots.filter_map(|lot| lot.facility.as_ref()) {
        names.entry(&*facility.id).or_insert(&*facility.name);
    }
    names
}

fn tables(profile: &Profile, whole: &Whole<'_, '_>, facilities: &HashMap<&str, &str>) -> Vec<Table> {
    let number = whole.shown.number(&profile.lot);
    let custody = profile.weakest_custody.map_or("not stated", |model| model.as_str());
    let table = |own: &ElementProfile| {
        let caption = format!(
            "{number}: {}, {}: {}. Weakest custody on the way: {custody}",
            own.element,
            amount::kg(own.mg),
            entered(own)
        );
        let mut table = Table::new(caption, &["stage", "country", "region", "facility", "certified by"]);
        for stage in &own.stages {
            table.add(row(stage, whole, facilities));
        }
        if own.stages.is_empty() {
            let nothing = ["no stage is known", "", "", "", ""];
            table.add(nothing.map(Cell::from).into());
        }
        table
    };
    profile.elements.iter().map(table).collect()
}

fn entered(own: &ElementProfile) -> String {
    let mut words: Vec<String> =
        own.entered.iter().map(|(way, share)| format!("{} {}", way.as_str(), percents(*share))).collect();
    if own.pre_consumer.is_possible() {
        words.push(format!("pre-consumer recycled {}", percents(own.pre_consumer)));
    }
    words.join(", ")
}

fn row(stage: &StageProfile, whole: &Whole<'_, '_>, facilities: &HashMap<&str, &str>) -> Vec<Cell> {
    let mut countries = named(&stage.countries, |country| country_name(*country));
    countries.extend(named(&stage.declared, |country| format!("declared: {}", country_name(*country))));
    if stage.untold.is_possible() {
        countries.push(format!("not told {}", percents(stage.untold)));
    }
    let regions =
        named(&stage.regions, |(country, name)| format!("{} {}", country.as_str(), printable(name)));
    let facilities = named(&stage.facilities, |id| match facilities.get(&**id) {
        Some(name) => format!("{} ({})", printable(name), printable(id)),
        None => printable(id),
    });
    let issuers = named(&stage.issuers, |did| whole.party(did));
    let lists = [countries, regions, facilities, issuers];
    let mut cells = vec![Cell::from(stage.stage.as_str())];
    cells.extend(lists.iter().map(|lines| Cell::lines(lines)));
    cells
}

fn named<K>(list: &[(K, Share)], name: impl Fn(&K) -> String) -> Vec<String> {
    let some = list.iter().take(MAX_NAMED);
    let mut words: Vec<String> =
        some.map(|(key, share)| format!("{} {}", name(key), percents(*share))).collect();
    if list.len() > MAX_NAMED {
        words.push(format!("and {} more", list.len() - MAX_NAMED));
    }
    words
}
