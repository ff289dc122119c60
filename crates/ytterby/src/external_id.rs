//! The issuer's own reference to a certificate, where he states none: made of what tells lots apart.
//! Implements proto-docs/http-api.md, "Drafts".

use crate::certificate::Certificate;
use crate::draft::Draft;
use crate::form::Kind;
use crate::json::Value;
use crate::lot::Making;
use crate::text::MAX_TEXT;
use crate::time::date_of;

/// What follows the reference of a correction: its lot has the number of the lot that it corrects.
const CORRECTS: &str = "/corrects/";
/// As many characters as that and the label of a certificate take.
const CORRECTED: usize = 60;

impl Draft {
    /// Names the issuer's own reference where the draft has none: facility, product, number and year;
    /// for a transfer, which keeps its number and may be one of many parts, recipient, day and mass.
    #[must_use]
    pub fn with_external_id(self, year: i16) -> Self {
        if self.text("externalId").is_some() || !self.kind().creates_lot() {
            return self;
        }
        let within = |member: &str, name: &str| {
            let text = self.member_of(member).and_then(|value| value.get(name)).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let part = |name| self.text(name).unwrap_or_default();
        let (place, middle) = if self.kind() == Kind::Transfer {
            let to = within("to", "name");
            ("transfer".to_owned(), format!("{to}/{}/{}", part("dispatchDate"), part("netMass")))
        } else {
            (within("facility", "id"), part("product").to_owned())
        };
        let corrected =
            self.inputs().first().filter(|_| self.is_correction()).map(|input| input.lot.as_str());
        let id = made(&format!("{place}/{middle}/{}/{year}", part("lotNumber")), corrected);
        self.member("externalId", &id)
    }
}

impl Certificate<'_> {
    /// The issuer's own reference: as stated, or made as a draft's would be. An attestation has its label.
    pub fn external_id(&self) -> String {
        let label = |id: &uuid::Uuid| id.urn().to_string();
        let Some(lot) = self.lot() else { return label(&self.claims().id) };
        if let Some(stated) = &lot.external_id {
            return stated.to_string();
        }
        let place = lot.facility.as_ref().map_or("transfer", |facility| &facility.id);
        let middle = match &lot.making {
            Making::Transfer { to, .. } => {
                let mass = lot.net_mass.map(|mass| mass.to_string()).unwrap_or_default();
                format!("{to}/{}/{mass}", lot.period.0)
            }
            _ => lot.product.to_string(),
        };
        let year = date_of(self.proof().created).year();
        let corrected = lot.inputs.first().filter(|_| lot.corrects().is_some());
        let corrected = corrected.map(|input| label(&input.label));
        made(&format!("{place}/{middle}/{}/{year}", lot.number), corrected.as_deref())
    }
}

/// A reference that may stand in a certificate.
fn made(like: &str, corrected: Option<&str>) -> String {
    let room = if corrected.is_some() { MAX_TEXT - CORRECTED } else { MAX_TEXT };
    let like: String = like.chars().take(room).collect();
    match corrected {
        Some(corrected) => format!("{}{CORRECTS}{corrected}", like.trim()).chars().take(MAX_TEXT).collect(),
        None => like.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::Take;
    use crate::form::{Source, Step};

    #[test]
    fn what_is_stated_stays_and_what_is_not_is_made() {
        let origin = Draft::origin(Source::Mined).lot_number("A-1").member("product", "ore");
        let origin = origin.set("facility", Value::parse(br#"{"id":"urn:x:1"}"#).unwrap());
        assert_eq!(origin.clone().with_external_id(2026).text("externalId"), Some("urn:x:1/ore/A-1/2026"));
        let stated = origin.member("externalId", "own").with_external_id(2026);
        assert_eq!(stated.text("externalId"), Some("own"));
    }

    #[test]
    fn corrections_of_one_lot_are_told_apart_however_long_its_name_is() {
        let made = |corrected: &str| {
            let draft =
                Draft::processing(Step::Separation).lot_number("A-1").member("product", &"x".repeat(300));
            let draft = draft.set("corrects", Value::Null).input(corrected, Take::Needed);
            draft.with_external_id(2026).text("externalId").unwrap().to_owned()
        };
        let label = |n: u128| uuid::Uuid::from_u128(n).urn().to_string();
        assert_ne!(made(&label(1)), made(&label(2)));
        assert!(made(&label(1)).ends_with(&label(1)) && made(&label(1)).chars().count() <= MAX_TEXT);
    }
}
