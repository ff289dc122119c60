//! The one task of a process that writes, and the queue in front of it.
//!
//! A durable commit costs a round trip to the disk, and to a standby's; whatever is in it. So requests
//! that wait go together into the next: one transaction, judged in memory under the lock of the head,
//! written with a statement for each table. Requests that arrive while it waits for the lock, because
//! another process has it, still join it. Even an error is answered after the commit: it may rest on
//! a write of the same group.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_postgres::Config;
use ytterby::Home;
use ytterby_tlog::{Appended, Hash, TreeHead, grow};

use super::connect::Session;
use super::judge::Judge;
use super::load::{self, Head, Named};
use super::parties::Party;
use super::{PostgresOptions, Replication, tiles, write};
use crate::sound::{self, Entered};
use crate::{Admission, Answer, Closing, Logged, Recovery, Registration, StatusChange, StoreError};

/// What a group has appended.
pub(super) type Group = Option<Arc<Appended>>;

/// What a request is answered through, with what its group has appended.
pub(super) type Reply<T> = oneshot::Sender<Result<(T, Group), StoreError>>;

/// A request that writes.
pub(super) enum Work {
    /// Certificates to be registered.
    Register(Registration, Reply<Vec<Entered>>),
    /// A lot to be closed.
    Close(Closing, Reply<()>),
    /// A lot to be admitted.
    Admit(Box<Admission>, Reply<u64>),
    /// Statuses to be changed.
    Status(StatusChange, Reply<Vec<u64>>),
    /// Entries to be taken again, in a transaction of their own.
    Recover(Recovery, Reply<TreeHead>),
    /// What is no part of the log, in a transaction of its own.
    Party(Party, Reply<bool>),
    /// Nothing: answered when a commit is confirmed, and with it all that was committed before.
    Confirm(Reply<()>),
}

/// The queue. Dropping it lets the task end when everything queued is answered.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Work>>,
    task: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

/// What readers know of the writer.
#[derive(Debug, Default)]
pub(super) struct Shared {
    commits: AtomicU64,
    confirmed: AtomicU64,
    broken: AtomicU64,
    /// The server that answered for the head last, and how many there were before it.
    server: Mutex<(String, u64)>,
}

impl Shared {
    /// The size of the log up to which a commit was confirmed to this process.
    pub(super) fn confirmed(&self) -> u64 {
        self.confirmed.load(Ordering::Acquire)
    }

    /// Notes which server answered for the head.
    pub(super) fn answered(&self, server: &str) {
        let mut last = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 != server {
            // What another one has confirmed, this one need not have.
            self.confirmed.store(0, Ordering::Release);
            *last = (server.to_owned(), last.1 + 1);
        }
    }

    /// How many servers have answered for the head, one after the other, and how often a connection was lost:
    /// the server may be the same, and its database another.
    pub(super) fn incarnation(&self) -> u64 {
        self.server.lock().unwrap_or_else(PoisonError::into_inner).1 + self.broken()
    }

    /// How often the writer had to give up a connection: pooled ones may lead to a lost server, too.
    pub(super) fn broken(&self) -> u64 {
        self.broken.load(Ordering::Acquire)
    }
}

impl Writer {
    /// Starts the task on a session that is open.
    pub(super) fn start(
        runtime: &Handle,
        session: Session,
        config: Config,
        origin: &Home,
        options: PostgresOptions,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(options.queue.max(1));
        let shared = Arc::new(Shared::default());
        let (origin, known) = (origin.clone(), Arc::clone(&shared));
        let writing = Writing { session: Some(session), config, origin, options, waiting, shared: known };
        Writer { queue: Some(queue), task: Some(runtime.spawn(writing.run())), shared }
    }

    /// Queues a request. It is done even if nobody waits for the answer.
    pub(super) fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(Reply<T>) -> Work,
    ) -> Answer<'static, T> {
        let answer = self.queued(work);
        Box::pin(async move { answer.await.map(|(done, _)| done) })
    }

    /// Queues a registration, whose entries are proven when its group has a head.
    pub(super) fn register(&self, registration: Registration) -> Answer<'static, Vec<Logged>> {
        let answer = self.queued(|reply| Work::Register(registration, reply));
        Box::pin(async move {
            let (entered, group) = answer.await?;
            sound::proven(entered, group.as_deref())
        })
    }

    fn queued<T: Send + 'static>(&self, work: impl FnOnce(Reply<T>) -> Work) -> Answer<'static, (T, Group)> {
        let (reply, answer) = oneshot::channel();
        let queued = match &self.queue {
            Some(queue) => queue.try_send(work(reply)).map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => StoreError::Busy,
                mpsc::error::TrySendError::Closed(_) => stopped(),
            }),
            None => Err(stopped()),
        };
        Box::pin(async move {
            queued?;
            let lost = |_| Err(StoreError::InDoubt("the writer stopped before it answered".to_owned()));
            answer.await.unwrap_or_else(lost)
        })
    }

    /// How many groups were committed.
    pub(super) fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }

    /// What readers may know.
    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Whether the task takes requests.
    pub(super) fn alive(&self) -> Result<(), StoreError> {
        match &self.task {
            Some(task) if !task.is_finished() => Ok(()),
            _ => Err(stopped()),
        }
    }

    /// Takes no more requests; the task to wait for.
    pub(super) fn stop(&mut self) -> Option<JoinHandle<()>> {
        self.queue = None;
        self.task.take()
    }
}

fn stopped() -> StoreError {
    StoreError::Engine("the writer has stopped".to_owned())
}

/// What became of a transaction.
enum Fate {
    Committed(Group),
    /// It may be there or not.
    InDoubt(String),
    /// Nothing of it is there.
    Undone(StoreError),
}

impl Fate {
    fn of<T>(&self, outcome: Result<T, StoreError>) -> Result<(T, Group), StoreError> {
        match self {
            Fate::Committed(group) => outcome.map(|done| (done, group.clone())),
            Fate::InDoubt(why) => Err(StoreError::InDoubt(why.clone())),
            Fate::Undone(why) => Err(again(why)),
        }
    }
}

/// One failure for all of a group.
pub(super) fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Inconsistent { table, detail } => {
            StoreError::Inconsistent { table, detail: detail.clone() }
        }
        StoreError::Engine(why) => StoreError::Engine(why.clone()),
        other => StoreError::Engine(other.to_string()),
    }
}

/// Tells a caller, once the fate of its group is known. One that went away finds its certificate by
/// its idempotency key.
type Tell = Box<dyn FnOnce(&Fate) + Send>;

fn tell<T: Send + 'static>(reply: Reply<T>, outcome: Result<T, StoreError>) -> Tell {
    Box::new(move |fate| drop(reply.send(fate.of(outcome))))
}

struct Writing {
    session: Option<Session>,
    config: Config,
    origin: Home,
    options: PostgresOptions,
    waiting: mpsc::Receiver<Work>,
    shared: Arc<Shared>,
}

impl Writing {
    async fn run(mut self) {
        while let Some(first) = self.waiting.recv().await {
            let mut next = Some(first);
            while let Some(work) = next {
                next = match work {
                    Work::Party(party, reply) => {
                        self.party(party, reply).await;
                        None
                    }
                    work => self.group(work).await,
                };
            }
        }
    }

    /// A group: what waits, up to the first request that needs a transaction of its own, which is given
    /// back.
    async fn group(&mut self, first: Work) -> Option<Work> {
        let mut apart = None;
        let most = if matches!(first, Work::Recover(..)) { 1 } else { self.options.group };
        let mut group = vec![first];
        gather(&mut self.waiting, most, &mut group, &mut apart);
        let (fate, tells) = match self.connected().await {
            Ok(()) => self.transaction(group, most, &mut apart).await,
            Err(error) => (Fate::Undone(error), group.into_iter().map(untried).collect()),
        };
        self.after(&fate);
        tells.into_iter().for_each(|tell| tell(&fate));
        apart
    }

    /// Has a session, a new one if the last one was given up.
    async fn connected(&mut self) -> Result<(), StoreError> {
        if self.session.as_ref().is_none_or(|session| session.client.is_closed()) {
            if self.session.take().is_some() {
                self.shared.broken.fetch_add(1, Ordering::Release);
            }
            self.session = Some(open(&self.config, self.options.replication).await?);
        }
        Ok(())
    }

    async fn transaction(
        &mut self,
        mut group: Vec<Work>,
        most: usize,
        apart: &mut Option<Work>,
    ) -> (Fate, Vec<Tell>) {
        let begun = match self.begin(&mut group, most, apart).await {
            Err(_) if self.is_lost().await => match self.connected().await {
                // Nothing was done yet: nobody needs to know.
                Ok(()) => self.begin(&mut group, most, apart).await,
                Err(error) => Err(error),
            },
            begun => begun,
        };
        match (begun, &self.session) {
            (Ok((head, mut judge)), Some(session)) => {
                let tells = group.into_iter().map(|work| judged(&mut judge, &head, work)).collect();
                (self.written(session, &head, &judge).await, tells)
            }
            (Ok(_), None) => (Fate::Undone(stopped()), group.into_iter().map(untried).collect()),
            (Err(error), _) => (Fate::Undone(error), group.into_iter().map(untried).collect()),
        }
    }

    /// Whether the connection is gone; the end of one takes a moment to be seen.
    async fn is_lost(&self) -> bool {
        tokio::time::sleep(Duration::from_millis(20)).await;
        self.session.as_ref().is_none_or(|session| session.client.is_closed())
    }

    /// Takes the lock and reads all that the group names. Whoever came while this waited for the lock
    /// comes along.
    async fn begin(
        &mut self,
        group: &mut Vec<Work>,
        most: usize,
        apart: &mut Option<Work>,
    ) -> Result<(Head, Judge), StoreError> {
        let Some(session) = self.session.as_ref() else { return Err(stopped()) };
        let mut named = Named::default();
        group.iter().for_each(|work| name(&mut named, work));
        let (head, names) = load::begin(session, &self.origin, &named).await?;
        let (halted, size) = (head.halted.clone(), head.frontier.size());
        let mut judge = Judge::new(self.origin.clone(), halted, size, head.certificates);
        judge.learn(names);
        let before = group.len();
        gather(&mut self.waiting, most, group, apart);
        if group.len() > before {
            let mut late = Named::default();
            group.iter().skip(before).for_each(|work| name(&mut late, work));
            judge.learn(late.read(session, &self.origin).await?);
        }
        Ok((head, judge))
    }

    /// Writes what was judged, and commits.
    async fn written(&self, session: &Session, head: &Head, judge: &Judge) -> Fate {
        if self.options.replication == Replication::Synchronous && !head.synchronous {
            let why = "replication has become asynchronous: losing the server would lose what it confirms";
            return Fate::Undone(StoreError::Engine(why.to_owned()));
        }
        let plan = judge.plan();
        let leaves: Vec<_> = plan.entries.iter().map(|entry| Hash::of_leaf(&entry.bytes)).collect();
        let (size, group) = if leaves.is_empty() {
            // A commit of nothing would confirm nothing: it would not reach the disk.
            if let Err(error) = session.touch().await {
                return Fate::Undone(error);
            }
            (head.frontier.size(), None)
        } else {
            let growth = match grow(&head.frontier, &leaves, |tile| Ok(head.edge.read(tile))) {
                Ok(growth) => growth,
                Err(error) => return Fate::Undone(tiles::damaged(&error)),
            };
            if let Err(error) = write::write(session, plan, &head.frontier, &growth).await {
                return Fate::Undone(error);
            }
            let group = match Appended::new(&head.frontier, &leaves) {
                Ok(group) => group,
                Err(error) => return Fate::Undone(StoreError::Engine(error.to_string())),
            };
            (growth.frontier.size(), Some(Arc::new(group)))
        };
        match session.commit(self.options.statement_timeout).await {
            Ok(()) => {
                self.shared.answered(&head.server);
                self.shared.confirmed.fetch_max(size, Ordering::Release);
                Fate::Committed(group)
            }
            Err(why) => Fate::InDoubt(why),
        }
    }

    /// A connection of which anything is doubtful is not used again: the server rolls back what it did
    /// not commit, and what it did the next group reads.
    fn after(&mut self, fate: &Fate) {
        match fate {
            Fate::Committed(_) => {
                self.shared.commits.fetch_add(1, Ordering::Relaxed);
            }
            Fate::InDoubt(_) | Fate::Undone(_) => {
                self.session = None;
                self.shared.broken.fetch_add(1, Ordering::Release);
            }
        }
    }

    /// A write that is no part of the log. What it refuses, it refuses alone.
    async fn party(&mut self, party: Party, reply: Reply<bool>) {
        let fate = match self.connected().await {
            Ok(()) => match self.session.take() {
                Some(session) => {
                    let (outcome, fate) = alone(&session, &party, self.options.statement_timeout).await;
                    self.session = Some(session);
                    self.after(&fate);
                    drop(reply.send(fate.of(outcome)));
                    return;
                }
                None => Fate::Undone(stopped()),
            },
            Err(error) => Fate::Undone(error),
        };
        drop(reply.send(fate.of(Ok(false))));
    }
}

/// Takes what waits into a group, up to the first request that needs a transaction of its own.
fn gather(waiting: &mut mpsc::Receiver<Work>, most: usize, group: &mut Vec<Work>, apart: &mut Option<Work>) {
    while group.len() < most
        && apart.is_none()
        && let Ok(next) = waiting.try_recv()
    {
        match next {
            next @ (Work::Party(..) | Work::Recover(..)) => *apart = Some(next),
            next => group.push(next),
        }
    }
}

/// Opens a session with all its statements.
pub(super) async fn open(config: &Config, replication: Replication) -> Result<Session, StoreError> {
    let mut session = Session::open(config, replication).await?;
    session.prepare(&load::STATEMENTS).await?;
    session.prepare(&write::STATEMENTS).await?;
    Ok(session)
}

async fn alone(session: &Session, party: &Party, patience: Duration) -> (Result<bool, StoreError>, Fate) {
    let outcome = match session.client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await
    {
        Ok(()) => party.write(&session.client).await,
        Err(error) => Err(error.into()),
    };
    let engine = matches!(outcome, Err(StoreError::Engine(_) | StoreError::Inconsistent { .. }));
    if outcome.is_ok() {
        return match session.commit(patience).await {
            Ok(()) => (outcome, Fate::Committed(None)),
            Err(why) => (outcome, Fate::InDoubt(why)),
        };
    }
    match session.client.batch_execute("ROLLBACK").await {
        // Refused and rolled back: the connection is as good as before.
        Ok(()) if !engine => (outcome, Fate::Committed(None)),
        _ => {
            let why = outcome.as_ref().err().map_or_else(stopped, again);
            (outcome, Fate::Undone(why))
        }
    }
}

fn name(named: &mut Named, work: &Work) {
    match work {
        Work::Register(registration, _) => named.registration(registration),
        Work::Close(closing, _) => named.certificate(closing.lot),
        Work::Admit(admission, _) => named.new_certificate(&admission.transfer),
        Work::Status(change, _) => change.certificates.iter().for_each(|digest| named.certificate(*digest)),
        Work::Recover(recovery, _) => named.recovery(recovery),
        Work::Party(..) | Work::Confirm(_) => {}
    }
}

fn judged(judge: &mut Judge, head: &Head, work: Work) -> Tell {
    match work {
        Work::Register(registration, reply) => tell(reply, judge.register(&registration)),
        Work::Close(closing, reply) => tell(reply, judge.close(&closing)),
        Work::Admit(admission, reply) => tell(reply, judge.admit(&admission)),
        Work::Status(change, reply) => tell(reply, judge.change_status(&change)),
        // Alone in its group, so that the head it leads to is the one that the commit has.
        Work::Recover(recovery, reply) => {
            let recovered = judge.recover(&recovery);
            tell(reply, recovered.and_then(|()| grown(head, judge)))
        }
        Work::Party(_, reply) => tell(reply, Err(stopped())),
        Work::Confirm(reply) => tell(reply, Ok(())),
    }
}

/// The head that what was judged leads to.
fn grown(head: &Head, judge: &Judge) -> Result<TreeHead, StoreError> {
    let mut frontier = head.frontier.clone();
    for entry in &judge.plan().entries {
        let full = |error: ytterby_tlog::FrontierError| StoreError::Engine(error.to_string());
        frontier.append(Hash::of_leaf(&entry.bytes)).map_err(full)?;
    }
    Ok(frontier.head())
}

/// The answer of a request whose group never began.
fn untried(work: Work) -> Tell {
    match work {
        Work::Register(_, reply) => tell(reply, Err(stopped())),
        Work::Close(_, reply) => tell(reply, Err(stopped())),
        Work::Admit(_, reply) => tell(reply, Err(stopped())),
        Work::Status(_, reply) => tell(reply, Err(stopped())),
        Work::Recover(_, reply) => tell(reply, Err(stopped())),
        Work::Party(_, reply) => tell(reply, Err(stopped())),
        Work::Confirm(reply) => tell(reply, Err(stopped())),
    }
}
