//! Vectors of masses that are stated to be more than they are: net masses, limits, corrections.

use serde_json::{Value, json};

use super::forge::{Forge, Made, Signed, input, ore, oxide, sale, set, unset};
use super::vectors;

/// A processing certificate whose content is what was drawn, with neither assay nor net mass.
fn from_draws(lot: &Signed, step: &str, form: &str, draws: Value) -> Value {
    let mut subject = oxide(lot);
    for (member, value) in [("/step", json!(step)), ("/form", json!(form)), ("/contentFrom", json!("draws"))]
    {
        set(&mut subject, member, value);
    }
    set(&mut subject, "/content", draws.clone());
    set(&mut subject, "/inputs", json!([input(lot, draws)]));
    unset(&mut subject, "/assay");
    unset(&mut subject, "/netMass");
    subject
}

/// A correction of a lot, of the same step and assay.
fn corrected(wrong: &Signed, mut subject: Value) -> Value {
    set(&mut subject, "/corrects", json!({ "digestMultibase": wrong.digest(), "reason": "typing error" }));
    set(&mut subject, "/inputs", json!([input(wrong, wrong.value["credentialSubject"]["content"].clone())]));
    subject
}

/// An honest correction of the honest origin: weighed again, 10 kg less.
fn origin_corrected(first: &Signed) -> Value {
    let mut subject = corrected(first, ore());
    unset(&mut subject, "/source");
    unset(&mut subject, "/origin");
    set(&mut subject, "/step", json!("origin"));
    set(&mut subject, "/contentFrom", json!("assay"));
    set(&mut subject, "/netMass", json!("990"));
    set(&mut subject, "/content", json!({ "Nd": "84.878244", "Pr": "24.582808" }));
    subject
}

/// A product of the carbonate with an element's whole mass and some dysprosium: element, its oxide and the
/// oxide's percentage, its content, the percentage of dysprosium and its mass.
fn with_dysprosium(lot: &Signed, [element, oxide_of, percent, content, dy_percent, dy]: [&str; 6]) -> Value {
    let mut subject = oxide(lot);
    let rows = json!([{ "oxide": oxide_of, "percent": percent }, { "element": "Dy", "percent": dy_percent }]);
    set(&mut subject, "/assay/components", rows);
    set(&mut subject, "/content", json!({ element: content, "Dy": dy }));
    set(&mut subject, "/inputs", json!([input(lot, json!({ element: lot.content(element) }))]));
    subject
}

/// A transfer of exactly what is left of a lot.
fn rest(lot: &Signed) -> Value {
    let mut subject = sale(lot);
    set(&mut subject, "/inputs/0/rest", json!(true));
    subject
}

/// An audit about a lot.
fn audit(f: &mut super::Forge, lot: &Signed) -> Signed {
    let lots = json!([{ "lot": lot.id(), "digestMultibase": lot.digest() }]);
    let subject = json!({
        "home": "registry.example/ree", "kind": "audit", "about": { "lots": lots }, "result": "passed",
    });
    f.sign("AttestationCertificate", subject)
}

const HOLDER: &str = "version = 1\nholder = [\"did:web:buyer.example\"]";

/// A correction of the origin that raises its limit of dysprosium, and a product of it with so much.
fn limit_raised(f: &mut super::Forge, percent: &str, mass: &str) -> super::forge::Made {
    let first = f.ore();
    let mut subject = origin_corrected(&first);
    set(&mut subject, "/assay/components/2/below", json!("1"));
    let right = f.sign("ProcessingCertificate", subject);
    let subject = with_dysprosium(&right, ["Nd", "Nd2O3", "99", "67.902595", percent, mass]);
    let product = f.sign("ProcessingCertificate", subject);
    f.bundle(&[&first, &right, &product])
}

/// 80 kg of Nd oxide, or of what an assay says in its place, of which 34.3 kg of Nd are certified and
/// nothing else.
fn half_certified(f: &mut Forge, assayed: Option<Value>, mass: &'static str) -> Made {
    let ore = f.ore();
    let mut subject = oxide(&ore);
    if let Some(components) = assayed {
        set(&mut subject, "/assay/components", components);
    }
    set(&mut subject, "/contentFrom", json!("draws"));
    set(&mut subject, "/content/Nd", json!("34.29424"));
    set(&mut subject, "/inputs/0/draws/Nd", json!("34.29424"));
    let lot = f.sign("ProcessingCertificate", subject);
    let mut made = f.bundle(&[&ore, &lot]);
    made.asked.mass = Some(mass);
    made
}

/// Half Nd and half Pr oxide.
fn mixed() -> Option<Value> {
    Some(json!([{ "oxide": "Nd2O3", "percent": "50" }, { "oxide": "Pr6O11", "percent": "50" }]))
}

vectors! {
    /// A correction says that the carbonate's dysprosium is below 1 %, where the origin said 0.01 %; a product
    /// certifies 88 g, where the origin allows 87.1 g.
    "conservation.exceeds-bound-by-correction" ["conservation.exceeds-bound"] |f| {
        limit_raised(f, "0.11", "0.088")
    }
    /// A product within what the origin allows: accepted, with the warning.
    "conservation.within-bound-corrected" ["conservation.within-bound"] |f| {
        limit_raised(f, "0.1", "0.08")
    }
    /// The subject is an audit of a lot that somebody else holds.
    "custody.not-your-lot-attested" ["custody.not-your-lot"] |f| {
        let ore = f.ore();
        let audit = audit(f, &ore);
        f.bundle(&[&ore, &audit]).trusting("version = 1", HOLDER)
    }
    /// The audit alone: the lot it is about is not there.
    "custody.not-your-lot-attested-alone" ["custody.not-your-lot"] |f| {
        let ore = f.ore();
        let sold = f.sale(&ore);
        let audit = audit(f, &sold);
        f.bundle(&[&audit]).trusting("version = 1", HOLDER)
    }
    /// An audit of the buyer's own lot: accepted.
    "honest-attested" [] |f| {
        let ore = f.ore();
        let sold = f.sale(&ore);
        let audit = audit(f, &sold);
        f.bundle(&[&ore, &sold, &audit]).trusting("version = 1", HOLDER)
    }
    /// A second sale of the same lot stands among the closings, where its draws would not be counted.
    "malformed.type-misplaced" ["malformed.type"] |f| {
        let ore = f.ore();
        let (first, second) = (f.sale(&ore), f.sale(&ore));
        let mut made = f.bundle(&[&ore, &first]);
        made.bundle["closings"] = json!([second.value]);
        made
    }
    /// What is left of a lot of 80 kg is said to be 80.001 kg.
    "conservation.split-rest-too-heavy" ["conservation.split"] |f| {
        let ore = f.ore();
        let lot = f.oxide(&ore);
        let mut subject = rest(&lot);
        set(&mut subject, "/netMass", json!("80.001"));
        let sold = f.sign("TransferCertificate", subject);
        f.bundle(&[&ore, &lot, &sold])
    }
    /// The mass is left out for one transfer and is 5 t after the next.
    "conservation.split-through-no-mass" ["conservation.split"] |f| {
        let ore = f.ore();
        let lot = f.oxide(&ore);
        let mut subject = sale(&lot);
        unset(&mut subject, "/netMass");
        set(&mut subject, "/holder", json!("did:web:refinery.example"));
        set(&mut subject, "/to/id", json!("did:web:refinery.example"));
        set(&mut subject, "/kind", json!("own-move"));
        let moved = f.sign("TransferCertificate", subject);
        let mut subject = sale(&moved);
        set(&mut subject, "/netMass", json!("5000"));
        let sold = f.sign("TransferCertificate", subject);
        f.bundle(&[&ore, &lot, &moved, &sold])
    }
    /// The same with the mass that it had: accepted.
    "honest-split-through-no-mass" [] |f| {
        let ore = f.ore();
        let lot = f.oxide(&ore);
        let mut subject = sale(&lot);
        unset(&mut subject, "/netMass");
        set(&mut subject, "/holder", json!("did:web:refinery.example"));
        set(&mut subject, "/to/id", json!("did:web:refinery.example"));
        set(&mut subject, "/kind", json!("own-move"));
        let moved = f.sign("TransferCertificate", subject);
        let mut subject = sale(&moved);
        set(&mut subject, "/netMass", json!("80"));
        let sold = f.sign("TransferCertificate", subject);
        f.bundle(&[&ore, &lot, &moved, &sold])
    }
    /// 80 kg are blended into 81 kg.
    "content.exceeds-input-mass" ["content.exceeds-input-mass"] |f| {
        let ore = f.ore();
        let lot = f.oxide(&ore);
        let mut subject = from_draws(&lot, "blending", "oxide", json!({ "Nd": "68.58848" }));
        set(&mut subject, "/netMass", json!("81"));
        let blend = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &lot, &blend])
    }
    /// 80 kg take up 400 g of moisture, half a per cent, and are sold: accepted.
    "honest-moisture" [] |f| {
        let ore = f.ore();
        let lot = f.oxide(&ore);
        let mut subject = from_draws(&lot, "blending", "oxide", json!({ "Nd": "68.58848" }));
        set(&mut subject, "/netMass", json!("80.4"));
        let blend = f.sign("ProcessingCertificate", subject);
        let sold = f.sale(&blend);
        let mut made = f.bundle(&[&ore, &lot, &blend, &sold]);
        made.asked.mass = Some("80.4");
        made
    }
    /// What is left of a lot is another material, and carries the assay of the whole.
    "content.assay-not-inherited-rest" ["content.assay-not-inherited"] |f| {
        let ore = f.ore();
        let mut subject = rest(&ore);
        set(&mut subject, "/netMass", json!("100"));
        set(&mut subject, "/content", json!({ "Pr": "24.83112" }));
        set(&mut subject, "/inputs/0/draws", json!({ "Pr": "24.83112" }));
        set(&mut subject, "/assay", ore.value["credentialSubject"]["assay"].clone());
        let sold = f.sign("TransferCertificate", subject);
        f.bundle(&[&ore, &sold])
    }
    /// The delivered lot stands twice in the subject, and covers its mass once.
    "custody.mass-not-covered-named-twice" ["custody.mass-not-covered"] |f| {
        let ore = f.ore();
        let mut made = f.bundle(&[&ore]);
        made.bundle["subject"] = json!([ore.digest(), ore.digest()]);
        made.asked.mass = Some("2000");
        made
    }
    /// A lot and what was made of all of it are delivered together.
    "custody.mass-not-covered-drawn" ["custody.mass-not-covered"] |f| {
        let ore = f.ore();
        let sold = f.sale(&ore);
        let mut made = f.bundle(&[&ore, &sold]);
        made.bundle["subject"] = json!([ore.digest(), sold.digest()]);
        made.asked.mass = Some("1000.001");
        made
    }
    /// 80 kg of Nd oxide by its assay, of which half is certified.
    "custody.mass-not-covered-assay" ["custody.mass-not-covered"] |f| {
        half_certified(f, None, "40.001")
    }
    /// The half that is certified: accepted.
    "honest-mass-covered-assay" [] |f| {
        half_certified(f, None, "40")
    }
    /// 80 kg of half Nd and half Pr oxide by its assay, of which the Nd is certified.
    "custody.mass-not-covered-element" ["custody.mass-not-covered"] |f| {
        half_certified(f, mixed(), "40.9")
    }
    /// The share of the rare earths that is certified: accepted.
    "honest-mass-covered-element" [] |f| {
        half_certified(f, mixed(), "40.7")
    }
    /// A pool of a gram of neodymium says that it may be nothing but dysprosium, and a product of the pool
    /// certifies 60 g of it. The gram came with a milligram of the carbonate's limit.
    "conservation.exceeds-bound-own-limit" ["conservation.exceeds-bound"] |f| {
        let ore = f.ore();
        let mut pool = from_draws(&ore, "in-process", "in-process", json!({ "Nd": "0.001" }));
        set(&mut pool, "/netMass", json!("1000"));
        set(&mut pool, "/assay", json!({ "massBasis": "as-received", "percentBasis": "of-mass",
            "components": [{ "element": "Dy", "below": "100" }] }));
        let pool = f.sign("ProcessingCertificate", pool);
        let mut subject = oxide(&pool);
        set(&mut subject, "/assay/components", json!([{ "element": "Dy", "percent": "75" }]));
        set(&mut subject, "/netMass", json!("0.08"));
        set(&mut subject, "/content", json!({ "Dy": "0.06" }));
        set(&mut subject, "/inputs/0/draws", json!({ "Nd": "0.001" }));
        let signed = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &pool, &signed])
    }
    /// Two products of one carbonate certify 48 g of dysprosium each: each is within its limit of 87 g, both
    /// together are not.
    "conservation.exceeds-bound-spent-twice" ["conservation.exceeds-bound", "conservation.within-bound"] |f| {
        let ore = f.ore();
        let first = with_dysprosium(&ore, ["Nd", "Nd2O3", "99", "67.902595", "0.06", "0.048"]);
        let first = f.sign("ProcessingCertificate", first);
        let mut second = with_dysprosium(&ore, ["Pr", "Pr6O11", "99.8", "24.781457", "0.16", "0.048"]);
        set(&mut second, "/netMass", json!("30"));
        let second = f.sign("ProcessingCertificate", second);
        f.bundle(&[&ore, &first, &second])
    }
    /// The same with 39 g each: accepted, with the warning.
    "conservation.within-bound-spent" ["conservation.within-bound"] |f| {
        let ore = f.ore();
        let first = with_dysprosium(&ore, ["Nd", "Nd2O3", "99", "67.902595", "0.04875", "0.039"]);
        let first = f.sign("ProcessingCertificate", first);
        let mut second = with_dysprosium(&ore, ["Pr", "Pr6O11", "99.8", "24.781457", "0.13", "0.039"]);
        set(&mut second, "/netMass", json!("30"));
        let second = f.sign("ProcessingCertificate", second);
        f.bundle(&[&ore, &first, &second])
    }
    /// Dysprosium that was drawn with the neodymium and is below the oxide's limit; the next laboratory finds
    /// it: accepted, with the warning.
    "conservation.within-bound-drawn" ["conservation.within-bound"] |f| {
        let mut subject = ore();
        set(&mut subject, "/assay/components/2", json!({ "oxide": "Dy2O3", "percent": "0.01" }));
        set(&mut subject, "/content/Dy", json!("0.087132"));
        let ore = f.sign("OriginCertificate", subject);
        let mut subject = oxide(&ore);
        set(&mut subject, "/assay/components/-", json!({ "element": "Dy", "below": "0.1" }));
        set(&mut subject, "/inputs/0/draws/Dy", json!("0.087132"));
        set(&mut subject, "/inputs/0/draws/Nd", json!("85.7356"));
        let lot = f.sign("ProcessingCertificate", subject);
        let mut subject = with_dysprosium(&lot, ["Nd", "Nd2O3", "99", "67.902595", "0.06", "0.048"]);
        set(&mut subject, "/step", json!("calcination"));
        let metal = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &lot, &metal])
    }
    /// An origin weighed again, 10 kg less: accepted.
    "honest-origin-corrected" [] |f| {
        let first = f.ore();
        let right = f.sign("ProcessingCertificate", origin_corrected(&first));
        f.bundle(&[&first, &right])
    }
    /// The correction of an origin takes its content from draws, where no assay limits its mass.
    "custody.correction-origin-from-draws" ["custody.correction"] |f| {
        let first = f.ore();
        let mut subject = origin_corrected(&first);
        set(&mut subject, "/contentFrom", json!("draws"));
        set(&mut subject, "/content", json!({ "Nd": "85.7356", "Pr": "24.83112" }));
        unset(&mut subject, "/assay");
        let right = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&first, &right])
    }
    /// An origin is undone, and its material is magnets.
    "custody.correction-origin-undone" ["custody.correction"] |f| {
        let first = f.ore();
        let mut subject = origin_corrected(&first);
        set(&mut subject, "/step", json!("undo"));
        set(&mut subject, "/form", json!("magnet"));
        set(&mut subject, "/contentFrom", json!("draws"));
        set(&mut subject, "/content", json!({ "Nd": "85.7356", "Pr": "24.83112" }));
        unset(&mut subject, "/assay");
        let right = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&first, &right])
    }
    /// A repacking of 80 kg is corrected by an assay of 81 kg: within the cap of a processing step, but a new
    /// assay is never more than what was drawn.
    "conservation.exceeds-draws-reassayed" ["conservation.exceeds-draws"] |f| {
        let ore = f.ore();
        let lot = f.oxide(&ore);
        let mut subject = from_draws(&lot, "repacking", "oxide", json!({ "Nd": "68.58848" }));
        set(&mut subject, "/netMass", json!("80"));
        let packed = f.sign("ProcessingCertificate", subject);
        let mut subject = corrected(&packed, oxide(&packed));
        set(&mut subject, "/step", json!("repacking"));
        set(&mut subject, "/netMass", json!("81"));
        set(&mut subject, "/content/Nd", json!("69.445836"));
        let right = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &lot, &packed, &right])
    }
    /// A pool is said to weigh 900,000 t, so that its neodymium would be a trace with a cap of 15 %. It is a
    /// main element all the same: of 68.6 kg certified, 67 kg were drawn.
    "conservation.exceeds-draws-diluted" ["conservation.exceeds-draws"] |f| {
        let ore = f.ore();
        let mut pool = from_draws(&ore, "in-process", "in-process", json!({ "Nd": "68.58848" }));
        set(&mut pool, "/netMass", json!("900000000"));
        let pool = f.sign("ProcessingCertificate", pool);
        let mut subject = oxide(&pool);
        set(&mut subject, "/inputs/0/draws/Nd", json!("67"));
        let signed = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &pool, &signed])
    }
}
