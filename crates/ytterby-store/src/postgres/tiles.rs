//! Tiles that were read, as a reader that proofs and growth can ask without waiting.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use tokio_postgres::Row;
use ytterby_tlog::{Tile, TileError};

use super::rows::{Cells, stored};
use crate::StoreError;

/// Level and index of a tile.
pub(super) type Place = (u8, u64);

/// Tiles by their places, each in the width in which it was last written, and the places that were
/// asked for and are not there.
#[derive(Debug, Default)]
pub(super) struct Tiles {
    known: HashMap<Place, Vec<u8>>,
    missed: Mutex<BTreeSet<Place>>,
}

impl Tiles {
    /// The tiles of some rows: level, index, bytes.
    pub(super) fn of(rows: &[Row]) -> Result<Self, StoreError> {
        let mut tiles = Tiles::default();
        tiles.add(rows)?;
        Ok(tiles)
    }

    /// Adds the tiles of more rows.
    pub(super) fn add(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        for row in rows {
            let cells = Cells::new("tiles", row);
            let level = u8::try_from(cells.get::<i16>(0)?).map_err(|error| cells.wrong(error))?;
            self.known.insert((level, cells.count(1)?), cells.get(2)?);
        }
        Ok(())
    }

    /// Adds one.
    pub(super) fn insert(&mut self, tile: Tile, bytes: Vec<u8>) {
        self.known.insert((tile.level(), tile.index()), bytes);
    }

    /// The bytes of a tile, of its width; `None` if so many are not there.
    pub(super) fn read(&self, tile: Tile) -> Option<Vec<u8>> {
        let place = (tile.level(), tile.index());
        let Some(bytes) = self.known.get(&place) else {
            self.missed.lock().unwrap_or_else(PoisonError::into_inner).insert(place);
            return None;
        };
        bytes.get(..usize::from(tile.width()) * 32).map(<[u8]>::to_vec)
    }

    /// The places that were asked for in vain since the last time.
    pub(super) fn missed(&self) -> BTreeSet<Place> {
        std::mem::take(&mut *self.missed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Levels and indices of places, as array parameters take them.
pub(super) fn columns(places: &BTreeSet<Place>) -> Result<(Vec<i16>, Vec<i64>), StoreError> {
    let row = |(level, index): &Place| Ok((i16::from(*level), stored(*index)?));
    places.iter().map(row).collect()
}

/// The error of tiles that give no proof.
pub(super) fn damaged(error: &TileError<std::convert::Infallible>) -> StoreError {
    StoreError::Inconsistent { table: "tiles", detail: error.to_string() }
}
