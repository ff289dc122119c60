//! Identifiers: one absolute URL each (VCDM 2.0 section 4.4).

use ytterby::json::Value;

use crate::place::Place;
use crate::problem::Problem;

/// The URL that stands at a place.
pub(crate) fn required<'v>(value: Option<&'v Value<'_>>, place: &Place) -> Result<&'v str, Problem> {
    let value = value.ok_or_else(|| Problem::malformed(place, "an identifier is required"))?;
    let text = value.as_str().ok_or_else(|| Problem::malformed(place, "an identifier is one string"))?;
    if is_absolute(text) { Ok(text) } else { Err(Problem::malformed(place, "not an absolute URL")) }
}

/// The URL that may stand at a place.
pub(crate) fn optional(value: Option<&Value<'_>>, place: &Place) -> Result<(), Problem> {
    if value.is_some() { required(value, place).map(|_| ()) } else { Ok(()) }
}

/// A party: a URL, or an object with one in `id`.
pub(crate) fn party<'v>(value: Option<&'v Value<'_>>, place: &Place) -> Result<&'v str, Problem> {
    match value {
        Some(Value::Object(object)) => required(object.get("id"), &place.member("id")),
        other => required(other, place),
    }
}

/// Whether a text is a URL with a scheme, in the characters of RFC 3986.
pub(crate) fn is_absolute(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let scheme_fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let host = rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?', '#']).next());
    scheme_fits
        && !rest.is_empty()
        && (!web || host.is_some_and(|host| !host.is_empty()))
        && is_spelled_right(rest)
}

fn is_spelled_right(text: &str) -> bool {
    let bytes = text.as_bytes();
    let hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    text.matches('#').count() <= 1
        && bytes.iter().enumerate().all(|(at, byte)| match byte {
            b'%' => hex(at + 1) && hex(at + 2),
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => false,
            byte => byte.is_ascii_graphic(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_urls() {
        for good in
            ["https://a.example/b?c#d", "did:example:1", "urn:uuid:1", "data:text/plain,a%20b", "HTTP://a"]
        {
            assert!(is_absolute(good), "{good}");
        }
        for bad in [
            "",
            ":",
            "a",
            "https ://not-a-url",
            "https://",
            "https:a",
            "1a:b",
            "did:",
            "a:b c",
            "a:%zz",
            "a:%4",
            "a:<b>",
            "a:b#c#d",
            "a:\u{e9}",
            "/relative",
        ] {
            assert!(!is_absolute(bad), "{bad}");
        }
    }
}
