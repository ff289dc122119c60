//! Lists of parties that rules screen against, as files.

use jiff::civil::Date;
use serde::Deserialize;

use super::RuleError;
use crate::text::words;
use crate::time::parse_date;

/// Largest list, in bytes: the longest that are published have some ten thousand parties.
const MAX_LIST: usize = 16 << 20;

/// A list of parties, as of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Screening {
    /// Its name, which packs ask for.
    pub name: String,
    /// The day it is of.
    pub date: Date,
    /// Names and DIDs on it.
    pub entries: Vec<String>,
    /// The words of each.
    pub(super) words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    list: String,
    date: toml::Spanned<String>,
    entries: Vec<String>,
}

impl Screening {
    /// A list of these entries.
    pub fn new(name: String, date: Date, entries: Vec<String>) -> Self {
        let words = entries.iter().map(|entry| words(entry)).collect();
        Screening { name, date, entries, words }
    }

    /// Reads a list: TOML with `list` (its name), `date` and `entries` (names and DIDs).
    pub fn parse(bytes: &[u8]) -> Result<Self, RuleError> {
        if bytes.len() > MAX_LIST {
            return Err(RuleError::TooLarge { most: MAX_LIST });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| RuleError::NotUtf8)?;
        let wire: Wire =
            toml::from_str(text).map_err(|e| RuleError::Toml(e.to_string().trim_end().into()))?;
        let date = parse_date(wire.date.get_ref())
            .map_err(|error| RuleError::at(text, wire.date.span(), error.to_string()))?;
        Ok(Screening::new(wire.list, date, wire.entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_a_name_a_day_and_entries() {
        let good = "list = \"l\"\ndate = \"2026-11-20\"\nentries = [\"Bad & Co.\"]\n";
        assert_eq!(Screening::parse(good.as_bytes()).unwrap().entries, ["Bad & Co."]);
        let error = Screening::parse(good.replace("11-20", "13-20").as_bytes()).unwrap_err();
        assert!(error.to_string().starts_with("line 2, column 8: "), "{error}");
        assert!(Screening::parse(b"list = 1").is_err());
    }
}
