//! The configuration: one TOML file, one documented struct, unknown keys refused.

mod gate;
mod status;
mod storage;
mod witness;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use ytterby::Home;
use zeroize::Zeroizing;

pub use gate::{GateConfig, GateRuleConfig, Refuse, ScreeningConfig};
pub(crate) use status::read_trust;
pub use status::{AdmissionConfig, PeerConfig, StatusConfig};
pub use storage::{Engine, PostgresConfig, Storage};
pub use witness::{Entries, WitnessAddress, WitnessConfig};

/// What every secret of a demonstration begins with; `profile = "production"` refuses it.
pub const DEMO_SECRET: &str = "ytterby-demo-";

/// The configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `production` refuses what only a demonstration may do: demo keys, a plain-http public URL,
    /// secrets that others can read.
    pub profile: Profile,
    /// Where the service listens, `address:port`. A reverse proxy terminates TLS in front of it.
    pub listen: SocketAddr,
    /// Where clients reach it: scheme, host and port, no path. DIDs of custodial issuers are made
    /// from it, so it stays for ever.
    pub public_url: PublicUrl,
    /// The log origin, which every lot made here names as its `home`. Default: the host of
    /// `public_url`, then `/log`. It stays for ever.
    pub origin: Option<String>,
    /// Where `/metrics` is served, on a listener of its own; not at all when absent.
    pub metrics_listen: Option<SocketAddr>,
    /// Where everything is kept.
    pub storage: Storage,
    /// What seals the issuers' keys.
    pub seal: SealConfig,
    /// What signs the log, and how far it has.
    pub log: LogConfig,
    /// Who cosigns the log. `log.quorum` of them have to, before an entry counts as witnessed. A registry
    /// without any runs, in production too: a witness needs its origin, its key and its entries to
    /// agree. But nobody's trust file finds a quorum on its receipts.
    #[serde(default)]
    pub witness: Vec<WitnessConfig>,
    /// What signs the status lists.
    pub status: StatusConfig,
    /// By whose word lots of other registries are admitted. Without it none are.
    pub admission: Option<AdmissionConfig>,
    /// Other registries, whose status lists are handed on in bundles of lots that came from there.
    #[serde(default)]
    pub peer: Vec<PeerConfig>,
    /// What a transfer has to pass before it is registered. Without it, whatever is sound is registered.
    pub gate: Option<GateConfig>,
    /// What one request, and all together, may cost.
    #[serde(default)]
    pub limits: Limits,
}

/// What a registry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Trials on one machine.
    Development,
    /// Certificates that others rely on.
    Production,
}

/// What seals the issuers' keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealConfig {
    /// A file that holds the sealing secret: 16 bytes or more, readable by the service alone.
    pub secret_file: PathBuf,
}

/// What signs the log, and how far it has.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// A file that holds the log's signing key (`PRIVATE+KEY+…`), readable by the service alone; made
    /// by `ytterby-registry keys log`.
    pub key_file: PathBuf,
    /// Where the newest checkpoint that was signed is kept. On another disk than the database, so that
    /// one restored from a backup is noticed; never restore this file itself.
    pub mark_file: PathBuf,
    /// How many of the witnesses have to cosign a checkpoint: from 1 to as many as are named.
    pub quorum: Option<usize>,
    /// Seconds after which the witnesses are asked to cosign the newest checkpoint again although nothing
    /// was added to the log, so that what is known of it does not age. Default 3600; from 60 to 86400.
    #[serde(default = "an_hour")]
    pub refresh_seconds: u64,
    /// Who may read the entries: `public` (the default), or `restricted`, to keys that may read.
    #[serde(default)]
    pub entries: Entries,
}

fn an_hour() -> u64 {
    3600
}

/// What one request, and all together, may cost.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Largest body of a request, bytes. Default 1 MiB.
    pub body_bytes: usize,
    /// Largest body that holds a bundle or a batch, bytes. Default 32 MiB.
    pub bundle_bytes: usize,
    /// Requests that run at once; one more is answered 503. Default 512.
    pub concurrent_requests: usize,
    /// Verifications that run at once; one more is answered 429. Default 4.
    pub concurrent_verifications: usize,
    /// Seconds after which a request is given up, its body included. Default 30.
    pub timeout_seconds: u64,
    /// Most certificates in one bundle. Default 10,000.
    pub bundle_certificates: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body_bytes: 1024 * 1024,
            bundle_bytes: 32 * 1024 * 1024,
            concurrent_requests: 512,
            concurrent_verifications: 4,
            timeout_seconds: 30,
            bundle_certificates: 10_000,
        }
    }
}

impl Limits {
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }
}

/// Scheme, host and port under which clients reach the service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PublicUrl {
    https: bool,
    host: String,
}

/// Why a configuration is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not TOML of this form; the text names line and column.
    #[error("{path}: {problem}")]
    Toml {
        /// The file.
        path: PathBuf,
        /// What is wrong and where.
        problem: String,
    },
    /// A value is not of the form that may stand there.
    #[error("{key}: {problem}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The profile refuses something.
    #[error("profile = \"production\" refuses {0}")]
    Production(String),
}

impl Config {
    /// Reads and checks a file; relative paths in it are relative to it.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let read = |source| ConfigError::Read { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(read)?;
        let mut config =
            Self::parse(&text).map_err(|problem| ConfigError::Toml { path: path.to_owned(), problem })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        config.storage.within(folder);
        config.seal.secret_file = folder.join(&config.seal.secret_file);
        config.log.key_file = folder.join(&config.log.key_file);
        config.log.mark_file = folder.join(&config.log.mark_file);
        config.status.key_file = folder.join(&config.status.key_file);
        if let Some(admission) = &mut config.admission {
            admission.trust_file = folder.join(&admission.trust_file);
        }
        if let Some(gate) = &mut config.gate {
            gate.within(folder);
        }
        config.check()?;
        Ok(config)
    }

    fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string().trim().to_owned())
    }

    /// The log origin.
    pub fn home(&self) -> Result<Home, ConfigError> {
        let origin = self.origin.clone().unwrap_or_else(|| format!("{}/log", self.public_url.host));
        Home::parse(&origin).ok_or_else(|| ConfigError::Value {
            key: "origin",
            problem: format!("{origin:?} is no log origin: host and path without a scheme"),
        })
    }

    /// The sealing secret.
    pub fn secret(&self) -> Result<SecretString, ConfigError> {
        let path = &self.seal.secret_file;
        let read = |source| ConfigError::Read { path: path.clone(), source };
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(read)?);
        let secret = text.trim();
        if secret.len() < crate::seal::SHORTEST_SECRET {
            let problem = format!("the secret is shorter than {} bytes", crate::seal::SHORTEST_SECRET);
            return Err(ConfigError::Value { key: "seal.secret_file", problem });
        }
        if self.profile == Profile::Production {
            if secret.starts_with(DEMO_SECRET) {
                return Err(ConfigError::Production("the sealing secret of a demonstration".to_owned()));
            }
            refuse_readable_by_others(path)?;
        }
        Ok(SecretString::from(secret))
    }

    /// The log's signing key, as text.
    pub fn log_key(&self) -> Result<SecretString, ConfigError> {
        let path = &self.log.key_file;
        let read = |source| ConfigError::Read { path: path.clone(), source };
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(read)?);
        if self.profile == Profile::Production {
            refuse_readable_by_others(path)?;
        }
        Ok(SecretString::from(text.trim()))
    }

    /// Everything that can be said without starting.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.home()?;
        let limits = &self.limits;
        let counts = [
            ("limits.body_bytes", limits.body_bytes),
            ("limits.bundle_bytes", limits.bundle_bytes),
            ("limits.concurrent_requests", limits.concurrent_requests),
            ("limits.concurrent_verifications", limits.concurrent_verifications),
            ("limits.bundle_certificates", limits.bundle_certificates),
        ];
        if let Some((key, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
            return Err(ConfigError::Value { key, problem: "it must not be 0".to_owned() });
        }
        if limits.timeout_seconds == 0 || limits.timeout_seconds > 3600 {
            let problem = "it must be from 1 to 3600".to_owned();
            return Err(ConfigError::Value { key: "limits.timeout_seconds", problem });
        }
        if !(60..=86_400).contains(&self.log.refresh_seconds) {
            let problem = "it must be from 60 to 86400".to_owned();
            return Err(ConfigError::Value { key: "log.refresh_seconds", problem });
        }
        if self.profile == Profile::Production && !self.public_url.https {
            return Err(ConfigError::Production(format!("the plain-http public URL {}", self.public_url)));
        }
        self.engine()?;
        if let Some(weak) = self.weak_quorum()?.filter(|_| self.profile == Profile::Production) {
            return Err(ConfigError::Production(weak));
        }
        if let Some(admission) = &self.admission {
            read_trust(&admission.trust_file)?;
        }
        self.peers()?;
        self.gate()?;
        self.secret()?;
        self.log_key().map(|_| ())
    }
}

#[cfg(unix)]
fn refuse_readable_by_others(path: &Path) -> Result<(), ConfigError> {
    use std::os::unix::fs::PermissionsExt;
    let read = |source| ConfigError::Read { path: path.to_owned(), source };
    let mode = std::fs::metadata(path).map_err(read)?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let text = format!("{}, which others can read (mode {:o}; chmod 600 it)", path.display(), mode & 0o777);
    Err(ConfigError::Production(text))
}

#[cfg(not(unix))]
fn refuse_readable_by_others(_: &Path) -> Result<(), ConfigError> {
    Ok(())
}

impl PublicUrl {
    /// Host and port as they stand in a `did:web`.
    pub fn did_host(&self) -> String {
        self.host.replace(':', "%3A")
    }

    /// Host and port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether clients come over TLS.
    pub fn is_https(&self) -> bool {
        self.https
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (https, host) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(host), _) => (true, host),
            (_, Some(host)) => (false, host),
            _ => return Err(format!("{text:?} begins neither with https:// nor with http://")),
        };
        let host = host.strip_suffix('/').unwrap_or(host).to_owned();
        let url = PublicUrl { https, host };
        match ytterby::did::Did::parse(&format!("did:web:{}", url.did_host())) {
            Ok(_) if !url.host.contains('/') && Home::parse(&url.host).is_some() => Ok(url),
            _ => Err(format!("{text:?} is no lower-case host with an optional port and nothing behind it")),
        }
    }
}

impl std::fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", if self.https { "https" } else { "http" }, self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const GOOD: &str = r#"
profile = "development"
listen = "127.0.0.1:8080"
public_url = "http://127.0.0.1:8080"
[storage]
sqlite = "registry.db"
[seal]
secret_file = "secret"
[status]
key_file = "status.key"
[log]
key_file = "log.key"
mark_file = "log.mark"
"#;

    /// Writes a configuration and its secret into a folder and reads it.
    pub(super) fn read(text: &str, secret: &str, mode: u32) -> Result<Config, ConfigError> {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.toml");
        std::fs::write(&path, text).unwrap();
        std::fs::write(folder.path().join("log.key"), "PRIVATE+KEY+…").unwrap();
        std::fs::set_permissions(folder.path().join("log.key"), std::fs::Permissions::from_mode(0o600))
            .unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, secret).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        Config::read(&path)
    }

    #[test]
    fn a_small_file_is_enough() {
        let config = read(GOOD, "a long enough secret\n", 0o644).unwrap();
        assert_eq!(config.home().unwrap().to_string(), "127.0.0.1:8080/log");
        assert_eq!(config.public_url.did_host(), "127.0.0.1%3A8080");
        assert_eq!(config.limits, Limits::default());
    }

    #[test]
    fn the_sample_file_is_one_and_states_every_default() {
        let sample = include_str!("../../../examples/registry.toml");
        let config = Config::parse(sample).unwrap();
        assert_eq!((config.profile, &config.limits), (Profile::Production, &Limits::default()));
        assert_eq!(config.home().unwrap().to_string(), "registry.example/log");
        // Every key is shown, those that may be left out too.
        for key in [
            "metrics_listen",
            "origin",
            "sqlite",
            "secret_file",
            "quorum",
            "refresh_seconds",
            "entries",
            "url",
            "bundle_certificates",
        ] {
            assert!(sample.contains(&format!("\n{key} = ")), "{key}");
        }
        let (witnesses, quorum) = config.witnesses().unwrap();
        assert_eq!((witnesses.len(), quorum, config.log.entries), (4, 3, Entries::Public));
    }

    #[test]
    fn unknown_keys_and_bad_values_are_refused() {
        let with = |from: &str, to: &str| GOOD.replace(from, to);
        for (text, wanted) in [
            (format!("colour = 1{GOOD}"), "unknown field"),
            (with("[storage]", "[storage]\nengine = 1"), "unknown field"),
            (with("\"development\"", "\"staging\""), "unknown variant"),
            (with("http://", "ftp://"), "begins neither"),
            (with("8080\"\n[", "8080/path\"\n["), "nothing behind it"),
            (format!("origin = \"https://x\"{GOOD}"), "no log origin"),
            (format!("{GOOD}[limits]\nbody_bytes = 0"), "must not be 0"),
            (format!("{GOOD}[limits]\ntimeout_seconds = 0"), "1 to 3600"),
        ] {
            let error = read(&text, "a long enough secret", 0o600).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
        }
        assert!(read(GOOD, "short", 0o600).unwrap_err().to_string().contains("shorter"));
    }

    #[test]
    fn production_refuses_what_a_demonstration_may_do() {
        let production = GOOD.replace("development", "production");
        let secure = production.replace("http://127.0.0.1:8080", "https://registry.example");
        let refused = |text: &str, secret: &str, mode| read(text, secret, mode).unwrap_err().to_string();
        assert!(refused(&production, "a long enough secret", 0o600).contains("plain-http"));
        assert!(refused(&secure, "a long enough secret", 0o640).contains("others can read"));
        assert!(refused(&secure, "ytterby-demo-0123456789", 0o600).contains("demonstration"));
        read(&secure, "a long enough secret", 0o600).unwrap();
    }
}
