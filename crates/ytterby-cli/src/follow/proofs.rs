//! Proofs of a log whose entries are at hand. The tree is built anew, in memory: a fault is rare.

use std::collections::HashMap;
use std::convert::Infallible;

use ytterby::evidence::Statement;
use ytterby_tlog::{Frontier, Hash, Receipt, SignedCheckpoint, Tile, TileTree, TreeHead, grow};

use super::FollowError;

/// The tree over some entries.
#[derive(Debug)]
pub(crate) struct Proofs {
    head: TreeHead,
    tiles: HashMap<Tile, Vec<u8>>,
}

impl Proofs {
    /// The tree over entries of these hashes.
    pub(crate) fn of(leaves: &[Hash]) -> Result<Self, FollowError> {
        let nothing = |_| Ok::<_, Infallible>(None);
        let growth = grow(&Frontier::new(), leaves, nothing).map_err(|error| broken(&error))?;
        Ok(Proofs { head: growth.frontier.head(), tiles: growth.tiles.into_iter().collect() })
    }

    /// The tiles of the tree and their bytes, in no order.
    pub(crate) fn tiles(&self) -> impl Iterator<Item = (&Tile, &[u8])> {
        self.tiles.iter().map(|(tile, bytes)| (tile, bytes.as_slice()))
    }

    /// That an entry stands at an index of the tree, which a checkpoint of this head signs.
    pub(crate) fn statement(
        &self,
        index: u64,
        entry: &[u8],
        signed: &SignedCheckpoint,
    ) -> Result<Statement, FollowError> {
        let (_, proof) = self.tree().prove_inclusion(index).map_err(|error| broken(&error))?;
        let receipt = Receipt::new(index, proof, signed.clone());
        Statement::new(entry, receipt).map_err(|error| broken(&error))
    }

    /// The head that the tree had at a size, and that it continues it.
    pub(crate) fn prefix(&self, size: u64) -> Result<(TreeHead, Vec<Hash>), FollowError> {
        self.tree().prove_consistency(size).map_err(|error| broken(&error))
    }

    fn tree(&self) -> TileTree<impl FnMut(Tile) -> Result<Option<Vec<u8>>, Infallible> + '_> {
        TileTree::new(self.head, |tile| Ok(self.tiles.get(&tile).cloned()))
    }
}

fn broken(error: &dyn std::error::Error) -> FollowError {
    FollowError::Unavailable(format!("no proof can be made: {error}"))
}
