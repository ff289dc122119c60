//! Do the tariff codes of a lot fit its form and the elements in it? (proto-docs/verification.md,
//! "Classification".) Classifying is the declarant's duty: a code that does not fit is said, and decides
//! nothing.

use super::{Findings, subject};
use crate::element::Element;
use crate::finding::Code;
use crate::form::Form;
use crate::lot::{Lot, TariffCode};

/// What a heading is for: forms, and whether the lot must hold a rare earth.
struct Heading {
    /// Six digits, in every nomenclature that rests on the Harmonized System.
    digits: &'static str,
    what: &'static str,
    forms: &'static [Form],
}

const COMPOUNDS: &[Form] = &[
    Form::MixedCompound,
    Form::Solution,
    Form::Carbonate,
    Form::Chloride,
    Form::Fluoride,
    Form::Nitrate,
    Form::Oxalate,
    Form::Hydroxide,
    Form::Oxide,
    Form::InProcess,
    Form::OtherProduct,
];

/// HS 2022; the lines that rare earths are traded under.
const HEADINGS: [Heading; 9] = [
    Heading { digits: "253090", what: "mineral substances", forms: &[Form::Ore, Form::Concentrate] },
    Heading {
        digits: "261220",
        what: "thorium ores and concentrates",
        forms: &[Form::Ore, Form::Concentrate],
    },
    Heading {
        digits: "280530",
        what: "rare-earth metals and their alloys among themselves",
        forms: &[Form::Metal, Form::Alloy, Form::Powder],
    },
    Heading { digits: "284610", what: "compounds of cerium", forms: COMPOUNDS },
    Heading { digits: "284690", what: "other rare-earth compounds", forms: COMPOUNDS },
    Heading {
        digits: "720299",
        what: "ferro-alloys",
        forms: &[Form::Alloy, Form::Powder, Form::Scrap, Form::Swarf],
    },
    Heading { digits: "850511", what: "magnets of metal", forms: &[Form::MagnetBlock, Form::Magnet] },
    Heading { digits: "850519", what: "magnets not of metal", forms: &[Form::MagnetBlock, Form::Magnet] },
    Heading {
        digits: "850300",
        what: "parts of motors and generators",
        forms: &[Form::Component, Form::Magnet],
    },
];

/// Lines of a national nomenclature, longer than six digits, and the elements they name.
const LINES: [(&str, &[&str]); 21] = [
    ("2805301100", &["Nd"]),
    ("2805301200", &["Dy"]),
    ("2805301300", &["Tb"]),
    ("2805301400", &["La"]),
    ("2805301600", &["Pr"]),
    ("2805301700", &["Y"]),
    ("2805301800", &["Sc"]),
    ("2805301910", &["Sm", "Gd", "Lu"]),
    ("28053031", &["Gd", "Tb", "Dy"]),
    ("28469011", &["Y"]),
    ("28469012", &["La"]),
    ("28469013", &["Nd"]),
    ("28469014", &["Eu"]),
    ("28469015", &["Dy"]),
    ("28469016", &["Tb"]),
    ("28469017", &["Pr"]),
    ("28469018", &["Lu"]),
    ("28469050", &["Pr", "Nd", "Sm"]),
    ("28469060", &["Gd", "Tb", "Dy"]),
    ("28469070", &["Eu", "Ho", "Er", "Tm", "Yb", "Lu", "Y"]),
    ("85051110", &["Nd", "Pr", "Dy", "Sm"]),
];

pub(crate) fn check(lot: &Lot, findings: &mut Findings) {
    for (at, code) in lot.hs_codes.iter().enumerate() {
        if let Some(text) = mismatch(lot, code) {
            findings.add(Code::ControlClassificationMismatch, subject(&format!("hsCodes/{at}/code")), text);
        }
    }
}

fn mismatch(lot: &Lot, code: &TariffCode) -> Option<String> {
    let digits: String = code.code.chars().filter(char::is_ascii_digit).collect();
    let heading = HEADINGS.iter().find(|heading| digits.starts_with(heading.digits))?;
    let named = format!("{} {} is for {}", code.nomenclature, code.code, heading.what);
    if !heading.forms.contains(&lot.form) {
        return Some(format!("{named}; the lot is {}", lot.form));
    }
    let rare_earths = lot.content.iter().filter(|(element, _)| element.is_rare_earth());
    let main = rare_earths.max_by_key(|(_, mg)| *mg).map(|(element, _)| element);
    let Some(main) = main else {
        let needs = heading.digits.starts_with("28");
        return needs.then(|| format!("{named}; the lot holds no rare earth"));
    };
    let is_cerium = main.symbol() == "Ce";
    if heading.digits == "284610" && !is_cerium {
        return Some(format!("{named}; the lot is mainly {main}"));
    }
    let (_, elements) = LINES.iter().find(|(line, _)| digits.starts_with(line))?;
    let holds = |symbol: &&&str| Element::parse(symbol).is_some_and(|element| lot.content.get(element) > 0);
    let none = !elements.iter().any(|symbol| holds(&symbol));
    none.then(|| {
        format!("{} {} names {}; the lot holds none of it", code.nomenclature, code.code, elements.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::masses::Masses;

    fn said(form: Form, element: &str, code: &str) -> Option<String> {
        let mut lot = crate::test_lot::lot(Masses::from_iter([(Element::parse(element).unwrap(), 5)]));
        lot.form = form;
        mismatch(&lot, &TariffCode { nomenclature: "HS 2022".into(), code: code.into() })
    }

    #[test]
    fn codes_fit_form_and_elements() {
        for (form, element, code) in [
            (Form::Oxide, "Nd", "2846.90"),
            (Form::Oxide, "Ce", "2846.10"),
            (Form::Oxide, "Nd", "28469013"),
            (Form::Metal, "Dy", "2805.30.12.00"),
            (Form::Magnet, "Nd", "8505.11"),
            // Of other headings nothing is known.
            (Form::Magnet, "Nd", "8501.10"),
        ] {
            assert_eq!(said(form, element, code), None, "{form} {element} {code}");
        }
        for (form, element, code, text) in [
            (Form::Metal, "Nd", "2846.90", "the lot is metal"),
            (Form::Oxide, "Nd", "2846.10", "the lot is mainly Nd"),
            (Form::Oxide, "Dy", "28469013", "names Nd; the lot holds none of it"),
            (Form::Oxide, "Fe", "2846.90", "the lot holds no rare earth"),
        ] {
            let said = said(form, element, code).unwrap();
            assert!(said.ends_with(text), "{said}");
        }
    }
}
