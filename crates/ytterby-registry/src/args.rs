//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// The Ytterby registry: signed, chained certificates for rare-earth lots.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve until SIGTERM or SIGINT.
    Serve {
        /// The configuration file.
        #[arg(long, value_name = "FILE", conflicts_with = "demo", required_unless_present = "demo")]
        config: Option<PathBuf>,
        /// A demonstration: no configuration, a throw-away folder, an admin key on standard output.
        #[arg(long)]
        demo: bool,
        /// Where a demonstration listens.
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", requires = "demo")]
        listen: SocketAddr,
        /// Where a demonstration keeps everything; it is left behind. Default: a folder that goes with it.
        #[arg(long, value_name = "DIR", requires = "demo")]
        dir: Option<PathBuf>,
    },
    /// Check a configuration and the files it names.
    CheckConfig {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Write a consistent copy of the store to a new file. The service must not run.
    Backup {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The new file.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Check a copy and put it where a store will be.
    Restore {
        /// The copy.
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// The store's new file.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Fetch what a store that was restored from a backup lacks of its own log. The service must not run.
    ///
    /// Draws, closings and statuses count again. The certificates themselves are gone: their holders have
    /// them, and their lots cannot be drawn on here.
    Recover {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// A copy of the log: the URL or folder of its `checkpoint` and `tile`, or the folder in which a
        /// witness keeps this log, `<state>/<SHA-256 of the origin>` with `state.json` and `entries`.
        #[arg(long, value_name = "URL|DIR")]
        from: String,
        /// A file that holds an API key, for a copy that limits who may read entries.
        #[arg(long, value_name = "FILE")]
        api_key_file: Option<PathBuf>,
    },
    /// Keys of issuers and administrators. The service must not run.
    #[command(subcommand)]
    Keys(Keys),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// List the issuers' public keys.
    List {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Make a new custodial key for an issuer; the one before it is retired.
    Rotate {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The issuer's short name.
        issuer: String,
    },
    /// Make the signing key of a log in a new file, and print the key that verifies its checkpoints.
    Log {
        /// The log's origin: host and path without a scheme, as in the configuration.
        #[arg(long)]
        origin: String,
        /// The new file.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Make the key of the status lists in a new file, and print the public key that trust files pin.
    Status {
        /// The new file.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Make the key that signs questions to a screening service in a new file, and print the public key that the
    /// service pins.
    Screening {
        /// The new file.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Make an API key for an administrator: printed or written once, stored hashed.
    Admin {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// A note for people.
        #[arg(long, default_value = "administrator")]
        label: String,
        /// Write it to this new file, mode 600, instead.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}
