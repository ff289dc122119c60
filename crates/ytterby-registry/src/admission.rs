//! Admitting a lot that was transferred here from another registry.
//!
//! The bundle is the whole message: it is verified like any buyer's, by the registry's own trust file,
//! and what stands behind the lot is kept with its receipts, so that it travels on.
//! Implements proto-docs/registration.md, "Homes", and proto-docs/http-api.md, "Admissions".

use std::collections::{HashMap, HashSet};

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use ytterby::carried::Carried;
use ytterby::certificate::Body;
use ytterby::digest::Digest;
use ytterby::entry;
use ytterby::form::Kind;
use ytterby::{Bundle, Certificate, Question, Report, StatusAge, Trust, Verdict};
use ytterby_store::{Admission, Foreign, NewCertificate};

use crate::app::App;
use crate::auth::Caller;
use crate::bundles;
use crate::problem::Problem;

/// How old the status lists of a bundle may be.
const OLDEST_LIST: SignedDuration = SignedDuration::from_hours(1);

/// Admits what a bundle is about: the transfer's digest, and whether it was here already. A lot that was
/// admitted before keeps the entry it got then.
pub(crate) async fn admit(app: &App, caller: &Caller, bytes: Vec<u8>) -> Result<(Digest, bool), Problem> {
    let trust = app.admission().ok_or_else(closed)?;
    let place = app.verification_place()?;
    let (now, home) = (app.now(), app.origin().clone());
    let judged = tokio::task::spawn_blocking(move || {
        let _place = place;
        let trust = crate::config::read_trust(&trust).map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "no lot can be admitted");
            closed()
        })?;
        judge(&bytes, &trust, now, home.as_str())
    });
    let arrival = judged.await.unwrap_or_else(|error| Err(Problem::internal("admit", &error)))?;
    if arrival.holder.as_ref() != Some(caller.bound_issuer()?) {
        return Err(crate::auth::forbidden("auth.not-yours", "somebody else holds the lot"));
    }
    let digest = arrival.transfer.digest;
    if app.store().certificate(digest).await?.is_some() {
        return Ok((digest, true));
    }
    let foreign = only_foreign(app, arrival.foreign).await?;
    let admission =
        Admission { transfer: arrival.transfer, entry: arrival.entry, foreign, at: app.now_text() };
    let own = app.clone();
    app.to_the_end(async move {
        own.registrar().admit(admission).await?;
        own.registrar().publish_all().await
    })
    .await?;
    Ok((digest, false))
}

/// A lot that passed, with everything that is kept of it.
struct Arrival {
    transfer: NewCertificate,
    entry: entry::Admission,
    holder: Option<ytterby::did::Did>,
    foreign: Vec<Foreign>,
}

fn judge(bytes: &[u8], trust: &Trust, now: Timestamp, home: &str) -> Result<Arrival, Problem> {
    let bundle = Bundle::parse(bytes).map_err(|error| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "request.bundle", "it is no bundle", error.to_string())
    })?;
    // A lot that was revoked in the meantime is not to come in on an old list.
    let question = Question { max_status_age: StatusAge(OLDEST_LIST), ..Question::default() };
    let report = ytterby::verify_with(&bundle, trust, now, &question, &mut |_, _| {});
    if report.verdict() != Verdict::Verified {
        return Err(Problem::refused(StatusCode::UNPROCESSABLE_ENTITY, report.findings()));
    }
    let [subject] = report.subject.as_slice() else {
        return Err(unfit("the bundle is about several certificates; admit one lot at a time"));
    };
    let transfer = bundle.certificate(subject).ok_or_else(|| unfit("the bundle is about no certificate"))?;
    let lot = transfer.lot().filter(|_| transfer.claims().kind == Kind::Transfer);
    let lot = lot.ok_or_else(|| unfit("only a transfer brings a lot to another registry"))?;
    if transfer.claims().home.as_str() != home {
        let text = format!("the transfer names {} as its home, this is {home}", transfer.claims().home);
        return Err(unfit(&text));
    }
    let own = report.certificates.iter().find(|own| own.digest == *subject);
    let logged = own.and_then(|own| own.logged.as_ref());
    let logged = logged.ok_or_else(|| unfit("no receipt shows where the transfer is registered"))?;
    let entry = entry::Admission::of(transfer, logged.log.clone(), logged.index)
        .ok_or_else(|| unfit("the transfer has no holder: nobody could draw on the lot"))?;
    let carried = own.and_then(|own| own.carried.as_ref());
    let carried = carried.ok_or_else(|| unfit("something behind the transfer is missing"))?;
    Ok(Arrival {
        transfer: row(transfer, carried),
        entry,
        holder: lot.holder.clone(),
        foreign: foreign(&bundle, &report),
    })
}

/// What the store keeps of the transfer. Its external id is taken among those of its issuer elsewhere,
/// so here it goes by its digest.
fn row(transfer: &Certificate<'_>, carried: &Carried) -> NewCertificate {
    let passed = crate::issue::Passed {
        certificate: transfer.clone().into_owned(),
        carried: carried.clone(),
        warnings: Vec::new(),
    };
    let row = crate::issue::row(&passed);
    NewCertificate {
        external_id: format!("admitted/{}", transfer.digest()),
        draws: Vec::new(),
        about: Vec::new(),
        ..row
    }
}

/// Every certificate of a bundle with its receipt, and what is behind each: its inputs, and the
/// attestations about it that count here; behind the lot itself are the accreditations of all issuers.
fn foreign(bundle: &Bundle<'_>, report: &Report) -> Vec<Foreign> {
    let counted: HashSet<Digest> = report.relied_on().map(|own| own.digest).collect();
    let is_kept =
        |own: &&Certificate<'_>| own.claims().accreditation().is_some() || counted.contains(&own.digest());
    let certificates = || bundle.certificates().iter().filter(is_kept);
    let mut about: HashMap<Digest, Vec<Digest>> = HashMap::new();
    for certificate in certificates() {
        if let Body::Attestation(attestation) = &certificate.claims().body {
            for (_, lot) in &attestation.lots {
                about.entry(*lot).or_default().push(certificate.digest());
            }
        }
    }
    // A report that is older than its lot is named by it.
    for certificate in bundle.certificates() {
        let report = bundles::named_report(certificate).filter(|report| counted.contains(report));
        about.entry(certificate.digest()).or_default().extend(report);
    }
    // The next reader may believe an anchor where this one pins issuers: all of them travel on.
    let issuers: HashSet<_> = bundle.certificates().iter().map(|own| &own.claims().issuer).collect();
    let accredits = |own: &&Certificate<'_>| {
        own.claims().accreditation().is_some_and(|given| issuers.contains(&given.accredits))
    };
    if let [subject] = report.subject.as_slice() {
        let accreditations = bundle.certificates().iter().filter(accredits).map(Certificate::digest);
        about.entry(*subject).or_default().extend(accreditations);
    }
    let kept = |certificate: &Certificate<'_>| {
        let digest = certificate.digest();
        let inputs =
            certificate.lot().into_iter().flat_map(|lot| lot.inputs.iter().map(|input| input.digest));
        let behind = inputs.chain(about.remove(&digest).unwrap_or_default()).collect();
        let receipt = bundle.receipt(&digest).map(|receipt| receipt.to_bytes()).unwrap_or_default();
        let bytes = (!report.subject.contains(&digest)).then(|| certificate.bytes().to_owned());
        Foreign { digest, bytes, behind, receipt }
    };
    let all: Vec<Foreign> = certificates().map(kept).collect();
    reachable(all, &report.subject)
}

/// What is behind some certificates, and nothing else that came with them.
fn reachable(all: Vec<Foreign>, from: &[Digest]) -> Vec<Foreign> {
    let index: HashMap<Digest, &Foreign> = all.iter().map(|foreign| (foreign.digest, foreign)).collect();
    let (mut next, mut met) = (from.to_vec(), from.iter().copied().collect::<HashSet<_>>());
    while let Some(digest) = next.pop() {
        let behind = index.get(&digest).map_or(&[][..], |foreign| &foreign.behind);
        next.extend(behind.iter().copied().filter(|digest| met.insert(*digest)));
    }
    all.into_iter().filter(|foreign| met.contains(&foreign.digest)).collect()
}

/// Those that are not registered here: a lot may come back to where it was.
async fn only_foreign(app: &App, all: Vec<Foreign>) -> Result<Vec<Foreign>, Problem> {
    let digests = all.iter().map(|foreign| foreign.digest).collect();
    let here = app.store().logged(digests, None).await?;
    let here: HashSet<Digest> = all
        .iter()
        .zip(&here)
        .filter_map(|(foreign, logged)| logged.as_ref().map(|_| foreign.digest))
        .collect();
    Ok(all.into_iter().filter(|foreign| !here.contains(&foreign.digest)).collect())
}

fn unfit(text: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "admission.unfit", "the lot cannot be admitted", text)
}

fn closed() -> Problem {
    let detail = "the registry has no `[admission] trust_file` that says whose logs it believes";
    Problem::new(StatusCode::FORBIDDEN, "admission.closed", "no lots are admitted here", detail)
}
