//! A bundle full of accreditations by one accreditor, who is reached in as many ways as are kept: time for each
//! must not depend on how many there are.

use serde_json::{Value, json};
use ytterby::{Bundle, Rules, Trust, Verdict};

use super::Failure;
use super::clock::Best;
use super::figure::Figures;
use conformance::book::{Book, time};
use conformance::vectors::{Forge, NOW, accreditation};

/// The ways in which the accreditor is reached.
const WAYS: usize = 64;
const COUNTS: [usize; 2] = [10_000, 100_000];
const ROUNDS: usize = 3;

pub(crate) fn measure(figures: &mut Figures) -> Result<(), Failure> {
    let mut forge = Forge::default();
    let ore = forge.ore();
    let mut given: Vec<Value> = Vec::with_capacity(COUNTS[1] + WAYS + 1);
    for number in 0..WAYS {
        let may = json!({ "mayAccredit": {}, "name": format!("n{number}") });
        given.push(accreditation(&mut forge, "alliance", "body", &may).value);
    }
    given.push(accreditation(&mut forge, "body", "refinery", &json!({ "mayCertify": {} })).value);
    for number in 0..COUNTS[1] {
        let company = format!("company-{number}");
        given.push(accreditation(&mut forge, "body", &company, &json!({ "mayCertify": {} })).value);
    }
    let (did, key) = (Book::did("alliance"), forge.key("alliance").public());
    let trust = format!(
        "version = 1\n[[anchor]]\ndid = \"{did}\"\nkeys = [\"{key}\"]\n[require]\nregistration = false\nstatus = false\n"
    );
    let trust = Trust::parse(trust.as_bytes())?;
    let bundle = |count: usize| {
        let bundle = json!({
            "bundle": "ytterby.bundle/1", "subject": [ore.certificate().digest().to_string()],
            "certificates": [ore.value], "accreditations": given[..WAYS + 1 + count],
        });
        bundle.to_string()
    };
    let [few, many] = COUNTS.map(bundle);
    let mut best = [Best::NONE; 2];
    for _ in 0..ROUNDS {
        for (bytes, best) in [&few, &many].into_iter().zip(&mut best) {
            let verdict = best.time(|| -> Result<Verdict, Failure> {
                let bundle = Bundle::parse(bytes.as_bytes())?;
                Ok(ytterby::verify(&bundle, &trust, &Rules::default(), time(NOW)).verdict())
            })?;
            if verdict != Verdict::Verified {
                return Err(format!("the ore is {}", verdict.as_str()).into());
            }
        }
    }
    let each = |at: usize| best[at].0.as_secs_f64() * 1e6 / COUNTS[at] as f64;
    let baseline = ("of 10000", each(0));
    figures.add(format!("verify, a bundle of {} accreditations", COUNTS[1]), each(1), "µs each", baseline);
    Ok(())
}
