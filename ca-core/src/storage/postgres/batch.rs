//! A batch in the making: changes that still hold, one on top of the other.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

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

/// What is known to stand under them: a version, or nothing.
pub(super) type Found<'a> = BTreeMap<Table, HashMap<Cow<'a, [u8]>, Option<Version>>>;

/// What a batch leaves under the keys it writes, by table.
pub(super) type Left<'a> = BTreeMap<Table, LeftInTable<'a>>;

/// The same within one table.
pub(super) type LeftInTable<'a> = BTreeMap<Cow<'a, [u8]>, Leave<'a>>;

/// What a batch leaves under one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave<'a> {
    /// This value, where nothing is before the batch: it costs the server half as much.
    New(Version, &'a [u8]),
    /// This value.
    Value(Version, &'a [u8]),
    /// Nothing.
    Nothing,
}

impl Leave<'_> {
    const fn version(self) -> Option<Version> {
        match self {
            Self::New(version, _) | Self::Value(version, _) => Some(version),
            Self::Nothing => None,
        }
    }
}

/// A change that the database can keep: what it cannot keep must not take others down with it. Found out on the
/// caller's thread.
#[derive(Debug)]
pub(super) struct Confirmed(AuditedChange);

impl Confirmed {
    /// # Errors
    /// The database cannot keep it, which is its author's fault.
    pub(super) fn new(change: AuditedChange, catalog: &Catalog) -> Result<Self, StorageError> {
        change.confirm()?;
        for write in change.writes() {
            match &write.operation {
                Operation::Put(value) => catalog.confirm_entry(write.table, &write.key, value)?,
                Operation::Delete | Operation::Check => catalog.confirm(write.table)?,
            }
        }
        change.events().iter().try_for_each(|event| catalog.confirm_entry(EVENTS, &[], event))?;
        Ok(Self(change))
    }

    /// About how many octets it writes.
    pub(super) fn octets(&self) -> usize {
        self.0.octets()
    }
}

/// The keys of which `group` must know the version.
pub(super) fn wanted(group: &[Confirmed]) -> Wanted<'_> {
    let mut wanted = Wanted::new();
    let writes = group.iter().flat_map(|change| change.0.writes());
    for write in writes.filter(|write| write.expect != Expect::Anything) {
        wanted.entry(write.table).or_default().insert(&write.key);
    }
    wanted
}

/// What a batch was judged on without having been read, by table: the version supposed under each key, or none.
pub(super) type Supposed<'a> = BTreeMap<Table, HashMap<&'a [u8], Option<Version>>>;

/// Supposes that every key stands as the first change of `group` that speaks of it expects: so it is nearly always.
pub(super) fn supposed(group: &[Confirmed]) -> Supposed<'_> {
    let mut supposed = Supposed::new();
    for write in group.iter().flat_map(|change| change.0.writes()) {
        let version = match write.expect {
            Expect::Anything => continue,
            Expect::Absent => None,
            Expect::Version(version) => Some(version),
        };
        supposed.entry(write.table).or_default().entry(&write.key).or_insert(version);
    }
    supposed
}

/// What would have been found if all that is supposed were so.
pub(super) fn as_found<'a>(supposed: &Supposed<'a>) -> Found<'a> {
    let borrowed = |(key, version): (&&'a [u8], &Option<Version>)| (Cow::Borrowed(*key), *version);
    supposed.iter().map(|(table, keys)| (*table, keys.iter().map(borrowed).collect())).collect()
}

/// A batch in the making.
pub(super) struct Batch<'a> {
    found: &'a Found<'a>,
    turn: Turn,
    left: Left<'a>,
}

impl<'a> Batch<'a> {
    /// An empty batch on top of `found`, where the turn's row stands at `turn`.
    pub(super) const fn new(turn: Turn, found: &'a Found<'a>) -> Self {
        Self { found, turn, left: BTreeMap::new() }
    }

    /// Adds a change, if its expectations hold on top of those added before.
    pub(super) fn add(&mut self, Confirmed(change): &'a Confirmed) -> Verdict {
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
            self.left.entry(EVENTS).or_default().insert(Cow::Owned(key), Leave::New(version, event));
            self.turn.ledger_size += 1;
        }
        Ok(Committed { version, position })
    }

    /// What is to be written; `None` when nothing is.
    pub(super) fn finish(self) -> Option<(Turn, Left<'a>)> {
        if self.left.is_empty() { None } else { Some((self.turn, self.left)) }
    }

    fn version(&self, write: &Write) -> Option<Version> {
        let key = write.key.as_slice();
        match self.left.get(&write.table).and_then(|left| left.get(key)) {
            Some(left) => left.version(),
            None => self.before(write.table, key)?,
        }
    }

    /// What is known to stand under a key before the batch.
    fn before(&self, table: Table, key: &[u8]) -> Option<Option<Version>> {
        self.found.get(&table)?.get(key).copied()
    }

    fn leave(&mut self, table: Table, key: &'a [u8], value: Option<(Version, &'a [u8])>) {
        let absent = self.before(table, key) == Some(None);
        let leave = match value {
            Some((version, value)) if absent => Leave::New(version, value),
            Some((version, value)) => Leave::Value(version, value),
            None => Leave::Nothing,
        };
        self.left.entry(table).or_default().insert(Cow::Borrowed(key), leave);
    }
}
