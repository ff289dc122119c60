//! Replaying a log of a million entries, as witness, monitor and auditor do, against hashing its leaves.

use ytterby::digest::Digest;
use ytterby::ledger::Ledger;
use ytterby::{Entry, Home};
use ytterby_tlog::{Frontier, Hash};

use super::Failure;
use super::clock::Stopwatch;
use super::figure::Figures;

/// How many entries: half of them lots, each drawn on by the one after it.
const ENTRIES: usize = 1_000_000;

pub(crate) fn measure(figures: &mut Figures) -> Result<(), Failure> {
    let entries = entries();
    let per_entry = |watch: Stopwatch| watch.stop().as_secs_f64() * 1e6 / ENTRIES as f64;

    let watch = Stopwatch::start();
    let mut leaves = Frontier::new();
    for entry in &entries {
        leaves.append(Hash::of_leaf(entry))?;
    }
    let hashed = per_entry(watch);

    let watch = Stopwatch::start();
    let home = Home::parse("registry.example/ree").ok_or("an origin")?;
    let (mut ledger, mut tree) = (Ledger::new(home), Frontier::new());
    for bytes in &entries {
        ledger.apply(&Entry::parse(bytes)?)?;
        tree.append(Hash::of_leaf(bytes))?;
    }
    let replayed = per_entry(watch);
    if tree.head() != leaves.head() || ledger.len() != ENTRIES {
        return Err("the replay did not come to the same tree".into());
    }
    figures.add("replay of 1,000,000 entries, each", replayed, "us", ("hashing its leaf", hashed));
    Ok(())
}

/// Origins and what is made of them, in turn.
fn entries() -> Vec<Vec<u8>> {
    let digest = |number: usize| Digest::of(&number.to_le_bytes());
    let entry = |number: usize| {
        let certificate = digest(number);
        let content = r#"{"Nd":"68.58848","Pr":"24.83112"}"#;
        let (draws, kind) = match number % 2 {
            0 => (String::new(), "OriginCertificate"),
            _ => {
                let lot = digest(number - 1);
                let draw = format!(
                    r#","draws":[{{"amount":{content},"cumulative":{content},"lot":"{lot}","seq":"1"}}]"#
                );
                (draw, "ProcessingCertificate")
            }
        };
        format!(
            r#"{{"amounts":{{"content":{content}{draws}}},"certificate":"{certificate}","home":"registry.example/ree","kind":"certificate","type":"{kind}","version":"1"}}"#
        )
        .into_bytes()
    };
    (0..ENTRIES).map(entry).collect()
}
