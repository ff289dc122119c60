//! The ledger: what a log's entries add up to, and which entry may come next.
//!
//! An auditing witness, the registry that is about to commit, a monitor and whoever checks a log at
//! home all replay entries with this one function. If they differed, a registry could commit an entry
//! that its witnesses never cosign. Implements proto-docs/registration.md, "Replay".
//!
//! A ledger judges what entries state. That the contents they state are those of the certificates is
//! for the verifier, who rebuilds each entry.

#[cfg(test)]
pub(crate) mod histories;
#[cfg(test)]
mod rules;
mod standing;
mod violation;

use std::collections::BTreeMap;
use std::collections::btree_map::Iter;

use crate::digest::Digest;
use crate::entry::{Admission, CertificateEntry, Closing, Draw, Entry, StatusChange};
use crate::form::{Kind, StatusPurpose};
use crate::wire::Home;

pub use standing::{Arrival, Standing, StandingError};
pub use violation::Violation;

/// How every certificate stands in one log.
///
/// A certificate that the ledger does not know is not registered. So it need not know all: an entry
/// is judged, and changes, only what it names ([`Entry::names`]). A ledger that is given the standing
/// of every digest named in a batch, as far as the log has one, comes to the same verdict on the batch
/// as the ledger of the whole log, and to the same standings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    origin: Home,
    // Ordered: whoever keeps a ledger in a file writes the same bytes each time.
    standings: BTreeMap<Digest, Standing>,
}

impl Ledger {
    /// The ledger of a log without entries.
    pub fn new(origin: Home) -> Self {
        Ledger { origin, standings: BTreeMap::new() }
    }

    /// The origin of the log.
    pub fn origin(&self) -> &Home {
        &self.origin
    }

    /// How a certificate stands; `None` if it is neither registered nor admitted.
    pub fn get(&self, certificate: &Digest) -> Option<&Standing> {
        self.standings.get(certificate)
    }

    /// Every certificate and how it stands, in the order of the digests.
    pub fn iter(&self) -> Iter<'_, Digest, Standing> {
        self.standings.iter()
    }

    /// How many certificates there are.
    pub fn len(&self) -> usize {
        self.standings.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.standings.is_empty()
    }

    /// States how a certificate stands, on the word of whoever kept it. Gives back what stood before.
    pub fn insert(&mut self, certificate: Digest, standing: Standing) -> Option<Standing> {
        self.standings.insert(certificate, standing)
    }

    /// Replays the next entry. After a violation everything stands as before.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), Violation> {
        match entry {
            Entry::Certificate(entry) => self.register(entry),
            Entry::Admission(admission) => self.admit(admission),
            Entry::Closing(closing) => self.close(*closing),
            Entry::Status(change) => self.change(*change),
        }
    }

    fn register(&mut self, entry: &CertificateEntry) -> Result<(), Violation> {
        let certificate = entry.certificate();
        match self.get(&certificate).map(Standing::arrival) {
            Some(Arrival::Registered) => return Err(Violation::RegisteredTwice { certificate }),
            Some(Arrival::Admitted) => return Err(Violation::RegisteredThoughAdmitted { certificate }),
            None => {}
        }
        let is_transfer = entry.kind() == Kind::Transfer;
        if !is_transfer && *entry.home() != self.origin {
            return Err(Violation::HomeElsewhere { certificate, home: entry.home().clone() });
        }
        for draw in entry.draws() {
            self.check(draw)?;
        }
        if is_transfer {
            transfers_what_it_draws(entry)?;
        }
        for draw in entry.draws() {
            if let Some(standing) = self.standings.get_mut(&draw.lot()) {
                standing.draw(draw);
            }
        }
        self.standings.insert(certificate, Standing::of(entry, &self.origin));
        Ok(())
    }

    fn check(&self, draw: &Draw) -> Result<(), Violation> {
        let lot = draw.lot();
        let standing = self.lot_here(lot)?;
        if let Some(reason) = standing.closed() {
            return Err(Violation::Closed { lot, reason });
        }
        if standing.has(StatusPurpose::Revocation) {
            return Err(Violation::Revoked { lot });
        }
        if standing.has(StatusPurpose::Suspension) {
            return Err(Violation::Suspended { lot });
        }
        if draw.seq().checked_sub(1) != Some(standing.draws()) {
            return Err(Violation::OutOfSequence { lot, last: standing.draws(), found: draw.seq() });
        }
        // No mass of a standing or an entry reaches 10¹⁵ mg, so no sum of two reaches 2⁶⁴.
        let mut expected = standing.drawn();
        expected.add_all(draw.amount());
        if expected != *draw.cumulative() {
            return Err(Violation::WrongCumulative { lot, expected, found: draw.cumulative().clone() });
        }
        for (element, cumulative_mg) in expected.iter() {
            let content_mg = standing.content_mg(element);
            if cumulative_mg > content_mg {
                return Err(Violation::Overdrawn { lot, element, content_mg, cumulative_mg });
            }
        }
        Ok(())
    }

    /// A lot whose draws and closing are recorded in this log.
    fn lot_here(&self, lot: Digest) -> Result<&Standing, Violation> {
        let standing = self.get(&lot).ok_or(Violation::UnknownLot { lot })?;
        if !standing.is_lot() {
            return Err(Violation::NotALot { certificate: lot });
        }
        match standing.elsewhere() {
            Some(home) => Err(Violation::LotElsewhere { lot, home: home.clone() }),
            None => Ok(standing),
        }
    }

    fn admit(&mut self, admission: &Admission) -> Result<(), Violation> {
        let certificate = admission.certificate();
        match self.get(&certificate).map(Standing::arrival) {
            Some(Arrival::Admitted) => return Err(Violation::AdmittedTwice { certificate }),
            Some(Arrival::Registered) => return Err(Violation::AdmittedThoughRegistered { certificate }),
            None => {}
        }
        if *admission.home() != self.origin {
            return Err(Violation::HomeElsewhere { certificate, home: admission.home().clone() });
        }
        if *admission.from() == self.origin {
            return Err(Violation::AdmittedFromHere { certificate });
        }
        self.standings.insert(certificate, Standing::admitted(admission.content()));
        Ok(())
    }

    fn close(&mut self, closing: Closing) -> Result<(), Violation> {
        let lot = closing.certificate;
        if let Some(reason) = self.lot_here(lot)?.closed() {
            return Err(Violation::Closed { lot, reason });
        }
        if let Some(standing) = self.standings.get_mut(&lot) {
            standing.close(closing.reason);
        }
        Ok(())
    }

    fn change(&mut self, change: StatusChange) -> Result<(), Violation> {
        let StatusChange { certificate, purpose, value } = change;
        let Some(standing) = self.standings.get_mut(&certificate) else {
            return Err(Violation::UnknownCertificate { certificate });
        };
        if standing.arrival() == Arrival::Admitted {
            return Err(Violation::StatusElsewhere { certificate });
        }
        if standing.has(purpose) == value {
            return Err(Violation::StatusUnchanged { certificate, purpose, value });
        }
        if purpose == StatusPurpose::Revocation && !value {
            return Err(Violation::RevocationLifted { certificate });
        }
        standing.set(purpose, value);
        Ok(())
    }
}

/// A transfer makes nothing: it holds no more of an element than it took.
fn transfers_what_it_draws(entry: &CertificateEntry) -> Result<(), Violation> {
    let certificate = entry.certificate();
    for (element, content_mg) in entry.content().iter().flat_map(|content| content.iter()) {
        let drawn_mg = entry.draws().iter().map(|draw| draw.amount().get(element)).sum();
        if content_mg > drawn_mg {
            return Err(Violation::TransferExceedsDraws { certificate, element, drawn_mg, content_mg });
        }
    }
    Ok(())
}
