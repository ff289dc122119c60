//! What the SQLite engine promises beyond the contract: its file, who may have it open, what it
//! refuses, its copies.

#![expect(clippy::unwrap_used, reason = "a test says why it fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tempfile::TempDir;
use ytterby_store::{CertificateFilter, Checked, Sqlite, SqliteOptions, Store, StoreError, check, restore};

mod make;

use make::{certificate, drawing, home, registration, wait};

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    (folder, path)
}

fn open(path: &Path) -> Result<Sqlite, StoreError> {
    Sqlite::open(path, &home(), SqliteOptions { group: 8, queue: 64, readers: 2, ..SqliteOptions::default() })
}

fn refusal<T>(result: Result<T, StoreError>) -> String {
    result.err().expect("it is refused").to_string()
}

/// One lot, half drawn; the store is closed again.
fn filled(path: &Path) {
    let store = open(path).unwrap();
    let ore = certificate("ore", "mine", &[("Nd", 100)]);
    let oxide = drawing(certificate("oxide", "mine", &[("Nd", 50)]), &[(ore.digest, &[("Nd", 50)])]);
    wait(store.register(registration(&[ore, oxide]))).unwrap();
}

/// Changes a closed store behind its back.
fn tamper(path: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;").unwrap();
    connection.execute_batch(sql).unwrap();
}

#[test]
fn files_are_the_owners_alone_and_the_log_is_emptied() {
    let (folder, path) = place();
    let store = open(&path).unwrap();
    wait(store.register(registration(&[certificate("ore", "mine", &[("Nd", 1)])]))).unwrap();
    let mut names = Vec::new();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["store.db", "store.db-shm", "store.db-wal", "store.db.lock"]);
    drop(store);
    assert!(!folder.path().join("store.db-wal").exists());
    assert_eq!(check(&path).unwrap(), Checked { certificates: 1, lots: 1 });
}

#[test]
fn one_writer_has_it_open() {
    let (folder, path) = place();
    let store = open(&path).unwrap();
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for name in [&path, &link, &folder.path().join(".").join("store.db")] {
        let why = refusal(open(name));
        assert!(why.contains("another process has it open for writing"), "{why}");
    }
    drop(store);
    open(&link).unwrap();
}

#[test]
fn what_is_no_store_is_refused_and_left_alone() {
    let (folder, path) = place();
    filled(&path);
    let good = fs::read(&path).unwrap();
    let torn = &good[..good.len() / 2];
    let cases: [(&str, &[u8], &str); 4] = [
        ("empty", b"", "it is empty"),
        ("text", &b"not a database at all\n".repeat(100), "no SQLite database"),
        ("torn", torn, "damaged"),
        ("short", &good[..50], ""),
    ];
    for (name, bytes, reason) in cases {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let why = refusal(open(&path));
        assert!(why.contains(name) && why.contains(reason), "{name}: {why}");
        assert!(refusal(check(&path)).contains(reason), "{name}");
        let copy = folder.path().join("copy");
        assert!(refusal(restore(&path, &copy)).contains(reason), "{name}");
        assert!(!copy.exists());
        assert_eq!(fs::read(&path).unwrap(), bytes, "{name} was changed");
    }
    for (sql, reason) in [
        ("PRAGMA application_id = 7", "another application (id 7)"),
        ("PRAGMA user_version = 1", "schema has version 1, this program knows version 6"),
        ("DROP TABLE abouts", "20 tables, 21 are expected"),
    ] {
        let path = folder.path().join("changed");
        fs::write(&path, &good).unwrap();
        tamper(&path, sql);
        for why in [refusal(open(&path)), refusal(check(&path))] {
            assert!(why.contains(reason), "{sql}: {why}");
        }
    }
}

#[test]
fn the_log_of_an_earlier_database_is_not_taken_in() {
    let (folder, path) = place();
    fs::write(folder.path().join("store.db-wal"), b"old").unwrap();
    let why = refusal(open(&path));
    assert!(why.contains("a log of an earlier database"), "{why}");
    assert!(!path.exists());
}

#[test]
fn a_check_finds_what_does_not_add_up() {
    let (folder, path) = place();
    filled(&path);
    assert_eq!(check(&path).unwrap(), Checked { certificates: 2, lots: 2 });
    let good = fs::read(&path).unwrap();
    for (sql, table) in [
        ("UPDATE certificates SET bytes = CAST(bytes || x'20' AS BLOB) WHERE seq = 1", "certificates"),
        ("UPDATE contents SET drawn_mg = 101 WHERE lot = 1", "contents"),
        ("UPDATE contents SET drawn_mg = 49 WHERE lot = 1", "contents"),
        ("UPDATE amounts SET element = 'Pr'", "contents"),
        ("INSERT INTO amounts VALUES (1, 1, 'Pr', 5)", "amounts"),
        ("UPDATE lots SET left_mg = 51 WHERE certificate = 1", "lots"),
        ("UPDATE lots SET draws = 2 WHERE certificate = 1", "draws"),
        ("UPDATE draws SET seq = 2; UPDATE amounts SET seq = 2", "draws"),
        ("DELETE FROM days", "days"),
        ("DELETE FROM certificates WHERE seq = 2", "refers to one that is not there"),
    ] {
        let path = folder.path().join("changed.db");
        fs::write(&path, &good).unwrap();
        tamper(&path, sql);
        let why = refusal(check(&path));
        assert!(why.contains(table), "{sql}: {why}");
        assert!(refusal(restore(&path, &folder.path().join("copy.db"))).contains(table));
        assert!(!folder.path().join("copy.db").exists());
    }
}

#[test]
fn every_damaged_page_is_found() {
    let (folder, path) = place();
    filled(&path);
    let good = fs::read(&path).unwrap();
    let pages = good.len() / 4_096;
    for page in 0..pages {
        let mut bytes = good.clone();
        bytes[page * 4_096..(page + 1) * 4_096].fill(0xA5);
        let path = folder.path().join("damaged.db");
        fs::write(&path, bytes).unwrap();
        assert!(check(&path).is_err(), "page {page} of {pages}");
    }
}

#[test]
fn rows_that_do_not_parse_name_their_table() {
    let (folder, path) = place();
    filled(&path);
    let good = fs::read(&path).unwrap();
    let ore = certificate("ore", "mine", &[]);
    for (sql, named) in [
        ("UPDATE certificates SET issuer = 'nobody'", "certificates"),
        ("UPDATE contents SET element = 'Xx'", "contents"),
        ("UPDATE contents SET drawn_mg = -1", "contents"),
        ("UPDATE lots SET closed_at = 'x', closed_reason = 'eaten'", "lots"),
    ] {
        let path = folder.path().join("changed.db");
        fs::write(&path, &good).unwrap();
        tamper(&path, sql);
        let store = open(&path).unwrap();
        let error = match named {
            "certificates" => wait(store.certificate(ore.digest)).unwrap_err(),
            _ => wait(store.lots(vec![ore.digest])).unwrap_err(),
        };
        assert!(matches!(error, StoreError::Inconsistent { table, .. } if table == named), "{sql}: {error}");
    }
}

#[test]
fn reads_do_not_wait_for_writes() {
    let (_folder, path) = place();
    filled(&path);
    let store = open(&path).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting = store.register(registration(&[certificate("late", "mine", &[])]));
    let page = wait(store.list(CertificateFilter::default(), None, 10)).unwrap();
    assert_eq!(page.rows.len(), 2);
    other.execute_batch("ROLLBACK").unwrap();
    wait(waiting).unwrap();
    assert_eq!(wait(store.list(CertificateFilter::default(), None, 10)).unwrap().rows.len(), 3);
}

/// All that can be listed and read.
fn everything(store: &Sqlite) -> Vec<String> {
    let rows = wait(store.list(CertificateFilter::default(), None, 100_000)).unwrap().rows;
    rows.iter()
        .map(|row| {
            let (lots, drawn) = (wait(store.lots(vec![row.digest])), wait(store.drawn_by(row.digest)));
            format!("{row:?} {lots:?} {drawn:?}")
        })
        .collect()
}

#[test]
fn a_backup_under_load_restores_to_the_same() {
    let (folder, path) = place();
    let store = open(&path).unwrap();
    let ore = certificate("ore", "mine", &[("Nd", 1_000_000)]);
    wait(store.register(registration(std::slice::from_ref(&ore)))).unwrap();
    let (done, acknowledged) = (AtomicBool::new(false), Mutex::new(vec![ore.digest]));
    let backups: Vec<_> = (0..3).map(|n| folder.path().join(format!("backup-{n}.db"))).collect();
    let before: Vec<usize> = thread::scope(|scope| {
        for thread in 0..8 {
            let (store, ore, done, acknowledged) = (&store, &ore, &done, &acknowledged);
            scope.spawn(move || {
                for n in (0..).take_while(|_| !done.load(Ordering::Relaxed)) {
                    let name = format!("draw-{thread}-{n}");
                    let taking =
                        drawing(certificate(&name, "mine", &[("Nd", 1)]), &[(ore.digest, &[("Nd", 1)])]);
                    let digest = taking.digest;
                    wait(store.register(registration(&[taking]))).unwrap();
                    acknowledged.lock().unwrap().push(digest);
                }
            });
        }
        let before = backups
            .iter()
            .map(|to| {
                thread::sleep(std::time::Duration::from_millis(100));
                let acknowledged = acknowledged.lock().unwrap().len();
                wait(store.backup(to)).unwrap();
                acknowledged
            })
            .collect();
        done.store(true, Ordering::Relaxed);
        before
    });
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(before[0] > 1 && acknowledged.len() > before[2], "there was no load: {before:?}");
    for (backup, before) in backups.iter().zip(before) {
        let held = check(backup).unwrap().certificates;
        assert!(held >= before as u64, "{held} certificates in a backup begun after {before}");
        // Its own draws add up: it is the store of one moment.
        let restored = folder.path().join("restored.db");
        assert_eq!(restore(backup, &restored).unwrap().certificates, held);
        let restored_store = open(&restored).unwrap();
        let rows = wait(restored_store.list(CertificateFilter::default(), None, 100_000)).unwrap().rows;
        let newest = wait(store.list(CertificateFilter::default(), None, 100_000)).unwrap().rows;
        let tail = &newest[newest.len() - rows.len()..];
        assert!(rows.iter().zip(tail).all(|(a, b)| a.digest == b.digest && a.bytes == b.bytes));
        assert_eq!(wait(restored_store.lots(vec![ore.digest])).unwrap()[0].drawn.total(), held - 1);
        drop(restored_store);
        fs::remove_file(restored).unwrap();
    }
    let last = folder.path().join("last.db");
    wait(store.backup(&last)).unwrap();
    assert_eq!(fs::metadata(&last).unwrap().permissions().mode() & 0o777, 0o600);
    let restored = folder.path().join("restored.db");
    restore(&last, &restored).unwrap();
    let restored = open(&restored).unwrap();
    assert_eq!(everything(&restored), everything(&store));
    wait(restored.register(registration(&[certificate("new", "mine", &[])]))).unwrap();
}

#[test]
fn nothing_is_overwritten() {
    let (folder, path) = place();
    filled(&path);
    let store = open(&path).unwrap();
    let (taken, backup) = (folder.path().join("taken"), folder.path().join("backup.db"));
    fs::write(&taken, b"mine").unwrap();
    assert!(refusal(wait(store.backup(&taken))).contains("exists"));
    assert!(refusal(wait(store.backup(&path))).contains("exists"));
    wait(store.backup(&backup)).unwrap();
    assert!(refusal(wait(store.backup(&backup))).contains("exists"));
    assert!(refusal(restore(&backup, &taken)).contains("exists"));
    assert!(refusal(wait(store.backup(&folder.path().join("no/such/folder")))).contains("No such file"));
    assert_eq!(fs::read(&taken).unwrap(), b"mine");
    assert_eq!(wait(store.issuers()).unwrap(), []);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("partial")), "{left:?}");
}
