//! Newer status lists and checkpoints of the logs that a trust file pins.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use ytterby::digest::Digest;
use ytterby::finding::Finding;
use ytterby::form::StatusPurpose;
use ytterby::status_list::{LIST_BITS, StatusList};
use ytterby::text::printable;
use ytterby::trust::PinnedRegistry;
use ytterby::{Bundle, Entry, Receipt, Trust};
use ytterby_tlog::{SignedCheckpoint, TileError, TileTree, TreeHead};

use super::unavailable;
use crate::clock::Stopwatch;
use crate::follow::{LogFiles, MAX_STATUS_LIST, status_list_path};

/// Most lists of a log that are fetched for one bundle: those of eight million certificates.
const MOST_LISTS: usize = 64;
/// So many of those that were not to be had are named.
const MOST_NAMED: usize = 4;

/// How long the lists of a registry may take for one bundle.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was fetched from each registry in this run.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    lists: HashMap<String, Vec<u8>>,
    checkpoints: HashMap<String, (SignedCheckpoint, TreeHead)>,
    /// Registries that did not answer, and why: not asked again for the next input.
    silent: HashMap<String, String>,
}

/// What a bundle holds of one log.
#[derive(Default)]
struct Held {
    /// Numbers of the status lists that its delivered certificates need.
    delivered_lists: BTreeSet<u64>,
    /// Those of all its certificates.
    lists: BTreeSet<u64>,
    /// The receipts of delivered certificates.
    delivered: Vec<Shown>,
}

/// What was to be had of the lists that are needed.
#[derive(Default)]
struct Lists {
    found: Vec<Vec<u8>>,
    /// What is to be said of the others.
    missing: Vec<String>,
    /// The registry does not answer: it is not asked again.
    is_silent: bool,
}

/// How much of its log a receipt shows.
struct Shown {
    certificate: Digest,
    /// The tree of the checkpoint that it is about.
    head: TreeHead,
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
            let Lists { found, mut missing, is_silent } = self.lists(registry, url, &held, say);
            bundle = bundle.with_status_lists(found);
            if !is_silent {
                match self.fresh(registry, url, &bundle, &held.delivered, say) {
                    Ok(receipts) => {
                        receipts.into_iter().for_each(|(digest, own)| bundle.add_receipt(digest, own))
                    }
                    Err(text) => missing.push(text),
                }
            }
            findings.extend(joined(&missing).map(unavailable));
        }
        bundle
    }

    /// The lists of delivered certificates first: of a bundle with very many, those are what counts. One
    /// that is wrong or is not there keeps none of the others back.
    fn lists(&mut self, registry: &PinnedRegistry, url: &str, held: &Held, say: &dyn Fn(&str)) -> Lists {
        let mut lists = Lists::default();
        // Without a key no list would count.
        if registry.status_keys.is_empty() {
            return lists;
        }
        if let Some(why) = self.silent.get(url) {
            return Lists { missing: vec![why.clone()], is_silent: true, ..lists };
        }
        let begun = Stopwatch::start();
        let files = match LogFiles::at(url, None) {
            Ok(files) => files,
            Err(failure) => return Lists { missing: vec![failure.text], is_silent: true, ..lists },
        };
        let others = held.lists.difference(&held.delivered_lists);
        for number in held.delivered_lists.iter().chain(others).take(MOST_LISTS) {
            for purpose in StatusPurpose::ALL {
                let path = status_list_path(*number, *purpose);
                let place = format!("{url}/{path}");
                if let Some(list) = self.lists.get(&place) {
                    lists.found.push(list.clone());
                    continue;
                }
                say(&place);
                let answer = files.file(&path, MAX_STATUS_LIST).map_err(|error| error.to_string());
                let answer = match begun.elapsed() > PATIENCE {
                    true => Err(format!("{url}: more than {} s for its lists", PATIENCE.as_secs())),
                    false => answer,
                };
                let list = match answer {
                    Ok(list) => list.ok_or_else(|| "there is no such list".to_owned()),
                    Err(why) => {
                        self.silent.insert(url.to_owned(), why.clone());
                        lists.missing.push(why);
                        return Lists { is_silent: true, ..lists };
                    }
                };
                match list.and_then(|list| of_registry(list, registry, *number, *purpose)) {
                    Ok(list) => {
                        self.lists.insert(place, list.clone());
                        lists.found.push(list);
                    }
                    Err(why) => lists.missing.push(format!("{place}: {why}")),
                }
            }
        }
        if held.lists.len() > MOST_LISTS {
            let text =
                format!("{url}: of {} lists no more than {MOST_LISTS} were asked for", held.lists.len());
            lists.missing.push(text);
        }
        lists
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
        // A tree of the same size and another root is a fork: whoever judges is to see it.
        let is_news = |shown: &&Shown| {
            shown.newest < head.size || (shown.head.size == head.size && shown.head.root != head.root)
        };
        for shown in delivered.iter().filter(is_news) {
            let Some(receipt) = bundle.receipt(&shown.certificate) else { continue };
            let (_, proof) = tree.prove_consistency(shown.head.size).map_err(|error| match error {
                TileError::Read(error) => error.to_string(),
                error => format!("{log}: {error}"),
            })?;
            let receipt = receipt.with_fresh(newest, &proof).map_err(|error| format!("{log}: {error}"))?;
            fresh.push((shown.certificate, receipt));
        }
        Ok(fresh)
    }
}

/// A list, if it is the one that was asked for and would count.
fn of_registry(
    bytes: Vec<u8>,
    registry: &PinnedRegistry,
    number: u64,
    purpose: StatusPurpose,
) -> Result<Vec<u8>, String> {
    let list = StatusList::parse(&bytes).map_err(|error| error.to_string())?;
    if list.log != registry.origin || (list.number, list.purpose) != (number, purpose) {
        return Err(format!("it is the {} list {} of {}", list.purpose, list.number, list.log));
    }
    if !registry.status_keys.contains(&list.key) {
        return Err(format!("the trust file does not name the key that signed it, {}", list.key));
    }
    Ok(bytes)
}

/// All that is to be said of one registry, if there is anything.
fn joined(missing: &[String]) -> Option<String> {
    let (named, more) = missing.split_at(missing.len().min(MOST_NAMED));
    let more = match more.len() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    (!named.is_empty()).then(|| printable(&format!("{}{more}", named.join("; "))))
}

/// What a bundle's receipts say of each pinned log, by its place in the trust file. Only what a log has
/// signed counts: an index that somebody wrote down would have lists fetched in the place of those that
/// are needed.
fn held(bundle: &Bundle<'_>, trust: &Trust) -> BTreeMap<usize, Held> {
    let delivered: HashSet<Digest> = bundle.subject().into_iter().collect();
    let mut signed: HashMap<String, bool> = HashMap::new();
    let mut logs: BTreeMap<usize, Held> = BTreeMap::new();
    for (digest, receipt) in bundle.receipts() {
        // A receipt that is wrong is found so by whoever judges.
        let Ok(opened) = receipt.open() else { continue };
        let proof = &opened.proof;
        let checkpoint = proof.checkpoint().unverified();
        let Some((place, registry)) = trust.registry(checkpoint.origin().as_str()) else { continue };
        let is_signed = signed
            .entry(proof.checkpoint().to_string())
            .or_insert_with(|| proof.checkpoint().open(&registry.key).is_ok());
        let entry = Entry::Certificate(opened.entry.clone());
        if !*is_signed
            || bundle.certificate(&digest).is_none()
            || opened.entry.certificate() != digest
            || proof.verify_at(&entry.to_bytes(), &checkpoint.head()).is_err()
        {
            continue;
        }
        let held = logs.entry(place).or_default();
        held.lists.insert(proof.index() / LIST_BITS);
        if delivered.contains(&digest) {
            held.delivered_lists.insert(proof.index() / LIST_BITS);
            let head = checkpoint.head();
            let fresh = opened.fresh.map_or(0, |fresh| fresh.checkpoint.unverified().head().size);
            held.delivered.push(Shown { certificate: digest, head, newest: fresh.max(head.size) });
        }
    }
    logs
}
