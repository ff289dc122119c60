//! Wire structs: the closed schema of everything that is read and written as JSON.
//!
//! They borrow from the parsed tree and hold one field per member. Implements
//! proto-docs/certificate.md, "Members".

mod assay;
mod claims;
mod credential;
mod leaf;
mod subject;

pub(crate) use claims::claims;
pub(crate) use credential::{DraftInput, Proof};
pub use leaf::{Country, Home};
