//! What a lot hands on to the lots made from it, beyond what its certificate says.
//!
//! A verifier computes it along the lineage; a registry keeps its text beside each lot, so that
//! issuing looks at the inputs alone. Implements proto-docs/lots.md, "Unbacked metal".

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::decimal::{Mass, kilograms};
use crate::digest::Digest;
use crate::element::Element;
use crate::masses::Masses;

/// Marks metal that only a detection limit stands for. Lots that draw on it start from it as from an
/// origin: a share of it that counted as unbacked would leave their own excess without any cap.
pub(crate) const CAP_BOUNDED: u32 = 1_000_000;

/// Unbacked metal, the cap it is held under, and where a chain of corrections began.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carried {
    /// u(e): content that no draw and no declaration backs, milligrams.
    pub unbacked: Masses,
    /// r(e): the cap on unbacked metal, parts per million of content.
    pub caps: Caps,
    /// B(e): what limits allow of elements that are not in its content, milligrams.
    pub bounds: Masses,
    /// What all of it may weigh in lots that only repack, blend or move it; `None` when nobody said.
    pub ceiling: Option<Mass>,
    /// For a correction: the first lot of its chain.
    pub base: Option<Digest>,
}

/// Caps in parts per million, per element; an element that is not there has 0, as at an origin.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caps(Vec<(Element, u32)>);

impl Caps {
    /// The cap of an element.
    pub fn get(&self, element: Element) -> u32 {
        self.0.iter().find(|(e, _)| *e == element).map_or(0, |(_, ppm)| *ppm)
    }

    /// Adds the cap of an element that has none yet.
    pub(crate) fn push(&mut self, element: Element, ppm: u32) {
        if ppm > 0 {
            self.0.push((element, ppm));
        }
    }

    pub(crate) fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }
}

/// A text is not one that [`Carried::to_text`] wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a carried state: {0}")]
pub struct CarriedError(String);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    unbacked: BTreeMap<String, String>,
    caps: BTreeMap<String, u32>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    bounds: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ceiling: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<String>,
}

impl Carried {
    /// The text that a registry keeps beside a lot.
    pub fn to_text(&self) -> String {
        let masses = |masses: &Masses| masses.iter().map(|(e, mg)| (e.to_string(), kilograms(mg))).collect();
        let wire = Wire {
            unbacked: masses(&self.unbacked),
            bounds: masses(&self.bounds),
            ceiling: self.ceiling.map(|mass| kilograms(mass.mg())),
            caps: self.caps.0.iter().map(|(e, ppm)| (e.to_string(), *ppm)).collect(),
            base: self.base.map(|digest| digest.to_string()),
        };
        serde_json::to_string(&wire).unwrap_or_default()
    }

    /// Reads that text.
    pub fn parse(text: &str) -> Result<Self, CarriedError> {
        let wire: Wire = serde_json::from_str(text).map_err(|e| CarriedError(e.to_string()))?;
        let element = |symbol: &str| {
            Element::parse(symbol).ok_or_else(|| CarriedError(format!("no element {symbol:?}")))
        };
        let masses = |wire: &BTreeMap<String, String>| -> Result<Masses, CarriedError> {
            let mass = |(symbol, mass): (&String, &String)| {
                let mass = Mass::parse(mass).map_err(|e| CarriedError(e.to_string()))?;
                Ok((element(symbol)?, mass.mg()))
            };
            wire.iter().map(mass).collect()
        };
        let (unbacked, bounds) = (masses(&wire.unbacked)?, masses(&wire.bounds)?);
        let mut carried = Carried { unbacked, bounds, ..Carried::default() };
        for (symbol, ppm) in &wire.caps {
            carried.caps.push(element(symbol)?, *ppm);
        }
        let mass = |text: &String| Mass::parse(text).map_err(|e| CarriedError(e.to_string()));
        carried.ceiling = wire.ceiling.as_ref().map(mass).transpose()?;
        carried.base =
            wire.base.map(|d| Digest::parse(&d)).transpose().map_err(|e| CarriedError(e.to_string()))?;
        Ok(carried)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_round_trips() {
        let mut carried = Carried { base: Some(Digest::of(b"x")), ..Carried::default() };
        carried.unbacked.set(Element::parse("Nd").unwrap(), 12);
        carried.caps.push(Element::parse("Dy").unwrap(), 50_000);
        carried.bounds.set(Element::parse("Tb").unwrap(), 3);
        carried.ceiling = Mass::from_mg(1);
        assert_eq!(Carried::parse(&carried.to_text()), Ok(carried));
        assert_eq!(Carried::parse(&Carried::default().to_text()), Ok(Carried::default()));
        assert!(Carried::parse("{}").is_err());
    }
}
