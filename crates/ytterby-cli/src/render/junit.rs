//! A report as JUnit XML: a suite per input, a case per certificate and step, and per rule.

use ytterby::report::Outcome;
use ytterby::rules::Answer;

use super::document::{Document, Input, Own, Problem};

/// How a case ended.
enum End {
    Pass,
    Skipped(String),
    /// Code and text.
    Failure(String, String),
}

/// The whole document.
pub(crate) fn render(document: &Document) -> String {
    let suite_of = |input: &Input| match document.brief {
        true => suite(&input.file, &[verdict(input)]),
        false => suite(&input.file, &cases(input)),
    };
    let mut suites: Vec<String> = document.inputs.iter().map(suite_of).collect();
    if !document.across.is_empty() {
        let cases: Vec<_> = document.across.iter().map(problem).collect();
        suites.push(suite("all inputs together", &cases));
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"ytterby\">\n{}</testsuites>\n",
        suites.concat()
    )
}

fn suite(name: &str, cases: &[(String, String, End)]) -> String {
    let failures = cases.iter().filter(|(.., end)| matches!(end, End::Failure(..))).count();
    let skipped = cases.iter().filter(|(.., end)| matches!(end, End::Skipped(_))).count();
    let mut out = format!(
        "<testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\">\n",
        escaped(name),
        cases.len()
    );
    for (class, name, end) in cases {
        let inner = match end {
            End::Pass => String::new(),
            End::Skipped(why) => format!("<skipped message=\"{}\"/>", escaped(why)),
            End::Failure(code, text) => {
                let (code, text) = (escaped(code), escaped(text));
                format!("<failure type=\"{code}\" message=\"{code}: {text}\">{text}</failure>")
            }
        };
        let (class, name) = (escaped(class), escaped(name));
        out.push_str(&format!("<testcase classname=\"{class}\" name=\"{name}\">{inner}</testcase>\n"));
    }
    out.push_str("</testsuite>\n");
    out
}

/// One case for all of an input.
fn verdict(input: &Input) -> (String, String, End) {
    let mut why: Vec<String> = input.unreadable.iter().cloned().collect();
    why.extend(input.problems.iter().map(|own| format!("{}: {}", own.finding.code, own.text())));
    let end = match input.verdict {
        ytterby::Verdict::Verified => End::Pass,
        verdict => End::Failure(verdict.as_str().to_owned(), why.join("; ")),
    };
    (input.file.clone(), "verdict".to_owned(), end)
}

fn cases(input: &Input) -> Vec<(String, String, End)> {
    if let Some(why) = &input.unreadable {
        return vec![(input.file.clone(), "read".into(), End::Failure("unreadable".into(), why.clone()))];
    }
    let mut told = vec![false; input.problems.len()];
    let mut cases = Vec::new();
    for own in &input.certificates {
        for (step, outcome) in &own.steps {
            let end = step_end(own, step, *outcome, input, &mut told);
            cases.push((own.name.clone(), (*step).to_owned(), end));
        }
    }
    for own in &input.rules {
        let end = match own.answer {
            Answer::Pass => End::Pass,
            Answer::NotApplicable => End::Skipped(own.text.clone()),
            _ if !own.counts => End::Skipped(format!("{}: {}", own.state, own.text)),
            answer => End::Failure(answer.as_str().to_owned(), own.text.clone()),
        };
        cases.push(("rules".to_owned(), own.name.clone(), end));
    }
    let rest = input.problems.iter().zip(told).filter(|(own, told)| !told && own.is_grave());
    cases.extend(rest.map(|(own, _)| problem(own)));
    cases
}

fn step_end(own: &Own, step: &str, outcome: Outcome, input: &Input, told: &mut [bool]) -> End {
    match outcome {
        Outcome::Pass | Outcome::Warn => return End::Pass,
        Outcome::Skipped => return End::Skipped("not looked at".to_owned()),
        Outcome::Unknown | Outcome::Fail => {}
    }
    let mut codes = Vec::new();
    let mut texts = Vec::new();
    for (problem, told) in input.problems.iter().zip(told) {
        let finding = &problem.finding;
        let is_own = finding.certificate.is_some_and(|digest| digest.to_string() == own.digest);
        let area = finding.code.as_str().split('.').next();
        if is_own && problem.is_grave() && area == Some(step) {
            *told = true;
            codes.push(finding.code.as_str());
            texts.push(format!("{} {}", problem.text(), problem.place()));
        }
    }
    match (codes.first(), outcome) {
        (Some(code), _) => End::Failure((*code).to_owned(), texts.join("; ")),
        (None, Outcome::Fail) => End::Failure(step.to_owned(), "see the problems of this input".to_owned()),
        (None, _) => End::Skipped("not known from what is here".to_owned()),
    }
}

fn problem(own: &Problem) -> (String, String, End) {
    let code = own.finding.code.as_str().to_owned();
    let text = format!("{} {}", own.text(), own.place());
    ("problems".to_owned(), code.clone(), End::Failure(code, text.trim().to_owned()))
}

/// Text for XML 1.0, in elements and attributes; what XML cannot hold is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}
