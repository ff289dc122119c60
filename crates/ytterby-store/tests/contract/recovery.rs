//! A store that is behind its own log: what it lost is taken again.

use ytterby::digest::Digest;
use ytterby::entry::{self, CertificateEntry, Entry, Taken};
use ytterby::form::StatusPurpose;
use ytterby::masses::Masses;
use ytterby_store::{CertificateFilter, CloseReason, Direction, NewCertificate, Recovery, Store, StoreError};

use crate::log::replayed;
use crate::make::{AT, certificate, drawing, home, masses, registration, sequence, wait};

/// The entry of a certificate, the states of its draws given.
fn entry(certificate: &NewCertificate, taken: &[(u64, Masses)]) -> Vec<u8> {
    let lot = certificate.lot.as_ref().map(|lot| (&lot.content, lot.holder.is_none()));
    let draws: Vec<(Digest, &Masses)> = certificate.draws.iter().map(|d| (d.lot, &d.amount)).collect();
    let taken: Vec<Taken> =
        taken.iter().map(|(seq, cumulative)| Taken { seq: *seq, cumulative: cumulative.clone() }).collect();
    let (digest, kind) = (certificate.digest, certificate.kind);
    let entry = CertificateEntry::stating(digest, kind, &home(), lot, &draws, &taken).unwrap();
    Entry::Certificate(entry).to_bytes()
}

fn closing(lot: Digest) -> Vec<u8> {
    Entry::Closing(entry::Closing { certificate: lot, reason: CloseReason::Lost }).to_bytes()
}

fn recovery(from: u64, entries: &[Vec<u8>]) -> Recovery {
    Recovery { from, entries: entries.to_vec(), at: AT.to_owned() }
}

pub(crate) fn what_was_lost_is_counted_again(store: &dyn Store) {
    let ore = certificate("ore", "mine", &[("Nd", 100)]);
    let other = certificate("other", "mine", &[("Pr", 7)]);
    wait(store.register(registration(&[ore.clone(), other.clone()]))).unwrap();
    // Lost: two draws, one of them on a lot that is lost too, and two closings.
    let part = drawing(certificate("part", "mine", &[("Nd", 60)]), &[(ore.digest, &[("Nd", 60)])]);
    let bit = drawing(certificate("bit", "mine", &[("Nd", 5)]), &[(part.digest, &[("Nd", 20)])]);
    let lost = [
        entry(&part, &[(1, masses(&[("Nd", 60)]))]),
        entry(&bit, &[(1, masses(&[("Nd", 20)]))]),
        closing(other.digest),
        closing(bit.digest),
    ];
    let head = wait(store.recover(recovery(2, &lost))).unwrap();
    let (ledger, now) = replayed(store);
    assert_eq!((head, now.size), (now, 6));
    assert_eq!(ledger.get(&part.digest).unwrap().drawn(), masses(&[("Nd", 20)]));

    let lots = wait(store.lots(vec![ore.digest, other.digest])).unwrap();
    assert_eq!((&lots[0].drawn, lots[0].draws), (&masses(&[("Nd", 60)]), 1));
    assert_eq!(lots[1].closed, Some((AT.to_owned(), CloseReason::Lost)));
    let again = |new: &NewCertificate| wait(store.register(registration(std::slice::from_ref(new))));
    assert!(matches!(again(&part), Err(StoreError::IdTaken(_))), "it is registered once, for ever");
    let over = drawing(certificate("over", "mine", &[]), &[(ore.digest, &[("Nd", 41)])]);
    assert!(matches!(again(&over), Err(StoreError::Overdrawn { left_mg: 40, .. })));
    let fits = drawing(certificate("fits", "mine", &[]), &[(ore.digest, &[("Nd", 40)])]);
    assert_eq!(sequence(&again(&fits).unwrap()), [[2]]);
    let of_lost = drawing(certificate("of lost", "mine", &[]), &[(part.digest, &[("Nd", 1)])]);
    assert!(matches!(again(&of_lost), Err(StoreError::NotHolder { .. })));

    // It is counted, and nobody finds it.
    assert!(wait(store.certificate(part.digest)).unwrap().is_none());
    assert!(wait(store.digest_of(&part.id)).unwrap().is_none());
    assert!(matches!(wait(store.lots(vec![part.digest])), Err(StoreError::UnknownLot(_))));
    assert!(matches!(wait(store.lineage(vec![part.digest], 9)), Err(StoreError::UnknownLot(_))));
    let drawn_by = wait(store.drawn_by(ore.digest)).unwrap();
    assert_eq!(drawn_by.iter().map(|by| by.digest).collect::<Vec<_>>(), [fits.digest]);
    let listed = wait(store.list(CertificateFilter::default(), None, 9)).unwrap().rows;
    assert_eq!(
        listed.iter().map(|row| row.digest).collect::<Vec<_>>(),
        [fits.digest, other.digest, ore.digest]
    );
    let logged = wait(store.logged(vec![part.digest], None)).unwrap();
    assert_eq!(logged[0].as_ref().map(|logged| logged.index), Some(2));
    replayed(store);
}

pub(crate) fn what_does_not_fit_is_not_recovered(store: &dyn Store) {
    let ore = certificate("ore", "mine", &[("Nd", 100)]);
    wait(store.register(registration(std::slice::from_ref(&ore)))).unwrap();
    let before = wait(store.head()).unwrap();
    let part = drawing(certificate("part", "mine", &[("Nd", 60)]), &[(ore.digest, &[("Nd", 60)])]);
    let good = entry(&part, &[(1, masses(&[("Nd", 60)]))]);
    let counted_wrong = entry(&part, &[(2, masses(&[("Nd", 60)]))]);
    let refused = |from, entries: &[Vec<u8>]| wait(store.recover(recovery(from, entries))).unwrap_err();
    assert!(matches!(refused(0, std::slice::from_ref(&good)), StoreError::NotThere { size: 1, wanted: 0 }));
    assert!(matches!(refused(2, std::slice::from_ref(&good)), StoreError::NotThere { size: 1, wanted: 2 }));
    assert!(matches!(refused(1, &[counted_wrong]), StoreError::Unloggable { .. }));
    // Twice: the second is refused, and the first goes with it.
    assert!(matches!(refused(1, &[good.clone(), good.clone()]), StoreError::Unloggable { .. }));
    assert!(matches!(refused(1, &[b"{}".to_vec()]), StoreError::Engine(_)));
    assert_eq!(wait(store.head()).unwrap(), before);
    assert!(wait(store.lots(vec![ore.digest])).unwrap()[0].drawn.is_empty());
    assert_eq!(wait(store.recover(recovery(1, &[good]))).unwrap().size, 2);
    replayed(store);
}

/// Lots that had come from elsewhere, and statuses: the ledger has them again.
pub(crate) fn admissions_and_statuses_are_taken_back(store: &dyn Store) {
    let ore = certificate("ore", "mine", &[("Nd", 100)]);
    wait(store.register(registration(std::slice::from_ref(&ore)))).unwrap();
    let came = Digest::of(b"a transfer of another log");
    let admission = format!(
        "{{\"amounts\":{{\"content\":{{\"Nd\":\"12.5\"}}}},\"certificate\":\"{came}\",\"from\":{{\"index\":\"41\",\
         \"origin\":\"other.example/ree\"}},\"home\":\"{}\",\"kind\":\"admission\",\"version\":\"1\"}}",
        home()
    );
    let status = |certificate, purpose, value| {
        Entry::Status(entry::StatusChange { certificate, purpose, value }).to_bytes()
    };
    let part = drawing(certificate("part", "mine", &[("Nd", 5)]), &[(ore.digest, &[("Nd", 5)])]);
    let lost = [
        admission.into_bytes(),
        entry(&part, &[(1, masses(&[("Nd", 5)]))]),
        status(ore.digest, StatusPurpose::Suspension, true),
        status(ore.digest, StatusPurpose::Suspension, false),
        status(part.digest, StatusPurpose::Revocation, true),
        status(ore.digest, StatusPurpose::Suspension, true),
    ];
    assert_eq!(wait(store.recover(recovery(1, &lost))).unwrap().size, 7);
    let (ledger, _) = replayed(store);
    assert!(ledger.get(&ore.digest).unwrap().has(StatusPurpose::Suspension));
    let suspended = wait(store.status_bits(StatusPurpose::Suspension, 0, 99)).unwrap();
    let revoked = wait(store.status_bits(StatusPurpose::Revocation, 0, 99)).unwrap();
    assert_eq!((suspended.set, revoked.set, revoked.size), (vec![0], vec![2], 7));
    let told: Vec<_> =
        wait(store.status_events(ore.digest)).unwrap().iter().map(|e| (e.index, e.value)).collect();
    assert_eq!(told, [(3, true), (4, false), (6, true)]);
    // A suspended lot is not drawn on, and an admitted one is not admitted again.
    let next = drawing(certificate("next", "mine", &[]), &[(ore.digest, &[("Nd", 1)])]);
    assert!(matches!(wait(store.register(registration(&[next]))), Err(StoreError::Unloggable { .. })));
    assert!(matches!(wait(store.recover(recovery(7, &lost[..1]))), Err(StoreError::Unloggable { .. })));
    // A recall finds what is lost by its digest.
    let kin = wait(store.kin(ore.digest, Direction::After, None, 9)).unwrap();
    assert_eq!((kin.total, kin.page), (1, vec![(part.digest, String::new())]));
}
