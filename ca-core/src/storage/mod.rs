//! The storage contract: an ordered, conditional store of small tables.
//!
//! - A [`Table`] is a named, ordered map from key bytes to value bytes. Every value carries a [`Version`] that
//!   changes with every write of it.
//! - [`Store::get`] reads one key, [`Store::get_many`] several at one moment; [`Store::scan`] reads a bounded range in
//!   key order. All of them see committed state only.
//! - [`Store::commit`] takes an [`AuditedChange`]: a set of writes, each saying what it expects to find. All of it
//!   happens or none of it; when `commit` returns `Ok`, it is on durable storage. A conflict names the key.
//! - A change cannot be committed without the ledger event that explains it: [`Change::explained_by`] is the only
//!   way from a [`Change`] to an [`AuditedChange`]. The store writes the events of a change in the same commit, under
//!   the next free [`Position`]s of the ledger: events are numbered without a gap, in the order in which the changes
//!   take effect, also when several processes commit to one store.
//! - [`Store::export`] reads everything there is as it stood at one moment, while commits go on; [`Restore`] fills a
//!   new store with it. This is how backups are made, and how an installation moves from one engine to another.
//! - All expectations of a change speak of the state before it; their order does not count. A change puts or deletes
//!   a key at most once (it may check it besides), or it is refused as a fault of its author.
//! - Changes of many callers are committed together: a backend takes all that wait, applies each that still holds,
//!   makes the batch durable once, and then answers everyone. Until then nobody is shown any of it.
//!
//! Backends: [`memory`] (tests; fails on demand), [`sled`] (embedded default), [`postgres`] (several npki nodes on one
//! cluster), behind the same [`conformance`] suite; [`address`] chooses, and nothing else outside this folder may know
//! which backend runs. Secondary indexes are tables written in the same change.

use std::fmt::Debug;

use crate::ledger::{self, Effect, Event, Position};

pub mod address;
pub mod conformance;
mod expectation;
pub(crate) mod group;
pub mod memory;
pub mod postgres;
pub mod sled;

/// A table: its name and what its values are. Each module that owns records declares its tables as constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Table {
    name: &'static str,
    content: Content,
}

/// What a table's values are. An engine may keep each kind in a form of its own; the octets read are those written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// JSON documents.
    Records,
    /// Octets of any kind, empty ones included.
    Octets,
}

impl Table {
    /// A table of JSON documents.
    pub const fn records(name: &'static str) -> Self {
        Self { name, content: Content::Records }
    }

    /// A table of octets: DER, references, and empty values of indexes.
    pub const fn octets(name: &'static str) -> Self {
        Self { name, content: Content::Octets }
    }

    /// Its name: lower-case letters, digits and underscores.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// What its values are.
    pub const fn content(self) -> Content {
        self.content
    }
}

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

    /// Binds the change to the event that explains it, which from now on says what the change writes. From here on
    /// it can be committed.
    #[must_use]
    pub fn explained_by(self, event: &Event) -> AuditedChange {
        let effects = self.writes.iter().filter_map(Effect::of).collect();
        let event = ledger::encode(&Event { effects, ..event.clone() });
        AuditedChange { writes: self.writes, events: vec![event] }
    }

    /// Lets a change be committed without an event: for what is computed from the ledger itself, such as the Merkle
    /// tree over it, and can be computed again.
    #[must_use]
    pub(crate) fn projected(self) -> AuditedChange {
        AuditedChange { writes: self.writes, events: Vec::new() }
    }
}

/// A change together with its ledger events: the only thing a store commits. The default writes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditedChange {
    writes: Vec<Write>,
    events: Vec<Vec<u8>>,
}

impl AuditedChange {
    /// A change that writes nothing, where there is nothing to add to another's.
    pub const fn nothing() -> Self {
        Self { writes: Vec::new(), events: Vec::new() }
    }

    /// The writes, without those of the events, in the order given.
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// The events, as they are to be stored in [`EVENTS`](crate::ledger::EVENTS), in the order of their positions.
    pub fn events(&self) -> &[Vec<u8>] {
        &self.events
    }

    /// Refuses a change that writes events beside its own: these the store writes, and nobody else.
    fn confirm(&self) -> Result<(), StorageError> {
        if self.writes.iter().any(|write| write.table == ledger::EVENTS) {
            return Err(StorageError("only the store itself writes events; nothing was written".to_owned()));
        }
        Ok(())
    }

    /// About how many octets it writes, events included.
    fn octets(&self) -> usize {
        let written = self.writes.iter().map(|write| match &write.operation {
            Operation::Put(value) => value.len(),
            Operation::Delete | Operation::Check => 0,
        });
        written.chain(self.events.iter().map(Vec::len)).sum()
    }

    /// Takes over another audited change: both happen or neither.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.writes.extend(other.writes);
        self.events.extend(other.events);
        self
    }
}

/// What a commit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The version at which everything that the change put now stands.
    pub version: Version,
    /// The position of the change's first event; its others follow it. Where the change has no event, the ledger's
    /// size.
    pub position: Position,
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

/// One entry of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The table's name.
    pub table: String,
    /// The key.
    pub key: Vec<u8>,
    /// The value; `None` when the key, named earlier in the same export, is not there at the export's moment.
    pub value: Option<Vec<u8>>,
}

/// The moment that an export shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// How many events the ledger had.
    pub ledger_size: u64,
}

/// An ordered, conditional, durable store. See the module's text for the contract.
pub trait Store: Send + Sync + Debug {
    /// Reads one key.
    ///
    /// # Errors
    /// The engine could not answer; absence is `Ok(None)`.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StorageError>;

    /// Reads several keys of one table, all as they stand at one moment: what is found under each, in the order of
    /// `keys`. One round trip where there is a network; a page of a listing is read by it. Thousands of keys are for
    /// [`scan`](Self::scan), page by page.
    ///
    /// # Errors
    /// The engine could not answer; absence is `None`.
    fn get_many(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>, StorageError>;

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
    fn commit(&self, change: AuditedChange) -> Result<Committed, CommitError>;

    /// How many events the ledger has: the position that the next one gets.
    ///
    /// # Errors
    /// The engine could not answer.
    fn ledger_size(&self) -> Result<u64, StorageError>;

    /// Gives every entry of every table to `take`, as all of it stood at one moment not before this call; commits go
    /// on meanwhile. Where a key comes more than once, what came last counts. Memory is bounded by what is committed
    /// during the export, not by what is stored.
    ///
    /// # Errors
    /// The engine could not answer, or `take` failed.
    fn export(
        &self,
        take: &mut dyn FnMut(Exported) -> Result<(), StorageError>,
    ) -> Result<Moment, StorageError>;
}

/// A new store being filled with an export: no [`Store`] before it is finished. Each engine begins one in a place that
/// holds nothing yet, and marks the place; left unfinished, it cannot be opened as a store, and says why.
pub trait Restore: Send {
    /// Takes one entry of an export, in the export's order. Not durable before [`Restore::finish`].
    ///
    /// # Errors
    /// The engine failed.
    fn put(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) -> Result<(), StorageError>;

    /// Makes everything durable and the store fit for use.
    ///
    /// # Errors
    /// The engine failed, or the ledger has not as many events as `moment` says.
    fn finish(self: Box<Self>, moment: Moment) -> Result<(), StorageError>;
}

/// What a restore is told that did not bring as many events as it should.
fn incomplete(events: u64, moment: Moment) -> StorageError {
    StorageError(format!(
        "the restore is incomplete: it holds {events} ledger events instead of {}; nothing was put into use",
        moment.ledger_size
    ))
}

/// The storage engine failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("storage failed: {0}")]
pub struct StorageError(pub String);

/// How a failure begins that tells of a store which another process holds.
const HELD: &str = "another npki holds the store";

impl StorageError {
    /// Whether another process holds the store: nothing is wrong with it.
    pub fn is_held(&self) -> bool {
        self.0.starts_with(HELD)
    }
}

/// A change was not committed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// Somebody else was there first: this key no longer stands as the change expected. Nothing was written.
    #[error("{} changed meanwhile (key {})", table.name(), hex::encode(key))]
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
