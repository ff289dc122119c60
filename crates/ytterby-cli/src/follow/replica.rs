//! What is known of a log: how its lots stand, and the right edge of its tree.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ytterby::entry::EntryError;
use ytterby::ledger::Violation;
use ytterby::{Entry, Home, Ledger};
use ytterby_tlog::{Bundle, Frontier, FrontierError, Hash, TreeHead};

use super::LogFiles;
use crate::clock::Stopwatch;

/// Most entries that are read after one that breaks a rule: the root, which shows that the log has signed
/// it, takes them all, but a log may sign any size. A million is more than a witness or a monitor that
/// keeps up ever has before it.
const MOST_AFTER_FAULT: u64 = 1 << 20;
/// Most bytes an entry has on average: four times what honest ones have, which take less than 1 KiB, and a
/// sixteenth of the longest. It is what keeps a log from filling disks with few entries.
const MOST_ON_AVERAGE: u64 = 4 << 10;
/// So many bytes are read whatever the average is: a few long entries in a row are nothing strange.
const ANY_AVERAGE: u64 = 32 << 20;
/// Most bytes that are read at once, and are on the disk before it is known whether they count: more than
/// four million honest entries, about what is replayed in the ten minutes that an audit has unless it is
/// told otherwise. 1 GiB would not do for the first audit of a log that is some years old.
const MOST_AT_ONCE: u64 = 4 << 30;

/// A log replayed up to some size.
#[derive(Debug)]
pub(crate) struct Replica {
    ledger: Ledger,
    frontier: Frontier,
}

/// What following a log further came to; nothing of it counts until it is taken in.
#[derive(Debug)]
pub(crate) struct Step {
    frontier: Frontier,
    /// How the certificates that the new entries name stand after them.
    changed: Ledger,
    /// The first entry that no log may hold, though this one has signed it.
    pub(crate) fault: Option<(u64, Fault)>,
    /// How many entries there were of each kind.
    pub(crate) counts: Counts,
}

/// How many entries there are of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) certificates: u64,
    pub(crate) admissions: u64,
    pub(crate) closings: u64,
    pub(crate) statuses: u64,
}

/// Why an entry may not stand where it does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// It is none.
    #[error("{0}")]
    NotAnEntry(#[from] EntryError),
    /// It breaks a rule of replay.
    #[error("{0}")]
    Violation(#[from] Violation),
}

/// Why a log could not be followed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FollowError {
    /// Something is not to be had now.
    #[error("{0}")]
    Unavailable(String),
    /// The entries that are served are not those that were signed.
    #[error("the entries that {name} serves do not have the root that was signed for {size} of them")]
    Root {
        /// Where they were read.
        name: String,
        /// How many.
        size: u64,
    },
    /// An entry breaks a rule, and so many follow it that whether the log has signed it is not found out.
    #[error("entry {index}: {fault}; {after} entries follow it, too many to find out whether it was signed")]
    Unsettled {
        /// Its index.
        index: u64,
        /// What is wrong with it.
        fault: Box<Fault>,
        /// How many entries follow it.
        after: u64,
    },
    /// There are more bytes than a log that is honest has.
    #[error("the {entries} entries that were read take {bytes} bytes: more is not read at once")]
    TooMuch {
        /// How many entries were read.
        entries: u64,
        /// How many bytes they take.
        bytes: u64,
    },
    /// What was read could not be kept.
    #[error("the entries cannot be kept: {0}")]
    Keep(#[from] io::Error),
}

/// How long following may take, and who may end it earlier.
#[derive(Debug)]
pub(crate) struct Patience<'s> {
    watch: Stopwatch,
    most: Duration,
    stop: &'s AtomicBool,
}

impl<'s> Patience<'s> {
    /// So long from now, unless it is told to stop.
    pub(crate) fn new(most: Duration, stop: &'s AtomicBool) -> Self {
        Patience { watch: Stopwatch::start(), most, stop }
    }

    fn check(&self) -> Result<(), FollowError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(FollowError::Unavailable("told to stop".to_owned()));
        }
        if self.watch.elapsed() > self.most {
            let text = format!("the log was not read within {} seconds", self.most.as_secs());
            return Err(FollowError::Unavailable(text));
        }
        Ok(())
    }
}

impl Replica {
    /// Nothing of a log yet.
    pub(crate) fn new(origin: Home) -> Self {
        Replica { ledger: Ledger::new(origin), frontier: Frontier::new() }
    }

    /// Size and root of what is known.
    pub(crate) fn head(&self) -> TreeHead {
        self.frontier.head()
    }

    /// How the lots stand.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Reads the log up to a head that it has signed, and replays what is new as it comes. Every new entry
    /// is given to `keep`, with its index, also those after a fault: they show what was signed. A log may
    /// sign any size and serve anything, so both are bounded: [`FollowError::Unsettled`],
    /// [`FollowError::TooMuch`].
    pub(crate) fn read_to(
        &self,
        head: TreeHead,
        files: &LogFiles,
        patience: &Patience<'_>,
        mut keep: impl FnMut(u64, &[u8]) -> io::Result<()>,
    ) -> Result<Step, FollowError> {
        let mut step = self.step();
        let mut read = 0;
        for bundle in Bundle::written(self.frontier.size(), head.size) {
            patience.check()?;
            let indices = bundle.indices();
            for (index, entry) in indices.zip(files.entries(bundle)?) {
                if index < step.frontier.size() {
                    continue;
                }
                read += entry.len() as u64;
                within(index + 1 - self.frontier.size(), read)?;
                step.append(&entry, &self.ledger)?;
                step.may_go_on(head)?;
                keep(index, &entry)?;
            }
        }
        if step.frontier.head() == head {
            return Ok(step);
        }
        Err(FollowError::Root { name: files.name(), size: head.size })
    }

    /// A step that leads nowhere yet.
    pub(crate) fn step(&self) -> Step {
        Step {
            frontier: self.frontier.clone(),
            changed: Ledger::new(self.ledger.origin().clone()),
            fault: None,
            counts: Counts::default(),
        }
    }

    /// Takes in a step without a fault.
    pub(crate) fn take(&mut self, step: Step) {
        self.frontier = step.frontier;
        for (certificate, standing) in step.changed.iter() {
            self.ledger.insert(*certificate, standing.clone());
        }
    }
}

impl Step {
    /// The right edge after it.
    pub(crate) fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Whether a fault is near enough to the end to be read on from.
    fn may_go_on(&self, head: TreeHead) -> Result<(), FollowError> {
        match &self.fault {
            Some((index, fault)) if head.size - index > MOST_AFTER_FAULT => Err(FollowError::Unsettled {
                index: *index,
                fault: Box::new(fault.clone()),
                after: head.size - index - 1,
            }),
            _ => Ok(()),
        }
    }

    /// Replays one more entry. A ledger of the lots that are named comes to the verdict of the whole.
    pub(crate) fn append(&mut self, bytes: &[u8], before: &Ledger) -> Result<(), FollowError> {
        let leaf = Hash::of_leaf(bytes);
        let full = |error: FrontierError| FollowError::Unavailable(error.to_string());
        let index = self.frontier.append(leaf).map_err(full)?;
        if self.fault.is_none() {
            self.fault = self.replay(bytes, before).err().map(|fault| (index, fault));
        }
        Ok(())
    }

    fn replay(&mut self, bytes: &[u8], before: &Ledger) -> Result<(), Fault> {
        let entry = Entry::parse(bytes)?;
        for named in entry.names() {
            if let (None, Some(standing)) = (self.changed.get(&named), before.get(&named)) {
                self.changed.insert(named, standing.clone());
            }
        }
        self.changed.apply(&entry)?;
        let count = match entry {
            Entry::Certificate(_) => &mut self.counts.certificates,
            Entry::Admission(_) => &mut self.counts.admissions,
            Entry::Closing(_) => &mut self.counts.closings,
            Entry::Status(_) => &mut self.counts.statuses,
        };
        *count += 1;
        Ok(())
    }
}

/// Whether so many entries may take so many bytes.
fn within(entries: u64, bytes: u64) -> Result<(), FollowError> {
    let most = entries.saturating_mul(MOST_ON_AVERAGE).saturating_add(ANY_AVERAGE).min(MOST_AT_ONCE);
    if bytes <= most { Ok(()) } else { Err(FollowError::TooMuch { entries, bytes }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honest_logs_of_any_size_are_read_and_long_entries_are_not() {
        assert!(within(1, u16::MAX.into()).is_ok());
        assert!(within(4_000_000, 4_000_000 * 1024).is_ok());
        // The longest entries, one after the other, end soon.
        let longest = (1..).find(|entries| within(*entries, entries * u64::from(u16::MAX)).is_err()).unwrap();
        assert_eq!(longest, 547);
        assert!(within(u64::MAX, MOST_AT_ONCE + 1).is_err());
    }
}
