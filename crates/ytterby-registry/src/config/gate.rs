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

#[cfg(test)]
mod tests {
    use super::super::tests::GOOD;
    use super::*;

    const PACK: &str = include_str!("../../../ytterby/rules/us-uflpa.toml");
    const PORTFOLIO: &str = "pack = \"eu-crma-5\"\nrefuse = \"fail\"\n";

    /// Reads the gate of a configuration that ends with a text, with files beside it.
    fn gate(text: &str) -> Result<Option<GateSetting>, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::from_seed(&[1; 32]).to_secret_multikey();
        let list = "list = \"denied\"\ndate = \"2026-11-20\"\nentries = []\n";
        for (name, text) in [
            ("secret", "a long enough secret"),
            ("log.key", "PRIVATE+KEY+…"),
            ("screening.key", &key),
            ("own.toml", PACK),
            ("bad.toml", "pack = 1\n"),
            ("list.toml", list),
            ("trust.toml", "version = 1\n"),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let path = folder.path().join("registry.toml");
        std::fs::write(&path, format!("{GOOD}{text}")).unwrap();
        Config::read(&path)?.gate()
    }

    fn rules(text: &str) -> String {
        format!("[[gate.rules]]\n{text}\n")
    }

    fn screening(more: &str) -> String {
        let key = SigningKey::from_seed(&[2; 32]).public();
        let mut text = format!(
            "[gate.screening]\nurl = \"https://s.example/ask\"\nkeys = [\"{key}\"]\nkey_file = \"screening.key\"\n"
        );
        for line in more.lines() {
            let name = line.split(' ').next().unwrap_or_default();
            text = text.lines().filter(|own| !own.starts_with(name)).map(|own| format!("{own}\n")).collect();
            text.push_str(&format!("{line}\n"));
        }
        text
    }

    #[test]
    fn a_gate_is_read_with_its_files() {
        assert!(gate("").unwrap().is_none());
        let head = "[gate]\ntrust_file = \"trust.toml\"\nlists = [\"list.toml\"]\n";
        let own = rules("file = \"own.toml\"\nrefuse = \"fail-or-not-demonstrated\"");
        let shipped = rules("pack = \"cn-licences\"\nrefuse = \"fail\"");
        let read = gate(&format!("{head}{shipped}{own}{}", screening(""))).unwrap().unwrap();
        let packs: Vec<_> = read.rules.iter().map(|own| (own.pack.id.as_str(), own.refuse)).collect();
        assert_eq!(packs, [("cn-licences", Refuse::Fail), ("us-uflpa", Refuse::FailOrNotDemonstrated)]);
        assert_eq!(read.screening.as_ref().unwrap().timeout, Duration::from_secs(5));
        let lines = read.lines();
        assert!(lines[0].starts_with("refused: a transfer that fails under cn-licences (uEi"), "{lines:?}");
        assert!(lines.contains(&"screened by https://s.example/ask".to_owned()), "{lines:?}");
    }

    #[test]
    fn what_would_refuse_nothing_or_believe_anybody_is_no_gate() {
        let fail = |name: &str| rules(&format!("{name}\nrefuse = \"fail\""));
        let plain = "is plain http, which is for this machine alone";
        for (text, wanted) in [
            ("[gate]\n".to_owned(), "neither rules nor a screening service"),
            (fail("pack = \"none\""), "no pack \"none\" is shipped"),
            (fail(""), "either `pack` or `file`"),
            (fail("pack = \"us-uflpa\"\nfile = \"own.toml\""), "either `pack` or `file`"),
            (fail("file = \"absent.toml\""), "cannot read"),
            (fail("file = \"bad.toml\""), "bad.toml: "),
            (fail("pack = \"us-uflpa\"") + &fail("file = \"own.toml\""), "us-uflpa is asked twice"),
            (rules(PORTFOLIO), "of portfolios alone"),
            (rules("pack = \"us-uflpa\""), "missing field `refuse`"),
            (rules("pack = \"us-uflpa\"\nrefuse = \"never\""), "unknown variant `never`"),
            (
                "[gate]\nlists = [\"list.toml\", \"list.toml\"]\n".to_owned() + &screening(""),
                "stands there twice",
            ),
            ("[gate]\nlists = [\"own.toml\"]\n".to_owned() + &screening(""), "gate.lists: "),
            ("[gate]\ntrust_file = \"own.toml\"\n".to_owned() + &screening(""), "gate.trust_file: "),
            ("[gate]\ncolour = 1\n".to_owned(), "unknown field"),
            (screening("keys = []"), "no answer would ever be believed"),
            (screening("keys = [\"z6Mk\"]"), "not an Ed25519 Multikey"),
            (screening("key_file = \"own.toml\""), "gate.screening.key_file"),
            (screening("timeout_seconds = 0"), "at least 1"),
            (screening("timeout_seconds = 15"), "twice of it below limits.timeout_seconds (30)"),
            (screening("url = \"http://s.example/ask\""), plain),
            (screening("url = \"http://192.0.2.1/ask\""), plain),
            (screening("url = \"http://127.0.0.1.example/ask\""), plain),
            (screening("url = \"ftp://s.example/ask\""), "begins neither"),
            (screening("url = \"https://s.example\""), "not in its usual form"),
            (screening("url = \"https://s.example/ask#part\""), "not in its usual form"),
            (screening("url = \"https://s.example/ask?a=b\""), "has a query"),
            (screening("retries = 3"), "unknown field"),
        ] {
            let error = gate(&text).map(|_| text.clone()).unwrap_err().to_string();
            assert!(error.contains(wanted), "{wanted}: {error}");
        }
        for url in
            ["http://127.0.0.1:9/ask", "http://[::1]:9/ask", "http://localhost:9/ask", "https://s.example/"]
        {
            gate(&screening(&format!("url = \"{url}\""))).unwrap();
        }
    }

    /// What stands in the sample file behind `#` is a gate too.
    #[test]
    fn the_sample_shows_a_gate() {
        let sample = include_str!("../../../../examples/registry.toml");
        let own =
            sample.lines().skip_while(|line| *line != "# [gate]").take_while(|line| line.starts_with('#'));
        let is_toml = |line: &&str| line.starts_with('[') || line.contains(" = ");
        let text: Vec<&str> = own.filter_map(|line| line.strip_prefix("# ")).filter(is_toml).collect();
        let config: Config = toml::from_str(&format!("{GOOD}{}", text.join("\n"))).unwrap();
        let gate = config.gate.unwrap();
        assert_eq!((gate.rules.len(), gate.lists.len(), gate.trust_file.is_some()), (2, 1, true));
        assert_eq!(gate.screening.unwrap().timeout_seconds, 5);
    }
}
