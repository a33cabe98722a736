//! The Merkle tree over the ledger, as it is kept: tiles in a table, computed from the events and nothing else.

use crate::storage::{StorageError, Store, Table};
use crate::tlog::hash::{Hash, leaf_hash};
use crate::tlog::tile::{Tile, from_octets};
use crate::tlog::tree::Tiles;

use super::Written;

/// Tiles of hashes: level (1 octet), index (8 octets, big-endian) → the hashes, one after the other. Of a partial tile
/// only the widest is kept: narrower ones are its beginning.
pub const LEDGER_TILES: Table = Table::octets("ledger_tiles");

/// The entry of the public tree for an event as stored: its SHA-256. The event's salt keeps what it says from being
/// guessed.
pub fn entry(event: &[u8]) -> [u8; 32] {
    Written::of(event).0
}

/// The leaf of the tree for an event as stored.
pub fn leaf(event: &[u8]) -> Hash {
    leaf_hash(&entry(event))
}

/// The tiles in a store.
#[derive(Debug, Clone, Copy)]
pub struct StoredTiles<'a>(pub &'a dyn Store);

impl StoredTiles<'_> {
    /// The widest that is kept of a tile; `None` where there is nothing.
    ///
    /// # Errors
    /// The store failed, or the tile is damaged.
    pub fn find(&self, tile: Tile) -> Result<Option<Vec<Hash>>, StorageError> {
        let Some(found) = self.0.get(LEDGER_TILES, &key(tile))? else { return Ok(None) };
        let damaged = || StorageError(format!("{tile} of the ledger is damaged"));
        from_octets(&found.value).ok_or_else(damaged).map(Some)
    }
}

impl Tiles for StoredTiles<'_> {
    type Error = StorageError;

    fn read(&self, tile: Tile) -> Result<Vec<Hash>, StorageError> {
        self.find(tile)?.ok_or_else(|| StorageError(format!("{tile} of the ledger is not there")))
    }
}

/// Where a tile is kept.
pub(super) fn key(tile: Tile) -> Vec<u8> {
    let mut key = vec![tile.level()];
    key.extend_from_slice(&tile.index().to_be_bytes());
    key
}
