//! Where the entries of a log are still to be had: a mirror of its public files, over HTTP or in a folder,
//! or the folder in which a witness keeps them.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use ureq::Agent;
use ytterby_tlog::{Bundle, MAX_ENTRY_BYTES, MAX_NOTE_BYTES, SignedCheckpoint, TILE_WIDTH};

/// How long one file may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Largest bundle, bytes: as many entries as a tile has hashes, each after its length.
const LARGEST_BUNDLE: u64 = TILE_WIDTH as u64 * (MAX_ENTRY_BYTES as u64 + 2);

/// A copy of a log.
pub(super) struct Source(Place);

enum Place {
    /// The files of C2SP tlog-tiles, under a URL.
    Http { agent: Agent, base: String, key: Option<String> },
    /// The same files in a folder.
    Folder(PathBuf),
    /// The folder of one log of a witness: `entries`, each after its length in two bytes, and `state.json`.
    Witness(PathBuf),
}

/// Why a copy cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No file of that name, no connection, no permission.
    #[error("{place}: {why}")]
    Unavailable {
        /// URL or path.
        place: String,
        /// Why.
        why: String,
    },
    /// It is there, and not what it should be.
    #[error("{place} is damaged: {why}")]
    Damaged {
        /// URL or path.
        place: String,
        /// What is wrong with it.
        why: String,
    },
}

/// What a witness says of the entries it keeps.
#[derive(Deserialize)]
struct Kept {
    entries_bytes: usize,
    checkpoint: Option<String>,
}

impl Source {
    /// The copy under a URL or in a folder; `key` is for a registry that limits who may read entries.
    pub(super) fn new(place: &str, key: Option<String>) -> Self {
        if place.starts_with("https://") || place.starts_with("http://") {
            let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT));
            let base = place.trim_end_matches('/').to_owned();
            return Source(Place::Http { agent: config.build().into(), base, key });
        }
        let folder = PathBuf::from(place);
        match folder.join("state.json").is_file() {
            true => Source(Place::Witness(folder)),
            false => Source(Place::Folder(folder)),
        }
    }

    /// What a folder is that is no copy of a log, and which is meant, where that can be told.
    fn hint(folder: &Path) -> String {
        if !folder.is_dir() {
            return "there is no such folder".to_owned();
        }
        if folder.join("witness.json").is_file() {
            return "this is a witness's state of several logs: name the folder in it that is the SHA-256 of the \
                    origin, in hexadecimal"
                .to_owned();
        }
        if folder.join("log").join("checkpoint").is_file() {
            return "the copy is in its folder `log`".to_owned();
        }
        "there is neither a `checkpoint` and `tile`, as in a mirror, nor `state.json` and `entries`, as in the folder \
         of one log of a witness"
            .to_owned()
    }

    /// Its newest checkpoint, of which nothing is verified.
    pub(super) fn checkpoint(&self) -> Result<SignedCheckpoint, SourceError> {
        let (place, bytes) = match &self.0 {
            Place::Witness(folder) => {
                let (place, kept) = kept(folder)?;
                let why = || "nothing was cosigned".to_owned();
                let text = kept
                    .checkpoint
                    .ok_or_else(|| SourceError::Damaged { place: place.clone(), why: why() })?;
                (place, text.into_bytes())
            }
            Place::Folder(folder) if !folder.join("checkpoint").is_file() => {
                let place = folder.display().to_string();
                return Err(SourceError::Unavailable { place, why: Self::hint(folder) });
            }
            _ => self.file("checkpoint", MAX_NOTE_BYTES as u64)?,
        };
        SignedCheckpoint::parse(&bytes)
            .map_err(|error| SourceError::Damaged { place, why: error.to_string() })
    }

    /// The entries from an index on, of a log of a size that its checkpoint states.
    pub(super) fn entries(&self, from: u64, size: u64) -> Result<Vec<Vec<u8>>, SourceError> {
        match &self.0 {
            Place::Witness(folder) => one_after_another(folder, from, size),
            _ => self.bundles(from, size),
        }
    }

    fn bundles(&self, from: u64, size: u64) -> Result<Vec<Vec<u8>>, SourceError> {
        let mut entries = Vec::new();
        for bundle in Bundle::written(from, size) {
            let (bundle, place, bytes) = self.bundle(bundle)?;
            let damaged = |why: String| SourceError::Damaged { place: place.clone(), why };
            let decoded = bundle.decode(&bytes).map_err(|error| damaged(error.to_string()))?;
            let wanted = bundle.indices().zip(decoded).filter(|(index, _)| (from..size).contains(index));
            entries.extend(wanted.map(|(_, entry)| entry.to_vec()));
        }
        Ok(entries)
    }

    /// A bundle. A partial one that a mirror has deleted is within the full one.
    fn bundle(&self, bundle: Bundle) -> Result<(Bundle, String, Vec<u8>), SourceError> {
        let error = match self.file(&bundle.to_string(), LARGEST_BUNDLE) {
            Ok((place, bytes)) => return Ok((bundle, place, bytes)),
            Err(error) => error,
        };
        let full = Bundle::new(bundle.tile().index(), TILE_WIDTH).filter(|full| *full != bundle);
        let full = full.and_then(|full| Some((full, self.file(&full.to_string(), LARGEST_BUNDLE).ok()?)));
        full.map(|(full, (place, bytes))| (full, place, bytes)).ok_or(error)
    }

    /// A file of a mirror, and where it is.
    fn file(&self, path: &str, most: u64) -> Result<(String, Vec<u8>), SourceError> {
        match &self.0 {
            Place::Http { agent, base, key } => {
                let place = format!("{base}/{path}");
                let unavailable = |why: String| SourceError::Unavailable { place: place.clone(), why };
                let mut request = agent.get(&place);
                if let Some(key) = key {
                    request = request.header("authorization", format!("Bearer {key}"));
                }
                let (parts, mut body) =
                    request.call().map_err(|error| unavailable(error.to_string()))?.into_parts();
                if parts.status.as_u16() != 200 {
                    return Err(unavailable(format!("it was answered {}", parts.status)));
                }
                let bytes = body.with_config().limit(most + 1).read_to_vec();
                let bytes = bytes.map_err(|error| unavailable(error.to_string()))?;
                Ok((place, bytes))
            }
            Place::Folder(folder) | Place::Witness(folder) => read(&folder.join(path)),
        }
    }
}

fn kept(folder: &Path) -> Result<(String, Kept), SourceError> {
    let (place, bytes) = read(&folder.join("state.json"))?;
    match serde_json::from_slice(&bytes) {
        Ok(kept) => Ok((place, kept)),
        Err(error) => Err(SourceError::Damaged { place, why: error.to_string() }),
    }
}

/// Reads what a witness keeps: what stands behind the bytes that count was never accepted.
fn one_after_another(folder: &Path, from: u64, size: u64) -> Result<Vec<Vec<u8>>, SourceError> {
    let (_, Kept { entries_bytes, .. }) = kept(folder)?;
    let (place, bytes) = read(&folder.join("entries"))?;
    let damaged = |why: &str| SourceError::Damaged { place: place.clone(), why: why.to_owned() };
    let mut rest = bytes.get(..entries_bytes).ok_or_else(|| damaged("it was cut off"))?;
    let (mut index, mut entries) = (0, Vec::new());
    while !rest.is_empty() && index < size {
        let entry = rest
            .split_first_chunk()
            .and_then(|(length, rest)| rest.split_at_checked(u16::from_be_bytes(*length).into()));
        let (entry, behind) = entry.ok_or_else(|| damaged("its last entry is cut off"))?;
        if index >= from {
            entries.push(entry.to_vec());
        }
        (index, rest) = (index + 1, behind);
    }
    Ok(entries)
}

fn read(path: &Path) -> Result<(String, Vec<u8>), SourceError> {
    let place = path.display().to_string();
    match std::fs::read(path) {
        Ok(bytes) => Ok((place, bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(SourceError::Unavailable { place, why: "it is not there".to_owned() })
        }
        Err(error) => Err(SourceError::Unavailable { place, why: error.to_string() }),
    }
}
