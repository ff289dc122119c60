//! The facts of a case as values, after the schema.

use cel::common::value::Val;

use super::schema::Many;
use super::value::Builder;
use crate::assay::ActinideAmount;
use crate::masses::Masses;
use crate::profile::{ElementProfile, Share, StageProfile};
use crate::rules::ask::Case;
use crate::rules::{Attested, Export, Facts, Party, Screening};
use crate::time::format_time;
use crate::wire::Country;

type Boxed = Box<dyn Val>;

/// Members that are there; what nobody states is left out.
struct Fields<'m> {
    builder: &'m mut Builder,
    all: Vec<(&'static str, Boxed)>,
}

impl<'m> Fields<'m> {
    fn new(builder: &'m mut Builder) -> Self {
        Fields { builder, all: Vec::new() }
    }

    fn set(&mut self, name: &'static str, one: impl FnOnce(&mut Builder) -> Option<Boxed>) -> Option<()> {
        let value = one(self.builder)?;
        self.all.push((name, value));
        Some(())
    }

    fn text(&mut self, name: &'static str, text: impl Into<String>) -> Option<()> {
        self.set(name, |builder| builder.text(text))
    }

    fn perhaps(&mut self, name: &'static str, text: Option<impl Into<String>>) -> Option<()> {
        match text {
            Some(text) => self.text(name, text),
            None => Some(()),
        }
    }

    /// A number; one that is too large for the language is left out.
    fn int(&mut self, name: &'static str, number: u64) -> Option<()> {
        match i64::try_from(number) {
            Ok(number) => self.set(name, |builder| builder.int(number)),
            Err(_) => Some(()),
        }
    }

    fn ends(&mut self, share: Share) -> Option<()> {
        self.int("low", share.low().millionths().into())?;
        self.int("mixed", share.mixed().millionths().into())?;
        self.int("high", share.high().millionths().into())
    }

    fn share(&mut self, name: &'static str, share: Share) -> Option<()> {
        self.set(name, |builder| {
            let mut fields = Fields::new(builder);
            fields.ends(share)?;
            fields.done()
        })
    }

    fn done(self) -> Option<Boxed> {
        self.builder.record(self.all)
    }
}

/// A fact that an expression names; `None` where there is too much of it.
pub(super) fn root(builder: &mut Builder, name: &str, case: &Case<'_>) -> Option<Boxed> {
    let facts = case.facts;
    match name {
        "at" => builder.text(format_time(case.at)),
        "lot" => lot(builder, facts),
        "exports" => builder.list(Many::Exports, facts.exports.iter(), export),
        "parties" => builder.list(Many::Parties, facts.parties.iter(), party),
        "attestations" => builder.list(Many::Attestations, facts.attestations.iter(), attestation),
        "gaps" => builder
            .list(Many::Gaps, facts.gaps.iter().chain(&facts.own_gaps), |builder, gap| builder.text(gap)),
        _ => builder.list(Many::Lists, facts.screening.iter(), list),
    }
}

fn lot(builder: &mut Builder, facts: &Facts) -> Option<Boxed> {
    let mut fields = Fields::new(builder);
    fields.text("number", &facts.number)?;
    fields.perhaps("form", facts.form.map(|form| form.as_str()))?;
    fields.set("content", |builder| content(builder, &facts.content))?;
    fields.set("limits", |builder| {
        builder.list(Many::Limits, &facts.limits, |builder, (element, below)| {
            let mut fields = Fields::new(builder);
            fields.text("element", element.symbol())?;
            fields.int("below", below.millionths().into())?;
            fields.done()
        })
    })?;
    fields.set("actinides", |builder| {
        builder.list(Many::Actinides, &facts.actinides, |builder, (actinide, amount)| {
            let mut fields = Fields::new(builder);
            fields.text("formula", actinide.formula())?;
            match amount {
                ActinideAmount::Ppm(ppm) => fields.int("ppm", ppm.millionths())?,
                ActinideAmount::Below(ppm) => fields.int("below_ppm", ppm.millionths())?,
            }
            fields.done()
        })
    })?;
    if let Some(profile) = &facts.profile {
        fields.perhaps("custody", profile.weakest_custody.map(|custody| custody.as_str()))?;
        fields.set("elements", |builder| builder.list(Many::Elements, &profile.elements, element))?;
    }
    fields.done()
}

fn content(builder: &mut Builder, content: &Masses) -> Option<Boxed> {
    builder.list(Many::Content, content.iter(), |builder, (element, mg)| {
        let mut fields = Fields::new(builder);
        fields.text("element", element.symbol())?;
        fields.int("mg", mg)?;
        fields.done()
    })
}

fn element(builder: &mut Builder, own: &ElementProfile) -> Option<Boxed> {
    let mut fields = Fields::new(builder);
    fields.text("element", own.element.symbol())?;
    fields.set("rare_earth", |builder| builder.bool(own.element.is_rare_earth()))?;
    fields.int("mg", own.mg)?;
    fields.set("entered", |builder| {
        builder.list(Many::Entered, &own.entered, |builder, (way, share)| {
            let mut fields = Fields::new(builder);
            fields.text("way", way.as_str())?;
            fields.ends(*share)?;
            fields.done()
        })
    })?;
    fields.share("pre_consumer", own.pre_consumer)?;
    fields.share("post_consumer", own.post_consumer())?;
    fields.set("stages", |builder| builder.list(Many::Stages, &own.stages, stage))?;
    fields.done()
}

fn stage(builder: &mut Builder, own: &StageProfile) -> Option<Boxed> {
    let mut fields = Fields::new(builder);
    fields.text("stage", own.stage.as_str())?;
    fields.share("done", own.done)?;
    fields.share("untold", own.untold)?;
    fields.set("countries", |builder| builder.list(Many::Countries, &own.countries, country))?;
    fields.set("regions", |builder| {
        builder.list(Many::Regions, &own.regions, |builder, ((country, region), share)| {
            let mut fields = Fields::new(builder);
            fields.text("country", country.as_str())?;
            fields.text("region", region.as_ref())?;
            fields.ends(*share)?;
            fields.done()
        })
    })?;
    fields.set("facilities", |builder| {
        builder.list(Many::Facilities, &own.facilities, |builder, own| named(builder, "facility", own))
    })?;
    fields.set("issuers", |builder| {
        builder.list(Many::Issuers, &own.issuers, |builder, own| named(builder, "issuer", own))
    })?;
    fields.set("declared", |builder| builder.list(Many::Declared, &own.declared, country))?;
    fields.done()
}

fn country(builder: &mut Builder, (country, share): &(Option<Country>, Share)) -> Option<Boxed> {
    let mut fields = Fields::new(builder);
    fields.perhaps("country", country.map(|country| country.as_str().to_owned()))?;
    fields.ends(*share)?;
    fields.done()
}

fn named(builder: &mut Builder, member: &'static str, own: &(Box<str>, Share)) -> Option<Boxed> {
    let mut fields = Fields::new(builder);
    fields.text(member, own.0.as_ref())?;
    fields.ends(own.1)?;
    fields.done()
}

fn export(builder: &mut Builder, own: &Export) -> Option<Boxed> {
    let country = |own: Option<Country>| own.map(|country| country.as_str().to_owned());
    let mut fields = Fields::new(builder);
    fields.text("number", &own.number)?;
    fields.perhaps("from", country(own.from))?;
    fields.perhaps("to", country(own.to))?;
    fields.perhaps("dispatched", own.dispatched.map(|day| day.to_string()))?;
    fields.set("exporter", |builder| party(builder, &own.exporter))?;
    if let Some(end_user) = &own.end_user {
        fields.set("end_user", |builder| party(builder, end_user))?;
    }
    fields.perhaps("end_use", own.end_use.as_ref())?;
    fields.perhaps("form", own.form.map(|form| form.as_str()))?;
    fields.set("content", |builder| content(builder, &own.content))?;
    fields.set("authorisations", |builder| {
        builder.list(Many::Authorisations, &own.authorisations, |builder, own| {
            let mut fields = Fields::new(builder);
            fields.text("regime", own.regime.as_ref())?;
            fields.text("kind", own.kind.as_str())?;
            fields.perhaps("reason", own.reason.as_deref())?;
            fields.perhaps("number", own.number.as_deref())?;
            fields.perhaps("scope", own.scope.as_deref())?;
            fields.perhaps("holder", own.holder.as_deref())?;
            fields.perhaps("customer_category", own.customer_category.as_deref())?;
            fields.perhaps("from", own.validity.map(|(from, _)| from.to_string()))?;
            fields.perhaps("until", own.validity.map(|(_, until)| until.to_string()))?;
            fields.done()
        })
    })?;
    fields.done()
}

fn party(builder: &mut Builder, own: &Party) -> Option<Boxed> {
    let mut fields = Fields::new(builder);
    fields.perhaps("did", own.did.as_ref())?;
    fields.perhaps("name", own.name.as_ref())?;
    fields.done()
}

fn attestation(builder: &mut Builder, own: &Attested) -> Option<Boxed> {
    let mut fields = Fields::new(builder);
    fields.text("kind", own.kind.as_str())?;
    fields.perhaps("scheme", own.scheme.as_ref())?;
    fields.text("issuer", &own.issuer)?;
    fields.set("accepted", |builder| builder.bool(own.is_accepted))?;
    fields.text("from", format_time(own.from))?;
    fields.perhaps("until", own.until.map(format_time))?;
    fields.done()
}

fn list(builder: &mut Builder, own: &Screening) -> Option<Boxed> {
    let mut fields = Fields::new(builder);
    fields.text("name", &own.name)?;
    fields.text("date", own.date.to_string())?;
    fields.set("entries", |builder| {
        builder.list(Many::Entries, &own.entries, |builder, entry| builder.text(entry))
    })?;
    fields.done()
}
