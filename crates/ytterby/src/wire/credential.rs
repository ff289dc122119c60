//! The members around `credentialSubject`, and what a clerk's draft says of its inputs.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::leaf::Leaf;
use crate::did::Did;

/// A secured certificate, but for its subject, which is decoded by its type.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound(deserialize = "'de: 't, S: Deserialize<'de>"))]
pub(crate) struct Credential<'t, S> {
    /// Exactly our two contexts, in this order.
    #[serde(rename = "@context")]
    #[schemars(schema_with = "context_schema")]
    pub(crate) context: Vec<&'t str>,
    /// A random label.
    pub(crate) id: Leaf<uuid::Uuid>,
    /// `VerifiableCredential`, then our type.
    #[schemars(schema_with = "type_schema")]
    pub(crate) r#type: Vec<&'t str>,
    /// Who issues it.
    pub(crate) issuer: Issuer<'t>,
    /// When it was issued; of an accreditation, from when on it holds.
    pub(crate) valid_from: Leaf<Timestamp>,
    /// Until when it holds; attestations and accreditations only.
    pub(crate) valid_until: Option<Leaf<Timestamp>>,
    /// What it says.
    pub(crate) credential_subject: S,
    /// The one proof; absent only while a draft is being made.
    pub(crate) proof: Option<Proof<'t>>,
}

/// The issuer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound(deserialize = "'de: 't"))]
pub(crate) struct Issuer<'t> {
    /// Its DID.
    pub(crate) id: Leaf<Did>,
    /// The name it gives itself.
    pub(crate) name: Option<Leaf<&'t str>>,
}

/// The proof: every member is required and none is added.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound(deserialize = "'de: 't"))]
pub(crate) struct Proof<'t> {
    /// Equal to the document's.
    #[serde(rename = "@context")]
    #[schemars(schema_with = "context_schema")]
    pub(crate) context: Vec<&'t str>,
    /// `DataIntegrityProof`.
    #[schemars(schema_with = "proof_type_schema")]
    pub(crate) r#type: &'t str,
    /// `eddsa-jcs-2022`.
    #[schemars(schema_with = "cryptosuite_schema")]
    pub(crate) cryptosuite: &'t str,
    /// When it was signed.
    pub(crate) created: Leaf<Timestamp>,
    /// Issuer DID, `#`, Multikey.
    #[schemars(schema_with = "method_schema")]
    pub(crate) verification_method: &'t str,
    /// `assertionMethod`.
    #[schemars(schema_with = "purpose_schema")]
    pub(crate) proof_purpose: &'t str,
    /// `z` and the base58btc of the signature.
    #[schemars(schema_with = "value_schema")]
    pub(crate) proof_value: &'t str,
}

/// An input as a clerk gives it: the lot, and at most one word on what was taken from it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound(deserialize = "'de: 't"))]
pub(crate) struct DraftInput<'t> {
    /// A certificate's `urn:uuid`, or the lot number of a draft in the same batch.
    pub(crate) lot: Leaf<&'t str>,
    /// The digest, if the clerk's software knows it: checked.
    pub(crate) digest_multibase: Option<Leaf<crate::digest::Digest>>,
    /// Kilograms of the lot that were charged to the step: its elements that the output contains are drawn.
    pub(crate) fed: Option<Leaf<crate::decimal::Mass>>,
    /// Kilograms of the lot that were taken: all elements in proportion.
    pub(crate) mass: Option<Leaf<crate::decimal::Mass>>,
    /// Kilograms of each element.
    pub(crate) draws: Option<std::collections::BTreeMap<&'t str, Leaf<crate::decimal::Mass>>>,
    /// Kilograms of oxides.
    pub(crate) oxide_draws: Option<std::collections::BTreeMap<&'t str, Leaf<crate::decimal::Mass>>>,
    /// Everything that is left.
    pub(crate) rest: Option<bool>,
}

fn context_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "const": crate::certificate::CONTEXT })
}

fn type_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "array", "minItems": 2, "maxItems": 2, "items": { "type": "string" } })
}

fn proof_type_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "const": crate::proof::PROOF_TYPE })
}

fn cryptosuite_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "const": crate::proof::CRYPTOSUITE })
}

fn purpose_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "const": "assertionMethod" })
}

fn method_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "pattern": "^did:(web|key):[^#]+#z6Mk[1-9A-HJ-NP-Za-km-z]{44}$" })
}

fn value_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "pattern": "^z[1-9A-HJ-NP-Za-km-z]{64,88}$" })
}
