//! The graph of certificates behind a lot: who draws on whom, parents before children.
//!
//! Links go by digest, and a digest covers the digests it links to, so a cycle would be a SHA-256
//! collision: there is no code for one, and the order below ends in any case because what is never
//! reached is never visited. Implements proto-docs/verification.md, "Lineage".

use std::collections::HashMap;

use crate::bundle::Bundle;
use crate::certificate::Certificate;
use crate::check::input;
use crate::digest::Digest;
use crate::finding::{Code, Finding};

/// Certificates of a bundle in an order in which parents come first.
pub(crate) struct Lineage {
    pub(crate) index: HashMap<Digest, u32>,
    /// Positions in the bundle, parents before children.
    pub(crate) order: Vec<u32>,
}

impl Lineage {
    /// Orders a bundle's certificates, iteratively and in linear time.
    pub(crate) fn of(bundle: &Bundle<'_>) -> Self {
        let certificates = &bundle.certificates;
        let index: HashMap<Digest, u32> = (0..).zip(certificates).map(|(at, c)| (c.digest(), at)).collect();
        let parents = |at: u32| -> Vec<u32> {
            let lot = certificates[at as usize].lot();
            lot.iter()
                .flat_map(|lot| lot.inputs.iter())
                .filter_map(|input| index.get(&input.digest).copied())
                .collect()
        };
        // Children of each certificate as linked lists in two arrays: no allocation per certificate.
        let mut waiting = vec![0_u32; certificates.len()];
        let mut first = vec![u32::MAX; certificates.len()];
        let mut links: Vec<(u32, u32)> = Vec::new();
        for at in (0..).take(certificates.len()) {
            for parent in parents(at) {
                waiting[at as usize] += 1;
                links.push((at, first[parent as usize]));
                first[parent as usize] = u32::try_from(links.len() - 1).unwrap_or(u32::MAX);
            }
        }
        let mut order: Vec<u32> =
            (0..).take(certificates.len()).filter(|at| waiting[*at as usize] == 0).collect();
        let mut next = 0;
        while next < order.len() {
            let mut link = first[order[next] as usize];
            while let Some((child, following)) = links.get(link as usize).copied() {
                waiting[child as usize] -= 1;
                if waiting[child as usize] == 0 {
                    order.push(child);
                }
                link = following;
            }
            next += 1;
        }
        Lineage { index, order }
    }
}

/// Are the inputs there, are they lots, and do labels say what digests say?
pub(crate) fn check(
    certificate: &Certificate<'_>,
    bundle: &Bundle<'_>,
    lineage: &Lineage,
    known_broken: &dyn Fn(&Digest) -> bool,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let inputs = certificate.lot().map(|lot| lot.inputs.as_ref()).unwrap_or_default();
    for (at, draw) in inputs.iter().enumerate() {
        let mut add =
            |code, member: &str, text: String| findings.push(Finding::new(code, text).at(input(at, member)));
        let Some(parent) = lineage.index.get(&draw.digest) else {
            if !known_broken(&draw.digest) {
                let text =
                    format!("the certificate {} ({}) is not in the bundle", draw.label.urn(), draw.digest);
                add(Code::LineageMissingParent, "", text);
            }
            continue;
        };
        let parent = &bundle.certificates[*parent as usize];
        if parent.lot().is_none() {
            add(Code::LineageNotALot, "", format!("{} creates no lot", parent.claims().kind));
        }
        if parent.claims().id != draw.label {
            let text = format!("{} is called {}", draw.digest, parent.claims().id.urn());
            add(Code::LineageLabel, "lot", text);
        }
    }
    findings
}

/// One label, one certificate, of all but those at the positions that do not count.
pub(crate) fn check_labels(bundle: &Bundle<'_>, not_counted: &HashMap<u32, Finding>) -> Vec<Finding> {
    let mut labels: HashMap<uuid::Uuid, Digest> = HashMap::with_capacity(bundle.certificates.len());
    let mut findings = Vec::new();
    let counted = (0..).zip(&bundle.certificates).filter(|(at, _)| !not_counted.contains_key(at));
    for (_, certificate) in counted {
        let id = certificate.claims().id;
        if let Some(other) = labels.insert(id, certificate.digest()) {
            let text = format!("{} is also the label of {other}", id.urn());
            findings.push(Finding::new(Code::LineageIdReused, text).at("/id").about(certificate.digest()));
        }
    }
    findings
}
