//! Every input of the fuzzing corpus, and what the vectors hold, through the bodies of the fuzz targets.

use conformance::corpus;
use conformance::fuzz::TARGETS;

#[test]
fn every_target_takes_its_corpus() {
    for (name, body) in TARGETS {
        let inputs = corpus::of(name).unwrap();
        assert!(inputs.len() >= 20, "{name} has {} inputs", inputs.len());
        for input in inputs {
            body(&input);
            // Cut short and with a byte changed in the middle: no input is only just right.
            body(&input[..input.len() / 2]);
            let mut changed = input.clone();
            if let Some(byte) = changed.get_mut(input.len() / 3) {
                *byte ^= 1;
            }
            body(&changed);
        }
    }
}
