//! Was each export authorised: for its holder, its day, its end user?

use super::Found;
use crate::form::AuthorisationType;
use crate::lot::Authorisation;
use crate::rules::{Export, Facts, Scope};

pub(super) fn ask(
    scope: &Scope,
    regimes: &[String],
    (or_not_required, end_user): (bool, bool),
    facts: &Facts,
) -> Found {
    let one = |export: &Export| {
        if end_user && (export.end_user.is_none() || export.end_use.is_none()) {
            return Found::Open(format!("{} names no end user, or no end use", shown(export)));
        }
        let is_under = |own: &&Authorisation| {
            regimes.is_empty() || regimes.iter().any(|regime| own.regime.eq_ignore_ascii_case(regime))
        };
        let under = export.authorisations.iter().filter(is_under);
        let judged: Vec<Found> = under.map(|own| authorisation(own, or_not_required, export)).collect();
        // One that holds is enough.
        if let Some(pass) = judged.iter().find(|found| matches!(found, Found::Pass(_))) {
            return pass.clone();
        }
        Found::gravest(judged).unwrap_or_else(|| {
            Found::Fail(format!("{} has no authorisation under {}", shown(export), regimes.join(" or ")))
        })
    };
    let found = Found::gravest(facts.exports.iter().filter(|export| scope.is_about(export)).map(one));
    found.unwrap_or_else(|| Found::Pass("there was no such export".to_owned()))
}

fn authorisation(own: &Authorisation, or_not_required: bool, export: &Export) -> Found {
    let named = match &own.number {
        Some(number) => format!("{} {number} of {}", own.regime, shown(export)),
        None => format!("{} of {}", own.regime, shown(export)),
    };
    if own.kind == AuthorisationType::NotRequired {
        let reason = own.reason.as_deref().unwrap_or_default();
        return match or_not_required {
            true => Found::Pass(format!("{named}: none is required, {reason}")),
            false => Found::Open(format!("{named}: it says that none is required, {reason}")),
        };
    }
    let Some((from, until)) = own.validity else {
        return Found::Open(format!("{named} does not say when it is valid"));
    };
    let Some(day) = export.dispatched else { return Found::Open(format!("{named}: no day of dispatch")) };
    if day < from || day > until {
        return Found::Fail(format!("{named} is valid from {from} to {until}, dispatched on {day}"));
    }
    let Some(holder) = &own.holder else {
        return Found::Open(format!("{named} does not say who holds it"));
    };
    let is_exporter = |text: &Option<String>| text.as_ref().is_some_and(|t| super::same_name(t, holder));
    if !is_exporter(&export.exporter.did) && !is_exporter(&export.exporter.name) {
        return Found::Fail(format!("{named} is held by {holder}, who did not send it"));
    }
    if own.kind == AuthorisationType::General && own.customer_category.is_none() {
        return Found::Open(format!("{named} is general, and does not say for which customers"));
    }
    Found::Pass(format!("{named} is valid on {day}"))
}

fn shown(export: &Export) -> String {
    let country = |own: Option<crate::wire::Country>| {
        own.map_or_else(|| "unknown".to_owned(), |country| country.as_str().to_owned())
    };
    format!("{} from {} to {}", export.number, country(export.from), country(export.to))
}
