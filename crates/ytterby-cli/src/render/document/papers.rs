//! Transfers with what allows them, attestations, and every certificate.

use std::collections::HashMap;

use ytterby::certificate::Body;
use ytterby::lot::{Authorisation, Control, Lot, Making};
use ytterby::profile::Moved;
use ytterby::report::{CertificateReport, Outcome, Step};
use ytterby::statement::{Standing, Statement};
use ytterby::text::printable;
use ytterby::time::format_time;

use super::Whole;
use super::table::{Cell, Look, Section, Table};
use crate::render::profile::country_name;

const TRANSFERS: &str =
    "As the certificates state them: whether an authorisation was granted, its authority knows.";

pub(super) fn transfers(whole: &Whole<'_, '_>) -> Option<Section> {
    let moved = whole.shown.report.provenance.iter().flat_map(|all| &all.transfers);
    let moved: HashMap<_, &Moved> = moved.map(|own| (own.certificate, own)).collect();
    let heads = ["dispatched", "lot", "from", "to", "end user and use", "tariff codes", "authorisations"];
    let mut table = Table::new("", &heads);
    for own in &whole.shown.report.certificates {
        let Some(lot) = whole.shown.lot(own) else { continue };
        let Making::Transfer { kind, to, destination, control } = &lot.making else { continue };
        let from = moved.get(&own.digest).map_or_else(String::new, |moved| country_name(moved.from));
        let codes = lot.hs_codes.iter();
        let codes: Vec<String> =
            codes.map(|code| printable(&format!("{} ({})", code.code, code.nomenclature))).collect();
        let papers: Vec<String> = control.authorisations.iter().map(authorisation).collect();
        table.add(vec![
            Cell::new(Look::Short, lot.period.0.to_string()),
            format!("{} ({kind})", printable(&lot.number)).into(),
            Cell::new(Look::Short, from),
            format!("{}, {}", printable(to), destination.as_str()).into(),
            end_use(control).into(),
            Cell::lines(&codes),
            if papers.is_empty() { "none stated".into() } else { Cell::lines(&papers) },
        ]);
    }
    Section::of("Transfers and authorisations", TRANSFERS, vec![table])
}

fn end_use(control: &Control) -> String {
    let user = [control.end_user.as_deref(), control.end_user_did.as_ref().map(|did| did.as_str())];
    let mut words: Vec<String> = user.into_iter().flatten().map(printable).collect();
    words.extend(control.end_user_country.map(|country| country.as_str().to_owned()));
    words.extend(control.end_use.as_deref().map(printable));
    words.join(", ")
}

fn authorisation(own: &Authorisation) -> String {
    let mut words = vec![format!("{}: {}", own.regime, own.kind)];
    let parts = [
        ("no.", &own.number),
        ("for", &own.scope),
        ("held by", &own.holder),
        ("customers:", &own.customer_category),
        ("because", &own.reason),
    ];
    words.extend(parts.into_iter().filter_map(|(word, text)| Some(format!("{word} {}", text.as_ref()?))));
    words.extend(own.validity.map(|(from, until)| format!("valid {from} to {until}")));
    printable(&words.join(", "))
}

const HEADINGS: [(Standing, &str); 3] = [
    (Standing::Attested, "Attested by third parties"),
    (Standing::SelfDeclared, "Self-declared, by who made or moved the metal"),
    (Standing::NotCounted, "Not counted"),
];

pub(super) fn attestations(whole: &Whole<'_, '_>) -> Option<Section> {
    let table = |(standing, caption): (Standing, &str)| {
        let heads = ["what", "about", "under what", "result", "by", "valid until", "stands"];
        let mut table = Table::new(caption, &heads);
        let own = whole.shown.report.attestations.iter().filter(|own| own.standing() == standing);
        own.filter_map(|own| attestation(whole, own)).for_each(|row| table.add(row));
        table
    };
    Section::of("Attestations", "", HEADINGS.map(table).into())
}

fn attestation(whole: &Whole<'_, '_>, own: &Statement) -> Option<Vec<Cell>> {
    let claims = whole.shown.index.get(&own.certificate)?.claims();
    let Body::Attestation(said) = &claims.body else { return None };
    let mut about: Vec<String> = said.lots.iter().map(|(_, lot)| whole.shown.number(lot)).collect();
    about.extend(said.sample.as_ref().map(|sample| format!("sample {}", printable(sample))));
    let scheme: Vec<&str> =
        [&said.scheme, &said.scheme_version].into_iter().flatten().map(|word| &**word).collect();
    let parts = [
        ("boundary", &said.boundary),
        ("allocated", &said.allocation_rule),
        ("says that verified:", &said.verifier),
    ];
    let parts = parts.into_iter().filter_map(|(word, text)| Some(format!("{word} {}", text.as_ref()?)));
    let under: Vec<String> =
        [scheme.join(" ")].into_iter().chain(parts).map(|text| printable(&text)).collect();
    let stands = match (own.stands(), own.superseded_by) {
        (true, _) => Cell::new(Look::Good, "yes"),
        (false, Some(other)) => Cell::new(Look::Doubtful, format!("superseded by {}", other.short())),
        (false, None) if own.is_counted() => Cell::new(Look::Doubtful, "not valid then"),
        (false, None) => Cell::new(Look::Doubtful, "not counted"),
    };
    Some(vec![
        [said.purpose.map(|purpose| purpose.as_str()), Some(said.kind.as_str())]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
            .into(),
        Cell::lines(&about),
        Cell::lines(&under),
        printable(&said.result).into(),
        whole.party(claims.issuer.as_str()).into(),
        claims.valid_until.map_or_else(|| "no end".to_owned(), format_time).into(),
        stands,
    ])
}

pub(super) fn certificates(whole: &Whole<'_, '_>) -> Option<Section> {
    let heads = ["certificate", "what it records", "issuer", "signed", "in which log", "objections"];
    let mut table = Table::new("", &heads);
    for own in &whole.shown.report.certificates {
        let lot = whole.shown.lot(own);
        let name = lot.map_or_else(|| own.kind.to_string(), |lot| printable(&lot.number));
        let signed = whole.shown.certificate(own).map(|own| format_time(own.proof().created));
        table.add(vec![
            Cell::new(Look::Code, [name, own.id.urn().to_string(), own.digest.to_string()].join("\n")),
            lot.map_or_else(String::new, what).into(),
            issuer(own, whole),
            Cell::new(Look::Short, signed.unwrap_or_default()),
            logged(own).into(),
            objections(own),
        ]);
    }
    Section::of("Certificates", "Parents before what was made from them.", vec![table])
}

fn what(lot: &Lot) -> String {
    let place = lot.facility.as_ref();
    let place = place.map(|at| format!(", {}, {}", printable(&at.name), at.country.as_str()));
    format!("{}, {}{}", lot.made_by(), lot.form, place.unwrap_or_default())
}

fn issuer(own: &CertificateReport, whole: &Whole<'_, '_>) -> Cell {
    let mut lines = vec![whole.party(own.issuer.as_str())];
    lines.extend(own.accredited.iter().map(|by| format!("accredited by {}", printable(&by.anchor))));
    Cell::lines(&lines)
}

fn logged(own: &CertificateReport) -> String {
    own.logged.as_ref().map_or_else(
        || "not shown".to_owned(),
        |place| {
            let (log, index) = (printable(place.log.as_str()), place.index);
            format!("{log} at {index}, {} of {} witnesses", place.cosigned, place.witnesses)
        },
    )
}

/// The steps that did not simply pass.
fn objections(own: &CertificateReport) -> Cell {
    if !own.relied_on {
        return Cell::new(Look::Doubtful, "not counted");
    }
    let all = Step::ALL.into_iter().map(|step| (step, own.outcome(step)));
    let open: Vec<_> =
        all.filter(|(_, outcome)| !matches!(outcome, Outcome::Pass | Outcome::Skipped)).collect();
    let Some(gravest) = open.iter().map(|(_, outcome)| *outcome).max() else {
        return Cell::new(Look::Good, "none");
    };
    let lines: Vec<String> =
        open.iter().map(|(step, outcome)| format!("{} {}", step.as_str(), outcome.as_str())).collect();
    Cell::new(Cell::from(gravest).look, lines.join("\n"))
}
