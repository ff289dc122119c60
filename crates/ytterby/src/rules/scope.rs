//! Is a clause about this lot?

use super::{Facts, Scope};
use crate::element::Element;
use crate::rules::Export;
use crate::wire::Country;

/// Whether a clause is about a lot, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Applies {
    /// It is.
    Yes(String),
    /// It is not.
    No(String),
    /// What would tell is not there.
    Unknown(String),
}

/// What an assay says of an element that is not in the content.
enum Presence {
    Present,
    Absent,
    Unknown(String),
}

impl Scope {
    pub(crate) fn applies(&self, facts: &Facts) -> Applies {
        if !self.forms.is_empty() && !facts.form.is_some_and(|form| self.forms.contains(&form)) {
            let form = facts.form.map_or("nothing", |form| form.as_str());
            return Applies::No(format!("it is not about {form}"));
        }
        let unknown = match self.holds_all(facts) {
            Applies::No(why) => return Applies::No(why),
            Applies::Unknown(why) => Some(why),
            Applies::Yes(_) => None,
        };
        if self.asks_of_exports() {
            let exports: Vec<&Export> = facts.exports.iter().collect();
            if !exports.iter().any(|export| self.is_about(export)) {
                return match exports.iter().find(|export| self.may_be_about(export)) {
                    Some(export) => {
                        Applies::Unknown(format!("nobody says which country {} left", export.number))
                    }
                    None if self.left_unsaid(facts) => {
                        Applies::Unknown("it left the country, and no transfer says how".to_owned())
                    }
                    None => Applies::No(self.no_export()),
                };
            }
        }
        match (self.holds(facts), unknown) {
            (Applies::Yes(_), Some(why)) => Applies::Unknown(why),
            (applies, _) => applies,
        }
    }

    /// Whether it holds every element that it must. One that no assay looked for may be there where a rare
    /// earth of them is: to leave it out must not be a way out.
    fn holds_all(&self, facts: &Facts) -> Applies {
        let mut unknown = None;
        let may_be = self.holds_all.iter().any(|own| own.is_rare_earth() && facts.content.get(*own) > 0);
        for element in &self.holds_all {
            match self.presence(facts, *element) {
                Presence::Present => {}
                Presence::Unknown(why) if may_be => unknown = unknown.or(Some(why)),
                Presence::Unknown(_) | Presence::Absent => {
                    return Applies::No(format!("the lot holds no {element}"));
                }
            }
        }
        unknown.map_or_else(|| Applies::Yes(String::new()), Applies::Unknown)
    }

    fn no_export(&self) -> String {
        let names =
            |all: &[Country]| all.iter().map(|country| country.as_str()).collect::<Vec<_>>().join(", ");
        if !self.outside.is_empty() {
            return format!("nothing went from a country to another, outside {}", names(&self.outside));
        }
        match (self.leaves.is_empty(), self.goes_to.is_empty()) {
            (false, true) => format!("nothing left {} on the way", names(&self.leaves)),
            (true, _) => format!("nothing went to {} on the way", names(&self.goes_to)),
            (false, false) => {
                format!("nothing left {} for {} on the way", names(&self.leaves), names(&self.goes_to))
            }
        }
    }

    fn holds(&self, facts: &Facts) -> Applies {
        if self.holds_any.is_empty() {
            return Applies::Yes(String::new());
        }
        let mut unknown = None;
        for element in &self.holds_any {
            match self.presence(facts, *element) {
                Presence::Present => return Applies::Yes(format!("the lot holds {element}")),
                Presence::Absent => {}
                Presence::Unknown(why) => unknown = unknown.or(Some(why)),
            }
        }
        unknown.map_or_else(
            || {
                let all: Vec<_> = self.holds_any.iter().map(|element| element.symbol()).collect();
                Applies::No(format!("the lot holds none of {}", all.join(", ")))
            },
            Applies::Unknown,
        )
    }

    fn presence(&self, facts: &Facts, element: Element) -> Presence {
        if facts.content.get(element) > 0 {
            return Presence::Present;
        }
        let limit = facts.limits.iter().find(|(own, _)| *own == element).map(|(_, limit)| *limit);
        match (limit, self.absent_below) {
            (Some(limit), Some(least)) if limit <= least => Presence::Absent,
            (Some(limit), Some(least)) => Presence::Unknown(format!(
                "the assay finds {element} below {limit} %, and absence is shown by a limit of {least} %"
            )),
            (Some(limit), None) => {
                Presence::Unknown(format!("the assay finds {element} below {limit} %, and any trace counts"))
            }
            (None, _) => Presence::Unknown(format!("no assay of the lot looked for {element}")),
        }
    }

    fn asks_of_exports(&self) -> bool {
        !(self.leaves.is_empty() && self.goes_to.is_empty() && self.outside.is_empty())
    }

    /// Whether an export is one that the clause is about.
    pub(crate) fn is_about(&self, export: &Export) -> bool {
        export.from.is_some_and(|from| self.is_about_leaving(from, export))
    }

    /// Whether an export may be one that the clause is about: nobody says which country it left.
    pub(crate) fn may_be_about(&self, export: &Export) -> bool {
        export.from.is_none() && self.is_about_going(export)
    }

    fn is_about_leaving(&self, from: Country, export: &Export) -> bool {
        let leaves = self.leaves.is_empty() || self.leaves.contains(&from);
        leaves && !self.outside.contains(&from) && export.to != Some(from) && self.is_about_going(export)
    }

    fn is_about_going(&self, export: &Export) -> bool {
        let goes = self.goes_to.is_empty() || export.to.is_some_and(|to| self.goes_to.contains(&to));
        goes && !export.to.is_some_and(|to| self.outside.contains(&to))
    }

    /// Whether metal was in a country that the clause is about the leaving of, and elsewhere too, though
    /// no transfer leaves it.
    fn left_unsaid(&self, facts: &Facts) -> bool {
        let stages = || facts.profile.iter().flat_map(|own| &own.elements).flat_map(|own| &own.stages);
        let places = || {
            let all = stages().flat_map(|stage| stage.countries.iter().chain(&stage.declared));
            all.filter(|(_, share)| share.is_possible()).filter_map(|(country, _)| *country)
        };
        let has_left = |export: &Export| export.from.is_some() && export.from != export.to;
        if !self.outside.is_empty() {
            let mut others = places().filter(|country| !self.outside.contains(country));
            let first = others.next();
            return !facts.exports.iter().any(has_left) && others.any(|country| Some(country) != first);
        }
        let leaves = |country: Country| self.leaves.contains(&country);
        let goes = |country| self.goes_to.is_empty() || self.goes_to.contains(&country);
        let is_said = facts.exports.iter().any(|own| has_left(own) && own.from.is_some_and(leaves));
        !is_said && places().any(leaves) && places().any(|country| !leaves(country) && goes(country))
    }
}
