//! A certificate for people: what stands on it, in kg element and kg oxide.

use ytterby::Certificate;
use ytterby::assay::{Amount, Assay};
use ytterby::certificate::{Attestation, Body, Claims};
use ytterby::decimal::kilograms_grouped;
use ytterby::lot::{Lot, Making};
use ytterby::masses::Masses;
use ytterby::text::printable;
use ytterby::time::format_time;

use super::{accreditation, amount, style, wrap};

/// Everything a certificate says that people ask for, and what others in the file drew from its lot.
pub(crate) fn block(certificate: &Certificate<'_>, drawn: &Masses) -> String {
    let claims = certificate.claims();
    let rows = [
        row("id", &claims.id.urn().to_string()),
        row("digest", &certificate.digest().to_string()),
        row("signed", &format_time(certificate.proof().created)),
    ];
    format!("{}{}{}", title(claims), rows.concat(), body(claims, drawn))
}

/// The same of what is not signed: it has no identity yet.
pub(crate) fn said(claims: &Claims, drawn: &Masses) -> String {
    format!("{}{}", title(claims), body(claims, drawn))
}

fn title(claims: &Claims) -> String {
    let title = match &claims.body {
        Body::Lot(lot) => {
            format!("{}   {}   {}", printable(&lot.number), printable(&lot.product), lot.made_by())
        }
        Body::Attestation(attestation) => attestation.kind.to_string(),
        Body::Accreditation(accreditation) => {
            printable(accreditation.name.as_deref().unwrap_or(accreditation.accredits.as_str()))
        }
    };
    format!("{}   {}\n", style::strong(&title), style::dim(claims.kind.as_str()))
}

fn row(name: &str, text: &str) -> String {
    wrap::hanging(&format!("  {name:<13} "), 16, text, str::to_owned)
}

fn body(claims: &Claims, drawn: &Masses) -> String {
    let mut out = String::new();
    let mut add = |name: &str, text: String| out.push_str(&row(name, &text));
    let issuer = match &claims.issuer_name {
        Some(name) => format!("{}, calling itself \"{}\"", claims.issuer, printable(name)),
        None => claims.issuer.to_string(),
    };
    add("issuer", issuer);
    let from = if claims.accreditation().is_some() { "valid from" } else { "issued" };
    add(from, format_time(claims.valid_from));
    if let Some(until) = claims.valid_until {
        add("valid until", format_time(until));
    }
    add("home", claims.home.to_string());
    match &claims.body {
        Body::Lot(lot) => {
            lot_rows(lot, &mut add);
            out.push_str(&content(lot, drawn));
        }
        Body::Attestation(attestation) => {
            for (label, digest) in &attestation.lots {
                add("about", format!("{}  {digest}", label.urn()));
            }
            attestation_rows(attestation, &mut add);
        }
        Body::Accreditation(accreditation) => accreditation::rows(accreditation, &mut add),
    }
    out
}

fn attestation_rows(said: &Attestation, row: &mut impl FnMut(&str, String)) {
    for (name, text) in [
        ("sample", &said.sample),
        ("scheme", &said.scheme),
        ("version", &said.scheme_version),
        ("scope", &said.scope),
        ("boundary", &said.boundary),
        ("allocation", &said.allocation_rule),
        ("verifier", &said.verifier),
    ] {
        if let Some(text) = text {
            row(name, printable(text));
        }
    }
    if let Some(purpose) = said.purpose {
        row("purpose", purpose.to_string());
    }
    if let Some(assay) = &said.assay {
        row("assay", assay_line(assay));
    }
    row("result", printable(&said.result));
}

fn lot_rows(lot: &Lot, row: &mut impl FnMut(&str, String)) {
    row("form", lot.form.to_string());
    if let Some(mass) = lot.net_mass {
        row("net mass", amount::kg(mass.mg()));
    }
    row("holder", lot.holder.as_ref().map_or_else(|| "nobody with a DID".to_owned(), ToString::to_string));
    if let Some(facility) = &lot.facility {
        let (name, id) = (printable(&facility.name), printable(&facility.id));
        row("facility", format!("{name}, {} ({id})", facility.country.as_str()));
    }
    let (from, to) = lot.period;
    row("when", if from == to { from.to_string() } else { format!("{from} to {to}") });
    match &lot.making {
        Making::Origin { mined_in, collected_in, source, .. } => {
            let country = |country: &Option<ytterby::Country>| {
                country.as_ref().map_or("an unknown country", ytterby::Country::as_str).to_owned()
            };
            let mut text = format!("{source}, mined in {}", country(mined_in));
            if collected_in.is_some() {
                text.push_str(&format!(", collected in {}", country(collected_in)));
            }
            row("origin", text);
        }
        Making::Processing { corrects, .. } => {
            if let Some(corrected) = corrects {
                row("corrects", corrected.to_string());
            }
        }
        Making::Transfer { to, destination, .. } => {
            row("to", format!("{}, {}", printable(to), destination.as_str()))
        }
    }
    if let Some(model) = lot.custody_model {
        row("custody", model.to_string());
    }
    if let Some(id) = &lot.external_id {
        row("external id", printable(id));
    }
    if let Some(assay) = &lot.assay {
        row("assay", assay_line(assay));
    }
    for input in &lot.inputs {
        let rest = if input.rest { ", the rest" } else { "" };
        row("drew", format!("{} from {}{rest}", amount::draws(&input.draws), input.label.urn()));
    }
    for declared in &lot.declared {
        row(
            "declared",
            format!("{} {} ({})", declared.element, amount::kg(declared.mass.mg()), declared.reason),
        );
    }
}

fn assay_line(assay: &Assay) -> String {
    let rows = assay.rows.iter().map(|row| {
        let name = row.oxide.map_or_else(|| row.element.symbol(), |oxide| oxide.name);
        match row.amount {
            Amount::Percent(percent) => format!("{name} {percent} %"),
            Amount::Below(limit) => format!("{name} < {limit} %"),
        }
    });
    let rows = rows.collect::<Vec<_>>().join(", ");
    let report = assay.report.as_ref().map(|report| {
        let laboratory = report.laboratory.as_ref().map(|name| format!(" of {}", printable(name)));
        let number = report.number.as_ref().map(|number| format!(" {}", printable(number)));
        format!(", report{}{}", number.unwrap_or_default(), laboratory.unwrap_or_default())
    });
    format!("{rows} ({}, {}{})", assay.percent_basis, assay.mass_basis, report.unwrap_or_default())
}

/// The content, what was drawn from it in this file, and what is left, aligned.
fn content(lot: &Lot, drawn: &Masses) -> String {
    let mut out = format!(
        "  {:<13} {:>2}  {:>17}  {:>26}  {:>17}  {:>17}\n",
        "content", "", "kg element", "kg oxide", "drawn here", "left"
    );
    for (element, mg) in lot.content.iter() {
        let oxide = amount::as_oxide(element, mg)
            .map_or_else(String::new, |(name, mg)| format!("{} {name:<6}", kilograms_grouped(mg)));
        let taken = drawn.get(element);
        let left = mg.saturating_sub(taken);
        let written = amount::row_style(&[mg.into()], &[taken.into(), left.into()]);
        out.push_str(&format!(
            "  {:<13} {:>2}  {:>17}  {oxide:>26}  {:>17}  {:>17}\n",
            "",
            element.symbol(),
            written(mg),
            written(taken),
            written(left),
        ));
    }
    out
}
