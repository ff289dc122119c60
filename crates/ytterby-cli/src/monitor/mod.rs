//! The monitor: several logs followed and held against each other, and against what witnesses have
//! seen of them. Implements proto-docs/monitoring.md, "Following a log".

mod crossing;
mod lists;
mod watched;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ytterby::Evidence;

use crate::failure::Failure;
use crate::follow::{FollowError, LogFiles, Patience};
pub(crate) use lists::Lists;
pub(crate) use watched::Watched;

use crossing::Crossing;

/// All that is followed.
#[derive(Debug)]
pub(crate) struct Monitor {
    logs: Vec<Watched>,
    /// Those of each log whose status keys are known.
    lists: Vec<Option<Lists>>,
    witnesses: Vec<LogFiles>,
    crossing: Crossing,
}

/// What one look at everything came to.
#[derive(Debug, Default)]
pub(crate) struct Look {
    /// What was seen, for whoever wants to know.
    pub(crate) seen: Vec<String>,
    /// What could not be looked at.
    pub(crate) missed: Vec<String>,
    /// The first fault.
    pub(crate) found: Option<Found>,
}

/// A fault of a log.
#[derive(Debug)]
pub(crate) struct Found {
    /// In a sentence.
    pub(crate) said: String,
    /// What shows it to anybody; none if only the whole log does.
    pub(crate) evidence: Option<Evidence>,
    /// The folder in which the whole log was mirrored, if only that shows it.
    pub(crate) mirror: Option<PathBuf>,
}

/// Why a look ended early.
#[derive(Debug)]
pub(crate) enum Interrupted {
    /// By a fault.
    Found(Box<Found>),
    /// By this machine.
    Failed(Failure),
    /// By a log or a witness, which the others need not wait for.
    Missed(FollowError),
}

impl From<FollowError> for Interrupted {
    fn from(error: FollowError) -> Self {
        Interrupted::Missed(error)
    }
}

impl From<Failure> for Interrupted {
    fn from(failure: Failure) -> Self {
        Interrupted::Failed(failure)
    }
}

impl From<std::io::Error> for Interrupted {
    fn from(error: std::io::Error) -> Self {
        Interrupted::Missed(FollowError::Keep(error))
    }
}

impl Interrupted {
    fn found(evidence: Evidence, said: String) -> Self {
        Interrupted::Found(Box::new(Found { said, evidence: Some(evidence), mirror: None }))
    }
}

impl Monitor {
    /// Takes up where the kept entries of the logs end.
    pub(crate) fn new(
        followed: Vec<(Watched, Option<Lists>)>,
        witnesses: Vec<LogFiles>,
    ) -> Result<Self, Failure> {
        let (logs, lists): (Vec<Watched>, Vec<Option<Lists>>) = followed.into_iter().unzip();
        let mut crossing = Crossing::default();
        for (at, log) in logs.iter().enumerate() {
            let took = log.kept().each(|index, bytes| {
                crossing.take(at, index, bytes, log.origin());
                Ok(())
            });
            took.map_err(|error| Failure::undecided(format!("{}: {error}", log.origin())))?;
        }
        Ok(Monitor { logs, lists, witnesses, crossing })
    }

    /// Looks at every log once, at what the witnesses have seen of each, at its status lists, and at what
    /// the logs say of each other; up to the first fault.
    pub(crate) fn look(&mut self, most: Duration) -> Result<Look, Failure> {
        let mut look = Look::default();
        let never = AtomicBool::new(false);
        for at in 0..self.logs.len() {
            let patience = Patience::new(most, &never);
            let log = &mut self.logs[at];
            let before = log.kept().replica().head().size;
            let looked = log.look(&self.witnesses, &patience, &mut look);
            let crossed = self.cross(at, before);
            let listed =
                self.lists[at].as_mut().map_or(Ok(()), |lists| lists.look(&self.logs[at], &mut look));
            for result in [looked, crossed, listed] {
                match result {
                    Ok(()) => {}
                    Err(Interrupted::Failed(failure)) => return Err(failure),
                    Err(Interrupted::Missed(error)) => look.missed.push(error.to_string()),
                    Err(Interrupted::Found(found)) => {
                        look.found = Some(*found);
                        return Ok(look);
                    }
                }
            }
        }
        match self.crossing.settle(&self.logs) {
            Ok(()) => {}
            Err(Interrupted::Failed(failure)) => return Err(failure),
            Err(Interrupted::Missed(error)) => look.missed.push(error.to_string()),
            Err(Interrupted::Found(found)) => look.found = Some(*found),
        }
        Ok(look)
    }

    /// Takes note of what a log newly says of lots that come from other logs, or go there.
    fn cross(&mut self, at: usize, from: u64) -> Result<(), Interrupted> {
        let log = &self.logs[at];
        if log.kept().replica().head().size == from {
            return Ok(());
        }
        log.kept().each(|index, bytes| {
            if index >= from {
                self.crossing.take(at, index, bytes, log.origin());
            }
            Ok(())
        })?;
        Ok(())
    }
}
