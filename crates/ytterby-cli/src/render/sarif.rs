//! A report as SARIF 2.1.0.

use serde_json::{Value, json};
use ytterby::finding::{Code, Effect};

use super::document::{Document, Problem};

/// The whole document: one run.
pub(crate) fn render(document: &Document) -> Value {
    let mut codes: Vec<Code> = Vec::new();
    let mut results = Vec::new();
    let own = document.inputs.iter().flat_map(|input| {
        input.problems.iter().map(move |problem| (std::slice::from_ref(&input.file), problem))
    });
    let across = document.across.iter().map(|problem| (problem.files.as_slice(), problem));
    for (files, problem) in own.chain(across) {
        let code = problem.finding.code;
        let at = codes.iter().position(|known| *known == code).unwrap_or_else(|| {
            codes.push(code);
            codes.len() - 1
        });
        results.push(result(problem, files, at));
    }
    let unread = document.inputs.iter().filter_map(|input| Some((input, input.unreadable.as_ref()?)));
    let notes: Vec<Value> = unread
        .map(|(input, why)| {
            json!({ "level": "error", "message": { "text": why }, "locations": [location(&input.file)] })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "ytterby",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": codes.into_iter().map(rule).collect::<Vec<_>>(),
            } },
            "invocations": [{
                "executionSuccessful": notes.is_empty(),
                "exitCode": document.exit_code,
                "exitCodeDescription": document.summary,
                "toolExecutionNotifications": notes,
            }],
            "results": results,
        }],
    })
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.as_str(),
        "shortDescription": { "text": code.title() },
        "help": { "text": code.help() },
        "defaultConfiguration": { "level": level(code) },
    })
}

fn level(code: Code) -> &'static str {
    match code.effect() {
        Effect::Reject => "error",
        Effect::Undecided | Effect::Untrusted => "warning",
        Effect::Warn => "note",
    }
}

fn result(problem: &Problem, files: &[String], rule: usize) -> Value {
    let code = problem.finding.code;
    let mut locations: Vec<Value> = files.iter().map(|file| location(file)).collect();
    if let Some(digest) = problem.finding.certificate {
        let pointer = ytterby::text::printable(&problem.finding.pointer);
        let logical = json!([{
            "name": if problem.lot.is_empty() { digest.to_string() } else { problem.lot.clone() },
            "fullyQualifiedName": format!("{digest}#{pointer}"),
            "kind": "object",
        }]);
        for location in &mut locations {
            location["logicalLocations"] = logical.clone();
        }
    }
    json!({
        "ruleId": code.as_str(),
        "ruleIndex": rule,
        "level": level(code),
        "message": { "text": problem.text() },
        "locations": locations,
    })
}

fn location(file: &str) -> Value {
    json!({ "physicalLocation": { "artifactLocation": { "uri": uri(file) } } })
}

/// A path as a relative reference: what a URI cannot hold as it is, is percent-encoded.
fn uri(file: &str) -> String {
    let mut out = String::with_capacity(file.len());
    for byte in file.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
