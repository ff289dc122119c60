//! Connecting: to the server that takes writes and to no other, with every setting that matters stated,
//! and only to one that keeps what it confirms.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{poll_fn, try_join_all};
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::error::DbError;
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Config, NoTls, Row, Statement};

use super::rows::told;
use super::{PostgresOptions, Replication};
use crate::StoreError;

/// How long one host may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// After so long without a word a connection counts as dead.
const KEEPALIVE: Duration = Duration::from_secs(10);
/// The oldest server, as `server_version_num` has it.
const OLDEST: i32 = 150_000;

/// Reads a connection string, and states what it leaves open.
///
/// Several hosts may be named; only the one that takes writes is ever spoken to, so that no read comes
/// from a replica.
pub(super) fn config(url: &str, options: &PostgresOptions) -> Result<Config, StoreError> {
    // Its text is not repeated: it may hold a password.
    let unreadable =
        |_| StoreError::Engine("the connection string of the database cannot be read".to_owned());
    let mut config: Config = url.parse().map_err(unreadable)?;
    if config.get_ssl_mode() == SslMode::Require {
        return Err(StoreError::Engine(
            "sslmode=require: this program speaks no TLS to PostgreSQL; connect through a socket or a tunnel"
                .to_owned(),
        ));
    }
    config.ssl_mode(SslMode::Disable);
    config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    config.keepalives_idle(KEEPALIVE).keepalives_interval(KEEPALIVE).keepalives_retries(2);
    config.tcp_user_timeout(KEEPALIVE * 3);
    if config.get_application_name().is_none() {
        config.application_name("ytterby");
    }
    let given = config.get_options().unwrap_or_default().to_owned();
    let timeout = options.statement_timeout.as_millis();
    // The last one of a setting counts, so that none of these can be weakened from outside.
    config.options(format!(
        "{given} -c search_path=ytterby,pg_catalog -c statement_timeout={timeout} -c lock_timeout={timeout} \
         -c idle_in_transaction_session_timeout={timeout} -c default_transaction_isolation=read\\ committed \
         -c default_transaction_read_only=off -c synchronous_commit=on -c client_min_messages=warning -c jit=off"
    ));
    Ok(config)
}

/// The same for a connection with few statements and many executions: each goes to its rows by an index, whatever
/// the statistics of a young table say, and is planned once.
pub(super) fn planned_once(config: &Config) -> Config {
    let mut config = config.clone();
    let given = config.get_options().unwrap_or_default().to_owned();
    config.options(format!(
        "{given} -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off \
         -c plan_cache_mode=force_generic_plan"
    ));
    config
}

/// A value of a statement.
pub(super) type Parameter<'p> = &'p (dyn ToSql + Sync);

/// A connection that writes, and hears what the server says beside its answers.
pub(super) struct Session {
    pub(super) client: Client,
    statements: Vec<(&'static str, Statement)>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Session {
    /// Connects, and refuses a server that may lose what it confirms.
    pub(super) async fn open(config: &Config, replication: Replication) -> Result<Self, StoreError> {
        let (client, mut connection) = planned_once(config).connect(NoTls).await?;
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hearing = Arc::clone(&heard);
        // A notice is handed over before the answer that comes after it, so that whoever has the answer
        // finds the warnings there.
        tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
                if let AsyncMessage::Notice(notice) = message {
                    hearing.lock().unwrap_or_else(PoisonError::into_inner).push(warning(&notice));
                }
            }
        });
        durable(&client, replication).await?;
        Ok(Session { client, statements: Vec::new(), heard })
    }

    /// Prepares what will be used.
    pub(super) async fn prepare(&mut self, all: &[&'static str]) -> Result<(), StoreError> {
        let client = &self.client;
        let prepared = all.iter().map(|sql| async move { Ok((*sql, client.prepare(sql).await?)) });
        let prepared: Result<Vec<_>, tokio_postgres::Error> = try_join_all(prepared).await;
        self.statements.extend(prepared?);
        Ok(())
    }

    fn statement(&self, sql: &str) -> Result<&Statement, StoreError> {
        let found = self.statements.iter().find(|(known, _)| *known == sql);
        found
            .map(|(_, statement)| statement)
            .ok_or_else(|| StoreError::Engine(format!("not prepared: {sql}")))
    }

    /// The rows of a statement that was prepared.
    pub(super) async fn query(&self, sql: &str, values: &[Parameter<'_>]) -> Result<Vec<Row>, StoreError> {
        Ok(self.client.query(self.statement(sql)?, values).await?)
    }

    /// Executes a statement that has to change so many rows.
    pub(super) async fn change(
        &self,
        sql: &str,
        values: &[Parameter<'_>],
        rows: usize,
    ) -> Result<(), StoreError> {
        let changed = self.client.execute(self.statement(sql)?, values).await?;
        if usize::try_from(changed) == Ok(rows) {
            return Ok(());
        }
        let words = sql.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
        Err(StoreError::Engine(format!("{words}: {changed} rows changed instead of {rows}")))
    }

    /// Executes a statement that adds what is not there yet.
    pub(super) async fn add(&self, sql: &str, values: &[Parameter<'_>]) -> Result<(), StoreError> {
        self.client.execute(self.statement(sql)?, values).await?;
        Ok(())
    }

    /// Writes something that changes nothing, so that the commit has to be confirmed like any other.
    pub(super) async fn touch(&self) -> Result<(), StoreError> {
        self.client.batch_execute("UPDATE log SET one = one").await?;
        Ok(())
    }

    /// Commits. The server may say that it did, and warn that no standby has it: a wait for
    /// synchronous replication that was cancelled is a success to it, and a doubt to us.
    pub(super) async fn commit(&self, within: Duration) -> Result<(), String> {
        self.heard().clear();
        match tokio::time::timeout(within, self.client.batch_execute("COMMIT")).await {
            Err(_) => Err("the server does not answer".to_owned()),
            Ok(Err(error)) => Err(told(&error)),
            Ok(Ok(())) => match self.heard().pop() {
                Some(warning) => Err(warning),
                None => Ok(()),
            },
        }
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn warning(notice: &DbError) -> String {
    format!("{}: {} ({})", notice.severity(), notice.message(), notice.code().code())
}

/// Refuses a server that is too old, does not bring its log to the disk, or sends it to nobody although
/// somebody has to have it.
async fn durable(client: &Client, replication: Replication) -> Result<(), StoreError> {
    let sql = "SELECT current_setting('server_version_num')::int, current_setting('fsync'),
                      current_setting('full_page_writes'), current_setting('synchronous_commit'),
                      pg_is_in_recovery()";
    let row = client.query_one(sql, &[]).await?;
    let refused = |why: String| Err(StoreError::Engine(format!("cannot use the database server: {why}")));
    let version: i32 = row.try_get(0)?;
    if version < OLDEST {
        return refused(format!("it is of version {}, 15 is the oldest", version / 10_000));
    }
    for (at, name) in [(1, "fsync"), (2, "full_page_writes"), (3, "synchronous_commit")] {
        let value: &str = row.try_get(at)?;
        if value != "on" {
            return refused(format!("{name} is {value}: a crash would lose what it confirmed"));
        }
    }
    if row.try_get(4)? {
        return refused("it is a standby".to_owned());
    }
    if replication == Replication::Any {
        return Ok(());
    }
    let sql = "SELECT current_setting('synchronous_standby_names'),
                      (SELECT count(*) FROM pg_stat_replication),
                      (SELECT count(*) FROM pg_stat_replication WHERE state IS NULL OR sync_state IN ('sync', 'quorum'))";
    let row = client.query_one(sql, &[]).await?;
    if row.try_get::<_, &str>(0)?.trim().is_empty() {
        return refused(
            "replication is asynchronous (synchronous_standby_names is empty): losing the server would \
             lose what it confirmed"
                .to_owned(),
        );
    }
    // Without the right to read its statistics (pg_read_all_stats), a standby shows without a state.
    if row.try_get::<_, i64>(2)? == 0 {
        let standbys: i64 = row.try_get(1)?;
        return refused(format!("no synchronous standby is connected ({standbys} in all)"));
    }
    Ok(())
}
