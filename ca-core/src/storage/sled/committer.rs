//! The one thread that writes.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, PoisonError};

use super::layout::{self, Slot};
use super::{Overlay, Shared, Submission, failed};
use crate::storage::{CommitError, Operation, StorageError, Version, Write, expectation};

/// The most changes that share one flush: bounds how long the first of them waits.
const MOST: usize = 1_024;

pub(super) struct Committer {
    shared: Arc<Shared>,
    /// The highest version given out.
    written: u64,
    /// Set when the engine failed: what it holds is then not known, so nothing more is accepted.
    broken: Option<StorageError>,
}

/// Changes that are made durable together.
#[derive(Default)]
struct Batch {
    writes: ::sled::Batch,
    before: Overlay,
    /// The version that stands under each key of the batch once it is applied.
    after: HashMap<Vec<u8>, Option<Version>>,
    accepted: Vec<Sender<Result<(), CommitError>>>,
}

impl Committer {
    pub(super) fn new(shared: Arc<Shared>) -> Result<Self, StorageError> {
        let written = match shared.tree.get(layout::WRITTEN).map_err(|error| failed(&error))? {
            None => 0,
            Some(bytes) => u64::from_be_bytes(
                bytes.as_ref().try_into().map_err(|_| StorageError("the version count is damaged".into()))?,
            ),
        };
        Ok(Self { shared, written, broken: None })
    }

    /// Works until every sender is gone.
    pub(super) fn run(mut self, submissions: &Receiver<Submission>) {
        while let Ok(first) = submissions.recv() {
            let waiting = std::iter::once(first).chain(submissions.try_iter()).take(MOST);
            self.commit(waiting.collect());
        }
    }

    fn commit(&mut self, submissions: Vec<Submission>) {
        let mut batch = Batch::default();
        for submission in submissions {
            let Submission { change, answer } = submission;
            match self.add(&mut batch, change.writes()) {
                Ok(()) => batch.accepted.push(answer),
                // Whoever waited may be gone; that changes nothing.
                Err(error) => drop(answer.send(Err(error))),
            }
        }
        if batch.accepted.is_empty() {
            return;
        }
        let accepted = std::mem::take(&mut batch.accepted);
        let result = self.make_durable(batch);
        if let Err(error) = &result {
            self.broken = Some(error.clone());
        }
        for answer in accepted {
            drop(answer.send(result.clone().map_err(CommitError::from)));
        }
    }

    /// Adds a change to the batch if it holds against what is stored and what the batch does already.
    fn add(&mut self, batch: &mut Batch, writes: &[Write]) -> Result<(), CommitError> {
        if let Some(error) = &self.broken {
            return Err(StorageError(format!("storage failed earlier and must be restarted: {error}")).into());
        }
        for write in writes {
            expectation(write, self.version_after(batch, &layout::key(write.table, &write.key))?)?;
        }
        for write in writes {
            self.write(batch, write)?;
        }
        Ok(())
    }

    fn version_after(&self, batch: &Batch, slot: &[u8]) -> Result<Option<Version>, StorageError> {
        if let Some(version) = batch.after.get(slot) {
            return Ok(*version);
        }
        let Some(bytes) = self.shared.tree.get(slot).map_err(|error| failed(&error))? else {
            return Ok(None);
        };
        match layout::decode(&bytes) {
            Some(Slot::Whole { version, .. } | Slot::Parts { version, .. }) => Ok(Some(version)),
            None => Err(StorageError(format!("the entry {} is damaged", hex::encode(slot)))),
        }
    }

    fn write(&mut self, batch: &mut Batch, write: &Write) -> Result<(), StorageError> {
        let slot = layout::key(write.table, &write.key);
        let after = match &write.operation {
            Operation::Check => return Ok(()),
            Operation::Put(value) => {
                self.written += 1;
                let version = Version(self.written);
                self.replace_parts(batch, &slot)?;
                let (entry, parts) = layout::encode(version, value);
                for (index, part) in (0..).zip(parts) {
                    batch.writes.insert(layout::part(version, index), part);
                }
                batch.writes.insert(slot.as_slice(), entry);
                Some(version)
            }
            Operation::Delete => {
                self.replace_parts(batch, &slot)?;
                batch.writes.remove(slot.as_slice());
                None
            }
        };
        if !batch.before.contains_key(&slot) {
            let before = self.shared.read(&slot)?;
            batch.before.insert(slot.clone(), before);
        }
        batch.after.insert(slot, after);
        Ok(())
    }

    /// Removes the parts of the large value that stands under `slot` now. The parts of one written and replaced within
    /// the same batch stay behind unreferenced: rare, harmless, and bounded by the batch.
    fn replace_parts(&self, batch: &mut Batch, slot: &[u8]) -> Result<(), StorageError> {
        let Some(bytes) = self.shared.tree.get(slot).map_err(|error| failed(&error))? else { return Ok(()) };
        if let Some(Slot::Parts { version, count, .. }) = layout::decode(&bytes) {
            for index in 0..count {
                batch.writes.remove(layout::part(version, index));
            }
        }
        Ok(())
    }

    /// Applies the batch behind the overlay, flushes, and only then lets readers see it.
    fn make_durable(&mut self, mut batch: Batch) -> Result<(), StorageError> {
        batch.writes.insert(layout::WRITTEN, &self.written.to_be_bytes());
        let overlay = || self.shared.before.write().unwrap_or_else(PoisonError::into_inner);
        *overlay() = std::mem::take(&mut batch.before);
        let tree = &self.shared.tree;
        tree.apply_batch(batch.writes).map_err(|error| failed(&error))?;
        // On failure the overlay stays: readers keep to what is known to be durable.
        tree.flush().map_err(|error| failed(&error))?;
        overlay().clear();
        Ok(())
    }
}
