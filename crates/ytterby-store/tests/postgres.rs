//! What only PostgreSQL can go through: servers that are lost, waits that are cancelled, several
//! processes on one database.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test says why it fails by panicking")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ytterby::Home;
use ytterby::digest::Digest;
use ytterby_store::{NewCertificate, Postgres, PostgresOptions, Replication, Store, StoreError};

#[path = "cluster/mod.rs"]
mod cluster;
mod make;

use cluster::{Server, programs};
use make::{certificate, drawing, home, masses, registration, wait};

/// Tells the other processes which database to write; without it there are none.
const STORE: &str = "YTTERBY_POSTGRES_STORE";
/// What makes the names of one process its own.
const RUN: &str = "YTTERBY_POSTGRES_RUN";

fn options(replication: Replication) -> PostgresOptions {
    PostgresOptions { replication, statement_timeout: Duration::from_secs(3), ..PostgresOptions::default() }
}

fn open(url: &str, replication: Replication) -> Result<Postgres, StoreError> {
    Postgres::open(url, &home(), options(replication))
}

fn register(store: &Postgres, name: &str) -> Result<Digest, StoreError> {
    let new = certificate(name, "mine", &[("Nd", 1)]);
    wait(store.register(registration(std::slice::from_ref(&new)))).map(|_| new.digest)
}

fn refusal<T>(outcome: Result<T, StoreError>) -> String {
    match outcome {
        Ok(_) => panic!("it was accepted"),
        Err(error) => error.to_string(),
    }
}

/// A primary and its standby; the primary waits for it, if it is to.
fn pair(bin: &'static std::path::Path, replication: Replication) -> (Server, Server) {
    let primary = Server::start(bin, &[]);
    let standby = primary.standby("second");
    if replication == Replication::Synchronous {
        primary.set("synchronous_standby_names", "second");
    }
    let state = if replication == Replication::Synchronous { "sync" } else { "async" };
    primary.wait_for("SELECT sync_state FROM pg_stat_replication", state);
    (primary, standby)
}

/// Both hosts of a pair.
fn both(first: &Server, second: &Server) -> String {
    format!("host={},{} user=ytterby dbname=postgres connect_timeout=2", first.host(), second.host())
}

fn missing(store: &Postgres, acknowledged: &[Digest]) -> usize {
    let there = |digest: &&Digest| wait(store.certificate(**digest)).unwrap().is_none();
    acknowledged.iter().filter(there).count()
}

#[test]
fn what_was_acknowledged_survives_the_primary() {
    let Some(bin) = programs() else { return };
    let (primary, standby) = pair(bin, Replication::Synchronous);
    let store = open(&both(&primary, &standby), Replication::Synchronous).unwrap();
    let (acknowledged, killed) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    thread::scope(|scope| {
        for writer in 0..8 {
            let (store, acknowledged, killed) = (&store, &acknowledged, &killed);
            scope.spawn(move || {
                for n in (0..).take_while(|_| !killed.load(Ordering::Relaxed)) {
                    if let Ok(digest) = register(store, &format!("{writer}-{n}")) {
                        acknowledged.lock().unwrap().push(digest);
                    }
                }
            });
        }
        while acknowledged.lock().unwrap().len() <= 50 {
            thread::sleep(Duration::from_millis(20));
        }
        primary.kill();
        thread::sleep(Duration::from_millis(100));
        killed.store(true, Ordering::Relaxed);
    });
    let acknowledged = acknowledged.into_inner().unwrap();
    // Nobody takes writes: the standby is not read, and not written.
    assert!(wait(store.ping()).is_err());
    standby.promote();
    // The same string leads to the other server, which has nobody to replicate to: not good enough.
    let error = refusal(register(&store, "alone"));
    assert!(error.contains("asynchronous"), "{error}");
    assert_eq!(missing(&store, &acknowledged), 0, "of {}", acknowledged.len());
    let third = standby.standby("third");
    standby.set("synchronous_standby_names", "third");
    standby.wait_for("SELECT sync_state FROM pg_stat_replication", "sync");
    register(&store, "after").unwrap();
    let checked = wait(store.check()).unwrap();
    assert!(checked.certificates > acknowledged.len() as u64);
    eprintln!("{} acknowledged, {} there after the failover", acknowledged.len(), checked.certificates);
    drop((store, third));
}

/// Whoever has own entries to show commits nothing more for what other processes have written since; whoever is asked
/// for those does.
#[test]
fn own_entries_are_covered_without_another_commit() {
    let Some(bin) = programs() else { return };
    let server = Server::start(bin, &[]);
    let url = server.url("postgres");
    let (one, other) = (open(&url, Replication::Any).unwrap(), open(&url, Replication::Any).unwrap());
    register(&one, "first").unwrap();
    let own = wait(one.head()).unwrap();
    for name in ["second", "third"] {
        register(&other, name).unwrap();
    }
    let commits = one.commits();
    assert_eq!(wait(one.head_covering(own.size)).unwrap(), own);
    assert_eq!(one.commits(), commits);
    let newest = wait(other.head()).unwrap();
    assert_eq!(newest.size, 3);
    assert_eq!(wait(one.head_covering(2)).unwrap(), newest);
    assert_eq!(one.commits(), commits + 1);
    // What is confirmed now is what is told next.
    assert_eq!(wait(one.head_covering(1)).unwrap(), newest);
}

/// The control: the same loss of a server, without synchronous replication, loses what was acknowledged.
#[test]
fn asynchronous_replication_loses_what_was_acknowledged() {
    let Some(bin) = programs() else { return };
    let (primary, standby) = pair(bin, Replication::Any);
    let url = both(&primary, &standby);
    assert!(refusal(open(&url, Replication::Synchronous)).contains("replication is asynchronous"));
    let store = open(&url, Replication::Any).unwrap();
    let early = register(&store, "early").unwrap();
    let received = "SELECT pg_current_wal_lsn() = replay_lsn FROM pg_stat_replication";
    primary.wait_for(received, "t");
    standby.signal_receiver("-STOP");
    let late: Vec<_> = (0..20).map(|n| register(&store, &format!("late-{n}")).unwrap()).collect();
    primary.kill();
    // What its socket still holds was never received.
    standby.signal_receiver("-KILL");
    standby.wait_for("SELECT pg_is_in_recovery()", "t");
    standby.promote();
    let store = open(&url, Replication::Any).unwrap();
    assert_eq!((missing(&store, &[early]), missing(&store, &late)), (0, 20));
    wait(store.check()).unwrap();
}

/// The server answers such a commit with success, and a warning.
#[test]
fn a_cancelled_wait_for_the_standby_is_a_doubt() {
    let Some(bin) = programs() else { return };
    let (primary, standby) = pair(bin, Replication::Synchronous);
    let patient =
        PostgresOptions { statement_timeout: Duration::from_secs(8), ..options(Replication::Synchronous) };
    let store = Postgres::open(&primary.url("postgres"), &home(), patient).unwrap();
    let other = open(&primary.url("postgres"), Replication::Synchronous).unwrap();
    register(&store, "before").unwrap();
    standby.signal_receiver("-STOP");
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    let error = thread::scope(|scope| {
        let registering = scope.spawn(|| register(&store, "doubtful").unwrap_err());
        primary.wait_for(waiting, "1");
        primary
            .ask("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
            .unwrap();
        registering.join().unwrap()
    });
    assert!(matches!(&error, StoreError::InDoubt(why) if why.contains("01000")), "{error}");
    // It is there for every reader, and only there. Nobody signs a head that covers it: neither this
    // process nor one that knows of no doubt.
    let doubtful = certificate("doubtful", "mine", &[("Nd", 1)]).digest;
    assert!(wait(store.certificate(doubtful)).unwrap().is_some());
    let error = wait(store.head()).unwrap_err();
    assert!(matches!(error, StoreError::InDoubt(_)), "{error}");
    // The commit that is to confirm it has the lock, and keeps it until a standby answers.
    let error = wait(other.head()).unwrap_err();
    assert!(matches!(&error, StoreError::Engine(why) if why.contains("timeout")), "{error}");
    standby.signal_receiver("-CONT");
    for store in [&store, &other] {
        assert_eq!(wait(store.head()).unwrap().size, 2);
    }
    register(&store, "after").unwrap();
    assert_eq!(wait(other.check()).unwrap().certificates, 3);
    let again = register(&store, "doubtful").unwrap_err();
    assert!(matches!(again, StoreError::ExternalIdTaken { .. }), "{again:?}");
}

#[test]
fn a_lost_connection_is_no_loss() {
    let Some(bin) = programs() else { return };
    let server = Server::start(bin, &[]);
    let store = open(&server.url("postgres"), Replication::Any).unwrap();
    for round in 0..5 {
        register(&store, &format!("before {round}")).unwrap();
        wait(store.ping()).unwrap();
        let all = "SELECT count(pg_terminate_backend(pid, 5000)) > 1 FROM pg_stat_activity WHERE application_name = 'ytterby'";
        assert_eq!(server.ask(all).as_deref(), Ok("t"));
        wait(store.ping()).unwrap();
        register(&store, &format!("after {round}")).unwrap();
    }
    assert_eq!(wait(store.check()).unwrap().certificates, 10);
}

#[test]
fn servers_that_may_lose_what_they_confirm_are_refused() {
    let Some(bin) = programs() else { return };
    let server = Server::start(bin, &[]);
    let url = server.url("postgres");
    let any = |url: &str| open(url, Replication::Any);
    drop(any(&url).unwrap());
    assert!(refusal(open(&url, Replication::Synchronous)).contains("synchronous_standby_names is empty"));
    server.set("synchronous_standby_names", "nobody");
    assert!(refusal(open(&url, Replication::Synchronous)).contains("no synchronous standby is connected"));
    server.set("synchronous_standby_names", "");
    for setting in ["fsync", "full_page_writes"] {
        server.set(setting, "off");
        assert!(refusal(any(&url)).contains(&format!("{setting} is off")));
        server.set(setting, "on");
    }
    // Neither the server nor the string can make a commit count earlier.
    server.set("synchronous_commit", "off");
    let store = any(&format!("{url} options='-c synchronous_commit=off'")).unwrap();
    register(&store, "kept").unwrap();
    // Nor does it go on when the server changes its mind.
    server.set("fsync", "off");
    assert!(refusal(register(&store, "lost")).contains("no longer writes to the disk"));
    server.set("fsync", "on");
    register(&store, "kept again").unwrap();
    let secret = "host=/nowhere user=ytterby password=correct-horse sslmode=require";
    assert!(refusal(any(secret)).contains("no TLS"));
    let unreadable = refusal(any("host=/nowhere password=correct-horse x y z"));
    assert!(unreadable.contains("cannot be read") && !unreadable.contains("horse"), "{unreadable}");
    let standby = server.standby("second");
    assert!(any(&standby.url("postgres")).is_err(), "a standby was taken for a primary");
    let error = refusal(wait(store.backup("/nowhere/copy".as_ref())));
    assert!(error.contains("its own tools"), "{error}");
}

/// A server that goes on may have been given another database.
#[test]
fn a_log_that_was_put_in_the_place_of_another_is_another_incarnation() {
    let Some(bin) = programs() else { return };
    let server = Server::start(bin, &[]);
    let url = server.url("postgres");
    let store = open(&url, Replication::Any).unwrap();
    wait(store.head()).unwrap();
    let before = store.incarnation();
    wait(store.head()).unwrap();
    assert_eq!(store.incarnation(), before);
    server.ask("ALTER SCHEMA ytterby RENAME TO away").unwrap();
    drop(open(&url, Replication::Any).unwrap());
    wait(store.head()).unwrap();
    assert_ne!(store.incarnation(), before);
}

#[test]
fn the_store_of_another_log_or_version_is_refused() {
    let Some(bin) = programs() else { return };
    let server = Server::start(bin, &[]);
    let url = server.url("postgres");
    // Several processes may make it at once.
    thread::scope(|scope| {
        let opening: Vec<_> =
            (0..6).map(|_| scope.spawn(|| open(&url, Replication::Any).map(drop))).collect();
        opening.into_iter().for_each(|opening| opening.join().unwrap().unwrap());
    });
    let other = Home::parse("other.example/ree").unwrap();
    let error = refusal(Postgres::open(&url, &other, options(Replication::Any)));
    assert!(error.contains("registry.example/ree, not other.example/ree"), "{error}");
    server.ask("UPDATE ytterby.log SET version = 7").unwrap();
    assert!(refusal(open(&url, Replication::Any)).contains("version 7, this program knows version 3"));
    server.ask("DROP SCHEMA ytterby CASCADE; CREATE SCHEMA ytterby").unwrap();
    assert!(refusal(open(&url, Replication::Any)).contains("not a store"));
}

#[test]
fn damage_is_found() {
    let Some(bin) = programs() else { return };
    let server = Server::start(bin, &[]);
    let store = open(&server.url("postgres"), Replication::Any).unwrap();
    let ore = certificate("ore", "mine", &[("Nd", 10)]);
    let part = drawing(certificate("part", "mine", &[]), &[(ore.digest, &[("Nd", 4)])]);
    wait(store.register(registration(&[ore, part]))).unwrap();
    wait(store.check()).unwrap();
    for (damage, repair, table) in [
        (
            "UPDATE contents SET drawn_mg = 3 WHERE lot = 0",
            "UPDATE contents SET drawn_mg = 4 WHERE lot = 0",
            "contents",
        ),
        ("UPDATE lots SET draws = draws + 1", "UPDATE lots SET draws = draws - 1", "draws"),
        (
            "UPDATE certificates SET bytes = bytes || 'x'::bytea",
            "UPDATE certificates SET bytes = substr(bytes, 1, octet_length(bytes) - 1)",
            "certificates",
        ),
        (
            "UPDATE tiles SET bytes = set_bit(bytes, 9, 1 - get_bit(bytes, 9))",
            "UPDATE tiles SET bytes = set_bit(bytes, 9, 1 - get_bit(bytes, 9))",
            "tiles",
        ),
        ("UPDATE log SET certificates = 3", "UPDATE log SET certificates = 2", "certificates"),
    ] {
        server.ask(&format!("SET search_path = ytterby; {damage}")).unwrap();
        let error = wait(store.check()).unwrap_err();
        assert!(
            matches!(error, StoreError::Inconsistent { table: found, .. } if found == table),
            "{damage}: {error}"
        );
        server.ask(&format!("SET search_path = ytterby; {repair}")).unwrap();
    }
    wait(store.check()).unwrap();
    // A tile that was damaged stops the log from growing over it.
    server.ask("UPDATE ytterby.tiles SET bytes = set_bit(bytes, 9, 1 - get_bit(bytes, 9))").unwrap();
    assert!(matches!(register(&store, "next"), Err(StoreError::Inconsistent { table: "tiles", .. })));
}

const POOLS: usize = 3;
const POOL_MG: u64 = 400;
const PROCESSES: usize = 3;
const WRITERS: usize = 6;

fn pool(n: usize) -> NewCertificate {
    certificate(&format!("pool-{n}"), "mine", &[("Nd", POOL_MG)])
}

/// Not a test of its own: one of the processes that the test below starts.
#[test]
#[ignore = "a process of the test of several"]
fn other_process() {
    let url = std::env::var(STORE).expect("started by a test");
    let run = std::env::var(RUN).expect("started by a test");
    let store = open(&url, Replication::Any).unwrap();
    register(&store, &format!("ready {run}")).unwrap();
    await_all(&store, &["go".to_owned()]);
    let say = |line: String| std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (store, run, say) = (&store, &run, &say);
            scope.spawn(move || {
                let mut dry = BTreeSet::new();
                for n in 0.. {
                    if dry.len() == POOLS {
                        return;
                    }
                    let at = (writer + n) % POOLS;
                    let new = certificate(&format!("{run}-{writer}-{n}"), "mine", &[("Nd", 1)]);
                    let new = drawing(new, &[(pool(at).digest, &[("Nd", 1)])]);
                    let digest = new.digest;
                    match wait(store.register(registration(&[new]))) {
                        Ok(_) => say(format!("ack {at} {digest}\n")),
                        Err(StoreError::Overdrawn { left_mg: 0, .. }) => drop(dry.insert(at)),
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
}

/// Waits until certificates of these names are there.
fn await_all(store: &Postgres, names: &[String]) {
    let there =
        |name: &String| wait(store.certificate(certificate(name, "mine", &[]).digest)).unwrap().is_some();
    for _ in 0..3_000 {
        if names.iter().all(there) {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("not all of {names:?} come");
}

fn start(url: &str, run: usize) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "other_process", "--ignored", "--nocapture"]);
    command.env(STORE, url).env(RUN, run.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap()
}

/// Three processes draw the same lots dry, and one of them is killed in the middle of it.
#[test]
fn several_processes_share_one_log() {
    let Some(bin) = programs() else { return };
    let server = Server::start(bin, &[]);
    let url = server.url("postgres");
    let store = open(&url, Replication::Any).unwrap();
    let pools: Vec<_> = (0..POOLS).map(pool).collect();
    wait(store.register(registration(&pools))).unwrap();
    let mut children: Vec<_> = (0..PROCESSES).map(|run| start(&url, run)).collect();
    let reading: Vec<_> = children
        .iter_mut()
        .map(|child| {
            let output = BufReader::new(child.stdout.take().unwrap());
            thread::spawn(move || {
                let acknowledged = |line: String| {
                    let (at, digest) = line.strip_prefix("ack ")?.split_once(' ')?;
                    Some((at.parse::<usize>().ok()?, Digest::parse(digest).ok()?))
                };
                output.lines().map_while(Result::ok).filter_map(acknowledged).collect::<Vec<_>>()
            })
        })
        .collect();
    await_all(&store, &(0..PROCESSES).map(|run| format!("ready {run}")).collect::<Vec<_>>());
    register(&store, "go").unwrap();
    server.wait_for("SELECT size > 200 FROM ytterby.log", "t");
    children[0].kill().unwrap();
    let ended: Vec<_> = children.iter_mut().map(|child| child.wait().unwrap().success()).collect();
    assert_eq!(ended, [false, true, true]);
    let all: Vec<_> = reading.into_iter().map(|reading| reading.join().unwrap()).collect();
    assert!(all[1..].iter().all(|acknowledged| acknowledged.len() > 20), "one did all the work");
    let mut sums = [0; POOLS];
    for (at, digest) in all.concat() {
        sums[at] += 1;
        assert!(wait(store.certificate(digest)).unwrap().is_some(), "{digest} was acknowledged and is lost");
    }
    let lots = wait(store.lots(pools.iter().map(|pool| pool.digest).collect())).unwrap();
    for (lot, sum) in lots.iter().zip(sums) {
        assert_eq!((&lot.drawn, lot.draws), (&masses(&[("Nd", POOL_MG)]), POOL_MG));
        // The killed process may have been told less than was done, by one request for each writer.
        assert!(sum <= POOL_MG && sum + WRITERS as u64 >= POOL_MG, "{sum}");
    }
    let checked = wait(store.check()).unwrap();
    assert_eq!(checked.certificates, POOLS as u64 * (1 + POOL_MG) + PROCESSES as u64 + 1);
    assert_eq!(wait(store.head()).unwrap().size, checked.certificates);
    eprintln!("{:?} acknowledged by {PROCESSES} processes", all.iter().map(Vec::len).collect::<Vec<_>>());
}
