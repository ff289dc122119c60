//! Reading certificates and lots.

use deadpool_postgres::ClientWrapper;
use tokio_postgres::Row;
use ytterby::digest::Digest;
use ytterby::masses::Masses;

use super::readers::{one, rows};
use super::rows::{CERTIFICATE, Cells, bytes};
use crate::{CertificateRow, CloseReason, DrawnBy, LotRecord, Replay, StoreError, sound};

/// What an idempotency key was answered with.
pub(super) async fn replay(
    client: &ClientWrapper,
    caller: String,
    key: String,
) -> Result<Option<Replay>, StoreError> {
    let sql = "SELECT request, status, body FROM idempotency WHERE caller = $1 AND key = $2";
    let Some(row) = one(client, sql, &[&caller, &key]).await? else { return Ok(None) };
    let cells = Cells::new("idempotency", &row);
    let status = u16::try_from(cells.get::<i32>(1)?).map_err(|error| cells.wrong(error))?;
    Ok(Some(Replay { request: cells.digest(0)?, status, body: cells.get(2)? }))
}

/// The digest behind a label.
pub(super) async fn digest_of(client: &ClientWrapper, id: String) -> Result<Option<Digest>, StoreError> {
    let sql = "SELECT digest, entry IS NULL FROM certificates WHERE id = $1 ORDER BY entry IS NULL LIMIT 2";
    let read = |row: &Row| {
        let cells = Cells::new("certificates", row);
        Ok((cells.digest(0)?, cells.get(1)?))
    };
    let found: Vec<(Digest, bool)> =
        rows(client, sql, &[&id]).await?.iter().map(read).collect::<Result<_, StoreError>>()?;
    sound::labelled(&id, &found)
}

/// A certificate's row.
pub(super) async fn certificate(
    client: &ClientWrapper,
    digest: Digest,
) -> Result<Option<CertificateRow>, StoreError> {
    let sql = format!("SELECT {CERTIFICATE} FROM certificates c WHERE c.digest = $1 AND c.bytes IS NOT NULL");
    let row = one(client, &sql, &[&&digest.as_bytes()[..]]).await?;
    row.as_ref().map(|row| Cells::new("certificates", row).certificate()).transpose()
}

/// The bytes of certificates, in the order asked for.
pub(super) async fn certificates(
    client: &ClientWrapper,
    digests: Vec<Digest>,
) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
    let sql = "SELECT c.bytes FROM unnest($1::bytea[]) WITH ORDINALITY d(digest, number)
               LEFT JOIN certificates c ON c.digest = d.digest ORDER BY d.number";
    let bytes = |row: &Row| Cells::new("certificates", row).get(0);
    rows(client, sql, &[&super::rows::bytes(&digests)]).await?.iter().map(bytes).collect()
}

/// Lots as they stand, in the order asked for. One statement, so one state of the store.
pub(super) async fn lots(client: &ClientWrapper, digests: Vec<Digest>) -> Result<Vec<LotRecord>, StoreError> {
    let sql = "SELECT d.number, c.bytes, l.carried, l.draws, l.closed_at, l.closed_reason, x.elements, x.drawn_mg,
                      coalesce(s.revoked, false), coalesce(s.suspended, false)
               FROM unnest($1::bytea[]) WITH ORDINALITY d(digest, number)
               JOIN certificates c ON c.digest = d.digest AND c.bytes IS NOT NULL JOIN lots l ON l.certificate = c.seq
               LEFT JOIN statuses s ON s.idx = c.entry
               CROSS JOIN LATERAL (
                   SELECT array_agg(element) elements, array_agg(drawn_mg) drawn_mg FROM contents WHERE lot = c.seq
               ) x ORDER BY d.number";
    let found = rows(client, sql, &[&bytes(&digests)]).await?;
    let mut found = found.iter().peekable();
    let mut lots = Vec::with_capacity(digests.len());
    for (digest, number) in digests.into_iter().zip(1_i64..) {
        let there = |row: &&Row| row.try_get::<_, i64>(0).is_ok_and(|found| found == number);
        let row = found.next_if(there).ok_or(StoreError::UnknownLot(digest))?;
        lots.push(lot(digest, &Cells::new("lots", row))?);
    }
    Ok(lots)
}

fn lot(digest: Digest, cells: &Cells<'_>) -> Result<LotRecord, StoreError> {
    let closed = match (cells.get::<Option<String>>(4)?, cells.get::<Option<&str>>(5)?) {
        (Some(at), Some(word)) => {
            let reason =
                CloseReason::parse(word).ok_or_else(|| cells.wrong(format!("{word:?} closes no lot")))?;
            Some((at, reason))
        }
        (None, None) => None,
        _ => return Err(cells.wrong("a closing without time or reason")),
    };
    Ok(LotRecord {
        digest,
        certificate: cells.get(1)?,
        carried: cells.text(2)?,
        drawn: cells.masses(6, 7)?,
        draws: cells.count(3)?,
        closed,
        status: sound::status(cells.get(8)?, cells.get(9)?),
    })
}

/// Who drew on a lot.
pub(super) async fn drawn_by(client: &ClientWrapper, digest: Digest) -> Result<Vec<DrawnBy>, StoreError> {
    let lot = seq_of(client, digest).await?;
    let sql = "SELECT c.digest, c.id, c.issuer, d.seq, array_agg(a.element), array_agg(a.drawn_mg)
               FROM draws d JOIN certificates c ON c.seq = d.child
               JOIN amounts a ON a.parent = d.parent AND a.seq = d.seq
               WHERE d.parent = $1 AND c.bytes IS NOT NULL GROUP BY d.seq, c.seq ORDER BY d.seq";
    let draw = |row: &Row| {
        let cells = Cells::new("draws", row);
        let amount: Masses = cells.masses(4, 5)?;
        Ok(DrawnBy {
            digest: cells.digest(0)?,
            id: cells.text(1)?,
            issuer: cells.did(2)?,
            seq: cells.count(3)?,
            amount,
        })
    };
    rows(client, sql, &[&lot]).await?.iter().map(draw).collect()
}

/// The number of a certificate.
pub(super) async fn seq_of(client: &ClientWrapper, digest: Digest) -> Result<i64, StoreError> {
    let sql = "SELECT seq FROM certificates WHERE digest = $1 AND bytes IS NOT NULL";
    match one(client, sql, &[&&digest.as_bytes()[..]]).await? {
        Some(row) => Cells::new("certificates", &row).get(0),
        None => Err(StoreError::UnknownLot(digest)),
    }
}

/// One read of the storage.
pub(super) async fn ping(client: &ClientWrapper) -> Result<(), StoreError> {
    one(client, "SELECT size FROM log", &[]).await.map(drop)
}
