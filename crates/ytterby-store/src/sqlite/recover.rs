//! Putting entries back that a lost database had. What they say of lots is done again; the certificates
//! themselves are gone.

use rusqlite::{Connection, OptionalExtension, params};
use ytterby::Home;
use ytterby::digest::Digest;
use ytterby::entry::{Admission, CertificateEntry, Closing, Entry};
use ytterby::form::Kind;
use ytterby::masses::Masses;
use ytterby_tlog::TreeHead;

use super::rows::stored;
use super::{ledger, log, register, status};
use crate::{CloseReason, Draw, Recovery, StoreError, sound};

/// Appends the entries, all or none.
pub(super) fn recover(
    connection: &Connection,
    origin: &Home,
    recovery: &Recovery,
) -> Result<TreeHead, StoreError> {
    let size = log::head(connection)?.size;
    if size != recovery.from {
        return Err(StoreError::NotThere { size, wanted: recovery.from });
    }
    for (wanted, bytes) in (recovery.from..).zip(&recovery.entries) {
        let entry = Entry::parse(bytes)
            .map_err(|error| StoreError::Engine(format!("what is to be recovered is no entry: {error}")))?;
        sound::replay(&mut ledger::of(connection, origin, entry.names())?, &entry)?;
        match &entry {
            Entry::Certificate(certificate) => count(connection, certificate, &recovery.at)?,
            Entry::Closing(closing) => close(connection, closing, &recovery.at)?,
            Entry::Admission(admission) => admit(connection, admission, &recovery.at)?,
            // Its own index is needed: below.
            Entry::Status(_) => {}
        }
        let size = log::append(connection, &entry)?.index;
        if size != wanted {
            return Err(StoreError::NotThere { size, wanted });
        }
        if let Entry::Status(change) = &entry {
            status::take_back(connection, wanted, change, &recovery.at)?;
        }
    }
    // The head that callers are told of is the one that the commit has.
    log::seal(connection)?;
    log::head(connection)
}

/// Counts a certificate: its draws, and its lot.
fn count(connection: &Connection, entry: &CertificateEntry, at: &str) -> Result<(), StoreError> {
    let seq = connection
        .prepare_cached("INSERT INTO certificates (digest, kind, registered) VALUES (?1, ?2, ?3)")?
        .insert(params![entry.certificate().as_bytes(), entry.kind().as_str(), at])?;
    register::dated(connection, seq, at)?;
    for draw in entry.draws() {
        let lot = number(connection, draw.lot())?;
        let draw = Draw { lot: draw.lot(), amount: draw.amount().clone() };
        register::count(connection, seq, lot, &draw)?;
    }
    let Some(content) = entry.content() else { return Ok(()) };
    open(connection, seq, entry.home(), content)?;
    if entry.is_delivered() {
        register::shut(connection, seq, CloseReason::Delivered, at)?;
    }
    Ok(())
}

/// Counts a lot that had come from another registry.
fn admit(connection: &Connection, entry: &Admission, at: &str) -> Result<(), StoreError> {
    let seq = connection
        .prepare_cached("INSERT INTO certificates (digest, kind, registered) VALUES (?1, ?2, ?3)")?
        .insert(params![entry.certificate().as_bytes(), Kind::Transfer.as_str(), at])?;
    register::dated(connection, seq, at)?;
    open(connection, seq, entry.home(), entry.content())?;
    connection
        .prepare_cached("INSERT INTO admissions (certificate, origin, idx) VALUES (?1, ?2, ?3)")?
        .execute(params![seq, entry.from().as_str(), stored(entry.index())?])?;
    Ok(())
}

/// A lot that nobody holds, and of which nothing is known but what it contains.
fn open(connection: &Connection, seq: i64, home: &Home, content: &Masses) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO lots (certificate, home, number, step, form, carried, left_mg)
             VALUES (?1, ?2, '', '', '', '', ?3)",
        )?
        .execute(params![seq, home.as_str(), stored(content.total())?])?;
    register::fill(connection, seq, content)
}

fn close(connection: &Connection, closing: &Closing, at: &str) -> Result<(), StoreError> {
    register::shut(connection, number(connection, closing.certificate)?, closing.reason, at)
}

/// The number of a lot, whoever holds it.
fn number(connection: &Connection, lot: Digest) -> Result<i64, StoreError> {
    connection
        .prepare_cached(
            "SELECT l.certificate FROM certificates c JOIN lots l ON l.certificate = c.seq WHERE c.digest = ?1",
        )?
        .query_row(params![lot.as_bytes()], |row| row.get(0))
        .optional()?
        .ok_or(StoreError::UnknownLot(lot))
}
