//! The witnesses of a log together: how many are enough, and what they know of the log's past.

use std::sync::Arc;

use ytterby_store::Store;
use ytterby_tlog::{SignedCheckpoint, TreeHead, VerifierKey};

use crate::config::WitnessAddress;
use crate::log::{Log, LogError};
use crate::witness::{Witness, WitnessError};

/// Those who cosign a log.
#[derive(Default)]
pub struct Witnesses {
    all: Vec<Arc<Witness>>,
    quorum: usize,
}

impl Witnesses {
    /// Witnesses, `quorum` of which have to cosign.
    pub fn new(all: Vec<WitnessAddress>, quorum: usize) -> Self {
        Witnesses { all: all.into_iter().map(|address| Arc::new(Witness::new(address))).collect(), quorum }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[Arc<Witness>] {
        &self.all
    }

    /// How many are enough.
    pub(crate) fn quorum(&self) -> usize {
        self.quorum
    }

    /// When a checkpoint was cosigned by a quorum, seconds since 1970: the k-th smallest time, each key
    /// counted once. `None` if it was not.
    pub(crate) fn time_of(&self, checkpoint: &SignedCheckpoint) -> Option<u64> {
        let verified = checkpoint.note().verify(self.all.iter().map(|witness| witness.key())).ok()?;
        let of = |key: &VerifierKey| {
            verified.iter().filter(|verified| verified.key == key).filter_map(|verified| verified.time).min()
        };
        let mut times: Vec<u64> = self.all.iter().filter_map(|witness| of(witness.key())).collect();
        times.sort_unstable();
        times.get(self.quorum.checked_sub(1)?).copied()
    }

    /// Asks each what it last saw of the log, by the newest checkpoint that was signed. One that shows more
    /// than the store has, or something else, signed with the log's key, stops the log. One that only says
    /// so, or cannot be asked, is named in the service's log and does not: else one witness, or whoever is
    /// on the way to it, could keep a registry from signing.
    pub(crate) async fn compare(
        &self,
        store: &dyn Store,
        log: &Log,
        signed: &SignedCheckpoint,
        head: TreeHead,
    ) -> Result<(), LogError> {
        // One after another would add up their time-outs.
        let asked = self.all.iter().map(|witness| compare_one(witness, store, log, signed, head));
        for compared in join(asked).await {
            compared?;
        }
        Ok(())
    }
}

async fn compare_one(
    witness: &Arc<Witness>,
    store: &dyn Store,
    log: &Log,
    signed: &SignedCheckpoint,
    head: TreeHead,
) -> Result<(), LogError> {
    let mark = signed.unverified().head().size;
    let said = match witness.probe(signed).await {
        Ok(seen) if seen == mark || seen == 0 => return Ok(()),
        Ok(seen) => Some(seen),
        Err(WitnessError::Forked { size }) => Some(size),
        Err(error) => {
            tracing::warn!(witness = %witness.key().name(), %error, "a witness could not be asked");
            None
        }
    };
    match said {
        // What it shows counts, as far as it is what it says.
        Some(said) if shown(witness, store, log).await?.is_some_and(|size| size >= said) => Ok(()),
        // It lags, and will be asked from where it is.
        Some(said) if said < mark => Ok(()),
        said => {
            if let Some(said) = said {
                alert(witness, &format!("it says that it has seen {said} entries of {}", head.size));
            }
            witness.failed();
            Ok(())
        }
    }
}

/// The size of the checkpoint that a witness shows, if it shows one that this log's key has signed and that
/// belongs to the store's log; an error if it belongs to none or to a larger one: nobody else can have
/// signed that. What it says and does not show is nothing.
pub(crate) async fn shown(
    witness: &Arc<Witness>,
    store: &dyn Store,
    log: &Log,
) -> Result<Option<u64>, LogError> {
    let origin = log.verifier_key().name().as_str();
    let shown = match witness.latest(origin).await {
        // Much hangs on this answer, and it was there to be asked: one that was lost is asked for again.
        Err(WitnessError::Unreachable(_)) => witness.latest(origin).await,
        shown => shown,
    };
    let Ok(shown) = shown else { return Ok(None) };
    let Ok(shown) = shown.open(log.verifier_key()).map(|checkpoint| checkpoint.head()) else {
        return Ok(None);
    };
    let name = || witness.key().name().to_string();
    // Asked for after what it shows, the store has all that can have been signed by then.
    let head = store.head().await?;
    if shown.size > head.size {
        return Err(LogError::BehindWitness { witness: name(), seen: shown.size, size: head.size });
    }
    let (then, _) = store.consistency(shown.size, head.size).await?;
    if then != shown {
        return Err(LogError::ForkedFromWitness { witness: name(), size: shown.size });
    }
    Ok(Some(shown.size))
}

/// Tells whoever operates the registry what a witness claims and does not show.
pub(crate) fn alert(witness: &Witness, said: &str) {
    let name = witness.key().name().to_string();
    tracing::error!(
        witness = name,
        said,
        "a witness claims to know another log, or more of it, and shows no checkpoint of ours that says so: \
         it is left alone for a while, and signing goes on"
    );
}

/// Runs futures side by side, in one task: they borrow.
async fn join<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = all.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, output) in &mut running {
            if output.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *output = Some(ready);
            }
        }
        match running.iter().all(|(_, output)| output.is_some()) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}
