//! A buyer's check of a folder of deliveries: `buyer FOLDER TRUST.toml`.
//!
//! Prints a line for each file and fails unless every one of them is verified.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "an example prints, and reads the clock"
)]

use std::process::ExitCode;

use anyhow::{Context, Result};
use ytterby::{Bundle, Trust, Verdict};

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, trust] = arguments.as_slice() else { anyhow::bail!("usage: buyer FOLDER TRUST.toml") };
    let trust = Trust::parse(&std::fs::read(trust).with_context(|| trust.clone())?)?;
    let now = jiff::Timestamp::now();
    let (mut good, mut bad) = (0, 0);
    for entry in std::fs::read_dir(folder).with_context(|| folder.clone())? {
        let path = entry?.path();
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let bytes = std::fs::read(&path)?;
        let verdict = match Bundle::parse(&bytes) {
            Ok(bundle) => {
                let report = ytterby::verify(&bundle, &trust, &ytterby::Rules::default(), now);
                for finding in report.findings() {
                    println!("  {finding}");
                }
                report.verdict()
            }
            Err(error) => {
                println!("  {error}");
                Verdict::Undecided
            }
        };
        println!("{}: {}", path.display(), verdict.as_str());
        if verdict == Verdict::Verified { good += 1 } else { bad += 1 }
    }
    println!("{good} verified, {bad} not");
    Ok(if good > 0 && bad == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
