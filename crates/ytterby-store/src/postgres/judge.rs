//! What a group of requests does to the store: decided in memory, from rows that were read under the
//! lock, by the witness's own replay. Nothing here speaks to the database.
//!
//! A group is one transaction, and each of its requests succeeds or fails alone. So each is tried on
//! top of those before it, and leaves its rows only if all of it passes.

use std::collections::{HashMap, HashSet};

use ytterby::Home;
use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::entry::{self, Entry, Taken};
use ytterby::form::StatusPurpose;
use ytterby::ledger::{Ledger, Standing};

use super::plan::{ClosedRow, DrawRow, EntryRow, Plan};
use super::rows::stored;
use crate::sound::{self, Entered};
use crate::{Admission, Closing, Draw, NewCertificate, Recovery, Registration, StatusChange, StoreError};

/// A certificate that a request names, as it stands.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// Its number.
    pub(super) seq: i64,
    /// How it stands in the log.
    pub(super) standing: Standing,
    /// Who holds its lot, if it creates one.
    pub(super) lot: Option<Option<Did>>,
    /// The index of its own entry; none if it was admitted.
    pub(super) entry: Option<u64>,
    /// How many changes of status it has seen.
    pub(super) changes: u64,
}

/// Names that can be given once, and who has them.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) certificates: HashMap<Digest, Known>,
    pub(super) ids: HashSet<String>,
    /// External id and issuer.
    pub(super) external_ids: HashMap<(String, String), Digest>,
    /// Callers and their idempotency keys.
    pub(super) keys: HashSet<(String, String)>,
}

/// The store, as far as the requests of a group name it, and what they have done to it.
pub(super) struct Judge {
    origin: Home,
    halted: Option<String>,
    names: Names,
    plan: Plan,
}

impl Judge {
    /// Of a log with so many entries and certificates.
    pub(super) fn new(origin: Home, halted: Option<String>, size: u64, certificates: i64) -> Self {
        Judge { origin, halted, names: Names::default(), plan: Plan::new(size, certificates) }
    }

    /// Adds what was read for some requests. What an earlier request of the group changed stays.
    pub(super) fn learn(&mut self, read: Names) {
        for (digest, known) in read.certificates {
            self.names.certificates.entry(digest).or_insert(known);
        }
        self.names.ids.extend(read.ids);
        self.names.external_ids.extend(read.external_ids);
        self.names.keys.extend(read.keys);
    }

    /// What is to be written.
    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Registers certificates, all or none.
    pub(super) fn register(&mut self, registration: &Registration) -> Result<Vec<Entered>, StoreError> {
        self.going_on()?;
        self.tried(|trial| {
            if let Some(answer) = &registration.idempotency {
                trial.remember(answer)?;
            }
            let each = registration.certificates.iter();
            each.map(|new| trial.register(new, &registration.at)).collect()
        })
    }

    /// Closes a lot for its holder.
    pub(super) fn close(&mut self, closing: &Closing) -> Result<(), StoreError> {
        self.tried(|trial| {
            let seq = trial.held(closing.lot, &closing.holder)?.seq;
            let entry = entry::Closing { certificate: closing.lot, reason: closing.reason };
            trial.append(&Entry::Closing(entry))?;
            let (at, reason) = (closing.at.clone(), closing.reason.as_str());
            trial.plan.closings.push(ClosedRow { seq, at, reason });
            Ok(())
        })
    }

    /// Admits a lot from another log: the index of the entry.
    pub(super) fn admit(&mut self, admission: &Admission) -> Result<u64, StoreError> {
        self.going_on()?;
        self.tried(|trial| trial.admit(admission))
    }

    /// Changes the status of certificates, all or none: the indices of the entries.
    pub(super) fn change_status(&mut self, change: &StatusChange) -> Result<Vec<u64>, StoreError> {
        self.tried(|trial| {
            let mut indices = Vec::with_capacity(change.certificates.len());
            for certificate in &change.certificates {
                indices.extend(trial.change_status(*certificate, change)?);
            }
            Ok(indices)
        })
    }

    /// Takes entries again that a lost store had, all or none.
    pub(super) fn recover(&mut self, recovery: &Recovery) -> Result<(), StoreError> {
        self.tried(|trial| trial.recover(recovery))
    }

    fn going_on(&self) -> Result<(), StoreError> {
        self.halted.clone().map_or(Ok(()), |reason| Err(StoreError::Halted(reason)))
    }

    /// Tries a request; keeps all that it did, or nothing.
    fn tried<T>(
        &mut self,
        request: impl FnOnce(&mut Trial<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let plan = Plan::new(self.plan.next_entry(), self.plan.next_certificate());
        let mut trial = Trial { judge: self, names: Names::default(), plan };
        let done = request(&mut trial)?;
        let Trial { names, plan, .. } = trial;
        self.names.certificates.extend(names.certificates);
        self.names.ids.extend(names.ids);
        self.names.external_ids.extend(names.external_ids);
        self.names.keys.extend(names.keys);
        self.plan.append(plan);
        Ok(done)
    }
}

/// One request on top of those that passed.
pub(super) struct Trial<'j> {
    judge: &'j Judge,
    pub(super) names: Names,
    pub(super) plan: Plan,
}

impl Trial<'_> {
    pub(super) fn known(&self, digest: &Digest) -> Option<&Known> {
        self.names.certificates.get(digest).or_else(|| self.judge.names.certificates.get(digest))
    }

    fn remember(&mut self, answer: &crate::Idempotency) -> Result<(), StoreError> {
        let key = (answer.caller.clone(), answer.key.clone());
        if self.judge.names.keys.contains(&key) || !self.names.keys.insert(key) {
            return Err(StoreError::KeyTaken);
        }
        self.plan.answers.push(answer.clone());
        Ok(())
    }

    fn register(&mut self, new: &NewCertificate, at: &str) -> Result<Entered, StoreError> {
        // First the issuer's own reference, which says what was registered under it before.
        let seq = self.name(new)?;
        if self.judge.names.ids.contains(&new.id) || !self.names.ids.insert(new.id.clone()) {
            return Err(StoreError::IdTaken(new.id.clone()));
        }
        let mut taken = Vec::with_capacity(new.draws.len());
        for draw in &new.draws {
            taken.push(self.draw(seq, &new.issuer, draw)?);
        }
        let entry = sound::entry(new, &taken)?;
        let index = self.plan.next_entry();
        let lot = new.lot.as_ref().map(|lot| lot.holder.clone());
        let known =
            Known { seq, standing: Standing::registered(None, None), lot, entry: Some(index), changes: 0 };
        stored(new.lot.as_ref().map_or(0, |lot| lot.content.total()))?;
        let entered = self.append_new(&entry, known)?;
        self.plan.certificate(seq, Some(index), new, at);
        Ok(entered)
    }

    fn admit(&mut self, admission: &Admission) -> Result<u64, StoreError> {
        let Admission { transfer, entry, foreign, at } = admission;
        let index = self.plan.next_entry();
        let logged = Entry::Admission(entry.clone());
        // Before its names: what was admitted twice is told so.
        self.replayed(&logged)?;
        let seq = self.name(transfer)?;
        let lot = transfer.lot.as_ref().map(|lot| lot.holder.clone());
        let known =
            Known { seq, standing: Standing::admitted(entry.content()), lot, entry: None, changes: 0 };
        self.append_new(&logged, known)?;
        self.plan.certificate(seq, None, transfer, at);
        self.plan.admissions.push((seq, entry.from().to_string(), entry.index()));
        self.plan.foreign.extend(foreign.iter().cloned());
        Ok(index)
    }

    fn change_status(
        &mut self,
        certificate: Digest,
        change: &StatusChange,
    ) -> Result<Option<u64>, StoreError> {
        let StatusChange { purpose, value, .. } = *change;
        let unknown = StoreError::UnknownLot(certificate);
        let Some(known) = self.known(&certificate) else { return Err(unknown) };
        let (Some(subject), changes) = (known.entry, known.changes) else { return Err(unknown) };
        if change.expected.is_some_and(|expected| expected != changes) {
            return Err(StoreError::StatusChanged { certificate, changes });
        }
        if known.standing.has(purpose) == value {
            return Ok(None);
        }
        let change_of = entry::StatusChange { certificate, purpose, value };
        self.changed(change_of, subject, [&change.reason, &change.by, &change.at]).map(Some)
    }

    /// Changes a status of the certificate whose own entry has an index; the index of the change's.
    pub(super) fn changed(
        &mut self,
        change: entry::StatusChange,
        subject: u64,
        [reason, by, at]: [&str; 3],
    ) -> Result<u64, StoreError> {
        let index = self.append(&Entry::Status(change))?;
        if let Some(known) = self.names.certificates.get_mut(&change.certificate) {
            known.changes += 1;
            let bits = [StatusPurpose::Revocation, StatusPurpose::Suspension].map(|p| known.standing.has(p));
            self.plan.statuses.insert(subject, bits);
        }
        self.plan.events.push((index, subject, reason.to_owned(), by.to_owned(), at.to_owned()));
        Ok(index)
    }

    /// Takes the names of a new certificate, its label aside; its number.
    fn name(&mut self, new: &NewCertificate) -> Result<i64, StoreError> {
        let external = (new.external_id.clone(), new.issuer.to_string());
        let before = &self.judge.names;
        if let Some(by) =
            self.names.external_ids.get(&external).or_else(|| before.external_ids.get(&external))
        {
            return Err(StoreError::ExternalIdTaken { external_id: new.external_id.clone(), by: *by });
        }
        if self.known(&new.digest).is_some() {
            return Err(StoreError::IdTaken(new.id.clone()));
        }
        self.names.external_ids.insert(external, new.digest);
        Ok(self.plan.next_certificate())
    }

    /// A lot that is open and in somebody's hands.
    fn held(&self, lot: Digest, by: &Did) -> Result<&Known, StoreError> {
        let known = self.known(&lot).ok_or(StoreError::UnknownLot(lot))?;
        let holder = known.lot.as_ref().ok_or(StoreError::UnknownLot(lot))?;
        if holder.as_ref() != Some(by) {
            let holder = holder.as_ref().map_or_else(|| "nobody".to_owned(), Did::to_string);
            return Err(StoreError::NotHolder { lot, holder });
        }
        if known.standing.closed().is_some() { Err(StoreError::LotClosed(lot)) } else { Ok(known) }
    }

    /// How a draw leaves its lot. The ledger moves when the entry is replayed.
    fn draw(&mut self, child: i64, by: &Did, draw: &Draw) -> Result<Taken, StoreError> {
        let lot = self.held(draw.lot, by)?;
        let (content, drawn) = (lot.standing.content(), lot.standing.drawn());
        for (element, wanted_mg) in draw.amount.iter() {
            let left_mg = content.get(element).saturating_sub(drawn.get(element));
            if wanted_mg > left_mg {
                return Err(StoreError::Overdrawn { lot: draw.lot, element, left_mg, wanted_mg });
            }
        }
        let seq = lot.standing.draws() + 1;
        let row = DrawRow { parent: lot.seq, seq, child, amount: draw.amount.clone() };
        let mut cumulative = drawn;
        cumulative.add_all(&draw.amount);
        self.plan.draws.push(row);
        Ok(Taken { seq, cumulative })
    }

    /// Replays an entry about what is known, and appends it: its index.
    pub(super) fn append(&mut self, entry: &Entry) -> Result<u64, StoreError> {
        let ledger = self.replayed(entry)?;
        self.stand(&ledger, entry);
        Ok(self.logged(entry).index)
    }

    /// The same for an entry by which a certificate comes into the log.
    pub(super) fn append_new(&mut self, entry: &Entry, known: Known) -> Result<Entered, StoreError> {
        let ledger = self.replayed(entry)?;
        self.names.certificates.insert(entry.certificate(), known);
        self.stand(&ledger, entry);
        Ok(self.logged(entry))
    }

    fn logged(&mut self, entry: &Entry) -> Entered {
        let (index, bytes) = (self.plan.next_entry(), entry.to_bytes());
        let (certificate, kind) = (entry.certificate(), entry.kind().as_str());
        self.plan.entries.push(EntryRow { certificate, kind, bytes: bytes.clone() });
        Entered { index, entry: bytes }
    }

    /// The witness's verdict, and how everything that the entry names stands after it.
    fn replayed(&self, entry: &Entry) -> Result<Ledger, StoreError> {
        let mut ledger = Ledger::new(self.judge.origin.clone());
        for digest in entry.names() {
            if let Some(known) = self.known(&digest) {
                ledger.insert(digest, known.standing.clone());
            }
        }
        sound::replay(&mut ledger, entry)?;
        Ok(ledger)
    }

    fn stand(&mut self, ledger: &Ledger, entry: &Entry) {
        for digest in entry.names() {
            if let Some(standing) = ledger.get(&digest)
                && let Some(mut known) = self.known(&digest).cloned()
            {
                known.standing = standing.clone();
                self.names.certificates.insert(digest, known);
            }
        }
    }
}
