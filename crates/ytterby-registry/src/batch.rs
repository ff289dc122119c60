//! Many certificates in one request and one transaction.
//!
//! A draft may name the lot numbers of drafts before it. Implements proto-docs/http-api.md, "Batch".

use std::collections::HashSet;

use axum::http::StatusCode;
use serde_json::{Value, json};
use ytterby::Draft;
use ytterby::did::Did;
use ytterby::finding::{Code, Finding};
use ytterby_store::{CertificateFilter, Registration, StoreError};

use crate::app::App;
use crate::gate::{self, Depth};
use crate::idempotency::Key;
use crate::inputs::{self, Submission};
use crate::issue::{self, Failed, Issuer, Passed};
use crate::problem::Problem;
use crate::receipts;

/// Whether one refused certificate refuses all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// All are made, or none.
    All,
    /// Each is made, or refused alone.
    Each,
}

type Judged = Vec<Result<Passed, Failed>>;

/// Makes the certificates of a batch: the status and bytes of the answer.
pub(crate) async fn issue(
    app: &App,
    issuer: &Issuer,
    mode: Mode,
    submissions: Vec<Submission>,
    key: &Key,
) -> Result<(StatusCode, Vec<u8>), Problem> {
    let mut raced = false;
    loop {
        let judged = judge(app, issuer, (mode, Depth::RulesAndService), &submissions).await?;
        if mode == Mode::All {
            refuse_all(&judged, raced)?;
        }
        let made: Vec<_> = judged.iter().filter_map(|judged| judged.as_ref().ok()).map(issue::row).collect();
        let body = answer(mode, judged, raced);
        let registration = Registration {
            certificates: made,
            idempotency: Some(key.answered(StatusCode::CREATED, &body)),
            at: app.now_text(),
        };
        if registration.certificates.is_empty() {
            return Ok((StatusCode::OK, body));
        }
        match app.registrar().register(registration).await {
            Ok(registered) => {
                let made = app.registrar().made(registered).await?;
                return Ok((StatusCode::CREATED, receipts::fill(&body, &made)?));
            }
            Err(error) if again(mode, &error) && !raced => raced = true,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Judges a batch without any effect.
pub(crate) async fn dry_run(
    app: &App,
    issuer: &Issuer,
    mode: Mode,
    submissions: Vec<Submission>,
) -> Result<Vec<u8>, Problem> {
    let judged = judge(app, issuer, (mode, Depth::Rules), &submissions).await?;
    if mode == Mode::All {
        refuse_all(&judged, false)?;
    }
    if judged.iter().any(Result::is_ok) {
        issue::not_halted(app).await?;
    }
    let results = judged.into_iter().map(|judged| match judged {
        Ok(passed) => {
            json!({ "status": 200, "result": crate::show::dry_run(&passed, &ytterby::Inputs::default()) })
        }
        Err(failed) => refused(failed, false),
    });
    Ok(json!({ "dryRun": true, "results": results.collect::<Vec<_>>() }).to_string().into_bytes())
}

async fn judge(
    app: &App,
    issuer: &Issuer,
    (mode, depth): (Mode, Depth),
    submissions: &[Submission],
) -> Result<Judged, Problem> {
    let mut inputs = inputs::load(app.store(), submissions).await?;
    let (own, all, by) = (app.clone(), submissions.to_vec(), issuer.clone());
    // A thousand certificates take a while to judge and sign: not on a thread that serves others.
    let judged = tokio::task::spawn_blocking(move || {
        let mut judged: Judged = Vec::with_capacity(all.len());
        for (at, submission) in all.iter().enumerate() {
            if mode == Mode::All {
                register_together(by.did(), &all, at, &mut inputs);
            }
            let passed = match ambiguous(&all, at) {
                found if found.is_empty() => issue::judge(&own, &by, submission, &inputs),
                found => Err(Failed::Refused(found)),
            };
            if let Ok(passed) = &passed {
                inputs.take(&passed.certificate);
                if let Some(lot) = issue::as_input(passed) {
                    let number = passed.certificate.lot().map(|lot| lot.number.to_string());
                    inputs.add(lot, number.as_deref());
                }
            }
            judged.push(passed);
        }
        judged
    });
    let mut judged = judged.await.map_err(|error| Problem::internal("batch", &error))?;
    refuse_taken_ids(app, issuer.did(), &mut judged).await?;
    let mut all = Vec::with_capacity(judged.len());
    for (judged, submission) in judged.into_iter().zip(submissions) {
        all.push(match judged {
            Ok(passed) => Ok(passed),
            Err(failed) => Err(issue::again(app, issuer.did(), submission, failed).await?),
        });
    }
    gate::pass(app, mode, depth, &mut all).await?;
    Ok(all)
}

/// The inputs of a draft that name a lot number which several before it have.
fn ambiguous(all: &[Submission], at: usize) -> Vec<Finding> {
    let Submission::Draft(draft) = &all[at] else { return Vec::new() };
    let twice = |name: &str| all[..at].iter().filter(|one| one.lot_number() == Some(name)).nth(1).is_some();
    let named = draft.inputs().iter().enumerate().filter(|(_, input)| twice(&input.lot));
    let finding = |(at, input): (usize, &ytterby::DraftInput)| {
        let text = format!("{:?} is the lot number of several certificates before it", input.lot);
        Finding::new(Code::MalformedCombination, text).at(format!("/inputs/{at}/lot"))
    };
    named.map(finding).collect()
}

/// At the first draft of a run of drafts that share an input, has them share it out.
fn register_together(issuer: &Did, all: &[Submission], at: usize, inputs: &mut ytterby::Inputs) {
    if at > 0 && share(&all[at - 1], &all[at]) {
        return;
    }
    let run = (at + 1..all.len()).take_while(|next| share(&all[next - 1], &all[*next])).count();
    // What is refused in any case has no part: another's balance would show in the parts of the rest.
    let held = all[at..=at + run].iter().filter(|one| issue::not_held(issuer, one, inputs).is_empty());
    let drafts = held.filter_map(|submission| match submission {
        Submission::Draft(draft) => Some(draft.as_ref().clone()),
        Submission::Signed(_) => None,
    });
    let drafts: Vec<Draft> = if run == 0 { Vec::new() } else { drafts.collect() };
    inputs.register_together(&drafts);
}

fn share(one: &Submission, other: &Submission) -> bool {
    match (one, other) {
        (Submission::Draft(one), Submission::Draft(other)) => {
            one.inputs().iter().any(|a| other.inputs().iter().any(|b| a.lot == b.lot))
        }
        _ => false,
    }
}

/// Refuses whose external id is taken, in the store or by another of the batch.
async fn refuse_taken_ids(app: &App, issuer: &Did, judged: &mut Judged) -> Result<(), Problem> {
    let mut seen = HashSet::new();
    for judged in judged.iter_mut() {
        let Ok(passed) = &*judged else { continue };
        let row = issue::row(passed);
        let filter = CertificateFilter {
            issuer: Some(issuer.clone()),
            external_id: Some(row.external_id.clone()),
            ..CertificateFilter::default()
        };
        let there = app.store().list(filter, None, 1).await?.rows.into_iter().next();
        let twice = !seen.insert(row.external_id.clone());
        let by = there.map(|row| row.digest).or(twice.then_some(row.digest));
        if let Some(by) = by {
            let error = StoreError::ExternalIdTaken { external_id: row.external_id, by };
            *judged = Err(Problem::from(error).into());
        }
    }
    Ok(())
}

/// In the mode `all`, the first fault refuses everything, with the findings of all drafts.
fn refuse_all(judged: &Judged, raced: bool) -> Result<(), Problem> {
    let mut findings: Vec<Finding> = Vec::new();
    for (at, failed) in judged.iter().enumerate() {
        match failed {
            Ok(_) => {}
            Err(Failed::Problem(problem)) => {
                return Err((**problem).clone().with("pointer", format!("/certificates/{at}")));
            }
            Err(Failed::Refused(refused)) => findings.extend(refused.iter().cloned().map(|mut finding| {
                finding.pointer = format!("/certificates/{at}{}", finding.pointer);
                finding
            })),
        }
    }
    let status = if raced { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
    if findings.is_empty() { Ok(()) } else { Err(Problem::refused(status, &findings)) }
}

fn answer(mode: Mode, judged: Judged, raced: bool) -> Vec<u8> {
    let mut body = format!("{{\"mode\":\"{}\",\"results\":[", mode.as_str()).into_bytes();
    for (at, judged) in judged.into_iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        match judged {
            Ok(passed) => {
                body.extend_from_slice(b"{\"status\":201,");
                // The object of a single answer, without its opening brace.
                body.extend_from_slice(&issue::answer(passed.certificate.digest())[1..]);
            }
            Err(failed) => body.extend_from_slice(refused(failed, raced).to_string().as_bytes()),
        }
    }
    body.extend_from_slice(b"]}");
    body
}

fn refused(failed: Failed, raced: bool) -> Value {
    let problem = failed.problem(raced);
    json!({ "status": problem.status().as_u16(), "problem": problem.to_json() })
}

fn again(mode: Mode, error: &StoreError) -> bool {
    issue::is_race(error) || (mode == Mode::Each && matches!(error, StoreError::ExternalIdTaken { .. }))
}

impl Mode {
    /// The word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Mode::All => "all",
            Mode::Each => "each",
        }
    }
}
