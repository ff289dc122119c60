//! Answers to rules as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::rules::{ClauseAnswer, Row, RuleAnswer};
use crate::time::format_time;

/// The answer to a rule pack about one lot. It is no legal advice.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct RuleJson {
    /// The pack's name.
    pub(crate) pack: String,
    /// The digest of its bytes.
    pub(crate) digest: String,
    /// The day its facts were gathered.
    pub(crate) as_of: String,
    /// What it asks.
    pub(crate) title: String,
    /// The digest of the lot's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lot: Option<String>,
    /// The time that was asked about.
    pub(crate) at: String,
    /// The gravest answer of a clause that is law then.
    #[schemars(extend("enum" = ["pass", "fail", "not-demonstrated", "not-applicable"]))]
    pub(crate) answer: &'static str,
    /// Every clause.
    pub(crate) clauses: Vec<ClauseJson>,
}

/// The answer to a clause.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct ClauseJson {
    /// Its name.
    pub(crate) clause: String,
    /// What it asks.
    pub(crate) title: String,
    /// `in-force`, `uncertain`, `suspended` or `proposed`.
    pub(crate) state: &'static str,
    /// What there is to know of that.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(default)]
    pub(crate) state_note: String,
    /// `pass`, `fail`, `not-demonstrated` or `not-applicable`.
    pub(crate) answer: &'static str,
    /// What decided.
    pub(crate) reason: String,
    /// A table, where it asks for one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub(crate) rows: Vec<RowJson>,
    /// Ways out that only people can judge.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub(crate) ways_out: Vec<String>,
}

/// A row of a table.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct RowJson {
    /// Its name.
    pub(crate) name: String,
    /// What stands there.
    pub(crate) text: String,
}

impl From<&RuleAnswer> for RuleJson {
    fn from(own: &RuleAnswer) -> Self {
        RuleJson {
            pack: own.pack.clone(),
            digest: own.pack_digest.to_string(),
            as_of: own.as_of.to_string(),
            title: own.title.clone(),
            lot: own.lot.map(|lot| lot.to_string()),
            at: format_time(own.at),
            answer: own.answer.as_str(),
            clauses: own.clauses.iter().map(ClauseJson::from).collect(),
        }
    }
}

impl From<&ClauseAnswer> for ClauseJson {
    fn from(own: &ClauseAnswer) -> Self {
        let row = |row: &Row| RowJson { name: row.name.clone(), text: row.text.clone() };
        ClauseJson {
            clause: own.clause.clone(),
            title: own.title.clone(),
            state: own.state.as_str(),
            state_note: own.state_note.clone(),
            answer: own.answer.as_str(),
            reason: own.reason.clone(),
            rows: own.rows.iter().map(row).collect(),
            ways_out: own.ways_out.clone(),
        }
    }
}
