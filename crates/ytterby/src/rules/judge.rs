//! The answer of a pack: what each clause says as of a date, and what of it counts.

use std::cell::Cell;

use jiff::Timestamp;

use super::ask::{Case, Found};
use super::expression::STEPS;
use super::scope::Applies;
use super::{Ask, Clause, Facts, RulePack, Screening, State};
use crate::bundle::Bundle;
use crate::digest::Digest;
use crate::finding::{Code, Finding};
use crate::profile::MAX_LOTS;
use crate::report::Report;

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
    /// The day its facts were gathered.
    pub as_of: jiff::civil::Date,
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

/// The packs that a verifier asks, and the lists of parties that they may screen against.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// The packs.
    pub packs: Vec<RulePack>,
    /// The lists.
    pub screening: Vec<Screening>,
}

impl Rules {
    /// Asks every pack about every lot that a bundle is about; what does not hold becomes a finding.
    pub(crate) fn ask(&self, bundle: &Bundle<'_>, report: &mut Report) {
        if self.packs.is_empty() {
            return;
        }
        if report.subject.len() > MAX_LOTS {
            let open = |pack: &RulePack| {
                let text = format!("{}: it is asked of at most {MAX_LOTS} lots of one bundle", pack.id);
                Finding::new(Code::RuleNotDemonstrated, text)
            };
            return report.findings.extend(self.packs.iter().map(open));
        }
        let facts = Facts::of(bundle, report, &self.screening);
        for pack in &self.packs {
            let share = STEPS / u64::try_from(facts.len()).unwrap_or(u64::MAX).max(1);
            for facts in &facts {
                let answer = pack.judge_in(facts, report.at, share);
                report.findings.extend(answer.findings());
                report.rules.push(answer);
            }
            if facts.is_empty() {
                let text = format!("{}: there is no lot that it could be asked about", pack.id);
                report.findings.push(Finding::new(Code::RuleNotDemonstrated, text));
            }
        }
    }
}

impl RuleAnswer {
    /// What does not hold, clause by clause, about the lot that was asked about.
    pub fn findings(&self) -> impl Iterator<Item = Finding> {
        self.clauses.iter().filter_map(|own| self.finding(own))
    }

    fn finding(&self, own: &ClauseAnswer) -> Option<Finding> {
        let code = match (own.answer, own.state.counts()) {
            (Answer::Pass | Answer::NotApplicable, _) => return None,
            (Answer::Fail | Answer::NotDemonstrated, false) => Code::RuleNotInForce,
            (Answer::Fail, true) => Code::RuleFailed,
            (Answer::NotDemonstrated, true) => Code::RuleNotDemonstrated,
        };
        let state = match own.state {
            State::InForce => String::new(),
            state => format!(" ({}: {})", state.as_str(), own.state_note),
        };
        let text = format!("{} {}: {}{state}", self.pack, own.clause, own.reason);
        let finding = Finding::new(code, text);
        Some(self.lot.map_or(finding.clone(), |lot| finding.about(lot)))
    }
}

impl RulePack {
    /// Asks the pack about a lot, as of a time.
    pub fn judge(&self, facts: &Facts, at: Timestamp) -> RuleAnswer {
        self.judge_in(facts, at, STEPS)
    }

    /// The same, in so many steps of expressions at most.
    pub(super) fn judge_in(&self, facts: &Facts, at: Timestamp, steps: u64) -> RuleAnswer {
        let steps = Cell::new(steps);
        let judged =
            self.clauses.iter().map(|clause| clause.judge(&Case { clause, facts, at, steps: &steps }));
        let clauses = judged.collect();
        self.answer(facts.lot, at, clauses)
    }

    pub(super) fn answer(
        &self,
        lot: Option<Digest>,
        at: Timestamp,
        clauses: Vec<ClauseAnswer>,
    ) -> RuleAnswer {
        let counting = clauses.iter().filter(|clause| clause.state.counts()).map(|clause| clause.answer);
        RuleAnswer {
            pack: self.id.clone(),
            pack_digest: self.digest,
            as_of: self.as_of,
            title: self.title.clone(),
            lot,
            at,
            answer: counting.max().unwrap_or(Answer::NotApplicable),
            clauses,
        }
    }
}

impl Clause {
    /// Not applicable; with the reason, if it does not ask at that time.
    pub(super) fn unasked(&self, at: Timestamp) -> ClauseAnswer {
        let (state, note) = self.state(at);
        ClauseAnswer {
            clause: self.id.clone(),
            title: self.title.clone(),
            state,
            state_note: note.to_owned(),
            answer: Answer::NotApplicable,
            reason: if self.span.holds(at) { String::new() } else { self.when() },
            rows: Vec::new(),
            ways_out: Vec::new(),
        }
    }

    fn judge(&self, case: &Case<'_>) -> ClauseAnswer {
        let (facts, at) = (case.facts, case.at);
        let mut answer = self.unasked(at);
        if !self.span.holds(at) {
            return answer;
        }
        if self.asks.iter().any(|ask| matches!(ask, Ask::Portfolio(_))) {
            "it is asked of a portfolio".clone_into(&mut answer.reason);
            return answer;
        }
        let applies = self.scope.applies(facts);
        if let Applies::No(why) = applies {
            answer.reason = why;
            return answer;
        }
        let found = all(&self.asks, case, &mut answer.rows);
        (answer.answer, answer.reason) = match (found, applies) {
            (Found::Pass(why), _) => (Answer::Pass, why),
            // Whether it asks is open, and it would not be met.
            (Found::Not(_) | Found::Open(_) | Found::Fail(_), Applies::Unknown(why)) => {
                (Answer::NotDemonstrated, why)
            }
            (Found::Not(why), _) => (Answer::NotApplicable, why),
            (Found::Open(why), _) => (Answer::NotDemonstrated, why),
            (Found::Fail(why), _) => (Answer::Fail, why),
        };
        if answer.answer > Answer::Pass {
            self.excuse(case, &mut answer);
        }
        answer
    }

    /// Looks for a way out: one that holds excuses, one that may hold leaves a failure undemonstrated.
    fn excuse(&self, case: &Case<'_>, answer: &mut ClauseAnswer) {
        for exception in &self.exceptions {
            if exception.asks.is_empty() {
                answer.ways_out.push(exception.title.clone());
                continue;
            }
            // A paper that is not there excuses nothing; metal of which too little is known may.
            let (papers, others): (Vec<Ask>, Vec<Ask>) =
                exception.asks.iter().cloned().partition(|ask| matches!(ask, Ask::Attested { .. }));
            let papers = all(&papers, case, &mut Vec::new());
            match (papers, all(&others, case, &mut Vec::new())) {
                (Found::Pass(paper), Found::Pass(why)) => {
                    let both = [paper, why].into_iter().filter(|why| !why.is_empty());
                    answer.answer = Answer::NotApplicable;
                    answer.reason = format!("{}: {}", exception.title, both.collect::<Vec<_>>().join(" · "));
                    return;
                }
                (Found::Pass(_), Found::Open(why)) if answer.answer == Answer::Fail => {
                    answer.answer = Answer::NotDemonstrated;
                    answer.reason = format!("{}; yet perhaps {}: {why}", answer.reason, exception.title);
                }
                _ => {}
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

fn all(asks: &[Ask], case: &Case<'_>, rows: &mut Vec<Row>) -> Found {
    let found: Vec<Found> = asks.iter().map(|ask| ask.ask(case, rows)).collect();
    let passed: Vec<String> = found
        .iter()
        .filter_map(|found| match found {
            Found::Pass(why) => Some(why.clone()),
            Found::Not(_) | Found::Open(_) | Found::Fail(_) => None,
        })
        .collect();
    match Found::gravest(found) {
        Some(Found::Pass(_)) | None => Found::Pass(passed.join(" · ")),
        Some(gravest) => gravest,
    }
}
