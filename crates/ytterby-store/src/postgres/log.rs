//! Reading the log: heads, tiles, entries, and proofs from them.

use std::collections::BTreeSet;
use std::convert::Infallible;

use deadpool_postgres::ClientWrapper;
use tokio_postgres::Row;
use ytterby::digest::Digest;
use ytterby_tlog::{Frontier, Hash, Tile, TileError, TileTree, TreeHead};

use super::readers::{one, rows};
use super::rows::{Cells, bytes, stored};
use super::tiles::{Place, Tiles, columns, damaged};
use crate::{Logged, StoreError};

/// Size and root of everything that is committed.
pub(super) async fn head(client: &ClientWrapper) -> Result<TreeHead, StoreError> {
    let missing = || StoreError::Inconsistent { table: "log", detail: "it has no row".to_owned() };
    let row = one(client, "SELECT frontier FROM log", &[]).await?.ok_or_else(missing)?;
    let cells = Cells::new("log", &row);
    Ok(Frontier::from_bytes(cells.get(0)?).map_err(|error| cells.wrong(error))?.head())
}

/// The same, and which server answers.
pub(super) async fn head_of_server(client: &ClientWrapper) -> Result<(TreeHead, String), StoreError> {
    let sql = concat!("SELECT frontier, ", server!(), " FROM log");
    let missing = || StoreError::Inconsistent { table: "log", detail: "it has no row".to_owned() };
    let row = one(client, sql, &[]).await?.ok_or_else(missing)?;
    let cells = Cells::new("log", &row);
    let frontier = Frontier::from_bytes(cells.get(0)?).map_err(|error| cells.wrong(error))?;
    Ok((frontier.head(), cells.text(1)?))
}

/// The head that some commit has left, and which server answers; none if no commit has left the log at this size.
pub(super) async fn head_at(
    client: &ClientWrapper,
    size: u64,
) -> Result<Option<(TreeHead, String)>, StoreError> {
    let sql = concat!("SELECT size, root, ", server!(), " FROM heads WHERE size = $1");
    let Some(row) = one(client, sql, &[&stored(size)?]).await? else { return Ok(None) };
    let cells = Cells::new("heads", &row);
    Ok(Some((tree_head(&cells, 0)?, cells.text(2)?)))
}

/// The entries from an index on, at most so many.
pub(super) async fn entries(
    client: &ClientWrapper,
    from: u64,
    most: usize,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let sql = "SELECT bytes FROM entries WHERE idx >= $1 ORDER BY idx LIMIT $2";
    let found = rows(client, sql, &[&stored(from)?, &stored(most as u64)?]).await?;
    found.iter().map(|row| Cells::new("entries", row).get(0)).collect()
}

/// The bytes of a tile of the width it was last written in, or of the one asked for if that is less.
pub(super) async fn tile(client: &ClientWrapper, tile: Tile) -> Result<Option<Vec<u8>>, StoreError> {
    let mut tiles = Tiles::default();
    fetch(client, &mut tiles, &BTreeSet::from([(tile.level(), tile.index())])).await?;
    Ok(tiles.read(tile))
}

/// Where certificates stand in the log, each with its proof in the tree of a size; without one in the
/// first head that covers it, so that the answer is the same whenever it is asked for.
pub(super) async fn logged(
    client: &ClientWrapper,
    digests: Vec<Digest>,
    size: Option<u64>,
) -> Result<Vec<Option<Logged>>, StoreError> {
    let sql = "SELECT d.number, e.idx, e.bytes, h.size, h.root
               FROM unnest($1::bytea[]) WITH ORDINALITY d(digest, number)
               JOIN entries e ON e.certificate = d.digest AND e.kind = 'certificate'
               LEFT JOIN LATERAL (
                   SELECT size, root FROM heads WHERE size > e.idx AND size >= $2 ORDER BY size LIMIT 1
               ) h ON true ORDER BY d.number";
    let found = rows(client, sql, &[&bytes(&digests), &stored(size.unwrap_or(0))?]).await?;
    let proven = proven(client, &found).await?;
    let mut all: Vec<_> = digests.iter().map(|_| None).collect();
    for (row, logged) in found.iter().zip(proven) {
        let number = Cells::new("entries", row).count(0)?;
        let place = usize::try_from(number).ok().and_then(|number| all.get_mut(number.checked_sub(1)?));
        if let Some(place) = place {
            *place = Some(logged);
        }
    }
    Ok(all)
}

/// The entries about certificates that do not register them, as far as the first head of a size reaches.
pub(super) async fn events(
    client: &ClientWrapper,
    digests: Vec<Digest>,
    size: u64,
) -> Result<Vec<Logged>, StoreError> {
    if size == 0 {
        return Ok(Vec::new());
    }
    let head = first_head(client, size).await?;
    let sql = "SELECT d.number, e.idx, e.bytes, $2::bigint, $3::bytea
               FROM unnest($1::bytea[]) WITH ORDINALITY d(digest, number)
               JOIN entries e ON e.certificate = d.digest AND e.kind <> 'certificate' AND e.idx < $2
               ORDER BY d.number, e.idx";
    let root = &head.root.as_bytes()[..];
    let found = rows(client, sql, &[&bytes(&digests), &stored(head.size)?, &root]).await?;
    proven(client, &found).await
}

/// The head of an older size, and the proof that the tree of a newer one only grew from it.
pub(super) async fn consistency(
    client: &ClientWrapper,
    old: u64,
    new: u64,
) -> Result<(TreeHead, Vec<Hash>), StoreError> {
    let no_head = || StoreError::Inconsistent { table: "heads", detail: format!("no head of {new}") };
    let head = match new {
        0 => TreeHead::EMPTY,
        _ => {
            let sql = "SELECT size, root FROM heads WHERE size = $1";
            let row = one(client, sql, &[&stored(new)?]).await?.ok_or_else(no_head)?;
            tree_head(&Cells::new("heads", &row), 0)?
        }
    };
    let mut tiles = Tiles::default();
    let edges = [old, new].into_iter().flat_map(edge).collect();
    fetch(client, &mut tiles, &edges).await?;
    loop {
        let proof = TileTree::new(head, |tile| Ok::<_, Infallible>(tiles.read(tile))).prove_consistency(old);
        match proof {
            Ok(proof) => return Ok(proof),
            Err(error) => more(client, &mut tiles, &error).await?,
        }
    }
}

/// The first head of at least a size.
async fn first_head(client: &ClientWrapper, size: u64) -> Result<TreeHead, StoreError> {
    let sql = "SELECT size, root FROM heads WHERE size >= $1 ORDER BY size LIMIT 1";
    let row = one(client, sql, &[&stored(size)?]).await?;
    let detail = || format!("no head of {size} entries or more");
    let row = row.ok_or_else(|| StoreError::Inconsistent { table: "heads", detail: detail() })?;
    tree_head(&Cells::new("heads", &row), 0)
}

fn tree_head(cells: &Cells<'_>, at: usize) -> Result<TreeHead, StoreError> {
    Ok(TreeHead { size: cells.count(at)?, root: Hash::from_bytes(cells.bytes32(at + 1)?) })
}

/// The proofs of entries: number, index, bytes, size and root of the head.
async fn proven(client: &ClientWrapper, found: &[Row]) -> Result<Vec<Logged>, StoreError> {
    let mut all = Vec::with_capacity(found.len());
    for row in found {
        let cells = Cells::new("entries", row);
        let index = cells.count(1)?;
        if cells.get::<Option<i64>>(3)?.is_none() {
            let detail = format!("no head covers the entry {index}");
            return Err(StoreError::Inconsistent { table: "heads", detail });
        }
        let head = tree_head(&cells, 3)?;
        all.push(Logged { index, entry: cells.get(2)?, head, proof: Vec::new() });
    }
    let mut tiles = Tiles::default();
    let places =
        all.iter().flat_map(|logged| edge(logged.head.size).chain(above(logged.index, logged.head.size)));
    fetch(client, &mut tiles, &places.collect()).await?;
    let heads: BTreeSet<_> =
        all.iter().map(|logged| (logged.head.size, *logged.head.root.as_bytes())).collect();
    for (size, root) in heads {
        let head = TreeHead { size, root: Hash::from_bytes(root) };
        let mut open: Vec<_> = all.iter_mut().filter(|logged| logged.head == head).collect();
        while !open.is_empty() {
            match prove(&tiles, head, &mut open) {
                Ok(()) => break,
                Err(error) => more(client, &mut tiles, &error).await?,
            }
        }
    }
    Ok(all)
}

/// Proves what is not proven yet, as far as the tiles reach.
fn prove(tiles: &Tiles, head: TreeHead, open: &mut Vec<&mut Logged>) -> Result<(), TileError<Infallible>> {
    let mut tree = TileTree::new(head, |tile| Ok(tiles.read(tile)));
    while let Some(logged) = open.last_mut() {
        logged.proof = tree.prove_inclusion(logged.index)?.1;
        open.pop();
    }
    Ok(())
}

/// Reads the tiles that a proof asked for in vain; if there is none, they are not there.
async fn more(
    client: &ClientWrapper,
    tiles: &mut Tiles,
    error: &TileError<Infallible>,
) -> Result<(), StoreError> {
    if fetch(client, tiles, &tiles.missed()).await? { Ok(()) } else { Err(damaged(error)) }
}

/// Reads tiles; whether there was any.
async fn fetch(
    client: &ClientWrapper,
    tiles: &mut Tiles,
    places: &BTreeSet<Place>,
) -> Result<bool, StoreError> {
    let (levels, indices) = columns(places)?;
    let sql = "SELECT t.level, t.idx, t.bytes FROM unnest($1::smallint[], $2::bigint[]) x(level, idx)
               JOIN tiles t ON t.level = x.level AND t.idx = x.idx";
    let found = rows(client, sql, &[&levels, &indices]).await?;
    tiles.add(&found)?;
    Ok(!found.is_empty())
}

/// The places at the right edge of a tree.
fn edge(size: u64) -> impl Iterator<Item = Place> {
    size.checked_sub(1).into_iter().flat_map(move |last| above(last, size))
}

/// The places of the tiles that hold a leaf and the roots above it, as far up as the tree has tiles.
fn above(index: u64, size: u64) -> impl Iterator<Item = Place> {
    let levels = (0..8_u8).take_while(move |level| *level == 0 || size >> (8 * u32::from(*level)) > 0);
    levels.map(move |level| (level, index >> (8 * u32::from(level)) >> 8))
}
