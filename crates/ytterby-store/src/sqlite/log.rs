//! The log: entries, the tiles of their tree and its heads, in the transaction of what they record.
//!
//! An entry is written with what it registers; before the commit, once for the whole group, the tree
//! grows over all new entries. So there is no state of the file in which a certificate is registered
//! and not logged, or logged and not in a head. Implements proto-docs/registration.md, "Order of
//! effects".

use rusqlite::{Connection, OptionalExtension, params};
use ytterby::digest::Digest;
use ytterby::entry::Entry;
use ytterby::form::EntryKind;
use ytterby::ledger::Ledger;
use ytterby_tlog::{Appended, Frontier, Hash, Tile, TileError, TileTree, TreeHead, grow};

use super::rows::{Cells, stored};
use super::schema;
use crate::sound::Entered;
use crate::{Logged, StoreError};

/// Appends an entry to those that the group's head will cover.
pub(super) fn append(connection: &Connection, entry: &Entry) -> Result<Entered, StoreError> {
    let bytes = entry.to_bytes();
    let index: i64 = connection
        .prepare_cached(
            "INSERT INTO entries (idx, certificate, kind, bytes)
             VALUES ((SELECT ifnull(max(idx) + 1, 0) FROM entries), ?1, ?2, ?3) RETURNING idx",
        )?
        .query_row(params![entry.certificate().as_bytes(), entry.kind().as_str(), bytes], |row| row.get(0))?;
    let index = u64::try_from(index).map_err(|_| inconsistent("entries", format!("an entry at {index}")))?;
    Ok(Entered { index, entry: bytes })
}

/// Grows the tree over what was appended since the last head. The writer calls it before each commit.
pub(super) fn seal(connection: &Connection) -> Result<Option<Appended>, StoreError> {
    let frontier = frontier(connection)?;
    let mut query =
        connection.prepare_cached("SELECT idx, bytes FROM entries WHERE idx >= ?1 ORDER BY idx")?;
    let mut rows = query.query(params![stored(frontier.size())?])?;
    let mut leaves = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = Cells::new("entries", row);
        if cells.count(0)? != frontier.size() + leaves.len() as u64 {
            return Err(cells.wrong("the indices have a gap"));
        }
        leaves.push(Hash::of_leaf(&cells.get::<Vec<u8>>(1)?));
    }
    if leaves.is_empty() {
        return Ok(None);
    }
    let growth = grow(&frontier, &leaves, |tile| tile_bytes(connection, tile)).map_err(damaged)?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO tiles (level, idx, bytes) VALUES (?1, ?2, ?3)
         ON CONFLICT (level, idx) DO UPDATE SET bytes = excluded.bytes",
    )?;
    for (tile, bytes) in &growth.tiles {
        insert.execute(params![tile.level(), stored(tile.index())?, bytes])?;
    }
    let head = growth.frontier.head();
    let moved = connection
        .prepare_cached("UPDATE log SET frontier = ?2 WHERE frontier = ?1")?
        .execute(params![frontier.to_bytes(), growth.frontier.to_bytes()])?;
    if moved != 1 {
        return Err(inconsistent("log", "the head is not where it was".to_owned()));
    }
    connection
        .prepare_cached("INSERT INTO heads (size, root) VALUES (?1, ?2)")?
        .execute(params![stored(head.size)?, head.root.as_bytes()])?;
    Appended::new(&frontier, &leaves).map(Some).map_err(|error| inconsistent("log", error.to_string()))
}

/// Size and root of everything that is committed.
pub(super) fn head(connection: &Connection) -> Result<TreeHead, StoreError> {
    Ok(frontier(connection)?.head())
}

/// The entries from an index on, at most so many.
pub(super) fn entries(connection: &Connection, from: u64, most: usize) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut query =
        connection.prepare_cached("SELECT bytes FROM entries WHERE idx >= ?1 ORDER BY idx LIMIT ?2")?;
    let mut rows = query.query(params![stored(from)?, stored(most as u64)?])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(Cells::new("entries", row).get(0)?);
    }
    Ok(entries)
}

/// The bytes of a tile of the width it was last written in, or of the one asked for if that is less.
pub(super) fn tile(connection: &Connection, tile: Tile) -> Result<Option<Vec<u8>>, StoreError> {
    tile_bytes(connection, tile)
}

/// Where certificates stand in the log, each with its proof in the tree of a size; without one in the
/// first head that covers it, so that the answer is the same whenever it is asked for.
pub(super) fn logged(
    connection: &Connection,
    digests: &[Digest],
    size: Option<u64>,
) -> Result<Vec<Option<Logged>>, StoreError> {
    let mut trees: Vec<(TreeHead, TileTree<_>)> = Vec::new();
    let mut all = Vec::with_capacity(digests.len());
    for digest in digests {
        let Some((index, entry)) = entry_of(connection, *digest)? else {
            all.push(None);
            continue;
        };
        let head = head_over(connection, size, index)?;
        let at = match trees.iter().position(|(known, _)| *known == head) {
            Some(at) => at,
            None => {
                trees.push((head, TileTree::new(head, |tile| tile_bytes(connection, tile))));
                trees.len() - 1
            }
        };
        let (_, proof) = trees[at].1.prove_inclusion(index).map_err(damaged)?;
        all.push(Some(Logged { index, entry, head, proof }));
    }
    Ok(all)
}

/// The entries about certificates that do not register them, as far as the first head of a size reaches.
pub(super) fn events(
    connection: &Connection,
    digests: &[Digest],
    size: u64,
) -> Result<Vec<Logged>, StoreError> {
    let Some(last) = size.checked_sub(1) else { return Ok(Vec::new()) };
    let head = head_over(connection, Some(size), last)?;
    let mut tree = TileTree::new(head, |tile| tile_bytes(connection, tile));
    let mut query = connection.prepare_cached(
        "SELECT idx, bytes FROM entries
         WHERE certificate = ?1 AND kind <> 'certificate' AND idx < ?2 ORDER BY idx",
    )?;
    let mut all = Vec::new();
    for digest in digests {
        let mut rows = query.query(params![digest.as_bytes(), stored(head.size)?])?;
        while let Some(row) = rows.next()? {
            let cells = Cells::new("entries", row);
            let (index, entry) = (cells.count(0)?, cells.get(1)?);
            let (_, proof) = tree.prove_inclusion(index).map_err(damaged)?;
            all.push(Logged { index, entry, head, proof });
        }
    }
    Ok(all)
}

/// The head of an older size, and the proof that the tree of a newer one only grew from it.
pub(super) fn consistency(
    connection: &Connection,
    old: u64,
    new: u64,
) -> Result<(TreeHead, Vec<Hash>), StoreError> {
    let head = head_of(connection, new)?.ok_or_else(|| inconsistent("heads", format!("no head of {new}")))?;
    TileTree::new(head, |tile| tile_bytes(connection, tile)).prove_consistency(old).map_err(damaged)
}

/// Replays the whole log and builds its tree anew: how many certificates it registers or admits.
pub(super) fn replayed(connection: &Connection) -> Result<u64, StoreError> {
    let (mut ledger, mut tree) = (Ledger::new(schema::origin(connection)?), Frontier::new());
    let mut query = connection.prepare("SELECT idx, bytes FROM entries ORDER BY idx")?;
    let mut rows = query.query([])?;
    let mut certificates = 0;
    while let Some(row) = rows.next()? {
        let cells = Cells::new("entries", row);
        let bytes: Vec<u8> = cells.get(1)?;
        let entry = Entry::parse(&bytes).map_err(|error| cells.wrong(error))?;
        ledger.apply(&entry).map_err(|violation| cells.wrong(violation))?;
        let index = tree.append(Hash::of_leaf(&bytes)).map_err(|error| cells.wrong(error))?;
        if cells.count(0)? != index {
            return Err(cells.wrong(format!("the entry {index} is missing")));
        }
        certificates += u64::from(matches!(entry.kind(), EntryKind::Certificate | EntryKind::Admission));
    }
    if tree != frontier(connection)? {
        return Err(inconsistent("log", "its head is not that of its entries".to_owned()));
    }
    Ok(certificates)
}

/// The head of a size, if a commit ended there.
pub(super) fn head_of(connection: &Connection, size: u64) -> Result<Option<TreeHead>, StoreError> {
    if size == 0 {
        return Ok(Some(TreeHead::EMPTY));
    }
    let mut query = connection.prepare_cached("SELECT size, root FROM heads WHERE size = ?1")?;
    let mut rows = query.query(params![stored(size)?])?;
    rows.next()?.map(|row| tree_head(&Cells::new("heads", row))).transpose()
}

/// The first head that covers an index; the one of a size, if that is asked for.
fn head_over(connection: &Connection, size: Option<u64>, index: u64) -> Result<TreeHead, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT size, root FROM heads WHERE size > ?1 AND size >= ?2 ORDER BY size LIMIT 1",
    )?;
    let mut rows = query.query(params![stored(index)?, stored(size.unwrap_or(0))?])?;
    match rows.next()? {
        Some(row) => tree_head(&Cells::new("heads", row)),
        None => Err(inconsistent("heads", format!("no head covers the entry {index}"))),
    }
}

fn tree_head(cells: &Cells<'_>) -> Result<TreeHead, StoreError> {
    Ok(TreeHead { size: cells.count(0)?, root: Hash::from_bytes(cells.bytes32(1)?) })
}

/// The entry that registers a certificate.
fn entry_of(connection: &Connection, digest: Digest) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
    let mut query = connection
        .prepare_cached("SELECT idx, bytes FROM entries WHERE certificate = ?1 AND kind = 'certificate'")?;
    let mut rows = query.query(params![digest.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let cells = Cells::new("entries", row);
    Ok(Some((cells.count(0)?, cells.get(1)?)))
}

fn frontier(connection: &Connection) -> Result<Frontier, StoreError> {
    let bytes: Vec<u8> =
        connection.prepare_cached("SELECT frontier FROM log")?.query_row([], |row| row.get(0))?;
    Frontier::from_bytes(&bytes).map_err(|error| inconsistent("log", error.to_string()))
}

fn tile_bytes(connection: &Connection, tile: Tile) -> Result<Option<Vec<u8>>, StoreError> {
    let bytes: Option<Vec<u8>> = connection
        .prepare_cached("SELECT bytes FROM tiles WHERE level = ?1 AND idx = ?2")?
        .query_row(params![tile.level(), stored(tile.index())?], |row| row.get(0))
        .optional()?;
    let wanted = usize::from(tile.width()) * 32;
    Ok(bytes.filter(|bytes| bytes.len() >= wanted).map(|mut bytes| {
        bytes.truncate(wanted);
        bytes
    }))
}

fn damaged(error: TileError<StoreError>) -> StoreError {
    match error {
        TileError::Read(error) => error,
        other => inconsistent("tiles", other.to_string()),
    }
}

fn inconsistent(table: &'static str, detail: String) -> StoreError {
    StoreError::Inconsistent { table, detail }
}
