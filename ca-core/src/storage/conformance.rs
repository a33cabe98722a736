//! What every backend must do: one suite, run on each of them.
//!
//! A check gets a new, empty store and says what it found wrong. Each backend's tests call [`all`].

use std::sync::Arc;

use super::{
    Change, CommitError, Committed, Entry, Expect, KeyRange, Operation, Store, Table, Version, Versioned,
};
use crate::clock::{SystemClock, SystemEntropy};
use crate::ledger::{self, Action, Actor, Event, Ledger, Position};

mod committing;
mod moving;
mod reading;
mod together;

pub use moving::{moves, refuses_what_is_incomplete};

/// What a check found wrong; `Ok` when nothing.
pub type Finding = Result<(), String>;

/// One thing that every backend must do.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// What, as a sentence.
    pub name: &'static str,
    run: fn(&Bench) -> Finding,
}

impl Check {
    /// Runs the check on a new, empty store.
    ///
    /// # Errors
    /// What the store did otherwise.
    pub fn run(&self, store: Arc<dyn Store>) -> Finding {
        let ledger = Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
        (self.run)(&Bench { store, ledger }).map_err(|finding| format!("{}: {finding}", self.name))
    }
}

/// Every check there is.
pub fn checks() -> impl Iterator<Item = Check> {
    [reading::CHECKS, committing::CHECKS, together::CHECKS].into_iter().flatten().copied()
}

/// Runs every check, each on a store of its own from `make`.
///
/// # Errors
/// All findings, one on each line.
pub fn all(make: impl Fn() -> Arc<dyn Store>) -> Finding {
    let findings: Vec<String> = checks().filter_map(|check| check.run(make()).err()).collect();
    if findings.is_empty() { Ok(()) } else { Err(findings.join("\n")) }
}

const THINGS: Table = Table::octets("things");
const OTHERS: Table = Table::octets("others");
/// Its name begins with that of [`THINGS`].
const THINGS_TOO: Table = Table::octets("things_too");

/// A store under test and what is needed to write to it.
struct Bench {
    store: Arc<dyn Store>,
    ledger: Ledger,
}

impl Bench {
    fn event(&self) -> Result<Event, String> {
        self.ledger
            .event(&Actor::system("conformance"), Action::named("thing.changed"), "thing")
            .map_err(|error| error.to_string())
    }

    fn try_commit(&self, change: Change) -> Result<Result<Committed, CommitError>, String> {
        Ok(self.store.commit(change.explained_by(&self.event()?)))
    }

    fn commit(&self, change: Change) -> Finding {
        self.committed(change).map(|_| ())
    }

    fn committed(&self, change: Change) -> Result<Committed, String> {
        self.try_commit(change)?.map_err(|error| format!("a commit failed: {error}"))
    }

    /// Commits a change that must conflict at this key.
    fn conflict(&self, change: Change, table: Table, key: &[u8]) -> Finding {
        match self.try_commit(change)? {
            Err(CommitError::Conflict { table: t, key: k }) if t == table && k == key => Ok(()),
            other => Err(format!(
                "instead of a conflict at {}/{}: {other:?}",
                table.name(),
                String::from_utf8_lossy(key)
            )),
        }
    }

    fn find(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, String> {
        self.store.get(table, key).map_err(|error| format!("get failed: {error}"))
    }

    fn find_many(&self, table: Table, keys: &[&[u8]]) -> Result<Vec<Option<Versioned>>, String> {
        let keys: Vec<Vec<u8>> = keys.iter().map(|key| key.to_vec()).collect();
        self.store.get_many(table, &keys).map_err(|error| format!("get_many failed: {error}"))
    }

    fn there(&self, table: Table, key: &[u8]) -> Result<Versioned, String> {
        self.find(table, key)?.ok_or_else(|| format!("{} is absent", String::from_utf8_lossy(key)))
    }

    fn version(&self, table: Table, key: &[u8]) -> Result<Version, String> {
        Ok(self.there(table, key)?.version)
    }

    fn value(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        Ok(self.find(table, key)?.map(|entry| entry.value))
    }

    fn scan(&self, table: Table, range: &KeyRange, limit: usize) -> Result<Vec<Entry>, String> {
        self.store.scan(table, range, limit).map_err(|error| format!("scan failed: {error}"))
    }

    fn keys(&self, table: Table, range: &KeyRange, limit: usize) -> Result<Vec<Vec<u8>>, String> {
        Ok(self.scan(table, range, limit)?.into_iter().map(|(key, _)| key).collect())
    }

    fn events(&self) -> Result<Vec<Event>, String> {
        ledger::events(self.store.as_ref(), Position(0), usize::MAX).map_err(|error| error.to_string())
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Finding {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?} instead of {expected:?}")) }
}

fn holds(what: &str, condition: bool) -> Finding {
    if condition { Ok(()) } else { Err(format!("not so: {what}")) }
}
