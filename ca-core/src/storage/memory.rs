//! A store in memory, for tests: keeps the contract and fails on demand.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    AuditedChange, CommitError, Entry, KeyRange, Operation, StorageError, Store, Table, Version, Versioned,
    Write,
};

/// A store that forgets everything when it is dropped.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    entries: BTreeMap<(&'static str, Vec<u8>), Versioned>,
    /// Counts every write: versions are never used twice.
    written: u64,
    failure: Option<Failure>,
}

/// Where the next commit fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nothing is kept, and the caller is told of a failure.
    BeforePersisting,
    /// Everything is kept, and the caller is told of a failure all the same: the case that tests forget.
    AfterPersisting,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the next commit fail.
    pub fn fail_next_commit(&self, failure: Failure) {
        self.state().failure = Some(failure);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StorageError> {
        Ok(self.state().entries.get(&(table.0, key.to_vec())).cloned())
    }

    fn scan(&self, table: Table, range: &KeyRange, limit: usize) -> Result<Vec<Entry>, StorageError> {
        let from = Bound::Included((table.0, range.from.clone().unwrap_or_default()));
        let within = |key: &[u8]| range.until.as_ref().is_none_or(|until| key < until.as_slice());
        Ok(self
            .state()
            .entries
            .range((from, Bound::Unbounded))
            .take_while(|((name, key), _)| *name == table.0 && within(key))
            .take(limit)
            .map(|((_, key), entry)| (key.clone(), entry.clone()))
            .collect())
    }

    fn commit(&self, change: AuditedChange) -> Result<(), CommitError> {
        let mut state = self.state();
        let failure = state.failure.take();
        if failure == Some(Failure::BeforePersisting) {
            return Err(StorageError("told to fail before persisting".to_owned()).into());
        }
        super::refuse_repeated_keys(&change)?;
        for write in change.writes() {
            state.holds(write)?;
        }
        for write in change.writes() {
            state.apply(write);
        }
        match failure {
            Some(_) => Err(StorageError("told to fail after persisting".to_owned()).into()),
            None => Ok(()),
        }
    }
}

impl State {
    fn holds(&self, write: &Write) -> Result<(), CommitError> {
        let found = self.entries.get(&(write.table.0, write.key.clone())).map(|entry| entry.version);
        super::expectation(write, found)
    }

    fn apply(&mut self, write: &Write) {
        let key = (write.table.0, write.key.clone());
        match &write.operation {
            Operation::Put(value) => {
                self.written += 1;
                let version = Version(self.written);
                self.entries.insert(key, Versioned { value: value.clone(), version });
            }
            Operation::Delete => {
                self.entries.remove(&key);
            }
            Operation::Check => {}
        }
    }
}
