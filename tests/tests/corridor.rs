//! The corridors of `examples`: each verifies as its buyer by one anchor, and only as that; what is kept beside
//! them is what they give today, to the byte.

#![expect(clippy::unwrap_used, reason = "a test that cannot read what is kept has failed")]

use std::collections::BTreeSet;
use std::path::Path;

use conformance::book::time;
use conformance::corridor::{FOLDERS, Issued, files};
use examples::corridor::Delivery;
use serde_json::Value;
use ytterby::{Bundle, Report, Rules, Trust, Verdict};

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn verified(bundle: &Bundle<'_>, trust: &str, delivery: &Delivery) -> Report {
    let trust = Trust::parse(trust.as_bytes()).unwrap();
    ytterby::verify(bundle, &trust, &Rules::default(), time(&delivery.asked[0].at))
}

fn codes(report: &Report) -> Vec<&'static str> {
    report.findings().iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn a_delivery_verifies_for_its_buyer_and_for_nobody_else() {
    for folder in FOLDERS {
        let issued = Issued::of(folder);
        let corridor = &issued.corridor;
        let own = issued.trust_file(&corridor.buyer.name);
        for (delivery, bundle) in corridor.deliveries.iter().zip(&issued.bundles) {
            let bytes = bundle.to_bytes();
            let bundle = Bundle::parse(&bytes).unwrap();
            let report = verified(&bundle, &own, delivery);
            assert_eq!((report.verdict(), codes(&report)), (Verdict::Verified, vec![]), "{folder}");
            assert_eq!(report.verified_lot(), report.subject.first().copied());
            assert!(report.is_registration_checked() && report.is_status_checked(), "{folder}");
            // Whoever issued a lot on the way is believed by an accreditation, nobody by a pin.
            let lots = report.certificates.iter().filter(|one| one.kind.creates_lot());
            assert!(lots.clone().count() > 10 && lots.clone().all(|one| !one.accredited.is_empty()));

            let rival = verified(&bundle, &issued.trust_file("rival"), delivery);
            assert_eq!((rival.verdict(), codes(&rival)), (Verdict::Untrusted, vec!["custody.not-your-lot"]));
            let nobody = Trust::nobody();
            let stranger = ytterby::verify(&bundle, &nobody, &Rules::default(), time(&delivery.asked[0].at));
            assert_eq!(stranger.verdict(), Verdict::Untrusted);
        }
    }
}

/// Without the accreditation of one company, what it issued is by somebody unknown, and nothing else is wrong.
#[test]
fn every_accreditation_counts() {
    let issued = Issued::of("dfars-2027");
    let (delivery, bytes) = (&issued.corridor.deliveries[0], issued.bundles[0].to_bytes());
    let trust = issued.trust_file(&issued.corridor.buyer.name);
    let whole: Value = serde_json::from_slice(&bytes).unwrap();
    let count = whole["accreditations"].as_array().unwrap().len();
    assert_eq!(count, issued.corridor.companies.len());
    for left_out in 0..count {
        let mut bundle = whole.clone();
        bundle["accreditations"].as_array_mut().unwrap().remove(left_out);
        let text = bundle.to_string();
        let report = verified(&Bundle::parse(text.as_bytes()).unwrap(), &trust, delivery);
        assert_eq!(report.verdict(), Verdict::Untrusted, "{left_out}");
        assert!(
            codes(&report).iter().all(|code| *code == "authority.unknown-issuer"),
            "{:?}",
            codes(&report)
        );
    }
}

#[test]
fn what_is_kept_is_what_is_made() {
    let mut kept = BTreeSet::new();
    for (file, bytes) in files() {
        let there = std::fs::read(root().join(&file)).unwrap_or_default();
        // Reports and bundles are compared whole; where they differ, JSON says where better than bytes.
        if file.extension().is_some_and(|extension| extension == "json") {
            let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
            assert_eq!(json(&there), json(&bytes), "{}: `make vectors` writes it", file.display());
        }
        assert!(there == bytes, "{}: `make vectors` writes it", file.display());
        kept.insert(file);
    }
    for folder in FOLDERS {
        for entry in std::fs::read_dir(root().join("examples").join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let own = ["corridor.json", "README.md"].contains(&&*name) || name.starts_with(char::is_numeric);
            assert!(own || kept.contains(&Path::new("examples").join(folder).join(&name)), "{folder}/{name}");
        }
    }
}

/// The stories that the corridors tell: report, exit code, and the answer to each rule.
#[test]
fn the_reports_say_what_the_stories_say() {
    let stories: [(&str, u64, &[(&str, &str)]); 8] = [
        ("corridor/report.json", 4, &[("us-dfars-7052", "pass"), ("us-ndaa-857", "not-demonstrated")]),
        ("dfars-2027/report-2026-12-31.json", 0, &[("us-dfars-7052", "pass")]),
        ("dfars-2027/report-2027-01-01.json", 3, &[("us-dfars-7052", "fail")]),
        (
            "mofcom-suspended/report-1-2026-11-09.json",
            0,
            &[
                ("cn-mofcom-18-2025", "pass"),
                ("cn-mofcom-57-2025", "not-applicable"),
                ("cn-mofcom-61-2025", "not-applicable"),
            ],
        ),
        (
            "mofcom-suspended/report-1-2026-11-10.json",
            0,
            &[("cn-mofcom-18-2025", "pass"), ("cn-mofcom-57-2025", "pass"), ("cn-mofcom-61-2025", "pass")],
        ),
        (
            "mofcom-suspended/report-2-2026-11-13.json",
            4,
            &[
                ("cn-mofcom-18-2025", "pass"),
                ("cn-mofcom-57-2025", "pass"),
                ("cn-mofcom-61-2025", "not-demonstrated"),
            ],
        ),
        ("recycled/report-2027-11-23.json", 0, &[("eu-crma-28", "not-applicable"), ("eu-crma-29", "pass")]),
        ("recycled/report-2027-11-24.json", 0, &[("eu-crma-28", "pass"), ("eu-crma-29", "pass")]),
    ];
    let made = files();
    let reports = made.iter().filter(|(file, _)| file.to_string_lossy().contains("/report"));
    assert_eq!(reports.count(), stories.len());
    for (file, exit, rules) in stories {
        let (_, bytes) = made.iter().find(|(own, _)| own.ends_with(file)).unwrap();
        let report: Value = serde_json::from_slice(bytes).unwrap();
        assert_eq!(report["exitCode"], exit, "{file}: {:#}", report["problems"]);
        let answers: Vec<_> = report["rules"].as_array().unwrap().iter().collect();
        let answers: Vec<_> = answers
            .iter()
            .map(|rule| (rule["pack"].as_str().unwrap(), rule["answer"].as_str().unwrap()))
            .collect();
        assert_eq!(answers, rules, "{file}");
        // Nothing unusual but what the rules say.
        let of_rules = |problem: &Value| problem["code"].as_str().unwrap().starts_with("rule.");
        assert!(
            report["problems"].as_array().unwrap().iter().all(of_rules),
            "{file}: {:#}",
            report["problems"]
        );
    }
}
