//! The registry's program, killed at random moments under writers. What it acknowledged is there afterwards, in the
//! bytes in which it was acknowledged; no index is taken twice, nothing is drawn twice, and the log only grew.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use ytterby::digest::Digest;
use ytterby::element::Element;
use ytterby_registry::clock::Stopwatch;

use super::audit::{Audit, PublicLog};
use super::connection::{Answer, Connection};
use super::program::{Program, Storage};
use super::random::Random;
use super::{Failure, drafts, must};

const WRITERS: usize = 16;
/// Longest time from the first request to the kill, in milliseconds; the shortest is none.
const LONGEST_MS: u64 = 500;
/// The whole log is read anew after so many kills, and at the end.
const WHOLE: u64 = 50;
/// Requests of earlier cycles that are sent again in each.
const OLDER: usize = 20;

/// What was done, and found to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Killed {
    /// Kills.
    pub cycles: u64,
    /// Requests that were answered with a certificate before the kill.
    pub acknowledged: usize,
    /// Requests that were under way when it came.
    pub cut: usize,
    /// Of these, the ones that had been registered.
    pub cut_registered: usize,
    /// Draws that were refused because nothing was left.
    pub refused: usize,
    /// Answers compared with what was answered first.
    pub compared: usize,
    /// Entries of the log.
    pub entries: u64,
    /// How often all of it was verified from the first entry.
    pub wholly: u64,
}

impl fmt::Display for Killed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Killed { cycles, acknowledged, cut, cut_registered, refused, compared, entries, wholly } = self;
        write!(
            f,
            "{cycles} cycles under {WRITERS} writers: {acknowledged} acknowledged, 0 lost; {cut} under way, {cut_registered} of \
             them registered; {refused} refused, 0 over-draws; {compared} answers repeated, same bytes; {entries} \
             entries, 0 duplicate indices, re-verified after each, wholly {wholly} times"
        )
    }
}

/// A request, and what it was answered with.
struct Request {
    once: String,
    draft: String,
    answered: Option<Answered>,
    refused: bool,
}

#[derive(Clone, PartialEq, Eq)]
struct Answered {
    bytes: Digest,
    certificate: Digest,
    index: u64,
}

/// A request that was sent, and the body of its answer if it made a certificate.
type Outcome = Result<(Request, Vec<u8>), Failure>;

struct World<'f> {
    folder: &'f Path,
    storage: Storage<'f>,
    /// Another process on the same database, which lives.
    beside: Option<Program>,
    key: String,
    audit: Audit,
    /// Everything that was answered with a certificate.
    kept: Vec<Request>,
    indices: HashSet<u64>,
    random: Random,
    done: Killed,
}

/// So many kills, or fewer if the time is over before. On PostgreSQL a second process serves half of the writers, and goes
/// on when the first is killed.
pub fn run(cycles: u64, most: Duration, seed: u64, storage: Storage<'_>) -> Result<Killed, Failure> {
    let (folder, other) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let watch = Stopwatch::start();
    let mut program = Program::start(folder.path(), storage)?;
    let beside = match storage {
        Storage::Sqlite => None,
        Storage::Postgres(url) => Some(program.another(other.path(), url)?),
    };
    let mut log = PublicLog::new(program.address(), &program.log_key()?)?;
    let mut world = World {
        folder: folder.path(),
        storage,
        beside,
        key: program.issuer("refinery")?,
        audit: log.whole()?,
        kept: Vec::new(),
        indices: HashSet::new(),
        random: Random::new(seed),
        done: Killed::default(),
    };
    while world.done.cycles < cycles && watch.elapsed() < most {
        program = world.cycle(program).map_err(|error| format!("cycle {}: {error}", world.done.cycles))?;
        world.done.cycles += 1;
        if world.done.cycles.is_multiple_of(WHOLE) {
            world.wholly(&program)?;
        }
    }
    world.all_again(&program)?;
    world.wholly(&program)?;
    Ok(world.done)
}

impl World<'_> {
    /// Writes, kills, starts again, looks.
    fn cycle(&mut self, program: Program) -> Result<Program, Failure> {
        let cycle = self.done.cycles;
        let mg = 50 + self.random.below(1_000);
        let pool = self.pool(&program, &format!("POOL-{cycle}"), mg)?;
        let mut sent = self.write_until_killed(program, &pool)?;
        let program = Program::start(self.folder, self.storage)?;
        let mut log = PublicLog::new(program.address(), &program.log_key()?)?;
        log.follow(&mut self.audit)?;
        let at_once: usize = sent.iter().filter(|request| request.answered.is_some()).count();
        self.done.acknowledged += at_once;
        self.done.cut += sent.iter().filter(|r| r.answered.is_none() && !r.refused).count();
        for request in &sent {
            self.is_there(request)?;
        }
        let before = self.audit.size();
        self.repeat(&program, &mut sent)?;
        log.follow(&mut self.audit)?;
        let new = self.audit.size() - before;
        let made: Vec<Request> = sent.into_iter().filter(|request| request.answered.is_some()).collect();
        self.done.cut_registered += made.len() - at_once - usize::try_from(new)?;
        for request in &made {
            self.is_there(request)?;
            let index = request.answered.as_ref().map(|answered| answered.index);
            must(index.is_some_and(|index| self.indices.insert(index)), || format!("{index:?} twice"))?;
        }
        let drawn = made.iter().filter(|request| request.draft.contains(&pool.0)).count();
        self.kept.extend(made);
        self.balance(&pool, drawn as u64)?;
        self.older(&program)?;
        must(self.audit.ledger().len() == self.kept.len(), || {
            format!(
                "{} requests were answered, {} certificates registered",
                self.kept.len(),
                self.audit.ledger().len()
            )
        })?;
        self.done.entries = self.audit.size();
        Ok(program)
    }

    /// A lot for everybody to draw on: its label and its digest.
    fn pool(&mut self, program: &Program, number: &str, mg: u64) -> Result<(String, Digest), Failure> {
        let draft = drafts::lot(number, mg).to_string();
        let mut connection = Connection::new(program.address(), &self.key);
        let answer = connection.issue(number, &draft)?;
        let body = answer.clone().expect(201)?;
        let answered = answered(program, &body)?;
        let label = answer.json()?["certificate"]["id"].as_str().ok_or("no label")?.to_owned();
        let digest = answered.certificate;
        must(self.indices.insert(answered.index), || format!("{} twice", answered.index))?;
        let once = number.to_owned();
        self.kept.push(Request { once, draft, answered: Some(answered), refused: false });
        Ok((label, digest))
    }

    fn write_until_killed(
        &mut self,
        program: Program,
        pool: &(String, Digest),
    ) -> Result<Vec<Request>, Failure> {
        let (cycle, next, stop) = (self.done.cycles, AtomicUsize::new(0), AtomicBool::new(false));
        let sent: Mutex<Vec<Outcome>> = Mutex::new(Vec::new());
        let (address, receipts) =
            (program.address(), PublicLog::new(program.address(), &program.log_key()?)?);
        let life = Duration::from_micros(self.random.below(LONGEST_MS * 1_000));
        let beside = self.beside.as_ref().map_or(address, Program::address);
        thread::scope(|scope| {
            for writer in 0..WRITERS {
                let address = if writer % 2 == 0 { address } else { beside };
                let (next, stop, sent, key) = (&next, &stop, &sent, &self.key);
                scope.spawn(move || {
                    let mut connection = Connection::new(address, key);
                    while !stop.load(Ordering::Relaxed) {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        let once = format!("{cycle}-{n}");
                        let draft = match n % 4 {
                            0 => drafts::lot(&once, 1_000),
                            _ => drafts::draw(&once, &pool.0),
                        };
                        let answer = connection.issue(&once, &draft.to_string());
                        let over = answer.is_err();
                        let outcome = outcome(once, draft.to_string(), answer.ok());
                        sent.lock().unwrap_or_else(|e| e.into_inner()).push(outcome);
                        if over {
                            break;
                        }
                    }
                });
            }
            thread::sleep(life);
            let killed = program.kill();
            stop.store(true, Ordering::Relaxed);
            killed
        })?;
        let mut all = Vec::new();
        for outcome in sent.into_inner().unwrap_or_else(|e| e.into_inner()) {
            let (mut request, body) = outcome?;
            if !body.is_empty() {
                let (certificate, index) = receipts.receipt(&body)?;
                request.answered = Some(Answered { bytes: Digest::of(&body), certificate, index });
            }
            self.done.refused += usize::from(request.refused);
            all.push(request);
        }
        Ok(all)
    }

    /// What was answered stands in the log where its receipt says.
    fn is_there(&self, request: &Request) -> Result<(), Failure> {
        let Some(answered) = &request.answered else { return Ok(()) };
        let found = self.audit.certificate(answered.index);
        must(found == Some(answered.certificate), || {
            format!("{} was acknowledged as {}, there is {found:?}", request.once, answered.index)
        })
    }

    /// Sends everything again, answered or not, as many at a time as there were writers.
    fn repeat(&mut self, program: &Program, requests: &mut [Request]) -> Result<(), Failure> {
        let share = requests.len().div_ceil(WRITERS).max(1);
        let key = &self.key;
        let compared = thread::scope(|scope| {
            let parts: Vec<_> = requests
                .chunks_mut(share)
                .map(|part| scope.spawn(move || repeat_part(program, key, part)))
                .collect();
            parts.into_iter().try_fold(0, |sum, part| {
                Ok::<_, Failure>(sum + part.join().map_err(|_| "a writer panicked")??)
            })
        })?;
        self.done.compared += compared;
        Ok(())
    }

    /// Some of what was answered in earlier cycles is answered in the same way.
    fn older(&mut self, program: &Program) -> Result<(), Failure> {
        let count = self.kept.len() as u64;
        let mut connection = Connection::new(program.address(), &self.key);
        for _ in 0..OLDER {
            let at = usize::try_from(self.random.below(count))?;
            same(&mut connection, program, &mut self.kept[at])?;
            self.done.compared += 1;
        }
        Ok(())
    }

    fn all_again(&mut self, program: &Program) -> Result<(), Failure> {
        let mut all = std::mem::take(&mut self.kept);
        self.repeat(program, &mut all)?;
        self.kept = all;
        Ok(())
    }

    /// What was drawn on a lot is what was answered, to the milligram, and not more than there was.
    fn balance(&self, pool: &(String, Digest), draws: u64) -> Result<(), Failure> {
        let neodymium = Element::parse("Nd").ok_or("no such element")?;
        let lot = self.audit.ledger().get(&pool.1).ok_or("the lot is lost")?;
        let (drawn, content) = (lot.drawn().get(neodymium), lot.content().get(neodymium));
        must(drawn == draws && lot.draws() == draws && drawn <= content, || {
            format!("{draws} draws were answered, the log has {} of {drawn} mg out of {content}", lot.draws())
        })
    }

    fn wholly(&mut self, program: &Program) -> Result<(), Failure> {
        let whole = PublicLog::new(program.address(), &program.log_key()?)?.whole()?;
        must(whole == self.audit, || "the log is not the one that was verified in parts".to_owned())?;
        self.done.wholly += 1;
        Ok(())
    }
}

/// What became of a request.
fn outcome(once: String, draft: String, answer: Option<Answer>) -> Outcome {
    let mut request = Request { once, draft, answered: None, refused: false };
    match answer {
        None => Ok((request, Vec::new())),
        Some(answer) if answer.status == 201 => Ok((request, answer.body)),
        Some(answer) if is_exhausted(&answer) => {
            request.refused = true;
            Ok((request, Vec::new()))
        }
        // Neither done nor refused: as good as no answer.
        Some(answer) if answer.status == 503 => Ok((request, Vec::new())),
        Some(answer) => Err(format!("{}: {}", answer.status, answer.text()).into()),
    }
}

/// The lot has nothing left: before the request was judged, or by the time it was registered.
fn is_exhausted(answer: &Answer) -> bool {
    matches!(answer.status, 409 | 422) && answer.text().contains("\"conservation.")
}

fn answered(program: &Program, body: &[u8]) -> Result<Answered, Failure> {
    let log = PublicLog::new(program.address(), &program.log_key()?)?;
    let (certificate, index) = log.receipt(body)?;
    Ok(Answered { bytes: Digest::of(body), certificate, index })
}

fn repeat_part(program: &Program, key: &str, requests: &mut [Request]) -> Result<usize, Failure> {
    let mut connection = Connection::new(program.address(), key);
    let mut compared = 0;
    for request in requests.iter_mut().filter(|request| !request.refused) {
        compared += usize::from(request.answered.is_some());
        same(&mut connection, program, request)?;
    }
    Ok(compared)
}

/// Sends a request again. If it was answered before, it is in the same bytes.
fn same(connection: &mut Connection, program: &Program, request: &mut Request) -> Result<(), Failure> {
    let answer = connection.issue(&request.once, &request.draft)?;
    let Some(before) = &request.answered else {
        let (_, body) = outcome(request.once.clone(), String::new(), Some(answer))?;
        if !body.is_empty() {
            request.answered = Some(answered(program, &body)?);
        }
        return Ok(());
    };
    must(answer.status == 201 && answer.replayed && Digest::of(&answer.body) == before.bytes, || {
        format!("{} was acknowledged and is now: {} {}", request.once, answer.status, answer.text())
    })
}
