//! Lots that arrive from other registries.

use rusqlite::{Connection, OptionalExtension, params};
use ytterby::Home;
use ytterby::digest::Digest;
use ytterby::entry::Entry;

use super::register::{insert, open};
use super::rows::stored;
use super::{ledger, log, status};
use crate::{Admission, StoreError, sound};

/// Admits a lot: the index of the entry.
pub(super) fn admit(
    connection: &Connection,
    origin: &Home,
    admission: &Admission,
) -> Result<u64, StoreError> {
    status::going_on(connection)?;
    let Admission { transfer, entry, foreign, at } = admission;
    let entry = Entry::Admission(entry.clone());
    sound::replay(&mut ledger::of(connection, origin, [transfer.digest])?, &entry)?;
    let seq = insert(connection, transfer, true, at)?;
    if let Some(lot) = &transfer.lot {
        open(connection, seq, &transfer.home, lot, at)?;
    }
    let index = log::append(connection, &entry)?.index;
    if let Entry::Admission(admission) = &entry {
        connection
            .prepare_cached("INSERT INTO admissions (certificate, origin, idx) VALUES (?1, ?2, ?3)")?
            .execute(params![seq, admission.from().as_str(), stored(admission.index())?])?;
    }
    // What is known already came with another lot, and is the same: it goes by its digest.
    let mut row = connection
        .prepare_cached("INSERT OR IGNORE INTO foreigners (digest, bytes, receipt) VALUES (?1, ?2, ?3)")?;
    let mut link =
        connection.prepare_cached("INSERT OR IGNORE INTO foreign_links (child, parent) VALUES (?1, ?2)")?;
    for foreign in foreign {
        row.execute(params![foreign.digest.as_bytes(), foreign.bytes, foreign.receipt])?;
        for parent in &foreign.behind {
            link.execute(params![foreign.digest.as_bytes(), parent.as_bytes()])?;
        }
    }
    Ok(index)
}

/// The receipts of those that are registered elsewhere.
pub(super) fn receipts(
    connection: &Connection,
    digests: &[Digest],
) -> Result<Vec<(Digest, Vec<u8>)>, StoreError> {
    let mut query = connection.prepare_cached("SELECT receipt FROM foreigners WHERE digest = ?1")?;
    let mut found = Vec::new();
    for digest in digests {
        let receipt = query.query_row(params![digest.as_bytes()], |row| row.get(0)).optional()?;
        found.extend(receipt.map(|receipt| (*digest, receipt)));
    }
    Ok(found)
}
