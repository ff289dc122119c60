//! Recovering: a store that was restored from a backup is behind its own log, and must not go on as it
//! is. What it lacks is fetched from a mirror or a witness, shown to lead to a checkpoint that the log's
//! own key has signed, and put back. Implements proto-docs/http-api.md, "Recovery".

mod source;

use ytterby::Home;
use ytterby::entry::Entry;
use ytterby::ledger::Ledger;
use ytterby_store::{Cosigned, Recovery, Store, StoreError};
use ytterby_tlog::{Frontier, Hash, NoteSignature, SignedCheckpoint, TreeHead};

pub use source::SourceError;

use crate::app::App;
use crate::log::{Log, LogError};
use source::Source;

/// What is wrong when it is so with the store's own entries.
const OWN: &str = "it is the store's own, so this is the store of another history";
/// And with those of the copy.
const COPIED: &str = "the copy is damaged, or it is not a copy of this store's log";

/// Entries that are read or put back at once.
const AT_ONCE: usize = 1_000;

/// What a recovery did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    /// How many entries the store had.
    pub before: u64,
    /// How many it has now.
    pub now: u64,
}

/// Why nothing was recovered.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The copy cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The copy's checkpoint is not signed by the log's key.
    #[error("the checkpoint of the copy is not this log's: {0}")]
    NotOurs(String),
    /// The copy ends before what was signed.
    #[error(
        "{by} has {newest} entries and the copy {copy}: entries are missing; look for a newer copy, for as long \
         as it takes: without them the log can never be signed again"
    )]
    Short {
        /// Who knows of more.
        by: String,
        /// How many there are.
        newest: u64,
        /// How many the copy has.
        copy: u64,
    },
    /// Entries do not lead to the root that was signed.
    #[error("the entries do not lead to what {by} has at size {size}: {fault}")]
    Root {
        /// Who has the root.
        by: String,
        /// The size.
        size: u64,
        /// Whose entries they are.
        fault: &'static str,
    },
    /// An entry breaks a rule of the log.
    #[error("the entry {index}: {why}: {fault}")]
    Entry {
        /// Its index.
        index: u64,
        /// What is wrong with it.
        why: String,
        /// Whose entry it is.
        fault: &'static str,
    },
    /// The log's key or mark.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The reading thread ended.
    #[error("reading the copy: {0}")]
    Thread(String),
}

/// A head that the log's key has signed, and who shows it.
struct Signed {
    by: String,
    checkpoint: SignedCheckpoint,
}

impl Signed {
    fn head(&self) -> TreeHead {
        self.checkpoint.unverified().head()
    }
}

/// Puts back what the store of a registry lacks, from a copy under a URL or in a folder: then its mark and
/// its store agree, and it may be served. `key` is an API key for a copy that limits who may read entries.
///
/// Nothing is written unless the store's own entries and those of the copy lead, one after the other, to
/// every root that the log's key is known to have signed: by the mark, the copy, the store and the witnesses.
pub async fn recover(app: &App, from: &str, key: Option<String>) -> Result<Recovered, RecoverError> {
    let (store, log) = (app.store(), app.registrar().log());
    let before = store.head().await?;
    let (copy, source) = blocking(Source::new(from, key), Source::checkpoint).await?;
    copy.open(log.verifier_key()).map_err(|error| RecoverError::NotOurs(error.to_string()))?;
    let size = copy.unverified().head().size;
    let mut signed = known(log, store).await?;
    signed.push(Signed { by: "the copy".to_owned(), checkpoint: copy });
    signed.sort_by_key(|signed| signed.head().size);
    let Some(newest) = signed.last() else { return Ok(Recovered { before: before.size, now: before.size }) };
    let missing = if newest.head().size <= before.size {
        Vec::new()
    } else if size < newest.head().size {
        return Err(RecoverError::Short { by: newest.by.clone(), newest: newest.head().size, copy: size });
    } else {
        blocking(source, move |source| source.entries(before.size, size)).await?.0
    };
    examine(store, app.origin(), before, &missing, &signed).await?;
    let now = put_back(app, before.size, missing).await?;
    if let Some(cosigned) = gathered(log, now, &signed)? {
        store.keep_cosigned(Cosigned { size: now.size, note: cosigned.to_string() }).await?;
    }
    // Signed before, with the same bytes: the mark goes where it was.
    log.raise_mark(newest.head()).await?;
    Ok(Recovered { before: before.size, now: now.size })
}

/// Everything that is known to have been signed, but for the copy's.
async fn known(log: &Log, store: &dyn Store) -> Result<Vec<Signed>, RecoverError> {
    let mut signed = Vec::new();
    if let Some(checkpoint) = log.marked()? {
        signed.push(Signed { by: "the mark".to_owned(), checkpoint });
    }
    if let Some(last) = store.last_cosigned().await?
        && let Ok(checkpoint) = SignedCheckpoint::parse(last.note.as_bytes())
    {
        signed.push(Signed { by: "the store's last cosigned checkpoint".to_owned(), checkpoint });
    }
    for witness in log.witnesses().all() {
        let name = witness.key().name().to_string();
        match witness.latest(log.verifier_key().name().as_str()).await {
            Ok(checkpoint) if checkpoint.open(log.verifier_key()).is_ok() => {
                signed.push(Signed { by: format!("the witness {name}"), checkpoint });
            }
            Ok(_) => {
                tracing::warn!(witness = name, "a witness shows a checkpoint that the log has not signed")
            }
            // What it has seen is compared again before anything is signed.
            Err(error) => tracing::warn!(witness = name, %error, "a witness shows no checkpoint"),
        }
    }
    Ok(signed)
}

/// The checkpoint of a head with every cosignature on it that is found, if they are a quorum: their time is
/// the earliest that is left of what was lost.
fn gathered(log: &Log, head: TreeHead, signed: &[Signed]) -> Result<Option<SignedCheckpoint>, RecoverError> {
    let mut cosigned = log.sign(head)?;
    let keys: Vec<_> = log.witnesses().all().iter().map(|witness| witness.key()).collect();
    for signed in signed.iter().filter(|signed| signed.head() == head) {
        let note = signed.checkpoint.note();
        let good =
            |signature: &&NoteSignature| keys.iter().any(|key| key.verify(note.text(), signature).is_ok());
        for signature in note.signatures().iter().filter(good) {
            // A note that is full has a quorum, or never will.
            if note.text() == cosigned.note().text() && cosigned.add(signature.clone()).is_err() {
                break;
            }
        }
    }
    Ok(log.witnesses().time_of(&cosigned).map(|_| cosigned))
}

/// Builds the tree over the store's entries and the missing ones, and replays them all: every head that
/// was signed has to come up on the way, and no entry may break a rule.
async fn examine(
    store: &dyn Store,
    origin: &Home,
    before: TreeHead,
    missing: &[Vec<u8>],
    signed: &[Signed],
) -> Result<(), RecoverError> {
    let mut walk = Walk { tree: Frontier::new(), ledger: Ledger::new(origin.clone()), signed };
    walk.compare(OWN)?;
    while walk.tree.size() < before.size {
        let entries = store.entries(walk.tree.size(), AT_ONCE).await?;
        if entries.is_empty() {
            break;
        }
        for entry in &entries {
            walk.step(entry, OWN)?;
        }
    }
    if walk.tree.head() != before {
        let detail = "its entries are not those of its head".to_owned();
        return Err(StoreError::Inconsistent { table: "entries", detail }.into());
    }
    missing.iter().try_for_each(|entry| walk.step(entry, COPIED))?;
    match signed.iter().find(|signed| signed.head().size > walk.tree.size()) {
        None => Ok(()),
        Some(more) => {
            Err(RecoverError::Short { by: more.by.clone(), newest: more.head().size, copy: walk.tree.size() })
        }
    }
}

struct Walk<'s> {
    tree: Frontier,
    ledger: Ledger,
    signed: &'s [Signed],
}

impl Walk<'_> {
    fn step(&mut self, bytes: &[u8], fault: &'static str) -> Result<(), RecoverError> {
        let index = self.tree.size();
        let wrong = |why: String| RecoverError::Entry { index, why, fault };
        let entry = Entry::parse(bytes).map_err(|error| wrong(error.to_string()))?;
        self.ledger.apply(&entry).map_err(|violation| wrong(violation.to_string()))?;
        self.tree.append(Hash::of_leaf(bytes)).map_err(|error| wrong(error.to_string()))?;
        self.compare(fault)
    }

    fn compare(&self, fault: &'static str) -> Result<(), RecoverError> {
        let size = self.tree.size();
        let here = self.signed.iter().filter(|signed| signed.head().size == size);
        for signed in here {
            if signed.head() != self.tree.head() {
                return Err(RecoverError::Root { by: signed.by.clone(), size, fault });
            }
        }
        Ok(())
    }
}

/// Appends the missing entries. What was appended before a failure stays: the mark is beyond it, so the
/// store is refused until the rest is there too.
async fn put_back(app: &App, from: u64, missing: Vec<Vec<u8>>) -> Result<TreeHead, RecoverError> {
    let (mut head, mut from) = (app.store().head().await?, from);
    for some in missing.chunks(AT_ONCE) {
        let recovery = Recovery { from, entries: some.to_vec(), at: app.now_text() };
        head = app.store().recover(recovery).await?;
        from = head.size;
    }
    Ok(head)
}

/// Does something with a source on a thread that may wait.
async fn blocking<T: Send + 'static>(
    source: Source,
    with: impl FnOnce(&Source) -> Result<T, SourceError> + Send + 'static,
) -> Result<(T, Source), RecoverError> {
    let done = tokio::task::spawn_blocking(move || Ok((with(&source)?, source))).await;
    done.unwrap_or_else(|error| Err(RecoverError::Thread(error.to_string())))
}
