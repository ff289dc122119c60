//! A greedy attacker who controls every step takes the largest content that each hop lets in.

use serde_json::{Value, json};

use crate::forged::{found, signed_again};
use crate::honest::{bounded, seeds, verified};
use crate::oracle::{Exact, Mg, get, int, kg};
use crate::plant::{Plant, assay, draft, label, transfer};

const HOPS: usize = 1000;
const EXCEEDS: &str = "conservation.exceeds-draws";

/// The largest content of neodymium that F4 lets a lot have that draws all of another.
fn largest(plant: &mut Plant, from: &str) -> Mg {
    let left = plant.left(from, "Nd");
    let feeds = vec![(from.to_owned(), [("Nd".to_owned(), left.clone())].into())];
    let (inherited, cap) = plant.oracle.carried(&feeds, "Nd", &left, &left);
    let backed = left - inherited + int(1);
    Exact::new(backed * int(1_000_000), int(1_000_000) - cap).floor().to_integer()
}

/// Pure neodymium of exactly this content, from all of a lot.
fn pure(from: &str, drawn: &Mg, content: &Mg) -> Value {
    draft(
        "ProcessingCertificate",
        "metal",
        json!({
            "step": "reduction", "netMass": kg(content), "assay": assay(vec![json!({ "element": "Nd", "percent": "100" })]),
            "inputs": [{ "lot": from, "draws": { "Nd": kg(drawn) } }],
        }),
    )
}

fn refused(plant: &mut Plant, draft: &Value, code: &str) {
    match plant.issue(draft) {
        Ok(_) => panic!("let in: {draft:#}"),
        Err(findings) => assert!(findings.iter().any(|f| f.starts_with(code)), "{findings:?} for {draft:#}"),
    }
}

struct Attack {
    plant: Plant,
    lots: Vec<String>,
}

impl Attack {
    fn new(seed: u64) -> Self {
        let mut plant = Plant::new(seed);
        let ore = plant.honest(&draft(
            "OriginCertificate",
            "metal",
            json!({
                "source": "purchased", "origin": { "country": "unknown" }, "netMass": "1000",
                "assay": assay(vec![json!({ "element": "Nd", "percent": "100" })]),
                "documents": [{ "digestMultibase": ytterby::digest::Digest::of(b"invoice").to_string() }],
            }),
        ));
        Attack { plant, lots: vec![ore] }
    }

    fn take(&mut self) -> String {
        let at = usize::try_from(self.plant.dice.roll() % self.lots.len() as u64).unwrap();
        self.lots.swap_remove(at)
    }

    fn hop(&mut self) {
        let choice = if self.lots.len() > 12 { 3 } else { self.plant.dice.between(0, 6) };
        match choice {
            0 | 1 => self.inflate(),
            2 => self.split(),
            3 => self.merge(),
            4 => self.dilute(),
            5 => self.correct(),
            _ => self.find(),
        }
    }

    /// The most that a new assay lets in, and not a milligram more.
    fn inflate(&mut self) {
        let from = self.take();
        let (left, most) = (self.plant.left(&from, "Nd"), largest(&mut self.plant, &from));
        refused(&mut self.plant, &pure(&from, &left, &(&most + int(1))), EXCEEDS);
        let lot = self.plant.honest(&pure(&from, &left, &most));
        self.lots.push(lot);
    }

    /// Two parts, each a milligram too much where the rule of splits allows it.
    fn split(&mut self) {
        let from = self.take();
        let subject = self.plant.document(&from)["credentialSubject"].clone();
        let Some(mass) = subject["netMass"].as_str().map(crate::oracle::mg) else {
            return self.lots.push(from);
        };
        let (half, content) = (&mass / int(2), self.plant.left(&from, "Nd"));
        let draw = Exact::new(&content * &half, mass.clone()).floor().to_integer() + int(1);
        let draw = draw.min(half.clone());
        let part = |mass: &Mg, draw: &Mg| {
            let mut part = transfer(&from, &subject, json!({ "netMass": kg(mass) }));
            part["inputs"][0]["draws"] = json!({ "Nd": kg(draw) });
            part
        };
        let first = self.plant.honest(&part(&half, &draw));
        let rest = content - draw;
        refused(&mut self.plant, &part(&(&mass - &half), &(&rest + int(2))), "conservation.");
        let mut last = transfer(&from, &subject, json!({ "netMass": kg(&(mass - half)) }));
        last["inputs"][0]["rest"] = json!(true);
        let second = self.plant.honest(&last);
        self.lots.extend([first, second]);
    }

    fn merge(&mut self) {
        let inputs: Vec<Value> = self.lots.drain(..).map(|lot| json!({ "lot": lot })).collect();
        let lot = self.plant.honest(&draft(
            "ProcessingCertificate",
            "metal",
            json!({ "step": "blending", "inputs": inputs }),
        ));
        self.lots.push(lot);
    }

    /// A pool said to be so large that the metal would be a trace in it, with the widest class of the cap.
    fn dilute(&mut self) {
        let from = self.take();
        let lot = self.plant.honest(&draft(
            "ProcessingCertificate",
            "in-process",
            json!({
                "step": "in-process", "netMass": "999999999", "inputs": [{ "lot": from, "rest": true }],
            }),
        ));
        self.lots.push(lot);
    }

    /// The largest content, corrected to the largest content, corrected again.
    fn correct(&mut self) {
        let from = self.take();
        let (left, most) = (self.plant.left(&from, "Nd"), largest(&mut self.plant, &from));
        let mut lot = self.plant.honest(&pure(&from, &left, &(&most - int(1))));
        for _ in 0..2 {
            let corrected = |mass: &Mg| {
                let mut draft = pure(&lot, mass, mass);
                draft["inputs"] = json!([{ "lot": lot }]);
                draft["corrects"] = json!({ "reason": "typing error" });
                draft
            };
            refused(&mut self.plant, &corrected(&(&most + int(1))), EXCEEDS);
            lot = self.plant.honest(&corrected(&most));
        }
        self.lots.push(lot);
    }

    /// A stocktake finds as much as is let through, and a new assay finds more than was there.
    fn find(&mut self) {
        let from = self.take();
        let (left, most) = (self.plant.left(&from, "Nd"), largest(&mut self.plant, &from));
        let found = |gain: &Mg| {
            draft(
                "ProcessingCertificate",
                "metal",
                json!({
                    "step": "in-process", "inputs": [{ "lot": from, "rest": true }],
                    "declaredInputs": [{ "element": "Nd", "mass": kg(gain), "material": "hold-up", "reason": "inventory-gain" }],
                }),
            )
        };
        if most >= left {
            refused(&mut self.plant, &found(&(&most - &left + int(1))), EXCEEDS);
        }
        let mut again = pure(&from, &left, &(&left + int(1)));
        again["step"] = json!("repacking");
        again["contentFrom"] = json!("assay");
        again["form"] = json!(self.plant.form(&from));
        again["inputs"] = json!([{ "lot": from, "rest": true }]);
        refused(&mut self.plant, &again, EXCEEDS);
        let gain = most - left;
        let lot = if gain > int(0) { self.plant.honest(&found(&gain)) } else { from.clone() };
        self.lots.push(lot);
    }
}

#[test]
fn a_thousand_greedy_hops_stay_below_the_cap() {
    for seed in seeds(2) {
        let mut attack = Attack::new(seed);
        for _ in 0..HOPS {
            attack.hop();
            bounded(&attack.plant.oracle);
        }
        let plant = &attack.plant;
        let (open, entered) = (plant.oracle.open("Nd"), get(&plant.oracle.entered, "Nd"));
        let ppm = &open * int(1_000_000) / &entered - int(1_000_000);
        println!(
            "seed {seed}: {HOPS} hops, {} certificates, {open} mg from {entered} mg: +{ppm} ppm",
            plant.documents.len()
        );
        assert!(ppm > int(14_000), "the attack takes what the cap allows, or it shows nothing");
        verified(plant);
    }
}

/// A main element stays one, however much water its owner says is around it.
#[test]
fn a_diluted_net_mass_widens_no_cap() {
    for mass in ["1000", "20000", "999999999"] {
        let mut attack = Attack::new(1);
        let from = attack.take();
        let pool = attack.plant.honest(&draft(
            "ProcessingCertificate",
            "in-process",
            json!({ "step": "in-process", "netMass": mass, "inputs": [{ "lot": from, "rest": true }] }),
        ));
        let drawn = attack.plant.left(&pool, "Nd");
        // 1.5 % of the content: 1,000 kg ÷ 0.985, and the milligram of one input.
        let most = int(1_015_228_427);
        refused(&mut attack.plant, &pure(&pool, &drawn, &(&most + int(1))), EXCEEDS);
        attack.plant.honest(&pure(&pool, &drawn, &most));
        assert_eq!(attack.plant.oracle.largest_cap_ppm, int(15_000));
    }
}

#[test]
fn a_milligram_past_the_cap_is_rejected_when_somebody_signs_it_all_the_same() {
    for seed in seeds(3) {
        println!("seed {seed}");
        let mut attack = Attack::new(seed);
        for _ in 0..40 {
            attack.hop();
        }
        let from = attack.take();
        let (left, most) = (attack.plant.left(&from, "Nd"), largest(&mut attack.plant, &from));
        attack.plant.honest(&pure(&from, &left, &most));
        let trust = attack.plant.book.trust_file(None);
        let mut documents = attack.plant.documents.clone();
        assert_eq!(found(&documents, &trust), [].into(), "at the cap");
        let last = documents.last_mut().unwrap();
        let over = json!(kg(&(most + int(1))));
        last["credentialSubject"]["netMass"] = over.clone();
        last["credentialSubject"]["content"]["Nd"] = over;
        *last = signed_again(last);
        assert_eq!(found(&documents, &trust), [EXCEEDS].into(), "a milligram past it");
    }
}

/// Dysprosium that only a detection limit stands for is no seed for more of it.
#[test]
fn what_only_a_limit_stands_for_does_not_multiply() {
    let mut plant = Plant::new(1);
    let row = |e: &str, percent: &str| json!({ "element": e, "percent": percent });
    let ore = plant.honest(&draft(
        "OriginCertificate",
        "metal",
        json!({
            "source": "mined", "origin": { "country": "AU" }, "netMass": "1000",
            "assay": assay(vec![row("Nd", "50"), json!({ "element": "Dy", "below": "0.01" })]),
        }),
    ));
    let product = |from: &str, mass: &str, nd: &str, dy: &str, draws: Value| {
        draft(
            "ProcessingCertificate",
            "metal",
            json!({
                "step": "reduction", "netMass": mass, "assay": assay(vec![row("Nd", nd), row("Dy", dy)]),
                "inputs": [{ "lot": from, "draws": draws }],
            }),
        )
    };
    // 99.9 g of dysprosium, where 100 g are allowed.
    let first = plant.honest(&product(&ore, "500", "99", "0.01998", json!({ "Nd": "500" })));
    bounded(&plant.oracle);
    for mass in ["0.1", "1", "1000", "100000"] {
        let draft = product(&first, mass, "0", "99", json!({ "Dy": "0.000001" }));
        refused(&mut plant, &draft, "conservation.exceeds-draws");
    }
    let second = plant.honest(&product(&first, "0.2", "1", "50", json!({ "Nd": "0.1", "Dy": "0.0999" })));
    assert_eq!(label(plant.documents.last().unwrap()), second);
    bounded(&plant.oracle);
    verified(&plant);
}
