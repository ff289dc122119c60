//! `ytterby`: certificates for rare-earth lots, read, judged and issued from a command line.
//!
//! Bytes, trust, time and labels are collected here and handed to the library, which judges. Nothing
//! is fetched unless a command says so: `bundle fetch`, `issue --registry`, `witness`, `log`, and `--online`.

mod accounts;
mod args;
mod clock;
mod cmd;
mod editions;
mod failure;
mod file;
mod follow;
mod input;
mod mass;
mod monitor;
mod online;
mod output;
mod progress;
mod random;
mod received;
mod render;
mod witness;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(explain(&error)),
    };
    ExitCode::from(guarded(|| cmd::run(cli)))
}

/// A panic is a bug of ours: it has its own exit code, so that no script takes it for a verdict.
fn guarded(command: impl FnOnce() -> u8 + std::panic::UnwindSafe) -> u8 {
    std::panic::catch_unwind(command).unwrap_or(failure::INTERNAL)
}

/// Prints help, or what is wrong with the command line; what a script put into it is made printable.
fn explain(error: &clap::Error) -> u8 {
    let text = error.render().to_string();
    let printable = render::style::printable_lines(&text);
    if text == printable {
        error.exit();
    }
    output::Output::new(output::Color::Never).note(printable.trim_end());
    failure::USAGE
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_panic_is_exit_code_70() {
        assert_eq!(super::guarded(|| panic!("a bug")), 70);
        assert_eq!(super::guarded(|| 3), 3);
    }
}
