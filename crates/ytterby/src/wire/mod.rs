//! Wire structs: the closed schema of everything that is read and written as JSON.
//!
//! They borrow from the parsed tree and hold one field per member. Implements
//! proto-docs/certificate.md, "Members", and proto-docs/registration.md, "Entries".

mod accreditation;
mod assay;
mod claims;
mod credential;
mod entry;
mod hint;
mod leaf;
mod portfolio;
mod profile;
mod report;
mod rules;
mod schema;
mod statement;
mod status_list;
mod subject;

pub(crate) use claims::{assay_of, claims, declared_of, mass_of};
pub(crate) use credential::{DraftInput, Proof};
pub(crate) use entry::{
    AdmissionEntry, CertificateAmounts, CertificateEntry, ClosingEntry, Draw, StatusEntry, StatusValue,
};
pub(crate) use hint::refusal;
pub(crate) use leaf::Leaf;
pub use leaf::{Country, Home};
pub(crate) use portfolio::{ElementTotalsJson, HeldJson, LeftOutJson, PortfolioJson, RuleTotalsJson};
pub(crate) use profile::{MovedJson, ProfileJson, ProvenanceJson};
pub(crate) use report::{
    AccreditedJson, BalanceJson, CertificateJson, CheckJson, ClosedJson, Counts, InputJson, KnownJson,
    LotJson, ProblemJson, RegisteredJson, ReportJson, RunCounts, RunJson, StatusAsOf,
};
pub(crate) use rules::RuleJson;
pub use schema::{draft_schemas, published_schemas};
pub(crate) use statement::AttestationsJson;
pub(crate) use status_list::StatusListCredential;
