//! The arguments of `rules`.

use std::path::PathBuf;

use clap::Subcommand;

/// `rules`.
#[derive(Debug, Subcommand)]
pub(crate) enum Rules {
    /// List the rule packs that this program ships.
    #[command(after_help = "Example:\n  ytterby rules list\n\nExit codes: 0 listed, 2 usage")]
    List,
    /// Say what a pack asks, since when, and where that stands.
    #[command(
        after_help = "Example:\n  ytterby rules explain us-dfars-7052\n\nExit codes: 0 explained, 2 usage, 4 no such pack, or none"
    )]
    Explain {
        /// The name of a shipped pack, or a file.
        #[arg(value_name = "NAME|FILE")]
        pack: String,
    },
    /// Say whether a file is a rule pack, and where it is not.
    #[command(
        after_help = "Example:\n  ytterby rules check our-rules.toml\n\nExit codes: 0 it is one, 2 usage, 4 it is none"
    )]
    Check {
        /// The files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Ask the fixtures of packs, and say which have another answer than they expect.
    #[command(
        after_help = "Example:\n  ytterby rules test us-dfars-7052 our-rules.toml\n\nExit codes: 0 all as expected, 1 one is not, 2 usage, 4 no such pack, or none"
    )]
    Test {
        /// Names of shipped packs, or files [default: every shipped pack].
        #[arg(value_name = "NAME|FILE")]
        packs: Vec<String>,
    },
    /// Print a shipped pack as it stands, to be changed and named by its file.
    #[command(
        after_help = "Example:\n  ytterby rules print us-dfars-7052 > our-dfars.toml\n\nExit codes: 0 printed, 2 usage, 4 no such pack"
    )]
    Print {
        /// The name of a shipped pack.
        name: String,
    },
}
