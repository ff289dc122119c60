//! The log that anybody can read: receipts, tiles, and what keeps it from forking.

use std::collections::BTreeSet;
use std::fs;

use serde_json::json;
use ytterby::entry::Entry;
use ytterby::ledger::Ledger;
use ytterby::time::parse_time;
use ytterby::{Bundle, Home, Trust, Verdict};
use ytterby_registry::log::Log;
use ytterby_tlog::{
    Cosigner, Frontier, Hash, KeyName, Policy, Receipt, SignedCheckpoint, Tile, VerifierKey,
    print_cosignatures,
};

use crate::make::{Answer, ORIGIN, Service, draw, origin, separation, transfer, trust};

pub(crate) fn key() -> VerifierKey {
    let (_, public) = Log::new_key(&Home::parse(ORIGIN).unwrap(), &[7; 32]).unwrap();
    VerifierKey::parse(&public).unwrap()
}

/// Verifies the receipt of an answer, against the log's key alone: entry and index.
fn receipt(answer: &Answer) -> (Entry, u64) {
    let receipt = &answer.json()["receipt"];
    let entry = receipt["entry"].to_string();
    let proof = Receipt::parse(receipt["proof"].as_str().unwrap().as_bytes()).unwrap();
    let policy = Policy::parse(format!("log {}\nquorum none\n", key()).as_bytes()).unwrap();
    let included = proof.verify(entry.as_bytes(), &KeyName::parse(ORIGIN).unwrap(), &policy).unwrap();
    (Entry::parse(entry.as_bytes()).unwrap(), included.index())
}

pub(crate) fn bytes(service: &Service, path: &str) -> Vec<u8> {
    service.client.send("GET", path, &[], None).expect(200).bytes
}

pub(crate) fn checkpoint(service: &Service) -> SignedCheckpoint {
    let checkpoint = SignedCheckpoint::parse(&bytes(service, "/log/checkpoint")).unwrap();
    checkpoint.open(&key()).unwrap();
    checkpoint
}

/// Reads the whole log from its public tiles, replays it, and builds its tree anew.
pub(crate) fn audited(service: &Service) -> (Ledger, u64) {
    let head = checkpoint(service).unverified().head();
    let (mut ledger, mut tree) = (Ledger::new(Home::parse(ORIGIN).unwrap()), Frontier::new());
    for bundle in ytterby_tlog::Bundle::written(0, head.size) {
        let read = bytes(service, &format!("/log/{bundle}"));
        let hashes = bytes(service, &format!("/log/{}", bundle.tile()));
        for (entry, hash) in bundle.decode(&read).unwrap().into_iter().zip(hashes.chunks(32)) {
            assert_eq!(Hash::of_leaf(entry).as_bytes(), hash);
            ledger.apply(&Entry::parse(entry).unwrap()).unwrap();
            tree.append(Hash::of_leaf(entry)).unwrap();
        }
    }
    assert_eq!(tree.head(), head);
    for tile in Tile::written(0, head.size) {
        assert_eq!(bytes(service, &format!("/log/{tile}")).len(), usize::from(tile.width()) * 32);
    }
    (ledger, head.size)
}

/// Whoever balances load is told when nothing can be signed for, and when it can again.
#[test]
fn a_log_that_cannot_be_published_is_not_ready_after_a_while() {
    let service = Service::start();
    let (_, mine) = service.issuer("mine");
    let ready = || service.client.send("GET", "/readyz", &[], None);
    assert_eq!(ready().expect(200).json()["log"], "published");
    // A folder in the place of the mark.
    let (mark, away) = (service.path().join("log.mark"), service.path().join("log.mark.away"));
    fs::rename(&mark, &away).unwrap();
    fs::create_dir(&mark).unwrap();
    let refused = service.client.make("/v1/certificates", &mine, "a", &origin("ORE-1")).expect(503);
    assert_eq!(refused.json()["code"], "log.unpublished");
    assert_eq!(ready().expect(200).json()["log"], "unpublished");
    std::thread::sleep(std::time::Duration::from_secs(6));
    assert_eq!(ready().expect(503).json()["code"], "log.unpublished");
    fs::remove_dir(&mark).unwrap();
    fs::rename(&away, &mark).unwrap();
    assert_eq!(ready().expect(200).json()["log"], "published");
    service.client.make("/v1/certificates", &mine, "a", &origin("ORE-1")).expect(201);
}

#[test]
fn what_is_made_and_closed_is_logged_and_anybody_can_audit_it() {
    let service = Service::start();
    assert_eq!(checkpoint(&service).unverified().head().size, 0);
    let (_, mine) = service.issuer("mine");
    let ore = service.client.issue(&mine, &origin("ORE-1"));
    assert_eq!(receipt(&ore).1, 0);
    let part = service.client.issue(&mine, &draw("PART-1", &ore.id(), "60"));
    let (Entry::Certificate(entry), 1) = receipt(&part) else { panic!("{}", part.text()) };
    assert_eq!((entry.draws()[0].seq(), entry.draws()[0].amount()), (1, entry.draws()[0].cumulative()));
    let refused = service.client.make("/v1/certificates", &mine, "over", &draw("PART-2", &ore.id(), "60000"));
    refused.expect(422);
    assert_eq!(checkpoint(&service).unverified().head().size, 2, "what is refused is not logged");
    let close = format!("/v1/lots/{}/close", part.id());
    service.client.make(&close, &mine, "close", &json!({ "reason": "consumed" })).expect(200);
    let late = service.client.issue(&mine, &draw("PART-3", &ore.id(), "5"));
    let (Entry::Certificate(entry), 3) = receipt(&late) else { panic!("{}", late.text()) };
    assert_eq!(entry.draws()[0].seq(), 2);
    let (ledger, size) = audited(&service);
    assert_eq!((ledger.len(), size), (3, 4));
    for path in ["0/000.p/5", "0/000", "1/000.p/1", "entries/000.p/5", "entries/001.p/1", "0/0", "x", "8/000"]
    {
        let answer = service.client.send("GET", &format!("/log/tile/{path}"), &[], None);
        assert_eq!(answer.status, 404, "{path}");
    }
}

/// What a witness that audits the log does: nothing else is needed for a buyer to know that a lot was
/// drawn in one place.
#[test]
fn a_witnessed_delivery_verifies_with_registration_required() {
    let service = Service::start();
    let (_, refinery) = service.issuer("refinery");
    let (buyer_did, buyer) = service.issuer("buyer");
    let ore = service.client.issue(&refinery, &origin("MREC-0001")).id();
    let oxide = service.client.issue(&refinery, &separation("NDPR-OX-0001", &ore)).id();
    let sale = transfer("NDPR-OX-0001", &oxide, &buyer_did);
    let sold = service.client.make("/v1/certificates", &refinery, "sale", &sale).expect(201).id();
    let mut bundle =
        service.client.get(&format!("/v1/certificates/{sold}/bundle"), &buyer).expect(200).json();

    let witness = Cosigner::from_seed(KeyName::parse("witness.example").unwrap(), &[8; 32]);
    let pins = format!(
        "[[registry]]\norigin = \"{ORIGIN}\"\nkey = \"{}\"\n[[witness]]\nkey = \"{}\"\naudits = [\"{ORIGIN}\"]\n\
         [quorum]\nneed = 1\ndishonest = 0\n[require]\nregistration = true\n",
        key(),
        witness.verifier_key(),
    );
    let text = trust(&service, &buyer_did).replace("[require]\nregistration = false\n", &pins);
    let trust = Trust::parse(text.as_bytes()).unwrap();
    let at = parse_time("2026-09-02T00:00:00Z").unwrap();
    let judged = |bundle: &serde_json::Value| {
        let bytes = bundle.to_string();
        let report = ytterby::verify(
            &Bundle::parse(bytes.as_bytes()).unwrap(),
            &trust,
            &ytterby::Rules::default(),
            at,
        );
        let codes: BTreeSet<&str> = report.findings().iter().map(|f| f.code.as_str()).collect();
        (report.verdict(), codes.into_iter().collect::<Vec<_>>().join(" "))
    };
    assert_eq!(judged(&bundle), (Verdict::Undecided, "registration.quorum".to_owned()));
    let (_, size) = audited(&service);
    assert_eq!(size, 3);
    let checkpoint = checkpoint(&service);
    let seconds = parse_time(crate::make::START).unwrap().as_second().unsigned_abs();
    let cosignature = witness.cosign(checkpoint.unverified(), seconds).unwrap();
    for (_, receipt) in bundle["receipts"].as_object_mut().unwrap() {
        let proof = format!(
            "{}{}",
            receipt["proof"].as_str().unwrap(),
            print_cosignatures(std::slice::from_ref(&cosignature))
        );
        receipt["proof"] = proof.into();
    }
    assert_eq!(judged(&bundle), (Verdict::Verified, "registration.private-quorum".to_owned()));
    // A receipt of another certificate is of no use.
    let receipts = bundle["receipts"].as_object_mut().unwrap();
    let other = receipts.values().next().unwrap().clone();
    *receipts.values_mut().last().unwrap() = other;
    assert_eq!(judged(&bundle).0, Verdict::Rejected);
}

#[test]
fn a_receipt_is_the_same_whenever_it_is_asked_for() {
    let service = Service::start();
    let (_, mine) = service.issuer("mine");
    let draft = origin("ORE-1");
    let first = service.client.make("/v1/certificates", &mine, "once", &draft).expect(201);
    for n in 0..5 {
        service.client.issue(&mine, &origin(&format!("MORE-{n}")));
    }
    let batch = json!({ "mode": "each", "certificates": [origin("B-1"), origin("B-2"), origin("B-1")] });
    let many = service.client.make("/v1/certificates/batch", &mine, "many", &batch).expect(201);
    let service = service.restart();
    let again = service.client.make("/v1/certificates", &mine, "once", &draft).expect(201);
    assert_eq!(again.bytes, first.bytes);
    let again = service.client.make("/v1/certificates/batch", &mine, "many", &batch).expect(201);
    assert_eq!(again.bytes, many.bytes);
    assert_eq!(receipt(&first).1, 0);
    assert_eq!(audited(&service).1, 8);
}

#[test]
fn a_store_that_is_behind_its_mark_is_not_signed_for() {
    let service = Service::start();
    let (_, mine) = service.issuer("mine");
    service.client.issue(&mine, &origin("ORE-1"));
    let folder = service.stop();
    let (store, mark) = (folder.path().join("registry.db"), folder.path().join("log.mark"));
    let (early_store, early_mark) = (fs::read(&store).unwrap(), fs::read(&mark).unwrap());
    let service = Service::again(folder.clone());
    service.client.issue(&mine, &origin("ORE-2"));
    drop(service.stop());
    let (late_store, late_mark) = (fs::read(&store).unwrap(), fs::read(&mark).unwrap());

    let refused = |what: &str| Service::refused(folder.clone()).contains(what);
    fs::write(&store, &early_store).unwrap();
    assert!(refused("a checkpoint of 2 entries was signed, the store has 1"));
    fs::remove_file(&mark).unwrap();
    assert!(refused("there is no mark"));
    fs::write(&mark, "nonsense").unwrap();
    assert!(refused("log.mark"));
    // Another history of the same length: the early store goes on with other ore.
    fs::write(&mark, &early_mark).unwrap();
    let service = Service::again(folder.clone());
    service.client.issue(&mine, &origin("ORE-3"));
    drop(service.stop());
    fs::write(&mark, &late_mark).unwrap();
    assert!(refused("not the one that was signed at size 2"));
    // A mark that did not advance after the last commit is nothing to fear.
    fs::write(&store, &late_store).unwrap();
    fs::write(&mark, &early_mark).unwrap();
    let service = Service::again(folder);
    assert_eq!(audited(&service).1, 2);
}
