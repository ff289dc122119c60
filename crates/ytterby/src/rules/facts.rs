//! The facts that rules are asked of: everything they may see, and nothing else.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::assay::{Actinide, ActinideAmount, Amount, Assay};
use crate::bundle::Bundle;
use crate::certificate::Certificate;
use crate::decimal::Percent;
use crate::did::Did;
use crate::digest::Digest;
use crate::element::Element;
use crate::form::{AttestationKind, Form};
use crate::lot::{Authorisation, Lot, Making};
use crate::masses::Masses;
use crate::profile::{Moved, Profile};
use crate::report::Report;
use crate::rules::Screening;
use crate::statement::{Statement, attestation};
use crate::text::words;
use crate::wire::Country;

/// The facts about one lot, as a verified bundle has them.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The lot.
    pub lot: Option<Digest>,
    /// The number on its label.
    pub number: String,
    /// Its form.
    pub form: Option<Form>,
    /// What it holds.
    pub content: Masses,
    /// What its assay gives a limit for.
    pub limits: Vec<(Element, Percent)>,
    /// Where its metal comes from; `None` where that would have taken too much work.
    pub profile: Option<Profile>,
    /// Every transfer on the way, its own included.
    pub exports: Arc<[Export]>,
    /// Everybody who is named on the way.
    pub parties: Arc<Parties>,
    /// What third parties say of lots on the way.
    pub attestations: Arc<[Attested]>,
    /// Thorium and uranium of its assay.
    pub actinides: Vec<(Actinide, ActinideAmount)>,
    /// What certificates on its way leave out that certificates of this trade state.
    pub gaps: Arc<[String]>,
    /// What its own leaves out.
    pub own_gaps: Vec<String>,
    /// Lists of parties that somebody asked to screen against.
    pub screening: Arc<[Screening]>,
}

/// A transfer, as export control looks at it.
#[derive(Debug, Clone, Default)]
pub struct Export {
    /// The number of the lot that was moved.
    pub number: String,
    /// The country it left, if that is known.
    pub from: Option<Country>,
    /// The country it went to.
    pub to: Option<Country>,
    /// The day it left.
    pub dispatched: Option<Date>,
    /// Who sent it.
    pub exporter: Party,
    /// Who will use it.
    pub end_user: Option<Party>,
    /// What for.
    pub end_use: Option<String>,
    /// What it held.
    pub content: Masses,
    /// What it was.
    pub form: Option<Form>,
    /// What allowed it.
    pub authorisations: Vec<Authorisation>,
}

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Party {
    /// The DID, if there is one.
    pub did: Option<String>,
    /// The name, if there is one.
    pub name: Option<String>,
}

/// Everybody who is named, once each, to be found by the words of a name.
#[derive(Debug, Clone, Default)]
pub struct Parties {
    all: Vec<Party>,
    by_words: HashMap<String, usize>,
}

/// What a third party says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attested {
    /// What it is.
    pub kind: AttestationKind,
    /// Under which scheme.
    pub scheme: Option<String>,
    /// Who says it.
    pub issuer: String,
    /// Whether the trust file accepts that.
    pub is_accepted: bool,
    /// Whether it is the word of somebody who made or moved the metal.
    pub is_self_declared: bool,
    /// From when it holds.
    pub from: Timestamp,
    /// Until when; for good, where nothing is said.
    pub until: Option<Timestamp>,
}

impl From<Vec<Party>> for Parties {
    fn from(all: Vec<Party>) -> Self {
        let mut by_words = HashMap::new();
        for (at, party) in all.iter().enumerate() {
            for name in party.did.iter().chain(&party.name) {
                by_words.entry(words(name)).or_insert(at);
            }
        }
        Parties { all, by_words }
    }
}

impl Parties {
    /// Everybody, in the order of the certificates.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Party> {
        self.all.iter()
    }

    /// The first whose name or DID has these words.
    pub(super) fn first(&self, names: impl Iterator<Item = impl AsRef<str>>) -> Option<&Party> {
        let places = names.filter_map(|name| self.by_words.get(name.as_ref()));
        places.min().and_then(|at| self.all.get(*at))
    }
}

impl Facts {
    /// What a portfolio is asked of: nothing that only questions about one lot look at.
    pub(crate) fn for_portfolio(self) -> Facts {
        let Facts { lot, number, form, content, limits, profile, exports, .. } = self;
        Facts { lot, number, form, content, limits, profile, exports, ..Facts::default() }
    }

    /// The facts about every lot that a bundle is about, from the report on it.
    pub fn of(bundle: &Bundle<'_>, report: &Report, screening: &[Screening]) -> Vec<Facts> {
        let index: Index<'_, '_> = bundle.certificates().iter().map(|c| (c.digest(), c)).collect();
        let exports: Arc<[Export]> = (report.provenance.iter().flat_map(|all| &all.transfers))
            .filter_map(|moved| Export::of(moved, index.get(&moved.certificate)?))
            .collect();
        let parties = Arc::new(Parties::from(parties(bundle, &exports)));
        let attestations: Arc<[Attested]> = attestations(report, &index).into();
        let gaps: Arc<[String]> = gaps(bundle).into();
        let screening: Arc<[Screening]> = screening.into();
        let facts = |certificate: &&Certificate<'_>| {
            let lot = certificate.lot()?;
            let assay = assay_behind(lot, &index);
            let profiles = report.provenance.iter().flat_map(|all| &all.lots);
            Some(Facts {
                lot: Some(certificate.digest()),
                number: lot.number.to_string(),
                form: Some(lot.form),
                content: lot.content.clone(),
                limits: assay.map(limits).unwrap_or_default(),
                profile: profiles.clone().find(|own| own.lot == certificate.digest()).cloned(),
                exports: exports.clone(),
                parties: parties.clone(),
                attestations: attestations.clone(),
                actinides: assay.map(|assay| assay.actinides.to_vec()).unwrap_or_default(),
                gaps: gaps.clone(),
                own_gaps: own_gaps(lot),
                screening: screening.clone(),
            })
        };
        report.subject.iter().filter_map(|digest| index.get(digest)).filter_map(facts).collect()
    }
}

type Index<'i, 'a> = HashMap<Digest, &'i Certificate<'a>>;

impl Export {
    fn of(moved: &Moved, certificate: &Certificate<'_>) -> Option<Self> {
        let lot = certificate.lot()?;
        let Making::Transfer { control, .. } = &lot.making else { return None };
        let claims = certificate.claims();
        let text = |own: &Option<Box<str>>| own.as_ref().map(|text| text.to_string());
        let end_user =
            Party { did: control.end_user_did.as_ref().map(Did::to_string), name: text(&control.end_user) };
        Some(Export {
            number: lot.number.to_string(),
            from: moved.from,
            to: Some(moved.to),
            dispatched: Some(lot.period.0),
            exporter: Party { did: Some(claims.issuer.to_string()), name: text(&claims.issuer_name) },
            end_user: (end_user != Party::default()).then_some(end_user),
            end_use: text(&control.end_use),
            content: lot.content.clone(),
            form: Some(lot.form),
            authorisations: control.authorisations.to_vec(),
        })
    }
}

/// The assay of a lot, or of the one it was split from.
fn assay_behind<'i>(lot: &'i Lot, index: &Index<'i, '_>) -> Option<&'i Assay> {
    let mut lot = lot;
    // A lineage has no cycle: it is linked by digests.
    loop {
        if let Some(assay) = lot.assay.as_deref() {
            return Some(assay);
        }
        let [input] = lot.inputs.as_ref() else { return None };
        lot = index.get(&input.digest)?.lot().filter(|_| lot.is_split())?;
    }
}

fn limits(assay: &Assay) -> Vec<(Element, Percent)> {
    let limit = |row: &crate::assay::Row| match row.amount {
        Amount::Below(percent) => Some((row.element, percent)),
        Amount::Percent(_) => None,
    };
    assay.rows.iter().filter_map(limit).collect()
}

fn parties(bundle: &Bundle<'_>, exports: &[Export]) -> Vec<Party> {
    let mut all: Vec<Party> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let mut add = |party: Party| {
        if seen.insert((party.did.clone(), party.name.clone())) {
            all.push(party);
        }
    };
    for certificate in bundle.certificates() {
        let claims = certificate.claims();
        let name = claims.issuer_name.as_ref().map(|name| name.to_string());
        add(Party { did: Some(claims.issuer.to_string()), name });
        let Some(lot) = certificate.lot() else { continue };
        let to = match &lot.making {
            Making::Transfer { to, .. } => Some(to.to_string()),
            _ => None,
        };
        if to.is_some() || lot.holder.is_some() {
            add(Party { did: lot.holder.as_ref().map(Did::to_string), name: to });
        }
        if let Some(facility) = &lot.facility {
            add(Party { did: Some(facility.id.to_string()), name: Some(facility.name.to_string()) });
        }
    }
    exports.iter().filter_map(|export| export.end_user.clone()).for_each(&mut add);
    all
}

/// What is attested of lots and facilities on the way: of others anybody may show anything. One that was revoked is as
/// if it had not been said.
fn attestations(report: &Report, index: &Index<'_, '_>) -> Vec<Attested> {
    let way = way(report, index);
    let facilities: HashSet<&str> = (way.iter())
        .filter_map(|digest| index.get(digest)?.lot()?.facility.as_ref())
        .map(|facility| &*facility.id)
        .collect();
    let attested = |own: &Statement| {
        let claims = index.get(&own.certificate)?.claims();
        let said = attestation(claims)?;
        let of_lot = said.lots.iter().any(|(_, digest)| way.contains(digest));
        let of_facility = said.facility.as_deref().is_some_and(|id| facilities.contains(id));
        (of_lot || of_facility).then(|| Attested {
            kind: said.kind,
            scheme: said.scheme.as_ref().map(|scheme| scheme.to_string()),
            issuer: claims.issuer.to_string(),
            is_accepted: own.is_accepted,
            is_self_declared: own.is_self_declared,
            from: claims.valid_from,
            until: claims.valid_until,
        })
    };
    report.attestations.iter().filter(|own| own.is_sound).filter_map(attested).collect()
}

/// The lots that the bundle is about, and all that are behind them.
fn way(report: &Report, index: &Index<'_, '_>) -> HashSet<Digest> {
    let mut way: HashSet<Digest> = report.subject.iter().copied().collect();
    let mut open: Vec<Digest> = way.iter().copied().collect();
    while let Some(digest) = open.pop() {
        let lot = index.get(&digest).and_then(|certificate| certificate.lot());
        for input in lot.iter().flat_map(|lot| &lot.inputs) {
            if way.insert(input.digest) {
                open.push(input.digest);
            }
        }
    }
    way
}

/// What certificates on the way leave out.
fn gaps(bundle: &Bundle<'_>) -> Vec<String> {
    let mut gaps = Vec::new();
    for lot in bundle.certificates().iter().filter_map(Certificate::lot) {
        if let Making::Origin { mined_in: None, collected_in: None, .. } = &lot.making {
            gaps.push(format!("origin {} names no country", lot.number));
        }
        if let Making::Transfer { to, .. } = &lot.making
            && lot.holder.is_none()
        {
            gaps.push(format!("{} went to {to}, who has no DID", lot.number));
        }
    }
    gaps
}

/// What a lot's own certificate leaves out.
fn own_gaps(lot: &Lot) -> Vec<String> {
    let mut gaps = Vec::new();
    if lot.net_mass.is_none() {
        gaps.push(format!("{} was not weighed", lot.number));
    }
    if lot.hs_codes.is_empty() {
        gaps.push(format!("{} has no tariff code", lot.number));
    }
    gaps
}
