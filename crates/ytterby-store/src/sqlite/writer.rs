//! The one thread that writes.
//!
//! A durable commit costs a round trip to the disk, whatever is in it. So writes that wait while
//! one is under way go together into the next: one transaction, a savepoint for each, one commit,
//! and only then the answers. Even an error is answered after the commit: it may rest on a write
//! of the same group. A write that is alone needs no savepoint: if it fails, all is rolled back.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::oneshot;

use ytterby_tlog::Appended;

use crate::sound::{self, Entered};
use crate::{Answer, Logged, StoreError};

/// The queue in front of the writing thread. Dropping it writes what is queued, then stops.
pub(super) struct Writer {
    queue: Option<SyncSender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    commits: Arc<AtomicU64>,
}

/// Opens a connection: at the start, and again when a commit was in doubt.
pub(super) type Connect = Box<dyn Fn() -> Result<Connection, StoreError> + Send>;

/// What a group needs once before its commit, and what it has appended then: if that fails, nothing of
/// the group is kept.
pub(super) type Seal = fn(&Connection) -> Result<Option<Appended>, StoreError>;

/// A write of more than this shares no transaction.
const SHARED: usize = 64;

/// Why nothing of a group is kept, if the engine says no more.
const ENDED: &str = "the engine rolled the transaction back";

/// What a group has appended.
type Group = Option<Arc<Appended>>;

impl Writer {
    /// Starts the thread: at most `group` writes in one commit, `queue` of them waiting.
    pub(super) fn start(
        connect: Connect,
        seal: Seal,
        group: usize,
        queue: usize,
    ) -> Result<Self, StoreError> {
        let connection = connect()?;
        let commits = Arc::new(AtomicU64::new(0));
        let (sender, receiver) = sync_channel(queue.max(1));
        let writing = Writing {
            connect,
            connection: Some(connection),
            seal,
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
        let answer = self.queued(false, work);
        Box::pin(async move { answer.await.map(|(done, _)| done) })
    }

    /// Queues a write of so many certificates, receipts or entries. A large one gets a transaction of its own: inside a savepoint each
    /// statement costs more, the more was written since the savepoint began.
    pub(super) fn submit_of<T, F>(&self, entries: usize, work: F) -> Answer<'static, T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let answer = self.queued(entries > SHARED, work);
        Box::pin(async move { answer.await.map(|(done, _)| done) })
    }

    /// Queues a write of so many entries, which are proven when the group has a head.
    pub(super) fn enter<F>(&self, entries: usize, work: F) -> Answer<'static, Vec<Logged>>
    where
        F: FnOnce(&Connection) -> Result<Vec<Entered>, StoreError> + Send + 'static,
    {
        let answer = self.queued(entries > SHARED, work);
        Box::pin(async move {
            let (entered, group) = answer.await?;
            sound::proven(entered, group.as_deref())
        })
    }

    fn queued<T, F>(&self, apart: bool, work: F) -> Answer<'static, (T, Group)>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let request = Request { apart, work: Some(work), outcome: None, reply };
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
    /// Whether it is to have a transaction of its own.
    fn is_apart(&self) -> bool;
    /// Does it; whether it is to be kept.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Tells the caller.
    fn answer(self: Box<Self>, fate: &Fate);
}

struct Request<T, F> {
    apart: bool,
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<(T, Group), StoreError>>,
}

impl<T, F> Job for Request<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn is_apart(&self) -> bool {
        self.apart
    }

    fn run(&mut self, connection: &Connection) -> bool {
        let Some(work) = self.work.take() else { return false };
        // Nothing of the closure survives a panic, and what it wrote is undone.
        let outcome = catch_unwind(AssertUnwindSafe(|| work(connection)))
            .unwrap_or_else(|_| Err(StoreError::Engine("a write panicked".to_owned())));
        self.outcome.insert(outcome).is_ok()
    }

    fn answer(self: Box<Self>, fate: &Fate) {
        let answer = match (fate, self.outcome) {
            (Fate::Committed(group), Some(outcome)) => outcome.map(|done| (done, group.clone())),
            (Fate::RolledBack, Some(outcome)) => outcome.map(|done| (done, None)),
            (Fate::Committed(_) | Fate::RolledBack, None) => {
                Err(StoreError::Engine("the write was not tried".to_owned()))
            }
            (Fate::InDoubt(why), _) => Err(StoreError::InDoubt(why.clone())),
            (Fate::Undone(why), _) => Err(StoreError::Engine(why.clone())),
        };
        // A caller that went away finds its certificate by its idempotency key.
        let _ = self.reply.send(answer);
    }
}

/// What became of a group.
enum Fate {
    Committed(Group),
    /// The one write failed, and nothing of it is on the disk.
    RolledBack,
    /// The commit failed: it may be on the disk or not.
    InDoubt(String),
    /// Nothing of it is on the disk.
    Undone(String),
}

struct Writing {
    connect: Connect,
    connection: Option<Connection>,
    seal: Seal,
    group: usize,
    commits: Arc<AtomicU64>,
}

impl Writing {
    fn run(mut self, queue: &Receiver<Box<dyn Job>>) {
        let mut next = None;
        while let Some(first) = next.take().or_else(|| queue.recv().ok()) {
            let mut group = vec![first];
            while !group[0].is_apart()
                && group.len() < self.group
                && next.is_none()
                && let Ok(job) = queue.try_recv()
            {
                if job.is_apart() { next = Some(job) } else { group.push(job) }
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
        let fate = transaction(connection, self.seal, group);
        match fate {
            Fate::Committed(_) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
            }
            Fate::RolledBack => {}
            // Closing it rolls back; nothing that it remembers is used again.
            Fate::InDoubt(_) | Fate::Undone(_) => self.connection = None,
        }
        fate
    }
}

fn transaction(connection: &Connection, seal: Seal, group: &mut [Box<dyn Job>]) -> Fate {
    let undone = |error: &dyn Display| Fate::Undone(error.to_string());
    if let Err(error) = step(connection, "BEGIN IMMEDIATE") {
        return undone(&error);
    }
    if let [job] = group {
        // Nobody else's writes have to stay when it fails.
        if !job.run(connection) && !connection.is_autocommit() {
            return match step(connection, "ROLLBACK") {
                Ok(()) => Fate::RolledBack,
                Err(error) => undone(&error),
            };
        }
        if connection.is_autocommit() {
            return undone(&ENDED);
        }
    } else {
        for job in group {
            if let Err(error) = alone(connection, job.as_mut()) {
                return undone(&error);
            }
            if connection.is_autocommit() {
                return undone(&ENDED);
            }
        }
    }
    let group = match seal(connection) {
        Ok(group) => group.map(Arc::new),
        Err(error) => return undone(&error),
    };
    match step(connection, "COMMIT") {
        Ok(()) => Fate::Committed(group),
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A table whose wrong rows show only at the commit.
    fn connect(path: &std::path::Path) -> Result<Connection, StoreError> {
        let connection = Connection::open(path)?;
        connection.execute_batch(
            "PRAGMA foreign_keys = ON;
             CREATE TABLE IF NOT EXISTS parents (n INTEGER PRIMARY KEY);
             CREATE TABLE IF NOT EXISTS rows (
                 n INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED
             );",
        )?;
        Ok(connection)
    }

    fn writer(folder: &tempfile::TempDir, group: usize, queue: usize) -> Writer {
        let path = folder.path().join("db");
        Writer::start(Box::new(move || connect(&path)), |_| Ok(None), group, queue).unwrap()
    }

    fn insert(writer: &Writer, n: i64, parent: Option<i64>) -> Answer<'static, ()> {
        writer.submit(move |connection| {
            connection
                .execute("INSERT INTO rows VALUES (?1, ?2)", (n, parent))
                .map(drop)
                .map_err(StoreError::from)
        })
    }

    /// Keeps the writer busy until the sender is dropped, so that a queue builds up behind it.
    fn hold(writer: &Writer) -> (mpsc::Sender<()>, Answer<'static, ()>) {
        let (release, held) = mpsc::channel::<()>();
        let (started, starting) = mpsc::channel();
        let answer = writer.submit(move |_| {
            started.send(()).unwrap();
            held.recv().unwrap_err();
            Ok(())
        });
        starting.recv().unwrap();
        (release, answer)
    }

    fn wait<T>(answer: Answer<'_, T>) -> Result<T, StoreError> {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer)
    }

    fn rows(folder: &tempfile::TempDir) -> Vec<i64> {
        let connection = connect(&folder.path().join("db")).unwrap();
        let mut query = connection.prepare("SELECT n FROM rows ORDER BY n").unwrap();
        query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn waiting_writes_share_commits() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder, 20, 100);
        let (release, held) = hold(&writer);
        let answers: Vec<_> = (0..50).map(|n| insert(&writer, n, None)).collect();
        drop(release);
        wait(held).unwrap();
        answers.into_iter().for_each(|answer| wait(answer).unwrap());
        // The held write alone, then 20, 20 and 10.
        assert_eq!(writer.commits(), 4);
        assert_eq!(rows(&folder), (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn a_large_write_shares_no_commit() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder, 20, 100);
        let (release, held) = hold(&writer);
        let mut answers = vec![insert(&writer, 1, None), insert(&writer, 2, None)];
        for n in [3, 4] {
            answers.push(writer.submit_of(SHARED + 1, move |connection| {
                connection.execute("INSERT INTO rows VALUES (?1, NULL)", [n])?;
                Ok(())
            }));
        }
        let fails = writer.submit_of::<(), _>(SHARED + 1, |connection| {
            connection.execute("INSERT INTO rows VALUES (7, NULL)", [])?;
            Err(StoreError::Busy)
        });
        answers.extend([insert(&writer, 5, None), insert(&writer, 6, None)]);
        drop(release);
        wait(held).unwrap();
        answers.into_iter().for_each(|answer| wait(answer).unwrap());
        assert!(matches!(wait(fails), Err(StoreError::Busy)));
        // The held write, two, one, one, two.
        assert_eq!((writer.commits(), rows(&folder)), (5, (1..=6).collect()));
    }

    #[test]
    fn what_a_lone_write_did_before_it_failed_is_undone() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder, 9, 9);
        let row = |connection: &Connection| connection.execute("INSERT INTO rows VALUES (7, NULL)", []);
        let panics = writer.submit(move |connection| -> Result<(), StoreError> {
            row(connection).unwrap();
            panic!("on purpose")
        });
        assert!(matches!(wait(panics), Err(StoreError::Engine(why)) if why.contains("panicked")));
        let fails = writer.submit(move |connection| -> Result<(), StoreError> {
            row(connection)?;
            Err(StoreError::Busy)
        });
        assert!(matches!(wait(fails), Err(StoreError::Busy)));
        let ends = writer.submit(move |connection| {
            row(connection)?;
            Ok(connection.execute_batch("ROLLBACK")?)
        });
        assert!(
            matches!(wait(ends), Err(StoreError::Engine(why)) if why.contains("rolled the transaction back"))
        );
        wait(insert(&writer, 1, None)).unwrap();
        assert_eq!((writer.commits(), rows(&folder)), (1, vec![1]));
    }

    #[test]
    fn a_full_queue_is_busy_and_drains() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder, 2, 3);
        let (release, held) = hold(&writer);
        let waiting: Vec<_> = (0..3).map(|n| insert(&writer, n, None)).collect();
        assert!(matches!(wait(insert(&writer, 3, None)), Err(StoreError::Busy)));
        drop(release);
        wait(held).unwrap();
        waiting.into_iter().for_each(|answer| wait(answer).unwrap());
        wait(insert(&writer, 4, None)).unwrap();
        assert_eq!(rows(&folder), [0, 1, 2, 4]);
    }

    #[test]
    fn each_write_of_a_group_fails_alone() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder, 9, 9);
        let (release, held) = hold(&writer);
        let first = insert(&writer, 1, None);
        let again = insert(&writer, 1, None);
        let panics = writer.submit::<(), _>(|connection| {
            connection.execute("INSERT INTO rows VALUES (7, NULL)", []).unwrap();
            panic!("on purpose")
        });
        let last = insert(&writer, 2, None);
        drop(release);
        wait(held).unwrap();
        wait(first).unwrap();
        assert!(matches!(wait(again), Err(StoreError::Engine(_))));
        assert!(matches!(wait(panics), Err(StoreError::Engine(why)) if why.contains("panicked")));
        wait(last).unwrap();
        assert_eq!((writer.commits(), rows(&folder)), (2, vec![1, 2]));
    }

    #[test]
    fn a_failed_commit_is_in_doubt_for_all_and_the_writer_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder, 9, 9);
        let (release, held) = hold(&writer);
        let group = [insert(&writer, 1, None), insert(&writer, 2, Some(404)), insert(&writer, 1, None)];
        drop(release);
        wait(held).unwrap();
        for answer in group {
            assert!(matches!(wait(answer), Err(StoreError::InDoubt(_))));
        }
        wait(insert(&writer, 3, None)).unwrap();
        assert_eq!(rows(&folder), [3]);
    }

    #[test]
    fn a_transaction_that_the_engine_ends_is_undone_for_all() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder, 9, 9);
        let (release, held) = hold(&writer);
        let first = insert(&writer, 1, None);
        let ends = writer.submit(|connection| Ok(connection.execute_batch("ROLLBACK")?));
        let last = insert(&writer, 2, None);
        drop(release);
        wait(held).unwrap();
        for answer in [first, ends, last] {
            assert!(matches!(wait(answer), Err(StoreError::Engine(_))));
        }
        wait(insert(&writer, 3, None)).unwrap();
        assert_eq!(rows(&folder), [3]);
    }

    #[test]
    fn a_dead_thread_answers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let times = AtomicU64::new(0);
        let connect = move || match times.fetch_add(1, Ordering::Relaxed) {
            0 => connect(&path),
            _ => panic!("on purpose"),
        };
        let writer = Writer::start(Box::new(connect), |_| Ok(None), 9, 9).unwrap();
        assert!(matches!(wait(insert(&writer, 1, Some(404))), Err(StoreError::InDoubt(_))));
        // The thread dies of this one, which is answered all the same.
        assert!(matches!(wait(insert(&writer, 2, None)), Err(StoreError::InDoubt(_))));
        while writer.alive().is_ok() {
            thread::yield_now();
        }
        assert!(
            matches!(wait(insert(&writer, 3, None)), Err(StoreError::Engine(why)) if why.contains("stopped"))
        );
    }

    #[test]
    fn what_is_queued_is_written_when_the_writer_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder, 7, 100);
        let (release, held) = hold(&writer);
        let answers: Vec<_> = (0..40).map(|n| insert(&writer, n, None)).collect();
        drop(release);
        drop(writer);
        wait(held).unwrap();
        answers.into_iter().for_each(|answer| wait(answer).unwrap());
        assert_eq!(rows(&folder).len(), 40);
    }
}
