//! Walks from lots: each lot and each draw once, without recursion.

use std::collections::HashMap;

use ytterby::digest::Digest;
use ytterby::masses::Masses;
use ytterby::{Bundle, Certificate};

use super::super::tree::graph::Node;
use crate::render::problem::{self, Index};

/// A draw on the way: of which lot, by which, how much. Lots are numbers of nodes.
pub(crate) struct Draw<'g> {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) masses: &'g Masses,
}

/// A walk in one direction, nearest lots first.
#[derive(Default)]
pub(crate) struct Walk<'g> {
    /// Every lot of it; first those that it begins with.
    pub(crate) lots: Vec<usize>,
    pub(crate) draws: Vec<Draw<'g>>,
}

/// The lots that were met. A node has no inputs here: they are draws of a walk.
pub(crate) struct Lots<'g, 'a> {
    pub(crate) nodes: Vec<Node<'g, 'a>>,
    /// Where the walks begin: the first nodes, in their order.
    pub(crate) roots: Vec<usize>,
    index: Index<'g, 'a>,
    known: HashMap<Digest, usize>,
}

impl<'g, 'a> Lots<'g, 'a> {
    /// The lots of a number, label or digest.
    pub(crate) fn of(bundle: &'g Bundle<'a>, wanted: &str) -> Self {
        let index = problem::index(bundle);
        let mut lots = Lots { nodes: Vec::new(), roots: Vec::new(), index, known: HashMap::new() };
        let found = bundle.certificates().iter().filter(|own| own.lot().is_some() && own.is_called(wanted));
        for certificate in found {
            let node = lots.node(certificate.digest(), String::new());
            lots.roots.push(node);
        }
        lots
    }

    /// Back to the origins.
    pub(crate) fn up(&mut self) -> Walk<'g> {
        let mut walk = self.begin();
        let mut seen: Vec<bool> = self.seen(&walk);
        let mut at = 0;
        while let Some(to) = walk.lots.get(at).copied() {
            at += 1;
            let lot = self.nodes[to].certificate.and_then(Certificate::lot);
            for input in lot.into_iter().flat_map(|lot| lot.inputs.iter()) {
                let from = self.node(input.digest, input.label.urn().to_string());
                walk.draws.push(Draw { from, to, masses: &input.draws });
                visit(from, &mut seen, &mut walk.lots);
            }
        }
        walk
    }

    /// To everything in the file that was made from them.
    pub(crate) fn down(&mut self, bundle: &'g Bundle<'a>) -> Walk<'g> {
        let mut drawn: HashMap<Digest, Vec<(Digest, &'g Masses)>> = HashMap::new();
        for certificate in bundle.certificates() {
            for input in certificate.lot().into_iter().flat_map(|lot| lot.inputs.iter()) {
                drawn.entry(input.digest).or_default().push((certificate.digest(), &input.draws));
            }
        }
        let mut walk = self.begin();
        let mut seen: Vec<bool> = self.seen(&walk);
        let mut at = 0;
        while let Some(from) = walk.lots.get(at).copied() {
            at += 1;
            for (digest, masses) in drawn.get(&self.nodes[from].digest).into_iter().flatten() {
                let to = self.node(*digest, String::new());
                walk.draws.push(Draw { from, to, masses });
                visit(to, &mut seen, &mut walk.lots);
            }
        }
        walk
    }

    fn begin(&self) -> Walk<'g> {
        Walk { lots: self.roots.clone(), draws: Vec::new() }
    }

    fn seen(&self, walk: &Walk<'_>) -> Vec<bool> {
        let mut seen = vec![false; self.nodes.len()];
        walk.lots.iter().for_each(|lot| seen[*lot] = true);
        seen
    }

    fn node(&mut self, digest: Digest, name: String) -> usize {
        *self.known.entry(digest).or_insert_with(|| {
            let certificate = self.index.get(&digest).copied();
            let name = certificate.map_or(name, |own| own.claims().id.urn().to_string());
            self.nodes.push(Node { digest, name, certificate, inputs: Vec::new() });
            self.nodes.len() - 1
        })
    }
}

fn visit(lot: usize, seen: &mut Vec<bool>, lots: &mut Vec<usize>) {
    if seen.len() <= lot {
        seen.resize(lot + 1, false);
    }
    if !std::mem::replace(&mut seen[lot], true) {
        lots.push(lot);
    }
}
