//! Randomness that a seed repeats.

/// A small generator of random numbers, so that a seed repeats a run.
pub(crate) struct Random(u64);

impl Random {
    /// From `YTTERBY_SEED`, or new; printed either way.
    pub(crate) fn seeded() -> Self {
        use std::hash::{BuildHasher, Hasher};
        let seed = std::env::var("YTTERBY_SEED").ok().map_or_else(
            || std::hash::RandomState::new().build_hasher().finish(),
            |text| text.parse().unwrap(),
        );
        println!("YTTERBY_SEED={seed}");
        Random(seed)
    }

    /// SplitMix64.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Below a bound.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
