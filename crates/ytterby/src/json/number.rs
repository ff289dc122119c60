//! Numbers as ECMAScript writes them, which is how JCS writes them.

/// The JCS text of a finite number (RFC 8785 section 3.2.2.3); `None` for NaN and infinities.
pub fn es6_number(value: f64) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    if value == 0.0 {
        return Some("0".to_owned());
    }
    // Rust's shortest round-trip digits are ECMAScript's, but for ties; the layout differs.
    let scientific = format!("{:e}", value.abs());
    let (mantissa, exponent) = scientific.split_once('e')?;
    let digits = even_of_a_tie(value, mantissa.chars().filter(char::is_ascii_digit).collect());
    let point = exponent.parse::<i32>().ok()? + 1;
    let count = i32::try_from(digits.len()).ok()?;
    let sign = if value < 0.0 { "-" } else { "" };
    let text = if (count..=21).contains(&point) {
        format!("{digits}{}", "0".repeat(usize::try_from(point - count).ok()?))
    } else if (1..=21).contains(&point) {
        let (whole, fraction) = digits.split_at(usize::try_from(point).ok()?);
        format!("{whole}.{fraction}")
    } else if (-5..=0).contains(&point) {
        format!("0.{}{digits}", "0".repeat(usize::try_from(-point).ok()?))
    } else {
        let (first, rest) = digits.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        format!("{first}{dot}{rest}e{:+}", point - 1)
    };
    Some(format!("{sign}{text}"))
}

/// Where two shortest texts are equally near, RFC 8785 (ECMAScript's "Note 2") takes the even last digit
/// and Rust the larger. A tie is a value whose exact digits are the smaller text and one 5; that is 16
/// digits at least, because texts of up to 15 stand for different doubles.
fn even_of_a_tie(value: f64, digits: String) -> String {
    if digits.len() < 15 || digits.bytes().last().is_none_or(|last| last % 2 == 0) {
        return digits;
    }
    // No double has more than 767 digits; the first 40 tell nearly always.
    for precision in [40, 767] {
        let exact = format!("{:.precision$e}", value.abs());
        let exact: String = exact.chars().take_while(|c| *c != 'e').filter(char::is_ascii_digit).collect();
        let (smaller, behind) = exact.split_at(digits.len());
        if smaller == digits || behind.trim_end_matches('0') != "5" {
            return digits;
        }
        if precision == 767 {
            return smaller.to_owned();
        }
    }
    digits
}

/// Whether a JSON number's text is the JCS form of the value it denotes.
pub(super) fn is_canonical(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = digits.bytes().all(|b| b.is_ascii_digit());
    if whole && (1..=15).contains(&digits.len()) {
        return text == "0" || !digits.starts_with('0');
    }
    // No finite double needs more than 25 characters in this form.
    text.len() <= 32
        && text.parse::<f64>().ok().and_then(es6_number).is_some_and(|canonical| canonical == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_of_rfc_8785_appendix_b() {
        for (bits, text) in [
            (0x0000_0000_0000_0000_u64, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x430b_ed7d_7bc2_95da, "982618446779067.2"),
        ] {
            assert_eq!(es6_number(f64::from_bits(bits)).unwrap(), text);
        }
        assert_eq!(es6_number(f64::NAN), None);
        assert_eq!(es6_number(f64::INFINITY), None);
    }

    #[test]
    fn only_the_canonical_text_of_a_number_is_canonical() {
        for good in ["0", "-1", "10", "1.5", "1e+21", "1e-7", "0.000001", "9007199254740992"] {
            assert!(is_canonical(good), "{good}");
        }
        for bad in
            ["-0", "1.0", "1E5", "1e5", "9007199254740993", "0.10", "1e400", "100000000000000000000000"]
        {
            assert!(!is_canonical(bad), "{bad}");
        }
    }
}
