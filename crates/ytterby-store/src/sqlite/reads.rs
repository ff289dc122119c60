//! Reading certificates, lots and what is behind them.

use rusqlite::{Connection, OptionalExtension, params};
use ytterby::digest::Digest;
use ytterby::masses::Masses;

use super::rows::{CERTIFICATE, Cells};
use crate::{CertificateRow, CloseReason, DrawnBy, LotRecord, Replay, StoreError, sound};

/// What an idempotency key was answered with.
pub(super) fn replay(connection: &Connection, caller: &str, key: &str) -> Result<Option<Replay>, StoreError> {
    let mut query = connection
        .prepare_cached("SELECT request, status, body FROM idempotency WHERE caller = ?1 AND key = ?2")?;
    let mut rows = query.query(params![caller, key])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let cells = Cells::new("idempotency", row);
    Ok(Some(Replay { request: cells.digest(0)?, status: cells.get(1)?, body: cells.get(2)? }))
}

/// The digest behind a label.
pub(super) fn digest_of(connection: &Connection, id: &str) -> Result<Option<Digest>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT digest, admitted FROM certificates WHERE id = ?1 ORDER BY admitted LIMIT 2",
    )?;
    let mut rows = query.query(params![id])?;
    let mut found = Vec::with_capacity(2);
    while let Some(row) = rows.next()? {
        let cells = Cells::new("certificates", row);
        found.push((cells.digest(0)?, cells.get(1)?));
    }
    sound::labelled(id, &found)
}

/// A certificate's row.
pub(super) fn certificate(
    connection: &Connection,
    digest: Digest,
) -> Result<Option<CertificateRow>, StoreError> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT {CERTIFICATE} FROM certificates c WHERE c.digest = ?1 AND c.bytes IS NOT NULL"
    ))?;
    let mut rows = query.query(params![digest.as_bytes()])?;
    rows.next()?.map(|row| Cells::new("certificates", row).certificate()).transpose()
}

/// The bytes of certificates, in the order asked for.
pub(super) fn certificates(
    connection: &Connection,
    digests: &[Digest],
) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
    let mut query = connection.prepare_cached("SELECT bytes FROM certificates WHERE digest = ?1")?;
    let bytes = |digest: &Digest| query.query_row([digest.as_bytes()], |row| row.get(0)).optional();
    let found: Vec<Option<Option<Vec<u8>>>> = digests.iter().map(bytes).collect::<Result<_, _>>()?;
    Ok(found.into_iter().map(Option::flatten).collect())
}

/// Lots as they stand, in the order asked for.
pub(super) fn lots(connection: &Connection, digests: &[Digest]) -> Result<Vec<LotRecord>, StoreError> {
    digests.iter().map(|digest| lot(connection, *digest)).collect()
}

fn lot(connection: &Connection, digest: Digest) -> Result<LotRecord, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT l.certificate, c.bytes, l.carried, l.draws, l.closed_at, l.closed_reason,
                coalesce(s.revoked, 0), coalesce(s.suspended, 0)
         FROM certificates c JOIN lots l ON l.certificate = c.seq
         LEFT JOIN entries e ON e.certificate = c.digest AND e.kind = 'certificate'
         LEFT JOIN statuses s ON s.idx = e.idx
         WHERE c.digest = ?1 AND c.bytes IS NOT NULL",
    )?;
    let mut rows = query.query(params![digest.as_bytes()])?;
    let Some(row) = rows.next()? else { return Err(StoreError::UnknownLot(digest)) };
    let cells = Cells::new("lots", row);
    let closed = match (cells.get::<Option<String>>(4)?, cells.get::<Option<String>>(5)?) {
        (Some(at), Some(word)) => {
            let reason =
                CloseReason::parse(&word).ok_or_else(|| cells.wrong(format!("{word:?} closes no lot")))?;
            Some((at, reason))
        }
        (None, None) => None,
        _ => return Err(cells.wrong("a closing without time or reason")),
    };
    Ok(LotRecord {
        digest,
        certificate: cells.get(1)?,
        carried: cells.text(2)?,
        drawn: drawn(connection, cells.get(0)?)?,
        draws: cells.count(3)?,
        closed,
        status: sound::status(cells.get(6)?, cells.get(7)?),
    })
}

/// What is drawn on a lot, per element.
pub(super) fn drawn(connection: &Connection, lot: i64) -> Result<Masses, StoreError> {
    let mut query = connection.prepare_cached("SELECT element, drawn_mg FROM contents WHERE lot = ?1")?;
    let mut rows = query.query(params![lot])?;
    let mut drawn = Masses::default();
    while let Some(row) = rows.next()? {
        let (element, mg) = Cells::new("contents", row).mass(0)?;
        drawn.add(element, mg);
    }
    Ok(drawn)
}

/// Who drew on a lot.
pub(super) fn drawn_by(connection: &Connection, digest: Digest) -> Result<Vec<DrawnBy>, StoreError> {
    let lot = seq_of(connection, digest)?;
    let mut query = connection.prepare_cached(
        "SELECT c.digest, c.id, c.issuer, d.seq, a.element, a.drawn_mg
         FROM draws d JOIN certificates c ON c.seq = d.child
         JOIN amounts a ON a.parent = d.parent AND a.seq = d.seq
         WHERE d.parent = ?1 AND c.bytes IS NOT NULL ORDER BY d.seq",
    )?;
    let mut rows = query.query(params![lot])?;
    let mut draws: Vec<DrawnBy> = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = Cells::new("draws", row);
        let (seq, (element, mg)) = (cells.count(3)?, cells.mass(4)?);
        match draws.last_mut() {
            Some(last) if last.seq == seq => last.amount.add(element, mg),
            _ => draws.push(DrawnBy {
                digest: cells.digest(0)?,
                id: cells.text(1)?,
                issuer: cells.did(2)?,
                seq,
                amount: Masses::from_iter([(element, mg)]),
            }),
        }
    }
    Ok(draws)
}

/// The number of a certificate.
pub(super) fn seq_of(connection: &Connection, digest: Digest) -> Result<i64, StoreError> {
    let mut query =
        connection.prepare_cached("SELECT seq FROM certificates WHERE digest = ?1 AND bytes IS NOT NULL")?;
    let mut rows = query.query(params![digest.as_bytes()])?;
    match rows.next()? {
        Some(row) => Cells::new("certificates", row).get(0),
        None => Err(StoreError::UnknownLot(digest)),
    }
}

/// One read of the storage.
pub(super) fn ping(connection: &Connection) -> Result<(), StoreError> {
    Ok(connection.prepare_cached("SELECT max(seq) FROM certificates")?.query_row([], |_| Ok(()))?)
}
