//! The walk along a lineage, parents first, that computes shares: one pass, each lot's shares dropped
//! when the last lot made from it has been done.

use std::rc::Rc;

use super::key::{Entered, Key, Keys, Name, Stage, before};
use super::share::{Share, Sum, Weight, Weights};
use crate::bundle::Bundle;
use crate::element::Element;
use crate::form::{CustodyModel, DeclaredReason, Form, Source, Step};
use crate::lineage::Lineage;
use crate::lot::{Input, Lot, Making};
use crate::wire::Country;

/// Shares of an element of a lot, by key, in no order.
pub(super) type Shares = Rc<[(u32, Share)]>;

/// What is known about a lot's metal.
#[derive(Clone)]
pub(super) struct State {
    pub(super) elements: Vec<(Element, Shares)>,
    /// The weakest custody model on the way.
    pub(super) weakest: Option<CustodyModel>,
    /// Whether parts of it may differ.
    is_pool: bool,
    /// The facility that made it; a transfer changes nothing about that.
    maker: Option<Name>,
    /// The country it is in.
    pub(super) place: Option<Country>,
}

impl State {
    fn shares(&self, element: Element) -> &[(u32, Share)] {
        self.elements.iter().find(|(own, _)| *own == element).map_or(&[], |(_, shares)| shares)
    }
}

/// The walk, and what it keeps between lots.
pub(super) struct Walk<'w, 'b> {
    bundle: &'w Bundle<'b>,
    lineage: &'w Lineage,
    pub(super) keys: Keys<'w>,
    states: Vec<Option<State>>,
    /// How many lots that are still to be done draw on each.
    waiting: Vec<u32>,
    sums: Sums,
    /// How many shares may still be added.
    pub(super) left: usize,
}

/// Sums by key number; what is of an earlier lot is told by its round.
#[derive(Default)]
struct Sums {
    all: Weights,
    by_key: Vec<(u32, Sum)>,
    touched: Vec<u32>,
    round: u32,
}

impl Sums {
    fn begin(&mut self) {
        self.round += 1;
        self.touched.clear();
        self.all = Weights::default();
    }

    fn add(&mut self, key: u32, share: Share, weight: Weight) {
        let at = key as usize;
        if self.by_key.len() <= at {
            self.by_key.resize(at + 1, (0, Sum::default()));
        }
        let (round, sum) = &mut self.by_key[at];
        if *round != self.round {
            (*round, *sum) = (self.round, Sum::default());
            self.touched.push(key);
        }
        sum.add(share, weight);
    }

    fn shares(&self) -> impl Iterator<Item = (u32, Share)> + '_ {
        self.touched.iter().map(|key| (*key, self.by_key[*key as usize].1.share(self.all)))
    }
}

/// An input with what is known about the lot it names.
struct Part<'s> {
    input: &'s Input,
    lot: Option<&'s Lot>,
    state: Option<&'s State>,
    /// Whether it is another process's scrap that is recycled here.
    is_scrap: bool,
}

impl Part<'_> {
    /// All there was of an element.
    fn whole(&self, element: Element) -> u64 {
        self.lot.map_or(0, |lot| lot.content.get(element))
    }
}

impl<'w, 'b> Walk<'w, 'b> {
    /// A walk over what is behind these certificates, in so many steps at most.
    pub(super) fn new(bundle: &'w Bundle<'b>, lineage: &'w Lineage, subjects: &[u32], steps: usize) -> Self {
        let count = bundle.certificates.len();
        let mut waiting = vec![0; count];
        // What is not behind a subject is never waited for.
        for subject in subjects {
            waiting[*subject as usize] = 1;
        }
        for position in lineage.order.iter().rev() {
            if waiting[*position as usize] == 0 {
                continue;
            }
            let lot = bundle.certificates[*position as usize].lot();
            for input in lot.iter().flat_map(|lot| &lot.inputs) {
                if let Some(parent) = lineage.index.get(&input.digest) {
                    waiting[*parent as usize] += 1;
                }
            }
        }
        let (keys, sums) = (Keys::default(), Sums::default());
        Walk { bundle, lineage, keys, states: vec![None; count], waiting, sums, left: steps }
    }

    /// Does every lot behind the subjects; says whether the steps were enough. `each` sees them all.
    pub(super) fn run(&mut self, mut each: impl FnMut(u32, &State, &dyn Fn(u32) -> Option<Country>)) -> bool {
        for position in self.lineage.order.iter().copied() {
            if self.waiting[position as usize] == 0 {
                continue;
            }
            let bundle = self.bundle;
            let Some(lot) = bundle.certificates[position as usize].lot() else { continue };
            let issuer = bundle.certificates[position as usize].claims().issuer.as_str();
            let Some(state) = self.state(lot, issuer) else { return false };
            let place = |at: u32| self.states[at as usize].as_ref().and_then(|state| state.place);
            each(position, &state, &place);
            for input in &lot.inputs {
                let Some(parent) = self.lineage.index.get(&input.digest) else { continue };
                let waiting = &mut self.waiting[*parent as usize];
                *waiting -= 1;
                if *waiting == 0 {
                    self.states[*parent as usize] = None;
                }
            }
            self.states[position as usize] = Some(state);
        }
        true
    }

    pub(super) fn done(&self, position: u32) -> Option<&State> {
        self.states[position as usize].as_ref()
    }

    fn state(&mut self, lot: &'w Lot, issuer: &'w str) -> Option<State> {
        let facility = lot.facility.as_deref();
        let own = facility.map(|facility| self.keys.name(&facility.id));
        let pre_consumer = self.keys.number(Key::PreConsumer);
        // Taken out while it is borrowed beside the sums.
        let states = std::mem::take(&mut self.states);
        let mut sums = std::mem::take(&mut self.sums);
        let parts: Vec<Part<'_>> = lot
            .inputs
            .iter()
            .map(|input| {
                let at = self.lineage.index.get(&input.digest).map(|at| *at as usize);
                let lots = &self.bundle.certificates;
                let parent = at.and_then(|at| lots[at].lot());
                let state = at.and_then(|at| states[at].as_ref());
                let is_scrap = lot.step() == Some(Step::Recycling)
                    && parent.is_some_and(|p| matches!(p.form, Form::Swarf | Form::Scrap | Form::Residue))
                    && state.is_some_and(|state| state.maker != own);
                Part { input, lot: parent, state, is_scrap }
            })
            .collect();
        let is_pool = is_pool(lot, &parts);
        let weakest = parts.iter().filter_map(|part| part.state?.weakest).chain(lot.custody_model).max();
        let carried = parts.first().and_then(|part| part.state).filter(|_| lot.is_transfer());
        let (maker, place) = match &lot.making {
            Making::Transfer { destination, .. } => (carried.and_then(|s| s.maker), Some(*destination)),
            _ => (own, facility.map(|facility| facility.country)),
        };
        let mut made = State { elements: Vec::new(), weakest, is_pool, maker, place };
        let mut is_enough = true;
        for (element, content) in lot.content.iter() {
            let one = Mix { lot, parts: &parts, element, content, is_pool, pre_consumer };
            let shares = self.mix(&one, &mut sums, issuer);
            is_enough &= self.left > 0;
            if !is_enough {
                break;
            }
            made.elements.push((element, shares));
        }
        drop(parts);
        (self.states, self.sums) = (states, sums);
        is_enough.then_some(made)
    }

    fn mix(&mut self, mix: &Mix<'_, 'w>, sums: &mut Sums, issuer: &'w str) -> Shares {
        if let Some(shares) = mix.unchanged() {
            return shares;
        }
        sums.begin();
        let total = self.add_entered(mix, sums);
        for part in mix.parts {
            self.add_part(mix, part, total, sums);
        }
        let mut shares: Vec<(u32, Share)> = sums.shares().collect();
        if mix.lot.custody_model == Some(CustodyModel::MassBalance) && !mix.lot.is_origin() {
            for (_, share) in &mut shares {
                *share = share.by_mass_balance();
            }
            let exchanged = self.keys.number(Key::Entered(Entered::Exchanged));
            set(&mut shares, exchanged, Share::PERHAPS);
        }
        if mix.is_pool {
            for (_, share) in &mut shares {
                *share = share.in_part(mix.content, total);
            }
        }
        if mix.lot.corrects().is_some() {
            self.doubt(mix, &mut shares);
        }
        self.add_own(mix.lot, issuer, &mut shares);
        self.left = self.left.saturating_sub(shares.len());
        shares.into()
    }

    /// What enters here; says of how much the shares are.
    fn add_entered(&mut self, mix: &Mix<'_, '_>, sums: &mut Sums) -> u64 {
        let Mix { lot, parts, element, content, .. } = *mix;
        let drawn = parts.iter().fold(0_u64, |sum, part| sum.saturating_add(part.input.draws.get(element)));
        let declared = lot.declared.iter().filter(|declared| {
            declared.element == element
                && declared.reason != DeclaredReason::InventoryGain
                && lot.corrects().is_none()
        });
        let known = declared.clone().fold(drawn, |sum, declared| sum.saturating_add(declared.mass.mg()));
        let total = known.max(content);
        let enters = |sums: &mut Sums, keys: &mut Keys<'w>, entered: Entered, mass: u64| {
            let weight = Weight::of(mass, total);
            sums.all.add(weight);
            sums.add(keys.number(Key::Entered(entered)), Share::ALL, weight);
            weight
        };
        if let Making::Origin { source, .. } = &lot.making {
            enters(sums, &mut self.keys, Entered::Origin(*source), content);
            return content;
        }
        for declared in declared {
            let weight = enters(sums, &mut self.keys, Entered::Declared, declared.mass.mg());
            for (stage, country) in places(&declared.origins) {
                sums.add(self.keys.number(Key::Declared(stage, country)), Share::ALL, weight);
            }
        }
        if known < content {
            enters(sums, &mut self.keys, Entered::Unbacked, content - known);
        }
        total
    }

    fn add_part(&mut self, mix: &Mix<'_, '_>, part: &Part<'_>, total: u64, sums: &mut Sums) {
        let draw = part.input.draws.get(mix.element);
        if draw == 0 {
            return;
        }
        let weight = Weight::of(draw, total);
        sums.all.add(weight);
        let Some(state) = part.state else {
            let missing = self.keys.number(Key::Entered(Entered::Missing));
            return sums.add(missing, Share::ALL, weight);
        };
        let shares = state.shares(mix.element);
        self.left = self.left.saturating_sub(shares.len());
        let whole = if state.is_pool { part.whole(mix.element) } else { 0 };
        let mut pre_consumer = Share::NONE;
        for (key, share) in shares {
            let share = share.in_part(draw, whole);
            if *key == mix.pre_consumer {
                pre_consumer = share;
            } else {
                sums.add(*key, share, weight);
            }
        }
        if part.is_scrap {
            let used = self.keys.number(Key::Entered(Entered::Origin(Source::PostConsumer)));
            let used = shares.iter().find(|(key, _)| *key == used).map_or(Share::NONE, |(_, share)| *share);
            pre_consumer = pre_consumer.or(used.in_part(draw, whole).rest());
        }
        if pre_consumer.is_possible() {
            sums.add(mix.pre_consumer, pre_consumer, weight);
        }
    }

    /// What is true of all metal of a lot, because it was made here.
    fn add_own(&mut self, lot: &'w Lot, issuer: &'w str, shares: &mut Vec<(u32, Share)>) {
        match &lot.making {
            Making::Transfer { .. } => {}
            Making::Processing { step, corrects: None } => {
                let Some(stage) = Stage::of(*step) else { return };
                let country = lot.facility.as_ref().map(|facility| facility.country);
                let region = lot.facility.as_ref().and_then(|facility| facility.region.as_deref());
                self.add_stage(stage, (country, region), lot, issuer, shares);
            }
            // A correction is no step of its own.
            Making::Processing { .. } => {}
            Making::Origin { source, mined_in, region, collected_in } => {
                let country = collected_in.or(lot.facility.as_ref().map(|facility| facility.country));
                match source {
                    Source::Mined => {
                        self.add_stage(Stage::Mining, (*mined_in, region.as_deref()), lot, issuer, shares);
                    }
                    Source::PostConsumer => {
                        self.add_stage(Stage::Collection, (country, None), lot, issuer, shares);
                    }
                    Source::Purchased | Source::OpeningStock => {}
                }
                if *source != Source::Mined {
                    let told = mined_in.map(|country| Key::Country(Stage::Mining, Some(country)));
                    let key = told.unwrap_or(Key::Untold(Stage::Mining));
                    set(shares, self.keys.number(key), Share::ALL);
                }
                for step in before(lot.form) {
                    set(shares, self.keys.number(Key::Untold(Stage::Step(*step))), Share::ALL);
                }
            }
        }
    }

    /// What a correction leaves open: whether a step that it undoes was done, and what else went in.
    fn doubt(&mut self, mix: &Mix<'_, '_>, shares: &mut Vec<(u32, Share)>) {
        let corrected = mix.parts.first().and_then(|part| part.lot?.step());
        let undone = corrected.filter(|_| mix.lot.step() == Some(Step::Undo)).and_then(Stage::of);
        for (key, share) in shares.iter_mut() {
            if self.keys.key(*key).and_then(Key::stage) == undone && undone.is_some() {
                *share = share.doubted();
            }
        }
        for declared in mix.lot.declared.iter().filter(|declared| declared.element == mix.element) {
            let places = places(&declared.origins).map(|(stage, country)| Key::Declared(stage, country));
            for key in places.chain([Key::Entered(Entered::Declared)]) {
                let key = self.keys.number(key);
                let before =
                    shares.iter().find(|(own, _)| *own == key).map_or(Share::NONE, |(_, share)| *share);
                set(shares, key, before.or(Share::PERHAPS));
            }
        }
    }

    fn add_stage(
        &mut self,
        stage: Stage,
        (country, region): (Option<Country>, Option<&'w str>),
        lot: &'w Lot,
        issuer: &'w str,
        shares: &mut Vec<(u32, Share)>,
    ) {
        let issuer = Key::Issuer(stage, self.keys.name(issuer));
        let facility = lot.facility.as_deref().map(|f| Key::Facility(stage, self.keys.name(&f.id)));
        let named = region.and_then(|name| self.keys.own_name(name));
        let region =
            country.map(|c| named.map_or(Key::Unplaced(stage, c), |name| Key::Region(stage, c, name)));
        let all = [Key::Done(stage), Key::Country(stage, country), issuer];
        for key in all.into_iter().chain(facility).chain(region) {
            set(shares, self.keys.number(key), Share::ALL);
        }
    }
}

/// What one element of a lot is mixed from.
struct Mix<'m, 'w> {
    lot: &'w Lot,
    parts: &'m [Part<'m>],
    element: Element,
    content: u64,
    is_pool: bool,
    pre_consumer: u32,
}

impl Mix<'_, '_> {
    /// The shares of the one lot that a transfer moves, where there is nothing to compute.
    fn unchanged(&self) -> Option<Shares> {
        let ([part], true) = (self.parts, self.lot.is_transfer()) else { return None };
        let (state, draw) = (part.state?, part.input.draws.get(self.element));
        let is_whole = !state.is_pool || draw >= part.whole(self.element);
        let (_, shares) = state.elements.iter().find(|(own, _)| *own == self.element)?;
        (is_whole && draw >= self.content).then(|| Rc::clone(shares))
    }
}

/// Whether parts of a lot may differ: it was only put together, not made one material.
fn is_pool(lot: &Lot, parts: &[Part<'_>]) -> bool {
    let inherited = || parts.iter().any(|part| part.state.is_some_and(|state| state.is_pool));
    match &lot.making {
        Making::Origin { .. } => false,
        Making::Transfer { .. } => inherited(),
        Making::Processing { corrects: Some(_), .. } => true,
        Making::Processing { step: Step::InProcess | Step::Blending | Step::Repacking, .. } => {
            lot.custody_model != Some(CustodyModel::ControlledBlending) && (parts.len() > 1 || inherited())
        }
        Making::Processing { .. } => false,
    }
}

/// The stages of declared material, as far as their words are ours.
fn places(origins: &[(Box<str>, Option<Country>)]) -> impl Iterator<Item = (Stage, Option<Country>)> + '_ {
    origins.iter().filter_map(|(word, country)| Some((Stage::parse(word)?, *country)))
}

fn set(shares: &mut Vec<(u32, Share)>, key: u32, share: Share) {
    match shares.iter_mut().find(|(own, _)| *own == key) {
        Some((_, old)) => *old = share,
        None => shares.push((key, share)),
    }
}
