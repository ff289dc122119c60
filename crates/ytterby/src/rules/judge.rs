//! The answer of a pack: what each clause says as of a date, and what of it counts.

use jiff::Timestamp;

use super::ask::Found;
use super::scope::Applies;
use super::{Ask, Clause, Facts, RulePack, Scope, State};
use crate::digest::Digest;

/// How a rule, or a clause of it, is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// It does not ask anything of this lot, or not then.
    NotApplicable,
    /// What it asks holds.
    Pass,
    /// What would show that it holds is not there. Never a pass.
    NotDemonstrated,
    /// It does not hold.
    Fail,
}

/// The answer to a pack about one lot.
#[derive(Debug, Clone)]
pub struct RuleAnswer {
    /// The pack's name.
    pub pack: String,
    /// The digest of its bytes.
    pub pack_digest: Digest,
    /// What it asks, in a line.
    pub title: String,
    /// The lot.
    pub lot: Option<Digest>,
    /// As of when.
    pub at: Timestamp,
    /// The gravest answer of a clause that is law then.
    pub answer: Answer,
    /// Every clause.
    pub clauses: Vec<ClauseAnswer>,
}

/// The answer to a clause.
#[derive(Debug, Clone)]
pub struct ClauseAnswer {
    /// Its name.
    pub clause: String,
    /// What it asks, in a line.
    pub title: String,
    /// Whether it is law then.
    pub state: State,
    /// What there is to know of that.
    pub state_note: String,
    /// How it is answered.
    pub answer: Answer,
    /// What decided.
    pub reason: String,
    /// A table, where it asks for one.
    pub rows: Vec<Row>,
    /// Ways out that only people can judge.
    pub ways_out: Vec<String>,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// What stands there.
    pub text: String,
}

impl Answer {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Answer::NotApplicable => "not-applicable",
            Answer::Pass => "pass",
            Answer::NotDemonstrated => "not-demonstrated",
            Answer::Fail => "fail",
        }
    }

    /// The answer of a word.
    pub fn parse(word: &str) -> Option<Self> {
        let all = [Answer::NotApplicable, Answer::Pass, Answer::NotDemonstrated, Answer::Fail];
        all.into_iter().find(|answer| answer.as_str() == word)
    }
}

impl RulePack {
    /// Asks the pack about a lot, as of a time.
    pub fn judge(&self, facts: &Facts, at: Timestamp) -> RuleAnswer {
        let clauses: Vec<ClauseAnswer> = self.clauses.iter().map(|clause| clause.judge(facts, at)).collect();
        let counting = clauses.iter().filter(|clause| clause.state.counts()).map(|clause| clause.answer);
        RuleAnswer {
            pack: self.id.clone(),
            pack_digest: self.digest,
            title: self.title.clone(),
            lot: facts.lot,
            at,
            answer: counting.max().unwrap_or(Answer::NotApplicable),
            clauses,
        }
    }
}

impl Clause {
    fn judge(&self, facts: &Facts, at: Timestamp) -> ClauseAnswer {
        let (state, note) = self.state(at);
        let mut answer = ClauseAnswer {
            clause: self.id.clone(),
            title: self.title.clone(),
            state,
            state_note: note.to_owned(),
            answer: Answer::NotApplicable,
            reason: String::new(),
            rows: Vec::new(),
            ways_out: Vec::new(),
        };
        if !self.span.holds(at) {
            answer.reason = self.when();
            return answer;
        }
        let applies = self.scope.applies(facts);
        if let Applies::No(why) = applies {
            answer.reason = why;
            return answer;
        }
        let found = all(&self.asks, &self.scope, facts, at, &mut answer.rows);
        (answer.answer, answer.reason) = match (found, applies) {
            (Found::Pass(why), _) => (Answer::Pass, why),
            // Whether it asks is open, and it would not be met.
            (Found::Open(_) | Found::Fail(_), Applies::Unknown(why)) => (Answer::NotDemonstrated, why),
            (Found::Open(why), _) => (Answer::NotDemonstrated, why),
            (Found::Fail(why), _) => (Answer::Fail, why),
        };
        if answer.answer > Answer::Pass {
            self.excuse(facts, at, &mut answer);
        }
        answer
    }

    /// Looks for a way out: one that holds excuses, one that may hold leaves a failure undemonstrated.
    fn excuse(&self, facts: &Facts, at: Timestamp, answer: &mut ClauseAnswer) {
        for exception in &self.exceptions {
            if exception.asks.is_empty() {
                answer.ways_out.push(exception.title.clone());
                continue;
            }
            if let Found::Pass(why) = all(&exception.asks, &self.scope, facts, at, &mut Vec::new()) {
                answer.answer = Answer::NotApplicable;
                answer.reason = format!("{}: {why}", exception.title);
                return;
            }
        }
    }

    fn when(&self) -> String {
        let day = |at: Timestamp| crate::time::format_time(at);
        match (self.span.from, self.span.before) {
            (Some(from), Some(before)) => format!("it asks from {} and before {}", day(from), day(before)),
            (Some(from), None) => format!("it asks from {}", day(from)),
            (None, Some(before)) => format!("it asks before {}", day(before)),
            (None, None) => String::new(),
        }
    }
}

fn all(asks: &[Ask], scope: &Scope, facts: &Facts, at: Timestamp, rows: &mut Vec<Row>) -> Found {
    let found: Vec<Found> = asks.iter().map(|ask| ask.ask(scope, facts, at, rows)).collect();
    let passed: Vec<String> = found
        .iter()
        .filter_map(|found| match found {
            Found::Pass(why) => Some(why.clone()),
            Found::Open(_) | Found::Fail(_) => None,
        })
        .collect();
    match Found::gravest(found) {
        Some(Found::Pass(_)) | None => Found::Pass(passed.join(" · ")),
        Some(gravest) => gravest,
    }
}
