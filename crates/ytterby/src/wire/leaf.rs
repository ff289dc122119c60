//! Strings with a grammar: how the newtypes of the domain are read and written.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use jiff::{Timestamp, civil::Date};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use super::hint;
use crate::accreditation::Task;
use crate::decimal::{Mass, Percent, Ppm};
use crate::did::Did;
use crate::digest::Digest;
use crate::element::{Element, Oxide};
use crate::json::NOT_MINIMAL;
use crate::key::Multikey;
use crate::masses::Masses;
use crate::text::{self, MAX_TEXT};
use crate::time;

/// What a string of some grammar is called, and the grammar.
pub(crate) trait Grammar {
    /// What is expected, for messages.
    const EXPECTED: &'static str;
    /// The grammar, for the published schema (ECMA-262).
    const PATTERN: &'static str;
}

/// A value that certificates write as a string.
pub(crate) trait Text<'de>: Grammar + Sized {
    fn read(text: &'de str) -> Result<Self, String>;
}

/// The wire form of a [`Text`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leaf<T>(pub(crate) T);

impl<'de, T: Text<'de>> Deserialize<'de> for Leaf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);
        impl<'de, T: Text<'de>> de::Visitor<'de> for Visitor<T> {
            type Value = Leaf<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a string ({})", T::EXPECTED)
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Leaf<T>, E> {
                T::read(text).map(Leaf).map_err(|why| E::custom(hint::refusal(T::EXPECTED, text, &why)))
            }
        }
        deserializer.deserialize_str(Visitor(PhantomData))
    }
}

impl<T: Grammar> JsonSchema for Leaf<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        T::EXPECTED.into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": T::PATTERN })
    }
}

macro_rules! text {
    ([$($life:lifetime)?], $type:ty, $expected:literal, $pattern:literal, $read:expr) => {
        impl$(<$life>)? Grammar for $type {
            const EXPECTED: &'static str = $expected;
            const PATTERN: &'static str = $pattern;
        }

        impl<'de $(: $life, $life)?> Text<'de> for $type {
            fn read(text: &'de str) -> Result<Self, String> {
                let read: fn(&'de str) -> Result<Self, String> = $read;
                read(text)
            }
        }
    };
    ($type:ty, $expected:literal, $pattern:literal, $read:expr) => {
        text!([], $type, $expected, $pattern, $read);
    };
}

text!(['t], &'t str, "text", r"^\S([\s\S]{0,298}\S)?$", |text| text::check(text, MAX_TEXT)
    .map(|()| text)
    .map_err(|e| e.to_string()));
text!(
    ['t],
    Uri<'t>,
    "absolute URI",
    r"^[a-z][a-z0-9+.-]*:[!-~]{1,280}$",
    |text| Uri::parse(text).ok_or_else(|| "not an absolute URI".to_owned())
);
text!(
    Did,
    "did:web or did:key",
    r"^did:(web:[a-z0-9.-]+(%3A[0-9]+)?(:[A-Za-z0-9._-]+)*|key:z6Mk[1-9A-HJ-NP-Za-km-z]{44})$",
    |text| Did::parse(text).map_err(|e| e.to_string())
);
text!(Digest, "digestMultibase", r"^uEi[A-Za-z0-9_-]{44}$", |text| Digest::parse(text)
    .map_err(|e| e.to_string()));
text!(
    uuid::Uuid,
    "urn:uuid, version 4",
    r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
    read_uuid
);
text!(Timestamp, "UTC time", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$", |text| {
    time::parse_time(text).map_err(|e| e.to_string())
});
text!(Date, "date", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", |text| time::parse_date(text)
    .map_err(|e| e.to_string()));
text!(Multikey, "Multikey", r"^z6Mk[1-9A-HJ-NP-Za-km-z]{44}$", |text| {
    let usable = Multikey::parse(text).and_then(|key| key.verifying_key().map(|_| key));
    usable.map_err(|e| e.to_string())
});
text!(
    Task,
    "step, transfer or attestation",
    r"^(beneficiation|leaching|cracking|separation|calcination|reduction|alloying|powder|sintering|bonding|diffusion|coating|finishing|magnetization|assembly|dismantling|recycling|blending|repacking|in-process|origin|undo|transfer|attestation)$",
    |text| Task::parse(text).ok_or_else(|| "not a step, nor transfer or attestation".to_owned())
);
text!(Element, "element symbol", r"^[A-Z][a-z]?$", |text| Element::parse(text)
    .ok_or_else(|| "not the symbol of an element".to_owned()));
text!(&'static Oxide, "rare-earth oxide", r"^[A-Z][a-z]?[0-9]*O[0-9]*$", |text| Oxide::parse(text)
    .ok_or_else(|| "not an oxide of the table (proto-docs/lots.md)".to_owned()));
text!(Country, "country", r"^[A-Z]{2}$", |text| Country::parse(text)
    .ok_or_else(|| "not an ISO 3166-1 alpha-2 country code".to_owned()));
text!(MaybeCountry, "country, or unknown", r"^([A-Z]{2}|unknown)$", |text| MaybeCountry::parse(text)
    .ok_or_else(|| "not an ISO 3166-1 alpha-2 country code, nor \"unknown\"".to_owned()));
text!(Count, "count", r"^[1-9][0-9]{0,8}$", |text| Count::parse(text)
    .ok_or_else(|| "not a count: digits without a leading zero".to_owned()));
text!(Seq, "running number", r"^[1-9][0-9]{0,19}$", |text| whole_number(text)
    .filter(|number| *number > 0)
    .map(Seq)
    .ok_or_else(|| "not a running number: 1 or more, without a leading zero".to_owned()));
text!(LogIndex, "log index", r"^(0|[1-9][0-9]{0,19})$", |text| whole_number(text)
    .map(LogIndex)
    .ok_or_else(|| "not a log index: digits without a leading zero".to_owned()));
text!(['t], HsCode<'t>, "tariff code", r"^[0-9]{4}(\.?[0-9]{2}){0,3}$", |text| HsCode::parse(text)
    .ok_or_else(|| "not a tariff code: 4, 6, 8 or 10 digits, a point between pairs at most".to_owned()));
text!(Home, "log origin", r"^[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[A-Za-z0-9._-]+)*$", |text| Home::parse(text)
    .ok_or_else(|| "not a log origin: host and path without a scheme".to_owned()));
text!(Formula, "chemical formula", r"^[A-Z][A-Za-z0-9]{0,31}$", |text| Formula::parse(text)
    .ok_or_else(|| "not a chemical formula".to_owned()));
text!(Mass, "kilograms", r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?$", |text| Mass::parse(text)
    .map_err(|e| e.to_string()));
text!(Percent, "percent", r"^(100(\.0{1,6})?|[1-9]?[0-9](\.[0-9]{1,6})?)$", |text| Percent::parse(text)
    .map_err(|e| e.to_string()));
text!(Ppm, "parts per million", r"^(1000000(\.0{1,6})?|(0|[1-9][0-9]{0,5})(\.[0-9]{1,6})?)$", |text| {
    Ppm::parse(text).map_err(|e| e.to_string())
});

/// The running number of a draw on a lot: 1, 2 and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seq(pub(crate) u64);

/// The index of an entry in its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogIndex(pub(crate) u64);

/// A decimal without a sign or a leading zero, below 2⁶⁴.
fn whole_number(text: &str) -> Option<u64> {
    let one_text = text == "0" || !text.starts_with('0');
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (one_text && digits).then(|| text.parse().ok()).flatten()
}

/// An absolute URI, printable ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Uri<'t>(pub(crate) &'t str);

impl<'t> Uri<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let scheme_fits = scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+.-".contains(&b));
        let rest_fits = (1..=280).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_graphic());
        (scheme_fits && rest_fits).then_some(Uri(text))
    }
}

/// A country, ISO 3166-1 alpha-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// Parses a country code.
    pub fn parse(text: &str) -> Option<Self> {
        let code: [u8; 2] = text.as_bytes().try_into().ok()?;
        let [first, second] = code.map(|letter| letter.wrapping_sub(b'A'));
        (first < 26 && second < 26 && ASSIGNED[usize::from(first)] >> second & 1 == 1)
            .then_some(Country(code))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The country of an origin: one that is known, or `unknown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MaybeCountry(pub(crate) Option<Country>);

impl MaybeCountry {
    fn parse(text: &str) -> Option<Self> {
        if text == "unknown" {
            Some(MaybeCountry(None))
        } else {
            Country::parse(text).map(|c| MaybeCountry(Some(c)))
        }
    }
}

/// ISO 3166-1 alpha-2, officially assigned, and XK (Kosovo, user-assigned, in customs use).
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ \
BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET \
FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR \
IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN \
MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY \
QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR \
TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// A bit for each second letter, by the first.
const ASSIGNED: [u32; 26] = {
    let codes = COUNTRIES.as_bytes();
    let (mut assigned, mut at) = ([0; 26], 0);
    while at < codes.len() {
        assigned[(codes[at] - b'A') as usize] |= 1 << (codes[at + 1] - b'A');
        at += 3;
    }
    assigned
};

/// A count of pieces or packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count(u32);

impl Count {
    fn parse(text: &str) -> Option<Self> {
        let digits = (1..=9).contains(&text.len())
            && !text.starts_with('0')
            && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse().ok().map(Count)).flatten()
    }
}

/// A tariff code, as it is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HsCode<'t>(pub(crate) &'t str);

impl<'t> HsCode<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let mut parts = text.split('.');
        let first = parts.next()?;
        let dotted = first.len() >= 4
            && first.len().is_multiple_of(2)
            && parts.all(|part| matches!(part.len(), 2 | 4));
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let points = text.bytes().filter(|b| *b == b'.').count();
        (dotted && matches!(digits, 4 | 6 | 8 | 10) && digits + points == text.len()).then_some(HsCode(text))
    }
}

/// The log origin of a registry: a URL without its scheme.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Home(Box<str>);

impl Home {
    /// Parses an origin such as `registry.example/ree`.
    pub fn parse(text: &str) -> Option<Self> {
        let (host, path) = text.split_once('/').map_or((text, None), |(host, path)| (host, Some(path)));
        let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
        let name_fits = name.split('.').all(|label| {
            !label.is_empty()
                && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        });
        let segment = |s: &str| {
            !s.is_empty()
                && !matches!(s, "." | "..")
                && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        };
        let fits = text.len() <= 255
            && name_fits
            && !name.starts_with('-')
            && port.is_none_or(|p| (1..=5).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))
            && path.is_none_or(|path| path.split('/').all(segment));
        fits.then(|| Home(text.into()))
    }

    /// The origin.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The chemical formula of an impurity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Formula {
    pub(crate) holds_rare_earth: bool,
    pub(crate) actinide: Option<crate::assay::Actinide>,
}

impl Formula {
    fn parse(text: &str) -> Option<Self> {
        let holds_rare_earth = crate::element::species_holds_rare_earth(text).filter(|_| text.len() <= 32)?;
        Some(Formula { holds_rare_earth, actinide: crate::assay::Actinide::parse(text) })
    }
}

/// Computed masses: an object from element to kilograms, minimal and positive.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Amounts(pub(crate) Masses);

impl<'t> Deserialize<'t> for Amounts {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'t> de::Visitor<'t> for Visitor {
            type Value = Amounts;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of kilograms per element")
            }
            fn visit_map<A: de::MapAccess<'t>>(self, mut map: A) -> Result<Amounts, A::Error> {
                let mut masses = Masses::default();
                while let Some(symbol) = map.next_key::<&'t str>()? {
                    let element =
                        Element::parse(symbol).ok_or_else(|| de::Error::unknown_field(symbol, &[]))?;
                    let MinimalMass(mass) = map.next_value()?;
                    masses.set(element, mass.mg());
                }
                if masses.is_empty() {
                    Err(de::Error::custom("no element at all"))
                } else {
                    Ok(Amounts(masses))
                }
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

impl JsonSchema for Amounts {
    fn schema_name() -> Cow<'static, str> {
        "Amounts".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Kilograms per element, minimal: no trailing zeros, no element with nothing.",
            "type": "object",
            "minProperties": 1,
            "propertyNames": { "pattern": "^[A-Z][a-z]?$" },
            "additionalProperties": {
                "type": "string",
                "pattern": r"^(?!0$)(0|[1-9][0-9]{0,8})(\.[0-9]{0,5}[1-9])?$",
            },
        })
    }
}

struct MinimalMass(Mass);

impl<'t> Deserialize<'t> for MinimalMass {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&'t str>::deserialize(deserializer)?;
        let mass = Mass::parse(text).map_err(de::Error::custom)?;
        if mass.mg() == 0 || text.contains('.') && text.ends_with('0') {
            return Err(de::Error::custom(format_args!(
                "{NOT_MINIMAL}computed masses have no trailing zeros, and an element with nothing is left out"
            )));
        }
        Ok(MinimalMass(mass))
    }
}

fn read_uuid(text: &str) -> Result<uuid::Uuid, String> {
    let wanted = || "not a urn:uuid of version 4 in lower case".to_owned();
    let hyphenated = text.strip_prefix("urn:uuid:").ok_or_else(wanted)?;
    let id = uuid::Uuid::try_parse(hyphenated).map_err(|_| wanted())?;
    // The parser takes other spellings of these 36 characters in upper case alone.
    let same = hyphenated.len() == 36 && !hyphenated.bytes().any(|b| b.is_ascii_uppercase());
    let random = id.get_version_num() == 4 && id.get_variant() == uuid::Variant::RFC4122;
    if same && random { Ok(id) } else { Err(wanted()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_of_tasks_lists_them_all() {
        let steps = crate::form::Step::ALL.iter().map(|step| step.as_str());
        let all: Vec<_> = steps.chain(["transfer", "attestation"]).collect();
        assert_eq!(<Task as Grammar>::PATTERN, format!("^({})$", all.join("|")));
    }

    #[test]
    fn grammars() {
        assert!(
            Country::parse("MY").is_some()
                && Country::parse("my").is_none()
                && Country::parse("D ").is_none()
        );
        let all = (b'A'..=b'Z').flat_map(|a| (b'A'..=b'Z').map(move |b| [a, b]));
        let taken = all.filter(|code| Country::parse(str::from_utf8(code).unwrap()).is_some());
        assert_eq!(
            taken.map(|code| String::from_utf8(code.to_vec()).unwrap()).collect::<Vec<_>>().join(" "),
            COUNTRIES
        );

        assert_eq!(MaybeCountry::parse("unknown"), Some(MaybeCountry(None)));
        assert!(HsCode::parse("2846.90").is_some() && HsCode::parse("2846.90.20.10").is_some());
        assert!(
            HsCode::parse("28469020").is_some()
                && HsCode::parse("284").is_none()
                && HsCode::parse("2846.9").is_none()
        );
        assert!(Home::parse("registry.example/ree").is_some() && Home::parse("127.0.0.1:8080/log").is_some());
        assert!(Home::parse("https://registry.example").is_none() && Home::parse("a/../b").is_none());
        assert!(read_uuid("urn:uuid:0192f0c1-0000-4000-8000-000000000000").is_ok());
        for bad in [
            "urn:uuid:0192f0c1-0000-7000-8000-000000000000",
            "urn:uuid:0192F0C1-0000-4000-8000-000000000000",
            "urn:uuid:0192f0c1000040008000000000000000",
            "urn:uuid:{0192f0c1-0000-4000-8000-000000000000}",
            "urn:uuid:urn:uuid:0192f0c1-0000-4000-8000-000000000000",
            "x",
        ] {
            assert!(read_uuid(bad).is_err(), "{bad}");
        }
        assert_eq!(
            ["0", "10", "18446744073709551615"].map(whole_number),
            [Some(0), Some(10), Some(u64::MAX)]
        );
        for bad in ["", "00", "01", "+1", "-1", " 1", "1_0", "1.0", "1e3", "18446744073709551616", "٣"] {
            assert_eq!(whole_number(bad), None, "{bad}");
        }
        assert!(Seq::read("0").is_err() && LogIndex::read("0").is_ok());
        assert!(Count::parse("0").is_none() && Count::parse("12").is_some());
    }
}
