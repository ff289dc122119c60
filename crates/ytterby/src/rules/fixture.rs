//! Fixtures: facts written down in a pack, with the answer that is expected. `ytterby rules test` asks them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use toml::Spanned;

use super::{Answer, Attested, Export, Facts, Party, RulePack, Screening};
use crate::assay::{Actinide, ActinideAmount};
use crate::decimal::{Mass, Percent, Ppm};
use crate::digest::Digest;
use crate::element::Element;
use crate::form::{AttestationKind, AuthorisationType, CustodyModel, Form, Source};
use crate::lot::Authorisation;
use crate::masses::Masses;
use crate::profile::{ElementProfile, Entered, Profile, Share, Stage, StageProfile};
use crate::time::{parse_date, parse_day_or_time};
use crate::wire::Country;

/// Facts, a time, and the answer that is expected.
#[derive(Debug, Clone)]
pub struct Fixture {
    /// What it shows.
    pub name: String,
    /// The time that is asked about.
    pub at: Timestamp,
    /// The answer.
    pub expect: Answer,
    /// Of which clause; of the pack, where none is named.
    pub clause: Option<String>,
    /// The facts.
    pub facts: Facts,
}

/// A fixture has another answer than it expects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fixture}: {} expected, {} found: {reason}", .expected.as_str(), .found.as_str())]
pub struct FixtureError {
    /// Its name.
    pub fixture: String,
    /// What it expects.
    pub expected: Answer,
    /// What was found.
    pub found: Answer,
    /// Why that was found.
    pub reason: String,
}

impl RulePack {
    /// Asks every fixture of the pack; the errors are of those that have another answer.
    pub fn test(&self) -> Vec<FixtureError> {
        self.fixtures.iter().filter_map(|fixture| fixture.test(self)).collect()
    }
}

impl Fixture {
    fn test(&self, pack: &RulePack) -> Option<FixtureError> {
        let answer = pack.judge(&self.facts, self.at);
        let clause = self.clause.as_ref().and_then(|id| answer.clauses.iter().find(|own| own.clause == *id));
        let found = match (&self.clause, clause) {
            (Some(_), None) => Answer::NotApplicable,
            (_, Some(clause)) => clause.answer,
            (None, None) => answer.answer,
        };
        let reasons = || {
            let shown = answer.clauses.iter().filter(|own| own.answer == found);
            shown.map(|own| format!("{}: {}", own.clause, own.reason)).collect::<Vec<_>>().join(" · ")
        };
        (found != self.expect).then(|| FixtureError {
            fixture: self.name.clone(),
            expected: self.expect,
            found,
            reason: reasons(),
        })
    }
}

type Text = Spanned<String>;
/// What is wrong, and where.
type Fault = (Text, String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireFixture {
    name: String,
    at: Text,
    expect: Text,
    clause: Option<String>,
    form: Option<Text>,
    custody: Option<Text>,
    #[serde(default)]
    holds: BTreeMap<String, Text>,
    #[serde(default)]
    limits: BTreeMap<String, Text>,
    #[serde(default)]
    entered: Vec<WireEntered>,
    #[serde(default)]
    place: Vec<WirePlace>,
    #[serde(default)]
    export: Vec<WireExport>,
    #[serde(default)]
    party: Vec<WireParty>,
    #[serde(default)]
    attestation: Vec<WireAttested>,
    #[serde(default)]
    list: Vec<WireList>,
    tho2_ppm: Option<Text>,
    u3o8_ppm: Option<Text>,
    tho2_below_ppm: Option<Text>,
    u3o8_below_ppm: Option<Text>,
    #[serde(default)]
    gaps: Vec<String>,
}

/// A share of some elements that entered in a way; `pre-consumer` stands here too.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireEntered {
    of: Text,
    r#as: Text,
    low: Text,
    high: Option<Text>,
}

/// A share of some elements that passed a stage; without a country nobody says where.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WirePlace {
    of: Text,
    stage: Text,
    country: Option<Text>,
    region: Option<String>,
    facility: Option<String>,
    issuer: Option<String>,
    #[serde(default)]
    declared: bool,
    #[serde(default)]
    untold: bool,
    low: Text,
    high: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireExport {
    from: Option<Text>,
    to: Text,
    dispatched: Text,
    exporter: String,
    /// The form that left, if it was not that of the lot.
    form: Option<Text>,
    /// The elements it held, with spaces, if it did not hold those of the lot.
    of: Option<Text>,
    end_user: Option<String>,
    end_use: Option<String>,
    regime: Option<String>,
    kind: Option<Text>,
    number: Option<String>,
    holder: Option<String>,
    category: Option<String>,
    reason: Option<String>,
    valid: Option<[Text; 2]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireParty {
    name: Option<String>,
    did: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireAttested {
    kind: Text,
    scheme: Option<String>,
    issuer: String,
    #[serde(default)]
    accepted: bool,
    #[serde(default, rename = "self-declared")]
    self_declared: bool,
    from: Text,
    until: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireList {
    name: String,
    date: Text,
    entries: Vec<String>,
}

pub(super) fn read(wire: WireFixture) -> Result<Fixture, Fault> {
    let mut facts = Facts { number: "L-1".to_owned(), gaps: wire.gaps.clone().into(), ..Facts::default() };
    facts.form = wire.form.as_ref().map(|text| word(text, "a form", Form::parse)).transpose()?;
    for (symbol, text) in &wire.holds {
        let mass = word(text, "kilograms", |text| Mass::parse(text).ok())?;
        let element = Element::parse(symbol).ok_or_else(|| wrong(text, "holds an element by its symbol"))?;
        facts.content.set(element, mass.mg());
    }
    for (symbol, text) in &wire.limits {
        let limit = word(text, "a percentage", |text| Percent::parse(text).ok())?;
        let element = Element::parse(symbol).ok_or_else(|| wrong(text, "limits an element by its symbol"))?;
        facts.limits.push((element, limit));
    }
    let weakest_custody =
        wire.custody.as_ref().map(|text| word(text, "a custody model", CustodyModel::parse)).transpose()?;
    let mut profile = Profile { lot: Digest::of(b"fixture"), weakest_custody, elements: Vec::new() };
    profile.elements = facts.content.iter().map(|(element, mg)| ElementProfile::empty(element, mg)).collect();
    for entered in &wire.entered {
        add_entered(entered, &mut profile)?;
    }
    for place in &wire.place {
        add_place(place, &mut profile)?;
    }
    facts.profile = Some(profile);
    facts.exports = wire.export.iter().map(|own| export(own, &facts)).collect::<Result<_, _>>()?;
    let parties = wire.party.into_iter().map(|own| Party { did: own.did, name: own.name });
    facts.parties = Arc::new(parties.collect::<Vec<_>>().into());
    facts.attestations = wire.attestation.iter().map(attested).collect::<Result<_, _>>()?;
    let mut lists = Vec::new();
    for list in wire.list {
        let date = word(&list.date, "a date", |text| parse_date(text).ok())?;
        lists.push(Screening::new(list.name, date, list.entries));
    }
    facts.screening = lists.into();
    for (text, actinide, is_limit) in [
        (&wire.tho2_ppm, Actinide::ThoriumOxide, false),
        (&wire.u3o8_ppm, Actinide::UraniumOxide, false),
        (&wire.tho2_below_ppm, Actinide::ThoriumOxide, true),
        (&wire.u3o8_below_ppm, Actinide::UraniumOxide, true),
    ] {
        let Some(text) = text else { continue };
        let ppm = word(text, "parts per million", |text| Ppm::parse(text).ok())?;
        let amount = if is_limit { ActinideAmount::Below(ppm) } else { ActinideAmount::Ppm(ppm) };
        facts.actinides.push((actinide, amount));
    }
    Ok(Fixture {
        name: wire.name,
        at: word(&wire.at, "a time", parse_day_or_time)?,
        expect: word(&wire.expect, "pass, fail, not-demonstrated or not-applicable", Answer::parse)?,
        clause: wire.clause,
        facts,
    })
}

fn word<T>(text: &Text, what: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, Fault> {
    read(text.get_ref()).ok_or_else(|| wrong(text, &format!("{:?} is not {what}", text.get_ref())))
}

fn wrong(text: &Text, problem: &str) -> Fault {
    (text.clone(), problem.to_owned())
}

/// The elements of a list with spaces, of those that the lot holds.
fn each<'p>(
    of: &Text,
    profile: &'p mut Profile,
) -> Result<impl Iterator<Item = &'p mut ElementProfile> + use<'p>, Fault> {
    let mut all = Vec::new();
    for symbol in of.get_ref().split(' ') {
        all.push(Element::parse(symbol).ok_or_else(|| wrong(of, "elements by their symbols, with spaces"))?);
    }
    Ok(profile.elements.iter_mut().filter(move |own| all.contains(&own.element)))
}

fn share(low: &Text, high: &Option<Text>) -> Result<Share, Fault> {
    let percent = |text: &Text| word(text, "a percentage", |text| Percent::parse(text).ok());
    let (least, most) = (percent(low)?, percent(high.as_ref().unwrap_or(low))?);
    if least > most { Err(wrong(low, "more than `high`")) } else { Ok(Share::between(least, most)) }
}

fn add_entered(wire: &WireEntered, profile: &mut Profile) -> Result<(), Fault> {
    let share = share(&wire.low, &wire.high)?;
    let way = word(&wire.r#as, "a source, declared, unbacked, exchanged, missing or pre-consumer", |text| {
        let ways = [Entered::Declared, Entered::Unbacked, Entered::Exchanged, Entered::Missing];
        let other = || ways.into_iter().find(|way| way.as_str() == text);
        match text {
            "pre-consumer" => Some(None),
            text => Source::parse(text).map(Entered::Origin).or_else(other).map(Some),
        }
    })?;
    for own in each(&wire.of, profile)? {
        match way {
            Some(way) => own.entered.push((way, share)),
            None => own.pre_consumer = share,
        }
    }
    Ok(())
}

fn add_place(wire: &WirePlace, profile: &mut Profile) -> Result<(), Fault> {
    let share = share(&wire.low, &wire.high)?;
    let stage = word(&wire.stage, "mining, collection or a step", Stage::parse)?;
    let country =
        wire.country.as_ref().map(|text| word(text, "a country code", Country::parse)).transpose()?;
    for own in each(&wire.of, profile)? {
        if !own.stages.iter().any(|known| known.stage == stage) {
            own.stages.push(StageProfile::of(stage));
        }
        let Some(known) = own.stages.iter_mut().find(|known| known.stage == stage) else { continue };
        if wire.untold {
            known.untold = share;
        } else if wire.declared {
            known.declared.push((country, share));
        } else {
            known.countries.push((country, share));
            known.done = known.done.plus(share);
            match (country, &wire.region) {
                (Some(country), Some(region)) => {
                    known.regions.push(((country, region.as_str().into()), share));
                }
                (Some(country), None) => known.unplaced.push((country, share)),
                (None, _) => {}
            }
            known.facilities.extend(wire.facility.as_ref().map(|id| (id.as_str().into(), share)));
            known.issuers.extend(wire.issuer.as_ref().map(|did| (did.as_str().into(), share)));
        }
    }
    Ok(())
}

fn export(wire: &WireExport, facts: &Facts) -> Result<Export, Fault> {
    let country = |text: &Text| word(text, "a country code", Country::parse);
    let date = |text: &Text| word(text, "a date", |text| parse_date(text).ok());
    let party = |name: &String| Party { did: None, name: Some(name.clone()) };
    let text = |own: &Option<String>| own.as_ref().map(|text| text.as_str().into());
    let mut authorisations = Vec::new();
    if let (Some(regime), Some(kind)) = (&wire.regime, &wire.kind) {
        authorisations.push(Authorisation {
            regime: regime.as_str().into(),
            kind: word(kind, "single, general or not-required", AuthorisationType::parse)?,
            reason: text(&wire.reason),
            number: text(&wire.number),
            scope: None,
            holder: text(&wire.holder),
            customer_category: text(&wire.category),
            validity: wire.valid.as_ref().map(|[from, to]| Ok((date(from)?, date(to)?))).transpose()?,
        });
    }
    let form = wire.form.as_ref().map(|text| word(text, "a form", Form::parse)).transpose()?;
    let mut content = facts.content.clone();
    if let Some(of) = &wire.of {
        content = Masses::default();
        for symbol in of.get_ref().split(' ') {
            content.set(Element::parse(symbol).ok_or_else(|| wrong(of, "elements, with spaces"))?, 1);
        }
    }
    Ok(Export {
        number: "L-1".to_owned(),
        form: form.or(facts.form),
        content,
        from: wire.from.as_ref().map(country).transpose()?,
        to: Some(country(&wire.to)?),
        dispatched: Some(date(&wire.dispatched)?),
        exporter: party(&wire.exporter),
        end_user: wire.end_user.as_ref().map(party),
        end_use: wire.end_use.clone(),
        authorisations,
    })
}

fn attested(wire: &WireAttested) -> Result<Attested, Fault> {
    let at = |text: &Text| word(text, "a time", parse_day_or_time);
    Ok(Attested {
        kind: word(&wire.kind, "a kind of attestation", AttestationKind::parse)?,
        scheme: wire.scheme.clone(),
        issuer: wire.issuer.clone(),
        is_accepted: wire.accepted,
        is_self_declared: wire.self_declared,
        from: at(&wire.from)?,
        until: wire.until.as_ref().map(at).transpose()?,
    })
}
