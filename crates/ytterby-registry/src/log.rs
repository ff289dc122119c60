//! The registry's log in public: its key, its high-water mark, the checkpoint it shows.
//!
//! The store commits entries and heads; here a committed head is signed, the mark advances, and only
//! then is it published, in that order. The mark is a file outside the database: a database that was
//! restored from a backup is behind it, and its log would fork if it went on. What the witnesses have
//! seen is asked too, before anything is signed: they know what a mark that was restored does not.
//! Implements proto-docs/registration.md, "Order of effects".

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use ytterby::Home;
use ytterby_store::{Store, StoreError};
use ytterby_tlog::{Checkpoint, KeyName, NoteSigner, SignedCheckpoint, TreeHead, VerifierKey};

use crate::clock::Stopwatch;
use crate::config::Entries;
use crate::mark::{Mark, MarkError, MarkFile};
use crate::witnesses::Witnesses;

/// How many signed heads are kept at hand.
const SIGNED_KEPT: usize = 8;

/// A log that this process alone signs for.
pub struct Log {
    signer: NoteSigner,
    mark: MarkFile,
    /// Empty until the mark was compared with the store and the witnesses, and again after any doubt. Beside
    /// it the store's incarnation then.
    advanced: Mutex<Option<(Mark, u64)>>,
    /// The newest head that a commit of this process was confirmed for, and the store's incarnation then.
    committed: std::sync::Mutex<Option<(TreeHead, u64)>>,
    /// The heads that were signed last: one batch's receipts are all for one of them.
    signed: std::sync::Mutex<VecDeque<SignedCheckpoint>>,
    published: watch::Sender<Option<Arc<SignedCheckpoint>>>,
    cosigned: watch::Sender<Option<Arc<SignedCheckpoint>>>,
    /// The published checkpoint with later cosignatures than those that are kept. A restart forgets it.
    refreshed: watch::Sender<Option<Arc<SignedCheckpoint>>>,
    /// Since when nothing could be published, if that is so.
    failing: std::sync::Mutex<Option<Stopwatch>>,
    witnesses: Witnesses,
    entries: Entries,
}

/// Why a log is not signed for.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The key is not one that signs notes, or is that of another log.
    #[error("the log's key: {0}")]
    Key(String),
    /// The mark cannot be read or written.
    #[error(transparent)]
    Mark(#[from] MarkError),
    /// The store holds entries, and there is no mark to compare it with.
    #[error(
        "the store's log has {size} entries and there is no mark at {path}: put the mark back that belongs to it, or \
         let `ytterby-registry recover` make it again"
    )]
    NoMark {
        /// Where the mark should be.
        path: PathBuf,
        /// How many entries there are.
        size: u64,
    },
    /// The store is behind what was signed: it was restored from a backup, or lost commits.
    #[error(
        "a checkpoint of {mark} entries was signed, the store has {size}: going on would fork the log; \
         `ytterby-registry recover` fetches what is missing"
    )]
    Behind {
        /// The size that was signed.
        mark: u64,
        /// The size of the store's log.
        size: u64,
    },
    /// The store is behind what it has confirmed, and nothing of that was signed.
    #[error("the store confirmed {committed} entries, and has {size} now: it has lost some")]
    Lost {
        /// The size that was confirmed.
        committed: u64,
        /// The size of the store's log.
        size: u64,
    },
    /// The store's log is not the one that was signed.
    #[error("the store's log is not the one that was signed at size {size}")]
    Forked {
        /// The size that was signed.
        size: u64,
    },
    /// A witness shows more, signed with the log's key, than the store has.
    #[error(
        "the witness {witness} has seen this log with {seen} entries, the store has {size}: going on would fork \
         the log; `ytterby-registry recover` fetches what is missing"
    )]
    BehindWitness {
        /// Its name.
        witness: String,
        /// The size that it shows.
        seen: u64,
        /// The size of the store's log.
        size: u64,
    },
    /// A witness shows another log than the store's, signed with the log's key.
    #[error(
        "the witness {witness} has seen another log at size {size} than the store has: the log was forked, or \
         this is the wrong store; nothing can be signed for it"
    )]
    ForkedFromWitness {
        /// Its name.
        witness: String,
        /// The size of which it has another root.
        size: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Log {
    /// The log of an origin, with the text of its key (`PRIVATE+KEY+…`) and the place of its mark.
    pub fn new(origin: &Home, key: &str, mark: &Path) -> Result<Self, LogError> {
        let signer =
            NoteSigner::parse_secret(key.trim()).map_err(|error| LogError::Key(error.to_string()))?;
        let name = signer.verifier_key().name();
        if name.as_str() != origin.as_str() {
            return Err(LogError::Key(format!("it is the key of {name}, the origin is {origin}")));
        }
        Ok(Log {
            signer,
            mark: MarkFile::new(mark),
            advanced: Mutex::new(None),
            committed: std::sync::Mutex::default(),
            signed: std::sync::Mutex::default(),
            published: watch::Sender::new(None),
            cosigned: watch::Sender::new(None),
            refreshed: watch::Sender::new(None),
            failing: std::sync::Mutex::default(),
            witnesses: Witnesses::default(),
            entries: Entries::Public,
        })
    }

    /// The same log, its entries for these readers.
    pub fn with_entries(mut self, entries: Entries) -> Self {
        self.entries = entries;
        self
    }

    /// The same log, with those who cosign it and know what it was.
    pub fn with_witnesses(mut self, witnesses: Witnesses) -> Self {
        self.witnesses = witnesses;
        self
    }

    /// A new key for an origin: the text to keep, and the verifier's key to publish.
    pub fn new_key(origin: &Home, seed: &[u8; 32]) -> Result<(String, String), LogError> {
        let name = KeyName::parse(origin.as_str()).map_err(|error| LogError::Key(error.to_string()))?;
        let signer = NoteSigner::from_seed(name, seed);
        Ok((signer.to_secret(), signer.verifier_key().to_string()))
    }

    /// The key that verifies its checkpoints.
    pub fn verifier_key(&self) -> &VerifierKey {
        self.signer.verifier_key()
    }

    /// The newest checkpoint that may be shown; none before the first one was signed.
    pub fn checkpoint(&self) -> Option<Arc<SignedCheckpoint>> {
        self.published.borrow().clone()
    }

    /// The same with the cosignatures that are known for it.
    pub fn checkpoint_shown(&self) -> Option<Arc<SignedCheckpoint>> {
        let published = self.checkpoint()?;
        let cosigned =
            self.newest_cosigned().filter(|cosigned| cosigned.unverified() == published.unverified());
        Some(cosigned.unwrap_or(published))
    }

    /// The newest checkpoint that a quorum has cosigned.
    pub fn cosigned(&self) -> Option<Arc<SignedCheckpoint>> {
        self.cosigned.borrow().clone()
    }

    /// The same, or the same log's with later cosignatures.
    pub fn newest_cosigned(&self) -> Option<Arc<SignedCheckpoint>> {
        self.refreshed_at(self.cosigned_size()).or_else(|| self.cosigned())
    }

    /// A checkpoint of this size at least whose quorum is later than that of the one that is kept.
    pub(crate) fn refreshed_at(&self, size: u64) -> Option<Arc<SignedCheckpoint>> {
        self.refreshed.borrow().clone().filter(|own| own.unverified().head().size >= size)
    }

    /// Notes later cosignatures on a checkpoint that is kept with earlier ones.
    pub(crate) fn note_refreshed(&self, checkpoint: SignedCheckpoint) {
        self.refreshed.send_replace(Some(Arc::new(checkpoint)));
    }

    /// Its size; 0 before there is one.
    pub fn cosigned_size(&self) -> u64 {
        size_of(&self.cosigned.borrow())
    }

    /// Who may read its entries.
    pub(crate) fn entries(&self) -> Entries {
        self.entries
    }

    /// Who cosigns.
    pub(crate) fn witnesses(&self) -> &Witnesses {
        &self.witnesses
    }

    /// Notes a checkpoint that a quorum has cosigned and the store keeps.
    pub(crate) fn note_cosigned(&self, checkpoint: SignedCheckpoint) {
        self.cosigned.send_replace(Some(Arc::new(checkpoint)));
    }

    /// Told whenever another checkpoint is published.
    pub(crate) fn watch_published(&self) -> watch::Receiver<Option<Arc<SignedCheckpoint>>> {
        self.published.subscribe()
    }

    /// Returns when a quorum has cosigned a checkpoint of more than this many entries.
    pub(crate) async fn cosigned_beyond(&self, index: u64) {
        let mut cosigned = self.cosigned.subscribe();
        // The sender is this log's: it is there as long as anybody waits.
        let _ = cosigned.wait_for(|checkpoint| size_of(checkpoint) > index).await;
    }

    /// Returns when no mark is being written, for whoever has gone away or not.
    pub(crate) async fn mark_at_rest(&self) {
        self.mark.at_rest().await;
    }

    /// Forgets what was compared: before anything is signed again, mark, store and witnesses are.
    pub(crate) async fn doubt(&self) {
        *self.advanced.lock().await = None;
    }

    /// The same as [`Log::publish`] for a head that a commit was just confirmed for, if it was begun in this
    /// incarnation of the store: the store need not be asked for what it has just said.
    pub(crate) async fn publish_committed(
        &self,
        store: &dyn Store,
        head: TreeHead,
        incarnation: u64,
    ) -> Result<(), LogError> {
        self.note_committed(head, incarnation);
        self.publish(store, head.size).await
    }

    fn note_committed(&self, head: TreeHead, incarnation: u64) {
        let mut newest = self.committed.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.is_none_or(|(known, then)| (then, known.size) < (incarnation, head.size)) {
            *newest = Some((head, incarnation));
        }
    }

    /// A head of at least this size that is known to be committed by the server that answers now.
    fn committed(&self, size: u64, incarnation: u64) -> Option<TreeHead> {
        let newest = *self.committed.lock().unwrap_or_else(PoisonError::into_inner);
        newest.filter(|(head, then)| *then == incarnation && head.size >= size).map(|(head, _)| head)
    }

    /// The size up to which anything may be shown.
    pub fn published_size(&self) -> u64 {
        size_of(&self.published.borrow())
    }

    /// Returns when a checkpoint of at least this size is signed, marked and published. Whoever waits
    /// while another signs is covered by the next head: one signature and one mark for all of them.
    pub async fn publish(&self, store: &dyn Store, size: u64) -> Result<(), LogError> {
        let published = self.publish_now(store, size).await;
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        *failing = match &published {
            Ok(()) => None,
            Err(_) => Some(failing.unwrap_or_else(Stopwatch::start)),
        };
        published
    }

    /// For how long nothing could be published; `None` if the last attempt went well.
    pub(crate) fn failing_for(&self) -> Option<Duration> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).map(|since| since.elapsed())
    }

    async fn publish_now(&self, store: &dyn Store, size: u64) -> Result<(), LogError> {
        let mut advanced = self.advanced.lock().await;
        let covers = |mark: &Mark| mark.head().size >= size && self.published_size() >= size;
        if advanced.as_ref().is_some_and(|(mark, then)| *then == store.incarnation() && covers(mark)) {
            return Ok(());
        }
        let before = advanced.take();
        let marked = before.as_ref().map_or(0, |(mark, _)| mark.head().size);
        let mut head = match self.committed(size.max(marked), store.incarnation()) {
            Some(head) => head,
            None => store.head_covering(size).await?,
        };
        let incarnation = store.incarnation();
        let mark = match before {
            Some((mark, then)) if then == incarnation => mark,
            // Another server may have another log, and the witnesses know what was signed.
            _ => {
                let mark = self.reconcile(store).await?;
                head = store.head().await?;
                mark
            }
        };
        if store.incarnation() != incarnation {
            // Another server than the one that was compared: who asks again has it compared.
            return Err(StoreError::Busy.into());
        }
        if mark.head().size > head.size {
            return Err(LogError::Behind { mark: mark.head().size, size: head.size });
        }
        if size > head.size {
            return Err(LogError::Lost { committed: size, size: head.size });
        }
        let mark = if mark.head() == head { mark } else { mark.advance(self.sign(head)?).await? };
        self.published.send_replace(Some(mark.checkpoint()));
        *advanced = Some((mark, incarnation));
        Ok(())
    }

    /// Signs a head that is committed. Signing is deterministic: the same head, the same bytes.
    pub fn sign(&self, head: TreeHead) -> Result<SignedCheckpoint, LogError> {
        let signed = || self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = signed().iter().find(|known| known.unverified().head() == head) {
            return Ok(known.clone());
        }
        let checkpoint = Checkpoint::new(self.verifier_key().name().clone(), head);
        let checkpoint = checkpoint.sign(&self.signer).map_err(|error| LogError::Key(error.to_string()))?;
        let mut signed = signed();
        signed.truncate(SIGNED_KEPT - 1);
        signed.push_front(checkpoint.clone());
        Ok(checkpoint)
    }

    /// What the mark says was signed last, if there is one.
    pub(crate) fn marked(&self) -> Result<Option<SignedCheckpoint>, LogError> {
        Ok(Mark::read(&self.mark, self.verifier_key())?.map(|mark| (*mark.checkpoint()).clone()))
    }

    /// Puts the mark at a head that this log's key has signed before, unless it is there or beyond.
    pub(crate) async fn raise_mark(&self, head: TreeHead) -> Result<(), LogError> {
        let marked = self.marked()?.map(|checkpoint| checkpoint.unverified().head().size);
        if marked.is_none_or(|size| size < head.size) {
            Mark::first(&self.mark, self.sign(head)?).await?;
        }
        Ok(())
    }

    /// Compares the mark with the store, and both with what the witnesses have seen. Only a log that has
    /// grown, or stands still, is gone on with.
    async fn reconcile(&self, store: &dyn Store) -> Result<Mark, LogError> {
        let head = store.head().await?;
        self.mark.at_rest().await;
        let Some(mark) = Mark::read(&self.mark, self.verifier_key())? else {
            if head.size > 0 {
                return Err(LogError::NoMark { path: self.mark.path().to_owned(), size: head.size });
            }
            // A log without entries forks from none: its checkpoint asks what there was before.
            let first = self.sign(head)?;
            self.witnesses.compare(store, self, &first, head).await?;
            return Ok(Mark::first(&self.mark, first).await?);
        };
        let signed = mark.head();
        if signed.size > head.size {
            return Err(LogError::Behind { mark: signed.size, size: head.size });
        }
        let (then, _) = store.consistency(signed.size, head.size).await?;
        if then != signed {
            return Err(LogError::Forked { size: signed.size });
        }
        self.witnesses.compare(store, self, &mark.checkpoint(), head).await?;
        // A write that was in doubt may be in memory alone.
        Ok(mark.settle().await?)
    }
}

fn size_of(checkpoint: &Option<Arc<SignedCheckpoint>>) -> u64 {
    checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.unverified().head().size)
}
