//! Proofs of what a log has just appended, from the right edge before it and the new hashes alone: no
//! tile is read, and each node above the new entries is hashed once for the proofs of all of them.
//! Implements proto-docs/log.md, "Tree".

use crate::frontier::Frontier;
use crate::hash::Hash;
use crate::merkle::{Node, ProofError, TreeHead, inclusion_path, subtree};

/// Entries at the end of a tree, with all that proves where each of them stands in it.
#[derive(Debug, Clone)]
pub struct Appended {
    head: TreeHead,
    first: u64,
    /// Of each level the perfect subtrees with new leaves, and the one left of them if it has no sibling
    /// of its own; and the index of the first.
    rows: Vec<(u64, Vec<Hash>)>,
}

impl Appended {
    /// What a tree has when the hashes of some entries were appended to it. Fails only if that is more than
    /// a `u64` counts.
    pub fn new(before: &Frontier, leaves: &[Hash]) -> Result<Self, ProofError> {
        let old = before.size();
        let full = ProofError::Index { index: u64::MAX, size: old };
        let size = old.checked_add(leaves.len() as u64).ok_or(full)?;
        let mut rows: Vec<(u64, Vec<Hash>)> = Vec::new();
        let mut new = leaves.to_vec();
        for level in (0..u64::BITS).take_while(|level| size >> level > 0) {
            let left = before.perfect(level);
            let row: Vec<Hash> = left.into_iter().chain(new).collect();
            new = row.as_chunks().0.iter().map(|[left, right]| Hash::of_node(*left, *right)).collect();
            rows.push(((old >> level) & !1, row));
        }
        let mut appended = Appended { head: TreeHead::EMPTY, first: old, rows };
        if size > 0 {
            appended.head = TreeHead { size, root: subtree(0, size, |node| appended.node(node))? };
        }
        Ok(appended)
    }

    /// Size and root with all of them: the first head that covers each.
    pub fn head(&self) -> TreeHead {
        self.head
    }

    /// The proof that one of them stands at its index.
    pub fn prove_inclusion(&self, index: u64) -> Result<Vec<Hash>, ProofError> {
        let size = self.head.size;
        if !(self.first..size).contains(&index) {
            return Err(ProofError::Index { index, size });
        }
        inclusion_path(index, size, |node| self.node(node))
    }

    /// The root of a perfect subtree that has new leaves, or stands beside them.
    fn node(&self, node: Node) -> Result<Hash, ProofError> {
        let found = self.rows.get(node.level as usize).and_then(|(first, row)| {
            let at = usize::try_from(node.index.checked_sub(*first)?).ok()?;
            row.get(at).copied()
        });
        found.ok_or(ProofError::Index { index: node.index, size: self.head.size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::verify_inclusion;

    fn tree(size: u64) -> Frontier {
        let mut tree = Frontier::new();
        (0..size).for_each(|index| tree.append(leaf(index)).map(drop).unwrap());
        tree
    }

    fn leaf(index: u64) -> Hash {
        Hash::of_leaf(&index.to_be_bytes())
    }

    #[test]
    fn every_new_entry_of_every_small_tree_is_proven() {
        for old in 0..40 {
            let before = tree(old);
            for new in 0..40 {
                let leaves: Vec<Hash> = (old..old + new).map(leaf).collect();
                let appended = Appended::new(&before, &leaves).unwrap();
                let head = tree(old + new).head();
                assert_eq!(appended.head(), head, "{old} and {new}");
                for index in old..old + new {
                    let proof = appended.prove_inclusion(index).unwrap();
                    assert_eq!(verify_inclusion(&head, index, leaf(index), &proof), Ok(()), "{index}");
                }
                for index in [old.wrapping_sub(1), old + new] {
                    let size = head.size;
                    assert_eq!(appended.prove_inclusion(index), Err(ProofError::Index { index, size }));
                }
            }
        }
    }

    #[test]
    fn and_at_the_edges_of_tiles() {
        for old in [255, 256, 257, 511, 65_534, 65_535, 65_536, 65_537] {
            let leaves: Vec<Hash> = (old..old + 3).map(leaf).collect();
            let appended = Appended::new(&tree(old), &leaves).unwrap();
            for index in old..old + 3 {
                let proof = appended.prove_inclusion(index).unwrap();
                assert_eq!(verify_inclusion(&appended.head(), index, leaf(index), &proof), Ok(()));
            }
        }
    }

    #[test]
    fn a_tree_that_would_be_too_large_is_refused() {
        let roots = [[7; 32]; 64].concat();
        let full = Frontier::from_bytes(&[&u64::MAX.to_be_bytes()[..], &roots].concat()).unwrap();
        assert!(Appended::new(&full, &[leaf(0)]).is_err());
        let last = Frontier::from_bytes(&[&(u64::MAX - 1).to_be_bytes()[..], &roots[32..]].concat()).unwrap();
        let appended = Appended::new(&last, &[leaf(0)]).unwrap();
        let proof = appended.prove_inclusion(u64::MAX - 1).unwrap();
        assert_eq!(verify_inclusion(&appended.head(), u64::MAX - 1, leaf(0), &proof), Ok(()));
    }
}
