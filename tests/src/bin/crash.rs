//! Crashes, power cuts, contention, lost connections and storage faults, in the numbers that count.
//!
//! ```text
//! crash [--cycles N] [--seconds N] [--seed N] [--size N]... [PART...] [ENGINE...]
//! ```
//!
//! Parts are `kills` (N of them, or as many as N seconds allow), `power`, `contention`, `retries` and `faults` (at logs of N
//! entries); without any, all of them. Engines are `sqlite` and `postgres`; without any, both. Each prints what was really run. The first thing that does not hold ends the run with an error.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use conformance::crash::postgres::Databases;
use conformance::crash::program::Storage;
use conformance::crash::random::Random;
use conformance::crash::{Engine, Failure, SQLITE, contention, faults, kills, power, retries, writer};
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
const SIZES: [u64; 9] = [255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537];
const ENGINES: [&str; 2] = ["sqlite", "postgres"];

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if(|first| first == writer::CHILD).is_some() {
        let file = arguments.next().ok_or("a file is expected")?;
        let full = arguments.next().as_deref() == Some("full");
        return writer::write(Path::new(&file), if full { Synchronous::Full } else { Synchronous::Normal });
    }
    let (mut cycles, mut seconds, mut seed) = (CYCLES, u64::MAX, None);
    let (mut sizes, mut parts, mut names) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|n| n.parse().ok()).ok_or("a number is expected");
        match argument.as_str() {
            "--cycles" => cycles = number()?,
            "--seconds" => seconds = number()?,
            "--seed" => seed = Some(number()?),
            "--size" => sizes.push(number()?),
            part if PARTS.contains(&part) => parts.push(argument),
            engine if ENGINES.contains(&engine) => names.push(argument),
            other => return Err(format!("no part {other:?}: {}", PARTS.join(", ")).into()),
        }
    }
    sizes.sort_unstable();
    let sizes = if sizes.is_empty() { SIZES.to_vec() } else { sizes };
    let run = Run {
        cycles,
        most: Duration::from_secs(seconds),
        seed: seed.unwrap_or_else(Random::fresh_seed),
        sizes,
    };
    let mut out = std::io::stdout();
    writeln!(out, "seed {}", run.seed)?;
    let asked = |name: &str| names.is_empty() || names.iter().any(|asked| asked == name);
    let databases = asked("postgres").then(Databases::start).flatten();
    for part in PARTS.into_iter().filter(|part| parts.is_empty() || parts.iter().any(|asked| asked == part)) {
        if part == "power" {
            match power::impossible() {
                Some(why) => writeln!(out, "power: not run: {why}")?,
                None => told("power", || power::run(&std::env::current_exe()?, ROUNDS, run.seed))?,
            }
            continue;
        }
        if asked("sqlite") {
            run.on_sqlite(part)?;
        }
        match &databases {
            Some(databases) => run.on_postgres(part, databases)?,
            None if asked("postgres") => writeln!(out, "{part} on PostgreSQL: not run: it is not installed")?,
            None => {}
        }
    }
    Ok(())
}

/// What was asked for.
struct Run {
    cycles: u64,
    most: Duration,
    seed: u64,
    sizes: Vec<u64>,
}

impl Run {
    fn on_sqlite(&self, part: &str) -> Result<(), Failure> {
        self.on_engine(part, "SQLite", Storage::Sqlite, SQLITE)
    }

    fn on_postgres(&self, part: &str, databases: &Databases) -> Result<(), Failure> {
        let url = databases.url(Path::new(part))?;
        let open = |place: &Path| databases.open(place);
        let copy = |from: &Path, to: &Path| databases.copy(from, to);
        let remove = |place: &Path| databases.remove(place);
        let engine = Engine { open: &open, copy: &copy, remove: &remove };
        self.on_engine(part, "PostgreSQL", Storage::Postgres(&url), engine)?;
        databases.remove(Path::new(part))
    }

    fn on_engine(
        &self,
        part: &str,
        name: &str,
        storage: Storage<'_>,
        engine: Engine<'_>,
    ) -> Result<(), Failure> {
        let folder = tempfile::tempdir()?;
        let name = format!("{part} on {name}");
        match part {
            "kills" => told(&name, || kills::run(self.cycles, self.most, self.seed, storage)),
            "retries" => told(&name, || retries::run(REQUESTS, self.seed, storage)),
            "contention" => {
                let place = folder.path().join("store");
                told(&name, || contention::run(engine.open, &place, CONTENDED, self.seed))
            }
            _ => told(&name, || faults::run(engine, folder.path(), &self.sizes)),
        }
    }
}

/// Runs a part, and says what was really run.
fn told<T: Display>(name: &str, part: impl FnOnce() -> Result<T, Failure>) -> Result<(), Failure> {
    let watch = Stopwatch::start();
    let done = part().map_err(|error| format!("{name}: {error}"))?;
    writeln!(std::io::stdout(), "{name}: {done} ({} s)", watch.elapsed().as_secs())?;
    Ok(())
}
