//! Reads: a pool of connections, all to the server that takes writes.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use deadpool_postgres::{
    ClientWrapper, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
};
use tokio::runtime::Handle;
use tokio_postgres::{Config, NoTls, Row};

use super::PostgresOptions;
use super::connect::Parameter;
use super::writer::Shared;
use crate::{Answer, StoreError};

/// A read that is under way.
pub(super) type Read<'c, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'c>>;

/// One state of the store for all statements of a read.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// How often a read is tried: it changes nothing, so that a connection that was lost is no reason to
/// tell anybody.
const TRIES: usize = 3;

/// The pool, and where its reads run.
#[derive(Clone)]
pub(super) struct Readers {
    pool: Pool,
    runtime: Handle,
    writer: Arc<Shared>,
    /// How often the writer had lost a connection when the pool was last emptied.
    emptied: Arc<AtomicU64>,
}

impl Readers {
    pub(super) fn new(
        runtime: Handle,
        config: Config,
        options: &PostgresOptions,
        writer: Arc<Shared>,
    ) -> Result<Self, StoreError> {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_config(config, NoTls, recycling))
            .max_size(options.readers.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(options.statement_timeout))
            .build()
            .map_err(|error| StoreError::Engine(error.to_string()))?;
        Ok(Readers { pool, runtime, writer, emptied: Arc::default() })
    }

    /// A read of one statement.
    pub(super) fn ask<T, F>(&self, read: F) -> Answer<'static, T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c ClientWrapper) -> Read<'c, T> + Send + Sync + 'static,
    {
        self.spawn(None, read)
    }

    /// A read of several statements, which all see one state of the store.
    pub(super) fn snapshot<T, F>(&self, read: F) -> Answer<'static, T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c ClientWrapper) -> Read<'c, T> + Send + Sync + 'static,
    {
        self.spawn(Some(SNAPSHOT), read)
    }

    fn spawn<T, F>(&self, begin: Option<&'static str>, read: F) -> Answer<'static, T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c ClientWrapper) -> Read<'c, T> + Send + Sync + 'static,
    {
        let readers = self.clone();
        let task = self.runtime.spawn(async move { readers.tried(begin, read).await });
        Box::pin(async move {
            task.await.unwrap_or_else(|error| Err(StoreError::Engine(format!("a read: {error}"))))
        })
    }

    async fn tried<T, F>(&self, begin: Option<&str>, read: F) -> Result<T, StoreError>
    where
        F: for<'c> Fn(&'c ClientWrapper) -> Read<'c, T>,
    {
        let mut tries = 1;
        loop {
            let borrowed = Borrowed::from(self.pool().get().await.map_err(busy)?);
            let answer = borrowed.read(begin, &read).await;
            let lost = answer.is_err() && borrowed.is_lost();
            if !lost {
                borrowed.give_back();
            }
            if !lost || tries == TRIES {
                return answer;
            }
            tries += 1;
        }
    }

    /// The pool, without connections that may lead to a server that the writer has lost.
    fn pool(&self) -> &Pool {
        let broken = self.writer.broken();
        if self.emptied.swap(broken, Ordering::AcqRel) != broken {
            self.pool.retain(|_, _| false);
        }
        &self.pool
    }

    /// Closes all connections.
    pub(super) fn close(&self) {
        self.pool.close();
    }
}

fn busy(error: PoolError) -> StoreError {
    match error {
        PoolError::Timeout(TimeoutType::Wait) => StoreError::Busy,
        PoolError::Backend(error) => error.into(),
        other => StoreError::Engine(other.to_string()),
    }
}

/// A connection of the pool. It goes back only if it is said so: one that was dropped in the middle
/// of a transaction is closed.
struct Borrowed(Option<Object>);

impl From<Object> for Borrowed {
    fn from(object: Object) -> Self {
        Borrowed(Some(object))
    }
}

impl Borrowed {
    async fn read<T, F>(&self, begin: Option<&str>, read: &F) -> Result<T, StoreError>
    where
        F: for<'c> Fn(&'c ClientWrapper) -> Read<'c, T>,
    {
        let Some(object) = &self.0 else { return Err(StoreError::Busy) };
        let client: &ClientWrapper = object;
        let Some(begin) = begin else { return read(client).await };
        client.batch_execute(begin).await?;
        let answer = read(client).await;
        client.batch_execute("ROLLBACK").await?;
        answer
    }

    fn is_lost(&self) -> bool {
        self.0.as_ref().is_none_or(|object| object.is_closed())
    }

    fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}

/// The rows of a statement, which stays prepared.
pub(super) async fn rows(
    client: &ClientWrapper,
    sql: &str,
    values: &[Parameter<'_>],
) -> Result<Vec<Row>, StoreError> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.query(&statement, values).await?)
}

/// The row of a statement that has at most one.
pub(super) async fn one(
    client: &ClientWrapper,
    sql: &str,
    values: &[Parameter<'_>],
) -> Result<Option<Row>, StoreError> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.query_opt(&statement, values).await?)
}
