//! What a newer checkpoint beside a receipt moves, and what it leaves alone
//! (proto-docs/registration.md, "Verifying registration").
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use conformance::book::time;
use conformance::log::TestLog;
use conformance::vectors::Forge;
use ytterby::budget::Budget;
use ytterby::finding::Code;
use ytterby::report::Known;
use ytterby::{Bundle, Question, Report, Trust};

const NOW: &str = "2026-09-24T09:00:00Z";

/// Three lots in a log, their receipts under one checkpoint, and as much of a newer one as is asked for.
struct World {
    log: TestLog,
    first: Bundle<'static>,
    trust: Trust,
}

impl World {
    fn new() -> Self {
        let mut forge = Forge::default();
        let mut log = TestLog::new("registry.example/ree");
        let lots = [(); 3].map(|()| forge.ore().certificate().into_owned());
        let subject = lots.iter().map(|lot| lot.digest()).collect();
        let first = log.register_all(Bundle::of(subject, lots.to_vec()));
        let trust = Self::trusting(&log.trusted());
        World { log, first, trust }
    }

    fn trusting(logs: &str) -> Trust {
        let text = format!("version = 1\n{logs}[require]\nstatus = false\n");
        Trust::parse(text.as_bytes()).unwrap()
    }

    /// The same, by a verifier for whom the log ends at a head.
    fn freeze(&mut self, size: u64, root: &str) {
        let frozen =
            format!("frozen = {{ last_size = \"{size}\", root = \"{root}\" }}\n[registry.published]");
        self.trust = Self::trusting(&self.log.trusted().replace("[registry.published]", &frozen));
    }

    /// The bundle with the log's checkpoint as it stands beside every receipt.
    fn refreshed(&self) -> Bundle<'static> {
        let checkpoint = self.log.cosigned(3);
        let fresh = |receipt| self.log.refreshed(receipt, &checkpoint);
        let receipts: Vec<_> =
            self.first.receipts().map(|(digest, receipt)| (digest, fresh(receipt))).collect();
        self.first.clone().with_receipts(receipts)
    }

    /// What the verifier says, with so many signatures on checkpoints to spend.
    fn report(&self, bundle: &Bundle<'_>, signatures: usize) -> Report {
        let budget = Budget { signatures, ..Budget::default() };
        let question = Question { budget, ..Question::default() };
        ytterby::verify_with(bundle, &self.trust, time(NOW), &question, &mut |_, _| {})
    }
}

fn known(report: &Report) -> Vec<Known> {
    report.certificates.iter().map(|own| own.logged.as_ref().unwrap().known).collect()
}

#[test]
fn only_what_is_known_of_the_log_moves() {
    let mut world = World::new();
    let first = world.report(&world.first, usize::MAX);
    let at = time("2026-09-21T12:02:00Z");
    assert_eq!(known(&first), [Known { size: 3, time: at }; 3]);

    // The same tree, cosigned anew a day later: nothing more is in the log, and that is known now.
    world.log.cosigned_at += 86_400;
    let again = world.report(&world.refreshed(), usize::MAX);
    let later = time("2026-09-22T12:02:00Z");
    assert_eq!(known(&again), [Known { size: 3, time: later }; 3]);

    world.log.register(&Forge::default().ore().certificate());
    let grown = world.report(&world.refreshed(), usize::MAX);
    assert_eq!(known(&grown), [Known { size: 4, time: later }; 3]);

    // Witnesses whose clocks are behind take back nothing.
    world.log.cosigned_at -= 2 * 86_400;
    let behind = world.report(&world.refreshed(), usize::MAX);
    assert_eq!(known(&behind), [Known { size: 4, time: at }; 3]);

    for report in [&again, &grown, &behind] {
        let places = |report: &Report| -> Vec<_> {
            let place = |own: &ytterby::report::CertificateReport| {
                own.logged.as_ref().map(|logged| (logged.index, logged.at, logged.cosigned))
            };
            report.certificates.iter().map(place).collect()
        };
        assert_eq!(places(report), places(&first), "the logged time is that of the first checkpoint");
        assert_eq!(report.verdict(), first.verdict());
    }
}

/// Three receipts hold two checkpoints of four signatures each.
#[test]
fn a_checkpoint_is_opened_once_however_many_receipts_hold_it() {
    let mut world = World::new();
    world.log.register(&Forge::default().ore().certificate());
    world.log.cosigned_at += 86_400;
    let bundle = world.refreshed();
    let spent =
        |report: &Report| report.findings().iter().filter(|f| f.code == Code::LimitSignatures).count();
    assert_eq!(spent(&world.report(&bundle, 8)), 0);
    let short = world.report(&bundle, 7);
    assert_eq!(spent(&short), 3, "the newer checkpoint of each");
    assert_eq!(known(&short)[0].size, 3, "and the receipts are as good as without");
}

/// A newer checkpoint that shows nothing is a finding, and what the receipt shows stays shown.
#[test]
fn a_wrong_one_takes_nothing_away() {
    let world = World::new();
    let (digest, receipt) = world.first.receipts().next().unwrap();
    let (checkpoint, bundle) = (world.log.cosigned(3), world.first.clone());
    let wrong = receipt.with_fresh(&checkpoint, &[ytterby_tlog::Hash::EMPTY_ROOT]).unwrap();
    let report = world.report(&bundle.with_receipts([(digest, wrong)]), usize::MAX);
    let codes: Vec<_> =
        report.findings().iter().filter(|f| f.code.as_str().starts_with("registration.")).collect();
    assert!(
        matches!(&codes[..], [f] if f.code == Code::RegistrationConsistency && f.certificate == Some(digest))
    );
    assert!(report.certificates.iter().all(|own| own.logged.is_some()));
}

fn registration_codes(report: &Report) -> Vec<&'static str> {
    let codes = report.findings().iter().map(|finding| finding.code.as_str());
    codes.filter(|code| code.starts_with("registration.")).collect()
}

/// Where a log is frozen the newer checkpoint must be that of the frozen tree, or goes unread.
#[test]
fn a_frozen_log_ends_where_it_was_frozen() {
    let mut world = World::new();
    let first = world.log.head();
    world.log.cosigned_at += 86_400;
    world.log.register(&Forge::default().ore().certificate());
    let (bundle, last) = (world.refreshed(), world.log.head());
    let later = time("2026-09-22T12:02:00Z");

    world.freeze(last.size, &last.root.to_string());
    let shown = world.report(&bundle, usize::MAX);
    assert_eq!(registration_codes(&shown), [""; 0]);
    assert_eq!(known(&shown), [Known { size: 4, time: later }; 3], "part of the frozen tree");

    world.freeze(last.size, &first.root.to_string());
    let other = world.report(&bundle, usize::MAX);
    assert_eq!(registration_codes(&other), ["registration.consistency"; 3]);
    assert_eq!(known(&other)[0].size, 3);

    world.freeze(first.size, &first.root.to_string());
    let beyond = world.report(&bundle, usize::MAX);
    assert_eq!(registration_codes(&beyond), [""; 0]);
    assert_eq!(known(&beyond)[0].size, 3, "what goes further is passed over");

    world.freeze(2, &first.root.to_string());
    let refused = world.report(&bundle, usize::MAX);
    assert_eq!(registration_codes(&refused), ["registration.frozen"; 3]);
    assert!(refused.certificates.iter().all(|own| own.logged.is_none()));
}

/// Two logs and many certificates: each quorum of one's own is named once.
#[test]
fn a_private_quorum_is_named_once() {
    let mut world = World::new();
    world.trust = World::trusting(&world.log.trusted().replace(&world.log.published(), ""));
    let report = world.report(&world.first, usize::MAX);
    assert_eq!(registration_codes(&report), ["registration.private-quorum"]);
    assert!(report.findings().iter().all(|finding| finding.code != Code::RegistrationMissing));
    // Of a log in which nothing was found nothing is said.
    let unused = world.report(&Bundle::of(vec![], vec![]), usize::MAX);
    assert_eq!(registration_codes(&unused), [""; 0]);
}
