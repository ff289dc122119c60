//! The deliveries kept in `examples`: the binary says of them what is kept beside them, to the byte.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use super::run::{BINARY, Folder, Ran};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

fn run_in(place: &Path, args: &[&str]) -> Ran {
    let mut command = Folder::new().command(BINARY);
    command.current_dir(place).args(args).stdin(Stdio::null());
    Ran::of(command.output().unwrap())
}

#[test]
fn every_kept_report_is_what_verify_prints() {
    let mut reports = 0;
    for entry in std::fs::read_dir(examples()).unwrap() {
        let place = entry.unwrap().path();
        let Ok(text) = std::fs::read(place.join("corridor.json")) else { continue };
        let corridor: Value = serde_json::from_slice(&text).unwrap();
        let list = |value: &Value, name: &str| value[name].as_array().unwrap().clone();
        for delivery in list(&corridor, "deliveries") {
            for report in list(&delivery, "reports") {
                let word = |value: &Value| value.as_str().unwrap().to_owned();
                let rules: Vec<String> = list(&report, "rules").iter().map(word).collect();
                let (file, at) = (word(&delivery["file"]), word(&report["at"]));
                let mut args =
                    vec!["verify", &file, "--trust", "trust.toml", "--at", &at, "--format", "json"];
                args.extend(rules.iter().flat_map(|rule| ["--rules", rule]));
                let kept = std::fs::read_to_string(place.join(word(&report["file"]))).unwrap();
                let ran = run_in(&place, &args);
                assert!(ran.out == kept, "{}: {args:?}", place.display());
                assert_eq!(ran.json()["exitCode"], ran.code);
                reports += 1;
            }
        }
    }
    assert_eq!(reports, 8);
}

/// What the story of the group says to type.
#[test]
fn the_kept_portfolio_is_what_verify_prints() {
    let story = std::fs::read_to_string(examples().join("portfolio/README.md")).unwrap();
    let command = story.split("ytterby verify").nth(1).unwrap().split("```").next().unwrap();
    let words = command.split_whitespace().filter(|word| *word != "\\");
    let files: Vec<String> = ["corridor/delivery", "dfars-2027/delivery", "mofcom-suspended/delivery-1"]
        .iter()
        .chain(&["mofcom-suspended/delivery-2", "recycled/delivery"])
        .map(|file| format!("{file}.json"))
        .collect();
    let mut args = vec!["verify"];
    args.extend(files.iter().map(String::as_str));
    args.extend(words.filter(|word| !word.starts_with('*')));
    args.extend(["--format", "json"]);
    let ran = run_in(&examples(), &args).exits(4);
    assert!(ran.out == std::fs::read_to_string(examples().join("portfolio/report.json")).unwrap());
}
