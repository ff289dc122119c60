//! The high-water mark: the newest checkpoint that was signed, in a file of its own.
//!
//! It is replaced whole: written beside, brought to the disk, renamed, and the folder brought to the
//! disk too. After a crash there is the old one or the new one.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ytterby_tlog::{SignedCheckpoint, TreeHead, VerifierKey};

/// Largest mark: a checkpoint with one signature.
const LARGEST: u64 = 4_096;

/// A mark that is on the disk.
pub(crate) struct Mark {
    path: PathBuf,
    checkpoint: Arc<SignedCheckpoint>,
}

/// Why there is no mark, or no new one.
#[derive(Debug, thiserror::Error)]
pub enum MarkError {
    /// The file cannot be read or written.
    #[error("the mark {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is no checkpoint that this log signed.
    #[error("the mark {path}: {problem}")]
    Content {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

impl Mark {
    /// Reads the mark of a log; none if there is no file.
    pub(crate) fn read(path: &Path, key: &VerifierKey) -> Result<Option<Self>, MarkError> {
        let file = |source| MarkError::File { path: path.to_owned(), source };
        let content = |problem: String| MarkError::Content { path: path.to_owned(), problem };
        match path.metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(file(error)),
            Ok(found) if found.len() > LARGEST => return Err(content("it is too large".to_owned())),
            Ok(_) => {}
        }
        let bytes = std::fs::read(path).map_err(file)?;
        let checkpoint = SignedCheckpoint::parse(&bytes).map_err(|error| content(error.to_string()))?;
        checkpoint.open(key).map_err(|error| content(error.to_string()))?;
        Ok(Some(Mark { path: path.to_owned(), checkpoint: Arc::new(checkpoint) }))
    }

    /// The first mark of a log.
    pub(crate) async fn first(path: &Path, checkpoint: SignedCheckpoint) -> Result<Self, MarkError> {
        let mark = Mark { path: path.to_owned(), checkpoint: Arc::new(checkpoint) };
        mark.write().await
    }

    /// A later mark in the place of this one. If this fails, the file has one of the two.
    pub(crate) async fn advance(self, checkpoint: SignedCheckpoint) -> Result<Self, MarkError> {
        let mark = Mark { path: self.path, checkpoint: Arc::new(checkpoint) };
        mark.write().await
    }

    /// Its size and root.
    pub(crate) fn head(&self) -> TreeHead {
        self.checkpoint.unverified().head()
    }

    /// The checkpoint.
    pub(crate) fn checkpoint(&self) -> Arc<SignedCheckpoint> {
        self.checkpoint.clone()
    }

    async fn write(self) -> Result<Self, MarkError> {
        let (path, text) = (self.path.clone(), self.checkpoint.to_string());
        let written = tokio::task::spawn_blocking(move || replace(&path, text.as_bytes())).await;
        let written = written.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        match written {
            Ok(()) => Ok(self),
            Err(source) => Err(MarkError::File { path: self.path, source }),
        }
    }
}

fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".partial");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
