//! Status list credentials as they are written.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::credential::Proof;
use super::leaf::{Home, Leaf, LogIndex};
use crate::did::Did;
use crate::form::StatusPurpose;

/// A Bitstring Status List credential that states its log, its number and the size it holds up to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound(deserialize = "'de: 't"))]
pub(crate) struct StatusListCredential<'t> {
    /// Exactly our two contexts, in this order.
    #[serde(rename = "@context")]
    #[schemars(extend("const" = crate::certificate::CONTEXT))]
    pub(crate) context: Vec<&'t str>,
    /// `VerifiableCredential`, `BitstringStatusListCredential`.
    #[schemars(extend("const" = crate::status_list::TYPES))]
    pub(crate) r#type: Vec<&'t str>,
    /// did:key of the key that signs.
    pub(crate) issuer: Leaf<Did>,
    /// As of when it holds.
    pub(crate) valid_from: Leaf<Timestamp>,
    /// What it says.
    pub(crate) credential_subject: StatusListSubject<'t>,
    /// The one proof.
    pub(crate) proof: Proof<'t>,
}

/// What a status list says.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound(deserialize = "'de: 't"))]
pub(crate) struct StatusListSubject<'t> {
    /// `BitstringStatusList`.
    #[schemars(extend("const" = crate::status_list::SUBJECT_TYPE))]
    pub(crate) r#type: &'t str,
    /// Which status.
    pub(crate) status_purpose: StatusPurpose,
    /// `u` and the base64url of the compressed bits.
    pub(crate) encoded_list: &'t str,
    /// Origin of the log.
    pub(crate) origin: Leaf<Home>,
    /// Number of the list.
    pub(crate) list: Leaf<LogIndex>,
    /// Size of the log up to which it holds.
    pub(crate) size: Leaf<LogIndex>,
}
