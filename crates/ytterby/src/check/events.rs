//! What happened to lots, and whether it was before they were drawn on.
//! (proto-docs/status.md, "Before or after the draw".)

use std::collections::HashMap;

use jiff::Timestamp;

use super::registration::Registration;
use super::{Logged, input};
use crate::bundle::Bundle;
use crate::certificate::Certificate;
use crate::digest::Digest;
use crate::entry::Entry;
use crate::event::Event;
use crate::finding::{Code, Finding};
use crate::form::{CloseReason, StatusPurpose};
use crate::report::ClosedIn;
use crate::trust::Trust;

/// Events or lists that are wrong, after which no more are looked at.
pub(super) const MOST_WRONG: usize = 100;

/// Where an event stands in a log that counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stands {
    /// The registry's number in the trust file.
    pub(crate) registry: usize,
    pub(crate) index: u64,
    /// When a quorum had cosigned the checkpoint that it was shown by.
    pub(crate) at: Timestamp,
}

/// What was shown to have happened, by certificate.
#[derive(Default)]
pub(crate) struct Events {
    closed: HashMap<(Digest, usize), (Stands, CloseReason)>,
    revoked: HashMap<(Digest, usize), Stands>,
    /// Admitted in the log of a registry; until the time given it had not been.
    admitted: HashMap<(Digest, usize), Timestamp>,
}

impl Events {
    /// Verifies the events of a bundle; those that are wrong are findings, those of logs that do not
    /// count are left out.
    pub(crate) fn of(
        bundle: &Bundle<'_>,
        registration: &mut Registration<'_>,
        all: &mut Vec<Finding>,
    ) -> Self {
        let mut events = Events::default();
        let mut wrong = 0;
        for (member, number, event) in bundle.events() {
            if let Err((code, text)) = events.add(member, event, registration) {
                all.push(Finding::new(code, text).at(format!("/{member}/{number}")));
                // One is enough for the verdict, and a file can hold many.
                wrong += 1;
                if wrong == MOST_WRONG {
                    break;
                }
            }
        }
        events
    }

    fn add(
        &mut self,
        member: &str,
        event: &Event<'_>,
        registration: &mut Registration<'_>,
    ) -> Result<(), (Code, String)> {
        let opened = event.open().map_err(|error| (Code::RegistrationReceipt, error.to_string()))?;
        let kind = match &opened.entry {
            Entry::Closing(_) => "closings",
            Entry::Status(_) => "statusChanges",
            Entry::Admission(_) => "admissions",
            Entry::Certificate(_) => "receipts",
        };
        if kind != member {
            return Err((Code::RegistrationReceipt, format!("the entry belongs under `{kind}`")));
        }
        let Some(stands) = registration.event(&opened)? else { return Ok(()) };
        match &opened.entry {
            Entry::Closing(closing) => {
                let place = (closing.certificate, stands.registry);
                first(&mut self.closed, place, (stands, closing.reason), |closed| closed.0.index);
            }
            Entry::Status(change) if change.purpose == StatusPurpose::Revocation && change.value => {
                first(&mut self.revoked, (change.certificate, stands.registry), stands, |own| own.index);
            }
            Entry::Admission(admission) => {
                if let Some((checkpoint, digest)) = &opened.before
                    && let Some(at) = registration.before(stands, checkpoint, *digest)?
                {
                    self.admitted.insert((admission.certificate(), stands.registry), at);
                }
            }
            Entry::Status(_) | Entry::Certificate(_) => {}
        }
        Ok(())
    }

    /// Where a revocation of a certificate stands in the log that it is registered in, if one was shown.
    pub(crate) fn revocation(&self, certificate: Digest, logged: Logged) -> Option<Stands> {
        self.revoked.get(&(certificate, logged.registry)).copied()
    }

    /// The end of a certificate's lot, if its home was shown to have recorded it by then.
    pub(crate) fn closing(
        &self,
        certificate: &Certificate<'_>,
        trust: &Trust,
        by: Timestamp,
    ) -> Option<ClosedIn> {
        let home = &certificate.claims().home;
        let (registry, _) = trust.registry(home.as_str())?;
        let (stands, reason) = self.closed.get(&(certificate.digest(), registry))?;
        let closed = ClosedIn { log: home.clone(), index: stands.index, at: stands.at, reason: *reason };
        (stands.at <= by).then_some(closed)
    }

    /// Draws of a certificate on lots that had been revoked or closed before.
    pub(crate) fn check(
        &self,
        certificate: &Certificate<'_>,
        logged: Option<Logged>,
        place: &dyn Fn(&Digest) -> Option<Logged>,
        trust: &Trust,
        all: &mut Vec<Finding>,
    ) {
        let (Some(lot), Some(logged)) = (certificate.lot(), logged) else { return };
        for (at, drawn) in lot.inputs.iter().enumerate() {
            let mut add = |code: Code, text: String| {
                let finding = Finding::new(code, text).at(input(at, "digestMultibase"));
                all.push(finding.about(certificate.digest()));
            };
            let later = |stands: &&Stands| stands.index < logged.index;
            let here = (drawn.digest, logged.registry);
            let log = trust.registries.get(logged.registry).map_or("", |registry| registry.origin.as_str());
            if let Some(stands) = self.closed.get(&here).map(|(stands, _)| stands).filter(later) {
                let text = format!("closed at {} of {log}, drawn on at {}", stands.index, logged.index);
                add(Code::CustodyClosedLot, text);
            }
            if let Some(revoked) = self.revoked.get(&here).filter(later) {
                let text = format!("revoked at {} of {log}, drawn on at {}", revoked.index, logged.index);
                add(Code::StatusRevokedBeforeDraw, text);
            }
            // After a move the status is kept where the lot is registered.
            let Some(elsewhere) = place(&drawn.digest) else { continue };
            if elsewhere.registry != logged.registry
                && let Some(revoked) = self.revocation(drawn.digest, elsewhere)
                && let Some(not_yet) = self.admitted.get(&(drawn.digest, logged.registry))
                && revoked.at <= *not_yet
            {
                let text = format!("revoked by {}, admitted to {log} after {not_yet}", revoked.at);
                add(Code::StatusRevokedBeforeDraw, text);
            }
        }
    }
}

/// Of several the first counts.
fn first<T: Copy>(
    all: &mut HashMap<(Digest, usize), T>,
    place: (Digest, usize),
    found: T,
    index: fn(&T) -> u64,
) {
    let known = all.entry(place).or_insert(found);
    if index(&found) < index(known) {
        *known = found;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_events_are_said_one_by_one_up_to_a_limit() {
        let trust = Trust::nobody();
        for (events, said) in [(2, 2), (MOST_WRONG, MOST_WRONG), (MOST_WRONG + 1, MOST_WRONG)] {
            let wrong = std::iter::repeat_n(("closings", Event::of_span(b"{}")), events);
            let bundle = Bundle::default().with_events(wrong);
            let mut findings = Vec::new();
            Events::of(&bundle, &mut Registration::new(&trust, 0), &mut findings);
            assert_eq!(findings.len(), said, "{events}");
            assert!(findings.iter().all(|finding| finding.code == Code::RegistrationReceipt));
        }
    }

    #[test]
    fn the_first_in_the_log_counts_in_whatever_order_they_are_shown() {
        for shown in [[3, 5, 9], [9, 5, 3], [5, 3, 9]] {
            let mut all = HashMap::new();
            let place = (Digest::of(b"lot"), 0);
            for index in shown {
                first(&mut all, place, index, |index: &u64| *index);
            }
            assert_eq!(all[&place], 3, "{shown:?}");
        }
    }
}
