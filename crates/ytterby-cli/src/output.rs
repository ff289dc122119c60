//! The only place that writes to the terminal: data to stdout or a file, narration to stderr.

use std::io::{self, Write};
use std::path::PathBuf;

use anstream::{AutoStream, ColorChoice};

use crate::failure::Failure;
use crate::file;
use crate::render::style;

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    fn choice(self) -> ColorChoice {
        match self {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        }
    }
}

/// Where a command's words go.
pub(crate) struct Output {
    color: Color,
    file: Option<(PathBuf, Vec<u8>)>,
    broken: bool,
}

impl Output {
    /// Data goes to stdout.
    pub(crate) fn new(color: Color) -> Self {
        Output { color, file: None, broken: false }
    }

    /// Data goes to this file, if there is one and it is not `-`, once all of it is there.
    pub(crate) fn into_file(mut self, path: Option<PathBuf>) -> Self {
        self.file = path.filter(|path| path.as_os_str() != "-").map(|path| (path, Vec::new()));
        self
    }

    /// Writes text of ours, which may hold colours; whatever came from elsewhere in it was made printable.
    pub(crate) fn data(&mut self, text: &str) -> Result<(), Failure> {
        match &mut self.file {
            Some((_, bytes)) => {
                bytes.extend_from_slice(anstream::adapter::strip_str(text).to_string().as_bytes());
                Ok(())
            }
            None => self.stdout(|stream| stream.write_all(text.as_bytes())),
        }
    }

    /// Writes bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match &mut self.file {
            Some((_, all)) => {
                all.extend_from_slice(bytes);
                Ok(())
            }
            None => self.stdout(|stream| stream.as_inner().lock().write_all(bytes)),
        }
    }

    /// Writes a JSON value, indented or on one line.
    pub(crate) fn json(&mut self, value: &serde_json::Value, indented: bool) -> Result<(), Failure> {
        let text = if indented { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
        let text = text.map_err(|error| Failure::undecided(error.to_string()))?;
        self.data(&format!("{}\n", printable_json(&text)))
    }

    /// Says something to whoever is watching.
    pub(crate) fn note(&self, text: &str) {
        let mut stderr = AutoStream::new(io::stderr(), self.color.choice());
        // Nobody is left to be told that nobody can be told.
        let _ = writeln!(stderr, "{text}");
    }

    /// Says which address is asked over the network, before it is.
    pub(crate) fn asks(&self, url: &str) {
        self.note(&format!("opening a network connection: {}", ytterby::text::printable(url)));
    }

    /// Says why a command failed.
    pub(crate) fn failure(&self, failure: &Failure) {
        let text = style::printable_lines(&failure.text);
        self.note(&format!("{}: {text}", style::bad("error")));
    }

    /// Puts the file in its place.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self.file {
            Some((path, bytes)) => file::replace(&path, &bytes),
            None => Ok(()),
        }
    }

    /// The same, and says where it is.
    pub(crate) fn finish_saying(self) -> Result<(), Failure> {
        if let Some((path, _)) = &self.file {
            let said = format!("wrote {}", ytterby::text::printable(&path.display().to_string()));
            let color = self.color;
            self.finish()?;
            Output::new(color).note(&said);
            return Ok(());
        }
        self.finish()
    }

    fn stdout(
        &mut self,
        write: impl FnOnce(&mut AutoStream<io::Stdout>) -> io::Result<()>,
    ) -> Result<(), Failure> {
        if self.broken {
            return Ok(());
        }
        let mut stream = AutoStream::new(io::stdout(), self.color.choice());
        match write(&mut stream).and_then(|()| stream.flush()) {
            // A reader who has seen enough, like `head`, is no failure of the verdict.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.broken = true;
                Ok(())
            }
            Err(error) => Err(Failure::undecided(format!("cannot write: {error}"))),
            Ok(()) => Ok(()),
        }
    }
}

/// JSON whose strings hold nothing invisible: such characters are escaped, which means the same.
fn printable_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || c.is_ascii_graphic() || c == ' ' || !style::is_hidden(c) {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_its_meaning_and_hides_nothing() {
        let value = serde_json::json!({ "a": "x\u{9b}31m\u{202e}\u{e0041}稀土" });
        let text = printable_json(&value.to_string());
        assert!(text.contains("稀土") && !text.contains('\u{9b}') && !text.contains('\u{202e}'));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
