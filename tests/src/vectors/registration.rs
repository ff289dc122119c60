//! Vectors of registration: receipts, checkpoints, quorums, and what logs say of draws.

use serde_json::{Value, json};
use ytterby::entry::Taken;
use ytterby::masses::Masses;
use ytterby_tlog::{Hash, SignedCheckpoint, TreeHead};

use super::faults::from_draws;
use super::forge::{Made, Signed, input, ore, oxide, sale, set, unset};
use super::{Forge, vectors};
use crate::log::{TestLog, witness};

pub(super) const HOME: &str = "registry.example/ree";
pub(super) const RIVAL: &str = "rival.example/ree";

/// A bundle with the receipts that a log gives under a checkpoint, by a verifier who pins the log.
pub(super) fn under(f: &mut Forge, log: &TestLog, checkpoint: &SignedCheckpoint, all: &[&Signed]) -> Made {
    let mut made = f.bundle(all).requiring(&log.trusted());
    made.bundle["receipts"] = json!({});
    for signed in all {
        set_receipt(&mut made, signed, &receipt(log, checkpoint, signed));
    }
    made
}

/// An honest bundle: registered in its order, cosigned by three of four.
pub(super) fn registered(f: &mut Forge, log: &mut TestLog, all: &[&Signed]) -> Made {
    for signed in all {
        log.register(&signed.certificate());
    }
    under(f, log, &log.cosigned(3), all)
}

pub(super) fn receipt(log: &TestLog, checkpoint: &SignedCheckpoint, signed: &Signed) -> Value {
    let receipt = log.receipt(&signed.certificate().digest(), checkpoint);
    serde_json::from_str(receipt.as_str()).expect("JSON")
}

fn set_receipt(made: &mut Made, signed: &Signed, receipt: &Value) {
    made.bundle["receipts"][signed.digest()] = receipt.clone();
}

/// The place of a receipt in the bundle, or of a member of it.
pub(super) fn at(signed: &Signed, member: &str) -> String {
    format!("/receipts/{}{member}", signed.digest())
}

/// An ore with the receipt of the second of three entries of its log, and beside it the log's checkpoint
/// of a day later, cosigned by so many, with two entries more.
fn refreshed(f: &mut Forge, cosigned: u32) -> (Made, Signed) {
    let mut log = TestLog::new(HOME);
    let others = [f.ore(), f.ore(), f.ore(), f.ore()];
    log.register(&others[0].certificate());
    let ore = f.ore();
    log.register(&ore.certificate());
    log.register(&others[1].certificate());
    let first = log.receipt(&ore.certificate().digest(), &log.cosigned(3));
    log.cosigned_at += 86_400;
    for other in &others[2..] {
        log.register(&other.certificate());
    }
    let fresh = log.refreshed(&first, &log.cosigned(cosigned));
    let mut made = f.bundle(&[&ore]).requiring(&log.trusted());
    let fresh = serde_json::from_str(fresh.as_str()).expect("JSON");
    made.bundle["receipts"] = json!({});
    set_receipt(&mut made, &ore, &fresh);
    made.asked.at = "2026-09-23T09:00:00Z";
    (made, ore)
}

/// An ore with its receipt, the second of three entries, by a verifier who has frozen the log at a head
/// of this or another log: `grown` makes the log beyond its checkpoint, and says where it is frozen.
fn frozen(f: &mut Forge, grown: impl FnOnce(&mut Forge, &mut TestLog) -> TreeHead) -> Made {
    let mut log = TestLog::new(HOME);
    let others = [f.ore(), f.ore()];
    log.register(&others[0].certificate());
    let ore = f.ore();
    let made = registered(f, &mut log, &[&ore]);
    log.register(&others[1].certificate());
    let TreeHead { size, root } = grown(f, &mut log);
    let frozen = format!("frozen = {{ last_size = \"{size}\", root = \"{root}\" }}\n[registry.published]\n");
    made.trusting("[registry.published]\n", &frozen)
}

/// Masses of neodymium and praseodymium in milligrams.
fn masses(nd: u64, pr: u64) -> Masses {
    let element = |symbol| ytterby::element::Element::parse(symbol).expect("an element");
    [(element("Nd"), nd), (element("Pr"), pr)].into_iter().collect()
}

/// A pool into which a mass of neodymium was charged.
pub(super) fn pool(f: &mut Forge, lot: &Signed, number: &str, nd: &str) -> Signed {
    let mut subject = from_draws(lot, "in-process", "in-process", json!({ "Nd": nd }));
    set(&mut subject, "/lotNumber", json!(number));
    f.sign("ProcessingCertificate", subject)
}

/// A bundle of an ore and two pools of 10 kg drawn from it, as a log says: running number and all
/// that was drawn so far, in milligrams.
fn two_pools(f: &mut Forge, first: (u64, u64), second: (u64, u64)) -> Made {
    let mut log = TestLog::new(HOME);
    let ore = f.ore();
    let (a, b) = (pool(f, &ore, "POOL-1", "10"), pool(f, &ore, "POOL-2", "10"));
    log.register(&ore.certificate());
    for (pool, (seq, all)) in [(&a, first), (&b, second)] {
        log.register_as(&pool.certificate(), &[Taken { seq, cumulative: masses(all, 0) }]);
    }
    under(f, &log, &log.cosigned(3), &[&ore, &a, &b])
}

/// An ore and an oxide drawn from it, as a log says.
fn oxide_counted(f: &mut Forge, seq: u64, cumulative: Masses) -> Made {
    let mut log = TestLog::new(HOME);
    let ore = f.ore();
    let oxide = f.oxide(&ore);
    log.register(&ore.certificate());
    log.register_as(&oxide.certificate(), &[Taken { seq, cumulative }]);
    under(f, &log, &log.cosigned(3), &[&ore, &oxide])
}

/// The text of a proof with the first letter of a signer's signature changed, behind the key's ID.
fn forged(made: &mut Made, signed: &Signed, signer: &str) {
    forged_in(made, &at(signed, "/proof"), signer);
}

/// The same in any text with signatures.
fn forged_in(made: &mut Made, place: &str, signer: &str) {
    let text = made.bundle.pointer(place).and_then(Value::as_str).expect("a text").to_owned();
    let mark = format!("\u{2014} {signer} ");
    let letter = text.find(&mark).expect("a signature") + mark.len() + 30;
    let other = if text[letter..].starts_with('A') { "B" } else { "A" };
    let changed = format!("{}{other}{}", &text[..letter], &text[letter + 1..]);
    set(&mut made.bundle, place, json!(changed));
}

/// An ore, its transfer to a holder in another registry, and a pool that draws on it there.
pub(super) fn moved(f: &mut Forge) -> (Signed, Signed, Signed) {
    let ore = f.ore();
    let mut subject = sale(&ore);
    set(&mut subject, "/home", json!(RIVAL));
    set(&mut subject, "/holder", json!("did:web:refinery.example"));
    set(&mut subject, "/to/id", json!("did:web:refinery.example"));
    let moved = f.sign("TransferCertificate", subject);
    let mut subject = from_draws(&moved, "in-process", "in-process", json!({ "Nd": "10" }));
    set(&mut subject, "/home", json!(RIVAL));
    set(&mut subject, "/period/to", json!("2026-09-18"));
    let pool = f.sign("ProcessingCertificate", subject);
    (ore, moved, pool)
}

/// A bundle about what was registered in a second log, with what was registered in a first behind it;
/// the same witnesses watch both.
pub(super) fn two_logs(f: &mut Forge, old: (&TestLog, &[&Signed]), new: (&TestLog, &Signed)) -> Made {
    let ((old, behind), (new, last)) = (old, new);
    let mut made = under(f, old, &old.cosigned(3), behind);
    made.bundle["certificates"].as_array_mut().expect("a list").push(last.value.clone());
    made.bundle["subject"] = json!([last.digest()]);
    set_receipt(&mut made, last, &receipt(new, &new.cosigned(4), last));
    let audits = format!("audits = [\"{HOME}\"]");
    made.trusting("[quorum]", &format!("{}[quorum]", new.pinned()))
        .trusting(&audits, &format!("audits = [\"{HOME}\", \"{RIVAL}\"]"))
}

vectors! {
    /// An origin, a separation and a transfer, logged in their home and cosigned by three of the four
    /// witnesses that audit it: accepted.
    "honest-registered" [] |f| {
        let ore = f.ore();
        let oxide = f.oxide(&ore);
        let sale = f.sale(&oxide);
        registered(f, &mut TestLog::new(HOME), &[&ore, &oxide, &sale])
    }
    /// Two certificates draw on one lot, the log's first and second draw: accepted.
    "honest-registered-two-draws" [] |f| {
        two_pools(f, (1, 10_000_000), (2, 20_000_000))
    }
    /// An audit is registered like a lot, and draws nothing: accepted.
    "honest-registered-attestation" [] |f| {
        let audit = f.sign("AttestationCertificate", json!({
            "home": HOME, "kind": "audit", "about": { "sampleId": "S-1" }, "result": "passed",
        }));
        registered(f, &mut TestLog::new(HOME), &[&audit])
    }
    /// A transfer to a holder in another registry stands in the old home, what draws on it in the new
    /// one: accepted.
    "honest-registered-two-logs" [] |f| {
        let (mut old, mut new) = (TestLog::new(HOME), TestLog::new(RIVAL));
        let (ore, moved, pool) = moved(f);
        for signed in [&ore, &moved] {
            old.register(&signed.certificate());
        }
        new.register(&pool.certificate());
        two_logs(f, (&old, &[&ore, &moved]), (&new, &pool))
    }
    /// Beside the receipt travels a newer checkpoint of its log, which continues it: accepted.
    "honest-registered-fresh" [] |f| {
        refreshed(f, 3).0
    }
    /// The proof that the newer checkpoint continues the receipt's has a hash of another tree.
    "registration.consistency" ["registration.consistency"] |f| {
        let (mut made, ore) = refreshed(f, 3);
        let other = Hash::EMPTY_ROOT.to_string();
        set(&mut made.bundle, &at(&ore, "/fresh/consistency/0"), json!(other));
        made
    }
    /// The checkpoint that travels beside it is older than the receipt's.
    "registration.consistency-older" ["registration.consistency"] |f| {
        let mut log = TestLog::new(HOME);
        let (first, ore) = (f.ore(), f.ore());
        log.register(&first.certificate());
        let older = log.cosigned(3);
        let mut made = registered(f, &mut log, &[&ore]);
        let fresh = json!({ "checkpoint": older.to_string(), "consistency": [] });
        set(&mut made.bundle, &at(&ore, "/fresh"), fresh);
        made
    }
    /// A log of the same name, size and key, with another entry, cosigned by as many: it has two histories.
    "registration.consistency-fork" ["registration.consistency"] |f| {
        let (mut log, mut fork) = (TestLog::new(HOME), TestLog::new(HOME));
        let (ore, other) = (f.ore(), f.ore());
        let mut made = registered(f, &mut log, &[&ore]);
        fork.register(&other.certificate());
        let fresh = json!({ "checkpoint": fork.cosigned(3).to_string(), "consistency": [] });
        set(&mut made.bundle, &at(&ore, "/fresh"), fresh);
        made
    }
    /// The log has not signed the newer checkpoint as it stands, three witnesses have.
    "registration.checkpoint-fresh" ["registration.checkpoint"] |f| {
        let (mut made, ore) = refreshed(f, 3);
        forged_in(&mut made, &at(&ore, "/fresh/checkpoint"), HOME);
        made
    }
    /// The newer checkpoint is that of another log.
    "registration.checkpoint-fresh-log" ["registration.checkpoint"] |f| {
        let (mut made, ore) = refreshed(f, 3);
        let rival = TestLog::new(RIVAL).cosigned(3).to_string();
        set(&mut made.bundle, &at(&ore, "/fresh/checkpoint"), json!(rival));
        made
    }
    /// Two of four witnesses have cosigned the newer checkpoint where three are needed.
    "registration.quorum-fresh" ["registration.quorum"] |f| {
        refreshed(f, 2).0
    }
    /// Log, witnesses and quorum are stated in a C2SP policy: accepted.
    "honest-registered-policy" [] |f| {
        let mut log = TestLog::new(HOME);
        let ore = f.ore();
        let mut made = registered(f, &mut log, &[&ore]);
        let policy = format!("version = 1\npolicy = \"\"\"\n{}\"\"\"\n", log.policy());
        let about = format!("[[registry]]\norigin = \"{HOME}\"\n{}", log.published());
        made.asked.trust = f.asked().trust;
        made.requiring(&about).trusting("version = 1\n", &policy)
    }
    /// The trust file states no quorum that is published for everybody.
    "registration.private-quorum" ["registration.private-quorum"] |f| {
        let mut log = TestLog::new(HOME);
        let ore = f.ore();
        registered(f, &mut log, &[&ore]).trusting(&log.published(), "")
    }
    /// All four witnesses are asked for, and the published quorum is three of them.
    "registration.private-quorum-other" ["registration.private-quorum"] |f| {
        let mut log = TestLog::new(HOME);
        let ore = f.ore();
        log.register(&ore.certificate());
        under(f, &log, &log.cosigned(4), &[&ore]).trusting("need = 3", "need = 4")
    }
    /// The trust file has frozen the log at a later entry than the receipt's checkpoint: accepted.
    "honest-registered-frozen" [] |f| {
        frozen(f, |_, log| log.head())
    }
    /// The log is frozen before the entry.
    "registration.frozen" ["registration.frozen"] |f| {
        frozen(f, |f, _| {
            let mut before = TestLog::new(HOME);
            before.register(&f.ore().certificate());
            before.head()
        })
    }
    /// The log is frozen at the size of the receipt's checkpoint, with another root.
    "registration.consistency-frozen" ["registration.consistency"] |f| {
        frozen(f, |_, _| TreeHead { size: 2, root: Hash::EMPTY_ROOT })
    }
    /// The separation has no receipt, the others have.
    "registration.missing" ["registration.missing"] |f| {
        let ore = f.ore();
        let oxide = f.oxide(&ore);
        let mut made = registered(f, &mut TestLog::new(HOME), &[&ore, &oxide]);
        unset(&mut made.bundle, &at(&oxide, ""));
        made
    }
    /// The log is sound, and the trust file pins another.
    "registration.unknown-log" ["registration.unknown-log"] |f| {
        let mut log = TestLog::new(HOME);
        let ore = f.ore();
        log.register(&ore.certificate());
        let mut made = f.bundle(&[&ore]).requiring(&TestLog::new(RIVAL).trusted());
        made.bundle["receipts"] = json!({});
        set_receipt(&mut made, &ore, &receipt(&log, &log.cosigned(3), &ore));
        made
    }
    /// Two of four witnesses have cosigned where three are needed.
    "registration.quorum" ["registration.quorum"] |f| {
        let mut log = TestLog::new(HOME);
        let ore = f.ore();
        log.register(&ore.certificate());
        under(f, &log, &log.cosigned(2), &[&ore])
    }
    /// Three have cosigned, one of which audits another log: it does not count.
    "registration.quorum-not-auditing" ["registration.quorum"] |f| {
        let ore = f.ore();
        let made = registered(f, &mut TestLog::new(HOME), &[&ore]);
        let third = witness(3).verifier_key().to_string();
        made.trusting(
            &format!("key = \"{third}\"\naudits = [\"{HOME}\"]"),
            &format!("key = \"{third}\"\naudits = [\"{RIVAL}\"]"),
        )
        .trusting("dishonest = 1", "dishonest = 0")
    }
    /// The trust file pins the log and says nothing of witnesses.
    "registration.quorum-none" ["registration.quorum"] |f| {
        let ore = f.ore();
        registered(f, &mut TestLog::new(HOME), &[&ore]).trusting("[quorum]\nneed = 3\ndishonest = 1\n", "")
    }
    /// The proof is cut off before its checkpoint.
    "registration.receipt" ["registration.receipt"] |f| {
        let ore = f.ore();
        let mut made = registered(f, &mut TestLog::new(HOME), &[&ore]);
        set(&mut made.bundle, &at(&ore, "/proof"), json!("c2sp.org/tlog-proof@v1\nindex 0\n"));
        made
    }
    /// The entry has a member that entries do not have.
    "registration.receipt-entry" ["registration.receipt"] |f| {
        let ore = f.ore();
        let mut made = registered(f, &mut TestLog::new(HOME), &[&ore]);
        set(&mut made.bundle, &at(&ore, "/entry/note"), json!("x"));
        made
    }
    /// The newer checkpoint that travels beside it is no object.
    "registration.receipt-fresh" ["registration.receipt"] |f| {
        let ore = f.ore();
        let mut made = registered(f, &mut TestLog::new(HOME), &[&ore]);
        set(&mut made.bundle, &at(&ore, "/fresh"), json!("x"));
        made
    }
    /// Logged in a log that is trusted too, and is not the certificate's home.
    "registration.wrong-log" ["registration.wrong-log"] |f| {
        let ore = f.ore();
        let mut made = registered(f, &mut TestLog::new(RIVAL), &[&ore]);
        made.asked.trust = f.asked().trust;
        made.requiring(&TestLog::new(RIVAL).trusted())
    }
    /// The log has not signed the checkpoint as it stands, three witnesses have.
    "registration.checkpoint" ["registration.checkpoint"] |f| {
        let ore = f.ore();
        let mut made = registered(f, &mut TestLog::new(HOME), &[&ore]);
        forged(&mut made, &ore, HOME);
        made
    }
    /// All four witnesses seem to have cosigned, and the signature of the fourth is forged.
    "registration.checkpoint-witness" ["registration.checkpoint"] |f| {
        let mut log = TestLog::new(HOME);
        let ore = f.ore();
        log.register(&ore.certificate());
        let mut made = under(f, &log, &log.cosigned(4), &[&ore]);
        forged(&mut made, &ore, "witness.example/4");
        made
    }
    /// The valid receipt of another origin with the same content.
    "registration.inclusion" ["registration.inclusion"] |f| {
        let mut log = TestLog::new(HOME);
        let (other, ore) = (f.ore(), f.ore());
        log.register(&other.certificate());
        let mut made = registered(f, &mut log, &[&ore]);
        let of_other = receipt(&log, &log.cosigned(3), &other);
        set_receipt(&mut made, &ore, &of_other);
        made
    }
    /// The receipt calls the second draw on the lot the first: the log knows no such entry.
    "registration.inclusion-seq" ["registration.inclusion"] |f| {
        let mut made = two_pools(f, (1, 10_000_000), (2, 20_000_000));
        let last = made.bundle["subject"][0].as_str().expect("a digest").to_owned();
        set(&mut made.bundle, &format!("/receipts/{last}/entry/amounts/draws/0/seq"), json!("3"));
        made
    }
    /// The receipt states less drawn in all than the log's entry does.
    "registration.inclusion-cumulative" ["registration.inclusion"] |f| {
        let mut made = two_pools(f, (1, 10_000_000), (2, 20_000_000));
        let last = made.bundle["subject"][0].as_str().expect("a digest").to_owned();
        let place = format!("/receipts/{last}/entry/amounts/draws/0/cumulative/Nd");
        set(&mut made.bundle, &place, json!("15"));
        made
    }
    /// By the log's count a milligram more was drawn from the carbonate than it holds.
    "registration.cumulative" ["registration.cumulative"] |f| {
        oxide_counted(f, 2, masses(85_735_601, 0))
    }
    /// The log's first draw on the lot, and more had been drawn before it.
    "registration.cumulative-first" ["registration.cumulative"] |f| {
        oxide_counted(f, 1, masses(68_588_481, 0))
    }
    /// Less was drawn in all than by this certificate alone.
    "registration.cumulative-less" ["registration.cumulative"] |f| {
        oxide_counted(f, 2, masses(68_588_479, 1))
    }
    /// Two certificates are each the first draw on a lot: the log has two histories.
    "registration.double-draw" ["registration.double-draw"] |f| {
        two_pools(f, (1, 10_000_000), (1, 10_000_000))
    }
    /// The second draw does not count the first.
    "registration.double-draw-amounts" ["registration.double-draw"] |f| {
        two_pools(f, (1, 10_000_000), (2, 10_000_000))
    }
    /// The fourth draw states less in all than the first and itself together.
    "registration.double-draw-order" ["registration.double-draw"] |f| {
        two_pools(f, (1, 10_000_000), (4, 19_999_999))
    }
    /// A transfer takes the rest of a lot, and by the log's count some is left.
    "conservation.split-rest" ["conservation.split"] |f| {
        let ore = f.ore();
        let mut subject = sale(&ore);
        let part = json!({ "Nd": "42.8678", "Pr": "12.41556" });
        set(&mut subject, "/netMass", json!("500"));
        set(&mut subject, "/content", part.clone());
        set(&mut subject, "/inputs", json!([input(&ore, part)]));
        set(&mut subject, "/inputs/0/rest", json!(true));
        let signed = f.sign("TransferCertificate", subject);
        registered(f, &mut TestLog::new(HOME), &[&ore, &signed])
    }
    /// Logged before the lot that it draws on.
    "time.before-parent-logged" ["time.before-parent"] |f| {
        let mut log = TestLog::new(HOME);
        let ore = f.ore();
        let oxide = f.oxide(&ore);
        for signed in [&oxide, &ore] {
            log.register(&signed.certificate());
        }
        under(f, &log, &log.cosigned(3), &[&ore, &oxide])
    }
    /// Signed 57 days after the work, and logged 63 days after it.
    "time.late-registration-logged" ["time.late-registration"] |f| {
        let mut log = TestLog::new(HOME);
        log.cosigned_at += 5 * 86_400;
        let mut subject = ore();
        set(&mut subject, "/period", json!({ "from": "2026-07-01", "to": "2026-07-25" }));
        let signed = f.sign("OriginCertificate", subject);
        registered(f, &mut log, &[&signed])
    }
    /// Signed before the time asked about, and logged after it.
    "time.not-yet-logged" ["time.not-yet"] |f| {
        let ore = f.ore();
        let mut made = registered(f, &mut TestLog::new(HOME), &[&ore]);
        made.asked.at = "2026-09-21T12:01:59Z";
        made
    }
    /// One signature too many on the checkpoint for the budget.
    "limit.signatures" ["limit.signatures"] |f| {
        let ore = f.ore();
        let mut made = registered(f, &mut TestLog::new(HOME), &[&ore]);
        made.asked.signatures = Some(3);
        made
    }
    /// A certificate that is signed over an input it does not draw on in the log: one draw too few.
    "registration.inclusion-draws" ["registration.inclusion"] |f| {
        let mut log = TestLog::new(HOME);
        let ore = f.ore();
        let mut made = registered(f, &mut log, &[&ore]);
        let signed = f.sign("ProcessingCertificate", oxide(&ore));
        let of_ore = receipt(&log, &log.cosigned(3), &ore);
        made.bundle["certificates"].as_array_mut().expect("a list").push(signed.value.clone());
        made.bundle["subject"] = json!([signed.digest()]);
        set_receipt(&mut made, &signed, &of_ore);
        made
    }
}
