//! Rows into domain values. What does not parse was not written by this crate, or is damaged:
//! [`StoreError::Inconsistent`], with the table's name.

use rusqlite::Row;
use rusqlite::types::{FromSql, ValueRef};
use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::element::Element;

use crate::{CertificateRow, StoreError};

/// The columns of [`Cells::certificate`], of a table named `c`.
pub(super) const CERTIFICATE: &str = "c.digest, c.id, c.issuer, c.kind, c.external_id, c.registered, c.bytes";

/// One row of one table.
pub(super) struct Cells<'r> {
    table: &'static str,
    row: &'r Row<'r>,
}

impl<'r> Cells<'r> {
    pub(super) fn new(table: &'static str, row: &'r Row<'r>) -> Self {
        Cells { table, row }
    }

    /// A column as SQLite's own type.
    pub(super) fn get<T: FromSql>(&self, at: usize) -> Result<T, StoreError> {
        self.row.get(at).map_err(|error| self.wrong(error))
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
        match self.row.get_ref(at)? {
            ValueRef::Blob(bytes) => bytes.try_into().map_err(|_| self.wrong("not 32 bytes")),
            other => Err(self.wrong(format!("{} instead of 32 bytes", other.data_type()))),
        }
    }

    /// A column of digests.
    pub(super) fn digest(&self, at: usize) -> Result<Digest, StoreError> {
        self.bytes32(at).map(Digest::from_bytes)
    }

    /// A column of DIDs.
    pub(super) fn did(&self, at: usize) -> Result<Did, StoreError> {
        let text = self.text(at)?;
        Did::parse(&text).map_err(|error| self.wrong(format!("{text:?}: {error}")))
    }

    /// An element and, in the next column, its milligrams.
    pub(super) fn mass(&self, at: usize) -> Result<(Element, u64), StoreError> {
        let symbol = self.text(at)?;
        let element =
            Element::parse(&symbol).ok_or_else(|| self.wrong(format!("{symbol:?} is no element")))?;
        Ok((element, self.count(at + 1)?))
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

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::Engine(error.to_string())
    }
}

/// SQLite counts up to 2⁶³ − 1; no mass of a certificate comes near.
pub(super) fn stored(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Engine(format!("{number} is more than SQLite can count")))
}
