//! Net masses: a chain of moves, splits and blends weighs at most what its origins weighed.

use serde_json::{Value, json};

use crate::honest::{seeds, verified};
use crate::oracle::{Mg, get, int, kg, mg};
use crate::plant::{Plant, assay, draft, transfer};

const CODES: [&str; 2] = ["content.exceeds-input-mass", "conservation.split"];

fn origin(plant: &mut Plant) -> String {
    let percent = kg(&int(plant.dice.between(1_000_000, 90_000_000)));
    let mass = kg(&int(plant.dice.between(100_000_000, 10_000_000_000)));
    let rows = vec![
        json!({ "element": "Nd", "percent": percent }),
        json!({ "element": "Pr", "percent": kg(&int(plant.dice.between(1000, 9_000_000))) }),
    ];
    plant.honest(&draft(
        "OriginCertificate",
        "metal",
        json!({ "source": "mined", "origin": { "country": "AU" }, "netMass": mass, "assay": assay(rows) }),
    ))
}

/// A lot of the chain: its label, and what it really weighs.
struct Drum {
    lot: String,
    weighs: Mg,
}

struct Store {
    plant: Plant,
    drums: Vec<Drum>,
    entered: Mg,
}

impl Store {
    fn new(seed: u64) -> Self {
        let mut plant = Plant::new(seed);
        let mut drums = Vec::new();
        for _ in 0..3 {
            let lot = origin(&mut plant);
            let weighs = mg(plant.document(&lot)["credentialSubject"]["netMass"].as_str().unwrap());
            drums.push(Drum { lot, weighs });
        }
        let entered = drums.iter().map(|drum| drum.weighs.clone()).sum();
        Store { plant, drums, entered }
    }

    fn take(&mut self) -> Drum {
        let at = usize::try_from(self.plant.dice.roll() % self.drums.len() as u64).unwrap();
        self.drums.swap_remove(at)
    }

    fn subject(&self, lot: &str) -> Value {
        self.plant.document(lot)["credentialSubject"].clone()
    }

    /// Two parts of a drum: by mass where it is known, else by content; the second is the rest.
    fn split(&mut self, weighed: bool) -> [(Value, Mg); 2] {
        let drum = self.take();
        let subject = self.subject(&drum.lot);
        let share = int(self.plant.dice.between(100_000, 900_000));
        let part = &drum.weighs * &share / int(1_000_000);
        let stated = subject.get("netMass").is_some();
        let mut first = transfer(&drum.lot, &subject, json!({}));
        if stated && weighed {
            first["netMass"] = json!(kg(&part));
        } else {
            let draw =
                |e: &str| kg(&(get(&self.plant.oracle.lots[&drum.lot].content, e) * &share / int(1_000_000)));
            first["inputs"][0]["draws"] = json!({ "Nd": draw("Nd"), "Pr": draw("Pr") });
        }
        let mut rest = transfer(&drum.lot, &subject, json!({}));
        rest["inputs"][0]["rest"] = json!(true);
        [(first, part.clone()), (rest, drum.weighs - part)]
    }

    /// All neodymium of a drum in one blend, all praseodymium in another: each draws all of an element.
    fn by_element(&mut self) -> Option<[(Value, Mg); 2]> {
        let drum = self.take();
        let blend = |e: &str| {
            let content = get(&self.plant.oracle.lots[&drum.lot].content, e);
            let inputs = json!([{ "lot": drum.lot, "draws": { e: kg(&content) } }]);
            let blend =
                draft("ProcessingCertificate", "metal", json!({ "step": "blending", "inputs": inputs }));
            (content > int(0)).then(|| (blend, drum.weighs.clone()))
        };
        let both = blend("Nd").zip(blend("Pr")).map(|(nd, pr)| [nd, pr]);
        if both.is_none() {
            self.drums.push(drum);
        }
        both
    }

    /// All of a few drums in one.
    fn blend(&mut self) -> (Value, Mg) {
        let count = self.plant.dice.between(1, 4).min(self.drums.len() as u64);
        let drums: Vec<Drum> = (0..count).map(|_| self.take()).collect();
        let weighs = drums.iter().map(|drum| drum.weighs.clone()).sum();
        let inputs: Vec<Value> = drums.iter().map(|drum| json!({ "lot": drum.lot, "rest": true })).collect();
        let step = *self.plant.dice.pick(&["blending", "finishing", "magnetization"]);
        (draft("ProcessingCertificate", "metal", json!({ "step": step, "inputs": inputs })), weighs)
    }
}

/// Weighed or not, split and blended in any order: nothing is refused.
#[test]
fn honest_drums_are_never_too_heavy() {
    for seed in seeds(30) {
        println!("seed {seed}");
        let mut store = Store::new(seed);
        for _ in 0..25 {
            let split = store.plant.dice.between(0, 1) == 0;
            let weighed = store.plant.dice.between(0, 2) > 0;
            let made = if split { store.split(weighed).to_vec() } else { vec![store.blend()] };
            for (mut draft, weighs) in made {
                if weighed {
                    draft["netMass"] = json!(kg(&weighs));
                }
                let lot = store.plant.honest(&draft);
                store.drums.push(Drum { lot, weighs });
            }
        }
        verified(&store.plant);
    }
}

/// The largest net mass that a draft may state, found by trying; none where its proportion fits no mass.
fn heaviest(store: &Store, draft: &Value) -> Option<Mg> {
    let fits = |mass: &Mg| {
        let mut tried = draft.clone();
        tried["netMass"] = json!(kg(mass));
        store.plant.would_let_in(&tried, &CODES)
    };
    let (mut low, mut high) = (int(1), int(100_000_000_000_u64));
    let lot = &store.plant.oracle.lots[draft["inputs"][0]["lot"].as_str().unwrap()];
    let split = draft.get("kind").and(draft["inputs"][0]["draws"].as_object());
    if let (Some(draws), Some(net)) = (split, &lot.net) {
        // In proportion to the mass of the whole: nothing lighter fits either.
        let main = if get(&lot.content, "Nd") > get(&lot.content, "Pr") { "Nd" } else { "Pr" };
        low = net * mg(draws[main].as_str().unwrap()) / get(&lot.content, main);
    }
    fits(&low).then_some(())?;
    while &high - &low > int(1) {
        let middle = (&low + &high) / int(2);
        if fits(&middle) { low = middle } else { high = middle }
    }
    Some(low)
}

/// Whoever states the largest mass at every step has in the end what the origins weighed, half a per cent of
/// moisture and the rounding of draws aside.
#[test]
fn greedy_masses_stay_below_what_entered() {
    for seed in seeds(6) {
        let mut store = Store::new(seed);
        for _ in 0..25 {
            let stated = store.plant.dice.between(0, 2) > 0;
            let made = match store.plant.dice.between(0, 5) {
                0..2 if store.drums.iter().all(|d| store.plant.oracle.lots[&d.lot].content.len() == 2) => {
                    store.split(false).to_vec()
                }
                2 => store.by_element().map_or_else(Vec::new, |both| both.to_vec()),
                _ => vec![store.blend()],
            };
            for (mut draft, weighs) in made {
                if let Some(mass) = heaviest(&store, &draft).filter(|_| stated) {
                    draft["netMass"] = json!(kg(&mass));
                }
                let lot = store.plant.honest(&draft);
                store.drums.push(Drum { lot, weighs });
            }
        }
        let known = |drum: &Drum| store.plant.oracle.lots[&drum.lot].clone();
        let of = |drum: &Drum| known(drum).net.or(known(drum).ceiling).unwrap();
        let certified: Mg = store.drums.iter().map(of).sum();
        let most = &store.entered * int(1_005_100) / int(1_000_000);
        println!("seed {seed}: {certified} mg certified of {} mg", store.entered);
        assert!(certified <= most, "{certified} mg certified, {} mg entered", store.entered);
        verified(&store.plant);
    }
}

/// Half a per cent is granted to the drums together, not to each hand they go through.
#[test]
fn moisture_is_granted_once() {
    let mut store = Store::new(1);
    let drum = store.take();
    let heavy = |ppm: u64| kg(&(&drum.weighs * int(1_000_000 + ppm) / int(1_000_000)));
    let blend = |lot: &str, mass: String| {
        let inputs = json!([{ "lot": lot, "rest": true }]);
        draft(
            "ProcessingCertificate",
            "metal",
            json!({ "step": "blending", "netMass": mass, "inputs": inputs }),
        )
    };
    let refused = |store: &mut Store, draft: &Value, code: &str| {
        let findings = store.plant.issue(draft).unwrap_err();
        assert!(findings.iter().any(|f| f.starts_with(code)), "{findings:?}");
    };
    refused(&mut store, &blend(&drum.lot, heavy(5001)), CODES[0]);
    let first = store.plant.honest(&blend(&drum.lot, heavy(4000)));
    let subject = store.subject(&first);
    let mut sold = transfer(&first, &subject, json!({ "netMass": heavy(4001) }));
    sold["inputs"][0]["rest"] = json!(true);
    refused(&mut store, &sold, CODES[1]);
    sold["netMass"] = json!(heavy(4000));
    let sold = store.plant.honest(&sold);
    refused(&mut store, &blend(&sold, heavy(8000)), CODES[0]);
    store.plant.honest(&blend(&sold, heavy(4900)));
    verified(&store.plant);
}
