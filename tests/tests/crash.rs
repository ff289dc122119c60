//! A share of what `make crash` runs: the same functions with small numbers.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what it ran, and fails where it cannot read"
)]

use std::path::Path;
use std::time::Duration;

use conformance::crash::postgres::Databases;
use conformance::crash::program::Storage;
use conformance::crash::random::Random;
use conformance::crash::{Engine, Open, SQLITE, contention, faults, kills, power, retries, sqlite};

/// `YTTERBY_SEED` repeats a run.
fn seed() -> u64 {
    let asked = std::env::var("YTTERBY_SEED").ok();
    let seed = asked.map_or_else(Random::fresh_seed, |text| text.parse().unwrap());
    println!("YTTERBY_SEED={seed}");
    seed
}

#[test]
fn kill_9_loses_nothing_that_was_acknowledged() {
    let done =
        kills::run(20, Duration::from_secs(120), seed(), Storage::Sqlite).unwrap_or_else(|e| panic!("{e}"));
    println!("{done}");
    assert!(done.cycles > 0 && done.acknowledged > 0 && done.cut > 0, "{done}");
}

#[test]
fn kill_9_of_one_of_two_processes_loses_nothing_on_postgresql() {
    // Without it, a line says so.
    if let Some(databases) = Databases::start() {
        let url = databases.url(Path::new("kills")).unwrap();
        let done = kills::run(10, Duration::from_secs(60), seed(), Storage::Postgres(&url));
        let done = done.unwrap_or_else(|e| panic!("{e}"));
        println!("{done}");
        assert!(done.cycles > 0 && done.acknowledged > 0 && done.cut > 0, "{done}");
    }
}

#[test]
fn whoever_loses_the_connection_asks_again_on_postgresql() {
    // Without it, a line says so.
    if let Some(databases) = Databases::start() {
        let url = databases.url(Path::new("retries")).unwrap();
        let done = retries::run(1_000, seed(), Storage::Postgres(&url)).unwrap_or_else(|e| panic!("{e}"));
        println!("{done}");
        assert!(done.dropped > 100 && done.answers > done.keys, "{done}");
    }
}

#[test]
fn a_power_cut_loses_nothing_that_is_on_the_disk() {
    match power::impossible() {
        Some(why) => println!("power: not run: {why}"),
        None => {
            let program = Path::new(env!("CARGO_BIN_EXE_crash"));
            println!("{}", power::run(program, 3, seed()).unwrap_or_else(|e| panic!("{e}")));
        }
    }
}

#[test]
fn nothing_is_drawn_twice_by_many_workers() {
    contended(&sqlite);
}

#[test]
fn nothing_is_drawn_twice_on_postgresql() {
    // Without it, a line says so.
    if let Some(databases) = Databases::start() {
        contended(&|place| databases.open(place));
    }
}

fn contended(open: &Open<'_>) {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("store");
    let done = contention::run(open, &place, (20_000, 50, 64), seed()).unwrap_or_else(|e| panic!("{e}"));
    println!("{done}");
    assert!(done.taken > 0 && done.refused > 0, "{done}");
}

#[test]
fn whoever_loses_the_connection_asks_again() {
    let done = retries::run(2_000, seed(), Storage::Sqlite).unwrap_or_else(|e| panic!("{e}"));
    println!("{done}");
    assert!(done.dropped > 200 && done.answers > done.keys, "{done}");
}

#[test]
fn a_storage_fault_ends_in_one_history_or_in_none() {
    let folder = tempfile::tempdir().unwrap();
    println!("{}", faults::run(SQLITE, folder.path(), &[256, 257]).unwrap_or_else(|e| panic!("{e}")));
}

#[test]
fn a_storage_fault_on_postgresql_does_so_too() {
    let folder = tempfile::tempdir().unwrap();
    // Without it, a line says so.
    if let Some(databases) = Databases::start() {
        let open = |place: &Path| databases.open(place);
        let copy = |from: &Path, to: &Path| databases.copy(from, to);
        let remove = |place: &Path| databases.remove(place);
        let engine = Engine { open: &open, copy: &copy, remove: &remove };
        println!("{}", faults::run(engine, folder.path(), &[256]).unwrap_or_else(|e| panic!("{e}")));
    }
}
