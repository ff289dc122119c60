//! What a registry serves while its log grows.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use ytterby_tlog::{
    AddCheckpoint, Bundle, Hash, NoteSigner, Receipt, SignedCheckpoint, TILE_WIDTH, Tile, TileTree,
};

use super::Failure;
use super::case::{Growth, Proof};
use super::registry::Registry;

/// Where the log is asked: small trees, and both sides of an edge of its tiles.
const SIZES: [u64; 12] = [1, 2, 3, 4, 5, 8, 13, 255, 256, 257, 512, 515];
const EDGE: u64 = TILE_WIDTH as u64;

/// What was asked of it.
pub(crate) struct Served {
    pub(crate) signer: NoteSigner,
    pub(crate) proofs: Vec<Proof>,
    pub(crate) growths: Vec<Growth>,
    /// What checkpoints and tiles say of ranges of entries.
    pub(crate) tree: Vec<Value>,
    pub(crate) entries: Vec<String>,
    /// The certificates, in the order of their entries.
    pub(crate) ids: Vec<String>,
    /// A receipt of the largest tree.
    pub(crate) last: Proof,
}

/// A log of a registry at each of the sizes.
pub(crate) fn grown(registry: &Registry) -> Result<Served, Failure> {
    let client = &registry.client;
    let (mut ids, mut heads, mut receipts) = (Vec::new(), Vec::new(), Vec::new());
    for size in SIZES {
        ids.extend(registry.issue(ids.len() as u64..size)?);
        let note = String::from_utf8(client.get("/log/checkpoint")?)?;
        let checkpoint = SignedCheckpoint::parse(note.as_bytes())?;
        if checkpoint.unverified().head().size != size {
            return Err(format!("the log has {}, not {size}", checkpoint.unverified().head().size).into());
        }
        heads.push(checkpoint);
        for index in asked(size) {
            let answer = client.get(&format!("/v1/certificates/{}/receipt", ids[usize::try_from(index)?]))?;
            receipts.push((size, answer));
        }
    }
    let entries = entries(registry, *SIZES.last().ok_or("no sizes")?)?;
    let key = registry.signer.verifier_key().clone();
    let mut proofs = Vec::new();
    for (size, answer) in receipts {
        let answer: Value = serde_json::from_slice(&answer)?;
        let text = answer["proof"].as_str().ok_or("a receipt has a proof")?.to_owned();
        let index = Receipt::parse(text.as_bytes())?.index();
        let entry = entries[usize::try_from(index)?].clone();
        if serde_json::from_str::<Value>(&entry)? != answer["entry"] {
            return Err(format!("entry {index} is served in two ways").into());
        }
        let name = format!("served, index {index} of {size}");
        proofs.push(Proof { name, fault: "", key: key.clone(), entry, text });
    }
    let last = proofs.last().cloned().ok_or("no receipts")?;
    Ok(Served {
        signer: NoteSigner::parse_secret(&registry.signer.to_secret())?,
        growths: growths(registry, &heads)?,
        tree: tree(registry, &heads)?,
        proofs,
        entries,
        ids,
        last,
    })
}

/// The indices of a size whose receipts are asked for: both ends, the middle, and edges of tiles.
fn asked(size: u64) -> BTreeSet<u64> {
    let all =
        [0, 1, size / 2, EDGE - 1, EDGE, EDGE + 1, 2 * EDGE - 1, 2 * EDGE, size.saturating_sub(2), size - 1];
    all.into_iter().filter(|index| *index < size).collect()
}

fn entries(registry: &Registry, size: u64) -> Result<Vec<String>, Failure> {
    let mut entries = Vec::new();
    for bundle in Bundle::written(0, size) {
        let bytes = registry.client.get(&format!("/log/{bundle}"))?;
        for entry in bundle.decode(&bytes)? {
            entries.push(String::from_utf8(entry.to_vec())?);
        }
    }
    Ok(entries)
}

/// From each size to each later one, proven from the tiles that are served.
fn growths(registry: &Registry, heads: &[SignedCheckpoint]) -> Result<Vec<Growth>, Failure> {
    let read = |tile: Tile| Ok::<_, ()>(registry.client.get(&format!("/log/{tile}")).ok());
    let key = registry.signer.verifier_key();
    let mut growths = Vec::new();
    for (at, new) in heads.iter().enumerate() {
        let size = new.unverified().head().size;
        let mut tree = TileTree::new(new.unverified().head(), read);
        for old in &heads[..at] {
            let before = old.unverified().head().size;
            let (_, proof) = tree.prove_consistency(before).map_err(|error| error.to_string())?;
            growths.push(Growth {
                name: format!("served, {before} to {size}"),
                key: key.clone(),
                old: old.to_string(),
                request: AddCheckpoint::new(before, proof, new.clone()).to_string(),
            });
        }
    }
    Ok(growths)
}

/// Every root that was signed, and every hash of every tile of the largest tree.
fn tree(registry: &Registry, heads: &[SignedCheckpoint]) -> Result<Vec<Value>, Failure> {
    let mut said = Vec::new();
    for head in heads {
        let head = head.unverified().head();
        let name = format!("the root of {}", head.size);
        said.push(json!({ "name": name, "from": 0, "to": head.size, "hash": head.root.to_string() }));
    }
    let size = heads.last().ok_or("no heads")?.unverified().head().size;
    for tile in Tile::written(0, size) {
        let bytes = registry.client.get(&format!("/log/{tile}"))?;
        let covers = EDGE.pow(tile.level().into());
        for (at, hash) in bytes.as_chunks::<32>().0.iter().enumerate() {
            let from = (tile.index() * EDGE + at as u64) * covers;
            let hash = Hash::from_bytes(*hash).to_string();
            let name = format!("hash {at} of {tile}");
            said.push(json!({ "name": name, "from": from, "to": from + covers, "hash": hash }));
        }
    }
    Ok(said)
}
