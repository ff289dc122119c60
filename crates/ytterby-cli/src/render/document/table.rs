//! Tables of plain text, for formats that are paper.

use ytterby::report::Outcome;
use ytterby::rules::Answer;

/// A table has so many rows at most; further ones are counted. The JSON report has them all.
const MAX_ROWS: usize = 2_000;

/// What stands under a heading.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    /// A sentence on what is shown; empty where there is nothing to say.
    pub(crate) note: String,
    pub(crate) tables: Vec<Table>,
}

/// A table.
pub(crate) struct Table {
    /// What it shows; empty where the heading says so.
    pub(crate) caption: String,
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<Cell>>,
    /// Rows that were left out.
    pub(crate) more: usize,
}

/// Text in a table, printable; a line break separates what stands in lines of its own.
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) look: Look,
}

/// How text looks, where a format can show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// As it is.
    Plain,
    /// A date or another word that stays on one line.
    Short,
    /// Figures under figures.
    Number,
    /// A digest, label or code.
    Code,
    /// Good news.
    Good,
    /// News to think about.
    Doubtful,
    /// Bad news.
    Bad,
}

impl Table {
    pub(crate) fn new(caption: impl Into<String>, head: &[&str]) -> Self {
        let head = head.iter().map(|word| (*word).to_owned()).collect();
        Table { caption: caption.into(), head, rows: Vec::new(), more: 0 }
    }

    pub(crate) fn add(&mut self, row: Vec<Cell>) {
        if self.rows.len() < MAX_ROWS {
            self.rows.push(row);
        } else {
            self.more += 1;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Section {
    /// The section, if one of its tables has a row.
    pub(crate) fn of(title: &'static str, note: &str, tables: Vec<Table>) -> Option<Self> {
        let tables: Vec<Table> = tables.into_iter().filter(|table| !table.is_empty()).collect();
        (!tables.is_empty()).then(|| Section { title, note: note.to_owned(), tables })
    }
}

impl Cell {
    pub(crate) fn new(look: Look, text: impl Into<String>) -> Self {
        Cell { text: text.into(), look }
    }

    /// Several texts, each on a line.
    pub(crate) fn lines(lines: &[String]) -> Self {
        lines.join("\n").into()
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::new(Look::Plain, text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::new(Look::Plain, text)
    }
}

impl From<Answer> for Cell {
    fn from(answer: Answer) -> Self {
        let look = match answer {
            Answer::Pass => Look::Good,
            Answer::NotApplicable => Look::Plain,
            Answer::NotDemonstrated => Look::Doubtful,
            Answer::Fail => Look::Bad,
        };
        Cell::new(look, answer.as_str())
    }
}

impl From<Outcome> for Cell {
    fn from(outcome: Outcome) -> Self {
        let look = match outcome {
            Outcome::Pass => Look::Good,
            Outcome::Warn | Outcome::Skipped | Outcome::Unknown => Look::Doubtful,
            Outcome::Fail => Look::Bad,
        };
        Cell::new(look, outcome.as_str())
    }
}
