//! `ytterby log verify`: judges evidence, or reads a whole log.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ytterby::Evidence;
use ytterby::text::printable;
use ytterby_tlog::{Hash, SignatureKind, SignedCheckpoint};

use crate::args::LogVerify;
use crate::failure::{Failure, REJECTED};
use crate::follow::{FollowError, LogFiles, Patience, Proofs, Replica};
use crate::input;
use crate::output::Output;
use crate::render::style;

/// Judges a file, or verifies what a URL or a folder holds.
pub(in crate::cmd) fn run(args: &LogVerify, mut output: Output) -> Result<u8, Failure> {
    if super::is_url(&args.what) {
        output.note(&format!("opening a network connection: {}", printable(&args.what)));
        let api_key = args.api_key_file.as_deref().map(input::read_api_key).transpose()?;
        return log(args, &LogFiles::at(&args.what, api_key)?, output);
    }
    if super::is_folder(&args.what) {
        return log(args, &LogFiles::in_folder(Path::new(&args.what)), output);
    }
    let bytes = input::read_small(Path::new(&args.what))?;
    let shown = printable(&args.what);
    let evidence = Evidence::parse(&bytes)
        .map_err(|error| Failure::undecided(format!("{shown}: it proves nothing: {error}")))?;
    let proven = evidence.judge(&super::keys(&args.keys)?);
    let proven = proven.map_err(|reason| {
        Failure::undecided(format!("{shown}: {} is not proven: {reason}", evidence.kind()))
    })?;
    output.data(&format!("{}: {}\n", style::bad("proven"), style::strong(proven.kind.as_str())))?;
    let by = if proven.one_of { "one of" } else { "by" };
    for (at, key) in proven.accused.iter().enumerate() {
        output.data(&format!("  {:<6}  {key}\n", if at == 0 { by } else { "" }))?;
    }
    output.data(&format!("  what    {}\n", printable(&proven.text)))?;
    Ok(REJECTED)
}

fn log(args: &LogVerify, files: &LogFiles, mut output: Output) -> Result<u8, Failure> {
    let keys = super::keys(&args.keys)?;
    let undecided = |error: FollowError| Failure::undecided(error.to_string());
    let signed = files.checkpoint().map_err(undecided)?;
    let key = super::key_of_log(&keys, signed.unverified().origin())?;
    let checkpoint = signed.open(key).map_err(|error| Failure::rejected(error.to_string()))?;
    let head = checkpoint.head();
    let mut replica = Replica::new(super::home_of(key)?);
    let never = AtomicBool::new(false);
    let patience = Patience::new(Duration::from_secs(args.timeout), &never);
    let mut leaves = Vec::new();
    let read = replica.read_to(head, files, &patience, |_, entry| {
        leaves.push(Hash::of_leaf(entry));
        Ok(())
    });
    let step = read.map_err(|error| match error {
        FollowError::Root { .. } => Failure::rejected(error.to_string()),
        error => undecided(error),
    })?;
    if let Some((index, fault)) = &step.fault {
        return Err(Failure::rejected(format!("{} has signed entry {index}: {fault}", key.name())));
    }
    let tiles = tiles(&leaves, files)?;
    let counts = step.counts;
    replica.take(step);
    let ledger = replica.ledger();
    let lots = ledger.iter().filter(|(_, standing)| standing.is_lot()).count();
    let here = |standing: &ytterby::ledger::Standing| standing.elsewhere().is_none();
    let open = ledger.iter().filter(|(_, s)| s.is_lot() && here(s) && s.closed().is_none()).count();
    let mut text = format!("{}\n", style::strong(&printable(key.name().as_str())));
    let mut line = |name: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:<14}  {value}");
    };
    line("size", head.size.to_string());
    line("root", head.root.to_string());
    line("cosigned by", cosigners(&signed, &keys.notes));
    line("certificates", counts.certificates.to_string());
    line("admissions", counts.admissions.to_string());
    line("closings", counts.closings.to_string());
    line("status changes", counts.statuses.to_string());
    line("tiles", tiles.to_string());
    line("lots", format!("{lots}, {open} of them open here"));
    output.data(&text)?;
    output.data(&format!(
        "{}: every entry was read and replayed, and has the root that was signed\n",
        style::good("verified")
    ))?;
    Ok(0)
}

/// Compares every tile of hashes with the entries, and says how many there are. Whoever proves from
/// tiles would find out, but only of those that he needs.
fn tiles(leaves: &[Hash], files: &LogFiles) -> Result<usize, Failure> {
    let proofs = Proofs::of(leaves).map_err(|error| Failure::undecided(error.to_string()))?;
    let mut count = 0;
    for (tile, expected) in proofs.tiles() {
        let served = files.tile(*tile).map_err(|error| Failure::undecided(error.to_string()))?;
        let full = match (&served, tile.full()) {
            (None, Some(full)) => files.tile(full).map_err(|error| Failure::undecided(error.to_string()))?,
            _ => None,
        };
        let missing = || Failure::undecided(format!("{}: {tile} is missing", files.name()));
        let cut = full.map(|bytes| bytes[..expected.len().min(bytes.len())].to_vec());
        if served.or(cut).ok_or_else(missing)? != expected {
            return Err(Failure::rejected(format!("{}: {tile} is not that of the entries", files.name())));
        }
        count += 1;
    }
    Ok(count)
}

/// The known witnesses that have signed.
fn cosigners(signed: &SignedCheckpoint, keys: &[ytterby_tlog::VerifierKey]) -> String {
    let cosigned = |key: &&ytterby_tlog::VerifierKey| {
        key.kind() == SignatureKind::Cosignature && signed.note().verify([*key]).is_ok()
    };
    let names: Vec<String> = keys.iter().filter(cosigned).map(|key| printable(key.name().as_str())).collect();
    if names.is_empty() { "no witness that is known".to_owned() } else { names.join(", ") }
}
