//! Random registrations and closings against a model that is too simple to be wrong: every answer,
//! and everything that can be read afterwards, has to be the model's.

use std::collections::{BTreeMap, BTreeSet};

use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::masses::Masses;
use ytterby_store::{CertificateFilter, CloseReason, Closing, Draw, NewCertificate, Store};

use crate::make::{AT, certificate, did, element, registration, sequence, wait};
use crate::random::Random;

const ROUNDS: u64 = 400;
const PARTIES: [&str; 3] = ["mine", "plant", "magnets"];
const ELEMENTS: [&str; 3] = ["Pr", "Nd", "Dy"];

#[derive(Clone)]
struct Lot {
    holder: Did,
    content: Masses,
    drawn: Masses,
    draws: Vec<(Digest, Masses)>,
    closed: bool,
}

#[derive(Clone, Default)]
struct Model {
    order: Vec<Digest>,
    lots: BTreeMap<Digest, Lot>,
    external_ids: BTreeMap<(Did, String), Digest>,
}

impl Model {
    fn register(&mut self, certificates: &[NewCertificate]) -> Result<Vec<Vec<u64>>, String> {
        let mut next = self.clone();
        let sequence = certificates.iter().map(|new| next.add(new)).collect::<Result<_, _>>()?;
        *self = next;
        Ok(sequence)
    }

    fn add(&mut self, new: &NewCertificate) -> Result<Vec<u64>, String> {
        if let Some(by) = self.external_ids.get(&(new.issuer.clone(), new.external_id.clone())) {
            return Err(format!("external id {:?} is taken by {by}", new.external_id));
        }
        self.external_ids.insert((new.issuer.clone(), new.external_id.clone()), new.digest);
        let sequence = new.draws.iter().map(|draw| self.draw(new, draw)).collect::<Result<_, _>>()?;
        let lot = new.lot.as_ref().unwrap();
        self.lots.insert(
            new.digest,
            Lot {
                holder: lot.holder.clone().unwrap(),
                content: lot.content.clone(),
                drawn: Masses::default(),
                draws: vec![],
                closed: false,
            },
        );
        self.order.push(new.digest);
        Ok(sequence)
    }

    fn draw(&mut self, new: &NewCertificate, draw: &Draw) -> Result<u64, String> {
        let lot = self.held(draw.lot, &new.issuer)?;
        for (element, wanted) in draw.amount.iter() {
            let left = lot.content.get(element) - lot.drawn.get(element);
            if wanted > left {
                return Err(format!("lot {} has {left} mg {element} left, {wanted} mg wanted", draw.lot));
            }
        }
        lot.drawn.add_all(&draw.amount);
        lot.draws.push((new.digest, draw.amount.clone()));
        Ok(lot.draws.len() as u64)
    }

    fn close(&mut self, digest: Digest, by: &Did) -> Result<(), String> {
        self.held(digest, by)?.closed = true;
        Ok(())
    }

    fn held(&mut self, digest: Digest, by: &Did) -> Result<&mut Lot, String> {
        let lot = self.lots.get_mut(&digest).ok_or_else(|| format!("no lot {digest}"))?;
        if lot.holder != *by {
            return Err(format!("lot {digest} is held by {}", lot.holder));
        }
        if lot.closed { Err(format!("lot {digest} is closed")) } else { Ok(lot) }
    }

    fn status(&self, digest: Digest) -> &'static str {
        match &self.lots[&digest] {
            lot if lot.closed => "closed",
            lot if lot.content == lot.drawn => "drained",
            _ => "open",
        }
    }

    fn lineage(&self, of: Digest) -> Vec<Digest> {
        let mut found = BTreeSet::from([of]);
        // Children come after their parents.
        for child in self.order.iter().rev() {
            if found.contains(child) {
                let drawn = |lot: &Lot| lot.draws.iter().any(|(by, _)| by == child);
                found.extend(self.lots.iter().filter(|(_, lot)| drawn(lot)).map(|(digest, _)| *digest));
            }
        }
        self.order.iter().filter(|digest| found.contains(digest)).copied().collect()
    }
}

pub(crate) fn random_requests_do_what_the_model_does(store: &dyn Store) {
    let mut random = Random::seeded();
    let mut model = Model::default();
    let (mut accepted, mut refused) = (0, BTreeSet::new());
    for round in 0..ROUNDS {
        if random.below(12) == 0 && !model.order.is_empty() {
            let (lot, holder) = (pick(&mut random, &model.order), did(pick(&mut random, &PARTIES)));
            let closing =
                Closing { lot, holder: holder.clone(), reason: CloseReason::Consumed, at: AT.to_owned() };
            let answer = wait(store.close(closing)).map_err(|error| error.to_string());
            assert_eq!(answer, model.close(lot, &holder), "round {round}");
            continue;
        }
        let certificates = request(&mut random, &model, round);
        let answer = wait(store.register(registration(&certificates)));
        let answer = answer.map(|done| sequence(&done)).map_err(|error| error.to_string());
        let wanted = model.register(&certificates);
        assert_eq!(answer, wanted, "round {round}: {certificates:?}");
        match wanted {
            Ok(_) => accepted += 1,
            Err(error) => {
                refused.insert(error.split_whitespace().last().unwrap_or_default().to_owned());
            }
        }
    }
    assert!(accepted > ROUNDS / 10 && refused.len() > 3, "{accepted} accepted, refused: {refused:?}");
    same(store, &model);
}

/// One of some.
fn pick<T: Copy>(random: &mut Random, from: &[T]) -> T {
    from[usize::try_from(random.below(from.len() as u64)).unwrap()]
}

/// One to three certificates that may draw on what there is and on each other, most of them sound.
fn request(random: &mut Random, model: &Model, round: u64) -> Vec<NewCertificate> {
    let mut certificates: Vec<NewCertificate> = Vec::new();
    for n in 0..=random.below(3) {
        let content: Vec<_> = ELEMENTS.iter().map(|symbol| (*symbol, random.below(50))).collect();
        let mut new = certificate(&format!("{round}-{n}"), pick(random, &PARTIES), &content);
        if random.below(20) == 0 {
            new.external_id = format!("erp-{}-0", random.below(round + 1));
        }
        new.lot.as_mut().unwrap().holder = Some(did(pick(random, &PARTIES)));
        let known = model.order.iter().chain(certificates.iter().map(|certificate| &certificate.digest));
        let mut lots: Vec<_> = known.copied().chain([Digest::of(b"unknown")]).collect();
        for _ in 0..random.below(4) {
            let lot = lots.swap_remove(usize::try_from(random.below(lots.len() as u64)).unwrap());
            // Mostly by its holder, else hardly any request would pass.
            if let Some(known) = model.lots.get(&lot)
                && new.draws.is_empty()
                && random.below(8) != 0
            {
                new.issuer = known.holder.clone();
            }
            let mut amount = Masses::default();
            amount.set(element(pick(random, &ELEMENTS)), 1 + random.below(20));
            amount.add(element(pick(random, &ELEMENTS)), random.below(5));
            new.draws.push(Draw { lot, amount });
            if lots.is_empty() {
                break;
            }
        }
        certificates.push(new);
    }
    certificates
}

fn same(store: &dyn Store, model: &Model) {
    let records = wait(store.lots(model.order.clone())).unwrap();
    for record in records {
        let lot = &model.lots[&record.digest];
        assert_eq!((&record.drawn, record.draws), (&lot.drawn, lot.draws.len() as u64));
        assert_eq!(record.closed.is_some(), lot.closed);
        let draws = wait(store.drawn_by(record.digest)).unwrap();
        assert_eq!(draws.into_iter().map(|draw| (draw.digest, draw.amount)).collect::<Vec<_>>(), lot.draws);
        let lineage = wait(store.lineage(vec![record.digest], 10_000)).unwrap();
        assert_eq!(
            lineage.iter().map(|bytes| Digest::of(bytes)).collect::<Vec<_>>(),
            model.lineage(record.digest)
        );
    }
    let listed = |filter: CertificateFilter, fits: &dyn Fn(Digest) -> bool| {
        let rows = wait(store.list(filter.clone(), None, 10_000)).unwrap().rows;
        let wanted: Vec<_> = model.order.iter().rev().copied().filter(|digest| fits(*digest)).collect();
        assert_eq!(rows.iter().map(|row| row.digest).collect::<Vec<_>>(), wanted, "{filter:?}");
    };
    let any = CertificateFilter::default;
    for status in ["open", "drained", "closed"] {
        listed(CertificateFilter { status: Some(status.to_owned()), ..any() }, &|digest| {
            model.status(digest) == status
        });
    }
    for symbol in ELEMENTS {
        let holds = |digest| model.lots[&digest].content.get(element(symbol)) > 0;
        listed(CertificateFilter { element: Some(symbol.to_owned()), ..any() }, &holds);
    }
    for party in PARTIES {
        listed(CertificateFilter { holder: Some(did(party)), ..any() }, &|digest| {
            model.lots[&digest].holder == did(party)
        });
    }
}
