//! Statuses of certificates, and what came from other logs.

use deadpool_postgres::ClientWrapper;
use tokio_postgres::Row;
use ytterby::digest::Digest;
use ytterby::entry::{self, Entry};
use ytterby::form::StatusPurpose;

use super::readers::{one, rows};
use super::rows::{Cells, bytes, stored};
use crate::{StatusBits, StatusEvent, StoreError};

/// What a certificate has seen, oldest first.
pub(super) async fn events(
    client: &ClientWrapper,
    certificate: Digest,
) -> Result<Vec<StatusEvent>, StoreError> {
    let sql = "SELECT entry FROM certificates WHERE digest = $1 AND entry IS NOT NULL";
    let own = one(client, sql, &[&&certificate.as_bytes()[..]]).await?;
    let own: i64 = own.ok_or(StoreError::UnknownLot(certificate))?.try_get(0)?;
    let sql =
        "SELECT s.idx, e.bytes, s.reason, s.by, s.at FROM status_events s JOIN entries e ON e.idx = s.idx
               WHERE s.subject = $1 ORDER BY s.idx";
    rows(client, sql, &[&own]).await?.iter().map(event).collect()
}

fn event(row: &Row) -> Result<StatusEvent, StoreError> {
    let cells = Cells::new("status_events", row);
    let entry = Entry::parse(cells.get(1)?).map_err(|error| cells.wrong(error))?;
    let Entry::Status(entry::StatusChange { purpose, value, .. }) = entry else {
        return Err(cells.wrong("the entry changes no status"));
    };
    let (reason, by, at) = (cells.text(2)?, cells.text(3)?, cells.text(4)?);
    Ok(StatusEvent { index: cells.count(0)?, purpose, value, reason, by, at })
}

/// The certificates with a status on, of a range of indices, and the size as of which that is so.
pub(super) async fn bits(
    client: &ClientWrapper,
    purpose: StatusPurpose,
    from: u64,
    to: u64,
) -> Result<StatusBits, StoreError> {
    let column = match purpose {
        StatusPurpose::Revocation => "revoked",
        StatusPurpose::Suspension => "suspended",
    };
    let sql = format!(
        "SELECT l.size, array(SELECT s.idx FROM statuses s WHERE s.idx >= $1 AND s.idx < $2 AND s.{column} ORDER BY s.idx)
         FROM log l"
    );
    let missing = || StoreError::Inconsistent { table: "log", detail: "it has no row".to_owned() };
    let row = one(client, &sql, &[&stored(from)?, &stored(to)?]).await?.ok_or_else(missing)?;
    let cells = Cells::new("statuses", &row);
    let set = cells.get::<Vec<i64>>(1)?.into_iter().map(u64::try_from).collect::<Result<_, _>>();
    Ok(StatusBits { size: cells.count(0)?, set: set.map_err(|error| cells.wrong(error))? })
}

/// The receipts of those that are registered elsewhere.
pub(super) async fn foreign_receipts(
    client: &ClientWrapper,
    digests: Vec<Digest>,
) -> Result<Vec<(Digest, Vec<u8>)>, StoreError> {
    let sql = "SELECT f.digest, f.receipt FROM unnest($1::bytea[]) WITH ORDINALITY d(digest, number)
               JOIN foreigners f ON f.digest = d.digest ORDER BY d.number";
    let receipt = |row: &Row| {
        let cells = Cells::new("foreigners", row);
        Ok((cells.digest(0)?, cells.get(1)?))
    };
    rows(client, sql, &[&bytes(&digests)]).await?.iter().map(receipt).collect()
}
