//! Many workers who draw on the same lots, straight on a store. What they were answered is a history; it must be one
//! that a registry with a single clerk could have written.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use ytterby::digest::Digest;
use ytterby::element::Element;
use ytterby::entry::Entry;
use ytterby_store::{Logged, NewCertificate, Store, StoreError};

use super::random::Random;
use super::writer::{certificate, drawing, registration};
use super::{Failure, Open, audit, must, origin, wait};

/// Of ten draws on a lot, so many find something: the rest must be refused.
const ENOUGH_FOR: u64 = 9;

/// What was done, and found to hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contended {
    /// Draws that were tried.
    pub draws: u64,
    /// Lots.
    pub lots: u64,
    /// Workers.
    pub workers: u64,
    /// Draws that succeeded.
    pub taken: u64,
    /// Draws that found the lot exhausted.
    pub refused: u64,
}

impl fmt::Display for Contended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Contended { draws, lots, workers, taken, refused } = self;
        write!(
            f,
            "{draws} draws of {workers} workers on {lots} lots: {taken} taken, {refused} refused when nothing was left, \
             0 over, 0 under"
        )
    }
}

/// One draw, as its worker saw it. Times are ticks of one counter.
#[derive(Clone, Copy)]
struct Event {
    lot: usize,
    asked: u64,
    told: u64,
    /// Number of the draw on its lot and index of its entry; none if it was refused.
    taken: Option<(u64, u64)>,
}

/// So many draws of a milligram, by so many workers at once.
pub fn run(
    open: &Open<'_>,
    place: &Path,
    (draws, lots, workers): (u64, u64, u64),
    seed: u64,
) -> Result<Contended, Failure> {
    let store = open(place)?;
    let content = draws / lots * ENOUGH_FOR / 10;
    let made: Vec<NewCertificate> = (0..lots).map(|n| certificate(&format!("lot-{n}"), content)).collect();
    wait(store.register(registration(made.clone())))??;
    let digests: Vec<Digest> = made.iter().map(|lot| lot.digest).collect();
    let (next, clock, start) = (AtomicU64::new(0), AtomicU64::new(0), Random::new(seed).below(lots));
    let all: Vec<Event> = thread::scope(|scope| {
        let work = || {
            let runtime = tokio::runtime::Builder::new_current_thread().build()?;
            let mut seen = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= draws {
                    return Ok::<_, Failure>(seen);
                }
                // All of them turn to a lot at once, and then to the next.
                let lot = usize::try_from((n / workers + start) % lots)?;
                let draw = drawing(certificate(&format!("draw-{n}"), 1), digests[lot]);
                let asked = clock.fetch_add(1, Ordering::SeqCst);
                let answer = runtime.block_on(store.register(registration(vec![draw])));
                let told = clock.fetch_add(1, Ordering::SeqCst);
                seen.push(Event { lot, asked, told, taken: judged(answer, digests[lot])? });
            }
        };
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let all = workers.into_iter().map(|worker| worker.join().map_err(|_| "a worker panicked")?);
        Ok::<_, Failure>(all.collect::<Result<Vec<_>, Failure>>()?.concat())
    })?;
    let taken = check(&all, content, lots)?;
    stored(&*store, &digests, &all)?;
    Ok(Contended { draws, lots, workers, taken, refused: all.len() as u64 - taken })
}

fn judged(answer: Result<Vec<Logged>, StoreError>, on: Digest) -> Result<Option<(u64, u64)>, Failure> {
    match answer {
        Ok(registered) => {
            let logged = registered.first().ok_or("nothing was registered")?;
            let Entry::Certificate(entry) = Entry::parse(&logged.entry)? else {
                return Err("something else was registered".into());
            };
            let taken = entry.draws().first().ok_or("nothing was drawn")?;
            // Draws of one milligram: the sum is the number.
            must(taken.cumulative().total() == taken.seq(), || format!("{taken:?} does not add up"))?;
            Ok(Some((taken.seq(), logged.index)))
        }
        Err(StoreError::Overdrawn { lot, left_mg: 0, .. }) if lot == on => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Holds the history against that of a single clerk; how many draws succeeded.
fn check(all: &[Event], content: u64, lots: u64) -> Result<u64, Failure> {
    let mut of_lot: Vec<Vec<Event>> = vec![Vec::new(); usize::try_from(lots)?];
    for event in all {
        of_lot[event.lot].push(*event);
    }
    let mut sum = 0;
    for (lot, events) in of_lot.iter().enumerate() {
        let mut taken: Vec<(u64, &Event)> =
            events.iter().filter_map(|event| Some((event.taken?.0, event))).collect();
        taken.sort_unstable_by_key(|(seq, _)| *seq);
        let wanted = content.min(events.len() as u64);
        must(taken.iter().map(|(seq, _)| *seq).eq(1..=wanted), || {
            format!("lot {lot}: {} draws of {wanted} that were due", taken.len())
        })?;
        // Whoever was told before another asked has the smaller number.
        let mut earliest = u64::MAX;
        for (seq, event) in taken.iter().rev() {
            must(earliest > event.asked, || format!("lot {lot}: draw {seq} is older than a later one"))?;
            earliest = earliest.min(event.told);
        }
        // Once somebody was told that nothing is left, nobody gets anything.
        let first_refusal = events.iter().filter(|event| event.taken.is_none()).map(|event| event.told).min();
        let after = taken.iter().filter(|(_, event)| first_refusal.is_some_and(|told| event.asked > told));
        must(after.count() == 0, || format!("lot {lot}: drawn on after it was exhausted"))?;
        sum += taken.len() as u64;
    }
    Ok(sum)
}

/// What the store and its log say is the history.
fn stored(store: &dyn Store, lots: &[Digest], all: &[Event]) -> Result<(), Failure> {
    let neodymium = Element::parse("Nd").ok_or("no such element")?;
    let mut counts = vec![0_u64; lots.len()];
    let mut indices: Vec<u64> = (0..lots.len() as u64).collect();
    for event in all {
        if let Some((_, index)) = event.taken {
            counts[event.lot] += 1;
            indices.push(index);
        }
    }
    indices.sort_unstable();
    let dense = (0..).zip(&indices).all(|(expected, index)| expected == *index);
    must(dense, || "the indices have a gap, or one twice".to_owned())?;
    let audit = audit::of_store(store, origin())?;
    must(audit.size() == indices.len() as u64, || format!("the log has {} entries", audit.size()))?;
    for (lot, count) in lots.iter().zip(counts) {
        let record = wait(store.lots(vec![*lot]))??.pop().ok_or("a lot is lost")?;
        let drawn = record.drawn.get(neodymium);
        must(drawn == count && record.draws == count, || format!("{count} draws, {drawn} mg stored"))?;
        let logged = audit.ledger().get(lot).map(|standing| standing.drawn().get(neodymium));
        must(logged == Some(count), || format!("{count} draws, {logged:?} mg logged"))?;
    }
    Ok(())
}
