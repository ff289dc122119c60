//! The folder and the configuration of a demonstration.

use std::fs::DirBuilder;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use anyhow::Context;
use ytterby::Home;
use ytterby::key::SigningKey;
use ytterby_registry::config::{
    Config, DEMO_SECRET, Entries, Limits, LogConfig, Profile, SealConfig, StatusConfig, Storage,
};
use ytterby_registry::log::Log;
use ytterby_registry::random;

use crate::keys::write_new;

/// The label of every demonstration's admin key.
pub(crate) const LABEL: &str = "demonstration";

/// The log of every demonstration.
const ORIGIN: &str = "demo.example/log";

/// Where a demonstration keeps everything.
pub(crate) struct Folder {
    path: PathBuf,
    throw_away: bool,
}

impl Folder {
    /// The folder asked for, or one that goes when this is dropped.
    pub(crate) fn of(dir: Option<PathBuf>) -> anyhow::Result<Self> {
        let throw_away = dir.is_none();
        let own = || std::env::temp_dir().join(format!("ytterby-demo-{}", random::label()));
        let path = dir.unwrap_or_else(own);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .with_context(|| path.display().to_string())?;
        Ok(Folder { path, throw_away })
    }

    /// The configuration of a demonstration that listens there.
    pub(crate) fn config(&self, address: SocketAddr) -> anyhow::Result<Config> {
        let origin = Home::parse(ORIGIN).context("the origin of demonstrations")?;
        let secret_file = self.path.join("seal.secret");
        if !secret_file.exists() {
            let secret = format!("{DEMO_SECRET}{}{}", random::label().simple(), random::label().simple());
            write_new(&secret_file, &secret).with_context(|| secret_file.display().to_string())?;
        }
        let key_file = self.path.join("log.key");
        if !key_file.exists() {
            let (secret, _) = Log::new_key(&origin, &random::bytes::<32>())?;
            write_new(&key_file, &secret).with_context(|| key_file.display().to_string())?;
        }
        let status_file = self.path.join("status.key");
        if !status_file.exists() {
            let key = SigningKey::from_seed(&random::bytes::<32>());
            write_new(&status_file, &key.to_secret_multikey())
                .with_context(|| status_file.display().to_string())?;
        }
        Ok(Config {
            profile: Profile::Development,
            listen: address,
            public_url: format!("http://{address}").try_into().map_err(anyhow::Error::msg)?,
            origin: Some(ORIGIN.to_owned()),
            metrics_listen: None,
            storage: Storage::sqlite(self.path.join("registry.db")),
            seal: SealConfig { secret_file },
            log: LogConfig {
                refresh_seconds: 3600,
                key_file,
                mark_file: self.path.join("log.mark"),
                quorum: None,
                entries: Entries::Public,
            },
            witness: Vec::new(),
            status: StatusConfig { key_file: status_file },
            admission: None,
            gate: None,
            peer: Vec::new(),
            limits: Limits::default(),
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.throw_away
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            tracing::warn!(%error, "the throw-away folder stays");
        }
    }
}
