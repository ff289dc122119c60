//! The key of the status lists, and the trust file of admissions.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use ytterby::key::SigningKey;
use ytterby::{Home, Trust};
use zeroize::Zeroizing;

use crate::peers::Peer;

use super::{Config, ConfigError, Profile, refuse_readable_by_others};

/// What signs the status lists.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusConfig {
    /// A file that holds the status key, readable by the service alone; made by `ytterby-registry keys
    /// status`. Trust files pin its public key in `status_keys`.
    pub key_file: PathBuf,
}

/// By whose word lots of other registries are admitted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdmissionConfig {
    /// A trust file, as a buyer has one: the registries and witnesses that are believed, and the issuers.
    /// It has to require registration. It is read for each admission.
    pub trust_file: PathBuf,
}

/// Another registry, whose status lists are handed on in bundles.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerConfig {
    /// Its log's origin.
    pub origin: String,
    /// Its address. With `profile = "production"`, plain http is for this machine alone.
    pub url: String,
}

impl Config {
    /// The key of the status lists.
    pub fn status_key(&self) -> Result<SigningKey, ConfigError> {
        let path = &self.status.key_file;
        let read = |source| ConfigError::Read { path: path.clone(), source };
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(read)?);
        if self.profile == Profile::Production {
            refuse_readable_by_others(path)?;
        }
        SigningKey::parse(text.trim())
            .map_err(|error| ConfigError::Value { key: "status.key_file", problem: error.to_string() })
    }

    /// Other registries, their addresses checked as those of witnesses are.
    pub fn peers(&self) -> Result<Vec<Peer>, ConfigError> {
        let mut peers: Vec<Peer> = Vec::with_capacity(self.peer.len());
        for peer in &self.peer {
            let wrong = |problem: String| ConfigError::Value { key: "peer.origin", problem };
            let origin = Home::parse(&peer.origin);
            let origin = origin.ok_or_else(|| wrong(format!("{:?} is no log origin", peer.origin)))?;
            if peers.iter().any(|known| known.origin == origin) || origin == self.home()? {
                return Err(wrong(format!("{origin} is named twice, or is this registry's")));
            }
            peers.push(Peer { origin, url: self.address("peer.url", &peer.url)? });
        }
        Ok(peers)
    }
}

/// Reads the trust file of admissions.
pub(crate) fn read_trust(path: &Path) -> Result<Trust, ConfigError> {
    let read = |source| ConfigError::Read { path: path.to_owned(), source };
    let bytes = std::fs::read(path).map_err(read)?;
    let wrong = |problem| ConfigError::Value { key: "admission.trust_file", problem };
    let trust = Trust::parse(&bytes).map_err(|error| wrong(error.to_string()))?;
    if !trust.require_registration {
        return Err(wrong("it does not require registration: a lot could be admitted twice".to_owned()));
    }
    Ok(trust)
}
