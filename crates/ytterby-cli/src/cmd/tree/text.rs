//! The lineage as indented text: each lot once, later only referred to.

use ytterby::masses::Masses;
use ytterby::text::printable;

use super::graph::{Graph, Node};
use crate::render::{amount, style, wrap};

/// Deeper than this the depth is written as a number: a chain of a million lots stays readable.
const MAX_INDENT: usize = 24;

/// A node that is to be printed.
struct Pending<'g> {
    node: usize,
    /// For each level above: whether more follows there.
    follows: Vec<bool>,
    depth: usize,
    last: bool,
    draws: Option<&'g Masses>,
}

/// Draws every subject and what is behind it.
pub(crate) fn draw(graph: &Graph<'_, '_>) -> String {
    let mut out = String::new();
    let mut printed = vec![false; graph.nodes.len()];
    let pending = |node| Pending { node, follows: Vec::new(), depth: 0, last: true, draws: None };
    let mut stack: Vec<Pending<'_>> = graph.roots.iter().rev().map(|node| pending(*node)).collect();
    while let Some(next) = stack.pop() {
        let node = &graph.nodes[next.node];
        let again = std::mem::replace(&mut printed[next.node], true) && !node.inputs.is_empty();
        let (first, further) = (prefix(&next, false), prefix(&next, true));
        let mut words = line(node, next.draws);
        if again {
            words.push_str("  (as above)");
        }
        // Columns are two blanks apart, and break there.
        let room = wrap::width().saturating_sub(first.chars().count()).max(30);
        for (at, line) in columns(&words, room).iter().enumerate() {
            let before = if at == 0 { &first } else { &further };
            let line = if at == 0 { bold_first(line, node) } else { line.clone() };
            out.push_str(&format!("{}{line}\n", style::dim(before)));
        }
        if again {
            continue;
        }
        for (at, (input, draws)) in node.inputs.iter().enumerate().rev() {
            let mut follows = next.follows.clone();
            if next.depth > 0 && next.depth < MAX_INDENT {
                follows.push(!next.last);
            }
            let last = at + 1 == node.inputs.len();
            stack.push(Pending { node: *input, follows, depth: next.depth + 1, last, draws: Some(draws) });
        }
    }
    out
}

/// Columns on as many lines as they need.
fn columns(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for column in text.split("  ") {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 2 + column.chars().count() <= room => {
                line.push_str(&format!("  {column}"));
            }
            _ => lines.extend(wrap::wrap(column, room)),
        }
    }
    lines
}

/// The lot's number, which a line begins with, stands out.
fn bold_first(line: &str, node: &Node<'_, '_>) -> String {
    let (name, rest) = line.split_once("  ").map_or((line, ""), |(name, _)| (name, &line[name.len()..]));
    let name = if node.certificate.is_some() { style::strong(name) } else { style::bad(name) };
    format!("{name}{rest}")
}

/// What stands before a line of a lot: the branch, or what goes on beside a further line of it.
fn prefix(pending: &Pending<'_>, further: bool) -> String {
    if pending.depth == 0 {
        return if further { "  ".to_owned() } else { String::new() };
    }
    let mut out: String = pending.follows.iter().map(|more| if *more { "│  " } else { "   " }).collect();
    out.push_str(match (pending.last, further) {
        (true, false) => "└─ ",
        (false, false) => "├─ ",
        (true, true) => "     ",
        (false, true) => "│    ",
    });
    if pending.depth > MAX_INDENT && !further {
        out.push_str(&format!("[{} deep] ", pending.depth));
    }
    out
}

/// A lot in a line, and what was drawn from it.
pub(crate) fn line(node: &Node<'_, '_>, draws: Option<&Masses>) -> String {
    let drew = draws.map_or_else(String::new, |draws| format!("  ← {}", amount::line(draws, 3)));
    let Some(certificate) = node.certificate else {
        return format!("not in the file  {}{drew}", node.name);
    };
    let claims = certificate.claims();
    // The name that it gives itself: nothing is judged here.
    let issuer =
        claims.issuer_name.as_ref().map_or_else(|| claims.issuer.to_string(), |name| printable(name));
    let Some(lot) = certificate.lot() else {
        return format!("{}  {issuer}", certificate.claims().kind);
    };
    let place =
        lot.facility.as_ref().map_or_else(String::new, |facility| format!(" {}", facility.country.as_str()));
    format!(
        "{}  {}  {}: {}{place}  {}  {}{}",
        printable(&lot.number),
        printable(&lot.product),
        lot.made_by(),
        lot.form,
        amount::net_mass(lot.net_mass),
        issuer,
        drew,
    )
}
