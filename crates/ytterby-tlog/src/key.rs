//! Verifier keys: who may sign a note, in the one line that is passed around.
//! Implements proto-docs/log.md, "Keys and signatures" (C2SP signed-note, "Verifier keys").
//!
//! ```text
//! registry.example/ree+c265d31c+Aceg+8nmkeNSNCR2d/MjgVc0lHKjs5zThOOyjba/z0Tt
//! ```

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::line;

/// The name of a key, and the origin of a log: a URL without its scheme, such as
/// `registry.example/ree`. No white space, no plus sign, no control characters, at most 255 bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(Box<str>);

/// Longest name in bytes: what tlog-cosignature leaves room for in its signed messages.
const MAX_NAME_BYTES: usize = 255;

/// What a key signs. The byte of each stands in the key and in its ID, so that one key cannot be
/// taken for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureKind {
    /// The text of a note (0x01): a log's.
    Note,
    /// A checkpoint at a time, `cosignature/v1` (0x04): a witness's.
    Cosignature,
}

/// An Ed25519 public key that verifies signatures of one kind under one name.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    kind: SignatureKind,
    key: VerifyingKey,
    id: [u8; 4],
}

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not `name+id+base64`, or its parts have another form.
    #[error("not a key: name+hash+base64 is expected")]
    Form,
    /// The name is empty or too long, or holds white space, a plus sign or a control character.
    #[error("not the name of a key: a URL without its scheme is expected")]
    Name,
    /// A signature type that is not supported.
    #[error("signature type {0:#04x} is not supported")]
    Kind(u8),
    /// The bytes are no point of the curve in its one encoding, or one of small order.
    #[error("not a usable Ed25519 public key")]
    Point,
    /// The key ID is that of another name, kind or key.
    #[error("the key ID does not belong to name and key")]
    Id,
}

impl KeyName {
    /// Parses a name.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let fits = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
        let length = 1..=MAX_NAME_BYTES;
        if length.contains(&text.len()) && text.chars().all(fits) {
            Ok(KeyName(text.into()))
        } else {
            Err(KeyError::Name)
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl SignatureKind {
    fn from_byte(byte: u8) -> Result<Self, KeyError> {
        match byte {
            0x01 => Ok(SignatureKind::Note),
            0x04 => Ok(SignatureKind::Cosignature),
            other => Err(KeyError::Kind(other)),
        }
    }

    pub(crate) fn byte(self) -> u8 {
        match self {
            SignatureKind::Note => 0x01,
            SignatureKind::Cosignature => 0x04,
        }
    }
}

impl VerifierKey {
    /// The key of a name, a kind and the 32 bytes of an Ed25519 public key.
    pub fn new(name: KeyName, kind: SignatureKind, public: &[u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(public).map_err(|_| KeyError::Point)?;
        // One point in two encodings would be two keys, and count twice.
        if key.is_weak() || key.to_edwards().compress().as_bytes() != public {
            return Err(KeyError::Point);
        }
        Ok(VerifierKey::of_point(name, kind, key))
    }

    /// The public half of a signing key, which cannot be weak: its scalar is clamped.
    pub(crate) fn of_signing_key(name: KeyName, kind: SignatureKind, key: &SigningKey) -> Self {
        VerifierKey::of_point(name, kind, key.verifying_key())
    }

    fn of_point(name: KeyName, kind: SignatureKind, key: VerifyingKey) -> Self {
        let hash = Sha256::new()
            .chain_update(name.as_str())
            .chain_update([b'\n', kind.byte()])
            .chain_update(key.as_bytes())
            .finalize();
        let id = [hash[0], hash[1], hash[2], hash[3]];
        VerifierKey { name, kind, key, id }
    }

    /// Parses `name+id+base64`; exactly one text stands for each key.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, id, kind, public) = parse_encoded(text)?;
        let key = VerifierKey::new(name, kind, &public)?;
        if HEXLOWER.encode(&key.id) == id { Ok(key) } else { Err(KeyError::Id) }
    }

    /// The name; for a log, its origin.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// What it signs.
    pub fn kind(&self) -> SignatureKind {
        self.kind
    }

    /// The first four bytes of SHA-256(name ‖ newline ‖ kind ‖ key): with the name it tells which key
    /// made a signature.
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// The 32 bytes of the public key.
    pub fn public_key(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    pub(crate) fn point(&self) -> &VerifyingKey {
        &self.key
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encoded(&self.name, self.id, self.kind, self.public_key()))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `name+id+base64(kind ‖ key)`, of a public key or a seed.
pub(crate) fn encoded(name: &KeyName, id: [u8; 4], kind: SignatureKind, key: &[u8; 32]) -> String {
    let material = [&[kind.byte()], &key[..]].concat();
    format!("{name}+{}+{}", HEXLOWER.encode(&id), BASE64.encode(&material))
}

/// The parts of what [`encoded`] writes; the ID as its text, which is for the caller to compare.
pub(crate) fn parse_encoded(text: &str) -> Result<(KeyName, &str, SignatureKind, [u8; 32]), KeyError> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(material)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(KeyError::Form);
    };
    let name = KeyName::parse(name)?;
    let material = Some(material).filter(|text| text.len() <= 4096).and_then(line::base64);
    let material = material.ok_or(KeyError::Form)?;
    let (kind, key) = material.split_first().ok_or(KeyError::Form)?;
    let kind = SignatureKind::from_byte(*kind)?;
    Ok((name, id, kind, key.try_into().map_err(|_| KeyError::Form)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signer::NoteSigner;

    #[test]
    fn names_are_urls_without_a_scheme() {
        for good in
            ["registry.example/ree", "localhost", "[::1]:80/x", "b\u{fc}cher.example", &"x".repeat(255)]
        {
            assert_eq!(KeyName::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a+b", "a\nb", "a\tb", "a\u{a0}b", "a\u{2003}b", "a\u{7f}", &"x".repeat(256)] {
            assert_eq!(KeyName::parse(bad), Err(KeyError::Name), "{bad:?}");
        }
    }

    #[test]
    fn one_text_for_each_key() {
        let key = NoteSigner::from_seed(KeyName::parse("registry.example/ree").unwrap(), &[7; 32]);
        let key = key.verifier_key().clone();
        let text = key.to_string();
        assert_eq!(VerifierKey::parse(&text), Ok(key.clone()));
        let material = |bytes: &[u8]| {
            format!("registry.example/ree+{}+{}", HEXLOWER.encode(&key.id), BASE64.encode(bytes))
        };
        let with_kind = |kind: u8| material(&[&[kind], &key.public_key()[..]].concat());
        let mut small_order = [0; 33];
        small_order[..2].copy_from_slice(&[1, 1]);
        for (bad, error) in [
            (String::new(), KeyError::Form),
            ("registry.example/ree".into(), KeyError::Form),
            (text.rsplit_once('+').unwrap().0.into(), KeyError::Form),
            (text.replacen("registry", "regi stry", 1), KeyError::Name),
            (text[20..].into(), KeyError::Name),
            (text.replacen("registry", "registrY", 1), KeyError::Id),
            (text.replace(&HEXLOWER.encode(&key.id), &"0".repeat(8)), KeyError::Id),
            (text.replace(&HEXLOWER.encode(&key.id), &HEXLOWER.encode(&key.id).to_uppercase()), KeyError::Id),
            (with_kind(0x04), KeyError::Id),
            (with_kind(0x06), KeyError::Kind(0x06)),
            (material(&[]), KeyError::Form),
            (material(&[1; 32]), KeyError::Form),
            (material(&[1; 34]), KeyError::Form),
            (material(&small_order), KeyError::Point),
            (format!("{text}\n"), KeyError::Form),
            (format!("{text} "), KeyError::Form),
        ] {
            assert_eq!(VerifierKey::parse(&bad), Err(error), "{bad}");
        }
    }

    #[test]
    fn a_point_has_one_encoding() {
        let name = KeyName::parse("registry.example/ree").unwrap();
        let mut points = 0;
        // y = p + k is y = k in another encoding, as long as it fits into 255 bits.
        for k in 0..19 {
            let mut encoding = [0xff; 32];
            (encoding[0], encoding[31]) = (0xed + k, 0x7f);
            points += usize::from(VerifyingKey::from_bytes(&encoding).is_ok_and(|key| !key.is_weak()));
            let key = VerifierKey::new(name.clone(), SignatureKind::Note, &encoding);
            assert_eq!(key, Err(KeyError::Point), "{k}");
        }
        assert!(points > 0, "some of them are points that the library takes");
    }
}
