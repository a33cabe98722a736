//! Fills a new store with an export.

use std::collections::BTreeMap;
use std::path::Path;

use super::disk::{Disk, engine};
use super::layout::{Blob, Body, CHUNK, FORMAT, LEDGER_KEY, Record, record_key};
use super::page::{self, PageNumber};
use crate::ledger::{EVENTS, Position};
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
    /// The page of the last event given, not written yet.
    open: Option<OpenPage>,
}

struct OpenPage {
    number: PageNumber,
    /// Records by slot.
    records: BTreeMap<u8, Vec<u8>>,
}

impl Filling {
    pub(super) fn begin(folder: &Path) -> Result<Self, StorageError> {
        let disk = Disk::begin_restore(folder)?;
        Ok(Self { disk, unflushed: 0, large: 0, events: 0, open: None })
    }

    /// The record of a value; one that is longer than `inline` is stored in chunks at once.
    fn record(&mut self, value: &[u8], inline: usize) -> Result<Vec<u8>, StorageError> {
        let body = if value.len() <= inline { Body::Inline(value) } else { Body::Chunked(self.blob(value)?) };
        let mut octets = Vec::with_capacity(value.len().min(inline) + 32);
        Record { version: RESTORED, body }.encode(&mut octets);
        Ok(octets)
    }

    fn blob(&mut self, value: &[u8]) -> Result<Blob, StorageError> {
        let blob = Blob { version: RESTORED, ordinal: self.large, length: value.len() as u64 };
        self.large = self.large.checked_add(1).ok_or_else(|| {
            StorageError("the export holds more large values than this store can take".to_owned())
        })?;
        for (key, chunk) in blob.chunk_keys().zip(value.chunks(CHUNK)) {
            self.disk.tree.insert(key, chunk).map_err(|e| engine(&e))?;
        }
        Ok(blob)
    }

    fn put_record(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) -> Result<(), StorageError> {
        let full = record_key(table, key)?;
        let replaced = match value.map(|value| self.record(value, CHUNK)).transpose()? {
            Some(record) => self.disk.tree.insert(full, record),
            None => self.disk.tree.remove(full),
        };
        self.remove_chunks(replaced.map_err(|e| engine(&e))?.as_deref())
    }

    fn put_event(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), StorageError> {
        let position = Position::from_key(key)?;
        let record = value.map(|value| self.record(value, page::INLINE)).transpose()?;
        let (page, slot) = (self.open(PageNumber::of(position))?, page::slot(position));
        let replaced = match record {
            Some(record) => page.records.insert(slot, record),
            None => page.records.remove(&slot),
        };
        self.events += u64::from(value.is_some());
        self.events -= u64::from(replaced.is_some());
        self.remove_chunks(replaced.as_deref())
    }

    /// Opens a page; the one that was open is written.
    fn open(&mut self, number: PageNumber) -> Result<&mut OpenPage, StorageError> {
        if self.open.as_ref().is_some_and(|open| open.number != number) {
            self.write_page()?;
        }
        if self.open.is_none() {
            let page = self.disk.find(&number.key())?.unwrap_or_default();
            let records = page::entries(&page)?.into_iter().map(|(slot, record)| (slot, record.to_vec()));
            self.open = Some(OpenPage { number, records: records.collect() });
        }
        self.open.as_mut().ok_or_else(|| StorageError("no page of events is open".to_owned()))
    }

    fn write_page(&mut self) -> Result<(), StorageError> {
        let Some(OpenPage { number, records }) = self.open.take() else { return Ok(()) };
        let mut octets = Vec::new();
        for (slot, record) in records {
            page::append(&mut octets, slot, |page| page.extend_from_slice(&record));
        }
        self.disk.tree.insert(number.key(), octets).map(|_| ()).map_err(|e| engine(&e))
    }

    /// Removes the chunks of a record that was replaced.
    fn remove_chunks(&self, replaced: Option<&[u8]>) -> Result<(), StorageError> {
        let blob = replaced.map(Record::decode).transpose()?.and_then(|record| record.blob());
        let chunks = blob.into_iter().flat_map(Blob::chunk_keys);
        chunks.into_iter().try_for_each(|key| self.disk.tree.remove(key).map(|_| ()).map_err(|e| engine(&e)))
    }
}

impl Restore for Filling {
    fn put(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) -> Result<(), StorageError> {
        if table == EVENTS {
            self.put_event(key, value)?;
        } else {
            self.put_record(table, key, value)?;
        }
        self.unflushed += key.len() + value.map_or(0, <[u8]>::len);
        if self.unflushed >= FLUSH {
            self.unflushed = 0;
            self.disk.make_durable()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, moment: Moment) -> Result<(), StorageError> {
        if self.events != moment.ledger_size {
            return Err(incomplete(self.events, moment));
        }
        self.write_page()?;
        self.disk.tree.insert(LEDGER_KEY, &self.events.to_be_bytes()).map_err(|e| engine(&e))?;
        // All of it is durable before the mark that forbids its use goes.
        self.disk.make_durable()?;
        self.disk.name(FORMAT)
    }
}
