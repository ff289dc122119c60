//! Copies: taking one of a store in use, checking one, and putting one back.

use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use ytterby::digest::Digest;

use super::file::{place, reader, refused};
use super::log;
use super::rows::Cells;
use crate::StoreError;

/// What a sound store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// Certificates, each with the bytes of its digest, or recovered without them.
    pub certificates: u64,
    /// Lots, none of them overdrawn.
    pub lots: u64,
}

/// Checks a store that may be in use: that it is one, of a version this program knows; that the
/// engine finds no damage; that every certificate has the bytes of its digest; that no lot is
/// overdrawn and that the draws on each add up to what is drawn; that the log, replayed from its first
/// entry, breaks no rule, registers exactly these certificates and has the head that is stored.
pub fn check(path: &Path) -> Result<Checked, StoreError> {
    let connection = reader(path)?;
    // One state of the store for all that follows.
    let connection = connection.unchecked_transaction()?;
    undamaged(&connection).map_err(|error| refused(path, error))?;
    for (table, detail, sql) in SUMS {
        let found: Option<i64> = connection.query_row(sql, [], |row| row.get(0))?;
        if let Some(seq) = found {
            return Err(StoreError::Inconsistent { table, detail: format!("certificate {seq}: {detail}") });
        }
    }
    let certificates = digests(&connection)?;
    let logged = log::replayed(&connection)?;
    if logged != certificates {
        let detail = format!("{logged} certificates are logged, {certificates} are there");
        return Err(StoreError::Inconsistent { table: "entries", detail });
    }
    let mut lots = connection.prepare("SELECT count(*) FROM lots")?;
    let lots = lots.query_row([], |row| Ok(Cells::new("lots", row).count(0)))??;
    Ok(Checked { certificates, lots })
}

/// Makes a store out of a backup: checked, copied, checked again. Overwrites nothing.
pub fn restore(from: &Path, to: &Path) -> Result<Checked, StoreError> {
    let before = check(from)?;
    copy(from, to)?;
    let after = check(to)?;
    if after == before {
        Ok(after)
    } else {
        Err(refused(to, format!("it holds {after:?}, the backup {before:?}")))
    }
}

/// Copies a store, as it is at one moment, to a file that is not there yet.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let source = reader(from)?;
    place(to, |new| {
        let mut target = Connection::open_with_flags(new, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        target.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
        // All pages in one step: the writer goes on, and its commits do not make the copy start over.
        let step = Backup::new(&source, &mut target)?.step(-1)?;
        if step != StepResult::Done {
            return Err(refused(to, format!("copying stopped: {step:?}")));
        }
        // A copy is one file: it does not need the log that the original has beside it.
        target.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
        target.close().map_err(|(_, error)| StoreError::from(error))
    })
}

fn undamaged(connection: &Connection) -> Result<(), String> {
    let told = |error: rusqlite::Error| format!("it is damaged ({error}); restore a backup");
    let report: String =
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(told)?;
    if report != "ok" {
        return Err(format!("it is damaged ({report}); restore a backup"));
    }
    let mut dangling = connection.prepare("PRAGMA foreign_key_check").map_err(told)?;
    match dangling.exists([]).map_err(told)? {
        true => Err("it is damaged (a row refers to one that is not there); restore a backup".to_owned()),
        false => Ok(()),
    }
}

fn digests(connection: &Connection) -> Result<u64, StoreError> {
    let mut query = connection.prepare("SELECT digest, bytes FROM certificates ORDER BY seq")?;
    let mut rows = query.query([])?;
    let mut certificates = 0;
    while let Some(row) = rows.next()? {
        let cells = Cells::new("certificates", row);
        let digest = cells.digest(0)?;
        if let Some(bytes) = cells.get::<Option<Vec<u8>>>(1)?
            && Digest::of(&bytes) != digest
        {
            return Err(cells.wrong(format!("{digest} is not the digest of its bytes")));
        }
        certificates += 1;
    }
    Ok(certificates)
}

/// What has to be true of all rows: table, what is wrong, and a query for the first certificate
/// where it is.
const SUMS: [(&str, &str, &str); 6] = [
    (
        "contents",
        "more is drawn than there is",
        "SELECT min(lot) FROM contents WHERE drawn_mg > content_mg OR drawn_mg < 0",
    ),
    (
        "contents",
        "the draws do not add up to what is drawn",
        "SELECT min(x.lot) FROM contents x WHERE x.drawn_mg <>
           (SELECT coalesce(sum(a.drawn_mg), 0) FROM amounts a WHERE a.parent = x.lot AND a.element = x.element)",
    ),
    (
        "amounts",
        "an element is drawn that the lot does not hold",
        "SELECT min(a.parent) FROM amounts a WHERE NOT EXISTS
           (SELECT 1 FROM contents x WHERE x.lot = a.parent AND x.element = a.element)",
    ),
    (
        "lots",
        "what is left is not what its elements have left",
        "SELECT min(l.certificate) FROM lots l WHERE l.left_mg <>
           (SELECT coalesce(sum(x.content_mg - x.drawn_mg), 0) FROM contents x WHERE x.lot = l.certificate)",
    ),
    (
        "draws",
        "the draws are not numbered 1, 2, 3 and so on",
        "SELECT min(l.certificate) FROM lots l WHERE l.draws <>
           (SELECT count(*) FROM draws d WHERE d.parent = l.certificate AND d.seq BETWEEN 1 AND l.draws)
           OR l.draws <> (SELECT count(*) FROM draws d WHERE d.parent = l.certificate)",
    ),
    (
        "days",
        "it lies outside its day",
        "SELECT min(c.seq) FROM certificates c WHERE NOT EXISTS
           (SELECT 1 FROM days d WHERE d.day = substr(c.registered, 1, 10) AND c.seq BETWEEN d.first AND d.last)",
    ),
];
