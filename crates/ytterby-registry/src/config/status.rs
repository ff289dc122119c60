//! The key of the status lists, and the trust file of admissions.

use std::path::PathBuf;

use serde::Deserialize;
use ytterby::Trust;
use ytterby::key::SigningKey;
use zeroize::Zeroizing;

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
    /// It has to require registration.
    pub trust_file: PathBuf,
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

    /// The trust file of admissions, if there is one.
    pub fn admission_trust(&self) -> Result<Option<Trust>, ConfigError> {
        let Some(AdmissionConfig { trust_file }) = &self.admission else { return Ok(None) };
        let read = |source| ConfigError::Read { path: trust_file.clone(), source };
        let bytes = std::fs::read(trust_file).map_err(read)?;
        let wrong = |problem| ConfigError::Value { key: "admission.trust_file", problem };
        let trust = Trust::parse(&bytes).map_err(|error| wrong(error.to_string()))?;
        if !trust.require_registration {
            return Err(wrong("it does not require registration: a lot could be admitted twice".to_owned()));
        }
        Ok(Some(trust))
    }
}
