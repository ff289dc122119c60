//! Inclusion and consistency: the two proofs that make a log append-only for those who never see it
//! whole. Implements proto-docs/log.md, "Tree" (RFC 9162, sections 2.1.3 and 2.1.4).
//!
//! A proof's length follows from index and sizes, so one hash too many or too few is refused before
//! anything is hashed; no size a `u64` holds overflows.

use crate::hash::Hash;

/// How many leaves a tree has, and its root: what a checkpoint states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    /// Number of leaves.
    pub size: u64,
    /// Merkle tree hash of all leaves.
    pub root: Hash,
}

impl TreeHead {
    /// The tree without leaves: where every log begins.
    pub const EMPTY: TreeHead = TreeHead { size: 0, root: Hash::EMPTY_ROOT };
}

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The tree has no leaf of this index.
    #[error("a tree of {size} leaves has no index {index}")]
    Index {
        /// The index that was asked for.
        index: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// The older tree is the larger one.
    #[error("the older tree has {old} leaves, the newer only {new}")]
    Shrunk {
        /// Leaves of the older tree.
        old: u64,
        /// Leaves of the newer tree.
        new: u64,
    },
    /// A proof between these trees has another number of hashes.
    #[error("the proof has {found} hashes, not {expected}")]
    Length {
        /// Hashes that index and sizes call for.
        expected: usize,
        /// Hashes in the proof.
        found: usize,
    },
    /// The hashes lead to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// Verifies that a leaf stands at an index of a tree.
pub fn verify_inclusion(head: &TreeHead, index: u64, leaf: Hash, proof: &[Hash]) -> Result<(), ProofError> {
    if index >= head.size {
        return Err(ProofError::Index { index, size: head.size });
    }
    let (inner, border) = path_shape(index, head.size);
    exact_length(proof, inner + border)?;
    let root = proof.iter().enumerate().fold(leaf, |hash, (level, sibling)| {
        if level < inner && index >> level & 1 == 0 {
            Hash::of_node(hash, *sibling)
        } else {
            Hash::of_node(*sibling, hash)
        }
    });
    if root == head.root { Ok(()) } else { Err(ProofError::Root) }
}

/// Verifies that a tree begins with all leaves of an older one, in their order. Every tree begins
/// with the empty one, and a tree with itself: there the proof must be empty.
pub fn verify_consistency(old: &TreeHead, new: &TreeHead, proof: &[Hash]) -> Result<(), ProofError> {
    if old.size > new.size {
        return Err(ProofError::Shrunk { old: old.size, new: new.size });
    }
    for head in [old, new] {
        if head.size == 0 && head.root != Hash::EMPTY_ROOT {
            return Err(ProofError::Root);
        }
    }
    if old.size == 0 || old.size == new.size {
        exact_length(proof, 0)?;
        return if old.size == 0 || old.root == new.root { Ok(()) } else { Err(ProofError::Root) };
    }
    // The path to the old tree's last leaf, begun where that leaf's largest perfect subtree ends. If
    // the whole old tree is that subtree, its root is known and the proof leaves it out.
    let (inner, border) = path_shape(old.size - 1, new.size);
    let perfect = old.size.trailing_zeros();
    let inner = inner - perfect as usize;
    let path = (old.size - 1) >> perfect;
    let (seed, rest) = if old.size.is_power_of_two() {
        exact_length(proof, inner + border)?;
        (old.root, proof)
    } else {
        exact_length(proof, 1 + inner + border)?;
        (proof[0], &proof[1..])
    };
    let (mut old_root, mut new_root) = (seed, seed);
    for (level, sibling) in rest.iter().enumerate() {
        if level < inner && path >> level & 1 == 0 {
            new_root = Hash::of_node(new_root, *sibling);
        } else {
            old_root = Hash::of_node(*sibling, old_root);
            new_root = Hash::of_node(*sibling, new_root);
        }
    }
    if old_root == old.root && new_root == new.root { Ok(()) } else { Err(ProofError::Root) }
}

/// How many hashes lead from a leaf to the root: below the point where its path leaves the path of
/// the last leaf (siblings on either side), and above (siblings on the left only).
fn path_shape(index: u64, size: u64) -> (usize, usize) {
    let inner = u64::BITS - (index ^ (size - 1)).leading_zeros();
    let border = index.checked_shr(inner).map_or(0, u64::count_ones);
    (inner as usize, border as usize)
}

fn exact_length(proof: &[Hash], expected: usize) -> Result<(), ProofError> {
    let found = proof.len();
    if found == expected { Ok(()) } else { Err(ProofError::Length { expected, found }) }
}

/// A perfect subtree: its root covers the leaves from `index << level` to `(index + 1) << level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Node {
    pub(crate) level: u32,
    pub(crate) index: u64,
}

/// The inclusion proof of a leaf, from the roots of perfect subtrees; the index is below the size.
pub(crate) fn inclusion_path<E>(
    index: u64,
    size: u64,
    mut node: impl FnMut(Node) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(subtree(middle, end, &mut node)?);
            end = middle;
        } else {
            path.push(subtree(start, middle, &mut node)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The consistency proof between two sizes, the older not the larger, from the roots of perfect
/// subtrees.
pub(crate) fn consistency_path<E>(
    old: u64,
    new: u64,
    mut node: impl FnMut(Node) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let mut path = Vec::new();
    if old == 0 {
        return Ok(path);
    }
    let (mut start, mut end) = (0, new);
    while end != old {
        let middle = start + split(end - start);
        if old <= middle {
            path.push(subtree(middle, end, &mut node)?);
            end = middle;
        } else {
            path.push(subtree(start, middle, &mut node)?);
            start = middle;
        }
    }
    if start > 0 {
        path.push(subtree(start, end, &mut node)?);
    }
    path.reverse();
    Ok(path)
}

/// The root of the leaves from `start` to `end`, where `start` is a multiple of the largest power of
/// two that they hold.
pub(crate) fn subtree<E>(
    start: u64,
    end: u64,
    mut node: impl FnMut(Node) -> Result<Hash, E>,
) -> Result<Hash, E> {
    let mut roots = Vec::new();
    let mut at = start;
    for level in (0..u64::BITS).rev().filter(|level| (end - start) >> level & 1 == 1) {
        roots.push(node(Node { level, index: at >> level })?);
        at += 1 << level;
    }
    Ok(join(&roots))
}

/// The root of perfect subtrees that stand side by side, the larger ones left.
pub(crate) fn join(roots: &[Hash]) -> Hash {
    let mut from_right = roots.iter().rev().copied();
    let last = from_right.next().unwrap_or(Hash::EMPTY_ROOT);
    from_right.fold(last, |right, left| Hash::of_node(left, right))
}

/// The root of a perfect subtree, from the power of two of hashes at its foot.
pub(crate) fn perfect_root(hashes: &[Hash]) -> Hash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row_above(&row);
    }
    join(&row)
}

/// The hashes one level up; an odd one at the end has no parent yet.
pub(crate) fn row_above(row: &[Hash]) -> Vec<Hash> {
    row.as_chunks().0.iter().map(|[left, right]| Hash::of_node(*left, *right)).collect()
}

/// The largest power of two below a number of leaves, which is at least two.
fn split(leaves: u64) -> u64 {
    1 << (u64::BITS - 1 - (leaves - 1).leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAF: Hash = Hash::EMPTY_ROOT;

    #[test]
    fn the_largest_trees_overflow_nothing() {
        let max = u64::MAX;
        for index in [0, 1, max / 2, max / 2 + 1, max - 2, max - 1] {
            for size in [index + 1, max - 1, max] {
                let head = TreeHead { size, root: LEAF };
                let length = match verify_inclusion(&head, index, LEAF, &[]) {
                    Err(ProofError::Length { expected, .. }) => expected,
                    other => {
                        assert!(index >= size || size == 1, "{other:?}");
                        continue;
                    }
                };
                let path: Result<_, ()> = inclusion_path(index, size, |_| Ok(LEAF));
                assert_eq!(path.map(|path| path.len()), Ok(length), "{index} of {size}");
                assert!(length <= 64);
                let proof = vec![LEAF; length];
                assert_eq!(verify_inclusion(&head, index, LEAF, &proof), Err(ProofError::Root));
            }
        }
        for old in [1, 2, max / 2, max / 2 + 1, max / 2 + 2, max - 2, max - 1] {
            let [older, newer] = [old, max].map(|size| TreeHead { size, root: LEAF });
            let path: Vec<Hash> = consistency_path::<()>(old, max, |_| Ok(LEAF)).unwrap();
            assert_eq!(verify_consistency(&older, &newer, &path), Err(ProofError::Root), "{old}");
            let found = path.len() + 1;
            assert_eq!(
                verify_consistency(&older, &newer, &vec![LEAF; found]),
                Err(ProofError::Length { expected: path.len(), found })
            );
        }
    }

    #[test]
    fn trivial_consistency_has_an_empty_proof() {
        let head = TreeHead { size: 3, root: LEAF };
        let other = TreeHead { size: 3, root: Hash::of_leaf(b"") };
        let empty = TreeHead::EMPTY;
        let false_empty = TreeHead { size: 0, root: Hash::of_leaf(b"") };
        assert_eq!(verify_consistency(&empty, &empty, &[]), Ok(()));
        assert_eq!(verify_consistency(&empty, &head, &[]), Ok(()));
        assert_eq!(verify_consistency(&head, &head, &[]), Ok(()));
        assert_eq!(verify_consistency(&head, &other, &[]), Err(ProofError::Root));
        assert_eq!(verify_consistency(&false_empty, &head, &[]), Err(ProofError::Root));
        assert_eq!(verify_consistency(&empty, &false_empty, &[]), Err(ProofError::Root));
        assert_eq!(verify_consistency(&head, &empty, &[]), Err(ProofError::Shrunk { old: 3, new: 0 }));
        for old in [empty, head] {
            let wrong = Err(ProofError::Length { expected: 0, found: 1 });
            assert_eq!(verify_consistency(&old, &head, &[LEAF]), wrong);
        }
    }

    #[test]
    fn an_empty_tree_includes_nothing() {
        assert_eq!(
            verify_inclusion(&TreeHead::EMPTY, 0, LEAF, &[]),
            Err(ProofError::Index { index: 0, size: 0 })
        );
    }
}
