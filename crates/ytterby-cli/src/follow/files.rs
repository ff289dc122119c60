//! The public files of a log (C2SP tlog-tiles), over HTTP or in a folder.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ytterby::form::StatusPurpose;
use ytterby_tlog::{Bundle, MAX_ENTRY_BYTES, MAX_NOTE_BYTES, SignedCheckpoint, TILE_WIDTH, Tile};

use super::FollowError;
use crate::cmd::agent;
use crate::failure::Failure;

/// How long one file may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Largest bundle of entries, in bytes: 256 of the longest, each after its length.
const MAX_BUNDLE: u64 = TILE_WIDTH as u64 * (MAX_ENTRY_BYTES as u64 + 2);

/// Largest status list that is read, in bytes: its bits are 16 KiB before they are compressed.
pub(crate) const MAX_STATUS_LIST: u64 = 256 * 1024;

/// Where a registry shows a status list, below its own URL.
pub(crate) fn status_list_path(number: u64, purpose: StatusPurpose) -> String {
    match purpose {
        StatusPurpose::Revocation => format!("v1/status-lists/{number}"),
        StatusPurpose::Suspension => format!("v1/status-lists/{number}/suspension"),
    }
}

/// Where a log's checkpoint and tiles are to be had.
#[derive(Debug, Clone)]
pub(crate) struct LogFiles(Place);

#[derive(Debug, Clone)]
enum Place {
    Http { agent: ureq::Agent, base: String, api_key: Option<String> },
    Folder(PathBuf),
}

impl LogFiles {
    /// A log served under a URL, such as `https://registry.example/log`; the API key is for those that
    /// limit who may read entries.
    pub(crate) fn at(url: &str, api_key: Option<String>) -> Result<Self, Failure> {
        let base = url.trim_end_matches('/').to_owned();
        Ok(LogFiles(Place::Http { agent: agent(url, TIMEOUT)?, base, api_key }))
    }

    /// A log mirrored in a folder, under the same paths.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        LogFiles(Place::Folder(folder.to_owned()))
    }

    /// The newest checkpoint, of which nothing is verified.
    pub(crate) fn checkpoint(&self) -> Result<SignedCheckpoint, FollowError> {
        self.checkpoint_at("checkpoint")?
            .ok_or_else(|| FollowError::Unavailable(format!("{}: there is no checkpoint", self.name())))
    }

    /// The checkpoint under a path; nothing if there is none.
    pub(crate) fn checkpoint_at(&self, path: &str) -> Result<Option<SignedCheckpoint>, FollowError> {
        let Some(bytes) = self.read(path, MAX_NOTE_BYTES as u64)? else { return Ok(None) };
        SignedCheckpoint::parse(&bytes).map(Some).map_err(|error| self.unreadable(path, &error))
    }

    /// The entries of a bundle. A partial bundle that is gone is cut from the full one.
    pub(crate) fn entries(&self, bundle: Bundle) -> Result<Vec<Vec<u8>>, FollowError> {
        let mut found = bundle;
        let mut bytes = self.read(&found.to_string(), MAX_BUNDLE)?;
        if let (None, Some(full)) = (&bytes, Bundle::new(bundle.tile().index(), TILE_WIDTH)) {
            found = full;
            bytes = self.read(&found.to_string(), MAX_BUNDLE)?;
        }
        let missing = || FollowError::Unavailable(format!("{}: {bundle} is missing", self.name()));
        let bytes = bytes.ok_or_else(missing)?;
        let entries = found.decode(&bytes).map_err(|error| self.unreadable(&found.to_string(), &error))?;
        Ok(entries.into_iter().take(bundle.tile().width().into()).map(<[u8]>::to_vec).collect())
    }

    /// The bytes of a tile; nothing if there is none.
    pub(crate) fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, FollowError> {
        self.read(&tile.to_string(), u64::from(TILE_WIDTH) * 32)
    }

    /// The bytes of another file, if there is one and it is not larger than this.
    pub(crate) fn file(&self, path: &str, most: u64) -> Result<Option<Vec<u8>>, FollowError> {
        self.read(path, most)
    }

    /// What to call it.
    pub(crate) fn name(&self) -> String {
        match &self.0 {
            Place::Http { base, .. } => base.clone(),
            Place::Folder(folder) => folder.display().to_string(),
        }
    }

    fn unreadable(&self, path: &str, error: &dyn std::error::Error) -> FollowError {
        FollowError::Unavailable(format!("{}/{path}: {error}", self.name()))
    }

    /// The bytes of a file, nothing if there is none.
    fn read(&self, path: &str, max: u64) -> Result<Option<Vec<u8>>, FollowError> {
        match &self.0 {
            Place::Http { agent, base, api_key } => {
                fetch(agent, &format!("{base}/{path}"), api_key.as_deref(), max)
            }
            Place::Folder(folder) => {
                let path = folder.join(path);
                let file = match File::open(&path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                    file => file,
                };
                file.and_then(|mut file| up_to(&mut file, max))
                    .map(Some)
                    .map_err(|error| FollowError::Unavailable(format!("{}: {error}", path.display())))
            }
        }
    }
}

fn fetch(
    agent: &ureq::Agent,
    url: &str,
    key: Option<&str>,
    max: u64,
) -> Result<Option<Vec<u8>>, FollowError> {
    let unavailable = |text: String| FollowError::Unavailable(format!("{url}: {text}"));
    let mut request = agent.get(url);
    if let Some(key) = key {
        request = request.header("Authorization", format!("Bearer {key}"));
    }
    match request.call() {
        Ok(mut response) => up_to(&mut response.body_mut().as_reader(), max)
            .map(Some)
            .map_err(|error| unavailable(format!("the answer broke off: {error}"))),
        Err(ureq::Error::StatusCode(404)) => Ok(None),
        Err(ureq::Error::StatusCode(status @ (401 | 403))) => Err(unavailable(format!(
            "{status}: the entries are not shown without an API key, or not with this one"
        ))),
        Err(error) => Err(unavailable(error.to_string())),
    }
}

/// All bytes of a reader, if there are not more.
fn up_to(reader: &mut dyn Read, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        return Err(io::Error::other(format!("larger than {max} bytes")));
    }
    Ok(bytes)
}
