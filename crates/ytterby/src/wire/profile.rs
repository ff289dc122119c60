//! The provenance profile as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::decimal::kilograms;
use crate::profile::{ElementProfile, Moved, Profile, Share, StageProfile};

/// Where the metal of what was asked about comes from.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct ProvenanceJson {
    /// A profile of each lot.
    pub(crate) lots: Vec<ProfileJson>,
    /// The transfers on the way.
    pub(crate) transfers: Vec<MovedJson>,
}

/// Where a lot's metal comes from.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct ProfileJson {
    /// The digest of the lot's certificate.
    pub(crate) lot: String,
    /// The weakest custody model on the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) weakest_custody: Option<&'static str>,
    /// Its elements.
    pub(crate) elements: Vec<ElementJson>,
}

/// Where an element of a lot comes from.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct ElementJson {
    /// Its symbol.
    pub(crate) element: &'static str,
    /// Its mass, kilograms.
    pub(crate) mass: String,
    /// How it entered the certificates: the source of an origin, `declared`, `unbacked`, `exchanged`, `missing`.
    pub(crate) entered: Vec<Part>,
    /// Recovered from products after use.
    pub(crate) post_consumer: ShareJson,
    /// Recovered from another process's scrap.
    pub(crate) pre_consumer: ShareJson,
    /// Its stages, mine first.
    pub(crate) stages: Vec<StageJson>,
}

/// A stage of an element's way.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct StageJson {
    /// `mining`, `collection` or a step.
    pub(crate) stage: &'static str,
    /// What passed it under a certificate.
    pub(crate) done: ShareJson,
    /// What may have passed it before its first certificate.
    pub(crate) untold: ShareJson,
    /// By country; `unknown` where the certificate says so.
    pub(crate) countries: Vec<Part>,
    /// By region, after its country and a space.
    pub(crate) regions: Vec<Part>,
    /// By facility.
    pub(crate) facilities: Vec<Part>,
    /// By issuer.
    pub(crate) issuers: Vec<Part>,
    /// By country, of material that is declared and not certified.
    pub(crate) declared: Vec<Part>,
}

/// A share and what it is of.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct Part {
    /// What it is of.
    pub(crate) of: String,
    /// At least, percent.
    pub(crate) low: String,
    /// Where pools are mixed.
    pub(crate) mixed: String,
    /// At most.
    pub(crate) high: String,
}

/// A share of an element's mass, percent.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct ShareJson {
    /// At least.
    pub(crate) low: String,
    /// Where pools are mixed.
    pub(crate) mixed: String,
    /// At most.
    pub(crate) high: String,
}

/// A transfer on the way.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct MovedJson {
    /// The digest of its certificate.
    pub(crate) certificate: String,
    /// The country it left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
    /// The country it went to.
    pub(crate) to: String,
}

impl From<&Profile> for ProfileJson {
    fn from(profile: &Profile) -> Self {
        ProfileJson {
            lot: profile.lot.to_string(),
            weakest_custody: profile.weakest_custody.map(|model| model.as_str()),
            elements: profile.elements.iter().map(ElementJson::from).collect(),
        }
    }
}

impl From<&ElementProfile> for ElementJson {
    fn from(own: &ElementProfile) -> Self {
        ElementJson {
            element: own.element.symbol(),
            mass: kilograms(own.mg),
            entered: parts(&own.entered, |way| way.as_str().to_owned()),
            post_consumer: own.post_consumer().into(),
            pre_consumer: own.pre_consumer.into(),
            stages: own.stages.iter().map(StageJson::from).collect(),
        }
    }
}

impl From<&StageProfile> for StageJson {
    fn from(own: &StageProfile) -> Self {
        let country = |country: &Option<crate::wire::Country>| {
            country.map_or_else(|| "unknown".to_owned(), |country| country.as_str().to_owned())
        };
        StageJson {
            stage: own.stage.as_str(),
            done: own.done.into(),
            untold: own.untold.into(),
            countries: parts(&own.countries, country),
            regions: parts(&own.regions, |(country, region)| format!("{} {region}", country.as_str())),
            facilities: parts(&own.facilities, |id| id.to_string()),
            issuers: parts(&own.issuers, |did| did.to_string()),
            declared: parts(&own.declared, country),
        }
    }
}

impl From<Share> for ShareJson {
    fn from(share: Share) -> Self {
        let [low, mixed, high] =
            [share.low(), share.mixed(), share.high()].map(|percent| percent.to_string());
        ShareJson { low, mixed, high }
    }
}

impl From<&Moved> for MovedJson {
    fn from(moved: &Moved) -> Self {
        MovedJson {
            certificate: moved.certificate.to_string(),
            from: moved.from.map(|country| country.as_str().to_owned()),
            to: moved.to.as_str().to_owned(),
        }
    }
}

fn parts<K>(list: &[(K, Share)], name: impl Fn(&K) -> String) -> Vec<Part> {
    let part = |(key, share): &(K, Share)| {
        let ShareJson { low, mixed, high } = (*share).into();
        Part { of: name(key), low, mixed, high }
    };
    list.iter().map(part).collect()
}
