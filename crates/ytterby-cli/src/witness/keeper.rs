//! One log in the care of a witness: what it has cosigned of it, and how it comes to cosign more.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use ytterby::Evidence;
use ytterby::evidence::Fork;
use ytterby_tlog::{
    AddCheckpoint, Cosigner, NoteSignature, Refusal, SignedCheckpoint, SignedNote, VerifierKey,
};

use crate::clock;
use crate::failure::Failure;
use crate::follow::{Fault, FollowError, Kept, LogFiles, Patience, accuse, fork_in_tiles};

/// One log.
#[derive(Debug)]
pub(crate) struct Keeper {
    key: VerifierKey,
    files: LogFiles,
    log: Mutex<Log>,
    /// The newest checkpoint that was cosigned, with the cosignature.
    cosigned: RwLock<Option<SignedCheckpoint>>,
    /// Requests take their turns here.
    turns: Arc<Semaphore>,
    /// How many have one, or wait for it.
    waiting: Arc<AtomicUsize>,
}

/// The right to be the one request that is looked at.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
    _place: Place,
}

/// Counted until it is dropped.
#[derive(Debug)]
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Debug)]
struct Log {
    kept: Kept,
    /// The disk failed while something was accepted: what is on it, only a start can say.
    in_doubt: bool,
}

/// Why a checkpoint is not cosigned.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotCosigned {
    /// The request is refused as any witness would refuse it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The same, and the log has signed two histories.
    #[error("{0}")]
    Forked(Refusal),
    /// The log has signed an entry that it may not hold.
    #[error("entry {index}: {fault}")]
    Broken {
        /// Its index.
        index: u64,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The log could not be read, or serves other entries than it signed.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// What was accepted could not be kept, so it was not cosigned.
    #[error("the state cannot be kept: {0}")]
    State(String),
    /// The machine's clock shows no time that a cosignature can state.
    #[error("the clock shows no time that can be stated")]
    Clock,
}

impl Keeper {
    /// Takes a log into care.
    pub(crate) fn new(key: VerifierKey, files: LogFiles, kept: Kept) -> Self {
        let log = Mutex::new(Log { kept, in_doubt: false });
        Keeper {
            key,
            files,
            log,
            cosigned: RwLock::new(None),
            turns: Arc::new(Semaphore::new(1)),
            waiting: Arc::default(),
        }
    }

    /// The key that the log signs with.
    pub(crate) fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// The turn of a request, once those before it are done; none if `most` wait already.
    /// It lasts as long as the work, also when whoever asked has gone.
    pub(crate) async fn turn(&self, most: usize) -> Option<Turn> {
        let place = Place(self.waiting.clone());
        if self.waiting.fetch_add(1, Ordering::SeqCst) > most {
            return None;
        }
        let permit = self.turns.clone().acquire_owned().await.ok()?;
        Some(Turn { _permit: permit, _place: place })
    }

    /// The newest checkpoint with this witness's cosignature; none before the first.
    pub(crate) fn cosigned(&self) -> Option<SignedCheckpoint> {
        self.cosigned.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Cosigns what was accepted before the witness was started: that this is the largest tree it has
    /// seen is still true.
    pub(crate) fn cosign_again(&self, cosigner: &Cosigner) -> Result<(), NotCosigned> {
        let last = self.log.lock().map_err(|_| in_doubt())?.kept.checkpoint().cloned();
        last.map_or(Ok(()), |last| self.cosign(cosigner, last).map(drop))
    }

    /// Judges a request, audits what is new in the log, keeps it, and only then cosigns. A fault that
    /// can be shown to anybody is given to `keep`.
    pub(crate) fn add(
        &self,
        request: &AddCheckpoint,
        cosigner: &Cosigner,
        most: Duration,
        stop: &AtomicBool,
        keep: &dyn Fn(Evidence),
    ) -> Result<NoteSignature, NotCosigned> {
        let mut log = self.log.lock().map_err(|_| in_doubt())?;
        let Log { kept, in_doubt: doubt } = &mut *log;
        if *doubt {
            return Err(in_doubt());
        }
        let seen = kept.replica().head();
        let signed = by_the_log(request.checkpoint(), &self.key);
        let head = match request.judge([&self.key], &seen) {
            Ok(checkpoint) => checkpoint.head(),
            Err(refusal) => {
                let Some(fork) = self.fork(kept, &signed, &refusal) else { return Err(refusal.into()) };
                keep(Evidence::forked(fork));
                return Err(NotCosigned::Forked(refusal));
            }
        };
        if head == seen && kept.checkpoint().is_some() {
            return self.cosign(cosigner, signed);
        }
        let read = kept.follow(head, &self.files, &Patience::new(most, stop))?;
        if let Some((index, fault)) = &read.step.fault {
            if let Some(evidence) = accuse(kept, &read, &signed)? {
                keep(evidence);
            }
            return Err(NotCosigned::Broken { index: *index, fault: fault.clone() });
        }
        *doubt = true;
        kept.accept(read, signed.clone()).map_err(|failure: Failure| NotCosigned::State(failure.text))?;
        *doubt = false;
        self.cosign(cosigner, signed)
    }

    /// What shows that a refused checkpoint is of another history. A proof that does not verify shows
    /// nothing: anybody can send one with the log's own checkpoint.
    fn fork(&self, kept: &Kept, signed: &SignedCheckpoint, refusal: &Refusal) -> Option<Fork> {
        match refusal {
            Refusal::Fork { .. } => Some(Fork::of_one_size(kept.checkpoint()?.clone(), signed.clone())),
            Refusal::Inconsistent(_) => fork_in_tiles(kept, signed, &self.files),
            _ => None,
        }
    }

    fn cosign(
        &self,
        cosigner: &Cosigner,
        mut signed: SignedCheckpoint,
    ) -> Result<NoteSignature, NotCosigned> {
        let time = u64::try_from(clock::now().as_second()).map_err(|_| NotCosigned::Clock)?;
        let cosignature = cosigner.cosign(signed.unverified(), time).map_err(|_| NotCosigned::Clock)?;
        if signed.add(cosignature.clone()).is_ok() {
            *self.cosigned.write().unwrap_or_else(PoisonError::into_inner) = Some(signed);
        }
        Ok(cosignature)
    }
}

/// What a request gets after one that ended badly while it held the log.
fn in_doubt() -> NotCosigned {
    NotCosigned::State(
        "an earlier request failed while it was kept; the witness must be started anew".to_owned(),
    )
}

/// The checkpoint with the signatures of the log alone: others are not this witness's to spread.
fn by_the_log(signed: &SignedCheckpoint, key: &VerifierKey) -> SignedCheckpoint {
    let note = signed.note();
    let own = note.signatures().iter().filter(|signature| signature.is_by(key)).cloned().collect();
    SignedNote::new(note.text().to_owned(), own)
        .ok()
        .and_then(|note| SignedCheckpoint::parse(note.to_string().as_bytes()).ok())
        .unwrap_or_else(|| signed.clone())
}
