//! Long sentences on several lines, as wide as the terminal is.

/// Width where there is no terminal.
const NO_TERMINAL: usize = 80;

/// Columns to write in: what COLUMNS says, else the terminal's, else 80.
pub(crate) fn width() -> usize {
    let stated = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || comfy_table::Table::new().width().map(usize::from);
    stated.or_else(terminal).unwrap_or(NO_TERMINAL).clamp(40, 1_000)
}

/// Text behind a head that is so wide, its further lines under the first; each line through `paint`.
pub(crate) fn hanging(head: &str, indent: usize, text: &str, paint: impl Fn(&str) -> String) -> String {
    let room = width().saturating_sub(indent).max(20);
    let mut out = String::new();
    for (at, line) in wrap(text, room).iter().enumerate() {
        let before = if at == 0 { head.to_owned() } else { " ".repeat(indent) };
        out.push_str(&format!("{before}{}\n", paint(line)));
    }
    out
}

/// Breaks words into lines of at most `width` characters, a longer word alone on its line. A figure is one
/// word with its unit: of `1 903.330 kg` the second half alone would be another mass.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words(text) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter_mut().for_each(|line| line.truncate(line.trim_end().len()));
    lines
}

/// What may not be broken, each between two spaces.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut from = 0;
    for (at, _) in text.match_indices(' ') {
        let (before, after) = (&text[..at], &text[at + 1..]);
        let is_digit = |c: char| c.is_ascii_digit();
        let goes_on = after.starts_with(is_digit) || after.starts_with('%') || after.starts_with("kg");
        if !(before.ends_with(is_digit) && goes_on) {
            words.push(&text[from..at]);
            from = at + 1;
        }
    }
    words.push(&text[from..]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("verylongword a", 4), ["verylongword", "a"]);
        assert_eq!(wrap("one  two", 5), ["one", "two"]);
    }

    #[test]
    fn breaks_no_figure() {
        assert_eq!(wrap("over by 1 000.000 kg Dy", 12), ["over by", "1 000.000 kg", "Dy"]);
        assert_eq!(wrap("of 40 lots 3.7 %", 14), ["of 40 lots", "3.7 %"]);
    }
}
