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

    /// Asks each what it last saw of the log, by the newest checkpoint that was signed. One that has seen
    /// more than the store has, or something else, stops the log; one that cannot be asked is named in
    /// the service's log and does not: else one witness could keep a registry from starting.
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
    let name = || witness.key().name().to_string();
    let mark = signed.unverified().head().size;
    match witness.probe(signed).await {
        Ok(seen) if seen > head.size => {
            Err(LogError::BehindWitness { witness: name(), seen, size: head.size })
        }
        Ok(seen) if seen == mark || seen == 0 => Ok(()),
        // The store may well have what the witness saw: if it shows that, the roots can be compared.
        Ok(seen) => match witness.latest(log.verifier_key().name().as_str()).await {
            Ok(shown) if shown.unverified().head().size >= seen && shown.open(log.verifier_key()).is_ok() => {
                compare_root(name(), store, shown.unverified().head(), head).await
            }
            _ if seen > mark => Err(LogError::OldMark { witness: name(), seen, mark }),
            _ => judged(name(), witness.ask(store, signed).await.map(drop)),
        },
        Err(error) => judged(name(), Err(error)),
    }
}

async fn compare_root(
    witness: String,
    store: &dyn Store,
    shown: TreeHead,
    head: TreeHead,
) -> Result<(), LogError> {
    if shown.size > head.size {
        return Err(LogError::BehindWitness { witness, seen: shown.size, size: head.size });
    }
    let (then, _) = store.consistency(shown.size, head.size).await?;
    if then == shown { Ok(()) } else { Err(LogError::ForkedFromWitness { witness, size: shown.size }) }
}

/// What an answer means for a log that is to be signed for.
fn judged(witness: String, answer: Result<(), WitnessError>) -> Result<(), LogError> {
    match answer {
        Ok(()) => Ok(()),
        Err(WitnessError::Forked { size } | WitnessError::Inconsistent { size, .. }) => {
            Err(LogError::ForkedFromWitness { witness, size })
        }
        Err(WitnessError::Store(error)) => Err(error.into()),
        Err(error) => {
            tracing::warn!(witness, %error, "a witness could not be asked what it has seen of the log");
            metrics::counter!("ytterby_witness_failures_total", "witness" => witness).increment(1);
            Ok(())
        }
    }
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
