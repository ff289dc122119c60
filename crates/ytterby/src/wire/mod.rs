//! Wire structs: the closed schema of everything that is read and written as JSON.
//!
//! They borrow from the parsed tree and hold one field per member. Implements
//! proto-docs/certificate.md, "Members".

mod assay;
mod claims;
mod credential;
mod hint;
mod leaf;
mod report;
mod schema;
mod subject;

pub(crate) use claims::{assay_of, claims, declared_of, mass_of};
pub(crate) use credential::{DraftInput, Proof};
pub(crate) use hint::refusal;
pub(crate) use leaf::Leaf;
pub use leaf::{Country, Home};
pub(crate) use report::{
    BalanceJson, CertificateJson, CheckJson, Counts, InputJson, LotJson, ProblemJson, ReportJson, RunCounts,
    RunJson,
};
pub use schema::{draft_schemas, published_schemas};
