//! `ytterby profile`: where the metal of what a file is about comes from.

use serde_json::Value;
use ytterby::{Trust, verify};

use crate::args::{Format, Profile};
use crate::failure::Failure;
use crate::output::Output;
use crate::render::{attested, problem, profile};

/// Prints the profile of every lot that the file is about.
pub(crate) fn run(args: &Profile, mut output: Output) -> Result<u8, Failure> {
    let bytes = super::read(&args.input)?;
    let bundle = super::parse(&args.input, &bytes, &output)?;
    let mut report = verify(&bundle, &Trust::nobody(), &ytterby::Rules::default(), jiff::Timestamp::MAX);
    let too_large = || Failure::undecided("it is about too many lots, or there is too much behind them");
    let provenance = report.provenance.as_mut().ok_or_else(too_large)?;
    if let Some(element) = args.element {
        for lot in &mut provenance.lots {
            lot.elements.retain(|own| own.element == element);
        }
    }
    match args.format {
        Format::Human => {
            let index = problem::index(&bundle);
            let said = attested::unverified(&report.attestations, &index);
            output.data(&(profile::block(provenance, &index, args.verbose) + &said))?;
            output.note("as the certificates have it; nothing was verified");
        }
        Format::Json => {
            let mut json = report.to_json(&bundle);
            let mut provenance = json.get_mut("provenance").map(Value::take).unwrap_or_default();
            if let Some(attestations) = json.get_mut("attestations").map(Value::take) {
                provenance["attestations"] = attestations;
            }
            output.json(&provenance, true)?;
        }
    }
    Ok(0)
}
