//! From a report to its JSON form.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use crate::bundle::Bundle;
use crate::certificate::Certificate;
use crate::decimal::kilograms;
use crate::digest::Digest;
use crate::finding::{Effect, Finding};
use crate::form::Kind;
use crate::portfolio::{PortfolioReport, Problem};
use crate::report::{
    AccreditedBy, CertificateReport, Outcome, Report, Step, Verdict, not_checked, not_shown,
};
use crate::time::format_time;
use crate::wire::{
    AccreditedJson, AttestationsJson, BalanceJson, CertificateJson, CheckJson, ClosedJson, Counts,
    ElementTotalsJson, HeldJson, InputJson, KnownJson, LeftOutJson, LotJson, MovedJson, PortfolioJson,
    ProblemJson, ProfileJson, ProvenanceJson, RegisteredJson, ReportJson, RuleJson, RuleTotalsJson,
    RunCounts, RunJson, StatusAsOf,
};

/// What a program read, as its report names it.
#[derive(Debug, Clone)]
pub struct InputName {
    /// The name that it was given by.
    pub file: String,
    /// The digest of its bytes, if they could be had.
    pub digest: Option<Digest>,
}

/// Several inputs judged in one run.
#[derive(Debug, Clone)]
pub struct Run {
    /// The verdict on the run.
    pub verdict: Verdict,
    /// The time that was asked about.
    pub at: Timestamp,
    /// Whether the registration of everything in every input was checked.
    pub registration_checked: bool,
    /// Whether the status of everything in every input was.
    pub status_checked: bool,
    /// Whether the network was asked first.
    pub online: bool,
    /// How many inputs were verified, rejected, untrusted, undecided.
    pub counts: [usize; 4],
    /// What only all inputs together show: the finding, the lot's number, the inputs concerned.
    pub problems: Vec<(Finding, String, Vec<String>)>,
    /// The reports on the inputs: [`Report::to_json_of`], [`unreadable_json`].
    pub inputs: Vec<serde_json::Value>,
}

impl Report {
    /// The report as JSON, `ytterby.report/1`. `bundle` is the one that was verified.
    pub fn to_json(&self, bundle: &Bundle<'_>) -> serde_json::Value {
        serde_json::to_value(self.to_wire(bundle)).unwrap_or_default()
    }

    /// The same, naming the input.
    pub fn to_json_of(&self, bundle: &Bundle<'_>, input: InputName) -> serde_json::Value {
        let wire = ReportJson { input: Some(input.into()), ..self.to_wire(bundle) };
        serde_json::to_value(wire).unwrap_or_default()
    }

    fn to_wire(&self, bundle: &Bundle<'_>) -> ReportJson {
        let index: HashMap<Digest, &Certificate<'_>> =
            bundle.certificates().iter().map(|c| (c.digest(), c)).collect();
        let warnings = self.findings.iter().filter(|f| f.code.effect() == Effect::Warn).count();
        ReportJson {
            report: "ytterby.report/1",
            input: None,
            unreadable: None,
            verdict: self.verdict().as_str(),
            exit_code: self.verdict().exit_code(),
            at: format_time(self.at),
            network: network(self.online),
            subject: self.subject.iter().map(Digest::to_string).collect(),
            counts: Counts {
                certificates: self.certificates.len(),
                malformed: self.broken,
                problems: self.findings.len() - warnings,
                warnings,
                registered: self.certificates.iter().filter(|own| own.logged.is_some()).count(),
            },
            status_as_of: self.status_known.as_ref().map(|known| StatusAsOf {
                log: known.log.to_string(),
                size: known.size.to_string(),
                time: format_time(known.at),
            }),
            not_checked: self.not_checked().into_iter().map(Step::as_str).collect(),
            not_shown: self.not_shown(),
            certificates: self
                .certificates
                .iter()
                .map(|own| certificate(own, index.get(&own.digest).copied()))
                .collect(),
            provenance: self.provenance.as_ref().map(|provenance| ProvenanceJson {
                lots: provenance.lots.iter().map(ProfileJson::from).collect(),
                transfers: provenance.transfers.iter().map(MovedJson::from).collect(),
            }),
            rules: self.rules.iter().map(RuleJson::from).collect(),
            attestations: AttestationsJson::of(&self.attestations, &index),
            problems: self.findings.iter().map(|finding| problem(finding, &index)).collect(),
        }
    }
}

fn network(asked: bool) -> &'static str {
    if asked { "asked" } else { "none" }
}

/// The report on an input of which nothing can be said, and why.
pub fn unreadable_json(input: InputName, why: &str, at: Timestamp) -> serde_json::Value {
    let report = ReportJson {
        report: "ytterby.report/1",
        input: Some(input.into()),
        unreadable: Some(why.to_owned()),
        verdict: Verdict::Undecided.as_str(),
        exit_code: Verdict::Undecided.exit_code(),
        at: format_time(at),
        network: network(false),
        not_checked: not_checked(false, false).map(Step::as_str).collect(),
        not_shown: not_shown(false, false),
        ..ReportJson::default()
    };
    serde_json::to_value(report).unwrap_or_default()
}

impl Run {
    /// The run as JSON, `ytterby.run/1`.
    pub fn to_json(self) -> serde_json::Value {
        let run = RunJson {
            report: "ytterby.run/1",
            verdict: self.verdict.as_str(),
            exit_code: self.verdict.exit_code(),
            at: format_time(self.at),
            network: network(self.online),
            counts: self.counts(),
            not_checked: self.not_checked(),
            problems: self.problems().collect(),
            inputs: self.inputs,
        };
        serde_json::to_value(run).unwrap_or_default()
    }

    fn counts(&self) -> RunCounts {
        let [verified, rejected, untrusted, undecided] = self.counts;
        RunCounts { inputs: self.counts.iter().sum(), verified, rejected, untrusted, undecided }
    }

    fn not_checked(&self) -> Vec<&'static str> {
        not_checked(self.registration_checked, self.status_checked).map(Step::as_str).collect()
    }

    fn problems(&self) -> impl Iterator<Item = ProblemJson> {
        self.problems.iter().map(|(finding, lot, files)| ProblemJson {
            lot: Some(lot.clone()),
            files: Some(files.clone()),
            ..problem(finding, &HashMap::new())
        })
    }
}

impl PortfolioReport {
    /// The portfolio as JSON, `ytterby.portfolio/1`. `run` is the run over its inputs, whose verdict is theirs alone.
    pub fn to_json(&self, run: &Run) -> serde_json::Value {
        let verdict = self.verdict(run.verdict);
        let shown = |own: &Problem| ProblemJson {
            lot: own.lot.clone(),
            files: (!own.inputs.is_empty()).then(|| own.inputs.clone()),
            ..problem(&own.finding, &HashMap::new())
        };
        let json = PortfolioJson {
            report: "ytterby.portfolio/1",
            verdict: verdict.as_str(),
            exit_code: verdict.exit_code(),
            at: format_time(self.at),
            network: network(run.online),
            counts: run.counts(),
            not_checked: run.not_checked(),
            lots: self.lots.iter().map(|held| HeldJson::of(held, &self.rules)).collect(),
            rules: self.rules.iter().map(RuleTotalsJson::from).collect(),
            together: self.together.iter().map(RuleJson::from).collect(),
            elements: self.elements.iter().map(ElementTotalsJson::from).collect(),
            left_out: self.left_out.iter().map(LeftOutJson::from).collect(),
            problems: run.problems().chain(self.problems.iter().map(shown)).collect(),
        };
        serde_json::to_value(json).unwrap_or_default()
    }
}

impl From<InputName> for InputJson {
    fn from(InputName { file, digest }: InputName) -> Self {
        InputJson { file, digest: digest.map(|digest| digest.to_string()) }
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
            known: KnownJson { size: logged.known.size.to_string(), time: format_time(logged.known.time) },
        }),
        closed: own.closed.as_ref().map(|closed| ClosedJson {
            log: closed.log.to_string(),
            index: closed.index.to_string(),
            time: format_time(closed.at),
            reason: closed.reason.as_str(),
        }),
        accredited: own.accredited.iter().map(|by| accredited(own, by)).collect(),
        checks: Step::ALL.into_iter().map(check).collect::<BTreeMap<_, _>>(),
    }
}

fn accredited(own: &CertificateReport, by: &AccreditedBy) -> AccreditedJson {
    AccreditedJson {
        anchor: by.anchor.clone(),
        key: by.key.to_string(),
        chain: by.chain.iter().map(Digest::to_string).collect(),
        time_by: if own.logged.is_some() { "log" } else { "signature" },
    }
}

fn balance(own: &CertificateReport, element: crate::element::Element, content: u64) -> BalanceJson {
    let drawn = own.drawn.get(element);
    BalanceJson {
        content: kilograms(content),
        drawn: kilograms(drawn),
        left: kilograms(content.saturating_sub(drawn)),
        unbacked: kilograms(own.carried.as_ref().map_or(0, |carried| carried.unbacked.get(element))),
    }
}

fn reason(own: &CertificateReport, step: Step, outcome: Outcome) -> Option<&'static str> {
    Some(match (step, outcome) {
        (_, Outcome::Pass) => return None,
        (_, Outcome::Skipped) if !own.relied_on => match own.kind {
            Kind::Attestation => "not counted: its issuer is not accepted for it",
            _ => "nobody is accepted by it here",
        },
        (Step::Registration, Outcome::Unknown) if !own.receipt_asked => {
            "not checked: there is no receipt of it, or the trust file pins no registry"
        }
        (Step::Status, Outcome::Unknown) if !own.status_asked => {
            "not checked: there is no current list of it, or the trust file pins no registry"
        }
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
        files: None,
    }
}
