//! Provenance against the truth: a plant whose every milligram is known, and the intervals that a
//! verifier computes from its certificates. proto-docs/provenance.md.
//!
//! The plant does what the certificates leave open in the worst way: it takes from a pool whatever comes
//! to hand first, and under mass balance it gives out other metal of the site.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeMap;

use conformance::book::time;
use conformance::crash::random::Random;
use conformance::vectors::{Forge, NOW, Signed};
use serde_json::{Value, json};
use ytterby::decimal::Percent;
use ytterby::profile::{ElementProfile, Entered, Share, Stage};
use ytterby::{Bundle, Trust, verify};

/// What happened to some metal: words such as `separation MY`, `mined`, `pre-consumer`.
type History = Vec<String>;
/// How much has which history: parts of a lot's content, which they sum to.
type Metal = BTreeMap<History, f64>;

struct Lot {
    signed: Signed,
    metal: Metal,
    left: u64,
    is_pool: bool,
    /// Whether its certificates leave open what it is made of.
    is_open: bool,
    form: &'static str,
    site: usize,
}

struct Plant {
    random: Random,
    forge: Forge,
    lots: Vec<Lot>,
}

const SITES: [&str; 3] = ["MY", "CN", "JP"];

impl Plant {
    fn one_of(&mut self, count: usize) -> usize {
        usize::try_from(self.random.below(count as u64)).unwrap()
    }

    fn origin(&mut self) {
        let (site, mass) = (self.one_of(3), 1_000_000 + self.random.below(9_000_000));
        let mined = ["AU", "CN", "unknown"][self.one_of(3)];
        let source = ["mined", "post-consumer", "purchased"][self.one_of(3)];
        let mut subject = subject(mass, "concentrate", site);
        let history = match source {
            "mined" => vec!["mined".to_owned(), format!("mining {mined}")],
            "post-consumer" => vec!["post-consumer".to_owned(), "collection DE".to_owned()],
            _ => vec!["purchased".to_owned()],
        };
        subject["source"] = json!(source);
        subject["origin"] = json!({ "country": if source == "mined" { mined } else { "unknown" } });
        match source {
            "post-consumer" => subject["origin"]["collectedIn"] = json!("DE"),
            "purchased" => subject["documents"] = json!([{ "digestMultibase": digest() }]),
            _ => {}
        }
        subject["custodyModel"] = json!("segregated");
        self.add("OriginCertificate", subject, Metal::from([(history, mass as f64)]), (false, false));
    }

    fn add(&mut self, kind: &str, subject: Value, metal: Metal, (is_pool, is_open): (bool, bool)) {
        let left = milligrams(&subject["content"]["Nd"]);
        let sum: f64 = metal.values().sum();
        assert!((sum - left as f64).abs() < 1.0, "{sum} kept for {left}");
        let forms = ["concentrate", "scrap", "oxide", "in-process"];
        let form = forms.into_iter().find(|form| subject["form"] == *form).unwrap();
        let site = SITES.iter().position(|site| subject["facility"]["country"] == *site).unwrap_or(0);
        let signed = self.forge.sign(kind, subject);
        self.lots.push(Lot { signed, metal, left, is_pool, is_open, form, site });
    }

    /// Takes up to all that is left of a lot: from a pool whatever comes first, else of everything alike.
    fn draw(&mut self, at: usize) -> Option<(u64, Metal, bool)> {
        let left = self.lots[at].left;
        let draw = if self.random.below(3) == 0 { left } else { 1 + self.random.below(left.max(1)) };
        if left == 0 || draw > left {
            return None;
        }
        let from_the_end = self.random.below(2) == 0;
        let lot = &mut self.lots[at];
        lot.left -= draw;
        let mut taken = Metal::new();
        if lot.is_pool {
            let mut wanted = draw as f64;
            let mut order: Vec<History> = lot.metal.keys().cloned().collect();
            if from_the_end {
                order.reverse();
            }
            for history in order {
                let there = lot.metal.get_mut(&history).unwrap();
                let part = there.min(wanted);
                *there -= part;
                wanted -= part;
                *taken.entry(history).or_default() += part;
            }
        } else {
            let share = draw as f64 / left as f64;
            for (history, there) in &mut lot.metal {
                *taken.entry(history.clone()).or_default() += *there * share;
                *there *= 1.0 - share;
            }
        }
        let is_open = lot.is_open || lot.is_pool && draw < milligrams(&content(lot));
        Some((draw, taken, is_open))
    }

    fn process(&mut self) {
        let step = ["separation", "reduction", "in-process", "blending", "recycling"][self.one_of(5)];
        let custody = ["segregated", "segregated", "mass-balance"][self.one_of(3)];
        let (site, wanted) = (self.one_of(3), 1 + self.one_of(3));
        let (mut inputs, mut metal, mut drawn, mut was_pool) = (Vec::new(), Metal::new(), 0, false);
        let mut is_open = custody == "mass-balance";
        let mut used = Vec::new();
        for _ in 0..wanted {
            let at = self.one_of(self.lots.len());
            if used.contains(&at) {
                continue;
            }
            let Some((draw, taken, open)) = self.draw(at) else { continue };
            is_open |= open;
            used.push(at);
            drawn += draw;
            was_pool |= self.lots[at].is_pool;
            inputs.push(input(&self.lots[at].signed, draw));
            let is_scrap = step == "recycling" && self.lots[at].form == "scrap" && self.lots[at].site != site;
            for (mut history, mass) in taken {
                if is_scrap && history[0] != "post-consumer" {
                    history.push("pre-consumer".to_owned());
                }
                *metal.entry(history).or_default() += mass;
            }
        }
        if inputs.is_empty() {
            return;
        }
        if custody == "mass-balance" && self.random.below(2) == 0 {
            // Other metal of the site went out instead.
            metal = Metal::from([(vec!["exchanged".to_owned(), "mining RU".to_owned()], drawn as f64)]);
        }
        // What was made one material loses of everything alike; a pool is exact.
        let pool = matches!(step, "in-process" | "blending");
        let content = if pool { drawn } else { (drawn * (70 + self.random.below(31)) / 100).max(1) };
        let mut made = Metal::new();
        for (mut history, mass) in metal {
            if step != "in-process" {
                history.push(format!("{step} {}", SITES[site]));
            }
            *made.entry(history).or_default() += mass * content as f64 / drawn as f64;
        }
        let form = match step {
            "in-process" => "in-process",
            _ => ["scrap", "oxide"][self.one_of(2)],
        };
        let mut subject = subject(content, form, site);
        subject["step"] = json!(step);
        subject["contentFrom"] = json!("draws");
        subject["custodyModel"] = json!(custody);
        let is_pool = pool && (inputs.len() > 1 || was_pool);
        subject["inputs"] = json!(inputs);
        self.add("ProcessingCertificate", subject, made, (is_pool, is_open));
    }

    fn transfer(&mut self) {
        let at = self.one_of(self.lots.len());
        let Some((draw, metal, is_open)) = self.draw(at) else { return };
        let lot = &self.lots[at];
        let (is_pool, site, from) = (lot.is_pool, lot.site, lot.form);
        let mut subject = subject(draw, from, site);
        for member in ["facility", "period"] {
            subject.as_object_mut().unwrap().remove(member);
        }
        subject["kind"] = json!("own-move");
        subject["to"] = json!({ "id": "did:web:refinery.example", "name": "Refinery" });
        subject["dispatchDate"] = json!("2026-09-15");
        subject["destination"] = json!("DE");
        subject["inputs"] = json!([input(&lot.signed, draw)]);
        self.add("TransferCertificate", subject, metal, (is_pool, is_open));
        // The maker of scrap is who made it, wherever it lies.
        self.lots.last_mut().unwrap().site = site;
    }
}

fn digest() -> String {
    ytterby::digest::Digest::of(b"invoice").to_string()
}

fn content(lot: &Lot) -> Value {
    lot.signed.value["credentialSubject"]["content"]["Nd"].clone()
}

fn milligrams(mass: &Value) -> u64 {
    ytterby::decimal::Mass::parse(mass.as_str().unwrap()).unwrap().mg()
}

fn subject(content: u64, form: &str, site: usize) -> Value {
    json!({
        "home": "registry.example/ree",
        "holder": "did:web:refinery.example",
        "lotNumber": "L", "product": "some", "form": form,
        "netMass": "1000",
        "assay": { "massBasis": "as-received", "percentBasis": "of-mass",
                   "components": [{ "element": "Nd", "percent": "1" }] },
        "content": { "Nd": ytterby::decimal::kilograms(content) },
        "facility": { "id": format!("urn:site:{}", SITES[site]), "name": "Site", "country": SITES[site] },
        "period": { "from": "2026-08-01", "to": "2026-08-20" },
    })
}

fn input(lot: &Signed, draw: u64) -> Value {
    let certificate = lot.certificate();
    json!({
        "lot": certificate.claims().id.urn().to_string(),
        "digestMultibase": certificate.digest().to_string(),
        "draws": { "Nd": ytterby::decimal::kilograms(draw) },
    })
}

/// The share of some metal that has a word in its history.
fn truth(metal: &Metal, word: &str) -> f64 {
    let all: f64 = metal.values().sum();
    let with = metal.iter().filter(|(history, _)| history.iter().any(|own| own == word));
    with.map(|(_, mass)| mass).sum::<f64>() / all
}

/// The interval that a profile has for a word.
fn claimed(profile: &ElementProfile, word: &str) -> (f64, f64) {
    let of = |share: Option<Share>| {
        let percent = |percent: Percent| f64::from(percent.millionths()) / f64::from(Percent::FULL);
        share.map_or((0.0, 0.0), |share| (percent(share.low()), percent(share.high())))
    };
    let entered = |way: Entered| of(Some(profile.entered(way)));
    match word.split_once(' ') {
        None if word == "pre-consumer" => of(Some(profile.pre_consumer)),
        None if word == "exchanged" => entered(Entered::Exchanged),
        None => entered(Entered::Origin(ytterby::form::Source::parse(word).unwrap())),
        Some((stage, country)) => {
            let stage = profile.stage(Stage::parse(stage).unwrap());
            let country = ytterby::Country::parse(country);
            let found = stage.and_then(|s| s.countries.iter().find(|(own, _)| *own == country));
            of(found.map(|(_, share)| *share))
        }
    }
}

fn grown(seed: u64) -> Plant {
    let mut plant = Plant { random: Random::new(seed), forge: Forge::default(), lots: Vec::new() };
    plant.origin();
    plant.origin();
    for _ in 0..24 {
        match plant.random.below(8) {
            0 => plant.origin(),
            1 => plant.transfer(),
            _ => plant.process(),
        }
    }
    plant
}

#[test]
fn the_interval_holds_the_truth_and_is_exact_without_pools() {
    let (mut exact, mut open) = (0, 0);
    for seed in 0..60 {
        let plant = grown(seed);
        let certificates: Vec<&Value> = plant.lots.iter().map(|lot| &lot.signed.value).collect();
        for lot in plant.lots.iter().filter(|lot| lot.left == milligrams(&content(lot))) {
            let subject = lot.signed.certificate().digest().to_string();
            let bundle =
                json!({ "bundle": "ytterby.bundle/1", "subject": [subject], "certificates": certificates });
            let bytes = serde_json::to_vec(&bundle).unwrap();
            let bundle = Bundle::parse(&bytes).unwrap();
            let report = verify(&bundle, &Trust::nobody(), &ytterby::Rules::default(), time(NOW));
            let provenance = report.provenance.unwrap();
            let profile = &provenance.lots[0].elements[0];
            let nothing_left_open = !lot.is_open;
            let mut words: Vec<String> = lot.metal.keys().flatten().cloned().collect();
            words.extend(["mining CN", "post-consumer", "separation MY", "pre-consumer"].map(str::to_owned));
            // Of what was exchanged nothing is known but that it may have been.
            let known = |word: &String| word != "mining RU";
            for word in words.iter().filter(|word| known(word)) {
                let (low, high) = claimed(profile, word);
                let truth = truth(&lot.metal, word);
                assert!(low <= high, "seed {seed}: {word}: {low} > {high}");
                assert!(
                    low - 1e-6 <= truth && truth <= high + 1e-6,
                    "seed {seed}: {word} is {truth}, claimed between {low} and {high}: {:#?}\n{profile:#?}",
                    lot.metal
                );
                if nothing_left_open {
                    assert!(high - low < 2e-8, "seed {seed}: {word} is exact, claimed {low} to {high}");
                }
                (exact, open) = if high - low < 2e-8 { (exact + 1, open) } else { (exact, open + 1) };
            }
            let low: f64 = profile.entered.iter().map(|(way, _)| claimed(profile, way.as_str()).0).sum();
            let high: f64 = profile.entered.iter().map(|(way, _)| claimed(profile, way.as_str()).1).sum();
            assert!(low <= 1.0 + 1e-9 && high >= 1.0 - 1e-9, "seed {seed}: what entered is all of it");
        }
    }
    assert!(exact > 1000 && open > 1000, "{exact} exact, {open} open: the plant does not do everything");
}
