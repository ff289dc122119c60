//! The status lists of a registry, held against the entries of its log.

use std::collections::{BTreeMap, HashMap};

use ytterby::Evidence;
use ytterby::digest::Digest;
use ytterby::entry::Entry;
use ytterby::form::StatusPurpose;
use ytterby::key::Multikey;
use ytterby::status_list::{LIST_BITS, StatusList};
use ytterby::text::printable;

use super::{Found, Interrupted, Look, Watched};
use crate::follow::{FollowError, LogFiles};

/// Largest list that is read, in bytes: its bits are 16 KiB before they are compressed.
const MAX_LIST: u64 = 256 * 1024;

/// Most lists that are remembered as looked at: enough for a hundred million certificates.
const MOST_AGREED: usize = 2048;

/// Where a registry shows its lists, and who signs them.
#[derive(Debug)]
pub(crate) struct Lists {
    files: LogFiles,
    keys: Vec<Multikey>,
    /// Digests of those that were found to say what the entries say.
    agreed: Vec<Digest>,
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
        Lists { files, keys, agreed: Vec::new() }
    }

    /// Looks at every list of a log.
    pub(super) fn look(&mut self, log: &Watched, look: &mut Look) -> Result<(), Interrupted> {
        let size = log.kept().replica().head().size;
        for number in 0..size.div_ceil(LIST_BITS) {
            for purpose in StatusPurpose::ALL.iter().copied() {
                let path = match purpose {
                    StatusPurpose::Revocation => format!("v1/status-lists/{number}"),
                    StatusPurpose::Suspension => format!("v1/status-lists/{number}/suspension"),
                };
                let Some(bytes) = self.files.file(&path, MAX_LIST)? else {
                    look.missed.push(format!("{}/{path}: there is no list", self.files.name()));
                    continue;
                };
                let digest = Digest::of(&bytes);
                if self.agreed.contains(&digest) {
                    continue;
                }
                match self.read(&bytes, log, number, purpose) {
                    Ok(list) if list.size > size => {}
                    Ok(list) => {
                        compare(&list, &bytes, log)?;
                        if self.agreed.len() == MOST_AGREED {
                            self.agreed.remove(0);
                        }
                        self.agreed.push(digest);
                    }
                    Err(problem) => look.missed.push(format!("{}/{path}: {problem}", self.files.name())),
                }
            }
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

fn compare(list: &StatusList, bytes: &[u8], log: &Watched) -> Result<(), Interrupted> {
    let entries = entries(list, log)?;
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

fn entries(list: &StatusList, log: &Watched) -> Result<Entries, Interrupted> {
    let mut entries = Entries::default();
    log.kept().each(|index, bytes| {
        if index >= list.size {
            return Ok(());
        }
        match Entry::parse(bytes) {
            Ok(Entry::Certificate(entry)) if list.covers(index) => {
                entries.registered.insert(index, entry.certificate());
            }
            Ok(Entry::Status(change)) if change.purpose == list.purpose => {
                if change.value {
                    entries.set_by.insert(change.certificate, index);
                } else {
                    entries.set_by.remove(&change.certificate);
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(entries)
}

fn evidence(list: &[u8], log: &Watched, registered: u64, revoked: u64) -> Result<Evidence, Interrupted> {
    let statements = vec![log.state(registered)?, log.state(revoked)?];
    Evidence::against_list(list, statements)
        .map_err(|error| FollowError::Unavailable(error.to_string()).into())
}
