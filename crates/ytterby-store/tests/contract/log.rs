//! The log: dense, proven, and exactly what was kept.

use std::collections::BTreeSet;

use ytterby::digest::Digest;
use ytterby::entry::Entry;
use ytterby::ledger::Ledger;
use ytterby_store::{CloseReason, Closing, Cosigned, Logged, Store, StoreError};
use ytterby_tlog::{Frontier, Hash, Tile, TreeHead, verify_consistency, verify_inclusion};

use crate::make::{AT, attestation, certificate, did, drawing, home, registration, sequence, wait};

/// Every entry, replayed from the first; the head is that of their tree.
pub(crate) fn replayed(store: &dyn Store) -> (Ledger, TreeHead) {
    let head = wait(store.head()).unwrap();
    let entries = wait(store.entries(0, usize::MAX >> 1)).unwrap();
    let (mut ledger, mut tree) = (Ledger::new(home()), Frontier::new());
    for entry in &entries {
        ledger.apply(&Entry::parse(entry).unwrap()).unwrap();
        tree.append(Hash::of_leaf(entry)).unwrap();
    }
    assert_eq!(tree.head(), head);
    for tile in Tile::written(0, head.size) {
        assert_eq!(wait(store.tile(tile)).unwrap().unwrap().len(), usize::from(tile.width()) * 32, "{tile}");
    }
    (ledger, head)
}

pub(crate) fn what_is_kept_is_logged_and_nothing_else(store: &dyn Store) {
    assert_eq!(wait(store.head()).unwrap(), TreeHead::EMPTY);
    let ore = certificate("ore", "mine", &[("Nd", 100), ("Pr", 40)]);
    let report = attestation("report", &[ore.digest]);
    let part = drawing(certificate("part", "mine", &[]), &[(ore.digest, &[("Nd", 60)])]);
    let over = drawing(certificate("over", "mine", &[]), &[(ore.digest, &[("Nd", 41)])]);
    let more = drawing(certificate("more", "mine", &[]), &[(ore.digest, &[("Nd", 40), ("Pr", 1)])]);
    let together = registration(&[ore.clone(), report.clone()]);
    let indices = |done: Vec<Logged>| done.iter().map(|logged| logged.index).collect::<Vec<_>>();
    assert_eq!(indices(wait(store.register(together)).unwrap()), [0, 1]);
    assert_eq!(indices(wait(store.register(registration(std::slice::from_ref(&part)))).unwrap()), [2]);
    let error = wait(store.register(registration(std::slice::from_ref(&over)))).unwrap_err();
    assert!(matches!(error, StoreError::Overdrawn { .. }), "{error}");
    let done = wait(store.register(registration(std::slice::from_ref(&more)))).unwrap();
    assert_eq!((sequence(&done), indices(done)), (vec![vec![2]], vec![3]));
    let reason = CloseReason::Consumed;
    wait(store.close(Closing { lot: part.digest, holder: did("mine"), reason, at: AT.to_owned() })).unwrap();
    let (ledger, head) = replayed(store);
    assert_eq!((ledger.len(), head.size), (4, 5));
    assert_eq!(ledger.get(&part.digest).unwrap().closed(), Some(CloseReason::Consumed));
    let drawn = wait(store.lots(vec![ore.digest])).unwrap().remove(0).drawn;
    assert_eq!(ledger.get(&ore.digest).unwrap().drawn(), drawn);

    let logged = wait(store.logged(vec![more.digest, over.digest, ore.digest], None)).unwrap();
    assert_eq!(
        logged.iter().map(|l| l.as_ref().map(|l| l.index)).collect::<Vec<_>>(),
        [Some(3), None, Some(0)]
    );
    for logged in logged.iter().flatten() {
        verify_inclusion(&logged.head, logged.index, Hash::of_leaf(&logged.entry), &logged.proof).unwrap();
    }
}

pub(crate) fn old_heads_stay_and_lead_to_new_ones(store: &dyn Store) {
    let mut heads = vec![TreeHead::EMPTY];
    let mut digests: Vec<Digest> = Vec::new();
    let mut told = Vec::new();
    // Past the edge of a tile, a few at a time.
    for n in 0..100 {
        let some: Vec<_> = (0..3).map(|k| certificate(&format!("{n}-{k}"), "mine", &[("Nd", 1)])).collect();
        digests.extend(some.iter().map(|new| new.digest));
        told.extend(wait(store.register(registration(&some))).unwrap());
        let head = wait(store.head()).unwrap();
        // Nobody else writes: what this process was acknowledged is all there is.
        assert_eq!(wait(store.head_covering(head.size)).unwrap(), head);
        heads.push(head);
    }
    let first: Vec<_> = wait(store.logged(digests.clone(), None)).unwrap().into_iter().flatten().collect();
    assert_eq!(first.len(), 300);
    assert_eq!(first, told, "what was answered at once is what is answered for ever");
    assert_eq!(first.iter().map(|l| l.index).collect::<BTreeSet<_>>(), (0..300).collect());
    let newest = *heads.last().unwrap();
    for (now, then) in wait(store.logged(digests, Some(newest.size))).unwrap().iter().flatten().zip(&first) {
        assert_eq!((now.index, &now.entry, now.head), (then.index, &then.entry, newest));
        assert_eq!(then.head, heads[then.index as usize / 3 + 1], "the first head that covers it");
        for logged in [now, then] {
            verify_inclusion(&logged.head, logged.index, Hash::of_leaf(&logged.entry), &logged.proof)
                .unwrap();
        }
    }
    for old in heads {
        let (then, proof) = wait(store.consistency(old.size, newest.size)).unwrap();
        assert_eq!(then, old);
        verify_consistency(&old, &newest, &proof).unwrap();
    }
    replayed(store);
}

pub(crate) fn what_was_cosigned_first_stays_first(store: &dyn Store) {
    let cosigned = |size: u64| Cosigned { size, note: format!("a note of {size}") };
    let keep = |size| wait(store.keep_cosigned(cosigned(size)));
    assert_eq!(wait(store.last_cosigned()).unwrap(), None);
    assert!(matches!(keep(0), Err(StoreError::NotThere { size: 0, wanted: 0 })));
    for n in 0..5 {
        let two: Vec<_> = (0..2).map(|k| certificate(&format!("{n}-{k}"), "mine", &[("Nd", 1)])).collect();
        wait(store.register(registration(&two))).unwrap();
    }
    // No write ended at 3, none yet at 12.
    assert!(matches!(keep(3), Err(StoreError::NotThere { size: 10, wanted: 3 })));
    assert!(matches!(keep(12), Err(StoreError::NotThere { size: 10, wanted: 12 })));
    for (size, kept) in [(4, true), (4, false), (2, false), (8, true), (6, false)] {
        assert_eq!(keep(size).unwrap(), kept, "{size}");
    }
    let first: Vec<_> = (0..10).map(|index| wait(store.cosigned(index)).unwrap().map(|c| c.size)).collect();
    let (four, eight) = (Some(4), Some(8));
    assert_eq!(first, [four, four, four, four, eight, eight, eight, eight, None, None]);
    assert_eq!(wait(store.cosigned(5)).unwrap(), Some(cosigned(8)));
    let before: Vec<_> =
        [0, 3, 4, 7, 8, 99].map(|size| wait(store.cosigned_before(size)).unwrap().map(|c| c.size)).to_vec();
    assert_eq!(before, [None, None, four, four, eight, eight]);
    assert_eq!(wait(store.last_cosigned()).unwrap(), Some(cosigned(8)));
}
