//! Many callers at once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use ytterby_store::{Store, StoreError};

use crate::make::{certificate, drawing, keyed, masses, registration, wait};

const THREADS: usize = 24;
const LOTS: usize = 5;
const CONTENT: u64 = 200;

/// Each thread draws on the same lots until nothing is left; what was acknowledged adds up.
pub(crate) fn no_milligram_is_drawn_twice(store: &dyn Store) {
    let lots: Vec<_> = (0..LOTS)
        .map(|n| certificate(&format!("lot-{n}"), "mine", &[("Nd", CONTENT), ("Dy", CONTENT)]))
        .collect();
    wait(store.register(registration(&lots))).unwrap();
    let acknowledged: Vec<AtomicU64> = lots.iter().map(|_| AtomicU64::new(0)).collect();
    let refused = AtomicU64::new(0);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (lots, acknowledged, refused) = (&lots, &acknowledged, &refused);
            scope.spawn(move || {
                for n in 0..200 {
                    let at = (thread + n) % LOTS;
                    let lot = &lots[at];
                    let mg = 1 + (thread as u64 + n as u64) % 3;
                    let name = format!("draw-{thread}-{n}");
                    let taking =
                        drawing(certificate(&name, "mine", &[]), &[(lot.digest, &[("Nd", mg), ("Dy", mg)])]);
                    let digest = taking.digest;
                    match wait(store.register(registration(&[taking]))) {
                        Ok(told) => {
                            // However many went in together, each is proven as it will be for ever.
                            let found = wait(store.logged(vec![digest], None)).unwrap();
                            assert!(told.iter().eq(found.iter().flatten()), "{told:?}, {found:?}");
                            acknowledged[at].fetch_add(mg, Ordering::Relaxed)
                        }
                        Err(StoreError::Overdrawn { left_mg, .. }) if left_mg < mg => {
                            refused.fetch_add(1, Ordering::Relaxed)
                        }
                        Err(other) => panic!("{other}"),
                    };
                }
            });
        }
    });
    assert!(refused.into_inner() > 0, "the lots were too large to be contended");
    for (lot, acknowledged) in lots.iter().zip(acknowledged) {
        let acknowledged = acknowledged.into_inner();
        // The last milligram went too: somebody always wanted just one.
        assert_eq!(acknowledged, CONTENT);
        let record = wait(store.lots(vec![lot.digest])).unwrap().remove(0);
        assert_eq!(record.drawn, masses(&[("Nd", acknowledged), ("Dy", acknowledged)]));
        let draws = wait(store.drawn_by(lot.digest)).unwrap();
        assert_eq!(draws.len() as u64, record.draws);
        assert!(draws.iter().zip(1..).all(|(draw, seq)| draw.seq == seq));
        assert_eq!(draws.iter().map(|draw| draw.amount.total()).sum::<u64>(), 2 * acknowledged);
    }
}

pub(crate) fn one_idempotency_key_makes_one_certificate(store: &dyn Store) {
    let won = AtomicU64::new(0);
    thread::scope(|scope| {
        for n in 0..64 {
            let won = &won;
            scope.spawn(move || {
                let certificate = certificate(&format!("try-{n}"), "mine", &[("Nd", 1)]);
                match wait(store.register(keyed(&[certificate], "acme", "k"))) {
                    Ok(_) => {
                        won.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(StoreError::KeyTaken) => {}
                    Err(other) => panic!("{other}"),
                }
            });
        }
    });
    assert_eq!(won.into_inner(), 1);
    let page = wait(store.list(ytterby_store::CertificateFilter::default(), None, 10)).unwrap();
    assert_eq!(page.rows.len(), 1);
}
