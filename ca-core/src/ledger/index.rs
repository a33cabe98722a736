//! Finding events by whom they concern, who acted and what was done.
//!
//! The index is a projection of the ledger, written by the sealer together with the tree. What it does not cover yet,
//! at most what came since the last sealing, is looked through event by event: a search never misses the newest.

use std::collections::BTreeSet;

use super::{Event, Outcome, Position, Recorded, read};
use crate::storage::{Change, KeyRange, StorageError, Store, Table, Versioned};

/// Events by what they name: kind (1 octet), text, `0`, position (8 octets, big-endian) → empty.
pub const LEDGER_INDEX: Table = Table::octets("ledger_index");

const ABOUT: u8 = b's';
const ACTOR: u8 = b'a';
const ACTION: u8 = b'n';

/// How many events one search looks at for a page at most: it bounds the work of a call, and the cursor goes on where
/// the look ended.
const EXAMINED: usize = 5_000;

/// The fewest and the most that are read at once.
const FEWEST: usize = 50;
const MOST: usize = 500;

/// What is looked for: every part that is given must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// On whom or what: a subject such as `identity:P-…`, also where an event names it among its details.
    pub about: Option<String>,
    /// Who acted.
    pub actor: Option<String>,
    /// What was done.
    pub action: Option<String>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Not before this moment.
    pub since: Option<time::OffsetDateTime>,
    /// Before this moment.
    pub until: Option<time::OffsetDateTime>,
}

/// One page of what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Events, in the ledger's order.
    pub items: Vec<Recorded>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<Position>,
}

impl Query {
    /// The events from `from` on that fit, at most `limit` and never more than a bounded number looked at: a page may
    /// be empty and have a successor.
    ///
    /// # Errors
    /// The store failed, or an event cannot be read.
    pub fn run(&self, store: &dyn Store, from: Position, limit: usize) -> Result<Found, StorageError> {
        let mut items = Vec::new();
        let mut place = from;
        let mut examined = 0;
        let size = store.ledger_size()?;
        while examined < EXAMINED && place.0 < size {
            let batch = self.candidates(store, place, size, limit)?;
            for recorded in batch.events {
                examined += 1;
                place = Position(recorded.position.0 + 1);
                if self.fits(&recorded.event()?) {
                    items.push(recorded);
                }
                if items.len() == limit {
                    return Ok(Found { items, next: (place.0 < size).then_some(place) });
                }
            }
            place = place.max(batch.next);
        }
        Ok(Found { items, next: (place.0 < size).then_some(place) })
    }

    fn candidates(
        &self,
        store: &dyn Store,
        from: Position,
        size: u64,
        limit: usize,
    ) -> Result<Batch, StorageError> {
        // What the index names nearly always fits.
        let most = limit.clamp(FEWEST, MOST);
        let indexed = indexed_until(store)?;
        let Some(prefix) = self.prefix().filter(|_| from < indexed) else {
            let events = read(store, from, MOST)?;
            let next = events.last().map_or(Position(size), |last| Position(last.position.0 + 1));
            return Ok(Batch { events, next });
        };
        let range = KeyRange { from: Some(key(&prefix, from)), ..KeyRange::prefix(&prefix) };
        let positions = store.scan(LEDGER_INDEX, &range, most)?;
        let positions: Vec<Position> =
            positions.iter().map(|(key, _)| position(key)).collect::<Result<_, _>>()?;
        let next = match positions.last() {
            Some(last) if positions.len() == most => Position(last.0 + 1),
            _ => indexed,
        };
        Ok(Batch { events: all(store, &positions)?, next })
    }

    /// The most telling part of the query that there is an index for.
    fn prefix(&self) -> Option<Vec<u8>> {
        let parts = [(ABOUT, &self.about), (ACTOR, &self.actor), (ACTION, &self.action)];
        parts.into_iter().find_map(|(kind, text)| text.as_deref().map(|text| prefix(kind, text)))
    }

    fn fits(&self, event: &Event) -> bool {
        let same = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|text| text == found);
        self.about.as_deref().is_none_or(|about| named(event).contains(about))
            && same(&self.actor, &event.actor.0)
            && same(&self.action, event.action.as_str())
            && self.outcome.is_none_or(|outcome| outcome == event.outcome)
            && self.since.is_none_or(|since| event.at >= since)
            && self.until.is_none_or(|until| event.at < until)
    }
}

struct Batch {
    events: Vec<Recorded>,
    next: Position,
}

/// One event as stored.
///
/// # Errors
/// The store failed, or there is no such event.
pub fn one(store: &dyn Store, position: Position) -> Result<Recorded, StorageError> {
    recorded(position, store.get(super::EVENTS, &position.key())?)
}

/// The events at these places as stored, read at once.
fn all(store: &dyn Store, positions: &[Position]) -> Result<Vec<Recorded>, StorageError> {
    let keys: Vec<Vec<u8>> = positions.iter().map(|place| place.key().to_vec()).collect();
    let found = store.get_many(super::EVENTS, &keys)?;
    positions.iter().zip(found).map(|(place, entry)| recorded(*place, entry)).collect()
}

fn recorded(position: Position, entry: Option<Versioned>) -> Result<Recorded, StorageError> {
    let entry = entry.ok_or_else(|| StorageError(format!("the ledger has no event at {position}")))?;
    Ok(Recorded { position, octets: entry.value })
}

/// Adds an event's entries to a change.
pub(super) fn enter(change: Change, position: Position, event: &Event) -> Change {
    let about = named(event).into_iter().map(|text| prefix(ABOUT, &text));
    let others = [prefix(ACTOR, &event.actor.0), prefix(ACTION, event.action.as_str())];
    about.chain(others).fold(change, |change, prefix| change.put(LEDGER_INDEX, key(&prefix, position), []))
}

/// Whom or what an event names: its subject, and identities among its details.
fn named(event: &Event) -> BTreeSet<String> {
    let identities = ["identity", "organisation", "sponsor"].into_iter();
    let identities = identities.filter_map(|name| event.detail.get(name));
    identities.map(|id| format!("identity:{id}")).chain([event.subject.clone()]).collect()
}

fn indexed_until(store: &dyn Store) -> Result<Position, StorageError> {
    let entry = store.get(LEDGER_INDEX, INDEXED)?;
    entry.map_or(Ok(Position(0)), |entry| Position::from_key(&entry.value))
}

/// The key under which the index says how far it goes; no entry's begins so.
const INDEXED: &[u8] = b"~";

/// Says in a change that the index covers everything before `until`.
pub(super) fn covers(change: Change, until: Position) -> Change {
    change.put(LEDGER_INDEX, INDEXED, until.key())
}

fn prefix(kind: u8, text: &str) -> Vec<u8> {
    let mut prefix = vec![kind];
    // No text of an event holds a zero octet that matters: a longer text never lies between a shorter one's entries.
    prefix.extend(text.bytes().filter(|octet| *octet != 0));
    prefix.push(0);
    prefix
}

fn key(prefix: &[u8], position: Position) -> Vec<u8> {
    [prefix, &position.key()].concat()
}

fn position(key: &[u8]) -> Result<Position, StorageError> {
    let start = key.len().saturating_sub(8);
    Position::from_key(key.get(start..).unwrap_or_default())
}
