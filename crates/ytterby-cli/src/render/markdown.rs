//! A report as Markdown, for pull requests and mails.

use super::document::{Cell, Document, Input, Problem, Table};

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
    let (file, word, meaning) = (escaped(&input.file), input.verdict.as_str(), escaped(&input.meaning()));
    let mut out = format!("## {file}: {word}\n\n{meaning}\n\n");
    for (name, text) in &input.facts {
        out.push_str(&format!("- {name}: {}\n", escaped(text)));
    }
    out.push_str(if input.facts.is_empty() { "" } else { "\n" });
    out.push_str(&table(&input.lots));
    if !input.problems.is_empty() {
        out.push_str("### Problems\n\n");
        out.push_str(&problems(&input.problems));
    }
    out.push_str(&list("Not checked", &input.unchecked()));
    out.push_str(&list("Not shown by this", &input.not_shown));
    for section in &input.sections {
        out.push_str(&format!("### {}\n\n", section.title));
        if !section.note.is_empty() {
            out.push_str(&format!("{}\n\n", escaped(&section.note)));
        }
        out.extend(section.tables.iter().map(table));
    }
    out
}

fn list(title: &str, lines: &[&str]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = lines.iter().map(|line| format!("- {}\n", escaped(line))).collect();
    format!("### {title}\n\n{}\n", lines.concat())
}

fn problems(problems: &[Problem]) -> String {
    let mut found = Table::new("", &["problem", "where", "what", "way out"]);
    for own in problems {
        let code = format!("{} {}", own.effect(), own.finding.code);
        found.add([code, own.place(), own.text(), own.finding.code.help().to_owned()].map(Cell::from).into());
    }
    table(&found)
}

fn table(table: &Table) -> String {
    if table.is_empty() {
        return String::new();
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<String> = cells.map(escaped).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut out = match table.caption.as_str() {
        "" => String::new(),
        caption => format!("{}\n\n", escaped(caption)),
    };
    out.push_str(&line(&mut table.head.iter().map(String::as_str)));
    out.push_str(&format!("|{}\n", " --- |".repeat(table.head.len())));
    for row in &table.rows {
        out.push_str(&line(&mut row.iter().map(|cell| cell.text.as_str())));
    }
    if table.more > 0 {
        out.push_str(&format!("\n{} more rows are in the JSON report.\n", table.more));
    }
    out.push('\n');
    out
}

/// Text in which nothing is markup, a link or a mention: HTML as entities, every other sign of Markdown too.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            '&' | '<' | '>' | '"' | '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '~'
            | '!' | '@' | '$' => out.push_str(&entity(c)),
            // It would make links of addresses.
            ':' => out.push_str(&entity(c)),
            '.' if makes_more(&text[..at]) => out.push_str(&entity(c)),
            // It would begin a list.
            '-' | '+' if at == 0 => out.push_str(&entity(c)),
            '\n' => out.push_str("; "),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Whether a dot behind this makes it the beginning of an address, or the number of a list.
fn makes_more(before: &str) -> bool {
    before.ends_with(['w', 'W']) || (!before.is_empty() && before.bytes().all(|b| b.is_ascii_digit()))
}

fn entity(c: char) -> String {
    format!("&#{};", u32::from(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markup() {
        assert_eq!(escaped("1. www.a b.c 1.5 - x"), "1&#46; www&#46;a b.c 1.5 - x");
        assert_eq!(escaped("- [x](y) <b>|"), "&#45; &#91;x&#93;&#40;y&#41; &#60;b&#62;&#124;");
        assert_eq!(escaped("http://a\nb"), "http&#58;//a; b");
    }
}
