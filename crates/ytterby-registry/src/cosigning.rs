//! Collecting cosignatures, beside everything else: whoever issues never waits for a witness.
//!
//! Whenever a checkpoint is published that is newer than the last cosigned one, or the last cosignatures on it
//! have become old, all witnesses are asked at once. When a quorum has answered, and those who are nearly as fast too, the checkpoint is kept for ever:
//! it is the first that covers the entries behind it, and its time is theirs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use ytterby_store::{Cosigned, StoreError};
use ytterby_tlog::{NoteSignature, SignedCheckpoint};

use crate::app::App;
use crate::log::LogError;
use crate::witness::{Witness, WitnessError};
use crate::witnesses::{alert, shown};

/// The least time between two rounds of questions.
const PACE: Duration = Duration::from_millis(250);
/// How long witnesses that did not answer yet are waited for once there is a quorum.
const GRACE: Duration = Duration::from_millis(100);
/// How often the age of the last cosigned checkpoint is measured when nothing happens.
const IDLE: Duration = Duration::from_secs(5);

/// Collects until the task is aborted. Without witnesses it returns.
pub(crate) async fn collect(app: App) {
    let log = app.registrar().log();
    if log.witnesses().is_empty() {
        return;
    }
    let mut published = log.watch_published();
    let mut gathered = Gathered::default();
    let (mut again, mut last_again) = (Gathered::default(), Timestamp::MIN);
    loop {
        let newest = published.borrow_and_update().clone();
        match newest {
            Some(newest) if newest.unverified().head().size > log.cosigned_size() => {
                gathered.turn_to(&newest);
                match round(&app, &mut gathered).await {
                    Ok(Some(cosigned)) => {
                        if let Err(error) = keep(&app, &cosigned).await {
                            tracing::warn!(%error, "a cosigned checkpoint could not be kept");
                        }
                    }
                    Ok(None) => {}
                    Err(error) => tracing::warn!(%error, "a cosigned checkpoint could not be kept"),
                }
                measure(&app);
                tokio::time::sleep(PACE).await;
            }
            Some(newest) if is_old(&app, &newest, last_again) => {
                again.turn_to(&newest);
                match round(&app, &mut again).await {
                    Ok(Some(cosigned)) => {
                        (again, last_again) = (Gathered::default(), app.now());
                        log.note_refreshed(cosigned);
                    }
                    Ok(None) => {}
                    Err(error) => tracing::warn!(%error, "a checkpoint could not be cosigned again"),
                }
                measure(&app);
                tokio::time::sleep(PACE).await;
            }
            _ => {
                measure(&app);
                // A new checkpoint, or the time to measure again.
                let _ = tokio::time::timeout(IDLE, published.changed()).await;
            }
        }
    }
}

/// Cosignatures on one checkpoint, by the number of the witness.
#[derive(Default)]
struct Gathered {
    checkpoint: Option<Arc<SignedCheckpoint>>,
    signatures: BTreeMap<usize, NoteSignature>,
}

impl Gathered {
    /// What was gathered on an older checkpoint is of no use for another.
    fn turn_to(&mut self, newest: &Arc<SignedCheckpoint>) {
        if self.checkpoint.as_ref() != Some(newest) {
            *self = Gathered { checkpoint: Some(newest.clone()), signatures: BTreeMap::new() };
        }
    }
}

/// Whether the last cosignatures on the published checkpoint are so old that witnesses are asked again. Were
/// they asked not long ago, it is their clocks that are late.
fn is_old(app: &App, published: &SignedCheckpoint, asked: Timestamp) -> bool {
    let log = app.registrar().log();
    let newest = log.newest_cosigned().filter(|newest| newest.unverified() == published.unverified());
    let time = newest.and_then(|newest| log.witnesses().time_of(&newest));
    let since = |time: u64| app.now().as_second().unsigned_abs().saturating_sub(time);
    time.is_some_and(|time| since(time) > app.refresh().as_secs())
        && app.now().duration_since(asked).unsigned_abs() > app.refresh()
}

/// Asks every witness that may be asked and has not signed: the checkpoint with the cosignatures if enough
/// have.
async fn round(app: &App, gathered: &mut Gathered) -> Result<Option<SignedCheckpoint>, StoreError> {
    let log = app.registrar().log();
    let Some(checkpoint) = gathered.checkpoint.clone() else { return Ok(None) };
    let (tell, mut told) = mpsc::unbounded_channel();
    for (number, witness) in log.witnesses().all().iter().enumerate() {
        if !gathered.signatures.contains_key(&number) && witness.is_ready() {
            let (app, witness, checkpoint, tell) =
                (app.clone(), witness.clone(), checkpoint.clone(), tell.clone());
            tokio::spawn(async move {
                if let Some(signature) = ask(&app, &witness, &checkpoint).await {
                    // Nobody listens once the round is over; the witness is known to have signed.
                    let _ = tell.send((number, signature));
                }
            });
        }
    }
    drop(tell);
    let quorum = log.witnesses().quorum();
    while gathered.signatures.len() < quorum {
        let Some((number, signature)) = told.recv().await else { break };
        gathered.signatures.insert(number, signature);
    }
    if gathered.signatures.len() < quorum {
        return Ok(None);
    }
    let rest = async {
        while let Some((number, signature)) = told.recv().await {
            gathered.signatures.insert(number, signature);
        }
    };
    let _ = tokio::time::timeout(GRACE, rest).await;
    let mut cosigned = (*checkpoint).clone();
    for signature in gathered.signatures.values() {
        cosigned.add(signature.clone()).map_err(|error| StoreError::Engine(error.to_string()))?;
    }
    Ok(Some(cosigned))
}

/// One question. Whoever shows what we have not signed from this store makes the registry compare everything
/// again; whoever only says so is left alone for a while.
async fn ask(app: &App, witness: &Arc<Witness>, checkpoint: &SignedCheckpoint) -> Option<NoteSignature> {
    let error = match witness.ask(app.store(), checkpoint).await {
        Ok(signature) => return Some(signature),
        Err(error) => error,
    };
    let beyond = match &error {
        WitnessError::Forked { .. } | WitnessError::Inconsistent { .. } => true,
        WitnessError::Ahead { seen } => app.store().head().await.is_ok_and(|head| *seen > head.size),
        _ => false,
    };
    if beyond {
        let log = app.registrar().log();
        match shown(witness, app.store(), log).await {
            Ok(_) => alert(witness, &error.to_string()),
            Err(LogError::Store(error)) => tracing::warn!(%error, "a witness could not be compared with"),
            Err(error) => {
                tracing::error!(%error, "nothing is signed until log, mark and witnesses agree");
                log.doubt().await;
            }
        }
    }
    None
}

/// Keeps a checkpoint with its cosignatures, and goes on with the newest one that is kept.
async fn keep(app: &App, cosigned: &SignedCheckpoint) -> Result<(), StoreError> {
    let size = cosigned.unverified().head().size;
    app.store().keep_cosigned(Cosigned { size, note: cosigned.to_string() }).await?;
    app.registrar().load_cosigned().await
}

/// Says how far behind the witnesses are.
fn measure(app: &App) {
    let log = app.registrar().log();
    let gauge = |name: &'static str, value: u64| {
        // Sizes and seconds are far below 2⁵³.
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        metrics::gauge!(name).set(value as f64);
    };
    gauge("ytterby_log_published_size", log.published_size());
    gauge("ytterby_log_cosigned_size", log.cosigned_size());
    if let Some(time) = log.newest_cosigned().and_then(|cosigned| log.witnesses().time_of(&cosigned)) {
        let now = u64::try_from(app.now().as_second()).unwrap_or_default();
        gauge("ytterby_log_cosigned_age_seconds", now.saturating_sub(time));
    }
}
