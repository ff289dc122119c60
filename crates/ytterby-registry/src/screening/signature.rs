//! Signatures over HTTP messages: RFC 9421 and RFC 9530 as far as screening uses them, with the structured
//! fields of RFC 9651. Implements proto-docs/gate.md, "Question" and rules 3 to 7 of "Answer".

use data_encoding::BASE64;
use sfv::{BareItem, Dictionary, FieldType as _, InnerList, Item, ListEntry, Parameters, Parser};
use sha2::{Digest as _, Sha256};
use ytterby::key::{Multikey, verify_strict};

use super::BadAnswer;

/// The label of the question's signature.
pub(super) const LABEL: &str = "ytterby";
/// What every signature of an exchange is for.
pub(super) const TAG: &str = "ytterby-screening";

/// What an answer has to sign, and what of it comes from elsewhere than its headers.
pub(super) struct Covered<'a> {
    pub(super) status: u16,
    pub(super) content_type: &'a str,
    pub(super) content_digest: &'a str,
    /// The question's signature, as a byte sequence.
    pub(super) question: &'a str,
}

/// The signature base: components with their values, then the parameters.
pub(super) fn base<'a>(lines: impl IntoIterator<Item = (&'a str, &'a str)>, parameters: &str) -> String {
    let mut text = String::new();
    for (component, value) in lines {
        text.extend([component, ": ", value, "\n"]);
    }
    text + "\"@signature-params\": " + parameters
}

/// Bytes as a structured field has them.
pub(super) fn byte_sequence(bytes: &[u8]) -> String {
    format!(":{}:", BASE64.encode(bytes))
}

/// The `Content-Digest` of a body.
pub(super) fn content_digest(body: &[u8]) -> String {
    format!("sha-256={}", byte_sequence(&Sha256::digest(body)))
}

/// Whether a `Content-Digest` is the body's.
pub(super) fn is_digest_of(field: &str, body: &[u8]) -> bool {
    let parsed: Option<Dictionary> = Parser::new(field).parse().ok();
    let stated = parsed.as_ref().and_then(|all| bytes(all.get("sha-256")?));
    stated == Some(Sha256::digest(body).as_slice())
}

/// Verifies the one signature of an answer that is for screening, under one of some keys.
pub(super) fn verify(
    input: &str,
    signatures: &str,
    covered: &Covered<'_>,
    keys: &[Multikey],
) -> Result<(), BadAnswer> {
    let inputs: Dictionary = Parser::new(input).parse().map_err(|_| BadAnswer::Unsigned)?;
    let signatures: Dictionary = Parser::new(signatures).parse().map_err(|_| BadAnswer::Unsigned)?;
    let mut own = inputs.iter().filter_map(|(label, entry)| match entry {
        ListEntry::InnerList(list) if text(list.params.get("tag")?) == Some(TAG) => Some((label, list)),
        _ => None,
    });
    let (Some((label, list)), None) = (own.next(), own.next()) else { return Err(BadAnswer::Unsigned) };
    let signature = signatures.get(label).and_then(bytes).ok_or(BadAnswer::Unsigned)?;
    let signature: &[u8; 64] = signature.try_into().map_err(|_| BadAnswer::Unsigned)?;
    let status = covered.status.to_string();
    let lines = lines(list, covered, &status)?;
    let key = key(&list.params, keys)?;
    let parameters = vec![ListEntry::InnerList(list.clone())].serialize().ok_or(BadAnswer::Covers)?;
    let lines = lines.iter().map(|(component, value)| (component.as_str(), *value));
    let point = key.verifying_key().map_err(|_| BadAnswer::Signature)?;
    let holds = verify_strict(&point, base(lines, &parameters).as_bytes(), signature);
    if holds { Ok(()) } else { Err(BadAnswer::Signature) }
}

/// The lines of the base, in the order of the answer: every component once, and none beside them.
fn lines<'c>(
    list: &InnerList,
    covered: &'c Covered<'_>,
    status: &'c str,
) -> Result<Vec<(String, &'c str)>, BadAnswer> {
    let wanted = [
        ("@status", status),
        ("content-type", covered.content_type),
        ("content-digest", covered.content_digest),
        ("signature", covered.question),
    ];
    let mut lines = Vec::with_capacity(wanted.len());
    for (name, value) in wanted {
        let is_it = |item: &&Item| text(&item.bare_item) == Some(name) && is_of(&item.params, name);
        let found = list.items.iter().position(|item| is_it(&item)).ok_or(BadAnswer::Covers)?;
        lines.push((found, (list.items[found].serialize(), value)));
    }
    if list.items.len() != wanted.len() {
        return Err(BadAnswer::Covers);
    }
    lines.sort_by_key(|(at, _)| *at);
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

/// Whether a component has the parameters that it has to have: the question's signature is of the question.
fn is_of(parameters: &Parameters, name: &str) -> bool {
    if name != "signature" {
        return parameters.is_empty();
    }
    parameters.len() == 2
        && parameters.get("req") == Some(&BareItem::Boolean(true))
        && parameters.get("key").and_then(text) == Some(LABEL)
}

/// The pinned key that a signature names, if its parameters are those it may have.
fn key(parameters: &Parameters, keys: &[Multikey]) -> Result<Multikey, BadAnswer> {
    let is_known = |name: &str| ["created", "keyid", "alg", "tag"].contains(&name);
    let alg = parameters.get("alg").map_or(Some("ed25519"), text);
    let is_created = matches!(parameters.get("created"), Some(BareItem::Integer(_)));
    if !is_created || alg != Some("ed25519") || !parameters.keys().all(|name| is_known(name.as_str())) {
        return Err(BadAnswer::Parameters);
    }
    let named = parameters.get("keyid").and_then(text).and_then(|name| Multikey::parse(name).ok());
    named.filter(|key| keys.contains(key)).ok_or(BadAnswer::Key)
}

fn text(item: &BareItem) -> Option<&str> {
    match item {
        BareItem::String(text) => Some(text.as_str()),
        _ => None,
    }
}

fn bytes(entry: &ListEntry) -> Option<&[u8]> {
    match entry {
        ListEntry::Item(Item { bare_item: BareItem::ByteSequence(bytes), .. }) => Some(bytes),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64URL_NOPAD;
    use ytterby::key::SigningKey;

    use super::*;

    /// RFC 9421, B.2.6: a request signed with the Ed25519 key of B.1.4.
    #[test]
    fn the_base_is_the_one_of_the_rfc() {
        let lines = [
            ("\"date\"", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("\"@method\"", "POST"),
            ("\"@path\"", "/foo"),
            ("\"@authority\"", "example.com"),
            ("\"content-type\"", "application/json"),
            ("\"content-length\"", "18"),
        ];
        let parameters = "(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\")\
                          ;created=1618884473;keyid=\"test-key-ed25519\"";
        let seed = BASE64URL_NOPAD.decode(b"n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU").unwrap();
        let key = SigningKey::from_seed(&seed.try_into().unwrap());
        let signature = key.sign(base(lines, parameters).as_bytes());
        let wanted =
            ":wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:";
        assert_eq!(byte_sequence(&signature), wanted);
    }

    /// RFC 9530, appendix B.
    #[test]
    fn the_digest_is_the_one_of_the_rfc() {
        let body = b"{\"hello\": \"world\"}\n";
        let field = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
        assert_eq!(content_digest(body), field);
        assert!(is_digest_of(&format!("sha-512=:AA==:, {field}"), body));
        assert!(!is_digest_of(field, b"{}"));
        for none in ["", "sha-512=:AA==:", "sha-256", "sha-256=\"RK\"", "sha-256=(1)", "\u{e9}"] {
            assert!(!is_digest_of(none, body), "{none}");
        }
    }
}
