//! Registering and reading back.

use std::task::{Context, Waker};

use ytterby::digest::Digest;
use ytterby_store::{CertificateFilter, Store, StoreError};

use crate::make::{
    AT, accreditation, attestation, certificate, did, drawing, keyed, masses, registration, sequence, wait,
};

pub(crate) fn what_is_registered_is_read(store: &dyn Store) {
    wait(store.ping()).unwrap();
    let ore = certificate("ore", "mine", &[("Nd", 100), ("Pr", 40)]);
    let oxide = drawing(certificate("oxide", "mine", &[("Nd", 60)]), &[(ore.digest, &[("Nd", 60)])]);
    let assay = attestation("assay", &[oxide.digest]);
    assert_eq!(
        sequence(&wait(store.register(registration(std::slice::from_ref(&ore)))).unwrap()),
        [Vec::<u64>::new()]
    );
    let registered = wait(store.register(registration(&[oxide.clone(), assay.clone()]))).unwrap();
    assert_eq!(sequence(&registered), [vec![1], vec![]]);

    for new in [&ore, &oxide, &assay] {
        let row = wait(store.certificate(new.digest)).unwrap().unwrap();
        assert_eq!((row.digest, &row.id, &row.issuer), (new.digest, &new.id, &new.issuer));
        assert_eq!(
            (row.kind.as_str(), &row.external_id, &row.bytes),
            (new.kind.as_str(), &new.external_id, &new.bytes)
        );
        assert_eq!(row.registered, AT);
        assert_eq!(wait(store.digest_of(&new.id)).unwrap(), Some(new.digest));
    }
    let bytes = wait(store.certificates(vec![assay.digest, Digest::of(b"none"), ore.digest])).unwrap();
    assert_eq!(bytes, [Some(assay.bytes), None, Some(ore.bytes.clone())]);
    let lots = wait(store.lots(vec![oxide.digest, ore.digest])).unwrap();
    assert_eq!(
        (lots[0].digest, &lots[0].certificate, &*lots[0].carried),
        (oxide.digest, &oxide.bytes, "carried by oxide")
    );
    assert_eq!((&lots[0].drawn, lots[0].draws, &lots[0].closed), (&masses(&[]), 0, &None));
    assert_eq!((&lots[1].drawn, lots[1].draws, &lots[1].closed), (&masses(&[("Nd", 60)]), 1, &None));
    let drawn = wait(store.drawn_by(ore.digest)).unwrap();
    assert_eq!(drawn.len(), 1);
    assert_eq!((drawn[0].digest, &drawn[0].id, &drawn[0].issuer), (oxide.digest, &oxide.id, &oxide.issuer));
    assert_eq!((drawn[0].seq, &drawn[0].amount), (1, &masses(&[("Nd", 60)])));

    let nothing = Digest::of(b"nothing");
    assert!(wait(store.certificate(nothing)).unwrap().is_none());
    assert!(wait(store.digest_of("urn:uuid:nothing")).unwrap().is_none());
    // The first that is not there is named; an attestation is no lot.
    for missing in [nothing, assay.digest] {
        let error = wait(store.lots(vec![ore.digest, missing, Digest::of(b"later")])).unwrap_err();
        assert!(matches!(error, StoreError::UnknownLot(digest) if digest == missing), "{error}");
    }
}

pub(crate) fn accreditations_are_found_by_whom_they_accredit(store: &dyn Store) {
    let (mine, plant) = (Digest::of(b"the mine"), Digest::of(b"the plant"));
    let own = [
        accreditation("a1", "alliance", mine),
        accreditation("b1", "ministry", mine),
        accreditation("a2", "alliance", mine),
        accreditation("a3", "alliance", mine),
        accreditation("other", "alliance", plant),
        // Whatever else is filed there is none.
        attestation("assay", &[mine]),
    ];
    wait(store.register(registration(&own))).unwrap();
    let bytes = |at: &[usize]| at.iter().map(|at| own[*at].bytes.clone()).collect::<Vec<_>>();
    assert_eq!(wait(store.accreditations(vec![mine], 10)).unwrap(), bytes(&[0, 1, 2, 3]));
    // One accreditor cannot push out what another says.
    assert_eq!(wait(store.accreditations(vec![mine], 2)).unwrap(), bytes(&[1, 2, 3]));
    assert_eq!(wait(store.accreditations(vec![plant], 2)).unwrap(), bytes(&[4]));
    assert_eq!(wait(store.accreditations(vec![mine, plant], 1)).unwrap(), bytes(&[1, 3, 4]));
    assert!(wait(store.accreditations(vec![Digest::of(b"nobody")], 2)).unwrap().is_empty());
    // Nothing is drawn on it, and nothing is behind it.
    let error = wait(store.lots(vec![own[0].digest])).unwrap_err();
    assert!(matches!(error, StoreError::UnknownLot(_)), "{error}");
    assert_eq!(wait(store.lineage(vec![own[0].digest], 9)).unwrap(), bytes(&[0]));
}

pub(crate) fn names_are_taken_once(store: &dyn Store) {
    let first = certificate("first", "mine", &[("Nd", 1)]);
    wait(store.register(registration(std::slice::from_ref(&first)))).unwrap();

    let mut same_external_id = certificate("second", "mine", &[("Nd", 1)]);
    same_external_id.external_id.clone_from(&first.external_id);
    let error = wait(store.register(registration(std::slice::from_ref(&same_external_id)))).unwrap_err();
    assert!(
        matches!(&error, StoreError::ExternalIdTaken { external_id, by } if *external_id == first.external_id && *by == first.digest),
        "{error}"
    );
    // Another issuer's external ids are another matter.
    same_external_id.issuer = did("plant");
    wait(store.register(registration(&[same_external_id]))).unwrap();

    let mut same_id = certificate("third", "mine", &[("Nd", 1)]);
    same_id.id.clone_from(&first.id);
    let error = wait(store.register(registration(&[same_id]))).unwrap_err();
    assert!(matches!(&error, StoreError::IdTaken(id) if *id == first.id), "{error}");

    // Within one registration too.
    let twin = certificate("twin", "mine", &[("Nd", 1)]);
    let mut other = certificate("other", "mine", &[("Nd", 1)]);
    other.external_id.clone_from(&twin.external_id);
    let error = wait(store.register(registration(&[twin.clone(), other]))).unwrap_err();
    assert!(matches!(error, StoreError::ExternalIdTaken { .. }), "{error}");
    assert!(wait(store.certificate(twin.digest)).unwrap().is_none());
}

pub(crate) fn an_idempotency_key_is_stored_with_its_certificates(store: &dyn Store) {
    assert_eq!(wait(store.replay("acme", "k")).unwrap(), None);
    let first = certificate("first", "mine", &[("Nd", 5)]);
    wait(store.register(keyed(std::slice::from_ref(&first), "acme", "k"))).unwrap();
    let replay = wait(store.replay("acme", "k")).unwrap().unwrap();
    assert_eq!((replay.request, replay.status, &*replay.body), (Digest::of(b"k"), 201, &b"answer to k"[..]));
    assert_eq!(wait(store.replay("other", "k")).unwrap(), None);

    // The key says it first: a retry that was signed again has an external id that is taken, too.
    let error = wait(store.register(keyed(&[first], "acme", "k"))).unwrap_err();
    assert!(matches!(error, StoreError::KeyTaken), "{error}");
    let second = certificate("second", "mine", &[("Nd", 5)]);
    wait(store.register(keyed(&[second], "other", "k"))).unwrap();

    // A registration that fails does not use up its key.
    let greedy = |name, mg| {
        let ore = Digest::of(b"certificate first of mine");
        drawing(certificate(name, "mine", &[]), &[(ore, &[("Nd", mg)])])
    };
    let error = wait(store.register(keyed(&[greedy("greedy", 6)], "acme", "again"))).unwrap_err();
    assert!(matches!(error, StoreError::Overdrawn { left_mg: 5, wanted_mg: 6, .. }), "{error}");
    assert_eq!(wait(store.replay("acme", "again")).unwrap(), None);
    wait(store.register(keyed(&[greedy("modest", 5)], "acme", "again"))).unwrap();
}

pub(crate) fn a_failing_registration_leaves_no_trace(store: &dyn Store) {
    let ore = certificate("ore", "mine", &[("Nd", 100), ("Dy", 3)]);
    wait(store.register(registration(std::slice::from_ref(&ore)))).unwrap();
    let before = everything(store, ore.digest);

    let fits = drawing(certificate("fits", "mine", &[("Nd", 10)]), &[(ore.digest, &[("Nd", 10)])]);
    let about = attestation("about", &[ore.digest]);
    // The first element of the second draw fits, the other does not.
    let mut over = certificate("over", "mine", &[("Nd", 1)]);
    over = drawing(over, &[(fits.digest, &[("Nd", 1)]), (ore.digest, &[("Nd", 1), ("Dy", 4)])]);
    let error = wait(store.register(keyed(&[fits, about, over], "acme", "k"))).unwrap_err();
    assert!(matches!(error, StoreError::Overdrawn { left_mg: 3, wanted_mg: 4, .. }), "{error}");

    assert_eq!(everything(store, ore.digest), before);
    assert_eq!(wait(store.replay("acme", "k")).unwrap(), None);
}

/// All a reader can see, as text.
fn everything(store: &dyn Store, lot: Digest) -> String {
    let page = wait(store.list(CertificateFilter::default(), None, 1_000)).unwrap();
    let lots = wait(store.lots(vec![lot])).unwrap();
    let drawn = wait(store.drawn_by(lot)).unwrap();
    let lineage = wait(store.lineage(vec![lot], 1_000)).unwrap();
    format!("{page:?}\n{lots:?}\n{drawn:?}\n{lineage:?}")
}

pub(crate) fn a_write_goes_on_when_its_caller_is_gone(store: &dyn Store) {
    let ore = certificate("ore", "mine", &[("Nd", 1)]);
    let mut answer = store.register(keyed(std::slice::from_ref(&ore), "acme", "k"));
    // Polled once, as by a server whose client hangs up then.
    let _ = answer.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    drop(answer);
    let found = (0..1_000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(5));
        wait(store.replay("acme", "k")).unwrap().is_some()
    });
    assert!(found, "the write was lost with its future");
    assert!(wait(store.certificate(ore.digest)).unwrap().is_some());
}

pub(crate) fn bytes_and_digest_belong_together(store: &dyn Store) {
    let mut forged = certificate("forged", "mine", &[("Nd", 1)]);
    forged.bytes.push(b' ');
    assert!(wait(store.register(registration(std::slice::from_ref(&forged)))).is_err());
    assert!(wait(store.certificate(forged.digest)).unwrap().is_none());
}
