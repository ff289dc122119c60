//! What is attested beside the lots, in the report: third parties' word, parties' own word, and what does not count,
//! never in one list.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::certificate::Certificate;
use crate::digest::Digest;
use crate::statement::{Standing, Statement, attestation};
use crate::time::format_time;

/// The attestations of a bundle, by whose word they are.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct AttestationsJson {
    /// By third parties, whom the trust file accepts.
    pub(crate) attested: Vec<AttestationJson>,
    /// By those who issued certificates of lots in the bundle.
    pub(crate) self_declared: Vec<AttestationJson>,
    /// By which nothing is said to this verifier.
    pub(crate) not_counted: Vec<AttestationJson>,
}

/// One attestation.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct AttestationJson {
    /// Its digest.
    pub(crate) certificate: String,
    /// `assay`, `audit`, `esg`, `screening` or `licence`.
    pub(crate) kind: &'static str,
    /// Who says it.
    pub(crate) issuer: String,
    /// Whether that is no third party.
    pub(crate) by_party: bool,
    /// The lots it lists, by digest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub(crate) lots: Vec<String>,
    /// The sample it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sample_id: Option<String>,
    /// The scheme, standard or regime.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scheme: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scheme_version: Option<String>,
    /// What was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<String>,
    /// What a claim includes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) boundary: Option<String>,
    /// How a claim shares out a plant's total.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) allocation_rule: Option<String>,
    /// Who verified a claim, as its issuer says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verifier: Option<String>,
    /// What an assay is for: `provisional`, `final` or `umpire`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) purpose: Option<&'static str>,
    /// What was found.
    pub(crate) result: String,
    /// From when it holds.
    pub(crate) from: String,
    /// Until when, if it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<String>,
    /// Whether it counts, is valid, and is no report that another stands in the place of.
    pub(crate) stands: bool,
    /// The report that stands in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) superseded_by: Option<String>,
}

impl AttestationsJson {
    /// The attestations that were judged; `None` if there are none.
    pub(crate) fn of(statements: &[Statement], index: &HashMap<Digest, &Certificate<'_>>) -> Option<Self> {
        let mut all = AttestationsJson::default();
        for own in statements {
            let Some(row) = index.get(&own.certificate).and_then(|certificate| row(own, certificate)) else {
                continue;
            };
            match own.standing() {
                Standing::Attested => all.attested.push(row),
                Standing::SelfDeclared => all.self_declared.push(row),
                Standing::NotCounted => all.not_counted.push(row),
            }
        }
        (!statements.is_empty()).then_some(all)
    }
}

fn row(own: &Statement, certificate: &Certificate<'_>) -> Option<AttestationJson> {
    let claims = certificate.claims();
    let said = attestation(claims)?;
    let text = |text: &Option<Box<str>>| text.as_ref().map(|text| text.to_string());
    Some(AttestationJson {
        certificate: own.certificate.to_string(),
        kind: said.kind.as_str(),
        issuer: claims.issuer.to_string(),
        by_party: own.is_self_declared,
        lots: said.lots.iter().map(|(_, digest)| digest.to_string()).collect(),
        sample_id: text(&said.sample),
        scheme: text(&said.scheme),
        scheme_version: text(&said.scheme_version),
        scope: text(&said.scope),
        boundary: text(&said.boundary),
        allocation_rule: text(&said.allocation_rule),
        verifier: text(&said.verifier),
        purpose: said.purpose.map(|purpose| purpose.as_str()),
        result: said.result.to_string(),
        from: format_time(claims.valid_from),
        until: claims.valid_until.map(format_time),
        stands: own.stands(),
        superseded_by: own.superseded_by.map(|digest| digest.to_string()),
    })
}
