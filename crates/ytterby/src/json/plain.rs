//! The short way through a text that is canonical already: decoded as it is read, without a tree.
//!
//! Most certificates arrive in the bytes that were signed. This reader takes nothing else: no white
//! space, names in order, no escapes, no numbers. Whatever it refuses, for whatever reason, is read
//! again by the strict [`Reader`](super::Reader), which alone says what is wrong; so this one may
//! only ever be stricter.

use std::cmp::Ordering;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};

use super::decode::Name;
use super::{Misfit, MisfitKind, jcs_order, plain_length};

/// A cursor over a text whose next value is decoded.
pub(crate) struct Plain<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Plain<'a> {
    /// Stands before the first byte of a text.
    pub(crate) fn new(text: &'a str) -> Self {
        Plain { text, at: 0 }
    }

    /// How many bytes were read.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Result<(), Misfit> {
        if self.peek() != Some(byte) {
            return Err(not_plain());
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), Misfit> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(not_plain());
        }
        self.at += word.len();
        Ok(())
    }

    fn string(&mut self) -> Result<&'a str, Misfit> {
        self.take(b'"')?;
        let start = self.at;
        self.at += plain_length(&self.text.as_bytes()[start..]);
        self.take(b'"')?;
        Ok(&self.text[start..self.at - 1])
    }

    fn map<V: Visitor<'a>>(&mut self, visitor: V) -> Result<V::Value, Misfit> {
        self.take(b'{')?;
        let mut members = Members { plain: self, last: None, open: true };
        let value = visitor.visit_map(&mut members)?;
        if members.open { Err(not_plain()) } else { Ok(value) }
    }

    fn list<V: Visitor<'a>>(&mut self, visitor: V) -> Result<V::Value, Misfit> {
        self.take(b'[')?;
        let mut items = Items { plain: self, first: true, open: true };
        let value = visitor.visit_seq(&mut items)?;
        if items.open { Err(not_plain()) } else { Ok(value) }
    }
}

/// Says nothing of what is wrong: nobody reads it.
fn not_plain() -> Misfit {
    Misfit::new(MisfitKind::Value, String::new())
}

impl<'a> de::Deserializer<'a> for &mut Plain<'a> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.peek() {
            Some(b'"') => visitor.visit_borrowed_str(self.string()?),
            Some(b'{') => self.map(visitor),
            Some(b'[') => self.list(visitor),
            Some(b't') => self.word("true").and_then(|()| visitor.visit_bool(true)),
            Some(b'f') => self.word("false").and_then(|()| visitor.visit_bool(false)),
            _ => Err(not_plain()),
        }
    }

    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_borrowed_str(self.string()?)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_enum(Name(self.string()?))
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.map(visitor)
    }

    serde::forward_to_deserialize_any! {
        <W: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

struct Members<'p, 'a> {
    plain: &'p mut Plain<'a>,
    last: Option<&'a str>,
    open: bool,
}

impl<'a> MapAccess<'a> for &mut Members<'_, 'a> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        if self.plain.peek() == Some(b'}') {
            self.plain.at += 1;
            self.open = false;
            return Ok(None);
        }
        if self.last.is_some() {
            self.plain.take(b',')?;
        }
        let key = self.plain.string()?;
        if self.last.is_some_and(|last| jcs_order(last, key) != Ordering::Less) {
            return Err(not_plain());
        }
        self.last = Some(key);
        self.plain.take(b':')?;
        seed.deserialize(de::value::BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        seed.deserialize(&mut *self.plain)
    }
}

struct Items<'p, 'a> {
    plain: &'p mut Plain<'a>,
    first: bool,
    open: bool,
}

impl<'a> SeqAccess<'a> for &mut Items<'_, 'a> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        if self.plain.peek() == Some(b']') {
            self.plain.at += 1;
            self.open = false;
            return Ok(None);
        }
        if !std::mem::take(&mut self.first) {
            self.plain.take(b',')?;
        }
        seed.deserialize(&mut *self.plain).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::super::{Value, canonical};
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, bound(deserialize = "'de: 't"))]
    struct Sample<'t> {
        a: &'t str,
        b: Option<Vec<&'t str>>,
        c: Option<bool>,
        d: Option<Box<Sample<'t>>>,
    }

    fn read(text: &str) -> Option<Sample<'_>> {
        let mut plain = Plain::new(text);
        let sample = Sample::deserialize(&mut plain).ok()?;
        (plain.offset() == text.len()).then_some(sample)
    }

    #[test]
    fn what_it_takes_is_canonical_and_says_the_same() {
        for text in
            [r#"{"a":""}"#, r#"{"a":"é","b":["x","y"],"c":true,"d":{"a":"z"}}"#, r#"{"a":"x","b":[]}"#]
        {
            let value = Value::parse(text.as_bytes()).unwrap();
            assert_eq!(canonical(&value), text.as_bytes());
            assert_eq!(read(text), Some(super::super::from_value::<Sample<'_>>(&value).unwrap()));
        }
    }

    #[test]
    fn everything_else_is_left_to_the_strict_reader() {
        for text in [
            "",
            "{}",
            r#"{"a":"x"} "#,
            r#" {"a":"x"}"#,
            r#"{"a": "x"}"#,
            r#"{"a":"x",}"#,
            r#"{"a":"x""b":[]}"#,
            r#"{,"a":"x"}"#,
            r#"{"b":[],"a":"x"}"#,
            r#"{"a":"x","a":"x"}"#,
            r#"{"a":"\u0078"}"#,
            r#"{"a":"\n"}"#,
            "{\"a\":\"\u{1}\"}",
            r#"{"a":"x","b":["x",]}"#,
            r#"{"a":"x","b":["x""y"]}"#,
            r#"{"a":"x","b":["x"}"#,
            r#"{"a":"x","c":tru}"#,
            r#"{"a":"x","c":null}"#,
            r#"{"a":1}"#,
            r#"{"a":"x","e":"y"}"#,
            r#"{"a":"x"#,
            r#"["a"]"#,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
