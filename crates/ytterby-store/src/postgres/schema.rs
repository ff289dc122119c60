//! The tables, in a schema of their own, and how a database says that it has them.
//!
//! Certificates are numbered by `seq` in the order they were registered, as the row of `log` counts
//! them: there is no sequence, so there is no gap and no number that outlives its transaction.

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use ytterby::Home;
use ytterby_tlog::Frontier;

use super::rows::Cells;
use crate::StoreError;

/// The version of the tables below, in the row of `log`.
const VERSION: i32 = 3;

/// Makes the tables if the schema is not there, then refuses what is not ours, of another version, or
/// the store of another log. Several processes may do this at once: one makes them.
pub(super) async fn claim(client: &Client, origin: &Home) -> Result<(), StoreError> {
    if !exists(client).await?
        && let Err(error) = create(client, origin).await
    {
        // Whatever it was: if another process was faster, its tables are as good.
        let rolled_back = client.batch_execute("ROLLBACK").await;
        let raced = [SqlState::UNIQUE_VIOLATION, SqlState::DUPLICATE_SCHEMA];
        if rolled_back.is_err() || !error.code().is_some_and(|code| raced.contains(code)) {
            return Err(error.into());
        }
    }
    recognise(client, origin).await
}

async fn exists(client: &Client) -> Result<bool, StoreError> {
    let sql = "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = 'ytterby'";
    Ok(client.query_one(sql, &[]).await?.get::<_, i64>(0) > 0)
}

async fn create(client: &Client, origin: &Home) -> Result<(), tokio_postgres::Error> {
    client.batch_execute(&format!("BEGIN; {TABLES}")).await?;
    let sql = "INSERT INTO ytterby.log (one, version, origin, frontier, size, certificates)
               VALUES (1, $1, $2, $3, 0, 0)";
    client.execute(sql, &[&VERSION, &origin.as_str(), &Frontier::new().to_bytes()]).await?;
    client.batch_execute("COMMIT").await
}

async fn recognise(client: &Client, origin: &Home) -> Result<(), StoreError> {
    let refused = |why: String| StoreError::Engine(format!("cannot use the database: {why}"));
    let other = |_| refused("it has a schema named ytterby that is not a store".to_owned());
    let row = client.query_one("SELECT version, origin FROM ytterby.log", &[]).await.map_err(other)?;
    let version: i32 = row.try_get(0).map_err(other)?;
    if version != VERSION {
        let why = format!("its schema has version {version}, this program knows version {VERSION}");
        return Err(refused(why));
    }
    let found = Cells::new("log", &row).home(1)?;
    if found == *origin {
        Ok(())
    } else {
        Err(refused(format!("it is the store of the log {found}, not {origin}")))
    }
}

/// Masses are milligrams, times `YYYY-MM-DDThh:mm:ssZ`, elements symbols. Text is compared by its
/// bytes whatever the database's collation.
///
/// Tables that grow with every commit have no foreign keys: each would lock the row that it refers
/// to, and the one lock is that of the row of `log`. What they would hold, `check` holds.
/// `certificates.entry` is the index of the certificate's own entry; one that was admitted has none.
/// `statuses.idx` is that index too. `log.frontier` is the one head that grows; `heads` has one of
/// each commit. A row of `tiles` is the widest that its tile has been. `foreigners` are certificates
/// behind an admitted transfer that are registered in other logs, and the transfer itself. `cosigned` has
/// the checkpoints that first reached a quorum, and grows at its end alone.
///
/// A certificate without `bytes` was lost with a database and recovered from its entry: it is counted,
/// and nobody finds it; of its lot nothing is known but home and content, and nobody holds it.
const TABLES: &str = r#"
CREATE SCHEMA ytterby;

CREATE TABLE ytterby.certificates (
    seq         bigint PRIMARY KEY,
    digest      bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
    entry       bigint,
    id          text COLLATE "C",
    issuer      text COLLATE "C",
    kind        text COLLATE "C" NOT NULL,
    created     text COLLATE "C",
    registered  text COLLATE "C" NOT NULL,
    external_id text COLLATE "C",
    bytes       bytea,
    UNIQUE (external_id, issuer),
    CHECK (num_nulls(id, issuer, created, external_id, bytes) IN (0, 5))
);
CREATE INDEX certificates_id ON ytterby.certificates (id);
CREATE UNIQUE INDEX certificates_own_id ON ytterby.certificates (id) WHERE entry IS NOT NULL;
CREATE INDEX certificates_issuer ON ytterby.certificates (issuer, seq);
CREATE INDEX certificates_kind ON ytterby.certificates (kind, seq);

CREATE TABLE ytterby.days (
    day   text COLLATE "C" PRIMARY KEY,
    first bigint NOT NULL,
    last  bigint NOT NULL CHECK (last >= first)
) WITH (fillfactor = 50);

CREATE TABLE ytterby.lots (
    certificate   bigint PRIMARY KEY,
    home          text COLLATE "C" NOT NULL,
    number        text COLLATE "C" NOT NULL,
    step          text COLLATE "C" NOT NULL,
    form          text COLLATE "C" NOT NULL,
    holder        text COLLATE "C",
    carried       text COLLATE "C" NOT NULL,
    draws         bigint NOT NULL DEFAULT 0 CHECK (draws >= 0),
    left_mg       bigint NOT NULL CHECK (left_mg >= 0),
    closed_at     text COLLATE "C",
    closed_reason text COLLATE "C" CHECK (closed_reason IN ('consumed', 'lost', 'disposed', 'delivered', 'stocktake')),
    status        text COLLATE "C" GENERATED ALWAYS AS (
        CASE WHEN closed_at IS NOT NULL THEN 'closed' WHEN left_mg > 0 THEN 'open' ELSE 'drained' END
    ) STORED,
    CHECK ((closed_at IS NULL) = (closed_reason IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX lots_number ON ytterby.lots (number, certificate);
CREATE INDEX lots_holder ON ytterby.lots (holder, certificate);
CREATE INDEX lots_step ON ytterby.lots (step, certificate);
CREATE INDEX lots_status ON ytterby.lots (status, certificate);

CREATE TABLE ytterby.contents (
    lot        bigint NOT NULL,
    element    text COLLATE "C" NOT NULL,
    content_mg bigint NOT NULL CHECK (content_mg > 0),
    drawn_mg   bigint NOT NULL DEFAULT 0 CHECK (drawn_mg >= 0 AND drawn_mg <= content_mg),
    PRIMARY KEY (lot, element)
) WITH (fillfactor = 80);
CREATE INDEX contents_element ON ytterby.contents (element, lot);

CREATE TABLE ytterby.draws (
    parent bigint NOT NULL,
    seq    bigint NOT NULL CHECK (seq >= 1),
    child  bigint NOT NULL CHECK (child > parent),
    PRIMARY KEY (parent, seq),
    UNIQUE (child, parent)
);

CREATE TABLE ytterby.amounts (
    parent   bigint NOT NULL,
    seq      bigint NOT NULL,
    element  text COLLATE "C" NOT NULL,
    drawn_mg bigint NOT NULL CHECK (drawn_mg > 0),
    PRIMARY KEY (parent, seq, element)
);

CREATE TABLE ytterby.abouts (
    lot         bytea NOT NULL CHECK (octet_length(lot) = 32),
    attestation bigint NOT NULL,
    PRIMARY KEY (lot, attestation)
);

CREATE TABLE ytterby.admissions (
    certificate bigint PRIMARY KEY,
    origin      text COLLATE "C" NOT NULL,
    idx         bigint NOT NULL CHECK (idx >= 0)
);

CREATE TABLE ytterby.foreigners (
    digest  bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    bytes   bytea,
    receipt bytea NOT NULL
);

CREATE TABLE ytterby.foreign_links (
    child  bytea NOT NULL CHECK (octet_length(child) = 32),
    parent bytea NOT NULL CHECK (octet_length(parent) = 32),
    PRIMARY KEY (child, parent)
);

CREATE TABLE ytterby.statuses (
    idx       bigint PRIMARY KEY CHECK (idx >= 0),
    revoked   boolean NOT NULL,
    suspended boolean NOT NULL
);

CREATE TABLE ytterby.status_events (
    idx     bigint PRIMARY KEY,
    subject bigint NOT NULL,
    reason  text COLLATE "C" NOT NULL,
    by      text COLLATE "C" NOT NULL,
    at      text COLLATE "C" NOT NULL
);
CREATE INDEX status_events_subject ON ytterby.status_events (subject);

CREATE TABLE ytterby.log (
    one          integer PRIMARY KEY CHECK (one = 1),
    version      integer NOT NULL,
    origin       text COLLATE "C" NOT NULL,
    frontier     bytea NOT NULL,
    size         bigint NOT NULL CHECK (size >= 0),
    certificates bigint NOT NULL CHECK (certificates >= 0),
    halted       text
) WITH (fillfactor = 10);

CREATE TABLE ytterby.entries (
    idx         bigint PRIMARY KEY CHECK (idx >= 0),
    certificate bytea NOT NULL CHECK (octet_length(certificate) = 32),
    kind        text COLLATE "C" NOT NULL,
    bytes       bytea NOT NULL CHECK (octet_length(bytes) BETWEEN 1 AND 65535)
);
CREATE INDEX entries_certificate ON ytterby.entries (certificate, kind);

CREATE TABLE ytterby.tiles (
    level smallint NOT NULL,
    idx   bigint NOT NULL,
    bytes bytea NOT NULL CHECK (octet_length(bytes) BETWEEN 32 AND 8192),
    PRIMARY KEY (level, idx)
);
-- Hashes do not shrink.
ALTER TABLE ytterby.tiles ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE ytterby.heads (
    size bigint PRIMARY KEY CHECK (size > 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32)
);

CREATE TABLE ytterby.cosigned (
    size bigint PRIMARY KEY,
    note text NOT NULL
);

CREATE TABLE ytterby.issuers (
    did     text COLLATE "C" PRIMARY KEY,
    name    text COLLATE "C" NOT NULL UNIQUE,
    title   text NOT NULL,
    created text COLLATE "C" NOT NULL
);

CREATE TABLE ytterby.issuer_keys (
    number        bigint PRIMARY KEY,
    issuer        text COLLATE "C" NOT NULL REFERENCES ytterby.issuers,
    public        text COLLATE "C" NOT NULL,
    sealed_secret bytea,
    created       text COLLATE "C" NOT NULL,
    retired       text COLLATE "C",
    UNIQUE (issuer, public)
);
CREATE UNIQUE INDEX issuer_keys_signing ON ytterby.issuer_keys (issuer)
    WHERE sealed_secret IS NOT NULL AND retired IS NULL;

CREATE TABLE ytterby.api_keys (
    number  bigint PRIMARY KEY,
    id      text COLLATE "C" NOT NULL UNIQUE,
    hash    bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    scopes  text NOT NULL,
    issuer  text COLLATE "C" REFERENCES ytterby.issuers,
    label   text NOT NULL,
    created text COLLATE "C" NOT NULL,
    expires text COLLATE "C",
    revoked text COLLATE "C"
);
CREATE INDEX api_keys_issuer ON ytterby.api_keys (issuer);

CREATE TABLE ytterby.idempotency (
    caller  text COLLATE "C" NOT NULL,
    key     text COLLATE "C" NOT NULL,
    request bytea NOT NULL CHECK (octet_length(request) = 32),
    status  integer NOT NULL CHECK (status BETWEEN 100 AND 599),
    body    bytea NOT NULL,
    PRIMARY KEY (caller, key)
);
"#;
