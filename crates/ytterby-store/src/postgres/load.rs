//! What a group reads: the head under the lock, and how everything stands that its requests name. All of
//! it goes to the server in one piece, and each statement sees what the former holder of the lock wrote.

use std::collections::HashSet;

use futures_util::future::{join, try_join4};
use ytterby::Home;
use ytterby::digest::Digest;
use ytterby::form::StatusPurpose;
use ytterby::ledger::Standing;
use ytterby_tlog::Frontier;

use super::connect::Session;
use super::judge::{Known, Names};
use super::recover;
use super::rows::Cells;
use super::tiles::Tiles;
use crate::{CloseReason, NewCertificate, Recovery, Registration, StoreError};

/// The one lock. Whoever has it reads what the holder before it committed.
const HEAD: &str = concat!(
    "SELECT frontier, size, certificates, halted, current_setting('synchronous_standby_names'),
            current_setting('fsync') || current_setting('full_page_writes'), ",
    server!(),
    " FROM log FOR UPDATE"
);

/// The partial tiles at the right edge.
const EDGE: &str = "SELECT t.level, t.idx, t.bytes FROM log l CROSS JOIN generate_series(0, 6) v(level)
                    JOIN tiles t ON t.level = v.level AND t.idx = l.size >> (8 * (v.level + 1))";

const KNOWN: &str = "
    SELECT c.digest, c.seq, c.entry, l.home, l.holder, l.draws, l.closed_reason, a.certificate,
           s.revoked, s.suspended,
           CASE WHEN s.idx IS NULL THEN 0 ELSE (SELECT count(*) FROM status_events v WHERE v.subject = s.idx) END,
           x.elements, x.content_mg, x.drawn_mg
    FROM unnest($1::bytea[]) d(digest)
    JOIN certificates c ON c.digest = d.digest
    LEFT JOIN lots l ON l.certificate = c.seq
    LEFT JOIN admissions a ON a.certificate = c.seq
    LEFT JOIN statuses s ON s.idx = c.entry
    LEFT JOIN LATERAL (
        SELECT array_agg(x.element) elements, array_agg(x.content_mg) content_mg, array_agg(x.drawn_mg) drawn_mg
        FROM contents x WHERE x.lot = c.seq
    ) x ON true";

/// Of an admitted lot the label is its registry's matter.
const IDS: &str = "SELECT c.id FROM unnest($1::text[]) x(id)
                   JOIN certificates c ON c.id = x.id AND c.entry IS NOT NULL";

/// The issuer is compared in a form that no index has: one issuer may have all certificates, and without
/// statistics the planner may walk all of them for each external id.
const EXTERNAL_IDS: &str = "
    SELECT c.external_id, c.issuer, c.digest FROM unnest($1::text[], $2::text[]) x(external_id, issuer)
    JOIN certificates c ON c.external_id = x.external_id AND c.issuer || '' = x.issuer";

const KEYS: &str = "
    SELECT i.caller, i.key FROM unnest($1::text[], $2::text[]) x(caller, key)
    JOIN idempotency i ON i.caller = x.caller AND i.key = x.key";

/// What a session has to have prepared.
pub(super) const STATEMENTS: [&str; 6] = [HEAD, EDGE, KNOWN, IDS, EXTERNAL_IDS, KEYS];

/// The head, locked until the transaction ends.
pub(super) struct Head {
    pub(super) frontier: Frontier,
    pub(super) certificates: i64,
    pub(super) halted: Option<String>,
    /// The partial tiles at its right edge.
    pub(super) edge: Tiles,
    /// Whether the server waits for a standby before it confirms a commit.
    pub(super) synchronous: bool,
    /// Which server has it.
    pub(super) server: String,
}

/// What requests name.
#[derive(Debug, Default)]
pub(super) struct Named {
    certificates: HashSet<Digest>,
    ids: Vec<String>,
    external_ids: Vec<(String, String)>,
    keys: Vec<(String, String)>,
}

impl Named {
    /// A certificate that is there, or not.
    pub(super) fn certificate(&mut self, digest: Digest) {
        self.certificates.insert(digest);
    }

    /// A certificate that comes, and what it draws on.
    pub(super) fn new_certificate(&mut self, new: &NewCertificate) {
        self.certificate(new.digest);
        new.draws.iter().for_each(|draw| self.certificate(draw.lot));
        self.ids.push(new.id.clone());
        self.external_ids.push((new.external_id.clone(), new.issuer.to_string()));
    }

    /// All that a registration names.
    pub(super) fn registration(&mut self, registration: &Registration) {
        registration.certificates.iter().for_each(|new| self.new_certificate(new));
        self.keys.extend(registration.idempotency.iter().map(|i| (i.caller.clone(), i.key.clone())));
    }

    /// All that entries name. What is no entry is told when it is judged.
    pub(super) fn recovery(&mut self, recovery: &Recovery) {
        for entry in recover::parsed(recovery).map_while(Result::ok) {
            entry.names().for_each(|digest| self.certificate(digest));
        }
    }

    /// Reads what the store has of it.
    pub(super) async fn read(&self, session: &Session, origin: &Home) -> Result<Names, StoreError> {
        let digests: Vec<_> = self.certificates.iter().map(|digest| &digest.as_bytes()[..]).collect();
        let ids: Vec<_> = self.ids.iter().map(String::as_str).collect();
        let (external_ids, issuers) = columns(&self.external_ids);
        let (callers, keys) = columns(&self.keys);
        let (known, ids, external_ids, keys) = try_join4(
            session.query(KNOWN, &[&digests]),
            session.query(IDS, &[&ids]),
            session.query(EXTERNAL_IDS, &[&external_ids, &issuers]),
            session.query(KEYS, &[&callers, &keys]),
        )
        .await?;
        let mut names = Names::default();
        for row in &known {
            let cells = Cells::new("certificates", row);
            names.certificates.insert(cells.digest(0)?, certificate(&cells, origin)?);
        }
        for row in &ids {
            names.ids.insert(row.try_get(0)?);
        }
        for row in &external_ids {
            let by = Cells::new("certificates", row).digest(2)?;
            names.external_ids.insert((row.try_get(0)?, row.try_get(1)?), by);
        }
        for row in &keys {
            names.keys.insert((row.try_get(0)?, row.try_get(1)?));
        }
        Ok(names)
    }
}

/// Begins a transaction, takes the lock and reads: one round trip, after the wait for the lock.
pub(super) async fn begin(
    session: &Session,
    origin: &Home,
    named: &Named,
) -> Result<(Head, Names), StoreError> {
    let begun = session.client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    let locked = join(session.query(HEAD, &[]), session.query(EDGE, &[]));
    let (begun, ((head, edge), names)) = join(begun, join(locked, named.read(session, origin))).await;
    begun?;
    let (head, edge) = (head?, edge?);
    let [row] = &head[..] else {
        return Err(StoreError::Inconsistent { table: "log", detail: format!("{} rows", head.len()) });
    };
    let cells = Cells::new("log", row);
    let frontier = Frontier::from_bytes(cells.get(0)?).map_err(|error| cells.wrong(error))?;
    if cells.count(1)? != frontier.size() {
        return Err(cells.wrong("its size is not that of its frontier"));
    }
    if cells.get::<&str>(5)? != "onon" {
        return Err(StoreError::Engine(
            "the server no longer writes to the disk what it confirms".to_owned(),
        ));
    }
    let synchronous = !cells.get::<&str>(4)?.trim().is_empty();
    let (certificates, halted, server) = (cells.get(2)?, cells.get(3)?, cells.text(6)?);
    let head = Head { frontier, certificates, halted, edge: Tiles::of(&edge)?, synchronous, server };
    Ok((head, names?))
}

fn columns(pairs: &[(String, String)]) -> (Vec<&str>, Vec<&str>) {
    pairs.iter().map(|(first, second)| (first.as_str(), second.as_str())).unzip()
}

fn certificate(cells: &Cells<'_>, origin: &Home) -> Result<Known, StoreError> {
    let home: Option<&str> = cells.get(3)?;
    let mut standing = match home {
        Some(_) => lot(cells, origin)?,
        None => Standing::registered(None, None),
    };
    for (at, purpose) in [(8, StatusPurpose::Revocation), (9, StatusPurpose::Suspension)] {
        if cells.get::<Option<bool>>(at)? == Some(true) {
            standing = standing.with_status(purpose).map_err(|error| cells.wrong(error))?;
        }
    }
    let holder: Option<&str> = cells.get(4)?;
    let lot = match (home, holder) {
        (None, _) => None,
        (Some(_), None) => Some(None),
        (Some(_), Some(_)) => Some(Some(cells.did(4)?)),
    };
    let entry = cells.get::<Option<i64>>(2)?.map(|_| cells.count(2)).transpose()?;
    Ok(Known { seq: cells.get(1)?, standing, lot, entry, changes: cells.count(10)? })
}

/// The standing of a certificate that creates a lot, but for its status.
fn lot(cells: &Cells<'_>, origin: &Home) -> Result<Standing, StoreError> {
    let (content, drawn) = (cells.masses(11, 12)?, cells.masses(11, 13)?);
    let home = cells.home(3)?;
    let standing = match cells.get::<Option<i64>>(7)? {
        Some(_) => Standing::admitted(&content),
        None => Standing::registered(Some(&content), (home != *origin).then_some(home)),
    };
    let standing = standing.with_draws(cells.count(5)?, &drawn).map_err(|error| cells.wrong(error))?;
    let Some(reason) = cells.get::<Option<&str>>(6)? else { return Ok(standing) };
    let reason =
        CloseReason::parse(reason).ok_or_else(|| cells.wrong(format!("{reason:?} closes no lot")))?;
    standing.with_closing(reason).map_err(|error| cells.wrong(error))
}
