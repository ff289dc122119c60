//! The rows that a group leaves, as columns: one statement for each table, however many rows.

use std::collections::BTreeMap;

use ytterby::digest::Digest;
use ytterby::masses::Masses;

use super::rows::stored;
use crate::{Foreign, Idempotency, NewCertificate, NewLot, StoreError};

/// What is to be written, in the order of the requests.
#[derive(Debug, Default)]
pub(super) struct Plan {
    first_entry: u64,
    first_certificate: i64,
    pub(super) certificates: Vec<CertificateRow>,
    pub(super) lots: Vec<LotRow>,
    pub(super) draws: Vec<DrawRow>,
    pub(super) abouts: Vec<(Digest, i64)>,
    pub(super) closings: Vec<ClosedRow>,
    pub(super) answers: Vec<Idempotency>,
    pub(super) entries: Vec<EntryRow>,
    /// Certificate, origin it came from, index there.
    pub(super) admissions: Vec<(i64, String, u64)>,
    pub(super) foreign: Vec<Foreign>,
    /// Whether the certificate of an index is revoked, and suspended.
    pub(super) statuses: BTreeMap<u64, [bool; 2]>,
    /// Index, index of the certificate's own entry, reason, by whom, when.
    pub(super) events: Vec<(u64, u64, String, String, String)>,
}

/// A row of `certificates`.
#[derive(Debug)]
pub(super) struct CertificateRow {
    pub(super) seq: i64,
    pub(super) digest: Digest,
    pub(super) entry: Option<u64>,
    pub(super) kind: &'static str,
    pub(super) at: String,
    /// Nothing of one that is recovered from its entry.
    pub(super) new: Option<NewCertificate>,
}

/// A row of `lots`, and its content.
#[derive(Debug)]
pub(super) struct LotRow {
    pub(super) seq: i64,
    pub(super) home: String,
    pub(super) content: Masses,
    /// When it was delivered: it is closed from the start then.
    pub(super) delivered: Option<String>,
    /// What its certificate says besides.
    pub(super) said: Option<NewLot>,
}

/// A row of `draws`, and its amounts.
#[derive(Debug)]
pub(super) struct DrawRow {
    pub(super) parent: i64,
    pub(super) seq: u64,
    pub(super) child: i64,
    pub(super) amount: Masses,
}

/// A lot that is closed.
#[derive(Debug)]
pub(super) struct ClosedRow {
    pub(super) seq: i64,
    pub(super) at: String,
    pub(super) reason: &'static str,
}

/// A row of `entries`; its index is its place.
#[derive(Debug)]
pub(super) struct EntryRow {
    pub(super) certificate: Digest,
    pub(super) kind: &'static str,
    pub(super) bytes: Vec<u8>,
}

impl Plan {
    /// Nothing, after so many entries and certificates.
    pub(super) fn new(first_entry: u64, first_certificate: i64) -> Self {
        Plan { first_entry, first_certificate, ..Plan::default() }
    }

    /// The index of the first entry.
    pub(super) fn first_entry(&self) -> u64 {
        self.first_entry
    }

    /// The index that the next entry gets.
    pub(super) fn next_entry(&self) -> u64 {
        self.first_entry + self.entries.len() as u64
    }

    /// The number that the next certificate gets.
    pub(super) fn next_certificate(&self) -> i64 {
        self.first_certificate.saturating_add_unsigned(self.certificates.len() as u64)
    }

    /// A certificate that has the next number, and its lot.
    pub(super) fn certificate(&mut self, seq: i64, entry: Option<u64>, new: &NewCertificate, at: &str) {
        if let Some(lot) = &new.lot {
            let delivered = lot.holder.is_none().then(|| at.to_owned());
            let (home, content) = (new.home.to_string(), lot.content.clone());
            self.lots.push(LotRow { seq, home, content, delivered, said: Some(lot.clone()) });
        }
        self.abouts.extend(new.about.iter().map(|lot| (*lot, seq)));
        let (digest, kind, at) = (new.digest, new.kind.as_str(), at.to_owned());
        self.certificates.push(CertificateRow { seq, digest, entry, kind, at, new: Some(new.clone()) });
    }

    /// Adds what comes after it.
    pub(super) fn append(&mut self, mut next: Plan) {
        self.certificates.append(&mut next.certificates);
        self.lots.append(&mut next.lots);
        self.draws.append(&mut next.draws);
        self.abouts.append(&mut next.abouts);
        self.closings.append(&mut next.closings);
        self.answers.append(&mut next.answers);
        self.entries.append(&mut next.entries);
        self.admissions.append(&mut next.admissions);
        self.foreign.append(&mut next.foreign);
        self.statuses.append(&mut next.statuses);
        self.events.append(&mut next.events);
    }

    /// The first and the last number of each day's registrations.
    pub(super) fn days(&self) -> BTreeMap<String, (i64, i64)> {
        let mut days = BTreeMap::new();
        for row in &self.certificates {
            let day = row.at.chars().take(10).collect();
            days.entry(day).or_insert((row.seq, row.seq)).1 = row.seq;
        }
        days
    }

    /// What is drawn, by lot and element, milligrams: one update for each row, however many draws.
    pub(super) fn taken(&self) -> Result<BTreeMap<(i64, &'static str), i64>, StoreError> {
        let mut sums = BTreeMap::new();
        for draw in &self.draws {
            for (element, mg) in draw.amount.iter() {
                let sum: &mut i64 = sums.entry((draw.parent, element.symbol())).or_default();
                *sum = sum.saturating_add(stored(mg)?);
            }
        }
        Ok(sums)
    }

    /// How many draws each lot sees, and how much they take together.
    pub(super) fn drawn(&self) -> Result<BTreeMap<i64, (i64, i64)>, StoreError> {
        let mut sums = BTreeMap::new();
        for draw in &self.draws {
            let (draws, mg): &mut (i64, i64) = sums.entry(draw.parent).or_default();
            *draws += 1;
            *mg = mg.saturating_add(stored(draw.amount.total())?);
        }
        Ok(sums)
    }
}
