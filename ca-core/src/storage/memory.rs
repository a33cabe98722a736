//! A store in memory, for tests: it forgets everything when it is dropped and fails when it is told to.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::expectation::judge;
use super::{
    AuditedChange, CommitError, Committed, Entry, Exported, KeyRange, Moment, Operation, Restore,
    StorageError, Store, Table, Version, Versioned, incomplete,
};
use crate::ledger::{EVENTS, Position};

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
    /// Counts the ledger's events.
    ledger_size: u64,
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

    /// Begins to fill a new store; the store is empty until that is finished.
    pub fn begin_restore() -> (Arc<Self>, Box<dyn Restore>) {
        let store = Arc::new(Self::new());
        (Arc::clone(&store), Box::new(MemoryRestore { store, filled: State::default() }))
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

    fn apply(&mut self, change: &AuditedChange) -> Committed {
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
        let position = Position(self.ledger_size);
        for event in change.events() {
            let key = Position(self.ledger_size).key().to_vec();
            let entry = Versioned { value: event.clone(), version };
            self.tables.entry(EVENTS).or_default().insert(key, entry);
            self.ledger_size += 1;
        }
        Committed { version, position }
    }
}

impl Store for MemoryStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StorageError> {
        Ok(self.state().find(table, key).cloned())
    }

    fn get_many(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>, StorageError> {
        let state = self.state();
        Ok(keys.iter().map(|key| state.find(table, key).cloned()).collect())
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

    fn commit(&self, change: AuditedChange) -> Result<Committed, CommitError> {
        change.confirm()?;
        let mut state = self.state();
        judge(&change, |write| Ok(state.find(write.table, &write.key).map(|entry| entry.version)))?;
        match state.failure.take() {
            Some(Failure::BeforePersisting) => Err(on_demand("before")),
            Some(Failure::AfterPersisting) => {
                state.apply(&change);
                Err(on_demand("after"))
            }
            None => Ok(state.apply(&change)),
        }
    }

    fn ledger_size(&self) -> Result<u64, StorageError> {
        Ok(self.state().ledger_size)
    }

    fn export(
        &self,
        take: &mut dyn FnMut(Exported) -> Result<(), StorageError>,
    ) -> Result<Moment, StorageError> {
        let state = self.state();
        for (table, entries) in &state.tables {
            for (key, entry) in entries {
                let (table, key) = (table.name().to_owned(), key.clone());
                take(Exported { table, key, value: Some(entry.value.clone()) })?;
            }
        }
        Ok(Moment { ledger_size: state.ledger_size })
    }
}

/// What is restored becomes a store's state when it is finished.
#[derive(Debug)]
struct MemoryRestore {
    store: Arc<MemoryStore>,
    filled: State,
}

impl Restore for MemoryRestore {
    fn put(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) -> Result<(), StorageError> {
        let entries = self.filled.tables.entry(table).or_default();
        match value {
            Some(value) => {
                entries.insert(key.to_vec(), Versioned { value: value.to_vec(), version: Version(0) });
            }
            None => {
                entries.remove(key);
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, moment: Moment) -> Result<(), StorageError> {
        let events = self.filled.tables.get(&EVENTS).map_or(0, BTreeMap::len) as u64;
        if events != moment.ledger_size {
            return Err(incomplete(events, moment));
        }
        self.filled.ledger_size = events;
        *self.store.state() = std::mem::take(&mut self.filled);
        Ok(())
    }
}

fn on_demand(moment: &str) -> CommitError {
    CommitError::Storage(StorageError(format!("failed on demand, {moment} persisting")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::clock::{SystemClock, SystemEntropy};
    use crate::ledger::{self, Action, Actor, Ledger, Position};
    use crate::storage::{Change, conformance};

    const T: Table = Table::octets("things");

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
        assert!(ledger::read(&store, Position(0), 10).unwrap().is_empty());
        store.commit(change("a")).unwrap();
    }

    #[test]
    fn a_failure_after_persisting_leaves_the_whole_change() {
        let store = MemoryStore::new();
        store.fail_next_commit(Failure::AfterPersisting);
        assert!(matches!(store.commit(change("a")), Err(CommitError::Storage(_))));
        assert!(store.get(T, b"a").unwrap().is_some());
        assert_eq!(ledger::read(&store, Position(0), 10).unwrap().len(), 1);
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
