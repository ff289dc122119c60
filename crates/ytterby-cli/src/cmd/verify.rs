//! `ytterby verify`: every input judged on its own, then all of them together.

use std::collections::HashMap;

use serde_json::Value;
use ytterby::digest::Digest;
use ytterby::finding::{Code, Finding};
use ytterby::time::format_time;
use ytterby::{Bundle, Certificate, InputName, Question, Report, Trust, Verdict, unreadable_json};

use super::{rules, trust as trust_file};
use crate::args::{ReportFormat, Verify};
use crate::failure::Failure;
use crate::input::{self, Source};
use crate::online::Online;
use crate::output::Output;
use crate::progress::Progress;
use crate::received::Received;
use crate::render::document::{self, Document};
use crate::render::{accreditation, html, junit, markdown, problem, report, sarif, style};
use crate::{clock, editions};

mod brief;
mod portfolio;
mod run_totals;
use run_totals::Draws;

/// Reads, judges, prints.
pub(crate) fn run(args: &Verify, output: Output, progress: bool) -> Result<u8, Failure> {
    let trust = trust_file::load(args.trust.as_deref())?;
    let older = editions::compare(&trust, &output);
    let received = args.record.as_deref().map(Received::open).transpose()?;
    let at = args.at.unwrap_or_else(clock::now);
    let question = Question {
        lot: args.lot.clone(),
        mass: args.mass,
        max_status_age: args.max_status_age,
        rules: rules::load(&args.rules, &args.lists)?,
        budget: ytterby::budget::Budget::default(),
    };
    let portfolio = portfolio::asked(args)?;
    let several = args.inputs.len() > 1 || args.inputs.iter().any(|input| input.is_dir());
    let mut run = Run {
        args,
        trust,
        older,
        question,
        at,
        received,
        output: output.into_file(args.output.clone()),
        online: args.online.then(Online::default),
        progress: progress && !args.quiet,
        several,
        counts: Counts::default(),
        registration: None,
        status: None,
        reports: Vec::new(),
        document: Document::default(),
        portfolio,
        draws: Draws::default(),
        delivered: HashMap::new(),
        fresh: Vec::new(),
    };
    let (sources, skipped) = input::expand(&args.inputs);
    for name in skipped {
        run.output.note(&input::why_skipped(&name));
    }
    for source in sources {
        match source {
            Ok(source) => run.input(&source)?,
            Err((file, text)) => run.unread(InputName { file, digest: None }, &text)?,
        }
    }
    run.end()
}

/// How many inputs ended how.
#[derive(Default)]
struct Counts {
    verified: usize,
    rejected: usize,
    untrusted: usize,
    undecided: usize,
}

impl Counts {
    fn note(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Verified => self.verified += 1,
            Verdict::Rejected => self.rejected += 1,
            Verdict::Untrusted => self.untrusted += 1,
            Verdict::Undecided => self.undecided += 1,
        }
    }

    fn all(&self) -> usize {
        self.verified + self.rejected + self.untrusted + self.undecided
    }

    /// 1 beats 4 beats 3 beats 0; nothing at all is undecided.
    fn verdict(&self) -> Verdict {
        if self.rejected > 0 {
            Verdict::Rejected
        } else if self.undecided > 0 || self.all() == 0 {
            Verdict::Undecided
        } else if self.untrusted > 0 {
            Verdict::Untrusted
        } else {
            Verdict::Verified
        }
    }
}

struct Run<'r> {
    args: &'r Verify,
    trust: Trust,
    /// That a newer edition of the trust file was used before.
    older: Option<Finding>,
    question: Question,
    at: jiff::Timestamp,
    received: Option<Received>,
    output: Output,
    /// What was fetched, if anything may be.
    online: Option<Online>,
    progress: bool,
    several: bool,
    counts: Counts,
    /// Whether the registration of everything was checked; none when nothing was looked at.
    registration: Option<bool>,
    /// The same of status.
    status: Option<bool>,
    reports: Vec<Value>,
    document: Document,
    /// What only many lots together have, where that is asked for instead of a report on each input.
    portfolio: Option<ytterby::Portfolio>,
    draws: Draws,
    /// Lots that are delivered, by the input that delivers them.
    delivered: HashMap<Digest, String>,
    /// Lots to be recorded once the run as a whole stands.
    fresh: Vec<(Digest, String)>,
}

impl Run<'_> {
    fn input(&mut self, source: &Source) -> Result<(), Failure> {
        let name = source.name();
        let bytes = match source.read(self.args.max_bytes) {
            Ok(bytes) => bytes,
            Err(text) => return self.unread(InputName { file: name, digest: None }, &text),
        };
        let input = InputName { file: name.clone(), digest: Some(Digest::of(&bytes)) };
        let bundle = match Bundle::parse(&bytes) {
            Ok(bundle) => bundle,
            Err(error) => return self.unread(input, &error.to_string()),
        };
        let (bundle, asked) = self.refreshed(bundle);
        let mut progress = Progress::start(self.progress);
        let mut done = |done: usize, of: usize| progress.at(done, of);
        let mut report = ytterby::verify_with(&bundle, &self.trust, self.at, &self.question, &mut done);
        report.online = self.online.is_some();
        drop(progress);
        let index = problem::index(&bundle);
        self.older.iter().cloned().chain(asked).for_each(|finding| report.add(finding));
        self.receive(&mut report, &index);
        self.notice_twice(&name, &report, &index);
        self.draws.note(&name, &bundle, &report);
        self.counts.note(report.verdict());
        let checked = report.is_registration_checked();
        self.registration = Some(checked && self.registration != Some(false));
        let checked = report.is_status_checked();
        self.status = Some(checked && self.status != Some(false));
        if let Some(portfolio) = &mut self.portfolio {
            portfolio.note(&name, &bundle, &report);
            return Ok(());
        }
        match self.args.format {
            ReportFormat::Human if self.args.quiet => Ok(()),
            ReportFormat::Human => self.human(&name, &report, &index),
            ReportFormat::Json | ReportFormat::Jsonl => self.machine(report.to_json_of(&bundle, input)),
            _ => {
                let (trust, names) = (&self.trust, accreditation::names(&report, &index));
                let (report, index, names) = (&report, &index, &names);
                let shown = report::Shown { file: &name, report, trust, index, names, verbose: false };
                let (bundle, rules, digest) = (&bundle, &self.question.rules, Digest::of(&bytes));
                let whole = document::Whole { shown, bundle, rules, digest };
                self.document.inputs.push(document::Input::of(&whole));
                Ok(())
            }
        }
    }

    /// The bundle as the network completes it, where that may be asked, and what is to be said of that.
    fn refreshed<'b>(&mut self, bundle: Bundle<'b>) -> (Bundle<'b>, Vec<Finding>) {
        let Some(online) = &mut self.online else { return (bundle, Vec::new()) };
        let (output, quiet) = (&self.output, self.args.quiet);
        let say = |url: &str| {
            if !quiet {
                output.asks(url);
            }
        };
        online.refresh(bundle, &self.trust, &say)
    }

    fn human(&mut self, name: &str, report: &Report, index: &problem::Index<'_, '_>) -> Result<(), Failure> {
        let (trust, verbose, names) = (&self.trust, self.args.verbose, accreditation::names(report, index));
        let shown = report::Shown { file: name, report, trust, index, names: &names, verbose };
        let title = if self.several {
            format!("{}\n", style::dim(&ytterby::text::printable(name)))
        } else {
            String::new()
        };
        self.output.data(&format!("{title}{}\n", shown.block()))
    }

    /// An input of which nothing can be said.
    fn unread(&mut self, input: InputName, text: &str) -> Result<(), Failure> {
        self.counts.note(Verdict::Undecided);
        if let Some(portfolio) = &mut self.portfolio {
            portfolio.leave_out(&input.file, text);
            return Ok(());
        }
        match self.args.format {
            ReportFormat::Human if self.args.quiet => Ok(()),
            ReportFormat::Human => {
                let name = ytterby::text::printable(&input.file);
                let text = ytterby::text::printable(text);
                let mark = report::mark(Verdict::Undecided);
                self.output.data(&format!("  {mark} {name}   {}\n\n", style::doubtful(&text)))
            }
            ReportFormat::Json | ReportFormat::Jsonl => self.machine(unreadable_json(input, text, self.at)),
            _ => {
                self.document.inputs.push(document::Input::unreadable(&input.file, text));
                Ok(())
            }
        }
    }

    fn machine(&mut self, mut value: Value) -> Result<(), Failure> {
        if self.args.quiet {
            brief::shorten(&mut value);
        }
        if self.args.format == ReportFormat::Jsonl {
            return self.output.json(&value, false);
        }
        self.reports.push(value);
        Ok(())
    }

    /// Says which lots an input before this one delivered too.
    fn notice_twice(&mut self, name: &str, report: &Report, index: &problem::Index<'_, '_>) {
        for digest in &report.subject {
            let Some(before) = self.delivered.insert(*digest, name.to_owned()) else { continue };
            let number = index.get(digest).and_then(|c| Some(c.lot()?.number.to_string()));
            let lot = number.unwrap_or_else(|| digest.to_string());
            let text = format!("{before} and {name} deliver the same lot {lot}: it is there once");
            let warning = style::doubtful("warning");
            self.output.note(&format!("{warning}: {}", ytterby::text::printable(&text)));
        }
    }

    /// Refuses lots that were received before; remembers those that are received now.
    fn receive(&mut self, report: &mut Report, index: &problem::Index<'_, '_>) {
        let Some(received) = &mut self.received else { return };
        let asked = |certificate: &Certificate<'_>| is_asked_for(certificate, self.question.lot.as_deref());
        let lots: Vec<_> = report
            .subject
            .iter()
            .filter_map(|digest| index.get(digest))
            .filter(|certificate| asked(certificate))
            .filter_map(|certificate| Some((certificate.digest(), certificate.lot()?.number.to_string())))
            .collect();
        for (digest, number) in &lots {
            if let Some(when) = received.when(digest) {
                let text = format!("lot {number} was already received on {}", format_time(when));
                report.add(Finding::new(Code::CustodyAlreadyReceived, text).about(*digest));
            }
        }
        if report.verdict() == Verdict::Verified {
            // The time of receipt is when it is really received, whatever time was asked about.
            let now = clock::now();
            for (digest, number) in lots {
                received.note(digest, &number, now);
                self.fresh.push((digest, number));
            }
        }
    }

    /// What only all inputs together show, the record, and the last line.
    fn end(mut self) -> Result<u8, Failure> {
        let across = self.draws.across();
        let mut verdict = self.counts.verdict();
        if !across.is_empty() {
            verdict = Verdict::Rejected;
            self.received = None;
        }
        if let Some(portfolio) = self.portfolio.take() {
            verdict = self.portfolio(portfolio, verdict, &across)?;
            return self.ended(verdict);
        }
        match self.args.format {
            ReportFormat::Human => self.last_line(&across)?,
            ReportFormat::Json => {
                let run = if self.several || self.reports.len() != 1 {
                    self.run_json(verdict, &across)
                } else {
                    self.reports.pop().unwrap_or_default()
                };
                self.output.json(&run, true)?;
            }
            ReportFormat::Jsonl if across.is_empty() => {}
            ReportFormat::Jsonl => {
                let run = self.run_json(verdict, &across);
                self.output.json(&run, false)?;
            }
            _ => self.document(verdict, &across)?,
        }
        self.ended(verdict)
    }

    /// The report is written, then the record; the exit code.
    fn ended(self, verdict: Verdict) -> Result<u8, Failure> {
        if self.counts.all() == 0 {
            self.output.note("nothing was given to verify: name a file, a directory or `-`");
        }
        self.output.finish()?;
        // Last: a lot whose report nobody got was not received.
        if let Some(received) = self.received {
            received.save()?;
        }
        Ok(verdict.exit_code())
    }

    fn last_line(&mut self, across: &[run_totals::Overdrawn]) -> Result<(), Failure> {
        for overdrawn in across {
            let finding = overdrawn.finding();
            let blocks = problem::blocks([&finding], &overdrawn.files.join(", "), &overdrawn.index());
            self.output.data(&format!("{blocks}\n"))?;
        }
        let line = self.summary(across);
        self.output.data(&format!("{line}\n"))
    }

    /// All inputs in a format that is one document.
    fn document(&mut self, verdict: Verdict, across: &[run_totals::Overdrawn]) -> Result<(), Failure> {
        let mut document = std::mem::take(&mut self.document);
        document.summary = self.summary(across);
        document.exit_code = verdict.exit_code();
        document.online = self.args.online;
        let problem = |lot: &run_totals::Overdrawn| document::Problem {
            finding: lot.finding(),
            certificate: String::new(),
            lot: ytterby::text::printable(&lot.number),
            files: lot.files.iter().map(|file| ytterby::text::printable(file)).collect(),
        };
        document.across = across.iter().map(problem).collect();
        let document = if self.args.quiet { document.briefly() } else { document };
        match self.args.format {
            ReportFormat::Junit => self.output.data(&junit::render(&document)),
            ReportFormat::Sarif => self.output.json(&sarif::render(&document), true),
            ReportFormat::Html => self.output.data(&html::render(&document)),
            _ => self.output.data(&markdown::render(&document)),
        }
    }

    /// How many inputs ended how, in a line.
    fn summary(&self, across: &[run_totals::Overdrawn]) -> String {
        let counts = &self.counts;
        let mut words = Vec::new();
        for (count, word) in [
            (counts.verified, "verified"),
            (counts.rejected, "rejected"),
            (counts.untrusted, "untrusted"),
            (counts.undecided, "undecided"),
        ] {
            if count > 0 {
                words.push(format!("{count} {word}"));
            }
        }
        if words.is_empty() {
            words.push("nothing was given".to_owned());
        }
        let together = match across.len() {
            0 => String::new(),
            1 => " · together they draw more from a lot than it holds".to_owned(),
            lots => format!(" · together they draw more from {lots} lots than those hold"),
        };
        let open = match self.not_checked().join(" and ") {
            none if none.is_empty() => none,
            open => format!(" ({open} not checked)"),
        };
        format!("{} checked: {}{together}{open}", counts.all(), words.join(", "))
    }

    /// The steps that were not checked, for all inputs or for some.
    fn not_checked(&self) -> Vec<&'static str> {
        [("registration", self.registration), ("status", self.status)]
            .into_iter()
            .filter_map(|(step, checked)| (checked != Some(true)).then_some(step))
            .collect()
    }

    fn run_json(&mut self, verdict: Verdict, across: &[run_totals::Overdrawn]) -> Value {
        self.run(verdict, across).to_json()
    }

    fn run(&mut self, verdict: Verdict, across: &[run_totals::Overdrawn]) -> ytterby::Run {
        let Counts { verified, rejected, untrusted, undecided } = self.counts;
        let problems = across.iter().map(|lot| (lot.finding(), lot.number.clone(), lot.files.clone()));
        ytterby::Run {
            verdict,
            at: self.at,
            registration_checked: self.registration == Some(true),
            status_checked: self.status == Some(true),
            online: self.online.is_some(),
            counts: [verified, rejected, untrusted, undecided],
            problems: problems.collect(),
            inputs: std::mem::take(&mut self.reports),
        }
    }
}

/// Whether a delivered certificate is the one that was asked about.
fn is_asked_for(certificate: &Certificate<'_>, wanted: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| certificate.is_called(wanted))
}
