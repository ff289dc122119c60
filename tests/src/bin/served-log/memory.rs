//! A log in memory: every proof of the small trees, and trees that a registry would need long for.

use std::collections::{BTreeMap, HashMap};

use conformance::log::witness;
use ytterby_tlog::{
    AddCheckpoint, Checkpoint, Frontier, Hash, KeyName, NoteSigner, Receipt, SignedCheckpoint, Tile,
    TileTree, TreeHead, grow,
};

use super::Failure;
use super::case::{Growth, Proof};

const ORIGIN: &str = "registry.example/ree";
/// Every proof of every tree up to this size.
const ALL: u64 = 33;
/// Both sides of the edges of tiles of level 0 and of level 1.
const EDGES: [u64; 7] = [255, 256, 257, 513, 65_535, 65_536, 65_537];
/// When its witnesses cosign: 2026-11-24T12:00:00Z.
const COSIGNED: u64 = 1_795_521_600;

/// The proofs of a log that holds `entry 0`, `entry 1` and so on.
pub(crate) struct Memory {
    pub(crate) signer: NoteSigner,
    pub(crate) proofs: Vec<Proof>,
    pub(crate) growths: Vec<Growth>,
    /// A receipt that two witnesses have cosigned.
    pub(crate) last: Proof,
}

pub(crate) fn grown() -> Result<Memory, Failure> {
    let name = KeyName::parse(ORIGIN)?;
    let signer = NoteSigner::from_seed(name, Hash::of_leaf(ORIGIN.as_bytes()).as_bytes());
    let (mut frontier, mut tiles) = (Frontier::new(), HashMap::new());
    let mut heads = BTreeMap::new();
    for size in (1..=ALL).chain(EDGES) {
        let leaves: Vec<Hash> =
            (frontier.size()..size).map(|index| Hash::of_leaf(entry(index).as_bytes())).collect();
        let read = |tile: Tile| Ok::<_, ()>(tiles.get(&tile).cloned());
        let growth = grow(&frontier, &leaves, read).map_err(|error| error.to_string())?;
        tiles.extend(growth.tiles);
        frontier = growth.frontier;
        heads.insert(size, signed(&signer, frontier.head())?);
    }
    let (mut proofs, mut growths) = (Vec::new(), Vec::new());
    for (size, checkpoint) in &heads {
        let read = |tile: Tile| Ok::<_, ()>(tiles.get(&tile).cloned());
        let mut tree = TileTree::new(checkpoint.unverified().head(), read);
        for index in asked(*size) {
            let (_, proof) = tree.prove_inclusion(index).map_err(|error| error.to_string())?;
            proofs.push(Proof {
                name: format!("in memory, index {index} of {size}"),
                fault: "",
                key: signer.verifier_key().clone(),
                entry: entry(index),
                text: Receipt::new(index, proof, checkpoint.clone()).to_string(),
            });
        }
        for (before, old) in heads.range(..size) {
            let (_, proof) = tree.prove_consistency(*before).map_err(|error| error.to_string())?;
            growths.push(Growth {
                name: format!("in memory, {before} to {size}"),
                key: signer.verifier_key().clone(),
                old: old.to_string(),
                request: AddCheckpoint::new(*before, proof, checkpoint.clone()).to_string(),
            });
        }
    }
    let even = |proof: &&Proof| proof.name.ends_with("of 32");
    let last = proofs.iter().rfind(even).cloned().ok_or("no receipts")?;
    Ok(Memory { signer, proofs, growths, last })
}

/// Every other one with two cosignatures, whose kind no peer knows.
fn signed(signer: &NoteSigner, head: TreeHead) -> Result<SignedCheckpoint, Failure> {
    let mut signed = Checkpoint::new(signer.verifier_key().name().clone(), head).sign(signer)?;
    if head.size.is_multiple_of(2) {
        for number in 1..=2 {
            signed.add(witness(number).cosign(signed.unverified(), COSIGNED)?)?;
        }
    }
    Ok(signed)
}

fn asked(size: u64) -> Vec<u64> {
    if size <= ALL {
        return (0..size).collect();
    }
    let mut all = vec![0, size / 3, size - 2, size - 1];
    all.extend(EDGES.into_iter().filter(|edge| *edge < size - 2 && *edge != size / 3));
    all.sort_unstable();
    all
}

fn entry(index: u64) -> String {
    format!("entry {index}")
}
