//! Strict JSON: what a certificate may be written in, read once and written one way.
//!
//! Why our own: the published crates accept duplicate keys and numbers that are not what they
//! seem, and a signature over such a text does not say one thing. The reader refuses them before
//! anything is hashed; the writer gives the one canonical form (RFC 8785, JCS).
//! Implements proto-docs/certificate.md, "Strict JSON" and "Canonical bytes".

mod decode;
mod number;
mod plain;
mod read;
mod write;

use std::borrow::Cow;
use std::cmp::Ordering;

pub(crate) use decode::Members;
pub(crate) use decode::NOT_MINIMAL;
pub use decode::{Misfit, MisfitKind, from_value};
pub use number::es6_number;
pub(crate) use plain::Plain;
pub use read::{ParseError, ParseErrorKind, Reader};
pub use write::{Written, canonical, write_object_without, write_value};

/// A JSON value that borrows its text from the input wherever it can.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, kept as its text, which is its JCS form.
    Number(Cow<'a, str>),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Value<'a>>),
    /// An object.
    Object(Object<'a>),
}

/// The members of an object, unique and in JCS order (by UTF-16 code units).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Value<'a> {
    /// Reads one strict JSON text: nothing before it, nothing after it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(bytes)?;
        let value = reader.value()?;
        reader.end()?;
        Ok(value)
    }

    /// The object, if it is one.
    pub fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The elements, if it is an array.
    pub fn as_array(&self) -> Option<&[Value<'a>]> {
        match self {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The member of an object, if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.as_object()?.get(key)
    }

    /// The same value, borrowing nothing.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(b) => Value::Bool(b),
            Value::Number(text) => Value::Number(Cow::Owned(text.into_owned())),
            Value::String(text) => Value::String(Cow::Owned(text.into_owned())),
            Value::Array(items) => Value::Array(items.into_iter().map(Value::into_owned).collect()),
            Value::Object(object) => Value::Object(Object(
                object.0.into_iter().map(|(k, v)| (Cow::Owned(k.into_owned()), v.into_owned())).collect(),
            )),
        }
    }
}

impl<'a> Object<'a> {
    /// The value of a member.
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.0.binary_search_by(|(k, _)| jcs_order(k, key)).ok().map(|at| &self.0[at].1)
    }

    /// Sets a member, replacing one of the same name.
    pub fn insert(&mut self, key: impl Into<Cow<'a, str>>, value: Value<'a>) {
        let key = key.into();
        match self.0.binary_search_by(|(k, _)| jcs_order(k, &key)) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    /// Takes a member out.
    pub fn remove(&mut self, key: &str) -> Option<Value<'a>> {
        self.0.binary_search_by(|(k, _)| jcs_order(k, key)).ok().map(|at| self.0.remove(at).1)
    }

    /// The members, in JCS order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value<'a>)> {
        self.0.iter().map(|(k, v)| (k.as_ref(), v))
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// From members in any order; `Err` holds a name that stands twice.
    fn from_members(mut members: Vec<(Cow<'a, str>, Value<'a>)>) -> Result<Self, Cow<'a, str>> {
        if !members.is_sorted_by(|a, b| jcs_order(&a.0, &b.0) == Ordering::Less) {
            members.sort_by(|a, b| jcs_order(&a.0, &b.0));
            if let Some(twice) = members.windows(2).position(|pair| pair[0].0 == pair[1].0) {
                return Err(members.swap_remove(twice).0);
            }
        }
        Ok(Object(members))
    }
}

/// RFC 8785 section 3.2.3: names are ordered by their UTF-16 code units. That is the order of their
/// bytes, unless the first difference is between U+E000 to U+FFFF and what lies beyond.
fn jcs_order(a: &str, b: &str) -> Ordering {
    match a.bytes().zip(b.bytes()).find(|(a, b)| a != b) {
        Some((a_byte, b_byte)) if a_byte >= 0xee && b_byte >= 0xee => a.encode_utf16().cmp(b.encode_utf16()),
        Some((a_byte, b_byte)) => a_byte.cmp(&b_byte),
        None => a.len().cmp(&b.len()),
    }
}

/// How many bytes from the start stand for themselves in a string: no quote, backslash or control.
/// Eight at a time: most of a certificate is such bytes, and each is passed twice.
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    // The lowest bit that is set marks the first byte below `limit` (of at most 0x80); bits above it may err.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word & HIGH;
    let mut at = 0;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*chunk);
        let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
        let special = below(word, 0x20) | equal(b'"') | equal(b'\\');
        if special != 0 {
            return at + (special.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = &bytes[at..];
    at + rest.iter().position(|&b| b == b'"' || b == b'\\' || b < 0x20).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_by_utf16_code_units() {
        // U+1F600 is written d83d de00, below U+FB33.
        let value = Value::parse("{\"\u{fb33}\":1,\"\u{1f600}\":2,\"a\":3}".as_bytes()).unwrap();
        let names: Vec<_> = value.as_object().unwrap().iter().map(|(k, _)| k.to_owned()).collect();
        assert_eq!(names, ["a", "\u{1f600}", "\u{fb33}"]);
    }

    #[test]
    fn names_are_ordered_as_their_code_units_are() {
        let names = ["", "a", "ab", "b", "\u{7f}", "\u{e9}", "\u{d7ff}", "\u{e000}", "\u{ffff}", "\u{10000}"];
        let ends = ["", "a", "\u{e000}", "\u{1f600}", "\u{10ffff}"];
        let all: Vec<String> =
            names.iter().flat_map(|n| ends.iter().map(move |e| format!("{n}{e}"))).collect();
        for (a, b) in all.iter().flat_map(|a| all.iter().map(move |b| (a, b))) {
            assert_eq!(jcs_order(a, b), a.encode_utf16().cmp(b.encode_utf16()), "{a:?} {b:?}");
        }
    }

    #[test]
    fn plain_bytes_end_where_the_first_special_one_stands() {
        for byte in 0..=u8::MAX {
            for (before, at) in [(b'a', 0), (0x21, 3), (0x7f, 7), (0xff, 8), (0x5d, 17), (0x80, 30)] {
                let mut bytes = [before; 31];
                bytes[at] = byte;
                let special = byte < 0x20 || byte == b'"' || byte == b'\\';
                assert_eq!(plain_length(&bytes), if special { at } else { 31 }, "{byte:#x} at {at}");
            }
        }
    }

    #[test]
    fn objects_find_insert_and_remove() {
        let mut object = Object::default();
        object.insert("b", Value::Bool(true));
        object.insert("a", Value::Null);
        object.insert("b", Value::Bool(false));
        assert_eq!(object.len(), 2);
        assert_eq!(object.get("b"), Some(&Value::Bool(false)));
        assert_eq!(object.remove("a"), Some(Value::Null));
        assert_eq!(object.get("a"), None);
    }
}
