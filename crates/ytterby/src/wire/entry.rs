//! Entries of the log as they are written: one closed struct for each kind.

use serde::Deserialize;

use super::leaf::{Amounts, Home, Leaf, LogIndex, Seq};
use crate::digest::Digest;
use crate::form::{CloseReason, EntryKind, Kind, StatusPurpose};

/// The one version of entries there is.
#[derive(Debug, Deserialize)]
pub(crate) enum Version {
    #[serde(rename = "1")]
    One,
}

/// A bit of a status list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum StatusValue {
    /// It does not hold.
    #[serde(rename = "0")]
    Unset,
    /// It holds.
    #[serde(rename = "1")]
    Set,
}

/// A wire struct of an entry: what every entry says, then what its kind adds.
macro_rules! entry {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            #[expect(dead_code, reason = "it is read to be refused when it is another")]
            version: Version,
            pub(crate) kind: EntryKind,
            pub(crate) certificate: Leaf<Digest>,
            $(pub(crate) $field: $type,)+
        }
    };
}

entry! {
    /// A certificate is registered.
    CertificateEntry {
        r#type: Kind,
        home: Leaf<Home>,
        amounts: Option<CertificateAmounts>,
        closed: Option<CloseReason>,
    }
}

entry! {
    /// A lot comes here from another log.
    AdmissionEntry {
        home: Leaf<Home>,
        amounts: Content,
        from: AdmittedFrom,
    }
}

entry! {
    /// A lot is closed.
    ClosingEntry {
        reason: CloseReason,
    }
}

entry! {
    /// A status of a certificate changes.
    StatusEntry {
        purpose: StatusPurpose,
        value: StatusValue,
    }
}

/// What a lot holds and takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CertificateAmounts {
    pub(crate) content: Amounts,
    pub(crate) draws: Option<Vec<Draw>>,
}

/// What a lot holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Content {
    pub(crate) content: Amounts,
}

/// What is taken out of one lot, and the state of that lot afterwards.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draw {
    pub(crate) lot: Leaf<Digest>,
    pub(crate) seq: Leaf<Seq>,
    pub(crate) amount: Amounts,
    pub(crate) cumulative: Amounts,
}

/// Where an admitted lot's certificate is registered.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdmittedFrom {
    pub(crate) origin: Leaf<Home>,
    pub(crate) index: Leaf<LogIndex>,
}
