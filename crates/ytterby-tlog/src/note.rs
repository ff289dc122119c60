//! Signed notes: a text, an empty line, and who signed it. Nothing in a note counts before a known
//! key was found to have signed it. Implements proto-docs/log.md, "Keys and signatures" (C2SP
//! signed-note, tlog-cosignature).
//!
//! ```text
//! What was signed, in as many lines as it needs.
//!
//! — registry.example/ree wmXTHFC+n1dXQmHF0Llda8MofyNu2gplUPsAM+eJ9EJx…
//! ```

use std::fmt;

use data_encoding::BASE64;
use ed25519_dalek::Signature;

use crate::key::{KeyName, SignatureKind, VerifierKey};
use crate::line;
use crate::signer::MAX_TIME;

/// Most signatures on a note. C2SP asks for 16 at least; a policy of 32 witnesses with two keys each
/// during rotation fits.
pub const MAX_SIGNATURES: usize = 64;

/// Longest note in bytes: as many signatures as may be, each of the nearly seven kilobytes that
/// C2SP's post-quantum ones take, and room for the text.
pub const MAX_NOTE_BYTES: usize = 524_288;

/// Em dash and space: how a signature line begins.
const MARK: &str = "\u{2014} ";

/// A text and the signatures on it, of which nothing is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line: a key's name and ID and what it made, of whatever type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    name: KeyName,
    id: [u8; 4],
    bytes: Vec<u8>,
}

/// A signature that was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified<'k> {
    /// Whose it is.
    pub key: &'k VerifierKey,
    /// When a cosignature says that it was made, in seconds since 1970.
    pub time: Option<u64>,
}

/// Why a text is no signed note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// More bytes than a note may have.
    #[error("longer than {MAX_NOTE_BYTES} bytes")]
    Long,
    /// Not UTF-8, or a control character other than a newline.
    #[error("not plain text in UTF-8")]
    Text,
    /// The text does not end in a newline, or no empty line stands between it and the signatures.
    #[error("no empty line between a text and its signatures")]
    Separator,
    /// A line below the text is no signature.
    #[error("signature line {0} is not \"\u{2014} name base64\"")]
    Signature(usize),
    /// No signatures, or too many.
    #[error("{0} signatures; a note has from 1 to {MAX_SIGNATURES}")]
    Signatures(usize),
}

/// Why a note is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The signature names another key.
    #[error("the signature is not by {0}")]
    OtherKey(KeyName),
    /// Two known keys share a name and an ID: it cannot be told whose signature it is.
    #[error("two known keys share the name {0} and an ID")]
    Ambiguous(KeyName),
    /// A known key's signature does not verify.
    #[error("the signature by {0} does not verify")]
    Invalid(KeyName),
    /// No known key has signed.
    #[error("no known key has signed")]
    Missing,
}

impl SignedNote {
    /// A note of a text, which ends in a newline, and signatures.
    pub fn new(text: String, signatures: Vec<NoteSignature>) -> Result<Self, NoteError> {
        if text.bytes().any(|b| b < 0x20 && b != b'\n') {
            return Err(NoteError::Text);
        }
        if !text.ends_with('\n') {
            return Err(NoteError::Separator);
        }
        let note = SignedNote { text, signatures: Vec::new() }.with_all(signatures)?;
        if note.signatures.is_empty() { Err(NoteError::Signatures(0)) } else { Ok(note) }
    }

    /// A note of a text that is known to be one, with a signature.
    pub(crate) fn of_one(signature: NoteSignature, text: String) -> Self {
        SignedNote { text, signatures: vec![signature] }
    }

    /// Parses a note; it prints as it was read.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::Long);
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::Text)?;
        let end = note.rfind("\n\n").ok_or(NoteError::Separator)? + 1;
        let signatures = parse_signature_lines(&note[end + 1..])?;
        SignedNote::new(note[..end].to_owned(), signatures)
    }

    /// The text, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, known or not, in their order.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a signature below the others. One that is already there is not added again.
    pub fn add(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        if self.signatures.contains(&signature) {
            return Ok(());
        }
        let mut signatures = self.signatures.clone();
        signatures.push(signature);
        *self = SignedNote { text: self.text.clone(), signatures: Vec::new() }.with_all(signatures)?;
        Ok(())
    }

    /// Verifies every signature by a known key, in the order of the note. Other signatures are
    /// ignored; one bad signature by a known key refuses the note. A key that signed twice appears
    /// twice: whoever counts must count keys.
    pub fn verify<'k>(
        &self,
        known: impl IntoIterator<Item = &'k VerifierKey>,
    ) -> Result<Vec<Verified<'k>>, SignatureError> {
        let known: Vec<&VerifierKey> = known.into_iter().collect();
        let mut verified = Vec::new();
        for signature in &self.signatures {
            let mut named = known.iter().copied().filter(|key| signature.is_by(key));
            let Some(key) = named.next() else { continue };
            if named.any(|other| other != key) {
                return Err(SignatureError::Ambiguous(key.name().clone()));
            }
            verified.push(key.verify(&self.text, signature)?);
        }
        if verified.is_empty() { Err(SignatureError::Missing) } else { Ok(verified) }
    }

    fn with_all(mut self, signatures: Vec<NoteSignature>) -> Result<Self, NoteError> {
        self.signatures = signatures;
        if self.signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::Signatures(self.signatures.len()));
        }
        if self.to_string().len() > MAX_NOTE_BYTES { Err(NoteError::Long) } else { Ok(self) }
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

impl NoteSignature {
    pub(crate) fn new(key: &VerifierKey, bytes: Vec<u8>) -> Self {
        NoteSignature { name: key.name().clone(), id: key.id(), bytes }
    }

    /// The name of the key that is said to have signed.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The ID of the key that is said to have signed.
    pub fn key_id(&self) -> [u8; 4] {
        self.id
    }

    /// Whether name and ID are those of a key.
    pub fn is_by(&self, key: &VerifierKey) -> bool {
        self.name == *key.name() && self.id == key.id()
    }

    /// Parses a line without its newline.
    fn parse(line: &str) -> Option<Self> {
        let (name, signature) = line.strip_prefix(MARK)?.split_once(' ')?;
        let bytes = line::base64(signature)?;
        let (id, bytes) = bytes.split_first_chunk()?;
        let name = KeyName::parse(name).ok()?;
        (!bytes.is_empty()).then(|| NoteSignature { name, id: *id, bytes: bytes.to_vec() })
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{MARK}{} {}", self.name, BASE64.encode(&[&self.id, &self.bytes[..]].concat()))
    }
}

impl VerifierKey {
    /// Verifies one signature over a text, strictly (RFC 8032, canonical encodings, no small order).
    pub fn verify(&self, text: &str, signature: &NoteSignature) -> Result<Verified<'_>, SignatureError> {
        if !signature.is_by(self) {
            return Err(SignatureError::OtherKey(self.name().clone()));
        }
        let invalid = || SignatureError::Invalid(self.name().clone());
        let (time, message, bytes) = match self.kind() {
            SignatureKind::Note => (None, text.to_owned(), &signature.bytes[..]),
            SignatureKind::Cosignature => {
                let (time, bytes) = signature.bytes.split_first_chunk().ok_or_else(invalid)?;
                let time = u64::from_be_bytes(*time);
                (Some(time), cosigned_message(text, time), bytes)
            }
        };
        let bytes = bytes.try_into().map_err(|_| invalid())?;
        let signed = self.point().verify_strict(message.as_bytes(), &Signature::from_bytes(bytes)).is_ok();
        if signed && time.is_none_or(|time| time <= MAX_TIME) {
            Ok(Verified { key: self, time })
        } else {
            Err(invalid())
        }
    }
}

/// What a cosigner signs: that it has seen this checkpoint, and when.
pub(crate) fn cosigned_message(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// Parses signature lines, each with its newline.
pub(crate) fn parse_signature_lines(block: &str) -> Result<Vec<NoteSignature>, NoteError> {
    let lines = line::lines(block).ok_or(NoteError::Signature(block.split('\n').count()))?;
    if lines.is_empty() || lines.len() > MAX_SIGNATURES {
        return Err(NoteError::Signatures(lines.len()));
    }
    let numbered = lines.into_iter().enumerate();
    numbered.map(|(at, line)| NoteSignature::parse(line).ok_or(NoteError::Signature(at + 1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signer::{Cosigner, NoteSigner};

    fn signer(name: &str, seed: u8) -> NoteSigner {
        NoteSigner::from_seed(KeyName::parse(name).unwrap(), &[seed; 32])
    }

    fn note(text: &str, signers: &[&NoteSigner]) -> SignedNote {
        SignedNote::new(text.into(), signers.iter().map(|signer| signer.sign(text)).collect()).unwrap()
    }

    fn parse(text: &str) -> Result<SignedNote, NoteError> {
        SignedNote::parse(text.as_bytes())
    }

    #[test]
    fn notes_round_trip() {
        let signer = signer("a.example", 1);
        for text in ["\n", "one\n", "one\n\ntwo\n", "one\n\n", "\n\n\n", "\u{2014} a b\n", "ünï\n"] {
            let note = note(text, &[&signer]);
            assert_eq!(parse(&note.to_string()), Ok(note.clone()));
            assert_eq!(note.text(), text);
            assert_eq!(note.verify([signer.verifier_key()]).unwrap().len(), 1);
        }
    }

    #[test]
    fn one_fault_each() {
        let line = signer("a.example", 1).sign("text\n").to_string();
        let base64 = line.rsplit_once(' ').unwrap().1;
        for (bad, error) in [
            (String::new(), NoteError::Separator),
            ("text\n".into(), NoteError::Separator),
            (format!("text\n{line}\n"), NoteError::Separator),
            (format!("\n{line}\n"), NoteError::Separator),
            ("text\n\n".into(), NoteError::Signatures(0)),
            (format!("text\n\n{line}"), NoteError::Signature(1)),
            (format!("text\n\n{line}\n{line}"), NoteError::Signature(2)),
            (format!("text\n\n{line}\nmore\n"), NoteError::Signature(2)),
            (format!("text\n\n{}\n", line.replace('\u{2014}', "-")), NoteError::Signature(1)),
            (format!("text\n\n\u{2014}  a.example {base64}\n"), NoteError::Signature(1)),
            (format!("text\n\n\u{2014} a.example  {base64}\n"), NoteError::Signature(1)),
            (format!("text\n\n\u{2014} a.example {base64} \n"), NoteError::Signature(1)),
            (format!("text\n\n\u{2014} a+b {base64}\n"), NoteError::Signature(1)),
            (format!("text\n\n\u{2014} {base64}\n"), NoteError::Signature(1)),
            ("text\n\n\u{2014} a.example AAAAAA==\n".into(), NoteError::Signature(1)),
            ("text\n\n\u{2014} a.example AAAAAAE\n".into(), NoteError::Signature(1)),
            ("text\n\n\u{2014} a.example AAAAAAF=\n".into(), NoteError::Signature(1)),
            (format!("text\r\n\n{line}\n"), NoteError::Text),
            (format!("te\txt\n\n{line}\n"), NoteError::Text),
            (format!("text\n\n{}", format!("{line}\n").repeat(65)), NoteError::Signatures(65)),
            (format!("{}\n\n{line}\n", "x".repeat(MAX_NOTE_BYTES)), NoteError::Long),
        ] {
            assert_eq!(parse(&bad), Err(error), "{bad:?}");
        }
        assert_eq!(SignedNote::parse(b"\xff\n\n"), Err(NoteError::Text));
        let known = signer("a.example", 1).sign("text\n");
        assert_eq!(SignedNote::new("text".into(), vec![known.clone()]), Err(NoteError::Separator));
        assert_eq!(SignedNote::new("te\0xt\n".into(), vec![known]), Err(NoteError::Text));
    }

    #[test]
    fn a_note_is_made_no_longer_than_one_that_is_read() {
        let signature = signer("a.example", 1).sign("text\n");
        // The newline of the text, the empty line and that of the signature's line.
        let room = MAX_NOTE_BYTES - signature.to_string().len() - 3;
        let of = |length| SignedNote::new(format!("{}\n", "x".repeat(length)), vec![signature.clone()]);
        let longest = of(room).unwrap();
        assert_eq!(longest.to_string().len(), MAX_NOTE_BYTES);
        assert_eq!(parse(&longest.to_string()), Ok(longest));
        assert_eq!(of(room + 1), Err(NoteError::Long));
        assert_eq!(of(room + 2), Err(NoteError::Long));
    }

    #[test]
    fn unknown_signatures_are_ignored_and_bad_ones_by_known_keys_refuse() {
        let [a, same_name, b] = [signer("a.example", 1), signer("a.example", 2), signer("b.example", 3)];
        let text = "text\n";
        let mut all = note(text, &[&b, &a, &same_name]);
        let by = |note: &SignedNote, keys: &[&NoteSigner]| {
            note.verify(keys.iter().map(|signer| signer.verifier_key()))
                .map(|all| all.into_iter().map(|verified| verified.key.clone()).collect::<Vec<_>>())
        };
        let key = |signer: &NoteSigner| signer.verifier_key().clone();
        assert_eq!(by(&all, &[&a]), Ok(vec![key(&a)]));
        assert_eq!(by(&all, &[&a, &b]), Ok(vec![key(&b), key(&a)]));
        assert_eq!(by(&all, &[]), Err(SignatureError::Missing));
        assert_eq!(by(&note(text, &[&same_name, &b]), &[&a]), Err(SignatureError::Missing));
        // A type that is not known yet, under a known name: as large as ML-DSA-44's.
        let future = NoteSignature { id: [9; 4], bytes: vec![9; 8 + 2420], ..a.sign(text) };
        all.add(future).unwrap();
        assert_eq!(by(&parse(&all.to_string()).unwrap(), &[&a]), Ok(vec![key(&a)]));

        // Twice in the note, or given twice by the caller: still the same key.
        all.add(a.sign(text)).unwrap();
        assert_eq!(all.signatures().len(), 4);
        let twice = SignedNote::new(text.into(), vec![a.sign(text), a.sign(text)]).unwrap();
        assert_eq!(by(&twice, &[&a, &a]), Ok(vec![key(&a), key(&a)]));

        // A good signature beside it does not save the note from a bad one.
        let mut forged = note(text, &[&a, &b]);
        forged.text = "test\n".into();
        forged.add(b.sign("test\n")).unwrap();
        let a_name = KeyName::parse("a.example").unwrap();
        assert_eq!(by(&forged, &[&a, &b]), Err(SignatureError::Invalid(a_name.clone())));
        assert_eq!(by(&forged, &[&b]), Err(SignatureError::Invalid(KeyName::parse("b.example").unwrap())));
        let cut = NoteSignature { bytes: vec![1; 63], ..a.sign(text) };
        let cut = SignedNote::new(text.into(), vec![cut]).unwrap();
        assert_eq!(by(&cut, &[&a]), Err(SignatureError::Invalid(a_name.clone())));
        assert_eq!(key(&a).verify(text, &b.sign(text)), Err(SignatureError::OtherKey(a_name)));
    }

    #[test]
    fn every_bit_of_a_signature_counts() {
        let log = signer("a.example", 1);
        let witness = Cosigner::from_seed(KeyName::parse("w.example").unwrap(), &[2; 32]);
        let text = "a.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
        let time = 1_790_000_000;
        let cosigned = witness.cosign_text(text, time).unwrap();
        let verified = witness.verifier_key().verify(text, &cosigned).unwrap();
        assert_eq!(verified.time, Some(time));
        for (key, signature) in [(log.verifier_key(), log.sign(text)), (witness.verifier_key(), cosigned)] {
            for bit in 0..8 * signature.bytes.len() {
                let mut flipped = signature.clone();
                flipped.bytes[bit / 8] ^= 1 << (bit % 8);
                let invalid = SignatureError::Invalid(key.name().clone());
                assert_eq!(key.verify(text, &flipped), Err(invalid), "bit {bit}");
            }
        }
    }
}
