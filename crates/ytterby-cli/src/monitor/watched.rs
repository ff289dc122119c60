//! One log that is followed.

use std::path::{Path, PathBuf};

use ytterby::evidence::{Fork, Statement};
use ytterby::text::printable;
use ytterby::{Evidence, Home};
use ytterby_tlog::{Hash, SignedCheckpoint, TreeHead, VerifierKey};

use super::{Found, Interrupted, Look};
use crate::failure::Failure;
use crate::follow::{
    FollowError, Kept, LogFiles, Patience, Proofs, accuse, fork_in_tiles, mirror, origin_hash,
};

/// Most checkpoints that are ahead of what the log shows, and wait until it has caught up; and most that
/// are behind and need not be looked at again.
const MOST_AHEAD: usize = 64;

/// A log, its files, and what is kept of it.
#[derive(Debug)]
pub(crate) struct Watched {
    key: VerifierKey,
    files: LogFiles,
    kept: Kept,
    /// Where that is.
    folder: PathBuf,
    /// Checkpoints that witnesses have shown and the log does not reach.
    ahead: Vec<SignedCheckpoint>,
    /// The heads, behind the newest, that were found to belong to the log's history.
    agreed: Vec<TreeHead>,
}

impl Watched {
    /// Takes up a log in a folder of its own under a state folder.
    pub(crate) fn open(
        state: &Path,
        key: VerifierKey,
        home: &Home,
        files: LogFiles,
    ) -> Result<Self, Failure> {
        let folder = state.join(origin_hash(home.as_str()));
        if !folder.join("state.json").exists() {
            Kept::create(&folder)?;
        }
        let kept = Kept::open(&folder, &key, home)?;
        Ok(Watched { key, files, kept, folder, ahead: Vec::new(), agreed: Vec::new() })
    }

    /// Its origin.
    pub(crate) fn origin(&self) -> &str {
        self.key.name().as_str()
    }

    /// What is kept of it.
    pub(super) fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Looks at what it shows, and at what witnesses have seen of it.
    pub(super) fn look(
        &mut self,
        witnesses: &[LogFiles],
        patience: &Patience<'_>,
        look: &mut Look,
    ) -> Result<(), Interrupted> {
        match self.files.checkpoint() {
            Ok(signed) => self.compare(signed, patience, look)?,
            Err(error) => look.missed.push(error.to_string()),
        }
        let path = format!("{}/checkpoint", origin_hash(self.origin()));
        for witness in witnesses {
            match witness.checkpoint_at(&path) {
                Ok(Some(signed)) => self.compare(signed, patience, look)?,
                Ok(None) => {
                    look.seen.push(format!("{}: nothing cosigned of {}", witness.name(), self.origin()))
                }
                Err(error) => look.missed.push(error.to_string()),
            }
        }
        for signed in std::mem::take(&mut self.ahead) {
            self.compare(signed, patience, look)?;
        }
        let head = self.kept.replica().head();
        look.seen.push(format!("{} {} {}", printable(self.origin()), head.size, head.root));
        Ok(())
    }

    /// Holds a checkpoint against what is known, and follows to it if it is ahead.
    fn compare(
        &mut self,
        signed: SignedCheckpoint,
        patience: &Patience<'_>,
        look: &mut Look,
    ) -> Result<(), Interrupted> {
        let head = match signed.open(&self.key) {
            Ok(checkpoint) => checkpoint.head(),
            // Anybody can show what the log has not signed.
            Err(error) => {
                look.missed.push(format!("{}: {}", self.origin(), printable(&error.to_string())));
                return Ok(());
            }
        };
        let own = self.kept.replica().head();
        if head == own || self.agreed.contains(&head) || head.size == 0 {
            return Ok(());
        }
        if head.size <= own.size {
            return self.is_behind(signed, head);
        }
        match self.follow(&signed, head, patience) {
            Err(Interrupted::Missed(error)) => {
                look.missed.push(error.to_string());
                if self.ahead.len() < MOST_AHEAD {
                    self.ahead.push(signed);
                }
                Ok(())
            }
            other => other,
        }
    }

    /// A checkpoint of a size that is known: it must have the root that the entries have.
    fn is_behind(&mut self, signed: SignedCheckpoint, head: TreeHead) -> Result<(), Interrupted> {
        let Some(newest) = self.kept.checkpoint().cloned() else { return Ok(()) };
        let own = self.kept.replica().head();
        let fork = if head.size == own.size {
            Fork::of_one_size(newest, signed)
        } else {
            let (prefix, proof) = self.proofs()?.prefix(head.size)?;
            if prefix == head {
                // The older ones have most likely been shown for the last time.
                if self.agreed.len() == MOST_AHEAD {
                    self.agreed.remove(0);
                }
                self.agreed.push(head);
                return Ok(());
            }
            Fork::of_two_sizes(signed, newest, prefix.root, proof)
        };
        Err(self.forked(fork, head.size))
    }

    fn forked(&self, fork: Fork, size: u64) -> Interrupted {
        let said =
            format!("{} has signed two histories, of {size} entries and more", printable(self.origin()));
        Interrupted::found(Evidence::forked(fork), said)
    }

    fn follow(
        &mut self,
        signed: &SignedCheckpoint,
        head: TreeHead,
        patience: &Patience<'_>,
    ) -> Result<(), Interrupted> {
        let read = match self.kept.follow(head, &self.files, patience) {
            Err(error @ FollowError::Root { .. }) => {
                let fork = fork_in_tiles(&self.kept, signed, &self.files);
                let size = self.kept.replica().head().size;
                return Err(fork.map_or_else(|| error.into(), |fork| self.forked(fork, size)));
            }
            read => read?,
        };
        let Some((index, fault)) = &read.step.fault else {
            return Ok(self.kept.accept(read, signed.clone())?);
        };
        let said = format!("{} has signed entry {index}: {fault}", printable(self.origin()));
        let evidence = accuse(&self.kept, &read, signed)?;
        let mut shown = None;
        if evidence.is_none() {
            let folder = self.folder.join(format!("fault-{index}"));
            mirror(&self.kept, &read, signed, &folder)?;
            shown = Some(folder);
        }
        Err(Interrupted::Found(Box::new(Found { said, evidence, mirror: shown })))
    }

    /// The proofs of its tree as it is known.
    fn proofs(&self) -> Result<Proofs, Interrupted> {
        let mut leaves = Vec::new();
        self.kept.each(|_, bytes| {
            leaves.push(Hash::of_leaf(bytes));
            Ok(())
        })?;
        Ok(Proofs::of(&leaves)?)
    }

    /// That an entry stands at an index, under the newest checkpoint.
    pub(super) fn statement(&self, index: u64, bytes: &[u8]) -> Result<Statement, Interrupted> {
        let nothing = || FollowError::Unavailable(format!("{}: nothing is signed", self.origin()));
        let signed = self.kept.checkpoint().ok_or_else(nothing)?;
        Ok(self.proofs()?.statement(index, bytes, signed)?)
    }

    /// The same of an entry that is kept.
    pub(super) fn state(&self, index: u64) -> Result<Statement, Interrupted> {
        let mut found = Vec::new();
        self.kept.each(|at, bytes| {
            if at == index {
                found = bytes.to_vec();
            }
            Ok(())
        })?;
        self.statement(index, &found)
    }
}
