//! The verifier: bundle, trust and time in, report out. It cannot fail.
//! Implements proto-docs/verification.md.

mod authority;

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use crate::admit::InputLot;
use crate::budget::Budget;
use crate::bundle::Bundle;
use crate::carried::Carried;
use crate::certificate::{Body, Certificate};
use crate::check::events::{Events, Stands};
use crate::check::proof::Keys;
use crate::check::registration::{Asked, Registration};
use crate::check::status::{self, Statuses};
use crate::check::{self, Case, Findings, Known, Logged};
use crate::decimal::kilograms;
use crate::digest::Digest;
use crate::finding::{Code, Effect, Finding};
use crate::form::Kind;
use crate::lineage::{self, Lineage};
use crate::lot::Lot;
use crate::masses::Masses;
use crate::profile::Provenance;
use crate::report::{CertificateReport, LoggedIn, Outcome, Report, Step};
use crate::rules::Rules;
use crate::trust::Trust;

/// What a verifier asks, beyond what the bundle says of itself.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// The lot that was delivered: a lot number, label or digest.
    pub lot: Option<String>,
    /// The mass that was delivered, to be covered by that lot.
    pub mass: Option<crate::decimal::Mass>,
    /// A status list that is older does not show that nothing is revoked.
    pub max_status_age: StatusAge,
    /// The rules that are asked.
    pub rules: Rules,
    /// How much work the bundle may cause.
    pub budget: Budget,
}

/// How old a status list may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusAge(pub SignedDuration);

impl Default for StatusAge {
    /// Seven days.
    fn default() -> Self {
        StatusAge(SignedDuration::from_hours(7 * 24))
    }
}

/// Verifies a bundle for a verifier, asks rules of it, as of a time.
pub fn verify(bundle: &Bundle<'_>, trust: &Trust, rules: &Rules, at: Timestamp) -> Report {
    let question = Question { rules: rules.clone(), ..Question::default() };
    verify_with(bundle, trust, at, &question, &mut |_, _| {})
}

/// The same, asking about a delivery, within a budget, saying how far it is: certificates done, of
/// how many.
pub fn verify_with(
    bundle: &Bundle<'_>,
    trust: &Trust,
    at: Timestamp,
    question: &Question,
    progress: &mut dyn FnMut(usize, usize),
) -> Report {
    let mut report = Report::new(bundle, trust, at);
    if let Some(finding) = over_budget(bundle, question.budget) {
        report.findings.push(finding);
        return report.finished();
    }
    let lineage = Lineage::of(bundle);
    let mut walk = Walk::new(bundle, trust, at, &lineage, question.budget);
    walk.beside = attestations_beside(bundle, trust, &report.subject);
    for broken in &bundle.broken {
        report.findings.push(broken.finding());
    }
    if bundle.more_broken > 0 {
        let text = format!("{} more certificates break form, and are not listed", bundle.more_broken);
        report.findings.push(Finding::new(Code::LimitCertificates, text));
    }
    for (done, position) in lineage.order.iter().enumerate() {
        let certificate = walk.judge(*position, &mut report.findings);
        report.certificates.push(certificate);
        progress(done + 1, lineage.order.len());
    }
    walk.check_draws(&mut report);
    walk.check_double_draws(&mut report);
    walk.check_status(&mut report, question.max_status_age);
    walk.check_authority(&mut report);
    report.attestations = crate::statement::statements(bundle, &report);
    check::reports::check(bundle, &lineage, &mut report);
    report.findings.extend(lineage::check_labels(bundle, &report.not_counted()));
    report.findings.extend(check::bounds::check_spent(bundle, &lineage, &walk.carried));
    walk.fill_balances(&mut report);
    report.provenance = Provenance::of(bundle, &lineage, &report.subject, question.budget.shares);
    check_whole(&mut report, bundle, trust, question, &lineage);
    question.rules.ask(bundle, &mut report);
    report.finished()
}

/// The lots of a bundle with what they hand on: what [`crate::admit()`] needs to issue on top of them.
/// Certificates with something missing behind them are left out; nothing else is judged here.
pub fn lots_of(bundle: &Bundle<'_>) -> Vec<InputLot> {
    let lineage = Lineage::of(bundle);
    let trust = Trust::nobody();
    let mut walk = Walk::new(bundle, &trust, Timestamp::MAX, &lineage, Budget::default());
    let mut lots = Vec::with_capacity(bundle.certificates.len());
    for position in &lineage.order {
        walk.judge(*position, &mut Vec::new());
    }
    for position in &lineage.order {
        let Some(carried) = walk.carried[*position as usize].take() else { continue };
        let certificate = bundle.certificates[*position as usize].clone().into_owned();
        let drawn = walk.drawn.remove(position).unwrap_or_default();
        lots.push(InputLot { certificate, carried, drawn, closed: false, status: None });
    }
    lots
}

/// The attestations that are no subject, by position. Without a trust file nobody is accepted, and that
/// is said of the whole.
fn attestations_beside(bundle: &Bundle<'_>, trust: &Trust, subject: &[Digest]) -> HashSet<u32> {
    let subject: HashSet<&Digest> = subject.iter().collect();
    let is_beside = |certificate: &Certificate<'_>| {
        certificate.claims().kind == Kind::Attestation && !subject.contains(&certificate.digest())
    };
    let all = (0..).zip(&bundle.certificates).filter(|(_, own)| trust.present && is_beside(own));
    all.map(|(at, _)| at).collect()
}

struct Walk<'w, 'a> {
    bundle: &'w Bundle<'a>,
    trust: &'w Trust,
    at: Timestamp,
    lineage: &'w Lineage,
    broken: HashSet<Digest>,
    carried: Vec<Option<Carried>>,
    logged: Vec<Option<Logged>>,
    /// None when the trust file pins no registry: then receipts are not looked at.
    registration: Option<Registration<'w>>,
    drawn: HashMap<u32, Masses>,
    keys: Keys,
    /// Attestations that nothing was asked about, by position: anybody may attest something of somebody's
    /// lot, and must not be able to spoil it by that.
    beside: HashSet<u32>,
    /// What stands against these and accreditations, by position: a finding only if somebody relies on it.
    aside: HashMap<u32, Vec<Finding>>,
    /// Accreditations that are revoked, and where.
    revoked: HashMap<Digest, Stands>,
}

impl<'w, 'a> Walk<'w, 'a> {
    fn new(
        bundle: &'w Bundle<'a>,
        trust: &'w Trust,
        at: Timestamp,
        lineage: &'w Lineage,
        budget: Budget,
    ) -> Self {
        let watched = !trust.registries.is_empty();
        Walk {
            bundle,
            trust,
            at,
            lineage,
            broken: bundle.broken.iter().map(|b| b.digest).collect(),
            carried: vec![None; bundle.certificates.len()],
            logged: vec![None; bundle.certificates.len()],
            registration: watched.then(|| Registration::new(trust, budget.signatures)),
            drawn: HashMap::new(),
            keys: Keys::default(),
            beside: HashSet::new(),
            aside: HashMap::new(),
            revoked: HashMap::new(),
        }
    }

    /// Every check of one certificate, in the order of the specification.
    fn judge(&mut self, position: u32, all: &mut Vec<Finding>) -> CertificateReport {
        let certificate = &self.bundle.certificates[position as usize];
        let mut outcomes = Outcomes::of(certificate);
        let mut findings = Findings::default();
        check::proof::check(certificate, &mut self.keys, &mut findings);
        outcomes.note(Step::Proof, &findings.0);

        let lineage = lineage::check(certificate, self.bundle, self.lineage, &|d| self.broken.contains(d));
        outcomes.note(Step::Lineage, &lineage);
        findings.0.extend(lineage);

        if certificate.lot().is_some() {
            self.judge_lot(position, certificate, &mut outcomes, &mut findings);
        }
        let before = findings.0.len();
        let looked_at = self.judge_registration(position, certificate, &mut findings);
        outcomes.note(Step::Registration, &findings.0[before..]);
        outcomes.0.receipt_asked = looked_at;
        if !looked_at {
            outcomes.set(Step::Registration, Outcome::Unknown);
        }
        let logged = self.logged[position as usize];
        outcomes.0.logged = logged.and_then(|logged| LoggedIn::of(logged, self.trust));
        let before = findings.0.len();
        let created = certificate.proof().created;
        if let Some(lot) = certificate.lot() {
            let find = |digest: &Digest| self.known(digest);
            let case = Case { claims: certificate.claims(), lot, created, logged, find: &find };
            check::time::check_order(&case, &mut findings);
        }
        check::time::check(certificate.claims(), created, logged, self.at, &mut findings);
        outcomes.note(Step::Time, &findings.0[before..]);

        let findings = findings.0.into_iter().map(|finding| finding.about(certificate.digest()));
        if certificate.claims().kind == Kind::Accreditation {
            // What is proven wrong in a file is said; what is missing, only if it was needed.
            let (wrong, aside): (Vec<_>, Vec<_>) =
                findings.partition(|finding| finding.code.effect() == Effect::Reject);
            all.extend(wrong);
            self.aside.insert(position, aside);
        } else if self.beside.contains(&position) {
            self.aside.insert(position, findings.collect());
        } else {
            all.extend(findings);
        }
        outcomes.0
    }

    fn judge_lot(
        &mut self,
        position: u32,
        certificate: &Certificate<'_>,
        outcomes: &mut Outcomes,
        findings: &mut Findings,
    ) {
        let Some(lot) = certificate.lot() else { return };
        let before = findings.0.len();
        check::content::check(lot, findings);
        outcomes.note(Step::Content, &findings.0[before..]);
        check::classification::check(lot, findings);

        let find = |digest: &Digest| self.known(digest);
        let created = certificate.proof().created;
        let case = Case { claims: certificate.claims(), lot, created, logged: None, find: &find };
        let before = findings.0.len();
        let own = check::conservation::check(&case, findings);
        outcomes.note(Step::Conservation, &findings.0[before..]);
        if own.is_none() {
            outcomes.set(Step::Conservation, Outcome::Skipped);
        }
        let before = findings.0.len();
        check::custody::check(&case, findings);
        outcomes.note(Step::Custody, &findings.0[before..]);
        // Who held what is not in the bundle, nobody can tell.
        if case.parents().count() < lot.inputs.len() {
            outcomes.set(Step::Custody, Outcome::Skipped);
        }

        for input in &lot.inputs {
            if let Some(parent) = self.lineage.index.get(&input.digest) {
                self.drawn.entry(*parent).or_default().add_all(&input.draws);
            }
        }
        self.carried[position as usize] = own;
    }

    /// Looks at the receipt of a certificate; says whether there was anything to look at.
    fn judge_registration(
        &mut self,
        position: u32,
        certificate: &Certificate<'_>,
        findings: &mut Findings,
    ) -> bool {
        // The checker is taken out while it asks about lots that were judged before.
        let Some(mut registration) = self.registration.take() else { return false };
        let receipt = self.bundle.receipt(&certificate.digest());
        if let Some(receipt) = receipt {
            let asked = Asked { certificate, receipt, find: &|digest| self.known(digest) };
            self.logged[position as usize] = registration.check(&asked, findings);
        } else if self.trust.require_registration {
            let text = "the trust file requires registration, and the bundle holds no receipt of it";
            findings.add(Code::RegistrationMissing, "", text);
        }
        self.registration = Some(registration);
        receipt.is_some() || self.trust.require_registration
    }

    /// A lot of the bundle, with what was found out about it so far.
    fn known(&self, digest: &Digest) -> Option<Known<'_>> {
        let at = *self.lineage.index.get(digest)? as usize;
        let certificate = &self.bundle.certificates[at];
        Some(Known {
            claims: certificate.claims(),
            lot: certificate.lot()?,
            created: certificate.proof().created,
            logged: self.logged[at],
            carried: self.carried[at].as_ref(),
        })
    }

    /// What the logs say of the draws on a lot agrees, over all certificates.
    fn check_double_draws(&mut self, report: &mut Report) {
        let found = self.registration.as_mut().map(Registration::check_double_draws).unwrap_or_default();
        let by: HashSet<Digest> = found.iter().filter_map(|finding| finding.certificate).collect();
        for certificate in report.certificates.iter_mut().filter(|own| by.contains(&own.digest)) {
            certificate.set(Step::Registration, Outcome::Fail);
        }
        report.findings.extend(found);
        report.findings.extend(self.registration.iter().flat_map(Registration::check_quorums));
    }

    /// Revoked or suspended, as far as the lists of the bundle show.
    fn check_status(&mut self, report: &mut Report, oldest: StatusAge) {
        let subjects: HashSet<Digest> = report.subject.iter().copied().collect();
        let events = match &mut self.registration {
            Some(registration) => Events::of(self.bundle, registration, &mut report.findings),
            None => return,
        };
        let mut statuses =
            Statuses::of(self.bundle, self.trust, (self.at, oldest.0), &events, &mut report.findings);
        for own in &mut report.certificates {
            let Some(position) = self.lineage.index.get(&own.digest) else { continue };
            let asked = status::Asked {
                certificate: own.digest,
                logged: self.logged[*position as usize],
                is_subject: subjects.contains(&own.digest),
                is_lot: self.bundle.certificates[*position as usize].lot().is_some(),
                is_accreditation: own.kind == Kind::Accreditation,
            };
            let certificate = &self.bundle.certificates[*position as usize];
            if asked.is_accreditation || self.beside.contains(position) {
                let revoked = asked.logged.and_then(|logged| events.revocation(own.digest, logged));
                if let Some(stands) = revoked.filter(|stands| asked.is_accreditation && stands.at <= self.at)
                {
                    self.revoked.insert(own.digest, stands);
                }
                let aside = self.aside.entry(*position).or_default();
                let outcome = statuses.check(&asked, aside);
                own.status_asked = outcome != Outcome::Unknown || self.trust.require_status;
                own.set(Step::Status, outcome);
                continue;
            }
            own.closed = events.closing(certificate, self.trust, status::known_by(self.at));
            let before = report.findings.len();
            let place = |digest: &Digest| self.logged[*self.lineage.index.get(digest)? as usize];
            events.check(certificate, asked.logged, &place, self.trust, &mut report.findings);
            let closed = |finding: &Finding| finding.code == Code::CustodyClosedLot;
            let found = &report.findings[before..];
            if found.iter().any(closed) {
                own.set(Step::Custody, Outcome::Fail);
            }
            let drawn_late = if found.iter().all(closed) { Outcome::Pass } else { Outcome::Fail };
            let outcome = statuses.check(&asked, &mut report.findings).max(drawn_late);
            own.status_asked = outcome != Outcome::Unknown || self.trust.require_status;
            own.set(Step::Status, outcome);
        }
        report.status_known = statuses.known();
    }

    /// All draws on a lot stay within its content, to the milligram.
    fn check_draws(&self, report: &mut Report) {
        let mut drawn: Vec<_> = self.drawn.iter().collect();
        drawn.sort_by_key(|(position, _)| **position);
        for (position, drawn) in drawn {
            let parent = &self.bundle.certificates[*position as usize];
            let Some(lot) = parent.lot() else { continue };
            let over = drawn.iter().find(|(element, mg)| *mg > lot.content.get(*element));
            if let Some((element, mg)) = over {
                let content = lot.content.get(element);
                let text = format!(
                    "{} kg {element} drawn from {}, which holds {} kg: over by {} kg",
                    kilograms(mg),
                    lot.number,
                    kilograms(content),
                    kilograms(mg - content),
                );
                let pointer = check::subject(&format!("content/{element}"));
                let finding =
                    Finding::new(Code::ConservationOverdrawn, text).at(pointer).about(parent.digest());
                report.findings.push(finding);
            }
        }
    }

    fn fill_balances(&mut self, report: &mut Report) {
        for certificate in &mut report.certificates {
            let Some(position) = self.lineage.index.get(&certificate.digest) else { continue };
            certificate.drawn = self.drawn.remove(position).unwrap_or_default();
            certificate.carried = self.carried[*position as usize].take();
        }
        let overdrawn: HashSet<_> = report
            .findings
            .iter()
            .filter(|f| matches!(f.code, Code::ConservationOverdrawn | Code::ConservationExceedsBound))
            .filter_map(|f| f.certificate)
            .collect();
        for certificate in report.certificates.iter_mut().filter(|c| overdrawn.contains(&c.digest)) {
            certificate.set(Step::Conservation, Outcome::Fail);
        }
    }
}

struct Outcomes(CertificateReport);

impl Outcomes {
    fn of(certificate: &Certificate<'_>) -> Self {
        Outcomes(CertificateReport::of(certificate))
    }

    fn note(&mut self, step: Step, findings: &[Finding]) {
        let outcome =
            findings.iter().map(|finding| Outcome::of(finding.code.effect())).max().unwrap_or(Outcome::Pass);
        let before = self.0.outcome(step);
        self.0.set(step, outcome.max(before));
    }

    fn set(&mut self, step: Step, outcome: Outcome) {
        self.0.set(step, outcome.max(self.0.outcome(step)));
    }
}

fn over_budget(bundle: &Bundle<'_>, budget: Budget) -> Option<Finding> {
    // Those that break form and are only counted cause no work.
    let certificates = bundle.certificates.len() + bundle.broken.len();
    if certificates > budget.certificates {
        let text = format!("{certificates} certificates, the budget is {}", budget.certificates);
        return Some(Finding::new(Code::LimitCertificates, text));
    }
    let edges: usize =
        bundle.certificates.iter().filter_map(Certificate::lot).map(|lot| lot.inputs.len()).sum();
    (edges > budget.edges).then(|| {
        let text = format!("{edges} draws, the budget is {}", budget.edges);
        Finding::new(Code::LimitEdges, text)
    })
}

/// What concerns the whole: subjects, whose lot it is, the delivery, the trust file, what was not checked.
fn check_whole(
    report: &mut Report,
    bundle: &Bundle<'_>,
    trust: &Trust,
    question: &Question,
    lineage: &Lineage,
) {
    let subject = report.subject.clone();
    let broken: HashSet<Digest> = bundle.broken.iter().map(|b| b.digest).collect();
    let find = |digest: &Digest| Some(&bundle.certificates[*lineage.index.get(digest)? as usize]);
    for digest in subject.iter().filter(|digest| find(digest).is_none() && !broken.contains(digest)) {
        report
            .findings
            .push(Finding::new(Code::LineageSubjectMissing, format!("{digest} is not in the bundle")));
    }
    if subject.is_empty() && bundle.broken.is_empty() {
        report.findings.push(Finding::new(Code::LineageSubjectMissing, "the bundle is about nothing"));
    }
    check_trust_file(report, trust);
    let subjects: Vec<_> = subject.iter().filter_map(find).collect();
    if !trust.holder.is_empty() {
        let mine: HashSet<_> =
            subjects.iter().filter(|c| is_yours(c, find, trust)).map(|c| c.digest()).collect();
        for certificate in subjects.iter().filter(|c| !mine.contains(&c.digest())) {
            report.findings.push(not_yours(certificate, trust));
        }
        let asked: HashSet<_> = subject.iter().filter(|digest| !mine.contains(digest)).collect();
        for own in report.certificates.iter_mut().filter(|own| asked.contains(&own.digest)) {
            own.set(Step::Custody, own.outcome(Step::Custody).max(Outcome::Fail));
        }
    }
    crate::delivery::check(&subjects, question, report);
    if trust.require_registration && trust.registries.is_empty() {
        let text = "the trust file requires registration and pins no registry to check receipts by";
        report.findings.push(Finding::new(Code::RegistrationNotChecked, text));
    }
    if trust.require_status && trust.registries.is_empty() {
        let text = "the trust file requires current status and pins no registry whose lists it could be by";
        report.findings.push(Finding::new(Code::StatusNotChecked, text));
    }
}

fn check_trust_file(report: &mut Report, trust: &Trust) {
    if !trust.present {
        report.findings.push(Finding::new(Code::AuthorityNoTrustFile, "nobody's word is taken"));
    }
    let today = crate::time::date_of(report.at);
    if let Some(expires) = trust.expires.filter(|expires| *expires < today) {
        let late = expires.until((jiff::Unit::Day, today)).map_or(i32::MAX, |span| span.get_days());
        let code = if late > 30 { Code::AuthorityTrustFileExpired } else { Code::AuthorityTrustFileStale };
        report.findings.push(Finding::new(code, format!("it expired on {expires}, {late} days before")));
    }
}

/// Is it yours? An attestation is if it is about a lot of the bundle that is.
fn is_yours<'b>(
    certificate: &Certificate<'_>,
    find: impl Fn(&Digest) -> Option<&'b Certificate<'b>>,
    trust: &Trust,
) -> bool {
    let held = |lot: &Lot| lot.holder.as_ref().is_some_and(|holder| trust.holder.contains(holder));
    match &certificate.claims().body {
        Body::Lot(lot) => held(lot),
        Body::Accreditation(_) => false,
        Body::Attestation(attestation) => attestation
            .lots
            .iter()
            .any(|(_, digest)| find(digest).and_then(Certificate::lot).is_some_and(held)),
    }
}

fn not_yours(certificate: &Certificate<'_>, trust: &Trust) -> Finding {
    let you: Vec<_> = trust.holder.iter().map(|did| did.as_str()).collect();
    let you = you.join(", ");
    let (text, member) = match certificate.lot() {
        Some(lot) => {
            let held = lot.holder.as_ref().map_or("nobody with a DID", |did| did.as_str());
            (format!("lot {} is held by {held}; you are {you}", lot.number), "holder")
        }
        None => (format!("it is about no lot in this bundle that you hold; you are {you}"), "about"),
    };
    Finding::new(Code::CustodyNotYourLot, text).at(check::subject(member)).about(certificate.digest())
}
