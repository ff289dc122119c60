//! The gate in front of transfers: which rules refuse, and which service is asked.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use ytterby::key::{Multikey, SigningKey};
use ytterby::rules::{Ask, Screening};
use ytterby::{RulePack, Trust};
use zeroize::Zeroizing;

use super::{Config, ConfigError, Profile, refuse_readable_by_others};
use crate::gate::{GateRule, GateSetting};
use crate::screening::ScreeningSetting;

/// What a transfer has to pass before it is registered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateConfig {
    /// A trust file: whose attestations count when rules are asked. Without it nobody's do.
    pub trust_file: Option<PathBuf>,
    /// Lists of parties that packs screen against.
    #[serde(default)]
    pub lists: Vec<PathBuf>,
    /// The packs that are asked.
    #[serde(default)]
    pub rules: Vec<GateRuleConfig>,
    /// A service that is asked too; none without it.
    pub screening: Option<ScreeningConfig>,
}

/// A pack that is asked about every transfer: one that is shipped, or one of the operator's own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateRuleConfig {
    /// The name of a pack that is shipped.
    pub pack: Option<String>,
    /// The file of a pack.
    pub file: Option<PathBuf>,
    /// Which answers refuse.
    pub refuse: Refuse,
}

/// Which answers of a pack refuse a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refuse {
    /// That it fails.
    Fail,
    /// That it fails, and that it is not demonstrated.
    FailOrNotDemonstrated,
}

/// A service that is asked before a transfer is registered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScreeningConfig {
    /// Where it is asked: https, or plain http on this machine.
    pub url: String,
    /// Its public keys (`z6Mk…`): an answer is signed with one of them.
    pub keys: Vec<String>,
    /// A file that holds the key which signs the questions, readable by the service alone; made by
    /// `ytterby-registry keys screening`.
    pub key_file: PathBuf,
    /// Seconds that an answer may take. A request may ask twice, so twice as many have to be fewer than
    /// `limits.timeout_seconds`. Default 5.
    #[serde(default = "five")]
    pub timeout_seconds: u64,
}

fn five() -> u64 {
    5
}

impl GateConfig {
    /// Relative paths are relative to a folder.
    pub(super) fn within(&mut self, folder: &Path) {
        let packs = self.rules.iter_mut().filter_map(|rule| rule.file.as_mut());
        let key = self.screening.as_mut().map(|screening| &mut screening.key_file);
        for path in self.trust_file.as_mut().into_iter().chain(&mut self.lists).chain(packs).chain(key) {
            *path = folder.join(&*path);
        }
    }
}

impl Config {
    /// The gate, with every file of it read; `None` if there is none.
    pub fn gate(&self) -> Result<Option<GateSetting>, ConfigError> {
        let Some(gate) = &self.gate else { return Ok(None) };
        let wrong = |key, problem| ConfigError::Value { key, problem };
        if gate.rules.is_empty() && gate.screening.is_none() {
            let problem = "it names neither rules nor a screening service: leave it out".to_owned();
            return Err(wrong("gate", problem));
        }
        let trust = match &gate.trust_file {
            Some(path) => Trust::parse(&bytes(path)?)
                .map_err(|error| wrong("gate.trust_file", format!("{}: {error}", path.display())))?,
            None => Trust::nobody(),
        };
        let mut lists: Vec<Screening> = Vec::with_capacity(gate.lists.len());
        for path in &gate.lists {
            let list = Screening::parse(&bytes(path)?)
                .map_err(|error| wrong("gate.lists", format!("{}: {error}", path.display())))?;
            if lists.iter().any(|known| known.name == list.name) {
                return Err(wrong("gate.lists", format!("the list {:?} stands there twice", list.name)));
            }
            lists.push(list);
        }
        let mut rules: Vec<GateRule> = Vec::with_capacity(gate.rules.len());
        for rule in &gate.rules {
            let pack = rule.read()?;
            if rules.iter().any(|known| known.pack.id == pack.id) {
                return Err(wrong("gate.rules", format!("the pack {} is asked twice", pack.id)));
            }
            rules.push(GateRule { pack, refuse: rule.refuse });
        }
        let screening = gate.screening.as_ref().map(|own| self.screening(own)).transpose()?;
        Ok(Some(GateSetting { trust, lists, rules, screening }))
    }

    fn screening(&self, own: &ScreeningConfig) -> Result<ScreeningSetting, ConfigError> {
        let wrong = |key, problem| ConfigError::Value { key, problem };
        let url = self.private_address("gate.screening.url", &own.url)?;
        if own.timeout_seconds == 0 || own.timeout_seconds.saturating_mul(2) >= self.limits.timeout_seconds {
            let most = self.limits.timeout_seconds;
            let problem =
                format!("it must be at least 1, and twice of it below limits.timeout_seconds ({most})");
            return Err(wrong("gate.screening.timeout_seconds", problem));
        }
        if own.keys.is_empty() {
            return Err(wrong("gate.screening.keys", "no answer would ever be believed".to_owned()));
        }
        let key = |text: &String| {
            let key = Multikey::parse(text).and_then(|key| key.verifying_key().map(|_| key));
            key.map_err(|error| wrong("gate.screening.keys", format!("{text:?}: {error}")))
        };
        let text = Zeroizing::new(bytes(&own.key_file)?);
        if self.profile == Profile::Production {
            refuse_readable_by_others(&own.key_file)?;
        }
        let secret = std::str::from_utf8(&text).unwrap_or_default();
        let secret = SigningKey::parse(secret.trim())
            .map_err(|error| wrong("gate.screening.key_file", error.to_string()))?;
        Ok(ScreeningSetting {
            url,
            keys: own.keys.iter().map(key).collect::<Result<_, _>>()?,
            key: secret,
            timeout: Duration::from_secs(own.timeout_seconds),
        })
    }
}

impl GateRuleConfig {
    fn read(&self) -> Result<RulePack, ConfigError> {
        let wrong = |problem| ConfigError::Value { key: "gate.rules", problem };
        let (name, text) = match (&self.pack, &self.file) {
            (Some(name), None) => {
                let text = RulePack::shipped(name)
                    .ok_or_else(|| wrong(format!("no pack {name:?} is shipped: `ytterby rules list`")))?;
                (name.clone(), text.as_bytes().to_vec())
            }
            (None, Some(path)) => (path.display().to_string(), bytes(path)?),
            _ => return Err(wrong("each has either `pack` or `file`".to_owned())),
        };
        let pack = RulePack::parse(&text).map_err(|error| wrong(format!("{name}: {error}")))?;
        let is_of_one = |ask: &Ask| !matches!(ask, Ask::Portfolio(_));
        if !pack.clauses.iter().any(|clause| clause.asks.iter().all(is_of_one)) {
            return Err(wrong(format!("{name} asks of portfolios alone: it would refuse nothing")));
        }
        Ok(pack)
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, ConfigError> {
    std::fs::read(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })
}
