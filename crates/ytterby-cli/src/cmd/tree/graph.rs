//! The lots behind the subjects of a bundle, each once, walked without recursion: a lattice of diamonds
//! has more paths than there are atoms, and a chain may be a million lots long.

use std::collections::HashMap;

use ytterby::digest::Digest;
use ytterby::masses::Masses;
use ytterby::{Bundle, Certificate};

use crate::render::problem;

/// A certificate, or one that is named and not there.
pub(crate) struct Node<'g, 'a> {
    pub(crate) digest: Digest,
    /// Its label.
    pub(crate) name: String,
    pub(crate) certificate: Option<&'g Certificate<'a>>,
    /// What it was made from: nodes and draws.
    pub(crate) inputs: Vec<(usize, &'g Masses)>,
}

/// Everything behind the subjects.
pub(crate) struct Graph<'g, 'a> {
    pub(crate) nodes: Vec<Node<'g, 'a>>,
    pub(crate) roots: Vec<usize>,
}

impl<'g, 'a> Graph<'g, 'a> {
    pub(crate) fn of(bundle: &'g Bundle<'a>) -> Self {
        let index = problem::index(bundle);
        let mut graph = Graph { nodes: Vec::new(), roots: Vec::new() };
        let mut known: HashMap<Digest, usize> = HashMap::new();
        for digest in bundle.subject() {
            let node = graph.node(digest, digest.to_string(), &index, &mut known);
            graph.roots.push(node);
        }
        let mut at = 0;
        while at < graph.nodes.len() {
            let lot = graph.nodes[at].certificate.and_then(Certificate::lot);
            for input in lot.into_iter().flat_map(|lot| lot.inputs.iter()) {
                let node = graph.node(input.digest, input.label.urn().to_string(), &index, &mut known);
                graph.nodes[at].inputs.push((node, &input.draws));
            }
            at += 1;
        }
        graph
    }

    /// Parent, child and what the child drew, for every draw.
    pub(crate) fn edges(&self) -> impl Iterator<Item = (usize, usize, &'g Masses)> + '_ {
        self.nodes
            .iter()
            .enumerate()
            .flat_map(|(child, node)| node.inputs.iter().map(move |(parent, draws)| (*parent, child, *draws)))
    }

    fn node(
        &mut self,
        digest: Digest,
        name: String,
        index: &problem::Index<'g, 'a>,
        known: &mut HashMap<Digest, usize>,
    ) -> usize {
        *known.entry(digest).or_insert_with(|| {
            let certificate = index.get(&digest).copied();
            let name = certificate.map_or(name, |certificate| certificate.claims().id.urn().to_string());
            self.nodes.push(Node { digest, name, certificate, inputs: Vec::new() });
            self.nodes.len() - 1
        })
    }
}
