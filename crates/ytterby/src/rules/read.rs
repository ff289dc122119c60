//! Reading a pack: TOML with a closed set of keys; what is wrong is named with its line and column.

use jiff::Timestamp;
use serde::Deserialize;
use toml::Spanned;

use super::expression::STEPS;
use super::fixture::{self, WireFixture};
use super::question::WireAsk;
use super::{Ask, Citation, Clause, Exception, RulePack, Scope, Span, State};
use crate::decimal::Percent;
use crate::digest::Digest;
use crate::element::Element;
use crate::form::Form;
use crate::profile::Stage;
use crate::time::{parse_date, parse_day_or_time};
use crate::wire::Country;

/// Largest pack, in bytes.
const MAX_PACK: usize = 1 << 20;

/// A file is no rule pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// It is too large.
    #[error("larger than {most} bytes")]
    TooLarge {
        /// How large one may be.
        most: usize,
    },
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

pub(super) type Text = Spanned<String>;
pub(super) type Texts = Option<Vec<Text>>;

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
    outside: Texts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireException {
    id: Text,
    title: String,
    #[serde(default)]
    ask: Vec<WireAsk>,
}

impl RuleError {
    /// What is wrong with a part of a text.
    pub(super) fn at(text: &str, span: std::ops::Range<usize>, problem: String) -> Self {
        let before = text.get(..span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let (line, column) = (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1);
        RuleError::Value { line, column, problem }
    }
}

impl RulePack {
    /// Reads a pack.
    pub fn parse(bytes: &[u8]) -> Result<Self, RuleError> {
        if bytes.len() > MAX_PACK {
            return Err(RuleError::TooLarge { most: MAX_PACK });
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
        let mut steps = 0_u64;
        for wire in wire.clause {
            let at = wire.id.clone();
            let clause = reader.clause(wire)?;
            steps = clause.expressions().fold(steps, |sum, own| sum.saturating_add(own.steps()));
            if steps > STEPS {
                let problem =
                    format!("with this clause the expressions may take {steps} steps, {STEPS} are allowed");
                return Err(reader.fault(&at, problem));
            }
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

pub(super) struct Reader<'t> {
    text: &'t str,
}

impl Reader<'_> {
    pub(super) fn fault<T>(&self, at: &Spanned<T>, problem: impl Into<String>) -> RuleError {
        RuleError::at(self.text, at.span(), problem.into())
    }

    /// What is wrong within a text: at its place in the file, where the text stands there as it is.
    pub(super) fn within(&self, own: &Text, at: std::ops::Range<usize>, problem: String) -> RuleError {
        let (span, text) = (own.span(), own.get_ref());
        let written = self.text.get(span.clone()).unwrap_or_default();
        match written.find(text.as_str()).filter(|_| !text.is_empty()) {
            Some(start) => {
                let start = span.start + start;
                RuleError::at(self.text, start + at.start..start + at.end, problem)
            }
            None => {
                let before = text.get(..at.start).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                self.fault(own, format!("line {line} of the expression: {problem}"))
            }
        }
    }

    pub(super) fn value<T, E: std::fmt::Display>(
        &self,
        text: &Text,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Result<T, RuleError> {
        read(text.get_ref()).map_err(|error| self.fault(text, format!("{:?}: {error}", text.get_ref())))
    }

    pub(super) fn list<T>(
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
        let is_portfolio = |ask: &Ask| matches!(ask, Ask::Portfolio(_));
        let may_not_apply = |ask: &Ask| matches!(ask, Ask::Expression(own) if own.may_not_apply());
        let mut exceptions = Vec::new();
        for exception in wire.exception {
            let asks: Vec<Ask> = exception.ask.iter().map(|ask| self.ask(ask)).collect::<Result<_, _>>()?;
            if asks.iter().any(may_not_apply) {
                return Err(self.fault(&exception.id, "a way out has no question that may not apply"));
            }
            if asks.iter().any(is_portfolio) {
                return Err(self.fault(&exception.id, "a question of a portfolio is no way out"));
            }
            exceptions.push(Exception { id: self.name(&exception.id)?, title: exception.title, asks });
        }
        if wire.ask.is_empty() {
            return Err(self.fault(&wire.id, "a clause without a question"));
        }
        let asks: Vec<Ask> = wire.ask.iter().map(|ask| self.ask(ask)).collect::<Result<_, _>>()?;
        if asks.len() > 1 && asks.iter().any(is_portfolio) {
            return Err(self.fault(&wire.id, "a question of a portfolio stands alone in its clause"));
        }
        Ok(Clause {
            id: self.name(&wire.id)?,
            title: wire.title,
            span: self.span(&wire.from, &wire.before)?,
            states,
            scope: self.scope(&wire.scope)?,
            asks,
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
            outside: self.countries(&wire.outside)?,
        })
    }

    pub(super) fn elements(&self, texts: &Texts) -> Result<Vec<Element>, RuleError> {
        self.list(texts, "not an element symbol", Element::parse)
    }

    pub(super) fn countries(&self, texts: &Texts) -> Result<Vec<Country>, RuleError> {
        self.list(texts, "not a country code", Country::parse)
    }

    pub(super) fn percent(&self, text: &Option<Text>) -> Result<Option<Percent>, RuleError> {
        text.as_ref().map(|text| self.value(text, Percent::parse)).transpose()
    }

    pub(super) fn stages(&self, texts: &[Text]) -> Result<Vec<Stage>, RuleError> {
        let read = |word: &str| Stage::parse(word).ok_or("not mining, collection or a step");
        texts.iter().map(|text| self.value(text, read)).collect()
    }
}

fn overlap(a: Span, b: Span) -> bool {
    let starts_in = |a: Span, b: Span| b.from.map_or(a.from.is_none(), |from| a.holds(from));
    starts_in(a, b) || starts_in(b, a)
}
