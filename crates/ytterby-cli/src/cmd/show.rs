//! `ytterby show`: what certificates say, without judging it.

use std::collections::HashMap;

use serde_json::Value;
use ytterby::Certificate;
use ytterby::digest::Digest;
use ytterby::masses::Masses;

use crate::args::{Format, Show};
use crate::failure::Failure;
use crate::output::Output;
use crate::render::certificate;

/// Prints every certificate of sound form.
pub(crate) fn run(args: &Show, mut output: Output) -> Result<u8, Failure> {
    let bytes = super::read(&args.input)?;
    let bundle = super::parse(&args.input, &bytes, &output)?;
    match args.format {
        Format::Human => {
            let drawn = drawn(bundle.certificates());
            for (at, certificate) in bundle.certificates().iter().enumerate() {
                let taken = drawn.get(&certificate.digest()).cloned().unwrap_or_default();
                let gap = if at > 0 { "\n" } else { "" };
                output.data(&format!("{gap}{}", certificate::block(certificate, &taken)))?;
            }
            output.note("shown as they stand; nothing was verified");
        }
        Format::Json => {
            let values: Result<Vec<Value>, _> = bundle
                .certificates()
                .iter()
                .map(|certificate| serde_json::from_slice(certificate.bytes()))
                .collect();
            let mut values = values.map_err(|error| Failure::undecided(error.to_string()))?;
            let value = if values.len() == 1 { values.swap_remove(0) } else { Value::Array(values) };
            output.json(&value, true)?;
        }
    }
    Ok(0)
}

/// What the certificates of a file draw from each lot.
pub(crate) fn drawn(certificates: &[Certificate<'_>]) -> HashMap<Digest, Masses> {
    let mut drawn: HashMap<Digest, Masses> = HashMap::new();
    for lot in certificates.iter().filter_map(Certificate::lot) {
        for input in &lot.inputs {
            drawn.entry(input.digest).or_default().add_all(&input.draws);
        }
    }
    drawn
}
