//! Vectors of content, conservation, custody, authority and time.

use serde_json::json;

use super::forge::{Signed, input, ore, oxide, sale, set, unset};
use super::{Forge, vectors};

/// An honest origin with its assay replaced.
fn assayed(f: &mut Forge, assay: serde_json::Value, content: serde_json::Value) -> Signed {
    let mut subject = ore();
    set(&mut subject, "/assay", assay);
    set(&mut subject, "/content", content);
    f.sign("OriginCertificate", subject)
}

/// A processing certificate whose content is what was drawn.
pub(crate) fn from_draws(
    lot: &Signed,
    step: &str,
    form: &str,
    draws: serde_json::Value,
) -> serde_json::Value {
    let mut subject = oxide(lot);
    set(&mut subject, "/step", json!(step));
    set(&mut subject, "/form", json!(form));
    set(&mut subject, "/contentFrom", json!("draws"));
    set(&mut subject, "/content", draws.clone());
    set(&mut subject, "/inputs", json!([input(lot, draws)]));
    unset(&mut subject, "/assay");
    unset(&mut subject, "/netMass");
    subject
}

/// A correction of a separated oxide: same step, same assay, another mass.
fn correction(wrong: &Signed, mass: &str, content: &str) -> serde_json::Value {
    let mut subject = oxide(wrong);
    set(&mut subject, "/corrects", json!({ "digestMultibase": wrong.digest(), "reason": "typing error" }));
    set(&mut subject, "/netMass", json!(mass));
    set(&mut subject, "/content", json!({ "Nd": content }));
    set(&mut subject, "/inputs", json!([input(wrong, json!({ "Nd": wrong.content("Nd") }))]));
    subject
}

vectors! {
    /// Percentages of the dry mass, and no moisture.
    "content.basis" ["content.basis"] |f| {
        let signed = assayed(f, json!({ "massBasis": "dry", "percentBasis": "of-mass",
            "components": [{ "oxide": "Nd2O3", "percent": "10" }] }), json!({ "Nd": "85.7356" }));
        f.bundle(&[&signed])
    }
    /// Neodymium as oxide and again as element.
    "content.duplicate-component" ["content.duplicate-component"] |f| {
        let signed = assayed(f, json!({ "massBasis": "as-received", "percentBasis": "of-mass",
            "components": [{ "oxide": "Nd2O3", "percent": "10" }, { "element": "Nd", "percent": "1" }] }), json!({ "Nd": "95.7356" }));
        f.bundle(&[&signed])
    }
    /// Dysprosium oxide among the impurities.
    "content.rare-earth-impurity" ["content.rare-earth-impurity"] |f| {
        let signed = assayed(f, json!({ "massBasis": "as-received", "percentBasis": "of-mass",
            "components": [{ "oxide": "Nd2O3", "percent": "10" }],
            "impurities": [{ "species": "Dy2O3", "ppm": "5" }] }), json!({ "Nd": "85.7356" }));
        f.bundle(&[&signed])
    }
    /// Components of 100.5 %: laboratory error.
    "content.sum-over-100" ["content.sum-over-100"] |f| {
        let signed = assayed(f, json!({ "massBasis": "as-received", "percentBasis": "of-mass",
            "components": [{ "oxide": "Nd2O3", "percent": "100" }, { "element": "Fe", "percent": "0.5" }] }),
            json!({ "Nd": "857.356", "Fe": "5" }));
        f.bundle(&[&signed])
    }
    /// Components of 101.000001 %.
    "content.sum" ["content.sum"] |f| {
        let signed = assayed(f, json!({ "massBasis": "as-received", "percentBasis": "of-mass",
            "components": [{ "oxide": "Nd2O3", "percent": "100" }, { "element": "Fe", "percent": "1.000001" }] }),
            json!({ "Nd": "857.356", "Fe": "10.00001" }));
        f.bundle(&[&signed])
    }
    /// Content from an assay, and no assay.
    "content.missing-assay" ["content.missing-assay"] |f| {
        let ore = f.ore();
        let mut subject = oxide(&ore);
        unset(&mut subject, "/assay");
        let signed = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// A blend takes its content from an assay of its own.
    "content.draws-required" ["content.draws-required"] |f| {
        let ore = f.ore();
        let mut subject = oxide(&ore);
        set(&mut subject, "/form", json!("mixed-compound"));
        set(&mut subject, "/step", json!("blending"));
        let signed = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// The content is stated a milligram too high.
    "content.mismatch" ["content.mismatch"] |f| {
        let mut subject = ore();
        set(&mut subject, "/content/Nd", json!("85.735601"));
        let signed = f.sign("OriginCertificate", subject);
        f.bundle(&[&signed])
    }
    /// Oxide typed as element: the whole oxide's mass is called neodymium.
    "content.mismatch-oxide-for-element" ["content.mismatch"] |f| {
        let mut subject = ore();
        set(&mut subject, "/content/Nd", json!("100"));
        let signed = f.sign("OriginCertificate", subject);
        f.bundle(&[&signed])
    }
    /// A pool of 60 kg that holds 68 kg of neodymium.
    "content.exceeds-net-mass" ["content.exceeds-net-mass"] |f| {
        let ore = f.ore();
        let mut subject = from_draws(&ore, "in-process", "in-process", json!({ "Nd": "68.58848" }));
        set(&mut subject, "/netMass", json!("60"));
        let signed = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// A transferred lot carries another assay than the lot it is taken from.
    "content.assay-not-inherited" ["content.assay-not-inherited"] |f| {
        let ore = f.ore();
        let mut subject = sale(&ore);
        set(&mut subject, "/assay", json!({ "massBasis": "as-received", "percentBasis": "of-mass",
            "components": [{ "oxide": "Nd2O3", "percent": "11" }, { "oxide": "Pr6O11", "percent": "3" }] }));
        let signed = f.sign("TransferCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// Content from draws, a milligram above what the lot's own assay shows.
    "content.exceeds-assay" ["content.exceeds-assay"] |f| {
        let ore = f.ore();
        let mut subject = oxide(&ore);
        set(&mut subject, "/contentFrom", json!("draws"));
        set(&mut subject, "/content/Nd", json!("68.588481"));
        set(&mut subject, "/inputs/0/draws/Nd", json!("68.588481"));
        let signed = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// Two products draw together a milligram more neodymium than the carbonate holds.
    "conservation.overdrawn" ["conservation.overdrawn"] |f| {
        let ore = f.ore();
        let first = f.oxide(&ore);
        let mut subject = from_draws(&ore, "in-process", "in-process", json!({ "Nd": "17.147121" }));
        set(&mut subject, "/lotNumber", json!("POOL"));
        let second = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &first, &second])
    }
    /// The same metal sold twice: two transfers of the whole lot in one bundle.
    "conservation.overdrawn-sold-twice" ["conservation.overdrawn"] |f| {
        let ore = f.ore();
        let oxide = f.oxide(&ore);
        let first = f.sale(&oxide);
        let second = f.sale(&oxide);
        f.bundle(&[&ore, &oxide, &first, &second])
    }
    /// 68.6 kg certified, 67 kg drawn: 2.3 % of the content is unbacked where 1.5 % are allowed.
    "conservation.exceeds-draws" ["conservation.exceeds-draws"] |f| {
        let ore = f.ore();
        let mut subject = oxide(&ore);
        set(&mut subject, "/inputs/0/draws/Nd", json!("67"));
        let signed = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// The largest unbacked mass that the cap allows, 1.5 % and the milligram of one input: accepted.
    "honest-at-the-cap" [] |f| {
        let ore = f.ore();
        let mut subject = oxide(&ore);
        // 68.58848 kg × 15,000 ppm = 1.0288272 kg, floored to the milligram, and 1 mg for one input.
        set(&mut subject, "/inputs/0/draws/Nd", json!("67.559652"));
        let signed = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// A milligram above it.
    "conservation.exceeds-draws-by-a-milligram" ["conservation.exceeds-draws"] |f| {
        let ore = f.ore();
        let mut subject = oxide(&ore);
        set(&mut subject, "/inputs/0/draws/Nd", json!("67.559651"));
        let signed = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// Terbium that no input holds, and no detection limit stands for.
    "conservation.element-from-nothing" ["conservation.element-from-nothing"] |f| {
        let ore = f.ore();
        let mut subject = oxide(&ore);
        set(&mut subject, "/assay/components", json!([{ "oxide": "Nd2O3", "percent": "99" }, { "oxide": "Tb4O7", "percent": "1" }]));
        set(&mut subject, "/content", json!({ "Nd": "67.902595", "Tb": "0.680172" }));
        let signed = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// 60 g of dysprosium where the carbonate's detection limit allows 69 g of the part that was drawn.
    "conservation.within-bound" ["conservation.within-bound"] |f| {
        let ore = f.ore();
        let mut subject = oxide(&ore);
        set(&mut subject, "/assay/components", json!([{ "oxide": "Nd2O3", "percent": "99" }, { "element": "Dy", "percent": "0.075" }]));
        set(&mut subject, "/content", json!({ "Nd": "67.902595", "Dy": "0.06" }));
        let signed = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// 80 g of dysprosium where the detection limit allows 69 g.
    "conservation.exceeds-bound" ["conservation.exceeds-bound"] |f| {
        let ore = f.ore();
        let mut subject = oxide(&ore);
        set(&mut subject, "/assay/components", json!([{ "oxide": "Nd2O3", "percent": "99" }, { "element": "Dy", "percent": "0.1" }]));
        set(&mut subject, "/content", json!({ "Nd": "67.902595", "Dy": "0.08" }));
        let signed = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// A pool certified to hold a milligram more than was charged.
    "conservation.draws-mismatch" ["conservation.draws-mismatch"] |f| {
        let ore = f.ore();
        let mut subject = from_draws(&ore, "in-process", "in-process", json!({ "Nd": "10" }));
        set(&mut subject, "/content/Nd", json!("10.000001"));
        let signed = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// Half of the mass with half of the neodymium and all of the praseodymium.
    "conservation.split" ["conservation.split"] |f| {
        let ore = f.ore();
        let mut subject = sale(&ore);
        let half = json!({ "Nd": "42.8678", "Pr": "24.83112" });
        set(&mut subject, "/netMass", json!("500"));
        set(&mut subject, "/content", half.clone());
        set(&mut subject, "/inputs/0/draws", half);
        let signed = f.sign("TransferCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// Neodymium declared as material without a certificate.
    "conservation.declared-rare-earth" ["conservation.declared-rare-earth"] |f| {
        let ore = f.ore();
        let mut subject = oxide(&ore);
        set(&mut subject, "/declaredInputs", json!([{ "element": "Nd", "mass": "1", "material": "scrap", "reason": "uncertified" }]));
        let signed = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// A typing error in the mass is corrected upwards, on the draws of the wrong lot: accepted.
    "honest-correction" [] |f| {
        let ore = f.ore();
        let mut subject = oxide(&ore);
        set(&mut subject, "/netMass", json!("8"));
        set(&mut subject, "/content/Nd", json!("6.858848"));
        let wrong = f.sign("ProcessingCertificate", subject);
        let right = f.sign("ProcessingCertificate", correction(&wrong, "80", "68.58848"));
        f.bundle(&[&ore, &wrong, &right])
    }
    /// A correction certifies more than the first lot of its chain drew.
    "conservation.exceeds-draws-by-correction" ["conservation.exceeds-draws"] |f| {
        let ore = f.ore();
        let wrong = f.oxide(&ore);
        let right = f.sign("ProcessingCertificate", correction(&wrong, "90", "77.16204"));
        f.bundle(&[&ore, &wrong, &right])
    }
    /// A correction that leaves a milligram of the corrected lot to be drawn again.
    "conservation.correction" ["conservation.correction"] |f| {
        let ore = f.ore();
        let wrong = f.oxide(&ore);
        let mut subject = correction(&wrong, "79", "67.731124");
        set(&mut subject, "/inputs/0/draws/Nd", json!("68.588479"));
        let right = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &wrong, &right])
    }
    /// An origin corrected upwards.
    "conservation.correction-raises" ["conservation.correction-raises"] |f| {
        let first = f.ore();
        let mut subject = ore();
        for member in ["/source", "/origin"] {
            unset(&mut subject, member);
        }
        set(&mut subject, "/step", json!("origin"));
        set(&mut subject, "/contentFrom", json!("assay"));
        set(&mut subject, "/netMass", json!("1001"));
        set(&mut subject, "/content", json!({ "Nd": "85.821335", "Pr": "24.855951" }));
        set(&mut subject, "/corrects", json!({ "digestMultibase": first.digest(), "reason": "weighed again" }));
        set(&mut subject, "/inputs", json!([input(&first, json!({ "Nd": "85.7356", "Pr": "24.83112" }))]));
        let right = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&first, &right])
    }
    /// A correction that names another step.
    "custody.correction" ["custody.correction"] |f| {
        let ore = f.ore();
        let wrong = f.oxide(&ore);
        let mut subject = correction(&wrong, "79", "67.731124");
        set(&mut subject, "/step", json!("calcination"));
        let right = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &wrong, &right])
    }
    /// The refinery draws on a lot that it sold to the buyer.
    "custody.not-holder" ["custody.not-holder"] |f| {
        let ore = f.ore();
        let oxide = f.oxide(&ore);
        let sold = f.sale(&oxide);
        let mut subject = sale(&sold);
        set(&mut subject, "/dispatchDate", json!("2026-09-16"));
        let again = f.sign("TransferCertificate", subject);
        f.bundle(&[&ore, &oxide, &sold, &again])
    }
    /// Carbonate leaves and oxide arrives.
    "custody.form-changed" ["custody.form-changed"] |f| {
        let ore = f.ore();
        let mut subject = sale(&ore);
        set(&mut subject, "/form", json!("oxide"));
        let signed = f.sign("TransferCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// Two lots are blended, identity preserved.
    "custody.model-mixed" ["custody.model-mixed"] |f| {
        let (first, second) = (f.ore(), f.ore());
        let all = json!({ "Nd": "85.7356", "Pr": "24.83112" });
        let mut subject = from_draws(&first, "blending", "mixed-compound", all.clone());
        set(&mut subject, "/content", json!({ "Nd": "171.4712", "Pr": "49.66224" }));
        set(&mut subject, "/inputs", json!([input(&first, all.clone()), input(&second, all)]));
        set(&mut subject, "/custodyModel", json!("identity-preserved"));
        let blend = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&first, &second, &blend])
    }
    /// Carbonate is sintered into an oxide.
    "custody.unusual-step" ["custody.unusual-step"] |f| {
        let ore = f.ore();
        let mut subject = oxide(&ore);
        set(&mut subject, "/step", json!("sintering"));
        let signed = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// The reader is somebody else than the holder.
    "custody.not-your-lot" ["custody.not-your-lot"] |f| {
        let ore = f.ore();
        let sale = f.sale(&ore);
        f.bundle(&[&ore, &sale]).trusting("version = 1", "version = 1\nholder = [\"did:web:acme.example\"]")
    }
    /// Another lot number is asked about.
    "custody.lot-not-found" ["custody.lot-not-found"] |f| {
        let ore = f.ore();
        let mut made = f.bundle(&[&ore]);
        made.asked.lot = Some("MREC-0002");
        made
    }
    /// A kilogram more was delivered than is certified.
    "custody.mass-not-covered" ["custody.mass-not-covered"] |f| {
        let ore = f.ore();
        let mut made = f.bundle(&[&ore]);
        made.asked.mass = Some("1001");
        made
    }
    /// A processing step names another home than its input has.
    "registration.wrong-home" ["registration.wrong-home"] |f| {
        let ore = f.ore();
        let mut subject = oxide(&ore);
        set(&mut subject, "/home", json!("rival.example/ree"));
        let signed = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// A delivery to somebody without a DID names another home: its old one could not know that it is closed.
    "registration.wrong-home-delivered" ["registration.wrong-home"] |f| {
        let ore = f.ore();
        let mut subject = sale(&ore);
        set(&mut subject, "/home", json!("rival.example/ree"));
        unset(&mut subject, "/holder");
        unset(&mut subject, "/to/id");
        let signed = f.sign("TransferCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// The trust file requires registration.
    "registration.not-checked" ["registration.not-checked"] |f| {
        let ore = f.ore();
        f.bundle(&[&ore]).trusting("registration = false", "registration = true")
    }
    /// The trust file requires current status.
    "status.not-checked" ["status.not-checked"] |f| {
        let ore = f.ore();
        f.bundle(&[&ore]).trusting("status = false", "status = true")
    }
    /// An audit that was valid until yesterday.
    "status.expired" ["status.expired"] |f| {
        let mut document = f.document("AttestationCertificate", json!({
            "home": "registry.example/ree", "kind": "audit", "about": { "sampleId": "S-1" }, "result": "passed",
        }));
        set(&mut document, "/validUntil", json!("2026-11-23T12:00:00Z"));
        let signed = f.sign_document("refinery", "2026-09-20T10:00:00Z", document);
        f.bundle(&[&signed])
    }
    /// There is no trust file.
    "authority.no-trust-file" ["authority.no-trust-file"] |f| {
        let ore = f.ore();
        let mut made = f.bundle(&[&ore]);
        made.asked.trust = None;
        made
    }
    /// An issuer that nobody pinned.
    "authority.unknown-issuer" ["authority.unknown-issuer"] |f| {
        let mut subject = ore();
        set(&mut subject, "/holder", json!("did:web:stranger.example"));
        let signed = f.sign_as("stranger", "2026-09-20T10:00:00Z", "OriginCertificate", subject);
        f.bundle(&[&signed])
    }
    /// A pinned issuer with a key that is not pinned.
    "authority.unknown-key" ["authority.unknown-key"] |f| {
        let document = f.document("OriginCertificate", ore());
        let key = f.key("new key");
        let method = crate::book::Book::did("refinery").method(&key.public());
        let config = json!({ "created": "2026-09-20T10:00:00Z", "proofPurpose": "assertionMethod", "verificationMethod": method });
        let signed = f.sign_with(&key, config, document);
        f.bundle(&[&signed])
    }
    /// An issuer pinned for separation alone makes an origin.
    "authority.step" ["authority.step"] |f| {
        let ore = f.ore();
        f.bundle(&[&ore]).trusting("[require]", "steps = [\"separation\"]\n[require]")
    }
    /// An issuer pinned for Vietnam works in Malaysia.
    "authority.country" ["authority.country"] |f| {
        let ore = f.ore();
        f.bundle(&[&ore]).trusting("[require]", "countries = [\"VN\"]\n[require]")
    }
    /// An issuer pinned for neodymium certifies praseodymium too.
    "authority.element" ["authority.element"] |f| {
        let ore = f.ore();
        f.bundle(&[&ore]).trusting("[require]", "elements = [\"Nd\"]\n[require]")
    }
    /// An issuer pinned for purchases certifies mined material.
    "authority.source" ["authority.source"] |f| {
        let ore = f.ore();
        f.bundle(&[&ore]).trusting("[require]", "sources = [\"purchased\"]\n[require]")
    }
    /// The trust file expired yesterday.
    "authority.trust-file-stale" ["authority.trust-file-stale"] |f| {
        let ore = f.ore();
        f.bundle(&[&ore]).trusting("version = 1", "version = 1\nexpires = \"2026-11-23\"")
    }
    /// The trust file expired 31 days ago.
    "authority.trust-file-expired" ["authority.trust-file-expired"] |f| {
        let ore = f.ore();
        f.bundle(&[&ore]).trusting("version = 1", "version = 1\nexpires = \"2026-10-24\"")
    }
    /// Signed two days before the work was done.
    "time.after-issue" ["time.after-issue"] |f| {
        let mut subject = ore();
        set(&mut subject, "/period/to", json!("2026-09-22"));
        let signed = f.sign("OriginCertificate", subject);
        f.bundle(&[&signed])
    }
    /// Signed the day before the work was done by its own calendar: days are local, times are UTC.
    "honest-signed-the-day-before" [] |f| {
        let mut subject = ore();
        set(&mut subject, "/period/to", json!("2026-09-21"));
        let signed = f.sign("OriginCertificate", subject);
        f.bundle(&[&signed])
    }
    /// Signed a second before the input's certificate.
    "time.before-parent" ["time.before-parent"] |f| {
        let ore = f.ore();
        let subject = oxide(&ore);
        let signed = f.sign_as("refinery", "2026-09-20T09:59:59Z", "ProcessingCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// The step ended the day before its input was begun.
    "time.impossible-order" ["time.impossible-order"] |f| {
        let ore = f.ore();
        let mut subject = oxide(&ore);
        set(&mut subject, "/period", json!({ "from": "2026-07-21", "to": "2026-07-31" }));
        let signed = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &signed])
    }
    /// Signed 63 days after the work was done.
    "time.late-registration" ["time.late-registration"] |f| {
        let mut subject = ore();
        set(&mut subject, "/period", json!({ "from": "2026-07-01", "to": "2026-07-19" }));
        let signed = f.sign("OriginCertificate", subject);
        f.bundle(&[&signed])
    }
    /// A second from the future.
    "time.not-yet" ["time.not-yet"] |f| {
        let ore = f.ore();
        let mut made = f.bundle(&[&ore]);
        made.asked.at = "2026-09-20T09:59:59Z";
        made
    }
}
