//! The report as JSON: the same object from command line, HTTP and library.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::portfolio::PortfolioJson;
use super::profile::ProvenanceJson;
use super::rules::RuleJson;
use super::statement::AttestationsJson;

/// What the published schema admits: the report on one input, on a run over several, or on a portfolio.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the shape that the published schema is made from")]
pub(crate) enum AnyReport {
    One(Box<ReportJson>),
    Run(RunJson),
    Portfolio(Box<PortfolioJson>),
}

/// `ytterby.report/1`: one input.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct ReportJson {
    /// The version of this form.
    #[schemars(extend("const" = "ytterby.report/1"))]
    pub(crate) report: &'static str,
    /// What was read, where a program read it from somewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<InputJson>,
    /// Why nothing can be said of the input. Everything else then says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unreadable: Option<String>,
    /// `verified`, `untrusted`, `undecided` or `rejected`.
    #[schemars(extend("enum" = ["verified", "untrusted", "undecided", "rejected"]))]
    pub(crate) verdict: &'static str,
    /// The exit code of a command that ends with this verdict.
    pub(crate) exit_code: u8,
    /// The time that was asked about.
    pub(crate) at: String,
    /// `asked` if the network was asked first for status lists, checkpoints and DID documents; else `none`.
    pub(crate) network: &'static str,
    /// Digests of what was asked about.
    pub(crate) subject: Vec<String>,
    /// How many of what.
    pub(crate) counts: Counts,
    /// The oldest status list that counted: as of when statuses are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status_as_of: Option<StatusAsOf>,
    /// Steps that were not checked, for all certificates or for some.
    pub(crate) not_checked: Vec<&'static str>,
    /// What no report shows.
    pub(crate) not_shown: Vec<&'static str>,
    /// Per certificate, parents before children; absent where a program was asked for the verdict only.
    #[schemars(default)]
    pub(crate) certificates: Vec<CertificateJson>,
    /// Where the metal comes from; absent where finding it out would have taken more work than allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) provenance: Option<ProvenanceJson>,
    /// The answers to the rules that were asked; absent where none was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub(crate) rules: Vec<RuleJson>,
    /// What is attested beside the lots; absent where there is no attestation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attestations: Option<AttestationsJson>,
    /// What was found.
    pub(crate) problems: Vec<ProblemJson>,
}

/// `ytterby.run/1`: several inputs, judged one by one and then together.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct RunJson {
    /// The version of this form.
    #[schemars(extend("const" = "ytterby.run/1"))]
    pub(crate) report: &'static str,
    /// The gravest verdict of an input: rejected, undecided, untrusted, verified; rejected also when
    /// the inputs together show what none shows alone.
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
    /// What only all inputs together show.
    pub(crate) problems: Vec<ProblemJson>,
    /// A report per input, in their order.
    #[schemars(with = "Vec<ReportJson>")]
    pub(crate) inputs: Vec<serde_json::Value>,
}

/// How many inputs ended how.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct RunCounts {
    /// All of them.
    pub(crate) inputs: usize,
    /// Verified.
    pub(crate) verified: usize,
    /// Rejected.
    pub(crate) rejected: usize,
    /// Untrusted.
    pub(crate) untrusted: usize,
    /// Undecided.
    pub(crate) undecided: usize,
}

/// As of when statuses are known.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct StatusAsOf {
    /// Origin of the log.
    pub(crate) log: String,
    /// Size of the log up to which the list holds.
    pub(crate) size: String,
    /// The time as of which it holds.
    pub(crate) time: String,
}

/// What was read.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct InputJson {
    /// The name that it was given by.
    pub(crate) file: String,
    /// The digest of its bytes; absent when they could not be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<String>,
}

/// How many of what.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct Counts {
    /// Certificates of sound form.
    pub(crate) certificates: usize,
    /// Certificates that break form.
    pub(crate) malformed: usize,
    /// Findings that decide the verdict.
    pub(crate) problems: usize,
    /// Findings that only warn.
    pub(crate) warnings: usize,
    /// Certificates that a receipt shows in the log of their home.
    pub(crate) registered: usize,
}

/// One certificate.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct CertificateJson {
    /// Its digest.
    pub(crate) digest: String,
    /// Its label.
    pub(crate) id: String,
    /// Its type.
    pub(crate) r#type: &'static str,
    /// Its issuer.
    pub(crate) issuer: String,
    /// Its lot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lot: Option<LotJson>,
    /// Where a receipt shows that it was logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) registered: Option<RegisteredJson>,
    /// The end of its lot, if an entry of its home shows it: nobody can draw on it any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) closed: Option<ClosedJson>,
    /// Who accredited its issuer for it, one for each key that its anchor asks for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub(crate) accredited: Vec<AccreditedJson>,
    /// How each step ended.
    pub(crate) checks: BTreeMap<&'static str, CheckJson>,
}

/// A chain of accreditations that ends at an anchor.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct AccreditedJson {
    /// The anchor's name in the trust file, or its DIDs.
    pub(crate) anchor: String,
    /// The anchor's key that signed the last of the chain.
    pub(crate) key: String,
    /// Digests of the accreditations, from the issuer's own to the one that the anchor gave.
    pub(crate) chain: Vec<String>,
    /// `log` if witnesses saw when the certificate was logged; `signature` if only its own word says when
    /// it was made.
    #[schemars(extend("enum" = ["log", "signature"]))]
    pub(crate) time_by: &'static str,
}

/// A place in a log.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct RegisteredJson {
    /// Origin of the log.
    pub(crate) log: String,
    /// Index of the entry.
    pub(crate) index: String,
    /// When a quorum of witnesses had cosigned the checkpoint.
    pub(crate) time: String,
    /// How many witnesses had.
    pub(crate) cosigned: usize,
    /// Of how many that audit the log.
    pub(crate) witnesses: usize,
    /// Up to where that log is known.
    pub(crate) known: KnownJson,
}

/// The entry that closed a lot.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct ClosedJson {
    /// Origin of the log.
    pub(crate) log: String,
    /// Index of the entry.
    pub(crate) index: String,
    /// When a quorum of witnesses had cosigned the checkpoint that shows it.
    pub(crate) time: String,
    /// `consumed`, `lost`, `disposed`, `delivered` or `stocktake`.
    pub(crate) reason: &'static str,
}

/// How much of a log is known, and as of when.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct KnownJson {
    /// Entries of the log.
    pub(crate) size: String,
    /// When a quorum of witnesses had cosigned that size.
    pub(crate) time: String,
}

/// How a step ended.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct CheckJson {
    /// `pass`, `warn`, `skipped`, `unknown` or `fail`.
    pub(crate) outcome: &'static str,
    /// Why, where it is not `pass`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
}

/// A lot and its balance.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct LotJson {
    /// The number on the label.
    pub(crate) number: String,
    /// What the trade calls it.
    pub(crate) product: String,
    /// Its form.
    pub(crate) form: &'static str,
    /// Step, transfer kind or source.
    pub(crate) made_by: &'static str,
    /// Who holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) holder: Option<String>,
    /// Mass as weighed, kilograms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) net_mass: Option<String>,
    /// Per element, kilograms.
    pub(crate) balance: BTreeMap<&'static str, BalanceJson>,
}

/// One element of one lot, kilograms.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct BalanceJson {
    /// What the lot holds.
    pub(crate) content: String,
    /// What was drawn from it by certificates in the bundle.
    pub(crate) drawn: String,
    /// The difference.
    pub(crate) left: String,
    /// How much of the content is backed by no draw.
    pub(crate) unbacked: String,
}

/// One finding.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct ProblemJson {
    /// Its frozen code.
    pub(crate) code: &'static str,
    /// `reject`, `undecided`, `untrusted` or `warn`.
    pub(crate) effect: &'static str,
    /// The certificate it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) certificate: Option<String>,
    /// The number of that certificate's lot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lot: Option<String>,
    /// The place in it, as a JSON pointer.
    pub(crate) pointer: String,
    /// What it says, without particulars.
    pub(crate) title: &'static str,
    /// What is the matter here.
    pub(crate) text: String,
    /// What to do about it.
    pub(crate) help: &'static str,
    /// The inputs that it is about, where it takes several to see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) files: Option<Vec<String>>,
}
