//! Checkpoints that a quorum has cosigned, each the first that covers some entries.

use deadpool_postgres::ClientWrapper;
use tokio_postgres::{Client, Row};

use super::readers::one;
use super::rows::{Cells, stored};
use crate::{Cosigned, StoreError};

/// Keeps one, if it is newer than all that are kept, in a transaction that has the lock.
pub(super) async fn keep(client: &Client, cosigned: &Cosigned) -> Result<bool, StoreError> {
    let size = stored(cosigned.size)?;
    let head = client.query_opt("SELECT size FROM heads WHERE size = $1", &[&size]).await?;
    if head.is_none() {
        let row = client.query_one("SELECT size FROM log", &[]).await?;
        let size = Cells::new("log", &row).count(0)?;
        return Err(StoreError::NotThere { size, wanted: cosigned.size });
    }
    let sql = "INSERT INTO cosigned (size, note)
               SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM cosigned WHERE size >= $1)";
    Ok(client.execute(sql, &[&size, &cosigned.note]).await? == 1)
}

/// The first that covers an index.
pub(super) async fn covering(client: &ClientWrapper, index: u64) -> Result<Option<Cosigned>, StoreError> {
    let sql = "SELECT size, note FROM cosigned WHERE size > $1 ORDER BY size LIMIT 1";
    one(client, sql, &[&stored(index)?]).await?.as_ref().map(cosigned).transpose()
}

/// The newest of at most a size.
pub(super) async fn before(client: &ClientWrapper, size: u64) -> Result<Option<Cosigned>, StoreError> {
    let sql = "SELECT size, note FROM cosigned WHERE size <= $1 ORDER BY size DESC LIMIT 1";
    one(client, sql, &[&stored(size)?]).await?.as_ref().map(cosigned).transpose()
}

/// The newest.
pub(super) async fn last(client: &ClientWrapper) -> Result<Option<Cosigned>, StoreError> {
    let sql = "SELECT size, note FROM cosigned ORDER BY size DESC LIMIT 1";
    one(client, sql, &[]).await?.as_ref().map(cosigned).transpose()
}

fn cosigned(row: &Row) -> Result<Cosigned, StoreError> {
    let cells = Cells::new("cosigned", row);
    Ok(Cosigned { size: cells.count(0)?, note: cells.text(1)? })
}
