//! The strict reader: one pass, borrowed strings, depth and size bounded.

use std::borrow::Cow;
use std::fmt;

use super::number::is_canonical;
use super::{Object, Value, plain_length};

/// Deepest nesting accepted; certificates need nine levels, bundles two more.
pub(crate) const MAX_DEPTH: usize = 32;

/// Why a text is not strict JSON, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {kind}")]
pub struct ParseError {
    /// What is wrong.
    pub kind: ParseErrorKind,
    /// Byte offset in the input.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in bytes, from 1.
    pub column: usize,
}

/// The ways a text fails to be strict JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The text starts with a byte-order mark.
    ByteOrderMark,
    /// A control character stands unescaped in a string.
    ControlCharacter,
    /// Objects and arrays nest deeper than 32.
    Depth,
    /// An object has two members of this name.
    DuplicateKey(String),
    /// There is no text at all.
    Empty,
    /// A backslash is followed by something that is no JSON escape.
    Escape,
    /// Half of a surrogate pair stands alone.
    LoneSurrogate,
    /// The bytes are not UTF-8.
    NotUtf8,
    /// A number is malformed, or its text is not the canonical form of its value.
    Number,
    /// One value is larger than the reader was told to accept.
    TooLarge(usize),
    /// Something follows the value.
    TrailingBytes,
    /// The text ends too early.
    UnexpectedEnd,
    /// This byte cannot stand here.
    UnexpectedByte(u8),
    /// The text is JSON, but not of this shape.
    Shape(&'static str),
}

impl fmt::Display for ParseErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByteOrderMark => f.write_str("byte-order mark before the text"),
            Self::ControlCharacter => f.write_str("unescaped control character in a string"),
            Self::Depth => write!(f, "nested deeper than {MAX_DEPTH} levels"),
            Self::DuplicateKey(key) => write!(f, "the name {key:?} stands twice in one object"),
            Self::Empty => f.write_str("the input is empty"),
            Self::Escape => f.write_str("not a JSON escape"),
            Self::LoneSurrogate => f.write_str("half of a surrogate pair"),
            Self::NotUtf8 => f.write_str("not UTF-8"),
            Self::Number => f.write_str("a number that is not written in its canonical form"),
            Self::TooLarge(limit) => write!(f, "one value is larger than {limit} bytes"),
            Self::TrailingBytes => f.write_str("something follows the end of the text"),
            Self::UnexpectedEnd => f.write_str("the text ends too early"),
            Self::UnexpectedByte(byte) => write!(f, "unexpected {:?}", char::from(*byte)),
            Self::Shape(wanted) => f.write_str(wanted),
        }
    }
}

/// A cursor over a JSON text. Large inputs are read member by member with it, so that only one
/// certificate's tree exists at a time.
#[derive(Clone)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// A value may not end behind this offset.
    stop: usize,
    limit: usize,
}

impl<'a> Reader<'a> {
    /// Checks that the input is UTF-8 without a byte-order mark and stands at its first value.
    pub fn new(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let fail = |kind, offset| located(bytes, kind, offset);
        if bytes.starts_with(b"\xef\xbb\xbf") {
            return Err(fail(ParseErrorKind::ByteOrderMark, 0));
        }
        let text = std::str::from_utf8(bytes).map_err(|e| fail(ParseErrorKind::NotUtf8, e.valid_up_to()))?;
        let mut reader = Reader { text, at: 0, depth: 0, stop: bytes.len(), limit: bytes.len() };
        reader.space();
        if reader.at == bytes.len() {
            return Err(reader.error(ParseErrorKind::Empty));
        }
        Ok(reader)
    }

    /// The next byte that is not white space, without taking it.
    pub fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Where the cursor stands.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// The input between two offsets.
    pub fn span(&self, from: usize, to: usize) -> &'a [u8] {
        &self.text.as_bytes()[from..to]
    }

    /// The input from the cursor on.
    pub(crate) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Passes one value that was read in another way, of so many bytes.
    pub(crate) fn pass(&mut self, length: usize) {
        self.at += length;
        self.space();
    }

    /// Reads one value of any size.
    pub fn value(&mut self) -> Result<Value<'a>, ParseError> {
        self.value_up_to(self.text.len())
    }

    /// Reads one value of at most `limit` bytes and says where it stood.
    pub fn value_up_to(&mut self, limit: usize) -> Result<Value<'a>, ParseError> {
        self.limit = limit;
        self.stop = self.at.saturating_add(limit);
        let value = self.any()?;
        self.space();
        Ok(value)
    }

    /// Passes one value without making a tree of it. Everything is checked but that names stand once:
    /// for what is read again, or refused.
    pub fn skip(&mut self) -> Result<(), ParseError> {
        (self.limit, self.stop) = (self.text.len(), self.text.len());
        self.pass_any()?;
        self.space();
        Ok(())
    }

    fn pass_any(&mut self) -> Result<(), ParseError> {
        let Some(open @ (b'{' | b'[')) = self.peek() else { return self.any().map(drop) };
        let mut more = self.open(open)?;
        while more {
            if open == b'{' {
                self.key()?;
            }
            self.pass_any()?;
            more = self.more(open)?;
        }
        Ok(())
    }

    /// Opens an object or array: takes `open`; says whether a first item follows.
    pub fn open(&mut self, open: u8) -> Result<bool, ParseError> {
        self.deeper()?;
        self.expect(open)?;
        self.space();
        self.close_if(open)
    }

    /// After an item: takes the comma (true) or the closing bracket (false).
    pub fn more(&mut self, open: u8) -> Result<bool, ParseError> {
        self.space();
        if self.peek() == Some(b',') {
            self.at += 1;
            self.space();
            return Ok(true);
        }
        if self.close_if(open)? { Err(self.unexpected()) } else { Ok(false) }
    }

    /// A member's name and its colon.
    pub fn key(&mut self) -> Result<Cow<'a, str>, ParseError> {
        let key = self.string()?;
        self.space();
        self.expect(b':')?;
        self.space();
        Ok(key)
    }

    /// Checks that nothing follows.
    pub fn end(mut self) -> Result<(), ParseError> {
        self.space();
        if self.at == self.text.len() { Ok(()) } else { Err(self.error(ParseErrorKind::TrailingBytes)) }
    }

    /// An error at the cursor.
    pub fn error(&self, kind: ParseErrorKind) -> ParseError {
        located(self.text.as_bytes(), kind, self.at)
    }

    fn close_if(&mut self, open: u8) -> Result<bool, ParseError> {
        let close = open + 2; // '[' + 2 is ']', '{' + 2 is '}'
        if self.peek() == Some(close) {
            self.at += 1;
            self.depth -= 1;
            self.space();
            return Ok(false);
        }
        Ok(true)
    }

    fn any(&mut self) -> Result<Value<'a>, ParseError> {
        let value = match self.peek() {
            Some(b'{') => self.object()?,
            Some(b'[') => self.array()?,
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            _ => return Err(self.unexpected()),
        };
        if self.at > self.stop { Err(self.error(ParseErrorKind::TooLarge(self.limit))) } else { Ok(value) }
    }

    fn object(&mut self) -> Result<Value<'a>, ParseError> {
        let start = self.at;
        let mut members = Vec::new();
        let mut more = self.open(b'{')?;
        while more {
            let key = self.key()?;
            members.push((key, self.any()?));
            more = self.more(b'{')?;
        }
        Object::from_members(members).map(Value::Object).map_err(|key| {
            let kind = ParseErrorKind::DuplicateKey(key.chars().take(60).collect());
            located(self.text.as_bytes(), kind, start)
        })
    }

    fn array(&mut self) -> Result<Value<'a>, ParseError> {
        let mut items = Vec::new();
        let mut more = self.open(b'[')?;
        while more {
            items.push(self.any()?);
            more = self.more(b'[')?;
        }
        Ok(Value::Array(items))
    }

    fn number(&mut self) -> Result<Value<'a>, ParseError> {
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest
            .iter()
            .position(|b| !matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .unwrap_or(rest.len());
        let text = &self.text[self.at..self.at + length];
        if !is_canonical(text) {
            return Err(self.error(ParseErrorKind::Number));
        }
        self.at += length;
        Ok(Value::Number(Cow::Borrowed(text)))
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, ParseError> {
        for expected in word.bytes() {
            self.expect(expected)?;
        }
        Ok(value)
    }

    fn string(&mut self) -> Result<Cow<'a, str>, ParseError> {
        self.expect(b'"')?;
        let start = self.at;
        self.plain();
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(&self.text[start..self.at - 1]));
        }
        let mut owned = self.text[start..self.at].to_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(owned));
                }
                Some(b'\\') => {
                    self.at += 1;
                    owned.push(self.escape()?);
                    let from = self.at;
                    self.plain();
                    owned.push_str(&self.text[from..self.at]);
                }
                Some(_) => return Err(self.error(ParseErrorKind::ControlCharacter)),
                None => return Err(self.error(ParseErrorKind::UnexpectedEnd)),
            }
        }
    }

    /// Skips characters that stand for themselves.
    fn plain(&mut self) {
        self.at += plain_length(&self.text.as_bytes()[self.at..]);
    }

    fn escape(&mut self) -> Result<char, ParseError> {
        let byte = self.peek().ok_or_else(|| self.error(ParseErrorKind::UnexpectedEnd))?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.unicode_escape()?,
            _ => {
                self.at -= 1;
                return Err(self.error(ParseErrorKind::Escape));
            }
        })
    }

    fn unicode_escape(&mut self) -> Result<char, ParseError> {
        let first = self.hex4()?;
        if let Some(c) = char::from_u32(first) {
            return Ok(c);
        }
        // Made only when it is needed: to find line and column, an error looks at all that was read.
        let behind_first = self.at;
        let lone =
            |reader: &Self| located(reader.text.as_bytes(), ParseErrorKind::LoneSurrogate, behind_first);
        if first >= 0xdc00 || !self.text.as_bytes()[self.at..].starts_with(b"\\u") {
            return Err(lone(self));
        }
        self.at += 2;
        let second = self.hex4()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(lone(self));
        }
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)).ok_or_else(|| lone(self))
    }

    fn hex4(&mut self) -> Result<u32, ParseError> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|b| char::from(b).to_digit(16));
            value = value * 16 + digit.ok_or_else(|| self.error(ParseErrorKind::Escape))?;
            self.at += 1;
        }
        Ok(value)
    }

    fn deeper(&mut self) -> Result<(), ParseError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(self.error(ParseErrorKind::Depth)) } else { Ok(()) }
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), ParseError> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn unexpected(&self) -> ParseError {
        self.error(self.peek().map_or(ParseErrorKind::UnexpectedEnd, ParseErrorKind::UnexpectedByte))
    }
}

fn located(bytes: &[u8], kind: ParseErrorKind, offset: usize) -> ParseError {
    let before = &bytes[..offset.min(bytes.len())];
    let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|&&b| b != b'\n').count() + 1;
    ParseError { kind, offset, line, column }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &[u8]) -> ParseErrorKind {
        Value::parse(text).unwrap_err().kind
    }

    #[test]
    fn accepts_what_is_strict() {
        for text in ["{}", " [ ] ", "\"\\ud83d\\ude00\"", "{\"a\":[1,true,null,\"x\"]}", "-1.5", "1e+21"] {
            Value::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{text}: {e}"));
        }
    }

    #[test]
    fn refuses_what_is_not() {
        assert_eq!(kind(b""), ParseErrorKind::Empty);
        assert_eq!(kind(b"\xef\xbb\xbf{}"), ParseErrorKind::ByteOrderMark);
        assert_eq!(kind(b"\"\xff\""), ParseErrorKind::NotUtf8);
        assert_eq!(kind(b"{} {}"), ParseErrorKind::TrailingBytes);
        assert_eq!(kind(b"{\"m\":1,\"\\u006d\":2}"), ParseErrorKind::DuplicateKey("m".into()));
        assert_eq!(kind(b"\"\\ud800\""), ParseErrorKind::LoneSurrogate);
        assert_eq!(kind(b"\"\\udc00\\ud800\""), ParseErrorKind::LoneSurrogate);
        assert_eq!(kind(b"\"\\ud800\\u0041\""), ParseErrorKind::LoneSurrogate);
        assert_eq!(kind(b"\"\x00\""), ParseErrorKind::ControlCharacter);
        assert_eq!(kind(b"\"\\x\""), ParseErrorKind::Escape);
        assert_eq!(kind(b"[1,]"), ParseErrorKind::UnexpectedByte(b']'));
        assert_eq!(kind(b"{\"a\":1,}"), ParseErrorKind::UnexpectedByte(b'}'));
        assert_eq!(kind(b"[1"), ParseErrorKind::UnexpectedEnd);
        for number in ["01", "1.0", "-0", "1E2", "1e400", "NaN", "9007199254740993", ".5", "--1", "+1"] {
            assert!(Value::parse(number.as_bytes()).is_err(), "{number}");
        }
    }

    #[test]
    fn what_is_skipped_is_as_strict_but_for_names() {
        let skip = |text: &[u8]| {
            let mut reader = Reader::new(text)?;
            reader.skip()?;
            reader.end()
        };
        for text in ["{}", " [ ] ", "\"\\n\"", "{\"a\":[1,true,{\"b\":\"x\"}]}", "-1.5", "{\"a\":1,\"a\":2}"]
        {
            assert_eq!(skip(text.as_bytes()), Ok(()), "{text}");
        }
        let deep = "[".repeat(100_000);
        for text in
            ["", "{", "[1,]", "{\"a\":1,}", "{\"a\"}", "[01]", "[\"\\x\"]", "[tru]", "{} {}", deep.as_str()]
        {
            assert_eq!(skip(text.as_bytes()).unwrap_err(), Value::parse(text.as_bytes()).unwrap_err());
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(Value::parse(nested(32).as_bytes()).is_ok());
        assert_eq!(kind(nested(33).as_bytes()), ParseErrorKind::Depth);
        assert_eq!(kind(nested(100_000).as_bytes()), ParseErrorKind::Depth);
    }

    #[test]
    fn size_is_bounded_and_errors_are_located() {
        let mut reader = Reader::new(b"[\n  \"0123456789\"]").unwrap();
        assert_eq!(reader.value_up_to(8).unwrap_err().kind, ParseErrorKind::TooLarge(8));
        let error = Value::parse(b"{\n \"a\": x}").unwrap_err();
        assert_eq!((error.line, error.column), (2, 7));
    }
}
