//! The arguments of `witness` and `log`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What `witness --help` says besides.
pub(super) const WITNESS: &str = "\
The configuration is TOML:

  listen = \"127.0.0.1:7411\"
  key_file = \"witness.key\"
  state = \"state\"

  [[log]]
  key = \"registry.example/ree+c265d31c+Aceg+8nmkeNSNCR2d/MjgVc0lHKjs5zThOOyjba/z0Tt\"
  url = \"https://registry.example/log\"
  # api_key_file = \"api.key\"    for a registry that limits who reads entries

  # [limits]                    these are the defaults
  # request_seconds = 15        for a request to arrive
  # audit_seconds = 600         for reading a log, for one request
  # waiting_per_log = 16        requests that wait their turn
  # connections = 256

It answers POST /add-checkpoint and GET /HASH/checkpoint, HASH being the
hexadecimal SHA-256 of an origin. Before it cosigns it reads every new entry,
recomputes the root, replays the entries and has all of it on the disk.
A state that was lost, or restored from a backup, must never be used again
with the same key.

Example:
  ytterby key generate --witness witness.example/1 -o witness.key
  ytterby witness --config witness.toml --new    the first time, and never again
  ytterby witness --config witness.toml -v

Exit codes: 0 told to stop, 2 usage, 4 the state or the key is not to be used";

/// `witness`.
#[derive(Debug, Args)]
pub(crate) struct Witness {
    /// The configuration, a TOML file.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Make the state folder, the first time with a new key. It must not be there.
    #[arg(long)]
    pub(crate) new: bool,
    /// Say of every request what became of it.
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// `log`.
#[derive(Debug, Subcommand)]
pub(crate) enum Log {
    /// Judge evidence, or verify a whole log from its public files.
    #[command(
        after_help = "Evidence is judged offline. A log is read whole: under a URL, such as https://registry.example/log,\nor mirrored in a folder under the same paths.\n\nExamples:\n  ytterby log verify evidence.json --trust acme.toml\n  ytterby log verify https://registry.example/log --key registry.example/ree+c265d31c+Aceg...\n\nExit codes:\n  0   every entry of the log was read and replayed\n  1   a fault is proven: by the evidence, or in the log\n  2   usage\n  4   the evidence proves nothing; or the log is not to be had, or its key not known"
    )]
    Verify(LogVerify),
    /// Follow logs, compare what they show with what witnesses have seen, and write evidence of the first fault.
    #[command(
        after_help = "Every log is read, replayed and kept in the state folder. Admissions are held against the logs\nthat they name, and checkpoints against those that witnesses publish.\n\nExample:\n  ytterby log monitor --trust acme.toml --state monitor -o evidence.json \\\n      --log registry.example/ree=https://registry.example/log --witness https://witness.example\n\nExit codes: 0 nothing was found (--once), 1 a fault is proven, 2 usage, 4 something is not to be had (--once), or no state"
    )]
    Monitor(LogMonitor),
}

/// `log verify`.
#[derive(Debug, Args)]
pub(crate) struct LogVerify {
    /// A file of evidence; or the URL of a log; or a folder with its files.
    #[arg(value_name = "EVIDENCE|URL|DIR")]
    pub(crate) what: String,
    #[command(flatten)]
    pub(crate) keys: LogKeys,
    /// The file that holds an API key, for a registry that limits who reads entries.
    #[arg(long, value_name = "FILE")]
    pub(crate) api_key_file: Option<PathBuf>,
    /// Give up reading the log after so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub(crate) timeout: u64,
}

/// Whose signatures are known.
#[derive(Debug, Args)]
pub(crate) struct LogKeys {
    /// The trust file, whose registries and witnesses are known [default: $XDG_CONFIG_HOME/ytterby/trust.toml].
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: Option<PathBuf>,
    /// The key of a log or a witness besides, NAME+ID+BASE64; repeatable.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Vec<String>,
}

/// `log monitor`.
#[derive(Debug, Args)]
pub(crate) struct LogMonitor {
    #[command(flatten)]
    pub(crate) keys: LogKeys,
    /// A log, by the origin of a known key or the key itself, and where its files are; repeatable.
    #[arg(long, value_name = "ORIGIN=URL", required = true)]
    pub(crate) log: Vec<String>,
    /// A witness, whose checkpoints are compared with those of the logs; repeatable.
    #[arg(long, value_name = "URL")]
    pub(crate) witness: Vec<String>,
    /// The folder in which what was read is kept.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: PathBuf,
    /// Look once, and end.
    #[arg(long, conflicts_with = "interval")]
    pub(crate) once: bool,
    /// How long to wait between two looks, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) interval: u64,
    /// The file that holds an API key, for registries that limit who reads entries.
    #[arg(long, value_name = "FILE")]
    pub(crate) api_key_file: Option<PathBuf>,
    /// Where to write evidence [default: stdout].
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Say of every look what was seen.
    #[arg(short, long)]
    pub(crate) verbose: bool,
}
