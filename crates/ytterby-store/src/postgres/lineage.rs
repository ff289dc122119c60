//! What is behind a certificate, and what is after it.

use std::collections::{BTreeSet, HashSet};

use deadpool_postgres::ClientWrapper;
use tokio_postgres::Row;
use ytterby::digest::Digest;
use ytterby::form::Kind;

use super::readers::rows;
use super::reads::seq_of;
use super::rows::{Cells, bytes};
use crate::{Cursor, Direction, Kin, StoreError};

/// Attestations draw nothing and nothing draws on them, so they need no walk of their own; one about an
/// attestation is found all the same.
const BEHIND: &str = "
    SELECT d.parent FROM draws d WHERE d.child = ANY($1)
    UNION SELECT a.attestation FROM certificates c JOIN abouts a ON a.lot = c.digest WHERE c.seq = ANY($1)";

const ADMITTED: &str = "
    SELECT c.digest FROM admissions a JOIN certificates c ON c.seq = a.certificate WHERE a.certificate = ANY($1)";

const LINKS: &str = "
    SELECT k.parent, c.seq, f.bytes FROM foreign_links k
    LEFT JOIN certificates c ON c.digest = k.parent AND c.bytes IS NOT NULL LEFT JOIN foreigners f ON f.digest = k.parent
    WHERE k.child = ANY($1)";

const NUMBERED: &str = "
    SELECT d.number, c.seq FROM unnest($1::bytea[]) WITH ORDINALITY d(digest, number)
    JOIN certificates c ON c.digest = d.digest AND c.bytes IS NOT NULL ORDER BY d.number";

const ACCREDITATIONS: &str = "
    SELECT bytes FROM (
        SELECT c.seq, c.bytes, row_number() OVER (PARTITION BY a.lot, c.issuer ORDER BY c.seq DESC) AS newest
        FROM abouts a JOIN certificates c ON c.seq = a.attestation
        WHERE a.lot = ANY($1) AND c.kind = $2 AND c.bytes IS NOT NULL) found
    WHERE newest <= $3 ORDER BY seq";

/// The accreditations filed under the digests of DIDs, of each accreditor the newest.
pub(super) async fn accreditations(
    client: &ClientWrapper,
    accredited: Vec<Digest>,
    most: usize,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let kind = Kind::Accreditation.as_str();
    let found = rows(client, ACCREDITATIONS, &[&bytes(&accredited), &kind, &most]).await?;
    found.iter().map(|row| Cells::new("certificates", row).get(0)).collect()
}

/// Certificates, all that is behind them, and every attestation about any of these: parents before
/// children. Behind an admitted transfer it goes on among what came with it, which may lead back here.
///
/// The walk goes a generation at a time: as many statements as the lineage is deep.
pub(super) async fn lineage(
    client: &ClientWrapper,
    digests: Vec<Digest>,
    limit: usize,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut walk = Walk { limit, ..Walk::default() };
    let numbered = rows(client, NUMBERED, &[&bytes(&digests)]).await?;
    for (place, digest) in digests.iter().enumerate() {
        let row = numbered.get(place).filter(|row| row.try_get(0).is_ok_and(|n: i64| n == place as i64 + 1));
        walk.meet(row.ok_or(StoreError::UnknownLot(*digest))?.try_get(1)?)?;
    }
    while !walk.next.is_empty() || !walk.next_foreign.is_empty() {
        let generation = std::mem::take(&mut walk.next);
        if !generation.is_empty() {
            for row in rows(client, BEHIND, &[&generation]).await? {
                walk.meet(row.try_get(0)?)?;
            }
            for row in rows(client, ADMITTED, &[&generation]).await? {
                let digest = Cells::new("certificates", &row).digest(0)?;
                if walk.found_foreign.insert(digest) {
                    walk.next_foreign.push(digest);
                }
            }
        }
        let generation = std::mem::take(&mut walk.next_foreign);
        if !generation.is_empty() {
            for row in rows(client, LINKS, &[&bytes(&generation)]).await? {
                walk.meet_foreign(&row)?;
            }
        }
    }
    let found: Vec<i64> = walk.found.into_iter().collect();
    let own =
        rows(client, "SELECT bytes FROM certificates WHERE seq = ANY($1) ORDER BY seq", &[&found]).await?;
    let mut all = walk.foreign;
    for row in &own {
        all.push(row.try_get(0)?);
    }
    Ok(all)
}

/// Certificates that were met, and those whose parents are still to be looked at.
#[derive(Default)]
struct Walk {
    limit: usize,
    found: BTreeSet<i64>,
    next: Vec<i64>,
    found_foreign: HashSet<Digest>,
    next_foreign: Vec<Digest>,
    foreign: Vec<Vec<u8>>,
}

impl Walk {
    fn meet(&mut self, seq: i64) -> Result<(), StoreError> {
        if self.found.insert(seq) {
            self.next.push(seq);
        }
        self.within()
    }

    /// What a certificate of another log has behind it is here, or came with it.
    fn meet_foreign(&mut self, row: &Row) -> Result<(), StoreError> {
        let cells = Cells::new("foreign_links", row);
        let parent = cells.digest(0)?;
        if self.found_foreign.contains(&parent) {
            return Ok(());
        }
        if let Some(seq) = cells.get(1)? {
            return self.meet(seq);
        }
        self.found_foreign.insert(parent);
        if let Some(bytes) = cells.get(2)? {
            self.next_foreign.push(parent);
            self.foreign.push(bytes);
        }
        self.within()
    }

    fn within(&self) -> Result<(), StoreError> {
        let met = self.found.len() + self.foreign.len();
        if met > self.limit { Err(StoreError::TooMany(self.limit)) } else { Ok(()) }
    }
}

/// What is behind or after a certificate in this registry. A parent has the smaller number, so the
/// set is found in one walk; a page is what follows a number in it.
pub(super) async fn kin(
    client: &ClientWrapper,
    digest: Digest,
    direction: Direction,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Kin, StoreError> {
    let steps = match direction {
        Direction::Behind => "SELECT DISTINCT parent FROM draws WHERE child = ANY($1)",
        Direction::After => "SELECT DISTINCT child FROM draws WHERE parent = ANY($1)",
    };
    let (mut found, mut next) = (BTreeSet::new(), vec![seq_of(client, digest).await?]);
    while !next.is_empty() {
        let generation = std::mem::take(&mut next);
        for row in rows(client, steps, &[&generation]).await? {
            let kin: i64 = row.try_get(0)?;
            if found.insert(kin) {
                next.push(kin);
            }
        }
    }
    let from = after.map_or(0, |Cursor(seq)| seq.saturating_add(1));
    let mut rest = found.range(from..).copied();
    let page: Vec<i64> = rest.by_ref().take(limit).collect();
    let next = rest.next().and(page.last().copied()).map(Cursor);
    let sql = "SELECT digest, coalesce(id, '') FROM certificates WHERE seq = ANY($1) ORDER BY seq";
    let name = |row: &Row| {
        let cells = Cells::new("certificates", row);
        Ok((cells.digest(0)?, cells.text(1)?))
    };
    let page = rows(client, sql, &[&page]).await?.iter().map(name).collect::<Result<_, StoreError>>()?;
    Ok(Kin { total: found.len(), page, next })
}
