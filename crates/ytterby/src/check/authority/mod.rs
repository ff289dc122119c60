//! May this issuer, with this key, certify this? (proto-docs/verification.md, "Authority", and
//! proto-docs/accreditation.md.)

mod capacity;
mod graph;
mod scope;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::events::Stands;
use super::{Findings, Logged};
use crate::accreditation::{KeyWindow, Scope};
use crate::certificate::{Certificate, Claims};
use crate::did::Did;
use crate::digest::Digest;
use crate::finding::{Code, Finding};
use crate::form::Source;
use crate::key::Multikey;
use crate::lot::Making;
use crate::masses::Masses;
use crate::report::AccreditedBy;
use crate::time::format_time;
use crate::trust::{Anchor, PinnedIssuer, Trust};

use capacity::Outputs;
use graph::Graph;
pub(crate) use graph::Link;
use scope::Giver;

/// When a certificate was made, as far as that can be known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Truth {
    /// When a quorum had witnessed that it was logged; else what its signature says itself.
    pub(crate) at: Timestamp,
    /// Where it was logged.
    pub(crate) logged: Option<Logged>,
}

impl Truth {
    pub(crate) fn of(certificate: &Certificate<'_>, logged: Option<Logged>) -> Self {
        Truth { at: logged.map_or(certificate.proof().created, |logged| logged.at), logged }
    }

    /// Whether it was made after something that happened in a log.
    fn is_after(&self, event: &Stands) -> bool {
        match self.logged {
            Some(logged) if logged.registry == event.registry => event.index < logged.index,
            _ => event.at <= self.at,
        }
    }

    fn shown(&self) -> String {
        let word = if self.logged.is_some() { "logged" } else { "signed, by its own word," };
        format!("{word} {}", format_time(self.at))
    }
}

/// Judges issuers by the trust file, and by the accreditations of a bundle.
pub(crate) struct Authorities<'b> {
    trust: &'b Trust,
    graph: Graph<'b>,
    refusals: HashMap<&'b Did, (Code, String)>,
    /// Links by their digests.
    index: HashMap<Digest, usize>,
    /// Links that something rests on.
    used: Vec<bool>,
    /// Grants whose chains were looked through for what they claim beyond their givers.
    examined: Vec<bool>,
    /// What links that something rests on claim beyond what their givers have.
    beyond: BTreeMap<usize, String>,
    stock: HashMap<Did, Masses>,
    outputs: Outputs,
}

impl<'b> Authorities<'b> {
    pub(crate) fn new(links: Vec<Link<'b>>, trust: &'b Trust) -> Self {
        let used = vec![false; links.len()];
        let index = links.iter().enumerate().map(|(at, link)| (link.certificate.digest(), at)).collect();
        let graph = Graph::grown(links, trust);
        Authorities {
            trust,
            index,
            examined: vec![false; graph.grants.len()],
            refusals: graph.refusals(),
            graph,
            used,
            beyond: BTreeMap::new(),
            stock: HashMap::new(),
            outputs: Outputs::default(),
        }
    }

    /// Judges a certificate of a lot or an attestation; says who accredited its issuer for it. Each is
    /// judged once, in the order of the lineage: limits are counted.
    pub(crate) fn check(
        &mut self,
        certificate: &Certificate<'_>,
        logged: Option<Logged>,
        findings: &mut Findings,
    ) -> Vec<AccreditedBy> {
        let (claims, truth) = (certificate.claims(), Truth::of(certificate, logged));
        // A key under another DID is no key of the issuer: the proof check has said so.
        let key = certificate.proof().key().filter(|(did, _)| *did == claims.issuer.as_str());
        if let Some(issuer) = self.trust.issuer(&claims.issuer) {
            // The verifier's own word: no accreditation widens it.
            if let Some((_, key)) = key {
                check_pinned(claims, key, truth, issuer, findings);
            }
            return Vec::new();
        }
        let key = key.map(|(_, key)| key);
        match self.ways(claims, key, truth) {
            Ok(chosen) => self.rely_on(claims, &chosen, findings),
            Err(faults) => {
                findings.0.extend(faults.0);
                Vec::new()
            }
        }
    }

    /// Judges an accreditation that the bundle is about.
    pub(crate) fn check_accreditation(
        &mut self,
        digest: &Digest,
        findings: &mut Findings,
    ) -> Vec<AccreditedBy> {
        let Some(at) = self.index.get(digest).copied() else { return Vec::new() };
        self.used[at] = true;
        let claims = self.graph.links[at].certificate.claims();
        let ways = self.graph.to(&self.graph.links[at].accreditation.accredits);
        let fitting: Vec<usize> =
            ways.iter().copied().filter(|way| self.graph.grants[*way].link == at).collect();
        match (self.enough(&fitting), self.graph.refusal(at)) {
            (Some(chosen), _) => return self.rely_on(claims, &chosen, findings),
            (None, Some((code, text))) if fitting.is_empty() => {
                findings.add(*code, "/issuer/id", text.clone())
            }
            (None, _) => self.add_unknown(claims, &fitting, findings),
        }
        Vec::new()
    }

    /// The ways by which a certificate is accepted, as many as its anchor asks for; else what is wrong
    /// with the one that comes nearest.
    fn ways(&self, claims: &Claims, key: Option<Multikey>, truth: Truth) -> Result<Vec<usize>, Findings> {
        let mut fitting = Vec::new();
        let mut nearest: Option<(u8, Findings)> = None;
        for way in self.graph.to(&claims.issuer).iter().copied() {
            match self.fit(way, claims, key, truth) {
                Ok(()) => fitting.push(way),
                Err((stage, faults)) if nearest.as_ref().is_none_or(|(best, _)| stage > *best) => {
                    nearest = Some((stage, faults));
                }
                Err(_) => {}
            }
        }
        if let Some(chosen) = self.enough(&fitting) {
            return Ok(chosen);
        }
        let mut faults = Findings::default();
        match nearest.filter(|_| fitting.is_empty()) {
            _ if self.graph.is_cut(&claims.issuer) => {
                let text = "it is accredited in more ways than are looked at, and none of those fits";
                faults.add(Code::LimitAccreditations, "/issuer/id", text);
            }
            Some((_, nearest)) => faults = nearest,
            None => self.add_unknown(claims, &fitting, &mut faults),
        }
        Err(faults)
    }

    /// Why nobody, or not everybody who must, vouches for an issuer.
    fn add_unknown(&self, claims: &Claims, fitting: &[usize], findings: &mut Findings) {
        let issuer = &claims.issuer;
        if let Some(anchor) =
            fitting.first().and_then(|way| self.trust.anchors.get(self.graph.grants[*way].anchor))
        {
            let (have, shown) = (self.roots(fitting).len(), anchor.shown());
            let text =
                format!("{have} of the keys of {shown} accredited it for this, {} are needed", anchor.need);
            return findings.add(Code::AuthorityThreshold, "/issuer/id", text);
        }
        if let Some((code, text)) = self.refusals.get(issuer) {
            return findings.add(*code, "/issuer/id", text.clone());
        }
        let nor = if self.trust.anchors.is_empty() { "" } else { ", and no anchor of it accredited it here" };
        findings.add(
            Code::AuthorityUnknownIssuer,
            "/issuer/id",
            format!("{issuer} is not in the trust file{nor}"),
        );
    }

    /// The different keys that some ways end at.
    fn roots(&self, ways: &[usize]) -> Vec<Multikey> {
        let mut roots: Vec<_> = ways.iter().map(|way| self.graph.grants[*way].root).collect();
        roots.sort_unstable();
        roots.dedup();
        roots
    }

    /// As many of some ways as an anchor asks for, each ending at another of its keys; those against
    /// which nothing stands are taken first.
    fn enough(&self, ways: &[usize]) -> Option<Vec<usize>> {
        let clean =
            |way: &usize| self.graph.chain(*way).iter().all(|at| self.graph.links[*at].trouble.is_empty());
        let (clean, rest): (Vec<usize>, Vec<usize>) = ways.iter().partition(|way| clean(way));
        let all: Vec<usize> = clean.iter().chain(&rest).copied().collect();
        for preferred in [&clean, &all] {
            for (number, anchor) in self.trust.anchors.iter().enumerate() {
                let mut chosen: Vec<usize> = Vec::new();
                for way in preferred.iter().copied().filter(|way| self.graph.grants[*way].anchor == number) {
                    let root = self.graph.grants[way].root;
                    if chosen.len() < anchor.need
                        && !chosen.iter().any(|own| self.graph.grants[*own].root == root)
                    {
                        chosen.push(way);
                    }
                }
                if chosen.len() == anchor.need {
                    return Some(chosen);
                }
            }
        }
        None
    }

    /// Whether a certificate is what a grant is for; else how far it came, and what is wrong then.
    fn fit(
        &self,
        way: usize,
        claims: &Claims,
        key: Option<Multikey>,
        truth: Truth,
    ) -> Result<(), (u8, Findings)> {
        let chain = self.graph.chain(way);
        let Some((first, above)) = chain.split_first() else { return Ok(()) };
        let (own, issuer) = (&self.graph.links[*first], &claims.issuer);
        let one = |stage: u8, code: Code, pointer: &str, text: String| {
            let mut faults = Findings::default();
            faults.add(code, pointer, text);
            Err((stage, faults))
        };
        const METHOD: &str = "/proof/verificationMethod";
        let Some(window) = key.and_then(|key| own.accreditation.key(&key)) else {
            return one(
                0,
                Code::AuthorityUnknownKey,
                METHOD,
                format!("{issuer} is accredited with other keys"),
            );
        };
        if let Some((code, text)) = key_fault(window, &truth) {
            return one(1, code, METHOD, text);
        }
        if let Some((code, text)) = chain.iter().find_map(|at| self.out_of_time(*at, truth)) {
            return one(2, code, "/issuer/id", text);
        }
        if let Some(text) = self.revoked(&chain, truth) {
            return one(3, Code::AuthorityRevoked, "/issuer/id", text);
        }
        let Some(certify) = &own.accreditation.may_certify else {
            return one(
                4,
                Code::AuthorityStep,
                "",
                format!("{issuer} may accredit, and certify nothing itself"),
            );
        };
        let none = Masses::default();
        let giver = Giver { who: issuer.as_str(), truth, stock: self.stock.get(issuer).unwrap_or(&none) };
        let mut faults = Findings::default();
        scope::check(claims, certify, &giver, &mut faults);
        for at in above {
            // What is wrong by several scopes is one fault.
            let mut more = Findings::default();
            if let Some(scope) = &self.graph.links[*at].accreditation.may_accredit {
                scope::check(claims, scope, &giver, &mut more);
            }
            more.0.retain(|fault| {
                !faults.0.iter().any(|said| (said.code, &said.pointer) == (fault.code, &fault.pointer))
            });
            faults.0.extend(more.0);
        }
        if faults.0.is_empty() { Ok(()) } else { Err((5, faults)) }
    }

    /// Whether a link was in force when something was made.
    fn out_of_time(&self, link: usize, truth: Truth) -> Option<(Code, String)> {
        let link = &self.graph.links[link];
        let claims = link.certificate.claims();
        let (who, when) = (&link.accreditation.accredits, truth.shown());
        if truth.at < claims.valid_from {
            let text = format!("{when}, {who} is accredited from {}", format_time(claims.valid_from));
            return Some((Code::AuthorityNotYetValid, text));
        }
        let until = claims.valid_until.filter(|until| truth.at > *until)?;
        Some((Code::AuthorityExpired, format!("{when}, {who} was accredited until {}", format_time(until))))
    }

    /// Whether a link was revoked before something that rests on it was made: the certificate, or the
    /// next accreditation.
    fn revoked(&self, chain: &[usize], truth: Truth) -> Option<String> {
        let mut below = truth;
        for at in chain {
            let link = &self.graph.links[*at];
            if let Some(event) = link.revoked.filter(|event| truth.is_after(event) || below.is_after(event)) {
                let who = &link.accreditation.accredits;
                return Some(format!("the accreditation of {who} was revoked by {}", format_time(event.at)));
            }
            below = link.truth;
        }
        None
    }

    /// Notes what rests on some ways, and counts a lot against their limits.
    fn rely_on(&mut self, claims: &Claims, ways: &[usize], findings: &mut Findings) -> Vec<AccreditedBy> {
        let mut by = Vec::with_capacity(ways.len());
        let mut scopes: Vec<&Scope> = Vec::new();
        for way in ways.iter().copied() {
            let chain = self.graph.chain(way);
            if !std::mem::replace(&mut self.examined[way], true) {
                self.examine(&chain);
            }
            for (number, at) in chain.iter().enumerate() {
                let own = self.graph.links[*at].accreditation;
                scopes.extend(if number == 0 { &own.may_certify } else { &own.may_accredit });
                self.used[*at] = true;
            }
            let grant = &self.graph.grants[way];
            by.push(AccreditedBy {
                anchor: self.trust.anchors.get(grant.anchor).map(Anchor::shown).unwrap_or_default(),
                key: grant.root,
                chain: chain.iter().map(|at| self.graph.links[*at].certificate.digest()).collect(),
            });
        }
        self.outputs.count(claims, scopes.into_iter(), findings);
        if let Some(lot) = claims.lot()
            && matches!(lot.making, Making::Origin { source: Source::OpeningStock, .. })
        {
            self.stock.entry(claims.issuer.clone()).or_default().add_all(&lot.content);
        }
        by
    }

    /// Notes what the links of a chain claim beyond what their givers have.
    fn examine(&mut self, chain: &[usize]) {
        for pair in chain.windows(2) {
            let [own, giver] = [pair[0], pair[1]].map(|at| self.graph.links[at].accreditation);
            let Some(giver) = &giver.may_accredit else { continue };
            let claimed = own.may_certify.iter().chain(&own.may_accredit);
            let mut beyond: Vec<String> = claimed.flat_map(|own| scope::excess(own, giver)).collect();
            beyond.dedup();
            if !beyond.is_empty() {
                self.beyond.insert(pair[0], beyond.join("; "));
            }
        }
    }

    /// The accreditations that something rests on, and what is to be said of them.
    pub(crate) fn relied_on(self) -> Vec<(Digest, Vec<Finding>)> {
        let Authorities { graph, used, beyond, .. } = self;
        let mut all = Vec::new();
        for (at, link) in graph.links.into_iter().enumerate().filter(|(at, _)| used[*at]) {
            let digest = link.certificate.digest();
            let mut findings = link.trouble;
            if let Some(claimed) = beyond.get(&at) {
                let text = format!("it gives more than its giver may: {claimed}");
                let finding = Finding::new(Code::AuthorityDelegation, text).at("/credentialSubject");
                findings.push(finding.about(digest));
            }
            all.push((digest, findings));
        }
        all
    }
}

fn check_pinned(
    claims: &Claims,
    key: Multikey,
    truth: Truth,
    issuer: &PinnedIssuer,
    findings: &mut Findings,
) {
    if !issuer.keys.contains(&key) {
        let text = format!("the trust file pins other keys for {}", claims.issuer);
        return findings.add(Code::AuthorityUnknownKey, "/proof/verificationMethod", text);
    }
    let giver = Giver { who: issuer.shown(), truth, stock: &Masses::default() };
    scope::check(claims, &issuer.scope, &giver, findings);
}

/// The scope of an issuer as a registry has it, for what is issued at a time.
pub(crate) fn check_scope(claims: &Claims, issuer: &PinnedIssuer, at: Timestamp, findings: &mut Findings) {
    let giver = Giver { who: issuer.shown(), truth: Truth { at, logged: None }, stock: &Masses::default() };
    scope::check(claims, &issuer.scope, &giver, findings);
}

/// Why a key was not good when something was made. What is shown by no witness may be of any time, so
/// nothing of it counts once the key was compromised.
fn key_fault(window: &KeyWindow, truth: &Truth) -> Option<(Code, String)> {
    let (at, when) = (truth.at, truth.shown());
    if let Some(since) = window.compromised.filter(|since| truth.logged.is_none() || at >= *since) {
        let text = format!("{when}, the key is compromised since {}", format_time(since));
        return Some((Code::AuthorityKeyCompromised, text));
    }
    if let Some(since) = window.retired.filter(|since| at >= *since) {
        return Some((
            Code::AuthorityKeyRetired,
            format!("{when}, the key was retired {}", format_time(since)),
        ));
    }
    if let Some(from) = window.from.filter(|from| at < *from) {
        return Some((
            Code::AuthorityNotYetValid,
            format!("{when}, the key is good from {}", format_time(from)),
        ));
    }
    let until = window.until.filter(|until| at > *until)?;
    Some((Code::AuthorityExpired, format!("{when}, the key was good until {}", format_time(until))))
}
