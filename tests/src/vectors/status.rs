//! Vectors of status: lists, who signed them, how old they are, and what they say of whom.

use serde_json::{Value, json};
use ytterby::Home;
use ytterby::entry::{Admission, Closing, Entry, StatusChange};
use ytterby::form::{CloseReason, StatusPurpose};
use ytterby::key::SigningKey;
use ytterby::status_list::NewStatusList;
use ytterby::time::parse_time;
use ytterby_tlog::SignedCheckpoint;

use super::forge::{Made, Signed, set};
use super::registration::{HOME, RIVAL, moved, registered, two_logs, under};
use super::reports::{beside, report};
use super::{Forge, vectors};
use crate::log::TestLog;

/// When the lists of an honest bundle were made: an hour before the time asked about.
pub(super) const MADE: &str = "2026-11-24T11:00:00Z";

fn status_key() -> SigningKey {
    SigningKey::from_seed(&[0x5a; 32])
}

/// A list of the log with some indices set, by the registry's status key.
pub(super) fn list(purpose: StatusPurpose, size: u64, at: &str, set: &[u64]) -> NewList {
    NewList {
        purpose,
        size,
        at: at.to_owned(),
        set: set.to_vec(),
        origin: HOME,
        number: 0,
        key: status_key(),
    }
}

pub(super) struct NewList {
    purpose: StatusPurpose,
    size: u64,
    at: String,
    set: Vec<u64>,
    origin: &'static str,
    number: u64,
    key: SigningKey,
}

impl NewList {
    pub(super) fn value(&self) -> Value {
        let log = Home::parse(self.origin).expect("an origin");
        let at = parse_time(&self.at).expect("a time");
        let Self { purpose, size, set, number, .. } = self;
        let new = NewStatusList { log: &log, number: *number, purpose: *purpose, size: *size, at, set };
        serde_json::from_slice(&new.sign(&self.key)).expect("JSON")
    }
}

pub(super) const REVOCATION: StatusPurpose = StatusPurpose::Revocation;
pub(super) const SUSPENSION: StatusPurpose = StatusPurpose::Suspension;

/// A rule that an audit has to be attested.
const AUDITED: &str = "pack = \"ytterby.rules/1\"\nid = \"vector\"\ntitle = \"a rule\"\njurisdiction = \"INT\"\n\
    instrument = \"none\"\nas-of = \"2026-11-23\"\nconfidence = \"made up\"\n\
    [[clause]]\nid = \"only\"\ntitle = \"it was audited\"\n[[clause.ask]]\nthat = \"attested\"\nkind = \"audit\"\n";

/// Registered certificates with lists, by a verifier who requires both.
fn with_lists(f: &mut Forge, all: &[&Signed], lists: &[NewList]) -> Made {
    let mut made = registered(f, &mut TestLog::new(HOME), all);
    made.bundle["statusLists"] = lists.iter().map(NewList::value).collect();
    pinned(made)
}

/// With the registry's status key in the trust file, which requires status.
pub(super) fn pinned(made: Made) -> Made {
    let pin = format!("status_keys = [\"{}\"]\nkey", status_key().public());
    made.trusting("status = false", "status = true")
        .trusting("\nkey = \"registry", &format!("\n{pin} = \"registry"))
}

/// An ore and an oxide with two honest lists in which some indices are set.
fn ore_and_oxide(f: &mut Forge, revoked: &[u64], suspended: &[u64]) -> Made {
    let ore = f.ore();
    let oxide = f.oxide(&ore);
    with_lists(
        f,
        &[&ore, &oxide],
        &[list(REVOCATION, 2, MADE, revoked), list(SUSPENSION, 2, MADE, suspended)],
    )
}

/// The same of an ore alone, one of the lists made otherwise.
fn ore_with(f: &mut Forge, change: impl FnOnce(&mut NewList)) -> Made {
    let ore = f.ore();
    let mut revocations = list(REVOCATION, 1, MADE, &[]);
    change(&mut revocations);
    with_lists(f, &[&ore], &[revocations, list(SUSPENSION, 1, MADE, &[])])
}

/// The change of a certificate's status to revoked.
pub(super) fn revocation(signed: &Signed) -> Entry {
    let certificate = signed.certificate().digest();
    Entry::Status(StatusChange { certificate, purpose: REVOCATION, value: true })
}

fn closing(signed: &Signed) -> Entry {
    let certificate = signed.certificate().digest();
    Entry::Closing(Closing { certificate, reason: CloseReason::Consumed })
}

/// Puts an event of a log into a bundle, under a checkpoint that three of four have cosigned.
pub(super) fn show(
    made: &mut Made,
    member: &str,
    log: &TestLog,
    index: u64,
    before: Option<&SignedCheckpoint>,
) {
    let event = log.event(index, &log.cosigned(3), before);
    let event: Value = serde_json::from_slice(event.as_bytes()).expect("JSON");
    made.bundle[member] = json!([event]);
}

/// An ore and an oxide of a log that recorded something of the ore before, or after, it was drawn on.
fn recorded(f: &mut Forge, member: &str, entry: fn(&Signed) -> Entry, first: bool) -> Made {
    let mut log = TestLog::new(HOME);
    let ore = f.ore();
    let oxide = f.oxide(&ore);
    log.register(&ore.certificate());
    let mut index = 0;
    if first {
        index = log.record(&entry(&ore));
    }
    log.register(&oxide.certificate());
    if !first {
        index = log.record(&entry(&ore));
    }
    let mut made = under(f, &log, &log.cosigned(3), &[&ore, &oxide]);
    show(&mut made, member, &log, index, None);
    made
}

/// A lot that moved to another log, where it was admitted an hour after its transfer was revoked in the
/// old one; the hour is shown by a checkpoint of the new log from in between, or from before.
fn admitted_late(f: &mut Forge, checkpoint_at: u64) -> Made {
    let (mut old, mut new) = (TestLog::new(HOME), TestLog::new(RIVAL));
    let (ore, moved, pool) = moved(f);
    old.register(&ore.certificate());
    old.register(&moved.certificate());
    let revoked = old.record(&revocation(&moved));
    let other = f.ore();
    new.register(&other.certificate());
    new.cosigned_at = checkpoint_at;
    let before = new.cosigned(3);
    let transfer = moved.certificate();
    let home = Home::parse(HOME).expect("an origin");
    let admission = Admission::of(&transfer, home, 1).expect("a transfer");
    let admitted = new.record(&Entry::Admission(admission));
    new.register(&pool.certificate());
    new.cosigned_at += 7200;
    let mut made = two_logs(f, (&old, &[&ore, &moved]), (&new, &pool));
    show(&mut made, "statusChanges", &old, revoked, None);
    show(&mut made, "admissions", &new, admitted, Some(&before));
    made
}

/// An ore of which the log shows an entry under a checkpoint whose quorum was met so many seconds after
/// the time asked about.
fn shown_after(f: &mut Forge, member: &str, entry: fn(&Signed) -> Entry, seconds: u64) -> Made {
    let mut log = TestLog::new(HOME);
    let ore = f.ore();
    log.register(&ore.certificate());
    let index = log.record(&entry(&ore));
    let mut made = under(f, &log, &log.cosigned(3), &[&ore]);
    // Of three witnesses a minute apart the third makes the quorum.
    made.asked.at = "2026-09-21T13:00:00Z";
    log.cosigned_at += 3600 - 120 + seconds;
    show(&mut made, member, &log, index, None);
    made
}

vectors! {
    /// Both lists of the log are there, an hour old, and no bit is set: accepted.
    "honest-status" [] |f| {
        ore_and_oxide(f, &[], &[])
    }
    /// The certificate asked about is revoked.
    "status.revoked" ["status.revoked"] |f| {
        ore_and_oxide(f, &[1], &[])
    }
    /// What it was made from is revoked, and nothing shows that this was before it was drawn on.
    "status.ancestor-revoked" ["status.ancestor-revoked"] |f| {
        ore_and_oxide(f, &[0], &[])
    }
    /// The certificate asked about is suspended.
    "status.suspended" ["status.suspended"] |f| {
        ore_and_oxide(f, &[], &[1])
    }
    /// What it was made from is suspended.
    "status.suspended-ancestor" ["status.suspended"] |f| {
        ore_and_oxide(f, &[], &[0])
    }
    /// An audit of the lot, beside it, is revoked.
    "status.attestation-revoked" ["status.attestation-revoked"] |f| {
        let ore = f.ore();
        let lots = json!([{ "lot": ore.id(), "digestMultibase": ore.digest() }]);
        let audit = f.sign("AttestationCertificate", json!({
            "home": HOME, "kind": "audit", "about": { "lots": lots }, "result": "passed",
        }));
        let lists = [list(REVOCATION, 2, MADE, &[1]), list(SUSPENSION, 2, MADE, &[])];
        let mut made = with_lists(f, &[&ore, &audit], &lists);
        made.bundle["subject"] = json!([ore.digest()]);
        made
    }
    /// A laboratory's report that said less than the lot is revoked.
    "status.attestation-revoked-report" ["status.attestation-revoked"] |f| {
        let ore = f.ore();
        let report = report(f, "laboratory", ("2026-09-21T10:00:00Z", "final", "9"), &[&ore]);
        let lists = [list(REVOCATION, 2, MADE, &[1]), list(SUSPENSION, 2, MADE, &[])];
        let mut made = with_lists(f, &[&ore, &report], &lists);
        made.bundle["certificates"] = json!([ore.value]);
        made.bundle["subject"] = json!([ore.digest()]);
        beside(f, made, &[&report])
    }
    /// A rule asks for an audit, and the one that there was is revoked.
    "status.attestation-revoked-rule" ["rule.not-demonstrated", "status.attestation-revoked"] |f| {
        let ore = f.ore();
        let audit = f.sign_as("laboratory", "2026-09-21T10:00:00Z", "AttestationCertificate", json!({
            "home": HOME, "kind": "audit", "about": { "lots": [{ "lot": ore.id(), "digestMultibase": ore.digest() }] }, "result": "passed",
        }));
        let lists = [list(REVOCATION, 2, MADE, &[1]), list(SUSPENSION, 2, MADE, &[])];
        let mut made = with_lists(f, &[&ore, &audit], &lists);
        made.bundle["certificates"] = json!([ore.value]);
        made.bundle["subject"] = json!([ore.digest()]);
        made.asked.rules = Some(AUDITED);
        beside(f, made, &[&audit])
    }
    /// There is a list of revocations and none of suspensions.
    "status.missing" ["status.missing"] |f| {
        let ore = f.ore();
        with_lists(f, &[&ore], &[list(REVOCATION, 1, MADE, &[])])
    }
    /// The list is from before the certificate was logged.
    "status.missing-older-than-the-entry" ["status.missing"] |f| {
        ore_with(f, |list| list.size = 0)
    }
    /// The list is that of other indices.
    "status.missing-other-list" ["status.missing"] |f| {
        ore_with(f, |list| list.number = 1)
    }
    /// The list is that of another log with the same status key.
    "status.missing-other-log" ["status.missing"] |f| {
        ore_with(f, |list| list.origin = "rival.example/ree")
    }
    /// The list is by a key that the trust file does not name.
    "status.missing-other-key" ["status.missing"] |f| {
        ore_with(f, |list| list.key = SigningKey::from_seed(&[1; 32]))
    }
    /// The list is from after the time asked about, more than clocks may differ.
    "status.missing-from-later" ["status.missing"] |f| {
        ore_with(f, |list| list.at = "2026-11-24T12:05:01Z".to_owned())
    }
    /// The list is seven days and a second old.
    "status.stale" ["status.stale"] |f| {
        ore_with(f, |list| list.at = "2026-11-17T11:59:59Z".to_owned())
    }
    /// The list is seven days old to the second: accepted.
    "honest-status-seven-days-old" [] |f| {
        ore_with(f, |list| list.at = "2026-11-17T12:00:00Z".to_owned())
    }
    /// A newer list, in which the bit is set, counts more than an older one.
    "status.revoked-in-the-newer-list" ["status.revoked"] |f| {
        let ore = f.ore();
        let newer = list(REVOCATION, 2, MADE, &[0]);
        with_lists(f, &[&ore], &[newer, list(REVOCATION, 1, MADE, &[]), list(SUSPENSION, 1, MADE, &[])])
    }
    /// A bit of the list was changed after it was signed.
    "status.list" ["status.list"] |f| {
        let mut made = ore_and_oxide(f, &[], &[]);
        let extra = list(REVOCATION, 1, MADE, &[0]).value()["credentialSubject"]["encodedList"].clone();
        let mut altered = list(REVOCATION, 1, MADE, &[]).value();
        set(&mut altered, "/credentialSubject/encodedList", extra);
        made.bundle["statusLists"].as_array_mut().expect("a list").push(altered);
        made
    }
    /// The log has a revocation of the ore, and after it a draw on it.
    "status.revoked-before-draw" ["status.ancestor-revoked", "status.revoked-before-draw"] |f| {
        recorded(f, "statusChanges", revocation, true)
    }
    /// The log has a revocation of the ore that was made after the draw; no list is needed to see that.
    "status.ancestor-revoked-by-the-log" ["status.ancestor-revoked"] |f| {
        recorded(f, "statusChanges", revocation, false)
    }
    /// The log has a closing of the ore, and after it a draw on it.
    "custody.closed-lot-by-the-log" ["custody.closed-lot"] |f| {
        recorded(f, "closings", closing, true)
    }
    /// The ore was closed after it was drawn on: accepted.
    "honest-closed-after-the-draw" [] |f| {
        recorded(f, "closings", closing, false)
    }
    /// The proof of the closing leads to another entry.
    "registration.inclusion-of-an-event" ["registration.inclusion"] |f| {
        let mut made = recorded(f, "closings", closing, false);
        set(&mut made.bundle, "/closings/0/entry/reason", json!("lost"));
        made
    }
    /// A change of status stands among the closings.
    "registration.receipt-of-an-event" ["registration.receipt"] |f| {
        let mut made = recorded(f, "statusChanges", revocation, false);
        made.bundle["closings"] = made.bundle["statusChanges"].take();
        made.bundle.as_object_mut().expect("an object").remove("statusChanges");
        made
    }
    /// The transfer was revoked in the old log, an hour before a checkpoint of the new log in which it was
    /// not admitted yet.
    "status.revoked-before-admission" ["status.ancestor-revoked", "status.revoked-before-draw"] |f| {
        admitted_late(f, TestLog::new(HOME).cosigned_at + 3600)
    }
    /// The checkpoint without the admission is older than the revocation: the order is not known.
    "status.ancestor-revoked-around-the-admission" ["status.ancestor-revoked"] |f| {
        admitted_late(f, TestLog::new(HOME).cosigned_at - 3600)
    }
    /// The list is from before the revocation that the log shows of the certificate asked about.
    "status.revoked-after-the-list" ["status.revoked"] |f| {
        let mut log = TestLog::new(HOME);
        let ore = f.ore();
        log.register(&ore.certificate());
        let index = log.record(&revocation(&ore));
        let mut made = under(f, &log, &log.cosigned(3), &[&ore]);
        show(&mut made, "statusChanges", &log, index, None);
        made.bundle["statusLists"] =
            json!([list(REVOCATION, 1, MADE, &[]).value(), list(SUSPENSION, 1, MADE, &[]).value()]);
        pinned(made)
    }
    /// The log has a revocation that the newer list of its registry does not show.
    "status.list-contradicted" ["status.list"] |f| {
        let mut log = TestLog::new(HOME);
        let ore = f.ore();
        log.register(&ore.certificate());
        let index = log.record(&revocation(&ore));
        let mut made = under(f, &log, &log.cosigned(3), &[&ore]);
        show(&mut made, "statusChanges", &log, index, None);
        made.bundle["statusLists"] =
            json!([list(REVOCATION, 2, MADE, &[]).value(), list(SUSPENSION, 2, MADE, &[]).value()]);
        pinned(made)
    }
    /// The log shows the revocation five minutes after the time asked about: clocks may differ by that.
    "status.revoked-five-minutes-after" ["status.revoked"] |f| {
        shown_after(f, "statusChanges", revocation, 300)
    }
    /// The log shows the revocation five minutes and a second after the time asked about: accepted.
    "honest-status-revoked-later" [] |f| {
        shown_after(f, "statusChanges", revocation, 301)
    }
    /// The log shows that the lot asked about was closed: accepted, and said.
    "honest-closed" [] |f| {
        shown_after(f, "closings", closing, 300)
    }
    /// The same a second later: it is not known of by then.
    "honest-closed-later" [] |f| {
        shown_after(f, "closings", closing, 301)
    }
}
