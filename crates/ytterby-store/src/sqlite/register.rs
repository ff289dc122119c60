//! Registering certificates and closing lots: what one request does, to be undone as a whole if it fails.

use rusqlite::{Connection, ErrorCode, OptionalExtension, named_params, params};
use ytterby::Home;
use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::element::Element;
use ytterby::entry::{Entry, Taken};
use ytterby::masses::Masses;

use super::reads::drawn;
use super::rows::{Cells, stored};
use super::{ledger, log, status};
use crate::sound::{self, Entered};
use crate::{CloseReason, Closing, Draw, Idempotency, NewCertificate, NewLot, Registration, StoreError};

/// Registers certificates, all or none.
pub(super) fn register(
    connection: &Connection,
    origin: &Home,
    registration: &Registration,
) -> Result<Vec<Entered>, StoreError> {
    status::going_on(connection)?;
    if let Some(idempotency) = &registration.idempotency {
        remember(connection, idempotency)?;
    }
    let mut entered = Vec::with_capacity(registration.certificates.len());
    for certificate in &registration.certificates {
        let mut ledger = ledger::before(connection, origin, certificate)?;
        let seq = insert(connection, certificate, false, &registration.at)?;
        let draws = certificate.draws.iter().map(|taken| draw(connection, seq, &certificate.issuer, taken));
        let taken: Vec<Taken> = draws.collect::<Result<_, _>>()?;
        if let Some(lot) = &certificate.lot {
            open(connection, seq, &certificate.home, lot, &registration.at)?;
        }
        let entry = sound::entry(certificate, &taken)?;
        sound::replay(&mut ledger, &entry)?;
        entered.push(log::append(connection, &entry)?);
        for about in &certificate.about {
            connection
                .prepare_cached("INSERT OR IGNORE INTO abouts (lot, attestation) VALUES (?1, ?2)")?
                .execute(params![about.as_bytes(), seq])?;
        }
    }
    Ok(entered)
}

/// Closes a lot for its holder.
pub(super) fn close(connection: &Connection, origin: &Home, closing: &Closing) -> Result<(), StoreError> {
    let lot = held(connection, closing.lot, &closing.holder)?;
    let entry = Entry::Closing(ytterby::entry::Closing { certificate: closing.lot, reason: closing.reason });
    sound::replay(&mut ledger::of(connection, origin, [closing.lot])?, &entry)?;
    log::append(connection, &entry)?;
    shut(connection, lot, closing.reason, &closing.at)
}

/// Notes that a lot is closed.
pub(super) fn shut(
    connection: &Connection,
    lot: i64,
    reason: CloseReason,
    at: &str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE lots SET closed_at = ?2, closed_reason = ?3 WHERE certificate = ?1")?
        .execute(params![lot, at, reason.as_str()])?;
    Ok(())
}

fn remember(connection: &Connection, answer: &Idempotency) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO idempotency (caller, key, request, status, body) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![answer.caller, answer.key, answer.request.as_bytes(), answer.status, answer.body])
        .map_err(|error| if taken(&error) { StoreError::KeyTaken } else { error.into() })?;
    Ok(())
}

/// The certificate's row; its number is the next one.
pub(super) fn insert(
    connection: &Connection,
    new: &NewCertificate,
    admitted: bool,
    at: &str,
) -> Result<i64, StoreError> {
    let inserted = connection
        .prepare_cached(
            "INSERT INTO certificates (digest, id, admitted, issuer, kind, created, registered, external_id, bytes)
             VALUES (:digest, :id, :admitted, :issuer, :kind, :created, :registered, :external_id, :bytes)",
        )?
        .insert(named_params! {
            ":digest": new.digest.as_bytes(),
            ":id": new.id,
            ":admitted": admitted,
            ":issuer": new.issuer.as_str(),
            ":kind": new.kind.as_str(),
            ":created": new.created,
            ":registered": at,
            ":external_id": new.external_id,
            ":bytes": new.bytes,
        });
    let seq = match inserted {
        Ok(seq) => seq,
        Err(error) if taken(&error) => return Err(who_has_it(connection, new)?),
        Err(error) => return Err(error.into()),
    };
    dated(connection, seq, at)?;
    Ok(seq)
}

/// Notes the day of a registration.
pub(super) fn dated(connection: &Connection, seq: i64, at: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO days (day, first, last) VALUES (substr(?1, 1, 10), ?2, ?2)
             ON CONFLICT (day) DO UPDATE SET last = excluded.last",
        )?
        .execute(params![at, seq])?;
    Ok(())
}

/// Which of its unique names a certificate could not have.
fn who_has_it(connection: &Connection, new: &NewCertificate) -> Result<StoreError, StoreError> {
    let mut query = connection
        .prepare_cached("SELECT digest FROM certificates WHERE external_id = ?1 AND issuer = ?2")?;
    let mut rows = query.query(params![new.external_id, new.issuer.as_str()])?;
    Ok(match rows.next()? {
        Some(row) => StoreError::ExternalIdTaken {
            external_id: new.external_id.clone(),
            by: Cells::new("certificates", row).digest(0)?,
        },
        None => StoreError::IdTaken(new.id.clone()),
    })
}

/// A lot without a holder went to somebody without a DID: it is closed from the start.
pub(super) fn open(
    connection: &Connection,
    seq: i64,
    home: &Home,
    lot: &NewLot,
    at: &str,
) -> Result<(), StoreError> {
    let delivered = lot.holder.is_none().then_some((at, CloseReason::Delivered.as_str()));
    connection
        .prepare_cached(
            "INSERT INTO lots
             (certificate, home, number, step, form, holder, carried, left_mg, closed_at, closed_reason)
             VALUES (:certificate, :home, :number, :step, :form, :holder, :carried, :left_mg, :closed_at, :closed_reason)",
        )?
        .execute(named_params! {
            ":certificate": seq,
            ":home": home.as_str(),
            ":number": lot.number,
            ":step": lot.step,
            ":form": lot.form,
            ":holder": lot.holder.as_ref().map(Did::as_str),
            ":carried": lot.carried,
            ":left_mg": stored(lot.content.total())?,
            ":closed_at": delivered.map(|(at, _)| at),
            ":closed_reason": delivered.map(|(_, reason)| reason),
        })?;
    fill(connection, seq, &lot.content)
}

/// Says what a new lot holds.
pub(super) fn fill(connection: &Connection, lot: i64, content: &Masses) -> Result<(), StoreError> {
    let mut insert =
        connection.prepare_cached("INSERT INTO contents (lot, element, content_mg) VALUES (?1, ?2, ?3)")?;
    for (element, mg) in content.iter() {
        insert.execute(params![lot, element.symbol(), stored(mg)?])?;
    }
    Ok(())
}

/// Takes a draw for the lot's holder; how it leaves the lot.
fn draw(connection: &Connection, child: i64, issuer: &Did, draw: &Draw) -> Result<Taken, StoreError> {
    let lot = held(connection, draw.lot, issuer)?;
    count(connection, child, lot, draw)
}

/// Counts a draw on a lot; how it leaves the lot.
pub(super) fn count(connection: &Connection, child: i64, lot: i64, draw: &Draw) -> Result<Taken, StoreError> {
    for (element, mg) in draw.amount.iter() {
        take(connection, lot, draw.lot, element, mg)?;
    }
    let seq: i64 = connection
        .prepare_cached(
            "UPDATE lots SET draws = draws + 1, left_mg = left_mg - ?2 WHERE certificate = ?1 RETURNING draws",
        )?
        .query_row(params![lot, stored(draw.amount.total())?], |row| row.get(0))?;
    connection
        .prepare_cached("INSERT INTO draws (parent, seq, child) VALUES (?1, ?2, ?3)")?
        .execute(params![lot, seq, child])?;
    let mut insert = connection
        .prepare_cached("INSERT INTO amounts (parent, seq, element, drawn_mg) VALUES (?1, ?2, ?3, ?4)")?;
    for (element, mg) in draw.amount.iter() {
        insert.execute(params![lot, seq, element.symbol(), stored(mg)?])?;
    }
    let seq = u64::try_from(seq).map_err(|error| StoreError::Inconsistent {
        table: "lots",
        detail: format!("draws of {}: {error}", draw.lot),
    })?;
    Ok(Taken { seq, cumulative: drawn(connection, lot)? })
}

/// The guard: a draw that does not fit changes no row.
fn take(
    connection: &Connection,
    lot: i64,
    digest: Digest,
    element: Element,
    mg: u64,
) -> Result<(), StoreError> {
    if let Ok(wanted) = i64::try_from(mg) {
        let taken = connection
            .prepare_cached(
                "UPDATE contents SET drawn_mg = drawn_mg + ?3
                 WHERE lot = ?1 AND element = ?2 AND content_mg - drawn_mg >= ?3",
            )?
            .execute(params![lot, element.symbol(), wanted])?;
        if taken == 1 {
            return Ok(());
        }
    }
    let left = connection
        .prepare_cached("SELECT content_mg - drawn_mg FROM contents WHERE lot = ?1 AND element = ?2")?
        .query_row(params![lot, element.symbol()], |row| row.get::<_, i64>(0))
        .optional()?;
    let left_mg = u64::try_from(left.unwrap_or(0)).map_err(|error| StoreError::Inconsistent {
        table: "contents",
        detail: format!("{digest} {element}: {error}"),
    })?;
    Err(StoreError::Overdrawn { lot: digest, element, left_mg, wanted_mg: mg })
}

/// The number of a lot that is open and in somebody's hands.
fn held(connection: &Connection, lot: Digest, by: &Did) -> Result<i64, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT l.certificate, l.holder, l.closed_at FROM certificates c JOIN lots l ON l.certificate = c.seq
         WHERE c.digest = ?1",
    )?;
    let mut rows = query.query(params![lot.as_bytes()])?;
    let Some(row) = rows.next()? else { return Err(StoreError::UnknownLot(lot)) };
    let cells = Cells::new("lots", row);
    let holder: Option<String> = cells.get(1)?;
    if holder.as_deref() != Some(by.as_str()) {
        return Err(StoreError::NotHolder { lot, holder: holder.unwrap_or_else(|| "nobody".to_owned()) });
    }
    if cells.get::<Option<String>>(2)?.is_some() {
        return Err(StoreError::LotClosed(lot));
    }
    cells.get(0)
}

/// Whether a name that has to be unique is there already.
pub(super) fn taken(error: &rusqlite::Error) -> bool {
    /// SQLite's extended result codes for UNIQUE and PRIMARY KEY.
    const UNIQUE: [i32; 2] = [2067, 1555];
    matches!(error, rusqlite::Error::SqliteFailure(failure, _)
        if failure.code == ErrorCode::ConstraintViolation && UNIQUE.contains(&failure.extended_code))
}
