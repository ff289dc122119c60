//! What the formats for other programs and for paper say: a run as plain text in its places. Nothing here is
//! escaped for a format, but everything is printable.

mod balances;
mod papers;
mod provenance;
mod rules;
mod table;

use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::finding::{Code, Effect, Finding};
use ytterby::report::{CertificateReport, Outcome, Step, not_shown};
use ytterby::text::printable;
use ytterby::time::format_time;
use ytterby::{Bundle, Rules, Verdict};

use super::report::{Shown, plural};
pub(crate) use rules::Clause;
pub(crate) use table::{Cell, Look, Section, Table};

/// A run: its inputs, what only all of them show, and the last line.
#[derive(Default)]
pub(crate) struct Document {
    pub(crate) inputs: Vec<Input>,
    pub(crate) across: Vec<Problem>,
    pub(crate) summary: String,
    pub(crate) exit_code: u8,
    /// Whether the network was asked.
    pub(crate) online: bool,
    /// Whether only the verdicts and what decides them are shown.
    pub(crate) brief: bool,
}

/// One input.
pub(crate) struct Input {
    pub(crate) file: String,
    pub(crate) verdict: Verdict,
    /// Why nothing can be said of it.
    pub(crate) unreadable: Option<String>,
    /// A name and what it is: when, under which trust file, which bytes.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// What is delivered.
    pub(crate) lots: Table,
    /// Steps, rules, provenance and the rest of what is known.
    pub(crate) sections: Vec<Section>,
    pub(crate) certificates: Vec<Own>,
    pub(crate) rules: Vec<Clause>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) not_checked: Vec<&'static str>,
    pub(crate) not_shown: Vec<&'static str>,
}

/// One certificate and how its steps ended.
pub(crate) struct Own {
    pub(crate) name: String,
    pub(crate) digest: String,
    pub(crate) steps: Vec<(&'static str, Outcome)>,
}

/// A finding and its place.
pub(crate) struct Problem {
    pub(crate) finding: Finding,
    pub(crate) certificate: String,
    pub(crate) lot: String,
    /// The files it is about, where these are several.
    pub(crate) files: Vec<String>,
}

/// An input that could be read, with everything that is known of it.
pub(crate) struct Whole<'s, 'a> {
    pub(crate) shown: Shown<'s, 'a>,
    pub(crate) bundle: &'s Bundle<'a>,
    pub(crate) rules: &'s Rules,
    /// Of its bytes.
    pub(crate) digest: Digest,
}

impl Document {
    /// The verdicts and what decides them: no warnings, and nothing of what holds.
    pub(crate) fn briefly(mut self) -> Self {
        for input in &mut self.inputs {
            input.sections.clear();
            input.problems.retain(Problem::is_grave);
        }
        self.brief = true;
        self
    }
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

    /// Whether it changes the verdict.
    pub(crate) fn is_grave(&self) -> bool {
        self.finding.code.effect() != Effect::Warn
    }

    /// What is wrong.
    pub(crate) fn text(&self) -> String {
        printable(&self.finding.text)
    }

    /// The certificate's label and the place in it, and the files, where these are several.
    pub(crate) fn place(&self) -> String {
        let parts = [&self.lot, &self.certificate, &printable(&self.finding.pointer), &self.files.join(", ")];
        parts.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" ")
    }
}

impl Input {
    /// An input that could be read.
    pub(crate) fn of(whole: &Whole<'_, '_>) -> Self {
        let (shown, report) = (&whole.shown, whole.shown.report);
        let certificate = |own: &CertificateReport| Own {
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
        let sections = [
            whole.steps(),
            rules::section(whole),
            provenance::section(whole),
            papers::transfers(whole),
            papers::attestations(whole),
            balances::section(whole),
            papers::certificates(whole),
        ];
        Input {
            file: printable(shown.file),
            verdict: report.verdict(),
            unreadable: None,
            facts: whole.facts(),
            lots: whole.lots(),
            sections: sections.into_iter().flatten().collect(),
            certificates: report.certificates.iter().map(certificate).collect(),
            rules: rules::clauses(report),
            problems: report.findings.iter().map(problem).collect(),
            not_checked: report.not_checked().into_iter().map(Step::as_str).collect(),
            not_shown: report.not_shown(),
        }
    }

    /// An input of which nothing can be said.
    pub(crate) fn unreadable(file: &str, why: &str) -> Self {
        Input {
            file: printable(file),
            verdict: Verdict::Undecided,
            unreadable: Some(printable(why)),
            facts: Vec::new(),
            lots: Table::new("", &[]),
            sections: Vec::new(),
            certificates: Vec::new(),
            rules: Vec::new(),
            problems: Vec::new(),
            not_checked: Step::ALL.into_iter().map(Step::as_str).collect(),
            not_shown: not_shown(false, false),
        }
    }

    /// What the verdict means, and what it does not rest on.
    pub(crate) fn meaning(&self) -> String {
        let meaning = match self.verdict {
            Verdict::Verified => "All that was checked holds, and the trust file accepts the issuers.",
            Verdict::Untrusted => {
                "Sound, but not from anybody whom the trust file accepts, not yours, or a rule denies it."
            }
            Verdict::Undecided => "It cannot be decided: evidence is missing, unreadable or too old.",
            Verdict::Rejected => "Something is proven wrong.",
        };
        match (&self.unreadable, self.not_checked.join(" and ")) {
            (Some(why), _) => format!("{meaning}\n{why}"),
            (None, steps) if steps.is_empty() => meaning.to_owned(),
            (None, steps) => format!("{meaning}\nNot checked: {steps}."),
        }
    }

    /// The steps that were not checked, for all certificates or for some; says it if there is none.
    pub(crate) fn unchecked(&self) -> Vec<&'static str> {
        if self.not_checked.is_empty() { vec!["every step was checked"] } else { self.not_checked.clone() }
    }
}

impl Whole<'_, '_> {
    /// A party by the name that it is shown by.
    fn party(&self, did: &str) -> String {
        Did::parse(did).map_or_else(|_| printable(did), |did| self.shown.party(&did))
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let report = self.shown.report;
        let is_none = report.findings.iter().any(|own| own.code == Code::AuthorityNoTrustFile);
        let trust = match printable(&self.shown.trust.name) {
            _ if is_none => "none: nobody's word is taken".to_owned(),
            name if name.is_empty() => "without a name".to_owned(),
            name => name,
        };
        let broken = match report.broken {
            0 => String::new(),
            broken => format!(", and {broken} that break form"),
        };
        let held = format!("{}{broken}", plural(report.certificates.len(), "certificate"));
        let mut facts = vec![
            ("as of", format_time(report.at)),
            ("trust file", trust),
            ("digest of the file", self.digest.to_string()),
            ("in the file", held),
        ];
        if let Some(known) = &report.status_known {
            let text = format!("{}, log {} at {}", format_time(known.at), known.log, known.size);
            facts.push(("statuses as of", printable(&text)));
        }
        facts
    }

    fn lots(&self) -> Table {
        let mut table = Table::new("Delivered", &["lot", "product", "mass", "issuer"]);
        for digest in &self.shown.report.subject {
            let [lot, product, mass, issuer] = self.shown.delivered(digest);
            // What is not in the file has no number, and is named by its digest.
            let look = if self.shown.index.contains_key(digest) { Look::Plain } else { Look::Code };
            table.add(vec![
                Cell::new(look, lot),
                product.into(),
                Cell::new(Look::Number, mass),
                issuer.into(),
            ]);
        }
        table
    }

    fn steps(&self) -> Option<Section> {
        let mut table = Table::new("", &["step", "outcome", "what was found"]);
        for (step, text, outcome) in self.shown.rows() {
            table.add(vec![step.as_str().into(), outcome.into(), text.into()]);
        }
        Section::of("Steps", "", vec![table])
    }
}
