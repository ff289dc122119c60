//! `ytterby verify --portfolio`: all lots of a run together, in the place of a report on each input.

use ytterby::{Portfolio, Verdict};

use super::{Run, brief, run_totals};
use crate::args::{ReportFormat, Verify};
use crate::failure::Failure;
use crate::render::{portfolio, problem};

/// A portfolio, if one is asked for.
pub(super) fn asked(args: &Verify) -> Result<Option<Portfolio>, Failure> {
    let has_form = matches!(args.format, ReportFormat::Human | ReportFormat::Json | ReportFormat::Jsonl);
    if args.portfolio && !has_form {
        return Err(Failure::usage("--portfolio reports as human, json or jsonl"));
    }
    Ok(args.portfolio.then(Portfolio::default))
}

impl Run<'_> {
    /// Reports the portfolio; its verdict.
    pub(super) fn portfolio(
        &mut self,
        collected: Portfolio,
        of_inputs: Verdict,
        across: &[run_totals::Overdrawn],
    ) -> Result<Verdict, Failure> {
        let report = collected.finish(&self.question.rules, self.at);
        let verdict = report.verdict(of_inputs);
        if self.args.format != ReportFormat::Human {
            let run = self.run(of_inputs, across);
            let mut json = report.to_json(&run);
            if self.args.quiet {
                brief::shorten(&mut json);
            }
            self.output.json(&json, self.args.format == ReportFormat::Json)?;
            return Ok(verdict);
        }
        if !self.args.quiet {
            self.output.data(&portfolio::block(&report, self.args.verbose))?;
            for own in &report.problems {
                let blocks = problem::blocks([&own.finding], &place(own), &problem::Index::new());
                self.output.data(&format!("{blocks}\n"))?;
            }
        }
        self.last_line(across)?;
        Ok(verdict)
    }
}

/// The inputs that a problem is about; all of them, where it is about none in particular.
fn place(own: &ytterby::portfolio::Problem) -> String {
    if own.inputs.is_empty() { "all bundles together".to_owned() } else { own.inputs.join(", ") }
}
