//! The ledger: every state change, and every look at a person's record, is an [`Event`] written in the same commit
//! as the thing itself. No event, no change: see [`Change::explained_by`].
//!
//! Events are kept in the order of their identifier (time, then randomness). Their place in a Merkle tree is given
//! by a sequencer that is not built yet.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::clock::{Clock, Entropy, EntropyError};
use crate::storage::{Change, KeyRange, StorageError, Store, Table};

/// Events by identifier.
pub const EVENTS: Table = Table("events");

/// An event's identifier: microseconds since 1970 (8 octets, big-endian), then 8 random octets. Sorts by time; events
/// of one ledger in the order they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventId([u8; 16]);

impl EventId {
    fn new(micros: u64, random: [u8; 8]) -> Self {
        let mut id = [0; 16];
        let (time, rest) = id.split_at_mut(8);
        time.copy_from_slice(&micros.to_be_bytes());
        rest.copy_from_slice(&random);
        Self(id)
    }

    /// The identifier's bytes: the key in [`EVENTS`].
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl std::fmt::Display for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl From<EventId> for String {
    fn from(id: EventId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for EventId {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut id = [0; 16];
        hex::decode_to_slice(text, &mut id)?;
        Ok(Self(id))
    }
}

/// Who acted: an opaque reference such as `staff:S-…`, `agency:O-…` or `system:init`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Actor(pub String);

impl Actor {
    /// A part of npki itself, acting without a person.
    pub fn system(part: &str) -> Self {
        Self(format!("system:{part}"))
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What was done, as `noun.verb-in-past-tense`. Each module declares its own as constants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Action(Cow<'static, str>);

impl Action {
    /// Names an action.
    pub const fn named(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The action's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
}

/// One entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Its identifier, which carries its time.
    pub id: EventId,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// On whom or what: an opaque reference, never personal data.
    pub subject: String,
    /// Why, where a reason was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Further facts: references, fingerprints, never personal data.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub detail: BTreeMap<String, String>,
}

impl Event {
    /// Adds why it was done.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Adds a further fact. No personal data.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }

    /// Says that it was refused.
    #[must_use]
    pub const fn refused(mut self) -> Self {
        self.outcome = Outcome::Refused;
        self
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
        let mut random = [0; 8];
        self.entropy.fill(&mut random)?;
        Ok(Event {
            id: EventId::new(self.next_microsecond(at), random),
            at,
            actor: actor.clone(),
            action,
            subject: subject.into(),
            reason: None,
            outcome: Outcome::Done,
            detail: BTreeMap::new(),
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

/// The write that records `event`. Only [`Change::explained_by`] needs it.
pub(crate) fn event_write(event: &Event) -> Change {
    // A derived Serialize over strings, maps with string keys and times does not fail; an empty value would be
    // refused by `read`, never mistaken for an event.
    let value = serde_json::to_vec(event).unwrap_or_default();
    Change::new().insert(EVENTS, event.id.as_bytes().to_vec(), value)
}

/// Reads at most `limit` events that come after `after`, oldest first.
///
/// # Errors
/// Storage failed, or holds something under [`EVENTS`] that is no event.
pub fn read(store: &dyn Store, after: Option<EventId>, limit: usize) -> Result<Vec<Event>, StorageError> {
    let range = match after {
        Some(id) => KeyRange::all().after(id.as_bytes()),
        None => KeyRange::all(),
    };
    store
        .scan(EVENTS, &range, limit)?
        .into_iter()
        .map(|(key, entry)| {
            serde_json::from_slice(&entry.value)
                .map_err(|error| StorageError(format!("event {} cannot be read: {error}", hex::encode(key))))
        })
        .collect()
}
