//! Decimal strings: masses in exact milligrams, percentages in exact millionths of a percent.
//! Implements proto-docs/certificate.md, "Decimals".

use std::fmt;

/// A text is not a decimal that may stand where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Digits, sign or point are not as the grammar has them.
    #[error("not a decimal: digits, then at most six decimals after a point, no sign, no leading zero")]
    Grammar,
    /// More than the largest value that may stand here.
    #[error("more than {0}")]
    TooLarge(&'static str),
}

/// A mass, exact in milligrams, at most 999,999,999.999999 kg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mass(u64);

impl Mass {
    /// The largest mass.
    pub const MAX: Mass = Mass(999_999_999_999_999);

    /// Parses kilograms, `(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?`.
    pub fn parse(kilograms: &str) -> Result<Self, DecimalError> {
        millionths(kilograms, 9).map(Mass)
    }

    /// A mass in milligrams, if it is not above the largest.
    pub fn from_mg(mg: u64) -> Option<Self> {
        (mg < 1_000_000_000_000_000).then_some(Mass(mg))
    }

    /// The mass in milligrams.
    pub fn mg(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Mass {
    /// Kilograms, minimal: no trailing zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&minimal(self.0))
    }
}

/// A percentage from 0 to 100, exact in millionths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Percent(u32);

impl Percent {
    /// What [`Percent::millionths`] gives for 100 %.
    pub const FULL: u32 = 100_000_000;

    /// Parses a percentage of at most 100 with at most six decimals.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let value = millionths(text, 3)?;
        u32::try_from(value)
            .ok()
            .filter(|v| *v <= Self::FULL)
            .map(Percent)
            .ok_or(DecimalError::TooLarge("100"))
    }

    /// The percentage in millionths of a percent.
    pub fn millionths(self) -> u32 {
        self.0
    }

    /// The percentage of so many millionths of a percent, at most 100 %.
    pub(crate) fn from_millionths(millionths: u32) -> Self {
        Percent(millionths.min(Self::FULL))
    }

    /// What is left to 100 %.
    #[must_use]
    pub fn complement(self) -> Self {
        Percent(Self::FULL - self.0)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&minimal(self.0.into()))
    }
}

/// Parts per million, at most 1,000,000, exact in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ppm(u64);

impl Ppm {
    /// Parses parts per million.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let value = millionths(text, 7)?;
        if value > 1_000_000_000_000 { Err(DecimalError::TooLarge("1000000")) } else { Ok(Ppm(value)) }
    }

    /// The value in millionths of a part per million.
    pub fn millionths(self) -> u64 {
        self.0
    }
}

/// Kilograms, minimal, of any sum of masses.
pub fn kilograms(mg: u64) -> String {
    minimal(mg)
}

/// Kilograms of a sum of masses for people: thin groups of three digits, three decimals, rounded down.
pub fn kilograms_grouped(mg: u64) -> String {
    let whole = (mg / 1_000_000).to_string();
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    format!("{grouped}.{:03}", mg % 1_000_000 / 1_000)
}

fn minimal(millionths: u64) -> String {
    let (whole, fraction) = (millionths / 1_000_000, millionths % 1_000_000);
    if fraction == 0 {
        return whole.to_string();
    }
    format!("{whole}.{fraction:06}").trim_end_matches('0').to_owned()
}

fn millionths(text: &str, max_whole_digits: usize) -> Result<u64, DecimalError> {
    let bytes = text.as_bytes();
    let (whole, value) = digits(bytes, 0);
    if !(1..=max_whole_digits).contains(&whole) || (bytes[0] == b'0' && whole > 1) {
        return Err(DecimalError::Grammar);
    }
    let Some((b'.', fraction)) = bytes[whole..].split_first() else {
        return if whole == bytes.len() { Ok(value * SCALE[0]) } else { Err(DecimalError::Grammar) };
    };
    let (decimals, value) = digits(fraction, value);
    let scale = SCALE.get(decimals).filter(|_| decimals > 0 && decimals == fraction.len());
    scale.map(|scale| value * scale).ok_or(DecimalError::Grammar)
}

/// What a number of decimals lacks to six.
const SCALE: [u64; 7] = [1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];

/// How many digits come first, and their value behind that of `before`. It stops at ten, which is more
/// than any grammar here has in a row.
fn digits(bytes: &[u8], before: u64) -> (usize, u64) {
    let mut value = before;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        match byte {
            b'0'..=b'9' => value = value * 10 + u64::from(byte - b'0'),
            _ => return (at, value),
        }
    }
    (bytes.len().min(10), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masses_are_exact_both_ways() {
        for (text, mg) in [
            ("0", 0),
            ("73450.9", 73_450_900_000),
            ("0.000001", 1),
            ("999999999.999999", 999_999_999_999_999),
        ] {
            assert_eq!(Mass::parse(text).unwrap().mg(), mg);
            assert_eq!(Mass::from_mg(mg).unwrap().to_string(), text);
        }
        assert_eq!(Mass::from_mg(1_000_000_000_000_000), None);
    }

    #[test]
    fn what_is_not_a_decimal_is_refused() {
        for bad in [
            "",
            "-1",
            "+1",
            "1.",
            ".5",
            "01",
            "00",
            "1e3",
            "1_000",
            "1,5",
            "1 ",
            "0.0000001",
            "1000000000",
            "10000000000",
            "0.00000000001",
            "99999999999999999999999999",
            "1.2.3",
            "1..2",
            "٣",
            "1.٣",
            "NaN",
        ] {
            assert!(Mass::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Percent::parse("100.000001"), Err(DecimalError::TooLarge("100")));
        assert_eq!(Percent::parse("100").unwrap().complement(), Percent::parse("0").unwrap());
    }

    #[test]
    fn grouped_for_people() {
        assert_eq!(kilograms_grouped(66_800_000_000), "66 800.000");
        assert_eq!(kilograms_grouped(1_999_999), "1.999");
        assert_eq!(kilograms_grouped(141_848_000_000), "141 848.000");
    }
}
