//! Finding events by whom they concern, who acted and what was done.
//!
//! The index is a projection of the ledger, written by the sealer together with the tree. What it does not cover yet,
//! at most what came since the last sealing, is looked through event by event: a search never misses the newest.

use std::collections::{BTreeMap, BTreeSet};

use super::{Event, Glimpse, Outcome, Position, Recorded, read};
use crate::storage::{Change, KeyRange, StorageError, Store, Table, Versioned};

/// Events by what they name: kind (1 octet), text, `0`, position of one (8 octets, big-endian) → further ones before it, by
/// their distances from it (2 octets each, big-endian), the oldest first. What one sealing adds of a text is one entry: of
/// those that an officer imports, a thousand name the same officer.
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

/// How many entries are read first: each may hold thousands of places.
const ROWS: usize = 16;

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
        let positions = entered(store, &prefix, from, most)?;
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
        self.about.as_deref().is_none_or(|about| named_by(event).contains(about))
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

/// The first `most` places from `from` on that the index has under a prefix.
fn entered(
    store: &dyn Store,
    prefix: &[u8],
    from: Position,
    most: usize,
) -> Result<Vec<Position>, StorageError> {
    let mut range = KeyRange { from: Some(key(prefix, from)), ..KeyRange::prefix(prefix) };
    let (mut positions, mut rows) = (Vec::new(), ROWS);
    loop {
        let entries = store.scan(LEDGER_INDEX, &range, rows)?;
        for (key, entry) in &entries {
            positions.extend(places(key, &entry.value)?.into_iter().filter(|place| *place >= from));
        }
        match entries.last() {
            Some((last, _)) if entries.len() == rows && positions.len() < most => range = range.after(last),
            _ => break,
        }
        // An entry may hold many places, or one.
        rows = most;
    }
    positions.truncate(most);
    Ok(positions)
}

/// What consecutive events name.
#[derive(Debug, Default)]
pub(super) struct Named(BTreeMap<Vec<u8>, Vec<Position>>);

impl Named {
    /// Notes what the next event names.
    pub(super) fn note(&mut self, position: Position, event: &Glimpse<'_>) {
        let about = named(event.subject(), |name| event.detail(name));
        let about = about.iter().map(|text| prefix(ABOUT, text));
        let others = [prefix(ACTOR, event.actor()), prefix(ACTION, event.action())];
        for prefix in about.chain(others) {
            self.0.entry(prefix).or_default().push(position);
        }
    }

    /// Adds to a change what was noted; the index covers everything before `until` then.
    pub(super) fn enter(self, change: Change, until: Position) -> Change {
        let mut change = change.put(LEDGER_INDEX, INDEXED, until.key());
        for (prefix, positions) in &self.0 {
            for near in positions.chunk_by(|_, next| next.0 - positions[0].0 <= u64::from(u16::MAX)) {
                let Some((last, before)) = near.split_last() else { continue };
                let distances = before.iter().filter_map(|place| u16::try_from(last.0 - place.0).ok());
                let distances: Vec<u8> = distances.flat_map(u16::to_be_bytes).collect();
                change = change.put(LEDGER_INDEX, key(prefix, *last), distances);
            }
        }
        change
    }
}

fn named_by(event: &Event) -> BTreeSet<String> {
    named(&event.subject, |name| event.detail.get(name).map(String::as_str))
}

/// Whom or what an event names: its subject, and identities among its details.
fn named<'a>(subject: &str, detail: impl Fn(&str) -> Option<&'a str>) -> BTreeSet<String> {
    let identities = ["identity", "organisation", "sponsor"].into_iter().filter_map(detail);
    identities.map(|id| format!("identity:{id}")).chain([subject.to_owned()]).collect()
}

fn indexed_until(store: &dyn Store) -> Result<Position, StorageError> {
    let entry = store.get(LEDGER_INDEX, INDEXED)?;
    entry.map_or(Ok(Position(0)), |entry| Position::from_key(&entry.value))
}

/// The key under which the index says how far it goes; no entry's begins so.
const INDEXED: &[u8] = b"~";

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

/// The places of one entry, in their order.
fn places(key: &[u8], distances: &[u8]) -> Result<Vec<Position>, StorageError> {
    let start = key.len().saturating_sub(8);
    let last = Position::from_key(key.get(start..).unwrap_or_default())?;
    let (distances, []) = distances.as_chunks::<2>() else {
        return Err(StorageError(format!("an entry of the ledger's index is damaged: {}", hex::encode(key))));
    };
    let before = distances.iter().map(|it| Position(last.0.saturating_sub(u16::from_be_bytes(*it).into())));
    Ok(before.chain([last]).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::storage::memory::MemoryStore;

    /// A store whose index has these places of one actor, in sealings of so many events.
    fn indexed(places: &[u64], sealing: u64) -> MemoryStore {
        let store = MemoryStore::default();
        for part in places.chunk_by(|one, next| one / sealing == next / sealing) {
            let mut named = Named::default();
            named.0.insert(prefix(ACTOR, "staff:S-1"), part.iter().copied().map(Position).collect());
            named.0.insert(prefix(ACTOR, "staff:S-12"), part.iter().copied().map(Position).collect());
            let until = part.last().map_or(0, |last| last + 1);
            store.commit(named.enter(Change::new(), Position(until)).projected()).unwrap();
        }
        store
    }

    proptest! {
        #[test]
        fn every_place_is_found_from_everywhere(
            places in proptest::collection::btree_set(0_u64..300_000, 0..400),
            sealing in prop_oneof![Just(1_u64), Just(7), Just(2_048), Just(200_000)],
            from in 0_u64..300_000,
            most in 1_usize..450,
        ) {
            let places: Vec<u64> = places.into_iter().collect();
            let store = indexed(&places, sealing);
            let found = entered(&store, &prefix(ACTOR, "staff:S-1"), Position(from), most).unwrap();
            let wanted: Vec<Position> =
                places.iter().filter(|place| **place >= from).take(most).copied().map(Position).collect();
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn one_sealing_is_one_entry_and_what_an_older_npki_wrote_is_read() {
        let store = indexed(&[2_048, 2_049, 4_000], 2_048);
        let old = Change::new().put(LEDGER_INDEX, key(&prefix(ACTOR, "staff:S-1"), Position(5)), []);
        store.commit(old.projected()).unwrap();
        let entries = store.scan(LEDGER_INDEX, &KeyRange::prefix(&prefix(ACTOR, "staff:S-1")), 10).unwrap();
        assert_eq!(entries.len(), 2);
        let found = entered(&store, &prefix(ACTOR, "staff:S-1"), Position(0), 10).unwrap();
        assert_eq!(found, [5, 2_048, 2_049, 4_000].map(Position));
    }

    #[test]
    fn a_damaged_entry_is_told_of() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let odd = Change::new().put(LEDGER_INDEX, key(&prefix(ACTOR, "staff:S-1"), Position(5)), [0]);
        store.commit(odd.projected()).unwrap();
        let error = entered(store.as_ref(), &prefix(ACTOR, "staff:S-1"), Position(0), 10).unwrap_err();
        assert!(error.0.contains("index is damaged"), "{error}");
    }
}
