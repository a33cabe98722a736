//! A batch in the making: changes that still hold, one on top of the other.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};

use super::disk::Disk;
use super::layout::{Blob, Body, CHUNK, LEDGER_KEY, Record, SEEN_KEY, SEQUENCE_KEY, record_key};
use super::ops::Ops;
use crate::ledger::{EVENTS, Position};
use crate::storage::expectation::judge;
use crate::storage::{AuditedChange, CommitError, Committed, Operation, StorageError, Version};

/// A change made ready on its caller's thread.
#[derive(Debug)]
pub(super) struct Prepared {
    change: AuditedChange,
    /// The tree's keys of its writes, in their order.
    keys: Vec<Vec<u8>>,
}

impl Prepared {
    pub(super) fn new(change: AuditedChange) -> Result<Self, StorageError> {
        let keys = change.writes().iter().map(|write| record_key(write.table, &write.key));
        let keys = keys.collect::<Result<_, _>>()?;
        Ok(Self { change, keys })
    }

    /// About how many octets it writes.
    pub(super) fn size(&self) -> usize {
        self.change.octets()
    }
}

/// What stands under a key, as far as the next change must know it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    version: Version,
    blob: Option<Blob>,
}

/// What stands under the keys that a batch wrote; `None`: nothing.
pub(super) type Written = HashMap<Vec<u8>, Option<Standing>>;

/// What the store counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counts {
    /// Committed changes, ever.
    pub(super) sequence: u64,
    /// Events of the ledger.
    pub(super) ledger_size: u64,
}

/// A batch in the making.
pub(super) struct Draft<'a> {
    disk: &'a Disk,
    /// What batches wrote that the tree does not show yet, the oldest first.
    before: &'a VecDeque<(u64, Written)>,
    counts: Counts,
    written: Written,
    ops: Ops,
}

/// A finished batch.
pub(super) struct Finished {
    /// The counts after it.
    pub(super) counts: Counts,
    /// What stands under the keys it writes.
    pub(super) written: Written,
    /// Its writes.
    pub(super) ops: Vec<u8>,
}

impl<'a> Draft<'a> {
    /// An empty batch on top of `disk` and those `before` it, where the counts stand so.
    pub(super) fn new(disk: &'a Disk, before: &'a VecDeque<(u64, Written)>, counts: Counts) -> Self {
        Self { disk, before, counts, written: Written::new(), ops: Ops::default() }
    }

    /// Adds a change, if its expectations hold on top of those added before. Takes its keys; the rest goes back to its
    /// caller, whose thread has the memory to free: across threads that costs more.
    ///
    /// # Errors
    /// Outside: the engine failed, and the whole batch with it. Inside: this change is refused, the batch stands.
    pub(super) fn add(
        &mut self,
        prepared: &mut Prepared,
    ) -> Result<Result<Committed, CommitError>, StorageError> {
        let Prepared { change, keys } = prepared;
        let keys = std::mem::take(keys);
        // The judge looks at each write once, in order.
        let found = RefCell::new(Vec::with_capacity(keys.len()));
        let judged = judge(change, |_| {
            let mut found = found.borrow_mut();
            let standing = keys.get(found.len()).map_or(Ok(None), |key| self.standing(key))?;
            found.push(standing);
            Ok(standing.map(|standing| standing.version))
        });
        if let Err(refusal) = judged {
            return Ok(Err(refusal));
        }
        self.counts.sequence += 1;
        let mut ordinals = 0_u32..;
        let writes = change.writes().iter().zip(keys).zip(found.into_inner());
        for (((write, key), replaced), ordinal) in writes.zip(&mut ordinals) {
            match &write.operation {
                Operation::Check => {}
                Operation::Delete => self.remove(key, replaced)?,
                Operation::Put(value) => self.put(key, replaced, ordinal, value)?,
            }
        }
        let position = Position(self.counts.ledger_size);
        for (event, ordinal) in change.events().iter().zip(ordinals) {
            let key = record_key(EVENTS, &Position(self.counts.ledger_size).key())?;
            // Nothing stands there yet: the store alone gives positions.
            self.put(key, None, ordinal, event)?;
            self.counts.ledger_size += 1;
        }
        self.ops.end(self.counts.ledger_size);
        Ok(Ok(Committed { version: Version(self.counts.sequence), position }))
    }

    /// The finished batch, to be the journal's frame of this number; `None` when it writes nothing.
    pub(super) fn finish(mut self, frame: u64) -> Result<Option<Finished>, StorageError> {
        if self.written.is_empty() {
            return Ok(None);
        }
        let Counts { sequence, ledger_size } = self.counts;
        for (key, count) in [(SEQUENCE_KEY, sequence), (LEDGER_KEY, ledger_size), (SEEN_KEY, frame)] {
            self.ops.put(key, |octets| octets.extend_from_slice(&count.to_be_bytes()))?;
        }
        let (counts, written, ops) = (self.counts, self.written, self.ops.into_octets());
        Ok(Some(Finished { counts, written, ops }))
    }

    fn standing(&self, key: &[u8]) -> Result<Option<Standing>, StorageError> {
        let newest_first = self.before.iter().rev().map(|(_, written)| written);
        if let Some(standing) = std::iter::once(&self.written).chain(newest_first).find_map(|w| w.get(key)) {
            return Ok(*standing);
        }
        let Some(octets) = self.disk.find(key)? else { return Ok(None) };
        let record = Record::decode(&octets)?;
        Ok(Some(Standing { version: record.version, blob: record.blob() }))
    }

    /// Lets a value stand under a key. A large one goes into chunks; a small one stays with its record.
    fn put(
        &mut self,
        key: Vec<u8>,
        replaced: Option<Standing>,
        ordinal: u32,
        value: &[u8],
    ) -> Result<(), StorageError> {
        let version = Version(self.counts.sequence);
        self.remove_chunks(replaced)?;
        let (body, blob) = if value.len() <= CHUNK {
            (Body::Inline(value), None)
        } else {
            let blob = Blob { version, ordinal, length: value.len() as u64 };
            for (key, chunk) in blob.chunk_keys().zip(value.chunks(CHUNK)) {
                self.ops.put(&key, |octets| octets.extend_from_slice(chunk))?;
            }
            (Body::Chunked(blob), Some(blob))
        };
        self.ops.put(&key, |octets| Record { version, body }.encode(octets))?;
        self.written.insert(key, Some(Standing { version, blob }));
        Ok(())
    }

    fn remove(&mut self, key: Vec<u8>, replaced: Option<Standing>) -> Result<(), StorageError> {
        self.remove_chunks(replaced)?;
        self.ops.remove(&key)?;
        self.written.insert(key, None);
        Ok(())
    }

    fn remove_chunks(&mut self, replaced: Option<Standing>) -> Result<(), StorageError> {
        let Some(blob) = replaced.and_then(|standing| standing.blob) else { return Ok(()) };
        blob.chunk_keys().try_for_each(|chunk| self.ops.remove(&chunk))
    }
}
