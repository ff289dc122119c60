//! Taking entries again that a lost database had. What they say of lots is done again; the certificates
//! themselves are gone.

use ytterby::entry::{CertificateEntry, Entry};
use ytterby::form::Kind;
use ytterby::ledger::Standing;
use ytterby::masses::Masses;

use super::judge::{Known, Trial};
use super::plan::{CertificateRow, ClosedRow, DrawRow, LotRow};
use super::rows::stored;
use crate::{Recovery, StoreError};

/// The entries of a recovery.
pub(super) fn parsed(recovery: &Recovery) -> impl Iterator<Item = Result<Entry, StoreError>> + '_ {
    let none = |error| StoreError::Engine(format!("what is to be recovered is no entry: {error}"));
    recovery.entries.iter().map(move |bytes| Entry::parse(bytes).map_err(none))
}

impl Trial<'_> {
    /// Appends the entries.
    pub(super) fn recover(&mut self, recovery: &Recovery) -> Result<(), StoreError> {
        let (size, wanted) = (self.plan.next_entry(), recovery.from);
        if size != wanted {
            return Err(StoreError::NotThere { size, wanted });
        }
        parsed(recovery).try_for_each(|entry| self.take_back(&entry?, &recovery.at))
    }

    fn take_back(&mut self, entry: &Entry, at: &str) -> Result<(), StoreError> {
        let certificate = entry.certificate();
        let unknown = || StoreError::UnknownLot(certificate);
        match entry {
            Entry::Certificate(registered) => self.count(entry, registered, at),
            Entry::Admission(admission) => {
                let seq = self.plan.next_certificate();
                self.arrive(entry, Standing::admitted(admission.content()), None, Some(None))?;
                self.row(entry, None, Kind::Transfer, at);
                self.open(seq, entry, admission.content(), None)?;
                self.plan.admissions.push((seq, admission.from().to_string(), admission.index()));
                Ok(())
            }
            Entry::Closing(closing) => {
                self.append(entry)?;
                let seq = self.known(&certificate).ok_or_else(unknown)?.seq;
                self.plan.closings.push(ClosedRow {
                    seq,
                    at: at.to_owned(),
                    reason: closing.reason.as_str(),
                });
                Ok(())
            }
            // Who made the change, and why, is lost. Whether there may be one, the replay says first.
            Entry::Status(change) => match self.known(&certificate).and_then(|known| known.entry) {
                Some(subject) => self.changed(*change, subject, ["recovered from the log", "", at]).map(drop),
                None => self.append(entry).and_then(|_| Err(unknown())),
            },
        }
    }

    /// Counts a certificate: its draws, and its lot.
    fn count(&mut self, entry: &Entry, registered: &CertificateEntry, at: &str) -> Result<(), StoreError> {
        let (seq, index) = (self.plan.next_certificate(), self.plan.next_entry());
        let lot = registered.content().map(|_| None);
        self.arrive(entry, Standing::registered(None, None), Some(index), lot)?;
        for draw in registered.draws() {
            let parent = self.known(&draw.lot()).ok_or(StoreError::UnknownLot(draw.lot()))?.seq;
            let amount = draw.amount().clone();
            self.plan.draws.push(DrawRow { parent, seq: draw.seq(), child: seq, amount });
        }
        self.row(entry, Some(index), registered.kind(), at);
        match registered.content() {
            Some(content) => {
                let delivered = registered.is_delivered().then(|| at.to_owned());
                self.open(seq, entry, content, delivered)
            }
            None => Ok(()),
        }
    }

    /// Replays an entry by which a certificate comes. Nobody holds its lot.
    fn arrive(
        &mut self,
        entry: &Entry,
        standing: Standing,
        own: Option<u64>,
        lot: Option<Option<ytterby::did::Did>>,
    ) -> Result<(), StoreError> {
        let seq = self.plan.next_certificate();
        self.append_new(entry, Known { seq, standing, lot, entry: own, changes: 0 }).map(drop)
    }

    fn row(&mut self, entry: &Entry, own: Option<u64>, kind: Kind, at: &str) {
        let (seq, digest) = (self.plan.next_certificate(), entry.certificate());
        let (kind, at) = (kind.as_str(), at.to_owned());
        self.plan.certificates.push(CertificateRow { seq, digest, entry: own, kind, at, new: None });
    }

    /// A lot of which nothing is known but what it contains.
    fn open(
        &mut self,
        seq: i64,
        entry: &Entry,
        content: &Masses,
        delivered: Option<String>,
    ) -> Result<(), StoreError> {
        stored(content.total())?;
        let home = match entry {
            Entry::Certificate(entry) => entry.home(),
            Entry::Admission(entry) => entry.home(),
            Entry::Closing(_) | Entry::Status(_) => return Ok(()),
        };
        let (home, content) = (home.to_string(), content.clone());
        self.plan.lots.push(LotRow { seq, home, content, delivered, said: None });
        Ok(())
    }
}
