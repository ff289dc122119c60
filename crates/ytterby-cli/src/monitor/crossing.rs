//! Lots that go from one log to another: what both say of them must agree.

use std::collections::{BTreeMap, HashMap};

use ytterby::digest::Digest;
use ytterby::entry::{Admission, Entry};
use ytterby::evidence::{Kind, Logged, kinds_shown};
use ytterby::text::printable;
use ytterby::{Evidence, Home};

use super::{Found, Interrupted, Watched};

/// The number of a log, and an index in it.
type Place = (usize, u64);

/// What is known of lots that go between logs.
#[derive(Debug, Default)]
pub(super) struct Crossing {
    /// Where each was first said to have a home, and which.
    homes: HashMap<Digest, (Place, Home)>,
    /// Pairs that name different homes.
    quarrels: Vec<(Place, Place)>,
    /// Admissions whose other log has not been followed far enough.
    open: Vec<(Place, Admission)>,
}

impl Crossing {
    /// Takes note of an entry of a log.
    pub(super) fn take(&mut self, log: usize, index: u64, bytes: &[u8], origin: &str) {
        let Ok(entry) = Entry::parse(bytes) else { return };
        let home = match &entry {
            Entry::Certificate(entry) if entry.home().as_str() != origin => entry.home().clone(),
            Entry::Admission(admission) => {
                self.open.push(((log, index), admission.clone()));
                admission.home().clone()
            }
            _ => return,
        };
        let place = (log, index);
        let (first, known) = self.homes.entry(entry.certificate()).or_insert_with(|| (place, home.clone()));
        if *known != home && first.0 != log {
            self.quarrels.push((*first, place));
        }
    }

    /// Looks at what has become comparable.
    pub(super) fn settle(&mut self, logs: &[Watched]) -> Result<(), Interrupted> {
        let mut wanted: Vec<(Place, Place)> = Vec::new();
        self.open.retain(|(place, admission)| {
            let from = logs.iter().position(|log| log.origin() == admission.from().as_str());
            // A log that is not followed says nothing; one that is not so far may yet.
            let Some(from) = from else { return false };
            let reached = logs[from].kept().replica().head().size > admission.index();
            if reached {
                wanted.push((*place, (from, admission.index())));
            }
            !reached
        });
        wanted.extend(std::mem::take(&mut self.quarrels));
        let entries = read(logs, &wanted)?;
        for (one, other) in wanted {
            if let Some(found) = compare(logs, &entries, one, other)? {
                return Err(Interrupted::Found(Box::new(found)));
            }
        }
        Ok(())
    }
}

/// The bytes of all entries of some pairs: each log is read once.
fn read(logs: &[Watched], pairs: &[(Place, Place)]) -> Result<BTreeMap<Place, Vec<u8>>, Interrupted> {
    let mut entries: BTreeMap<Place, Vec<u8>> =
        pairs.iter().flat_map(|(one, other)| [*one, *other]).map(|place| (place, Vec::new())).collect();
    for (at, log) in logs.iter().enumerate() {
        if entries.keys().any(|(log, _)| *log == at) {
            log.kept().each(|index, bytes| {
                if let Some(entry) = entries.get_mut(&(at, index)) {
                    *entry = bytes.to_vec();
                }
                Ok(())
            })?;
        }
    }
    Ok(entries)
}

fn compare(
    logs: &[Watched],
    entries: &BTreeMap<Place, Vec<u8>>,
    one: Place,
    other: Place,
) -> Result<Option<Found>, Interrupted> {
    let (first, second) = (&entries[&one], &entries[&other]);
    let (Ok(a), Ok(b)) = (Entry::parse(first), Entry::parse(second)) else { return Ok(None) };
    let pair = [
        Logged { origin: logs[one.0].origin(), index: one.1, entry: &a },
        Logged { origin: logs[other.0].origin(), index: other.1, entry: &b },
    ];
    let between = [Kind::InflatedAdmission, Kind::UnfoundedAdmission, Kind::AdmittedElsewhere];
    let Some(kind) = kinds_shown(&pair).find(|kind| between.contains(kind)) else { return Ok(None) };
    let statements = vec![logs[one.0].statement(one.1, first)?, logs[other.0].statement(other.1, second)?];
    let said = format!(
        "one of {} and {} lies of {}",
        printable(logs[one.0].origin()),
        printable(logs[other.0].origin()),
        a.certificate()
    );
    Ok(Some(Found { said, evidence: Some(Evidence::stating(kind, statements)), mirror: None }))
}
