//! Growing a log that is kept in tiles, and proving from them. Tiles come from a reader that the
//! caller gives, and nothing is believed of what it reads: what is appended to was compared with the
//! frontier, and no proof is given that does not verify against the tree head.
//! Implements proto-docs/log.md, "Tiles".

use std::collections::BTreeMap;

use crate::frontier::{Frontier, FrontierError};
use crate::hash::Hash;
use crate::merkle::{
    Node, ProofError, TreeHead, consistency_path, inclusion_path, perfect_root, row_above, subtree,
    verify_consistency, verify_inclusion,
};
use crate::tile::{TILE_WIDTH, Tile, written_in_level};

/// Rows of the tree in each level of tiles: 2⁸ hashes are a full tile.
const ROWS: u32 = 8;

/// What a log stores when it grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// The right edge after it: its [`Frontier::head`] is what to sign.
    pub frontier: Frontier,
    /// The tiles to write, in the order of [`Tile::written`], and their bytes.
    pub tiles: Vec<(Tile, Vec<u8>)>,
}

/// Why tiles give no proof, or cannot grow. `E` is the reader's own error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TileError<E> {
    /// The reader failed.
    #[error("a tile could not be read")]
    Read(#[source] E),
    /// The reader has neither the tile nor the full one in its place.
    #[error("{0} is missing")]
    Missing(Tile),
    /// A tile has another number of bytes than its width calls for.
    #[error("{tile} has {bytes} bytes")]
    Length {
        /// The tile that was asked for.
        tile: Tile,
        /// How many bytes the reader gave.
        bytes: usize,
    },
    /// A partial tile does not hold the hashes that the frontier stands on.
    #[error("{0} does not belong to the frontier")]
    Edge(Tile),
    /// What was asked for is no part of the tree, or the tiles are not those of the tree head.
    #[error("the tiles give no proof: {0}")]
    Proof(#[source] ProofError),
    /// The tree would have more leaves than a `u64` counts.
    #[error("the tree is full")]
    Full,
}

/// Appends the hashes of entries to a log. `read` is asked for the partial tiles at the right edge
/// that grow, one a level at most, and these are compared with the frontier before they are used: a
/// tile that was damaged in storage stops the growth ([`TileError::Edge`]).
pub fn grow<E>(
    old: &Frontier,
    leaves: &[Hash],
    mut read: impl FnMut(Tile) -> Result<Option<Vec<u8>>, E>,
) -> Result<Growth, TileError<E>> {
    let mut frontier = old.clone();
    for leaf in leaves {
        frontier.append(*leaf).map_err(|_: FrontierError| TileError::Full)?;
    }
    let mut tiles = Vec::new();
    let mut row = leaves.to_vec();
    for level in Tile::levels() {
        if row.is_empty() {
            break;
        }
        if let Some(edge) = Tile::edge_of_level(old.size(), level) {
            let mut hashes = read_tile(edge, &mut read)?;
            check_edge(old, edge, &hashes)?;
            hashes.append(&mut row);
            row = hashes;
        }
        let written = written_in_level(old.size(), frontier.size(), level);
        tiles.extend(written.zip(row.chunks(TILE_WIDTH.into())).map(|(tile, hashes)| (tile, bytes(hashes))));
        row = row.as_chunks::<{ TILE_WIDTH as usize }>().0.iter().map(|full| perfect_root(full)).collect();
    }
    Ok(Growth { frontier, tiles })
}

/// Proofs for one tree head from tiles. Each tile is read once and kept; a tile that was damaged in
/// storage gives an error, never a proof, because each proof is verified against the head before it
/// is given. A partial tile that the reader no longer has is cut from the full one.
#[derive(Debug)]
pub struct TileTree<R> {
    head: TreeHead,
    read: R,
    /// Of each tile its hashes and the rows above them, up to below the next tile.
    tiles: BTreeMap<Tile, Vec<Vec<Hash>>>,
}

impl<R, E> TileTree<R>
where
    R: FnMut(Tile) -> Result<Option<Vec<u8>>, E>,
{
    /// The tree of a head that the caller trusts, its tiles as `read` gives them: the bytes of a tile
    /// (which may be the first of a wider one's), or nothing if there is none.
    pub fn new(head: TreeHead, read: R) -> Self {
        TileTree { head, read, tiles: BTreeMap::new() }
    }

    /// The hash at an index and the proof that it stands there.
    pub fn prove_inclusion(&mut self, index: u64) -> Result<(Hash, Vec<Hash>), TileError<E>> {
        let size = self.head.size;
        if index >= size {
            return Err(TileError::Proof(ProofError::Index { index, size }));
        }
        let leaf = self.node(Node { level: 0, index })?;
        let proof = inclusion_path(index, size, |node| self.node(node))?;
        verify_inclusion(&self.head, index, leaf, &proof).map_err(TileError::Proof)?;
        Ok((leaf, proof))
    }

    /// The head that the tree had at an older size and the proof that it has only grown since.
    pub fn prove_consistency(&mut self, old_size: u64) -> Result<(TreeHead, Vec<Hash>), TileError<E>> {
        let size = self.head.size;
        if old_size > size {
            return Err(TileError::Proof(ProofError::Shrunk { old: old_size, new: size }));
        }
        let root = subtree(0, old_size, |node| self.node(node))?;
        let old = TreeHead { size: old_size, root };
        let proof = consistency_path(old_size, size, |node| self.node(node))?;
        verify_consistency(&old, &self.head, &proof).map_err(TileError::Proof)?;
        Ok((old, proof))
    }

    /// The root of a perfect subtree, from the tile in whose rows it stands.
    fn node(&mut self, node: Node) -> Result<Hash, TileError<E>> {
        let (level, row) = ((node.level / ROWS) as u8, node.level % ROWS);
        let first = node.index << row;
        let (index, offset) = (first / u64::from(TILE_WIDTH), first % u64::from(TILE_WIDTH));
        // A perfect subtree ends within the tree, so that the tile is at least as wide.
        let in_level = self.head.size >> (ROWS * u32::from(level));
        let width = (in_level - index * u64::from(TILE_WIDTH)).min(TILE_WIDTH.into()) as u16;
        let outside = TileError::Proof(ProofError::Index { index: node.index, size: self.head.size });
        let tile = Tile::new(level, index, width).ok_or(outside)?;
        if !self.tiles.contains_key(&tile) {
            let mut rows = vec![read_tile(tile, &mut self.read)?];
            (1..ROWS as usize).for_each(|row| rows.push(row_above(&rows[row - 1])));
            self.tiles.insert(tile, rows);
        }
        Ok(self.tiles[&tile][row as usize][(offset >> row) as usize])
    }
}

/// The hashes of a tile, of exactly its width.
fn read_tile<E>(
    tile: Tile,
    mut read: impl FnMut(Tile) -> Result<Option<Vec<u8>>, E>,
) -> Result<Vec<Hash>, TileError<E>> {
    if let Some(bytes) = read(tile).map_err(TileError::Read)? {
        return hashes(tile, &bytes);
    }
    let Some(full) = tile.full().filter(|full| *full != tile) else { return Err(TileError::Missing(tile)) };
    let bytes = read(full).map_err(TileError::Read)?.ok_or(TileError::Missing(tile))?;
    let mut hashes = hashes(full, &bytes)?;
    hashes.truncate(tile.width().into());
    Ok(hashes)
}

/// Compares the hashes of a partial tile with the subtrees of the frontier that they make up: those
/// whose sizes are the ones in the tile's width.
fn check_edge<E>(frontier: &Frontier, tile: Tile, hashes: &[Hash]) -> Result<(), TileError<E>> {
    let mut rest = hashes;
    for level in (0..ROWS).rev().filter(|level| tile.width() >> level & 1 == 1) {
        let (subtree, right) = rest.split_at(1 << level);
        if frontier.perfect(ROWS * u32::from(tile.level()) + level) != Some(perfect_root(subtree)) {
            return Err(TileError::Edge(tile));
        }
        rest = right;
    }
    Ok(())
}

fn hashes<E>(tile: Tile, bytes: &[u8]) -> Result<Vec<Hash>, TileError<E>> {
    match bytes.as_chunks() {
        (hashes, []) if hashes.len() == usize::from(tile.width()) => {
            Ok(hashes.iter().copied().map(Hash::from_bytes).collect())
        }
        _ => Err(TileError::Length { tile, bytes: bytes.len() }),
    }
}

fn bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(Hash::as_bytes).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Store = BTreeMap<Tile, Vec<u8>>;

    fn leaf(index: u64) -> Hash {
        Hash::of_leaf(&index.to_be_bytes())
    }

    fn reader(store: &Store) -> impl FnMut(Tile) -> Result<Option<Vec<u8>>, ()> {
        |tile| Ok(store.get(&tile).cloned())
    }

    /// A log grown to each of the sizes in turn.
    fn log(sizes: &[u64]) -> (Frontier, Store) {
        let mut store = Store::new();
        let mut frontier = Frontier::new();
        for size in sizes {
            let leaves: Vec<Hash> = (frontier.size()..*size).map(leaf).collect();
            let growth = grow(&frontier, &leaves, reader(&store)).unwrap();
            let written: Vec<Tile> = Tile::written(frontier.size(), *size).collect();
            assert_eq!(growth.tiles.iter().map(|(tile, _)| *tile).collect::<Vec<_>>(), written);
            store.extend(growth.tiles);
            frontier = growth.frontier;
        }
        (frontier, store)
    }

    #[test]
    fn batches_do_not_change_the_tiles() {
        let (once, tiles) = log(&[70_000]);
        let (often, more) = log(&[1, 2, 255, 256, 257, 600, 65_535, 65_536, 65_537, 65_537, 70_000]);
        assert_eq!(once, often);
        for (tile, bytes) in &tiles {
            assert_eq!(more.get(tile), Some(bytes), "{tile}");
        }
        assert_eq!(tiles.len(), 273 + 1 + 1 + 1 + 1);
    }

    #[test]
    fn proofs_at_the_edges_of_tiles() {
        let (_, store) = log(&[65_537]);
        for size in [1, 2, 255, 256, 257, 511, 65_535, 65_536, 65_537] {
            let mut frontier = Frontier::new();
            (0..size).for_each(|index| frontier.append(leaf(index)).map(drop).unwrap());
            // Partial tiles of older sizes are cut from what the log has now.
            let mut tree = TileTree::new(frontier.head(), reader(&store));
            for index in [0, 1, 254, 255, 256, 257, 65_534, 65_535, 65_536].into_iter().filter(|i| *i < size)
            {
                let (found, proof) = tree.prove_inclusion(index).unwrap();
                assert_eq!(found, leaf(index));
                assert_eq!(verify_inclusion(&frontier.head(), index, found, &proof), Ok(()));
                let (old, proof) = tree.prove_consistency(index).unwrap();
                assert_eq!(old.size, index);
                assert_eq!(verify_consistency(&old, &frontier.head(), &proof), Ok(()));
            }
            assert_eq!(
                tree.prove_inclusion(size),
                Err(TileError::Proof(ProofError::Index { index: size, size }))
            );
            assert!(tree.prove_consistency(size + 1).is_err());
        }
    }

    #[test]
    fn a_damaged_tile_gives_no_wrong_proof() {
        let (frontier, store) = log(&[300]);
        let head = frontier.head();
        let true_proof = TileTree::new(head, reader(&store)).prove_inclusion(299).unwrap();
        let true_old = TileTree::new(head, reader(&store)).prove_consistency(270).unwrap();
        for (tile, bytes) in &store {
            for at in 0..bytes.len() {
                let mut damaged = store.clone();
                damaged.get_mut(tile).unwrap()[at] ^= 1 << (at % 8);
                // What is given in spite of the damage did not depend on it.
                if let Ok(proof) = TileTree::new(head, reader(&damaged)).prove_inclusion(299) {
                    assert_eq!(proof, true_proof);
                }
                if let Ok(old) = TileTree::new(head, reader(&damaged)).prove_consistency(270) {
                    assert_eq!(old, true_old);
                }
                let grown = grow(&frontier, &[leaf(300)], reader(&damaged));
                let edge = tile.level() == 0 && !tile.is_full();
                assert_eq!(grown.err(), edge.then_some(TileError::Edge(*tile)), "{tile} {at}");
            }
        }
    }

    #[test]
    fn a_reader_may_fail() {
        let (frontier, mut store) = log(&[300]);
        let tile = Tile::new(0, 1, 44).unwrap();
        let asked = |read: &dyn Fn(Tile) -> Result<Option<Vec<u8>>, u8>| {
            let proof = TileTree::new(frontier.head(), read).prove_inclusion(299).map(drop);
            assert_eq!(grow(&frontier, &[leaf(300)], read).map(drop), proof);
            proof.unwrap_err()
        };
        assert_eq!(asked(&|_| Err(7)), TileError::Read(7));
        assert_eq!(asked(&|_| Ok(None)), TileError::Missing(tile));
        assert_eq!(asked(&|_| Ok(Some(vec![0; 31]))), TileError::Length { tile, bytes: 31 });
        // Whole hashes, one too few and one too many.
        for bytes in [43 * 32, 45 * 32] {
            assert_eq!(asked(&|_| Ok(Some(vec![0; bytes]))), TileError::Length { tile, bytes });
        }
        let full = tile.full().unwrap();
        store.insert(full, vec![0; 8191]);
        store.remove(&tile);
        let read = |tile| Ok(store.get(&tile).cloned());
        assert_eq!(asked(&read), TileError::Length { tile: full, bytes: 8191 });
        assert!(grow(&frontier, &[], |_| Err(7)).unwrap().tiles.is_empty());
    }
}
