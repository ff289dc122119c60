//! A report as one page that needs nothing else: no script, no font, no picture is fetched, and it prints.

use std::collections::HashMap;

use ytterby::Verdict;
use ytterby::finding::Code;

use super::document::{Cell, Document, Input, Look, Problem, Section, Table};

const STYLE: &str = include_str!("html.css");

/// Nothing is loaded or run, even where this page is served by somebody who allows more.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// So many problems of one code are listed, and so many places of one.
const MAX_LIKE: usize = 100;

/// Rows up to which a table is not broken between pages.
const MAX_WHOLE: usize = 14;

/// The whole document.
pub(crate) fn render(document: &Document) -> String {
    let title = match document.inputs.as_slice() {
        [one] => format!("{}: {}", one.file, one.verdict.as_str()),
        _ => document.summary.clone(),
    };
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <p class=\"kicker\">Verification of rare-earth certificates</p>\n",
        escaped(&title)
    );
    if document.inputs.len() != 1 {
        out.push_str(&overview(document));
    }
    for (at, input) in document.inputs.iter().enumerate() {
        out.push_str(&article(at + 1, input));
    }
    if document.inputs.len() == 1 {
        out.push_str(&across(document));
    }
    out.push_str(&footer(document));
    out
}

/// All inputs and their verdicts, and what only all of them show.
fn overview(document: &Document) -> String {
    let mut out = format!("<h1>{}</h1>\n", escaped(&document.summary));
    out.push_str(&across(document));
    if document.inputs.is_empty() {
        return out;
    }
    out.push_str("<ol class=\"inputs\">\n");
    for (at, input) in document.inputs.iter().enumerate() {
        let (file, class, word) = (escaped(&input.file), class_of(input.verdict), input.verdict.as_str());
        let link = format!("<a href=\"#input-{}\">{file}</a>", at + 1);
        out.push_str(&format!("<li>{link} <strong class=\"{class}\">{word}</strong></li>\n"));
    }
    out.push_str("</ol>\n");
    out
}

fn across(document: &Document) -> String {
    if document.across.is_empty() {
        return String::new();
    }
    format!("<section>\n<h2>All inputs together</h2>\n{}</section>\n", problems(&document.across))
}

fn article(number: usize, input: &Input) -> String {
    let class = class_of(input.verdict);
    let (file, word, meaning) = (escaped(&input.file), input.verdict.as_str(), escaped(&input.meaning()));
    let mut out = format!("<article id=\"input-{number}\">\n<h1>{file}</h1>\n");
    let word = sentence(word);
    out.push_str(&format!("<p class=\"verdict {class}\"><strong>{word}</strong> {meaning}</p>\n"));
    out.push_str(&table(&input.lots));
    if !input.facts.is_empty() {
        let row = |(name, text): &(&str, String)| {
            format!("<dt>{}</dt><dd>{}</dd>\n", sentence(name), escaped(text))
        };
        let rows: Vec<String> = input.facts.iter().map(row).collect();
        out.push_str(&format!("<dl>\n{}</dl>\n", rows.concat()));
    }
    if !input.problems.is_empty() {
        out.push_str(&format!("<section>\n<h2>Problems</h2>\n{}</section>\n", problems(&input.problems)));
    }
    out.push_str(&list("Not checked", &input.unchecked()));
    out.push_str(&list("Not shown by this", &input.not_shown));
    out.extend(input.sections.iter().map(section));
    out.push_str("</article>\n");
    out
}

fn section(section: &Section) -> String {
    let note = match section.note.as_str() {
        "" => String::new(),
        note => format!("<p class=\"note\">{}</p>\n", escaped(note)),
    };
    let tables: Vec<String> = section.tables.iter().map(table).collect();
    format!("<section>\n<h2>{}</h2>\n{note}{}</section>\n", section.title, tables.concat())
}

/// Every code once, with its way out, and what was found of it.
fn problems(problems: &[Problem]) -> String {
    let mut codes: Vec<(Code, Vec<&Problem>)> = Vec::new();
    for own in problems {
        let code = own.finding.code;
        match codes.iter_mut().find(|(known, _)| *known == code) {
            Some((_, all)) => all.push(own),
            None => codes.push((code, vec![own])),
        }
    }
    let items: Vec<String> = codes.iter().map(|(code, all)| of_code(*code, all)).collect();
    format!("<ul class=\"problems\">\n{}</ul>\n", items.concat())
}

fn of_code(code: Code, all: &[&Problem]) -> String {
    let effect = all.first().map_or("", |own| own.effect());
    let class = match effect {
        "error" => "bad",
        "warning" => "plain",
        _ => "doubtful",
    };
    format!(
        "<li class=\"{class}\"><p><strong>{}</strong> <code>{code}</code> {}</p>\n\
         <p><strong>Way out:</strong> {}</p>\n<ul>\n{}</ul></li>\n",
        sentence(effect),
        escaped(code.title()),
        escaped(code.help()),
        found(all),
    )
}

/// What was found, each sentence once with all of its places.
fn found(all: &[&Problem]) -> String {
    let mut texts: Vec<(String, Vec<String>)> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for own in all {
        let text = own.text();
        let at = *known.entry(text.clone()).or_insert(texts.len());
        if at == texts.len() {
            texts.push((text, Vec::new()));
        }
        // Of two lists the same may be said of one certificate.
        if texts[at].1.last() != Some(&own.place()) {
            texts[at].1.push(own.place());
        }
    }
    let more = |count: usize| match count.saturating_sub(MAX_LIKE) {
        0 => String::new(),
        more => format!("and {more} more, which are in the JSON report"),
    };
    let place = |place: &String| match place.as_str() {
        "" => String::new(),
        place => format!("<span class=\"place\">{}</span>", escaped(place)),
    };
    let mut out = String::new();
    for (text, places) in texts.iter().take(MAX_LIKE) {
        let named: String = places.iter().take(MAX_LIKE).map(place).collect();
        out.push_str(&format!("<li>{}{named}{}</li>\n", escaped(text), more(places.len())));
    }
    if texts.len() > MAX_LIKE {
        out.push_str(&format!("<li>{}</li>\n", more(texts.len())));
    }
    out
}

fn list(title: &str, lines: &[&str]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = lines.iter().map(|line| format!("<li>{}</li>\n", escaped(line))).collect();
    format!("<section class=\"limits\">\n<h2>{title}</h2>\n<ul>\n{}</ul>\n</section>\n", lines.concat())
}

fn table(table: &Table) -> String {
    if table.is_empty() {
        return String::new();
    }
    let caption = match table.caption.as_str() {
        "" => String::new(),
        caption => format!("<caption>{}</caption>\n", escaped(caption)),
    };
    // A head stands over its column as the cells of the first row do.
    let looks: Vec<&str> = table.rows.first().into_iter().flatten().map(|cell| class(cell.look)).collect();
    let heads = table.head.iter().zip(&looks);
    let heads: Vec<String> = heads
        .map(|(head, class)| format!("<th scope=\"col\" class=\"{class}\">{}</th>", escaped(head)))
        .collect();
    // A table that fits on a page stays on one.
    let whole = if table.rows.len() <= MAX_WHOLE { " class=\"whole\"" } else { "" };
    let mut out = format!("<table{whole}>\n{caption}<thead><tr>{}</tr></thead>\n<tbody>\n", heads.concat());
    for row in &table.rows {
        out.push_str(&format!("<tr>{}</tr>\n", row.iter().map(cell).collect::<String>()));
    }
    out.push_str("</tbody>\n</table>\n");
    if table.more > 0 {
        out.push_str(&format!("<p class=\"note\">{} more rows are in the JSON report.</p>\n", table.more));
    }
    out
}

fn cell(cell: &Cell) -> String {
    format!("<td class=\"{}\">{}</td>", class(cell.look), escaped(&cell.text))
}

fn class(look: Look) -> &'static str {
    match look {
        Look::Plain => "plain",
        Look::Short => "short",
        Look::Number => "number",
        Look::Code => "code",
        Look::Good => "good",
        Look::Doubtful => "doubtful",
        Look::Bad => "bad",
    }
}

fn class_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Verified => "good",
        Verdict::Untrusted | Verdict::Undecided => "doubtful",
        Verdict::Rejected => "bad",
    }
}

fn footer(document: &Document) -> String {
    let network = match document.online {
        true => "and from what registries and issuers answered over the network",
        false => "without any network",
    };
    format!(
        "</main>\n<footer>\n<p>{}</p>\n<p>Exit code {}. Made by ytterby {} from the files named, \
         {network}. This page is not signed: whoever doubts it verifies the files again. It is no legal advice.</p>\n\
         </footer>\n</body>\n</html>\n",
        escaped(&document.summary),
        document.exit_code,
        env!("CARGO_PKG_VERSION")
    )
}

/// With a capital letter.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Text for elements and quoted attributes; line breaks are shown, and no figure is parted from its unit.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            ' ' if text[at..].starts_with(" %") || text[at..].starts_with(" kg") => out.push('\u{a0}'),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push_str("<br>"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
