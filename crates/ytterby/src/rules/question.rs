//! Reading the questions of a pack: each has members of its own, and refuses those of the others.

use serde::Deserialize;
use toml::Spanned;

use super::read::{Reader, RuleError, Text, Texts};
use super::{Ask, Authorised, Contribution, Expression, Portfolio};
use crate::element::Element;
use crate::form::{AttestationKind, Form};
use crate::profile::Stage;

/// Any question: which members belong to which is looked at below, where the place is known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireAsk {
    that: Text,
    elements: Texts,
    stages: Texts,
    countries: Texts,
    regions: Texts,
    at_most: Option<Text>,
    at_least: Option<Text>,
    told: Option<Vec<Vec<Text>>>,
    declared: Option<Text>,
    physical: Option<Spanned<bool>>,
    value: Option<Spanned<bool>>,
    exact: Option<Spanned<bool>>,
    inside: Texts,
    of: Texts,
    groups: Option<Spanned<Vec<WireGroup>>>,
    with_regions: Option<Spanned<bool>>,
    forms: Texts,
    general_one_year: Option<Spanned<bool>>,
    regimes: Texts,
    or_not_required: Option<Spanned<bool>>,
    end_user: Option<Spanned<bool>>,
    lists: Texts,
    kind: Option<Text>,
    schemes: Texts,
    cel: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireGroup {
    name: String,
    stages: Vec<Text>,
}

impl Reader<'_> {
    pub(super) fn ask(&self, wire: &WireAsk) -> Result<Ask, RuleError> {
        self.belongs(wire)?;
        let needed = |what: &str| self.fault(&wire.that, format!("it needs `{what}`"));
        let elements = self.elements(&wire.elements)?;
        Ok(match wire.that.get_ref().as_str() {
            "contribution" => Ask::Contribution(self.contribution(wire, elements)?),
            "within" => Ask::Within {
                elements,
                stages: self.stages(wire.stages.as_ref().ok_or_else(|| needed("stages"))?)?,
                countries: self.countries(&wire.countries)?,
                at_least: self.percent(&wire.at_least)?.ok_or_else(|| needed("at-least"))?,
            },
            "recycled" => {
                let words = ["post-consumer", "pre-consumer"];
                let of = self.list(&wire.of, "post-consumer or pre-consumer", |word| {
                    words.iter().position(|own| *own == word)
                })?;
                if of.is_empty() {
                    return Err(needed("of"));
                }
                Ask::Recycled {
                    elements,
                    post_consumer: of.contains(&0),
                    pre_consumer: of.contains(&1),
                    at_least: self.percent(&wire.at_least)?.ok_or_else(|| needed("at-least"))?,
                    exact: is_set(&wire.exact),
                }
            }
            "disclosed" => Ask::Disclosed {
                elements,
                groups: self.groups(wire)?,
                with_regions: is_set(&wire.with_regions),
            },
            "portfolio" => Ask::Portfolio(Portfolio {
                elements,
                groups: self.groups(wire)?,
                inside: self.countries(&wire.inside)?,
                at_most: self.percent(&wire.at_most)?.ok_or_else(|| needed("at-most"))?,
            }),
            "authorised" => Ask::Authorised(Authorised {
                regimes: self.list(&wire.regimes, "", |word| Some(word.to_owned()))?,
                forms: self.list(&wire.forms, "not a form", Form::parse)?,
                or_not_required: is_set(&wire.or_not_required),
                end_user: is_set(&wire.end_user),
                general_one_year: is_set(&wire.general_one_year),
            }),
            "screened" => Ask::Screened { lists: self.list(&wire.lists, "", |word| Some(word.to_owned()))? },
            "attested" => {
                let kind = wire.kind.as_ref().ok_or_else(|| needed("kind"))?;
                let read = |word: &str| AttestationKind::parse(word).ok_or("not a kind of attestation");
                let schemes = self.list(&wire.schemes, "", |word| Some(word.to_owned()))?;
                Ask::Attested { kind: self.value(kind, read)?, schemes }
            }
            "activity" => {
                let limit = wire.at_most.as_ref().ok_or_else(|| needed("at-most"))?;
                let read = |word: &str| crate::decimal::Mass::parse(word).map_err(|e| e.to_string());
                Ask::Activity { at_most_mbq_per_g: self.value(limit, read)?.mg() / 1_000 }
            }
            "complete" => Ask::Complete,
            "expression" => {
                let text = wire.cel.as_ref().ok_or_else(|| needed("cel"))?;
                let read = Expression::parse(text.get_ref());
                Ask::Expression(read.map_err(|fault| self.within(text, fault.at, fault.problem))?)
            }
            _ => return Err(self.fault(&wire.that, format!("no question; there are {}", WORDS.join(", ")))),
        })
    }

    fn groups(&self, wire: &WireAsk) -> Result<Vec<(String, Vec<Stage>)>, RuleError> {
        let groups = wire.groups.as_ref().ok_or_else(|| self.fault(&wire.that, "it needs `groups`"))?;
        let read = |group: &WireGroup| Ok((group.name.clone(), self.stages(&group.stages)?));
        groups.get_ref().iter().map(read).collect()
    }

    fn contribution(&self, wire: &WireAsk, elements: Vec<Element>) -> Result<Contribution, RuleError> {
        let needed = |what: &str| self.fault(&wire.that, format!("it needs `{what}`"));
        let stages = wire.stages.as_ref().ok_or_else(|| needed("stages"))?;
        let countries = self.countries(&wire.countries)?;
        if countries.is_empty() {
            return Err(needed("countries"));
        }
        let declared = wire.declared.as_ref().map(|text| {
            self.value(text, |word| match word {
                "counts" => Ok(true),
                "open" => Ok(false),
                _ => Err("counts or open"),
            })
        });
        let told = wire.told.iter().flatten().map(|group| self.stages(group));
        Ok(Contribution {
            elements,
            stages: self.stages(stages)?,
            countries,
            regions: self.list(&wire.regions, "", |word| Some(word.to_lowercase()))?,
            at_most: self.percent(&wire.at_most)?.unwrap_or_default(),
            told: told.collect::<Result<_, _>>()?,
            declared_counts: declared.transpose()?.unwrap_or(false),
            physical: is_set(&wire.physical),
            value: is_set(&wire.value),
        })
    }

    /// A member that stands with a question it is not of would be read by nobody.
    fn belongs(&self, wire: &WireAsk) -> Result<(), RuleError> {
        fn first(texts: &Texts) -> Option<Text> {
            texts
                .as_ref()
                .map(|list| list.first().cloned().unwrap_or_else(|| Spanned::new(0..0, String::new())))
        }
        fn flag(own: &Option<Spanned<bool>>) -> Option<Text> {
            own.as_ref().map(|own| Spanned::new(own.span(), String::new()))
        }
        let groups = wire.groups.as_ref().map(|own| Spanned::new(own.span(), String::new()));
        let told = wire.told.as_ref().map(|all| {
            all.iter().flatten().next().cloned().unwrap_or_else(|| Spanned::new(0..0, String::new()))
        });
        let there = [
            ("elements", first(&wire.elements), "contribution within recycled disclosed portfolio"),
            ("stages", first(&wire.stages), "contribution within"),
            ("countries", first(&wire.countries), "contribution within"),
            ("regions", first(&wire.regions), "contribution"),
            ("at-most", wire.at_most.clone(), "contribution activity portfolio"),
            ("at-least", wire.at_least.clone(), "within recycled"),
            ("told", told, "contribution"),
            ("declared", wire.declared.clone(), "contribution"),
            ("physical", flag(&wire.physical), "contribution"),
            ("of", first(&wire.of), "recycled"),
            ("groups", groups, "disclosed portfolio"),
            ("value", flag(&wire.value), "contribution"),
            ("exact", flag(&wire.exact), "recycled"),
            ("with-regions", flag(&wire.with_regions), "disclosed"),
            ("inside", first(&wire.inside), "portfolio"),
            ("forms", first(&wire.forms), "authorised"),
            ("general-one-year", flag(&wire.general_one_year), "authorised"),
            ("regimes", first(&wire.regimes), "authorised"),
            ("or-not-required", flag(&wire.or_not_required), "authorised"),
            ("end-user", flag(&wire.end_user), "authorised"),
            ("lists", first(&wire.lists), "screened"),
            ("kind", wire.kind.clone(), "attested"),
            ("schemes", first(&wire.schemes), "attested"),
            ("cel", wire.cel.clone(), "expression"),
        ];
        let that = wire.that.get_ref();
        for (member, at, of) in there {
            if let Some(at) =
                at.filter(|_| WORDS.contains(&that.as_str()) && !of.split(' ').any(|own| own == that))
            {
                return Err(self.fault(&at, format!("`{member}` is no part of the question `{that}`")));
            }
        }
        Ok(())
    }
}

/// The questions there are.
const WORDS: [&str; 11] = [
    "contribution",
    "within",
    "recycled",
    "disclosed",
    "authorised",
    "screened",
    "attested",
    "activity",
    "complete",
    "expression",
    "portfolio",
];

fn is_set(own: &Option<Spanned<bool>>) -> bool {
    own.as_ref().is_some_and(|own| *own.get_ref())
}
