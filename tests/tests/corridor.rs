//! The corridors of `examples`: each verifies as its buyer by one anchor, and only as that; what is kept beside
//! them is what they give today, to the byte.

#![expect(clippy::unwrap_used, reason = "a test that cannot read what is kept has failed")]

use std::collections::BTreeSet;
use std::path::Path;

use conformance::book::time;
use conformance::corridor::{FOLDERS, Issued};
use conformance::kept::{GROUP, files};
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
    for folder in FOLDERS.iter().chain([&GROUP]) {
        for entry in std::fs::read_dir(root().join("examples").join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let own = ["corridor.json", "README.md"].contains(&&*name) || name.starts_with(char::is_numeric);
            assert!(own || kept.contains(&Path::new("examples").join(folder).join(&name)), "{folder}/{name}");
        }
    }
}

/// A report, its exit code, and the answer to each rule.
type Story = (&'static str, u64, &'static [(&'static str, &'static str)]);

#[test]
fn the_reports_say_what_the_stories_say() {
    let stories: [Story; 8] = [
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
    let is_story =
        |file: &Path| file.to_string_lossy().contains("/report") && !file.parent().unwrap().ends_with(GROUP);
    let reports = made.iter().filter(|(file, _)| is_story(file));
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

/// What the group has is what its deliveries hold, each milligram once.
#[test]
fn the_portfolio_adds_up() {
    let made = files();
    let (_, bytes) = made.iter().find(|(file, _)| file.ends_with("portfolio/report.json")).unwrap();
    let report: Value = serde_json::from_slice(bytes).unwrap();
    let mg = |text: &Value| ytterby::decimal::Mass::parse(text.as_str().unwrap()).unwrap().mg();
    let mut sums = std::collections::BTreeMap::<String, u64>::new();
    for folder in FOLDERS {
        for (delivery, bundle) in
            Issued::of(folder).corridor.deliveries.iter().zip(&Issued::of(folder).bundles)
        {
            let lot = bundle.certificate(&bundle.subject()[0]).unwrap().lot().unwrap().clone();
            let files = report["lots"].as_array().unwrap().iter().filter(|own| own["number"] == *lot.number);
            assert!(
                files
                    .flat_map(|own| own["files"].as_array().unwrap())
                    .any(|file| *file == format!("{folder}/{}", delivery.file))
            );
            for (element, mg) in lot.content.iter() {
                *sums.entry(element.to_string()).or_default() += mg;
            }
        }
    }
    for own in report["elements"].as_array().unwrap() {
        let symbol = own["element"].as_str().unwrap();
        assert_eq!(Some(mg(&own["mass"])), sums.remove(symbol), "{symbol}");
        // Each milligram entered once: what entered in all ways is all of it, between the sums of the ends.
        let entered = own["entered"].as_array().unwrap();
        let [low, high] = ["low", "high"].map(|end| entered.iter().map(|way| mg(&way[end])).sum::<u64>());
        assert!(low <= mg(&own["mass"]) && mg(&own["mass"]) <= high, "{symbol}: {low} to {high}");
    }
    assert_eq!(sums, std::collections::BTreeMap::new());
    let answers = |pack: usize| -> Vec<u64> {
        let totals = report["rules"][pack]["totals"].as_array().unwrap();
        totals.iter().map(|total| total["lots"].as_u64().unwrap()).collect()
    };
    // From 2027 on nothing passes DFARS; after use is known of all but what was in a mass balance.
    assert_eq!((answers(0), answers(1)), (vec![0, 2, 3, 0], vec![4, 0, 1, 0]));
    assert_eq!(report["exitCode"], 4);
    assert_eq!(report["leftOut"], serde_json::json!([]));
}
