//! Text that people read: names, products, reasons. What can deceive a reader is refused.

use unicode_normalization::{IsNormalized, is_nfc_quick};

/// Why a text may not stand in a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing, or only white space at an end.
    #[error("empty, or with white space at an end")]
    Blank,
    /// A control, bidirectional, zero-width or other invisible character.
    #[error("holds a control, invisible or direction-changing character (U+{0:04X})")]
    Invisible(u32),
    /// More characters than may stand here.
    #[error("longer than {0} characters")]
    Long(usize),
    /// Not in Unicode normal form C: two spellings would look the same.
    #[error("not in Unicode normal form C")]
    NotNormal,
}

/// Longest text in a certificate, in characters: a line on a paper certificate.
pub(crate) const MAX_TEXT: usize = 300;

/// Checks a text of at most `max` characters.
pub(crate) fn check(text: &str, max: usize) -> Result<(), TextError> {
    let bytes = text.as_bytes();
    let plain = bytes.iter().fold(true, |plain, byte| plain & (0x20..0x7f).contains(byte));
    let spaced = bytes.first().is_none_or(|b| *b == b' ') || bytes.last().is_none_or(|b| *b == b' ');
    if plain && !spaced && bytes.len() <= max {
        return Ok(());
    }
    if text.is_empty() || text.trim() != text {
        return Err(TextError::Blank);
    }
    if text.len() > max && text.chars().count() > max {
        return Err(TextError::Long(max));
    }
    if let Some(c) = text.chars().find(|c| is_invisible(*c)) {
        return Err(TextError::Invisible(c.into()));
    }
    let normal = match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => true,
        IsNormalized::No => false,
        IsNormalized::Maybe => unicode_normalization::is_nfc(text),
    };
    if normal { Ok(()) } else { Err(TextError::NotNormal) }
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x00ad | 0x034f | 0x061c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
            | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
            | 0xe000..=0xf8ff | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff | 0xf0000..=0x10_ffff)
}

/// The words of a text in lower case, with a space between: how names are compared.
pub(crate) fn words(text: &str) -> String {
    let split = |c: char| !(c.is_alphanumeric() || c == ':');
    text.to_lowercase().split(split).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A text from anywhere, made safe to print: what is invisible is shown as its code point.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if is_invisible(c) { format!("\\u{{{:x}}}", u32::from(c)) } else { c.to_string() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honest_names_pass_and_deceptive_ones_do_not() {
        for good in
            ["Example Refinery", "Ytterby gruva", "Gruva \u{e5}\u{e4}\u{f6}", "稀土", "日本レアアース"]
        {
            assert_eq!(check(good, MAX_TEXT), Ok(()), "{good}");
        }
        assert_eq!(check("", MAX_TEXT), Err(TextError::Blank));
        assert_eq!(check(" a", MAX_TEXT), Err(TextError::Blank));
        assert_eq!(check("a\u{202e}b", MAX_TEXT), Err(TextError::Invisible(0x202e)));
        assert_eq!(check("a\u{200b}b", MAX_TEXT), Err(TextError::Invisible(0x200b)));
        assert_eq!(check("a\u{1b}[31mb", MAX_TEXT), Err(TextError::Invisible(0x1b)));
        assert_eq!(check("a\nb", MAX_TEXT), Err(TextError::Invisible(0x0a)));
        assert_eq!(check("a\u{30a}", MAX_TEXT), Err(TextError::NotNormal));
        assert_eq!(check(&"x".repeat(301), MAX_TEXT), Err(TextError::Long(300)));
    }

    #[test]
    fn anything_can_be_made_printable() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}"), "a\\u{1b}[2Jb\\u{202e}");
    }
}
