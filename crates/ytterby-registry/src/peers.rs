//! Other registries: their status lists travel in the bundles that are served here.
//!
//! A lot that came from another registry has its status there. Its lists are public files; they are
//! fetched when a bundle needs them and kept for a while, and nothing of them is believed: whoever gets
//! the bundle verifies them by his own pins.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ureq::Agent;
use ytterby::form::StatusPurpose;
use ytterby::status_list::{LIST_BITS, StatusList};
use ytterby::{Home, Receipt};

use crate::app::App;
use crate::clock::Stopwatch;
use crate::problem::Problem;

/// How long a list is handed on as it is.
const KEPT: Duration = Duration::from_secs(60);
/// How long a registry that failed is left alone.
const PAUSE: Duration = Duration::from_secs(10);
/// How long a peer may take for one list.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Largest list, in bytes: twice what 131,072 random bits take.
const LARGEST: u64 = 64 * 1024;
/// Most lists that are kept.
const MOST: usize = 1_024;

/// Where the lists of another log are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Origin of the log.
    pub origin: Home,
    /// The registry's address, without a slash at its end.
    pub url: String,
}

/// The registries whose lists are handed on, and those that were fetched lately.
pub(crate) struct Peers {
    peers: Vec<Peer>,
    agent: Agent,
    lists: Mutex<HashMap<String, (Stopwatch, Vec<u8>)>>,
    /// Since when a registry cannot be asked.
    failed: Mutex<HashMap<Home, Stopwatch>>,
}

impl Peers {
    pub(crate) fn new(peers: Vec<Peer>) -> Self {
        let config = Agent::config_builder().max_redirects(0).timeout_global(Some(TIMEOUT));
        Peers { peers, agent: config.build().into(), lists: Mutex::default(), failed: Mutex::default() }
    }

    fn list(&self, origin: &Home, url: &str) -> Option<Vec<u8>> {
        let lists = || self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((fetched, bytes)) = lists().get(url)
            && fetched.elapsed() < KEPT
        {
            return Some(bytes.clone());
        }
        let failed = || self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed().get(origin).is_some_and(|since| since.elapsed() < PAUSE) {
            return lists().get(url).map(|(_, bytes)| bytes.clone());
        }
        match self.fetch(origin, url) {
            Ok(bytes) => {
                let mut lists = lists();
                if lists.len() >= MOST {
                    lists.clear();
                }
                lists.insert(url.to_owned(), (Stopwatch::start(), bytes.clone()));
                Some(bytes)
            }
            Err(error) => {
                failed().insert(origin.clone(), Stopwatch::start());
                tracing::warn!(%url, error, "a status list of another registry cannot be had");
                // An old one says how old it is.
                lists().get(url).map(|(_, bytes)| bytes.clone())
            }
        }
    }

    fn fetch(&self, origin: &Home, url: &str) -> Result<Vec<u8>, String> {
        let mut answer = self.agent.get(url).call().map_err(|error| error.to_string())?;
        let bytes = answer.body_mut().with_config().limit(LARGEST).read_to_vec();
        let bytes = bytes.map_err(|error| error.to_string())?;
        let list = StatusList::parse(&bytes).map_err(|error| error.to_string())?;
        if list.log != *origin {
            return Err(format!("it is a list of {}", list.log));
        }
        Ok(bytes)
    }
}

/// The status lists of certificates that are registered elsewhere, by their receipts: those that can be
/// had.
pub(crate) async fn lists(app: &App, receipts: &[Receipt<'static>]) -> Result<Vec<Vec<u8>>, Problem> {
    let needed: BTreeSet<(Home, String)> =
        receipts.iter().filter_map(|receipt| place(app, receipt)).flatten().collect();
    if needed.is_empty() {
        return Ok(Vec::new());
    }
    let own = app.clone();
    let fetched = tokio::task::spawn_blocking(move || {
        needed.iter().filter_map(|(origin, url)| own.peers().list(origin, url)).collect::<Vec<_>>()
    });
    fetched.await.map_err(|error| Problem::internal("peers", &error))
}

/// Where the two lists of a receipt's certificate are.
fn place(app: &App, receipt: &Receipt<'_>) -> Option<[(Home, String); 2]> {
    let opened = receipt.open().ok()?;
    let origin = opened.proof.checkpoint().unverified().origin().as_str();
    let peer = app.peers().peers.iter().find(|peer| peer.origin.as_str() == origin)?;
    let list = format!("{}/v1/status-lists/{}", peer.url, opened.proof.index() / LIST_BITS);
    let suspensions = format!("{list}/{}", StatusPurpose::Suspension);
    Some([(peer.origin.clone(), list), (peer.origin.clone(), suspensions)])
}
