//! Masses as people type them: `500kg`, `500 kg`, `0.5t`, `500`.

use ytterby::decimal::Mass;

/// Reads a mass; without a unit it is kilograms.
pub(crate) fn parse(text: &str) -> Result<Mass, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &text[digits.len()..];
    let number = Mass::parse(digits.trim_end()).map_err(|error| error.to_string())?;
    let mass = match unit {
        "" | "kg" => Some(number),
        "t" => number.mg().checked_mul(1_000).and_then(Mass::from_mg),
        "g" if number.mg() % 1_000 == 0 => Mass::from_mg(number.mg() / 1_000),
        "g" => return Err("finer than a milligram".to_owned()),
        _ => return Err(format!("{unit:?} is no unit of mass here: kg, t or g")),
    };
    mass.ok_or_else(|| "more than 999999999.999999 kg".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        for (text, kilograms) in [
            ("500", "500"),
            ("500kg", "500"),
            ("500 kg", "500"),
            ("0.5t", "500"),
            ("0.5 t", "500"),
            ("1500 g", "1.5"),
            ("0.001g", "0.000001"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), kilograms, "{text}");
        }
        for bad in ["", "kg", "1e3", "-1", "1,5", "500 lb", "500 KG", "0.0001g", "1000000t", "٣kg", "5 5kg"]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
