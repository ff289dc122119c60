//! Newer status lists and checkpoints of the logs that a trust file pins.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use ytterby::digest::Digest;
use ytterby::finding::Finding;
use ytterby::form::StatusPurpose;
use ytterby::status_list::{LIST_BITS, StatusList};
use ytterby::text::printable;
use ytterby::trust::PinnedRegistry;
use ytterby::{Bundle, Receipt, Trust};
use ytterby_tlog::{SignedCheckpoint, TileError, TileTree, TreeHead};

use super::unavailable;
use crate::follow::{LogFiles, MAX_STATUS_LIST, status_list_path};

/// Most lists of a log that are fetched for one bundle: those of eight million certificates.
const MOST_LISTS: usize = 64;

/// What was fetched from each registry in this run.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    lists: HashMap<String, Vec<u8>>,
    checkpoints: HashMap<String, (SignedCheckpoint, TreeHead)>,
}

/// What a bundle holds of one log.
#[derive(Default)]
struct Held {
    /// Numbers of the status lists that its certificates need.
    lists: BTreeSet<u64>,
    /// The receipts of delivered certificates.
    delivered: Vec<Shown>,
}

/// How much of its log a receipt shows.
struct Shown {
    certificate: Digest,
    /// The size of the checkpoint that it is about.
    size: u64,
    /// That of the newest which travels beside it.
    newest: u64,
}

impl Logs {
    /// The bundle with what the registries of its certificates show now.
    pub(super) fn refresh<'a>(
        &mut self,
        mut bundle: Bundle<'a>,
        trust: &Trust,
        say: &dyn Fn(&str),
        findings: &mut Vec<Finding>,
    ) -> Bundle<'a> {
        for (place, held) in held(&bundle, trust) {
            let Some(registry) = trust.registries.get(place) else { continue };
            let Some(url) = &registry.url else {
                let text =
                    format!("the trust file has no `url` for {}: nothing was asked there", registry.origin);
                findings.push(unavailable(text));
                continue;
            };
            match self.lists(registry, url, &held.lists, say) {
                Ok(lists) => bundle = bundle.with_status_lists(lists),
                Err(text) => {
                    // What does not answer once is not asked again.
                    findings.push(unavailable(printable(&text)));
                    continue;
                }
            }
            match self.fresh(registry, url, &bundle, &held.delivered, say) {
                Ok(receipts) => {
                    receipts.into_iter().for_each(|(digest, own)| bundle.add_receipt(digest, own))
                }
                Err(text) => findings.push(unavailable(printable(&text))),
            }
        }
        bundle
    }

    fn lists(
        &mut self,
        registry: &PinnedRegistry,
        url: &str,
        numbers: &BTreeSet<u64>,
        say: &dyn Fn(&str),
    ) -> Result<Vec<Vec<u8>>, String> {
        let files = LogFiles::at(url, None).map_err(|failure| failure.text)?;
        let mut found = Vec::new();
        for number in numbers.iter().take(MOST_LISTS) {
            for purpose in StatusPurpose::ALL {
                let path = status_list_path(*number, *purpose);
                let place = format!("{url}/{path}");
                if let Some(list) = self.lists.get(&place) {
                    found.push(list.clone());
                    continue;
                }
                say(&place);
                let list = files.file(&path, MAX_STATUS_LIST).map_err(|error| error.to_string())?;
                let list = list.ok_or_else(|| format!("{place}: there is no such list"))?;
                let read = StatusList::parse(&list).map_err(|error| format!("{place}: {error}"))?;
                if read.log != registry.origin {
                    return Err(format!("{place}: it is a list of {}", read.log));
                }
                self.lists.insert(place, list.clone());
                found.push(list);
            }
        }
        Ok(found)
    }

    /// The receipts of delivered certificates, each with the newest checkpoint and the proof that it
    /// continues the receipt's.
    fn fresh(
        &mut self,
        registry: &PinnedRegistry,
        url: &str,
        bundle: &Bundle<'_>,
        delivered: &[Shown],
        say: &dyn Fn(&str),
    ) -> Result<Vec<(Digest, Receipt<'static>)>, String> {
        // A frozen log has no newer checkpoint that counts; without a quorum none does.
        let (None, Some(policy), false) = (registry.frozen, registry.policy(), delivered.is_empty()) else {
            return Ok(Vec::new());
        };
        let log = format!("{url}/log");
        let files = LogFiles::at(&log, None).map_err(|failure| failure.text)?;
        if !self.checkpoints.contains_key(&log) {
            say(&format!("{log}/checkpoint"));
            let newest = files.checkpoint().map_err(|error| error.to_string())?;
            let opened = policy.open(registry.key.name(), &newest);
            let head = opened.map_err(|error| format!("{log}/checkpoint: {error}"))?.checkpoint().head();
            self.checkpoints.insert(log.clone(), (newest, head));
        }
        let Some((newest, head)) = self.checkpoints.get(&log) else { return Ok(Vec::new()) };
        let mut tree = TileTree::new(*head, |tile| files.tile(tile));
        let mut fresh = Vec::new();
        for shown in delivered.iter().filter(|shown| shown.newest < head.size) {
            let Some(receipt) = bundle.receipt(&shown.certificate) else { continue };
            let (_, proof) = tree.prove_consistency(shown.size).map_err(|error| match error {
                TileError::Read(error) => error.to_string(),
                error => format!("{log}: {error}"),
            })?;
            let receipt = receipt.with_fresh(newest, &proof).map_err(|error| format!("{log}: {error}"))?;
            fresh.push((shown.certificate, receipt));
        }
        Ok(fresh)
    }
}

/// What a bundle's receipts say of each pinned log, by its place in the trust file.
fn held(bundle: &Bundle<'_>, trust: &Trust) -> BTreeMap<usize, Held> {
    let delivered: HashSet<Digest> = bundle.subject().into_iter().collect();
    let mut logs: BTreeMap<usize, Held> = BTreeMap::new();
    for (digest, receipt) in bundle.receipts() {
        // A receipt that cannot be read is found wrong by whoever judges.
        let Ok(opened) = receipt.open() else { continue };
        let checkpoint = opened.proof.checkpoint().unverified();
        let Some((place, _)) = trust.registry(checkpoint.origin().as_str()) else { continue };
        let held = logs.entry(place).or_default();
        held.lists.insert(opened.proof.index() / LIST_BITS);
        if delivered.contains(&digest) {
            let size = checkpoint.head().size;
            let newest =
                opened.fresh.map_or(size, |fresh| fresh.checkpoint.unverified().head().size.max(size));
            held.delivered.push(Shown { certificate: digest, size, newest });
        }
    }
    logs
}
