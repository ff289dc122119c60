//! What is left when the process dies: another process registers and says what was acknowledged,
//! and is killed, or runs into a full disk.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test says why it fails by panicking")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use ytterby::digest::Digest;
use ytterby_store::{Sqlite, SqliteOptions, Store, StoreError, check};

mod make;
mod random;

use make::{certificate, drawing, home, registration, wait};
use random::Random;

/// Tells the other process which file to write; without it there is no other process.
const STORE: &str = "YTTERBY_CRASH_STORE";
/// What makes the names of one run its own.
const RUN: &str = "YTTERBY_CRASH_RUN";

const WRITERS: usize = 16;
/// Kills, if `YTTERBY_KILLS` says nothing else.
const KILLS: u64 = 8;
const POOLS: usize = 3;
/// So little that the pools run dry within a cycle.
const POOL_MG: u64 = 300;

fn pool(run: &str, n: usize) -> ytterby_store::NewCertificate {
    certificate(&format!("pool-{run}-{n}"), "mine", &[("Nd", POOL_MG)])
}

/// Not a test of its own: the process that the tests below start and kill.
#[test]
#[ignore = "the other process of the crash tests"]
fn other_process() {
    let path = std::env::var(STORE).expect("started by a crash test");
    let run = std::env::var(RUN).expect("started by a crash test");
    let store = Sqlite::open(path, &home(), SqliteOptions::default()).unwrap();
    let pools: Vec<_> = (0..POOLS).map(|n| pool(&run, n)).collect();
    wait(store.register(registration(&pools))).unwrap();
    let say = |line: String| std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
    pools.iter().for_each(|pool| say(format!("ack {}\n", pool.digest)));
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (store, pools, run, say) = (&store, &pools, &run, &say);
            scope.spawn(move || {
                for n in 0.. {
                    let mut new = certificate(&format!("{run}-{writer}-{n}"), "mine", &[("Nd", 1)]);
                    if n % 2 == 0 {
                        new = drawing(new, &[(pools[(writer + n) % POOLS].digest, &[("Nd", 1)])]);
                    }
                    let digest = new.digest;
                    match wait(store.register(registration(&[new]))) {
                        Ok(_) => say(format!("ack {digest}\n")),
                        Err(StoreError::Overdrawn { left_mg: 0, .. }) => {}
                        Err(error) => {
                            say(format!("failed {error}\n"));
                            return;
                        }
                    }
                }
            });
        }
    });
}

/// The other process, its standard output and error piped.
fn start(path: &Path, run: &str, shell: Option<&str>) -> std::process::Child {
    let this = std::env::current_exe().unwrap();
    let mut command = match shell {
        Some(script) => {
            let mut command = Command::new("sh");
            command.arg("-c").arg(script).arg(this);
            command
        }
        None => Command::new(this),
    };
    command.args(["--exact", "other_process", "--ignored", "--nocapture"]);
    command.env(STORE, path).env(RUN, run).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// The digest of a whole line; the last one may be cut off.
fn acknowledged(line: &str) -> Option<Digest> {
    Digest::parse(line.strip_prefix("ack ")?).ok()
}

/// Everything acknowledged is there, and nothing is overdrawn.
fn verify(path: &Path, acknowledged: &BTreeSet<Digest>) {
    let checked = check(path).unwrap();
    assert!(checked.certificates >= acknowledged.len() as u64);
    let store = Sqlite::open(path, &home(), SqliteOptions::default()).unwrap();
    for digest in acknowledged {
        assert!(wait(store.certificate(*digest)).unwrap().is_some(), "{digest} was acknowledged and is lost");
    }
}

#[test]
fn a_killed_writer_loses_nothing_it_acknowledged() {
    let mut random = Random::seeded();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let kills = std::env::var("YTTERBY_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    drop(Sqlite::open(&path, &home(), SqliteOptions::default()).unwrap());
    let mut all = BTreeSet::new();
    for cycle in 0..kills {
        let mut child = start(&path, &cycle.to_string(), None);
        let output = BufReader::new(child.stdout.take().unwrap());
        let reading = thread::spawn(move || {
            output.lines().map_while(Result::ok).filter_map(|line| acknowledged(&line)).collect::<Vec<_>>()
        });
        thread::sleep(Duration::from_millis(100 + random.below(700)));
        child.kill().unwrap();
        child.wait().unwrap();
        all.extend(reading.join().unwrap());
        verify(&path, &all);
    }
    assert!(all.len() as u64 > 50 * kills, "only {} certificates were registered", all.len());
    println!("{} acknowledged over {kills} kills", all.len());
}

#[test]
fn a_full_disk_fails_writes_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    // No file may grow over a few megabytes; the signal that comes with it is ignored.
    let child = start(&path, "full", Some("trap '' XFSZ; ulimit -f 8192; exec \"$0\" \"$@\""));
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let all: BTreeSet<_> = text.lines().filter_map(acknowledged).collect();
    let failed = text.lines().filter(|line| line.starts_with("failed ")).count();
    assert_eq!(failed, WRITERS, "{text}");
    assert!(all.len() > 100, "{}", all.len());
    verify(&path, &all);
    let store = Sqlite::open(&path, &home(), SqliteOptions::default()).unwrap();
    wait(store.register(registration(&[certificate("after", "mine", &[("Nd", 1)])]))).unwrap();
}

#[test]
fn a_second_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = Sqlite::open(&path, &home(), SqliteOptions::default()).unwrap();
    let output = start(&path, "second", None).wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains("another process has it open for writing"), "{error}");
    wait(store.register(registration(&[certificate("mine", "mine", &[("Nd", 1)])]))).unwrap();
}
