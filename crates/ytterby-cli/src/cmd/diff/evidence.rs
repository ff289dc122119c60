//! What travels beside certificates: receipts, status lists, events, and what the lists say. None of it is
//! verified here.

use std::collections::{BTreeMap, BTreeSet};

use ytterby::digest::Digest;
use ytterby::form::StatusPurpose;
use ytterby::json::{Value, canonical};
use ytterby::status_list::StatusList;
use ytterby::text::printable;
use ytterby::time::format_time;
use ytterby::{Certificate, Receipt};

use super::{Became, Change, Side};

pub(super) fn compare(before: &Side<'_, '_>, after: &Side<'_, '_>, changes: &mut Vec<Change>) {
    receipts(before, after, changes);
    let (was, is) = (Statuses::of(before), Statuses::of(after));
    for certificate in before.bundle.certificates() {
        let digest = certificate.digest();
        let said = [was.of_certificate(before, certificate), is.of_certificate(after, certificate)];
        if after.index.contains_key(&digest) && said[0] != said[1] {
            let text = format!("{}: {}, before {}", before.what(&digest), said[1], said[0]);
            changes.push(Change::of(Became::Changed, "status", digest, text));
        }
    }
    beside(&was.said, &is.said, "status-list", changes);
    beside(&events(before), &events(after), "event", changes);
}

/// Receipts of certificates that both have.
fn receipts(before: &Side<'_, '_>, after: &Side<'_, '_>, changes: &mut Vec<Change>) {
    for certificate in before.bundle.certificates() {
        let digest = certificate.digest();
        if !after.index.contains_key(&digest) {
            continue;
        }
        let what = before.what(&digest);
        let (became, text) = match (before.bundle.receipt(&digest), after.bundle.receipt(&digest)) {
            (None, None) => continue,
            (Some(was), None) => (Became::Missing, place(was)),
            (None, Some(is)) => (Became::Added, place(is)),
            (Some(was), Some(is)) if was.to_bytes() == is.to_bytes() => continue,
            (Some(was), Some(is)) => (Became::Changed, format!("{}, before {}", place(is), place(was))),
        };
        changes.push(Change::of(became, "receipt", digest, format!("{what}: {text}")));
    }
}

/// Where a receipt says that its certificate stands, and under which checkpoints.
fn place(receipt: &Receipt<'_>) -> String {
    let Ok(opened) = receipt.open() else { return "unreadable".to_owned() };
    let checkpoint = opened.proof.checkpoint();
    let (of, cosigned) = (checkpoint.unverified(), checkpoint.note().signatures().len().saturating_sub(1));
    let fresh = opened.fresh.map_or_else(String::new, |fresh| {
        format!(", newer checkpoint of {}", fresh.checkpoint.unverified().head().size)
    });
    printable(&format!(
        "at {} of {}, checkpoint of {} cosigned by {cosigned}{fresh}",
        opened.proof.index(),
        of.origin(),
        of.head().size
    ))
}

/// The status lists of a bundle: what stands on each, and those that could be read.
struct Statuses {
    said: BTreeMap<Digest, String>,
    lists: Vec<StatusList>,
}

impl Statuses {
    fn of(side: &Side<'_, '_>) -> Self {
        let mut statuses = Statuses { said: BTreeMap::new(), lists: Vec::new() };
        for bytes in side.bundle.status_lists() {
            let text = match StatusList::parse(bytes) {
                Ok(list) => {
                    let (log, number, purpose) = (&list.log, list.number, list.purpose);
                    let text = format!(
                        "{log} {purpose} {number}: up to {} as of {}",
                        list.size,
                        format_time(list.at)
                    );
                    statuses.lists.push(list);
                    text
                }
                Err(error) => error.to_string(),
            };
            statuses.said.insert(same(bytes), printable(&text));
        }
        statuses
    }

    /// What the newest lists about a certificate say of it.
    fn of_certificate(&self, side: &Side<'_, '_>, certificate: &Certificate<'_>) -> String {
        let place = side.bundle.receipt(&certificate.digest()).and_then(|receipt| receipt.open().ok());
        let Some(place) = place else { return "not known".to_owned() };
        let index = place.proof.index();
        let newest = |purpose: StatusPurpose| {
            let own = self.lists.iter().filter(|list| {
                list.purpose == purpose
                    && *list.log.as_str() == *place.entry.home().as_str()
                    && list.covers(index)
            });
            own.max_by_key(|list| (list.size, list.at)).and_then(|list| list.get(index))
        };
        let word = |purpose: StatusPurpose, on: &str| match newest(purpose) {
            Some(true) => on.to_owned(),
            Some(false) => format!("not {on}"),
            None => format!("not known whether {on}"),
        };
        [word(StatusPurpose::Revocation, "revoked"), word(StatusPurpose::Suspension, "suspended")].join(", ")
    }
}

/// Closings, changes of status and admissions.
fn events(side: &Side<'_, '_>) -> BTreeMap<Digest, String> {
    let said = |member: &str, event: &ytterby::event::Event<'_>| {
        let Ok(opened) = event.open() else { return format!("{member}: unreadable") };
        let digest = opened.entry.certificate();
        let (log, index) =
            (opened.proof.checkpoint().unverified().origin().to_string(), opened.proof.index());
        printable(&format!("{member}: {} at {index} of {log}", side.what(&digest)))
    };
    side.bundle.events().map(|(member, _, event)| (same(event.as_bytes()), said(member, event))).collect()
}

/// What is in one of two lists only.
fn beside(
    was: &BTreeMap<Digest, String>,
    is: &BTreeMap<Digest, String>,
    what: &'static str,
    changes: &mut Vec<Change>,
) {
    let only = |own: &BTreeMap<Digest, String>, other: &BTreeMap<Digest, String>| -> BTreeSet<String> {
        own.iter().filter(|(digest, _)| !other.contains_key(*digest)).map(|(_, text)| text.clone()).collect()
    };
    for (became, texts) in [(Became::Missing, only(was, is)), (Became::Added, only(is, was))] {
        changes.extend(texts.into_iter().map(|text| Change { became, what, certificate: None, text }));
    }
}

/// The digest of JSON, whatever its formatting.
fn same(bytes: &[u8]) -> Digest {
    Value::parse(bytes).map_or_else(|_| Digest::of(bytes), |value| Digest::of(&canonical(&value)))
}
