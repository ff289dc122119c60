//! Lists of certificates: a filter becomes one query that walks one index, newest first.
//!
//! SQLite keeps the row number at the end of each index, so the entries of one value lie in the
//! order of registration and a page needs no sort. The query is built so that the planner has no
//! choice: the most selective condition leads, `CROSS JOIN` keeps its table first, and a unary plus
//! takes the other conditions on that table out of the choice of an index.

use std::fmt::Write as _;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::rows::{CERTIFICATE, Cells};
use crate::{CertificateFilter, Cursor, Page, StoreError};

/// One page.
pub(super) fn list(
    connection: &Connection,
    filter: &CertificateFilter,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page, StoreError> {
    let Query { sql, values } = Query::new(filter, after, limit);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut page = Page { rows: Vec::new(), next: None };
    let mut last = None;
    while let Some(row) = rows.next()? {
        if page.rows.len() == limit {
            page.next = last.map(Cursor);
            break;
        }
        let cells = Cells::new("certificates", row);
        page.rows.push(cells.certificate()?);
        last = Some(cells.get(7)?);
    }
    Ok(page)
}

/// A table that a condition is about, and its column with the certificate's number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Table {
    Certificates,
    Lots,
    Contents,
}

impl Table {
    fn as_source(self) -> &'static str {
        match self {
            Self::Certificates => "certificates c",
            Self::Lots => "lots l",
            Self::Contents => "contents x",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Certificates => "c.seq",
            Self::Lots => "l.certificate",
            Self::Contents => "x.lot",
        }
    }
}

struct Query {
    sql: String,
    values: Vec<Value>,
}

impl Query {
    fn new(filter: &CertificateFilter, after: Option<Cursor>, limit: usize) -> Self {
        let equal = equalities(filter);
        let lead = equal.first().map_or(Table::Certificates, |(table, ..)| *table);
        let mut query =
            Query { sql: format!("SELECT {CERTIFICATE}, c.seq FROM {}", lead.as_source()), values: vec![] };
        for table in [Table::Lots, Table::Contents, Table::Certificates] {
            if table != lead
                && (table == Table::Certificates || equal.iter().any(|(other, ..)| *other == table))
            {
                query.push(&format!(" CROSS JOIN {} ON {} = {}", table.as_source(), table.key(), lead.key()));
            }
        }
        query.push(" WHERE c.bytes IS NOT NULL");
        for (n, (table, column, value)) in equal.into_iter().enumerate() {
            let plus = if n > 0 && table == lead { "+" } else { "" };
            query.bind(&format!("{plus}{column} ="), value.to_owned());
        }
        let key = lead.key();
        if let Some(Cursor(seq)) = after {
            query.bind(&format!("{key} <"), seq);
        }
        if let Some(from) = &filter.from {
            query.bind("c.registered >=", from.clone());
            query.bind(&format!("{key} >= (SELECT min(first) FROM days WHERE day >="), day(from));
            query.push(")");
        }
        if let Some(to) = &filter.to {
            query.bind("c.registered <", to.clone());
            query.bind(&format!("{key} <= (SELECT max(last) FROM days WHERE day <="), day(to));
            query.push(")");
        }
        let rows = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        query.push(&format!(" ORDER BY {key} DESC LIMIT"));
        query.value(rows);
        query
    }

    fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    fn bind(&mut self, condition: &str, value: impl Into<Value>) {
        self.push(" AND ");
        self.push(condition);
        self.value(value);
    }

    fn value(&mut self, value: impl Into<Value>) {
        self.values.push(value.into());
        // Writing to a string cannot fail.
        let _ = write!(self.sql, " ?{}", self.values.len());
    }
}

/// The conditions that ask for one value, the most selective first.
fn equalities(filter: &CertificateFilter) -> Vec<(Table, &'static str, &str)> {
    let all = [
        (Table::Certificates, "c.external_id", filter.external_id.as_deref()),
        (Table::Lots, "l.number", filter.lot_number.as_deref()),
        (Table::Lots, "l.holder", filter.holder.as_ref().map(ytterby::did::Did::as_str)),
        (Table::Certificates, "c.issuer", filter.issuer.as_ref().map(ytterby::did::Did::as_str)),
        (Table::Lots, "l.step", filter.step.as_deref()),
        (Table::Contents, "x.element", filter.element.as_deref()),
        (Table::Certificates, "c.kind", filter.kind.as_deref()),
        (Table::Lots, "l.status", filter.status.as_deref()),
    ];
    all.into_iter().filter_map(|(table, column, value)| Some((table, column, value?))).collect()
}

/// The day of a time: its first ten characters, or all of a shorter one.
fn day(time: &str) -> String {
    time.chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::schema;
    use ytterby::did::Did;

    fn plan(filter: &CertificateFilter) -> String {
        let connection = Connection::open_in_memory().unwrap();
        let home = ytterby::Home::parse("registry.example/ree").unwrap();
        schema::create(&connection, &home).unwrap();
        let Query { sql, values } = Query::new(filter, Some(Cursor(9)), 10);
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = statement.query_map(params_from_iter(values), |row| row.get::<_, String>(3)).unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>().join("\n")
    }

    /// Every subset of the conditions: no table is read from end to end, no list is sorted.
    #[test]
    fn every_filter_walks_an_index() {
        let some = |on: bool| on.then(|| "x".to_owned());
        let did = |on: bool| on.then(|| Did::parse("did:web:a.example").unwrap());
        for set in 0_u32..1 << 10 {
            let has = |bit: u32| set & (1 << bit) != 0;
            let filter = CertificateFilter {
                lot_number: some(has(0)),
                kind: some(has(1)),
                step: some(has(2)),
                element: some(has(3)),
                issuer: did(has(4)),
                holder: did(has(5)),
                status: some(has(6)),
                external_id: some(has(7)),
                from: some(has(8)),
                to: some(has(9)),
            };
            let plan = plan(&filter);
            assert!(!plan.contains("SCAN"), "{filter:?}\n{plan}");
            // An external id is at most one row of each issuer.
            assert!(has(7) || !plan.contains("TEMP B-TREE"), "{filter:?}\n{plan}");
        }
    }
}
