//! Answers to rules for people.

use ytterby::rules::{Answer, ClauseAnswer, RuleAnswer};
use ytterby::text::printable;

use super::{style, wrap};

/// The rows of a report: a line for each pack and lot, then its clauses.
pub(crate) fn rows(answers: &[RuleAnswer], verbose: bool) -> String {
    let mut out = String::new();
    for own in answers {
        let head = format!("{} (facts of {}): {}", own.pack, own.as_of, own.answer.as_str());
        out.push_str(&wrap::hanging(&format!("    {:<14} ", "rules"), 19, &head, paint(own.answer)));
        let is_told = |clause: &&ClauseAnswer| verbose || clause.answer != Answer::NotApplicable;
        let told: Vec<_> = own.clauses.iter().filter(is_told).collect();
        let told = if told.is_empty() { own.clauses.iter().collect() } else { told };
        for clause in told {
            out.push_str(&lines(clause));
        }
    }
    out
}

fn lines(own: &ClauseAnswer) -> String {
    let state = match (own.state.as_str(), own.state_note.as_str()) {
        ("in-force", _) => String::new(),
        (state, note) => format!(" · {state}: {note}"),
    };
    let text = format!("{}: {}, {}{state}", own.clause, own.answer.as_str(), own.reason);
    let mut out = wrap::hanging(&" ".repeat(21), 23, &printable(&text), paint(own.answer));
    for row in &own.rows {
        let line = format!("{}: {}", printable(&row.name), printable(&row.text));
        out.push_str(&wrap::hanging(&" ".repeat(23), 25, &line, str::to_owned));
    }
    if !own.ways_out.is_empty() {
        let line = format!("for people to judge: {}", own.ways_out.join("; or "));
        out.push_str(&wrap::hanging(&" ".repeat(23), 25, &printable(&line), style::dim));
    }
    out
}

fn paint(answer: Answer) -> impl Fn(&str) -> String {
    move |line: &str| match answer {
        Answer::Fail => style::bad(line),
        Answer::NotDemonstrated => style::doubtful(line),
        Answer::Pass | Answer::NotApplicable => line.to_owned(),
    }
}
