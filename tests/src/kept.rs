//! What is kept beside the corridors of `examples`: bundles, trust files, and the reports on them.

use std::path::{Path, PathBuf};

use examples::corridor::{Asked, Delivery};
use serde_json::Value;
use ytterby::digest::Digest;
use ytterby::{
    Bundle, InputName, Portfolio, Question, Report, RulePack, Rules, Run, StatusAge, Trust, Verdict,
};

use crate::book::time;
use crate::corridor::{FOLDERS, Issued};

/// The folder of what a group has that buys all deliveries.
pub const GROUP: &str = "portfolio";

/// What the group asks, when, and how old lists may be.
const GROUP_RULES: [&str; 3] = ["us-dfars-7052", "eu-crma-29", "eu-crma-5"];
const GROUP_AT: &str = "2027-11-24T00:00:00Z";
const GROUP_AGE_HOURS: i64 = 400 * 24;

/// Every file, by path from the project's root: `make vectors` writes them.
pub fn files() -> Vec<(PathBuf, Vec<u8>)> {
    let all: Vec<Issued> = FOLDERS.iter().map(|name| Issued::of(name)).collect();
    let mut files = Vec::new();
    for (name, issued) in FOLDERS.iter().zip(&all) {
        let folder = Path::new("examples").join(name);
        let trust = issued.trust_file(&issued.corridor.buyer.name);
        files.push((folder.join("trust.toml"), trust.clone().into_bytes()));
        for (delivery, bundle) in issued.corridor.deliveries.iter().zip(&issued.bundles) {
            let bytes = bundle.to_bytes();
            for asked in &delivery.asked {
                files.push((folder.join(&asked.file), text(&report(&trust, delivery, &bytes, asked))));
            }
            files.push((folder.join(&delivery.file), bytes));
        }
    }
    let folder = Path::new("examples").join(GROUP);
    let all: Vec<&Issued> = all.iter().collect();
    let holders: Vec<&str> = all.iter().map(|own| &*own.corridor.buyer.name).collect();
    let trust = Issued::trust_file_of("A group of four buyers", &holders, &all);
    files.push((folder.join("report.json"), text(&portfolio(&trust, &all))));
    files.push((folder.join("trust.toml"), trust.into_bytes()));
    files
}

fn text(value: &Value) -> Vec<u8> {
    (serde_json::to_string_pretty(value).expect("JSON") + "\n").into_bytes()
}

fn rules<'r>(names: impl IntoIterator<Item = &'r str>) -> Rules {
    let pack = |name: &str| {
        let text = RulePack::shipped(name).unwrap_or_else(|| panic!("{name} is shipped"));
        RulePack::parse(text.as_bytes()).expect("a pack of ours")
    };
    Rules { packs: names.into_iter().map(pack).collect(), screening: Vec::new() }
}

/// The report of a buyer who asks a delivery's question: what `ytterby verify --format json` prints.
fn report(trust: &str, delivery: &Delivery, bytes: &[u8], asked: &Asked) -> Value {
    let question = Question { rules: rules(asked.rules.iter().map(String::as_str)), ..Question::default() };
    let bundle = Bundle::parse(bytes).expect("a bundle of ours");
    let report = verified(&bundle, trust, &asked.at, &question);
    report.to_json_of(&bundle, InputName { file: delivery.file.clone(), digest: Some(Digest::of(bytes)) })
}

fn verified(bundle: &Bundle<'_>, trust: &str, at: &str, question: &Question) -> Report {
    let trust = Trust::parse(trust.as_bytes()).expect("a trust file of ours");
    ytterby::verify_with(bundle, &trust, time(at), question, &mut |_, _| {})
}

/// The report on all deliveries together: what `ytterby verify --portfolio --format json` prints.
fn portfolio(trust: &str, all: &[&Issued]) -> Value {
    let max_status_age = StatusAge(jiff::SignedDuration::from_hours(GROUP_AGE_HOURS));
    let question = Question { rules: rules(GROUP_RULES), max_status_age, ..Question::default() };
    let mut portfolio = Portfolio::default();
    let (mut counts, mut verdict) = ([0; 4], Verdict::Verified);
    for (folder, issued) in FOLDERS.iter().zip(all) {
        for (delivery, bundle) in issued.corridor.deliveries.iter().zip(&issued.bundles) {
            let bytes = bundle.to_bytes();
            let bundle = Bundle::parse(&bytes).expect("a bundle of ours");
            let report = verified(&bundle, trust, GROUP_AT, &question);
            portfolio.note(&format!("{folder}/{}", delivery.file), &bundle, &report);
            verdict = verdict.max(report.verdict());
            counts[match report.verdict() {
                Verdict::Verified => 0,
                Verdict::Rejected => 1,
                Verdict::Untrusted => 2,
                Verdict::Undecided => 3,
            }] += 1;
        }
    }
    let run = Run {
        verdict,
        at: time(GROUP_AT),
        registration_checked: true,
        status_checked: true,
        counts,
        online: false,
        problems: Vec::new(),
        inputs: Vec::new(),
    };
    portfolio.finish(&question.rules, time(GROUP_AT)).to_json(&run)
}
