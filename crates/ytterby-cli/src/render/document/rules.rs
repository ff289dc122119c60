//! The answers to rules: what decided, what is law then, ways out, sources.

use ytterby::element::Element;
use ytterby::rules::{Answer, ClauseAnswer, Row, RuleAnswer, RulePack, State};
use ytterby::text::printable;

use super::Whole;
use super::table::{Cell, Look, Section, Table};

const NOTE: &str =
    "What the packs say of the facts in the certificates, as of the time asked about. No legal advice.";

/// The answer to a clause of a rule pack.
pub(crate) struct Clause {
    pub(crate) name: String,
    pub(crate) state: &'static str,
    /// Whether it is law then.
    pub(crate) counts: bool,
    pub(crate) answer: Answer,
    pub(crate) text: String,
}

pub(super) fn clauses(report: &ytterby::Report) -> Vec<Clause> {
    let all = report.rules.iter().flat_map(|own| own.clauses.iter().map(move |clause| (own, clause)));
    all.map(|(own, clause)| Clause {
        name: printable(&format!("{} {}", own.pack, clause.clause)),
        state: clause.state.as_str(),
        counts: clause.state.counts(),
        answer: clause.answer,
        text: {
            let rows = clause.rows.iter().map(|row| format!("; {}: {}", row.name, row.text));
            printable(&format!("{}{}", clause.reason, rows.collect::<String>()))
        },
    })
    .collect()
}

pub(super) fn section(whole: &Whole<'_, '_>) -> Option<Section> {
    let answers = &whole.shown.report.rules;
    let mut tables = Vec::new();
    for own in answers {
        let lot = own.lot.map_or_else(String::new, |lot| whole.shown.number(&lot));
        tables.push(answered(own, &lot));
        for clause in own.clauses.iter().filter(|clause| !clause.rows.is_empty()) {
            let caption = printable(&format!("{lot}: {} {}: {}", own.pack, clause.clause, clause.title));
            tables.push(matrix(&caption, &clause.rows));
        }
    }
    let mut told = Vec::new();
    for pack in &whole.rules.packs {
        if !told.contains(&pack.digest) {
            told.push(pack.digest);
            tables.push(sources(pack));
        }
    }
    Section::of("Rules", NOTE, tables)
}

fn answered(own: &RuleAnswer, lot: &str) -> Table {
    let caption = printable(&format!("{lot}: {}: {} ({})", own.pack, own.answer.as_str(), own.title));
    let mut table = Table::new(caption, &["clause", "status", "answer", "what decided"]);
    let is_way_out = own.clauses.iter().any(|clause| !clause.ways_out.is_empty());
    table.head.extend(is_way_out.then(|| "ways out, for people to judge".to_owned()));
    for clause in &own.clauses {
        let mut row = vec![
            Cell::lines(&[printable(&clause.clause), printable(&clause.title)]),
            state(clause),
            clause.answer.into(),
            printable(&clause.reason).into(),
        ];
        let ways: Vec<String> = clause.ways_out.iter().map(|way| printable(way)).collect();
        row.extend(is_way_out.then(|| ways.join("; or\n").into()));
        table.add(row);
    }
    table
}

fn state(clause: &ClauseAnswer) -> Cell {
    let word = clause.state.as_str();
    match (clause.state, clause.state_note.as_str()) {
        (State::InForce, "") => Cell::new(Look::Short, word),
        (_, "") => Cell::new(Look::Doubtful, word),
        (_, note) => Cell::new(Look::Doubtful, format!("{word}: {}", printable(note))),
    }
}

/// Rows that are named by an element and what of it, as a row for each element; others as they are.
fn matrix(caption: &str, rows: &[Row]) -> Table {
    let split = |row: &Row| {
        let (first, rest) = row.name.split_once(' ')?;
        Element::parse(first)?;
        Some((first.to_owned(), rest.to_owned(), row.text.clone()))
    };
    let Some(cells) = rows.iter().map(split).collect::<Option<Vec<_>>>() else {
        let mut table = Table::new(caption, &["what", "found"]);
        rows.iter().for_each(|row| table.add(vec![printable(&row.name).into(), printable(&row.text).into()]));
        return table;
    };
    let (mut elements, mut heads): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for (element, head, _) in &cells {
        if !elements.contains(&element.as_str()) {
            elements.push(element);
        }
        if !heads.contains(&head.as_str()) {
            heads.push(head);
        }
    }
    let mut table = Table::new(caption, &["element"]);
    table.head.extend(heads.iter().map(|head| printable(head)));
    for element in elements {
        let of = |head: &&str| {
            let found = cells.iter().find(|(own, at, _)| own == element && at == head);
            Cell::from(found.map_or_else(String::new, |(.., text)| printable(text)))
        };
        let row = std::iter::once(Cell::from(element)).chain(heads.iter().map(of));
        table.add(row.collect());
    }
    table
}

/// Where a pack stands, how sure its facts are, and which bytes were asked.
fn sources(pack: &RulePack) -> Table {
    let mut table = Table::new(printable(&format!("{}: where it stands", pack.id)), &["what", "which"]);
    let mut row = |what: &str, which: Cell| table.add(vec![Cell::new(Look::Short, what), which]);
    row("instrument", printable(&format!("{} ({})", pack.instrument, pack.jurisdiction)).into());
    row("pack digest", Cell::new(Look::Code, pack.digest.to_string()));
    row("facts as of", printable(&format!("{}, {}", pack.as_of, pack.confidence)).into());
    for citation in &pack.citations {
        let lines: Vec<String> = [&citation.title, &citation.url]
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(|text| printable(text))
            .collect();
        row("cites", Cell::lines(&lines));
    }
    for note in &pack.notes {
        row("note", printable(note).into());
    }
    table
}
