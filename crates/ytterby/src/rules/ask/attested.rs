//! Does somebody accepted attest it, and is that still valid?

use jiff::Timestamp;

use super::Found;
use crate::form::AttestationKind;
use crate::rules::{Attested, Facts, Row};
use crate::time::format_time;

pub(super) fn ask(
    kind: AttestationKind,
    schemes: &[String],
    facts: &Facts,
    at: Timestamp,
    rows: &mut Vec<Row>,
) -> Found {
    let fits = |own: &&Attested| {
        let is = |word: &String| own.scheme.as_ref().is_some_and(|scheme| scheme.eq_ignore_ascii_case(word));
        own.kind == kind && (schemes.is_empty() || schemes.iter().any(is))
    };
    let there: Vec<&Attested> = facts.attestations.iter().filter(fits).collect();
    rows.extend(there.iter().map(|own| row(own)));
    let holds = |own: &&&Attested| {
        own.is_accepted
            && !own.is_self_declared
            && own.from <= at
            && own.until.is_none_or(|until| at <= until)
    };
    match (there.iter().find(holds), there.first()) {
        (Some(own), _) => Found::Pass(format!("{} attests it", own.issuer)),
        (None, Some(own)) if !own.is_accepted => {
            Found::Open(format!("{} attests it, whom the trust file does not accept", own.issuer))
        }
        (None, Some(own)) if own.is_self_declared => {
            Found::Open(format!("{} declares it itself, and no third party attests it", own.issuer))
        }
        (None, Some(own)) => Found::Open(format!("what {} attests is not valid then", own.issuer)),
        (None, None) => Found::Open(format!("there is no such attestation ({kind})")),
    }
}

fn row(own: &Attested) -> Row {
    let until =
        own.until.map_or_else(|| "for good".to_owned(), |until| format!("until {}", format_time(until)));
    let accepted = match (own.is_accepted, own.is_self_declared) {
        (false, _) => ", not accepted",
        (true, true) => ", self-declared",
        (true, false) => "",
    };
    Row {
        name: own.scheme.clone().unwrap_or_else(|| own.kind.as_str().to_owned()),
        text: format!("{} from {} {until}{accepted}", own.issuer, format_time(own.from)),
    }
}
