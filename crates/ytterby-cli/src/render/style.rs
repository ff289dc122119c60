//! Colours, and text from anywhere made fit for a terminal.

use anstyle::{AnsiColor, Style};
use ytterby::text::printable;

/// Good news.
pub(crate) fn good(text: &str) -> String {
    painted(AnsiColor::Green.on_default().bold(), text)
}

/// Bad news.
pub(crate) fn bad(text: &str) -> String {
    painted(AnsiColor::Red.on_default().bold(), text)
}

/// News to think about.
pub(crate) fn doubtful(text: &str) -> String {
    painted(AnsiColor::Yellow.on_default().bold(), text)
}

/// What matters.
pub(crate) fn strong(text: &str) -> String {
    painted(Style::new().bold(), text)
}

/// What matters less.
pub(crate) fn dim(text: &str) -> String {
    painted(Style::new().dimmed(), text)
}

/// Whether a character is shown as its code point.
pub(crate) fn is_hidden(c: char) -> bool {
    let mut buffer = [0; 4];
    let text: &str = c.encode_utf8(&mut buffer);
    printable(text) != text
}

/// Text of several lines, each made printable.
pub(crate) fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

fn painted(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
