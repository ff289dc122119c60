//! Lots for unit tests.

use crate::digest::Digest;
use crate::form::{ContentFrom, Form, Source};
use crate::lot::{Input, Lot, Making};
use crate::masses::Masses;
use crate::time::parse_date;

/// An origin of this content, without mass and assay.
pub(crate) fn lot(content: Masses) -> Lot {
    let day = parse_date("2026-08-30").unwrap();
    Lot {
        number: "L-1".into(),
        product: "oxide".into(),
        form: Form::Oxide,
        external_id: None,
        net_mass: None,
        assay: None,
        content_from: ContentFrom::Assay,
        content,
        holder: None,
        facility: None,
        period: (day, day),
        custody_model: None,
        hs_codes: Box::default(),
        making: Making::Origin { source: Source::Mined, mined_in: None, region: None, collected_in: None },
        inputs: Box::default(),
        declared: Box::default(),
    }
}

/// An input that draws nothing yet.
pub(crate) fn input() -> Input {
    Input { label: uuid::Uuid::nil(), digest: Digest::of(b"parent"), draws: Masses::default(), rest: false }
}
