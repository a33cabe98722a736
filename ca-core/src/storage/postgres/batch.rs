//! A batch in the making: changes that still hold, one on top of the other.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::catalog::Catalog;
use super::committing::Verdict;
use crate::ledger::{EVENTS, Position};
use crate::storage::expectation::judge;
use crate::storage::{AuditedChange, Committed, Expect, Operation, StorageError, Table, Version, Write};

/// What the turn's row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    /// Changes, ever.
    pub(super) sequence: u64,
    /// Events of the ledger.
    pub(super) ledger_size: u64,
}

/// The keys of which a group must know the version, by table.
pub(super) type Wanted<'a> = BTreeMap<Table, BTreeSet<&'a [u8]>>;

/// The versions found under them; a key that is not there is absent.
pub(super) type Found = BTreeMap<Table, BTreeMap<Vec<u8>, Version>>;

/// What a batch leaves under the keys it writes, by table.
pub(super) type Left<'a> = BTreeMap<Table, LeftInTable<'a>>;

/// The same within one table: each value and its version, `None` where it is removed.
pub(super) type LeftInTable<'a> = BTreeMap<Cow<'a, [u8]>, Option<(Version, &'a [u8])>>;

/// The keys of which `group` must know the version. Tables that the database does not have are left out: changes that
/// name them are refused one by one.
pub(super) fn wanted<'a>(group: &'a [AuditedChange], catalog: &Catalog) -> Wanted<'a> {
    let mut wanted = Wanted::new();
    let writes = group.iter().flat_map(AuditedChange::writes);
    for write in writes.filter(|write| write.expect != Expect::Anything) {
        if catalog.confirm(write.table).is_ok() {
            wanted.entry(write.table).or_default().insert(&write.key);
        }
    }
    wanted
}

/// What a batch was judged on without having been read, by table: the version supposed under each key, or none.
pub(super) type Supposed<'a> = BTreeMap<Table, BTreeMap<&'a [u8], Option<Version>>>;

/// Supposes that every key stands as the first change of `group` that speaks of it expects: so it is nearly always.
pub(super) fn supposed<'a>(group: &'a [AuditedChange], catalog: &Catalog) -> Supposed<'a> {
    let mut supposed = Supposed::new();
    for write in group.iter().flat_map(AuditedChange::writes) {
        let version = match write.expect {
            Expect::Anything => continue,
            Expect::Absent => None,
            Expect::Version(version) => Some(version),
        };
        if catalog.confirm(write.table).is_ok() {
            supposed.entry(write.table).or_default().entry(&write.key).or_insert(version);
        }
    }
    supposed
}

/// What would have been found if all that is supposed were so.
pub(super) fn as_found(supposed: &Supposed<'_>) -> Found {
    let tables = supposed.iter().map(|(table, keys)| {
        let there = keys.iter().filter_map(|(key, version)| Some((key.to_vec(), (*version)?)));
        (*table, there.collect())
    });
    tables.collect()
}

/// A batch in the making.
pub(super) struct Batch<'a> {
    catalog: &'a Catalog,
    found: &'a Found,
    turn: Turn,
    left: Left<'a>,
}

impl<'a> Batch<'a> {
    /// An empty batch on top of `found`, where the turn's row stands at `turn`.
    pub(super) const fn new(catalog: &'a Catalog, turn: Turn, found: &'a Found) -> Self {
        Self { catalog, found, turn, left: BTreeMap::new() }
    }

    /// Adds a change, if its expectations hold on top of those added before.
    pub(super) fn add(&mut self, change: &'a AuditedChange) -> Verdict {
        self.confirm(change)?;
        judge(change, |write| Ok(self.version(write)))?;
        self.turn.sequence += 1;
        let version = Version(self.turn.sequence);
        for write in change.writes() {
            match &write.operation {
                Operation::Put(value) => self.leave(write.table, &write.key, Some((version, value))),
                Operation::Delete => self.leave(write.table, &write.key, None),
                Operation::Check => {}
            }
        }
        let position = Position(self.turn.ledger_size);
        for event in change.events() {
            let key = Position(self.turn.ledger_size).key().to_vec();
            self.left.entry(EVENTS).or_default().insert(Cow::Owned(key), Some((version, event)));
            self.turn.ledger_size += 1;
        }
        Ok(Committed { version, position })
    }

    /// What is to be written; `None` when nothing is.
    pub(super) fn finish(self) -> Option<(Turn, Left<'a>)> {
        if self.left.is_empty() { None } else { Some((self.turn, self.left)) }
    }

    /// Whether the database can keep the change at all: what it cannot keep must not take others down with it.
    fn confirm(&self, change: &AuditedChange) -> Result<(), StorageError> {
        for write in change.writes() {
            let value = if let Operation::Put(value) = &write.operation { Some(value) } else { None };
            match value {
                Some(value) => self.catalog.confirm_entry(write.table, &write.key, value)?,
                None => self.catalog.confirm(write.table)?,
            }
        }
        change.events().iter().try_for_each(|event| self.catalog.confirm_entry(EVENTS, &[], event))
    }

    fn version(&self, write: &Write) -> Option<Version> {
        let key = write.key.as_slice();
        match self.left.get(&write.table).and_then(|left| left.get(key)) {
            Some(left) => left.map(|(version, _)| version),
            None => self.found.get(&write.table)?.get(key).copied(),
        }
    }

    fn leave(&mut self, table: Table, key: &'a [u8], value: Option<(Version, &'a [u8])>) {
        self.left.entry(table).or_default().insert(Cow::Borrowed(key), value);
    }
}
