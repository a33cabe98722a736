//! Stored records against the ledger: the state is computed anew from what events say they wrote.
//!
//! Keys are told apart by 128 bits of a SHA-256, so that memory is bounded by the number of keys alone; where that is
//! more than the auditor gives, the keys are split and the ledger is read once for each part.

use std::collections::{HashMap, HashSet};

use super::{Audit, AuditError, Finding, Progress, Report};
use crate::ledger::heads::{LEDGER_COSIGNATURES, LEDGER_HEADS};
use crate::ledger::index::LEDGER_INDEX;
use crate::ledger::tree::LEDGER_TILES;
use crate::ledger::{EVENTS, Position, Written, each};
use crate::storage::{StorageError, Store};

/// Octets that one key takes in memory, in both maps together.
const PER_KEY: u64 = 120;
/// About how many keys there are for each event.
const KEYS_PER_EVENT: u64 = 4;
/// How many records are read between two reports of progress.
const STEP: u64 = 10_000;

/// What is computed from the ledger has no events of its own, and the events are compared with the tree.
fn is_compared(table: &str) -> bool {
    ![EVENTS, LEDGER_TILES, LEDGER_HEADS, LEDGER_COSIGNATURES, LEDGER_INDEX]
        .iter()
        .any(|computed| computed.name() == table)
}

type Key = u128;

fn key_of(table: &str, key: &[u8]) -> Key {
    let digest = Written::of(&[table.as_bytes(), &[0], key].concat());
    let (half, _) = digest.0.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
    u128::from_be_bytes(*half)
}

/// The first half of a value's digest.
type Value = [u8; 16];

fn value_of(written: Written) -> Value {
    let mut value = Value::default();
    value.copy_from_slice(written.0.get(..16).unwrap_or_default());
    value
}

pub(super) fn audit(
    audit: &Audit<'_>,
    store: &dyn Store,
    report: &mut Report,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), AuditError> {
    let keys = report.events.saturating_mul(KEYS_PER_EVENT);
    let passes = keys.saturating_mul(PER_KEY).div_ceil(audit.memory.max(1 << 20)).max(1);
    let mut suspects = HashMap::new();
    for pass in 0..passes {
        let part = Part { pass, passes };
        let (actual, size) = part.stored(store, report, progress)?;
        let expected = part.expected(store, size)?;
        compare(&actual, &expected, &mut suspects);
    }
    if !suspects.is_empty() {
        name(store, &suspects, report)?;
    }
    Ok(())
}

/// One part of the keys.
#[derive(Clone, Copy)]
struct Part {
    pass: u64,
    passes: u64,
}

impl Part {
    fn holds(self, key: Key) -> bool {
        key % u128::from(self.passes) == u128::from(self.pass)
    }

    /// What is stored, and how many events the ledger had at that moment.
    fn stored(
        self,
        store: &dyn Store,
        report: &mut Report,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(HashMap<Key, Value>, u64), StorageError> {
        let (mut actual, mut read) = (HashMap::new(), 0);
        let moment = store.export(&mut |entry| {
            read += 1;
            if read % STEP == 0 {
                progress(Progress::Records(read, self.pass + 1, self.passes));
            }
            let key = key_of(&entry.table, &entry.key);
            if !is_compared(&entry.table) || !self.holds(key) {
                return Ok(());
            }
            match entry.value {
                Some(value) => actual.insert(key, value_of(Written::of(&value))),
                None => actual.remove(&key),
            };
            Ok(())
        })?;
        report.records += actual.len() as u64;
        Ok((actual, moment.ledger_size))
    }

    /// What the first `size` events say, and which of them said it last.
    fn expected(self, store: &dyn Store, size: u64) -> Result<HashMap<Key, Last>, StorageError> {
        let mut expected = HashMap::new();
        each_effect(store, size, &mut |position, table, key, value| {
            let hashed = key_of(table, key);
            if is_compared(table) && self.holds(hashed) {
                expected.insert(hashed, Last { value: value.map(value_of), position });
            }
        })?;
        Ok(expected)
    }
}

/// What the last event that wrote a key says of it.
#[derive(Clone, Copy)]
struct Last {
    value: Option<Value>,
    position: Position,
}

/// Takes an effect: the event's position, table, key, and what stands there afterwards.
type TakeEffect<'a> = &'a mut dyn FnMut(Position, &str, &[u8], Option<Written>);

fn each_effect(store: &dyn Store, size: u64, take: TakeEffect<'_>) -> Result<(), StorageError> {
    each(store, size, &mut |recorded| {
        // An event that cannot be read was found by the audit of the history.
        let Ok(event) = recorded.event() else { return };
        for effect in event.effects {
            take(recorded.position, &effect.table, &effect.key, effect.value);
        }
    })
}

/// What is wrong with a key whose name is not known yet.
#[derive(Clone, Copy)]
enum Suspicion {
    Unexplained,
    Differs(Position),
    Lost(Position),
    Returned(Position),
}

fn compare(
    actual: &HashMap<Key, Value>,
    expected: &HashMap<Key, Last>,
    suspects: &mut HashMap<Key, Suspicion>,
) {
    // One more than is told, so that the report knows that there is more.
    let mut suspect = |key: Key, suspicion| {
        if suspects.len() <= Report::MOST {
            suspects.insert(key, suspicion);
        }
    };
    for (key, value) in actual {
        match expected.get(key) {
            None => suspect(*key, Suspicion::Unexplained),
            Some(Last { value: None, position }) => suspect(*key, Suspicion::Returned(*position)),
            Some(Last { value: Some(wanted), position }) if wanted != value => {
                suspect(*key, Suspicion::Differs(*position));
            }
            Some(_) => {}
        }
    }
    for (key, last) in expected.iter().filter(|(key, last)| last.value.is_some() && !actual.contains_key(key))
    {
        suspect(*key, Suspicion::Lost(last.position));
    }
}

/// Reads once more to find the names of what is suspect.
fn name(
    store: &dyn Store,
    suspects: &HashMap<Key, Suspicion>,
    report: &mut Report,
) -> Result<(), StorageError> {
    let mut named = Vec::new();
    let mut seen = HashSet::new();
    let mut meet = |table: &str, key: &[u8]| {
        let hashed = key_of(table, key);
        if let Some(suspicion) = suspects.get(&hashed).filter(|_| seen.insert(hashed)) {
            named.push(finding(table.to_owned(), text(key), *suspicion));
        }
    };
    store.export(&mut |entry| {
        meet(&entry.table, &entry.key);
        Ok(())
    })?;
    each_effect(store, u64::MAX, &mut |_, table, key, _| meet(table, key))?;
    named.sort_by_key(|finding| finding.to_string());
    named.into_iter().for_each(|finding| report.add(finding));
    Ok(())
}

fn finding(table: String, key: String, suspicion: Suspicion) -> Finding {
    match suspicion {
        Suspicion::Unexplained => Finding::Unexplained { table, key },
        Suspicion::Differs(event) => Finding::Differs { table, key, event },
        Suspicion::Lost(event) => Finding::Lost { table, key, event },
        Suspicion::Returned(event) => Finding::Returned { table, key, event },
    }
}

/// A key as people read it: as it is where it is plain text, otherwise in hex.
fn text(key: &[u8]) -> String {
    match std::str::from_utf8(key) {
        Ok(text) if !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic()) => text.to_owned(),
        _ => hex::encode(key),
    }
}
