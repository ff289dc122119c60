//! What every C2SP text is made of: lines that end in a newline, decimal numbers, base64. Each value
//! has exactly one text, so what was parsed prints as it was read.
//! Implements proto-docs/log.md, "Texts".

use data_encoding::BASE64;

use crate::hash::Hash;

/// A number in decimal: digits alone, no leading zero, no more than a `u64` holds.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let padded = text.len() > 1 && text.starts_with('0');
    if digits && !padded { text.parse().ok() } else { None }
}

/// Standard base64 with padding; unused bits must be zero. The decoder would also take padded pieces
/// one after the other, so the text must be the one that its bytes have.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.as_bytes()).ok().filter(|bytes| BASE64.encode(bytes) == text)
}

/// The lines of a block, each of which must end in a newline; no lines in an empty block.
pub(crate) fn lines(block: &str) -> Option<Vec<&str>> {
    if block.is_empty() {
        return Some(Vec::new());
    }
    Some(block.strip_suffix('\n')?.split('\n').collect())
}

/// A list of hashes, one a line, of at most `max`.
pub(crate) fn hashes(lines: &[&str], max: usize) -> Option<Vec<Hash>> {
    if lines.len() > max {
        return None;
    }
    lines.iter().map(|line| Hash::parse(line).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_text() {
        for (text, number) in [("0", 0), ("7", 7), ("18446744073709551615", u64::MAX)] {
            assert_eq!(decimal(text), Some(number));
        }
        for bad in ["", "00", "07", "+7", "-7", " 7", "7 ", "7.0", "0x7", "٧", "18446744073709551616"] {
            assert_eq!(decimal(bad), None, "{bad}");
        }
    }

    #[test]
    fn bytes_have_one_text() {
        assert_eq!(base64("AAE="), Some(vec![0, 1]));
        assert_eq!(base64(""), Some(vec![]));
        for bad in ["AAE", "AAE==", "AAF=", "AA==AAE=", "AAE=\n", "A AE=", "-AE=", "===="] {
            assert_eq!(base64(bad), None, "{bad}");
        }
    }

    #[test]
    fn lines_end_in_newlines() {
        assert_eq!(lines(""), Some(vec![]));
        assert_eq!(lines("\n"), Some(vec![""]));
        assert_eq!(lines("a\nb\n"), Some(vec!["a", "b"]));
        assert_eq!(lines("a\nb"), None);
    }
}
