//! The assay block, in the trade's own form.
#![expect(dead_code, reason = "members that no check reads are part of the closed schema all the same")]

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use super::leaf::{Formula, Leaf};
use crate::decimal::{Percent, Ppm};
use crate::digest::Digest;
use crate::element::{Element, Oxide};
use crate::form::{Determination, MassBasis, PercentBasis};

/// What is in a lot, as it stands on the laboratory's paper.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound(deserialize = "'de: 't"))]
pub(crate) struct Assay<'t> {
    /// What the percentages refer to.
    pub(crate) mass_basis: MassBasis,
    /// Moisture of the material as weighed; with `dry`, and if any with `ignited`.
    pub(crate) moisture: Option<Leaf<Percent>>,
    /// Loss on ignition of the dried material; with `ignited`.
    pub(crate) loss_on_ignition: Option<Leaf<Percent>>,
    /// Of what the percentages of rare earths are.
    pub(crate) percent_basis: PercentBasis,
    /// Total rare-earth oxides; with `of-treo`.
    pub(crate) treo: Option<Leaf<Percent>>,
    /// Total rare-earth metals; with `of-trem`.
    pub(crate) trem: Option<Leaf<Percent>>,
    /// Rare earths, and iron, boron, cobalt and others when stated: they become content.
    #[schemars(length(min = 1, max = 40))]
    pub(crate) components: Vec<Component>,
    /// Everything else: never content, and never a rare earth.
    #[schemars(length(min = 1, max = 80))]
    pub(crate) impurities: Option<Vec<Impurity>>,
    /// How it was measured.
    pub(crate) method: Option<Leaf<&'t str>>,
    /// Who measured it.
    pub(crate) laboratory: Option<Leaf<&'t str>>,
    /// The number of the laboratory's report.
    pub(crate) report_number: Option<Leaf<&'t str>>,
    /// The sample.
    pub(crate) sample_id: Option<Leaf<&'t str>>,
    /// When it was measured.
    pub(crate) date: Option<Leaf<Date>>,
    /// The laboratory's own attestation, if it is older than the lot.
    pub(crate) attestation: Option<Leaf<Digest>>,
}

/// One row of an assay: an element or an oxide, with a percentage or a limit it is below.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Component {
    /// The element, if it is reported as such.
    pub(crate) element: Option<Leaf<Element>>,
    /// The oxide, if it is reported as one.
    pub(crate) oxide: Option<Leaf<&'static Oxide>>,
    /// How much of it.
    pub(crate) percent: Option<Leaf<Percent>>,
    /// The limit it is below.
    pub(crate) below: Option<Leaf<Percent>>,
    /// Measured (the default) or calculated.
    pub(crate) determination: Option<Determination>,
}

/// Something else in the material.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Impurity {
    /// Its chemical formula.
    pub(crate) species: Leaf<Formula>,
    /// How much of it, parts per million of the mass.
    pub(crate) ppm: Option<Leaf<Ppm>>,
    /// The limit it is below.
    pub(crate) below_ppm: Option<Leaf<Ppm>>,
}
