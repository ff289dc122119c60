//! Random honest lineages: nothing is refused, and what was let in verifies, to the milligram as the
//! oracle has it.

use std::collections::BTreeMap;

use conformance::book::time;
use ytterby::finding::Effect;
use ytterby::{Bundle, Trust, Verdict};

use crate::oracle::{Oracle, int};
use crate::plant::{AT, Plant};

const SEEDS: u64 = 24;
const STEPS: usize = 60;

/// The seeds that always run, and the one that was asked for.
pub(crate) fn seeds(count: u64) -> Vec<u64> {
    let asked = std::env::var("YTTERBY_SEED").ok().and_then(|seed| seed.parse().ok());
    (1..=count).chain(asked).collect()
}

/// Verifies all that a plant has issued, as a buyer would who has it as a file.
pub(crate) fn verified(plant: &Plant) {
    let certificates = plant.book.certificates.clone();
    let bytes = Bundle::of(certificates.iter().map(|c| c.digest()).collect(), certificates).to_bytes();
    let trust = Trust::parse(plant.book.trust_file(None).as_bytes()).unwrap();
    let report = ytterby::verify(&Bundle::parse(&bytes).unwrap(), &trust, time(AT));
    let grave: Vec<_> = report.findings().iter().filter(|f| f.code.effect() != Effect::Warn).collect();
    assert_eq!(report.verdict(), Verdict::Verified, "{grave:?}");
    assert_eq!(report.certificates.len(), plant.documents.len());
    for certificate in &report.certificates {
        let known = &plant.oracle.lots[&certificate.id.urn().to_string()];
        for (element, mg) in &known.unbacked {
            let element = ytterby::element::Element::parse(element).unwrap();
            assert_eq!(
                int(certificate.carried.as_ref().unwrap().unbacked.get(element)),
                *mg,
                "{element} of {}",
                certificate.id
            );
        }
    }
}

/// No more is open than ever came in, the cap and whole milligrams aside.
pub(crate) fn bounded(oracle: &Oracle) {
    for element in ["Nd", "Pr", "Dy", "Fe"] {
        let (open, most) = (oracle.open(element), oracle.most(element));
        assert!(open <= most, "{open} mg {element} open, {most} mg may be");
    }
}

#[test]
fn honest_lineages_are_let_in_and_verify() {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let seeds = seeds(SEEDS);
    for seed in &seeds {
        println!("seed {seed}");
        let mut plant = Plant::new(*seed);
        for _ in 0..STEPS {
            *kinds.entry(plant.step()).or_default() += 1;
            bounded(&plant.oracle);
        }
        verified(&plant);
    }
    println!("{} lineages of {STEPS} steps: {kinds:?}", seeds.len());
    assert_eq!(kinds.len(), 10, "every kind of step was taken: {kinds:?}");
}
