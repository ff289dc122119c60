//! A portfolio for people: rules, metal, and what was left out.

use ytterby::decimal::kilograms_grouped;
use ytterby::masses::Masses;
use ytterby::portfolio::{Amount, ElementTotals, Held, LeftOut, RuleTotals, StageTotals};
use ytterby::rules::Answer;
use ytterby::text::printable;
use ytterby::time::format_time;
use ytterby::{Country, PortfolioReport};

use super::profile::{country_name, hundredths};
use super::{amount, rules, style, wrap};

/// How many countries of a stage are named.
const MAX_NAMED: usize = 12;

/// Everything but what was found. `verbose` names every lot, and stages of which no place is told.
pub(crate) fn block(report: &PortfolioReport, verbose: bool) -> String {
    let files: std::collections::HashSet<&str> =
        report.lots.iter().flat_map(|held| &held.inputs).map(String::as_str).collect();
    let head = format!("{} in {}", counted(report.lots.len(), "lot"), counted(files.len(), "bundle"));
    let mut out = format!("{}   as of {}\n", style::strong(&head), format_time(report.at));
    out.push_str(&report.lots.iter().filter_map(|held| lot(held, verbose)).collect::<String>());
    let is_of_lots = |own: &&RuleTotals| {
        let asked_together = report.together.iter().any(|answer| answer.pack_digest == own.pack_digest);
        let about = own.totals.iter().filter(|total| total.answer != Answer::NotApplicable);
        !asked_together || about.map(|total| total.lots).sum::<usize>() > 0
    };
    for own in report.rules.iter().filter(is_of_lots) {
        out.push_str(&wrap::hanging(&format!("    {:<14} ", "rules"), 19, &answers(own), str::to_owned));
    }
    out.push_str(&rules::rows(&report.together, verbose));
    out.push_str(&report.elements.iter().map(|own| element(own, verbose)).collect::<String>());
    if !report.left_out.is_empty() {
        out.push_str(&format!("  {}\n", style::doubtful(&format!("{} left out", report.left_out.len()))));
        out.push_str(&report.left_out.iter().map(left_out).collect::<String>());
    }
    out.push('\n');
    out
}

/// A lot that is worth a line: all of them, or those of several inputs, or of which a part only counts.
fn lot(held: &Held, verbose: bool) -> Option<String> {
    let twice = held.inputs.len() > 1;
    if !verbose && !twice {
        return None;
    }
    let files: Vec<String> = held.inputs.iter().map(|file| printable(file)).collect();
    let once = if twice { ", counted once" } else { "" };
    let mass = match held.counted.is_empty() {
        true => "all of it is in other lots".to_owned(),
        false => amount::line(&held.counted, 4),
    };
    let text = format!("{}   {mass}   {}{once}", printable(&held.number), files.join(", "));
    Some(wrap::hanging("  ", 4, &text, str::to_owned))
}

/// `us-dfars-7052: pass 2 lots, 5 000.000 kg · fail 1 lot, 300.000 kg of rare earths`.
fn answers(own: &RuleTotals) -> String {
    let there = own.totals.iter().filter(|total| total.lots > 0);
    let words: Vec<String> = there
        .map(|total| {
            let lots = counted(total.lots, "lot");
            format!("{} {lots} with {} of rare earths", total.answer.as_str(), rare_earths(&total.masses))
        })
        .collect();
    let words = if words.is_empty() { "no lot".to_owned() } else { words.join(" · ") };
    format!("{}: {words}", own.pack)
}

fn rare_earths(masses: &Masses) -> String {
    let own = masses.iter().filter(|(element, _)| element.is_rare_earth());
    amount::kg(own.fold(0_u64, |sum, (_, mg)| sum.saturating_add(mg)))
}

/// The element, and its stages: those of which a place is told, unless all are asked for.
fn element(own: &ElementTotals, verbose: bool) -> String {
    let mut words = vec![format!("in {}", counted(own.lots, "lot"))];
    words.extend(own.entered.iter().map(|(way, amount)| format!("{} {}", way.as_str(), between(amount))));
    if own.pre_consumer.high_mg > 0 {
        words.push(format!("pre-consumer recycled {}", between(&own.pre_consumer)));
    }
    if own.unprofiled_mg > 0 {
        words.push(format!("nothing known of {}", amount::kg(own.unprofiled_mg)));
    }
    let head = format!("  {:<3} {}   ", own.element.symbol(), amount::kg(own.mg));
    let mut out = wrap::hanging(&head, 6, &words.join(" · "), str::to_owned);
    let is_told = |own: &&StageTotals| !own.countries.is_empty() || !own.declared.is_empty();
    for own in own.stages.iter().filter(|own| verbose || is_told(own)) {
        let head = format!("      {:<15}", own.stage.as_str());
        out.push_str(&wrap::hanging(&head, 21, &stage(own), str::to_owned));
    }
    out
}

fn stage(own: &StageTotals) -> String {
    let mut words = named(&own.countries, "");
    words.extend(named(&own.declared, "declared "));
    if own.untold.high_mg > 0 {
        words.push(format!("untold {}", between(&own.untold)));
    }
    words.join(" · ")
}

fn named(list: &[(Option<Country>, Amount)], before: &str) -> Vec<String> {
    let shown = list.iter().take(MAX_NAMED);
    let mut words: Vec<String> = shown
        .map(|(country, amount)| format!("{before}{} {}", country_name(*country), between(amount)))
        .collect();
    if list.len() > MAX_NAMED {
        words.push(format!("and {} more", list.len() - MAX_NAMED));
    }
    words
}

/// `1 200.000 to 1 500.123 kg (40 to 50.01 %)`, outward: what is shown is never narrower than what is known.
fn between(own: &Amount) -> String {
    let high = own.high_mg.div_ceil(1_000) * 1_000;
    let (low, high) = (kilograms_grouped(own.low_mg), kilograms_grouped(high));
    let (least, most) = (hundredths(own.low, false), hundredths(own.high, true));
    // Ends that differ by a rounding only are one number.
    if own.high_mg - own.low_mg <= 1_000 || low == high {
        return format!("{} ({least} %)", amount::kg(own.low_mg));
    }
    format!("{low} to {high} kg ({least} to {most} %)")
}

fn left_out(own: &LeftOut) -> String {
    let code = own.code.map(|code| format!("[{}]", code.as_str())).unwrap_or_default();
    let text =
        format!("{}   {}{code}: {}", printable(&own.input), own.verdict.as_str(), printable(&own.text));
    wrap::hanging("    ", 6, &text, style::doubtful)
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
