//! The public side of the ledger: its signed head and its Merkle tree, for anybody to audit (C2SP tlog-tiles). Shows
//! digests of events, never an event.

use std::sync::Arc;

use ca_core::ledger::heads::{LEDGER_COSIGNATURES, LEDGER_HEADS, latest_note};
use ca_core::ledger::tree::{StoredTiles, entry};
use ca_core::ledger::{Position, read};
use ca_core::storage::{StorageError, Store};
use ca_core::tlog::tile::{FULL_WIDTH, Resource, Tile, Width, append_entry, to_octets};

/// Which head is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishedHead {
    /// The latest that the log signed: no witnesses are asked for.
    Signed,
    /// The latest that enough witnesses have cosigned.
    Cosigned,
}

/// Publishes the ledger kept in a store.
#[derive(Debug, Clone)]
pub struct LedgerPublication {
    store: Arc<dyn Store>,
    head: PublishedHead,
}

impl LedgerPublication {
    /// Publishes the ledger in `store` under the head of this kind.
    pub const fn new(store: Arc<dyn Store>, head: PublishedHead) -> Self {
        Self { store, head }
    }

    /// The checkpoint: a signed note. `None` before there is one.
    ///
    /// # Errors
    /// The store failed.
    pub fn checkpoint(&self) -> Result<Option<Vec<u8>>, StorageError> {
        let table = match self.head {
            PublishedHead::Signed => LEDGER_HEADS,
            PublishedHead::Cosigned => LEDGER_COSIGNATURES,
        };
        latest_note(self.store.as_ref(), table)
    }

    /// A tile or an entry bundle, by its path. `None` where there is none, or none as wide.
    ///
    /// # Errors
    /// The store failed.
    pub fn resource(&self, path: &str) -> Result<Option<Vec<u8>>, StorageError> {
        match path.parse() {
            Ok(Resource::Hashes(tile)) => self.hashes(tile),
            Ok(Resource::Entries { index, width }) => self.entries(index, width),
            Err(_) => Ok(None),
        }
    }

    fn hashes(&self, tile: Tile) -> Result<Option<Vec<u8>>, StorageError> {
        // A tile that is not there at all is no failure: anybody may ask for anything.
        let Some(hashes) = StoredTiles(self.store.as_ref()).find(tile)? else { return Ok(None) };
        let wanted = hashes.get(..usize::from(tile.width().get()));
        Ok(wanted.map(to_octets))
    }

    /// tlog-tiles, "Log Entries": the entries under a level-0 tile, each after its length.
    fn entries(&self, index: u64, width: Width) -> Result<Option<Vec<u8>>, StorageError> {
        let Some(tile) = Tile::new(0, index, width) else { return Ok(None) };
        // Only what is sealed: an entry must not be seen before the head that covers it can be.
        let Some(first) = index.checked_mul(u64::from(FULL_WIDTH)) else { return Ok(None) };
        if self.hashes(tile)?.is_none() {
            return Ok(None);
        }
        let mut bundle = Vec::new();
        let events = read(self.store.as_ref(), Position(first), usize::from(width.get()))?;
        for recorded in &events {
            append_entry(&mut bundle, &entry(&recorded.octets))
                .map_err(|error| StorageError(error.to_string()))?;
        }
        Ok((events.len() == usize::from(width.get())).then_some(bundle))
    }
}
