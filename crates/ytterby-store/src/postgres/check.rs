//! Checking a store: what has to be true of all rows, and the whole log replayed.

use deadpool_postgres::ClientWrapper;
use ytterby::Home;
use ytterby::entry::Entry;
use ytterby::form::EntryKind;
use ytterby::ledger::Ledger;
use ytterby_tlog::{Frontier, Hash, grow};

use super::log;
use super::readers::{one, rows};
use super::rows::{Cells, stored};
use super::tiles::{Tiles, damaged};
use crate::{Checked, StoreError};

/// Entries that are replayed at a time: sixteen full tiles.
const AT_ONCE: u64 = 4_096;

/// Checks everything as of one moment.
pub(super) async fn check(client: &ClientWrapper, origin: Home) -> Result<Checked, StoreError> {
    for (table, detail, sql) in SUMS {
        let found = one(client, sql, &[]).await?;
        let found: Option<i64> = found.map(|row| row.try_get(0)).transpose()?.flatten();
        if let Some(seq) = found {
            return Err(StoreError::Inconsistent { table, detail: format!("certificate {seq}: {detail}") });
        }
    }
    let counts = "SELECT (SELECT count(*) FROM certificates), (SELECT count(*) FROM lots), (SELECT certificates FROM log)";
    let missing = || StoreError::Inconsistent { table: "log", detail: "it has no row".to_owned() };
    let row = one(client, counts, &[]).await?.ok_or_else(missing)?;
    let cells = Cells::new("certificates", &row);
    let (certificates, lots) = (cells.count(0)?, cells.count(1)?);
    let logged = replayed(client, origin).await?;
    if logged != certificates || cells.count(2)? != certificates {
        return Err(cells.wrong(format!("{logged} certificates are logged, {certificates} are there")));
    }
    Ok(Checked { certificates, lots })
}

/// Replays the whole log and builds its tiles anew: how many certificates it registers or admits.
async fn replayed(client: &ClientWrapper, origin: Home) -> Result<u64, StoreError> {
    let (mut ledger, mut tree, mut certificates) = (Ledger::new(origin), Frontier::new(), 0);
    let mut built = Tiles::default();
    loop {
        let sql = "SELECT idx, bytes FROM entries WHERE idx >= $1 ORDER BY idx LIMIT $2";
        let found = rows(client, sql, &[&stored(tree.size())?, &stored(AT_ONCE)?]).await?;
        if found.is_empty() {
            break;
        }
        let mut leaves = Vec::with_capacity(found.len());
        for (row, index) in found.iter().zip(tree.size()..) {
            let cells = Cells::new("entries", row);
            let entry = Entry::parse(cells.get(1)?).map_err(|error| cells.wrong(error))?;
            ledger.apply(&entry).map_err(|violation| cells.wrong(violation))?;
            if cells.count(0)? != index {
                return Err(cells.wrong(format!("the entry {index} is missing")));
            }
            leaves.push(Hash::of_leaf(cells.get(1)?));
            certificates += u64::from(matches!(entry.kind(), EntryKind::Certificate | EntryKind::Admission));
        }
        let growth = grow(&tree, &leaves, |tile| Ok(built.read(tile))).map_err(|error| damaged(&error))?;
        for (tile, bytes) in growth.tiles {
            if log::tile(client, tile).await?.as_ref() != Some(&bytes) {
                let detail = format!("{tile} is not that of its entries");
                return Err(StoreError::Inconsistent { table: "tiles", detail });
            }
            built.insert(tile, bytes);
        }
        tree = growth.frontier;
    }
    if tree.head() == log::head(client).await? {
        return Ok(certificates);
    }
    Err(StoreError::Inconsistent { table: "log", detail: "its head is not that of its entries".to_owned() })
}

/// Table, what is wrong, and a query for the first certificate where it is.
const SUMS: [(&str, &str, &str); 9] = [
    (
        "certificates",
        "its digest is not that of its bytes",
        "SELECT min(seq) FROM certificates WHERE sha256(bytes) <> digest",
    ),
    (
        "certificates",
        "its entry is another's, or it has neither an entry nor an admission",
        "SELECT min(c.seq) FROM certificates c LEFT JOIN entries e ON e.idx = c.entry AND e.kind = 'certificate'
         LEFT JOIN admissions a ON a.certificate = c.seq
         WHERE (e.certificate IS DISTINCT FROM c.digest) = (a.certificate IS NULL)",
    ),
    (
        "contents",
        "more is drawn than there is",
        "SELECT min(lot) FROM contents WHERE drawn_mg > content_mg OR drawn_mg < 0",
    ),
    (
        "contents",
        "the draws do not add up to what is drawn",
        "SELECT min(x.lot) FROM contents x
         LEFT JOIN (SELECT parent, element, sum(drawn_mg) mg FROM amounts GROUP BY parent, element) a
         ON a.parent = x.lot AND a.element = x.element WHERE x.drawn_mg <> coalesce(a.mg, 0)",
    ),
    (
        "amounts",
        "an element is drawn that the lot does not hold",
        "SELECT min(a.parent) FROM amounts a LEFT JOIN contents x ON x.lot = a.parent AND x.element = a.element
         WHERE x.lot IS NULL",
    ),
    (
        "amounts",
        "something is taken by no draw",
        "SELECT min(a.parent) FROM amounts a LEFT JOIN draws d ON d.parent = a.parent AND d.seq = a.seq
         LEFT JOIN certificates c ON c.seq = d.child WHERE c.seq IS NULL",
    ),
    (
        "lots",
        "what is left is not what its elements have left",
        "SELECT min(l.certificate) FROM lots l
         LEFT JOIN (SELECT lot, sum(content_mg - drawn_mg) mg FROM contents GROUP BY lot) x ON x.lot = l.certificate
         LEFT JOIN certificates c ON c.seq = l.certificate
         WHERE l.left_mg <> coalesce(x.mg, 0) OR c.seq IS NULL",
    ),
    (
        "draws",
        "the draws are not numbered 1, 2, 3 and so on",
        "SELECT min(coalesce(l.certificate, d.parent)) FROM lots l
         FULL JOIN (SELECT parent, count(*) n, min(seq) first, max(seq) last FROM draws GROUP BY parent) d
         ON d.parent = l.certificate
         WHERE coalesce(l.draws, -1) <> coalesce(d.n, 0) OR (d.n > 0 AND (d.first <> 1 OR d.last <> d.n))",
    ),
    (
        "days",
        "it lies outside its day",
        "SELECT min(c.seq) FROM certificates c LEFT JOIN days d
         ON d.day = substr(c.registered, 1, 10) AND c.seq BETWEEN d.first AND d.last WHERE d.day IS NULL",
    ),
];
