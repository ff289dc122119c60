//! From a fault to evidence that anybody can judge: the entries that show it, and their proofs.

use ytterby::entry::Entry;
use ytterby::evidence::{Fork, Kind, Logged, kinds_shown};
use ytterby::form::StatusPurpose;
use ytterby::{Evidence, ledger::Violation};
use ytterby_tlog::{Hash, SignedCheckpoint, TileTree};

use super::{Fault, FollowError, Kept, LogFiles, Proofs, Read};

/// What shows the fault of what was read, under the checkpoint that signs it. `None` if only the
/// whole log shows it: proto-docs/monitoring.md, "What is not portable".
pub(crate) fn accuse(
    kept: &Kept,
    read: &Read,
    signed: &SignedCheckpoint,
) -> Result<Option<Evidence>, FollowError> {
    let Some((at, Fault::Violation(violation))) = &read.step.fault else { return Ok(None) };
    let Some((kind, from, between)) = find(kept, read, *at, violation)? else { return Ok(None) };
    let (mut leaves, mut stated) = (Vec::new(), Vec::new());
    kept.each_read(read, |index, bytes| {
        leaves.push(Hash::of_leaf(bytes));
        if index == *at || index == from || (between && index > from && index < *at) {
            stated.push((index, bytes.to_vec()));
        }
        Ok(())
    })?;
    let proofs = Proofs::of(&leaves)?;
    let statements = stated.iter().map(|(index, bytes)| proofs.statement(*index, bytes, signed));
    Ok(Some(Evidence::stating(kind, statements.collect::<Result<_, _>>()?)))
}

/// That a checkpoint continues another history than the one that is kept, if the log's own tiles say so:
/// nothing else proves what the signed root stands for. `None` if they do not, or are not to be had.
pub(crate) fn fork_in_tiles(kept: &Kept, signed: &SignedCheckpoint, files: &LogFiles) -> Option<Fork> {
    let own = kept.replica().head();
    let newest = kept.checkpoint().filter(|_| own.size > 0)?;
    let mut tree = TileTree::new(signed.unverified().head(), |tile| files.tile(tile));
    let (prefix, proof) = tree.prove_consistency(own.size).ok()?;
    (prefix.root != own.root).then(|| Fork::of_two_sizes(newest.clone(), signed.clone(), prefix.root, proof))
}

/// The kind, the first entry that shows it, and whether all up to the faulty one are needed.
fn find(
    kept: &Kept,
    read: &Read,
    at: u64,
    violation: &Violation,
) -> Result<Option<(Kind, u64, bool)>, FollowError> {
    let origin = kept.replica().ledger().origin().as_str().to_owned();
    let (mut faulty, mut suspended) = (None, None);
    kept.each_read(read, |index, bytes| {
        if let (true, Ok(entry)) = (index <= at, Entry::parse(bytes)) {
            if let (Entry::Status(change), Violation::Suspended { lot }) = (&entry, violation)
                && change.certificate == *lot
                && change.purpose == StatusPurpose::Suspension
            {
                suspended = change.value.then_some(index);
            }
            if index == at {
                faulty = Some(entry);
            }
        }
        Ok(())
    })?;
    let Some(faulty) = faulty else { return Ok(None) };
    if let Some(from) = suspended {
        return Ok(Some((Kind::DrawnWhileSuspended, from, true)));
    }
    if let Some(kind) = kinds_shown(&[logged(&origin, at, &faulty)]).next() {
        return Ok(Some((kind, at, false)));
    }
    // Of all pairs the one of the gravest kind, and of those the earliest.
    let mut found: Option<(Kind, u64, bool)> = None;
    kept.each_read(read, |index, bytes| {
        if let (true, Ok(entry)) = (index < at, Entry::parse(bytes)) {
            let kind = kinds_shown(&[logged(&origin, index, &entry), logged(&origin, at, &faulty)]).next();
            if let Some(kind) = kind.filter(|kind| found.is_none_or(|(gravest, ..)| *kind < gravest)) {
                found = Some((kind, index, false));
            }
        }
        Ok(())
    })?;
    Ok(found)
}

fn logged<'e>(origin: &'e str, index: u64, entry: &'e Entry) -> Logged<'e> {
    Logged { origin, index, entry }
}
