//! Lists.

use ytterby::digest::Digest;
use ytterby_store::{CertificateFilter, CloseReason, Closing, NewCertificate, Registration, Store};

use crate::make::{attestation, certificate, did, drawing, registration, wait};

fn all(store: &dyn Store, filter: &CertificateFilter) -> Vec<Digest> {
    let page = wait(store.list(filter.clone(), None, 1_000)).unwrap();
    assert_eq!(page.next, None);
    page.rows.iter().map(|row| row.digest).collect()
}

pub(crate) fn every_filter_fits(store: &dyn Store) {
    let ore = certificate("ore", "mine", &[("Nd", 10), ("Dy", 1)]);
    let mut oxide =
        drawing(certificate("oxide", "plant", &[("Nd", 4)]), &[(ore.digest, &[("Nd", 10), ("Dy", 1)])]);
    oxide.issuer = did("mine");
    oxide.lot.as_mut().unwrap().step = "separation".to_owned();
    let metal = certificate("metal", "plant", &[("Tb", 4)]);
    let assay = attestation("assay", &[ore.digest]);
    let days =
        ["2026-03-01T23:59:59Z", "2026-03-02T00:00:00Z", "2026-03-05T12:00:00Z", "2026-03-02T08:00:00Z"];
    for (new, at) in [&ore, &oxide, &metal, &assay].into_iter().zip(days) {
        wait(store.register(Registration { at: at.to_owned(), ..registration(std::slice::from_ref(new)) }))
            .unwrap();
    }
    let reason = CloseReason::Lost;
    wait(store.close(Closing { lot: metal.digest, holder: did("plant"), reason, at: days[2].to_owned() }))
        .unwrap();

    let none = CertificateFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let check = |filter: CertificateFilter, wanted: &[&NewCertificate]| {
        let wanted: Vec<_> = wanted.iter().map(|certificate| certificate.digest).collect();
        assert_eq!(all(store, &filter), wanted, "{filter:?}");
    };
    check(none(), &[&assay, &metal, &oxide, &ore]);
    check(CertificateFilter { lot_number: text("LOT-oxide"), ..none() }, &[&oxide]);
    check(CertificateFilter { lot_number: text("LOT-oxid"), ..none() }, &[]);
    check(CertificateFilter { kind: text("OriginCertificate"), ..none() }, &[&metal, &ore]);
    check(CertificateFilter { step: text("separation"), ..none() }, &[&oxide]);
    check(CertificateFilter { element: text("Nd"), ..none() }, &[&oxide, &ore]);
    check(CertificateFilter { element: text("nd"), ..none() }, &[]);
    check(CertificateFilter { issuer: Some(did("mine")), ..none() }, &[&oxide, &ore]);
    check(CertificateFilter { holder: Some(did("plant")), ..none() }, &[&metal, &oxide]);
    check(CertificateFilter { status: text("open"), ..none() }, &[&oxide]);
    check(CertificateFilter { status: text("drained"), ..none() }, &[&ore]);
    check(CertificateFilter { status: text("closed"), ..none() }, &[&metal]);
    check(CertificateFilter { status: text("OPEN"), ..none() }, &[]);
    check(CertificateFilter { external_id: text("erp-assay"), ..none() }, &[&assay]);
    // A clock may step back: what counts is the time, not the place in the order.
    check(CertificateFilter { from: text(days[1]), ..none() }, &[&assay, &metal, &oxide]);
    check(CertificateFilter { to: text(days[1]), ..none() }, &[&ore]);
    check(CertificateFilter { from: text(days[3]), to: text(days[2]), ..none() }, &[&assay]);
    check(CertificateFilter { from: text("2026-03-06"), ..none() }, &[]);
    check(CertificateFilter { to: text("2026-03-01"), ..none() }, &[]);
    check(
        CertificateFilter {
            issuer: Some(did("mine")),
            element: text("Dy"),
            kind: text("OriginCertificate"),
            ..none()
        },
        &[&ore],
    );
    check(
        CertificateFilter {
            holder: Some(did("plant")),
            step: text("separation"),
            status: text("open"),
            element: text("Nd"),
            to: text("2027"),
            ..none()
        },
        &[&oxide],
    );
}

pub(crate) fn pages_do_not_shift(store: &dyn Store) {
    let lots: Vec<_> = (0..10).map(|n| certificate(&format!("{n}"), "mine", &[("Nd", 1)])).collect();
    wait(store.register(registration(&lots))).unwrap();
    for filter in [
        CertificateFilter::default(),
        CertificateFilter { element: Some("Nd".to_owned()), ..Default::default() },
    ] {
        let (mut seen, mut after, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = wait(store.list(filter.clone(), after, 3)).unwrap();
            seen.extend(page.rows.iter().map(|row| row.digest));
            pages += 1;
            let late =
                certificate(&format!("late-{}-{pages}", filter.element.is_some()), "plant", &[("Nd", 1)]);
            wait(store.register(registration(&[late]))).unwrap();
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let before = if filter.element.is_some() { 4 } else { 0 };
        assert_eq!(pages, (10_usize + before).div_ceil(3));
        assert_eq!(seen[before..], lots.iter().rev().map(|lot| lot.digest).collect::<Vec<_>>());
    }
    // A page that ends with the last row has no next one.
    let last = CertificateFilter { issuer: Some(did("mine")), ..Default::default() };
    assert_eq!(wait(store.list(last.clone(), None, 10)).unwrap().next, None);
    assert!(wait(store.list(last, None, 9)).unwrap().next.is_some());
}
