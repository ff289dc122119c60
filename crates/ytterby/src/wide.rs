//! Unsigned 256-bit products, floored: the arithmetic of content (F2) and of shares.
//!
//! A net mass times five decimal factors needs about 180 bits; nothing here needs more than 256,
//! and every quotient that leaves this module fits 64.

/// An unsigned 256-bit integer, least significant limb first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wide([u64; 4]);

impl Wide {
    pub(crate) fn new(value: u64) -> Self {
        Wide([value, 0, 0, 0])
    }

    /// The product, or `None` above 256 bits.
    pub(crate) fn times(self, factor: u64) -> Option<Self> {
        let mut out = [0; 4];
        let mut carry = 0;
        for (limb, value) in out.iter_mut().zip(self.0) {
            let product = u128::from(value) * u128::from(factor) + u128::from(carry);
            (*limb, carry) = split(product);
        }
        (carry == 0).then_some(Wide(out))
    }

    /// The floored quotient; ⌊⌊x ÷ a⌋ ÷ b⌋ = ⌊x ÷ ab⌋, so a long division is a chain of these.
    pub(crate) fn over(self, divisor: u64) -> Self {
        let mut out = [0; 4];
        let mut rest = 0;
        for at in (0..4).rev() {
            let value = (u128::from(rest) << 64) | u128::from(self.0[at]);
            out[at] = split(value / u128::from(divisor)).0;
            rest = split(value % u128::from(divisor)).0;
        }
        Wide(out)
    }

    /// The value, or `None` above 64 bits.
    pub(crate) fn to_u64(self) -> Option<u64> {
        (self.0[1..] == [0, 0, 0]).then_some(self.0[0])
    }
}

/// ⌊a × b ÷ c⌋, or `None` when `c` is zero or the quotient needs more than 64 bits.
pub(crate) fn mul_div(a: u64, b: u64, c: u64) -> Option<u64> {
    let product = u128::from(a) * u128::from(b);
    u64::try_from(product.checked_div(u128::from(c))?).ok()
}

/// ⌈a × b ÷ c⌉, or `None` when `c` is zero or the quotient needs more than 64 bits.
pub(crate) fn mul_div_up(a: u64, b: u64, c: u64) -> Option<u64> {
    let product = u128::from(a) * u128::from(b);
    (c != 0).then(|| product.div_ceil(u128::from(c))).and_then(|q| u64::try_from(q).ok())
}

#[expect(clippy::cast_possible_truncation, reason = "the low and high halves are what is wanted")]
fn split(value: u128) -> (u64, u64) {
    (value as u64, (value >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_and_quotients() {
        let big = Wide::new(u64::MAX).times(u64::MAX).unwrap().times(u64::MAX).unwrap();
        assert_eq!(big.over(u64::MAX).over(u64::MAX).to_u64(), Some(u64::MAX));
        assert_eq!(big.to_u64(), None);
        assert_eq!(big.times(u64::MAX).unwrap().times(2), None);
        assert_eq!(mul_div(7, 3, 2), Some(10));
        assert_eq!(mul_div_up(7, 3, 2), Some(11));
        assert_eq!(mul_div(1, 1, 0), None);
        assert_eq!(mul_div(u64::MAX, u64::MAX, 1), None);
    }
}
