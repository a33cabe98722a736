//! A batch in the making: changes that still hold, one on top of the other.

use std::collections::BTreeMap;

use super::disk::Disk;
use super::layout::{Blob, Body, CHUNK, LEDGER_KEY, Record, SEQUENCE_KEY, record_key};
use super::veil::Before;
use crate::ledger::{EVENTS, Position};
use crate::storage::expectation::judge;
use crate::storage::{AuditedChange, CommitError, Committed, Operation, StorageError, Table, Version, Write};

/// A batch in the making.
pub(super) struct Draft<'a> {
    disk: &'a Disk,
    counts: Counts,
    before: Before,
    /// What stands under the keys written so far.
    after: BTreeMap<Vec<u8>, Option<Record>>,
    batch: ::sled::Batch,
}

/// What the store counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counts {
    /// Committed changes, ever.
    pub(super) sequence: u64,
    /// Events of the ledger.
    pub(super) ledger_size: u64,
}

/// A finished batch.
pub(super) struct Finished {
    /// The state before it.
    pub(super) before: Before,
    /// The counts after it.
    pub(super) counts: Counts,
    /// Its writes.
    pub(super) batch: ::sled::Batch,
}

impl<'a> Draft<'a> {
    /// An empty batch on top of `disk`, where the counts stand so.
    pub(super) fn new(disk: &'a Disk, counts: Counts) -> Self {
        let (before, after) = (BTreeMap::new(), BTreeMap::new());
        Self { disk, counts, before, after, batch: ::sled::Batch::default() }
    }

    /// Adds a change, if its expectations hold on top of those added before.
    ///
    /// # Errors
    /// Outside: the engine failed, and the whole batch with it. Inside: this change is refused, the batch stands.
    pub(super) fn add(
        &mut self,
        change: &AuditedChange,
    ) -> Result<Result<Committed, CommitError>, StorageError> {
        if let Err(refusal) = judge(change, |write| self.version(write)) {
            return Ok(Err(refusal));
        }
        self.counts.sequence += 1;
        let mut ordinals = 0_u32..;
        for (write, ordinal) in change.writes().iter().zip(&mut ordinals) {
            match &write.operation {
                Operation::Check => {}
                Operation::Delete => self.set(write.table, &write.key, None)?,
                Operation::Put(value) => {
                    let record = self.store(ordinal, value);
                    self.set(write.table, &write.key, Some(record))?;
                }
            }
        }
        let position = Position(self.counts.ledger_size);
        for (event, ordinal) in change.events().iter().zip(ordinals) {
            let record = self.store(ordinal, event);
            self.set(EVENTS, &Position(self.counts.ledger_size).key(), Some(record))?;
            self.counts.ledger_size += 1;
        }
        Ok(Ok(Committed { version: Version(self.counts.sequence), position }))
    }

    /// The finished batch; `None` when it writes nothing.
    pub(super) fn finish(mut self) -> Option<Finished> {
        if self.after.is_empty() {
            return None;
        }
        for (key, record) in self.after {
            match record {
                Some(record) => self.batch.insert(key, record.encode()),
                None => self.batch.remove(key),
            }
        }
        self.batch.insert(SEQUENCE_KEY, &self.counts.sequence.to_be_bytes());
        self.batch.insert(LEDGER_KEY, &self.counts.ledger_size.to_be_bytes());
        Some(Finished { before: self.before, counts: self.counts, batch: self.batch })
    }

    fn version(&self, write: &Write) -> Result<Option<Version>, StorageError> {
        let key = record_key(write.table, &write.key)?;
        match self.after.get(&key) {
            Some(record) => Ok(record.as_ref().map(|record| record.version)),
            None => self.disk.version(&key),
        }
    }

    /// Puts a large value's chunks into the batch; a small one stays with its record.
    fn store(&mut self, ordinal: u32, value: &[u8]) -> Record {
        let version = Version(self.counts.sequence);
        if value.len() <= CHUNK {
            return Record { version, body: Body::Inline(value.to_vec()) };
        }
        let blob = Blob { version, ordinal, length: value.len() as u64 };
        for (key, chunk) in blob.chunk_keys().zip(value.chunks(CHUNK)) {
            self.batch.insert(key, chunk);
        }
        Record { version, body: Body::Chunked(blob) }
    }

    /// Lets `record` stand under a key from now on and removes the chunks of what stood there.
    fn set(&mut self, table: Table, key: &[u8], record: Option<Record>) -> Result<(), StorageError> {
        let key = record_key(table, key)?;
        let replaced = match self.after.get(&key) {
            Some(replaced) => replaced.clone(),
            None => {
                let found = self.disk.record(&key)?;
                let shown = found.clone().map(|record| self.disk.value_of(record)).transpose()?;
                self.before.insert(key.clone(), shown);
                found
            }
        };
        if let Some(Record { body: Body::Chunked(blob), .. }) = replaced {
            blob.chunk_keys().for_each(|chunk| self.batch.remove(chunk));
        }
        self.after.insert(key, record);
        Ok(())
    }
}
