//! The corridor: a mine-to-magnet chain as data files, and how they become drafts.
//!
//! A file holds who issues, a sentence on why, and a draft as that company's clerk would type it.
//! Three words stand for what is only known when it is run: `@day-40` (forty days ago), `@did-trader`
//! (that company's DID), and as an input `@03-carbonate` (the lot of that file).

use std::collections::HashMap;
use std::path::Path;

use jiff::{ToSpan, civil::Date};
use serde_json::Value;

/// The companies, and the files in order.
pub struct Corridor {
    /// Who issues.
    pub companies: Vec<Company>,
    /// Who buys the magnets.
    pub buyer: Company,
    /// What is issued, in order.
    pub steps: Vec<Step>,
}

/// A company.
pub struct Company {
    /// Short name.
    pub name: String,
    /// Full name.
    pub title: String,
    /// Whether it signs with a key of its own.
    pub own_key: bool,
    /// Which of the registries it is registered with, from 0.
    pub registry: usize,
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
        serde_json::from_slice(&std::fs::read(path)?).map_err(std::io::Error::other)
    };
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let company = |value: &Value| Company {
        name: text(value, "name"),
        title: text(value, "title"),
        own_key: value["ownKey"] == Value::Bool(true),
        registry: text(value, "registry").parse().unwrap_or_default(),
    };
    let companies = read(&folder.join("companies.json"))?;
    let mut paths: Vec<_> = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let mut steps = Vec::new();
    for path in paths.iter().filter(|path| !path.ends_with("companies.json")) {
        let file = read(path)?;
        steps.push(Step {
            name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            issuer: text(&file, "issuer"),
            note: text(&file, "note"),
            draft: file.get("draft").cloned(),
            close: file.get("close").map(|close| (text(close, "lot"), text(close, "reason"))),
        });
    }
    Ok(Corridor {
        companies: companies["companies"].as_array().into_iter().flatten().map(company).collect(),
        buyer: company(&companies["buyer"]),
        steps,
    })
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
