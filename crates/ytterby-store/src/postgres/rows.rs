//! Rows into domain values. What does not parse was not written by this crate, or is damaged:
//! [`StoreError::Inconsistent`], with the table's name.

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use ytterby::Home;
use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::element::Element;
use ytterby::masses::Masses;

use crate::{CertificateRow, StoreError};

/// The columns of [`Cells::certificate`], of a table named `c`.
pub(super) const CERTIFICATE: &str = "c.digest, c.id, c.issuer, c.kind, c.external_id, c.registered, c.bytes";

/// One row of one table.
pub(super) struct Cells<'r> {
    table: &'static str,
    row: &'r Row,
}

impl<'r> Cells<'r> {
    pub(super) fn new(table: &'static str, row: &'r Row) -> Self {
        Cells { table, row }
    }

    /// A column as the driver reads it.
    pub(super) fn get<T: FromSql<'r>>(&self, at: usize) -> Result<T, StoreError> {
        self.row.try_get(at).map_err(|error| self.wrong(error))
    }

    /// A text column.
    pub(super) fn text(&self, at: usize) -> Result<String, StoreError> {
        self.get(at)
    }

    /// A column of whole numbers that are never negative.
    pub(super) fn count(&self, at: usize) -> Result<u64, StoreError> {
        u64::try_from(self.get::<i64>(at)?).map_err(|error| self.wrong(error))
    }

    /// A column of 32 bytes.
    pub(super) fn bytes32(&self, at: usize) -> Result<[u8; 32], StoreError> {
        self.get::<&[u8]>(at)?.try_into().map_err(|_| self.wrong("not 32 bytes"))
    }

    /// A column of digests.
    pub(super) fn digest(&self, at: usize) -> Result<Digest, StoreError> {
        self.bytes32(at).map(Digest::from_bytes)
    }

    /// A column of DIDs.
    pub(super) fn did(&self, at: usize) -> Result<Did, StoreError> {
        let text: &str = self.get(at)?;
        Did::parse(text).map_err(|error| self.wrong(format!("{text:?}: {error}")))
    }

    /// A column of log origins.
    pub(super) fn home(&self, at: usize) -> Result<Home, StoreError> {
        let text: &str = self.get(at)?;
        Home::parse(text).ok_or_else(|| self.wrong(format!("{text:?} is no origin")))
    }

    /// An array of elements and, in another column, one of their milligrams; nothing if both are null.
    pub(super) fn masses(&self, elements: usize, mg: usize) -> Result<Masses, StoreError> {
        let symbols = self.get::<Option<Vec<&str>>>(elements)?.unwrap_or_default();
        let all = self.get::<Option<Vec<i64>>>(mg)?.unwrap_or_default();
        if symbols.len() != all.len() {
            return Err(self.wrong("elements without masses"));
        }
        let mut masses = Masses::default();
        for (symbol, mg) in symbols.into_iter().zip(all) {
            let element =
                Element::parse(symbol).ok_or_else(|| self.wrong(format!("{symbol:?} is no element")))?;
            masses.add(element, u64::try_from(mg).map_err(|error| self.wrong(error))?);
        }
        Ok(masses)
    }

    /// The columns of [`CERTIFICATE`], from the first.
    pub(super) fn certificate(&self) -> Result<CertificateRow, StoreError> {
        Ok(CertificateRow {
            digest: self.digest(0)?,
            id: self.text(1)?,
            issuer: self.did(2)?,
            kind: self.text(3)?,
            external_id: self.text(4)?,
            registered: self.text(5)?,
            bytes: self.get(6)?,
        })
    }

    /// The error of a cell that is not what it has to be.
    pub(super) fn wrong(&self, detail: impl ToString) -> StoreError {
        StoreError::Inconsistent { table: self.table, detail: detail.to_string() }
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        StoreError::Engine(told(&error))
    }
}

/// What the server said, if it did: the driver's own text is only "db error".
pub(super) fn told(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => format!("{} ({})", db.message(), db.code().code()),
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}

/// PostgreSQL counts up to 2⁶³ − 1; no mass of a certificate comes near.
pub(super) fn stored(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number)
        .map_err(|_| StoreError::Engine(format!("{number} is more than PostgreSQL can count")))
}

/// The bytes of digests, as an array parameter takes them.
pub(super) fn bytes(digests: &[Digest]) -> Vec<&[u8]> {
    digests.iter().map(|digest| &digest.as_bytes()[..]).collect()
}
