//! The invariants of ARCHITECTURE.md that a test can hold.
#![expect(clippy::unwrap_used, reason = "a test that cannot read what it tests fails")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Names of everything that a package of the workspace links, development dependencies aside.
fn linked(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            package,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") && !path.ends_with("node_modules") {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                files.push((path, text));
            }
        }
    }
    assert!(!files.is_empty(), "{folder} has sources");
    files
}

#[test]
fn the_libraries_reach_nothing_outside() {
    for krate in ["ytterby", "ytterby-tlog"] {
        let linked = linked(krate);
        for name in
            ["tokio", "axum", "rusqlite", "ureq", "reqwest", "hyper", "rand", "getrandom", "mio", "socket2"]
        {
            assert!(!linked.contains(name), "{krate} links {name}");
        }
        for (path, text) in sources(&format!("crates/{krate}/src")) {
            for word in [
                "std::fs",
                "std::net",
                "std::env",
                "std::process",
                "SystemTime",
                "Instant::now",
                "async fn",
                "println!",
            ] {
                assert!(!text.contains(word), "{} has {word}", path.display());
            }
        }
    }
}

/// The log is a foundation: it knows nothing of lots, and any other log could be built on it.
#[test]
fn the_log_links_no_other_crate_of_ours() {
    let ours: Vec<String> = linked("ytterby-tlog").into_iter().filter(|c| c.starts_with("ytterby")).collect();
    assert_eq!(ours, ["ytterby-tlog"]);
}

#[test]
fn the_command_line_links_no_registry_and_no_database() {
    let linked = linked("ytterby-cli");
    for name in ["axum", "rusqlite", "libsqlite3-sys", "tokio-postgres", "ytterby-store"] {
        assert!(!linked.contains(name), "ytterby-cli links {name}");
    }
}

#[test]
fn sql_stands_in_one_crate_and_axum_in_one() {
    for krate in ["ytterby", "ytterby-tlog", "ytterby-cli", "ytterby-registry"] {
        for (path, text) in sources(&format!("crates/{krate}/src")) {
            let speaks = ["rusqlite", "tokio_postgres"].into_iter().any(|driver| text.contains(driver));
            assert!(!speaks, "{} speaks SQL", path.display());
        }
    }
    for krate in ["ytterby", "ytterby-tlog", "ytterby-cli", "ytterby-store"] {
        for (path, text) in sources(&format!("crates/{krate}/src")) {
            assert!(!text.contains("axum::"), "{} speaks HTTP", path.display());
        }
    }
}

#[test]
fn public_traits_and_features_are_few() {
    let traits: Vec<String> = sources("crates")
        .iter()
        .flat_map(|(_, text)| {
            text.lines()
                .filter(|line| line.trim_start().starts_with("pub trait "))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(traits.len() <= 3, "{traits:?}");
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let manifest = std::fs::read_to_string(entry.unwrap().path().join("Cargo.toml")).unwrap();
        assert!(!manifest.contains("[features]"), "{manifest}");
    }
}

#[test]
fn files_stay_readable() {
    for (path, text) in sources("crates") {
        let lines = text.lines().count();
        assert!(lines <= 600, "{} has {lines} lines: split it by noun", path.display());
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        for vague in ["utils", "common", "helpers", "types", "misc"] {
            assert_ne!(name, vague, "{}", path.display());
        }
    }
}

#[test]
fn the_readme_is_short_and_its_links_lead_somewhere() {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    assert!(text.split_whitespace().count() < 500);
    for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(root().join(target).exists(), "README.md links to {target}");
    }
}

#[test]
fn no_lock_file_names_a_host() {
    let path = root().join("tests/peers/package-lock.json");
    let lock: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let packages = lock["packages"].as_object().unwrap();
    assert!(packages.values().all(|package| package.get("resolved").is_none()));
}
