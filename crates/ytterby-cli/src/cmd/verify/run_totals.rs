//! Draws over all inputs of a run: two files, each in order, may together draw more from a lot than it
//! holds.

use std::collections::{HashMap, HashSet};

use ytterby::decimal::kilograms;
use ytterby::digest::Digest;
use ytterby::element::Element;
use ytterby::finding::{Code, Finding};
use ytterby::masses::Masses;
use ytterby::report::{Outcome, Step};
use ytterby::{Bundle, Report};

use crate::render::problem;

/// What all inputs together draw.
#[derive(Default)]
pub(crate) struct Draws {
    counted: HashSet<Digest>,
    lots: HashMap<Digest, Drawn>,
    /// Lots whose overdraft one input shows by itself.
    known: HashSet<Digest>,
    /// Lots in the order in which they were met.
    order: Vec<Digest>,
}

#[derive(Default)]
struct Drawn {
    content: Option<(Masses, String)>,
    drawn: Masses,
    files: Vec<String>,
}

/// A lot that is overdrawn only when all inputs are taken together.
pub(crate) struct Overdrawn {
    lot: Digest,
    /// Its number.
    pub(crate) number: String,
    element: Element,
    drawn_mg: u64,
    content_mg: u64,
    /// The files whose certificates draw on it.
    pub(crate) files: Vec<String>,
}

impl Draws {
    /// Adds the draws of an input's certificates, each once, those with a broken proof never.
    pub(crate) fn note(&mut self, file: &str, bundle: &Bundle<'_>, report: &Report) {
        let signed: HashSet<Digest> = report
            .certificates
            .iter()
            .filter(|own| own.outcome(Step::Proof) != Outcome::Fail)
            .map(|own| own.digest)
            .collect();
        let overdrawn = report.findings.iter().filter(|f| f.code == Code::ConservationOverdrawn);
        self.known.extend(overdrawn.filter_map(|finding| finding.certificate));
        for certificate in bundle.certificates().iter().filter(|c| signed.contains(&c.digest())) {
            let Some(lot) = certificate.lot() else { continue };
            if !self.counted.insert(certificate.digest()) {
                continue;
            }
            self.entry(certificate.digest()).content = Some((lot.content.clone(), lot.number.to_string()));
            for input in &lot.inputs {
                let entry = self.entry(input.digest);
                entry.drawn.add_all(&input.draws);
                if entry.files.last().is_none_or(|last| last != file) {
                    entry.files.push(file.to_owned());
                }
            }
        }
    }

    fn entry(&mut self, lot: Digest) -> &mut Drawn {
        let order = &mut self.order;
        self.lots.entry(lot).or_insert_with(|| {
            order.push(lot);
            Drawn::default()
        })
    }

    /// What no input shows by itself.
    pub(crate) fn across(&self) -> Vec<Overdrawn> {
        let over = |lot: &Digest| {
            let drawn = self.lots.get(lot).filter(|_| !self.known.contains(lot))?;
            let (content, number) = drawn.content.as_ref()?;
            let (element, mg) = drawn.drawn.iter().find(|(element, mg)| *mg > content.get(*element))?;
            Some(Overdrawn {
                lot: *lot,
                number: number.clone(),
                element,
                drawn_mg: mg,
                content_mg: content.get(element),
                files: drawn.files.clone(),
            })
        };
        self.order.iter().filter_map(over).collect()
    }
}

impl Overdrawn {
    /// It as a finding on the whole run.
    pub(crate) fn finding(&self) -> Finding {
        let text = format!(
            "all inputs together draw {} kg {e} from {}, which holds {} kg: over by {} kg",
            kilograms(self.drawn_mg),
            self.number,
            kilograms(self.content_mg),
            kilograms(self.drawn_mg - self.content_mg),
            e = self.element,
        );
        Finding::new(Code::ConservationOverdrawn, text)
            .about(self.lot)
            .at(format!("/credentialSubject/content/{}", self.element))
    }

    /// The lot's certificate is in no one place: it is named by its digest.
    pub(crate) fn index(&self) -> problem::Index<'static, 'static> {
        HashMap::new()
    }
}
