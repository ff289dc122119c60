//! The registrar's replay: each entry is judged by the witness's own function before it is appended, or
//! one bad entry would end all cosigning. Only the lots that the entry names are loaded.

use rusqlite::{Connection, params};
use ytterby::Home;
use ytterby::digest::Digest;
use ytterby::form::StatusPurpose;
use ytterby::ledger::{Ledger, Standing};
use ytterby::masses::Masses;

use super::rows::Cells;
use crate::{CloseReason, NewCertificate, StoreError};

/// The ledger before a certificate is registered: how everything that its entry names stands.
pub(super) fn before(
    connection: &Connection,
    origin: &Home,
    certificate: &NewCertificate,
) -> Result<Ledger, StoreError> {
    let draws = certificate.draws.iter().map(|draw| draw.lot);
    of(connection, origin, std::iter::once(certificate.digest).chain(draws))
}

/// The ledger of some certificates alone, each as it stands in the transaction.
pub(super) fn of(
    connection: &Connection,
    origin: &Home,
    digests: impl IntoIterator<Item = Digest>,
) -> Result<Ledger, StoreError> {
    let mut ledger = Ledger::new(origin.clone());
    for digest in digests {
        if let Some(standing) = standing(connection, origin, digest)? {
            ledger.insert(digest, standing);
        }
    }
    Ok(ledger)
}

fn standing(connection: &Connection, origin: &Home, digest: Digest) -> Result<Option<Standing>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT c.seq, l.home, l.draws, l.closed_reason, a.certificate, s.revoked, s.suspended
         FROM certificates c LEFT JOIN lots l ON l.certificate = c.seq
         LEFT JOIN admissions a ON a.certificate = c.seq
         LEFT JOIN entries e ON e.certificate = c.digest AND e.kind = 'certificate'
         LEFT JOIN statuses s ON s.idx = e.idx WHERE c.digest = ?1",
    )?;
    let mut rows = query.query(params![digest.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let cells = Cells::new("lots", row);
    let standing = match cells.get::<Option<String>>(1)? {
        Some(home) => lot(connection, origin, &cells, &home)?,
        None => Standing::registered(None, None),
    };
    let purposes = [(5, StatusPurpose::Revocation), (6, StatusPurpose::Suspension)];
    let mut standing = Ok(standing);
    for (at, purpose) in purposes {
        if cells.get::<Option<bool>>(at)? == Some(true) {
            standing = standing.and_then(|standing: Standing| standing.with_status(purpose));
        }
    }
    standing.map(Some).map_err(|error| cells.wrong(error))
}

/// The standing of a certificate that creates a lot, but for its status.
fn lot(
    connection: &Connection,
    origin: &Home,
    cells: &Cells<'_>,
    home: &str,
) -> Result<Standing, StoreError> {
    let home = Home::parse(home).ok_or_else(|| cells.wrong(format!("{home:?} is no origin")))?;
    let (content, drawn) = contents(connection, cells.get(0)?)?;
    let standing = match cells.get::<Option<i64>>(4)? {
        Some(_) => Standing::admitted(&content),
        None => Standing::registered(Some(&content), (home != *origin).then_some(home)),
    };
    let standing = standing.with_draws(cells.count(2)?, &drawn).map_err(|error| cells.wrong(error))?;
    let Some(reason) = cells.get::<Option<String>>(3)? else { return Ok(standing) };
    let reason =
        CloseReason::parse(&reason).ok_or_else(|| cells.wrong(format!("{reason:?} closes no lot")))?;
    standing.with_closing(reason).map_err(|error| cells.wrong(error))
}

fn contents(connection: &Connection, lot: i64) -> Result<(Masses, Masses), StoreError> {
    let mut query = connection
        .prepare_cached("SELECT element, content_mg, element, drawn_mg FROM contents WHERE lot = ?1")?;
    let mut rows = query.query(params![lot])?;
    let (mut content, mut drawn) = (Masses::default(), Masses::default());
    while let Some(row) = rows.next()? {
        let cells = Cells::new("contents", row);
        let ((element, content_mg), (_, drawn_mg)) = (cells.mass(0)?, cells.mass(2)?);
        content.add(element, content_mg);
        drawn.add(element, drawn_mg);
    }
    Ok((content, drawn))
}
