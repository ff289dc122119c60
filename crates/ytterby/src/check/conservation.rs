//! Does what comes out come from what was drawn? (proto-docs/lots.md, "Conservation", F3 to F5.)

use super::{Case, Findings, Known, bounds, correction, mass, split, subject};
use crate::carried::{CAP_BOUNDED, Carried};
use crate::decimal::{kilograms, kilograms_grouped};
use crate::element::Element;
use crate::finding::Code;
use crate::form::ContentFrom;
use crate::lot::{Lot, sum};
use crate::masses::Masses;
use crate::wide::{mul_div, mul_div_up};

/// Cap classes in parts per million of content, for main elements, minor ones and traces.
const CAP_MAIN: u32 = 15_000;
const CAP_MINOR: u32 = 50_000;
const CAP_TRACE: u32 = 150_000;

/// A lot that the content came from, and what it gave.
pub(crate) struct Feed<'c> {
    pub(crate) known: Known<'c>,
    pub(crate) carried: &'c Carried,
    pub(crate) draws: &'c Masses,
}

impl Feed<'_> {
    /// What the feed carries of an element: unbacked metal, and its cap.
    fn carries(&self, element: Element) -> (u64, u32) {
        match self.carried.caps.get(element) {
            CAP_BOUNDED => (0, 0),
            cap => (self.carried.unbacked.get(element), cap),
        }
    }
}

/// Checks conservation, and says what the lot hands on; `None` when something behind it is not known.
pub(crate) fn check(case: &Case<'_>, findings: &mut Findings) -> Option<Carried> {
    if case.lot.is_origin() {
        let (bounds, ceiling) = (bounds::of_origin(case.lot), case.lot.net_mass);
        return Some(Carried { bounds, ceiling, ..Carried::default() });
    }
    check_declared(case.lot, findings);
    if case.lot.corrects().is_some() {
        return correction::check(case, findings);
    }
    let feeds = feeds(case)?;
    if case.lot.is_split() {
        split::check(case, feeds[0].known, findings);
    }
    if case.lot.is_reassay() {
        check_reassay(case.lot, &case.lot.drawn(), findings);
    }
    Some(balance(case.lot, &feeds, findings))
}

/// The feeds of a lot, if all are known.
fn feeds<'c>(case: &Case<'c>) -> Option<Vec<Feed<'c>>> {
    let feed = |input: &'c crate::lot::Input| {
        let known = (case.find)(&input.digest)?;
        Some(Feed { known, carried: known.carried?, draws: &input.draws })
    };
    case.lot.inputs.iter().map(feed).collect()
}

/// The heart: content against feeds and declarations, element by element.
pub(crate) fn balance(lot: &Lot, feeds: &[Feed<'_>], findings: &mut Findings) -> Carried {
    let drawn = sum(feeds.iter().map(|feed| feed.draws));
    let (declared, gained) = lot.declared_masses();
    if lot.content_from == ContentFrom::Draws {
        check_from_draws(lot, &sum([&drawn, &declared, &gained]), findings);
    }
    let (bounds, ceiling) = (bounds::of_output(lot, feeds), mass::check(lot, feeds, findings));
    let mut carried = Carried { bounds, ceiling, ..Carried::default() };
    for (element, content) in lot.content.iter() {
        let entry = Entry {
            element,
            content,
            backed: drawn.get(element).saturating_add(declared.get(element)),
            drawn: drawn.get(element),
            gained: gained.get(element),
        };
        let (unbacked, cap) = entry.judge(lot, feeds, findings);
        carried.unbacked.set(element, unbacked);
        carried.caps.push(element, cap);
    }
    carried.unbacked.shrink();
    carried.caps.shrink();
    carried.bounds.shrink();
    carried
}

/// One element of one lot.
struct Entry {
    element: Element,
    content: u64,
    drawn: u64,
    backed: u64,
    gained: u64,
}

impl Entry {
    /// u(e) and r(e), with findings where the one exceeds the other.
    fn judge(&self, lot: &Lot, feeds: &[Feed<'_>], findings: &mut Findings) -> (u64, u32) {
        if self.backed == 0 && self.gained == 0 && lot.content_from == ContentFrom::Assay {
            let held = feeds.iter().any(|feed| feed.known.lot.content.get(self.element) > 0);
            if !held {
                self.judge_bounded(feeds, findings);
                return (self.content, CAP_BOUNDED);
            }
        }
        // F3: what was unbacked in the inputs comes along in proportion to the draw.
        let inherited = feeds.iter().fold(0_u64, |total, feed| {
            let (unbacked, draw) = (feed.carries(self.element).0, feed.draws.get(self.element));
            let share = mul_div_up(unbacked, draw, feed.known.lot.content.get(self.element)).unwrap_or(0);
            total.saturating_add(share)
        });
        let unbacked = self.content.saturating_add(inherited).saturating_sub(self.backed);
        let cap = self.cap(feeds);
        if lot.content_from == ContentFrom::Assay || self.gained > 0 {
            self.judge_capped(unbacked, cap, feeds.len(), findings);
        }
        (unbacked, cap)
    }

    /// F4: r(lot) = ⌊Σ draw·r ÷ Σ draw⌋.
    fn cap(&self, feeds: &[Feed<'_>]) -> u32 {
        if self.drawn == 0 {
            return CAP_MAIN;
        }
        let weighted: u128 = feeds
            .iter()
            .map(|feed| {
                let cap = class(feed.known.lot, self.element).max(feed.carries(self.element).1);
                u128::from(feed.draws.get(self.element)) * u128::from(cap)
            })
            .sum();
        u32::try_from(weighted / u128::from(self.drawn)).unwrap_or(CAP_BOUNDED)
    }

    fn judge_capped(&self, unbacked: u64, cap_ppm: u32, inputs: usize, findings: &mut Findings) {
        let allowed = u128::from(cap_ppm) * u128::from(self.content) + 1_000_000 * inputs as u128;
        if u128::from(unbacked) * 1_000_000 <= allowed {
            return;
        }
        let over = self.content.saturating_sub(self.backed);
        let ppm = mul_div(over, 1000, self.backed)
            .map_or_else(String::new, |permille| format!(" ({}.{} %)", permille / 10, permille % 10));
        let text = format!(
            "{} kg {e} certified, {} kg drawn and declared: over by {} kg{ppm}; with what its inputs carried, {} kg are \
             unbacked where {} ppm are allowed",
            kilograms_grouped(self.content),
            kilograms_grouped(self.backed),
            kilograms_grouped(over),
            kilograms_grouped(unbacked),
            cap_ppm,
            e = self.element,
        );
        findings.add(Code::ConservationExceedsDraws, subject(&format!("content/{}", self.element)), text);
    }

    /// F5: an element that the inputs were only known to be below a limit of.
    fn judge_bounded(&self, feeds: &[Feed<'_>], findings: &mut Findings) {
        let pointer = subject(&format!("content/{}", self.element));
        let mass = kilograms(self.content);
        let element = self.element;
        let bounded = |feed: &&Feed<'_>| feed.carried.bounds.get(element) > 0;
        let total = feeds.iter().filter(bounded).fold(0_u64, |total, feed| {
            total.saturating_add(bounds::allowed(feed.known.lot, feed.draws, feed.carried, element))
        });
        let (code, text) = if !feeds.iter().any(|feed| bounded(&feed)) {
            let text = format!("{mass} kg {element} certified, no input holds any");
            (Code::ConservationElementFromNothing, text)
        } else if self.content <= total {
            let text =
                format!("{mass} kg {element} certified, the inputs' limits allow {} kg", kilograms(total));
            (Code::ConservationWithinBound, text)
        } else {
            let text = format!(
                "{mass} kg {element} certified, the inputs' limits allow only {} kg",
                kilograms(total)
            );
            (Code::ConservationExceedsBound, text)
        };
        findings.add(code, pointer, text);
    }
}

/// F4: the class of an element in a lot, by its share of the mass. A lot weighs at most twenty times its
/// content here: a net mass is only stated, and must make no trace of a main element.
fn class(lot: &Lot, element: Element) -> u32 {
    let total = lot.content.total();
    let mass = lot.net_mass.map_or(total, |mass| mass.mg().min(total.saturating_mul(20)));
    class_of(lot.content.get(element), mass)
}

/// The class of so much of a mass.
pub(crate) fn class_of(content: u64, mass: u64) -> u32 {
    let (content, mass) = (u128::from(content), u128::from(mass));
    if content * 100 >= mass {
        CAP_MAIN
    } else if content * 10_000 >= mass {
        CAP_MINOR
    } else {
        CAP_TRACE
    }
}

fn check_from_draws(lot: &Lot, sources: &Masses, findings: &mut Findings) {
    let elements = lot.content.iter().chain(sources.iter()).map(|(element, _)| element);
    let off = elements
        .map(|e| (e, lot.content.get(e), sources.get(e)))
        .find(|(_, content, source)| content != source);
    if let Some((element, content, source)) = off {
        let text = format!(
            "{} kg {element} certified, {} kg drawn and declared",
            kilograms(content),
            kilograms(source)
        );
        findings.add(Code::ConservationDrawsMismatch, subject(&format!("content/{element}")), text);
    }
}

/// A new assay of a lot lowers its content or leaves it: nothing is backed by measuring again.
pub(crate) fn check_reassay(lot: &Lot, drawn: &Masses, findings: &mut Findings) {
    if let Some((element, mg)) = lot.content.iter().find(|(element, mg)| *mg > drawn.get(*element)) {
        let (content, drawn) = (kilograms(mg), kilograms(drawn.get(element)));
        let text = format!("a new assay certifies {content} kg {element}, {drawn} kg were drawn");
        findings.add(Code::ConservationExceedsDraws, subject(&format!("content/{element}")), text);
    }
}

fn check_declared(lot: &Lot, findings: &mut Findings) {
    let (declared, _) = lot.declared_masses();
    if let Some((element, mg)) = declared.iter().find(|(element, _)| element.is_rare_earth()) {
        let text = format!("{} kg {element} declared: rare earths need a certificate", kilograms(mg));
        findings.add(Code::ConservationDeclaredRareEarth, subject("declaredInputs"), text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_begin_at_a_percent_and_a_hundredth_of_one() {
        for (content, class) in
            [(10_000, CAP_MAIN), (9_999, CAP_MINOR), (100, CAP_MINOR), (99, CAP_TRACE), (0, CAP_TRACE)]
        {
            assert_eq!(class_of(content, 1_000_000), class, "{content}");
        }
    }
}
