//! A report as Markdown, for pull requests and mails.

use super::document::{Document, Input, Problem};

/// The whole document.
pub(crate) fn render(document: &Document) -> String {
    let mut out = String::from("# Verification of certificates\n\n");
    for input in &document.inputs {
        out.push_str(&section(input));
    }
    if !document.across.is_empty() {
        out.push_str("## All inputs together\n\n");
        out.push_str(&problems(&document.across));
    }
    out.push_str(&format!("{}\n", escaped(&document.summary)));
    out
}

fn section(input: &Input) -> String {
    let mut out = format!("## {}: {}\n\n", escaped(&input.file), input.verdict);
    if let Some(why) = &input.unreadable {
        out.push_str(&format!("{}\n\n", escaped(why)));
        return out;
    }
    out.push_str(&table(["lot", "product", "mass", "issuer"], &input.lots));
    out.push_str(&table(["step", "outcome", "found"], &input.steps));
    if !input.provenance.is_empty() {
        out.push_str("### Provenance\n\n");
        out.push_str(&table(["lot", "element", "mass or stage", "shares"], &input.provenance));
    }
    if !input.rules.is_empty() {
        out.push_str("### Rules\n\n");
        let row = |own: &super::document::Clause| {
            [
                format!("{}: {}", own.name, own.title),
                own.state.to_owned(),
                own.answer.as_str().to_owned(),
                own.text.clone(),
            ]
        };
        let rows: Vec<_> = input.rules.iter().map(row).collect();
        out.push_str(&table(["rule", "state", "answer", "why"], &rows));
    }
    if !input.problems.is_empty() {
        out.push_str("### Problems\n\n");
        out.push_str(&problems(&input.problems));
    }
    out.push_str(&format!("Not shown by this: {}\n\n", escaped(&input.not_shown.join("; "))));
    out
}

fn problems(problems: &[Problem]) -> String {
    let row = |own: &Problem| {
        let code = format!("{} {}", own.effect(), own.finding.code);
        [code, own.place(), own.text(), own.finding.code.help().to_owned()]
    };
    table(["problem", "where", "what", "help"], &problems.iter().map(row).collect::<Vec<_>>())
}

fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let mut out = format!("| {} |\n|{}\n", head.join(" | "), " --- |".repeat(N));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| escaped(cell)).collect();
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    out.push('\n');
    out
}

/// Text in which nothing is markup, a link or a mention: HTML as entities, every other sign of Markdown too.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' | '<' | '>' | '"' | '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '~'
            | '!' | '@' | '$' => out.push_str(&format!("&#{};", u32::from(c))),
            // A colon or a dot would make links of addresses.
            ':' => out.push_str("&#58;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
