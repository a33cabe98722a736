//! The storage contract as checks that every backend must pass. Each check gets a fresh, empty store.

use std::sync::Arc;

use time::OffsetDateTime;

use super::{Change, CommitError, Expect, KeyRange, Store, Table, Version};
use crate::clock::{SetClock, SystemEntropy};
use crate::ledger::{self, Action, Actor, Event, Ledger};

/// Why a check failed.
pub type Failed = String;
/// One check.
pub type Check = fn(&Arc<dyn Store>) -> Result<(), Failed>;

/// Every check, by name.
pub const CHECKS: &[(&str, Check)] = &[
    ("absence is no error", absence_is_no_error),
    ("an insert needs a free key", an_insert_needs_a_free_key),
    ("a replacement needs its version", a_replacement_needs_its_version),
    ("a deletion needs its version", a_deletion_needs_its_version),
    ("versions are never used twice", versions_are_never_used_twice),
    ("a check writes nothing and can fail a change", a_check_can_fail_a_change),
    ("a change happens whole or not at all", a_change_happens_whole_or_not_at_all),
    ("a change that names a key twice is refused", a_repeated_key_is_refused),
    ("scans are ordered, bounded and limited", scans_are_ordered_bounded_and_limited),
    ("tables do not mix", tables_do_not_mix),
    ("prefixes of 0xff have an end", prefixes_of_ff_have_an_end),
    ("large values come back whole", large_values_come_back_whole),
    ("no concurrent update is lost", no_concurrent_update_is_lost),
    ("one of many inserts wins", one_of_many_inserts_wins),
    ("the event is written with the change", the_event_is_written_with_the_change),
];

const A: Table = Table("conformance_a");
const B: Table = Table("conformance_b");

fn absence_is_no_error(store: &Arc<dyn Store>) -> Result<(), Failed> {
    demand(value(store, A, b"none")?.is_none(), "a key nobody wrote has a value")?;
    demand(keys(store, A, &KeyRange::all(), 10)?.is_empty(), "an empty table has entries")
}

fn an_insert_needs_a_free_key(store: &Arc<dyn Store>) -> Result<(), Failed> {
    commit(store, Change::new().insert(A, b"k".as_slice(), b"1".as_slice()))?;
    conflict(store, Change::new().insert(A, b"k".as_slice(), b"2".as_slice()), A, b"k")?;
    demand(value(store, A, b"k")?.as_deref() == Some(b"1"), "a conflict changed the value")
}

fn a_replacement_needs_its_version(store: &Arc<dyn Store>) -> Result<(), Failed> {
    commit(store, Change::new().insert(A, b"k".as_slice(), b"1".as_slice()))?;
    let first = version(store, A, b"k")?;
    commit(store, Change::new().replace(A, b"k".as_slice(), first, b"2".as_slice()))?;
    conflict(store, Change::new().replace(A, b"k".as_slice(), first, b"3".as_slice()), A, b"k")?;
    demand(value(store, A, b"k")?.as_deref() == Some(b"2"), "a stale version replaced the value")?;
    commit(store, Change::new().put(A, b"k".as_slice(), b"4".as_slice()))?;
    demand(value(store, A, b"k")?.as_deref() == Some(b"4"), "an unconditional write did not happen")
}

fn a_deletion_needs_its_version(store: &Arc<dyn Store>) -> Result<(), Failed> {
    commit(store, Change::new().insert(A, b"k".as_slice(), b"1".as_slice()))?;
    let first = version(store, A, b"k")?;
    conflict(store, Change::new().delete(A, b"k".as_slice(), Version(first.0 + 1_000)), A, b"k")?;
    commit(store, Change::new().delete(A, b"k".as_slice(), first))?;
    demand(value(store, A, b"k")?.is_none(), "a deleted key has a value")
}

fn versions_are_never_used_twice(store: &Arc<dyn Store>) -> Result<(), Failed> {
    let mut seen = Vec::new();
    for _ in 0..5 {
        commit(store, Change::new().insert(A, b"k".as_slice(), b"same".as_slice()))?;
        let now = version(store, A, b"k")?;
        demand(!seen.contains(&now), "a version came back after a deletion")?;
        seen.push(now);
        commit(store, Change::new().delete(A, b"k".as_slice(), now))?;
    }
    Ok(())
}

fn a_check_can_fail_a_change(store: &Arc<dyn Store>) -> Result<(), Failed> {
    commit(store, Change::new().insert(A, b"k".as_slice(), b"1".as_slice()))?;
    let stands = version(store, A, b"k")?;
    let checked =
        |expect| Change::new().check(A, b"k".as_slice(), expect).put(B, b"x".as_slice(), b"y".as_slice());
    conflict(store, checked(Expect::Absent), A, b"k")?;
    demand(value(store, B, b"x")?.is_none(), "a change with a failed check wrote something")?;
    commit(store, checked(Expect::Version(stands)))?;
    demand(version(store, A, b"k")? == stands, "a check changed the version of what it checked")
}

fn a_change_happens_whole_or_not_at_all(store: &Arc<dyn Store>) -> Result<(), Failed> {
    commit(store, Change::new().insert(B, b"taken".as_slice(), b"1".as_slice()))?;
    let change = Change::new()
        .insert(A, b"first".as_slice(), b"1".as_slice())
        .insert(B, b"taken".as_slice(), b"2".as_slice())
        .insert(A, b"last".as_slice(), b"3".as_slice());
    conflict(store, change, B, b"taken")?;
    demand(keys(store, A, &KeyRange::all(), 10)?.is_empty(), "a part of a refused change was kept")
}

fn a_repeated_key_is_refused(store: &Arc<dyn Store>) -> Result<(), Failed> {
    let change =
        Change::new().put(A, b"k".as_slice(), b"1".as_slice()).put(A, b"k".as_slice(), b"2".as_slice());
    match store.commit(change.explained_by(&event()?)) {
        Err(CommitError::Storage(_)) => {
            demand(value(store, A, b"k")?.is_none(), "it was written all the same")
        }
        other => Err(format!("expected a refusal, found {other:?}")),
    }
}

fn scans_are_ordered_bounded_and_limited(store: &Arc<dyn Store>) -> Result<(), Failed> {
    let all: [&[u8]; 6] = [b"", b"a", b"a\0", b"ab", b"b", b"\xff\xff"];
    for key in all.iter().rev() {
        commit(store, Change::new().insert(A, *key, b"v".as_slice()))?;
    }
    let expect = |range: &KeyRange, limit, wanted: &[&[u8]]| {
        let found = keys(store, A, range, limit)?;
        demand(found == wanted, &format!("{range:?} up to {limit} gave {found:?}"))
    };
    expect(&KeyRange::all(), 100, &all)?;
    expect(&KeyRange::all(), 2, &[b"", b"a"])?;
    expect(&KeyRange::all(), 0, &[])?;
    expect(&KeyRange::prefix(b"a"), 100, &[b"a", b"a\0", b"ab"])?;
    expect(&KeyRange::prefix(b"a").after(b"a"), 100, &[b"a\0", b"ab"])?;
    expect(&KeyRange::all().after(b"b"), 100, &[b"\xff\xff"])?;
    let inverted = KeyRange { from: Some(b"b".to_vec()), until: Some(b"a".to_vec()) };
    expect(&inverted, 100, &[])
}

fn tables_do_not_mix(store: &Arc<dyn Store>) -> Result<(), Failed> {
    // One name is a prefix of the other: an engine that joins names and keys must keep them apart.
    let longer = Table("conformance_a_");
    commit(
        store,
        Change::new().insert(A, b"_k".as_slice(), b"1".as_slice()).insert(
            longer,
            b"k".as_slice(),
            b"2".as_slice(),
        ),
    )?;
    demand(keys(store, A, &KeyRange::all(), 10)? == [b"_k"], "a table shows another's keys")?;
    demand(keys(store, longer, &KeyRange::all(), 10)? == [b"k"], "a table shows another's keys")
}

fn prefixes_of_ff_have_an_end(store: &Arc<dyn Store>) -> Result<(), Failed> {
    for key in [b"\xfe".as_slice(), b"\xff", b"\xff\x01", b"\xff\xff\xff"] {
        commit(store, Change::new().insert(A, key, b"v".as_slice()))?;
    }
    commit(store, Change::new().insert(B, b"other".as_slice(), b"v".as_slice()))?;
    let found = keys(store, A, &KeyRange::prefix(b"\xff"), 10)?;
    demand(found == [b"\xff".to_vec(), b"\xff\x01".to_vec(), b"\xff\xff\xff".to_vec()], "a wrong end")
}

fn large_values_come_back_whole(store: &Arc<dyn Store>) -> Result<(), Failed> {
    for length in [0, 1, 8 * 1024 - 1, 8 * 1024, 8 * 1024 + 1, 16 * 1024, 1024 * 1024 + 7] {
        let large: Vec<u8> = (0..length).map(|index| u8::try_from(index % 251).unwrap_or_default()).collect();
        commit(store, Change::new().put(A, b"large".as_slice(), large.clone()))?;
        demand(
            value(store, A, b"large")? == Some(large.clone()),
            &format!("{length} octets came back changed"),
        )?;
        let scanned = store.scan(A, &KeyRange::all(), 1).map_err(|error| error.to_string())?;
        demand(scanned.iter().any(|(_, entry)| entry.value == large), "a scan shows another value")?;
    }
    let last = version(store, A, b"large")?;
    commit(store, Change::new().delete(A, b"large".as_slice(), last))?;
    demand(value(store, A, b"large")?.is_none(), "a large value survived its deletion")
}

fn no_concurrent_update_is_lost(store: &Arc<dyn Store>) -> Result<(), Failed> {
    const WRITERS: u64 = 8;
    const EACH: u64 = 10;
    commit(store, Change::new().insert(A, b"count".as_slice(), 0_u64.to_be_bytes()))?;
    std::thread::scope(|scope| {
        let writers: Vec<_> =
            (0..WRITERS).map(|_| scope.spawn(|| (0..EACH).try_for_each(|_| increment(store)))).collect();
        writers
            .into_iter()
            .try_for_each(|writer| writer.join().map_err(|_| "a writer panicked".to_owned())?)
    })?;
    demand(count(store)?.0 == WRITERS * EACH, "an update was lost")
}

fn increment(store: &Arc<dyn Store>) -> Result<(), Failed> {
    loop {
        let (count, version) = count(store)?;
        let change = Change::new().replace(A, b"count".as_slice(), version, (count + 1).to_be_bytes());
        match store.commit(change.explained_by(&event()?)) {
            Ok(()) => return Ok(()),
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
}

fn count(store: &Arc<dyn Store>) -> Result<(u64, Version), Failed> {
    let entry = store.get(A, b"count").map_err(|error| error.to_string())?.ok_or("the count vanished")?;
    let octets = entry.value.try_into().map_err(|_| "the count is damaged")?;
    Ok((u64::from_be_bytes(octets), entry.version))
}

fn one_of_many_inserts_wins(store: &Arc<dyn Store>) -> Result<(), Failed> {
    let won = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..16_u8)
            .map(|writer| {
                scope.spawn(move || {
                    let change = Change::new().insert(A, b"one".as_slice(), [writer]);
                    event().map(|event| store.commit(change.explained_by(&event)).is_ok())
                })
            })
            .collect();
        writers.into_iter().filter_map(|writer| writer.join().ok()).filter(|won| *won == Ok(true)).count()
    });
    demand(won == 1, &format!("{won} inserts of one key were told that they won"))
}

fn the_event_is_written_with_the_change(store: &Arc<dyn Store>) -> Result<(), Failed> {
    let done = event()?;
    let change = Change::new().insert(A, b"k".as_slice(), b"1".as_slice());
    store.commit(change.clone().explained_by(&done)).map_err(|error| error.to_string())?;
    conflict(store, change, A, b"k")?;
    let events = ledger::read(store.as_ref(), None, 10).map_err(|error| error.to_string())?;
    demand(events == [done], "the ledger does not hold exactly the events of committed changes")
}

fn event() -> Result<Event, Failed> {
    let clock = Arc::new(SetClock::at(OffsetDateTime::UNIX_EPOCH));
    Ledger::new(clock, Arc::new(SystemEntropy))
        .event(&Actor::system("conformance"), Action::named("check.done"), "store")
        .map_err(|error| error.to_string())
}

fn commit(store: &Arc<dyn Store>, change: Change) -> Result<(), Failed> {
    store.commit(change.explained_by(&event()?)).map_err(|error| error.to_string())
}

fn conflict(store: &Arc<dyn Store>, change: Change, table: Table, key: &[u8]) -> Result<(), Failed> {
    match store.commit(change.explained_by(&event()?)) {
        Err(CommitError::Conflict { table: found, key: named }) if found == table && named == key => Ok(()),
        other => Err(format!("expected a conflict over {} {key:?}, found {other:?}", table.0)),
    }
}

fn value(store: &Arc<dyn Store>, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Failed> {
    Ok(store.get(table, key).map_err(|error| error.to_string())?.map(|entry| entry.value))
}

fn version(store: &Arc<dyn Store>, table: Table, key: &[u8]) -> Result<Version, Failed> {
    let entry = store.get(table, key).map_err(|error| error.to_string())?;
    entry.map(|entry| entry.version).ok_or_else(|| format!("{key:?} is not there"))
}

fn keys(
    store: &Arc<dyn Store>,
    table: Table,
    range: &KeyRange,
    limit: usize,
) -> Result<Vec<Vec<u8>>, Failed> {
    let entries = store.scan(table, range, limit).map_err(|error| error.to_string())?;
    Ok(entries.into_iter().map(|(key, _)| key).collect())
}

fn demand(holds: bool, otherwise: &str) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}
