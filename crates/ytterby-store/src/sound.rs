//! What every engine asks of a request before and while it is written, whatever holds the rows.

use ytterby::digest::Digest;
use ytterby::entry::{CertificateEntry, Entry, RebuildError, Taken};
use ytterby::ledger::Ledger;

use crate::{Admission, Foreign, NewCertificate, Registration, StoreError};

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
