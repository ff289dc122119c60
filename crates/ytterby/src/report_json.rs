//! From a report to its JSON form.

use std::collections::{BTreeMap, HashMap};

use crate::bundle::Bundle;
use crate::certificate::Certificate;
use crate::decimal::kilograms;
use crate::digest::Digest;
use crate::finding::{Effect, Finding};
use crate::report::{CertificateReport, Outcome, Report, Step};
use crate::time::format_time;
use crate::wire::{
    BalanceJson, CertificateJson, CheckJson, Counts, LotJson, ProblemJson, RegisteredJson, ReportJson,
};

impl Report {
    /// The report as JSON, `ytterby.report/1`. `bundle` is the one that was verified.
    pub fn to_json(&self, bundle: &Bundle<'_>) -> serde_json::Value {
        serde_json::to_value(self.to_wire(bundle)).unwrap_or_default()
    }

    fn to_wire(&self, bundle: &Bundle<'_>) -> ReportJson {
        let index: HashMap<Digest, &Certificate<'_>> =
            bundle.certificates().iter().map(|c| (c.digest(), c)).collect();
        let warnings = self.findings.iter().filter(|f| f.code.effect() == Effect::Warn).count();
        ReportJson {
            report: "ytterby.report/1",
            verdict: self.verdict().as_str(),
            exit_code: self.verdict().exit_code(),
            at: format_time(self.at),
            network: "none",
            subject: self.subject.iter().map(Digest::to_string).collect(),
            counts: Counts {
                certificates: self.certificates.len(),
                malformed: self.broken,
                problems: self.findings.len() - warnings,
                warnings,
                registered: self.certificates.iter().filter(|own| own.logged.is_some()).count(),
            },
            not_checked: self.not_checked().into_iter().map(Step::as_str).collect(),
            not_shown: self.not_shown(),
            certificates: self
                .certificates
                .iter()
                .map(|own| certificate(own, index.get(&own.digest).copied()))
                .collect(),
            problems: self.findings.iter().map(|finding| problem(finding, &index)).collect(),
        }
    }
}

fn certificate(own: &CertificateReport, certificate: Option<&Certificate<'_>>) -> CertificateJson {
    let check = |step: Step| {
        let outcome = own.outcome(step);
        (step.as_str(), CheckJson { outcome: outcome.as_str(), reason: reason(own, step, outcome) })
    };
    CertificateJson {
        digest: own.digest.to_string(),
        id: own.id.urn().to_string(),
        r#type: own.kind.as_str(),
        issuer: own.issuer.to_string(),
        lot: certificate.and_then(Certificate::lot).map(|lot| LotJson {
            number: lot.number.to_string(),
            product: lot.product.to_string(),
            form: lot.form.as_str(),
            made_by: lot.made_by(),
            holder: lot.holder.as_ref().map(|did| did.to_string()),
            net_mass: lot.net_mass.map(|mass| mass.to_string()),
            balance: lot
                .content
                .iter()
                .map(|(element, mg)| (element.symbol(), balance(own, element, mg)))
                .collect(),
        }),
        registered: own.logged.as_ref().map(|logged| RegisteredJson {
            log: logged.log.to_string(),
            index: logged.index.to_string(),
            time: format_time(logged.at),
            cosigned: logged.cosigned,
            witnesses: logged.witnesses,
        }),
        checks: Step::ALL.into_iter().map(check).collect::<BTreeMap<_, _>>(),
    }
}

fn balance(own: &CertificateReport, element: crate::element::Element, content: u64) -> BalanceJson {
    let drawn = own.drawn.get(element);
    BalanceJson {
        content: kilograms(content),
        drawn: kilograms(drawn),
        left: kilograms(content.saturating_sub(drawn)),
        unbacked: kilograms(own.unbacked.get(element)),
    }
}

fn reason(own: &CertificateReport, step: Step, outcome: Outcome) -> Option<&'static str> {
    Some(match (step, outcome) {
        (_, Outcome::Pass) => return None,
        (Step::Registration, Outcome::Unknown) if !own.receipt_asked => {
            "not checked: there is no receipt of it, or the trust file pins no registry"
        }
        (Step::Status, Outcome::Unknown) => "not checked by this version",
        (Step::Authority, Outcome::Unknown) => "there is no trust file",
        (_, Outcome::Skipped) => "it makes no lot, or something it rests on is missing or broken",
        (_, Outcome::Unknown) => "the evidence is not here; see problems",
        (_, Outcome::Warn | Outcome::Fail) => "see problems",
    })
}

fn problem(finding: &Finding, index: &HashMap<Digest, &Certificate<'_>>) -> ProblemJson {
    let lot = finding.certificate.and_then(|digest| index.get(&digest)?.lot());
    ProblemJson {
        code: finding.code.as_str(),
        effect: match finding.code.effect() {
            Effect::Reject => "reject",
            Effect::Undecided => "undecided",
            Effect::Untrusted => "untrusted",
            Effect::Warn => "warn",
        },
        certificate: finding.certificate.map(|digest| digest.to_string()),
        lot: lot.map(|lot| lot.number.to_string()),
        pointer: finding.pointer.clone(),
        title: finding.code.title(),
        text: finding.text.clone(),
        help: finding.code.help(),
    }
}
