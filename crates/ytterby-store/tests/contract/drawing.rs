//! Draws, closings and lineage.

use ytterby::digest::Digest;
use ytterby_store::{CloseReason, Closing, NewCertificate, Store, StoreError};

use crate::make::{
    AT, attestation, certificate, did, drawing, element, masses, registration, sequence, wait,
};

fn register(store: &dyn Store, certificate: &NewCertificate) -> Result<Vec<u64>, StoreError> {
    wait(store.register(registration(std::slice::from_ref(certificate))))
        .map(|done| sequence(&done).remove(0))
}

fn closing(lot: Digest, holder: &str) -> Closing {
    Closing {
        lot,
        holder: did(holder),
        reason: CloseReason::Stocktake,
        at: "2026-04-01T00:00:00Z".to_owned(),
    }
}

pub(crate) fn draws_stop_at_the_content(store: &dyn Store) {
    let ore = certificate("ore", "mine", &[("Nd", 100), ("Pr", 40)]);
    register(store, &ore).unwrap();
    let take = |name: &str, amount: &[(&str, u64)]| {
        register(store, &drawing(certificate(name, "mine", &[]), &[(ore.digest, amount)]))
    };
    assert_eq!(take("a", &[("Nd", 60), ("Pr", 40)]).unwrap(), [1]);
    let error = take("b", &[("Nd", 41)]).unwrap_err();
    assert!(
        matches!(error, StoreError::Overdrawn { lot, element: e, left_mg: 40, wanted_mg: 41 }
            if lot == ore.digest && e == element("Nd")),
        "{error}"
    );
    assert_eq!(take("c", &[("Nd", 40)]).unwrap(), [2]);
    // What the lot does not hold, what is used up, and what no counter can hold.
    for (symbol, wanted) in [("Dy", 1), ("Pr", 1), ("Nd", u64::MAX), ("Nd", i64::MAX as u64)] {
        let error = take("d", &[(symbol, wanted)]).unwrap_err();
        assert!(
            matches!(error, StoreError::Overdrawn { left_mg: 0, wanted_mg, .. } if wanted_mg == wanted),
            "{symbol} {wanted}: {error}"
        );
    }
    let lot = wait(store.lots(vec![ore.digest])).unwrap().remove(0);
    assert_eq!((lot.drawn, lot.draws), (masses(&[("Nd", 100), ("Pr", 40)]), 2));

    let unknown = Digest::of(b"unknown");
    let error =
        register(store, &drawing(certificate("e", "mine", &[]), &[(unknown, &[("Nd", 1)])])).unwrap_err();
    assert!(matches!(error, StoreError::UnknownLot(lot) if lot == unknown), "{error}");
    assert!(matches!(wait(store.drawn_by(unknown)), Err(StoreError::UnknownLot(_))));
}

pub(crate) fn only_the_holder_draws(store: &dyn Store) {
    let ore = certificate("ore", "mine", &[("Nd", 10)]);
    let mut sold = drawing(certificate("sold", "mine", &[("Nd", 10)]), &[(ore.digest, &[("Nd", 10)])]);
    sold.lot.as_mut().unwrap().holder = Some(did("plant"));
    wait(store.register(registration(&[ore, sold.clone()]))).unwrap();

    let back = drawing(certificate("back", "mine", &[]), &[(sold.digest, &[("Nd", 1)])]);
    let error = register(store, &back).unwrap_err();
    assert!(
        matches!(&error, StoreError::NotHolder { lot, holder } if *lot == sold.digest && holder == did("plant").as_str()),
        "{error}"
    );
    let mut delivered =
        drawing(certificate("delivered", "plant", &[("Nd", 5)]), &[(sold.digest, &[("Nd", 5)])]);
    delivered.lot.as_mut().unwrap().holder = None;
    register(store, &delivered).unwrap();
    let record = wait(store.lots(vec![delivered.digest])).unwrap().remove(0);
    assert_eq!(record.closed, Some((AT.to_owned(), CloseReason::Delivered)));
    let again = drawing(certificate("again", "plant", &[]), &[(delivered.digest, &[("Nd", 1)])]);
    assert!(matches!(register(store, &again), Err(StoreError::NotHolder { .. })));
    assert!(matches!(
        wait(store.close(closing(delivered.digest, "plant"))),
        Err(StoreError::NotHolder { .. })
    ));
}

pub(crate) fn nothing_draws_on_a_closed_lot(store: &dyn Store) {
    let ore = certificate("ore", "mine", &[("Nd", 10)]);
    register(store, &ore).unwrap();
    assert!(matches!(wait(store.close(closing(ore.digest, "plant"))), Err(StoreError::NotHolder { .. })));
    assert!(matches!(
        wait(store.close(closing(Digest::of(b"none"), "mine"))),
        Err(StoreError::UnknownLot(_))
    ));
    wait(store.close(closing(ore.digest, "mine"))).unwrap();
    let mut later = closing(ore.digest, "mine");
    later.reason = CloseReason::Lost;
    assert!(matches!(wait(store.close(later)), Err(StoreError::LotClosed(lot)) if lot == ore.digest));

    let draw = drawing(certificate("late", "mine", &[]), &[(ore.digest, &[("Nd", 1)])]);
    assert!(matches!(register(store, &draw), Err(StoreError::LotClosed(lot)) if lot == ore.digest));
    let record = wait(store.lots(vec![ore.digest])).unwrap().remove(0);
    assert_eq!(record.closed, Some(("2026-04-01T00:00:00Z".to_owned(), CloseReason::Stocktake)));
    assert!(record.drawn.is_empty());
}

pub(crate) fn lots_of_one_registration_are_drawn_in_order(store: &dyn Store) {
    let ore = certificate("ore", "mine", &[("Nd", 10)]);
    let first = drawing(certificate("first", "mine", &[("Nd", 6)]), &[(ore.digest, &[("Nd", 6)])]);
    let draws: [(Digest, &[(&str, u64)]); 2] = [(first.digest, &[("Nd", 6)]), (ore.digest, &[("Nd", 4)])];
    let second = drawing(certificate("second", "mine", &[("Nd", 10)]), &draws);
    // A child before its parent is refused, whole.
    let error =
        wait(store.register(registration(&[second.clone(), ore.clone(), first.clone()]))).unwrap_err();
    assert!(matches!(error, StoreError::UnknownLot(lot) if lot == first.digest), "{error}");
    assert!(wait(store.certificate(ore.digest)).unwrap().is_none());
    let registered = wait(store.register(registration(&[ore, first, second]))).unwrap();
    assert_eq!(sequence(&registered), [vec![], vec![1], vec![1, 2]]);
}

pub(crate) fn a_lineage_has_all_that_is_behind(store: &dyn Store) {
    // Twelve diamonds in a row: 2^12 paths, 37 certificates.
    let mut all = vec![certificate("top", "mine", &[("Nd", 1_000)])];
    for level in 0..12 {
        let top = all.last().unwrap().digest;
        let mg = 1_000 - level;
        let part: [(Digest, &[(&str, u64)]); 1] = [(top, &[("Nd", mg / 2)])];
        let left = drawing(certificate(&format!("left-{level}"), "mine", &[("Nd", mg / 2)]), &part);
        let right = drawing(certificate(&format!("right-{level}"), "mine", &[("Nd", mg / 2)]), &part);
        let both: [(Digest, &[(&str, u64)]); 2] =
            [(left.digest, &[("Nd", mg / 2)]), (right.digest, &[("Nd", mg / 2)])];
        let bottom = drawing(certificate(&format!("bottom-{level}"), "mine", &[("Nd", mg)]), &both);
        all.extend([left, right, bottom]);
    }
    let (top, bottom) = (all[0].digest, all[36].digest);
    wait(store.register(registration(&[attestation("early", &[top])]))).unwrap();
    wait(store.register(registration(&all))).unwrap();
    let aside = drawing(certificate("aside", "mine", &[]), &[(bottom, &[("Nd", 1)])]);
    let about_both = attestation("late", &[top, bottom]);
    wait(store.register(registration(&[
        aside,
        about_both,
        attestation("elsewhere", &[Digest::of(b"elsewhere")]),
    ])))
    .unwrap();

    let lineage = wait(store.lineage(vec![bottom, top, bottom], 39)).unwrap();
    let digests: Vec<_> = lineage.iter().map(|bytes| Digest::of(bytes)).collect();
    let mut wanted = vec![attestation("early", &[]).digest];
    wanted.extend(all.iter().map(|certificate| certificate.digest));
    wanted.push(attestation("late", &[]).digest);
    assert_eq!(digests, wanted);
    assert!(matches!(wait(store.lineage(vec![bottom], 38)), Err(StoreError::TooMany(38))));
    assert_eq!(wait(store.lineage(vec![top], 3)).unwrap().len(), 3);
    assert_eq!(wait(store.lineage(vec![], 0)).unwrap(), Vec::<Vec<u8>>::new());
    assert!(matches!(wait(store.lineage(vec![top, Digest::of(b"none")], 9)), Err(StoreError::UnknownLot(_))));
}
