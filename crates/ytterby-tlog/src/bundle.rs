//! Where the entries of a log lie: in bundles of at most 256, one beside each tile of level 0.
//! Implements proto-docs/log.md, "Tiles" (C2SP tlog-tiles, "Log entries").

use std::fmt;
use std::ops::Range;

use crate::tile::{TILE_WIDTH, Tile, parse_place, write_place, written_in_level};

/// Longest entry, in bytes: its length stands before it in two.
pub const MAX_ENTRY_BYTES: usize = u16::MAX as usize;

/// The coordinates of an entry bundle: it holds the entries whose hashes are in the tile of level 0
/// of the same index and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bundle(Tile);

/// Why entries make no bundle, or bytes are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Another number of entries than the bundle's width.
    #[error("the bundle has {found} entries, not {expected}")]
    Width {
        /// Entries that belong into it.
        expected: u16,
        /// Entries that were found.
        found: usize,
    },
    /// An entry longer than 65,535 bytes.
    #[error("an entry of {0} bytes is too long")]
    Long(usize),
    /// The bytes end within an entry or its length.
    #[error("the bundle ends within an entry")]
    Cut,
    /// Bytes follow the last entry.
    #[error("{0} bytes follow the last entry")]
    Trailing(usize),
}

impl Bundle {
    /// The bundle of an index and a width from 1 to 256, if it can exist.
    pub fn new(index: u64, width: u16) -> Option<Self> {
        Tile::new(0, index, width).map(Bundle)
    }

    /// The bundles that are written when a log grows, from left to right.
    pub fn written(old_size: u64, new_size: u64) -> impl Iterator<Item = Bundle> {
        written_in_level(old_size, new_size, 0).map(Bundle)
    }

    /// The tile with the hashes of the entries.
    pub fn tile(&self) -> Tile {
        self.0
    }

    /// The indices of the entries.
    pub fn indices(&self) -> Range<u64> {
        let first = self.0.index() * u64::from(TILE_WIDTH);
        first..first + u64::from(self.0.width())
    }

    /// Parses the path of a bundle; exactly one text stands for each.
    pub fn parse(path: &str) -> Option<Self> {
        let (index, width) = parse_place(path.strip_prefix("tile/entries/")?)?;
        Bundle::new(index, width).filter(|bundle| bundle.to_string() == path)
    }

    /// The bytes of the bundle: each entry after its length in two bytes, most significant first.
    pub fn encode<'e>(&self, entries: impl IntoIterator<Item = &'e [u8]>) -> Result<Vec<u8>, BundleError> {
        let mut bytes = Vec::new();
        let mut found = 0;
        for entry in entries {
            let length = u16::try_from(entry.len()).map_err(|_| BundleError::Long(entry.len()))?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(entry);
            found += 1;
        }
        self.exact_width(found)?;
        Ok(bytes)
    }

    /// The entries in the bytes of the bundle. Whether they are the log's is for their hashes to say:
    /// append them to a [`Frontier`](crate::Frontier), or compare them with a tile.
    pub fn decode<'b>(&self, mut bytes: &'b [u8]) -> Result<Vec<&'b [u8]>, BundleError> {
        let mut entries = Vec::new();
        while entries.len() < usize::from(self.0.width()) && !bytes.is_empty() {
            let (length, rest) = bytes.split_first_chunk().ok_or(BundleError::Cut)?;
            let length = u16::from_be_bytes(*length).into();
            let (entry, rest) = rest.split_at_checked(length).ok_or(BundleError::Cut)?;
            entries.push(entry);
            bytes = rest;
        }
        self.exact_width(entries.len())?;
        if bytes.is_empty() { Ok(entries) } else { Err(BundleError::Trailing(bytes.len())) }
    }

    fn exact_width(&self, found: usize) -> Result<(), BundleError> {
        let expected = self.0.width();
        if found == usize::from(expected) { Ok(()) } else { Err(BundleError::Width { expected, found }) }
    }
}

/// The path relative to the log's prefix: `tile/entries/<index>[.p/<width>]`.
impl fmt::Display for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tile/entries/")?;
        write_place(f, self.0.index(), self.0.width())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_round_trip() {
        let bundle = Bundle::new(1, 3).unwrap();
        assert_eq!(bundle.indices(), 256..259);
        let long = vec![7; MAX_ENTRY_BYTES];
        let entries: [&[u8]; 3] = [b"one", b"", &long];
        let bytes = bundle.encode(entries).unwrap();
        assert_eq!(bytes[..7], *b"\x00\x03one\x00\x00");
        assert_eq!(bundle.decode(&bytes).unwrap(), entries);
        assert_eq!(bundle.encode([&[7; MAX_ENTRY_BYTES + 1][..]; 3]), Err(BundleError::Long(65_536)));
        let width = |found| Err(BundleError::Width { expected: 3, found });
        assert_eq!(bundle.encode([&b"one"[..]; 2]), width(2));
        assert_eq!(bundle.encode([&b"one"[..]; 4]), width(4));
    }

    #[test]
    fn bytes_are_read_strictly() {
        let bundle = Bundle::new(0, 2).unwrap();
        for (bytes, error) in [
            (&b""[..], BundleError::Width { expected: 2, found: 0 }),
            (b"\x00\x01a", BundleError::Width { expected: 2, found: 1 }),
            (b"\x00\x01a\x00", BundleError::Cut),
            (b"\x00\x01a\x00\x02b", BundleError::Cut),
            (b"\x00\x01a\x00\x01bc", BundleError::Trailing(1)),
            (b"\x00\x01a\x00\x01b\x00\x01c", BundleError::Trailing(3)),
        ] {
            assert_eq!(bundle.decode(bytes), Err(error));
        }
    }

    #[test]
    fn one_path_for_each_bundle() {
        for (path, index, width) in [
            ("tile/entries/000", 0, 256),
            ("tile/entries/x001/x234/067", 1_234_067, 256),
            ("tile/entries/003.p/232", 3, 232),
        ] {
            let bundle = Bundle::new(index, width).unwrap();
            assert_eq!(bundle.to_string(), path);
            assert_eq!(Bundle::parse(path), Some(bundle));
            assert_eq!(Tile::parse(path), None);
        }
        for bad in ["", "tile/entries/", "tile/entries/00", "tile/entries/000.p/256", "tile/0/000"] {
            assert_eq!(Bundle::parse(bad), None, "{bad}");
        }
        assert_eq!(Bundle::written(254, 257).map(|b| b.indices()).collect::<Vec<_>>(), [0..256, 256..257]);
    }
}
