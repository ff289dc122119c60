//! Statuses of certificates, and the switch that stops registrations.

use rusqlite::{Connection, OptionalExtension, params};
use ytterby::Home;
use ytterby::digest::Digest;
use ytterby::entry::{self, Entry};
use ytterby::form::StatusPurpose;

use super::rows::{Cells, stored};
use super::{ledger, log};
use crate::{StatusBits, StatusChange, StatusEvent, StoreError, sound};

/// Changes the status of certificates; the indices of the entries.
pub(super) fn change(
    connection: &Connection,
    origin: &Home,
    change: &StatusChange,
) -> Result<Vec<u64>, StoreError> {
    let StatusChange { purpose, value, .. } = *change;
    let mut indices = Vec::with_capacity(change.certificates.len());
    for certificate in &change.certificates {
        let own = bit_of(connection, *certificate)?.ok_or(StoreError::UnknownLot(*certificate))?;
        if let Some(expected) = change.expected {
            let changes = count(connection, own)?;
            if changes != expected {
                return Err(StoreError::StatusChanged { certificate: *certificate, changes });
            }
        }
        let mut ledger = ledger::of(connection, origin, [*certificate])?;
        if ledger.get(certificate).is_some_and(|standing| standing.has(purpose) == value) {
            continue;
        }
        let entry = Entry::Status(entry::StatusChange { certificate: *certificate, purpose, value });
        sound::replay(&mut ledger, &entry)?;
        let index = log::append(connection, &entry)?.index;
        set(connection, own, purpose, value)?;
        tell(connection, index, own, [&change.reason, &change.by, &change.at])?;
        indices.push(index);
    }
    Ok(indices)
}

/// Does a change again that was logged before. Who made it, and why, is lost.
pub(super) fn take_back(
    connection: &Connection,
    index: u64,
    change: &entry::StatusChange,
    at: &str,
) -> Result<(), StoreError> {
    let own = bit_of(connection, change.certificate)?.ok_or(StoreError::UnknownLot(change.certificate))?;
    set(connection, own, change.purpose, change.value)?;
    tell(connection, index, own, ["recovered from the log", "", at])
}

fn tell(
    connection: &Connection,
    index: u64,
    own: i64,
    [reason, by, at]: [&str; 3],
) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT INTO status_events (idx, of, reason, by, at) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![stored(index)?, own, reason, by, at])?;
    Ok(())
}

fn set(connection: &Connection, own: i64, purpose: StatusPurpose, value: bool) -> Result<(), StoreError> {
    let sql = match purpose {
        StatusPurpose::Revocation => {
            "INSERT INTO statuses (idx, revoked) VALUES (?1, ?2) ON CONFLICT (idx) DO UPDATE SET revoked = ?2"
        }
        StatusPurpose::Suspension => {
            "INSERT INTO statuses (idx, suspended) VALUES (?1, ?2)
             ON CONFLICT (idx) DO UPDATE SET suspended = ?2"
        }
    };
    connection.prepare_cached(sql)?.execute(params![own, value])?;
    Ok(())
}

/// The index of a certificate's own entry.
fn bit_of(connection: &Connection, certificate: Digest) -> Result<Option<i64>, StoreError> {
    let mut query = connection
        .prepare_cached("SELECT idx FROM entries WHERE certificate = ?1 AND kind = 'certificate'")?;
    Ok(query.query_row(params![certificate.as_bytes()], |row| row.get(0)).optional()?)
}

fn count(connection: &Connection, own: i64) -> Result<u64, StoreError> {
    let mut query = connection.prepare_cached("SELECT count(*) FROM status_events WHERE of = ?1")?;
    let mut rows = query.query(params![own])?;
    rows.next()?.map_or(Ok(0), |row| Cells::new("status_events", row).count(0))
}

/// What a certificate has seen, oldest first.
pub(super) fn events(connection: &Connection, certificate: Digest) -> Result<Vec<StatusEvent>, StoreError> {
    let own = bit_of(connection, certificate)?.ok_or(StoreError::UnknownLot(certificate))?;
    let mut query = connection.prepare_cached(
        "SELECT s.idx, e.bytes, s.reason, s.by, s.at FROM status_events s JOIN entries e ON e.idx = s.idx
         WHERE s.of = ?1 ORDER BY s.idx",
    )?;
    let mut rows = query.query(params![own])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = Cells::new("status_events", row);
        let entry = Entry::parse(&cells.get::<Vec<u8>>(1)?).map_err(|error| cells.wrong(error))?;
        let Entry::Status(entry::StatusChange { purpose, value, .. }) = entry else {
            return Err(cells.wrong("the entry changes no status"));
        };
        let (reason, by, at) = (cells.text(2)?, cells.text(3)?, cells.text(4)?);
        events.push(StatusEvent { index: cells.count(0)?, purpose, value, reason, by, at });
    }
    Ok(events)
}

/// The certificates with a status on, of a range of indices. Each read has a snapshot, so the
/// head is theirs.
pub(super) fn bits(
    connection: &Connection,
    purpose: StatusPurpose,
    from: u64,
    to: u64,
) -> Result<StatusBits, StoreError> {
    let size = log::head(connection)?.size;
    let mut query = connection.prepare_cached(match purpose {
        StatusPurpose::Revocation => {
            "SELECT idx FROM statuses WHERE idx >= ?1 AND idx < ?2 AND revoked = 1 ORDER BY idx"
        }
        StatusPurpose::Suspension => {
            "SELECT idx FROM statuses WHERE idx >= ?1 AND idx < ?2 AND suspended = 1 ORDER BY idx"
        }
    })?;
    let mut rows = query.query(params![stored(from)?, stored(to)?])?;
    let mut set = Vec::new();
    while let Some(row) = rows.next()? {
        set.push(Cells::new("statuses", row).count(0)?);
    }
    Ok(StatusBits { size, set })
}

/// Refuses while registrations are stopped. Asked in the transaction: nothing slips through.
pub(super) fn going_on(connection: &Connection) -> Result<(), StoreError> {
    match halted(connection)? {
        Some(reason) => Err(StoreError::Halted(reason)),
        None => Ok(()),
    }
}

/// Stops registrations, or lets them go on.
pub(super) fn halt(connection: &Connection, reason: Option<&str>) -> Result<(), StoreError> {
    connection.prepare_cached("UPDATE log SET halted = ?1")?.execute(params![reason])?;
    Ok(())
}

/// Why registrations are stopped.
pub(super) fn halted(connection: &Connection) -> Result<Option<String>, StoreError> {
    Ok(connection.prepare_cached("SELECT halted FROM log")?.query_row([], |row| row.get(0))?)
}
