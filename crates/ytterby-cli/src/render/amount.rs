//! Masses for people: kilograms of element, and of the oxide the trade counts it in.

use ytterby::decimal::{Mass, kilograms_grouped};
use ytterby::element::Element;
use ytterby::masses::Masses;

/// Kilograms with their unit.
pub(crate) fn kg(mg: u64) -> String {
    format!("{} kg", kilograms_grouped(mg))
}

/// How the masses of a row are written: to the gram, or to the milligram where their grams, each rounded
/// down, would not add up as the milligrams do.
pub(crate) fn row_style(sum_mg: &[i128], parts_mg: &[i128]) -> fn(u64) -> String {
    let grams = |all: &[i128]| all.iter().map(|mg| mg / 1_000).sum::<i128>();
    if grams(sum_mg) == grams(parts_mg) { kilograms_grouped } else { to_the_milligram }
}

fn to_the_milligram(mg: u64) -> String {
    format!("{}{:03}", kilograms_grouped(mg), mg % 1_000)
}

/// Milligrams of a balance, which may be negative, as they are written without a sign.
pub(crate) fn signed(mg: i128, of: fn(u64) -> String) -> String {
    let text = of(u64::try_from(mg.unsigned_abs()).unwrap_or(u64::MAX));
    if mg < 0 { format!("-{text}") } else { text }
}

/// The mass of a lot.
pub(crate) fn net_mass(mass: Option<Mass>) -> String {
    mass.map_or_else(|| "not weighed".to_owned(), |mass| kg(mass.mg()))
}

/// The mass of the oxide that the trade counts an element in, and its formula; rare earths only.
pub(crate) fn as_oxide(element: Element, mg: u64) -> Option<(&'static str, u64)> {
    element.treo_oxide().map(|oxide| (oxide.name, oxide.mass_holding(mg)))
}

/// The element that a lot is about: its largest rare earth, else its largest element.
pub(crate) fn main_element(content: &Masses) -> Option<Element> {
    content.iter().max_by_key(|(element, mg)| (element.is_rare_earth(), *mg)).map(|(element, _)| element)
}

/// The main elements of a draw, each with the oxide the trade counts it in.
pub(crate) fn draws(masses: &Masses) -> String {
    let mut all: Vec<_> = masses.iter().collect();
    all.sort_by_key(|(element, mg)| (!element.is_rare_earth(), std::cmp::Reverse(*mg)));
    let word = |(element, mg): &(Element, u64)| match as_oxide(*element, *mg) {
        Some((oxide, oxide_mg)) => {
            format!("{element} {} ({oxide} {})", kilograms_grouped(*mg), kilograms_grouped(oxide_mg))
        }
        None => format!("{element} {}", kilograms_grouped(*mg)),
    };
    let words: Vec<String> = all.iter().map(word).collect();
    format!("{} kg", words.join(", "))
}

/// Masses in one line, rare earths first as they stand, at most `most` of them.
pub(crate) fn line(masses: &Masses, most: usize) -> String {
    let mut all: Vec<_> = masses.iter().collect();
    all.sort_by_key(|(element, mg)| (!element.is_rare_earth(), std::cmp::Reverse(*mg)));
    let words: Vec<String> =
        all.iter().take(most).map(|(element, mg)| format!("{element} {}", kilograms_grouped(*mg))).collect();
    let more = match all.len().saturating_sub(most) {
        0 => String::new(),
        1 => ", and 1 more element".to_owned(),
        more => format!(", and {more} more elements"),
    };
    format!("{} kg{more}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_would_not_add_up_in_grams_is_in_milligrams() {
        assert_eq!(row_style(&[84_878_244], &[0, 84_878_244])(84_878_244), "84.878");
        assert_eq!(
            row_style(&[3_000_000_000], &[1_999_999_500, 1_000_000_500])(1_999_999_500),
            "1 999.999500"
        );
    }

    #[test]
    fn elements_that_are_left_out_are_not_kilograms() {
        let masses: Masses = ["Nd", "Pr", "Fe", "B"]
            .iter()
            .zip(1..)
            .map(|(e, n)| (Element::parse(e).unwrap(), n * 1_000_000))
            .collect();
        assert_eq!(line(&masses, 4), "Pr 2.000, Nd 1.000, B 4.000, Fe 3.000 kg");
        assert_eq!(line(&masses, 3), "Pr 2.000, Nd 1.000, B 4.000 kg, and 1 more element");
        assert_eq!(line(&masses, 1), "Pr 2.000 kg, and 3 more elements");
    }
}
