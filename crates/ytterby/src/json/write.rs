//! The canonical writer (RFC 8785): no white space, names in order, the shortest escapes.

use super::{Object, Value, plain_length};

/// What [`write_object_without`] wrote, and which bytes of it are the member that was asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// First byte of the member, with the comma that belongs to it.
    pub from: usize,
    /// One past its last byte.
    pub to: usize,
}

/// The canonical bytes of a value.
pub fn canonical(value: &Value<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    write_value(value, &mut out);
    out
}

/// Appends the canonical bytes of a value.
pub fn write_value(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(text) => out.extend_from_slice(text.as_bytes()),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_value(item, out);
            }
            out.push(b']');
        }
        Value::Object(object) => {
            write_object_without(object, "", out);
        }
    }
}

/// Appends the canonical bytes of an object, and says which of them to leave out to get the bytes
/// of the object without its member `name`: a document is hashed without its proof, and a proof
/// without its value, and neither needs to be written twice.
pub fn write_object_without(object: &Object<'_>, name: &str, out: &mut Vec<u8>) -> Option<Written> {
    let mut found = None;
    out.push(b'{');
    for (at, (key, value)) in object.iter().enumerate() {
        let from = out.len();
        if at > 0 {
            out.push(b',');
        }
        write_string(key, out);
        out.push(b':');
        write_value(value, out);
        if key == name && !name.is_empty() {
            found = Some((at, Written { from, to: out.len() }));
        }
    }
    out.push(b'}');
    found.map(|(at, mut range)| {
        // The first member has no comma of its own: the next one's goes with it.
        if at == 0 && object.len() > 1 {
            range.to += 1;
        }
        range
    })
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, special) = rest.split_at(plain_length(rest));
        out.extend_from_slice(plain);
        let Some((&byte, after)) = special.split_first() else { break };
        rest = after;
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0x08 => out.extend_from_slice(b"\\b"),
            0x09 => out.extend_from_slice(b"\\t"),
            0x0a => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            0x0d => out.extend_from_slice(b"\\r"),
            _ => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(text: &str) -> String {
        String::from_utf8(canonical(&Value::parse(text.as_bytes()).unwrap())).unwrap()
    }

    #[test]
    fn writes_jcs() {
        assert_eq!(again("{ \"b\" : [ 1 , true ] , \"a\" : null }"), r#"{"a":null,"b":[1,true]}"#);
        assert_eq!(again(r#""\u0001\u000a\/\u20ac\"""#), "\"\\u0001\\n/\u{20ac}\\\"\"");
    }

    #[test]
    fn a_member_can_be_cut_out_wherever_it_stands() {
        for (text, without) in [
            (r#"{"a":1,"p":2,"z":3}"#, r#"{"a":1,"z":3}"#),
            (r#"{"p":2,"z":3}"#, r#"{"z":3}"#),
            (r#"{"a":1,"p":2}"#, r#"{"a":1}"#),
            (r#"{"p":2}"#, "{}"),
        ] {
            let value = Value::parse(text.as_bytes()).unwrap();
            let mut out = Vec::new();
            let cut = write_object_without(value.as_object().unwrap(), "p", &mut out).unwrap();
            assert_eq!(out, text.as_bytes());
            out.drain(cut.from..cut.to);
            assert_eq!(String::from_utf8(out).unwrap(), without);
        }
    }
}
