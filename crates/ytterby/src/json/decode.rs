//! From a tree to wire structs: serde, with the place of every misfit as a JSON pointer.

use std::fmt;

use serde::de::{
    self, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::{Object, Value};

/// A value does not fit the closed schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Which rule of form it breaks.
    pub kind: MisfitKind,
    /// What is wrong, in words.
    pub text: String,
    /// Names and indices from the misfit outwards.
    path: Vec<String>,
}

/// Which rule of form is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MisfitKind {
    /// The schema has no such member.
    UnknownField,
    /// A member that must be there is not.
    MissingField,
    /// Another JSON type was expected (numbers and null are never expected).
    WrongType,
    /// The right type, but not a text that may stand here.
    Value,
    /// A computed mass with trailing zeros, or a zero that should have been left out.
    NotMinimal,
    /// The parts are well formed and do not go together.
    Combination,
}

impl Misfit {
    /// A misfit at the value itself.
    pub fn new(kind: MisfitKind, text: impl Into<String>) -> Self {
        Misfit { kind, text: text.into(), path: Vec::new() }
    }

    /// The same misfit, one level further in: `key` is the member or index that holds it.
    #[must_use]
    pub fn under(mut self, key: impl Into<String>) -> Self {
        self.path.push(key.into());
        self
    }

    /// The place, as an RFC 6901 JSON pointer.
    pub fn pointer(&self) -> String {
        self.path
            .iter()
            .rev()
            .fold(String::new(), |pointer, key| pointer + "/" + &key.replace('~', "~0").replace('/', "~1"))
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = self.pointer();
        write!(f, "{}: {}", if pointer.is_empty() { "/" } else { &pointer }, self.text)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(text: T) -> Self {
        let text = text.to_string();
        let (kind, text) = match text.strip_prefix(NOT_MINIMAL) {
            Some(rest) => (MisfitKind::NotMinimal, rest.to_owned()),
            None => (MisfitKind::Value, text),
        };
        Misfit::new(kind, text)
    }

    fn invalid_type(unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Misfit::new(MisfitKind::WrongType, format!("{unexpected} where {expected} is expected"))
    }

    fn unknown_field(field: &str, _expected: &'static [&'static str]) -> Self {
        Misfit::new(MisfitKind::UnknownField, format!("no such field: {}", shown(field))).under(field)
    }

    fn missing_field(field: &'static str) -> Self {
        Misfit::new(MisfitKind::MissingField, format!("{field} is missing")).under(field)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let text = format!("{} is not one of: {}", shown(variant), expected.join(", "));
        Misfit::new(MisfitKind::Value, text)
    }
}

/// Marks a `custom` error text as [`MisfitKind::NotMinimal`]; serde gives no other channel.
pub(crate) const NOT_MINIMAL: &str = "\u{0}not-minimal:";

/// The first characters of untrusted text, escaped.
fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(60).collect::<String>())
}

/// Decodes a tree into a wire struct that may borrow from it.
pub fn from_value<'t, T: de::Deserialize<'t>>(value: &'t Value<'_>) -> Result<T, Misfit> {
    T::deserialize(Node(value))
}

struct Node<'t, 'a>(&'t Value<'a>);

impl Node<'_, '_> {
    fn unexpected(&self) -> de::Unexpected<'_> {
        match self.0 {
            Value::Null => de::Unexpected::Other("null"),
            Value::Bool(b) => de::Unexpected::Bool(*b),
            Value::Number(_) => de::Unexpected::Other("a number"),
            Value::String(_) => de::Unexpected::Other("a string"),
            Value::Array(_) => de::Unexpected::Other("an array"),
            Value::Object(_) => de::Unexpected::Other("an object"),
        }
    }
}

impl<'t> de::Deserializer<'t> for Node<'t, '_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Bool(b) => visitor.visit_bool(*b),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => visitor.visit_seq(Items { items: items.iter(), at: 0 }),
            Value::Object(object) => visitor.visit_map(Members::of(object)),
            Value::Null | Value::Number(_) => Err(de::Error::invalid_type(self.unexpected(), &visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'t>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'t>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::String(text) => visitor.visit_enum(Name(text)),
            _ => Err(de::Error::invalid_type(self.unexpected(), &"a string")),
        }
    }

    /// Only an object is a struct: derived code would take an array of its fields as well.
    fn deserialize_struct<V: Visitor<'t>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Object(object) => visitor.visit_map(Members::of(object)),
            _ => Err(de::Error::invalid_type(self.unexpected(), &"an object")),
        }
    }

    serde::forward_to_deserialize_any! {
        <W: Visitor<'t>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

struct Items<'t, 'a> {
    items: std::slice::Iter<'t, Value<'a>>,
    at: usize,
}

impl<'t> SeqAccess<'t> for Items<'t, '_> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'t>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let at = self.at;
        self.at += 1;
        seed.deserialize(Node(item)).map(Some).map_err(|misfit| misfit.under(at.to_string()))
    }
}

/// The members of an object, to be decoded.
pub(crate) struct Members<'t, 'a> {
    members: std::slice::Iter<'t, (std::borrow::Cow<'a, str>, Value<'a>)>,
    value: Option<(&'t str, &'t Value<'a>)>,
}

impl<'t, 'a> Members<'t, 'a> {
    fn of(object: &'t Object<'a>) -> Self {
        Members { members: object.0.iter(), value: None }
    }

    /// A deserializer of the whole object.
    pub(crate) fn decoder(object: &'t Object<'a>) -> de::value::MapAccessDeserializer<Self> {
        de::value::MapAccessDeserializer::new(Self::of(object))
    }
}

impl<'t> MapAccess<'t> for Members<'t, '_> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'t>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some((key, value)) = self.members.next() else { return Ok(None) };
        self.value = Some((key, value));
        seed.deserialize(de::value::BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'t>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let (key, value) = self.value.take().ok_or_else(|| Misfit::new(MisfitKind::WrongType, "no value"))?;
        seed.deserialize(Node(value)).map_err(|misfit| misfit.under(key))
    }
}

/// The variant of an enum that is written as its name.
pub(super) struct Name<'t>(pub(super) &'t str);

impl<'t> EnumAccess<'t> for Name<'t> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'t>>(self, seed: V) -> Result<(V::Value, Self), Misfit> {
        let name: de::value::StrDeserializer<'_, Misfit> = self.0.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'t> VariantAccess<'t> for Name<'t> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'t>>(self, _: T) -> Result<T::Value, Misfit> {
        Err(Misfit::new(MisfitKind::WrongType, "a name alone is expected"))
    }

    fn tuple_variant<V: Visitor<'t>>(self, _: usize, _: V) -> Result<V::Value, Misfit> {
        Err(Misfit::new(MisfitKind::WrongType, "a name alone is expected"))
    }

    fn struct_variant<V: Visitor<'t>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Misfit> {
        Err(Misfit::new(MisfitKind::WrongType, "a name alone is expected"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its decoding is looked at")]
    struct Sample<'t> {
        name: &'t str,
        list: Option<Vec<Inner>>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Inner {
        One,
    }

    fn misfit(text: &str) -> (MisfitKind, String) {
        let value = Value::parse(text.as_bytes()).unwrap();
        let misfit = from_value::<Sample<'_>>(&value).unwrap_err();
        (misfit.kind, misfit.pointer())
    }

    #[test]
    fn misfits_are_classed_and_located() {
        assert_eq!(misfit(r#"{"name":"a","b/c":"d"}"#), (MisfitKind::UnknownField, "/b~1c".into()));
        assert_eq!(misfit(r#"{"list":["one"]}"#), (MisfitKind::MissingField, "/name".into()));
        assert_eq!(misfit(r#"{"name":1}"#), (MisfitKind::WrongType, "/name".into()));
        assert_eq!(misfit(r#"{"name":"a","list":null}"#), (MisfitKind::WrongType, "/list".into()));
        assert_eq!(misfit(r#"{"name":"a","list":["one","two"]}"#), (MisfitKind::Value, "/list/1".into()));
        assert_eq!(misfit("[]").0, MisfitKind::WrongType);
    }
}
