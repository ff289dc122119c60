//! A share of an element's mass, as an interval: fixed-point integers, every rounding outward.

use crate::decimal::Percent;

/// All of it: 2⁶⁰, so that a sum of 64 terms and a product of two shares fit the integers used.
const ONE: u64 = 1 << 60;

/// How much of an element's mass something is true of: at least, as mixed, at most.
///
/// The ends hold whatever was taken from a pool first; the middle is the share that a pool has when it
/// is mixed. They are equal where nothing is left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    low: u64,
    mixed: u64,
    high: u64,
}

impl Share {
    /// Nothing of it.
    pub(crate) const NONE: Share = Share { low: 0, mixed: 0, high: 0 };
    /// All of it.
    pub(crate) const ALL: Share = Share { low: ONE, mixed: ONE, high: ONE };
    /// Perhaps some of it, though none as declared.
    pub(crate) const PERHAPS: Share = Share { low: 0, mixed: 0, high: ONE };

    /// The smallest possible share, rounded down.
    pub fn low(self) -> Percent {
        percent(self.low, false)
    }

    /// The share where pools are mixed, rounded down.
    pub fn mixed(self) -> Percent {
        percent(self.mixed, false)
    }

    /// The largest possible share, rounded up.
    pub fn high(self) -> Percent {
        percent(self.high, true)
    }

    /// Whether the interval is one number.
    pub fn is_exact(self) -> bool {
        self.low() == self.high() || self.low == self.high
    }

    /// Whether any of it is certain.
    pub fn is_certain(self) -> bool {
        self.low > 0
    }

    /// Whether any of it is possible.
    pub fn is_possible(self) -> bool {
        self.high > 0
    }

    /// What is not it.
    pub(crate) fn rest(self) -> Share {
        Share { low: ONE - self.high, mixed: ONE - self.mixed, high: ONE - self.low }
    }

    /// At most the one and the other, where they may overlap.
    pub(crate) fn or(self, other: Share) -> Share {
        Share {
            low: self.low.max(other.low),
            mixed: (self.mixed + other.mixed).min(ONE),
            high: (self.high + other.high).min(ONE),
        }
    }

    /// The same of metal that may have been exchanged for other metal of the site.
    pub(crate) fn by_mass_balance(self) -> Share {
        Share { low: 0, mixed: self.mixed, high: ONE }
    }

    /// The same without being certain of any.
    pub(crate) fn doubted(self) -> Share {
        Share { low: 0, ..self }
    }

    /// The share in a part of a mass that was not mixed: `part` of `whole`, whichever part it is.
    pub(crate) fn in_part(self, part: u64, whole: u64) -> Share {
        if part >= whole || part == 0 {
            return self;
        }
        let grown = |share: u64| match share {
            0 => 0,
            share => {
                let grown = (u128::from(share) * u128::from(whole)).div_ceil(u128::from(part));
                u64::try_from(grown).map_or(ONE, |grown| grown.min(ONE))
            }
        };
        Share { low: ONE - grown(ONE - self.low), mixed: self.mixed, high: grown(self.high) }
    }
}

/// What a part weighs among all parts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weight {
    low: u64,
    high: u64,
}

impl Weight {
    /// The weight of a part of a total; the part is at most the total, which is not zero.
    pub(crate) fn of(part: u64, total: u64) -> Self {
        if part >= total {
            return Weight { low: ONE, high: ONE };
        }
        let scaled = u128::from(part) * u128::from(ONE);
        let whole = |quotient: u128| u64::try_from(quotient).unwrap_or(ONE);
        Weight { low: whole(scaled / u128::from(total)), high: whole(scaled.div_ceil(u128::from(total))) }
    }
}

/// The weights of all parts together.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weights {
    low: u64,
    high: u64,
}

impl Weights {
    pub(crate) fn add(&mut self, weight: Weight) {
        self.low += weight.low;
        self.high += weight.high;
    }
}

/// A weighted sum of shares. Each end is computed from what is in it and from what is not, and the
/// closer of the two counts: so shares of all and of nothing stay exact.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    low: u64,
    mixed: u64,
    high: u64,
    /// At most this much is not it, at least this much is not it, among the parts added.
    missing: (u64, u64),
    weights: Weights,
}

impl Sum {
    pub(crate) fn add(&mut self, share: Share, weight: Weight) {
        let up = |a: u64, b: u64| times(a, b, true);
        let down = |a: u64, b: u64| times(a, b, false);
        self.low += down(share.low, weight.low);
        self.mixed += down(share.mixed, weight.low);
        self.high += up(share.high, weight.high);
        self.missing.0 += up(ONE - share.low, weight.high);
        self.missing.1 += down(ONE - share.high, weight.low);
        self.weights.add(weight);
    }

    /// The share in the whole; parts that were not added have none of it.
    pub(crate) fn share(self, all: Weights) -> Share {
        let most_missing = self.missing.0 + (all.high - self.weights.high);
        let least_missing = self.missing.1 + (all.low - self.weights.low);
        let low = self.low.max(ONE.saturating_sub(most_missing));
        let high = self.high.min(ONE.saturating_sub(least_missing)).max(low);
        Share { low, mixed: self.mixed.clamp(low, high), high }
    }
}

fn times(a: u64, b: u64, up: bool) -> u64 {
    let product = u128::from(a) * u128::from(b);
    let rounded = if up { product + u128::from(ONE - 1) } else { product };
    u64::try_from(rounded >> 60).unwrap_or(ONE)
}

fn percent(share: u64, up: bool) -> Percent {
    let scaled = times(share, u64::from(Percent::FULL), up);
    Percent::from_millionths(u32::try_from(scaled).unwrap_or(Percent::FULL))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(parts: &[(Share, u64)], total: u64) -> Share {
        let (mut sum, mut all) = (Sum::default(), Weights::default());
        for (share, part) in parts {
            let weight = Weight::of(*part, total);
            all.add(weight);
            if *share != Share::NONE {
                sum.add(*share, weight);
            }
        }
        sum.share(all)
    }

    #[test]
    fn all_and_nothing_stay_exact_and_thirds_round_outward() {
        assert_eq!(sum(&[(Share::ALL, 1), (Share::ALL, 1), (Share::ALL, 1)], 3), Share::ALL);
        assert_eq!(sum(&[(Share::NONE, 1), (Share::NONE, 2)], 3), Share::NONE);
        let third = sum(&[(Share::ALL, 1), (Share::NONE, 2)], 3);
        assert_eq!(
            (third.low().to_string(), third.high().to_string()),
            ("33.333333".into(), "33.333334".into())
        );
        assert!(third.low < third.high && third.high - third.low < 4);
    }

    #[test]
    fn a_part_of_what_was_not_mixed_may_be_any_part() {
        let half = sum(&[(Share::ALL, 1), (Share::NONE, 1)], 2);
        let part = half.in_part(3, 4);
        assert_eq!(part.high().to_string(), "66.666667");
        assert_eq!(part.low().to_string(), "33.333333");
        assert_eq!(half.in_part(1, 4), Share { low: 0, mixed: ONE / 2, high: ONE });
        assert_eq!(Share::ALL.in_part(1, 9), Share::ALL);
        assert_eq!(Share::NONE.in_part(1, 9), Share::NONE);
        assert_eq!(half.in_part(4, 4), half);
        assert_eq!(half.rest(), half);
        assert_eq!(half.or(half), Share { low: ONE / 2, mixed: ONE, high: ONE });
    }
}
