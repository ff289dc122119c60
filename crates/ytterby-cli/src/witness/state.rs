//! The state of a witness: its key, and one keeper for each log.
//!
//! ```text
//! state/witness.json              whose state it is, and of which logs
//! state/lock                      held by the one process that uses it
//! state/<hash of origin>/         one log: see `follow::Kept`
//! state/evidence/                 refused requests that show a fault
//! ```

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};
use ytterby::Home;
use ytterby_tlog::{Cosigner, SignatureKind, VerifierKey};

use super::config::{Config, LogConfig};
use super::keeper::Keeper;
use crate::failure::Failure;
use crate::follow::{Kept, LogFiles, origin_hash};
use crate::{file, input};

/// All that a running witness has.
#[derive(Debug)]
pub(crate) struct State {
    cosigner: Cosigner,
    /// By the hash of the origin.
    logs: BTreeMap<String, Keeper>,
    evidence: PathBuf,
    /// Set when the witness is to end: audits that are under way are given up.
    pub(crate) stop: AtomicBool,
    /// Held as long as the witness runs.
    _lock: File,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    version: String,
    /// The public key of the witness that made it.
    key: String,
    /// Every origin that it ever kept a state of.
    origins: Vec<String>,
}

impl State {
    /// Opens the state of a configuration, and replays what was accepted. One that is not there is made if it
    /// is said to be new: else it was lost, and who forgot what he has cosigned could cosign a second history.
    pub(crate) fn open(config: &Config, new: bool) -> Result<Self, Failure> {
        let cosigner = key(&config.key_file)?;
        let mut audited: BTreeMap<String, Audited> = BTreeMap::new();
        for log in &config.log {
            let log = Audited::of(log)?;
            if let Some(twin) = audited.insert(origin_hash(log.home.as_str()), log) {
                return Err(Failure::usage(format!("two [[log]] tables have the origin {}", twin.home)));
            }
        }
        let folder = &config.state;
        let path = folder.join("witness.json");
        let mut index =
            Index { version: "1".to_owned(), key: cosigner.verifier_key().to_string(), origins: Vec::new() };
        let there = folder.exists();
        if there && new {
            let text = "the state is there already; leave --new out";
            return Err(Failure::undecided(format!("{}: {text}", folder.display())));
        }
        if !there && !new {
            let text = "there is no state. With a key that has never signed, --new makes it; a witness that lost \
                        its state gets a new key and a new folder";
            return Err(Failure::undecided(format!("{}: {text}", folder.display())));
        }
        if !there {
            std::fs::create_dir_all(folder)
                .and_then(|()| file::sync_directory(folder))
                .map_err(|error| Failure::file("make", folder, &error))?;
            index.write(&path)?;
        }
        let lock = file::lock(&folder.join("lock"))?;
        index.origins = Index::read(&path)?.origins;
        let mut logs = BTreeMap::new();
        for (hash, Audited { key, home, files }) in audited {
            let folder = folder.join(&hash);
            if !index.origins.iter().any(|known| known == home.as_str()) {
                Kept::create(&folder)?;
                index.origins.push(home.to_string());
            }
            let kept = Kept::open(&folder, &key, &home).map_err(|failure| Failure {
                text: format!(
                    "{}; a state that is lost must not be made anew with the same key",
                    failure.text
                ),
                ..failure
            })?;
            logs.insert(hash, Keeper::new(key, files, kept));
        }
        // From here on a folder that is missing was lost.
        index.write(&path)?;
        let evidence = folder.join("evidence");
        std::fs::create_dir_all(&evidence).map_err(|error| Failure::file("make", &evidence, &error))?;
        Ok(State { cosigner, logs, evidence, stop: AtomicBool::new(false), _lock: lock })
    }

    /// The key it cosigns with.
    pub(crate) fn cosigner(&self) -> &Cosigner {
        &self.cosigner
    }

    /// The keeper of a log, by the hash of its origin.
    pub(crate) fn log(&self, hash: &str) -> Option<&Keeper> {
        self.logs.get(hash)
    }

    /// All keepers.
    pub(crate) fn logs(&self) -> impl Iterator<Item = &Keeper> {
        self.logs.values()
    }

    /// Where refused requests that show a fault are kept.
    pub(crate) fn evidence(&self) -> &Path {
        &self.evidence
    }
}

/// A log of the configuration, found to be one.
struct Audited {
    key: VerifierKey,
    home: Home,
    files: LogFiles,
}

impl Audited {
    fn of(log: &LogConfig) -> Result<Self, Failure> {
        let fault = |text: String| Failure::usage(format!("[[log]] {}: {text}", log.key));
        let key = VerifierKey::parse(&log.key).map_err(|error| fault(error.to_string()))?;
        if key.kind() != SignatureKind::Note {
            return Err(fault("a log signs with a key of type 0x01, this is one that cosigns".to_owned()));
        }
        let home =
            Home::parse(key.name().as_str()).ok_or_else(|| fault("its name is no log origin".to_owned()))?;
        let api_key = log.api_key_file.as_deref().map(input::read_api_key).transpose()?;
        Ok(Audited { key, home, files: LogFiles::at(&log.url, api_key)? })
    }
}

impl Index {
    fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = std::fs::read(path).map_err(|error| {
            Failure::undecided(format!(
                "{}: {error}. The folder is there, the state is not: a witness that lost its state \
                 gets a new key and a new folder",
                path.display()
            ))
        })?;
        serde_json::from_slice(&bytes)
            .map_err(|error| Failure::undecided(format!("{}: {error}", path.display())))
    }

    fn write(&self, path: &Path) -> Result<(), Failure> {
        let bytes = serde_json::to_vec_pretty(self).map_err(|error| Failure::undecided(error.to_string()))?;
        file::replace(path, &bytes)
    }
}

fn key(path: &Path) -> Result<Cosigner, Failure> {
    let bytes = input::read_small(path)?;
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    // The text is never repeated in the message: it may be almost a key.
    Cosigner::parse_secret(text.trim_end()).map_err(|error| {
        Failure::undecided(format!("{}: not the secret key of a witness: {error}", path.display()))
    })
}
