//! The part of the walk that comes last: who is accepted. It needs to know where certificates are
//! logged, and what of the accreditations is revoked.

use std::collections::{HashMap, HashSet};

use super::Walk;
use crate::check::Findings;
use crate::check::authority::{Authorities, Link, Truth};
use crate::digest::Digest;
use crate::finding::{Code, Finding};
use crate::form::Kind;
use crate::report::{Outcome, Report, Step};

impl Walk<'_, '_> {
    /// Who is accepted for what, by the trust file and the accreditations of the bundle.
    pub(super) fn check_authority(&mut self, report: &mut Report) {
        let position = |digest: &Digest| self.lineage.index.get(digest).map(|at| *at as usize);
        if !self.trust.present {
            report.certificates.iter_mut().for_each(|own| own.set(Step::Authority, Outcome::Unknown));
        }
        let subjects: HashSet<Digest> = report.subject.iter().copied().collect();
        let links = report.certificates.iter().filter(|own| own.kind == Kind::Accreditation);
        let links = links.filter_map(|own| {
            let at = position(&own.digest)?;
            let certificate = &self.bundle.certificates[at];
            let mut trouble = self.aside.remove(&position_of(at)?).unwrap_or_default();
            // That it has ended by now says nothing of what was made before.
            trouble.retain(|f| f.code != Code::StatusExpired || subjects.contains(&own.digest));
            Some(Link {
                certificate,
                accreditation: certificate.claims().accreditation()?,
                truth: Truth::of(certificate, self.logged[at]),
                sound: own.outcome(Step::Proof) == Outcome::Pass,
                revoked: self.revoked.get(&own.digest).copied(),
                trouble,
            })
        });
        let links: Vec<Link<'_>> = links.collect();
        let mut authorities = Authorities::new(links, self.trust);
        for own in &mut report.certificates {
            let Some(at) = position(&own.digest) else { continue };
            let is_accreditation = own.kind == Kind::Accreditation;
            if is_accreditation && !subjects.contains(&own.digest) {
                continue;
            }
            let mut findings = Findings::default();
            own.accredited = match is_accreditation {
                true => authorities.check_accreditation(&own.digest, &mut findings),
                false => authorities.check(&self.bundle.certificates[at], self.logged[at], &mut findings),
            };
            if !self.trust.present {
                continue;
            }
            let outcomes = findings.0.iter().map(|finding| Outcome::of(finding.code.effect()));
            let outcome = outcomes.max().unwrap_or(Outcome::Pass);
            own.set(Step::Authority, outcome);
            if let Some(aside) = position_of(at).and_then(|at| self.aside.remove(&at)) {
                if outcome > Outcome::Warn {
                    report.findings.extend(findings.0.first().map(|found| own.not_counted(found)));
                    continue;
                }
                report.findings.extend(aside);
            }
            report.findings.extend(findings.0.into_iter().map(|finding| finding.about(own.digest)));
        }
        let mut relied_on: HashMap<Digest, Vec<Finding>> = authorities.relied_on().into_iter().collect();
        for own in report.certificates.iter_mut().filter(|own| own.kind == Kind::Accreditation) {
            match relied_on.remove(&own.digest) {
                Some(findings) => {
                    own.relied_on = true;
                    report.findings.extend(findings);
                }
                None => {
                    let aside = [Step::Registration, Step::Authority, Step::Status, Step::Time];
                    aside.into_iter().for_each(|step| own.set(step, Outcome::Skipped));
                }
            }
        }
    }
}

fn position_of(at: usize) -> Option<u32> {
    u32::try_from(at).ok()
}
