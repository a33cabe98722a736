//! The ledger: every state change, and every look at a person's record, is an [`Event`] written in the same commit
//! as the thing itself. No event, no change: see [`Change::explained_by`](crate::storage::Change::explained_by).
//!
//! The store gives each event its [`Position`] in that commit: positions count from 0 without a gap, in the order in
//! which the changes took effect. Replaying the effects of all events in this order gives the state.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::clock::{Clock, Entropy, EntropyError};
use crate::storage::{KeyRange, StorageError, Store, Table};

pub mod audit;
mod effect;
mod event;
mod glimpse;
pub mod heads;
pub mod index;
pub mod newest;
pub mod receipt;
pub mod sealer;
pub mod signatures;
pub mod tree;

pub use effect::{Effect, Written};
pub use event::{Action, Actor, Event, EventId, Outcome, Salt};
pub use glimpse::Glimpse;

/// Events by [`Position`].
pub const EVENTS: Table = Table::records("events");

/// A place in the ledger, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub u64);

impl Position {
    /// The key in [`EVENTS`]: 8 octets, big-endian.
    pub const fn key(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    /// The place under a key of [`EVENTS`].
    ///
    /// # Errors
    /// The key has not 8 octets.
    pub fn from_key(key: &[u8]) -> Result<Self, StorageError> {
        let octets = key.try_into().map_err(|_| {
            StorageError(format!("events has a key that is no position: {}", hex::encode(key)))
        })?;
        Ok(Self(u64::from_be_bytes(octets)))
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Makes events: holds the clock and the randomness they are stamped with.
#[derive(Debug, Clone)]
pub struct Ledger {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    /// The microsecond of the last event made: two events of one ledger never share one, so that they keep their
    /// order also where the clock stands still or is set back.
    last: Arc<AtomicU64>,
}

impl Ledger {
    /// A ledger stamping with this clock and this randomness.
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy, last: Arc::default() }
    }

    /// An event happening now, done unless [`Event::refused`] is said.
    ///
    /// # Errors
    /// No randomness.
    pub fn event(
        &self,
        actor: &Actor,
        action: Action,
        subject: impl Into<String>,
    ) -> Result<Event, EntropyError> {
        let at = self.clock.now();
        // Asked for once: the system call costs more than the octets.
        let mut octets = [0; 24];
        self.entropy.fill(&mut octets)?;
        let (mut random, mut salt) = ([0; 8], [0; 16]);
        random.copy_from_slice(&octets[..8]);
        salt.copy_from_slice(&octets[8..]);
        Ok(Event {
            id: EventId::new(self.next_microsecond(at), random),
            at,
            actor: actor.clone(),
            action,
            subject: subject.into(),
            reason: None,
            outcome: Outcome::Done,
            detail: BTreeMap::new(),
            effects: Vec::new(),
            salt: Salt(salt),
        })
    }
}

impl Ledger {
    fn next_microsecond(&self, at: OffsetDateTime) -> u64 {
        let now = u64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(0);
        let later = |last: u64| now.max(last + 1);
        let last = self.last.fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| Some(later(last)));
        later(last.unwrap_or_else(|last| last))
    }
}

/// An event as it is stored: its octets are what the Merkle tree commits to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its place.
    pub position: Position,
    /// The octets as stored.
    pub octets: Vec<u8>,
}

impl Recorded {
    /// The event.
    ///
    /// # Errors
    /// The octets are no event.
    pub fn event(&self) -> Result<Event, StorageError> {
        serde_json::from_slice(&self.octets).map_err(|error| glimpse::unreadable(self.position, &error))
    }
}

/// The octets that are stored of `event`. Only [`Change::explained_by`](crate::storage::Change::explained_by) needs it.
pub(crate) fn encode(event: &Event) -> Vec<u8> {
    // A derived Serialize over strings, maps with string keys and times does not fail; an empty value would be
    // refused by `read`, never mistaken for an event.
    serde_json::to_vec(event).unwrap_or_default()
}

/// Gives the first `size` events to `take`, oldest first, reading some at a time.
///
/// # Errors
/// Storage failed, or holds something under [`EVENTS`] that has no position.
pub fn each(store: &dyn Store, size: u64, take: &mut dyn FnMut(&Recorded)) -> Result<(), StorageError> {
    const BATCH: usize = 1_024;
    let mut place = Position(0);
    while place.0 < size {
        let batch = read(store, place, BATCH)?;
        let Some(last) = batch.last() else { return Ok(()) };
        place = Position(last.position.0 + 1);
        batch.iter().filter(|recorded| recorded.position.0 < size).for_each(&mut *take);
    }
    Ok(())
}

/// Reads at most `limit` events from `from` on, oldest first.
///
/// # Errors
/// Storage failed, or holds something under [`EVENTS`] that is no event.
pub fn events(store: &dyn Store, from: Position, limit: usize) -> Result<Vec<Event>, StorageError> {
    read(store, from, limit)?.iter().map(Recorded::event).collect()
}

/// Reads at most `limit` events from `from` on, oldest first, as stored.
///
/// # Errors
/// Storage failed, or holds something under [`EVENTS`] that has no position.
pub fn read(store: &dyn Store, from: Position, limit: usize) -> Result<Vec<Recorded>, StorageError> {
    let range = KeyRange { from: Some(from.key().to_vec()), until: None };
    let entries = store.scan(EVENTS, &range, limit)?.into_iter();
    entries
        .map(|(key, entry)| Ok(Recorded { position: Position::from_key(&key)?, octets: entry.value }))
        .collect()
}
