//! May this certificate correct that one? (proto-docs/lots.md, "Corrections".)

use super::conservation::{Feed, balance, check_reassay};
use super::{Case, Findings, Known, bounds, input, subject};
use crate::carried::Carried;
use crate::decimal::kilograms;
use crate::digest::Digest;
use crate::finding::Code;
use crate::form::{ContentFrom, Step};
use crate::masses::Masses;

/// Checks a correction against the lot it corrects and the base of the chain.
pub(crate) fn check(case: &Case<'_>, findings: &mut Findings) -> Option<Carried> {
    let corrected = (case.find)(&case.lot.inputs[0].digest)?;
    let base_digest = corrected.carried?.base.unwrap_or(case.lot.inputs[0].digest);
    let base = (case.find)(&base_digest)?;
    if let Some(text) = identity_fault(case, corrected) {
        findings.add(Code::CustodyCorrection, subject("corrects"), text);
    }
    if case.lot.inputs[0].draws != corrected.lot.content {
        let text = "it draws something else than the whole content of the corrected lot";
        findings.add(Code::ConservationCorrection, input(0, "draws"), text);
    }
    let mut carried = if base.lot.is_origin() {
        from_origin(case, base, findings)
    } else {
        from_draws(case, base, findings)?
    };
    carried.bounds = bounds::of_correction(&carried.bounds, base.lot, base.carried?);
    carried.base = Some(base_digest);
    Some(carried)
}

/// Issuer = holder of both, same home, no transfer, the same step (or `undo`), and for an origin the
/// same place, source and facility, which stay with the base and are not stated again.
fn identity_fault(case: &Case<'_>, corrected: Known<'_>) -> Option<&'static str> {
    let issuer = Some(&case.claims.issuer);
    if corrected.lot.is_transfer() {
        return Some("a transfer is undone by a transfer back");
    }
    let same = Some(&corrected.claims.issuer) == issuer
        && corrected.lot.holder.as_ref() == issuer
        && case.lot.holder.as_ref() == issuer;
    if !same {
        return Some("only the issuer who still holds the lot may correct it, and keeps it");
    }
    let step = case.lot.step();
    let corrected_step = corrected.lot.step().unwrap_or(Step::Origin);
    if step != Some(Step::Undo) && step != Some(corrected_step) {
        return Some("a correction names the step of what it corrects, or undo");
    }
    let base_facility = corrected.lot.facility.as_ref().map(|f| (&f.id, f.country));
    if case.lot.facility.as_ref().map(|f| (&f.id, f.country)) != base_facility {
        return Some("a correction does not move the work to another facility");
    }
    None
}

/// The base is an origin: its own content is the limit, and nothing is unbacked below it.
fn from_origin(case: &Case<'_>, base: Known<'_>, findings: &mut Findings) -> Carried {
    if case.lot.step() == Some(Step::Undo) {
        let text = "an origin has no input whose form the material could have again";
        findings.add(Code::CustodyCorrection, subject("step"), text);
    } else if case.lot.content_from == ContentFrom::Draws {
        let text = "an origin's content follows from its assay, and so does that of its correction";
        findings.add(Code::CustodyCorrection, subject("contentFrom"), text);
    }
    let limit = &base.lot.content;
    if let Some((element, mg)) = case.lot.content.iter().find(|(element, mg)| *mg > limit.get(*element)) {
        let (now, first) = (kilograms(mg), kilograms(limit.get(element)));
        let text = format!("{now} kg {element} certified, the origin stated {first} kg");
        findings.add(Code::ConservationCorrectionRaises, subject(&format!("content/{element}")), text);
    }
    // Without a limit of its own it has those of the base, and of what the base held and it does not.
    let own = bounds::of_origin(case.lot);
    let mut bounds = base.carried.map(|carried| carried.bounds.clone()).unwrap_or_default();
    bounds.add_all(limit);
    let open = bounds.iter().filter(|(element, _)| case.lot.content.get(*element) == 0);
    let open = open.map(|(element, mg)| (element, if own.get(element) > 0 { own.get(element) } else { mg }));
    Carried { bounds: open.collect(), ceiling: case.lot.net_mass, ..Carried::default() }
}

/// The base is the draws of the first lot: they stand in the place of this one's own.
fn from_draws(case: &Case<'_>, base: Known<'_>, findings: &mut Findings) -> Option<Carried> {
    let find = case.find;
    let feed = |input: &'_ crate::lot::Input| -> Option<(Known<'_>, Digest)> {
        find(&input.digest).map(|known| (known, input.digest))
    };
    let mut feeds = Vec::with_capacity(base.lot.inputs.len());
    for draw in &base.lot.inputs {
        let (known, _) = feed(draw)?;
        feeds.push(Feed { known, carried: known.carried?, draws: &draw.draws });
    }
    if case.lot.step() == Some(Step::Undo) {
        check_undo(case, &feeds, findings);
    }
    if case.lot.is_reassay() {
        let drawn = crate::lot::sum(feeds.iter().map(|feed| feed.draws));
        check_reassay(case.lot, &drawn, findings);
    }
    Some(balance(case.lot, &feeds, findings))
}

/// The step did not happen: the material is an input again, with exactly what was drawn.
fn check_undo(case: &Case<'_>, feeds: &[Feed<'_>], findings: &mut Findings) {
    let drawn: Masses = crate::lot::sum(feeds.iter().map(|feed| feed.draws));
    if !feeds.iter().any(|feed| feed.known.lot.form == case.lot.form) || case.lot.content != drawn {
        let text = "what is undone has the form of an input, and exactly the content that was drawn";
        findings.add(Code::CustodyCorrection, subject("step"), text);
    }
}
