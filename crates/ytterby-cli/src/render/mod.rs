//! Words and blocks for people.

pub(crate) mod accreditation;
pub(crate) mod amount;
pub(crate) mod attested;
pub(crate) mod certificate;
pub(crate) mod document;
pub(crate) mod html;
pub(crate) mod junit;
pub(crate) mod markdown;
pub(crate) mod portfolio;
pub(crate) mod problem;
pub(crate) mod profile;
mod registration;
pub(crate) mod report;
pub(crate) mod rules;
pub(crate) mod sarif;
pub(crate) mod style;
pub(crate) mod wrap;
