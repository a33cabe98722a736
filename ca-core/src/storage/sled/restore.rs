//! Fills a new store with an export.

use std::path::Path;

use super::disk::{Disk, engine};
use super::layout::{Blob, Body, CHUNK, FORMAT, LEDGER_KEY, Record, record_key};
use crate::ledger::EVENTS;
use crate::storage::{Moment, Restore, StorageError, Table, Version, incomplete};

/// Octets after which sled flushes what it was given, so that its memory stays bounded.
const FLUSH: usize = 64 * 1024 * 1024;
/// The version of everything restored. Versions given later are greater.
const RESTORED: Version = Version(0);

/// A store being filled.
pub(super) struct Filling {
    disk: Disk,
    /// Octets given since the last flush.
    unflushed: usize,
    /// Large values so far: their chunks are told apart by this.
    large: u32,
    events: u64,
}

impl Filling {
    pub(super) fn begin(folder: &Path) -> Result<Self, StorageError> {
        Ok(Self { disk: Disk::begin_restore(folder)?, unflushed: 0, large: 0, events: 0 })
    }

    /// Where the record's value goes: a large one's chunks are stored at once.
    fn body<'a>(&mut self, value: &'a [u8]) -> Result<Body<'a>, StorageError> {
        if value.len() <= CHUNK {
            return Ok(Body::Inline(value));
        }
        let blob = Blob { version: RESTORED, ordinal: self.large, length: value.len() as u64 };
        self.large = self.large.checked_add(1).ok_or_else(|| {
            StorageError("the export holds more large values than this store can take".to_owned())
        })?;
        for (key, chunk) in blob.chunk_keys().zip(value.chunks(CHUNK)) {
            self.disk.tree.insert(key, chunk).map_err(|e| engine(&e))?;
        }
        Ok(Body::Chunked(blob))
    }
}

impl Restore for Filling {
    fn put(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) -> Result<(), StorageError> {
        let full = record_key(table, key)?;
        let replaced = match value {
            Some(value) => {
                let body = self.body(value)?;
                let mut octets = Vec::with_capacity(value.len() + 32);
                Record { version: RESTORED, body }.encode(&mut octets);
                self.disk.tree.insert(full, octets)
            }
            None => self.disk.tree.remove(full),
        };
        let replaced = replaced.map_err(|e| engine(&e))?;
        if let Some(blob) =
            replaced.as_deref().map(Record::decode).transpose()?.and_then(|record| record.blob())
        {
            for chunk in blob.chunk_keys() {
                self.disk.tree.remove(chunk).map_err(|e| engine(&e))?;
            }
        }
        if table == EVENTS {
            self.events += u64::from(value.is_some());
            self.events -= u64::from(replaced.is_some());
        }
        self.unflushed += key.len() + value.map_or(0, <[u8]>::len);
        if self.unflushed >= FLUSH {
            self.unflushed = 0;
            self.disk.make_durable()?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>, moment: Moment) -> Result<(), StorageError> {
        if self.events != moment.ledger_size {
            return Err(incomplete(self.events, moment));
        }
        self.disk.tree.insert(LEDGER_KEY, &self.events.to_be_bytes()).map_err(|e| engine(&e))?;
        // All of it is durable before the mark that forbids its use goes.
        self.disk.make_durable()?;
        self.disk.name(FORMAT)
    }
}
