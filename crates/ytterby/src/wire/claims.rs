//! From wire structs to what a certificate says: the rules of form that a schema cannot state.

use super::accreditation::AccreditationSubject;
use super::assay::{Assay as WireAssay, Component};
use super::credential::{Credential, Proof};
use super::leaf::{Amounts, Leaf};
use super::subject::{
    AttestationSubject, Authorisation as WireAuthorisation, Declared as WireDeclared,
    Facility as WireFacility, Input as WireInput, OriginSubject, Party, Period, ProcessingSubject,
    TransferSubject,
};
use crate::assay::{ActinideAmount, Amount, Assay, LabReport, Row};
use crate::certificate::{Attestation, Body, CONTEXT, Claims, VERIFIABLE_CREDENTIAL};
use crate::decimal::{Mass, Ppm};
use crate::did::Did;
use crate::form::{AssayPurpose, AttestationKind, AuthorisationType, ContentFrom, Kind, Source};
use crate::json::{Misfit, MisfitKind, Value, from_value};
use crate::lot::{Authorisation, Control, Declared, Facility, Input, Lot, Making, TariffCode};

/// Decodes everything a certificate of this kind says, and its proof if it has one.
pub(crate) fn claims<'t, D>(kind: Kind, from: D) -> Result<(Claims, Option<Proof<'t>>), Misfit>
where
    D: serde::Deserializer<'t, Error = Misfit>,
{
    match kind {
        Kind::Origin => decode(kind, from, origin),
        Kind::Processing => decode(kind, from, processing),
        Kind::Transfer => decode(kind, from, transfer),
        Kind::Attestation => decode(kind, from, attestation),
        Kind::Accreditation => decode(kind, from, accreditation),
    }
}

type Said = (super::Home, Body);

fn decode<'t, S, D>(
    kind: Kind,
    from: D,
    subject: fn(S) -> Result<Said, Misfit>,
) -> Result<(Claims, Option<Proof<'t>>), Misfit>
where
    S: serde::Deserialize<'t>,
    D: serde::Deserializer<'t, Error = Misfit>,
{
    let credential: Credential<'t, S> = serde::Deserialize::deserialize(from)?;
    if credential.context != CONTEXT || credential.r#type != [VERIFIABLE_CREDENTIAL, kind.as_str()] {
        return Err(combination("not the contexts and types of this kind of certificate"));
    }
    if credential.valid_until.is_some() && kind.creates_lot() {
        return Err(combination("a lot does not expire").under("validUntil"));
    }
    if credential.valid_until.is_none() && kind == Kind::Accreditation {
        let misfit = Misfit::new(MisfitKind::MissingField, "an accreditation ends");
        return Err(misfit.under("validUntil"));
    }
    if credential.valid_until.as_ref().is_some_and(|until| until.0 < credential.valid_from.0) {
        return Err(combination("before validFrom").under("validUntil"));
    }
    let issuer = credential.issuer.id.0;
    let (home, body) =
        subject(credential.credential_subject).map_err(|misfit| misfit.under("credentialSubject"))?;
    if let Body::Accreditation(accreditation) = &body
        && accreditation.accredits == issuer
    {
        return Err(combination("nobody accredits himself").under("accredits").under("credentialSubject"));
    }
    let claims = Claims {
        id: credential.id.0,
        kind,
        issuer,
        issuer_name: credential.issuer.name.map(|name| name.0.into()),
        home,
        valid_from: credential.valid_from.0,
        valid_until: credential.valid_until.map(|until| until.0),
        body,
    };
    Ok((claims, credential.proof))
}

/// The members that every lot has, from any of the three subjects.
macro_rules! lot {
    ($subject:ident, $($field:ident: $value:expr),+ $(,)?) => {{
        bounded($subject.hs_codes.as_deref(), 8, "hsCodes")?;
        bounded($subject.packages.as_deref(), 1000, "packages")?;
        bounded($subject.documents.as_deref(), 40, "documents")?;
        let mut content = $subject.content.0;
        content.shrink();
        let lot = Lot {
            number: $subject.lot_number.0.into(),
            product: $subject.product.0.into(),
            form: $subject.form,
            external_id: $subject.external_id.map(|id| id.0.into()),
            net_mass: $subject.net_mass.map(|mass| mass.0),
            assay: $subject.assay.map(assay).transpose().map_err(|m| m.under("assay"))?.map(Box::new),
            content,
            holder: $subject.holder.map(|holder| holder.0),
            hs_codes: $subject
                .hs_codes
                .into_iter()
                .flatten()
                .map(|wire| TariffCode { nomenclature: wire.nomenclature.0.into(), code: wire.code.0.0.into() })
                .collect(),
            $($field: $value),+
        };
        Ok(($subject.home.0, Body::Lot(Box::new(lot))))
    }};
}

fn origin(subject: OriginSubject<'_>) -> Result<Said, Misfit> {
    holder_named(subject.holder.as_ref())?;
    if subject.net_mass.is_none() || subject.assay.is_none() {
        let name = if subject.assay.is_none() { "assay" } else { "netMass" };
        return Err(Misfit::new(MisfitKind::MissingField, "an origin is weighed and assayed").under(name));
    }
    if subject.source == Source::Purchased && subject.documents.is_none() {
        return Err(
            combination("a purchase without certificate needs the supplier's documents").under("documents")
        );
    }
    if subject.supplier.is_some() && subject.source != Source::Purchased {
        return Err(combination("only what was purchased has a supplier").under("supplier"));
    }
    if subject.source == Source::PostConsumer && subject.origin.collected_in.is_none() {
        let misfit = combination("material after use needs the country it was collected in");
        return Err(misfit.under("collectedIn").under("origin"));
    }
    let making = Making::Origin {
        source: subject.source,
        mined_in: subject.origin.country.0.0,
        region: subject.origin.region.map(|region| region.0.into()),
        collected_in: subject.origin.collected_in.map(|country| country.0),
    };
    lot!(subject,
        content_from: ContentFrom::Assay,
        facility: Some(facility(&subject.facility)),
        period: period(&subject.period)?,
        custody_model: Some(subject.custody_model),
        making: making,
        inputs: Box::default(),
        declared: Box::default(),
    )
}

fn processing(subject: ProcessingSubject<'_>) -> Result<Said, Misfit> {
    holder_named(subject.holder.as_ref())?;
    let corrects = subject.corrects.as_ref().map(|corrects| corrects.digest_multibase.0);
    let inputs = inputs(subject.inputs, 64)?;
    if subject.step.only_in_correction() && corrects.is_none() {
        return Err(combination("this step stands only in a correction").under("step"));
    }
    if let Some(corrected) = corrects
        && (inputs.len() != 1 || inputs[0].digest != corrected)
    {
        return Err(combination("a correction has exactly one input: the lot it corrects").under("corrects"));
    }
    let making = Making::Processing { step: subject.step, corrects };
    lot!(subject,
        content_from: subject.content_from,
        facility: Some(facility(&subject.facility)),
        period: period(&subject.period)?,
        custody_model: Some(subject.custody_model),
        making: making,
        inputs: inputs,
        declared: declared(subject.declared_inputs)?,
    )
}

fn transfer(subject: TransferSubject<'_>) -> Result<Said, Misfit> {
    let inputs = inputs(subject.inputs, 1)?;
    if subject.to.id.as_ref().map(|id| &id.0) != subject.holder.as_ref().map(|holder| &holder.0) {
        return Err(combination("the holder is the recipient's DID, or there is neither").under("holder"));
    }
    let control = control(subject.authorisations, subject.end_user, subject.end_use)?;
    let making = Making::Transfer {
        kind: subject.kind,
        to: subject.to.name.0.into(),
        destination: subject.destination.0,
        control: Box::new(control),
    };
    lot!(subject,
        content_from: ContentFrom::Draws,
        facility: None,
        period: (subject.dispatch_date.0, subject.dispatch_date.0),
        custody_model: None,
        making: making,
        inputs: inputs,
        declared: Box::default(),
    )
}

fn control(
    wire: Option<Vec<WireAuthorisation<'_>>>,
    end_user: Option<Party<'_>>,
    end_use: Option<Leaf<&str>>,
) -> Result<Control, Misfit> {
    bounded(wire.as_deref(), 16, "authorisations")?;
    let mut authorisations = Vec::new();
    for (at, wire) in wire.into_iter().flatten().enumerate() {
        let read = authorisation(wire).map_err(|m| m.under(at.to_string()).under("authorisations"))?;
        authorisations.push(read);
    }
    let (mut end_user_did, mut end_user_country, mut name) = (None, None, None);
    if let Some(party) = end_user {
        end_user_did = party.id.map(|id| id.0);
        end_user_country = party.country.map(|country| country.0);
        name = Some(party.name.0.into());
    }
    Ok(Control {
        end_user_did,
        end_user: name,
        end_user_country,
        end_use: end_use.map(|text| text.0.into()),
        authorisations: authorisations.into(),
    })
}

fn authorisation(wire: WireAuthorisation<'_>) -> Result<Authorisation, Misfit> {
    let not_required = wire.r#type == AuthorisationType::NotRequired;
    if not_required && wire.reason.is_none() {
        return Err(combination("why is none required?").under("reason"));
    }
    if !not_required && wire.number.is_none() {
        return Err(combination("an authorisation has a number").under("number"));
    }
    let text = |leaf: Option<Leaf<&str>>| leaf.map(|leaf| leaf.0.into());
    Ok(Authorisation {
        regime: wire.regime.0.into(),
        kind: wire.r#type,
        reason: text(wire.reason),
        number: text(wire.number),
        scope: text(wire.scope),
        holder: text(wire.holder),
        customer_category: text(wire.customer_category),
        validity: wire.validity.map(|validity| period_named(&validity, "validity")).transpose()?,
    })
}

fn attestation(subject: AttestationSubject<'_>) -> Result<Said, Misfit> {
    bounded(subject.documents.as_deref(), 40, "documents")?;
    bounded(subject.about.lots.as_deref(), 64, "lots").map_err(|misfit| misfit.under("about"))?;
    let about = &subject.about;
    if about.lots.is_none() && about.sample_id.is_none() && about.facility.is_none() {
        return Err(combination("about a lot, a sample or a facility").under("about"));
    }
    if (subject.kind == AttestationKind::Assay) != subject.assay.is_some() {
        return Err(combination("an assay, and only an assay, has an assay block").under("assay"));
    }
    if subject.assay.is_none() && subject.purpose.is_some() {
        return Err(combination("only an assay has a purpose").under("purpose"));
    }
    claim(&subject)?;
    let block =
        subject.assay.map(|block| assay(block).map_err(|misfit| misfit.under("assay"))).transpose()?;
    let text = |leaf: Option<Leaf<&str>>| leaf.map(|leaf| leaf.0.into());
    let lots = subject.about.lots.iter().flatten().map(|lot| (lot.lot.0, lot.digest_multibase.0)).collect();
    let body = Attestation {
        kind: subject.kind,
        lots,
        sample: text(subject.about.sample_id),
        scheme: text(subject.scheme),
        scheme_version: text(subject.scheme_version),
        scope: text(subject.scope),
        boundary: text(subject.boundary),
        allocation_rule: text(subject.allocation_rule),
        verifier: subject.verifier.map(|party| party.name.0.into()),
        purpose: block.as_ref().map(|_| subject.purpose.unwrap_or(AssayPurpose::Final)),
        assay: block.map(Box::new),
        documents: subject.documents.iter().flatten().map(|own| own.digest_multibase.0).collect(),
        facility: subject.about.facility.as_ref().map(|own| facility(own).id),
        result: subject.result.0.into(),
    };
    Ok((subject.home.0, Body::Attestation(Box::new(body))))
}

/// An ESG claim says of what it is a figure; nothing else does.
fn claim(subject: &AttestationSubject<'_>) -> Result<(), Misfit> {
    let is_claim = subject.kind == AttestationKind::Esg;
    if is_claim && (subject.scheme.is_none() || subject.scheme_version.is_none()) {
        return Err(combination("an ESG claim states its scheme and the version of it").under("scheme"));
    }
    for (name, is_there) in
        [("boundary", subject.boundary.is_some()), ("allocationRule", subject.allocation_rule.is_some())]
    {
        if is_claim != is_there {
            let text = "an ESG claim, and only an ESG claim, states its boundary and its allocation rule";
            return Err(combination(text).under(name));
        }
    }
    if !is_claim && subject.verifier.is_some() {
        return Err(combination("only an ESG claim names a verifier").under("verifier"));
    }
    Ok(())
}

fn accreditation(subject: AccreditationSubject<'_>) -> Result<Said, Misfit> {
    let home = subject.home.0.clone();
    Ok((home, Body::Accreditation(Box::new(subject.read()?))))
}

fn assay(wire: WireAssay<'_>) -> Result<Assay, Misfit> {
    bounded(Some(&wire.components), 40, "components")?;
    bounded(wire.impurities.as_deref(), 80, "impurities")?;
    let rows: Result<_, _> = wire
        .components
        .iter()
        .enumerate()
        .map(|(at, row)| component(row).map_err(|misfit| misfit.under(at.to_string()).under("components")))
        .collect();
    let mut rare_earth_impurities = Vec::new();
    let mut actinides = Vec::new();
    for (at, impurity) in wire.impurities.iter().flatten().enumerate() {
        if impurity.ppm.is_some() == impurity.below_ppm.is_some() {
            let misfit = combination("either `ppm` or `belowPpm`");
            return Err(misfit.under(at.to_string()).under("impurities"));
        }
        if impurity.species.0.holds_rare_earth {
            rare_earth_impurities.push(at);
        }
        if let Some(actinide) = impurity.species.0.actinide {
            let amount = match (&impurity.ppm, &impurity.below_ppm) {
                (Some(ppm), _) => ActinideAmount::Ppm(ppm.0),
                (None, below) => ActinideAmount::Below(below.as_ref().map_or(Ppm::MAX, |below| below.0)),
            };
            actinides.push((actinide, amount));
        }
    }
    let text = |leaf: &Option<Leaf<&str>>| leaf.as_ref().map(|leaf| leaf.0.into());
    let report = LabReport {
        attestation: wire.attestation.as_ref().map(|digest| digest.0),
        laboratory: text(&wire.laboratory),
        number: text(&wire.report_number),
    };
    Ok(Assay {
        mass_basis: wire.mass_basis,
        moisture: wire.moisture.map(|p| p.0),
        loss_on_ignition: wire.loss_on_ignition.map(|p| p.0),
        percent_basis: wire.percent_basis,
        treo: wire.treo.map(|p| p.0),
        trem: wire.trem.map(|p| p.0),
        rows: rows?,
        rare_earth_impurities: rare_earth_impurities.into(),
        actinides: actinides.into(),
        report: (report.attestation.is_some() || report.number.is_some()).then(|| Box::new(report)),
    })
}

fn component(wire: &Component) -> Result<Row, Misfit> {
    let (element, oxide) = match (&wire.element, &wire.oxide) {
        (Some(element), None) => (element.0, None),
        (None, Some(oxide)) => (oxide.0.element, Some(oxide.0)),
        _ => return Err(combination("either `element` or `oxide`")),
    };
    let amount = match (&wire.percent, &wire.below) {
        (Some(percent), None) => Amount::Percent(percent.0),
        (None, Some(below)) => Amount::Below(below.0),
        _ => return Err(combination("either `percent` or `below`")),
    };
    Ok(Row { element, oxide, amount })
}

fn inputs(wire: Vec<WireInput>, max: usize) -> Result<Box<[Input]>, Misfit> {
    bounded(Some(&wire), max, "inputs")?;
    let input = |(at, wire): (usize, WireInput)| {
        if wire.rest == Some(false) {
            let misfit = Misfit::new(MisfitKind::Value, "`rest` is true or absent");
            return Err(misfit.under("rest").under(at.to_string()).under("inputs"));
        }
        let Amounts(mut draws) = wire.draws;
        draws.shrink();
        Ok(Input { label: wire.lot.0, digest: wire.digest_multibase.0, draws, rest: wire.rest.is_some() })
    };
    wire.into_iter().enumerate().map(input).collect()
}

fn declared(wire: Option<Vec<WireDeclared<'_>>>) -> Result<Box<[Declared]>, Misfit> {
    bounded(wire.as_deref(), 40, "declaredInputs")?;
    let mut all = Vec::new();
    for (at, declared) in wire.iter().flatten().enumerate() {
        let under = |m: Misfit| m.under(at.to_string()).under("declaredInputs");
        bounded(declared.origins.as_deref(), 16, "origins").map_err(under)?;
        if declared.mass.0.mg() == 0 {
            return Err(under(Misfit::new(MisfitKind::Value, "nothing was declared").under("mass")));
        }
        let origins = declared.origins.iter().flatten();
        all.push(Declared {
            element: declared.element.0,
            mass: declared.mass.0,
            reason: declared.reason,
            origins: origins.map(|origin| (origin.step.0.into(), origin.country.0.0)).collect(),
        });
    }
    Ok(all.into())
}

fn facility(wire: &WireFacility<'_>) -> Box<Facility> {
    Box::new(Facility {
        id: wire.id.0.0.into(),
        name: wire.name.0.into(),
        country: wire.country.0,
        region: wire.region.as_ref().map(|region| region.0.into()),
    })
}

fn period(wire: &Period) -> Result<(jiff::civil::Date, jiff::civil::Date), Misfit> {
    period_named(wire, "period")
}

fn period_named(wire: &Period, name: &str) -> Result<(jiff::civil::Date, jiff::civil::Date), Misfit> {
    if wire.from.0 > wire.to.0 {
        return Err(combination("it ends before it begins").under("to").under(name));
    }
    Ok((wire.from.0, wire.to.0))
}

fn holder_named(holder: Option<&Leaf<Did>>) -> Result<(), Misfit> {
    match holder {
        Some(_) => Ok(()),
        None => Err(Misfit::new(MisfitKind::MissingField, "holder is missing").under("holder")),
    }
}

/// A list that is there has something in it, and not too much.
pub(super) fn bounded<T>(list: Option<&[T]>, max: usize, name: &str) -> Result<(), Misfit> {
    match list.map(<[T]>::len) {
        Some(0) => Err(Misfit::new(MisfitKind::Value, "an empty list is left out").under(name)),
        Some(count) if count > max => {
            Err(Misfit::new(MisfitKind::Value, format!("{count} items, at most {max} may stand here"))
                .under(name))
        }
        _ => Ok(()),
    }
}

pub(super) fn combination(text: &str) -> Misfit {
    Misfit::new(MisfitKind::Combination, text)
}

/// The assay of a draft.
pub(crate) fn assay_of(value: &Value<'_>) -> Result<Assay, Misfit> {
    assay(from_value(value)?)
}

/// The declared inputs of a draft.
pub(crate) fn declared_of(value: &Value<'_>) -> Result<Box<[Declared]>, Misfit> {
    declared(Some(from_value(value).map_err(|misfit: Misfit| misfit.under("declaredInputs"))?))
}

/// A mass of a draft.
pub(crate) fn mass_of(value: &Value<'_>) -> Result<Mass, Misfit> {
    from_value::<Leaf<Mass>>(value).map(|leaf| leaf.0)
}
