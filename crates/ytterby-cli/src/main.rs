//! `ytterby`: certificates for rare-earth lots, read, judged and issued from a command line.
//!
//! Bytes, trust, time and labels are collected here and handed to the library, which judges. Nothing
//! is fetched unless a command says so in its name: `bundle fetch`, and `issue --registry`.

mod args;
mod clock;
mod cmd;
mod failure;
mod file;
mod input;
mod mass;
mod output;
mod progress;
mod random;
mod received;
mod render;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    // A panic is a bug of ours: it has its own exit code, so that no script takes it for a verdict.
    let code = std::panic::catch_unwind(|| cmd::run(cli)).unwrap_or(failure::INTERNAL);
    ExitCode::from(code)
}
