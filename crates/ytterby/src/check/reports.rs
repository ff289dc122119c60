//! Do laboratory reports agree with the lots they are about, and is each about one lot?
//! (proto-docs/attestations.md, "Reports" and "One report under two lots".)

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use super::conservation::class_of;
use super::subject;
use crate::assay::{Amount, Assay};
use crate::bundle::Bundle;
use crate::certificate::Certificate;
use crate::decimal::kilograms;
use crate::digest::Digest;
use crate::element::Element;
use crate::finding::{Code, Finding};
use crate::form::AssayPurpose;
use crate::lineage::Lineage;
use crate::lot::Lot;
use crate::report::Report;
use crate::statement::{Statement, attestation};
use crate::text::words;

/// A laboratory's report that counts and is valid, and the lots it is about, by position.
struct Lab<'b> {
    rank: Rank,
    assay: &'b Assay,
    lots: Vec<u32>,
    keys: Vec<Key>,
}

/// Which of several reports stands: the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    is_third_party: bool,
    purpose: AssayPurpose,
    from: Timestamp,
    certificate: Digest,
}

/// What makes two mentions of a report one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Attestation(Digest),
    Document(Digest),
    Number(String, String),
}

/// Each lot's first lot: of the same goods, and of the same goods with the same assay.
struct Roots {
    goods: Vec<u32>,
    material: Vec<u32>,
}

/// Checks the reports of a bundle, and says of each that is superseded by which.
pub(crate) fn check(bundle: &Bundle<'_>, lineage: &Lineage, report: &mut Report) {
    let roots = Roots::of(bundle, lineage);
    let labs = labs(bundle, lineage, &report.attestations);
    let mut found = reused(bundle, lineage, &roots, &labs);
    let mut groups: BTreeMap<u32, Vec<&Lab<'_>>> = BTreeMap::new();
    for lab in &labs {
        let materials: BTreeSet<u32> = lab.lots.iter().map(|at| roots.material[*at as usize]).collect();
        materials.into_iter().for_each(|root| groups.entry(root).or_default().push(lab));
    }
    let subjects: HashSet<Digest> = report.subject.iter().copied().collect();
    let mut delivered: HashMap<u32, Vec<u32>> = HashMap::new();
    for at in subjects.iter().filter_map(|digest| lineage.index.get(digest)) {
        delivered.entry(roots.material[*at as usize]).or_default().push(*at);
    }
    let mut superseded: HashMap<Digest, Digest> = HashMap::new();
    for (root, labs) in groups {
        let Some(standing) = labs.iter().max_by_key(|lab| lab.rank) else { continue };
        for lab in labs.iter().filter(|lab| lab.rank < standing.rank) {
            superseded.insert(lab.rank.certificate, standing.rank.certificate);
        }
        found.extend(disagreement(&bundle.certificates[root as usize], standing, &labs));
        let lots = delivered.get(&root).map_or(&[][..], Vec::as_slice);
        found.extend(contradictions(bundle, root, lots, standing));
    }
    for own in &mut report.attestations {
        own.superseded_by = superseded.get(&own.certificate).copied();
    }
    report.findings.extend(found);
}

impl Roots {
    fn of(bundle: &Bundle<'_>, lineage: &Lineage) -> Self {
        let itself: Vec<u32> = (0..).take(bundle.certificates.len()).collect();
        let mut roots = Roots { goods: itself.clone(), material: itself };
        for position in &lineage.order {
            let at = *position as usize;
            let Some(lot) = bundle.certificates[at].lot() else { continue };
            let (true, [input]) = (lot.is_split() || lot.corrects().is_some(), &*lot.inputs) else {
                continue;
            };
            let Some(parent) = lineage.index.get(&input.digest).map(|parent| *parent as usize) else {
                continue;
            };
            let Some(whole) = bundle.certificates[parent].lot() else { continue };
            roots.goods[at] = roots.goods[parent];
            // A part in proportion may leave the assay out; what is left and unlike the whole has to.
            let is_part = lot.assay.is_none() && lot.is_split() && !input.rest;
            if is_part || lot.assay == whole.assay {
                roots.material[at] = roots.material[parent];
            }
        }
        roots
    }
}

fn labs<'b>(bundle: &'b Bundle<'_>, lineage: &Lineage, statements: &[Statement]) -> Vec<Lab<'b>> {
    let mut named: HashMap<Digest, Vec<u32>> = HashMap::new();
    for (at, certificate) in (0..).zip(&bundle.certificates) {
        if let Some(digest) =
            certificate.lot().and_then(|lot| lot.assay.as_ref()?.report.as_ref()?.attestation)
        {
            named.entry(digest).or_default().push(at);
        }
    }
    let lab = |own: &Statement| {
        let certificate = &bundle.certificates[*lineage.index.get(&own.certificate)? as usize];
        let claims = certificate.claims();
        let said = attestation(claims)?;
        let assay = said.assay.as_deref()?;
        let is_lot = |at: &u32| bundle.certificates[*at as usize].lot().is_some();
        let listed = said.lots.iter().filter_map(|(_, digest)| lineage.index.get(digest).copied());
        let lots = listed.filter(is_lot).chain(named.remove(&own.certificate).unwrap_or_default());
        let issuer = claims.issuer_name.as_deref().unwrap_or(claims.issuer.as_str());
        let documents = said.documents.iter().map(|digest| Key::Document(*digest));
        Some(Lab {
            rank: Rank {
                is_third_party: !own.is_self_declared,
                purpose: said.purpose?,
                from: claims.valid_from,
                certificate: own.certificate,
            },
            assay,
            lots: lots.collect(),
            keys: documents.chain(number(assay, issuer)).chain([Key::Attestation(own.certificate)]).collect(),
        })
    };
    statements.iter().filter(|own| own.is_counted() && own.is_valid).filter_map(lab).collect()
}

/// The report of an assay by its number; the laboratory is the issuer where none is named.
fn number(assay: &Assay, issuer: &str) -> Option<Key> {
    let report = assay.report.as_ref()?;
    let laboratory = report.laboratory.as_deref().unwrap_or(issuer);
    Some(Key::Number(words(laboratory), report.number.as_deref()?.to_owned()))
}

/// Reports under lots that are not of the same goods.
fn reused(bundle: &Bundle<'_>, lineage: &Lineage, roots: &Roots, labs: &[Lab<'_>]) -> Vec<Finding> {
    let mut mentions: BTreeMap<Key, Vec<u32>> = BTreeMap::new();
    for position in &lineage.order {
        let certificate = &bundle.certificates[*position as usize];
        let Some(assay) = certificate.lot().and_then(|lot| lot.assay.as_deref()) else { continue };
        let named = assay.report.as_ref().and_then(|report| report.attestation).map(Key::Attestation);
        let own = number(assay, certificate.claims().issuer.as_str());
        named.into_iter().chain(own).for_each(|key| mentions.entry(key).or_default().push(*position));
    }
    for (lab, key) in labs.iter().flat_map(|lab| lab.keys.iter().map(move |key| (lab, key))) {
        mentions.entry(key.clone()).or_default().extend(&lab.lots);
    }
    let mut said = HashSet::new();
    let mut found = Vec::new();
    for (key, lots) in mentions {
        let mut goods: BTreeMap<u32, u32> = BTreeMap::new();
        for at in lots {
            let first = goods.entry(roots.goods[at as usize]).or_insert(at);
            *first = at.min(*first);
        }
        let lots: Vec<u32> = goods.into_values().collect();
        if lots.len() > 1 && said.insert(lots.clone()) {
            found.extend(reuse(&key, &lots, bundle));
        }
    }
    found
}

fn reuse(key: &Key, lots: &[u32], bundle: &Bundle<'_>) -> Option<Finding> {
    let certificates = || lots.iter().map(|at| &bundle.certificates[*at as usize]);
    let numbers: Vec<&str> = certificates().filter_map(|own| Some(&*own.lot()?.number)).collect();
    let report = match key {
        Key::Attestation(digest) => format!("the report {digest}"),
        Key::Document(digest) => format!("a report with the document {digest}"),
        Key::Number(laboratory, number) => format!("report {number} of {laboratory}"),
    };
    let text = format!("{report} stands under {}", numbers.join(" and "));
    let last = certificates().next_back()?;
    Some(Finding::new(Code::ContentReportReused, text).at(subject("assay")).about(last.digest()))
}

/// What is over in the lots that were delivered, or else in the first lot of the material.
fn contradictions(bundle: &Bundle<'_>, root: u32, delivered: &[u32], standing: &Lab<'_>) -> Vec<Finding> {
    let counts = standing.rank.is_third_party && standing.rank.purpose >= AssayPurpose::Final;
    let finding = |at: u32, code| {
        let certificate = &bundle.certificates[at as usize];
        let (element, certified, shown) = over(certificate.lot()?, standing.assay)?;
        let text = format!(
            "{} kg {element} certified, {} kg by the {} report {}",
            kilograms(certified),
            kilograms(shown),
            standing.rank.purpose,
            standing.rank.certificate,
        );
        let pointer = subject(&format!("content/{element}"));
        Some(Finding::new(code, text).at(pointer).about(certificate.digest()))
    };
    let grave = delivered.iter().filter(|_| counts);
    let mut found: Vec<_> = grave.filter_map(|at| finding(*at, Code::ContentContradictedByReport)).collect();
    if found.is_empty() {
        found.extend(finding(root, Code::ContentReportDiffers));
    }
    found
}

/// The first element of which a lot certifies more than a report shows, with both amounts, milligrams.
fn over(lot: &Lot, assay: &Assay) -> Option<(Element, u64, u64)> {
    let net_mass = lot.net_mass?;
    assay.rows.iter().find_map(|row| {
        let shown = assay.content(net_mass, row)?.mg();
        let certified = lot.content.get(row.element);
        exceeds(certified, shown, net_mass.mg()).then_some((row.element, certified, shown))
    })
}

/// Whether an amount is more than another by more than two laboratories differ.
fn exceeds(amount: u64, other: u64, net_mass: u64) -> bool {
    let most = 1_000_000 + u128::from(class_of(other, net_mass));
    u128::from(amount.saturating_sub(2)) * 1_000_000 > u128::from(other) * most
}

/// Another report of the same party and purpose that gives another amount than the standing one.
fn disagreement(first: &Certificate<'_>, standing: &Lab<'_>, labs: &[&Lab<'_>]) -> Option<Finding> {
    let net_mass = first.lot()?.net_mass?;
    let is_peer = |lab: &&&Lab<'_>| {
        lab.rank != standing.rank
            && (lab.rank.is_third_party, lab.rank.purpose)
                == (standing.rank.is_third_party, standing.rank.purpose)
    };
    let differs = |lab: &&Lab<'_>| {
        let both = standing.assay.rows.iter().filter_map(|row| {
            let other = lab.assay.rows.iter().find(|other| other.element == row.element)?;
            let is_amount = |row: &crate::assay::Row| matches!(row.amount, Amount::Percent(_));
            let amounts =
                (standing.assay.content(net_mass, row)?.mg(), lab.assay.content(net_mass, other)?.mg());
            (is_amount(row) && is_amount(other)).then_some((row.element, amounts))
        });
        both.into_iter().find(|(_, (a, b))| exceeds(*a.max(b), *a.min(b), net_mass.mg()))
    };
    let peers = labs.iter().filter(is_peer);
    let (other, (element, amounts)) = peers.filter_map(|lab| Some((lab, differs(lab)?))).next()?;
    let text = format!(
        "{} kg {element} by the {} report {}, {} kg by {}",
        kilograms(amounts.0),
        standing.rank.purpose,
        standing.rank.certificate,
        kilograms(amounts.1),
        other.rank.certificate,
    );
    let pointer = subject(&format!("content/{element}"));
    Some(Finding::new(Code::ContentReportsDisagree, text).at(pointer).about(first.digest()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_laboratories_differ_by_the_class_of_the_element_and_two_milligrams() {
        // Main: 1.5 % of 1,000,000 mg.
        assert!(!exceeds(1_015_002, 1_000_000, 10_000_000));
        assert!(exceeds(1_015_003, 1_000_000, 10_000_000));
        // A trace: 15 % of 100 mg in 10 kg.
        assert!(!exceeds(117, 100, 10_000_000));
        assert!(exceeds(118, 100, 10_000_000));
        assert!(!exceeds(2, 0, 10) && exceeds(3, 0, 10));
        assert!(!exceeds(0, 5, 10));
    }
}
