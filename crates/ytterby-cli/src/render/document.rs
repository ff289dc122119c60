//! What the formats for other programs and for paper say: a run as plain text in its places. Nothing here is
//! escaped for a format, but everything is printable.

use ytterby::finding::{Effect, Finding};
use ytterby::profile::{Profile, StageProfile};
use ytterby::report::{Outcome, Step};
use ytterby::rules::Answer;
use ytterby::text::printable;

use super::profile::percents;
use super::report::Shown;

/// A run: its inputs, what only all of them show, and the last line.
#[derive(Default)]
pub(crate) struct Document {
    pub(crate) inputs: Vec<Input>,
    pub(crate) across: Vec<Problem>,
    pub(crate) summary: String,
    pub(crate) exit_code: u8,
}

/// One input.
#[derive(Default)]
pub(crate) struct Input {
    pub(crate) file: String,
    pub(crate) verdict: &'static str,
    /// Why nothing can be said of it.
    pub(crate) unreadable: Option<String>,
    /// Number, product, mass and issuer of what is delivered.
    pub(crate) lots: Vec<[String; 4]>,
    /// Step, outcome, what was found.
    pub(crate) steps: Vec<[String; 3]>,
    pub(crate) certificates: Vec<Own>,
    /// Lot, element, mass or stage, where and how much.
    pub(crate) provenance: Vec<[String; 4]>,
    pub(crate) rules: Vec<Clause>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) not_shown: Vec<&'static str>,
}

/// One certificate and how its steps ended.
pub(crate) struct Own {
    pub(crate) name: String,
    pub(crate) digest: String,
    pub(crate) steps: Vec<(&'static str, Outcome)>,
}

/// The answer to a clause of a rule pack.
pub(crate) struct Clause {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) state: &'static str,
    /// Whether it is law then.
    pub(crate) counts: bool,
    pub(crate) answer: Answer,
    pub(crate) text: String,
}

/// A finding and its place.
pub(crate) struct Problem {
    pub(crate) finding: Finding,
    pub(crate) certificate: String,
    pub(crate) lot: String,
    /// The files it is about, where these are several.
    pub(crate) files: Vec<String>,
}

impl Problem {
    /// The word of its effect.
    pub(crate) fn effect(&self) -> &'static str {
        match self.finding.code.effect() {
            Effect::Reject => "error",
            Effect::Undecided => "undecided",
            Effect::Untrusted => "untrusted",
            Effect::Warn => "warning",
        }
    }

    /// What is wrong.
    pub(crate) fn text(&self) -> String {
        printable(&self.finding.text)
    }

    /// The certificate's label and the place in it.
    pub(crate) fn place(&self) -> String {
        let parts = [&self.lot, &self.certificate, &printable(&self.finding.pointer)];
        parts.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" ")
    }
}

impl Input {
    /// An input that could be read.
    pub(crate) fn of(shown: &Shown<'_, '_>) -> Self {
        let report = shown.report;
        let steps = shown.rows().into_iter();
        let certificate = |own: &ytterby::report::CertificateReport| Own {
            name: [shown.number(&own.digest), own.id.urn().to_string()].join(" ").trim().to_owned(),
            digest: own.digest.to_string(),
            steps: Step::ALL.into_iter().map(|step| (step.as_str(), own.outcome(step))).collect(),
        };
        let problem = |finding: &Finding| Problem {
            finding: finding.clone(),
            certificate: finding.certificate.map_or_else(String::new, |digest| shown.label(&digest)),
            lot: finding.certificate.map_or_else(String::new, |digest| shown.number(&digest)),
            files: Vec::new(),
        };
        let lots = report.provenance.iter().flat_map(|all| &all.lots);
        Input {
            file: printable(shown.file),
            verdict: report.verdict().as_str(),
            unreadable: None,
            lots: report.subject.iter().map(|digest| shown.delivered(digest)).collect(),
            steps: steps.map(|(s, text, end)| [s.as_str().into(), end.as_str().into(), text]).collect(),
            certificates: report.certificates.iter().map(certificate).collect(),
            provenance: lots.flat_map(|lot| provenance(lot, &shown.number(&lot.lot))).collect(),
            rules: clauses(report),
            problems: report.findings.iter().map(problem).collect(),
            not_shown: report.not_shown(),
        }
    }

    /// An input of which nothing can be said.
    pub(crate) fn unreadable(file: &str, why: &str) -> Self {
        let (file, why) = (printable(file), Some(printable(why)));
        Input { file, unreadable: why, verdict: ytterby::Verdict::Undecided.as_str(), ..Input::default() }
    }
}

fn clauses(report: &ytterby::Report) -> Vec<Clause> {
    let all = report.rules.iter().flat_map(|own| own.clauses.iter().map(move |clause| (own, clause)));
    all.map(|(own, clause)| Clause {
        name: printable(&format!("{} {}", own.pack, clause.clause)),
        title: printable(&clause.title),
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

fn provenance(lot: &Profile, number: &str) -> Vec<[String; 4]> {
    let mut rows = Vec::new();
    for own in &lot.elements {
        let row = |what: &str, text: String| {
            [number.to_owned(), own.element.symbol().to_owned(), what.to_owned(), text]
        };
        let entered = own.entered.iter().map(|(way, share)| format!("{} {}", way.as_str(), percents(*share)));
        rows.push(row(&super::amount::kg(own.mg), entered.collect::<Vec<_>>().join(", ")));
        rows.extend(own.stages.iter().map(|stage| row(stage.stage.as_str(), places(stage))));
    }
    rows
}

fn places(stage: &StageProfile) -> String {
    let name = |country: &Option<ytterby::Country>| {
        country.map_or_else(|| "unknown".to_owned(), |country| country.as_str().to_owned())
    };
    let mut words: Vec<String> =
        stage.countries.iter().map(|(at, share)| format!("{} {}", name(at), percents(*share))).collect();
    let declared = stage.declared.iter();
    words.extend(declared.map(|(at, share)| format!("declared {} {}", name(at), percents(*share))));
    if stage.untold.is_possible() {
        words.push(format!("untold {}", percents(stage.untold)));
    }
    words.join(", ")
}
