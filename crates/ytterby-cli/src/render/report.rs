//! A report for people: what was delivered, what was found out about it, what was not.

use std::collections::HashMap;

use ytterby::certificate::Certificate;
use ytterby::did::Did;
use ytterby::finding::Finding;
use ytterby::form::Kind;
use ytterby::lot::{Lot, Making};
use ytterby::report::{CertificateReport, Outcome, Step};
use ytterby::text::printable;
use ytterby::time::format_time;
use ytterby::{Report, Trust, Verdict};

use super::problem::{self, Index};
use super::{accreditation, amount, attested, registration, rules, style, wrap};

/// How many delivered lots get a line of their own.
const MAX_SUBJECTS: usize = 20;

/// What a report is about.
pub(crate) struct Shown<'s, 'a> {
    pub(crate) file: &'s str,
    pub(crate) report: &'s Report,
    pub(crate) trust: &'s Trust,
    pub(crate) index: &'s Index<'s, 'a>,
    /// What accreditors call those whom they accredited.
    pub(crate) names: &'s HashMap<Did, String>,
    pub(crate) verbose: bool,
}

impl Shown<'_, '_> {
    /// The whole block of one input.
    pub(crate) fn block(&self) -> String {
        let mut out = self.headers();
        for (step, text, outcome) in self.rows() {
            let paint = |line: &str| match outcome {
                Outcome::Fail => style::bad(line),
                Outcome::Unknown | Outcome::Skipped | Outcome::Warn => style::doubtful(line),
                Outcome::Pass => line.to_owned(),
            };
            out.push_str(&wrap::hanging(&format!("    {:<14} ", step.as_str()), 19, &text, paint));
        }
        out.push_str(&attested::rows(&self.report.attestations, self.index));
        out.push_str(&rules::rows(&self.report.rules, self.verbose));
        if self.verbose {
            out.push_str(&self.certificates());
        }
        let sentence = format!("not shown by this: {}", self.report.not_shown().join("; "));
        out.push_str(&wrap::hanging("  ", 4, &sentence, style::dim));
        let blocks = problem::blocks(&self.report.findings, self.file, self.index);
        if !blocks.is_empty() {
            out.push('\n');
            out.push_str(&blocks);
        }
        out
    }

    fn headers(&self) -> String {
        let mark = mark(self.report.verdict());
        let subjects = &self.report.subject;
        let mut out = String::new();
        for digest in subjects.iter().take(MAX_SUBJECTS) {
            let line = match self.index.get(digest) {
                Some(certificate) => self.header(certificate),
                None => format!("{digest}   not in the file, or not of sound form"),
            };
            out.push_str(&format!("  {mark} {line}\n"));
        }
        if subjects.len() > MAX_SUBJECTS {
            out.push_str(&format!("  {mark} and {} more lots\n", subjects.len() - MAX_SUBJECTS));
        }
        if subjects.is_empty() {
            out.push_str(&format!("  {mark} {}\n", printable(self.file)));
        }
        out
    }

    fn header(&self, certificate: &Certificate<'_>) -> String {
        let issuer = self.party(&certificate.claims().issuer);
        match certificate.lot() {
            Some(lot) => {
                let number = style::strong(&printable(&lot.number));
                let (product, mass) = (printable(&lot.product), amount::net_mass(lot.net_mass));
                format!("{number}   {product}   {mass}   {issuer}")
            }
            None => format!("{}   {issuer}", certificate.claims().kind),
        }
    }

    /// Number, product, mass and issuer of a delivered lot.
    pub(crate) fn delivered(&self, digest: &ytterby::digest::Digest) -> [String; 4] {
        let Some(certificate) = self.index.get(digest) else {
            return [digest.to_string(), String::new(), String::new(), String::new()];
        };
        let issuer = self.party(&certificate.claims().issuer);
        match certificate.lot() {
            Some(lot) => {
                [printable(&lot.number), printable(&lot.product), amount::net_mass(lot.net_mass), issuer]
            }
            None => [String::new(), certificate.claims().kind.to_string(), String::new(), issuer],
        }
    }

    /// The number of a lot; nothing if it is none.
    pub(crate) fn number(&self, digest: &ytterby::digest::Digest) -> String {
        let lot = self.index.get(digest).and_then(|certificate| certificate.lot());
        lot.map_or_else(String::new, |lot| printable(&lot.number))
    }

    /// The label of a certificate, or its digest if it is not here.
    pub(crate) fn label(&self, digest: &ytterby::digest::Digest) -> String {
        let own = self.index.get(digest);
        own.map_or_else(|| digest.to_string(), |own| own.claims().id.urn().to_string())
    }

    /// A party by the name that the verifier gave it, or else its accreditor, else by its DID.
    pub(crate) fn party(&self, did: &Did) -> String {
        let named = || self.names.get(did).map_or(did.as_str(), String::as_str);
        printable(self.trust.issuer(did).map_or_else(named, |pin| pin.shown()))
    }

    /// Every step: what was found, and the gravest outcome of a certificate.
    pub(crate) fn rows(&self) -> Vec<(Step, String, Outcome)> {
        Step::ALL
            .into_iter()
            .map(|step| {
                // What makes no lot has some steps not at all.
                let asked = self.report.relied_on().filter(|own| is_asked(own, step));
                let outcomes = asked.map(|own| own.outcome(step));
                let mut outcome = outcomes.max().unwrap_or(Outcome::Unknown);
                if step == Step::Authority && self.not_counted() > 0 {
                    outcome = outcome.max(Outcome::Warn);
                }
                let text = match step {
                    Step::Status => registration::status_line(self.report),
                    Step::Registration => registration::line(self.report),
                    _ if self.report.certificates.is_empty() => "nothing to look at".to_owned(),
                    Step::Proof => self.proof(),
                    Step::Lineage => self.lineage(),
                    Step::Content => self.tally(step, "follow from mass, assay and draws"),
                    Step::Conservation => self.conservation(),
                    Step::Custody => self.custody() + &registration::closed(self.report),
                    Step::Authority => self.authority(),
                    Step::Time => {
                        let order = self.tally(step, "possible in time");
                        format!("{order} · as of {}", format_time(self.report.at))
                    }
                };
                (step, text, outcome)
            })
            .collect()
    }

    /// How many certificates have nothing to object to in a step, of those that have the step.
    fn count(&self, step: Step) -> (usize, usize) {
        let outcome = |own: &&CertificateReport| own.outcome(step);
        let asked: Vec<_> = self.report.certificates.iter().filter(|c| is_asked(c, step)).collect();
        let fine = asked.iter().filter(|own| outcome(own) <= Outcome::Warn).count();
        (fine, asked.len())
    }

    fn tally(&self, step: Step, what: &str) -> String {
        let (fine, all) = self.count(step);
        format!("{fine} of {all} {what}")
    }

    fn proof(&self) -> String {
        let (fine, all) = self.count(Step::Proof);
        let broken = match self.report.broken {
            0 => String::new(),
            broken => format!(" · {broken} more break form"),
        };
        let noun = plural(all, "certificate");
        if fine == all {
            return format!("{noun}, {} good{broken}", plural(all, "signature"));
        }
        format!("{noun}, {} of {all} signatures good{broken}", fine)
    }

    fn lineage(&self) -> String {
        let (fine, all) = self.count(Step::Lineage);
        let origins =
            self.report.certificates.iter().filter_map(|own| self.lot(own)).filter(|l| l.is_origin());
        let mut countries: Vec<String> = Vec::new();
        let mut count = 0_usize;
        for lot in origins {
            count += 1;
            if let Making::Origin { mined_in: Some(country), .. } = &lot.making {
                countries.push(country.as_str().to_owned());
            }
        }
        countries.sort();
        countries.dedup();
        let mined =
            if countries.is_empty() { String::new() } else { format!(", mined in {}", countries.join(", ")) };
        let back = format!("back to {}{mined}", plural(count, "origin"));
        if fine == all {
            format!("every link matches its parent's digest · {back}")
        } else {
            format!("{} of {all} certificates miss what they were made from · {back}", all - fine)
        }
    }

    fn conservation(&self) -> String {
        let (fine, all) = self.count(Step::Conservation);
        let subject = self.report.subject.first().and_then(|digest| self.index.get(digest)?.lot());
        let detail = subject.and_then(|lot| drawn(lot, self.report.subject.len())).unwrap_or_default();
        if all == 0 {
            return "there is no lot".to_owned();
        }
        if fine == all {
            return format!("{detail}no step gives more than it took{}", self.bounded());
        }
        let over =
            self.report.certificates.iter().filter(|own| own.outcome(Step::Conservation) == Outcome::Fail);
        match over.count() {
            0 => format!("{detail}{fine} of {all} could be balanced"),
            over => format!("{detail}{over} of {all} do not add up"),
        }
    }

    /// Elements of the delivered lots that, somewhere on the way, only a detection limit stood for.
    fn bounded(&self) -> String {
        let within = |f: &&Finding| f.code == ytterby::finding::Code::ConservationWithinBound;
        let found: Vec<&str> = (self.report.findings.iter().filter(within))
            .filter_map(|finding| finding.pointer.rsplit('/').next())
            .collect();
        let lots = self.report.subject.iter().filter_map(|digest| self.index.get(digest)?.lot());
        let mut held: Vec<&str> = lots.flat_map(|lot| lot.content.iter().map(|(e, _)| e.symbol())).collect();
        held.sort_unstable();
        held.dedup();
        held.retain(|element| found.contains(element));
        match held.is_empty() {
            true => String::new(),
            false => format!(" · {} was only below a limit before", held.join(", ")),
        }
    }

    fn custody(&self) -> String {
        let (fine, all) = self.count(Step::Custody);
        let drew = if all == 0 {
            "there is no lot, and nobody drew on any".to_owned()
        } else if fine == all {
            "every draw was its holder's".to_owned()
        } else {
            let skipped = |own: &&CertificateReport| own.outcome(Step::Custody) == Outcome::Skipped;
            let asked = self.report.certificates.iter().filter(|own| is_asked(own, Step::Custody));
            let unseen = match asked.filter(skipped).count() {
                0 => String::new(),
                unseen => format!(" · {unseen} could not be looked at"),
            };
            format!("{fine} of {all} in order{unseen}")
        };
        let mut holders: Vec<String> = Vec::new();
        for lot in self.report.subject.iter().filter_map(|digest| self.index.get(digest)?.lot()) {
            let holder = match (&lot.holder, &lot.making) {
                (Some(did), _) => self.party(did),
                (None, Making::Transfer { to, .. }) => format!("{} (no DID)", printable(to)),
                (None, _) => "nobody with a DID".to_owned(),
            };
            if !holders.contains(&holder) {
                holders.push(holder);
            }
        }
        let more = if holders.len() > 3 { format!(" and {} more", holders.len() - 3) } else { String::new() };
        holders.truncate(3);
        if holders.is_empty() {
            return drew;
        }
        // Without a holder in the trust file nobody but the reader can tell whether the lot is theirs.
        let yours = match (self.trust.holder.is_empty(), self.report.findings.iter().any(not_yours)) {
            (true, _) => ": is that you? the trust file names no holder",
            (false, true) => ", not by you",
            (false, false) => ", which is you",
        };
        format!("{drew} · held by {}{more}{yours}", holders.join(", "))
    }

    fn authority(&self) -> String {
        let file = if self.trust.name.is_empty() {
            "the trust file".to_owned()
        } else {
            printable(&self.trust.name)
        };
        if self.report.findings.iter().any(|f| f.code == ytterby::finding::Code::AuthorityNoTrustFile) {
            return "there is no trust file: nobody's word is taken".to_owned();
        }
        let others = match self.not_counted() {
            0 => String::new(),
            count => format!(" · {} not counted", plural(count, "attestation")),
        };
        let line = accreditation::line(self.report, &file)
            .unwrap_or_else(|| self.tally(Step::Authority, &format!("accepted by {file}")));
        format!("{line}{others}")
    }

    fn not_counted(&self) -> usize {
        let attestations = self.report.certificates.iter().filter(|own| own.kind == Kind::Attestation);
        attestations.filter(|own| !own.relied_on).count()
    }

    fn certificates(&self) -> String {
        let mut out = String::from("    certificates\n");
        for own in &self.report.certificates {
            let name = self.lot(own).map_or_else(|| own.kind.to_string(), |lot| printable(&lot.number));
            let checks: Vec<String> = Step::ALL
                .into_iter()
                .filter(|step| is_asked(own, *step) && !self.report.not_checked().contains(step))
                .map(|step| format!("{} {}", step.as_str(), own.outcome(step).as_str()))
                .collect();
            out.push_str(&format!("      {}  {name}  {}\n", own.id.urn(), self.party(&own.issuer)));
            let checks = if own.relied_on { checks.join(" · ") } else { "not counted".to_owned() };
            out.push_str(&format!("        {}\n", style::dim(&checks)));
        }
        out
    }

    /// The lot of a certificate.
    pub(crate) fn lot(&self, own: &CertificateReport) -> Option<&Lot> {
        self.index.get(&own.digest)?.lot()
    }

    /// The certificate itself.
    pub(crate) fn certificate(&self, own: &CertificateReport) -> Option<&Certificate<'_>> {
        self.index.get(&own.digest).copied()
    }
}

/// What makes no lot has no content, conservation and custody; of an accreditation by which nobody is
/// accepted only its proof is of interest, and nothing of an attestation that does not count.
fn is_asked(own: &CertificateReport, step: Step) -> bool {
    match step {
        Step::Proof => own.relied_on || own.kind == Kind::Accreditation,
        Step::Content | Step::Conservation | Step::Custody => own.kind.creates_lot(),
        _ => own.relied_on,
    }
}

fn not_yours(finding: &Finding) -> bool {
    finding.code == ytterby::finding::Code::CustodyNotYourLot
}

/// What the delivered lot holds of its main element, and what was drawn for it.
fn drawn(lot: &Lot, lots: usize) -> Option<String> {
    let element = amount::main_element(&lot.content).filter(|_| lots == 1)?;
    let content = ytterby::decimal::kilograms_grouped(lot.content.get(element));
    if lot.is_origin() {
        return Some(format!("{content} kg {element}, an origin · "));
    }
    let drawn = amount::kg(lot.drawn().get(element));
    Some(format!("{content} kg {element} certified, {drawn} drawn for it · "))
}

/// The sign of a verdict.
pub(crate) fn mark(verdict: Verdict) -> String {
    match verdict {
        Verdict::Verified => style::good("✓"),
        Verdict::Rejected => style::bad("✗"),
        Verdict::Untrusted => style::doubtful("!"),
        Verdict::Undecided => style::doubtful("?"),
    }
}

/// A count and its noun.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
