//! The tables, and how a file says that it has them.
//!
//! Certificates are numbered by `seq` in the order they were registered; everything else refers to
//! that number. A parent is always registered before its children, so `seq` is a topological order.

use rusqlite::{Connection, params};
use ytterby::Home;
use ytterby_tlog::Frontier;

use crate::StoreError;

/// Stands in the file's header: "Yttb".
const APPLICATION_ID: i64 = 0x5974_7462;

/// The version of the tables below, in the file's header.
const VERSION: i64 = 6;

/// Makes the tables in an empty database, in one transaction with the header that names them.
pub(super) fn create(connection: &Connection, origin: &Home) -> Result<(), StoreError> {
    connection.execute_batch(&format!("BEGIN IMMEDIATE; {TABLES}"))?;
    connection.execute(
        "INSERT INTO log (one, origin, frontier) VALUES (1, ?1, ?2)",
        params![origin.as_str(), Frontier::new().to_bytes()],
    )?;
    connection.execute_batch(&format!(
        "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
    ))?;
    Ok(())
}

/// The origin of its log, which never changes.
pub(super) fn origin(connection: &Connection) -> Result<Home, StoreError> {
    let text: String = connection.query_row("SELECT origin FROM log", [], |row| row.get(0))?;
    let wrong = || StoreError::Inconsistent { table: "log", detail: format!("{text:?} is no origin") };
    Home::parse(&text).ok_or_else(wrong)
}

/// Refuses a database that is not ours or is of another version.
pub(super) fn recognise(connection: &Connection) -> Result<(), String> {
    let header = |name: &str| {
        connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(|error| {
            match error.sqlite_error_code() {
                Some(rusqlite::ErrorCode::NotADatabase) => "it is no SQLite database".to_owned(),
                Some(rusqlite::ErrorCode::DatabaseCorrupt) => {
                    format!("it is damaged ({error}); restore a backup")
                }
                _ => error.to_string(),
            }
        })
    };
    let (application, version) = (header("application_id")?, header("user_version")?);
    if application != APPLICATION_ID {
        return Err(format!("it is a database of another application (id {application})"));
    }
    if version != VERSION {
        return Err(format!("its schema has version {version}, this program knows version {VERSION}"));
    }
    let tables =
        |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(|e| e.to_string());
    let found =
        tables("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?;
    let wanted = TABLES.matches("CREATE TABLE").count();
    if usize::try_from(found) != Ok(wanted) {
        return Err(format!("it has {found} tables, {wanted} are expected"));
    }
    Ok(())
}

/// Masses are milligrams, times `YYYY-MM-DDThh:mm:ssZ`, elements symbols.
///
/// `lots.left_mg` is the sum of what is left of all elements: it makes `status` a plain column with
/// an index. `days` bounds the `seq` of each day's registrations, so that a time range is a range
/// of `seq`: times alone do not rise strictly with `seq`. `abouts.lot` may be a lot of another
/// registry, so it is a digest. `log.frontier` is the one head that grows; `heads` has one of each
/// commit. `statuses.idx` is the index of the certificate's own entry, which is its bit in the status lists.
/// `foreigners` are certificates behind an admitted transfer that are registered in other logs, and
/// the transfer itself, whose bytes are in `certificates`. A row of `tiles` is the widest that its tile has
/// been: narrower ones are its beginning.
/// `cosigned` has the checkpoints that first reached a quorum, and grows at its end alone.
///
/// A label is that of one certificate that was registered here; another registry may have given it to a lot that
/// is admitted, by mistake or to be in the way, so those go by their digests.
///
/// A certificate without `bytes` was lost with a database and recovered from its entry: it is counted,
/// and nobody finds it; of its lot nothing is known but home and content, and nobody holds it.
const TABLES: &str = "
CREATE TABLE certificates (
    seq         INTEGER PRIMARY KEY,
    digest      BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    id          TEXT,
    admitted    INTEGER NOT NULL DEFAULT 0 CHECK (admitted IN (0, 1)),
    issuer      TEXT,
    kind        TEXT NOT NULL,
    created     TEXT,
    registered  TEXT NOT NULL,
    external_id TEXT,
    bytes       BLOB,
    UNIQUE (external_id, issuer),
    CHECK ((id IS NULL) + (issuer IS NULL) + (created IS NULL) + (external_id IS NULL) + (bytes IS NULL) IN (0, 5))
) STRICT;
CREATE INDEX certificates_id ON certificates (id, admitted);
CREATE UNIQUE INDEX certificates_own_id ON certificates (id) WHERE admitted = 0;
CREATE INDEX certificates_issuer ON certificates (issuer);
CREATE INDEX certificates_kind ON certificates (kind);

CREATE TABLE days (
    day   TEXT PRIMARY KEY,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL CHECK (last >= first)
) STRICT, WITHOUT ROWID;

CREATE TABLE lots (
    certificate   INTEGER PRIMARY KEY REFERENCES certificates,
    home          TEXT NOT NULL,
    number        TEXT NOT NULL,
    step          TEXT NOT NULL,
    form          TEXT NOT NULL,
    holder        TEXT,
    carried       TEXT NOT NULL,
    draws         INTEGER NOT NULL DEFAULT 0 CHECK (draws >= 0),
    left_mg       INTEGER NOT NULL CHECK (left_mg >= 0),
    closed_at     TEXT,
    closed_reason TEXT CHECK (closed_reason IN ('consumed', 'lost', 'disposed', 'delivered', 'stocktake')),
    status        TEXT GENERATED ALWAYS AS (
        CASE WHEN closed_at IS NOT NULL THEN 'closed' WHEN left_mg > 0 THEN 'open' ELSE 'drained' END
    ) VIRTUAL,
    CHECK ((closed_at IS NULL) = (closed_reason IS NULL))
) STRICT;
CREATE INDEX lots_number ON lots (number);
CREATE INDEX lots_holder ON lots (holder);
CREATE INDEX lots_step ON lots (step);
CREATE INDEX lots_status ON lots (status);

CREATE TABLE contents (
    lot        INTEGER NOT NULL REFERENCES lots,
    element    TEXT NOT NULL,
    content_mg INTEGER NOT NULL CHECK (content_mg > 0),
    drawn_mg   INTEGER NOT NULL DEFAULT 0 CHECK (drawn_mg >= 0 AND drawn_mg <= content_mg),
    PRIMARY KEY (lot, element)
) STRICT, WITHOUT ROWID;
CREATE INDEX contents_element ON contents (element, lot);

CREATE TABLE draws (
    parent INTEGER NOT NULL REFERENCES lots,
    seq    INTEGER NOT NULL CHECK (seq >= 1),
    child  INTEGER NOT NULL REFERENCES certificates CHECK (child > parent),
    PRIMARY KEY (parent, seq),
    UNIQUE (child, parent)
) STRICT, WITHOUT ROWID;

CREATE TABLE amounts (
    parent   INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    element  TEXT NOT NULL,
    drawn_mg INTEGER NOT NULL CHECK (drawn_mg > 0),
    PRIMARY KEY (parent, seq, element),
    FOREIGN KEY (parent, seq) REFERENCES draws
) STRICT, WITHOUT ROWID;

CREATE TABLE abouts (
    lot         BLOB NOT NULL CHECK (length(lot) = 32),
    attestation INTEGER NOT NULL REFERENCES certificates,
    PRIMARY KEY (lot, attestation)
) STRICT, WITHOUT ROWID;

CREATE TABLE admissions (
    certificate INTEGER PRIMARY KEY REFERENCES certificates,
    origin      TEXT NOT NULL,
    idx         INTEGER NOT NULL CHECK (idx >= 0)
) STRICT;

CREATE TABLE foreigners (
    digest  BLOB PRIMARY KEY CHECK (length(digest) = 32),
    bytes   BLOB,
    receipt BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE foreign_links (
    child  BLOB NOT NULL REFERENCES foreigners,
    parent BLOB NOT NULL CHECK (length(parent) = 32),
    PRIMARY KEY (child, parent)
) STRICT, WITHOUT ROWID;

CREATE TABLE statuses (
    idx       INTEGER PRIMARY KEY CHECK (idx >= 0),
    revoked   INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1)),
    suspended INTEGER NOT NULL DEFAULT 0 CHECK (suspended IN (0, 1))
) STRICT;

CREATE TABLE status_events (
    idx    INTEGER PRIMARY KEY REFERENCES entries,
    of     INTEGER NOT NULL REFERENCES statuses,
    reason TEXT NOT NULL,
    by     TEXT NOT NULL,
    at     TEXT NOT NULL
) STRICT;
CREATE INDEX status_events_of ON status_events (of);

CREATE TABLE log (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    origin   TEXT NOT NULL,
    frontier BLOB NOT NULL,
    halted   TEXT
) STRICT;

CREATE TABLE entries (
    idx         INTEGER PRIMARY KEY CHECK (idx >= 0),
    certificate BLOB NOT NULL CHECK (length(certificate) = 32),
    kind        TEXT NOT NULL,
    bytes       BLOB NOT NULL CHECK (length(bytes) BETWEEN 1 AND 65535)
) STRICT;
CREATE INDEX entries_certificate ON entries (certificate, kind);

CREATE TABLE tiles (
    level INTEGER NOT NULL,
    idx   INTEGER NOT NULL,
    bytes BLOB NOT NULL CHECK (length(bytes) BETWEEN 32 AND 8192),
    UNIQUE (level, idx)
) STRICT;

CREATE TABLE heads (
    size INTEGER PRIMARY KEY CHECK (size > 0),
    root BLOB NOT NULL CHECK (length(root) = 32)
) STRICT;

CREATE TABLE cosigned (
    size INTEGER PRIMARY KEY REFERENCES heads,
    note TEXT NOT NULL
) STRICT;

CREATE TABLE issuers (
    did     TEXT PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    title   TEXT NOT NULL,
    created TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE issuer_keys (
    number        INTEGER PRIMARY KEY,
    issuer        TEXT NOT NULL REFERENCES issuers,
    public        TEXT NOT NULL,
    sealed_secret BLOB,
    created       TEXT NOT NULL,
    retired       TEXT,
    UNIQUE (issuer, public)
) STRICT;
CREATE UNIQUE INDEX issuer_keys_signing ON issuer_keys (issuer) WHERE sealed_secret IS NOT NULL AND retired IS NULL;

CREATE TABLE api_keys (
    number  INTEGER PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,
    hash    BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    scopes  TEXT NOT NULL,
    issuer  TEXT REFERENCES issuers,
    label   TEXT NOT NULL,
    created TEXT NOT NULL,
    expires TEXT,
    revoked TEXT
) STRICT;
CREATE INDEX api_keys_issuer ON api_keys (issuer);

CREATE TABLE idempotency (
    caller  TEXT NOT NULL,
    key     TEXT NOT NULL,
    request BLOB NOT NULL CHECK (length(request) = 32),
    status  INTEGER NOT NULL CHECK (status BETWEEN 100 AND 599),
    body    BLOB NOT NULL,
    PRIMARY KEY (caller, key)
) STRICT;
";
