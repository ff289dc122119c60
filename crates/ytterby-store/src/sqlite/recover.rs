//! Putting entries back that a lost database had. What they say of lots is done again; the certificates
//! themselves are gone.

use rusqlite::{Connection, OptionalExtension, params};
use ytterby::Home;
use ytterby::digest::Digest;
use ytterby::entry::{CertificateEntry, Closing, Entry};
use ytterby_tlog::TreeHead;

use super::rows::stored;
use super::{ledger, log, register};
use crate::{CloseReason, Draw, Recovery, StoreError};

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
        ledger::replay(&mut ledger::of(connection, origin, entry.names())?, &entry)?;
        match &entry {
            Entry::Certificate(certificate) => count(connection, certificate, &recovery.at)?,
            Entry::Closing(closing) => close(connection, closing, &recovery.at)?,
            Entry::Admission(_) | Entry::Status(_) => return Err(unknown(&entry)),
        }
        let size = log::append(connection, &entry)?;
        if size != wanted {
            return Err(StoreError::NotThere { size, wanted });
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
    connection
        .prepare_cached(
            "INSERT INTO lots (certificate, home, number, step, form, carried, left_mg)
             VALUES (?1, ?2, '', '', '', '', ?3)",
        )?
        .execute(params![seq, entry.home().as_str(), stored(content.total())?])?;
    register::fill(connection, seq, content)?;
    if entry.is_delivered() {
        register::shut(connection, seq, CloseReason::Delivered, at)?;
    }
    Ok(())
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

fn unknown(entry: &Entry) -> StoreError {
    let why = format!("this store keeps no entry of the kind {}", entry.kind().as_str());
    StoreError::Unloggable { certificate: entry.certificate(), why }
}
