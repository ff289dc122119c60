//! What every engine asks of a request before and while it is written, whatever holds the rows.

use ytterby::digest::Digest;
use ytterby::entry::{CertificateEntry, Entry, RebuildError, Taken};
use ytterby::form::StatusPurpose;
use ytterby::ledger::Ledger;
use ytterby_tlog::Appended;

use crate::{Admission, Foreign, Logged, NewCertificate, Registration, StoreError};

/// Refuses what would make the store inconsistent whatever is in it. Costs a hash of all bytes, so
/// it is done before the request waits for the writer.
pub(crate) fn registration(registration: &Registration) -> Result<(), StoreError> {
    for certificate in &registration.certificates {
        if Digest::of(&certificate.bytes) != certificate.digest {
            return Err(StoreError::Engine(format!(
                "{} is not the digest of {}",
                certificate.digest, certificate.id
            )));
        }
        let mut parents: Vec<_> = certificate.draws.iter().map(|draw| draw.lot).collect();
        parents.sort_unstable();
        if parents.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(StoreError::Engine(format!("{} draws twice on one lot", certificate.id)));
        }
        if certificate.draws.iter().any(|draw| draw.amount.is_empty()) {
            return Err(StoreError::Engine(format!("{} draws nothing from a lot", certificate.id)));
        }
    }
    Ok(())
}

/// The entry of a certificate whose draws were taken.
pub(crate) fn entry(certificate: &NewCertificate, taken: &[Taken]) -> Result<Entry, StoreError> {
    let lot = certificate.lot.as_ref().map(|lot| (&lot.content, lot.holder.is_none()));
    let draws: Vec<_> = certificate.draws.iter().map(|draw| (draw.lot, &draw.amount)).collect();
    let (digest, home) = (certificate.digest, &certificate.home);
    CertificateEntry::stating(digest, certificate.kind, home, lot, &draws, taken)
        .map(Entry::Certificate)
        .map_err(|error| match error {
            RebuildError::TooLarge(_) => {
                StoreError::EntryTooLarge { certificate: digest, why: error.to_string() }
            }
            error => StoreError::Unloggable { certificate: digest, why: error.to_string() },
        })
}

/// An entry that was appended, whose head is not known until the group ends.
#[derive(Debug)]
pub(crate) struct Entered {
    pub(crate) index: u64,
    pub(crate) entry: Vec<u8>,
}

/// Where entries of a group stand in the head that the group led to.
pub(crate) fn proven(entered: Vec<Entered>, group: Option<&Appended>) -> Result<Vec<Logged>, StoreError> {
    let unproven =
        |why: String| StoreError::Engine(format!("an entry that was committed has no proof: {why}"));
    let proven = |Entered { index, entry }: Entered| {
        let group = group.ok_or_else(|| unproven("its group has no head".to_owned()))?;
        let proof = group.prove_inclusion(index).map_err(|error| unproven(error.to_string()))?;
        Ok(Logged { index, entry, head: group.head(), proof })
    };
    entered.into_iter().map(proven).collect()
}

/// The gravest of the statuses that are on.
pub(crate) fn status(revoked: bool, suspended: bool) -> Option<StatusPurpose> {
    match (revoked, suspended) {
        (true, _) => Some(StatusPurpose::Revocation),
        (false, true) => Some(StatusPurpose::Suspension),
        (false, false) => None,
    }
}

/// Which certificate a label stands for, of those that have it and whether each was admitted, own ones first.
pub(crate) fn labelled(id: &str, found: &[(Digest, bool)]) -> Result<Option<Digest>, StoreError> {
    match found {
        [] => Ok(None),
        [(digest, _)] | [(digest, false), ..] => Ok(Some(*digest)),
        _ => Err(StoreError::Ambiguous(id.to_owned())),
    }
}

/// Judges an entry as a witness does.
pub(crate) fn replay(ledger: &mut Ledger, entry: &Entry) -> Result<(), StoreError> {
    let certificate = entry.certificate();
    ledger.apply(entry).map_err(|why| StoreError::Unloggable { certificate, why: why.to_string() })
}

/// Refuses an admission whose parts do not belong together.
pub(crate) fn admission(admission: &Admission) -> Result<(), StoreError> {
    let Admission { transfer, entry, foreign, .. } = admission;
    if entry.certificate() != transfer.digest || Digest::of(&transfer.bytes) != transfer.digest {
        return Err(StoreError::Engine(format!("the admission is not that of {}", transfer.id)));
    }
    let altered =
        |foreign: &&Foreign| foreign.bytes.as_ref().is_some_and(|bytes| Digest::of(bytes) != foreign.digest);
    match foreign.iter().find(altered) {
        Some(foreign) => {
            Err(StoreError::Engine(format!("{} is not the digest of its bytes", foreign.digest)))
        }
        None => Ok(()),
    }
}
