//! The strict reader and the canonical writer against independent ones: `serde_json` says what JSON
//! is, `serde_json_canonicalizer` what its canonical bytes are. The runs are seeded, so each repeats.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;
use ytterby::json::{ParseError, ParseErrorKind, Value, canonical, es6_number};

const CASES: u32 = 4_000;

fn runner() -> TestRunner {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn number() -> impl Strategy<Value = Json> {
    let finite = |number: f64| serde_json::Number::from_f64(number).map_or(Json::from(0), Json::Number);
    prop_oneof![
        any::<i32>().prop_map(Json::from),
        (0..=9_007_199_254_740_992_u64).prop_map(Json::from),
        any::<u64>().prop_map(move |bits| finite(f64::from_bits(bits))),
        // Binary fractions, where two shortest texts can be equally near.
        (1_u64 << 50..1 << 53, 0..20_i32).prop_map(move |(n, scale)| finite(n as f64 / 2_f64.powi(scale))),
        (any::<i32>(), 0..12_i32).prop_map(move |(n, scale)| finite(f64::from(n) / 10_f64.powi(scale))),
    ]
}

/// Strings with what is hard about them: escapes, controls, both planes, the order of UTF-16.
fn string() -> impl Strategy<Value = String> {
    let hard = prop::sample::select(vec![
        '"',
        '\\',
        '/',
        '\u{0}',
        '\u{8}',
        '\u{1f}',
        '\n',
        '\u{7f}',
        '\u{e9}',
        '\u{2028}',
        '\u{ffff}',
        '\u{fb33}',
        '\u{1f602}',
        '\u{10ffff}',
        'a',
        'm',
    ]);
    prop::collection::vec(prop_oneof![3 => hard, 1 => any::<char>()], 0..8)
        .prop_map(|characters| characters.into_iter().collect())
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        number(),
        string().prop_map(Json::from),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::vec((string(), inner), 0..6)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

/// The value in a text that is not canonical: spaces, members in another order, needless escapes.
/// `style` decides about each, byte by byte, over and over.
fn loose(value: &Json, style: &mut impl Iterator<Item = u8>, out: &mut String) {
    let space = |out: &mut String, style: &mut dyn Iterator<Item = u8>| {
        out.push_str(["", "", " ", "\n", "\t\r", "  "][usize::from(style.next().unwrap_or(0)) % 6]);
    };
    space(out, style);
    match value {
        Json::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                loose(item, style, out);
            }
            space(out, style);
            out.push(']');
        }
        Json::Object(members) => {
            let mixed: BTreeMap<(u8, &String), &Json> =
                members.iter().map(|(name, value)| ((style.next().unwrap_or(0), name), value)).collect();
            out.push('{');
            for (at, ((_, name), value)) in mixed.into_iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                space(out, style);
                escape(name, style, out);
                space(out, style);
                out.push(':');
                loose(value, style, out);
            }
            space(out, style);
            out.push('}');
        }
        Json::String(text) => escape(text, style, out),
        other => out.push_str(&oracle(other)),
    }
    space(out, style);
}

fn escape(text: &str, style: &mut impl Iterator<Item = u8>, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        if character < ' ' || matches!(character, '"' | '\\') || style.next().unwrap_or(0).is_multiple_of(4) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let lower = style.next().unwrap_or(0).is_multiple_of(2);
                out.push_str(&if lower { format!("\\u{unit:04x}") } else { format!("\\u{unit:04X}") });
            }
        } else {
            out.push(character);
        }
    }
    out.push('"');
}

/// The canonical text by the other implementation.
fn oracle(value: &Json) -> String {
    serde_json_canonicalizer::to_string(value).unwrap()
}

#[test]
fn canonical_bytes_equal_the_oracle_s() {
    let (run, differed) = (Cell::new(0), Cell::new(0));
    runner()
        .run(&(json(), prop::collection::vec(any::<u8>(), 1..40)), |(value, style)| {
            let expected = oracle(&value);
            let mut text = String::new();
            loose(&value, &mut style.iter().copied().cycle(), &mut text);
            for text in [&expected, &text] {
                let read = Value::parse(text.as_bytes()).map_err(|e| TestCaseError::fail(e.to_string()))?;
                prop_assert_eq!(String::from_utf8(canonical(&read)).unwrap(), &expected[..]);
            }
            run.set(run.get() + 1);
            differed.set(differed.get() + u32::from(text != expected));
            Ok(())
        })
        .unwrap();
    assert_eq!(run.get(), CASES);
    assert!(differed.get() > CASES / 2, "only {} texts were not canonical already", differed.get());
}

/// Two shortest texts can be equally near to a double; ECMAScript then takes the even last digit.
#[test]
fn between_two_shortest_texts_the_even_one() {
    let mut ties = 0;
    for quarter in (3_930_473_787_116_201_u64..).step_by(2).take(2_000) {
        let number = quarter as f64 / 4.0;
        let expected = oracle(&Json::from(number));
        assert_eq!(es6_number(number).as_deref(), Some(expected.as_str()));
        let last = expected.bytes().last().unwrap();
        assert!((last - b'0').is_multiple_of(2), "{expected}");
        ties += 1;
    }
    assert_eq!(ties, 2_000);
}

/// One change to a text.
#[derive(Debug, Clone)]
enum Mutation {
    Cut(prop::sample::Index),
    Remove(prop::sample::Index),
    Replace(prop::sample::Index, u8),
    Insert(prop::sample::Index, &'static str),
    Item(prop::sample::Index, &'static str),
    Repeat(prop::sample::Index, prop::sample::Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let place = any::<prop::sample::Index>;
    let piece = prop::sample::select(vec![
        "0",
        "-",
        ".0",
        "e5",
        "E+2",
        "\\ud800",
        "\\u0061",
        "\\x",
        "\"",
        ",",
        "[",
        "{",
        "}",
        "]",
        ":",
        "null",
        " ",
        "\u{feff}",
        "\u{0}",
        "1.0",
        "\"a\":1,",
        "\"\\u0061\":1,\"a\":2,",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
        "//",
        "9007199254740993",
        "1e400",
        "NaN",
        "'",
        "true",
    ]);
    let item = prop::sample::select(vec![
        "{},",
        "[[]],",
        "\"x\",",
        "1.50,",
        "-0,",
        "1e400,",
        "1E3,",
        "{\"a\":1,\"\\u0061\":2},",
        "\"\\ud83d\\ude02\",",
        "\"\\udc00\",",
        "01,",
        "\"a\":1,",
        "\"a\":1,\"a\":2,",
        "4.5e+30,",
        ",",
        "0.1,",
    ]);
    prop_oneof![
        1 => place().prop_map(Mutation::Cut),
        1 => place().prop_map(Mutation::Remove),
        1 => (place(), any::<u8>()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
        1 => (place(), piece).prop_map(|(at, piece)| Mutation::Insert(at, piece)),
        3 => (place(), item).prop_map(|(at, item)| Mutation::Item(at, item)),
        1 => (place(), place()).prop_map(|(a, b)| Mutation::Repeat(a, b)),
    ]
}

fn mutate(mut bytes: Vec<u8>, mutation: &Mutation) -> Vec<u8> {
    let length = bytes.len();
    match mutation {
        Mutation::Cut(at) => bytes.truncate(at.index(length)),
        Mutation::Remove(at) => {
            bytes.remove(at.index(length));
        }
        Mutation::Replace(at, byte) => bytes[at.index(length)] = *byte,
        Mutation::Insert(at, piece) => {
            let at = at.index(length + 1);
            bytes.splice(at..at, piece.bytes());
        }
        Mutation::Item(at, item) => {
            let after: Vec<usize> = (0..length).filter(|&i| matches!(bytes[i], b'[' | b'{' | b',')).collect();
            let at = if after.is_empty() { 0 } else { after[at.index(after.len())] + 1 };
            bytes.splice(at..at, item.bytes());
        }
        Mutation::Repeat(a, b) => {
            let (a, b) = (a.index(length), b.index(length));
            let piece = bytes[a.min(b)..=a.max(b)].to_vec();
            let at = a.max(b) + 1;
            bytes.splice(at..at, piece);
        }
    }
    bytes
}

/// Whether our reason for refusing what `serde_json` accepts is one of the four that are meant, and
/// is true of this text.
fn justified(bytes: &[u8], error: &ParseError) -> bool {
    match &error.kind {
        ParseErrorKind::DuplicateKey(_) => serde_json::from_slice::<Twice>(bytes).unwrap().0,
        ParseErrorKind::Number => {
            let end = |b: &u8| !matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
            let rest = &bytes[error.offset..];
            let token = &rest[..rest.iter().position(end).unwrap_or(rest.len())];
            let number: f64 = std::str::from_utf8(token).unwrap().parse().unwrap();
            serde_json::Number::from_f64(number).is_none_or(|n| oracle(&Json::Number(n)).as_bytes() != token)
        }
        ParseErrorKind::LoneSurrogate => bytes.windows(2).any(|pair| pair == b"\\u"),
        ParseErrorKind::Depth => bytes.iter().filter(|b| matches!(b, b'[' | b'{')).count() > 32,
        _ => false,
    }
}

#[test]
fn the_strict_reader_takes_less_than_serde_json_and_only_for_a_reason() {
    let (run, both, neither, stricter) = (Cell::new(0), Cell::new(0), Cell::new(0), Cell::new(0));
    let count = |cell: &Cell<u32>| cell.set(cell.get() + 1);
    runner()
        .run(&(json(), prop::collection::vec(mutation(), 1..=2)), |(value, mutations)| {
            let text = oracle(&value).into_bytes();
            let bytes = mutations
                .iter()
                .fold(text, |bytes, m| if bytes.is_empty() { bytes } else { mutate(bytes, m) });
            let theirs = serde_json::from_slice::<Json>(&bytes);
            match (Value::parse(&bytes), theirs) {
                (Ok(read), Ok(value)) => {
                    prop_assert_eq!(String::from_utf8(canonical(&read)).unwrap(), oracle(&value));
                    count(&both);
                }
                (Ok(_), Err(error)) => return Err(TestCaseError::fail(format!("taken, but: {error}"))),
                (Err(_), Err(_)) => count(&neither),
                (Err(error), Ok(_)) => {
                    prop_assert!(justified(&bytes, &error), "refused, but: {}", error);
                    count(&stricter);
                }
            }
            count(&run);
            Ok(())
        })
        .unwrap();
    assert_eq!(run.get(), CASES);
    let counts = [both.get(), neither.get(), stricter.get()];
    assert!(
        counts.iter().all(|&n| n >= 50),
        "too few cases of one kind (both, neither, stricter): {counts:?}"
    );
}

/// Each of the four reasons, in the smallest text that `serde_json` accepts or is known to refuse.
#[test]
fn each_reason_for_being_stricter() {
    let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
    let cases = [
        (r#"{"a":1,"a":2}"#, ParseErrorKind::DuplicateKey("a".into())),
        (r#"{"a":1,"\u0061":2}"#, ParseErrorKind::DuplicateKey("a".into())),
        ("[1.0]", ParseErrorKind::Number),
        ("9007199254740993", ParseErrorKind::Number),
        (&deep, ParseErrorKind::Depth),
    ];
    for (text, kind) in cases {
        assert!(serde_json::from_str::<Json>(text).is_ok(), "{text}");
        let error = Value::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.kind, kind, "{text}");
        assert!(justified(text.as_bytes(), &error), "{text}");
    }
    let lone = br#"["\ud800"]"#;
    assert_eq!(Value::parse(lone).unwrap_err().kind, ParseErrorKind::LoneSurrogate);
    assert!(serde_json::from_slice::<Json>(lone).is_err(), "serde_json takes no half pairs either");
}

/// Whether some object of a JSON text has two members of one name.
struct Twice(bool);

impl<'de> Deserialize<'de> for Twice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Twice(false))
    }
}

impl<'de> Visitor<'de> for Twice {
    type Value = Twice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Twice, A::Error> {
        let mut twice = false;
        while let Some(item) = items.next_element::<Twice>()? {
            twice |= item.0;
        }
        Ok(Twice(twice))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Twice, A::Error> {
        let (mut names, mut twice) = (HashSet::new(), false);
        while let Some((name, value)) = members.next_entry::<String, Twice>()? {
            twice |= value.0 | !names.insert(name);
        }
        Ok(Twice(twice))
    }
}
