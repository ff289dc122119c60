//! Lots that arrive from another log.

use ytterby::digest::Digest;
use ytterby::entry::{self, Entry};
use ytterby::form::Kind;
use ytterby_store::{Admission, Foreign, NewCertificate, Store, StoreError};

use crate::log::replayed;
use crate::make::{AT, certificate, did, drawing, registration, wait};

/// The entry that admits a lot of 50 mg Nd.
fn entry(lot: Digest) -> entry::Admission {
    let text = format!(
        r#"{{"amounts":{{"content":{{"Nd":"0.00005"}}}},"certificate":"{lot}","from":{{"index":"7","origin":"other.example/ree"}},"home":"registry.example/ree","kind":"admission","version":"1"}}"#
    );
    match Entry::parse(text.as_bytes()) {
        Ok(Entry::Admission(admission)) => admission,
        other => panic!("{other:?}"),
    }
}

fn foreign(digest: Digest, bytes: Option<&[u8]>, behind: &[Digest]) -> Foreign {
    let receipt = format!("receipt of {digest}").into_bytes();
    Foreign { digest, bytes: bytes.map(<[u8]>::to_vec), behind: behind.to_vec(), receipt }
}

fn arrival(transfer: &NewCertificate, behind: &[Digest], more: Vec<Foreign>) -> Admission {
    let own = foreign(transfer.digest, None, behind);
    let foreign = [vec![own], more].concat();
    Admission { transfer: transfer.clone(), entry: entry(transfer.digest), foreign, at: AT.to_owned() }
}

fn transfer(name: &str) -> NewCertificate {
    NewCertificate { kind: Kind::Transfer, ..certificate(name, "buyer", &[("Nd", 50)]) }
}

pub(crate) fn a_lot_is_admitted_once_and_drawn_on(store: &dyn Store) {
    let (far, nearer) = (b"far ore".as_slice(), b"far concentrate".as_slice());
    let (far_digest, near_digest) = (Digest::of(far), Digest::of(nearer));
    let bought = transfer("bought");
    let more = vec![foreign(near_digest, Some(nearer), &[far_digest]), foreign(far_digest, Some(far), &[])];
    let admission = arrival(&bought, &[near_digest], more);
    assert_eq!(wait(store.admit(admission.clone())).unwrap(), 0);
    let again = wait(store.admit(admission)).unwrap_err();
    assert!(matches!(again, StoreError::Unloggable { .. }), "{again}");

    let alloy = drawing(certificate("alloy", "buyer", &[]), &[(bought.digest, &[("Nd", 50)])]);
    wait(store.register(registration(std::slice::from_ref(&alloy)))).unwrap();
    let over = drawing(certificate("over", "buyer", &[]), &[(bought.digest, &[("Nd", 1)])]);
    let error = wait(store.register(registration(&[over]))).unwrap_err();
    assert!(matches!(error, StoreError::Overdrawn { .. }), "{error}");

    let mut behind = wait(store.lineage(vec![alloy.digest], 10)).unwrap();
    assert_eq!(behind.pop().unwrap(), alloy.bytes);
    assert_eq!(behind.pop().unwrap(), bought.bytes);
    behind.sort();
    assert_eq!(behind, [nearer.to_vec(), far.to_vec()]);
    assert!(matches!(wait(store.lineage(vec![alloy.digest], 3)), Err(StoreError::TooMany(3))));
    let receipts = wait(store.foreign_receipts(vec![alloy.digest, bought.digest, far_digest])).unwrap();
    assert_eq!(receipts.iter().map(|(digest, _)| *digest).collect::<Vec<_>>(), [bought.digest, far_digest]);
    // Its status is kept where it is registered, and so is its receipt.
    assert_eq!(wait(store.logged(vec![bought.digest], None)).unwrap(), [None]);
    assert_eq!(wait(store.events(vec![bought.digest], 1)).unwrap()[0].index, 0);
    let (ledger, head) = replayed(store);
    assert_eq!((ledger.get(&bought.digest).unwrap().draws(), head.size), (1, 2));
}

/// Another registry chooses the labels of what it certifies: none keeps out what has the same.
pub(crate) fn a_label_of_elsewhere_is_in_nobodys_way(store: &dyn Store) {
    let called = |new: NewCertificate| NewCertificate { id: "urn:uuid:the-same".to_owned(), ..new };
    let label = |name: &str| called(transfer(name));
    let (first, second) = (label("first"), label("second"));
    wait(store.admit(arrival(&first, &[], vec![]))).unwrap();
    assert_eq!(wait(store.digest_of(&first.id)).unwrap(), Some(first.digest));
    wait(store.admit(arrival(&second, &[], vec![]))).unwrap();
    let error = wait(store.digest_of(&first.id)).unwrap_err();
    assert!(matches!(&error, StoreError::Ambiguous(id) if *id == first.id), "{error}");
    for lot in [&first, &second] {
        assert_eq!(wait(store.lots(vec![lot.digest])).unwrap()[0].certificate, lot.bytes);
    }
    // What is registered here has the label to itself, once.
    let here = called(certificate("here", "mine", &[("Nd", 1)]));
    wait(store.register(registration(std::slice::from_ref(&here)))).unwrap();
    assert_eq!(wait(store.digest_of(&first.id)).unwrap(), Some(here.digest));
    let error = wait(store.register(registration(&[called(certificate("there", "mine", &[]))]))).unwrap_err();
    assert!(matches!(&error, StoreError::IdTaken(id) if *id == first.id), "{error}");
    wait(store.admit(arrival(&label("third"), &[], vec![]))).unwrap();
    assert_eq!(wait(store.digest_of(&first.id)).unwrap(), Some(here.digest));
}

pub(crate) fn a_lot_comes_back(store: &dyn Store) {
    let ore = certificate("ore", "mine", &[("Nd", 100)]);
    wait(store.register(registration(std::slice::from_ref(&ore)))).unwrap();
    let back = transfer("back");
    wait(store.admit(arrival(&back, &[ore.digest], vec![]))).unwrap();
    let behind = wait(store.lineage(vec![back.digest], 10)).unwrap();
    assert_eq!(behind, [ore.bytes.clone(), back.bytes.clone()]);
}

pub(crate) fn what_does_not_belong_together_is_not_admitted(store: &dyn Store) {
    let bought = transfer("bought");
    let other = Admission { entry: entry(Digest::of(b"other")), ..arrival(&bought, &[], vec![]) };
    assert!(matches!(wait(store.admit(other)), Err(StoreError::Engine(_))));
    let mut altered = foreign(Digest::of(b"a"), Some(b"b"), &[]);
    altered.receipt.clear();
    assert!(matches!(wait(store.admit(arrival(&bought, &[], vec![altered]))), Err(StoreError::Engine(_))));
    let here = certificate("here", "mine", &[("Nd", 50)]);
    wait(store.register(registration(std::slice::from_ref(&here)))).unwrap();
    let error = wait(store.admit(arrival(&here, &[], vec![]))).unwrap_err();
    assert!(matches!(error, StoreError::Unloggable { .. }), "{error}");
    assert_eq!(here.lot.as_ref().unwrap().holder, Some(did("mine")));
    assert_eq!(replayed(store).1.size, 1);
}
