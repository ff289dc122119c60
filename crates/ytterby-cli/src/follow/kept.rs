//! What is kept of a log in a folder, so that it survives a crash at any moment: its entries, and how
//! far they were accepted.
//!
//! `entries` is only appended to: each entry after its length in two bytes, most significant first, as
//! in the bundles of C2SP tlog-tiles one after the other. `state.json` says how many of its bytes count,
//! and is replaced whole, once they are on the disk. What stands behind them was read and not accepted,
//! or not to the end.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use ytterby::Home;
use ytterby_tlog::{Checkpoint, Frontier, Hash, SignedCheckpoint, TreeHead, VerifierKey};

use super::{FollowError, LogFiles, Patience, Replica, Step};
use crate::failure::Failure;
use crate::file;

/// The folder of one log.
#[derive(Debug)]
pub(crate) struct Kept {
    folder: PathBuf,
    entries: File,
    /// How many bytes of the entries count.
    length: u64,
    checkpoint: Option<SignedCheckpoint>,
    replica: Replica,
}

/// Entries that were read, and are on the disk, but do not count yet.
#[derive(Debug)]
pub(crate) struct Read {
    /// What they come to.
    pub(crate) step: Step,
    /// The bytes of the file up to the last of them.
    length: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    version: String,
    /// Number of entries that were accepted.
    size: u64,
    /// The root of their tree.
    root: String,
    /// The right edge of the tree, in base64.
    frontier: String,
    /// How many bytes of the file of entries they take.
    entries_bytes: u64,
    /// The checkpoint under which they were accepted; none at first.
    checkpoint: Option<String>,
}

/// Bytes that are collected before they are written.
const BUFFER: usize = 1 << 18;

impl Kept {
    /// Makes the folder of a log of which nothing is known yet.
    pub(crate) fn create(folder: &Path) -> Result<(), Failure> {
        std::fs::create_dir_all(folder).map_err(|error| Failure::file("make", folder, &error))?;
        let entries = folder.join("entries");
        File::create(&entries)
            .and_then(|file| file.sync_all())
            .map_err(|error| Failure::file("make", &entries, &error))?;
        write_state(folder, &Frontier::new(), 0, None)
    }

    /// Opens the folder of a log and replays what was accepted of it.
    pub(crate) fn open(folder: &Path, key: &VerifierKey, origin: &Home) -> Result<Self, Failure> {
        let damaged = |text: &str| Failure::undecided(format!("{}: {text}", folder.display()));
        let path = folder.join("state.json");
        let bytes =
            std::fs::read(&path).map_err(|error| damaged(&format!("no state can be read: {error}")))?;
        let state: State = serde_json::from_slice(&bytes).map_err(|error| damaged(&error.to_string()))?;
        let root = Hash::parse(&state.root).map_err(|error| damaged(&error.to_string()))?;
        let head = TreeHead { size: state.size, root };
        let checkpoint = match &state.checkpoint {
            None => None,
            Some(text) => Some(
                SignedCheckpoint::parse(text.as_bytes())
                    .ok()
                    .filter(|signed| is_of(signed.unverified(), key, head))
                    .ok_or_else(|| damaged("its checkpoint is not the log's, or not of its size and root"))?,
            ),
        };
        let frontier = BASE64.decode(state.frontier.as_bytes()).ok();
        let frontier = frontier.and_then(|bytes| Frontier::from_bytes(&bytes).ok());
        let entries_path = folder.join("entries");
        let entries = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&entries_path)
            .map_err(|error| damaged(&format!("no entries can be read: {error}")))?;
        let (folder, length) = (folder.to_owned(), state.entries_bytes);
        let mut kept = Kept { folder, entries, length, checkpoint, replica: Replica::new(origin.clone()) };
        let mut step = kept.replica.step();
        let read = kept.each(|_, entry| {
            step.append(entry, kept.replica.ledger()).map_err(|error| io::Error::other(error.to_string()))
        });
        read.map_err(|error| damaged(&format!("the entries: {error}")))?;
        let same = step.frontier().head() == head && frontier.as_ref() == Some(step.frontier());
        if !same || step.fault.is_some() || state.version != VERSION {
            return Err(damaged("entries, root and frontier do not belong together"));
        }
        kept.replica.take(step);
        kept.entries.set_len(kept.length).map_err(|error| Failure::file("cut", &entries_path, &error))?;
        Ok(kept)
    }

    /// The checkpoint under which the entries were accepted.
    pub(crate) fn checkpoint(&self) -> Option<&SignedCheckpoint> {
        self.checkpoint.as_ref()
    }

    /// What is known of the log.
    pub(crate) fn replica(&self) -> &Replica {
        &self.replica
    }

    /// Reads the log on to a head that its key has signed. The entries are on the disk, behind those
    /// that count, and count only once [`Kept::accept`] says so; [`Kept::reject`] takes them away again,
    /// and an error leaves none.
    pub(crate) fn follow(
        &mut self,
        head: TreeHead,
        files: &LogFiles,
        patience: &Patience<'_>,
    ) -> Result<Read, FollowError> {
        let read = self.read_on(head, files, patience);
        if read.is_err() {
            self.cut()?;
        }
        read
    }

    /// Takes away what was read and is not accepted: it is no reason to have less room for other logs.
    pub(crate) fn reject(&mut self, read: Read) -> Result<(), FollowError> {
        drop(read);
        self.cut()
    }

    fn cut(&self) -> Result<(), FollowError> {
        Ok(self.entries.set_len(self.length)?)
    }

    fn read_on(
        &mut self,
        head: TreeHead,
        files: &LogFiles,
        patience: &Patience<'_>,
    ) -> Result<Read, FollowError> {
        self.cut()?;
        self.entries.seek(SeekFrom::Start(self.length))?;
        let mut length = self.length;
        let mut writer = BufWriter::with_capacity(BUFFER, &self.entries);
        let step = self.replica.read_to(head, files, patience, |_, entry| {
            let bytes = u16::try_from(entry.len()).map_err(io::Error::other)?.to_be_bytes();
            writer.write_all(&bytes)?;
            writer.write_all(entry)?;
            length += (bytes.len() + entry.len()) as u64;
            Ok(())
        })?;
        writer.flush()?;
        drop(writer);
        Ok(Read { step, length })
    }

    /// Accepts what was read, which must be without a fault: entries first, then what says that they
    /// count. Whoever crashes in between has accepted nothing.
    pub(crate) fn accept(&mut self, read: Read, checkpoint: SignedCheckpoint) -> Result<(), Failure> {
        let entries = self.folder.join("entries");
        self.entries.sync_all().map_err(|error| Failure::file("write", &entries, &error))?;
        write_state(&self.folder, read.step.frontier(), read.length, Some(&checkpoint))?;
        self.length = read.length;
        self.checkpoint = Some(checkpoint);
        self.replica.take(read.step);
        Ok(())
    }

    /// Every entry that counts, with its index.
    pub(crate) fn each(&self, on_entry: impl FnMut(u64, &[u8]) -> io::Result<()>) -> io::Result<()> {
        self.each_to(self.length, on_entry)
    }

    /// Every entry that counts, and then those that were read last.
    pub(crate) fn each_read(
        &self,
        read: &Read,
        on_entry: impl FnMut(u64, &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        self.each_to(read.length, on_entry)
    }

    /// Every entry in so many bytes of the file.
    fn each_to(&self, length: u64, mut on_entry: impl FnMut(u64, &[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut file = &self.entries;
        file.seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::with_capacity(BUFFER, file).take(length);
        let (mut index, mut entry) = (0, Vec::new());
        while reader.limit() > 0 {
            let mut bytes = [0; 2];
            reader.read_exact(&mut bytes)?;
            entry.resize(u16::from_be_bytes(bytes).into(), 0);
            reader.read_exact(&mut entry)?;
            on_entry(index, &entry)?;
            index += 1;
        }
        Ok(())
    }
}

/// What is kept was opened before it was kept. The key may have changed since: the origin may not.
fn is_of(checkpoint: &Checkpoint, key: &VerifierKey, head: TreeHead) -> bool {
    checkpoint.origin() == key.name() && checkpoint.head() == head
}

/// The version of the form of `state.json`.
const VERSION: &str = "1";

fn write_state(
    folder: &Path,
    frontier: &Frontier,
    entries_bytes: u64,
    checkpoint: Option<&SignedCheckpoint>,
) -> Result<(), Failure> {
    let state = State {
        version: VERSION.to_owned(),
        size: frontier.size(),
        root: frontier.root().to_string(),
        frontier: BASE64.encode(&frontier.to_bytes()),
        entries_bytes,
        checkpoint: checkpoint.map(SignedCheckpoint::to_string),
    };
    let path = folder.join("state.json");
    let bytes = serde_json::to_vec_pretty(&state).map_err(|error| Failure::undecided(error.to_string()))?;
    file::replace(&path, &bytes)
}
