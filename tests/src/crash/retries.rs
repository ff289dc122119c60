//! Clients that vanish at random moments and ask again until they are answered.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use ytterby::digest::Digest;

use super::audit::PublicLog;
use super::connection::{Answer, Connection, Post};
use super::program::{Program, Storage};
use super::random::Random;
use super::{Failure, drafts, must};

const CLIENTS: usize = 16;
/// So many requests in a hundred are given up.
const DROPPED: u64 = 20;

/// What was done, and found to hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retried {
    /// Requests, given up or not.
    pub requests: usize,
    /// Of these, the ones whose connection was dropped.
    pub dropped: usize,
    /// Idempotency keys.
    pub keys: usize,
    /// Answers with a certificate.
    pub answers: usize,
    /// Requests that came while the same was being worked on.
    pub in_progress: usize,
}

impl fmt::Display for Retried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Retried { requests, dropped, keys, answers, in_progress } = self;
        write!(
            f,
            "{requests} requests of {CLIENTS} clients, {dropped} dropped, {in_progress} met themselves: {keys} keys, \
             {keys} certificates, {answers} answers with the same bytes for each key"
        )
    }
}

/// At least so many requests, those that were dropped counted.
pub fn run(requests: usize, seed: u64, storage: Storage<'_>) -> Result<Retried, Failure> {
    let folder = tempfile::tempdir()?;
    let program = Program::start(folder.path(), storage)?;
    let key = program.issuer("refinery")?;
    let (count, mut random) = (AtomicUsize::new(0), Random::new(seed));
    let clients: Vec<Client> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|name| {
                let (random, count, key, program) = (random.fork(), &count, key.as_str(), &program);
                scope.spawn(move || {
                    let connection = Connection::new(program.address(), key);
                    let mut client =
                        Client { connection, random, done: Retried::default(), made: Vec::new() };
                    for n in 0.. {
                        if count.load(Ordering::Relaxed) >= requests {
                            break;
                        }
                        client.one_key(&format!("R-{name}-{n}"), count)?;
                    }
                    Ok::<_, Failure>(client)
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().map_err(|_| "a client panicked")?)
            .collect::<Result<_, _>>()
    })?;
    let mut log = PublicLog::new(program.address(), &program.log_key()?)?;
    let audit = log.whole()?;
    let mut all = Retried::default();
    for client in clients {
        all.requests += client.done.requests;
        all.dropped += client.done.dropped;
        all.keys += client.done.keys;
        all.answers += client.done.answers;
        all.in_progress += client.done.in_progress;
        for body in client.made {
            let (certificate, index) = log.receipt(&body)?;
            must(audit.certificate(index) == Some(certificate), || {
                format!("{certificate} is not at {index}")
            })?;
        }
    }
    must(audit.size() == all.keys as u64, || {
        format!("{} keys made {} certificates", all.keys, audit.size())
    })?;
    Ok(all)
}

struct Client {
    connection: Connection,
    random: Random,
    done: Retried,
    /// The first answer to each key.
    made: Vec<Vec<u8>>,
}

impl Client {
    /// Asks until there is an answer, and sometimes once more.
    fn one_key(&mut self, once: &str, count: &AtomicUsize) -> Result<(), Failure> {
        let draft = drafts::lot(once, 1_000).to_string();
        let headers = [("idempotency-key", once)];
        let post = Post { path: "/v1/certificates", headers: &headers, body: &draft };
        let mut first: Option<Digest> = None;
        let again = self.random.below(2);
        let mut answers = 0;
        while answers <= again {
            self.done.requests += 1;
            count.fetch_add(1, Ordering::Relaxed);
            if self.random.below(100) < DROPPED {
                self.done.dropped += 1;
                // Whether the client or the server was faster to go makes no difference.
                let _ = self.connection.post_and_vanish(&post, &mut self.random);
                continue;
            }
            let answer = self.connection.post(&post)?;
            if is_in_progress(&answer) {
                self.done.in_progress += 1;
                thread::sleep(Duration::from_millis(2));
                continue;
            }
            let bytes = Digest::of(&answer.body);
            must(answer.status == 201 && first.is_none_or(|first| first == bytes), || {
                format!("{once}: {} {}", answer.status, answer.text())
            })?;
            if first.replace(bytes).is_none() {
                self.made.push(answer.body);
            }
            answers += 1;
            self.done.answers += 1;
        }
        self.done.keys += 1;
        Ok(())
    }
}

fn is_in_progress(answer: &Answer) -> bool {
    answer.status == 409 && answer.text().contains("\"idempotency.in-progress\"")
}
