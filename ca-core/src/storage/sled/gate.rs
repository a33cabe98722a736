//! Where readers and the writer meet: readers pass together, the writer alone.
//!
//! What is applied to the tree is durable already, so readers may see it; but they are to see each change whole. So the
//! writer closes the gate for as long as it takes to apply some changes in memory, never while it waits for a disk.
//!
//! An export learns here which keys were written while it read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard};

use super::layout::{EVENT_PAGE, RECORDS};
use super::ops::{self, Op};
use crate::storage::StorageError;

/// Keys of records and of pages of events in the tree.
pub(super) type Keys = BTreeSet<Vec<u8>>;

/// The gate in front of the tree.
#[derive(Debug, Default)]
pub(super) struct Gate {
    door: RwLock<()>,
    /// The keys of a batch that was applied by half, and never will be applied whole before a restart.
    doubtful: OnceLock<Keys>,
    exports: Mutex<Exports>,
}

#[derive(Debug, Default)]
struct Exports {
    begun: u64,
    /// For each export under way, the keys written since it last asked.
    touched: BTreeMap<u64, Keys>,
}

impl Gate {
    /// Lets a reader in; what it sees does not change until it leaves.
    pub(super) fn enter(&self) -> Inside<'_> {
        Inside { gate: self, _door: self.door.read().unwrap_or_else(PoisonError::into_inner) }
    }

    /// Lets `apply` do the writes of `batch`, alone; readers may pass between steps. `shown` is told the ledger's size
    /// with each step.
    ///
    /// # Errors
    /// What `apply` fails with. Then, and when it panics, the keys of the batch cannot be read any more.
    pub(super) fn pass(
        &self,
        batch: &[u8],
        mut apply: impl FnMut(Op<'_>) -> Result<(), StorageError>,
        shown: impl Fn(u64),
    ) -> Result<(), StorageError> {
        let mut ops = ops::read(batch).peekable();
        while ops.peek().is_some() {
            let _alone = self.door.write().unwrap_or_else(PoisonError::into_inner);
            // Dropped before the door opens again.
            let step = Step { gate: self, batch, whole: false };
            let mut exports = self.exports();
            loop {
                match ops.next().transpose()? {
                    None => break,
                    Some(Op::End(ledger_size)) => {
                        shown(ledger_size);
                        break;
                    }
                    Some(op) => {
                        op.key().into_iter().for_each(|key| exports.note(key));
                        apply(op)?;
                    }
                }
            }
            step.whole();
        }
        Ok(())
    }

    /// From now on, notes the keys that are written.
    pub(super) fn watch(&self) -> Watch<'_> {
        // While no change is under way, so that none is noted by half.
        let _alone = self.door.write().unwrap_or_else(PoisonError::into_inner);
        let mut exports = self.exports();
        exports.begun += 1;
        let id = exports.begun;
        exports.touched.insert(id, Keys::new());
        Watch { gate: self, id }
    }

    fn exports(&self) -> MutexGuard<'_, Exports> {
        self.exports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn doubt(&self, batch: &[u8]) {
        let keys = ops::read(batch).map_while(Result::ok).filter_map(Op::key);
        let _ = self.doubtful.set(keys.map(<[u8]>::to_vec).collect());
    }
}

/// A reader inside the gate.
pub(super) struct Inside<'a> {
    gate: &'a Gate,
    _door: RwLockReadGuard<'a, ()>,
}

impl Inside<'_> {
    /// # Errors
    /// The key was written by a batch that was applied by half.
    pub(super) fn trust(&self, key: &[u8]) -> Result<(), StorageError> {
        let doubtful = self.gate.doubtful.get();
        if doubtful.is_some_and(|keys| keys.contains(key)) { Err(doubt()) } else { Ok(()) }
    }

    /// # Errors
    /// One of the keys of `[from, until)` was.
    pub(super) fn trust_all(&self, from: &[u8], until: &[u8]) -> Result<(), StorageError> {
        use std::ops::Bound::{Excluded, Included};
        let mut doubtful = self.gate.doubtful.get().into_iter();
        let any =
            doubtful.any(|keys| keys.range::<[u8], _>((Included(from), Excluded(until))).next().is_some());
        if any { Err(doubt()) } else { Ok(()) }
    }
}

fn doubt() -> StorageError {
    StorageError(
        "a write to this record failed half way; restart npki to find out whether it was kept".to_owned(),
    )
}

/// Some changes being applied. Dropped before they are, what their batch writes is in doubt.
struct Step<'a> {
    gate: &'a Gate,
    batch: &'a [u8],
    whole: bool,
}

impl Step<'_> {
    fn whole(mut self) {
        self.whole = true;
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        if !self.whole {
            self.gate.doubt(self.batch);
        }
    }
}

impl Exports {
    fn note(&mut self, key: &[u8]) {
        if !self.touched.is_empty() && (key.starts_with(RECORDS) || key.starts_with(EVENT_PAGE)) {
            for touched in self.touched.values_mut() {
                if !touched.contains(key) {
                    touched.insert(key.to_vec());
                }
            }
        }
    }
}

/// Notes keys for one export, until it is dropped.
pub(super) struct Watch<'a> {
    gate: &'a Gate,
    id: u64,
}

impl Watch<'_> {
    /// The keys written since this was last asked.
    pub(super) fn touched(&self) -> Keys {
        self.gate.exports().touched.get_mut(&self.id).map(std::mem::take).unwrap_or_default()
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.gate.exports().touched.get(&self.id).map_or(0, Keys::len)
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.gate.exports().touched.remove(&self.id);
    }
}
