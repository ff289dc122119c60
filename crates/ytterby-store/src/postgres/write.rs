//! Writing a plan: one statement for each table that has rows, all sent in one piece. Every one says how
//! many rows it has to change; if one does not, nothing of the group is kept.

use std::future::Future;
use std::pin::Pin;

use futures_util::future::try_join_all;
use ytterby::digest::Digest;
use ytterby_tlog::{Frontier, Growth};

use super::connect::{Parameter, Session};
use super::plan::Plan;
use super::rows::stored;
use crate::{CloseReason, StoreError};

type Writing<'w> = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'w>>;

const CERTIFICATES: &str = "
    INSERT INTO certificates (seq, digest, entry, id, issuer, kind, created, registered, external_id, bytes)
    SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
                         $8::text[], $9::text[], $10::bytea[])";

const DAYS: &str = "
    INSERT INTO days (day, first, last) SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])
    ON CONFLICT (day) DO UPDATE SET last = excluded.last";

const LOTS: &str = "
    INSERT INTO lots (certificate, home, number, step, form, holder, carried, left_mg, closed_at, closed_reason)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                         $8::bigint[], $9::text[], $10::text[])";

const CONTENTS: &str = "
    INSERT INTO contents (lot, element, content_mg) SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])";

/// The guard: a draw that does not fit changes no row.
const TAKE: &str = "
    UPDATE contents c SET drawn_mg = c.drawn_mg + x.mg
    FROM unnest($1::bigint[], $2::text[], $3::bigint[]) x(lot, element, mg)
    WHERE c.lot = x.lot AND c.element = x.element AND c.drawn_mg + x.mg <= c.content_mg";

const DRAWN: &str = "
    UPDATE lots l SET draws = l.draws + x.draws, left_mg = l.left_mg - x.mg
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) x(lot, draws, mg) WHERE l.certificate = x.lot";

const DRAWS: &str = "
    INSERT INTO draws (parent, seq, child) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])";

const AMOUNTS: &str = "
    INSERT INTO amounts (parent, seq, element, drawn_mg)
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[])";

const ABOUTS: &str = "
    INSERT INTO abouts (lot, attestation) SELECT * FROM unnest($1::bytea[], $2::bigint[]) ON CONFLICT DO NOTHING";

const CLOSINGS: &str = "
    UPDATE lots l SET closed_at = x.at, closed_reason = x.reason
    FROM unnest($1::bigint[], $2::text[], $3::text[]) x(lot, at, reason)
    WHERE l.certificate = x.lot AND l.closed_at IS NULL";

const ANSWERS: &str = "
    INSERT INTO idempotency (caller, key, request, status, body)
    SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::int[], $5::bytea[])";

const ENTRIES: &str = "
    INSERT INTO entries (idx, certificate, kind, bytes)
    SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::text[], $4::bytea[])";

const ADMISSIONS: &str = "
    INSERT INTO admissions (certificate, origin, idx) SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])";

const FOREIGNERS: &str = "
    INSERT INTO foreigners (digest, bytes, receipt) SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[])
    ON CONFLICT DO NOTHING";

const LINKS: &str = "
    INSERT INTO foreign_links (child, parent) SELECT * FROM unnest($1::bytea[], $2::bytea[]) ON CONFLICT DO NOTHING";

const STATUSES: &str = "
    INSERT INTO statuses (idx, revoked, suspended)
    SELECT * FROM unnest($1::bigint[], $2::boolean[], $3::boolean[])
    ON CONFLICT (idx) DO UPDATE SET revoked = excluded.revoked, suspended = excluded.suspended";

const EVENTS: &str = "
    INSERT INTO status_events (idx, subject, reason, by, at)
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[])";

const TILES: &str = "
    INSERT INTO tiles (level, idx, bytes) SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])
    ON CONFLICT (level, idx) DO UPDATE SET bytes = excluded.bytes";

const HEADS: &str = "INSERT INTO heads (size, root) VALUES ($1, $2)";

const LOG: &str = "UPDATE log SET frontier = $2, size = $3, certificates = $4 WHERE frontier = $1";

/// What a session has to have prepared.
pub(super) const STATEMENTS: [&str; 20] = [
    CERTIFICATES,
    DAYS,
    LOTS,
    CONTENTS,
    TAKE,
    DRAWN,
    DRAWS,
    AMOUNTS,
    ABOUTS,
    CLOSINGS,
    ANSWERS,
    ENTRIES,
    ADMISSIONS,
    FOREIGNERS,
    LINKS,
    STATUSES,
    EVENTS,
    TILES,
    HEADS,
    LOG,
];

/// Writes a plan and the head that it leads to.
pub(super) async fn write(
    session: &Session,
    plan: &Plan,
    before: &Frontier,
    growth: &Growth,
) -> Result<(), StoreError> {
    let mut all: Vec<Writing<'_>> = Vec::new();
    if !plan.certificates.is_empty() {
        all.push(Box::pin(certificates(session, plan)));
        all.push(Box::pin(days(session, plan)));
    }
    if !plan.lots.is_empty() {
        all.push(Box::pin(lots(session, plan)));
        all.push(Box::pin(contents(session, plan)));
    }
    if !plan.draws.is_empty() {
        all.push(Box::pin(take(session, plan)));
        all.push(Box::pin(drawn(session, plan)));
        all.push(Box::pin(draws(session, plan)));
        all.push(Box::pin(amounts(session, plan)));
    }
    if !plan.abouts.is_empty() {
        all.push(Box::pin(abouts(session, plan)));
    }
    if !plan.closings.is_empty() {
        all.push(Box::pin(closings(session, plan)));
    }
    if !plan.answers.is_empty() {
        all.push(Box::pin(answers(session, plan)));
    }
    if !plan.admissions.is_empty() {
        all.push(Box::pin(admissions(session, plan)));
    }
    if !plan.foreign.is_empty() {
        all.push(Box::pin(foreigners(session, plan)));
        all.push(Box::pin(links(session, plan)));
    }
    if !plan.events.is_empty() {
        all.push(Box::pin(statuses(session, plan)));
        all.push(Box::pin(events(session, plan)));
    }
    all.push(Box::pin(entries(session, plan)));
    all.push(Box::pin(tiles(session, growth)));
    all.push(Box::pin(head(session, growth)));
    all.push(Box::pin(log(session, plan, before, growth)));
    // Polled in their order, each sends its statement when it is first polled.
    try_join_all(all).await.map(drop)
}

async fn certificates(session: &Session, plan: &Plan) -> Result<(), StoreError> {
    let rows = &plan.certificates;
    let new = || rows.iter().map(|row| row.new.as_ref());
    let seq: Vec<_> = rows.iter().map(|row| row.seq).collect();
    let digest: Vec<_> = rows.iter().map(|row| &row.digest.as_bytes()[..]).collect();
    let entry: Vec<_> = rows.iter().map(|row| row.entry.map(stored).transpose()).collect::<Result<_, _>>()?;
    let id: Vec<_> = new().map(|new| new.map(|new| new.id.as_str())).collect();
    let issuer: Vec<_> = new().map(|new| new.map(|new| new.issuer.as_str())).collect();
    let kind: Vec<_> = rows.iter().map(|row| row.kind).collect();
    let created: Vec<_> = new().map(|new| new.map(|new| new.created.as_str())).collect();
    let at: Vec<_> = rows.iter().map(|row| row.at.as_str()).collect();
    let external_id: Vec<_> = new().map(|new| new.map(|new| new.external_id.as_str())).collect();
    let bytes: Vec<_> = new().map(|new| new.map(|new| &new.bytes[..])).collect();
    let columns: [Parameter<'_>; 10] =
        [&seq, &digest, &entry, &id, &issuer, &kind, &created, &at, &external_id, &bytes];
    session.change(CERTIFICATES, &columns, rows.len()).await
}

async fn days(session: &Session, plan: &Plan) -> Result<(), StoreError> {
    let days = plan.days();
    let day: Vec<_> = days.keys().map(String::as_str).collect();
    let (first, last): (Vec<_>, Vec<_>) = days.values().copied().unzip();
    session.change(DAYS, &[&day, &first, &last], day.len()).await
}

async fn lots(session: &Session, plan: &Plan) -> Result<(), StoreError> {
    let rows = &plan.lots;
    let said = || rows.iter().map(|row| row.said.as_ref());
    let seq: Vec<_> = rows.iter().map(|row| row.seq).collect();
    let home: Vec<_> = rows.iter().map(|row| row.home.as_str()).collect();
    let number: Vec<_> = said().map(|lot| lot.map_or("", |lot| &lot.number)).collect();
    let step: Vec<_> = said().map(|lot| lot.map_or("", |lot| &lot.step)).collect();
    let form: Vec<_> = said().map(|lot| lot.map_or("", |lot| &lot.form)).collect();
    let holder: Vec<_> = said().map(|lot| lot.and_then(|lot| Some(lot.holder.as_ref()?.as_str()))).collect();
    let carried: Vec<_> = said().map(|lot| lot.map_or("", |lot| &lot.carried)).collect();
    let left_mg: Vec<_> = rows.iter().map(|row| stored(row.content.total())).collect::<Result<_, _>>()?;
    let closed_at: Vec<_> = rows.iter().map(|row| row.delivered.as_deref()).collect();
    let reason = |at: &Option<&str>| at.map(|_| CloseReason::Delivered.as_str());
    let closed_reason: Vec<_> = closed_at.iter().map(reason).collect();
    let columns: [Parameter<'_>; 10] =
        [&seq, &home, &number, &step, &form, &holder, &carried, &left_mg, &closed_at, &closed_reason];
    session.change(LOTS, &columns, rows.len()).await
}

async fn contents(session: &Session, plan: &Plan) -> Result<(), StoreError> {
    let (mut lot, mut element, mut content_mg) = (Vec::new(), Vec::new(), Vec::new());
    for row in &plan.lots {
        for (symbol, mg) in row.content.iter() {
            lot.push(row.seq);
            element.push(symbol.symbol());
            content_mg.push(stored(mg)?);
        }
    }
    session.change(CONTENTS, &[&lot, &element, &content_mg], element.len()).await
}

async fn take(session: &Session, plan: &Plan) -> Result<(), StoreError> {
    let taken = plan.taken()?;
    let (lot, element): (Vec<_>, Vec<_>) = taken.keys().copied().unzip();
    let mg: Vec<_> = taken.values().copied().collect();
    session.change(TAKE, &[&lot, &element, &mg], lot.len()).await
}

async fn drawn(session: &Session, plan: &Plan) -> Result<(), StoreError> {
    let drawn = plan.drawn()?;
    let lot: Vec<_> = drawn.keys().copied().collect();
    let (draws, mg): (Vec<_>, Vec<_>) = drawn.values().copied().unzip();
    session.change(DRAWN, &[&lot, &draws, &mg], lot.len()).await
}

async fn draws(session: &Session, plan: &Plan) -> Result<(), StoreError> {
    let parent: Vec<_> = plan.draws.iter().map(|row| row.parent).collect();
    let seq: Vec<_> = plan.draws.iter().map(|row| stored(row.seq)).collect::<Result<_, _>>()?;
    let child: Vec<_> = plan.draws.iter().map(|row| row.child).collect();
    session.change(DRAWS, &[&parent, &seq, &child], plan.draws.len()).await
}

async fn amounts(session: &Session, plan: &Plan) -> Result<(), StoreError> {
    let (mut parent, mut seq, mut element, mut drawn_mg) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in &plan.draws {
        for (symbol, mg) in row.amount.iter() {
            parent.push(row.parent);
            seq.push(stored(row.seq)?);
            element.push(symbol.symbol());
            drawn_mg.push(stored(mg)?);
        }
    }
    session.change(AMOUNTS, &[&parent, &seq, &element, &drawn_mg], element.len()).await
}

async fn abouts(session: &Session, plan: &Plan) -> Result<(), StoreError> {
    let lot: Vec<_> = plan.abouts.iter().map(|(lot, _)| &lot.as_bytes()[..]).collect();
    let attestation: Vec<_> = plan.abouts.iter().map(|(_, seq)| *seq).collect();
    session.add(ABOUTS, &[&lot, &attestation]).await
}

async fn closings(session: &Session, plan: &Plan) -> Result<(), StoreError> {
    let lot: Vec<_> = plan.closings.iter().map(|row| row.seq).collect();
    let at: Vec<_> = plan.closings.iter().map(|row| row.at.as_str()).collect();
    let reason: Vec<_> = plan.closings.iter().map(|row| row.reason).collect();
    session.change(CLOSINGS, &[&lot, &at, &reason], lot.len()).await
}

async fn answers(session: &Session, plan: &Plan) -> Result<(), StoreError> {
    let caller: Vec<_> = plan.answers.iter().map(|row| row.caller.as_str()).collect();
    let key: Vec<_> = plan.answers.iter().map(|row| row.key.as_str()).collect();
    let request: Vec<_> = plan.answers.iter().map(|row| &row.request.as_bytes()[..]).collect();
    let status: Vec<_> = plan.answers.iter().map(|row| i32::from(row.status)).collect();
    let body: Vec<_> = plan.answers.iter().map(|row| &row.body[..]).collect();
    session.change(ANSWERS, &[&caller, &key, &request, &status, &body], key.len()).await
}

async fn admissions(session: &Session, plan: &Plan) -> Result<(), StoreError> {
    let certificate: Vec<_> = plan.admissions.iter().map(|(seq, ..)| *seq).collect();
    let origin: Vec<_> = plan.admissions.iter().map(|(_, origin, _)| origin.as_str()).collect();
    let index: Vec<_> = plan.admissions.iter().map(|(.., index)| stored(*index)).collect::<Result<_, _>>()?;
    session.change(ADMISSIONS, &[&certificate, &origin, &index], index.len()).await
}

/// What is known already came with another lot, and is the same: it goes by its digest.
async fn foreigners(session: &Session, plan: &Plan) -> Result<(), StoreError> {
    let digest: Vec<_> = plan.foreign.iter().map(|row| &row.digest.as_bytes()[..]).collect();
    let bytes: Vec<_> = plan.foreign.iter().map(|row| row.bytes.as_deref()).collect();
    let receipt: Vec<_> = plan.foreign.iter().map(|row| &row.receipt[..]).collect();
    session.add(FOREIGNERS, &[&digest, &bytes, &receipt]).await
}

async fn links(session: &Session, plan: &Plan) -> Result<(), StoreError> {
    let pairs =
        || plan.foreign.iter().flat_map(|row| row.behind.iter().map(move |parent| (row.digest, *parent)));
    let (child, parent): (Vec<Digest>, Vec<Digest>) = pairs().unzip();
    let (child, parent) = (super::rows::bytes(&child), super::rows::bytes(&parent));
    session.add(LINKS, &[&child, &parent]).await
}

async fn statuses(session: &Session, plan: &Plan) -> Result<(), StoreError> {
    let index: Vec<_> = plan.statuses.keys().map(|index| stored(*index)).collect::<Result<_, _>>()?;
    let (revoked, suspended): (Vec<_>, Vec<_>) = plan.statuses.values().map(|[r, s]| (*r, *s)).unzip();
    session.change(STATUSES, &[&index, &revoked, &suspended], index.len()).await
}

async fn events(session: &Session, plan: &Plan) -> Result<(), StoreError> {
    let index: Vec<_> = plan.events.iter().map(|row| stored(row.0)).collect::<Result<_, _>>()?;
    let subject: Vec<_> = plan.events.iter().map(|row| stored(row.1)).collect::<Result<_, _>>()?;
    let reason: Vec<_> = plan.events.iter().map(|row| row.2.as_str()).collect();
    let by: Vec<_> = plan.events.iter().map(|row| row.3.as_str()).collect();
    let at: Vec<_> = plan.events.iter().map(|row| row.4.as_str()).collect();
    session.change(EVENTS, &[&index, &subject, &reason, &by, &at], index.len()).await
}

async fn entries(session: &Session, plan: &Plan) -> Result<(), StoreError> {
    let index: Vec<_> = (plan.first_entry()..plan.next_entry()).map(stored).collect::<Result<_, _>>()?;
    let certificate: Vec<_> = plan.entries.iter().map(|row| &row.certificate.as_bytes()[..]).collect();
    let kind: Vec<_> = plan.entries.iter().map(|row| row.kind).collect();
    let bytes: Vec<_> = plan.entries.iter().map(|row| &row.bytes[..]).collect();
    session.change(ENTRIES, &[&index, &certificate, &kind, &bytes], index.len()).await
}

async fn tiles(session: &Session, growth: &Growth) -> Result<(), StoreError> {
    let level: Vec<_> = growth.tiles.iter().map(|(tile, _)| i16::from(tile.level())).collect();
    let index: Vec<_> =
        growth.tiles.iter().map(|(tile, _)| stored(tile.index())).collect::<Result<_, _>>()?;
    let bytes: Vec<_> = growth.tiles.iter().map(|(_, bytes)| &bytes[..]).collect();
    session.change(TILES, &[&level, &index, &bytes], bytes.len()).await
}

async fn head(session: &Session, growth: &Growth) -> Result<(), StoreError> {
    let head = growth.frontier.head();
    session.change(HEADS, &[&stored(head.size)?, &&head.root.as_bytes()[..]], 1).await
}

async fn log(session: &Session, plan: &Plan, before: &Frontier, growth: &Growth) -> Result<(), StoreError> {
    let (before, after) = (before.to_bytes(), growth.frontier.to_bytes());
    let (size, certificates) = (stored(growth.frontier.size())?, plan.next_certificate());
    session.change(LOG, &[&before, &after, &size, &certificates], 1).await
}
