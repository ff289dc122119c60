//! What peers are asked about our log: `served-log FOLDER`.
//!
//! A registry is started on loopback, grows over edges of tiles, and at each size is asked for its checkpoint
//! and for receipts, at last for its tiles, entries and status lists. A log in memory adds every proof of the
//! small trees, and sizes that a registry would need long for. Whatever a peer has to verify is verified here
//! first, and whatever it has to refuse is refused here first. What is written, one JSON object a line:
//!
//! ```text
//! receipts.jsonl          {name, key, entry, proof}: a C2SP tlog-proof, and the key of the log
//! receipts-spoiled.jsonl  the same with a fault in entry, index, hashes or root; `fault` names it
//! notes-spoiled.jsonl     the same with a fault in the checkpoint's text or signatures
//! growth.jsonl            {name, old, request}: an older checkpoint and a tlog-witness request
//! growth-spoiled.jsonl    the same with a fault
//! tree.jsonl              {name, from, to, hash}: what a checkpoint or tile says of the entries from..to
//! entries.json            the entries, in their order
//! lists/PURPOSE.json      a status list as it was served; lists-spoiled/ holds it with a fault
//! on.json                 {PURPOSE: [index, …]}: what was switched on; on-swapped.json is wrong about it
//! ```

mod case;
mod lists;
mod memory;
mod registry;
mod served;
mod spoil;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use case::{Growth, Proof};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).ok_or("usage: served-log FOLDER")?;
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let registry = registry::Registry::start(&folder.join("registry"))?;
    let served = served::grown(&registry)?;
    lists::write(&registry, &served, &folder)?;
    drop(registry);

    let memory = memory::grown()?;
    let proofs: Vec<&Proof> = served.proofs.iter().chain(&memory.proofs).collect();
    let growths: Vec<&Growth> = served.growths.iter().chain(&memory.growths).collect();
    proofs.iter().try_for_each(|proof| proof.verify())?;
    growths.iter().try_for_each(|growth| growth.verify())?;
    write(&folder.join("receipts.jsonl"), proofs.iter().map(|proof| proof.to_json()))?;
    write(&folder.join("growth.jsonl"), growths.iter().map(|growth| growth.to_json()))?;

    let spoiled = proofs.iter().flat_map(|proof| spoil::proof(proof)).collect::<Vec<_>>();
    write(&folder.join("receipts-spoiled.jsonl"), refused(&spoiled)?)?;
    let mut spoiled = Vec::new();
    for (proof, signer) in [(&served.last, &served.signer), (&memory.last, &memory.signer)] {
        spoiled.extend(spoil::note(proof, signer)?);
    }
    write(&folder.join("notes-spoiled.jsonl"), refused(&spoiled)?)?;
    let spoiled = growths.iter().flat_map(|growth| spoil::growth(growth)).collect::<Vec<_>>();
    if let Some(bad) = spoiled.iter().find(|growth| growth.verify().is_ok()) {
        return Err(format!("{} is not refused", bad.name).into());
    }
    write(&folder.join("growth-spoiled.jsonl"), spoiled.iter().map(Growth::to_json))?;

    write(&folder.join("tree.jsonl"), served.tree.iter().cloned())?;
    fs::write(folder.join("entries.json"), serde_json::to_vec(&served.entries)?)?;
    fs::remove_dir_all(folder.join("registry"))?;
    Ok(())
}

/// Every one of them as JSON, once it is known that we refuse it.
fn refused(spoiled: &[Proof]) -> Result<impl Iterator<Item = Value>, Failure> {
    match spoiled.iter().find(|proof| proof.verify().is_ok()) {
        Some(bad) => Err(format!("{} is not refused", bad.name).into()),
        None => Ok(spoiled.iter().map(Proof::to_json)),
    }
}

fn write(file: &Path, lines: impl Iterator<Item = Value>) -> Result<(), Failure> {
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    if text.is_empty() {
        return Err(format!("{}: there would be nothing in it", file.display()).into());
    }
    Ok(fs::write(file, text)?)
}
