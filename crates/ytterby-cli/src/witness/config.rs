//! The configuration of a witness: one TOML file, one documented struct, unknown keys refused.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::failure::Failure;
use crate::input;

/// The configuration file. Relative paths in it are relative to it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Where the witness listens, `address:port`. A reverse proxy terminates TLS in front of it.
    pub(crate) listen: SocketAddr,
    /// The file that holds the key it cosigns with (`PRIVATE+KEY+…`), readable by the witness alone;
    /// made by `ytterby key generate --witness NAME`.
    pub(crate) key_file: PathBuf,
    /// The folder in which it keeps what it has cosigned, and evidence; `--new` makes it. If it is ever lost, or restored from a backup, the key must never sign again: the
    /// witness could cosign a second history.
    pub(crate) state: PathBuf,
    /// What one request may cost.
    #[serde(default)]
    pub(crate) limits: Limits,
    /// The logs that it audits.
    #[serde(default)]
    pub(crate) log: Vec<LogConfig>,
}

/// What one request may cost.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// Seconds that a request may take to arrive, its body included. Default 15.
    pub(crate) request_seconds: u64,
    /// Seconds after which reading a log for one request is given up. Default 600: the first audit of
    /// a large log takes minutes.
    pub(crate) audit_seconds: u64,
    /// Requests for one log that wait for their turn; one more is answered 503. Default 16.
    pub(crate) waiting_per_log: usize,
    /// Connections that are open at once. Default 256.
    pub(crate) connections: usize,
}

/// A log that is audited.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogConfig {
    /// The key it signs its checkpoints with, `<origin>+<id>+<base64>`.
    pub(crate) key: String,
    /// Under which URL its tiles are, such as `https://registry.example/log`; plain http only on this
    /// machine.
    pub(crate) url: String,
    /// The file that holds an API key, for a registry that limits who may read entries.
    pub(crate) api_key_file: Option<PathBuf>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { request_seconds: 15, audit_seconds: 600, waiting_per_log: 16, connections: 256 }
    }
}

impl Limits {
    /// How long a request may take to arrive.
    pub(crate) fn request(&self) -> Duration {
        Duration::from_secs(self.request_seconds)
    }

    /// How long reading a log may take.
    pub(crate) fn audit(&self) -> Duration {
        Duration::from_secs(self.audit_seconds)
    }
}

impl Config {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = input::read_small(path)?;
        let fault = |text: String| Failure::usage(format!("{}: {text}", path.display()));
        let text = std::str::from_utf8(&bytes).map_err(|error| fault(error.to_string()))?;
        let mut config: Config = toml::from_str(text).map_err(|error| fault(error.to_string()))?;
        if config.log.is_empty() {
            return Err(fault("there is no [[log]] to audit".to_owned()));
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        config.key_file = folder.join(&config.key_file);
        config.state = folder.join(&config.state);
        for file in config.log.iter_mut().filter_map(|log| log.api_key_file.as_mut()) {
            *file = folder.join(&*file);
        }
        Ok(config)
    }
}
