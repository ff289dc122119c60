//! Trees and proofs against `ct-merkle`, an implementation of RFC 6962 by others: roots and proofs
//! are equal byte by byte, each accepts the other's, and nothing that is off by one bit passes.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::OnceLock;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use proptest::prelude::*;
use sha2::Sha256;
use ytterby_tlog::{
    Frontier, Hash, ProofError, Tile, TileTree, TreeHead, grow, verify_consistency, verify_inclusion,
};

type Oracle = MemoryBackedTree<Sha256, [u8; 8]>;
type Store = BTreeMap<Tile, Vec<u8>>;

fn entry(index: u64) -> [u8; 8] {
    index.to_be_bytes()
}

fn leaf(index: u64) -> Hash {
    Hash::of_leaf(&entry(index))
}

/// A tree by the oracle and by us, grown together, with every head on the way.
struct Pair {
    oracle: Oracle,
    frontier: Frontier,
    store: Store,
    heads: Vec<TreeHead>,
}

impl Pair {
    fn new() -> Self {
        let heads = vec![TreeHead::EMPTY];
        Pair { oracle: Oracle::new(), frontier: Frontier::new(), store: Store::new(), heads }
    }

    fn grow_to(&mut self, size: u64) {
        let leaves: Vec<Hash> = (self.frontier.size()..size).map(leaf).collect();
        let read = |tile: Tile| Ok::<_, Infallible>(self.store.get(&tile).cloned());
        let growth = grow(&self.frontier, &leaves, read).unwrap();
        for index in self.frontier.size()..size {
            self.oracle.push(entry(index));
            self.frontier.append(leaf(index)).unwrap();
            self.heads.push(self.frontier.head());
        }
        assert_eq!(growth.frontier, self.frontier);
        self.store.extend(growth.tiles);
    }

    fn head(&self) -> TreeHead {
        self.frontier.head()
    }

    fn tree(&self) -> TileTree<impl FnMut(Tile) -> Result<Option<Vec<u8>>, Infallible>> {
        TileTree::new(self.head(), |tile| Ok(self.store.get(&tile).cloned()))
    }
}

fn oracle_root(head: TreeHead) -> RootHash<Sha256> {
    RootHash::new((*head.root.as_bytes()).into(), head.size)
}

fn bytes(proof: &[Hash]) -> Vec<u8> {
    proof.iter().flat_map(Hash::as_bytes).copied().collect()
}

/// Our proof and the oracle's are the same, and each side accepts it.
fn check_inclusion(pair: &Pair, (found, proof): (Hash, Vec<Hash>), index: u64) {
    let head = pair.head();
    assert_eq!(found, leaf(index));
    assert_eq!(pair.oracle.prove_inclusion(index as usize).as_bytes(), bytes(&proof), "{index} {head:?}");
    assert_eq!(verify_inclusion(&head, index, found, &proof), Ok(()));
    let theirs = InclusionProof::try_from_bytes(bytes(&proof)).unwrap();
    oracle_root(head).verify_inclusion(&entry(index), index, &theirs).unwrap();
}

fn check_consistency(pair: &Pair, (old, proof): (TreeHead, Vec<Hash>)) {
    let head = pair.head();
    assert_eq!(old, pair.heads[old.size as usize]);
    assert_eq!(verify_consistency(&old, &head, &proof), Ok(()));
    if old.size == 0 {
        assert_eq!(proof, []);
        return;
    }
    let additions = (head.size - old.size) as usize;
    assert_eq!(pair.oracle.prove_consistency(additions).as_bytes(), bytes(&proof), "{} {head:?}", old.size);
    let theirs = ConsistencyProof::try_from_bytes(bytes(&proof)).unwrap();
    oracle_root(head).verify_consistency(&oracle_root(old), &theirs).unwrap();
}

#[test]
fn every_leaf_of_every_small_tree() {
    let mut pair = Pair::new();
    for size in 0..=300 {
        pair.grow_to(size);
        assert_eq!(pair.oracle.root().as_bytes()[..], pair.head().root.as_bytes()[..], "{size}");
        let mut tree = pair.tree();
        for index in 0..size {
            check_inclusion(&pair, tree.prove_inclusion(index).unwrap(), index);
        }
    }
}

#[test]
fn every_pair_of_small_trees() {
    let mut pair = Pair::new();
    for size in 0..=130 {
        pair.grow_to(size);
        let mut tree = pair.tree();
        for old in 0..=size {
            check_consistency(&pair, tree.prove_consistency(old).unwrap());
        }
    }
}

/// Trees that end beside the edge of a tile, and the largest last.
const EDGES: [u64; 8] = [255, 256, 257, 511, 513, 65_535, 65_536, 65_537];

#[test]
fn the_edges_of_tiles() {
    let mut pair = Pair::new();
    for size in EDGES {
        pair.grow_to(size);
        assert_eq!(pair.oracle.root().as_bytes()[..], pair.head().root.as_bytes()[..], "{size}");
        let mut tree = pair.tree();
        for at in [0, 1, 127, 128, 254, 255, 256, 257, 512, 32_767, 32_768, 65_534, 65_535, 65_536] {
            if at < size {
                check_inclusion(&pair, tree.prove_inclusion(at).unwrap(), at);
                check_consistency(&pair, tree.prove_consistency(at).unwrap());
            }
        }
    }
}

fn large() -> &'static Pair {
    static LARGE: OnceLock<Pair> = OnceLock::new();
    LARGE.get_or_init(|| {
        let mut pair = Pair::new();
        pair.grow_to(70_001);
        pair
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    /// Any leaf and any older size of a tree whose tiles lie on three levels.
    #[test]
    fn a_large_tree(index in 0u64..70_001, old in 0u64..=70_001) {
        let pair = large();
        let mut tree = pair.tree();
        check_inclusion(pair, tree.prove_inclusion(index).unwrap(), index);
        check_consistency(pair, tree.prove_consistency(old).unwrap());
    }

    /// Any two sizes below it, by a reader that keeps of each tile the widest only.
    #[test]
    fn trees_of_the_past(a in 0usize..=70_001, b in 0usize..=70_001, pick in any::<u64>()) {
        let pair = large();
        let (old, new) = (pair.heads[a.min(b)], pair.heads[a.max(b)]);
        let asked = RefCell::new(Vec::new());
        let mut tree = TileTree::new(new, |tile| {
            asked.borrow_mut().push(tile);
            let wider = pair.store.range(tile..).next();
            Ok::<_, Infallible>(wider.map(|(_, bytes)| bytes[..32 * usize::from(tile.width())].to_vec()))
        });
        let (found, proof) = tree.prove_consistency(old.size).unwrap();
        prop_assert_eq!(found, old);
        prop_assert_eq!(verify_consistency(&old, &new, &proof), Ok(()));
        if new.size > 0 {
            let index = pick % new.size;
            let (found, proof) = tree.prove_inclusion(index).unwrap();
            prop_assert_eq!(verify_inclusion(&new, index, found, &proof), Ok(()));
        }
        // Three levels: a proof needs few tiles, each asked for once.
        let mut asked = asked.take();
        let count = asked.len();
        asked.sort_unstable();
        asked.dedup();
        prop_assert_eq!(asked.len(), count);
        prop_assert!(count <= 24, "{} tiles", count);
    }

    /// Growth in any batches writes what growth at once writes, and persists between them as bytes.
    #[test]
    fn growth_in_batches(sizes in prop::collection::vec(0u64..600, 1..8)) {
        let (mut frontier, mut store) = (Frontier::new(), Store::new());
        for batch in sizes {
            let size = frontier.size() + batch;
            let leaves: Vec<Hash> = (frontier.size()..size).map(leaf).collect();
            let growth = grow(&frontier, &leaves, |tile| Ok::<_, Infallible>(store.get(&tile).cloned())).unwrap();
            store.extend(growth.tiles);
            frontier = Frontier::from_bytes(&growth.frontier.to_bytes()).unwrap();
            prop_assert_eq!(frontier.head(), large().heads[size as usize]);
            for edge in Tile::edge(size) {
                prop_assert!(store.contains_key(&edge));
            }
        }
        for (tile, bytes) in store.iter().filter(|(tile, _)| tile.is_full()) {
            prop_assert_eq!(Some(bytes), large().store.get(tile));
        }
    }
}

fn flip(hash: Hash, bit: usize) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    Hash::from_bytes(bytes)
}

#[test]
fn no_flipped_bit_is_included() {
    let mut pair = Pair::new();
    for size in [1, 2, 3, 5, 8, 13, 300] {
        pair.grow_to(size);
        let head = pair.head();
        for index in (0..size).filter(|index| size < 20 || index % 37 == 0 || index + 1 == size) {
            let (leaf, proof) = pair.tree().prove_inclusion(index).unwrap();
            let refused = |head, index, leaf, proof: &[Hash]| {
                assert!(verify_inclusion(&head, index, leaf, proof).is_err(), "{index} of {size}");
            };
            for bit in 0..256 {
                refused(TreeHead { root: flip(head.root, bit), ..head }, index, leaf, &proof);
                refused(head, index, flip(leaf, bit), &proof);
                for at in 0..proof.len() {
                    let mut flipped = proof.clone();
                    flipped[at] = flip(proof[at], bit);
                    refused(head, index, leaf, &flipped);
                }
            }
            for bit in 0..64 {
                refused(head, index ^ (1 << bit), leaf, &proof);
            }
            // One hash too few, too many, or two in the wrong order.
            refused(head, index, leaf, &[&proof[..], &[leaf]].concat());
            refused(head, index, leaf, &[&[leaf], &proof[..]].concat());
            for at in 0..proof.len() {
                refused(head, index, leaf, &[&proof[..at], &proof[at + 1..]].concat());
                if at > 0 {
                    let mut swapped = proof.clone();
                    swapped.swap(at - 1, at);
                    refused(head, index, leaf, &swapped);
                }
            }
        }
    }
}

#[test]
fn no_flipped_bit_is_consistent() {
    let mut pair = Pair::new();
    for size in 1..=12 {
        pair.grow_to(size);
        let head = pair.head();
        for old_size in 1..=size {
            let (old, proof) = pair.tree().prove_consistency(old_size).unwrap();
            let refused = |old, new, proof: &[Hash]| {
                let answer = verify_consistency(&old, &new, proof);
                assert!(
                    matches!(answer, Err(ProofError::Root | ProofError::Length { .. })),
                    "{old_size} {size}"
                );
            };
            for bit in 0..256 {
                refused(TreeHead { root: flip(old.root, bit), ..old }, head, &proof);
                refused(old, TreeHead { root: flip(head.root, bit), ..head }, &proof);
                for at in 0..proof.len() {
                    let mut flipped = proof.clone();
                    flipped[at] = flip(proof[at], bit);
                    refused(old, head, &flipped);
                }
            }
            refused(old, head, &[&proof[..], &[head.root]].concat());
            for at in 0..proof.len() {
                refused(old, head, &[&proof[..at], &proof[at + 1..]].concat());
            }
        }
    }
}
