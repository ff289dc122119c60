//! `ytterby trace`: from a lot to what it was made from, and to what was made from it.

mod walk;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use ytterby::masses::Masses;
use ytterby::text::printable;
use ytterby::{Bundle, Certificate};

use super::tree::{masses_json, node_json, text};
use crate::args::{Format, Trace};
use crate::failure::Failure;
use crate::input::Source;
use crate::output::Output;
use crate::render::report::plural;
use crate::render::{amount, style};
use walk::{Lots, Walk};

/// How many names near one that is not there are said.
const MAX_NEAR: usize = 3;
/// How alike such a name is at least, of 1.
const NEAR: f64 = 0.8;

/// Prints the walks.
pub(crate) fn run(args: &Trace, mut output: Output) -> Result<u8, Failure> {
    let bytes = super::read(&args.input)?;
    let bundle = super::parse(&args.input, &bytes, &output)?;
    let mut lots = Lots::of(&bundle, &args.lot);
    if lots.roots.is_empty() {
        return Err(unknown(args, &bundle));
    }
    let up = (!args.down).then(|| lots.up());
    let down = (!args.up).then(|| lots.down(&bundle));
    match args.format {
        Format::Human => {
            output.data(&beginning(&lots, down.as_ref()))?;
            if let Some(walk) = &up {
                output.data(&format!("\n{}", shown(&lots, walk, "up", &back(&lots, walk))))?;
            }
            if let Some(walk) = &down {
                output.data(&format!("\n{}", shown(&lots, walk, "down", &forth(&lots, walk))))?;
            }
            output.note("as the certificates have it; nothing was verified");
        }
        Format::Json => output.json(&to_json(&lots, up.as_ref(), down.as_ref()), true)?,
    }
    Ok(0)
}

/// That there is no such lot, and what it may have been meant to be.
fn unknown(args: &Trace, bundle: &Bundle<'_>) -> Failure {
    let wanted = args.lot.to_lowercase();
    let numbers: BTreeSet<&str> =
        bundle.certificates().iter().filter_map(|own| Some(&*own.lot()?.number)).collect();
    let alike = |number: &str| strsim::jaro_winkler(&wanted, &number.to_lowercase());
    let mut near: Vec<(f64, &str)> = numbers.into_iter().map(|number| (alike(number), number)).collect();
    near.retain(|(alike, _)| *alike >= NEAR);
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let near: Vec<&str> = near.into_iter().take(MAX_NEAR).map(|(_, number)| number).collect();
    let hint = match near.as_slice() {
        [] => "`ytterby show` lists those that are there".to_owned(),
        near => format!("is it {}?", near.join(" or ")),
    };
    let file = Source::of(&args.input.file).name();
    Failure::undecided(format!("{file}: no lot in it has the number, label or digest {:?}: {hint}", args.lot))
}

/// The lots where the walks begin, what they hold and what of it was drawn.
fn beginning(lots: &Lots<'_, '_>, down: Option<&Walk<'_>>) -> String {
    let mut drawn = vec![Masses::default(); lots.roots.len()];
    for own in down.into_iter().flat_map(|walk| &walk.draws) {
        if let Some(drawn) = drawn.get_mut(own.from) {
            drawn.add_all(own.masses);
        }
    }
    let mut out = String::new();
    for (root, drawn) in lots.roots.iter().zip(drawn) {
        out.push_str(&line(lots, *root));
        let Some(lot) = lots.nodes[*root].certificate.and_then(Certificate::lot) else { continue };
        out.push_str(&format!("      holds {}\n", held(&lot.content)));
        if down.is_some() {
            let left = lot.content.less(&drawn);
            out.push_str(&format!("      drawn in this file {}, left {}\n", held(&drawn), held(&left)));
        }
    }
    out
}

fn held(masses: &Masses) -> String {
    if masses.is_empty() { "nothing".to_owned() } else { amount::line(masses, 6) }
}

fn back(lots: &Lots<'_, '_>, walk: &Walk<'_>) -> String {
    let behind = &walk.lots[lots.roots.len()..];
    let missing = behind.iter().filter(|at| lots.nodes[**at].certificate.is_none()).count();
    let lot = |at: &usize| lots.nodes[*at].certificate.and_then(Certificate::lot);
    let origins = walk.lots.iter().filter_map(lot).filter(|lot| lot.is_origin()).count();
    let open = if missing > 0 { format!(", {missing} of them not in the file") } else { String::new() };
    format!("{} behind it{open}, back to {}", plural(behind.len(), "lot"), plural(origins, "origin"))
}

fn forth(lots: &Lots<'_, '_>, walk: &Walk<'_>) -> String {
    match walk.lots.len() - lots.roots.len() {
        0 => "nothing in the file was made from it".to_owned(),
        count => format!("{} made from it", plural(count, "lot")),
    }
}

/// Every lot of a walk with what it drew from others of it.
fn shown(lots: &Lots<'_, '_>, walk: &Walk<'_>, word: &str, said: &str) -> String {
    let mut drew: Vec<Vec<&walk::Draw<'_>>> = vec![Vec::new(); lots.nodes.len()];
    walk.draws.iter().for_each(|own| drew[own.to].push(own));
    let mut out = format!("{}: {said}\n", style::strong(word));
    for at in walk.lots.iter().copied() {
        let is_root = at < lots.roots.len();
        match (is_root, drew[at].is_empty()) {
            (true, true) => continue,
            (true, false) => out.push_str(&format!("  [{}] {}\n", at + 1, name(lots, at))),
            (false, _) => out.push_str(&line(lots, at)),
        }
        for own in &drew[at] {
            let from = format!("[{}] {}", own.from + 1, name(lots, own.from));
            out.push_str(&format!("      ← {} from {from}\n", held(own.masses)));
        }
    }
    out
}

fn line(lots: &Lots<'_, '_>, at: usize) -> String {
    format!("  [{}] {}\n", at + 1, text::line(&lots.nodes[at], None))
}

/// A lot's number, or that it is not there.
fn name(lots: &Lots<'_, '_>, at: usize) -> String {
    let lot = lots.nodes[at].certificate.and_then(Certificate::lot);
    lot.map_or_else(|| "not in the file".to_owned(), |lot| printable(&lot.number))
}

fn to_json(lots: &Lots<'_, '_>, up: Option<&Walk<'_>>, down: Option<&Walk<'_>>) -> Value {
    let digest = |at: &usize| lots.nodes[*at].digest.to_string();
    let walk = |walk: &Walk<'_>| {
        let draw = |own: &walk::Draw<'_>| json!({ "from": digest(&own.from), "to": digest(&own.to), "draws": masses_json(own.masses) });
        let behind = &walk.lots[lots.roots.len()..];
        json!({
            "lots": behind.iter().map(digest).collect::<Vec<_>>(),
            "draws": walk.draws.iter().map(draw).collect::<Vec<_>>(),
        })
    };
    let mut trace = json!({
        "trace": "ytterby.trace/1",
        "from": lots.roots.iter().map(digest).collect::<Vec<_>>(),
        "nodes": lots.nodes.iter().map(node_json).collect::<Vec<_>>(),
    });
    for (name, own) in [("up", up), ("down", down)] {
        if let Some(own) = own {
            trace[name] = walk(own);
        }
    }
    trace
}
