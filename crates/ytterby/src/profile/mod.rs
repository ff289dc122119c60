//! The provenance profile: of each element of a lot, and each stage of its way, where it was done, by
//! whom, and for what share of the metal at least and at most. Implements proto-docs/provenance.md.

mod key;
mod share;
mod walk;

use std::collections::BTreeMap;

use crate::bundle::Bundle;
use crate::certificate::Certificate;
use crate::digest::Digest;
use crate::element::Element;
use crate::form::{CustodyModel, Source};
use crate::lineage::Lineage;
use crate::masses::Masses;
use crate::wire::Country;
use key::Key;
pub(crate) use key::Keys;
use walk::{State, Walk};

pub use key::{Entered, Stage};
pub use share::Share;

/// Profiles are made of so many lots of a bundle at most: a delivery has a few, a heap of certificates
/// is asked about one by one.
pub const MAX_LOTS: usize = 256;

/// What is known of where the lots that a bundle is about come from.
#[derive(Debug, Clone, Default)]
pub struct Provenance {
    /// A profile of each lot that the bundle is about, in that order.
    pub lots: Vec<Profile>,
    /// The transfers behind them, and these if they are any, in the order of the lineage.
    pub transfers: Vec<Moved>,
}

/// A transfer on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The digest of its certificate.
    pub certificate: Digest,
    /// The country it left, if that is known.
    pub from: Option<Country>,
    /// The country it went to.
    pub to: Country,
}

/// Where the metal of a lot comes from.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The lot.
    pub lot: Digest,
    /// The weakest custody model on the way.
    pub weakest_custody: Option<CustodyModel>,
    /// Its elements, by atomic number.
    pub elements: Vec<ElementProfile>,
}

/// Where an element of a lot comes from.
#[derive(Debug, Clone)]
pub struct ElementProfile {
    /// The element.
    pub element: Element,
    /// Its mass in the lot, milligrams.
    pub mg: u64,
    /// How it entered the certificates: the shares are of all of it.
    pub entered: Vec<(Entered, Share)>,
    /// Recovered from production scrap of another process, and not used before.
    pub pre_consumer: Share,
    /// Its stages, mine first; those that nothing is known of are left out.
    pub stages: Vec<StageProfile>,
}

/// What is known of a stage of an element's way. A milligram may pass a stage more than once, so
/// that shares of several countries may sum to more than all.
#[derive(Debug, Clone)]
pub struct StageProfile {
    /// The stage.
    pub stage: Stage,
    /// What passed it under a certificate.
    pub done: Share,
    /// What may have passed it before its first certificate, nobody says where.
    pub untold: Share,
    /// By country, largest first; no country where the certificate says that it is unknown.
    pub countries: Vec<(Option<Country>, Share)>,
    /// By region of a country.
    pub regions: Vec<((Country, Box<str>), Share)>,
    /// By country, of what passed it there in no region that is told.
    pub unplaced: Vec<(Country, Share)>,
    /// By facility.
    pub facilities: Vec<(Box<str>, Share)>,
    /// By who certified it.
    pub issuers: Vec<(Box<str>, Share)>,
    /// By country, of material that is declared and not certified.
    pub declared: Vec<(Option<Country>, Share)>,
}

impl Provenance {
    /// The provenance of what a bundle is about, in so many steps at most; `None` when they are not
    /// enough, or it is about more lots than [`MAX_LOTS`].
    pub(crate) fn of(
        bundle: &Bundle<'_>,
        lineage: &Lineage,
        subject: &[Digest],
        steps: usize,
    ) -> Option<Self> {
        let position = |digest: &Digest| lineage.index.get(digest).copied();
        let is_lot = |at: &u32| bundle.certificates[*at as usize].lot().is_some();
        let subjects: Vec<u32> = subject.iter().filter_map(position).filter(is_lot).collect();
        if subjects.len() > MAX_LOTS {
            return None;
        }
        let mut walk = Walk::new(bundle, lineage, &subjects, steps);
        let mut transfers = Vec::new();
        let is_done = walk.run(|at, state, place| {
            let certificate = &bundle.certificates[at as usize];
            transfers.extend(moved(certificate, state, &|digest| place(position(digest)?)));
        });
        let lots = subjects.iter().filter_map(|at| {
            let certificate = &bundle.certificates[*at as usize];
            Some(profile(certificate, walk.done(*at)?, &walk.keys))
        });
        is_done.then(|| Provenance { lots: lots.collect(), transfers })
    }
}

fn moved(
    certificate: &Certificate<'_>,
    state: &State,
    place: &dyn Fn(&Digest) -> Option<Country>,
) -> Option<Moved> {
    let lot = certificate.lot().filter(|lot| lot.is_transfer())?;
    let from = lot.inputs.first().and_then(|input| place(&input.digest));
    Some(Moved { certificate: certificate.digest(), from, to: state.place? })
}

fn profile(certificate: &Certificate<'_>, state: &State, keys: &Keys<'_>) -> Profile {
    let elements = state.elements.iter().map(|(element, shares)| {
        let mg = certificate.lot().map_or(0, |lot| lot.content.get(*element));
        ElementProfile::of(*element, mg, shares, keys)
    });
    Profile { lot: certificate.digest(), weakest_custody: state.weakest, elements: elements.collect() }
}

impl Profile {
    /// Leaves these masses of the lot, whichever part of it they are: shares are those that any part can have.
    pub(crate) fn keep(&mut self, masses: &Masses) {
        for own in &mut self.elements {
            own.keep(masses.get(own.element));
        }
    }
}

impl ElementProfile {
    fn keep(&mut self, mg: u64) {
        let whole = std::mem::replace(&mut self.mg, mg);
        let part = |share: &mut Share| *share = share.in_part(mg, whole);
        part(&mut self.pre_consumer);
        self.entered.iter_mut().for_each(|(_, share)| part(share));
        self.stages.iter_mut().for_each(|own| own.each_share(part));
    }

    fn of(element: Element, mg: u64, shares: &[(u32, Share)], keys: &Keys<'_>) -> Self {
        let mut profile = ElementProfile {
            element,
            mg,
            entered: Vec::new(),
            pre_consumer: Share::NONE,
            stages: Vec::new(),
        };
        let mut stages: BTreeMap<Stage, StageProfile> = BTreeMap::new();
        for (number, share) in shares.iter().filter(|(_, share)| share.is_possible()) {
            let Some(key) = keys.key(*number) else { continue };
            match key {
                Key::Entered(entered) => profile.entered.push((entered, *share)),
                Key::PreConsumer => profile.pre_consumer = *share,
                _ => {}
            }
            let Some(stage) = key.stage() else { continue };
            stages.entry(stage).or_insert_with(|| StageProfile::of(stage)).add(key, *share, keys);
        }
        profile.entered.sort_by_key(|(entered, _)| *entered);
        profile.stages = stages.into_values().map(StageProfile::sorted).collect();
        profile
    }

    /// Of an element that nothing is known of.
    pub(crate) fn empty(element: Element, mg: u64) -> Self {
        ElementProfile { element, mg, entered: Vec::new(), pre_consumer: Share::NONE, stages: Vec::new() }
    }

    /// What is known of a stage.
    pub fn stage(&self, stage: Stage) -> Option<&StageProfile> {
        self.stages.iter().find(|own| own.stage == stage)
    }

    /// The share that entered in a way.
    pub fn entered(&self, way: Entered) -> Share {
        self.entered.iter().find(|(own, _)| *own == way).map_or(Share::NONE, |(_, share)| *share)
    }

    /// The share recovered from products after use.
    pub fn post_consumer(&self) -> Share {
        self.entered(Entered::Origin(Source::PostConsumer))
    }
}

impl StageProfile {
    pub(crate) fn of(stage: Stage) -> Self {
        StageProfile {
            stage,
            done: Share::NONE,
            untold: Share::NONE,
            countries: Vec::new(),
            regions: Vec::new(),
            unplaced: Vec::new(),
            facilities: Vec::new(),
            issuers: Vec::new(),
            declared: Vec::new(),
        }
    }

    fn each_share(&mut self, mut change: impl FnMut(&mut Share)) {
        change(&mut self.done);
        change(&mut self.untold);
        self.countries.iter_mut().chain(&mut self.declared).for_each(|(_, share)| change(share));
        self.regions.iter_mut().for_each(|(_, share)| change(share));
        self.facilities.iter_mut().chain(&mut self.issuers).for_each(|(_, share)| change(share));
    }

    fn add(&mut self, key: Key, share: Share, keys: &Keys<'_>) {
        match key {
            Key::Entered(_) | Key::PreConsumer => {}
            Key::Done(_) => self.done = share,
            Key::Untold(_) => self.untold = share,
            Key::Country(_, country) => self.countries.push((country, share)),
            Key::Region(_, country, name) => self.regions.push(((country, keys.text(name).into()), share)),
            Key::Unplaced(_, country) => self.unplaced.push((country, share)),
            Key::Facility(_, name) => self.facilities.push((keys.text(name).into(), share)),
            Key::Issuer(_, name) => self.issuers.push((keys.text(name).into(), share)),
            Key::Declared(_, country) => self.declared.push((country, share)),
        }
    }

    fn sorted(mut self) -> Self {
        fn sort<K: Ord>(list: &mut [(K, Share)]) {
            list.sort_by(|(a, x), (b, y)| {
                (y.high(), y.mixed()).cmp(&(x.high(), x.mixed())).then_with(|| a.cmp(b))
            });
        }
        sort(&mut self.countries);
        sort(&mut self.regions);
        sort(&mut self.unplaced);
        sort(&mut self.facilities);
        sort(&mut self.issuers);
        sort(&mut self.declared);
        self
    }
}
