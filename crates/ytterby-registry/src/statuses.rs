//! Status lists: made from the store, signed with the status key, kept for a while.
//!
//! A list never shows more of the log than is published. Implements proto-docs/status.md, "Serving".

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use ytterby::form::StatusPurpose;
use ytterby::key::{Multikey, SigningKey};
use ytterby::status_list::{LIST_BITS, NewStatusList};

use crate::app::App;
use crate::problem::Problem;

/// How long a list is shown again as it is: whoever reads it learns a change this much later.
const KEPT: SignedDuration = SignedDuration::from_secs(60);

/// Most lists that are kept. Each is about a kilobyte and makes itself anew when it is asked for.
const MOST: usize = 1_024;

/// What signs status lists, and those that were made lately.
pub(crate) struct Statuses {
    key: SigningKey,
    /// How often something has changed: what was read before a change is not kept after it.
    changes: AtomicU64,
    made: Mutex<HashMap<(u64, StatusPurpose), Arc<Made>>>,
}

/// A list as it was signed.
struct Made {
    at: Timestamp,
    size: u64,
    bytes: Vec<u8>,
}

impl Statuses {
    pub(crate) fn new(key: SigningKey) -> Self {
        Statuses { key, changes: AtomicU64::new(0), made: Mutex::default() }
    }

    /// The key that verifies the lists.
    pub(crate) fn key(&self) -> Multikey {
        self.key.public()
    }

    fn lists(&self) -> std::sync::MutexGuard<'_, HashMap<(u64, StatusPurpose), Arc<Made>>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what was made: after a change of status nobody is to be shown the state before it.
    pub(crate) fn forget(&self) {
        let mut lists = self.lists();
        self.changes.fetch_add(1, Ordering::SeqCst);
        lists.clear();
    }
}

/// A list that holds up to at least a size of the log.
pub(crate) async fn list(
    app: &App,
    number: u64,
    purpose: StatusPurpose,
    at_least: u64,
) -> Result<Vec<u8>, Problem> {
    let (statuses, now) = (app.statuses(), app.now());
    let known = statuses.lists().get(&(number, purpose)).cloned();
    if let Some(made) = known
        && made.size >= at_least
        && now.duration_since(made.at).abs() < KEPT
    {
        return Ok(made.bytes.clone());
    }
    let changes = statuses.changes.load(Ordering::SeqCst);
    let from = number.saturating_mul(LIST_BITS);
    let bits = app.store().status_bits(purpose, from, from.saturating_add(LIST_BITS)).await?;
    app.registrar().publish_asked(bits.size).await?;
    let new = NewStatusList { log: app.origin(), number, purpose, size: bits.size, at: now, set: &bits.set };
    let bytes = new.sign(&statuses.key);
    let mut lists = statuses.lists();
    if lists.len() >= MOST {
        lists.clear();
    }
    if statuses.changes.load(Ordering::SeqCst) == changes {
        lists.insert((number, purpose), Arc::new(Made { at: now, size: bits.size, bytes: bytes.clone() }));
    }
    Ok(bytes)
}

/// Both lists of every certificate with one of these log indices.
pub(crate) async fn of(app: &App, indices: impl Iterator<Item = u64>) -> Result<Vec<Vec<u8>>, Problem> {
    let mut needed: HashMap<u64, u64> = HashMap::new();
    for index in indices {
        let size = needed.entry(index / LIST_BITS).or_default();
        *size = (*size).max(index + 1);
    }
    let mut needed: Vec<_> = needed.into_iter().collect();
    needed.sort_unstable();
    let mut lists = Vec::with_capacity(2 * needed.len());
    for (number, size) in needed {
        for purpose in StatusPurpose::ALL {
            lists.push(list(app, number, *purpose, size).await?);
        }
    }
    Ok(lists)
}
