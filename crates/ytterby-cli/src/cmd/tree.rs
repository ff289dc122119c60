//! `ytterby tree`: what a lot was made from, back to its origins.

pub(super) mod graph;
pub(super) mod text;

use serde_json::{Value, json};
use ytterby::decimal::kilograms;
use ytterby::masses::Masses;
use ytterby::text::printable;

use crate::args::{Tree, TreeFormat};
use crate::failure::Failure;
use crate::output::Output;
use crate::render::amount;
use graph::{Graph, Node};

/// Prints the lineage.
pub(crate) fn run(args: &Tree, mut output: Output) -> Result<u8, Failure> {
    let bytes = super::read(&args.input)?;
    let bundle = super::parse(&args.input, &bytes, &output)?;
    let graph = Graph::of(&bundle);
    match args.format {
        TreeFormat::Text => output.data(&text::draw(&graph))?,
        TreeFormat::Dot => output.data(&dot(&graph))?,
        TreeFormat::Mermaid => output.data(&mermaid(&graph))?,
        TreeFormat::Json => output.json(&to_json(&graph), true)?,
    }
    Ok(0)
}

fn dot(graph: &Graph<'_, '_>) -> String {
    let mut out = String::from("digraph lineage {\n  rankdir=LR;\n  node [shape=box];\n");
    for (at, node) in graph.nodes.iter().enumerate() {
        let lines: Vec<String> = label(node).iter().map(|line| dot_escaped(line)).collect();
        let style = if node.certificate.is_none() { ", style=dashed" } else { "" };
        out.push_str(&format!("  n{at} [label=\"{}\"{style}];\n", lines.join("\\n")));
    }
    for (parent, child, draws) in graph.edges() {
        let draws = dot_escaped(&amount::line(draws, 2));
        out.push_str(&format!("  n{parent} -> n{child} [label=\"{draws}\"];\n"));
    }
    out.push_str("}\n");
    out
}

/// In a quoted string of Graphviz a quote and a backslash are escaped; the rest is text.
fn dot_escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn mermaid(graph: &Graph<'_, '_>) -> String {
    let mut out = String::from("flowchart LR\n");
    for (at, node) in graph.nodes.iter().enumerate() {
        let lines: Vec<String> = label(node).iter().map(|line| mermaid_escaped(line)).collect();
        out.push_str(&format!("  n{at}[\"{}\"]\n", lines.join("<br/>")));
    }
    for (parent, child, draws) in graph.edges() {
        let draws = mermaid_escaped(&amount::line(draws, 2));
        out.push_str(&format!("  n{parent} -->|\"{draws}\"| n{child}\n"));
    }
    out
}

/// Mermaid reads markup and entities in labels: everything but plain characters becomes an entity.
fn mermaid_escaped(text: &str) -> String {
    let escape = |c: char| match c {
        c if c.is_alphanumeric() || matches!(c, ' ' | '.' | ',' | '-' | '_' | ':' | '/') => c.to_string(),
        c => format!("#{};", u32::from(c)),
    };
    text.chars().map(escape).collect()
}

fn label(node: &Node<'_, '_>) -> Vec<String> {
    let Some(certificate) = node.certificate else {
        return vec!["not in the file".to_owned(), node.name.clone()];
    };
    let Some(lot) = certificate.lot() else {
        return vec![certificate.claims().kind.to_string(), node.name.clone()];
    };
    let place =
        lot.facility.as_ref().map_or_else(String::new, |facility| format!(", {}", facility.country.as_str()));
    vec![
        printable(&lot.number),
        format!("{} {}{place}", lot.made_by(), lot.form),
        format!("{} {}", printable(&lot.product), amount::net_mass(lot.net_mass)),
        certificate.claims().issuer.to_string(),
    ]
}

/// Masses by element, kilograms.
pub(super) fn masses_json(masses: &Masses) -> Value {
    masses.iter().map(|(element, mg)| (element.symbol().to_owned(), json!(kilograms(mg)))).collect()
}

/// A lot, or that it is not in the file.
pub(super) fn node_json(node: &Node<'_, '_>) -> Value {
    let Some(certificate) = node.certificate else {
        return json!({ "digest": node.digest.to_string(), "id": node.name, "missing": true });
    };
    json!({
        "digest": node.digest.to_string(),
        "id": node.name,
        "type": certificate.claims().kind.as_str(),
        "issuer": certificate.claims().issuer.to_string(),
        "lot": certificate.lot().map(|lot| json!({
            "number": lot.number,
            "product": lot.product,
            "form": lot.form.as_str(),
            "madeBy": lot.made_by(),
            "holder": lot.holder.as_ref().map(ToString::to_string),
            "netMass": lot.net_mass.map(|mass| mass.to_string()),
            "country": lot.facility.as_ref().map(|facility| facility.country.as_str()),
            "content": masses_json(&lot.content),
        })),
    })
}

fn to_json(graph: &Graph<'_, '_>) -> Value {
    let edges: Vec<Value> = graph
        .edges()
        .map(|(parent, child, draws)| {
            json!({
                "from": graph.nodes[parent].digest.to_string(),
                "to": graph.nodes[child].digest.to_string(),
                "draws": masses_json(draws),
            })
        })
        .collect();
    json!({
        "tree": "ytterby.tree/1",
        "subject": graph.roots.iter().map(|at| graph.nodes[*at].digest.to_string()).collect::<Vec<_>>(),
        "nodes": graph.nodes.iter().map(node_json).collect::<Vec<_>>(),
        "edges": edges,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_cannot_leave_their_quotes() {
        assert_eq!(dot_escaped("a\"]; evil [x=\"\\"), "a\\\"]; evil [x=\\\"\\\\");
        assert_eq!(mermaid_escaped("a\"]<b>;#é"), "a#34;#93;#60;b#62;#59;#35;é");
    }
}
