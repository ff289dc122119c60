//! Lists of certificates: a filter becomes one query, newest first.
//!
//! Every index ends with the certificate's number, so that the rows of one value lie in the order of
//! registration and a page is read off its end.

use deadpool_postgres::ClientWrapper;
use tokio_postgres::types::ToSql;
use ytterby::did::Did;

use super::readers::rows;
use super::rows::{CERTIFICATE, Cells, stored};
use crate::{CertificateFilter, Cursor, Page, StoreError};

/// One page.
pub(super) async fn list(
    client: &ClientWrapper,
    filter: CertificateFilter,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page, StoreError> {
    let Query { sql, values } = Query::new(&filter, after, limit)?;
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| &**value as _).collect();
    let found = rows(client, &sql, &values).await?;
    let mut page = Page { rows: Vec::with_capacity(found.len()), next: None };
    let mut last = None;
    for row in &found {
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

struct Query {
    sql: String,
    values: Vec<Box<dyn ToSql + Sync + Send>>,
}

impl Query {
    fn new(filter: &CertificateFilter, after: Option<Cursor>, limit: usize) -> Result<Self, StoreError> {
        let lots = filter.lot_number.is_some()
            || filter.holder.is_some()
            || filter.step.is_some()
            || filter.status.is_some();
        // Ordered by a column that the index of a condition ends with.
        let key = match (lots, &filter.element) {
            (true, _) => "l.certificate",
            (false, Some(_)) => "x.lot",
            (false, None) => "c.seq",
        };
        let mut sql = format!("SELECT {CERTIFICATE}, c.seq FROM certificates c");
        if lots {
            sql += " JOIN lots l ON l.certificate = c.seq";
        }
        if filter.element.is_some() {
            sql += " JOIN contents x ON x.lot = c.seq";
        }
        sql += " WHERE c.bytes IS NOT NULL";
        let mut query = Query { sql, values: Vec::new() };
        let equal = [
            ("c.external_id", filter.external_id.as_deref()),
            ("c.issuer", filter.issuer.as_ref().map(Did::as_str)),
            ("c.kind", filter.kind.as_deref()),
            ("l.number", filter.lot_number.as_deref()),
            ("l.holder", filter.holder.as_ref().map(Did::as_str)),
            ("l.step", filter.step.as_deref()),
            ("l.status", filter.status.as_deref()),
            ("x.element", filter.element.as_deref()),
        ];
        for (column, value) in equal {
            if let Some(value) = value {
                query.bind(&format!("{column} = "), "", value.to_owned());
            }
        }
        if let Some(Cursor(seq)) = after {
            query.bind(&format!("{key} < "), "", seq);
        }
        // Times alone do not rise strictly with the numbers; the days bound those that can fit.
        if let Some(from) = &filter.from {
            query.bind("c.registered >= ", "", from.clone());
            query.bind(&format!("{key} >= (SELECT min(first) FROM days WHERE day >= "), ")", day(from));
        }
        if let Some(to) = &filter.to {
            query.bind("c.registered < ", "", to.clone());
            query.bind(&format!("{key} <= (SELECT max(last) FROM days WHERE day <= "), ")", day(to));
        }
        query.values.push(Box::new(stored(limit as u64)?.saturating_add(1)));
        query.sql += &format!(" ORDER BY {key} DESC LIMIT ${}", query.values.len());
        Ok(query)
    }

    fn bind(&mut self, before: &str, after: &str, value: impl ToSql + Sync + Send + 'static) {
        self.values.push(Box::new(value));
        self.sql += &format!(" AND {before}${}{after}", self.values.len());
    }
}

/// The day of a time: its first ten characters, or all of a shorter one.
fn day(time: &str) -> String {
    time.chars().take(10).collect()
}
