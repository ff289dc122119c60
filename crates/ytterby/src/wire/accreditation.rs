//! `credentialSubject` of an accreditation.

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::Deserialize;

use super::claims::{bounded, combination};
use super::leaf::{Amounts, Country, Home, Leaf, Uri};
use crate::accreditation::{
    Accreditation, AccreditedFacility, AccreditedKey, KeyWindow, OpeningStock, Scope, Task,
};
use crate::decimal::Mass;
use crate::did::Did;
use crate::element::Element;
use crate::form::Source;
use crate::json::Misfit;
use crate::key::Multikey;

/// Who is accredited, with which keys, for what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound(deserialize = "'de: 't"))]
pub(crate) struct AccreditationSubject<'t> {
    /// The log origin of the registry that registers it.
    pub(crate) home: Leaf<Home>,
    /// Who is accredited.
    accredits: Leaf<Did>,
    /// The name that the accreditor gives it.
    name: Option<Leaf<&'t str>>,
    /// The keys it may sign with, each once.
    #[schemars(length(min = 1, max = 64))]
    keys: Vec<Key>,
    /// What it may certify; nothing if absent.
    may_certify: Option<WireScope<'t>>,
    /// For what it may accredit others; for nothing if absent.
    may_accredit: Option<WireScope<'t>>,
}

/// A key, and when it is good.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Key {
    /// The key, as Multikey.
    key: Leaf<Multikey>,
    /// From then on.
    from: Option<Leaf<Timestamp>>,
    /// Until then.
    until: Option<Leaf<Timestamp>>,
    /// Since then it signs nothing more; what was logged before stays good.
    retired: Option<Leaf<Timestamp>>,
    /// Since then somebody else may have it; what was logged before stays good.
    compromised: Option<Leaf<Timestamp>>,
}

/// What somebody may certify, or accredit for. What is absent is as wide as the giver's own scope.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound(deserialize = "'de: 't"))]
#[schemars(rename = "Scope")]
struct WireScope<'t> {
    /// Steps; also `origin`, `transfer` and `attestation`.
    #[schemars(length(min = 1, max = 32))]
    steps: Option<Vec<Leaf<Task>>>,
    /// Countries of facilities.
    #[schemars(length(min = 1, max = 300))]
    countries: Option<Vec<Leaf<Country>>>,
    /// Facilities.
    #[schemars(length(min = 1, max = 1000))]
    facilities: Option<Vec<Facility<'t>>>,
    /// Rare earths; base metals need no standing.
    #[schemars(length(min = 1, max = 120))]
    elements: Option<Vec<Leaf<Element>>>,
    /// Sources of origins.
    #[schemars(length(min = 1, max = 4))]
    sources: Option<Vec<Source>>,
    /// Limits of opening stock.
    opening_stock: Option<Stock>,
}

/// A facility, and what is plausible of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound(deserialize = "'de: 't"))]
#[schemars(rename = "AccreditedFacility")]
struct Facility<'t> {
    /// Its identifier, an absolute URI.
    id: Leaf<Uri<'t>>,
    /// What it can put out in a calendar year, kilograms.
    annual_capacity: Option<Leaf<Mass>>,
    /// The one log origin of the registry that registers its origins.
    origins: Option<Leaf<Home>>,
}

/// How much opening stock may be certified, and until when.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "OpeningStock")]
struct Stock {
    /// The last day on which it may be logged.
    until: Leaf<Date>,
    /// At most so many kilograms of each rare earth, and nothing of any other.
    limits: Option<Amounts>,
}

impl AccreditationSubject<'_> {
    /// What it says.
    pub(super) fn read(self) -> Result<Accreditation, Misfit> {
        bounded(Some(&self.keys), 64, "keys")?;
        let mut keys: Vec<AccreditedKey> = Vec::with_capacity(self.keys.len());
        for (at, wire) in self.keys.into_iter().enumerate() {
            let key = wire.read().map_err(|misfit| misfit.under(at.to_string()).under("keys"))?;
            if keys.iter().any(|other| other.key == key.key) {
                let misfit = combination("a key stands twice").under("key");
                return Err(misfit.under(at.to_string()).under("keys"));
            }
            keys.push(key);
        }
        if self.may_certify.is_none() && self.may_accredit.is_none() {
            return Err(combination("it lets nobody do anything").under("mayCertify"));
        }
        let scope = |scope: Option<WireScope<'_>>, name: &'static str| {
            scope.map(WireScope::read).transpose().map_err(|misfit| misfit.under(name))
        };
        Ok(Accreditation {
            accredits: self.accredits.0,
            name: self.name.map(|name| name.0.into()),
            keys: keys.into(),
            may_certify: scope(self.may_certify, "mayCertify")?,
            may_accredit: scope(self.may_accredit, "mayAccredit")?,
        })
    }
}

impl Key {
    fn read(self) -> Result<AccreditedKey, Misfit> {
        let time = |time: Option<Leaf<Timestamp>>| time.map(|time| time.0);
        let window = KeyWindow {
            from: time(self.from),
            until: time(self.until),
            retired: time(self.retired),
            compromised: time(self.compromised),
        };
        let ends = [("until", window.until), ("retired", window.retired)];
        if let Some((name, _)) = ends.iter().find(|(_, end)| end.is_some_and(|end| window.from > Some(end))) {
            return Err(combination("before `from`").under(*name));
        }
        Ok(AccreditedKey { key: self.key.0, window })
    }
}

impl WireScope<'_> {
    fn read(self) -> Result<Scope, Misfit> {
        bounded(self.steps.as_deref(), 32, "steps")?;
        bounded(self.countries.as_deref(), 300, "countries")?;
        bounded(self.facilities.as_deref(), 1000, "facilities")?;
        bounded(self.elements.as_deref(), 120, "elements")?;
        bounded(self.sources.as_deref(), 4, "sources")?;
        let mut facilities: Option<Vec<AccreditedFacility>> =
            self.facilities.map(|all| all.into_iter().map(Facility::read).collect());
        if let Some(all) = &mut facilities {
            all.sort_by(|a, b| a.id.cmp(&b.id));
            if all.windows(2).any(|pair| pair[0].id == pair[1].id) {
                return Err(combination("a facility stands twice").under("facilities"));
            }
        }
        Ok(Scope {
            steps: list(self.steps),
            countries: list(self.countries),
            facilities: facilities.map(Into::into),
            elements: list(self.elements),
            sources: self.sources.map(sorted),
            opening_stock: self.opening_stock.map(|stock| OpeningStock {
                until: stock.until.0,
                limits: stock.limits.map(|Amounts(limits)| limits),
            }),
        })
    }
}

impl Facility<'_> {
    fn read(self) -> AccreditedFacility {
        AccreditedFacility {
            id: self.id.0.0.into(),
            annual_capacity: self.annual_capacity.map(|mass| mass.0),
            origins: self.origins.map(|home| home.0),
        }
    }
}

fn list<T: Ord>(wire: Option<Vec<Leaf<T>>>) -> Option<Box<[T]>> {
    wire.map(|all| sorted(all.into_iter().map(|leaf| leaf.0).collect()))
}

/// It is searched often.
fn sorted<T: Ord>(mut all: Vec<T>) -> Box<[T]> {
    all.sort_unstable();
    all.into()
}
