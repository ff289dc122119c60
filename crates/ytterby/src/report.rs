//! The report: everything that was found, and the one word that follows from it.

use std::collections::HashSet;

use jiff::Timestamp;
use uuid::Uuid;

use crate::bundle::Bundle;
use crate::carried::Carried;
use crate::certificate::{Certificate, Claims};
use crate::check::Logged;
use crate::did::Did;
use crate::digest::Digest;
use crate::finding::{Code, Effect, Finding};
use crate::form::{CloseReason, Kind};
use crate::key::Multikey;
use crate::masses::Masses;
use crate::profile::Provenance;
use crate::rules::RuleAnswer;
use crate::statement::Statement;
use crate::trust::Trust;
use crate::wire::Home;

/// The one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Sound, trusted, and yours.
    Verified,
    /// Sound, but not from anybody the trust file accepts, or not yours.
    Untrusted,
    /// Evidence is missing or too old, or the budget is spent.
    Undecided,
    /// Something is proven wrong.
    Rejected,
}

impl Verdict {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Verified => "verified",
            Verdict::Untrusted => "untrusted",
            Verdict::Undecided => "undecided",
            Verdict::Rejected => "rejected",
        }
    }

    /// The exit code of a command that ends with this verdict.
    pub fn exit_code(self) -> u8 {
        match self {
            Verdict::Verified => 0,
            Verdict::Rejected => 1,
            Verdict::Untrusted => 3,
            Verdict::Undecided => 4,
        }
    }
}

/// A step of verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Canonical bytes, key of the issuer, signature.
    Proof,
    /// Inputs present, digests match.
    Lineage,
    /// Content follows from mass and assay.
    Content,
    /// What comes out was drawn, and what was drawn was there.
    Conservation,
    /// The issuer held what it used.
    Custody,
    /// Logged in its home.
    Registration,
    /// The issuer is accepted for this.
    Authority,
    /// Not revoked.
    Status,
    /// Possible in time.
    Time,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Step; 9] = [
        Step::Proof,
        Step::Lineage,
        Step::Content,
        Step::Conservation,
        Step::Custody,
        Step::Registration,
        Step::Authority,
        Step::Status,
        Step::Time,
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Step::Proof => "proof",
            Step::Lineage => "lineage",
            Step::Content => "content",
            Step::Conservation => "conservation",
            Step::Custody => "custody",
            Step::Registration => "registration",
            Step::Authority => "authority",
            Step::Status => "status",
            Step::Time => "time",
        }
    }
}

/// How a step ended for a certificate. Ordered: the gravest of several is the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Nothing to object.
    Pass,
    /// Worth knowing.
    Warn,
    /// Not looked at, because what it needs is missing or broken, or the type has no such thing.
    Skipped,
    /// It cannot be known from what is here.
    Unknown,
    /// It does not hold, or is not accepted.
    Fail,
}

impl Outcome {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::Warn => "warn",
            Outcome::Skipped => "skipped",
            Outcome::Unknown => "unknown",
            Outcome::Fail => "fail",
        }
    }

    pub(crate) fn of(effect: Effect) -> Self {
        match effect {
            Effect::Warn => Outcome::Warn,
            Effect::Undecided => Outcome::Unknown,
            Effect::Reject | Effect::Untrusted => Outcome::Fail,
        }
    }
}

/// What was found out about one certificate.
#[derive(Debug, Clone)]
pub struct CertificateReport {
    /// Its digest.
    pub digest: Digest,
    /// Its label.
    pub id: Uuid,
    /// Its type.
    pub kind: Kind,
    /// Its issuer.
    pub issuer: Did,
    /// The draws on its lot that are in the bundle.
    pub drawn: Masses,
    /// What its lot hands on; `None` if it makes none, or something behind it is missing or wrong.
    pub carried: Option<Carried>,
    /// Where it was logged, if a receipt shows it.
    pub logged: Option<LoggedIn>,
    /// That its lot is closed, if an entry of its home shows it: nobody can draw on it any more.
    pub closed: Option<ClosedIn>,
    /// Who accredited its issuer for it, one for each key that its anchor asks for; nobody if the trust
    /// file pins the issuer itself, or if it is not accepted.
    pub accredited: Vec<AccreditedBy>,
    /// Whether the report rests on it: an accreditation by which nobody is accepted it does not, nor an
    /// attestation beside the lots whose issuer is not accepted for it.
    pub relied_on: bool,
    /// Whether its status is known, or was required.
    pub(crate) status_asked: bool,
    /// Whether a receipt was looked at, or required and missing.
    pub(crate) receipt_asked: bool,
    outcomes: [Outcome; Step::ALL.len()],
}

/// A chain of accreditations that ends at an anchor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccreditedBy {
    /// The anchor's name, or its DIDs.
    pub anchor: String,
    /// The anchor's key that signed the last of the chain.
    pub key: Multikey,
    /// Digests of the accreditations, from the issuer's own to the one that the anchor gave.
    pub chain: Vec<Digest>,
}

/// A certificate's place in a log, as a receipt has shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// Origin of the log.
    pub log: Home,
    /// Index of the entry.
    pub index: u64,
    /// When a quorum of witnesses had cosigned the receipt's checkpoint: by then it was there.
    pub at: Timestamp,
    /// How many witnesses had cosigned it.
    pub cosigned: usize,
    /// Of how many that audit the log.
    pub witnesses: usize,
    /// Up to where its log is known: by the receipt's checkpoint, or by a newer one beside it.
    pub known: Known,
}

/// The end of a lot, as an entry of its home has shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedIn {
    /// Origin of the log.
    pub log: Home,
    /// Index of the entry.
    pub index: u64,
    /// When a quorum of witnesses had cosigned the checkpoint that shows it: by then it was closed.
    pub at: Timestamp,
    /// Why it was closed.
    pub reason: CloseReason,
}

/// How much of a log is known, and as of when: the newest of a receipt's checkpoints. It says nothing
/// of when a certificate was logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Entries of the log.
    pub size: u64,
    /// When a quorum of witnesses had cosigned a checkpoint of that size.
    pub time: Timestamp,
}

/// As of when the statuses of a report are known: its oldest list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusKnown {
    /// Origin of the list's log.
    pub log: Home,
    /// Size of the log up to which the list holds.
    pub size: u64,
    /// As of when it holds.
    pub at: Timestamp,
}

impl LoggedIn {
    pub(crate) fn of(logged: Logged, trust: &Trust) -> Option<Self> {
        let registry = trust.registries.get(logged.registry)?;
        let (_, witnesses) = registry.quorum()?;
        let Logged { index, at, cosigned, known, .. } = logged;
        let known = Known { size: known.size, time: known.at };
        Some(LoggedIn { log: registry.origin.clone(), index, at, cosigned, witnesses, known })
    }
}

impl CertificateReport {
    pub(crate) fn of(certificate: &Certificate<'_>) -> Self {
        let Claims { id, kind, issuer, .. } = certificate.claims();
        let mut report = CertificateReport {
            digest: certificate.digest(),
            id: *id,
            kind: *kind,
            issuer: issuer.clone(),
            drawn: Masses::default(),
            carried: None,
            logged: None,
            closed: None,
            accredited: Vec::new(),
            relied_on: *kind != Kind::Accreditation,
            status_asked: false,
            receipt_asked: false,
            outcomes: [Outcome::Pass; Step::ALL.len()],
        };
        report.set(Step::Status, Outcome::Unknown);
        if certificate.lot().is_none() {
            for step in [Step::Content, Step::Conservation, Step::Custody] {
                report.set(step, Outcome::Skipped);
            }
        }
        report
    }

    /// An attestation beside the lots whose issuer is not accepted for it is as if it were not there, whatever
    /// else is wrong with it; says so.
    pub(crate) fn not_counted(&mut self, why: &Finding) -> Finding {
        self.relied_on = false;
        self.logged = None;
        self.outcomes = [Outcome::Skipped; Step::ALL.len()];
        self.set(Step::Authority, Outcome::Warn);
        let finding = Finding::new(Code::AuthorityAttestationNotCounted, why.text.clone());
        finding.at(why.pointer.clone()).about(self.digest)
    }

    /// How a step ended.
    pub fn outcome(&self, step: Step) -> Outcome {
        self.outcomes[step as usize]
    }

    pub(crate) fn set(&mut self, step: Step, outcome: Outcome) {
        self.outcomes[step as usize] = outcome;
    }
}

/// Everything that was found.
#[derive(Debug, Clone)]
pub struct Report {
    /// As of when.
    pub at: Timestamp,
    /// Digests of what was asked about.
    pub subject: Vec<Digest>,
    /// Per certificate, parents before children.
    pub certificates: Vec<CertificateReport>,
    /// Every finding, by certificate and pointer.
    pub findings: Vec<Finding>,
    /// How many certificates broke form.
    pub broken: usize,
    /// Whether registration was asked for.
    pub registration_required: bool,
    /// Whether the trust file pins a registry: otherwise receipts are not looked at.
    pub registries_pinned: bool,
    /// Whether status was asked for.
    pub status_required: bool,
    /// The oldest status list that counted: as of when the statuses are known.
    pub status_known: Option<StatusKnown>,
    /// Where the metal comes from; `None` when that took more steps than the budget allows.
    pub provenance: Option<Provenance>,
    /// The answers to the rules that were asked, lot by lot.
    pub rules: Vec<RuleAnswer>,
    /// What became of each attestation, in the order of the certificates.
    pub attestations: Vec<Statement>,
    /// Whether whoever put the bundle together asked the network first. Verification never does.
    pub online: bool,
}

impl Report {
    pub(crate) fn new(bundle: &Bundle<'_>, trust: &Trust, at: Timestamp) -> Self {
        Report {
            at,
            subject: bundle.subject(),
            certificates: Vec::with_capacity(bundle.certificates.len()),
            findings: Vec::new(),
            broken: bundle.broken.len() + bundle.more_broken,
            registration_required: trust.require_registration,
            registries_pinned: !trust.registries.is_empty(),
            status_required: trust.require_status,
            status_known: None,
            provenance: None,
            rules: Vec::new(),
            attestations: Vec::new(),
            online: false,
        }
    }

    /// The verdict: the first of rejected, undecided, untrusted that applies.
    pub fn verdict(&self) -> Verdict {
        let gravest = self.findings.iter().map(|finding| finding.code.effect()).min();
        match gravest {
            Some(Effect::Reject) => Verdict::Rejected,
            Some(Effect::Undecided) => Verdict::Undecided,
            Some(Effect::Untrusted) => Verdict::Untrusted,
            Some(Effect::Warn) | None => Verdict::Verified,
        }
    }

    /// Every finding.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The digest of the one lot that was verified: `None` unless the verdict is [`Verdict::Verified`]
    /// and the bundle is about exactly one certificate.
    pub fn verified_lot(&self) -> Option<Digest> {
        match (self.verdict(), self.subject.as_slice()) {
            (Verdict::Verified, [lot]) => Some(*lot),
            _ => None,
        }
    }

    /// Adds findings that only the caller can make: a lot that was received before.
    pub fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Whether registration was checked: of every certificate that there is a receipt was looked at,
    /// or found to be missing where one is required.
    pub fn is_registration_checked(&self) -> bool {
        self.registries_pinned
            && !self.certificates.is_empty()
            && self.relied_on().all(|own| own.receipt_asked)
    }

    /// Whether the status of every certificate is known, or was required to be.
    pub fn is_status_checked(&self) -> bool {
        !self.certificates.is_empty() && self.relied_on().all(|own| own.status_asked)
    }

    /// The certificates that the report rests on: all but accreditations by which nobody is
    /// accepted, and attestations that do not count.
    pub fn relied_on(&self) -> impl Iterator<Item = &CertificateReport> {
        self.certificates.iter().filter(|own| own.relied_on)
    }

    /// Attestations that do not count.
    pub(crate) fn not_counted(&self) -> HashSet<Digest> {
        let attestations = self.certificates.iter().filter(|own| own.kind == Kind::Attestation);
        attestations.filter(|own| !own.relied_on).map(|own| own.digest).collect()
    }

    /// The steps that were not checked, for all certificates or for some.
    pub fn not_checked(&self) -> Vec<Step> {
        not_checked(self.is_registration_checked(), self.is_status_checked()).collect()
    }

    /// What this report does not show, said with every one.
    pub fn not_shown(&self) -> Vec<&'static str> {
        not_shown(self.is_registration_checked(), self.is_status_checked())
    }

    pub(crate) fn finished(mut self) -> Self {
        self.findings.sort_by(|a, b| {
            (a.code.effect(), a.certificate, &a.pointer, a.code).cmp(&(
                b.code.effect(),
                b.certificate,
                &b.pointer,
                b.code,
            ))
        });
        self
    }
}

/// The steps that are not checked, given whether registration and status are.
pub(crate) fn not_checked(registration_is: bool, status_is: bool) -> impl Iterator<Item = Step> {
    let registration = (!registration_is).then_some(Step::Registration);
    registration.into_iter().chain((!status_is).then_some(Step::Status))
}

/// What no report shows, given whether registration and status were checked.
pub fn not_shown(registration_was: bool, status_was: bool) -> Vec<&'static str> {
    vec![
        "that the metal in the drum is this metal, and that the assays are true",
        "that the same ore was not registered under another lot elsewhere",
        "what happened after the time asked about: later draws, transfers and pledges",
        match registration_was {
            true => "that the witnesses are independent of the registry and of each other",
            false => "that the certificates are registered: not every one has a receipt that was checked",
        },
        match status_was {
            true => "what was revoked or suspended after the status lists were made",
            false => "that the certificates are unrevoked: not every one has status lists that were checked",
        },
        "that issuers whose keys a registry keeps signed themselves",
    ]
}
