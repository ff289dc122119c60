//! A portfolio as JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::report::{ProblemJson, RunCounts};
use super::rules::RuleJson;
use crate::decimal::kilograms;
use crate::masses::Masses;
use crate::portfolio::{Amount, ElementTotals, Held, LeftOut, RuleTotals, StageTotals, Total};
use crate::wire::Country;

/// `ytterby.portfolio/1`: many verified lots together.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct PortfolioJson {
    /// The version of this form.
    #[schemars(extend("const" = "ytterby.portfolio/1"))]
    pub(crate) report: &'static str,
    /// The gravest verdict of an input, and of what only all inputs together show.
    #[schemars(extend("enum" = ["verified", "untrusted", "undecided", "rejected"]))]
    pub(crate) verdict: &'static str,
    /// The exit code of a command that ends with this verdict.
    pub(crate) exit_code: u8,
    /// The time that was asked about.
    pub(crate) at: String,
    /// `asked` if the network was asked first for status lists, checkpoints and DID documents; else `none`.
    pub(crate) network: &'static str,
    /// How many inputs ended how.
    pub(crate) counts: RunCounts,
    /// Steps that were not checked.
    pub(crate) not_checked: Vec<&'static str>,
    /// The lots, each once; absent from a short report.
    #[schemars(default)]
    pub(crate) lots: Vec<HeldJson>,
    /// For each rule pack which lots it answers how; may be absent from a short report.
    #[schemars(default)]
    pub(crate) rules: Vec<RuleTotalsJson>,
    /// The answers to packs that ask of a portfolio.
    pub(crate) together: Vec<RuleJson>,
    /// The metal; absent from a short report.
    #[schemars(default)]
    pub(crate) elements: Vec<ElementTotalsJson>,
    /// Inputs that do not count.
    pub(crate) left_out: Vec<LeftOutJson>,
    /// What only all inputs together show.
    pub(crate) problems: Vec<ProblemJson>,
}

/// A lot of the portfolio.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct HeldJson {
    /// The digest of its certificate.
    pub(crate) lot: String,
    /// The number on its label.
    pub(crate) number: String,
    /// The inputs that deliver it.
    pub(crate) files: Vec<String>,
    /// What of it counts, kilograms of each element: its content, less what others of the portfolio draw on it.
    pub(crate) counted: BTreeMap<&'static str, String>,
    /// The answer of each rule pack.
    pub(crate) answers: BTreeMap<String, &'static str>,
}

/// How a rule pack answers for the lots.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct RuleTotalsJson {
    /// The pack's name.
    pub(crate) pack: String,
    /// The digest of its bytes.
    pub(crate) digest: String,
    /// What it asks.
    pub(crate) title: String,
    /// For each answer the lots that got it.
    pub(crate) totals: Vec<TotalJson>,
}

/// The lots that got an answer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct TotalJson {
    /// `pass`, `fail`, `not-demonstrated` or `not-applicable`.
    pub(crate) answer: &'static str,
    /// How many lots.
    pub(crate) lots: usize,
    /// What they hold, kilograms of each element.
    pub(crate) mass: BTreeMap<&'static str, String>,
}

/// An element of the portfolio.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct ElementTotalsJson {
    /// Its symbol.
    pub(crate) element: &'static str,
    /// Its mass, kilograms.
    pub(crate) mass: String,
    /// In how many lots.
    pub(crate) lots: usize,
    /// Of so many kilograms there is no profile.
    pub(crate) unprofiled: String,
    /// How it entered the certificates.
    pub(crate) entered: Vec<AmountJson>,
    /// Recovered from another process's scrap.
    pub(crate) pre_consumer: AmountJson,
    /// Its stages, mine first.
    pub(crate) stages: Vec<StageTotalsJson>,
}

/// A stage of an element's way.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct StageTotalsJson {
    /// `mining`, `collection` or a step.
    pub(crate) stage: &'static str,
    /// What passed it under a certificate.
    pub(crate) done: AmountJson,
    /// What may have passed it before its first certificate.
    pub(crate) untold: AmountJson,
    /// By country; `unknown` where certificates say so.
    pub(crate) countries: Vec<AmountJson>,
    /// By country, of material that is declared and not certified.
    pub(crate) declared: Vec<AmountJson>,
}

/// A mass of an element between two ends.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct AmountJson {
    /// What it is of, where it is one of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) of: Option<String>,
    /// At least, kilograms.
    pub(crate) low: String,
    /// At most, kilograms.
    pub(crate) high: String,
    /// At least, percent of the element's mass.
    pub(crate) low_percent: String,
    /// At most, percent of the element's mass.
    pub(crate) high_percent: String,
}

/// An input that does not count.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct LeftOutJson {
    /// Its name.
    pub(crate) file: String,
    /// The verdict on it.
    pub(crate) verdict: &'static str,
    /// The code of what decided; absent where it could not be read, or is about no lot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<&'static str>,
    /// Why.
    pub(crate) text: String,
}

impl HeldJson {
    pub(crate) fn of(held: &Held, rules: &[RuleTotals]) -> Self {
        let answer =
            |(rule, answer): (&RuleTotals, &crate::rules::Answer)| (rule.pack.clone(), answer.as_str());
        HeldJson {
            lot: held.lot.to_string(),
            number: held.number.clone(),
            files: held.inputs.clone(),
            counted: masses(&held.counted),
            answers: rules.iter().zip(&held.answers).map(answer).collect(),
        }
    }
}

impl From<&RuleTotals> for RuleTotalsJson {
    fn from(own: &RuleTotals) -> Self {
        let total = |total: &Total| TotalJson {
            answer: total.answer.as_str(),
            lots: total.lots,
            mass: masses(&total.masses),
        };
        RuleTotalsJson {
            pack: own.pack.clone(),
            digest: own.pack_digest.to_string(),
            title: own.title.clone(),
            totals: own.totals.iter().map(total).collect(),
        }
    }
}

impl From<&ElementTotals> for ElementTotalsJson {
    fn from(own: &ElementTotals) -> Self {
        let entered = own.entered.iter();
        ElementTotalsJson {
            element: own.element.symbol(),
            mass: kilograms(own.mg),
            lots: own.lots,
            unprofiled: kilograms(own.unprofiled_mg),
            entered: entered.map(|(way, own)| amount(Some(way.as_str().to_owned()), own)).collect(),
            pre_consumer: amount(None, &own.pre_consumer),
            stages: own.stages.iter().map(StageTotalsJson::from).collect(),
        }
    }
}

impl From<&StageTotals> for StageTotalsJson {
    fn from(own: &StageTotals) -> Self {
        let all = |list: &[(Option<Country>, Amount)]| {
            let name = |country: &Option<Country>| {
                country.map_or_else(|| "unknown".to_owned(), |country| country.as_str().to_owned())
            };
            list.iter().map(|(country, own)| amount(Some(name(country)), own)).collect()
        };
        StageTotalsJson {
            stage: own.stage.as_str(),
            done: amount(None, &own.done),
            untold: amount(None, &own.untold),
            countries: all(&own.countries),
            declared: all(&own.declared),
        }
    }
}

impl From<&LeftOut> for LeftOutJson {
    fn from(own: &LeftOut) -> Self {
        LeftOutJson {
            file: own.input.clone(),
            verdict: own.verdict.as_str(),
            code: own.code.map(|code| code.as_str()),
            text: own.text.clone(),
        }
    }
}

fn amount(of: Option<String>, own: &Amount) -> AmountJson {
    AmountJson {
        of,
        low: kilograms(own.low_mg),
        high: kilograms(own.high_mg),
        low_percent: own.low.to_string(),
        high_percent: own.high.to_string(),
    }
}

fn masses(masses: &Masses) -> BTreeMap<&'static str, String> {
    masses.iter().map(|(element, mg)| (element.symbol(), kilograms(mg))).collect()
}
