//! Was each export authorised: for its holder, its day, its end user?

use jiff::ToSpan;

use super::Found;
use crate::element::Element;
use crate::form::AuthorisationType;
use crate::lot::Authorisation;
use crate::rules::{Authorised, Clause, Export, Facts, Scope};
use crate::time::parse_day_or_time;

impl Authorised {
    pub(super) fn ask(&self, clause: &Clause, facts: &Facts) -> Found {
        let scope = &clause.scope;
        let about: Vec<&Export> = (facts.exports.iter())
            .filter(|export| scope.is_about(export) || scope.may_be_about(export))
            .collect();
        if about.is_empty() {
            return Found::Open("no transfer says how it left".to_owned());
        }
        let needs_one = |export: &&&Export| {
            let fits = |form| self.forms.is_empty() || self.forms.contains(&form);
            export.form.is_none_or(fits) && clause.asked_on(export)
        };
        let found = about.iter().filter(needs_one).map(|export| self.export(scope, export));
        let none = || Found::Pass("nothing left that was controlled on its day".to_owned());
        Found::gravest(found).unwrap_or_else(none)
    }

    fn export(&self, scope: &Scope, export: &Export) -> Found {
        let holds = |element: &Element| export.content.get(*element) > 0;
        let holds_any = scope.holds_any.is_empty() || scope.holds_any.iter().any(holds);
        let is_under = |own: &&Authorisation| {
            let is = |regime: &String| own.regime.eq_ignore_ascii_case(regime);
            self.regimes.is_empty() || self.regimes.iter().any(is)
        };
        let under = export.authorisations.iter().filter(is_under);
        let judged: Vec<Found> = under.map(|own| self.authorisation(own, holds_any, export)).collect();
        // One that holds is enough.
        if let Some(pass) = judged.iter().find(|found| matches!(found, Found::Pass(_))) {
            return pass.clone();
        }
        Found::gravest(judged).unwrap_or_else(|| {
            let text = format!("{} has no authorisation under {}", shown(export), self.regimes.join(" or "));
            match holds_any && scope.is_about(export) {
                true => Found::Fail(text),
                false => Found::Open(format!("{text}, and whether it needs one is not known")),
            }
        })
    }

    fn authorisation(&self, own: &Authorisation, holds_any: bool, export: &Export) -> Found {
        let named = match &own.number {
            Some(number) => format!("{} {number} of {}", own.regime, shown(export)),
            None => format!("{} of {}", own.regime, shown(export)),
        };
        match (own.kind, own.reason.as_deref().unwrap_or_default()) {
            (AuthorisationType::NotRequired, "") => {
                Found::Open(format!("{named}: it says that none is required, and not why"))
            }
            (AuthorisationType::NotRequired, reason) if self.or_not_required || !holds_any => {
                Found::Pass(format!("{named}: none is required, {reason}"))
            }
            (AuthorisationType::NotRequired, reason) => {
                Found::Open(format!("{named}: it says that none is required, {reason}"))
            }
            _ if self.end_user && (export.end_user.is_none() || export.end_use.is_none()) => {
                Found::Open(format!("{} names no end user, or no end use", shown(export)))
            }
            (kind, _) => self.licence(own, kind, &named, export),
        }
    }

    fn licence(&self, own: &Authorisation, kind: AuthorisationType, named: &str, export: &Export) -> Found {
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
        let a_year_on = from.checked_add(1.year()).unwrap_or(jiff::civil::Date::MAX);
        if kind == AuthorisationType::General && self.general_one_year && until > a_year_on {
            return Found::Open(format!("{named} is general, and valid for more than a year"));
        }
        if kind == AuthorisationType::General && own.customer_category.is_none() {
            return Found::Open(format!("{named} is general, and does not say for which customers"));
        }
        Found::Pass(format!("{named} is valid on {day}"))
    }
}

impl Clause {
    /// Whether it asked on the day that an export left: what left before, or while it was suspended, needed nothing.
    fn asked_on(&self, export: &Export) -> bool {
        let day = export.dispatched.and_then(|day| parse_day_or_time(&day.to_string()));
        day.is_none_or(|day| self.span.holds(day) && self.state(day).0.counts())
    }
}

fn shown(export: &Export) -> String {
    let country = |own: Option<crate::wire::Country>| {
        own.map_or_else(|| "unknown".to_owned(), |country| country.as_str().to_owned())
    };
    format!("{} from {} to {}", export.number, country(export.from), country(export.to))
}
