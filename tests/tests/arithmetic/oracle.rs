//! The formulas once more, written from the specification with exact rationals: no code, no type and
//! no factor of the library is used here, only what the certificates' JSON says.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use num_bigint::BigInt;
use num_rational::Ratio;
use serde_json::Value;

pub(crate) type Mg = BigInt;
pub(crate) type Exact = Ratio<BigInt>;
type Amounts = BTreeMap<String, Mg>;

/// Standard atomic weights; oxide factors are computed from them.
const WEIGHTS: [(&str, &str); 4] =
    [("O", "15.999"), ("Nd", "144.242"), ("Pr", "140.90766"), ("Dy", "162.500")];
/// The oxides that the lineages here use: formula, atoms of the element, atoms of oxygen.
const OXIDES: [(&str, &str, i64, i64); 3] =
    [("Nd2O3", "Nd", 2, 3), ("Pr6O11", "Pr", 6, 11), ("Dy2O3", "Dy", 2, 3)];

/// What the oracle keeps of a lot.
#[derive(Clone, Default)]
pub(crate) struct Known {
    pub(crate) content: Amounts,
    pub(crate) unbacked: Amounts,
    pub(crate) cap_ppm: Amounts,
    bounded: BTreeSet<String>,
    pub(crate) bounds: Amounts,
    pub(crate) net: Option<Mg>,
    pub(crate) ceiling: Option<Mg>,
    feeds: Vec<(String, Amounts)>,
    base: Option<String>,
    corrects: Option<String>,
    origin: bool,
}

impl Known {
    /// Labels of the lots whose metal is in it.
    pub(crate) fn feeds(&self) -> impl Iterator<Item = String> + '_ {
        self.feeds.iter().map(|(label, _)| label.clone())
    }
}

/// Every lot seen so far, by label.
#[derive(Clone, Default)]
pub(crate) struct Oracle {
    pub(crate) lots: HashMap<String, Known>,
    pub(crate) drawn: HashMap<String, Amounts>,
    order: Vec<String>,
    overspent: BTreeSet<(String, String)>,
    /// Content that no draw explains and none has to: origins, declarations, detection limits.
    pub(crate) entered: Amounts,
    /// Whole milligrams that rounding may add, all certificates together.
    pub(crate) allowance_mg: u64,
    pub(crate) largest_cap_ppm: Mg,
}

pub(crate) fn int(number: impl Into<BigInt>) -> BigInt {
    number.into()
}

fn ratio(text: &str) -> Exact {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits: BigInt = format!("{whole}{part}").parse().unwrap();
    Exact::new(digits, int(10).pow(u32::try_from(part.len()).unwrap()))
}

pub(crate) fn mg(kilograms: &str) -> Mg {
    let value = ratio(kilograms) * int(1_000_000);
    assert!(value.is_integer(), "{kilograms} kg");
    value.to_integer()
}

pub(crate) fn kg(mg: &Mg) -> String {
    let digits = format!("{mg:0>7}");
    let (whole, part) = digits.split_at(digits.len() - 6);
    format!("{whole}.{part}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn zero() -> Mg {
    int(0)
}

pub(crate) fn get(amounts: &Amounts, element: &str) -> Mg {
    amounts.get(element).cloned().unwrap_or_default()
}

fn amounts(value: &Value) -> Amounts {
    value.as_object().into_iter().flatten().map(|(e, kg)| (e.clone(), mg(kg.as_str().unwrap()))).collect()
}

fn add(to: &mut Amounts, element: &str, mg: &Mg) {
    *to.entry(element.to_owned()).or_default() += mg;
}

/// Millionths of an oxide that are the element, rounded to the nearest.
fn factor(oxide: &str) -> (String, Exact) {
    let (_, element, atoms, oxygens) = OXIDES.iter().find(|(name, ..)| *name == oxide).unwrap();
    let weight = |symbol: &str| ratio(WEIGHTS.iter().find(|(name, _)| *name == symbol).unwrap().1);
    let metal = weight(element) * int(*atoms);
    let whole = &metal + weight("O") * int(*oxygens);
    let ppm = (metal / whole * int(1_000_000)).round();
    ((*element).to_owned(), ppm / int(1_000_000))
}

/// F2 for every row: content, and bounds from limits.
fn content_of(assay: &Value, net: &Mg) -> (Amounts, Amounts) {
    let percent = |value: &Value| value.as_str().map(|text| ratio(text) / int(100));
    let one = Exact::from_integer(int(1));
    let basis = assay["massBasis"].as_str().unwrap();
    let mut mass = Exact::from_integer(net.clone());
    if basis != "as-received" {
        mass *= &one - percent(&assay["moisture"]).unwrap_or_else(|| ratio("0"));
    }
    if basis == "ignited" {
        mass *= &one - percent(&assay["lossOnIgnition"]).unwrap();
    }
    let (mut content, mut bounds) = (Amounts::new(), Amounts::new());
    for row in assay["components"].as_array().unwrap() {
        let (element, factor) = match row["oxide"].as_str() {
            Some(oxide) => factor(oxide),
            None => (row["element"].as_str().unwrap().to_owned(), one.clone()),
        };
        let total = match assay["percentBasis"].as_str().unwrap() {
            "of-treo" if factor != one => percent(&assay["treo"]).unwrap(),
            _ => one.clone(),
        };
        let (to, share) = match percent(&row["percent"]) {
            Some(share) => (&mut content, share),
            None => (&mut bounds, percent(&row["below"]).unwrap()),
        };
        let contained = (&mass * total * share * factor).floor().to_integer();
        if contained > zero() {
            to.insert(element, contained);
        }
    }
    (content, bounds)
}

impl Oracle {
    /// Judges a certificate and remembers its lot: the codes that the specification asks for.
    pub(crate) fn judge(&mut self, certificate: &Value) -> BTreeSet<&'static str> {
        let mut codes = BTreeSet::new();
        let subject = &certificate["credentialSubject"];
        let net = subject["netMass"].as_str().map(mg);
        let (assayed, bounds) = match (&net, subject.get("assay")) {
            (Some(net), Some(assay)) => content_of(assay, net),
            _ => Default::default(),
        };
        let mut lot = Known {
            content: amounts(&subject["content"]),
            bounds,
            ceiling: net.clone(),
            net,
            ..Known::default()
        };
        let by_assay = subject["contentFrom"] == "assay" || subject.get("inputs").is_none();
        if by_assay && lot.content != assayed {
            codes.insert("content.mismatch");
        }
        let total: Mg = lot.content.values().sum();
        if lot.net.as_ref().is_some_and(|net| total > *net) {
            codes.insert("content.exceeds-net-mass");
        }
        match subject["inputs"].as_array() {
            None => {
                lot.origin = true;
                lot.bounds.retain(|element, _| !lot.content.contains_key(element));
                for (element, mg) in &lot.content {
                    add(&mut self.entered, element, mg);
                }
            }
            Some(inputs) => self.judge_inputs(subject, inputs, &mut lot, by_assay, &mut codes),
        }
        let label = certificate["id"].as_str().unwrap().to_owned();
        self.order.push(label.clone());
        self.lots.insert(label, lot);
        let overspent = self.overspent();
        if !overspent.is_subset(&self.overspent) {
            codes.insert("conservation.exceeds-bound");
        }
        self.overspent = overspent;
        codes
    }

    fn judge_inputs(
        &mut self,
        subject: &Value,
        inputs: &[Value],
        lot: &mut Known,
        by_assay: bool,
        codes: &mut BTreeSet<&'static str>,
    ) {
        let own: Vec<(String, Amounts)> =
            inputs.iter().map(|i| (i["lot"].as_str().unwrap().to_owned(), amounts(&i["draws"]))).collect();
        for (label, draws) in &own {
            let taken = self.drawn.entry(label.clone()).or_default();
            for (element, mg) in draws {
                add(taken, element, mg);
                if get(taken, element) > get(&self.lots[label].content, element) {
                    codes.insert("conservation.overdrawn");
                }
            }
        }
        lot.feeds = own;
        if subject.get("corrects").is_some() {
            let (corrected, draws) = lot.feeds[0].clone();
            if draws != self.lots[&corrected].content {
                codes.insert("conservation.correction");
            }
            lot.corrects = Some(corrected.clone());
            let base = self.lots[&corrected].base.clone().unwrap_or(corrected);
            lot.feeds = self.lots[&base].feeds.clone();
            if self.lots[&base].origin {
                let limit = &self.lots[&base].content;
                if lot.content.iter().any(|(element, mg)| *mg > get(limit, element)) {
                    codes.insert("conservation.correction-raises");
                }
                if subject["step"] == "undo" || !by_assay {
                    codes.insert("custody.correction");
                }
                self.bound(lot, Some(&base));
                lot.base = Some(base);
                return;
            }
            self.bound(lot, Some(&base));
            lot.base = Some(base);
        } else if subject.get("kind").is_some() && inputs[0].get("rest").is_none() {
            self.judge_split(lot, codes);
        }
        if lot.base.is_none() {
            self.bound(lot, None);
        }
        let of = |gain: bool| {
            let mut all = Amounts::new();
            for declared in subject["declaredInputs"].as_array().into_iter().flatten() {
                if (declared["reason"] == "inventory-gain") == gain {
                    add(
                        &mut all,
                        declared["element"].as_str().unwrap(),
                        &mg(declared["mass"].as_str().unwrap()),
                    );
                }
            }
            all
        };
        let drawn = |e: &String| -> Mg { lot.feeds.iter().map(|(_, draws)| get(draws, e)).sum() };
        let elements = || lot.content.keys().chain(lot.feeds.iter().flat_map(|(_, draws)| draws.keys()));
        if subject["step"] == "undo" && elements().any(|e| get(&lot.content, e) != drawn(e)) {
            codes.insert("custody.correction");
        }
        let reassay = subject["step"] == "repacking" && inputs.len() == 1 && by_assay;
        let (declared, gained) = (of(false), of(true));
        let step = subject["step"].as_str().unwrap_or("transfer");
        let split = lot.base.is_none() && (step == "transfer" || (step == "repacking" && inputs.len() == 1));
        let keeps =
            ["transfer", "blending", "repacking", "finishing", "magnetization", "undo"].contains(&step);
        if keeps && !by_assay {
            let brought = declared.values().chain(gained.values()).sum();
            codes.extend(self.weigh(lot, &brought, split, step == "undo"));
        }
        self.balance(lot, (&declared, &gained), by_assay, reassay, codes);
    }

    /// F6: by the masses of part and whole, or by any one share.
    fn judge_split(&self, lot: &Known, codes: &mut BTreeSet<&'static str>) {
        let (label, draws) = &lot.feeds[0];
        let whole = &self.lots[label];
        let (Some(part), Some(all)) = (lot.net.clone(), whole.net.clone()) else {
            let bound = |e: &String, by: i32| Exact::new(get(draws, e) + int(by), whole.content[e].clone());
            let low = whole.content.keys().map(|e| bound(e, -1)).max().unwrap();
            let high = whole.content.keys().map(|e| bound(e, 1)).min().unwrap();
            if low > high.min(ratio("1")) {
                codes.insert("conservation.split");
            }
            return;
        };
        for (element, content) in &whole.content {
            let even = Exact::new(content * &part, all.clone());
            let off = Exact::from_integer(get(draws, element)) - even;
            if off > Exact::from_integer(int(1)) || off < Exact::from_integer(int(-1)) {
                codes.insert("conservation.split");
            }
        }
    }

    /// The part of a mass that a draw is.
    fn part(&self, mass: &Mg, label: &str, draws: &Amounts) -> Mg {
        let content = &self.lots[label].content;
        let total: Mg = content.values().sum();
        let drawn = draws.values().sum::<Mg>() + int(content.len());
        Exact::new(mass * drawn.min(total.clone()), total).ceil().to_integer()
    }

    /// Net mass against the masses of what was drawn, and what is handed on of them.
    fn weigh(&self, lot: &mut Known, brought: &Mg, split: bool, undo: bool) -> Option<&'static str> {
        let parts = lot
            .feeds
            .iter()
            .map(|(label, draws)| Some(self.part(self.lots[label].ceiling.as_ref()?, label, draws)));
        let tied = parts.sum::<Option<Mg>>().map(|sum| sum + brought);
        let net = lot.net.clone();
        lot.ceiling = match (&tied, &net) {
            (Some(tied), Some(net)) => Some(tied.min(net).clone()),
            (tied, net) => tied.clone().or(net.clone()),
        };
        let (net, code) = (net?, if split { "conservation.split" } else { "content.exceeds-input-mass" });
        let most = if split {
            let (label, draws) = &lot.feeds[0];
            let whole = self.lots[label].net.clone().or(self.lots[label].ceiling.clone())?;
            self.part(&whole, label, draws)
        } else {
            let tied = tied?;
            &tied + if undo { zero() } else { &tied / int(1000) * int(5) } + int(lot.feeds.len())
        };
        (net > most).then_some(code)
    }

    /// F3, F4 and F5, element by element.
    fn balance(
        &mut self,
        lot: &mut Known,
        (declared, gained): (&Amounts, &Amounts),
        by_assay: bool,
        reassay: bool,
        codes: &mut BTreeSet<&'static str>,
    ) {
        let drawn = |e: &str| -> Mg { lot.feeds.iter().map(|(_, draws)| get(draws, e)).sum() };
        let elements: BTreeSet<String> = (lot.content.keys())
            .chain(lot.feeds.iter().flat_map(|(_, draws)| draws.keys()))
            .chain(declared.keys())
            .chain(gained.keys())
            .cloned()
            .collect();
        for element in &elements {
            let (e, content) = (element.as_str(), get(&lot.content, element));
            let (draws, brought, gain) = (drawn(e), get(declared, e), get(gained, e));
            add(&mut self.entered, e, &brought);
            if !by_assay && content != &draws + &brought + &gain {
                codes.insert("conservation.draws-mismatch");
            }
            if content == zero() {
                continue;
            }
            if reassay && content > draws {
                codes.insert("conservation.exceeds-draws");
            }
            let held = lot.feeds.iter().any(|(label, _)| get(&self.lots[label].content, e) > zero());
            if by_assay && draws == zero() && brought == zero() && gain == zero() && !held {
                codes.insert(self.bounded(&lot.feeds, e, &content));
                add(&mut self.entered, e, &content);
                lot.bounded.insert(element.clone());
                lot.unbacked.insert(element.clone(), content);
                continue;
            }
            let (unbacked, cap) = self.carried(&lot.feeds, e, &content, &(&draws + &brought));
            let allowed = &cap * &content + int(1_000_000) * int(lot.feeds.len());
            if (by_assay || gain > zero()) && &unbacked * int(1_000_000) > allowed {
                codes.insert("conservation.exceeds-draws");
            }
            self.allowance_mg += 2 * lot.feeds.len() as u64 + 1;
            self.largest_cap_ppm = self.largest_cap_ppm.clone().max(cap.clone());
            lot.unbacked.insert(element.clone(), unbacked);
            lot.cap_ppm.insert(element.clone(), cap);
        }
    }

    /// F3, and r of F4.
    pub(crate) fn carried(
        &self,
        feeds: &[(String, Amounts)],
        e: &str,
        content: &Mg,
        backed: &Mg,
    ) -> (Mg, Mg) {
        let (mut inherited, mut weighted, mut drawn) = (zero(), zero(), zero());
        for (label, draws) in feeds {
            let (lot, draw) = (&self.lots[label], get(draws, e));
            if draw == zero() || get(&lot.content, e) == zero() {
                continue;
            }
            let like_origin = lot.bounded.contains(e);
            let unbacked = if like_origin { zero() } else { get(&lot.unbacked, e) };
            inherited += Exact::new(unbacked * &draw, get(&lot.content, e)).ceil().to_integer();
            let total: Mg = lot.content.values().sum();
            let whole = lot.net.clone().map_or(total.clone(), |net| net.min(total * int(20)));
            let share = Exact::new(get(&lot.content, e), whole);
            let class = match share {
                s if s >= ratio("0.01") => 15_000,
                s if s >= ratio("0.0001") => 50_000,
                _ => 150_000,
            };
            weighted += &draw * int(class).max(get(&lot.cap_ppm, e));
            drawn += draw;
        }
        let unbacked = (content + inherited - backed).max(zero());
        let cap = if drawn == zero() { int(15_000) } else { weighted / drawn };
        (unbacked, cap)
    }

    /// ⌊B·f⌋ of a lot that was drawn on.
    fn allowed(&self, label: &str, draws: &Amounts, e: &str) -> Mg {
        let lot = &self.lots[label];
        let held = draws.iter().filter(|(e, _)| get(&lot.content, e) > zero());
        let share = held.map(|(e, draw)| Exact::new(draw.clone(), get(&lot.content, e))).max();
        (share.unwrap_or_else(|| ratio("0")) * get(&lot.bounds, e)).floor().to_integer()
    }

    /// What limits allow of elements that the lot does not hold: its own, its feeds', its base's.
    fn bound(&self, lot: &mut Known, base: Option<&String>) {
        let own = std::mem::take(&mut lot.bounds);
        let base = base.map(|label| &self.lots[label]);
        let had = |e: &str| base.map(|lot| get(&lot.content, e) + get(&lot.bounds, e));
        let mut sums = Amounts::new();
        for (label, draws) in &lot.feeds {
            for e in self.lots[label].bounds.keys() {
                add(&mut sums, e, &self.allowed(label, draws, e));
            }
            draws.iter().for_each(|(e, draw)| add(&mut sums, e, draw));
        }
        if let Some(base) = base.filter(|base| base.origin) {
            base.content.iter().chain(&base.bounds).for_each(|(e, mg)| add(&mut sums, e, mg));
        }
        for (e, sum) in sums {
            let least = [Some(sum), own.get(&e).cloned(), had(&e)].into_iter().flatten().min().unwrap();
            if least > zero() && !lot.content.contains_key(&e) {
                lot.bounds.insert(e, least);
            }
        }
    }

    /// F5.
    fn bounded(&self, feeds: &[(String, Amounts)], e: &str, content: &Mg) -> &'static str {
        let bounded = || feeds.iter().filter(|(label, _)| self.lots[label].bounds.contains_key(e));
        match bounded().map(|(label, draws)| self.allowed(label, draws, e)).sum::<Mg>() {
            _ if bounded().count() == 0 => "conservation.element-from-nothing",
            total if *content <= total => "conservation.within-bound",
            _ => "conservation.exceeds-bound",
        }
    }

    /// Lots and elements of which more was certified than their limits allow, all lots together.
    fn overspent(&self) -> BTreeSet<(String, String)> {
        let corrected: BTreeSet<&String> =
            self.lots.values().filter_map(|lot| lot.corrects.as_ref()).collect();
        let mut taken: BTreeMap<(String, String), Mg> = BTreeMap::new();
        for label in self.order.iter().filter(|label| !corrected.contains(label)) {
            let lot = &self.lots[label];
            for e in &lot.bounded {
                taken.insert((label.clone(), e.clone()), get(&lot.content, e));
            }
        }
        let mut over = BTreeSet::new();
        for label in self.order.iter().rev() {
            let lot = &self.lots[label];
            let elements: Vec<String> =
                taken.keys().filter(|(of, _)| of == label).map(|(_, e)| e.clone()).collect();
            for e in elements {
                let mut open = taken[&(label.clone(), e.clone())].clone();
                if !lot.bounded.contains(&e) && open > get(&lot.bounds, &e) {
                    over.insert((label.clone(), e.clone()));
                    open = get(&lot.bounds, &e);
                }
                if let Some(base) = lot.base.as_ref().filter(|base| self.lots[*base].origin) {
                    *taken.entry((base.clone(), e.clone())).or_default() += &open;
                }
                let drawn: Mg = lot.feeds.iter().map(|(_, draws)| get(draws, &e)).sum();
                open = (open - drawn).max(zero());
                for (feed, draws) in &lot.feeds {
                    let part = self.allowed(feed, draws, &e).min(open.clone());
                    open -= &part;
                    *taken.entry((feed.clone(), e.clone())).or_default() += part;
                }
            }
        }
        over
    }

    /// Everything that is certified and not drawn on, of an element.
    pub(crate) fn open(&self, e: &str) -> Mg {
        let open = |(label, lot): (&String, &Known)| {
            get(&lot.content, e) - self.drawn.get(label).map_or_else(zero, |drawn| get(drawn, e))
        };
        self.lots.iter().map(open).sum()
    }

    /// (entered) ÷ (1 − cap), and the milligrams that rounding allows.
    pub(crate) fn most(&self, e: &str) -> Mg {
        let free = Exact::new(int(1_000_000) - &self.largest_cap_ppm, int(1_000_000));
        let most = Exact::from_integer(get(&self.entered, e) + int(self.allowance_mg)) / free;
        most.floor().to_integer()
    }
}
