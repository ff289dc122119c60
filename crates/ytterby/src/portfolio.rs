//! Many verified lots together: what each rule, element, stage and country has over all of them.
//! Implements proto-docs/portfolio.md.

mod totals;

use std::collections::HashMap;

use jiff::Timestamp;
use uuid::Uuid;

use crate::bundle::Bundle;
use crate::digest::Digest;
use crate::finding::{Code, Effect, Finding};
use crate::masses::Masses;
use crate::report::{Report, Verdict};
use crate::rules::{Answer, Facts, RuleAnswer, Rules};

pub use totals::{Amount, ElementTotals, RuleTotals, StageTotals, Total};

/// Collects lots, one bundle at a time. Of a bundle nothing is kept but the facts about the lots it is about,
/// and of each of its certificates the label, the digest and what it draws.
#[derive(Debug, Default)]
pub struct Portfolio {
    inputs: Vec<String>,
    lots: Vec<Held>,
    places: HashMap<Digest, usize>,
    /// Every certificate by its label, with the number of the input it was first in.
    seen: HashMap<Uuid, (Digest, usize)>,
    /// What was drawn on a lot, by anything in an input that counts.
    drawn: HashMap<Digest, Masses>,
    left_out: Vec<LeftOut>,
    problems: Vec<Problem>,
}

/// A lot of the portfolio.
#[derive(Debug, Clone)]
pub struct Held {
    /// The lot.
    pub lot: Digest,
    /// The number on its label.
    pub number: String,
    /// The inputs that deliver it.
    pub inputs: Vec<String>,
    /// How much of it counts: its content, less what other certificates of the portfolio draw on it.
    pub counted: Masses,
    /// The answer to each pack that was asked, in their order; the gravest where inputs differ.
    pub answers: Vec<Answer>,
    facts: Facts,
}

/// An input that does not count.
#[derive(Debug, Clone)]
pub struct LeftOut {
    /// Its name.
    pub input: String,
    /// The verdict on it.
    pub verdict: Verdict,
    /// What decided; none where it could not be read.
    pub code: Option<Code>,
    /// Why, in a sentence.
    pub text: String,
}

/// What only all inputs together show.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The finding.
    pub finding: Finding,
    /// The number of the lot it is about, if it is about one.
    pub lot: Option<String>,
    /// The inputs concerned.
    pub inputs: Vec<String>,
}

/// What a portfolio has.
#[derive(Debug, Clone)]
pub struct PortfolioReport {
    /// As of when.
    pub at: Timestamp,
    /// The lots, in the order in which they were met.
    pub lots: Vec<Held>,
    /// For each pack that was asked, which lots it answers how.
    pub rules: Vec<RuleTotals>,
    /// The answers to packs that ask of a portfolio.
    pub together: Vec<RuleAnswer>,
    /// The metal, by atomic number.
    pub elements: Vec<ElementTotals>,
    /// Inputs that do not count.
    pub left_out: Vec<LeftOut>,
    /// What only all inputs together show.
    pub problems: Vec<Problem>,
}

impl Portfolio {
    /// Adds the lots of a verified bundle, each once; leaves the bundle out, by its name, if anything but a rule
    /// stands against it.
    pub fn note(&mut self, input: &str, bundle: &Bundle<'_>, report: &Report) {
        if let Some(finding) = report.findings().iter().find(|finding| stands_against(finding)) {
            return self.left_out.push(LeftOut {
                input: input.to_owned(),
                verdict: report.verdict(),
                code: Some(finding.code),
                text: finding.text.clone(),
            });
        }
        let facts = Facts::of(bundle, report, &[]);
        if facts.is_empty() {
            return self.leave_out(input, "it is about no lot");
        }
        self.inputs.push(input.to_owned());
        self.note_certificates(bundle);
        for own in facts {
            let lot = own.lot;
            self.hold(input, own, report.rules.iter().filter(|answer| answer.lot == lot));
        }
    }

    /// Leaves out an input of which nothing can be said.
    pub fn leave_out(&mut self, input: &str, why: &str) {
        self.left_out.push(LeftOut {
            input: input.to_owned(),
            verdict: Verdict::Undecided,
            code: None,
            text: why.to_owned(),
        });
    }

    /// Notes what each certificate draws, once; says where a label stands for two certificates.
    fn note_certificates(&mut self, bundle: &Bundle<'_>) {
        let here = self.inputs.len() - 1;
        for certificate in bundle.certificates() {
            let (id, digest) = (certificate.claims().id, certificate.digest());
            let (first, there) = *self.seen.entry(id).or_insert((digest, here));
            if first != digest {
                let inputs = vec![self.inputs[there].clone(), self.inputs[here].clone()];
                let text =
                    format!("{} is one certificate in {} and another in {}", id.urn(), inputs[0], inputs[1]);
                let lot = certificate.lot().map(|lot| lot.number.to_string());
                let finding = Finding::new(Code::LineageIdReused, text).about(digest);
                self.problems.push(Problem { finding, lot, inputs });
            } else if there != here {
                continue;
            }
            for input in certificate.lot().iter().flat_map(|lot| &lot.inputs) {
                self.drawn.entry(input.digest).or_default().add_all(&input.draws);
            }
        }
    }

    fn hold<'r>(&mut self, input: &str, facts: Facts, answers: impl Iterator<Item = &'r RuleAnswer>) {
        let Some(lot) = facts.lot else { return };
        let Some(place) = self.places.get(&lot).copied() else {
            self.places.insert(lot, self.lots.len());
            return self.lots.push(Held {
                lot,
                number: facts.number.clone(),
                inputs: vec![input.to_owned()],
                counted: facts.content.clone(),
                answers: answers.map(|own| own.answer).collect(),
                facts: facts.for_portfolio(),
            });
        };
        let held = &mut self.lots[place];
        let first = held.inputs[0].clone();
        held.inputs.push(input.to_owned());
        for (before, now) in held.answers.iter_mut().zip(answers) {
            if *before != now.answer {
                let (was, is) = (before.as_str(), now.answer.as_str());
                let text = format!(
                    "{}: {} is answered {was} by {first} and {is} by {input}; the graver counts",
                    held.number, now.pack
                );
                let finding = Finding::new(Code::RuleNotDemonstrated, text).about(lot);
                let (lot, inputs) = (Some(held.number.clone()), vec![first.clone(), input.to_owned()]);
                self.problems.push(Problem { finding, lot, inputs });
                *before = now.answer.max(*before);
            }
        }
        if held.facts.profile.is_none() {
            held.facts.profile = facts.profile;
        }
    }

    /// Counts what there is, and asks the packs that ask of a portfolio, as of a time. The packs must be those
    /// that the bundles were asked.
    pub fn finish(mut self, rules: &Rules, at: Timestamp) -> PortfolioReport {
        for held in &mut self.lots {
            if let Some(drawn) = self.drawn.get(&held.lot) {
                held.counted = held.facts.content.less(drawn);
                if let Some(profile) = &mut held.facts.profile {
                    profile.keep(&held.counted);
                }
            }
        }
        let there: Vec<&Held> = self.lots.iter().filter(|held| !held.counted.is_empty()).collect();
        let lots: Vec<(&Facts, &Masses)> = there.iter().map(|held| (&held.facts, &held.counted)).collect();
        let asking = rules.packs.iter().filter(|pack| pack.asks_of_portfolio());
        let together: Vec<RuleAnswer> = asking.map(|pack| pack.judge_portfolio(&lots, at)).collect();
        let found = together.iter().flat_map(RuleAnswer::findings);
        let problem = |finding| Problem { finding, lot: None, inputs: Vec::new() };
        self.problems.extend(found.map(problem));
        PortfolioReport {
            at,
            rules: totals::of_rules(rules, &there),
            together,
            elements: totals::of_elements(&lots),
            lots: self.lots,
            left_out: self.left_out,
            problems: self.problems,
        }
    }
}

/// Whether a finding keeps a bundle out: all that decide but the answers to rules, which are what is counted.
fn stands_against(finding: &Finding) -> bool {
    let is_of_a_rule = [Code::RuleFailed, Code::RuleNotDemonstrated].contains(&finding.code);
    finding.code.effect() != Effect::Warn && !is_of_a_rule
}

impl PortfolioReport {
    /// The verdict: the gravest of the inputs' own, and of what only all together show.
    pub fn verdict(&self, of_inputs: Verdict) -> Verdict {
        let effects = self.problems.iter().map(|problem| match problem.finding.code.effect() {
            Effect::Reject => Verdict::Rejected,
            Effect::Undecided => Verdict::Undecided,
            Effect::Untrusted => Verdict::Untrusted,
            Effect::Warn => Verdict::Verified,
        });
        effects.fold(of_inputs, Verdict::max)
    }
}
