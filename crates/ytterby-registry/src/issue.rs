//! Issuing: the only functions that know the order of effects.
//!
//! Load the inputs, judge, sign, pass the gate, register, answer. The judge sees a snapshot; the store's guarded
//! update has the last word. Implements proto-docs/http-api.md, "Issue".

use axum::http::StatusCode;
use uuid::Uuid;
use ytterby::carried::Carried;
use ytterby::certificate::Certificate;
use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::finding::{Code, Finding};
use ytterby::key::Multikey;
use ytterby::time::format_time;
use ytterby::{Authority, InputLot, Inputs, Issue, admit, admit_signed};
use ytterby_store::{CertificateFilter, Draw, IssuerKey, NewCertificate, NewLot, Registration, StoreError};

use crate::accreditations;
use crate::app::App;
use crate::auth::Caller;
use crate::gate::{self, Depth};
use crate::idempotency::Key;
use crate::inputs::{self, Submission};
use crate::problem::Problem;
use crate::random;
use crate::receipts;

/// An issuer with the keys it may sign with.
#[derive(Clone)]
pub(crate) struct Issuer {
    did: Did,
    title: String,
    keys: Vec<IssuerKey>,
}

/// A certificate that passed, signed, with what the store is to keep beside it.
pub(crate) struct Passed {
    /// The certificate.
    pub(crate) certificate: Certificate<'static>,
    /// What its lot hands on.
    pub(crate) carried: Carried,
    /// What is unusual about it.
    pub(crate) warnings: Vec<Finding>,
}

/// Why a submission did not pass.
pub(crate) enum Failed {
    /// For what is in it.
    Refused(Vec<Finding>),
    /// For another reason.
    Problem(Box<Problem>),
}

/// Makes one certificate: its label, and the bytes of the answer.
pub(crate) async fn issue(
    app: &App,
    issuer: &Issuer,
    submission: Submission,
    key: &Key,
) -> Result<(Uuid, Vec<u8>), Problem> {
    let submissions = [submission];
    let mut raced = false;
    loop {
        let inputs = inputs::load(app.store(), &submissions).await?;
        let passed = match judge(app, issuer, &submissions[0], &inputs) {
            Ok(passed) => passed,
            Err(failed) => {
                return Err(again(app, &issuer.did, &submissions[0], failed).await?.problem(raced));
            }
        };
        let passed = gate::pass_one(app, Depth::RulesAndService, passed).await?;
        let body = answer(passed.certificate.digest());
        let registration = Registration {
            certificates: vec![row(&passed)],
            idempotency: Some(key.answered(StatusCode::CREATED, &body)),
            at: app.now_text(),
        };
        match app.registrar().register(registration).await {
            Ok(registered) => {
                let made = app.registrar().made(registered).await?;
                return Ok((passed.certificate.claims().id, receipts::fill(&body, &made)?));
            }
            Err(error) if is_race(&error) && !raced => raced = true,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Judges without any effect: what would be signed, and the inputs it was judged against.
pub(crate) async fn dry_run(
    app: &App,
    issuer: &Issuer,
    submission: Submission,
) -> Result<(Passed, Inputs), Problem> {
    let submissions = [submission];
    let inputs = inputs::load(app.store(), &submissions).await?;
    match judge(app, issuer, &submissions[0], &inputs) {
        Ok(passed) => {
            not_halted(app).await?;
            Ok((gate::pass_one(app, Depth::Rules, passed).await?, inputs))
        }
        Err(failed) => Err(again(app, &issuer.did, &submissions[0], failed).await?.problem(false)),
    }
}

/// Registrations may be stopped: then nothing passes, and a dry run says so too.
pub(crate) async fn not_halted(app: &App) -> Result<(), Problem> {
    match app.store().halted().await? {
        Some(reason) => Err(StoreError::Halted(reason).into()),
        None => Ok(()),
    }
}

/// What was issued before does not fit a second time, since its inputs are drawn: that it was issued is
/// then what there is to say, not what is left of them.
pub(crate) async fn again(
    app: &App,
    issuer: &Did,
    submission: &Submission,
    failed: Failed,
) -> Result<Failed, Problem> {
    let (Failed::Refused(_), Some(external_id)) = (&failed, submission.external_id(year(app.now()))) else {
        return Ok(failed);
    };
    let filter = CertificateFilter {
        issuer: Some(issuer.clone()),
        external_id: Some(external_id.clone()),
        ..CertificateFilter::default()
    };
    let there = app.store().list(filter, None, 1).await?.rows.into_iter().next();
    let taken = there.map(|row| Problem::from(StoreError::ExternalIdTaken { external_id, by: row.digest }));
    Ok(taken.map_or(failed, Failed::from))
}

/// Judges a submission and, if it is a draft, signs it. Nothing is stored.
pub(crate) fn judge(
    app: &App,
    issuer: &Issuer,
    submission: &Submission,
    inputs: &Inputs,
) -> Result<Passed, Failed> {
    let at = app.now();
    let refused = not_held(&issuer.did, submission, inputs);
    if !refused.is_empty() {
        return Err(Failed::Refused(refused));
    }
    match submission {
        Submission::Draft(draft) => {
            let key = issuer.custodial().ok_or_else(no_custodial_key)?;
            let authority = issuer.authority(app, key)?;
            let draft = draft.as_ref().clone().with_external_id(year(at));
            let label = Issue { id: random::label(), at };
            let unsigned = admit(&draft, inputs, &authority, label).map_err(discreet)?;
            let sealed = key.sealed_secret.as_deref().unwrap_or_default();
            let secret = app.seal().open(&issuer.did, &authority.key, sealed).map_err(Problem::from)?;
            let (carried, warnings) = (unsigned.carried().clone(), unsigned.warnings().to_vec());
            Ok(Passed { certificate: unsigned.sign(&secret), carried, warnings })
        }
        Submission::Signed(certificate) => {
            let key = issuer.own(certificate).ok_or_else(no_key)?;
            let authority = issuer.authority(app, key)?;
            let (carried, warnings) = admit_signed(certificate, inputs, &authority, at).map_err(discreet)?;
            Ok(Passed { certificate: certificate.as_ref().clone(), carried, warnings })
        }
    }
}

/// The inputs that somebody else holds. Asked before anything is computed from them: whoever does not
/// hold a lot is told that, and nothing that follows from what is left of it.
pub(crate) fn not_held(issuer: &Did, submission: &Submission, inputs: &Inputs) -> Vec<Finding> {
    let (lots, place): (Vec<Option<&InputLot>>, &str) = match submission {
        Submission::Draft(draft) => (draft.inputs().iter().map(|i| inputs.named(&i.lot)).collect(), ""),
        Submission::Signed(certificate) => {
            let drawn = certificate.lot().iter().flat_map(|lot| lot.inputs.iter()).collect::<Vec<_>>();
            (drawn.iter().map(|input| inputs.lot(&input.digest)).collect(), "/credentialSubject")
        }
    };
    let finding = |(at, lot): (usize, Option<&InputLot>)| {
        let lot = lot?.certificate.lot()?;
        let text = match &lot.holder {
            Some(holder) if holder == issuer => return None,
            Some(holder) => format!("{holder} holds lot {}, {issuer} drew on it", lot.number),
            None => format!("lot {} was delivered to somebody without a DID", lot.number),
        };
        Some(Finding::new(Code::CustodyNotHolder, text).at(format!("{place}/inputs/{at}/lot")))
    };
    lots.into_iter().enumerate().filter_map(finding).collect()
}

/// The same of what the judge found, should it have found more than that.
fn discreet(mut findings: Vec<Finding>) -> Failed {
    if findings.iter().any(|finding| finding.code == Code::CustodyNotHolder) {
        findings.retain(|finding| finding.code == Code::CustodyNotHolder);
    }
    Failed::Refused(findings)
}

/// Whether the store refused what the judge let pass: somebody else was faster.
pub(crate) fn is_race(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Overdrawn { .. }
            | StoreError::LotClosed(_)
            | StoreError::NotHolder { .. }
            | StoreError::UnknownLot(_)
            | StoreError::Unloggable { .. }
    )
}

/// The answer that is stored: `{"certificate":…,"receipt":…}` with both to be filled in.
pub(crate) fn answer(certificate: Digest) -> Vec<u8> {
    format!("{{{}}}", receipts::place(certificate)).into_bytes()
}

/// What the store keeps of a certificate.
pub(crate) fn row(passed: &Passed) -> NewCertificate {
    let certificate = &passed.certificate;
    let claims = certificate.claims();
    let lot = certificate.lot();
    let draws = lot.iter().flat_map(|lot| lot.inputs.iter());
    let about = match &claims.body {
        ytterby::certificate::Body::Attestation(attestation) => {
            attestation.lots.iter().map(|(_, digest)| *digest).collect()
        }
        ytterby::certificate::Body::Lot(_) => Vec::new(),
        ytterby::certificate::Body::Accreditation(accreditation) => {
            vec![accreditations::filed(&accreditation.accredits)]
        }
    };
    NewCertificate {
        digest: certificate.digest(),
        id: claims.id.urn().to_string(),
        issuer: claims.issuer.clone(),
        home: claims.home.clone(),
        kind: claims.kind,
        created: format_time(certificate.proof().created),
        external_id: certificate.external_id(),
        bytes: certificate.bytes().to_owned(),
        lot: lot.map(|lot| NewLot {
            number: lot.number.to_string(),
            step: lot.made_by().to_owned(),
            form: lot.form.as_str().to_owned(),
            holder: lot.holder.clone(),
            content: lot.content.clone(),
            carried: passed.carried.to_text(),
        }),
        draws: draws.map(|input| Draw { lot: input.digest, amount: input.draws.clone() }).collect(),
        about,
    }
}

/// A lot just made, as an input of what follows it in the same batch.
pub(crate) fn as_input(passed: &Passed) -> Option<InputLot> {
    let lot = passed.certificate.lot()?;
    Some(InputLot {
        certificate: passed.certificate.clone(),
        carried: passed.carried.clone(),
        drawn: ytterby::masses::Masses::default(),
        closed: lot.holder.is_none(),
        status: None,
    })
}

impl Issuer {
    /// The issuer that a caller's key is bound to.
    pub(crate) async fn of(app: &App, caller: &Caller) -> Result<Self, Problem> {
        let (row, keys) = caller.issuing(app).await?;
        Ok(Issuer { did: row.did, title: row.title, keys })
    }

    /// Who it is.
    pub(crate) fn did(&self) -> &Did {
        &self.did
    }

    /// The key that signs drafts.
    fn custodial(&self) -> Option<&IssuerKey> {
        self.keys.iter().rev().find(|key| key.sealed_secret.is_some() && key.retired.is_none())
    }

    /// The issuer's own key that a certificate was signed with; any other of its keys when it was
    /// signed with none of them, for the judge to say so.
    fn own(&self, certificate: &Certificate<'_>) -> Option<&IssuerKey> {
        let signed_with = certificate.proof().key().map(|(_, key)| key.to_string());
        let fits = |key: &&IssuerKey| key.retired.is_none() && Some(&key.public) == signed_with.as_ref();
        self.keys.iter().find(fits).or(self.keys.iter().rev().find(|key| key.retired.is_none()))
    }

    fn authority(&self, app: &App, key: &IssuerKey) -> Result<Authority, Problem> {
        let key = Multikey::parse(&key.public)
            .map_err(|error| Problem::internal("a stored public key does not parse", &error))?;
        Ok(Authority {
            issuer: self.did.clone(),
            name: Some(self.title.clone()),
            key,
            home: app.origin().clone(),
            scope: None,
        })
    }
}

impl Failed {
    /// As an answer. What a race made wrong is a conflict; what was wrong anyway is the draft's.
    pub(crate) fn problem(self, raced: bool) -> Problem {
        match self {
            Failed::Refused(findings) => {
                let status = if raced { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
                Problem::refused(status, &findings)
            }
            Failed::Problem(problem) => *problem,
        }
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Failed::Problem(Box::new(problem))
    }
}

fn year(at: jiff::Timestamp) -> i16 {
    jiff::tz::Offset::UTC.to_datetime(at).year()
}

fn no_custodial_key() -> Problem {
    let detail = "the registry keeps no key of this issuer: post certificates that the issuer signed";
    Problem::new(StatusCode::CONFLICT, "issuer.no-custodial-key", "there is no key to sign with", detail)
}

fn no_key() -> Problem {
    let detail = "register the public key it was signed with first";
    Problem::new(StatusCode::CONFLICT, "issuer.no-key", "the issuer has no key here", detail)
}
