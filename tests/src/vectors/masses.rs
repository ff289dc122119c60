//! Vectors of masses that are stated to be more than they are: net masses, limits, corrections.

use serde_json::{Value, json};

use super::forge::{Signed, input, oxide, set, unset};
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

vectors! {
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
