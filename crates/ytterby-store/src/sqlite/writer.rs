//! The one thread that writes.
//!
//! A durable commit costs a round trip to the disk, whatever is in it. So writes that wait while
//! one is under way go together into the next: one transaction, a savepoint for each, one commit,
//! and only then the answers. Even an error is answered after the commit: it may rest on a write
//! of the same group.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::{Answer, StoreError};

/// The queue in front of the writing thread. Dropping it writes what is queued, then stops.
pub(super) struct Writer {
    queue: Option<SyncSender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    commits: Arc<AtomicU64>,
}

/// Opens a connection: at the start, and again when a commit was in doubt.
pub(super) type Connect = Box<dyn Fn() -> Result<Connection, StoreError> + Send>;

impl Writer {
    /// Starts the thread: at most `group` writes in one commit, `queue` of them waiting.
    pub(super) fn start(connect: Connect, group: usize, queue: usize) -> Result<Self, StoreError> {
        let connection = connect()?;
        let commits = Arc::new(AtomicU64::new(0));
        let (sender, receiver) = sync_channel(queue.max(1));
        let writing = Writing {
            connect,
            connection: Some(connection),
            group: group.max(1),
            commits: Arc::clone(&commits),
        };
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writing.run(&receiver))
            .map_err(|error| StoreError::Engine(format!("starting the writer: {error}")))?;
        Ok(Writer { queue: Some(sender), thread: Some(thread), commits })
    }

    /// Queues a write. It is done even if nobody waits for the answer.
    pub(super) fn submit<T, F>(&self, work: F) -> Answer<'static, T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let request = Request { work: Some(work), outcome: None, reply };
        let queued = match &self.queue {
            Some(queue) => queue.try_send(Box::new(request)).map_err(|error| match error {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Disconnected(_) => stopped(),
            }),
            None => Err(stopped()),
        };
        Box::pin(async move {
            queued?;
            let lost = |_| Err(StoreError::InDoubt("the writer stopped before it answered".to_owned()));
            answer.await.unwrap_or_else(lost)
        })
    }

    /// How many transactions were committed.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Whether the thread takes writes.
    pub(super) fn alive(&self) -> Result<(), StoreError> {
        let running = self.thread.as_ref().is_some_and(|thread| !thread.is_finished());
        if running { Ok(()) } else { Err(stopped()) }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was already told to everybody who waited.
            let _ = thread.join();
        }
    }
}

fn stopped() -> StoreError {
    StoreError::Engine("the writer has stopped".to_owned())
}

/// A write in the queue, whatever it answers with.
trait Job: Send {
    /// Does it; whether it is to be kept.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Tells the caller.
    fn answer(self: Box<Self>, fate: &Fate);
}

struct Request<T, F> {
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Request<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let Some(work) = self.work.take() else { return false };
        // Nothing of the closure survives a panic, and the savepoint undoes what it wrote.
        let outcome = catch_unwind(AssertUnwindSafe(|| work(connection)))
            .unwrap_or_else(|_| Err(StoreError::Engine("a write panicked".to_owned())));
        self.outcome.insert(outcome).is_ok()
    }

    fn answer(self: Box<Self>, fate: &Fate) {
        let answer = match (fate, self.outcome) {
            (Fate::Committed, Some(outcome)) => outcome,
            (Fate::Committed, None) => Err(StoreError::Engine("the write was not tried".to_owned())),
            (Fate::InDoubt(why), _) => Err(StoreError::InDoubt(why.clone())),
            (Fate::Undone(why), _) => Err(StoreError::Engine(why.clone())),
        };
        // A caller that went away finds its certificate by its idempotency key.
        let _ = self.reply.send(answer);
    }
}

/// What became of a group.
enum Fate {
    Committed,
    /// The commit failed: it may be on the disk or not.
    InDoubt(String),
    /// Nothing of it is on the disk.
    Undone(String),
}

struct Writing {
    connect: Connect,
    connection: Option<Connection>,
    group: usize,
    commits: Arc<AtomicU64>,
}

impl Writing {
    fn run(mut self, queue: &Receiver<Box<dyn Job>>) {
        while let Ok(first) = queue.recv() {
            let mut group = vec![first];
            while group.len() < self.group
                && let Ok(next) = queue.try_recv()
            {
                group.push(next);
            }
            let fate = self.write(&mut group);
            for job in group {
                job.answer(&fate);
            }
        }
        if let Some(connection) = &self.connection {
            // Only tidies up: without it the next start reads the log.
            let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
    }

    fn write(&mut self, group: &mut [Box<dyn Job>]) -> Fate {
        if self.connection.is_none() {
            match (self.connect)() {
                Ok(connection) => self.connection = Some(connection),
                Err(error) => return Fate::Undone(format!("reopening the database: {error}")),
            }
        }
        let Some(connection) = &self.connection else { return Fate::Undone("no connection".to_owned()) };
        let fate = transaction(connection, group);
        match fate {
            Fate::Committed => {
                self.commits.fetch_add(1, Ordering::Relaxed);
            }
            // Closing it rolls back; nothing that it remembers is used again.
            Fate::InDoubt(_) | Fate::Undone(_) => self.connection = None,
        }
        fate
    }
}

fn transaction(connection: &Connection, group: &mut [Box<dyn Job>]) -> Fate {
    let undone = |error: &dyn Display| Fate::Undone(error.to_string());
    if let Err(error) = step(connection, "BEGIN IMMEDIATE") {
        return undone(&error);
    }
    for job in group {
        if let Err(error) = alone(connection, job.as_mut()) {
            return undone(&error);
        }
        if connection.is_autocommit() {
            return undone(&"the engine rolled the transaction back");
        }
    }
    match step(connection, "COMMIT") {
        Ok(()) => Fate::Committed,
        Err(error) => Fate::InDoubt(error.to_string()),
    }
}

/// Does one write of a group; if it fails, only its own changes go.
fn alone(connection: &Connection, job: &mut dyn Job) -> rusqlite::Result<()> {
    step(connection, "SAVEPOINT one")?;
    if !job.run(connection) && !connection.is_autocommit() {
        step(connection, "ROLLBACK TO one")?;
    }
    if connection.is_autocommit() { Ok(()) } else { step(connection, "RELEASE one") }
}

fn step(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}
