//! A provenance profile for people: a line for each stage of an element.

use ytterby::Country;
use ytterby::decimal::Percent;
use ytterby::profile::{ElementProfile, Moved, Profile, Provenance, Share, StageProfile};
use ytterby::text::printable;

use super::problem::Index;
use super::{amount, style, wrap};

/// How many places or parties of a stage are named, and how many transfers.
const MAX_NAMED: usize = 12;

/// Every lot's profile, then the transfers on the way.
pub(crate) fn block(provenance: &Provenance, index: &Index<'_, '_>, verbose: bool) -> String {
    let lots: Vec<String> = provenance.lots.iter().map(|profile| lot(profile, index, verbose)).collect();
    let mut out = lots.join("\n");
    if !provenance.transfers.is_empty() {
        let all: Vec<String> =
            provenance.transfers.iter().take(MAX_NAMED).map(|one| moved(one, index)).collect();
        let more = provenance.transfers.len().saturating_sub(MAX_NAMED);
        let more = if more > 0 { format!(" · and {more} more") } else { String::new() };
        out.push('\n');
        out.push_str(&wrap::hanging("  moved   ", 10, &format!("{}{more}", all.join(" · ")), str::to_owned));
    }
    out
}

fn lot(profile: &Profile, index: &Index<'_, '_>, verbose: bool) -> String {
    let name = match index.get(&profile.lot).and_then(|certificate| certificate.lot()) {
        Some(lot) => format!("{}   {}", style::strong(&printable(&lot.number)), printable(&lot.product)),
        None => profile.lot.to_string(),
    };
    let custody = profile.weakest_custody.map_or("not stated", |model| model.as_str());
    let mut out = format!("{name}   weakest custody: {custody}\n");
    for own in &profile.elements {
        out.push_str(&element(own, verbose));
    }
    out
}

fn element(own: &ElementProfile, verbose: bool) -> String {
    let mut entered: Vec<String> =
        own.entered.iter().map(|(way, share)| format!("{} {}", way.as_str(), percents(*share))).collect();
    if own.pre_consumer.is_possible() {
        entered.push(format!("pre-consumer recycled {}", percents(own.pre_consumer)));
    }
    let head = format!("  {:<3} {}   ", own.element.symbol(), amount::kg(own.mg));
    let mut out = wrap::hanging(&head, 6, &entered.join(" · "), str::to_owned);
    for own in &own.stages {
        out.push_str(&wrap::hanging(
            &format!("      {:<15}", own.stage.as_str()),
            21,
            &stage(own, verbose),
            str::to_owned,
        ));
    }
    out
}

fn stage(own: &StageProfile, verbose: bool) -> String {
    let mut words = named(&own.countries, |country| country_name(*country));
    words.extend(named(&own.regions, |(country, region)| {
        format!("region {} of {}", printable(region), country.as_str())
    }));
    let declared = named(&own.declared, |country| format!("declared {}", country_name(*country)));
    words.extend(declared);
    if own.untold.is_possible() {
        words.push(format!("untold {}", percents(own.untold)));
    }
    if verbose {
        words.extend(named(&own.facilities, |id| format!("at {}", printable(id))));
        words.extend(named(&own.issuers, |did| format!("by {}", printable(did))));
    }
    words.join(" · ")
}

fn named<K>(list: &[(K, Share)], name: impl Fn(&K) -> String) -> Vec<String> {
    let mut words: Vec<String> = list
        .iter()
        .take(MAX_NAMED)
        .map(|(key, share)| format!("{} {}", name(key), percents(*share)))
        .collect();
    if list.len() > MAX_NAMED {
        words.push(format!("and {} more", list.len() - MAX_NAMED));
    }
    words
}

fn moved(moved: &Moved, index: &Index<'_, '_>) -> String {
    let lot = index.get(&moved.certificate).and_then(|certificate| certificate.lot());
    let number = lot.map_or_else(|| moved.certificate.to_string(), |lot| printable(&lot.number));
    format!("{number} {} to {}", country_name(moved.from), moved.to.as_str())
}

/// The code of a country, or that it is unknown.
pub(crate) fn country_name(country: Option<Country>) -> String {
    country.map_or_else(|| "unknown".to_owned(), |country| country.as_str().to_owned())
}

/// `62.5 to 75 % (68.18 % if mixed)`, each end to hundredths, outward.
pub(crate) fn percents(share: Share) -> String {
    let (low, high) = (hundredths(share.low(), false), hundredths(share.high(), true));
    if share.is_exact() || low == high {
        return format!("{low} %");
    }
    let mixed = hundredths(share.mixed(), false);
    // Thirds are no pool: their ends differ by a rounding only.
    if share.high().millionths() - share.low().millionths() < 10 {
        return format!("{mixed} %");
    }
    format!("{low} to {high} % ({mixed} % if mixed)")
}

pub(crate) fn hundredths(percent: Percent, up: bool) -> String {
    let millionths = percent.millionths();
    let hundredths = if up { millionths.div_ceil(10_000) } else { millionths / 10_000 };
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
