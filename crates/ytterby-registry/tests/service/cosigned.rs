//! Cosignatures: collected beside everything else, kept from the first on, and asked for before anything is
//! signed again.

use std::time::Duration;

use serde_json::Value;
use ytterby::time::parse_time;
use ytterby::{Bundle, Trust, Verdict};
use ytterby_registry::clock::Stopwatch;
use ytterby_registry::config::Limits;
use ytterby_tlog::{Hash, NoteSigner, Policy, Receipt, SignedCheckpoint, TreeHead, VerifierKey};

use crate::log::{bytes, checkpoint, key};
use crate::make::{ORIGIN, START, Service, Setting, bearer, draw, origin, separation, transfer, trust};
use crate::witness::{Mood, Witness};

/// When the first witness cosigns: with the services' clocks.
fn time() -> u64 {
    parse_time(START).unwrap().as_second().unsigned_abs()
}

fn witnesses(count: u8, quorum: usize) -> (Vec<Witness>, Setting) {
    Witness::several(count, quorum, &key(), time())
}

/// Waits until something is so, within a bounded time.
#[track_caller]
fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Stopwatch::start();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what} does not come to be");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn sizes(service: &Service) -> (u64, u64) {
    let version = service.client.send("GET", "/version", &[], None).expect(200).json();
    (version["log"]["published"].as_u64().unwrap(), version["log"]["cosigned"].as_u64().unwrap())
}

/// The receipt of a certificate once it is cosigned: its proof, and the text.
pub(crate) fn cosigned(service: &Service, api_key: &str, id: &str) -> (Receipt, Vec<u8>) {
    let path = format!("/v1/certificates/{id}/receipt");
    let headers = [("authorization", bearer(api_key)), ("prefer", "wait=20".to_owned())];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = service.client.send("GET", &path, &headers, None).expect(200);
    assert_eq!(answer.header("preference-applied"), Some("wait=20"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    (proof(&answer.json()), answer.bytes)
}

fn proof(receipt: &Value) -> Receipt {
    Receipt::parse(receipt["proof"].as_str().unwrap().as_bytes()).unwrap()
}

/// So many of these witnesses for a log, as a C2SP policy.
fn policy(log: &VerifierKey, witnesses: &[Witness], quorum: usize) -> String {
    let mut policy = format!("log {log}\n");
    for (n, witness) in witnesses.iter().enumerate() {
        policy.push_str(&format!("witness w{n} {}\n", witness.key()));
    }
    let names: Vec<_> = (0..witnesses.len()).map(|n| format!("w{n}")).collect();
    policy + &format!("group all {quorum} {}\nquorum all\n", names.join(" "))
}

/// The table of a registry in a trust file, with the quorum that is published for its log.
pub(crate) fn pinned(log: &VerifierKey, witnesses: &[Witness], quorum: usize) -> String {
    let (origin, policy) = (log.name(), policy(log, witnesses, quorum));
    format!(
        "[[registry]]\norigin = \"{origin}\"\nkey = \"{log}\"\n[registry.published]\n\
         by = \"did:web:alliance.example\"\npolicy = \"\"\"\n{policy}\"\"\"\n"
    )
}

/// When a quorum had signed, by a verifier's policy.
fn quorum_time(receipt: &Value, witnesses: &[Witness], quorum: usize) -> Option<u64> {
    let policy = Policy::parse(policy(&key(), witnesses, quorum).as_bytes()).unwrap();
    let entry = receipt["entry"].to_string();
    let origin = key().name().clone();
    proof(receipt).verify(entry.as_bytes(), &origin, &policy).unwrap().witnessed().time()
}

/// What is known of a log that nobody adds to does not age: witnesses sign its checkpoint again. The receipt's
/// own time stays what it was.
#[test]
fn an_idle_log_is_cosigned_again() {
    let (all, setting) = witnesses(4, 3);
    let service = Service::set(setting);
    let (_, refinery) = service.issuer("refinery");
    let ore = service.client.issue(&refinery, &origin("MREC-0001")).id();
    let (first, _) = cosigned(&service, &refinery, &ore);
    let receipt = || {
        let path = format!("/v1/certificates/{ore}/receipt");
        service.client.get(&path, &refinery).expect(200).json()
    };
    assert_eq!(receipt()["fresh"], Value::Null);
    let before: Vec<usize> = all.iter().map(Witness::asked).collect();
    let later = time() + 7200;
    all.iter().for_each(|witness| witness.time(later));
    service.clock.set(parse_time("2026-09-01T10:00:00Z").unwrap());
    until("a newer cosignature", || receipt()["fresh"] != Value::Null);
    let refreshed = receipt();
    assert_eq!(proof(&refreshed), first);
    assert_eq!(refreshed["fresh"]["consistency"], serde_json::json!([]));
    let fresh =
        SignedCheckpoint::parse(refreshed["fresh"]["checkpoint"].as_str().unwrap().as_bytes()).unwrap();
    let policy = Policy::parse(policy(&key(), &all, 3).as_bytes()).unwrap();
    assert!(policy.open(key().name(), &fresh).unwrap().time().unwrap() >= later);
    assert_eq!(fresh.unverified(), first.checkpoint().unverified());
    // Asked again once each, not all the time.
    std::thread::sleep(Duration::from_secs(1));
    assert!(all.iter().zip(before).all(|(witness, before)| witness.asked() <= before + 1));
}

#[test]
fn a_bundle_of_a_witnessed_registry_verifies_with_registration_required() {
    let (all, setting) = witnesses(4, 3);
    let service = Service::set(setting);
    let (_, refinery) = service.issuer("refinery");
    let (buyer_did, buyer) = service.issuer("buyer");
    let ore = service.client.issue(&refinery, &origin("MREC-0001")).id();
    cosigned(&service, &refinery, &ore);
    let oxide = service.client.issue(&refinery, &separation("NDPR-OX-0001", &ore)).id();
    let sale = transfer("NDPR-OX-0001", &oxide, &buyer_did);
    let sold = service.client.make("/v1/certificates", &refinery, "sale", &sale).expect(201).id();
    cosigned(&service, &buyer, &sold);
    let bundle = service.client.get(&format!("/v1/certificates/{sold}/bundle"), &buyer).expect(200);

    let mut pins = pinned(&key(), &all, 3);
    for witness in &all {
        pins.push_str(&format!("[[witness]]\nkey = \"{}\"\naudits = [\"{ORIGIN}\"]\n", witness.key()));
    }
    pins.push_str("[quorum]\nneed = 3\ndishonest = 1\n[require]\nregistration = true\n");
    let text = trust(&service, &buyer_did).replace("[require]\nregistration = false\n", &pins);
    let trust = Trust::parse(text.as_bytes()).unwrap();
    let at = parse_time("2026-09-02T00:00:00Z").unwrap();
    let report = ytterby::verify(&Bundle::parse(&bundle.bytes).unwrap(), &trust, at);
    let codes: Vec<_> = report.findings().iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!((report.verdict(), codes.join(" ")), (Verdict::Verified, String::new()));
}

#[test]
fn the_first_quorum_counts_for_ever_and_its_cosignatures_are_shown() {
    let (all, setting) = witnesses(3, 2);
    let service = Service::set(setting);
    let (_, mine) = service.issuer("mine");
    let ore = service.client.issue(&mine, &origin("ORE-1")).id();
    let (first, text) = cosigned(&service, &mine, &ore);
    let head = first.checkpoint().unverified().head();
    assert_eq!((head.size, first.index()), (1, 0));
    let at = quorum_time(&serde_json::from_slice(&text).unwrap(), &all, 2);
    assert!(at.is_some_and(|at| (time()..time() + 300).contains(&at)), "{at:?}");
    assert_eq!(sizes(&service), (1, 1));

    // The checkpoint that is shown has them too, and is still the log's.
    let shown = checkpoint(&service);
    assert_eq!(shown.unverified().head().size, 1);
    assert!(shown.note().verify(all.iter().map(Witness::key).collect::<Vec<_>>().iter()).unwrap().len() >= 2);

    // Later ones change nothing for what was covered before.
    for n in 0..3 {
        let more = service.client.issue(&mine, &origin(&format!("MORE-{n}"))).id();
        let (receipt, _) = cosigned(&service, &mine, &more);
        assert!(receipt.checkpoint().unverified().head().size >= n + 2);
    }
    let proof_of = |service: &Service| cosigned(service, &mine, &ore).0;
    // Beside the first stands the newest, which continues it.
    let text: Value = serde_json::from_slice(&cosigned(&service, &mine, &ore).1).unwrap();
    let newest = SignedCheckpoint::parse(text["fresh"]["checkpoint"].as_str().unwrap().as_bytes()).unwrap();
    let way: Vec<Hash> = text["fresh"]["consistency"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hash| Hash::parse(hash.as_str().unwrap()).unwrap())
        .collect();
    let (first_head, newest) = (first.checkpoint().unverified().head(), newest.unverified().head());
    assert_eq!(newest.size, 4);
    ytterby_tlog::verify_consistency(&first_head, &newest, &way).unwrap();
    assert_eq!(proof_of(&service).to_string(), first.to_string());
    let service = service.restart();
    assert_eq!(proof_of(&service).to_string(), first.to_string());
    assert_eq!(sizes(&service), (4, 4));
    for witness in &all {
        until("every witness sees everything", || witness.seen() == checkpoint(&service).unverified().head());
    }
    // Nothing new: nobody is asked.
    let asked: Vec<_> = all.iter().map(Witness::asked).collect();
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(all.iter().map(Witness::asked).collect::<Vec<_>>(), asked);
}

#[test]
fn who_issues_never_waits_for_a_witness() {
    let (all, setting) = witnesses(3, 2);
    let service = Service::set(setting);
    let (_, mine) = service.issuer("mine");
    all[0].set(Mood::Down);
    all[1].set(Mood::Forging);
    all[2].set(Mood::Late(Duration::from_secs(3)));
    let begun = Stopwatch::start();
    let ids: Vec<_> = (0..20).map(|n| service.client.issue(&mine, &origin(&format!("O-{n}"))).id()).collect();
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    // There is a receipt all the same, by the log alone, and it does not wait longer than asked.
    let path = format!("/v1/certificates/{}/receipt", ids[19]);
    let headers = [("authorization", bearer(&mine)), ("prefer", "wait=1".to_owned())];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let begun = Stopwatch::start();
    let alone = service.client.send("GET", &path, &headers, None).expect(200).json();
    assert!((1000..3000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    assert_eq!(proof(&alone).checkpoint().note().signatures().len(), 1);
    assert_eq!(sizes(&service), (20, 0));
    // A forged cosignature never counts; when the first witness is back there are two good ones.
    all[0].set(Mood::Good);
    let (receipt, text) = cosigned(&service, &mine, &ids[19]);
    let receipt_json: Value = serde_json::from_slice(&text).unwrap();
    let time = quorum_time(&receipt_json, &all, 2);
    assert!(time.is_some() && receipt.checkpoint().note().signatures().len() == 3);
}

#[test]
fn those_who_wait_leave_places_to_others() {
    let (all, setting) = witnesses(1, 1);
    all[0].set(Mood::Down);
    let limits = Limits { concurrent_requests: 8, ..Limits::default() };
    let service = Service::set(Setting { limits, ..setting });
    let (_, mine) = service.issuer("mine");
    let id = service.client.issue(&mine, &origin("ORE-1")).id();
    let path = format!("/v1/certificates/{id}/receipt");
    let asked = Stopwatch::start();
    let (client, bearer) = (&service.client, bearer(&mine));
    let applied = |seconds: &str| {
        let headers = [("authorization", bearer.as_str()), ("prefer", seconds)];
        let answer = client.send("GET", &path, &headers, None).expect(200);
        (answer.header("preference-applied").map(str::to_owned), asked.elapsed())
    };
    std::thread::scope(|scope| {
        // The question whether both wait may have had the place of one of them.
        let wait =
            || std::iter::repeat_with(|| applied("wait=4")).find(|(applied, _)| applied.is_some()).unwrap();
        let waiting: Vec<_> = (0..2).map(|_| scope.spawn(wait)).collect();
        // As soon as both wait, a third is answered at once.
        until("two wait", || applied("wait=0").0.is_none());
        assert_eq!(applied("wait=30").0, None);
        assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
        client.issue(&mine, &origin("ORE-2"));
        for one in waiting {
            let (applied, elapsed) = one.join().unwrap();
            assert_eq!(applied.as_deref(), Some("wait=4"));
            assert!(elapsed >= Duration::from_secs(4), "{elapsed:?}");
        }
    });
    assert_eq!(applied("wait=0").0.as_deref(), Some("wait=0"));
}

/// The trees of a log that is not ours.
fn another(size: u64) -> TreeHead {
    let mut tree = ytterby_tlog::Frontier::new();
    (0..size).for_each(|n| tree.append(Hash::of_leaf(&n.to_be_bytes())).map(drop).unwrap());
    tree.head()
}

/// What signs our log.
fn ours() -> NoteSigner {
    NoteSigner::from_seed(key().name().clone(), &[7; 32])
}

/// A witness, or whoever is on the way to it, can say anything. Only what the log has signed stops it.
#[test]
fn what_a_witness_says_and_does_not_show_stops_nothing() {
    let (all, setting) = witnesses(2, 1);
    let mut service = Service::set(setting.clone());
    let (_, mine) = service.issuer("mine");
    let ore = service.client.issue(&mine, &origin("ORE-1")).id();
    cosigned(&service, &mine, &ore);
    until("both", || all.iter().all(|witness| witness.seen().size == 1));
    let far = TreeHead { size: 99_999_999, root: another(1).root };
    let stranger = NoteSigner::from_seed(key().name().clone(), &[8; 32]);
    let lies: [(&str, &dyn Fn()); 5] = [
        ("it shows an older one of ours", &|| all[1].believe(far)),
        ("it shows nothing", &|| all[1].forget(far)),
        ("a stranger has signed", &|| all[1].show(&stranger, far)),
        ("another of our size", &|| all[1].forget(another(all[0].seen().size))),
        ("it accepts nothing", &|| all[1].set(Mood::Refusing)),
    ];
    for (lie, tell) in lies {
        // While it runs, and before it signs anything at its start.
        for at in 0..2 {
            tell();
            let asked = all[1].asked();
            if at == 1 {
                // Each start asks it anew.
                service = Service::again_with(service.stop(), setting.clone());
            }
            let mut n = 0;
            let mut issue = || {
                n += 1;
                let id = service.client.issue(&mine, &origin(&format!("O-{at}-{n}-{lie}"))).id();
                cosigned(&service, &mine, &id);
            };
            // It is asked again when its pause is over and there is something to sign.
            until(lie, || {
                issue();
                std::thread::sleep(Duration::from_millis(100));
                all[1].asked() > asked + 1
            });
            issue();
            assert_eq!(sizes(&service).0, all[0].seen().size, "{lie}");
        }
    }
    // Once it tells the truth again it counts again.
    all[1].set(Mood::Good);
    all[1].show(&ours(), all[0].seen());
    service = Service::again_with(service.stop(), setting);
    let last = service.client.issue(&mine, &origin("LAST")).id();
    cosigned(&service, &mine, &last);
    until("it signs again", || all[1].seen() == checkpoint(&service).unverified().head());
}

#[test]
fn what_a_witness_has_seen_keeps_a_log_from_forking() {
    let (all, setting) = witnesses(2, 1);
    let service = Service::set(setting.clone());
    let (_, mine) = service.issuer("mine");
    let ore = service.client.issue(&mine, &origin("ORE-1")).id();
    cosigned(&service, &mine, &ore);
    until("both", || all.iter().all(|witness| witness.seen().size == 1));
    let folder = service.stop();
    // One shows more; one shows something else of the same size.
    let ours = ours();
    all[1].show(&ours, another(5));
    let refused = || Service::refused_with(folder.clone(), setting.clone());
    let why = refused();
    assert!(why.contains("witness.example/2 has seen this log with 5 entries, the store has 1"), "{why}");
    assert!(why.contains("ytterby-registry recover"), "{why}");
    all[1].show(&ours, another(1));
    assert!(refused().contains("witness.example/2 has seen another log at size 1"));
    // One that cannot be asked, or has seen nothing, does not keep it from starting.
    all[0].set(Mood::Down);
    all[1].believe(TreeHead::EMPTY);
    let service = Service::again_with(folder.clone(), setting.clone());
    assert_eq!(sizes(&service), (1, 1));
    drop(service.stop());
    // A store and a mark that were both restored: the witness alone knows.
    all[1].show(&ours, another(2));
    assert!(refused().contains("has seen this log with 2 entries"));
    // So it is with a new store, for a log that had been there.
    let why = Service::refused_with(std::sync::Arc::new(tempfile::tempdir().unwrap()), setting.clone());
    assert!(why.contains("has seen this log with 2 entries, the store has 0"), "{why}");
}

/// A mark that was put back beside a newer store: what a witness shows says whether they belong together.
#[test]
fn an_old_mark_is_gone_on_with_if_the_witness_shows_our_log() {
    let (all, setting) = witnesses(1, 1);
    let service = Service::set(setting.clone());
    let (_, mine) = service.issuer("mine");
    let issue = |service: &Service, number: &str| service.client.issue(&mine, &origin(number)).id();
    let first = issue(&service, "ORE-1");
    cosigned(&service, &mine, &first);
    let folder = service.stop();
    let mark = folder.path().join("log.mark");
    let old = std::fs::read(&mark).unwrap();
    let service = Service::again_with(folder.clone(), setting.clone());
    for number in ["ORE-2", "ORE-3"] {
        let id = issue(&service, number);
        cosigned(&service, &mine, &id);
    }
    let head = checkpoint(&service).unverified().head();
    drop(service.stop());
    let newest = std::fs::read(&mark).unwrap();
    let refused = || Service::refused_with(folder.clone(), setting.clone());
    // Something else of a size that the mark does not cover, or covers.
    let ours = ours();
    for (mark_bytes, size) in [(&old, 2), (&old, 3), (&newest, 1), (&newest, 2)] {
        std::fs::write(&mark, mark_bytes).unwrap();
        all[0].show(&ours, another(size));
        let why = refused();
        assert!(why.contains(&format!("has seen another log at size {size} than the store has")), "{why}");
    }
    // It shows our own; or it shows nothing, and then it says nothing.
    for shows in [false, true] {
        std::fs::write(&mark, &old).unwrap();
        if shows {
            all[0].show(&ours, head)
        } else {
            all[0].forget(head)
        }
        let service = Service::again_with(folder.clone(), setting.clone());
        assert_eq!(checkpoint(&service).unverified().head(), head);
        if shows {
            issue(&service, "ORE-4");
        }
        drop(service.stop());
    }
}

#[test]
fn a_running_registry_stops_when_a_witness_knows_another_log() {
    let (all, setting) = witnesses(2, 1);
    let service = Service::set(setting);
    let (_, mine) = service.issuer("mine");
    let ore = service.client.issue(&mine, &origin("ORE-1")).id();
    cosigned(&service, &mine, &ore);
    until("both", || all.iter().all(|witness| witness.seen().size == 1));
    let seen = all[1].seen();
    all[1].show(&ours(), another(9));
    let next = |n: u64| {
        service.client.make(
            "/v1/certificates",
            &mine,
            &format!("draw {n}"),
            &draw(&format!("P-{n}"), &ore, "1"),
        )
    };
    let mut n = 0;
    until("it stops", || {
        n += 1;
        let answer = next(n);
        answer.status == 503 && answer.json()["code"] == "log.unpublished"
    });
    let published = sizes(&service).0;
    assert!(checkpoint(&service).unverified().head().size == published);
    // What was asked for is stored; once they agree, the same request finds it.
    all[1].show(&ours(), seen);
    let later = next(n).expect(201);
    assert_eq!(later.header("idempotency-replayed"), Some("true"));
    assert!(sizes(&service).0 > published);
}

#[test]
fn entries_can_be_kept_for_those_who_may_read() {
    let setting = Setting { entries: ytterby_registry::config::Entries::Restricted, ..Setting::default() };
    let service = Service::set(setting);
    let (_, mine) = service.issuer("mine");
    service.client.issue(&mine, &origin("ORE-1"));
    let path = "/log/tile/entries/000.p/1";
    let none = service.client.send("GET", path, &[], None).expect(401);
    assert_eq!(
        (none.json()["code"].as_str(), none.header("www-authenticate")),
        (Some("auth.missing"), Some("Bearer"))
    );
    service.client.get(path, "ytb_wrong").expect(401);
    // What is not there is not told either.
    service.client.send("GET", "/log/tile/entries/007", &[], None).expect(401);
    for api_key in [&mine, &service.key(Some("mine"), &["read"]), &service.admin] {
        let read = service.client.get(path, api_key).expect(200);
        assert!(read.header("cache-control").unwrap().starts_with("private"), "{read:?}");
        service.client.get("/log/tile/entries/007", api_key).expect(404);
    }
    // Hashes and checkpoints are everybody's.
    let tile = service.client.send("GET", "/log/tile/0/000.p/1", &[], None).expect(200);
    assert!(tile.header("cache-control").unwrap().starts_with("public"));
    assert_eq!(
        SignedCheckpoint::parse(&bytes(&service, "/log/checkpoint")).unwrap().unverified().head().size,
        1
    );
    let open = Service::start();
    let (_, theirs) = open.issuer("mine");
    open.client.issue(&theirs, &origin("ORE-1"));
    let read = open.client.send("GET", path, &[], None).expect(200);
    assert!(read.header("cache-control").unwrap().starts_with("public"));
}

#[test]
fn a_key_of_another_witness_is_not_taken_for_the_one_that_is_named() {
    let (mut all, mut setting) = witnesses(2, 2);
    // The second answers at the place of the first.
    setting.witness[0].url = all[1].url.clone();
    drop(all.remove(0));
    let service = Service::set(setting);
    let (_, mine) = service.issuer("mine");
    service.client.issue(&mine, &origin("ORE-1"));
    until("it was asked", || all[0].asked() >= 2);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(sizes(&service), (1, 0));
    let known: [VerifierKey; 1] = [all[0].key()];
    assert!(checkpoint(&service).note().verify(&known).is_err());
}
