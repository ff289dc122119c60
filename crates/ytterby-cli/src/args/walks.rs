//! The arguments of `trace` and `diff`.

use std::path::PathBuf;

use clap::Args;

use super::{Format, MAX_BYTES, OneFile, time};

pub(super) const TRACE: &str = "\
Examples:
  ytterby trace delivery.json --lot MAG-0002 --up
  ytterby trace everything.json --lot ORE-1 --down --format json

A lot that stands in several certificates of one number, as after a sale, is traced from all of them.
Draws are those that the file has; a lot may have been drawn on elsewhere.

Exit codes: 0 shown, 2 usage, 4 unreadable, or no such lot";

pub(super) const DIFF: &str = "\
Examples:
  ytterby diff delivery-june.json delivery-july.json
  ytterby diff sent.json received.json --trust acme.toml --format json

The order and the formatting of files are no difference. Without a trust file nothing is judged.

Exit codes: 0 no difference, 1 they differ, 2 usage, 4 unreadable";

/// `trace`.
#[derive(Debug, Args)]
pub(crate) struct Trace {
    #[command(flatten)]
    pub(crate) input: OneFile,
    /// Where to begin: a lot's number, label or digest.
    #[arg(long, value_name = "LOT")]
    pub(crate) lot: String,
    /// What it was made from, back to the origins.
    #[arg(long)]
    pub(crate) up: bool,
    /// What was made from it.
    #[arg(long, conflicts_with = "up")]
    pub(crate) down: bool,
    /// Both, which is the default.
    #[arg(long, conflicts_with_all = ["up", "down"])]
    pub(crate) both: bool,
    /// How to show it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

/// `diff`.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// A bundle, certificate, list of certificates or presentation; `-` is standard input.
    #[arg(value_name = "A")]
    pub(crate) before: PathBuf,
    /// Another.
    #[arg(value_name = "B")]
    pub(crate) after: PathBuf,
    /// Judge both by this trust file, and compare what was found.
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: Option<PathBuf>,
    /// Judge as of this time: 2026-08-30T12:00:00Z, or 2026-08-30 for the end of that day.
    #[arg(long, value_name = "TIME", value_parser = time, requires = "trust")]
    pub(crate) at: Option<jiff::Timestamp>,
    /// How to show it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
    /// Largest input, in bytes.
    #[arg(long, value_name = "N", default_value_t = MAX_BYTES)]
    pub(crate) max_bytes: u64,
}
