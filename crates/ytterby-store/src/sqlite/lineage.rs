//! What is behind a certificate, and what is after it.

use std::collections::{BTreeSet, HashSet};
use std::ops::Bound;

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use ytterby::digest::Digest;
use ytterby::form::Kind;

use super::reads::seq_of;
use super::rows::Cells;
use crate::{Cursor, Direction, Kin, StoreError};

/// Certificates, all that is behind them, and every attestation about any of these: parents before
/// children. Behind an admitted transfer it goes on among what came with it, which may lead back here.
pub(super) fn lineage(
    connection: &Connection,
    digests: &[Digest],
    limit: usize,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut walk = Walk::new(connection, limit)?;
    for digest in digests {
        walk.meet(seq_of(connection, *digest)?)?;
    }
    loop {
        if let Some(seq) = walk.next.pop() {
            walk.behind(seq)?;
        } else if let Some(digest) = walk.next_foreign.pop() {
            walk.behind_foreign(digest)?;
        } else {
            break;
        }
    }
    let mut query = connection.prepare("SELECT bytes FROM certificates WHERE seq = ?1")?;
    let own = walk.found.iter().map(|seq| query.query_row(params![seq], |row| row.get(0)));
    let mut all = walk.foreign;
    for bytes in own {
        all.push(bytes?);
    }
    Ok(all)
}

/// Certificates that were met, and those whose parents are still to be looked at.
struct Walk<'c> {
    connection: &'c Connection,
    limit: usize,
    found: BTreeSet<i64>,
    next: Vec<i64>,
    found_foreign: HashSet<Digest>,
    next_foreign: Vec<Digest>,
    foreign: Vec<Vec<u8>>,
    behind: CachedStatement<'c>,
    admitted: CachedStatement<'c>,
    links: CachedStatement<'c>,
}

impl<'c> Walk<'c> {
    fn new(connection: &'c Connection, limit: usize) -> Result<Self, StoreError> {
        // Attestations draw nothing and nothing draws on them, so they need no walk of their own; one
        // about an attestation is found all the same.
        let behind = connection.prepare_cached(
            "SELECT parent FROM draws WHERE child = ?1
             UNION ALL SELECT a.attestation FROM certificates c JOIN abouts a ON a.lot = c.digest WHERE c.seq = ?1",
        )?;
        let admitted = connection.prepare_cached(
            "SELECT c.digest FROM admissions a JOIN certificates c ON c.seq = a.certificate WHERE a.certificate = ?1",
        )?;
        let links = connection.prepare_cached("SELECT parent FROM foreign_links WHERE child = ?1")?;
        Ok(Walk {
            connection,
            limit,
            found: BTreeSet::new(),
            next: Vec::new(),
            found_foreign: HashSet::new(),
            next_foreign: Vec::new(),
            foreign: Vec::new(),
            behind,
            admitted,
            links,
        })
    }

    fn meet(&mut self, seq: i64) -> Result<(), StoreError> {
        if self.found.insert(seq) {
            self.next.push(seq);
        }
        self.within()
    }

    fn within(&self) -> Result<(), StoreError> {
        let met = self.found.len() + self.foreign.len();
        if met > self.limit { Err(StoreError::TooMany(self.limit)) } else { Ok(()) }
    }

    fn behind(&mut self, seq: i64) -> Result<(), StoreError> {
        let mut parents = Vec::new();
        let mut rows = self.behind.query(params![seq])?;
        while let Some(row) = rows.next()? {
            parents.push(Cells::new("draws", row).get(0)?);
        }
        drop(rows);
        parents.into_iter().try_for_each(|parent| self.meet(parent))?;
        let mut rows = self.admitted.query(params![seq])?;
        let digest = rows.next()?.map(|row| Cells::new("certificates", row).digest(0)).transpose()?;
        drop(rows);
        if let Some(digest) = digest
            && self.found_foreign.insert(digest)
        {
            self.next_foreign.push(digest);
        }
        Ok(())
    }

    /// What a certificate of another log has behind it is here, or came with it.
    fn behind_foreign(&mut self, digest: Digest) -> Result<(), StoreError> {
        let mut parents = Vec::new();
        let mut rows = self.links.query(params![digest.as_bytes()])?;
        while let Some(row) = rows.next()? {
            parents.push(Cells::new("foreign_links", row).digest(0)?);
        }
        drop(rows);
        for parent in parents {
            if self.found_foreign.contains(&parent) {
                continue;
            }
            match seq_of(self.connection, parent) {
                Ok(seq) => self.meet(seq)?,
                Err(StoreError::UnknownLot(_)) => {
                    self.found_foreign.insert(parent);
                    if let Some(bytes) = foreign(self.connection, parent)? {
                        self.next_foreign.push(parent);
                        self.foreign.push(bytes);
                        self.within()?;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The accreditations filed under the digests of DIDs, of each accreditor the newest.
pub(super) fn accreditations(
    connection: &Connection,
    accredited: &[Digest],
    most: usize,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT bytes FROM (
             SELECT c.seq, c.bytes, row_number() OVER (PARTITION BY c.issuer ORDER BY c.seq DESC) AS newest
             FROM abouts a JOIN certificates c ON c.seq = a.attestation
             WHERE a.lot = ?1 AND c.kind = ?2 AND c.bytes IS NOT NULL)
         WHERE newest <= ?3 ORDER BY seq",
    )?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut found = Vec::new();
    for digest in accredited {
        let rows = query
            .query_map(params![digest.as_bytes(), Kind::Accreditation.as_str(), most], |row| row.get(0))?;
        for bytes in rows {
            found.push(bytes?);
        }
    }
    Ok(found)
}

fn foreign(connection: &Connection, digest: Digest) -> Result<Option<Vec<u8>>, StoreError> {
    let mut query = connection.prepare_cached("SELECT bytes FROM foreigners WHERE digest = ?1")?;
    Ok(query.query_row(params![digest.as_bytes()], |row| row.get(0)).optional()?.flatten())
}

/// What is behind or after a certificate in this registry. A parent has the smaller number, so the
/// set is found in one walk; a page is what follows a number in it.
pub(super) fn kin(
    connection: &Connection,
    digest: Digest,
    direction: Direction,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Kin, StoreError> {
    let mut steps = connection.prepare_cached(match direction {
        Direction::Behind => "SELECT parent FROM draws WHERE child = ?1",
        Direction::After => "SELECT child FROM draws WHERE parent = ?1",
    })?;
    let own = seq_of(connection, digest)?;
    let (mut found, mut next) = (BTreeSet::new(), vec![own]);
    while let Some(seq) = next.pop() {
        let mut rows = steps.query(params![seq])?;
        while let Some(row) = rows.next()? {
            let kin: i64 = Cells::new("draws", row).get(0)?;
            if found.insert(kin) {
                next.push(kin);
            }
        }
    }
    let from = after.map_or(0, |Cursor(seq)| seq);
    let mut names =
        connection.prepare_cached("SELECT digest, ifnull(id, '') FROM certificates WHERE seq = ?1")?;
    let mut rest = found.range((Bound::Excluded(from), Bound::Unbounded));
    let mut page = Vec::with_capacity(limit.min(found.len()));
    let mut last = from;
    for seq in rest.by_ref().take(limit) {
        let mut rows = names.query(params![seq])?;
        let Some(row) = rows.next()? else { continue };
        let cells = Cells::new("certificates", row);
        page.push((cells.digest(0)?, cells.text(1)?));
        last = *seq;
    }
    let next = rest.next().is_some().then_some(Cursor(last));
    Ok(Kin { total: found.len(), page, next })
}
