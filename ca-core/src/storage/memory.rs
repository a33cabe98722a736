//! A store in memory, for tests: it forgets everything when it is dropped and fails when it is told to.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::expectation::judge;
use super::{
    AuditedChange, CommitError, Entry, KeyRange, Operation, StorageError, Store, Table, Version, Versioned,
};

/// The moment at which a commit fails on demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Before anything is kept: the change is lost, and its caller is told of a storage failure.
    BeforePersisting,
    /// After everything is kept: the change stands, and its caller is told of a storage failure all the same.
    AfterPersisting,
}

/// A [`Store`] in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    tables: BTreeMap<Table, BTreeMap<Vec<u8>, Versioned>>,
    /// Counts changes, so that no version is ever used twice, also not after a delete.
    sequence: u64,
    failure: Option<Failure>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the next commit whose expectations hold fail at `failure`. Later commits are not affected.
    pub fn fail_next_commit(&self, failure: Failure) {
        self.state().failure = Some(failure);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing below panics while it holds the lock half way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn find(&self, table: Table, key: &[u8]) -> Option<&Versioned> {
        self.tables.get(&table)?.get(key)
    }

    fn apply(&mut self, change: &AuditedChange) {
        self.sequence += 1;
        let version = Version(self.sequence);
        for write in change.writes() {
            let table = self.tables.entry(write.table).or_default();
            match &write.operation {
                Operation::Put(value) => {
                    table.insert(write.key.clone(), Versioned { value: value.clone(), version });
                }
                Operation::Delete => {
                    table.remove(&write.key);
                }
                Operation::Check => {}
            }
        }
    }
}

impl Store for MemoryStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StorageError> {
        Ok(self.state().find(table, key).cloned())
    }

    fn scan(&self, table: Table, range: &KeyRange, limit: usize) -> Result<Vec<Entry>, StorageError> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let from = range.from.as_deref().map_or(Bound::Unbounded, Bound::Included);
        let until = range.until.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let state = self.state();
        let entries = state.tables.get(&table).into_iter();
        Ok(entries
            .flat_map(|entries| entries.range::<[u8], _>((from, until)))
            .take(limit)
            .map(|(key, entry)| (key.clone(), entry.clone()))
            .collect())
    }

    fn commit(&self, change: AuditedChange) -> Result<(), CommitError> {
        let mut state = self.state();
        judge(&change, |write| Ok(state.find(write.table, &write.key).map(|entry| entry.version)))?;
        match state.failure.take() {
            Some(Failure::BeforePersisting) => Err(on_demand("before")),
            Some(Failure::AfterPersisting) => {
                state.apply(&change);
                Err(on_demand("after"))
            }
            None => {
                state.apply(&change);
                Ok(())
            }
        }
    }
}

fn on_demand(moment: &str) -> CommitError {
    CommitError::Storage(StorageError(format!("failed on demand, {moment} persisting")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::sync::Arc;

    use super::*;
    use crate::clock::{SystemClock, SystemEntropy};
    use crate::ledger::{self, Action, Actor, Ledger};
    use crate::storage::{Change, conformance};

    const T: Table = Table("things");

    fn change(key: &str) -> AuditedChange {
        let ledger = Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
        let event = ledger.event(&Actor::system("test"), Action::named("thing.made"), key).unwrap();
        Change::new().insert(T, key, "value").explained_by(&event)
    }

    #[test]
    fn keeps_the_contract() {
        conformance::all(|| Arc::new(MemoryStore::new())).unwrap();
    }

    #[test]
    fn a_failure_before_persisting_leaves_no_trace() {
        let store = MemoryStore::new();
        store.fail_next_commit(Failure::BeforePersisting);
        assert!(matches!(store.commit(change("a")), Err(CommitError::Storage(_))));
        assert_eq!(store.get(T, b"a").unwrap(), None);
        assert!(ledger::read(&store, None, 10).unwrap().is_empty());
        store.commit(change("a")).unwrap();
    }

    #[test]
    fn a_failure_after_persisting_leaves_the_whole_change() {
        let store = MemoryStore::new();
        store.fail_next_commit(Failure::AfterPersisting);
        assert!(matches!(store.commit(change("a")), Err(CommitError::Storage(_))));
        assert!(store.get(T, b"a").unwrap().is_some());
        assert_eq!(ledger::read(&store, None, 10).unwrap().len(), 1);
        assert!(matches!(store.commit(change("a")), Err(CommitError::Conflict { .. })));
    }

    #[test]
    fn a_conflict_does_not_use_up_the_failure() {
        let store = MemoryStore::new();
        store.commit(change("a")).unwrap();
        store.fail_next_commit(Failure::BeforePersisting);
        assert!(matches!(store.commit(change("a")), Err(CommitError::Conflict { .. })));
        assert!(matches!(store.commit(change("b")), Err(CommitError::Storage(_))));
    }
}
