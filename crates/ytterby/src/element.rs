//! The chemical elements, and the oxides the trade reports rare earths in.
//!
//! Conversion factors are exact integers, parts per million, computed from the IUPAC/CIAAW standard
//! atomic weights (2021 table, Gd and Lu as revised 2024; O = 15.999). They are normative:
//! proto-docs/lots.md, "Oxide factors".

use std::fmt;

/// A chemical element up to uranium. Ordered by atomic number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Element(u8);

impl Element {
    /// The element of a symbol. Promethium and technetium are no elements of trade: `None`.
    pub fn parse(symbol: &str) -> Option<Self> {
        let number = match *symbol.as_bytes() {
            [first @ b'A'..=b'Z'] => NUMBERS[usize::from(first - b'A')][0],
            [first @ b'A'..=b'Z', second @ b'a'..=b'z'] => {
                NUMBERS[usize::from(first - b'A')][usize::from(second - b'a') + 1]
            }
            _ => 0,
        };
        (number != 0 && !matches!(symbol, "Pm" | "Tc")).then_some(Element(number))
    }

    /// The chemical symbol.
    pub fn symbol(self) -> &'static str {
        SYMBOLS[usize::from(self.0 - 1)]
    }

    /// Whether it is one of the sixteen rare earths: scandium, yttrium, the lanthanides.
    pub fn is_rare_earth(self) -> bool {
        matches!(self.0, 21 | 39 | 57..=71)
    }

    /// The oxide in which the TREO convention counts it; rare earths only.
    pub fn treo_oxide(self) -> Option<&'static Oxide> {
        OXIDES.iter().find(|oxide| oxide.element == self)
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}

/// A rare-earth oxide and how much of it is the element.
#[derive(Debug, PartialEq, Eq)]
pub struct Oxide {
    /// Its formula.
    pub name: &'static str,
    /// The rare earth in it.
    pub element: Element,
    /// Mass of element in a mass of oxide, parts per million.
    pub ppm: u32,
}

impl Oxide {
    /// The oxide of a formula; none outside the table.
    pub fn parse(formula: &str) -> Option<&'static Self> {
        let symbol = if formula.as_bytes().get(1)?.is_ascii_lowercase() { 2 } else { 1 };
        let element = Element::parse(formula.get(..symbol)?)?;
        OXIDES.iter().find(|oxide| oxide.element == element && oxide.name == formula)
    }

    /// The mass of this oxide that holds a mass of the element, rounded down; for showing only.
    pub fn mass_holding(&self, element_mg: u64) -> u64 {
        crate::wide::mul_div(element_mg, 1_000_000, self.ppm.into()).unwrap_or(u64::MAX)
    }
}

/// Every oxide that an assay may name; the TREO convention's oxide of an element comes first.
pub const OXIDES: &[Oxide] = &[
    Oxide { name: "Sc2O3", element: Element(21), ppm: 651_966 },
    Oxide { name: "Y2O3", element: Element(39), ppm: 787_444 },
    Oxide { name: "La2O3", element: Element(57), ppm: 852_683 },
    Oxide { name: "CeO2", element: Element(58), ppm: 814_088 },
    Oxide { name: "Ce2O3", element: Element(58), ppm: 853_770 },
    Oxide { name: "Pr6O11", element: Element(59), ppm: 827_704 },
    Oxide { name: "Pr2O3", element: Element(59), ppm: 854_472 },
    Oxide { name: "PrO2", element: Element(59), ppm: 814_940 },
    Oxide { name: "Nd2O3", element: Element(60), ppm: 857_356 },
    Oxide { name: "Sm2O3", element: Element(62), ppm: 862_361 },
    Oxide { name: "Eu2O3", element: Element(63), ppm: 863_616 },
    Oxide { name: "EuO", element: Element(63), ppm: 904_747 },
    Oxide { name: "Gd2O3", element: Element(64), ppm: 867_593 },
    Oxide { name: "Tb4O7", element: Element(65), ppm: 850_216 },
    Oxide { name: "Tb2O3", element: Element(65), ppm: 868_806 },
    Oxide { name: "TbO2", element: Element(65), ppm: 832_404 },
    Oxide { name: "Dy2O3", element: Element(66), ppm: 871_321 },
    Oxide { name: "Ho2O3", element: Element(67), ppm: 872_976 },
    Oxide { name: "Er2O3", element: Element(68), ppm: 874_523 },
    Oxide { name: "Tm2O3", element: Element(69), ppm: 875_612 },
    Oxide { name: "Yb2O3", element: Element(70), ppm: 878_207 },
    Oxide { name: "Lu2O3", element: Element(71), ppm: 879_383 },
];

/// Whether a species such as `Fe2O3` or `SO4` is a chemical formula, and whether a rare earth is in it.
pub fn species_holds_rare_earth(species: &str) -> Option<bool> {
    let bytes = species.as_bytes();
    let mut at = 0;
    let mut found = false;
    while at < bytes.len() {
        let long = species.get(at..at + 2).filter(|s| s.as_bytes()[1].is_ascii_lowercase());
        let symbol = long.or_else(|| species.get(at..=at))?;
        found |= Element::parse(symbol)?.is_rare_earth();
        at += symbol.len();
        at += bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
    }
    (!species.is_empty()).then_some(found)
}

const SYMBOLS: [&str; 92] = [
    "H", "He", "Li", "Be", "B", "C", "N", "O", "F", "Ne", "Na", "Mg", "Al", "Si", "P", "S", "Cl", "Ar", "K",
    "Ca", "Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br", "Kr",
    "Rb", "Sr", "Y", "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn", "Sb", "Te", "I", "Xe",
    "Cs", "Ba", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu",
    "Hf", "Ta", "W", "Re", "Os", "Ir", "Pt", "Au", "Hg", "Tl", "Pb", "Bi", "Po", "At", "Rn", "Fr", "Ra",
    "Ac", "Th", "Pa", "U",
];

/// Atomic numbers by the first letter of the symbol, then by the second: none, `a`, `b` and so on.
const NUMBERS: [[u8; 27]; 26] = {
    let mut numbers = [[0; 27]; 26];
    let mut number = 0;
    while number < SYMBOLS.len() {
        let symbol = SYMBOLS[number].as_bytes();
        let second = if symbol.len() == 2 { symbol[1] - b'a' + 1 } else { 0 };
        number += 1;
        numbers[(symbol[0] - b'A') as usize][second as usize] = number as u8;
    }
    numbers
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_oxides_and_species() {
        assert_eq!(Element::parse("Nd").unwrap().treo_oxide().unwrap().name, "Nd2O3");
        assert_eq!(Element::parse("Pr").unwrap().treo_oxide().unwrap().name, "Pr6O11");
        for (at, symbol) in SYMBOLS.iter().enumerate().filter(|(_, s)| !["Pm", "Tc"].contains(s)) {
            assert_eq!(Element::parse(symbol), Some(Element(u8::try_from(at + 1).unwrap())));
        }
        for oxide in OXIDES {
            assert_eq!(Oxide::parse(oxide.name), Some(oxide));
        }
        for bad in ["", "n", "Nx", "ND", "Ndx", "N d", "É", "Nd2O4", "2O3", "Y"] {
            assert!(Oxide::parse(bad).is_none() && (bad == "Y" || Element::parse(bad).is_none()), "{bad}");
        }
        assert_eq!(Element::parse("Pm"), None);
        assert_eq!(Element::parse("nd"), None);
        assert_eq!(
            SYMBOLS.iter().filter(|s| Element::parse(s).is_some_and(Element::is_rare_earth)).count(),
            16
        );
        assert_eq!(species_holds_rare_earth("Fe2O3"), Some(false));
        assert_eq!(species_holds_rare_earth("NdO"), Some(true));
        assert_eq!(species_holds_rare_earth("U3O8"), Some(false));
        assert_eq!(species_holds_rare_earth("LOI"), None);
        assert_eq!(species_holds_rare_earth(""), None);
        assert_eq!(species_holds_rare_earth("é"), None);
    }

    #[test]
    fn every_factor_is_what_the_atomic_weights_give() {
        // n·M ÷ (n·M + k·O) within half a part per million, M in units of 1e-6.
        for (oxide, n, weight, k) in [
            ("Nd2O3", 2, 144_242_000_u64, 3),
            ("Pr6O11", 6, 140_907_660, 11),
            ("Tb4O7", 4, 158_925_354, 7),
            ("CeO2", 1, 140_116_000, 2),
        ] {
            let (metal, oxygen) = (n * weight, k * 15_999_000_u64);
            let ppm = (metal * 1_000_000 + (metal + oxygen) / 2) / (metal + oxygen);
            assert_eq!(u64::from(Oxide::parse(oxide).unwrap().ppm), ppm, "{oxide}");
        }
    }
}
