//! Checkpoints that a quorum has cosigned, each the first that covers some entries.

use rusqlite::{Connection, params};

use super::log;
use super::rows::{Cells, stored};
use crate::{Cosigned, StoreError};

/// Keeps one, if it is newer than all that are kept.
pub(super) fn keep(connection: &Connection, cosigned: &Cosigned) -> Result<bool, StoreError> {
    if cosigned.size == 0 || log::head_of(connection, cosigned.size)?.is_none() {
        let size = log::head(connection)?.size;
        return Err(StoreError::NotThere { size, wanted: cosigned.size });
    }
    let kept = connection
        .prepare_cached(
            "INSERT INTO cosigned (size, note)
             SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM cosigned WHERE size >= ?1)",
        )?
        .execute(params![stored(cosigned.size)?, cosigned.note])?;
    Ok(kept == 1)
}

/// The first that covers an index.
pub(super) fn covering(connection: &Connection, index: u64) -> Result<Option<Cosigned>, StoreError> {
    let mut query =
        connection.prepare_cached("SELECT size, note FROM cosigned WHERE size > ?1 ORDER BY size LIMIT 1")?;
    let mut rows = query.query(params![stored(index)?])?;
    rows.next()?.map(|row| cosigned(&Cells::new("cosigned", row))).transpose()
}

/// The newest of at most a size.
pub(super) fn before(connection: &Connection, size: u64) -> Result<Option<Cosigned>, StoreError> {
    let mut query = connection
        .prepare_cached("SELECT size, note FROM cosigned WHERE size <= ?1 ORDER BY size DESC LIMIT 1")?;
    let mut rows = query.query(params![stored(size)?])?;
    rows.next()?.map(|row| cosigned(&Cells::new("cosigned", row))).transpose()
}

/// The newest.
pub(super) fn last(connection: &Connection) -> Result<Option<Cosigned>, StoreError> {
    let mut query =
        connection.prepare_cached("SELECT size, note FROM cosigned ORDER BY size DESC LIMIT 1")?;
    let mut rows = query.query([])?;
    rows.next()?.map(|row| cosigned(&Cells::new("cosigned", row))).transpose()
}

fn cosigned(cells: &Cells<'_>) -> Result<Cosigned, StoreError> {
    Ok(Cosigned { size: cells.count(0)?, note: cells.text(1)? })
}
