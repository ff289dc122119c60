//! Revoked, suspended, and how old that knowledge is. (proto-docs/status.md, "What a list shows".)

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::Logged;
use super::events::{Events, MOST_WRONG, Stands};
use crate::bundle::Bundle;
use crate::digest::Digest;
use crate::finding::{Code, Finding};
use crate::form::StatusPurpose;
use crate::report::{Outcome, StatusKnown};
use crate::status_list::{LIST_BITS, StatusList};
use crate::time::format_time;
use crate::trust::Trust;

/// A list, or a checkpoint that shows an event, may be so much newer than the time asked about: clocks
/// differ.
const CLOCKS: SignedDuration = SignedDuration::from_mins(5);

/// The latest time of what counts as known at the time asked about.
pub(crate) fn known_by(at: Timestamp) -> Timestamp {
    at.saturating_add(CLOCKS).unwrap_or(at)
}

/// The lists of a bundle that count, at the time asked about.
pub(crate) struct Statuses<'t> {
    trust: &'t Trust,
    at: Timestamp,
    oldest: SignedDuration,
    lists: HashMap<(usize, u64, StatusPurpose), StatusList>,
    known: Option<StatusKnown>,
    events: &'t Events,
}

/// Whose status is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) certificate: Digest,
    /// Where it was logged, if that was found.
    pub(crate) logged: Option<Logged>,
    pub(crate) is_subject: bool,
    pub(crate) is_lot: bool,
    pub(crate) is_accreditation: bool,
}

impl<'t> Statuses<'t> {
    /// Reads the lists; those that are wrong are findings, those that nobody asked for are left out.
    pub(crate) fn of(
        bundle: &Bundle<'_>,
        trust: &'t Trust,
        (at, oldest): (Timestamp, SignedDuration),
        events: &'t Events,
        findings: &mut Vec<Finding>,
    ) -> Self {
        let mut statuses = Statuses { trust, at, oldest, lists: HashMap::new(), known: None, events };
        let mut wrong = 0;
        for (number, bytes) in bundle.status_lists().enumerate() {
            match StatusList::parse(bytes) {
                Ok(list) => statuses.add(list),
                Err(error) => {
                    let pointer = format!("/statusLists/{number}");
                    findings.push(Finding::new(Code::StatusList, error.to_string()).at(pointer));
                    wrong += 1;
                    if wrong == MOST_WRONG {
                        break;
                    }
                }
            }
        }
        statuses
    }

    fn add(&mut self, list: StatusList) {
        let Some((registry, pinned)) = self.trust.registry(list.log.as_str()) else { return };
        if !pinned.status_keys.contains(&list.key) || list.at > known_by(self.at) {
            return;
        }
        let place = (registry, list.number, list.purpose);
        let newer = self.lists.get(&place).is_none_or(|known| (known.size, known.at) < (list.size, list.at));
        if newer {
            self.lists.insert(place, list);
        }
    }

    /// Judges the status of one certificate; what is not said is as it should be.
    pub(crate) fn check(&mut self, asked: &Asked, findings: &mut Vec<Finding>) -> Outcome {
        let required = self.trust.require_status;
        let mut add = |code: Code, text: String| {
            findings.push(Finding::new(code, text).about(asked.certificate));
            Outcome::of(code.effect())
        };
        let Some(logged) = asked.logged else {
            let text = "it has no place in a log that the trust file pins";
            // Where registration is required that is said already, and is one fault.
            let said = self.trust.require_registration || !required;
            return if said { Outcome::Unknown } else { add(Code::StatusMissing, text.to_owned()) };
        };
        let shown: Option<Stands> = self.events.revocation(asked.certificate, logged);
        let shown = shown.filter(|shown| shown.at <= known_by(self.at));
        let mut outcome = Outcome::Pass;
        for purpose in StatusPurpose::ALL {
            let place = (logged.registry, logged.index / LIST_BITS, *purpose);
            let found = self.lists.get(&place).and_then(|list| Some((list, list.get(logged.index)?)));
            let logged_as_revoked = shown.filter(|_| *purpose == StatusPurpose::Revocation);
            let own = match (found, logged_as_revoked) {
                // What the log shows needs no list, and no list that is older speaks against it.
                (Some((list, false)), Some(shown)) if shown.index < list.size => {
                    add(Code::StatusList, format!("a revocation is logged, and is not set {}", said(list)))
                }
                (None | Some((_, false)), Some(shown)) => {
                    add(set(asked, *purpose), format!("revoked at {} of its log", shown.index))
                }
                (None, None) if required => add(Code::StatusMissing, missing(*purpose)),
                (None, None) => Outcome::Unknown,
                (Some((list, true)), _) => {
                    note(&mut self.known, list);
                    add(set(asked, *purpose), said(list))
                }
                (Some((list, false)), None) => {
                    let old = self.at.duration_since(list.at) > self.oldest;
                    note(&mut self.known, list);
                    match (old, required) {
                        (true, true) => add(Code::StatusStale, said(list)),
                        (true, false) => Outcome::Unknown,
                        (false, _) => Outcome::Pass,
                    }
                }
            };
            outcome = outcome.max(own);
        }
        outcome
    }

    /// As of when everything that was asked is known.
    pub(crate) fn known(self) -> Option<StatusKnown> {
        self.known
    }
}

fn missing(purpose: StatusPurpose) -> String {
    format!("no list of a pinned status key, as of the time asked about, shows its {purpose}")
}

/// Which code says that a status is on.
fn set(asked: &Asked, purpose: StatusPurpose) -> Code {
    match (asked.is_subject, asked.is_lot, purpose) {
        _ if asked.is_accreditation && !asked.is_subject => match purpose {
            StatusPurpose::Revocation => Code::StatusAccreditationRevoked,
            StatusPurpose::Suspension => Code::StatusSuspended,
        },
        (true, _, StatusPurpose::Revocation) => Code::StatusRevoked,
        (false, true, StatusPurpose::Revocation) => Code::StatusAncestorRevoked,
        (true, _, StatusPurpose::Suspension) | (false, true, StatusPurpose::Suspension) => {
            Code::StatusSuspended
        }
        (false, false, _) => Code::StatusAttestationRevoked,
    }
}

fn said(list: &StatusList) -> String {
    format!("by the list of {} as of {}, size {}", list.log, format_time(list.at), list.size)
}

fn note(known: &mut Option<StatusKnown>, list: &StatusList) {
    let own = StatusKnown { at: list.at, size: list.size, log: list.log.clone() };
    if known.as_ref().is_none_or(|known| own.at < known.at) {
        *known = Some(own);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_lists_are_said_one_by_one_up_to_a_limit() {
        let trust = Trust::nobody();
        let events = Events::default();
        for (lists, said) in [(2, 2), (MOST_WRONG, MOST_WRONG), (MOST_WRONG + 1, MOST_WRONG)] {
            let bundle = Bundle::default().with_status_lists(vec![b"{}".to_vec(); lists]);
            let mut findings = Vec::new();
            Statuses::of(&bundle, &trust, (Timestamp::UNIX_EPOCH, CLOCKS), &events, &mut findings);
            assert_eq!(findings.len(), said, "{lists}");
            let last = format!("/statusLists/{}", said - 1);
            assert_eq!(findings.last().map(|last| last.pointer.as_str()), Some(last.as_str()));
        }
    }
}
