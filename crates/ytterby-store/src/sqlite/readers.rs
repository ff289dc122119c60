//! The threads that read, each on a connection of its own, so that a long lineage keeps neither
//! the writer nor an executor waiting.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::{Answer, StoreError};

type Read = Box<dyn FnOnce(&Connection) + Send>;

/// The queue in front of the reading threads. Dropping it answers what is queued, then stops.
pub(super) struct Readers {
    queue: Option<SyncSender<Read>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// Starts a thread for each connection, with at most `queue` reads waiting.
    pub(super) fn start(connections: Vec<Connection>, queue: usize) -> Result<Self, StoreError> {
        let (sender, receiver) = sync_channel(queue.max(1));
        let receiver = Arc::new(Mutex::new(receiver));
        let mut readers = Readers { queue: Some(sender), threads: Vec::new() };
        for connection in connections {
            let receiver = Arc::clone(&receiver);
            let thread = thread::Builder::new()
                .name("store-reader".to_owned())
                .spawn(move || run(&connection, &receiver))
                .map_err(|error| StoreError::Engine(format!("starting a reader: {error}")))?;
            readers.threads.push(thread);
        }
        Ok(readers)
    }

    /// Queues a read; all its statements see one state of the store.
    pub(super) fn ask<T, F>(&self, read: F) -> Answer<'static, T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Read = Box::new(move |connection| {
            // If nobody waits any more there is nobody to tell.
            let _ = reply.send(in_one_state(connection, read));
        });
        let queued = match &self.queue {
            Some(queue) => queue.try_send(job).map_err(|error| match error {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Disconnected(_) => StoreError::Engine("the readers have stopped".to_owned()),
            }),
            None => Err(StoreError::Engine("the readers have stopped".to_owned())),
        };
        Box::pin(async move {
            queued?;
            answer.await.unwrap_or_else(|_| Err(StoreError::Engine("a read panicked".to_owned())))
        })
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        drop(self.queue.take());
        for thread in self.threads.drain(..) {
            // A panic of a read was told to whoever asked.
            let _ = thread.join();
        }
    }
}

/// Work that takes long gets a thread for itself.
pub(super) fn apart<T, F>(name: &str, work: F) -> Answer<'static, T>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, StoreError> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    let started = thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            let _ = reply.send(work());
        })
        .map_err(|error| StoreError::Engine(format!("starting a thread: {error}")));
    Box::pin(async move {
        started?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Engine("a thread panicked".to_owned())))
    })
}

fn in_one_state<T>(
    connection: &Connection,
    read: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    let answer = read(connection);
    connection.prepare_cached("ROLLBACK")?.execute([])?;
    answer
}

fn run(connection: &Connection, queue: &Mutex<Receiver<Read>>) {
    loop {
        // The lock is held while waiting, not while reading.
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(read) = next else { return };
        // Whoever asked has lost the answer.
        let _ = catch_unwind(AssertUnwindSafe(|| read(connection)));
        if !connection.is_autocommit() && connection.execute_batch("ROLLBACK").is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_that_panics_or_fails_leaves_the_next_one_alone() {
        let readers = Readers::start(vec![Connection::open_in_memory().unwrap()], 9).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let one =
            |connection: &Connection| Ok(connection.query_row("SELECT 1", [], |row| row.get::<_, i64>(0))?);
        for _ in 0..3 {
            let panics = readers.ask(|_| -> Result<i64, StoreError> { panic!("on purpose") });
            assert!(
                matches!(runtime.block_on(panics), Err(StoreError::Engine(why)) if why.contains("panicked"))
            );
            assert_eq!(runtime.block_on(readers.ask(one)).unwrap(), 1);
            let fails = readers.ask(|connection| Ok(connection.execute_batch("SELECT nothing")?));
            assert!(matches!(runtime.block_on(fails), Err(StoreError::Engine(_))));
            assert_eq!(runtime.block_on(readers.ask(one)).unwrap(), 1);
        }
    }
}
