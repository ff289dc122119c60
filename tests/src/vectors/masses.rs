//! Vectors of masses that are stated to be more than they are: net masses, limits, corrections.

use serde_json::{Value, json};

use super::forge::{Signed, input, ore, oxide, set, unset};
use super::vectors;

/// A processing certificate whose content is what was drawn, with neither assay nor net mass.
fn from_draws(lot: &Signed, step: &str, form: &str, draws: Value) -> Value {
    let mut subject = oxide(lot);
    for (member, value) in [("/step", json!(step)), ("/form", json!(form)), ("/contentFrom", json!("draws"))] {
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

vectors! {
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
