//! The lineage as indented text: each lot once, later only referred to.

use ytterby::masses::Masses;
use ytterby::text::printable;

use super::graph::{Graph, Node};
use crate::render::{amount, style};

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
        out.push_str(&prefix(&next));
        out.push_str(&line(node, next.draws));
        out.push_str(if again { "  (as above)\n" } else { "\n" });
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

fn prefix(pending: &Pending<'_>) -> String {
    if pending.depth == 0 {
        return String::new();
    }
    let mut out: String = pending.follows.iter().map(|more| if *more { "│  " } else { "   " }).collect();
    out.push_str(if pending.last { "└─ " } else { "├─ " });
    if pending.depth > MAX_INDENT {
        out.push_str(&format!("[{} deep] ", pending.depth));
    }
    style::dim(&out)
}

fn line(node: &Node<'_, '_>, draws: Option<&Masses>) -> String {
    let drew = draws.map_or_else(String::new, |draws| format!("  ← {}", amount::line(draws, 3)));
    let Some(certificate) = node.certificate else {
        return format!("{}  {}{drew}", style::bad("not in the file"), node.name);
    };
    let issuer = &certificate.claims().issuer;
    let Some(lot) = certificate.lot() else {
        return format!("{}  {issuer}", certificate.claims().kind);
    };
    let place =
        lot.facility.as_ref().map_or_else(String::new, |facility| format!(" {}", facility.country.as_str()));
    format!(
        "{}  {}  {}: {}{place}  {}  {}{}",
        style::strong(&printable(&lot.number)),
        printable(&lot.product),
        lot.made_by(),
        lot.form,
        amount::net_mass(lot.net_mass),
        issuer,
        style::dim(&drew),
    )
}
