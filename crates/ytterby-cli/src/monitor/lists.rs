//! The status lists of a registry, held against the entries of its log.

use std::collections::{BTreeMap, HashMap, VecDeque};

use ytterby::Evidence;
use ytterby::digest::Digest;
use ytterby::entry::Entry;
use ytterby::form::StatusPurpose;
use ytterby::key::Multikey;
use ytterby::status_list::{LIST_BITS, StatusList};
use ytterby::text::printable;

use super::{Found, Interrupted, Look, Watched};
use crate::follow::{FollowError, LogFiles, MAX_STATUS_LIST, status_list_path};

/// Most lists that are remembered as looked at: enough for a hundred million certificates.
const MOST_AGREED: usize = 2048;

/// Most lists that are held against the entries at once: those of a million certificates.
const AT_ONCE: usize = 16;

/// Where a registry shows its lists, and who signs them.
#[derive(Debug)]
pub(crate) struct Lists {
    files: LogFiles,
    keys: Vec<Multikey>,
    /// Digests of those that were found to say what the entries say.
    agreed: VecDeque<Digest>,
}

/// A list that was not looked at yet, and what the entries say of it.
struct Fresh {
    list: StatusList,
    bytes: Vec<u8>,
    entries: Entries,
}

/// What the entries below a size say of the certificates of one list.
#[derive(Default)]
struct Entries {
    /// The certificate registered at an index.
    registered: BTreeMap<u64, Digest>,
    /// The entry that set the status of a certificate which is on.
    set_by: HashMap<Digest, u64>,
}

impl Lists {
    /// The lists below the URL of a registry, signed with one of these keys.
    pub(crate) fn new(files: LogFiles, keys: Vec<Multikey>) -> Self {
        Lists { files, keys, agreed: VecDeque::new() }
    }

    /// Looks at every list of a log. Those that are new since the last look are held against the entries
    /// several at once: each time the whole log is read.
    pub(super) fn look(&mut self, log: &Watched, look: &mut Look) -> Result<(), Interrupted> {
        let size = log.kept().replica().head().size;
        let mut fresh = Vec::new();
        let mut missed = None;
        'lists: for number in 0..size.div_ceil(LIST_BITS) {
            for purpose in StatusPurpose::ALL.iter().copied() {
                let path = status_list_path(number, purpose);
                let bytes = match self.files.file(&path, MAX_STATUS_LIST) {
                    Ok(Some(bytes)) => bytes,
                    Ok(None) => {
                        look.missed.push(format!("{}/{path}: there is no list", self.files.name()));
                        continue;
                    }
                    // What was read before is looked at all the same.
                    Err(error) => {
                        missed = Some(error);
                        break 'lists;
                    }
                };
                if self.agreed.contains(&Digest::of(&bytes)) {
                    continue;
                }
                match self.read(&bytes, log, number, purpose) {
                    Ok(list) if list.size > size => {}
                    Ok(list) => fresh.push(Fresh { list, bytes, entries: Entries::default() }),
                    Err(problem) => look.missed.push(format!("{}/{path}: {problem}", self.files.name())),
                }
                if fresh.len() == AT_ONCE {
                    self.compare(std::mem::take(&mut fresh), log)?;
                }
            }
        }
        self.compare(fresh, log)?;
        missed.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Holds lists against the entries, and remembers those that say the same.
    fn compare(&mut self, mut fresh: Vec<Fresh>, log: &Watched) -> Result<(), Interrupted> {
        if fresh.is_empty() {
            return Ok(());
        }
        log.kept().each(|index, bytes| {
            if let Ok(entry) = Entry::parse(bytes) {
                fresh.iter_mut().for_each(|own| own.take(index, &entry));
            }
            Ok(())
        })?;
        for own in fresh {
            own.compare(log)?;
            if self.agreed.len() == MOST_AGREED {
                self.agreed.pop_front();
            }
            self.agreed.push_back(Digest::of(&own.bytes));
        }
        Ok(())
    }

    fn read(
        &self,
        bytes: &[u8],
        log: &Watched,
        number: u64,
        purpose: StatusPurpose,
    ) -> Result<StatusList, String> {
        let list = StatusList::parse(bytes).map_err(|error| error.to_string())?;
        if list.log.as_str() != log.origin() || list.number != number || list.purpose != purpose {
            return Err("it is another list than was asked for".to_owned());
        }
        if self.keys.contains(&list.key) { Ok(list) } else { Err("its key is not known".to_owned()) }
    }
}

impl Fresh {
    /// Takes note of an entry, in the order of the log.
    fn take(&mut self, index: u64, entry: &Entry) {
        if index >= self.list.size {
            return;
        }
        match entry {
            Entry::Certificate(entry) if self.list.covers(index) => {
                self.entries.registered.insert(index, entry.certificate());
            }
            Entry::Status(change) if change.purpose == self.list.purpose => {
                if change.value {
                    self.entries.set_by.insert(change.certificate, index);
                } else {
                    self.entries.set_by.remove(&change.certificate);
                }
            }
            _ => {}
        }
    }

    /// Whether it says what the entries say.
    fn compare(&self, log: &Watched) -> Result<(), Interrupted> {
        let Fresh { list, bytes, entries } = self;
        for (index, certificate) in &entries.registered {
            let set_by = entries.set_by.get(certificate);
            if list.get(*index) == Some(set_by.is_some()) {
                continue;
            }
            let said = format!(
                "the list of {} of {} up to {} entries has {certificate} otherwise than the entries",
                list.purpose,
                printable(log.origin()),
                list.size
            );
            let evidence = match (list.purpose, set_by) {
                (StatusPurpose::Revocation, Some(by)) => Some(evidence(bytes, log, *index, *by)?),
                _ => None,
            };
            return Err(Interrupted::Found(Box::new(Found { said, evidence, mirror: None })));
        }
        Ok(())
    }
}

fn evidence(list: &[u8], log: &Watched, registered: u64, revoked: u64) -> Result<Evidence, Interrupted> {
    let statements = vec![log.state(registered)?, log.state(revoked)?];
    Evidence::against_list(list, statements)
        .map_err(|error| FollowError::Unavailable(error.to_string()).into())
}
