//! Who is accredited by whom, from the anchors down. (proto-docs/accreditation.md, "Chains".)
//!
//! Grown from the anchors, so that loops and whoever accredits himself are never reached. A grant is
//! an accreditation with the one way that it was reached by; how many are kept is bounded, and where
//! one was left out, that is known.

use std::collections::{HashMap, HashSet};

use super::{Truth, key_fault};
use crate::accreditation::Accreditation;
use crate::certificate::Certificate;
use crate::check::events::Stands;
use crate::did::Did;
use crate::finding::{Code, Finding};
use crate::key::Multikey;
use crate::trust::{MAX_KEYS, Trust};

/// Longest chain, in accreditations.
pub(super) const MAX_CHAIN: usize = 8;
/// Most ways that one accreditation is reached by: one for each key of an anchor.
const MAX_WAYS: usize = MAX_KEYS;
/// Most grants to one issuer: years of renewals for each of its facilities.
const MAX_GRANTS: usize = 64;

/// An accreditation of a bundle, with what was found out about it.
pub(crate) struct Link<'b> {
    pub(crate) certificate: &'b Certificate<'b>,
    pub(crate) accreditation: &'b Accreditation,
    pub(crate) truth: Truth,
    /// Whether its proof holds: what does not gives nothing.
    pub(crate) sound: bool,
    /// Where its revocation stands, if that was shown.
    pub(crate) revoked: Option<Stands>,
    /// What stands against relying on it. It is a finding once somebody does.
    pub(crate) trouble: Vec<Finding>,
}

/// A link that was reached from an anchor.
pub(super) struct Grant {
    pub(super) link: usize,
    /// The grant by which its giver may accredit; an anchor needs none.
    parent: Option<usize>,
    pub(super) anchor: usize,
    /// The anchor's key that the chain ends at.
    pub(super) root: Multikey,
}

/// Everything that can be reached.
pub(super) struct Graph<'b> {
    pub(super) links: Vec<Link<'b>>,
    pub(super) grants: Vec<Grant>,
    by_issuer: HashMap<&'b Did, Vec<usize>>,
    /// Of a link that was not reached though its giver was: why.
    refused: Vec<Option<(Code, String)>>,
    /// Issuers some of whose grants were left out.
    cut: HashSet<&'b Did>,
}

impl<'b> Graph<'b> {
    pub(super) fn grown(links: Vec<Link<'b>>, trust: &Trust) -> Self {
        let refused = vec![None; links.len()];
        let mut ways = vec![0_usize; links.len()];
        let mut given: HashMap<&Did, Vec<usize>> = HashMap::new();
        for (at, link) in links.iter().enumerate().filter(|(_, link)| link.sound) {
            given.entry(&link.certificate.claims().issuer).or_default().push(at);
        }
        let mut graph =
            Graph { links, grants: Vec::new(), by_issuer: HashMap::new(), refused, cut: HashSet::new() };
        graph.roots(trust, &given, &mut ways);
        let mut next = 0;
        while next < graph.grants.len() {
            graph.behind(next, &given, &mut ways);
            next += 1;
        }
        graph
    }

    /// What the anchors gave themselves.
    fn roots(&mut self, trust: &Trust, given: &HashMap<&'b Did, Vec<usize>>, ways: &mut [usize]) {
        for (anchor, pinned) in trust.anchors.iter().enumerate() {
            for member in &pinned.members {
                for at in given.get(&member.did).into_iter().flatten().copied() {
                    let Some(key) = self.signed_with(at) else { continue };
                    let Some(pin) = member.keys.iter().find(|pin| pin.key == key) else {
                        let text = format!("{} accredited it with a key that is not pinned", member.did);
                        self.refuse(at, Code::AuthorityAnchorKey, text);
                        continue;
                    };
                    match key_fault(&pin.window, &self.links[at].truth) {
                        Some((code, text)) => {
                            self.refuse(at, code, format!("of the anchor {}: {text}", member.did))
                        }
                        None => self.grant(Grant { link: at, parent: None, anchor, root: key }, ways),
                    }
                }
            }
        }
    }

    /// What is given by whoever a grant is for.
    fn behind(&mut self, parent: usize, given: &HashMap<&'b Did, Vec<usize>>, ways: &mut [usize]) {
        let Grant { link, anchor, root, .. } = self.grants[parent];
        let giver = self.links[link].accreditation;
        let Some(children) = given.get(&giver.accredits) else { return };
        let path = self.chain(parent);
        for at in children.iter().copied() {
            let Some(key) = self.signed_with(at) else { continue };
            let child = self.links[at].accreditation;
            if self.is_above(&path, &child.accredits) {
                continue;
            }
            let who = &giver.accredits;
            let fault = if giver.may_accredit.is_none() {
                Some((Code::AuthorityMayNotAccredit, format!("{who} accredited it, and may accredit nobody")))
            } else if let Some(window) = giver.key(&key) {
                key_fault(window, &self.links[at].truth)
                    .map(|(code, text)| (code, format!("of {who}, who accredited it: {text}")))
                    .or_else(|| self.ended(link, at))
            } else {
                Some((
                    Code::AuthorityUnknownKey,
                    format!("{who} accredited it with a key that is not its own"),
                ))
            };
            match fault {
                Some((code, text)) => self.refuse(at, code, text),
                None if path.len() == MAX_CHAIN => _ = self.cut.insert(&child.accredits),
                None => self.grant(Grant { link: at, parent: Some(parent), anchor, root }, ways),
            }
        }
    }

    /// Whose accreditation has ended gives none any more, also not for the past.
    fn ended(&self, giver: usize, child: usize) -> Option<(Code, String)> {
        let claims = self.links[giver].certificate.claims();
        let until = claims.valid_until.filter(|until| self.links[child].truth.at > *until)?;
        let who = &self.links[giver].accreditation.accredits;
        let text =
            format!("{who} accredited it after {}, when it ceased to be accredited itself", show(until));
        Some((Code::AuthorityExpired, text))
    }

    fn grant(&mut self, grant: Grant, ways: &mut [usize]) {
        let issuer = &self.links[grant.link].accreditation.accredits;
        let known = self.by_issuer.entry(issuer).or_default();
        if known.len() == MAX_GRANTS || ways[grant.link] == MAX_WAYS {
            self.cut.insert(issuer);
            return;
        }
        ways[grant.link] += 1;
        known.push(self.grants.len());
        self.grants.push(grant);
    }

    fn refuse(&mut self, link: usize, code: Code, text: String) {
        self.refused[link].get_or_insert((code, text));
    }

    fn signed_with(&self, link: usize) -> Option<Multikey> {
        self.links[link].certificate.proof().key().map(|(_, key)| key)
    }

    /// Whether somebody stands on a chain already: what it would be given comes from itself.
    fn is_above(&self, path: &[usize], did: &Did) -> bool {
        path.iter().any(|at| {
            let link = &self.links[*at];
            link.accreditation.accredits == *did || link.certificate.claims().issuer == *did
        })
    }

    /// The links of a grant, from its own up to the one that an anchor gave: at most [`MAX_CHAIN`].
    pub(super) fn chain(&self, grant: usize) -> Vec<usize> {
        let up = |at: &usize| self.grants[*at].parent;
        std::iter::successors(Some(grant), up).map(|at| self.grants[at].link).collect()
    }

    /// The grants to an issuer.
    pub(super) fn to(&self, issuer: &Did) -> &[usize] {
        self.by_issuer.get(issuer).map_or(&[], Vec::as_slice)
    }

    /// Whether grants to an issuer were left out.
    pub(super) fn is_cut(&self, issuer: &Did) -> bool {
        self.cut.contains(issuer)
    }

    /// Why an accreditation gives nothing, though its giver is known.
    pub(super) fn refusal(&self, link: usize) -> Option<&(Code, String)> {
        self.refused[link].as_ref()
    }

    /// By issuer, the first accreditation that gives nothing though its giver is known.
    pub(super) fn refusals(&self) -> HashMap<&'b Did, (Code, String)> {
        let mut all = HashMap::new();
        for (link, refused) in self.links.iter().zip(&self.refused) {
            if let Some(refused) = refused {
                all.entry(&link.accreditation.accredits).or_insert_with(|| refused.clone());
            }
        }
        all
    }
}

fn show(time: jiff::Timestamp) -> String {
    crate::time::format_time(time)
}
