//! The hashes of a Merkle tree: leaves and nodes are told apart by a first byte, so that no entry
//! can pass for a node. Implements proto-docs/log.md, "Tree" (RFC 9162, section 2.1.1).

use std::fmt;

use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};

use crate::line;

/// A SHA-256 hash in a Merkle tree, written in base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

/// A text is not a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a hash: the base64 of 32 bytes is expected")]
pub struct HashError;

impl Hash {
    /// The root of the empty tree: SHA-256 of nothing.
    pub const EMPTY_ROOT: Hash = Hash([
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27,
        0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
    ]);

    /// The hash of an entry: SHA-256(0x00 ‖ entry).
    pub fn of_leaf(entry: &[u8]) -> Self {
        Hash(Sha256::new().chain_update([0x00]).chain_update(entry).finalize().into())
    }

    /// The hash of two subtrees: SHA-256(0x01 ‖ left ‖ right).
    pub fn of_node(left: Hash, right: Hash) -> Self {
        Hash(Sha256::new().chain_update([0x01]).chain_update(left.0).chain_update(right.0).finalize().into())
    }

    /// A hash from its 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Hash(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Parses the base64 of 32 bytes; exactly one text stands for each hash.
    pub fn parse(text: &str) -> Result<Self, HashError> {
        // 44 characters are 32 bytes: a longer text is refused before it is decoded.
        let bytes = Some(text).filter(|text| text.len() == 44).and_then(line::base64).ok_or(HashError)?;
        bytes.try_into().map(Hash).map_err(|_| HashError)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_root_is_the_hash_of_nothing() {
        assert_eq!(Hash::EMPTY_ROOT.0, <[u8; 32]>::from(Sha256::digest(b"")));
        assert_eq!(Hash::EMPTY_ROOT.to_string(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_ne!(Hash::of_leaf(b""), Hash::EMPTY_ROOT);
    }

    #[test]
    fn one_text_for_each_hash() {
        let text = Hash::EMPTY_ROOT.to_string();
        assert_eq!(Hash::parse(&text), Ok(Hash::EMPTY_ROOT));
        for bad in [
            "",
            &text[..43],
            &format!("{text}\n"),
            &format!("{text}="),
            &text.replace("FU=", "FV="),
            &text.replace('+', "-"),
            &text.replace('/', "_"),
            "AAAA",
        ] {
            assert_eq!(Hash::parse(bad), Err(HashError), "{bad}");
        }
    }
}
