//! `ytterby log verify` and `ytterby log monitor`, against logs that lie.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use ytterby::Home;
use ytterby::form::StatusPurpose;
use ytterby::key::SigningKey;
use ytterby::status_list::NewStatusList;
use ytterby::time::parse_time;

use super::liar::{Liar, ORIGIN, admission, closing, digest, drawing, lot, status, transfer};
use super::run::{BINARY, Folder, Ran};
use super::witness::{Witness, honest, prepared};

const THERE: &str = "other.example/ree";

/// Looks once at logs and witnesses.
fn monitor(folder: &Folder, logs: &[(&Liar, &str)], witnesses: &[&str]) -> Ran {
    let mut args = vec!["log", "monitor", "--state", "monitor", "--once", "-o", "evidence.json"];
    let logs: Vec<String> = logs.iter().map(|(log, url)| format!("{}={url}", log.key())).collect();
    logs.iter().for_each(|log| args.extend(["--log", log]));
    witnesses.iter().for_each(|witness| args.extend(["--witness", witness]));
    folder.run(&args)
}

/// Judges the evidence that was written.
fn judged(folder: &Folder, logs: &[&Liar]) -> Ran {
    let keys: Vec<String> = logs.iter().map(|log| log.key()).collect();
    let mut args = vec!["log", "verify", "evidence.json"];
    keys.iter().for_each(|key| args.extend(["--key", key]));
    folder.run(&args)
}

/// The lie is caught by the monitor, and its evidence proven with the log's key alone.
fn caught(kind: &str, entries: &[Value], what: &str) {
    let mut log = Liar::with(ORIGIN, &honest());
    let folder = Folder::new();
    let url = log.serve(Duration::ZERO);
    monitor(&folder, &[(&log, &url)], &[]).exits(0);
    entries.iter().for_each(|entry| log.append(entry));
    // What comes after the lie hides it from nobody.
    (0..300).for_each(|at| log.append(&lot(&format!("after {at}"), "1")));
    log.publish();
    let ran = monitor(&folder, &[(&log, &url)], &[]).exits(1);
    let at = 3 + entries.len() - 1;
    assert!(ran.err.contains(&format!("has signed entry {at}: ")), "{kind}: {}", ran.err);
    let ran = judged(&folder, &[&log]).exits(1);
    let expected = format!("proven: {kind}\n  by      {}\n  what    {what}\n", log.key());
    assert_eq!(ran.out, expected, "{kind}");
    let stranger = Liar::new(THERE);
    let ran = judged(&folder, &[&stranger]).exits(4);
    assert!(ran.err.contains(&format!("no key of the log {ORIGIN} is known")), "{}", ran.err);
}

#[test]
fn every_lie_within_a_log_is_caught_and_proven() {
    let ore = digest("ore");
    let oxide = digest("oxide");
    caught(
        "over-draw",
        &[drawing("x", "ore", 3, "4", "11")],
        &format!(
            "entry 3 brings what was drawn from the lot {ore} to 11 kg Nd; entry 0 states that it holds 10 kg"
        ),
    );
    caught(
        "double-seq",
        &[drawing("x", "ore", 2, "1", "8")],
        &format!("entries 2 and 3 are both draw 2 on the lot {ore}"),
    );
    caught(
        "wrong-cumulative",
        &[drawing("x", "ore", 3, "1", "7.5")],
        &format!("draws 2 and 3 on the lot {ore}, entries 2 and 3, do not add up"),
    );
    caught(
        "wrong-cumulative",
        &[drawing("x", "oxide", 1, "1", "2")],
        &format!(
            "entry 3 is draw 1 on the lot {oxide}, with a cumulative amount that does not hold the draw itself"
        ),
    );
    let mut free = transfer("x", "ore", 3, "1", "8", ORIGIN);
    free["amounts"]["content"] = json!({ "Nd": "2" });
    caught("over-draw", &[free], "entry 3 registers a transfer of 2 kg Nd that draws 1 kg");
    caught(
        "double-registration",
        &[lot("ore", "10")],
        &format!("{ore} is registered by entry 0 and again by entry 3"),
    );
    let x = digest("x");
    caught(
        "wrong-home",
        &[transfer("x", "ore", 3, "1", "8", THERE), drawing("y", "x", 1, "1", "1")],
        &format!("entry 4 uses the lot {x}, which entry 3 takes to {THERE}"),
    );
    let mut foreign = lot("x", "1");
    foreign["home"] = THERE.into();
    caught("wrong-home", &[foreign], &format!("entry 3 registers what has its home in {THERE}"));
    caught(
        "double-admission",
        &[admission("x", "1", ORIGIN, THERE, 7), admission("x", "1", ORIGIN, THERE, 7)],
        &format!("{x} is admitted by entry 3 and again by entry 4"),
    );
    caught(
        "drawn-after-closing",
        &[closing("oxide"), drawing("x", "oxide", 1, "1", "1")],
        &format!("entry 4 draws on the lot {oxide}, which entry 3 has closed"),
    );
    caught(
        "drawn-after-revocation",
        &[status("oxide", "revocation", "1"), drawing("x", "oxide", 1, "1", "1")],
        &format!("entry 4 draws on the lot {oxide}, which entry 3 has revoked"),
    );
    caught(
        "drawn-while-suspended",
        &[status("oxide", "suspension", "1"), lot("between", "1"), drawing("x", "oxide", 1, "1", "1")],
        &format!("entry 5 draws on the lot {oxide}, which entry 3 has suspended"),
    );
    caught(
        "revocation-lifted",
        &[status("oxide", "revocation", "1"), status("oxide", "revocation", "0")],
        &format!("entry 4 lifts a revocation of {oxide}"),
    );
}

#[test]
fn what_only_the_whole_log_shows_is_said_and_not_written() {
    for entry in [drawing("x", "nothing", 1, "1", "1"), drawing("x", "ore", 4, "1", "8")] {
        let mut entries = honest();
        // Full bundles and a partial one.
        entries.extend((0..600).map(|at| lot(&format!("lot {at}"), "1")));
        entries.push(entry);
        let log = Liar::with(ORIGIN, &entries);
        let folder = Folder::new();
        let ran = monitor(&folder, &[(&log, &log.serve(Duration::ZERO))], &[]).exits(1);
        assert!(ran.err.contains("only the whole log shows it to others"), "{}", ran.err);
        assert!(!folder.path("evidence.json").exists());
        // So the monitor keeps all of it, for anybody to verify.
        let (_, rest) = ran.err.split_once("it is in ").unwrap();
        let mirror = rest.split_once(", for").unwrap().0;
        let ran = folder.run(&["log", "verify", mirror, "--key", &log.key()]).exits(1);
        assert!(ran.err.contains(&format!("{ORIGIN} has signed entry 603: ")), "{}", ran.err);
    }
}

#[test]
fn a_second_history_is_caught_whichever_way_it_is_shown() {
    let mut log = Liar::with(ORIGIN, &honest());
    let mut fork = log.forked(2);
    fork.append(&drawing("sold twice", "ore", 2, "6", "10"));
    let url = log.serve(Duration::ZERO);
    let split = |folder: &Folder| {
        let ran = judged(folder, &[&log_of_origin()]).exits(1);
        assert!(ran.out.starts_with("proven: split-view\n"), "{}", ran.out);
    };
    // Of one size.
    let folder = Folder::new();
    monitor(&folder, &[(&log, &url)], &[]).exits(0);
    fork.publish();
    monitor(&folder, &[(&log, &url)], &[]).exits(1);
    split(&folder);
    // Grown: the tiles of the log itself show that it has another beginning.
    let folder = Folder::new();
    log.publish();
    monitor(&folder, &[(&log, &url)], &[]).exits(0);
    fork.append(&lot("next", "1"));
    fork.publish();
    monitor(&folder, &[(&log, &url)], &[]).exits(1);
    split(&folder);
    // Rolled back, and grown into something else that is smaller than what was seen.
    let folder = Folder::new();
    (0..5).for_each(|at| log.append(&lot(&format!("more {at}"), "1")));
    log.publish();
    monitor(&folder, &[(&log, &url)], &[]).exits(0);
    fork.publish();
    monitor(&folder, &[(&log, &url)], &[]).exits(1);
    split(&folder);
    // Rolled back, but one history: that is no fault.
    let folder = Folder::new();
    log.publish();
    monitor(&folder, &[(&log, &url)], &[]).exits(0);
    log.forked(4).publish();
    monitor(&folder, &[(&log, &url)], &[]).exits(0);
}

/// The key of the log of the tests.
fn log_of_origin() -> Liar {
    Liar::new(ORIGIN)
}

#[test]
fn what_a_witness_has_seen_is_held_against_what_is_shown() {
    let log = Liar::with(ORIGIN, &honest());
    let mut fork = log.forked(2);
    fork.append(&drawing("sold twice", "ore", 2, "6", "10"));
    let url = log.serve(Duration::ZERO);
    let folder = prepared(&[(&log, &url)]);
    let witness = Witness::start(&folder);
    monitor(&folder, &[(&log, &url)], &[&witness.base]).exits(0);
    witness.cosigns(&log, 0);
    monitor(&folder, &[(&log, &url)], &[&witness.base]).exits(0);
    // To everybody but the witness the log shows its other history.
    fork.publish();
    let folder = Folder::new();
    monitor(&folder, &[(&log, &url)], &[&witness.base]).exits(1);
    let ran = judged(&folder, &[&log]).exits(1);
    assert_eq!(
        ran.out,
        format!(
            "proven: split-view\n  by      {}\n  what    two roots were signed for 3 entries of {ORIGIN}\n",
            log.key()
        )
    );
}

#[test]
fn admissions_are_held_against_the_logs_they_name() {
    let transfer = || transfer("sold", "ore", 3, "2", "9", THERE);
    let third = "third.example/ree";
    for (kind, admitted, registered) in [
        ("inflated-admission", admission("sold", "2.5", THERE, ORIGIN, 3), transfer()),
        ("unfounded-admission", admission("sold", "2", THERE, ORIGIN, 2), transfer()),
        ("unfounded-admission", admission("sold", "2", third, ORIGIN, 3), transfer()),
    ] {
        let mut here = Liar::with(ORIGIN, &honest());
        here.append(&registered);
        here.publish();
        let other = admitted["home"].as_str().unwrap();
        let there =
            Liar::with(other, &[admission("fine", "1", other, "unknown.example", 1), admitted.clone()]);
        let folder = Folder::new();
        let (from, to) = (here.serve(Duration::ZERO), there.serve(Duration::ZERO));
        let ran = monitor(&folder, &[(&there, &to), (&here, &from)], &[]).exits(1);
        assert!(ran.err.contains("lies of"), "{}", ran.err);
        let ran = judged(&folder, &[&here, &there]).exits(1);
        assert!(ran.out.starts_with(&format!("proven: {kind}\n  one of  ")), "{kind}: {}", ran.out);
        judged(&folder, &[&here]).exits(4);
    }
    // Before the other log is followed so far nothing can be said; then it is found to be right.
    let mut here = Liar::with(ORIGIN, &honest());
    let there = Liar::with(THERE, &[admission("sold", "2", THERE, ORIGIN, 3)]);
    let folder = Folder::new();
    let (from, to) = (here.serve(Duration::ZERO), there.serve(Duration::ZERO));
    monitor(&folder, &[(&there, &to), (&here, &from)], &[]).exits(0);
    here.append(&transfer());
    here.publish();
    monitor(&folder, &[(&there, &to), (&here, &from)], &[]).exits(0);
}

#[test]
fn two_logs_that_admit_one_transfer_are_caught_without_the_log_it_comes_from() {
    let third = "third.example/ree";
    let one = Liar::with(THERE, &[admission("sold", "2", THERE, ORIGIN, 3)]);
    let other = Liar::with(third, &[admission("sold", "2", third, ORIGIN, 3)]);
    let folder = Folder::new();
    let (a, b) = (one.serve(Duration::ZERO), other.serve(Duration::ZERO));
    monitor(&folder, &[(&one, &a), (&other, &b)], &[]).exits(1);
    let ran = judged(&folder, &[&one, &other]).exits(1);
    assert!(ran.out.starts_with("proven: admitted-elsewhere\n  one of  "), "{}", ran.out);
}

#[test]
fn evidence_that_proves_nothing_is_exit_code_4() {
    let mut log = Liar::with(ORIGIN, &honest());
    log.append(&drawing("x", "ore", 2, "1", "8"));
    let folder = Folder::new();
    let judge = |evidence: &Value| {
        folder.write("evidence.json", evidence.to_string());
        judged(&folder, &[&log])
    };
    let evidence = |kind: &str, statements: Vec<Value>| json!({ "version": "1", "kind": kind, "statements": statements });
    judge(&evidence("double-seq", vec![log.statement(2), log.statement(3)])).exits(1);
    // An honest pair, one entry twice, another kind, another number of statements.
    for (kind, statements, reason) in [
        ("double-seq", vec![log.statement(1), log.statement(2)], "no draws of one number"),
        ("double-seq", vec![log.statement(2), log.statement(2)], "one entry is stated twice"),
        ("over-draw", vec![log.statement(0), log.statement(3)], "does not exceed the content"),
        ("double-seq", vec![log.statement(3)], "it takes two entries"),
        ("double-seq", vec![], "it takes two entries"),
    ] {
        let ran = judge(&evidence(kind, statements)).exits(4);
        assert!(ran.err.contains(reason) && ran.out.is_empty(), "{}", ran.err);
    }
    // A changed entry is not in the log.
    let mut forged = log.statement(2);
    forged["entry"]["amounts"]["draws"][0]["seq"] = "1".into();
    let ran = judge(&evidence("double-seq", vec![log.statement(1), forged])).exits(4);
    assert!(ran.err.contains("statement 1: the proof leads to another root"), "{}", ran.err);
    // A suspension that was lifted, the lifting left out.
    let mut log = Liar::with(ORIGIN, &honest());
    for entry in [
        status("oxide", "suspension", "1"),
        status("oxide", "suspension", "0"),
        drawing("x", "oxide", 1, "1", "1"),
    ] {
        log.append(&entry);
    }
    let framed = evidence("drawn-while-suspended", vec![log.statement(3), log.statement(5)]);
    folder.write("evidence.json", framed.to_string());
    assert!(judged(&folder, &[&log]).exits(4).err.contains("not every entry between"));
    folder.write("evidence.json", "{}");
    assert!(judged(&folder, &[&log]).exits(4).err.contains("it proves nothing"));
}

#[test]
fn a_whole_log_on_the_screen() {
    let mut log = Liar::with(ORIGIN, &honest());
    log.append(&transfer("sold", "oxide", 1, "1", "1", THERE));
    log.append(&closing("more"));
    log.append(&status("ore", "suspension", "1"));
    log.publish();
    let folder = Folder::new();
    log.mirror(&folder.path("mirror"));
    let ran = folder.run(&["log", "verify", "mirror", "--key", &log.key()]).exits(0);
    let expected = format!(
        "{ORIGIN}\n  size            6\n  root            {}\n  cosigned by     no witness that is known\n  certificates    4\n  \
         admissions      0\n  closings        1\n  status changes  1\n  tiles           1\n  lots            4, 2 of them open here\n\
         verified: every entry was read and replayed, and has the root that was signed\n",
        log.head().root
    );
    assert_eq!(ran.out, expected);
    let url = log.serve(Duration::ZERO);
    folder.write(
        "trust.toml",
        format!("version = 1\n[[registry]]\norigin = \"{ORIGIN}\"\nkey = \"{}\"\n", log.key()),
    );
    let ran = folder.run(&["log", "verify", &url, "--trust", "trust.toml"]).exits(0);
    assert!(ran.err.contains("opening a network connection"));
    assert_eq!(ran.out, expected);
    let ran = folder.run(&["log", "verify", "mirror"]).exits(4);
    assert!(ran.err.contains("no key of the log"), "{}", ran.err);
    folder.write("mirror/tile/entries/000.p/6", log.forked(5).entries.concat());
    folder.run(&["log", "verify", "mirror", "--key", &log.key()]).exits(4);
    log.mirror(&folder.path("mirror"));
    folder.write("mirror/tile/0/000.p/6", [7; 6 * 32]);
    let ran = folder.run(&["log", "verify", "mirror", "--key", &log.key()]).exits(1);
    assert!(ran.err.contains("tile/0/000.p/6 is not that of the entries"), "{}", ran.err);
    let mut other = Liar::with(ORIGIN, &honest());
    (0..3).for_each(|at| other.append(&lot(&format!("x {at}"), "1")));
    other.publish();
    log.show("tile/entries/000.p/6", {
        let bundle = ytterby_tlog::Bundle::new(0, 6).unwrap();
        bundle.encode(other.entries.iter().map(Vec::as_slice)).unwrap()
    });
    let ran = folder.run(&["log", "verify", &url, "--key", &log.key()]).exits(1);
    assert!(ran.err.contains("do not have the root that was signed for 6 of them"), "{}", ran.err);
}

#[test]
fn a_status_list_that_hides_a_revocation_is_caught() {
    let revoked = [status("oxide", "revocation", "1"), status("ore", "suspension", "1")];
    let log = Liar::with(ORIGIN, &[honest(), revoked.to_vec()].concat());
    let key = SigningKey::from_seed(&[5; 32]);
    let home = Home::parse(ORIGIN).unwrap();
    let list = |purpose, set: &[u64], key: &SigningKey| {
        let at = parse_time("2026-11-24T12:00:00Z").unwrap();
        NewStatusList { log: &home, number: 0, purpose, size: 5, at, set }.sign(key)
    };
    let trust = format!(
        "version = 1\n[[registry]]\norigin = \"{ORIGIN}\"\nkey = \"{}\"\nstatus_keys = [\"{}\"]\n",
        log.key(),
        key.public()
    );
    let url = log.serve(Duration::ZERO);
    let look = |revoked: &[u64], suspended: &[u64], key: &SigningKey| {
        log.show("/v1/status-lists/0", list(StatusPurpose::Revocation, revoked, key));
        log.show("/v1/status-lists/0/suspension", list(StatusPurpose::Suspension, suspended, key));
        let folder = Folder::new();
        folder.write("trust.toml", &trust);
        let log = format!("{ORIGIN}={url}");
        let args = [
            "log",
            "monitor",
            "--trust",
            "trust.toml",
            "--state",
            "m",
            "--once",
            "-o",
            "evidence.json",
            "--log",
            &log,
        ];
        let ran = folder.run(&args);
        (folder, ran)
    };
    look(&[1], &[0], &key).1.exits(0);
    // Signed by a stranger: nothing is known.
    look(&[], &[0], &SigningKey::from_seed(&[6; 32])).1.exits(4);
    // What set a bit, or lifted a suspension, may have been left out of any evidence.
    for (revoked, suspended) in [(&[1, 2][..], &[0][..]), (&[1], &[]), (&[1], &[0, 1])] {
        let (folder, ran) = look(revoked, suspended, &key);
        assert!(ran.exits(1).err.contains("only the whole log shows it"));
        assert!(!folder.path("evidence.json").exists());
    }
    let (folder, ran) = look(&[], &[0], &key);
    ran.exits(1);
    let ran = folder.run(&["log", "verify", "evidence.json", "--trust", "trust.toml"]).exits(1);
    let what =
        format!("the status list of 5 entries has {} unrevoked, which entry 3 revokes", digest("oxide"));
    assert_eq!(ran.out, format!("proven: status-list\n  by      {}\n  what    {what}\n", log.key()));
    let ran = judged(&folder, &[&log]).exits(4);
    assert!(ran.err.contains("the key of the status list is not known"), "{}", ran.err);
}

/// A witness that has cosigned both histories is at fault itself, and its key alone shows it.
#[test]
fn a_witness_that_cosigns_two_histories_is_accused() {
    let log = Liar::with(ORIGIN, &honest());
    let mut fork = log.forked(2);
    fork.append(&drawing("sold twice", "ore", 2, "6", "10"));
    let name = ytterby_tlog::KeyName::parse("witness.example/1").unwrap();
    let witness = ytterby_tlog::Cosigner::from_seed(name, &[3; 32]);
    let cosigned = |log: &Liar| {
        let mut signed = log.checkpoint();
        signed.add(witness.cosign(signed.unverified(), 1_790_000_000).unwrap()).unwrap();
        signed.to_string()
    };
    let folder = Folder::new();
    let judge = |first: String, second: String, keys: &[&str]| {
        let evidence = json!({ "version": "1", "kind": "split-view", "checkpoints": [first, second] });
        folder.write("evidence.json", evidence.to_string());
        let keys = keys.iter().flat_map(|key| ["--key", key]);
        folder.run(&["log", "verify", "evidence.json"].into_iter().chain(keys).collect::<Vec<_>>())
    };
    let (witness_key, log_key) = (witness.verifier_key().to_string(), log.key());
    let ran = judge(cosigned(&log), cosigned(&fork), &[&witness_key]).exits(1);
    assert!(ran.out.contains(&format!("  by      {witness_key}\n  what ")), "{}", ran.out);
    let ran = judge(cosigned(&log), cosigned(&fork), &[&log_key, &witness_key]).exits(1);
    assert!(ran.out.contains(&format!("  by      {log_key}\n          {witness_key}\n")), "{}", ran.out);
    // One of them is not cosigned: the log did it, the witness did not.
    let one = || fork.checkpoint().to_string();
    judge(cosigned(&log), one(), &[&witness_key]).exits(4);
    let ran = judge(cosigned(&log), one(), &[&log_key, &witness_key]).exits(1);
    assert!(!ran.out.contains("witness.example"), "{}", ran.out);
    judge(cosigned(&log), cosigned(&log), &[&log_key]).exits(4);
    // A tree that has grown, without a proof that it has grown out of another.
    let mut grown = log.forked(3);
    grown.append(&lot("next", "1"));
    judge(cosigned(&log), cosigned(&grown), &[&log_key]).exits(4);
}

/// What is written is what is read.
#[test]
fn evidence_is_canonical_and_round_trips() {
    let mut log = Liar::with(ORIGIN, &honest());
    log.append(&drawing("x", "ore", 2, "1", "8"));
    log.publish();
    let folder = Folder::new();
    monitor(&folder, &[(&log, &log.serve(Duration::ZERO))], &[]).exits(1);
    let bytes = folder.read("evidence.json");
    assert_eq!(ytterby::Evidence::parse(bytes.as_bytes()).unwrap().to_bytes(), bytes.as_bytes());
}

#[test]
fn a_monitor_looks_again_until_it_finds_a_fault() {
    let mut log = Liar::with(ORIGIN, &honest());
    let folder = Folder::new();
    let followed = format!("{}={}", log.key(), log.serve(Duration::ZERO));
    let args =
        ["log", "monitor", "--state", "monitor", "-v", "--interval", "1", "-o", "evidence.json", "--log"];
    let mut child = folder.command(BINARY).args(args).arg(&followed).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let seen = |size: u64| move |line: &String| line.starts_with(&format!("seen {ORIGIN} {size} "));
    assert!(lines.any(|line| seen(3)(&line)));
    let second = folder.run(&["log", "monitor", "--state", "monitor", "--once", "--log", &followed]).exits(4);
    assert!(second.err.contains("another process uses this state"), "{}", second.err);
    log.append(&drawing("fine", "ore", 3, "1", "8"));
    log.publish();
    assert!(lines.any(|line| seen(4)(&line)));
    log.append(&drawing("too much", "ore", 4, "3", "11"));
    log.publish();
    assert!(lines.any(|line| line.starts_with("fault: ")));
    lines.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(judged(&folder, &[&log]).exits(1).out.starts_with("proven: over-draw\n"));
}
