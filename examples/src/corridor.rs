//! Corridors: mine-to-magnet chains as data files, a folder each, and how they become drafts.
//!
//! `corridor.json` says who takes part, who accredits them, and what is asked of the deliveries. Every file whose
//! name begins with a digit holds who issues, a sentence on why, and a draft as that company's clerk would type it.
//! Three words stand for what is only known when it is run: `@day-40` (forty days before the last day),
//! `@did-trader` (that company's DID), and as an input `@03-carbonate` (the lot of that file).

use std::collections::HashMap;
use std::path::Path;

use jiff::{ToSpan, civil::Date};
use serde_json::{Value, json};

/// Who takes part, the files in order, and what is asked of what they end in.
pub struct Corridor {
    /// Who accredits everybody: the buyer's one anchor.
    pub anchor: Company,
    /// Who issues.
    pub companies: Vec<Company>,
    /// Who buys the magnets.
    pub buyer: Company,
    /// The origin of the log it is registered in, where no registry runs.
    pub log: String,
    /// The last day, where it is not issued today: `2026-11-24`.
    pub last_day: String,
    /// What is issued, in order.
    pub steps: Vec<Step>,
    /// What the buyer gets, and what he asks of it.
    pub deliveries: Vec<Delivery>,
}

/// A company.
pub struct Company {
    /// Short name.
    pub name: String,
    /// Full name.
    pub title: String,
    /// Where it works.
    pub country: String,
    /// Whether it signs with a key of its own.
    pub own_key: bool,
    /// Which of the registries it is registered with, from 0.
    pub registry: usize,
}

/// A bundle that is handed to the buyer.
pub struct Delivery {
    /// The bundle's file: `delivery.json`.
    pub file: String,
    /// The name of the step that makes it.
    pub step: String,
    /// When the bundle is made.
    pub made: String,
    /// What is asked of it.
    pub asked: Vec<Asked>,
}

/// A question to a delivery, whose answer is kept.
pub struct Asked {
    /// The report's file.
    pub file: String,
    /// The time asked about.
    pub at: String,
    /// The rule packs.
    pub rules: Vec<String>,
}

/// One file.
pub struct Step {
    /// Its name without ending: `03-carbonate`.
    pub name: String,
    /// Who issues or closes.
    pub issuer: String,
    /// Why.
    pub note: String,
    /// The draft, with its stand-ins.
    pub draft: Option<Value>,
    /// Or the lot to close, and the reason.
    pub close: Option<(String, String)>,
}

/// What stand-ins stand for.
pub struct Meaning<'m> {
    /// Today.
    pub today: Date,
    /// DIDs by company.
    pub dids: &'m HashMap<String, String>,
    /// Labels by file name.
    pub lots: &'m HashMap<String, String>,
}

/// Reads a folder of corridor files.
pub fn load(folder: &Path) -> std::io::Result<Corridor> {
    let read = |path: &Path| -> std::io::Result<Value> {
        let wrong = |error| std::io::Error::other(format!("{}: {error}", path.display()));
        serde_json::from_slice(&std::fs::read(path)?).map_err(wrong)
    };
    let about = read(&folder.join("corridor.json"))?;
    let mut paths: Vec<_> = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| name(path).starts_with(|first: char| first.is_ascii_digit()));
    paths.sort();
    let step = |path: &std::path::PathBuf| {
        let file = read(path)?;
        Ok(Step {
            name: name(path),
            issuer: text(&file, "issuer"),
            note: text(&file, "note"),
            draft: file.get("draft").cloned(),
            close: file.get("close").map(|close| (text(close, "lot"), text(close, "reason"))),
        })
    };
    Ok(Corridor {
        anchor: Company::read(&about["anchor"]),
        companies: list(&about, "companies").map(Company::read).collect(),
        buyer: Company::read(&about["buyer"]),
        log: text(&about, "log"),
        last_day: text(&about, "lastDay"),
        steps: paths.iter().map(step).collect::<std::io::Result<_>>()?,
        deliveries: list(&about, "deliveries").map(Delivery::read).collect(),
    })
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value[key].as_array().into_iter().flatten()
}

impl Company {
    fn read(value: &Value) -> Self {
        Company {
            name: text(value, "name"),
            title: text(value, "title"),
            country: text(value, "country"),
            own_key: value["ownKey"] == Value::Bool(true),
            registry: text(value, "registry").parse().unwrap_or_default(),
        }
    }
}

impl Delivery {
    fn read(value: &Value) -> Self {
        let asked = |asked: &Value| Asked {
            file: text(asked, "file"),
            at: text(asked, "at"),
            rules: list(asked, "rules").filter_map(|rule| Some(rule.as_str()?.to_owned())).collect(),
        };
        Delivery {
            file: text(value, "file"),
            step: text(value, "step"),
            made: text(value, "made"),
            asked: list(value, "reports").map(asked).collect(),
        }
    }
}

impl Corridor {
    /// The draft by which the anchor accredits a company: for what it does in the corridor, in its country, with these
    /// keys, from one time to another.
    pub fn accreditation(&self, company: &Company, did: &str, keys: &[String], span: [&str; 2]) -> Value {
        let keys: Vec<_> = keys.iter().map(|key| json!({ "key": key })).collect();
        json!({
            "type": "AccreditationCertificate", "accredits": did, "name": company.title, "keys": keys,
            "validFrom": span[0], "validUntil": span[1],
            "mayCertify": { "steps": self.tasks(&company.name), "countries": [company.country] },
        })
    }

    /// What a company does, each word once.
    fn tasks(&self, company: &str) -> Vec<&str> {
        let own = self.steps.iter().filter(|step| step.issuer == company);
        let mut tasks: Vec<_> = own.filter_map(|step| task(step.draft.as_ref()?)).collect();
        tasks.sort_unstable();
        tasks.dedup();
        tasks
    }
}

fn task(draft: &Value) -> Option<&str> {
    match draft["type"].as_str()? {
        "OriginCertificate" => Some("origin"),
        "TransferCertificate" => Some("transfer"),
        "AttestationCertificate" => Some("attestation"),
        _ => draft["step"].as_str(),
    }
}

impl Meaning<'_> {
    /// A value with every stand-in replaced.
    pub fn fill(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.word(text)),
            Value::Array(items) => Value::Array(items.iter().map(|item| self.fill(item)).collect()),
            Value::Object(members) => {
                Value::Object(members.iter().map(|(key, value)| (key.clone(), self.fill(value))).collect())
            }
            other => other.clone(),
        }
    }

    /// A text with its stand-in replaced, if it is one.
    pub fn word(&self, text: &str) -> String {
        let Some(name) = text.strip_prefix('@') else { return text.to_owned() };
        if let Some(days) = name.strip_prefix("day-").and_then(|days| days.parse::<i64>().ok()) {
            return self.today.saturating_sub(days.days()).to_string();
        }
        let did = name.strip_prefix("did-").and_then(|company| self.dids.get(company));
        did.or_else(|| self.lots.get(name)).cloned().unwrap_or_else(|| text.to_owned())
    }
}
