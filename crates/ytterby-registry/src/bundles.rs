//! What an offline verifier gets of certificates: everything behind them, with what shows that it is
//! registered and what became of it. Implements proto-docs/bundle.md for the service.

use std::collections::HashSet;

use ytterby::certificate::Certificate;
use ytterby::digest::Digest;
use ytterby::form::Kind;
use ytterby::json::ParseError;
use ytterby::{Bundle, Receipt};

use crate::accreditations;
use crate::app::App;
use crate::peers;
use crate::problem::Problem;
use crate::statuses;

/// The bundle about some certificates, given them and everything behind them: with the accreditations of
/// their issuers, receipts, lists and events. What is not registered has no receipt in it.
pub(crate) async fn of<'a>(
    app: &App,
    subject: Vec<Digest>,
    mut certificates: Vec<Certificate<'a>>,
) -> Result<Bundle<'a>, Problem> {
    certificates.extend(named_reports(app, &certificates).await?);
    let room = app.limits().bundle_certificates.saturating_sub(certificates.len());
    certificates.extend(accreditations::behind(app.store(), &certificates, room).await?);
    let digests: Vec<_> = certificates.iter().map(Certificate::digest).collect();
    let events = app.registrar().events(digests.clone()).await?;
    let receipts = app.registrar().receipts_now(digests).await?;
    let lists = statuses::of(app, receipts.iter().map(|(_, index, _)| *index)).await?;
    let own: HashSet<_> = receipts.iter().map(|(digest, ..)| *digest).collect();
    let elsewhere = certificates.iter().map(Certificate::digest).filter(|digest| !own.contains(digest));
    let foreign = app.store().foreign_receipts(elsewhere.collect()).await?;
    let foreign = foreign.iter().filter(|(_, receipt)| !receipt.is_empty());
    let foreign: Result<Vec<_>, _> =
        foreign.map(|(digest, bytes)| Ok((*digest, Receipt::parse(bytes)?.into_owned()))).collect();
    let foreign = foreign.map_err(|error: ParseError| Problem::internal("a stored receipt", &error))?;
    let receipts_of_others: Vec<_> = foreign.iter().map(|(_, receipt)| receipt.clone()).collect();
    let more = peers::lists(app, &receipts_of_others).await?;
    Ok(Bundle::of(subject, certificates)
        .with_receipts(receipts.into_iter().map(|(digest, _, receipt)| (digest, receipt)))
        .with_receipts(foreign)
        .with_status_lists(lists.into_iter().chain(more))
        .with_events(events))
}

/// The laboratory reports that assays name by digest and that are not there: those that are older than the lots, so
/// that they could not list them.
async fn named_reports(
    app: &App,
    certificates: &[Certificate<'_>],
) -> Result<Vec<Certificate<'static>>, Problem> {
    let mut known: HashSet<Digest> = certificates.iter().map(Certificate::digest).collect();
    let room = app.limits().bundle_certificates.saturating_sub(certificates.len());
    let named: Vec<Digest> = certificates
        .iter()
        .filter_map(named_report)
        .filter(|digest| known.insert(*digest))
        .take(room)
        .collect();
    let mut found = Vec::with_capacity(named.len());
    for digest in named {
        // It may be registered elsewhere, and not have come here.
        let Some(row) = app.store().certificate(digest).await? else { continue };
        found.extend(read(&[row.bytes])?.into_iter().map(Certificate::into_owned));
    }
    found.retain(|own| own.claims().kind == Kind::Attestation);
    Ok(found)
}

/// The report that a lot's assay names by digest.
pub(crate) fn named_report(certificate: &Certificate<'_>) -> Option<Digest> {
    certificate.lot()?.assay.as_ref()?.report.as_ref()?.attestation
}

/// Stored certificates, read.
pub(crate) fn read(all: &[Vec<u8>]) -> Result<Vec<Certificate<'_>>, Problem> {
    let parsed: Result<Vec<_>, _> = all.iter().map(|bytes| Certificate::parse(bytes)).collect();
    parsed.map_err(|error| Problem::internal("a stored certificate does not parse", &error))
}
