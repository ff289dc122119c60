//! Where the hashes of a log lie: in tiles of at most 256, each a static file that never changes.
//! Implements proto-docs/log.md, "Tiles" (C2SP tlog-tiles).
//!
//! ```text
//! tile/0/x001/x234/067        level 0, index 1234067, full
//! tile/1/000.p/3              level 1, index 0, the first three hashes
//! ```

use std::fmt;

use crate::line;

/// Hashes in a full tile.
pub const TILE_WIDTH: u16 = 256;

/// The highest level: each hash there covers 2⁵⁶ leaves, and one above would cover more leaves than
/// a `u64` counts.
const MAX_LEVEL: u8 = 7;

/// The coordinates of a tile that a log can have: its last hash covers leaves below 2⁶⁴.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

impl Tile {
    /// The tile of a level, an index within the level and a width from 1 to 256, if it can exist.
    pub fn new(level: u8, index: u64, width: u16) -> Option<Self> {
        let in_range = level <= MAX_LEVEL && (1..=TILE_WIDTH).contains(&width);
        let hashes = index.checked_mul(TILE_WIDTH.into())?.checked_add(width.into())?;
        (in_range && hashes.checked_mul(1 << (8 * level)).is_some()).then_some(Tile { level, index, width })
    }

    /// Level: each hash covers `256^level` leaves.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// Index within the level.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Number of hashes, from 1 to 256.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// One past the last leaf that its hashes cover: a log of that size or more has the tile.
    pub fn end(&self) -> u64 {
        (self.index * u64::from(TILE_WIDTH) + u64::from(self.width)) << (8 * u32::from(self.level))
    }

    /// Whether it is full, and thus the foot of a hash in the level above.
    pub fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The full tile at the same place, if it can exist: a log may have deleted what it replaces.
    pub fn full(&self) -> Option<Tile> {
        Tile::new(self.level, self.index, TILE_WIDTH)
    }

    /// The partial tiles that stand at the right edge of a log of this size, from level 0 up.
    pub fn edge(size: u64) -> impl Iterator<Item = Tile> {
        Tile::levels().filter_map(move |level| Tile::edge_of_level(size, level))
    }

    /// The partial tile of one level.
    pub(crate) fn edge_of_level(size: u64, level: u8) -> Option<Tile> {
        let (index, width) = last(size, level);
        Tile::new(level, index, width)
    }

    /// All levels that a log can have.
    pub(crate) fn levels() -> impl Iterator<Item = u8> {
        0..=MAX_LEVEL
    }

    /// The tiles that are written when a log grows: every full one that was not full before, and the
    /// partial ones of the new size that hold more than before. From level 0 up, left to right.
    pub fn written(old_size: u64, new_size: u64) -> impl Iterator<Item = Tile> {
        Tile::levels().flat_map(move |level| written_in_level(old_size, new_size, level))
    }

    /// Parses the path of a tile; exactly one text stands for each tile.
    pub fn parse(path: &str) -> Option<Self> {
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let (index, width) = parse_place(rest)?;
        let tile = Tile::new(line::decimal(level)?.try_into().ok()?, index, width)?;
        (tile.to_string() == path).then_some(tile)
    }
}

/// The path relative to the log's prefix: `tile/<level>/<index>[.p/<width>]`.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        write_place(f, self.index, self.width)
    }
}

/// Index and width of the partial tile of a level; width 0 if there is none.
fn last(size: u64, level: u8) -> (u64, u16) {
    let hashes = size >> (8 * level);
    (hashes / u64::from(TILE_WIDTH), (hashes % u64::from(TILE_WIDTH)) as u16)
}

/// The tiles of one level that are written when a log grows.
pub(crate) fn written_in_level(old_size: u64, new_size: u64, level: u8) -> impl Iterator<Item = Tile> {
    let (first, before) = last(old_size, level);
    let (end, width) = last(new_size, level);
    let full = (first..end).filter_map(move |index| Tile::new(level, index, TILE_WIDTH));
    let grown = end > first || (end == first && width > before);
    full.chain(Tile::new(level, end, width).filter(|_| grown))
}

/// Writes an index in groups of three digits, all but the last marked, and the width of a partial
/// tile.
pub(crate) fn write_place(f: &mut fmt::Formatter<'_>, index: u64, width: u16) -> fmt::Result {
    let mut groups = vec![index % 1000];
    let mut rest = index / 1000;
    while rest > 0 {
        groups.push(rest % 1000);
        rest /= 1000;
    }
    for group in groups[1..].iter().rev() {
        write!(f, "x{group:03}/")?;
    }
    write!(f, "{:03}", groups[0])?;
    if width < TILE_WIDTH { write!(f, ".p/{width}") } else { Ok(()) }
}

/// Reads an index and a width; whoever calls compares the text with the one printed for them.
pub(crate) fn parse_place(text: &str) -> Option<(u64, u16)> {
    let (index, width) = match text.split_once(".p/") {
        Some((index, width)) => (index, line::decimal(width)?.try_into().ok()?),
        None => (text, TILE_WIDTH),
    };
    let index = index.split('/').try_fold(0u64, |index, group| {
        let digits = group.strip_prefix('x').unwrap_or(group);
        let group: u64 = digits.parse().ok()?;
        index.checked_mul(1000)?.checked_add(group)
    })?;
    Some((index, width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_path_for_each_tile() {
        for (path, level, index, width) in [
            ("tile/0/000", 0, 0, 256),
            ("tile/0/x001/x234/067", 0, 1_234_067, 256),
            ("tile/1/000.p/3", 1, 0, 3),
            ("tile/7/000.p/255", 7, 0, 255),
            ("tile/0/x001/000.p/1", 0, 1000, 1),
            ("tile/2/999.p/200", 2, 999, 200),
        ] {
            let tile = Tile::new(level, index, width).unwrap();
            assert_eq!(tile.to_string(), path);
            assert_eq!(Tile::parse(path), Some(tile));
        }
        for (bad, why) in [
            ("", "nothing"),
            ("tile/0", "no index"),
            ("tile/0/", "an empty index"),
            ("/tile/0/000", "a leading slash"),
            ("tile/0/000/", "a trailing slash"),
            ("tile/00/000", "a padded level"),
            ("tile/8/000", "a level above all leaves"),
            ("tile/-1/000", "a negative level"),
            ("tile/data/000", "a level that is no number"),
            ("tile/0/00", "two digits"),
            ("tile/0/0000", "four digits"),
            ("tile/0/x000/001", "a leading group of zeros"),
            ("tile/0/001/234", "a group without its mark"),
            ("tile/0/x001", "a mark on the last group"),
            ("tile/0/xx01/000", "two marks"),
            ("tile/0/x001//000", "an empty group"),
            ("tile/0/+01", "a sign"),
            ("tile/0/000.p/0", "no hashes"),
            ("tile/0/000.p/256", "a full tile as a partial one"),
            ("tile/0/000.p/03", "a padded width"),
            ("tile/0/000.p/", "no width"),
            ("tile/0/000.p/3/4", "more after the width"),
            ("tile/7/000", "more leaves than a u64 counts"),
            ("tile/7/001.p/1", "leaves behind the last"),
            ("tile/0/x018/x446/x744/x073/x709/x551/616", "an index above a u64"),
        ] {
            assert_eq!(Tile::parse(bad), None, "{why}");
        }
    }

    #[test]
    fn the_example_of_the_specification() {
        let tiles: Vec<Tile> = Tile::written(0, 70_000).collect();
        let count = |level, full| tiles.iter().filter(|t| t.level == level && t.is_full() == full).count();
        assert_eq!([count(0, true), count(0, false), count(1, true), count(1, false)], [273, 1, 1, 1]);
        assert_eq!(
            Tile::edge(70_000).map(|t| t.to_string()).collect::<Vec<_>>(),
            ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]
        );
        assert_eq!(
            Tile::written(0, 256).map(|t| t.to_string()).collect::<Vec<_>>(),
            ["tile/0/000", "tile/1/000.p/1"]
        );
    }

    #[test]
    fn growth_writes_what_changed() {
        let paths = |old, new| Tile::written(old, new).map(|t| t.to_string()).collect::<Vec<_>>();
        assert_eq!(paths(7, 7), [""; 0]);
        assert_eq!(paths(9, 7), [""; 0]);
        assert_eq!(paths(254, 255), ["tile/0/000.p/255"]);
        assert_eq!(paths(255, 256), ["tile/0/000", "tile/1/000.p/1"]);
        assert_eq!(paths(256, 257), ["tile/0/001.p/1"]);
        assert_eq!(paths(65_535, 65_536), ["tile/0/255", "tile/1/000", "tile/2/000.p/1"]);
        assert_eq!(paths(65_536, 65_537), ["tile/0/256.p/1"]);
        assert_eq!(paths(200, 600), ["tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2"]);
        assert_eq!(Tile::edge(u64::MAX).count(), 8);
        // The tiles that a growth writes reach no further than the log then does, and the last of each level
        // ends where its hashes do.
        for (old, new) in [(0, 1), (255, 256), (65_535, 65_536), (200, 70_000)] {
            assert!(Tile::written(old, new).all(|tile| tile.end() <= new), "{old} {new}");
        }
        let ends: Vec<u64> = Tile::edge(70_000).map(|tile| tile.end()).collect();
        assert_eq!(ends, [70_000, 69_888, 65_536]);
    }
}
