//! Statuses, what is behind and after, and the switch that stops everything.

use ytterby::digest::Digest;
use ytterby::form::StatusPurpose;
use ytterby_store::{CloseReason, Closing, Direction, StatusChange, Store, StoreError};

use crate::log::replayed;
use crate::make::{AT, attestation, certificate, did, drawing, registration, wait};

const REVOCATION: StatusPurpose = StatusPurpose::Revocation;
const SUSPENSION: StatusPurpose = StatusPurpose::Suspension;

fn change(certificates: &[Digest], purpose: StatusPurpose, value: bool) -> StatusChange {
    let (reason, by, at) = ("wrong assay".to_owned(), "did:web:mine.example".to_owned(), AT.to_owned());
    StatusChange { certificates: certificates.to_vec(), purpose, value, reason, by, at, expected: None }
}

pub(crate) fn a_status_is_an_entry_and_a_bit(store: &dyn Store) {
    let ore = certificate("ore", "mine", &[("Nd", 100)]);
    let report = attestation("report", &[ore.digest]);
    let part = drawing(certificate("part", "mine", &[]), &[(ore.digest, &[("Nd", 60)])]);
    wait(store.register(registration(&[ore.clone(), report.clone(), part.clone()]))).unwrap();
    let standing = || {
        let lots = wait(store.lots(vec![ore.digest, part.digest])).unwrap();
        lots.iter().map(|lot| lot.status).collect::<Vec<_>>()
    };
    assert_eq!(standing(), [None, None]);
    let both = [ore.digest, report.digest];
    assert_eq!(wait(store.change_status(change(&both, SUSPENSION, true))).unwrap(), [3, 4]);
    assert_eq!(standing(), [Some(SUSPENSION), None]);
    // Said again, nothing happens; lifted and set for good, each is an entry.
    assert_eq!(wait(store.change_status(change(&both, SUSPENSION, true))).unwrap(), [0_u64; 0]);
    assert_eq!(wait(store.change_status(change(&[ore.digest], SUSPENSION, false))).unwrap(), [5]);
    assert_eq!(standing(), [None, None]);
    let once = StatusChange { expected: Some(2), ..change(&[ore.digest], REVOCATION, true) };
    assert_eq!(wait(store.change_status(once.clone())).unwrap(), [6]);
    let error = wait(store.change_status(once)).unwrap_err();
    assert!(matches!(error, StoreError::StatusChanged { changes: 3, .. }), "{error}");
    let error = wait(store.change_status(change(&[ore.digest], REVOCATION, false))).unwrap_err();
    assert!(matches!(error, StoreError::Unloggable { .. }), "{error}");
    // All or none: the second is not here.
    let unknown = [part.digest, Digest::of(b"nobody")];
    let error = wait(store.change_status(change(&unknown, REVOCATION, true))).unwrap_err();
    assert!(matches!(error, StoreError::UnknownLot(digest) if digest == unknown[1]), "{error}");

    assert_eq!(standing(), [Some(REVOCATION), None]);
    let events = wait(store.status_events(ore.digest)).unwrap();
    let seen: Vec<_> = events.iter().map(|event| (event.index, event.purpose, event.value)).collect();
    assert_eq!(seen, [(3, SUSPENSION, true), (5, SUSPENSION, false), (6, REVOCATION, true)]);
    assert_eq!((events[0].reason.as_str(), events[0].by.as_str()), ("wrong assay", "did:web:mine.example"));
    let bits = |purpose, from, to| {
        let bits = wait(store.status_bits(purpose, from, to)).unwrap();
        assert_eq!(bits.size, 7);
        bits.set
    };
    assert_eq!((bits(REVOCATION, 0, 131_072), bits(SUSPENSION, 0, 131_072)), (vec![0], vec![1]));
    assert_eq!((bits(REVOCATION, 1, 131_072), bits(SUSPENSION, 0, 1)), (vec![], vec![]));
    let draw = drawing(certificate("late", "mine", &[]), &[(ore.digest, &[("Nd", 1)])]);
    let error = wait(store.register(registration(&[draw]))).unwrap_err();
    assert!(matches!(error, StoreError::Unloggable { .. }), "{error}");
    let (ledger, head) = replayed(store);
    assert!(
        ledger.get(&ore.digest).unwrap().has(REVOCATION) && !ledger.get(&ore.digest).unwrap().has(SUSPENSION)
    );
    assert_eq!(head.size, 7);
}

pub(crate) fn events_are_proven(store: &dyn Store) {
    let ore = certificate("ore", "mine", &[("Nd", 100)]);
    wait(store.register(registration(std::slice::from_ref(&ore)))).unwrap();
    let (holder, reason) = (did("mine"), CloseReason::Lost);
    wait(store.close(Closing { lot: ore.digest, holder, reason, at: AT.to_owned() })).unwrap();
    wait(store.change_status(change(&[ore.digest], REVOCATION, true))).unwrap();
    let all = wait(store.events(vec![ore.digest], 3)).unwrap();
    assert_eq!(all.iter().map(|event| event.index).collect::<Vec<_>>(), [1, 2]);
    for event in &all {
        let leaf = ytterby_tlog::Hash::of_leaf(&event.entry);
        ytterby_tlog::verify_inclusion(&event.head, event.index, leaf, &event.proof).unwrap();
    }
    // A smaller tree has no place for the later one.
    assert_eq!(wait(store.events(vec![ore.digest], 2)).unwrap().len(), 1);
    assert!(wait(store.events(vec![ore.digest], 0)).unwrap().is_empty());
}

pub(crate) fn kin_are_found_both_ways(store: &dyn Store) {
    let ore = certificate("ore", "mine", &[("Nd", 100)]);
    let other = certificate("other", "mine", &[("Nd", 100)]);
    let left = drawing(certificate("left", "mine", &[]), &[(ore.digest, &[("Nd", 10)])]);
    let right = drawing(certificate("right", "mine", &[]), &[(ore.digest, &[("Nd", 10)])]);
    let both: [(Digest, &[(&str, u64)]); 2] = [(left.digest, &[("Nd", 5)]), (right.digest, &[("Nd", 5)])];
    let joined = drawing(certificate("joined", "mine", &[]), &both);
    let all = [ore.clone(), other, left.clone(), right.clone(), joined.clone()];
    wait(store.register(registration(&all))).unwrap();
    let kin = |of: Digest, direction, after, limit| {
        let kin = wait(store.kin(of, direction, after, limit)).unwrap();
        (kin.total, kin.page.iter().map(|(digest, _)| *digest).collect::<Vec<_>>(), kin.next)
    };
    let (total, page, next) = kin(ore.digest, Direction::After, None, 2);
    assert_eq!((total, page), (3, vec![left.digest, right.digest]));
    assert_eq!(kin(ore.digest, Direction::After, next, 2), (3, vec![joined.digest], None));
    let behind = kin(joined.digest, Direction::Behind, None, 9);
    assert_eq!(behind, (3, vec![ore.digest, left.digest, right.digest], None));
    assert_eq!(kin(ore.digest, Direction::Behind, None, 9), (0, vec![], None));
    let unknown = wait(store.kin(Digest::of(b"nobody"), Direction::After, None, 9));
    assert!(matches!(unknown, Err(StoreError::UnknownLot(_))));
}

pub(crate) fn a_halt_stops_the_next_registration(store: &dyn Store) {
    let ore = certificate("ore", "mine", &[("Nd", 100)]);
    wait(store.register(registration(std::slice::from_ref(&ore)))).unwrap();
    assert_eq!(wait(store.halted()).unwrap(), None);
    wait(store.halt(Some("key lost".to_owned()))).unwrap();
    let next = registration(&[certificate("next", "mine", &[("Nd", 1)])]);
    let error = wait(store.register(next.clone())).unwrap_err();
    assert!(matches!(&error, StoreError::Halted(reason) if reason == "key lost"), "{error}");
    assert_eq!(wait(store.halted()).unwrap().as_deref(), Some("key lost"));
    // What makes things safer goes on.
    wait(store.change_status(change(&[ore.digest], REVOCATION, true))).unwrap();
    wait(store.halt(None)).unwrap();
    wait(store.register(next)).unwrap();
}
