//! The same worlds in certificates, entries and receipts, for the library to judge.

use std::collections::BTreeSet;

use conformance::book::{Book, time};
use conformance::log::TestLog;
use conformance::vectors::{Forge, NOW, Signed};
use serde_json::{Value, json};
use ytterby::digest::Digest;
use ytterby::element::Element;
use ytterby::entry::{CertificateEntry, Taken};
use ytterby::form::Kind;
use ytterby::masses::Masses;
use ytterby::{Bundle, Certificate, Entry, Home, Ledger, Trust, Verdict};

use crate::rule::Rules;
use crate::verifier::passes;
use crate::world::{HOMES, Held, Leaf, Made, World};

/// A world's certificates, and the entries that its logs may hold.
pub(crate) struct Real {
    certificates: Vec<Certificate<'static>>,
    pub(crate) digests: Vec<Digest>,
    /// By log, in the order of the world's list.
    pub(crate) entries: [Vec<Entry>; 2],
    issuer: String,
}

impl Real {
    /// Signs every certificate of a world.
    pub(crate) fn of(world: &World) -> Self {
        let mut forge = Forge::default();
        let mut signed: Vec<Signed> = Vec::new();
        for lot in &world.lots {
            let mut subject = match lot.parent() {
                None => forge.ore(),
                Some(parent) if matches!(lot.made, Made::Processing(_)) => forge.oxide(&signed[parent]),
                Some(parent) => forge.sale(&signed[parent]),
            }
            .value["credentialSubject"]
                .clone();
            subject["home"] = json!(HOMES[lot.home]);
            let holder = json!(Book::did(company(lot.held)).as_str());
            subject["holder"] = holder.clone();
            subject["content"] = kilograms(lot.units);
            if lot.parent().is_some() {
                subject["inputs"][0]["draws"] = kilograms(lot.units);
            }
            let kind = match lot.made {
                Made::Origin | Made::Again(_) => "OriginCertificate",
                Made::Transfer(_) => "TransferCertificate",
                Made::Processing(_) => "ProcessingCertificate",
            };
            if matches!(lot.made, Made::Processing(_)) {
                subject["step"] = json!("in-process");
                subject["form"] = json!("in-process");
                subject["contentFrom"] = json!("draws");
                let members = subject.as_object_mut().unwrap();
                members.remove("assay");
                members.remove("netMass");
            } else {
                subject["netMass"] = json!((500 * u32::from(lot.units)).to_string());
            }
            if kind == "TransferCertificate" {
                subject["to"]["id"] = holder;
            }
            signed.push(forge.sign(kind, subject));
        }
        let certificates: Vec<_> = signed.iter().map(|signed| signed.certificate()).collect();
        let digests = certificates.iter().map(Certificate::digest).collect();
        let key = forge.key("refinery").public();
        let issuer = format!("[[issuer]]\ndid = \"did:web:refinery.example\"\nkeys = [\"{key}\"]\n");
        let mut real = Real { certificates, digests, entries: [vec![], vec![]], issuer };
        for log in [0, 1] {
            real.entries[log] = world.leaves[log].iter().map(|leaf| real.entry(world, log, *leaf)).collect();
        }
        real
    }

    /// The ledger of a log without entries.
    pub(crate) fn ledger(&self, log: usize) -> Ledger {
        Ledger::new(Home::parse(HOMES[log]).unwrap())
    }

    /// A mass that a world counts.
    pub(crate) fn mass(&self, units: u8) -> Masses {
        [("Nd", 42_867_800), ("Pr", 12_415_560)]
            .map(|(symbol, mg)| (Element::parse(symbol).unwrap(), mg * u64::from(units)))
            .into_iter()
            .collect()
    }

    fn entry(&self, world: &World, log: usize, leaf: Leaf) -> Entry {
        let about = |lot: usize| self.digests[lot].to_string();
        let value = match leaf {
            Leaf::Register { lot, content, amount, seq, cumulative } => {
                let (kind, home) = match world.lots[lot].made {
                    Made::Origin | Made::Again(_) => (Kind::Origin, world.lots[lot].home),
                    Made::Transfer(_) => (Kind::Transfer, world.lots[lot].home),
                    Made::Processing(_) => (Kind::Processing, world.lots[lot].home),
                };
                let (content, amount) = (self.mass(content), self.mass(amount));
                let inputs: Vec<_> =
                    world.lots[lot].parent().iter().map(|parent| (self.digests[*parent], &amount)).collect();
                let taken = Taken { seq: seq.into(), cumulative: self.mass(cumulative) };
                let home = Home::parse(HOMES[home]).unwrap();
                let taken = if inputs.is_empty() { vec![] } else { vec![taken] };
                let stated = Some((&content, false));
                let entry =
                    CertificateEntry::stating(self.digests[lot], kind, &home, stated, &inputs, &taken)
                        .unwrap();
                return Entry::Certificate(entry);
            }
            Leaf::Admit { lot, content } => json!({
                "version": "1", "kind": "admission", "certificate": about(lot), "home": HOMES[log],
                "amounts": { "content": kilograms(content) },
                "from": { "origin": HOMES[1 - log], "index": "0" },
            }),
            Leaf::Close { lot, .. } => {
                json!({ "version": "1", "kind": "closing", "certificate": about(lot), "reason": "consumed" })
            }
            Leaf::Revoke { lot } => json!({
                "version": "1", "kind": "status", "certificate": about(lot), "purpose": "revocation", "value": "1",
            }),
        };
        Entry::parse(&serde_json_canonicalizer::to_vec(&value).unwrap()).unwrap()
    }

    /// Asks the library what it says of every receipt that these logs could give, be it that a whole
    /// quorum lied: for each delivery, of one certificate behind it any entry, of the others the true
    /// one. It must say what the model says. Gives how many bundles were judged, and how many accepted.
    pub(crate) fn compare(&self, world: &World) -> (usize, usize) {
        let truth: Vec<(usize, usize)> = (0..world.lots.len()).map(|lot| self.honest(world, lot)).collect();
        let (mut judged, mut good) = (0, 0);
        let mut asked = BTreeSet::new();
        for delivery in (0..world.lots.len()).filter(|lot| world.lots[*lot].held != Held::Seller) {
            let lineage = world.lineage(delivery, Rules::ALL);
            for odd in &lineage {
                for (log, number) in self.registrations(world, *odd) {
                    let chosen: Vec<(usize, usize, usize)> = lineage
                        .iter()
                        .rev()
                        .map(|lot| (*lot, if lot == odd { (log, number) } else { truth[*lot] }))
                        .map(|(lot, (log, number))| (lot, log, number))
                        .collect();
                    if !asked.insert(chosen.clone()) {
                        continue;
                    }
                    let model = chosen.iter().all(|(_, log, at)| {
                        passes(world, *log, world.leaves[*log][*at], Rules::ALL, &|_| None)
                    });
                    let found = self.verdict(world, delivery, &chosen);
                    assert_eq!(found == Verdict::Verified, model, "{found:?}: {chosen:?}");
                    judged += 1;
                    good += usize::from(model);
                }
            }
        }
        (judged, good)
    }

    /// The entries that register a lot, in both logs.
    fn registrations(&self, world: &World, lot: usize) -> Vec<(usize, usize)> {
        let of = |leaf: &Leaf| matches!(leaf, Leaf::Register { lot: other, .. } if *other == lot);
        let places =
            |log: usize| world.leaves[log].iter().enumerate().map(move |(at, leaf)| ((log, at), leaf));
        places(0).chain(places(1)).filter(|(_, leaf)| of(leaf)).map(|(place, _)| place).collect()
    }

    /// The first entry that registers a lot as it is.
    fn honest(&self, world: &World, lot: usize) -> (usize, usize) {
        let passes = |(log, at): &(usize, usize)| {
            let leaf = world.leaves[*log][*at];
            passes(world, *log, leaf, Rules::ALL, &|_| None)
        };
        let all = self.registrations(world, lot);
        // The product that names another home has none.
        all.iter().copied().find(passes).unwrap_or(all[0])
    }

    /// The verdict of the library on a delivery with receipts of these entries.
    fn verdict(&self, world: &World, delivery: usize, chosen: &[(usize, usize, usize)]) -> Verdict {
        let mut logs = HOMES.map(TestLog::new);
        for (_, log, number) in chosen {
            logs[*log].append(&self.entries[*log][*number]);
        }
        let receipts = chosen.iter().map(|(lot, log, _)| {
            let digest = self.digests[*lot];
            (digest, logs[*log].receipt(&digest, &logs[*log].cosigned(3)))
        });
        let certificates = chosen.iter().map(|(lot, ..)| self.certificates[*lot].clone()).collect();
        let bundle = Bundle::of(vec![self.digests[delivery]], certificates).with_receipts(receipts);
        let holder = Book::did(company(world.lots[delivery].held));
        let trust = logs[0].trusted().replace(
            &format!("audits = [\"{}\"]", HOMES[0]),
            &format!("audits = [\"{}\", \"{}\"]", HOMES[0], HOMES[1]),
        );
        let text = format!(
            "version = 1\nholder = [\"{holder}\"]\n{}{trust}{}[require]\nstatus = false\n",
            self.issuer,
            logs[1].pinned(),
        );
        let trust = Trust::parse(text.as_bytes()).unwrap();
        ytterby::verify(&bundle, &trust, &ytterby::Rules::default(), time(NOW)).verdict()
    }
}

fn company(held: Held) -> &'static str {
    match held {
        Held::Seller => "refinery",
        Held::X => "buyer-x",
        Held::Y => "buyer-y",
    }
}

/// A mass that a world counts, as certificates state it.
fn kilograms(units: u8) -> Value {
    let kg = |mg: u64| ytterby::decimal::kilograms(mg * u64::from(units));
    json!({ "Nd": kg(42_867_800), "Pr": kg(12_415_560) })
}
