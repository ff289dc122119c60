//! Rules asked about transfers that are not registered yet: of the bundles that they would be delivered in.

use std::collections::{HashMap, HashSet};

use ytterby::certificate::{Body, Certificate};
use ytterby::digest::Digest;
use ytterby::form::Kind;
use ytterby::rules::RuleAnswer;
use ytterby::{Bundle, Question};
use ytterby_store::{StatusEvent, StoreError};

use super::Gate;
use crate::app::App;
use crate::bundles;
use crate::problem::Problem;

/// So many times the certificates of one bundle may be behind the transfers of one request together.
const BUNDLES: usize = 10;

/// What each pack answers about each of the transfers among new certificates, in the order of the packs. New
/// certificates may draw on each other.
pub(super) async fn ask(
    app: &App,
    gate: &Gate,
    all: &[&Certificate<'static>],
) -> Result<HashMap<Digest, Vec<RuleAnswer>>, Problem> {
    let mut answers = HashMap::new();
    if gate.rules.packs.is_empty() {
        return Ok(answers);
    }
    let new: HashMap<Digest, &Certificate<'static>> = all.iter().map(|own| (own.digest(), *own)).collect();
    let mut room = app.limits().bundle_certificates.saturating_mul(BUNDLES);
    for transfer in all.iter().filter(|own| own.claims().kind == Kind::Transfer) {
        let bundle = delivered(app, transfer, &new).await?;
        room = room.checked_sub(bundle.certificates().len()).ok_or_else(too_many)?;
        answers.insert(transfer.digest(), judge(app, gate, bundle).await?);
    }
    Ok(answers)
}

fn too_many() -> Problem {
    let detail =
        "there is more behind the transfers of this request than rules are asked of at once: send fewer";
    let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
    Problem::new(status, "limit.certificates", "more certificates than one answer holds", detail)
}

/// The bundle of a transfer as if it were registered.
async fn delivered(
    app: &App,
    transfer: &Certificate<'static>,
    new: &HashMap<Digest, &Certificate<'static>>,
) -> Result<Bundle<'static>, Problem> {
    let (mut open, mut met) = (vec![transfer.digest()], HashSet::from([transfer.digest()]));
    let (mut certificates, mut registered) = (Vec::new(), Vec::new());
    while let Some(digest) = open.pop() {
        let Some(own) = new.get(&digest) else {
            registered.push(digest);
            continue;
        };
        certificates.push((*own).clone());
        let inputs = own.lot().into_iter().flat_map(|lot| lot.inputs.iter().map(|input| input.digest));
        open.extend(inputs.filter(|digest| met.insert(*digest)));
    }
    // What is attested in the same request travels with it, as it will.
    let is_about = |own: &&&Certificate<'static>| match &own.claims().body {
        Body::Attestation(said) => said.lots.iter().any(|(_, lot)| met.contains(lot)),
        _ => false,
    };
    certificates.extend(new.values().filter(is_about).map(|own| (*own).clone()));
    let behind = app.store().lineage(registered, app.limits().bundle_certificates).await?;
    certificates.extend(bundles::read(&behind)?.into_iter().map(Certificate::into_owned));
    let bundle = bundles::of(app, vec![transfer.digest()], certificates).await?;
    without_revoked(app, bundle).await
}

/// What this registry has revoked or suspended of attestations and accreditations is not there, whether the
/// trust file pins this registry or not.
async fn without_revoked(app: &App, bundle: Bundle<'static>) -> Result<Bundle<'static>, Problem> {
    let is_word = |kind| matches!(kind, Kind::Attestation | Kind::Accreditation);
    let words = bundle.certificates().iter().filter(|own| is_word(own.claims().kind));
    let mut gone = HashSet::new();
    for digest in words.map(Certificate::digest).collect::<Vec<_>>() {
        match app.store().status_events(digest).await {
            Ok(events) if is_off(&events) => drop(gone.insert(digest)),
            // It is registered elsewhere, or not yet.
            Ok(_) | Err(StoreError::UnknownLot(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(bundle.without(&gone))
}

/// Whether something is revoked or suspended after what it has seen.
fn is_off(events: &[StatusEvent]) -> bool {
    let last = |purpose| events.iter().rev().find(|own| own.purpose == purpose).is_some_and(|own| own.value);
    ytterby::form::StatusPurpose::ALL.iter().any(|purpose| last(*purpose))
}

async fn judge(app: &App, gate: &Gate, bundle: Bundle<'static>) -> Result<Vec<RuleAnswer>, Problem> {
    let internal = |error: &dyn std::fmt::Display| Problem::internal("gate", error);
    let place = gate.verifications.acquire().await.map_err(|error| internal(&error))?;
    let question = Question { rules: gate.rules.clone(), ..Question::default() };
    let (trust, at) = (gate.trust.clone(), app.now());
    let judged = tokio::task::spawn_blocking(move || {
        ytterby::verify_with(&bundle, &trust, at, &question, &mut |_, _| {}).rules
    });
    let answers = judged.await.map_err(|error| internal(&error));
    drop(place);
    answers
}
