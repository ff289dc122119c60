//! Rules that do not hold, one each.

use serde_json::json;

use super::forge::{Made, oxide, set};
use super::{Forge, vectors};

/// A rule that nothing may have been separated in a country, from 2026 on; more for its clause.
macro_rules! pack {
    ($country:literal, $stage:literal, $state:literal) => {
        concat!(
            "pack = \"ytterby.rules/1\"\n",
            "id = \"vector\"\ntitle = \"a rule\"\njurisdiction = \"INT\"\ninstrument = \"none\"\n",
            "as-of = \"2026-11-23\"\nconfidence = \"made up\"\n",
            "[[clause]]\nid = \"only\"\ntitle = \"no step there\"\nfrom = \"2026-01-01\"\n",
            $state,
            "[[clause.ask]]\nthat = \"contribution\"\nelements = [\"Nd\"]\n",
            "stages = [\"",
            $stage,
            "\"]\ncountries = [\"",
            $country,
            "\"]\n",
        )
    };
}

fn delivered(f: &mut Forge, rules: &'static str) -> Made {
    let ore = f.ore();
    let oxide = f.oxide(&ore);
    let sale = f.sale(&oxide);
    let mut made = f.bundle(&[&ore, &oxide, &sale]);
    made.asked.rules = Some(rules);
    made
}

vectors! {
    /// An oxide of neodymium is declared as a compound of cerium.
    "control.classification-mismatch" ["control.classification-mismatch"] |f| {
        let ore = f.ore();
        let mut subject = oxide(&ore);
        set(&mut subject, "/hsCodes", json!([{ "nomenclature": "HS 2022", "code": "2846.10" }]));
        let oxide = f.sign("ProcessingCertificate", subject);
        f.bundle(&[&ore, &oxide])
    }

    /// A rule that holds: nothing was separated in China.
    "rule.holds" [] |f| {
        delivered(f, pack!("CN", "separation", ""))
    }

    /// The lot was separated in Malaysia, which the rule does not allow.
    "rule.failed" ["rule.failed"] |f| {
        delivered(f, pack!("MY", "separation", ""))
    }

    /// The origin is a mixed compound: nobody says where it was cracked.
    "rule.not-demonstrated" ["rule.not-demonstrated"] |f| {
        delivered(f, pack!("CN", "cracking", ""))
    }

    /// The rule does not hold, and is suspended.
    "rule.not-in-force" ["rule.not-in-force"] |f| {
        delivered(f, pack!(
            "MY",
            "separation",
            "[[clause.state]]\nis = \"suspended\"\nfrom = \"2026-11-01\"\nbefore = \"2026-12-01\"\nnote = \"for a month\"\n"
        ))
    }
}
