//! Crashes, power cuts, contention, lost connections and storage faults, in the numbers that count.
//!
//! ```text
//! crash [--cycles N] [--seconds N] [--seed N] [PART...]
//! ```
//!
//! Parts are `kills` (N of them, or as many as N seconds allow), `power`, `contention`, `retries` and `faults`; without
//! any, all of them. Each prints what was really run. The first thing that does not hold ends the run with an error.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use conformance::crash::postgres::Databases;
use conformance::crash::random::Random;
use conformance::crash::{Failure, Open, contention, faults, kills, power, retries, sqlite, writer};
use ytterby_registry::clock::Stopwatch;
use ytterby_store::Synchronous;

const PARTS: [&str; 5] = ["kills", "power", "contention", "retries", "faults"];

/// Kills, if nothing else is asked for.
const CYCLES: u64 = 1_000;
/// Power cuts.
const ROUNDS: u64 = 30;
/// Draws, lots, workers.
const CONTENDED: (u64, u64, u64) = (1_000_000, 1_000, 64);
/// Requests, dropped ones counted.
const REQUESTS: usize = 100_000;
/// Around the edges of tiles of each level.
const SIZES: [u64; 7] = [255, 256, 257, 511, 512, 65_535, 65_536];

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if(|first| first == writer::CHILD).is_some() {
        let file = arguments.next().ok_or("a file is expected")?;
        let full = arguments.next().as_deref() == Some("full");
        return writer::write(Path::new(&file), if full { Synchronous::Full } else { Synchronous::Normal });
    }
    let (mut cycles, mut seconds, mut seed, mut parts) = (CYCLES, u64::MAX, None, Vec::new());
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|n| n.parse().ok()).ok_or("a number is expected");
        match argument.as_str() {
            "--cycles" => cycles = number()?,
            "--seconds" => seconds = number()?,
            "--seed" => seed = Some(number()?),
            part if PARTS.contains(&part) => parts.push(argument),
            other => return Err(format!("no part {other:?}: {}", PARTS.join(", ")).into()),
        }
    }
    let seed = seed.unwrap_or_else(Random::fresh_seed);
    let mut out = std::io::stdout();
    writeln!(out, "seed {seed}")?;
    for part in PARTS.into_iter().filter(|part| parts.is_empty() || parts.iter().any(|asked| asked == part)) {
        match part {
            "kills" => told("kills", || kills::run(cycles, Duration::from_secs(seconds), seed))?,
            "power" => match power::impossible() {
                Some(why) => writeln!(out, "power: not run: {why}")?,
                None => told("power", || power::run(&std::env::current_exe()?, ROUNDS, seed))?,
            },
            "retries" => told("retries", || retries::run(REQUESTS, seed))?,
            part => {
                on_engine(part, "SQLite", &sqlite, seed)?;
                match Databases::start() {
                    Some(databases) => on_engine(part, "PostgreSQL", &|place| databases.open(place), seed)?,
                    None => writeln!(out, "{part} on PostgreSQL: not run: it is not installed")?,
                }
            }
        }
    }
    Ok(())
}

/// What is asked of each engine.
fn on_engine(part: &str, engine: &str, open: &Open<'_>, seed: u64) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let name = format!("{part} on {engine}");
    match part {
        "contention" => told(&name, || contention::run(open, &folder.path().join("store"), CONTENDED, seed)),
        _ => told(&name, || faults::run(open, folder.path(), &SIZES)),
    }
}

/// Runs a part, and says what was really run.
fn told<T: Display>(name: &str, part: impl FnOnce() -> Result<T, Failure>) -> Result<(), Failure> {
    let watch = Stopwatch::start();
    let done = part().map_err(|error| format!("{name}: {error}"))?;
    writeln!(std::io::stdout(), "{name}: {done} ({} s)", watch.elapsed().as_secs())?;
    Ok(())
}
