//! A whole log as a folder, under the paths of C2SP tlog-tiles: what shows a fault that no part of it
//! shows.

use std::io;
use std::path::Path;

use ytterby_tlog::{Bundle, Hash, SignedCheckpoint, TILE_WIDTH};

use super::{FollowError, Kept, Proofs, Read};

/// Writes what was read, also what does not count, with the checkpoint that signs it.
pub(crate) fn mirror(
    kept: &Kept,
    read: &Read,
    signed: &SignedCheckpoint,
    folder: &Path,
) -> Result<(), FollowError> {
    let (mut leaves, mut bundle) = (Vec::new(), Vec::new());
    kept.each_read(read, |index, bytes| {
        leaves.push(Hash::of_leaf(bytes));
        bundle.push(bytes.to_vec());
        if bundle.len() == usize::from(TILE_WIDTH) {
            write_bundle(folder, index / u64::from(TILE_WIDTH), &bundle)?;
            bundle.clear();
        }
        Ok(())
    })?;
    if !bundle.is_empty() {
        write_bundle(folder, leaves.len() as u64 / u64::from(TILE_WIDTH), &bundle)?;
    }
    for (tile, bytes) in Proofs::of(&leaves)?.tiles() {
        write(folder, &tile.to_string(), bytes)?;
    }
    Ok(write(folder, "checkpoint", signed.to_string().as_bytes())?)
}

fn write_bundle(folder: &Path, index: u64, entries: &[Vec<u8>]) -> io::Result<()> {
    let width = u16::try_from(entries.len()).map_err(io::Error::other)?;
    let bundle = Bundle::new(index, width).ok_or_else(|| io::Error::other("no such bundle"))?;
    let bytes = bundle.encode(entries.iter().map(Vec::as_slice)).map_err(io::Error::other)?;
    write(folder, &bundle.to_string(), &bytes)
}

fn write(folder: &Path, path: &str, bytes: &[u8]) -> io::Result<()> {
    let path = folder.join(path);
    path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    std::fs::write(path, bytes)
}
