//! One request, one certificate, however often it is sent.

use crate::make::{Service, origin, separation};

#[test]
fn sixty_four_at_once_make_one_certificate() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let draft = origin("MREC-0001");
    let answers: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let ask = || loop {
            let answer = service.client.make("/v1/certificates", &refinery, "once", &draft);
            match answer.status {
                201 => return answer.bytes,
                409 => assert_eq!(answer.json()["code"], "idempotency.in-progress", "{}", answer.text()),
                _ => panic!("{}", answer.text()),
            }
        };
        let threads: Vec<_> = (0..64).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|bytes| *bytes == answers[0]));
    let list = service.client.get("/v1/certificates", &refinery).json();
    assert_eq!(list["certificates"].as_array().unwrap().len(), 1);
}

#[test]
fn a_key_belongs_to_one_request_also_after_a_restart() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let (_, other) = service.issuer("other");
    let draft = origin("MREC-0001");
    let missing = service.client.post("/v1/certificates", &refinery, &draft).expect(400).json();
    assert_eq!(missing["code"], "idempotency.missing");
    let made = service.client.make("/v1/certificates", &refinery, "once", &draft).expect(201);
    assert_eq!(made.header("idempotency-replayed"), None);
    let another =
        service.client.make("/v1/certificates", &refinery, "once", &origin("MREC-0002")).expect(422);
    assert_eq!(another.json()["code"], "idempotency.other-body");
    // The same key of another caller is another key.
    assert_ne!(service.client.make("/v1/certificates", &other, "once", &draft).expect(201).bytes, made.bytes);

    let service = service.restart();
    let again = service.client.make("/v1/certificates", &refinery, "once", &draft).expect(201);
    assert_eq!(again.bytes, made.bytes);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.header("location"), made.header("location"));
    let oxide = separation("NDPR-OX-0001", &made.id());
    service.client.make("/v1/certificates", &refinery, "once", &oxide).expect(422);
}

#[test]
fn a_refused_request_leaves_its_key_unused() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let mut draft = origin("MREC-0001");
    draft["netMass"] = "-1".into();
    service.client.make("/v1/certificates", &refinery, "once", &draft).expect(422);
    service.client.make("/v1/certificates", &refinery, "once", &origin("MREC-0001")).expect(201);
}

#[test]
fn malformed_keys_are_refused() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    for key in ["", &"x".repeat(256)] {
        let refused =
            service.client.make("/v1/certificates", &refinery, key, &origin("A")).expect(400).json();
        assert_eq!(refused["code"], "idempotency.malformed");
    }
    service.client.make("/v1/certificates", &refinery, &"x".repeat(255), &origin("A")).expect(201);
}
