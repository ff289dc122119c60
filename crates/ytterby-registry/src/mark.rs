//! The high-water mark: the newest checkpoint that was signed, in a file of its own.
//!
//! The file has two slots, which are written in turn: what stands is never written over, and a new
//! mark costs one write that moves no block. After a crash the slot that was being written holds the
//! new mark or nothing that verifies, and the other the one before. What is read is never taken to be
//! on the disk: [`Mark::settle`] replaces the file whole before anything is signed on the strength of it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ytterby_tlog::{SignedCheckpoint, TreeHead, VerifierKey};

/// Bytes of a slot: more than a checkpoint with one signature takes, and no part of another's block.
const SLOT: usize = 4_096;
/// How many there are.
const SLOTS: usize = 2;

/// A mark that is in its file.
pub(crate) struct Mark {
    path: PathBuf,
    checkpoint: Arc<SignedCheckpoint>,
    /// The slot that holds it.
    slot: usize,
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
    /// Reads the mark of a log; none if there is no file. A file of a checkpoint alone is one as well.
    pub(crate) fn read(path: &Path, key: &VerifierKey) -> Result<Option<Self>, MarkError> {
        let content = |problem: String| MarkError::Content { path: path.to_owned(), problem };
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| {
            let most = (SLOT * SLOTS) as u64;
            file.take(most + 1).read_to_end(&mut bytes)
        });
        match read {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(MarkError::File { path: path.to_owned(), source }),
            Ok(size) if size > SLOT * SLOTS => return Err(content("it is too large".to_owned())),
            Ok(_) => {}
        }
        let mut newest: Option<(usize, SignedCheckpoint)> = None;
        let mut problem = "it is empty".to_owned();
        for (slot, bytes) in bytes.chunks(SLOT).enumerate() {
            let checkpoint = match opened(bytes, key) {
                Ok(checkpoint) => checkpoint,
                Err(why) => {
                    problem = why;
                    continue;
                }
            };
            let size = |checkpoint: &SignedCheckpoint| checkpoint.unverified().head().size;
            if newest.as_ref().is_none_or(|(_, before)| size(before) < size(&checkpoint)) {
                newest = Some((slot, checkpoint));
            }
        }
        let (slot, checkpoint) = newest.ok_or_else(|| content(problem))?;
        Ok(Some(Mark { path: path.to_owned(), checkpoint: Arc::new(checkpoint), slot }))
    }

    /// The first mark of a log.
    pub(crate) async fn first(path: &Path, checkpoint: SignedCheckpoint) -> Result<Self, MarkError> {
        let mark = Mark { path: path.to_owned(), checkpoint: Arc::new(checkpoint), slot: 0 };
        mark.settle().await
    }

    /// The same mark in a new file, which is on the disk for certain.
    pub(crate) async fn settle(self) -> Result<Self, MarkError> {
        Mark { slot: 0, ..self }.written(replace).await
    }

    /// A later mark in the other slot. If this fails, the file has one of the two, and which of them is
    /// on the disk is not known: it has to be read and settled.
    pub(crate) async fn advance(self, checkpoint: SignedCheckpoint) -> Result<Self, MarkError> {
        let slot = (self.slot + 1) % SLOTS;
        Mark { path: self.path, checkpoint: Arc::new(checkpoint), slot }.written(overwrite).await
    }

    /// Its size and root.
    pub(crate) fn head(&self) -> TreeHead {
        self.checkpoint.unverified().head()
    }

    /// The checkpoint.
    pub(crate) fn checkpoint(&self) -> Arc<SignedCheckpoint> {
        self.checkpoint.clone()
    }

    async fn written(self, write: fn(&Path, usize, &[u8]) -> std::io::Result<()>) -> Result<Self, MarkError> {
        let (path, slot, text) = (self.path.clone(), self.slot, self.checkpoint.to_string());
        let mut bytes = text.into_bytes();
        if bytes.len() > SLOT {
            let problem = "a checkpoint does not fit".to_owned();
            return Err(MarkError::Content { path, problem });
        }
        bytes.resize(SLOT, 0);
        let written = tokio::task::spawn_blocking(move || write(&path, slot, &bytes)).await;
        match written.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
            Ok(()) => Ok(self),
            Err(source) => Err(MarkError::File { path: self.path, source }),
        }
    }
}

/// The checkpoint of a slot, if this log signed it.
fn opened(slot: &[u8], key: &VerifierKey) -> Result<SignedCheckpoint, String> {
    let text = slot.split(|byte| *byte == 0).next().unwrap_or_default();
    let checkpoint = SignedCheckpoint::parse(text).map_err(|error| error.to_string())?;
    checkpoint.open(key).map_err(|error| error.to_string())?;
    Ok(checkpoint)
}

/// Writes a slot of a file that is there and has all of them.
fn overwrite(path: &Path, slot: usize, bytes: &[u8]) -> std::io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    if file.metadata()?.len() != (SLOT * SLOTS) as u64 {
        return Err(std::io::Error::other("somebody else has written it"));
    }
    file.write_all_at(bytes, (slot * SLOT) as u64)?;
    file.sync_data()
}

/// Makes the file anew, with this in one slot: written beside, brought to the disk, renamed, and the
/// folder brought to the disk too.
fn replace(path: &Path, slot: usize, bytes: &[u8]) -> std::io::Result<()> {
    let mut all = vec![0; SLOT * SLOTS];
    all[slot * SLOT..][..SLOT].copy_from_slice(bytes);
    let mut beside = path.as_os_str().to_owned();
    beside.push(".partial");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(&all)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use ytterby_tlog::{Checkpoint, Frontier, Hash, KeyName, NoteSigner};

    use super::*;

    fn signer() -> NoteSigner {
        NoteSigner::from_seed(KeyName::parse("registry.example/log").unwrap(), &[7; 32])
    }

    fn signed(size: usize) -> SignedCheckpoint {
        let mut tree = Frontier::new();
        for at in 0..size {
            tree.append(Hash::of_leaf(&at.to_le_bytes())).unwrap();
        }
        Checkpoint::new(signer().verifier_key().name().clone(), tree.head()).sign(&signer()).unwrap()
    }

    fn read(path: &Path) -> Result<u64, String> {
        let mark = Mark::read(path, signer().verifier_key()).map_err(|error| error.to_string())?;
        Ok(mark.ok_or("there is none")?.head().size)
    }

    /// Whatever part of a write reached the disk, the file has the mark before it or the new one.
    #[tokio::test]
    async fn a_write_that_broke_off_leaves_one_of_the_two() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.mark");
        let mut mark = Mark::first(&path, signed(0)).await.unwrap();
        for size in 1..5 {
            let before = std::fs::read(&path).unwrap();
            mark = mark.advance(signed(size)).await.unwrap();
            let after = std::fs::read(&path).unwrap();
            assert_eq!(read(&path), Ok(size as u64));
            let changed: Vec<usize> = (0..after.len()).filter(|at| before[*at] != after[*at]).collect();
            assert!(changed.iter().all(|at| at / SLOT == size % SLOTS), "the mark before is written over");
            for torn in changed.into_iter().step_by(5) {
                // The sectors before this byte are new, the rest is old; and the other way round.
                for (front, back) in [(&after, &before), (&before, &after)] {
                    std::fs::write(&path, [&front[..torn], &back[torn..]].concat()).unwrap();
                    let found = read(&path).unwrap();
                    assert!(found == size as u64 || found == size as u64 - 1, "{found} at {torn}");
                }
            }
            std::fs::write(&path, &after).unwrap();
        }
    }

    #[tokio::test]
    async fn a_file_of_one_checkpoint_is_a_mark_until_it_is_settled() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.mark");
        std::fs::write(&path, signed(3).to_string()).unwrap();
        let found = Mark::read(&path, signer().verifier_key()).unwrap().unwrap();
        assert!(found.advance(signed(4)).await.is_err(), "it has no second slot");
        assert_eq!(read(&path), Ok(3));
        let found = Mark::read(&path, signer().verifier_key()).unwrap().unwrap();
        found.settle().await.unwrap().advance(signed(4)).await.unwrap();
        assert_eq!(read(&path), Ok(4));
    }

    #[test]
    fn what_the_log_did_not_sign_is_no_mark() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.mark");
        assert_eq!(read(&path), Err("there is none".to_owned()));
        let other = NoteSigner::from_seed(KeyName::parse("registry.example/log").unwrap(), &[8; 32]);
        let forged = Checkpoint::new(other.verifier_key().name().clone(), signed(9).unverified().head());
        let forged = forged.sign(&other).unwrap().to_string();
        for bytes in [String::new(), "nonsense".to_owned(), forged.clone(), "\n".repeat(SLOT * SLOTS + 1)] {
            std::fs::write(&path, bytes).unwrap();
            assert!(read(&path).unwrap_err().contains("log.mark"));
        }
        // Beside one that verifies it counts for nothing.
        let mut both = signed(2).to_string().into_bytes();
        both.resize(SLOT, 0);
        both.extend_from_slice(forged.as_bytes());
        std::fs::write(&path, both).unwrap();
        assert_eq!(read(&path), Ok(2));
    }
}
