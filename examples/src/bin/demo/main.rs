//! The demonstration: two registries and four witnesses on loopback, the corridor over HTTP from one registry
//! to the other, the delivery verified offline, forgeries refused, and a delivery that a law looks at anew at
//! midnight. `demo FOLDER`; everything lies in FOLDER afterwards.
#![expect(clippy::print_stdout, reason = "the demonstration prints")]

mod alliance;
mod forgery;
mod play;
mod stage;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use examples::client::Client;
use examples::corridor::load;
use serde_json::Value;

use forgery::Forgery;
use play::Play;
use stage::{QUORUM, Stage, WITNESSES};

/// The logs of the demonstration: what is mined and separated, and what is made of it.
const ORIGINS: [&str; 2] = ["metals.example/log", "magnets.example/log"];

/// The corridor whose delivery a rule denies from a date on, the rule, and the seconds before and after.
const DATED: &str = "dfars-2027";
const RULES: &str = "us-dfars-7052";
const SIDES: [(&str, i32); 2] = [("2026-12-31T23:59:59Z", 0), ("2027-01-01T00:00:00Z", 3)];

fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).context("usage: demo FOLDER")?;
    std::fs::create_dir_all(&folder)?;
    let corridor = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corridor"))?;
    let mut stage = Stage::start(&folder, ORIGINS)?;
    say("1", &format!("{WITNESSES} witnesses listen, and two registries:"));
    for registry in &stage.registries {
        println!("   {:<26} {}", registry.origin, registry.url);
    }

    let admins: Vec<_> =
        stage.registries.iter().map(|registry| Client::new(&registry.url, &registry.admin_key)).collect();
    let mut play = Play::register(&admins, &ORIGINS, &corridor)?;
    let companies = corridor.companies.len();
    say(
        "2",
        &format!("{companies} companies are registered, {} signs with a key of its own", play.own.len()),
    );
    let anchor = alliance::accredit(&play, &admins, &corridor)?;
    println!("   an alliance accredits each of them; it is the one anchor of the buyer's trust file");
    // Each registry admits what this trust file believes: no more than a buyer would.
    let trust_text = play.trust_file(&stage, &corridor, &anchor);
    std::fs::write(
        &stage.admission,
        trust_text.lines().filter(|line| !line.starts_with("holder")).collect::<Vec<_>>().join("\n") + "\n",
    )?;

    say("3", "the companies issue over HTTP; lots move from one registry to the other:");
    let delivery = play.issue(&corridor)?;
    println!("   {} certificates were issued, and a lot was closed", play.lots.len());

    let magnets = admins.last().context("there are two registries")?;
    magnets.receipt(&delivery)?;
    let bundle = magnets.get(&format!("/v1/certificates/{delivery}/bundle"))?;
    let (file, trust) = (folder.join("delivery.json"), folder.join("trust.toml"));
    std::fs::write(&file, &bundle)?;
    std::fs::write(&trust, trust_text)?;
    say(
        "4",
        &format!("anybody can replay the logs; {QUORUM} of {WITNESSES} witnesses must have cosigned them:"),
    );
    for registry in &stage.registries {
        let log = format!("{}/log", registry.url);
        println!("\n$ ytterby log verify {log} --trust {}", trust.display());
        ensure!(ytterby(&["log", "verify"], Path::new(&log), &["--trust", &path(&trust)])? == 0);
    }
    let forgeries = forgery::forge(&play, &stage, &bundle)?;
    stage.stop()?;
    say("5", "registries and witnesses are stopped; what follows needs no network");
    show(&folder, &file, &trust)?;
    say("6", &format!("{} deliveries that are not what they say:", forgeries.len()));
    forgeries.iter().try_for_each(|forgery| refuse(&folder, &trust, forgery))?;
    dated()?;
    println!(
        "\nEverything lies in {folder}: delivery.json, trust.toml, report.json, forged-*.json\n\
         Look further: {ytterby} tree {folder}/delivery.json, or balance, or verify without -q",
        folder = folder.display(),
        ytterby = relative(binary("ytterby")).display(),
    );
    Ok(())
}

/// The delivery as its buyer sees it.
fn show(folder: &Path, file: &Path, trust: &Path) -> Result<()> {
    println!("\n$ ytterby verify {} --trust {}", file.display(), trust.display());
    ensure!(verify(file, trust, &[])? == 0, "the delivery must verify");
    let report = path(&folder.join("report.json"));
    ensure!(verify(file, trust, &["--format", "json", "-o", &report])? == 0);
    println!("\n$ ytterby profile {} --element Nd", file.display());
    ensure!(ytterby(&["profile"], file, &["--element", "Nd"])? == 0);
    Ok(())
}

/// A delivery of another corridor, kept with its trust file, on both sides of the day from which DFARS
/// 252.225-7052 also asks where the metal was mined.
fn dated() -> Result<()> {
    let folder = relative(Path::new(env!("CARGO_MANIFEST_DIR")).join(DATED));
    let (file, trust) = (folder.join("delivery.json"), folder.join("trust.toml"));
    say(
        "7",
        "another delivery: Chinese metal, made into magnets in the United States. DFARS 252.225-7052 asks",
    );
    println!("   where magnets were made, and from 2027 on where their metal was mined and separated too.");
    println!("   The same bundle, a second before and a second after:");
    for (at, expected) in SIDES {
        let rules = ["--rules", RULES, "--at", at];
        println!("\n$ ytterby verify {} --trust {} {}", file.display(), trust.display(), rules.join(" "));
        let exit = verify(&file, &trust, &rules)?;
        ensure!(exit == expected, "exit {exit} at {at}, expected {expected}");
        println!("exit code {exit}");
    }
    Ok(())
}

/// A forgery, and how it is refused.
fn refuse(folder: &Path, trust: &Path, forgery: &Forgery) -> Result<()> {
    let file = folder.join(format!("forged-{}.json", forgery.name));
    std::fs::write(&file, &forgery.bundle)?;
    println!("\n   {}\n$ ytterby verify {} --trust {} -q", forgery.what, file.display(), trust.display());
    let exit = verify(&file, trust, &["-q"])?;
    ensure!(exit == forgery.exit, "{}: exit {exit}, expected {}", forgery.name, forgery.exit);
    let report = Command::new(binary("ytterby"))
        .args(["verify", &path(&file), "--trust", &path(trust), "--format", "json"])
        .output()?;
    let report: Value = serde_json::from_slice(&report.stdout)?;
    let mut problems = report["problems"].as_array().into_iter().flatten();
    let problem = problems.find(|problem| problem["code"] == forgery.code);
    let problem = problem.with_context(|| format!("{}: {} is not found", forgery.name, forgery.code))?;
    println!("exit code {exit}, {}: {}", forgery.code, problem["text"].as_str().unwrap_or_default());
    Ok(())
}

fn verify(file: &Path, trust: &Path, more: &[&str]) -> Result<i32> {
    ytterby(&["verify"], file, &[&["--trust", &path(trust)], more].concat())
}

/// Runs `ytterby` on a file with this terminal; its exit code.
fn ytterby(command: &[&str], file: &Path, more: &[&str]) -> Result<i32> {
    let status = Command::new(binary("ytterby")).args(command).arg(file).args(more).status()?;
    status.code().context("ended by a signal")
}

/// A binary of this workspace, beside this one.
pub(crate) fn binary(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    own.with_file_name(name)
}

/// A path as one would type it here.
fn relative(path: PathBuf) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).map(Path::to_owned).unwrap_or(path)
}

pub(crate) fn path(path: &Path) -> String {
    path.display().to_string()
}

fn say(number: &str, text: &str) {
    println!("\n{number}. {text}");
}
