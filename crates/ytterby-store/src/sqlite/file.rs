//! The file on the disk: made whole or not at all, opened by one process, recognised before use.
//!
//! No descriptor of the database file may be opened here while SQLite has it open: closing one
//! drops SQLite's own POSIX locks. So the lock is a file beside it.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use ytterby::Home;

use super::{SqliteOptions, Synchronous, schema};
use crate::StoreError;

/// How long SQLite itself waits for a lock that another process holds, milliseconds.
const BUSY_TIMEOUT_MS: u32 = 5_000;

/// Pages in the log after which a commit also moves them into the database: 16 MiB.
const CHECKPOINT_PAGES: u32 = 4_096;

/// The statements of all verbs stay prepared.
const STATEMENTS: usize = 128;

/// A database file that this process alone may write.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) path: PathBuf,
    _lock: Lock,
}

impl Claim {
    /// Takes the lock, and makes the database of a log if there is no file.
    pub(super) fn take(path: &Path, origin: &Home) -> Result<Self, StoreError> {
        let path = resolve(path)?;
        let lock = lock(&path)?;
        if !path.try_exists().map_err(|error| failed(&path, "looking for it", error))? {
            place(&path, |new| {
                let connection = Connection::open_with_flags(new, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
                connection.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;")?;
                schema::create(&connection, origin)
            })?;
        }
        Ok(Claim { path, _lock: lock })
    }
}

/// A connection that writes; the first one after a crash also recovers the log.
pub(super) fn writer(path: &Path, options: &SqliteOptions) -> Result<Connection, StoreError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(refused(
            path,
            format!("its file system allows no write-ahead log (journal mode {mode})"),
        ));
    }
    let synchronous = match options.synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    connection.execute_batch(&format!(
        "PRAGMA synchronous = {synchronous}; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
         PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}; PRAGMA cache_size = -65536;"
    ))?;
    Ok(connection)
}

/// Which file a path leads to, as far as the system numbers them. Nothing is opened for it.
pub(super) fn identity(path: &Path) -> Result<(u64, u64), StoreError> {
    let found = path.metadata().map_err(|error| failed(path, "looking at it", error))?;
    #[cfg(unix)]
    let identity = (std::os::unix::fs::MetadataExt::dev(&found), std::os::unix::fs::MetadataExt::ino(&found));
    #[cfg(not(unix))]
    let identity = {
        drop(found);
        (0, 0)
    };
    Ok(identity)
}

/// A connection that only reads and never waits for the writer.
pub(super) fn reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -16384;")?;
    Ok(connection)
}

fn open(path: &Path, mode: OpenFlags) -> Result<Connection, StoreError> {
    if path.metadata().is_ok_and(|file| file.len() == 0) {
        return Err(refused(
            path,
            "it is empty: cut off while it was made, or truncated; remove it only if it never held a store",
        ));
    }
    let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| refused(path, error))?;
    connection.busy_timeout(std::time::Duration::from_millis(BUSY_TIMEOUT_MS.into()))?;
    schema::recognise(&connection).map_err(|why| refused(path, why))?;
    connection.execute_batch(
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;",
    )?;
    // Plans depend on no value: beside a partial index SQLite would plan a statement anew for each.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Makes a file that is not there yet, whole or not at all: it is written under another name, goes
/// to the disk, gets its name, and then the folder goes to the disk. Readable by its owner alone.
pub(super) fn place(
    to: &Path,
    write: impl FnOnce(&Path) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let failed = |what: &'static str| move |error| failed(to, what, error);
    // Reserves the name, so that nothing is ever overwritten; the rename replaces the reservation.
    create_new(to).map_err(failed("creating it"))?;
    let partial = beside(to, ".partial");
    let written = (|| {
        for left_over in ["-wal", "-journal"] {
            if beside(to, left_over).exists() {
                return Err(refused(to, format!("a log of an earlier database is there ({left_over})")));
            }
        }
        if partial.exists() {
            fs::remove_file(&partial).map_err(failed("removing an earlier attempt"))?;
        }
        create_new(&partial).map_err(failed("creating it"))?;
        write(&partial)?;
        File::open(&partial).and_then(|file| file.sync_all()).map_err(failed("writing it to the disk"))?;
        fs::rename(&partial, to).map_err(failed("naming it"))?;
        File::open(folder(to))
            .and_then(|dir| dir.sync_all())
            .map_err(failed("writing its folder to the disk"))
    })();
    if written.is_err() {
        // The first error is the one to tell; what cannot be removed is refused when it is opened.
        let _ = fs::remove_file(&partial);
        let _ = fs::remove_file(to);
    }
    written
}

fn create_new(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A lock that is given back when this is dropped. Closing the file would not do: a child that was just
/// forked holds it open too, until it runs another program.
#[derive(Debug)]
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // What cannot be unlocked is closed a moment later.
        let _ = self.0.unlock();
    }
}

fn lock(path: &Path) -> Result<Lock, StoreError> {
    let name = beside(path, ".lock");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&name).map_err(|error| failed(&name, "opening it", error))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(refused(path, "another process has it open for writing")),
        Err(TryLockError::Error(error)) => Err(failed(&name, "locking it", error)),
    }
}

/// One name for one file: two ways to write its path must not be two locks.
fn resolve(path: &Path) -> Result<PathBuf, StoreError> {
    if let Ok(real) = path.canonicalize() {
        return Ok(real);
    }
    let name = path.file_name().ok_or_else(|| refused(path, "the path names no file"))?;
    let folder =
        folder(path).canonicalize().map_err(|error| failed(path, "looking for its folder", error))?;
    Ok(folder.join(name))
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// The file is not to be used, and why.
pub(super) fn refused(path: &Path, why: impl std::fmt::Display) -> StoreError {
    StoreError::Engine(format!("cannot use {}: {why}", path.display()))
}

fn failed(path: &Path, what: &str, error: std::io::Error) -> StoreError {
    refused(path, format!("{what} failed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A child between fork and exec has what a clone of the file has: the same open file.
    #[test]
    fn a_lock_is_given_back_though_a_child_still_has_the_file_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let held = lock(&path).unwrap();
        let inherited = held.0.try_clone().unwrap();
        assert!(lock(&path).is_err());
        drop(held);
        lock(&path).unwrap();
        drop(inherited);
    }
}
