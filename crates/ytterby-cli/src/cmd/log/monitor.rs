//! `ytterby log monitor`: follows logs until one of them is found at fault.

use std::time::Duration;

use ytterby::Home;
use ytterby::evidence::Keys;
use ytterby::key::Multikey;
use ytterby::text::printable;
use ytterby_tlog::{KeyName, VerifierKey};

use crate::args::LogMonitor;
use crate::failure::{Failure, REJECTED, UNDECIDED};
use crate::follow::LogFiles;
use crate::monitor::{Found, Lists, Monitor, Watched};
use crate::output::Output;
use crate::render::style;
use crate::{file, input};

/// How long reading one log may take, each time.
const MOST: Duration = Duration::from_secs(3600);

/// Looks once, or again and again.
pub(in crate::cmd) fn run(args: &LogMonitor, output: Output) -> Result<u8, Failure> {
    let keys = super::keys(&args.keys)?;
    let api_key = args.api_key_file.as_deref().map(input::read_api_key).transpose()?;
    std::fs::create_dir_all(&args.state).map_err(|error| Failure::file("make", &args.state, &error))?;
    let _lock = file::lock(&args.state.join("lock"))?;
    let mut logs: Vec<(Watched, Option<Lists>)> = Vec::new();
    for text in &args.log {
        let (key, url) = log(text, &keys)?;
        let home = super::home_of(&key)?;
        if logs.iter().any(|(other, _)| other.origin() == home.as_str()) {
            return Err(Failure::usage(format!("--log {home} is given twice")));
        }
        output.note(&format!("opening a network connection: {}", printable(url)));
        let lists = lists(&keys, &home, url)?;
        logs.push((Watched::open(&args.state, key, &home, LogFiles::at(url, api_key.clone())?)?, lists));
    }
    let mut witnesses = Vec::new();
    for url in &args.witness {
        output.note(&format!("opening a network connection: {}", printable(url)));
        witnesses.push(LogFiles::at(url, None)?);
    }
    let mut monitor = Monitor::new(logs, witnesses)?;
    loop {
        let look = monitor.look(MOST)?;
        for seen in look.seen.iter().filter(|_| args.verbose || args.once) {
            output.note(&format!("seen {seen}"));
        }
        for missed in &look.missed {
            output.note(&format!("{}: {}", style::doubtful("missed"), printable(missed)));
        }
        if let Some(found) = look.found {
            return accuse(args, found, output);
        }
        if args.once {
            return Ok(if look.missed.is_empty() { 0 } else { UNDECIDED });
        }
        std::thread::sleep(Duration::from_secs(args.interval));
    }
}

/// The status lists of a log whose status keys are known: a registry that serves its log under `/log`
/// serves them beside it.
fn lists(keys: &Keys, home: &Home, url: &str) -> Result<Option<Lists>, Failure> {
    let of_log = keys.status.iter().filter(|(origin, _)| origin == home).map(|(_, key)| *key);
    let of_log: Vec<Multikey> = of_log.collect();
    match url.trim_end_matches('/').strip_suffix("/log") {
        Some(base) if !of_log.is_empty() => Ok(Some(Lists::new(LogFiles::at(base, None)?, of_log))),
        _ => Ok(None),
    }
}

fn accuse(args: &LogMonitor, found: Found, output: Output) -> Result<u8, Failure> {
    output.note(&format!("{}: {}", style::bad("fault"), printable(&found.said)));
    let Some(evidence) = found.evidence else {
        let said = match &found.mirror {
            Some(folder) => {
                let folder = printable(&folder.display().to_string());
                format!("only the whole log shows it to others: it is in {folder}, for `ytterby log verify`")
            }
            None => "only the whole log shows it to others".to_owned(),
        };
        output.note(&said);
        return Ok(REJECTED);
    };
    output.note(&format!("evidence: {}", evidence.kind()));
    let mut output = output.into_file(args.output.clone());
    output.raw(&evidence.to_bytes())?;
    output.finish_saying()?;
    Ok(REJECTED)
}

/// `ORIGIN=URL`, or `KEY=URL`: the base64 of a key has no padding.
fn log<'t>(text: &'t str, keys: &Keys) -> Result<(VerifierKey, &'t str), Failure> {
    let usage = |problem: String| Failure::usage(format!("--log {}: {problem}", printable(text)));
    let (name, url) = text.split_once('=').ok_or_else(|| usage("ORIGIN=URL is expected".to_owned()))?;
    if let Ok(key) = VerifierKey::parse(name) {
        return Ok((key, url));
    }
    let origin = KeyName::parse(name).map_err(|error| usage(error.to_string()))?;
    super::key_of_log(keys, &origin).map(|key| (key.clone(), url))
}
