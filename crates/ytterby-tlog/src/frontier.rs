//! The right edge of a tree: all that is needed to append to it and to state its root, in as many
//! hashes as the size has ones. Implements proto-docs/log.md, "Tree".

use crate::hash::Hash;
use crate::merkle::{TreeHead, join};

/// The roots of the perfect subtrees that a tree is made of, from left to right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

/// What keeps a frontier from being read or from growing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    /// Not a size in eight bytes and a hash for each one in it.
    #[error("{0} bytes are no frontier")]
    Bytes(usize),
    /// The tree would have more leaves than a `u64` counts.
    #[error("the tree is full")]
    Full,
}

impl Frontier {
    /// The frontier of the empty tree.
    pub fn new() -> Self {
        Frontier::default()
    }

    /// Appends the hash of an entry and gives its index.
    pub fn append(&mut self, leaf: Hash) -> Result<u64, FrontierError> {
        let index = self.size;
        self.size = index.checked_add(1).ok_or(FrontierError::Full)?;
        // Each one at the end of the old size is a subtree as large as what stands right of it.
        let complete = self.roots.len() - index.trailing_ones() as usize;
        let root = self.roots.drain(complete..).rev().fold(leaf, |right, left| Hash::of_node(left, right));
        self.roots.push(root);
        Ok(index)
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The Merkle tree hash of all leaves.
    pub fn root(&self) -> Hash {
        join(&self.roots)
    }

    /// Size and root.
    pub fn head(&self) -> TreeHead {
        TreeHead { size: self.size, root: self.root() }
    }

    /// The size in eight bytes, most significant first, and the hashes: what a log keeps beside its
    /// tree head.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        bytes.extend(self.roots.iter().flat_map(Hash::as_bytes));
        bytes
    }

    /// Reads what [`Frontier::to_bytes`] wrote. Only its form is checked: compare [`Frontier::head`]
    /// with a head that is known to be right.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrontierError> {
        let error = FrontierError::Bytes(bytes.len());
        let (size, rest) = bytes.split_first_chunk().ok_or(error)?;
        let size = u64::from_be_bytes(*size);
        let (roots, odd) = rest.as_chunks();
        if !odd.is_empty() || roots.len() != size.count_ones() as usize {
            return Err(error);
        }
        Ok(Frontier { size, roots: roots.iter().copied().map(Hash::from_bytes).collect() })
    }

    /// The root of the perfect subtree of `1 << level` leaves at the edge; the size has a one there.
    pub(crate) fn perfect(&self, level: u32) -> Option<Hash> {
        let larger = self.size.checked_shr(level + 1).map_or(0, u64::count_ones);
        (self.size >> level & 1 == 1).then(|| self.roots.get(larger as usize).copied()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_trees_are_built_by_hand() {
        let [a, b, c] = [b"a", b"b", b"c"].map(|entry| Hash::of_leaf(entry));
        let ab = Hash::of_node(a, b);
        let mut frontier = Frontier::new();
        assert_eq!(frontier.head(), TreeHead::EMPTY);
        for (index, (leaf, root)) in [(a, a), (b, ab), (c, Hash::of_node(ab, c))].into_iter().enumerate() {
            assert_eq!(frontier.append(leaf), Ok(index as u64));
            assert_eq!(frontier.root(), root);
        }
        assert_eq!(
            (frontier.perfect(0), frontier.perfect(1), frontier.perfect(2)),
            (Some(c), Some(ab), None)
        );
    }

    #[test]
    fn bytes_round_trip_and_are_exact() {
        let mut frontier = Frontier::new();
        for size in 0..70u64 {
            let bytes = frontier.to_bytes();
            assert_eq!(bytes.len(), 8 + 32 * size.count_ones() as usize);
            assert_eq!(Frontier::from_bytes(&bytes), Ok(frontier.clone()));
            for wrong in [&bytes[..bytes.len() - 1], &[bytes.clone(), vec![0]].concat()] {
                assert_eq!(Frontier::from_bytes(wrong), Err(FrontierError::Bytes(wrong.len())));
            }
            frontier.append(Hash::of_leaf(&size.to_be_bytes())).unwrap();
        }
    }

    #[test]
    fn a_full_tree_grows_no_more() {
        let mut frontier = Frontier { size: u64::MAX, roots: vec![Hash::EMPTY_ROOT; 64] };
        let before = frontier.clone();
        assert_eq!(frontier.append(Hash::EMPTY_ROOT), Err(FrontierError::Full));
        assert_eq!(frontier, before);
        assert!(frontier.perfect(63).is_some());
    }
}
