//! A plant that does everything: random honest lineages, and the drafts they are made of.

use conformance::book::{Book, time};
use serde_json::{Value, json};
use ytterby::element::Element;
use ytterby::{Certificate, Draft};

use crate::oracle::{Mg, Oracle, get, int, kg};

pub(crate) const AT: &str = "2026-09-20T10:00:00Z";
pub(crate) const OWNER: &str = "plant";

/// A small generator (SplitMix64): the same numbers from the same seed, everywhere.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.roll() % (high - low + 1)
    }

    pub(crate) fn pick<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[usize::try_from(self.roll() % all.len() as u64).unwrap()]
    }
}

type LetIn = (Certificate<'static>, std::collections::BTreeSet<&'static str>);

/// A book, the oracle that follows it, and the lots to work with.
pub(crate) struct Plant {
    pub(crate) book: Book,
    pub(crate) oracle: Oracle,
    pub(crate) dice: Dice,
    /// Labels of lots that may still be drawn on.
    pub(crate) open: Vec<String>,
    pub(crate) documents: Vec<Value>,
}

impl Plant {
    pub(crate) fn new(seed: u64) -> Self {
        Plant {
            book: Book::default(),
            oracle: Oracle::default(),
            dice: Dice(seed),
            open: Vec::new(),
            documents: Vec::new(),
        }
    }

    /// Issues a draft, or says why not; the oracle must have nothing against what is let in.
    pub(crate) fn issue(&mut self, draft: &Value) -> Result<Certificate<'static>, Vec<String>> {
        let (certificate, codes) = self.let_in(draft)?;
        assert!(
            codes.iter().all(|code| *code == "conservation.within-bound"),
            "{codes:?} against {:#}",
            self.documents.last().unwrap()
        );
        Ok(certificate)
    }

    /// Issues a draft, or says why not; and what the oracle has against it in the bundle of all.
    pub(crate) fn let_in(&mut self, draft: &Value) -> Result<LetIn, Vec<String>> {
        let draft = Draft::parse(draft.to_string().as_bytes()).unwrap();
        let issued = self.book.issue(OWNER, &draft, time(AT));
        let certificate =
            issued.map_err(|refusal| refusal.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        let document: Value = serde_json::from_slice(certificate.bytes()).unwrap();
        let codes = self.oracle.judge(&document);
        self.open.push(label(&document));
        self.documents.push(document);
        Ok((certificate, codes))
    }

    /// Whether none of these codes stands against a draft; nothing is issued.
    pub(crate) fn would_let_in(&self, draft: &Value, codes: &[&str]) -> bool {
        let draft = Draft::parse(draft.to_string().as_bytes()).unwrap();
        self.book.refusal(OWNER, &draft, time(AT)).iter().all(|f| !codes.contains(&f.code.as_str()))
    }

    /// Issues an honest draft: a refusal is a failure.
    pub(crate) fn honest(&mut self, draft: &Value) -> String {
        match self.issue(draft) {
            Ok(certificate) => certificate.claims().id.urn().to_string(),
            Err(refusal) => panic!("an honest draft was refused: {refusal:?}\n{draft:#}"),
        }
    }

    pub(crate) fn document(&self, label: &str) -> &Value {
        self.documents.iter().find(|document| document["id"] == label).unwrap()
    }

    pub(crate) fn left(&mut self, label: &str, element: &str) -> Mg {
        let left = self.book.inputs().named(label).unwrap().left();
        int(left.get(Element::parse(element).unwrap()))
    }

    pub(crate) fn form(&self, label: &str) -> String {
        self.document(label)["credentialSubject"]["form"].as_str().unwrap().to_owned()
    }

    /// A lot that nobody has drawn on, taken off the list.
    fn untouched(&mut self, fits: impl Fn(&Value) -> bool) -> Option<String> {
        let drawn = &self.oracle.drawn;
        let fitting: Vec<usize> = (0..self.open.len())
            .filter(|at| !drawn.contains_key(&self.open[*at]))
            .filter(|at| fits(&self.document(&self.open[*at])["credentialSubject"]))
            .collect();
        let at = *(!fitting.is_empty()).then(|| self.dice.pick(&fitting))?;
        Some(self.open.swap_remove(at))
    }

    /// One random honest step. Where there is nothing to work on, an origin.
    pub(crate) fn step(&mut self) -> &'static str {
        let done = match self.dice.between(0, 10) {
            0 => self.pool(),
            1 | 2 => self.separation(),
            3 => self.split(),
            4 => self.blend(),
            5 => self.reassay(),
            6 => self.alloy(),
            7 => self.gain(),
            8 | 9 => self.correction(),
            _ => None,
        };
        done.unwrap_or_else(|| self.origin())
    }

    fn origin(&mut self) -> &'static str {
        let basis = *self.dice.pick(&["as-received", "dry", "ignited"]);
        let of = *self.dice.pick(&["of-mass", "of-treo"]);
        let mut percent = |low, high| kg(&int(self.dice.between(low, high)));
        let mut assay = json!({ "massBasis": basis, "percentBasis": of, "components": [
            { "oxide": "Nd2O3", "percent": percent(1_000_000, 30_000_000) },
            { "oxide": "Pr6O11", "percent": percent(1_000_000, 20_000_000) },
            { "oxide": "Dy2O3", "below": percent(10_000, 100_000) },
        ] });
        if basis != "as-received" {
            assay["moisture"] = json!(percent(0, 20_000_000));
        }
        if basis == "ignited" {
            assay["lossOnIgnition"] = json!(percent(0, 30_000_000));
        }
        if of == "of-treo" {
            assay["treo"] = json!(percent(20_000_000, 60_000_000));
        }
        let mass = kg(&int(self.dice.between(100_000_000, 100_000_000_000)));
        self.honest(&draft(
            "OriginCertificate",
            "mixed-compound",
            json!({
                "source": "mined", "origin": { "country": "AU" }, "netMass": mass, "assay": assay,
            }),
        ));
        "origin"
    }

    /// A product by mass and assay. The plant recovers up to 101 % where the feed has carried
    /// nothing yet, and never more than all of it where it has.
    fn product(&mut self, step: &str, form: &str, from: &str) -> Option<Value> {
        let (nd, pr) = (self.left(from, "Nd"), self.left(from, "Pr"));
        let carried = !self.oracle.lots[from].unbacked.values().all(|u| *u == int(0));
        let recovery = self.dice.between(900_000, if carried { 1_000_000 } else { 1_010_000 });
        let made = |left: &Mg| left * int(recovery) / int(1_000_000);
        let (nd, pr) = (made(&nd), made(&pr));
        let (components, mass) = rows(&nd, &pr, form)?;
        let mut product = draft(
            "ProcessingCertificate",
            form,
            json!({
                "step": step, "netMass": kg(&mass), "assay": assay(components), "inputs": [{ "lot": from }],
            }),
        );
        if self.dice.between(0, 9) == 0 {
            // Neither weighed nor assayed: all that is left goes on.
            product["contentFrom"] = json!("draws");
            product.as_object_mut().unwrap().retain(|name, _| name != "assay" && name != "netMass");
        }
        Some(product)
    }

    fn separation(&mut self) -> Option<&'static str> {
        let from =
            self.untouched(|lot| lot["content"].get("Nd").is_some() && lot["content"].get("Fe").is_none())?;
        let (step, form) = match self.form(&from).as_str() {
            "oxide" => ("reduction", "metal"),
            _ => ("separation", "oxide"),
        };
        let product = self.product(step, form, &from)?;
        self.honest(&product);
        Some("separation or reduction")
    }

    fn pool(&mut self) -> Option<&'static str> {
        let count = self.dice.between(1, 3);
        let from: Vec<Value> =
            (0..count).filter_map(|_| self.untouched(|_| true)).map(|l| json!({ "lot": l })).collect();
        if from.is_empty() {
            return None;
        }
        self.honest(&draft(
            "ProcessingCertificate",
            "in-process",
            json!({ "step": "in-process", "inputs": from }),
        ));
        Some("pool")
    }

    /// Parts by mass, and the rest without assay.
    fn split(&mut self) -> Option<&'static str> {
        let from = self.untouched(|lot| lot.get("netMass").is_some())?;
        let subject = self.document(&from)["credentialSubject"].clone();
        let mut left = crate::oracle::mg(subject["netMass"].as_str().unwrap());
        for _ in 0..self.dice.between(1, 3) {
            let part = &left * int(self.dice.between(1, 500_000)) / int(1_000_000);
            if part < int(1_000_000) {
                break;
            }
            self.honest(&transfer(&from, &subject, json!({ "netMass": kg(&part) })));
            left -= part;
        }
        let mut rest = transfer(&from, &subject, json!({ "netMass": kg(&left) }));
        rest["inputs"][0]["rest"] = json!(true);
        self.honest(&rest);
        Some("split")
    }

    fn blend(&mut self) -> Option<&'static str> {
        let first = self.untouched(|_| true)?;
        let form = self.form(&first);
        let mut from = vec![json!({ "lot": first })];
        while let Some(next) = self.untouched(|lot| lot["form"] == json!(form)).filter(|_| from.len() < 5) {
            from.push(json!({ "lot": next }));
        }
        self.honest(&draft("ProcessingCertificate", &form, json!({ "step": "blending", "inputs": from })));
        Some("blend")
    }

    fn reassay(&mut self) -> Option<&'static str> {
        let from = self.untouched(|lot| {
            matches!(lot["form"].as_str(), Some("oxide" | "metal")) && lot["content"].get("Fe").is_none()
        })?;
        let lost = self.dice.between(0, 20_000);
        let less = |left: Mg| &left - &left * int(lost) / int(1_000_000);
        let (nd, pr) = (less(self.left(&from, "Nd")), less(self.left(&from, "Pr")));
        let form = self.form(&from);
        let (components, mass) = rows(&nd, &pr, &form)?;
        self.honest(&draft(
            "ProcessingCertificate",
            &form,
            json!({
                "step": "repacking", "contentFrom": "assay", "netMass": kg(&mass), "assay": assay(components),
                "inputs": [{ "lot": from }],
            }),
        ));
        Some("re-assay")
    }

    /// Metal with declared iron; the melt is weighed, so a little more iron than declared is found.
    fn alloy(&mut self) -> Option<&'static str> {
        let from = self.untouched(|lot| lot["form"] == "metal" && lot["content"].get("Fe").is_none())?;
        let (nd, pr) = (self.left(&from, "Nd"), self.left(&from, "Pr"));
        let iron = (&nd + &pr) * int(2);
        let found = &iron * int(self.dice.between(900_000, 1_010_000)) / int(1_000_000);
        let mass = (&nd + &pr + &found) * int(101) / int(100);
        let components: Vec<Value> = [("Nd", &nd), ("Pr", &pr), ("Fe", &found)]
            .into_iter()
            .filter_map(|(e, mg)| Some(json!({ "element": e, "percent": percent(mg, &mass)? })))
            .collect();
        if iron < int(1000) || components.len() < 3 {
            return None;
        }
        self.honest(&draft("ProcessingCertificate", "alloy", json!({
            "step": "alloying", "netMass": kg(&mass), "assay": assay(components), "inputs": [{ "lot": from }],
            "declaredInputs": [{ "element": "Fe", "mass": kg(&iron), "material": "iron", "reason": "uncertified" }],
        })));
        Some("alloy")
    }

    /// A stocktake finds up to a per cent more than the books say.
    fn gain(&mut self) -> Option<&'static str> {
        let from = self.untouched(|lot| lot["form"] == "in-process" && lot["content"].get("Nd").is_some())?;
        let left = self.left(&from, "Nd");
        let unbacked = get(&self.oracle.lots[&from].unbacked, "Nd");
        let found = &left * int(self.dice.between(1, 10_000)) / int(1_000_000);
        if unbacked > int(0) || found == int(0) {
            return None;
        }
        self.honest(&draft("ProcessingCertificate", "in-process", json!({
            "step": "in-process", "inputs": [{ "lot": from }],
            "declaredInputs": [{ "element": "Nd", "mass": kg(&found), "material": "hold-up", "reason": "inventory-gain" }],
        })));
        Some("inventory gain")
    }

    /// Another mass, or the step did not happen; a correction may be corrected again.
    fn correction(&mut self) -> Option<&'static str> {
        let wrong = self.untouched(|lot| {
            matches!(lot["step"].as_str(), Some("separation" | "reduction")) && lot["contentFrom"] == "assay"
        })?;
        let mut subject = self.document(&wrong)["credentialSubject"].clone();
        let undo = self.dice.between(0, 3) == 0;
        if undo {
            let base = self.oracle.lots[&wrong].feeds().next().unwrap();
            subject = draft("", &self.form(&base), json!({ "step": "undo" }));
        } else {
            let mass = crate::oracle::mg(subject["netMass"].as_str().unwrap());
            let right = &mass - &mass * int(self.dice.between(0, 50_000)) / int(1_000_000);
            subject["netMass"] = json!(kg(&right));
        }
        for computed in ["home", "holder", "content"] {
            subject.as_object_mut().unwrap().remove(computed);
        }
        subject["type"] = json!("ProcessingCertificate");
        subject["corrects"] = json!({ "reason": "typing error" });
        subject["inputs"] = json!([{ "lot": wrong }]);
        self.honest(&subject);
        Some(if undo { "undo" } else { "correction" })
    }
}

pub(crate) fn label(document: &Value) -> String {
    document["id"].as_str().unwrap().to_owned()
}

pub(crate) fn assay(components: Vec<Value>) -> Value {
    json!({ "massBasis": "as-received", "percentBasis": "of-mass", "components": components })
}

/// A percentage, rounded down to a millionth of one; none below that.
fn percent(part: &Mg, whole: &Mg) -> Option<String> {
    let millionths = part * int(100_000_000) / whole;
    (millionths > int(0)).then(|| kg(&millionths))
}

/// Rows and net mass of a product that holds these masses: pure but for one part in five hundred.
fn rows(nd: &Mg, pr: &Mg, form: &str) -> Option<(Vec<Value>, Mg)> {
    let oxide = form == "oxide";
    let names = if oxide { ("oxide", "Nd2O3", "Pr6O11") } else { ("element", "Nd", "Pr") };
    let whole = |mg: &Mg, ppm: u64| if oxide { mg * int(1_000_000) / int(ppm) } else { mg.clone() };
    let (nd, pr) = (whole(nd, 857_356), whole(pr, 827_704));
    let mass = (&nd + &pr) * int(501) / int(500);
    if mass < int(1_000_000) {
        return None;
    }
    let row = |name: &str, mg: &Mg| Some(json!({ names.0: name, "percent": percent(mg, &mass)? }));
    let rows: Vec<Value> = [row(names.1, &nd), row(names.2, &pr)].into_iter().flatten().collect();
    Some((rows, mass))
}

/// A draft with what every lot of this plant says.
pub(crate) fn draft(kind: &str, form: &str, members: Value) -> Value {
    let mut draft = json!({
        "type": kind, "lotNumber": "L-1", "product": "material", "form": form,
        "facility": { "id": "urn:gln:9521321000010", "name": "Plant", "country": "MY" },
        "period": { "from": "2026-08-01", "to": "2026-09-10" }, "custodyModel": "mass-balance",
    });
    draft.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    draft
}

/// A draft of a move of (part of) a lot within the plant.
pub(crate) fn transfer(from: &str, subject: &Value, members: Value) -> Value {
    let mut draft = json!({
        "type": "TransferCertificate", "kind": "own-move", "lotNumber": "L-1", "product": "material",
        "form": subject["form"], "to": { "id": Book::did(OWNER).as_str(), "name": "Plant" },
        "dispatchDate": "2026-09-10", "destination": "MY", "inputs": [{ "lot": from }],
    });
    draft.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    draft
}
