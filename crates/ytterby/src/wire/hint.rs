//! What is said of a value that does not fit: the value, why, and what was probably meant.

use crate::decimal::{Mass, Percent};
use crate::element::{Element, OXIDES, Oxide};

/// Longest part of a value that is shown, in characters.
const SHOWN: usize = 60;

/// The sentence. `expected` is the name of the grammar.
pub(crate) fn refusal(expected: &str, value: &str, why: &str) -> String {
    let shown: String = value.chars().take(SHOWN).collect();
    let advice = match expected {
        "kilograms" => number(value, |digits| Mass::parse(digits).is_ok()),
        "percent" => number(value, |digits| Percent::parse(digits).is_ok()),
        "rare-earth oxide" => oxide(value),
        "element symbol" => element(value),
        "country" => Some("two capital letters, such as MY".to_owned()),
        _ => None,
    };
    match advice {
        Some(advice) => format!("{shown:?}: {why}: {advice}"),
        None => format!("{shown:?}: {why}"),
    }
}

/// A number that something else stands around or in.
fn number(value: &str, fits: impl Fn(&str) -> bool) -> Option<String> {
    let digits = value.trim_matches(|c: char| !c.is_ascii_digit());
    if value.contains(',') {
        return Some("decimals follow a point, and nothing stands between thousands".to_owned());
    }
    if value.starts_with('<') {
        return Some("a detection limit is stated as `below`".to_owned());
    }
    let behind = value.strip_prefix(digits)?.trim();
    (!behind.is_empty() && fits(digits)).then(|| format!("leave out the unit {behind:?}"))
}

/// The oxide of the table that is spelt nearly so, else the one that the trade counts the element in.
fn oxide(value: &str) -> Option<String> {
    let plain = |name: &str| name.to_ascii_uppercase().replace('O', "0");
    let spelt = OXIDES.iter().find(|oxide| plain(oxide.name) == plain(value));
    let symbol = |length: usize| Element::parse(value.get(..length)?)?.treo_oxide();
    let meant = spelt.or_else(|| symbol(2)).or_else(|| symbol(1))?;
    Some(format!("did you mean {}?", meant.name))
}

fn element(value: &str) -> Option<String> {
    if let Some(oxide) = Oxide::parse(value) {
        return Some(format!("{} is an oxide, state it as `oxide`", oxide.name));
    }
    let mut letters = value.chars();
    let symbol: String = letters.next()?.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect();
    Element::parse(&symbol).map(|_| format!("did you mean {symbol}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_guessed_where_it_can_be() {
        for (expected, value, wanted) in [
            ("rare-earth oxide", "Nd203", "\"Nd203\": why: did you mean Nd2O3?"),
            ("rare-earth oxide", "nd2o3", "\"nd2o3\": why: did you mean Nd2O3?"),
            ("rare-earth oxide", "Pr2O5", "\"Pr2O5\": why: did you mean Pr6O11?"),
            ("rare-earth oxide", "YO", "\"YO\": why: did you mean Y2O3?"),
            ("rare-earth oxide", "gold", "\"gold\": why"),
            ("kilograms", "73450.900 kg", "\"73450.900 kg\": why: leave out the unit \"kg\""),
            ("percent", "99%", "\"99%\": why: leave out the unit \"%\""),
            ("kilograms", "-1", "\"-1\": why"),
            ("element symbol", "ND", "\"ND\": why: did you mean Nd?"),
            ("element symbol", "Nd2O3", "\"Nd2O3\": why: Nd2O3 is an oxide, state it as `oxide`"),
            ("date", "tomorrow", "\"tomorrow\": why"),
        ] {
            assert_eq!(refusal(expected, value, "why"), wanted);
        }
        assert!(refusal("kilograms", "73 450,9", "why").ends_with("nothing stands between thousands"));
        assert!(refusal("percent", "<0.005", "why").ends_with("stated as `below`"));
    }
}
