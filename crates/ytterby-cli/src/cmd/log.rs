//! `ytterby log`: logs of registries, verified and followed, and evidence against them.

mod monitor;
mod verify;

use std::path::Path;

use ytterby::Home;
use ytterby::evidence::Keys;
use ytterby_tlog::{KeyName, SignatureKind, VerifierKey};

use super::trust;
use crate::args::LogKeys;
use crate::failure::Failure;

pub(super) use monitor::run as monitor;
pub(super) use verify::run as verify;

/// The keys of a command line and its trust file.
fn keys(args: &LogKeys) -> Result<Keys, Failure> {
    let trust = trust::load(args.trust.as_deref())?;
    let mut keys = Keys::of(&trust);
    for text in &args.key {
        let key =
            VerifierKey::parse(text).map_err(|error| Failure::usage(format!("--key {text}: {error}")))?;
        keys.notes.push(key);
    }
    Ok(keys)
}

/// The key of the log of an origin.
fn key_of_log<'k>(keys: &'k Keys, origin: &KeyName) -> Result<&'k VerifierKey, Failure> {
    let known = keys.notes.iter().find(|key| key.kind() == SignatureKind::Note && key.name() == origin);
    known.ok_or_else(|| {
        let origin = ytterby::text::printable(origin.as_str());
        Failure::undecided(format!(
            "no key of the log {origin} is known: --key, or a [[registry]] of --trust"
        ))
    })
}

fn home_of(key: &VerifierKey) -> Result<Home, Failure> {
    let name = key.name().as_str();
    Home::parse(name).ok_or_else(|| Failure::usage(format!("{name:?} is no log origin")))
}

/// A path, or a URL?
fn is_url(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

fn is_folder(text: &str) -> bool {
    Path::new(text).is_dir()
}
