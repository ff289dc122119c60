//! `ytterby rules`: what packs ask, and whether they do as they say.

use std::path::{Path, PathBuf};

use ytterby::rules::{Clause, Expression, RulePack, Rules, Screening};
use ytterby::text::printable;
use ytterby::time::format_time;

use crate::args;
use crate::failure::Failure;
use crate::input;
use crate::output::Output;
use crate::render::{style, wrap};

/// Does what a subcommand says.
pub(crate) fn run(command: &args::Rules, mut output: Output) -> Result<u8, Failure> {
    match command {
        args::Rules::List => list(&mut output),
        args::Rules::Explain { pack } => {
            output.data(&explained(&pack_of(pack)?))?;
            Ok(0)
        }
        args::Rules::Check { files } => {
            for file in files {
                let pack = read(file)?;
                let (clauses, fixtures) = (pack.clauses.len(), pack.fixtures.len());
                let name = printable(&file.display().to_string());
                let steps: Vec<u64> =
                    pack.clauses.iter().flat_map(Clause::expressions).map(Expression::steps).collect();
                let bound = match steps.len() {
                    0 => String::new(),
                    count => format!(", {count} expressions of {} steps at most", steps.iter().sum::<u64>()),
                };
                output
                    .data(&format!("{name}: {}, {clauses} clauses, {fixtures} fixtures{bound}\n", pack.id))?;
            }
            Ok(0)
        }
        args::Rules::Test { packs } => test(packs, &mut output),
        args::Rules::Print { name } => {
            let text = RulePack::shipped(name).ok_or_else(|| unknown(name))?;
            output.data(text)?;
            Ok(0)
        }
    }
}

/// The packs and lists that `verify` was given.
pub(crate) fn load(packs: &[String], lists: &[PathBuf]) -> Result<Rules, Failure> {
    let packs = packs.iter().map(|name| pack_of(name)).collect::<Result<_, _>>()?;
    let list = |path: &PathBuf| {
        let bytes = input::read_small(path)?;
        Screening::parse(&bytes).map_err(|error| wrong(path, &error.to_string()))
    };
    Ok(Rules { packs, screening: lists.iter().map(list).collect::<Result<_, _>>()? })
}

/// A shipped pack by its name, else a file.
fn pack_of(name: &str) -> Result<RulePack, Failure> {
    match RulePack::shipped(name) {
        Some(text) => {
            RulePack::parse(text.as_bytes()).map_err(|error| wrong(Path::new(name), &error.to_string()))
        }
        None if name.contains(['.', '/']) || Path::new(name).exists() => read(Path::new(name)),
        None => Err(unknown(name)),
    }
}

fn read(path: &Path) -> Result<RulePack, Failure> {
    let bytes = input::read_small(path)?;
    RulePack::parse(&bytes).map_err(|error| wrong(path, &error.to_string()))
}

fn wrong(path: &Path, error: &str) -> Failure {
    Failure::undecided(format!("{}: {error}", path.display()))
}

fn unknown(name: &str) -> Failure {
    Failure::undecided(format!(
        "there is no shipped pack {name:?}, and no such file: see `ytterby rules list`"
    ))
}

fn list(output: &mut Output) -> Result<u8, Failure> {
    for name in RulePack::shipped_names() {
        let pack = pack_of(name)?;
        output.data(&wrap::hanging(&format!("{name:<28} "), 29, &printable(&pack.title), str::to_owned))?;
    }
    output.note("no legal advice; `ytterby rules explain NAME` says since when and where it stands");
    Ok(0)
}

fn test(names: &[String], output: &mut Output) -> Result<u8, Failure> {
    let shipped = || RulePack::shipped_names().map(str::to_owned).collect();
    let names: Vec<String> = if names.is_empty() { shipped() } else { names.to_vec() };
    let mut code = 0;
    for name in &names {
        let pack = pack_of(name)?;
        let failed = pack.test();
        let (all, wrong) = (pack.fixtures.len(), failed.len());
        output.data(&format!("{name}: {} of {all} fixtures as expected\n", all - wrong))?;
        for error in failed {
            output.data(&format!("  {}\n", style::bad(&printable(&error.to_string()))))?;
            code = 1;
        }
    }
    Ok(code)
}

fn explained(pack: &RulePack) -> String {
    let mut out = format!("{}   {}\n", style::strong(&pack.id), printable(&pack.title));
    let mut line = |name: &str, text: &str| {
        out.push_str(&wrap::hanging(&format!("  {name:<12} "), 15, &printable(text), str::to_owned));
    };
    line("instrument", &format!("{} ({})", pack.instrument, pack.jurisdiction));
    line("facts as of", &format!("{}, {}", pack.as_of, pack.confidence));
    line("digest", &pack.digest.to_string());
    for clause in &pack.clauses {
        line("clause", &format!("{}: {}", clause.id, clause.title));
        line("", &span(clause));
        for (span, state, note) in &clause.states {
            line("", &format!("{} {}: {note}", state.as_str(), between(span)));
        }
        for own in clause.expressions() {
            line("asks", "in the Common Expression Language:");
            for text in own.source().trim().lines() {
                line("", text);
            }
        }
        for exception in &clause.exceptions {
            let judged = if exception.asks.is_empty() { ", for people to judge" } else { "" };
            line("", &format!("except ({}): {}{judged}", exception.id, exception.title));
        }
    }
    for note in &pack.notes {
        line("note", note);
    }
    for citation in &pack.citations {
        let url = if citation.url.is_empty() { String::new() } else { format!(" <{}>", citation.url) };
        line("cites", &format!("{}{url}", citation.title));
    }
    line("", "No legal advice.");
    out
}

fn span(clause: &Clause) -> String {
    match between(&clause.span) {
        always if always.is_empty() => "at any time".to_owned(),
        span => span,
    }
}

fn between(span: &ytterby::rules::Span) -> String {
    let words = [("from", span.from), ("before", span.before)];
    let said = words.iter().filter_map(|(word, at)| Some(format!("{word} {}", format_time((*at)?))));
    said.collect::<Vec<_>>().join(" and ")
}
