//! Many clients on one lot.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::make::{Service, draw, origin};

const CLIENTS: usize = 16;
const EACH: usize = 8;

#[test]
fn no_kilogram_is_drawn_twice_and_none_is_lost() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let ore = service.client.issue(&refinery, &origin("MREC-0001")).id();
    let (made, refused) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (service, refinery, ore, made, refused) = (&service, &refinery, &ore, &made, &refused);
            scope.spawn(move || {
                for n in 0..EACH {
                    let number = format!("PART-{client}-{n}");
                    let answer = service.client.make(
                        "/v1/certificates",
                        refinery,
                        &number,
                        &draw(&number, ore, "1000"),
                    );
                    match answer.status {
                        201 => made.fetch_add(1, Ordering::Relaxed),
                        409 | 422 => {
                            assert_eq!(answer.json()["code"], "conservation.overdrawn", "{}", answer.text());
                            refused.fetch_add(1, Ordering::Relaxed)
                        }
                        _ => panic!("{}", answer.text()),
                    };
                }
            });
        }
    });
    let (made, refused) = (made.into_inner(), refused.into_inner());
    // 50,691.9 kg of neodymium: fifty draws of a tonne fit, whoever comes first.
    assert_eq!((made, refused), (50, (CLIENTS * EACH) as u64 - 50));
    let lot = service.client.lot(&refinery, &ore);
    assert_eq!(lot["drawn"]["Nd"]["kg"], "50000");
    let by = lot["drawnBy"].as_array().unwrap();
    assert_eq!(by.len(), 50);
    assert!(by.iter().zip(1..).all(|(draw, seq)| draw["seq"] == seq));
}
