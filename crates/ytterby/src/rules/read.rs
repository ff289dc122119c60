//! Reading a pack: TOML with a closed set of keys; what is wrong is named with its line and column.

use jiff::Timestamp;
use serde::Deserialize;
use toml::Spanned;

use super::fixture::{self, WireFixture};
use super::{Ask, Citation, Clause, Contribution, Exception, RulePack, Scope, Span, State};
use crate::decimal::Percent;
use crate::digest::Digest;
use crate::element::Element;
use crate::form::{AttestationKind, Form};
use crate::profile::Stage;
use crate::time::{parse_date, parse_day_or_time};
use crate::wire::Country;

/// Largest pack, in bytes.
const MAX_PACK: usize = 1 << 20;

/// A file is no rule pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// It is too large.
    #[error("larger than {MAX_PACK} bytes")]
    TooLarge,
    /// It is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// It is not TOML, or has other members than a pack.
    #[error("{0}")]
    Toml(String),
    /// A value makes no sense.
    #[error("line {line}, column {column}: {problem}")]
    Value {
        /// Its line, from 1.
        line: usize,
        /// Its column, from 1.
        column: usize,
        /// What is the matter.
        problem: String,
    },
}

type Text = Spanned<String>;
type Texts = Option<Vec<Text>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Wire {
    pack: Text,
    id: Text,
    title: String,
    jurisdiction: String,
    instrument: String,
    as_of: Text,
    confidence: String,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default)]
    citation: Vec<WireCitation>,
    clause: Vec<WireClause>,
    #[serde(default)]
    fixture: Vec<WireFixture>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireCitation {
    title: String,
    #[serde(default)]
    url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireClause {
    id: Text,
    title: String,
    from: Option<Text>,
    before: Option<Text>,
    #[serde(default)]
    state: Vec<WireState>,
    #[serde(default)]
    scope: WireScope,
    #[serde(default)]
    ask: Vec<WireAsk>,
    #[serde(default)]
    exception: Vec<WireException>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireState {
    is: Text,
    from: Option<Text>,
    before: Option<Text>,
    note: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct WireScope {
    forms: Texts,
    holds_all: Texts,
    holds_any: Texts,
    absent_below: Option<Text>,
    leaves: Texts,
    goes_to: Texts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireException {
    id: Text,
    title: String,
    #[serde(default)]
    ask: Vec<WireAsk>,
}

/// Any question: which members belong to which is looked at below, where the place is known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireAsk {
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
    of: Texts,
    groups: Option<Spanned<Vec<WireGroup>>>,
    regimes: Texts,
    or_not_required: Option<Spanned<bool>>,
    end_user: Option<Spanned<bool>>,
    lists: Texts,
    kind: Option<Text>,
    schemes: Texts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireGroup {
    name: String,
    stages: Vec<Text>,
}

impl RulePack {
    /// Reads a pack.
    pub fn parse(bytes: &[u8]) -> Result<Self, RuleError> {
        if bytes.len() > MAX_PACK {
            return Err(RuleError::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| RuleError::NotUtf8)?;
        let wire: Wire =
            toml::from_str(text).map_err(|e| RuleError::Toml(e.to_string().trim_end().into()))?;
        let reader = Reader { text };
        if wire.pack.get_ref() != "ytterby.rules/1" {
            return Err(reader.fault(&wire.pack, "not `ytterby.rules/1`"));
        }
        if wire.clause.is_empty() {
            return Err(reader.fault(&wire.id, "a pack without a clause asks nothing"));
        }
        let mut clauses: Vec<Clause> = Vec::new();
        for wire in wire.clause {
            let at = wire.id.clone();
            let clause = reader.clause(wire)?;
            if clauses.iter().any(|before| before.id == clause.id) {
                return Err(reader.fault(&at, "a clause before it has this name"));
            }
            clauses.push(clause);
        }
        let mut fixtures = Vec::new();
        for wire in wire.fixture {
            fixtures.push(fixture::read(wire).map_err(|(at, problem)| reader.fault(&at, problem))?);
        }
        Ok(RulePack {
            digest: Digest::of(bytes),
            id: reader.name(&wire.id)?,
            title: wire.title,
            jurisdiction: wire.jurisdiction,
            instrument: wire.instrument,
            as_of: reader.value(&wire.as_of, parse_date)?,
            confidence: wire.confidence,
            notes: wire.notes,
            citations: wire.citation.into_iter().map(|c| Citation { title: c.title, url: c.url }).collect(),
            clauses,
            fixtures,
        })
    }
}

struct Reader<'t> {
    text: &'t str,
}

impl Reader<'_> {
    fn fault<T>(&self, at: &Spanned<T>, problem: impl Into<String>) -> RuleError {
        let before = self.text.get(..at.span().start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        RuleError::Value {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            problem: problem.into(),
        }
    }

    fn value<T, E: std::fmt::Display>(
        &self,
        text: &Text,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Result<T, RuleError> {
        read(text.get_ref()).map_err(|error| self.fault(text, format!("{:?}: {error}", text.get_ref())))
    }

    fn list<T>(
        &self,
        texts: &Texts,
        what: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, RuleError> {
        texts.iter().flatten().map(|text| self.value(text, |word| read(word).ok_or(what))).collect()
    }

    fn name(&self, text: &Text) -> Result<String, RuleError> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let name = text.get_ref();
        let is_one = (1..=64).contains(&name.len()) && name.chars().all(fits);
        if is_one {
            Ok(name.clone())
        } else {
            Err(self.fault(text, "lower-case letters, digits and hyphens"))
        }
    }

    /// A day begins at 00:00 UTC.
    fn time(&self, text: &Option<Text>) -> Result<Option<Timestamp>, RuleError> {
        let read = |word: &str| parse_day_or_time(word).ok_or("not a day, nor a time in UTC");
        text.as_ref().map(|text| self.value(text, read)).transpose()
    }

    fn span(&self, from: &Option<Text>, before: &Option<Text>) -> Result<Span, RuleError> {
        let span = Span { from: self.time(from)?, before: self.time(before)? };
        match (span.from, span.before, before) {
            (Some(from), Some(end), Some(text)) if end <= from => {
                Err(self.fault(text, "it ends before it begins"))
            }
            _ => Ok(span),
        }
    }

    fn clause(&self, wire: WireClause) -> Result<Clause, RuleError> {
        let mut states: Vec<(Span, State, String)> = Vec::new();
        for state in wire.state {
            let span = self.span(&state.from, &state.before)?;
            let is = self.value(&state.is, |word| {
                let all = [State::InForce, State::Uncertain, State::Suspended, State::Proposed];
                all.into_iter()
                    .find(|s| s.as_str() == word)
                    .ok_or("in-force, uncertain, suspended or proposed")
            })?;
            if states.iter().any(|(before, ..)| overlap(*before, span)) {
                return Err(self.fault(&state.is, "two states at one time"));
            }
            states.push((span, is, state.note));
        }
        let mut exceptions = Vec::new();
        for exception in wire.exception {
            let asks = exception.ask.iter().map(|ask| self.ask(ask)).collect::<Result<_, _>>()?;
            exceptions.push(Exception { id: self.name(&exception.id)?, title: exception.title, asks });
        }
        if wire.ask.is_empty() {
            return Err(self.fault(&wire.id, "a clause without a question"));
        }
        Ok(Clause {
            id: self.name(&wire.id)?,
            title: wire.title,
            span: self.span(&wire.from, &wire.before)?,
            states,
            scope: self.scope(&wire.scope)?,
            asks: wire.ask.iter().map(|ask| self.ask(ask)).collect::<Result<_, _>>()?,
            exceptions,
        })
    }

    fn scope(&self, wire: &WireScope) -> Result<Scope, RuleError> {
        Ok(Scope {
            forms: self.list(&wire.forms, "not a form", Form::parse)?,
            holds_all: self.elements(&wire.holds_all)?,
            holds_any: self.elements(&wire.holds_any)?,
            absent_below: self.percent(&wire.absent_below)?,
            leaves: self.countries(&wire.leaves)?,
            goes_to: self.countries(&wire.goes_to)?,
        })
    }

    fn elements(&self, texts: &Texts) -> Result<Vec<Element>, RuleError> {
        self.list(texts, "not an element symbol", Element::parse)
    }

    fn countries(&self, texts: &Texts) -> Result<Vec<Country>, RuleError> {
        self.list(texts, "not a country code", Country::parse)
    }

    fn percent(&self, text: &Option<Text>) -> Result<Option<Percent>, RuleError> {
        text.as_ref().map(|text| self.value(text, Percent::parse)).transpose()
    }

    fn stages(&self, texts: &[Text]) -> Result<Vec<Stage>, RuleError> {
        let read = |word: &str| Stage::parse(word).ok_or("not mining, collection or a step");
        texts.iter().map(|text| self.value(text, read)).collect()
    }

    fn ask(&self, wire: &WireAsk) -> Result<Ask, RuleError> {
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
                }
            }
            "disclosed" => {
                let groups = wire.groups.as_ref().ok_or_else(|| needed("groups"))?;
                let read = |group: &WireGroup| Ok((group.name.clone(), self.stages(&group.stages)?));
                Ask::Disclosed {
                    elements,
                    groups: groups.get_ref().iter().map(read).collect::<Result<_, _>>()?,
                }
            }
            "authorised" => Ask::Authorised {
                regimes: self.list(&wire.regimes, "", |word| Some(word.to_owned()))?,
                or_not_required: wire.or_not_required.as_ref().is_some_and(|own| *own.get_ref()),
                end_user: wire.end_user.as_ref().is_some_and(|own| *own.get_ref()),
            },
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
            _ => return Err(self.fault(&wire.that, format!("no question; there are {}", WORDS.join(", ")))),
        })
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
            physical: wire.physical.as_ref().is_some_and(|own| *own.get_ref()),
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
            ("elements", first(&wire.elements), "contribution within recycled disclosed"),
            ("stages", first(&wire.stages), "contribution within"),
            ("countries", first(&wire.countries), "contribution within"),
            ("regions", first(&wire.regions), "contribution"),
            ("at-most", wire.at_most.clone(), "contribution activity"),
            ("at-least", wire.at_least.clone(), "within recycled"),
            ("told", told, "contribution"),
            ("declared", wire.declared.clone(), "contribution"),
            ("physical", flag(&wire.physical), "contribution"),
            ("of", first(&wire.of), "recycled"),
            ("groups", groups, "disclosed"),
            ("regimes", first(&wire.regimes), "authorised"),
            ("or-not-required", flag(&wire.or_not_required), "authorised"),
            ("end-user", flag(&wire.end_user), "authorised"),
            ("lists", first(&wire.lists), "screened"),
            ("kind", wire.kind.clone(), "attested"),
            ("schemes", first(&wire.schemes), "attested"),
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
const WORDS: [&str; 9] = [
    "contribution",
    "within",
    "recycled",
    "disclosed",
    "authorised",
    "screened",
    "attested",
    "activity",
    "complete",
];

fn overlap(a: Span, b: Span) -> bool {
    let starts_in = |a: Span, b: Span| b.from.map_or(a.from.is_none(), |from| a.holds(from));
    starts_in(a, b) || starts_in(b, a)
}
