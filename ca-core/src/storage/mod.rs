//! The storage contract: an ordered, conditional store of small tables.
//!
//! - A [`Table`] is a named, ordered map from key bytes to value bytes. Every value carries a [`Version`] that
//!   changes with every write of it.
//! - [`Store::get`] reads one key; [`Store::scan`] reads a bounded range in key order. Both see committed state only.
//! - [`Store::commit`] takes an [`AuditedChange`]: a set of writes, each saying what it expects to find. All of it
//!   happens or none of it; when `commit` returns `Ok`, it is on durable storage. A conflict names the key.
//! - A change cannot be committed without the ledger event that explains it: [`Change::explained_by`] is the only
//!   way from a [`Change`] to an [`AuditedChange`], and it adds the event to the same set of writes.
//! - All expectations of a change speak of the state before it; their order does not count. A change puts or deletes
//!   a key at most once (it may check it besides), or it is refused as a fault of its author.
//! - Changes of many callers are committed together: a backend takes all that wait, applies each that still holds,
//!   makes the batch durable once, and then answers everyone. Until then nobody is shown any of it.
//!
//! Backends: [`memory`] (tests; fails on demand), [`sled`] (embedded default). A PostgreSQL backend takes its place
//! beside them as `storage/postgres.rs`, behind this contract and the same [`conformance`] suite; nothing outside this folder may
//! know which backend runs. Secondary indexes are tables written in the same change.

use std::fmt::Debug;

use crate::ledger::{self, Event};

pub mod conformance;
mod expectation;
pub mod memory;
pub mod sled;

/// A table's name. Each module that owns records declares its tables as constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Table(pub &'static str);

/// Identifies one written state of one key. Never reused for the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u64);

/// A stored value and the version it stands at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// The bytes as written.
    pub value: Vec<u8>,
    /// The version to expect when replacing it.
    pub version: Version,
}

/// What a write expects to find under its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Nothing may be there.
    Absent,
    /// Exactly this version must be there.
    Version(Version),
    /// Whatever is there is replaced.
    Anything,
}

/// What a write does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Stores these bytes.
    Put(Vec<u8>),
    /// Removes the key.
    Delete,
    /// Leaves the key as it is; only the expectation counts.
    Check,
}

/// One write of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The table written to.
    pub table: Table,
    /// The key written to.
    pub key: Vec<u8>,
    /// What must be there before.
    pub expect: Expect,
    /// What happens.
    pub operation: Operation,
}

/// Writes that belong together, not yet explained by a ledger event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    writes: Vec<Write>,
}

impl Change {
    /// A change that does nothing yet.
    pub const fn new() -> Self {
        Self { writes: Vec::new() }
    }

    /// Stores `value` under a key that must be free.
    #[must_use]
    pub fn insert(self, table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        self.write(table, key, Expect::Absent, Operation::Put(value.into()))
    }

    /// Replaces the value that stands at `version`.
    #[must_use]
    pub fn replace(
        self,
        table: Table,
        key: impl Into<Vec<u8>>,
        version: Version,
        value: impl Into<Vec<u8>>,
    ) -> Self {
        self.write(table, key, Expect::Version(version), Operation::Put(value.into()))
    }

    /// Stores `value` whatever was there.
    #[must_use]
    pub fn put(self, table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        self.write(table, key, Expect::Anything, Operation::Put(value.into()))
    }

    /// Removes the value that stands at `version`.
    #[must_use]
    pub fn delete(self, table: Table, key: impl Into<Vec<u8>>, version: Version) -> Self {
        self.write(table, key, Expect::Version(version), Operation::Delete)
    }

    /// Demands that a key still stands as expected, without writing it.
    #[must_use]
    pub fn check(self, table: Table, key: impl Into<Vec<u8>>, expect: Expect) -> Self {
        self.write(table, key, expect, Operation::Check)
    }

    /// Adds any write.
    #[must_use]
    pub fn write(
        mut self,
        table: Table,
        key: impl Into<Vec<u8>>,
        expect: Expect,
        operation: Operation,
    ) -> Self {
        self.writes.push(Write { table, key: key.into(), expect, operation });
        self
    }

    /// Takes over another change's writes: both happen or neither.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.writes.extend(other.writes);
        self
    }

    /// Whether nothing would be written.
    pub const fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Binds the change to the event that explains it. From here on it can be committed.
    #[must_use]
    pub fn explained_by(self, event: &Event) -> AuditedChange {
        AuditedChange { writes: self.and(ledger::event_write(event)).writes }
    }
}

/// A change together with its ledger event: the only thing a store commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditedChange {
    writes: Vec<Write>,
}

impl AuditedChange {
    /// A change that writes nothing, where there is nothing to add to another's.
    pub const fn nothing() -> Self {
        Self { writes: Vec::new() }
    }

    /// The writes, events included, in the order given.
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// Takes over another audited change: both happen or neither.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.writes.extend(other.writes);
        self
    }
}

/// A range of keys within one table, in byte order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyRange {
    /// The first key wanted; `None` starts at the table's beginning.
    pub from: Option<Vec<u8>>,
    /// The first key no longer wanted; `None` runs to the table's end.
    pub until: Option<Vec<u8>>,
}

impl KeyRange {
    /// The whole table.
    pub fn all() -> Self {
        Self::default()
    }

    /// Every key that starts with `prefix`.
    pub fn prefix(prefix: &[u8]) -> Self {
        Self { from: Some(prefix.to_vec()), until: after_prefix(prefix) }
    }

    /// This range, begun just after `key`: for the next page of a listing. Never begins earlier than it did, so that a
    /// cursor made up by a client does not widen it.
    #[must_use]
    pub fn after(mut self, key: &[u8]) -> Self {
        let mut next = key.to_vec();
        next.push(0);
        self.from = self.from.max(Some(next));
        self
    }

    /// Whether no key can lie in this range.
    fn is_empty(&self) -> bool {
        matches!((&self.from, &self.until), (Some(from), Some(until)) if from >= until)
            || self.until.as_ref().is_some_and(Vec::is_empty)
    }
}

/// The first key beyond all that start with `prefix`; `None` when there is no such key.
fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut next = prefix.get(..=last)?.to_vec();
    if let Some(byte) = next.last_mut() {
        *byte += 1;
    }
    Some(next)
}

/// A key and what is stored under it.
pub type Entry = (Vec<u8>, Versioned);

/// An ordered, conditional, durable store. See the module's text for the contract.
pub trait Store: Send + Sync + Debug {
    /// Reads one key.
    ///
    /// # Errors
    /// The engine could not answer; absence is `Ok(None)`.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StorageError>;

    /// Reads at most `limit` entries of `range`, in ascending key order.
    ///
    /// # Errors
    /// The engine could not answer.
    fn scan(&self, table: Table, range: &KeyRange, limit: usize) -> Result<Vec<Entry>, StorageError>;

    /// Commits all of `change` or none of it; durable when it returns `Ok`.
    ///
    /// # Errors
    /// [`CommitError::Conflict`]: an expectation did not hold, nothing was written.
    /// [`CommitError::Storage`]: the engine failed; whether the change was kept is not known until it is read back.
    fn commit(&self, change: AuditedChange) -> Result<(), CommitError>;
}

/// The storage engine failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("storage failed: {0}")]
pub struct StorageError(pub String);

/// A change was not committed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// Somebody else was there first: this key no longer stands as the change expected. Nothing was written.
    #[error("{} changed meanwhile (key {})", table.0, hex::encode(key))]
    Conflict {
        /// The table of the key.
        table: Table,
        /// The key whose expectation did not hold.
        key: Vec<u8>,
    },
    /// The engine failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
