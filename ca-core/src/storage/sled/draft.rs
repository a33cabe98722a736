//! A batch in the making: changes that still hold, one on top of the other.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};

use super::disk::Disk;
use super::layout::{Blob, Body, CHUNK, LEDGER_KEY, Record, SEEN_KEY, SEQUENCE_KEY, record_key};
use super::ops::Ops;
use super::page::{self, PageNumber};
use crate::ledger::Position;
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
    /// # Errors
    /// The change names a table that has too long a name, or writes events beside the ledger's own.
    pub(super) fn new(change: AuditedChange) -> Result<Self, StorageError> {
        change.confirm()?;
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

/// Where the next change goes on.
#[derive(Debug, Clone)]
pub(super) struct End {
    /// The counts.
    pub(super) counts: Counts,
    /// The page of the next event, as far as it is filled.
    pub(super) page: Vec<u8>,
}

/// Writes after which a step ends: one that readers see all at once, and between which they pass. Some hundred
/// microseconds.
const STEP: usize = 64;

/// A batch in the making.
pub(super) struct Draft<'a> {
    disk: &'a Disk,
    /// What batches wrote that the tree does not show yet, the oldest first.
    before: &'a VecDeque<(u64, Written)>,
    end: End,
    written: Written,
    ops: Ops,
    /// Writes since the last step ended.
    writes: usize,
}

/// A finished batch.
pub(super) struct Finished {
    /// Where the next one goes on.
    pub(super) end: End,
    /// What stands under the keys it writes.
    pub(super) written: Written,
    /// Its writes.
    pub(super) ops: Vec<u8>,
}

impl<'a> Draft<'a> {
    /// An empty batch on top of `disk` and those `before` it, which ended so.
    pub(super) fn new(disk: &'a Disk, before: &'a VecDeque<(u64, Written)>, end: &End) -> Self {
        Self { disk, before, end: end.clone(), written: Written::new(), ops: Ops::default(), writes: 0 }
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
        self.end.counts.sequence += 1;
        let mut ordinals = 0_u32..;
        let writes = change.writes().iter().zip(keys).zip(found.into_inner());
        for (((write, key), replaced), ordinal) in writes.zip(&mut ordinals) {
            match &write.operation {
                Operation::Check => {}
                Operation::Delete => self.remove(key, replaced)?,
                Operation::Put(value) => self.put(key, replaced, ordinal, value)?,
            }
        }
        let position = Position(self.end.counts.ledger_size);
        for (event, ordinal) in change.events().iter().zip(ordinals) {
            self.enter(event, ordinal)?;
        }
        if self.writes >= STEP {
            self.end_step()?;
        }
        Ok(Ok(Committed { version: Version(self.end.counts.sequence), position }))
    }

    /// The finished batch, to be the journal's frame of this number; `None` when it writes nothing.
    pub(super) fn finish(mut self, frame: u64) -> Result<Option<Finished>, StorageError> {
        self.end_step()?;
        if self.ops.is_empty() {
            return Ok(None);
        }
        let Counts { sequence, ledger_size } = self.end.counts;
        for (key, count) in [(SEQUENCE_KEY, sequence), (LEDGER_KEY, ledger_size), (SEEN_KEY, frame)] {
            self.ops.put(key, |octets| octets.extend_from_slice(&count.to_be_bytes()))?;
        }
        Ok(Some(Finished { end: self.end, written: self.written, ops: self.ops.into_octets() }))
    }

    /// Enters an event into the ledger. A full page is written, one that is not at the end of the step.
    fn enter(&mut self, event: &[u8], ordinal: u32) -> Result<(), StorageError> {
        let position = Position(self.end.counts.ledger_size);
        let record = self.record(event, ordinal, page::INLINE)?;
        page::append(&mut self.end.page, page::slot(position), |octets| record.encode(octets));
        self.end.counts.ledger_size += 1;
        self.writes += 1;
        if page::is_last(position) {
            self.put_page(position)?;
            self.end.page.clear();
        }
        Ok(())
    }

    /// Writes the page of the event at `position`.
    fn put_page(&mut self, position: Position) -> Result<(), StorageError> {
        let page = &self.end.page;
        self.ops.put(&PageNumber::of(position).key(), |octets| octets.extend_from_slice(page))
    }

    /// Ends a step: what it wrote is all there, and readers may see it.
    fn end_step(&mut self) -> Result<(), StorageError> {
        if std::mem::take(&mut self.writes) == 0 {
            return Ok(());
        }
        let ledger_size = self.end.counts.ledger_size;
        if !self.end.page.is_empty() {
            self.put_page(Position(ledger_size))?;
        }
        self.ops.end(ledger_size);
        Ok(())
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

    /// Lets a value stand under a key.
    fn put(
        &mut self,
        key: Vec<u8>,
        replaced: Option<Standing>,
        ordinal: u32,
        value: &[u8],
    ) -> Result<(), StorageError> {
        self.remove_chunks(replaced)?;
        let record = self.record(value, ordinal, CHUNK)?;
        self.ops.put(&key, |octets| record.encode(octets))?;
        self.writes += 1;
        self.written.insert(key, Some(Standing { version: record.version, blob: record.blob() }));
        Ok(())
    }

    /// The record of a value; one that is longer than `inline` goes into chunks.
    fn record<'v>(
        &mut self,
        value: &'v [u8],
        ordinal: u32,
        inline: usize,
    ) -> Result<Record<'v>, StorageError> {
        let version = Version(self.end.counts.sequence);
        if value.len() <= inline {
            return Ok(Record { version, body: Body::Inline(value) });
        }
        let blob = Blob { version, ordinal, length: value.len() as u64 };
        for (key, chunk) in blob.chunk_keys().zip(value.chunks(CHUNK)) {
            self.ops.put(&key, |octets| octets.extend_from_slice(chunk))?;
            self.writes += 1;
        }
        Ok(Record { version, body: Body::Chunked(blob) })
    }

    fn remove(&mut self, key: Vec<u8>, replaced: Option<Standing>) -> Result<(), StorageError> {
        self.remove_chunks(replaced)?;
        self.ops.remove(&key)?;
        self.writes += 1;
        self.written.insert(key, None);
        Ok(())
    }

    fn remove_chunks(&mut self, replaced: Option<Standing>) -> Result<(), StorageError> {
        let Some(blob) = replaced.and_then(|standing| standing.blob) else { return Ok(()) };
        blob.chunk_keys().try_for_each(|chunk| self.ops.remove(&chunk))
    }
}
