//! Where everything is kept: a file of this machine, or a database server.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{Config, ConfigError, Profile, refuse_readable_by_others};

/// Where everything is kept: one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// The SQLite file; made when it is not there. One process has it at a time.
    pub sqlite: Option<PathBuf>,
    /// A PostgreSQL database, 15 or later, which any number of processes share. It is backed up with
    /// PostgreSQL's own tools. `production` refuses one that does not replicate synchronously.
    pub postgres: Option<PostgresConfig>,
}

/// How a PostgreSQL database is reached: one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresConfig {
    /// A connection string without a password. It may name several hosts: the one that takes writes is used.
    pub url: Option<String>,
    /// A file that holds the connection string, readable by the service alone.
    pub url_file: Option<PathBuf>,
}

/// The engine of a configuration.
#[derive(Debug)]
pub enum Engine<'c> {
    /// A file.
    Sqlite(&'c Path),
    /// A connection string.
    Postgres(SecretString),
}

impl Storage {
    /// A SQLite file.
    pub fn sqlite(path: PathBuf) -> Self {
        Storage { sqlite: Some(path), postgres: None }
    }

    /// Relative paths are relative to a folder.
    pub(super) fn within(&mut self, folder: &Path) {
        let file = self.postgres.as_mut().and_then(|postgres| postgres.url_file.as_mut());
        for path in self.sqlite.as_mut().into_iter().chain(file) {
            *path = folder.join(&*path);
        }
    }
}

impl Config {
    /// Which engine keeps everything, and how it is reached.
    pub fn engine(&self) -> Result<Engine<'_>, ConfigError> {
        let wrong = |key, problem: &str| ConfigError::Value { key, problem: problem.to_owned() };
        let postgres = match (&self.storage.sqlite, &self.storage.postgres) {
            (Some(path), None) => return Ok(Engine::Sqlite(path)),
            (None, Some(postgres)) => postgres,
            _ => return Err(wrong("storage", "exactly one of sqlite and postgres has to be given")),
        };
        match (&postgres.url, &postgres.url_file) {
            (Some(url), None) if has_password(url) => {
                Err(wrong("storage.postgres.url", "a password does not belong here: use url_file"))
            }
            (Some(url), None) => Ok(Engine::Postgres(SecretString::from(url.trim()))),
            (None, Some(path)) => {
                let read = |source| ConfigError::Read { path: path.clone(), source };
                let text = Zeroizing::new(std::fs::read_to_string(path).map_err(read)?);
                if self.profile == Profile::Production {
                    refuse_readable_by_others(path)?;
                }
                Ok(Engine::Postgres(SecretString::from(text.trim())))
            }
            _ => Err(wrong("storage.postgres", "exactly one of url and url_file has to be given")),
        }
    }
}

impl Engine<'_> {
    /// What an operator has to know of its backups; nothing if the service's own commands do.
    pub fn backups(&self) -> Option<&'static str> {
        match self {
            Engine::Sqlite(_) => None,
            Engine::Postgres(_) => Some(
                "PostgreSQL is backed up and restored with its own tools: pg_basebackup and an archive of its log",
            ),
        }
    }
}

impl PartialEq for Engine<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Engine::Sqlite(one), Engine::Sqlite(other)) => one == other,
            (Engine::Postgres(one), Engine::Postgres(other)) => one.expose_secret() == other.expose_secret(),
            _ => false,
        }
    }
}

/// Whether a connection string has one, as a key or between the user and the host.
fn has_password(url: &str) -> bool {
    let authority = url.split_once("://").and_then(|(_, rest)| rest.split_once('@'));
    url.contains("password") || authority.is_some_and(|(user, _)| user.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{GOOD, read};
    use super::*;

    const SECRET: &str = "a long enough secret";

    fn with(storage: &str) -> Result<Config, ConfigError> {
        read(&GOOD.replace("sqlite = \"registry.db\"", storage), SECRET, 0o600)
    }

    #[test]
    fn one_engine_is_named_and_reached_in_one_way() {
        let config = with("postgres = { url = \"host=a,b user=ytterby\" }").unwrap();
        assert_eq!(config.engine().unwrap(), Engine::Postgres("host=a,b user=ytterby".into()));
        assert!(config.engine().unwrap().backups().is_some());
        assert!(matches!(read(GOOD, SECRET, 0o600).unwrap().engine(), Ok(Engine::Sqlite(_))));
        for (storage, wanted) in [
            ("", "exactly one of sqlite and postgres"),
            ("sqlite = \"a\"\npostgres = { url = \"host=a\" }", "exactly one of sqlite and postgres"),
            ("postgres = {}", "exactly one of url and url_file"),
            ("postgres = { url = \"host=a\", url_file = \"b\" }", "exactly one of url and url_file"),
            ("postgres = { url = \"host=a password=b\" }", "use url_file"),
            ("postgres = { url = \"postgresql://me:secret@a/b\" }", "use url_file"),
            ("postgres = { uri = \"host=a\" }", "unknown field"),
            ("postgres = { url_file = \"nowhere\" }", "cannot read"),
        ] {
            let error = with(storage).unwrap_err().to_string();
            assert!(error.contains(wanted) && !error.contains("secret@"), "{storage}: {error}");
        }
        // The secret's own file will do: production looks at its mode, and nobody prints what is in it.
        let config = with("postgres = { url_file = \"secret\" }").unwrap();
        assert!(!format!("{config:?}").contains(SECRET));
    }
}
