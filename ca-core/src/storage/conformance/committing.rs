//! Committing: expectations, all or nothing, versions, events.

use std::collections::BTreeSet;

use super::{
    Bench, Change, Check, CommitError, Expect, Finding, KeyRange, OTHERS, Operation, THINGS, Version, holds,
    same,
};
use crate::ledger::{EVENTS, Effect, Event, Position, Written};
use crate::storage::AuditedChange;

pub(super) const CHECKS: &[Check] = &[
    Check { name: "an insert needs a free key", run: absent },
    Check { name: "a replacement needs the version it was made from", run: version },
    Check { name: "a deletion needs the version it was made from", run: deletion },
    Check { name: "a put takes whatever is there", run: anything },
    Check { name: "a check writes nothing and can refuse", run: check },
    Check { name: "a conflict leaves every table as it was", run: nothing_on_conflict },
    Check { name: "a change reaches all its tables", run: all_tables },
    Check { name: "a change that writes a key twice is refused", run: twice },
    Check { name: "a key may be checked and written in one change", run: checked_and_written },
    Check { name: "a version is never used again", run: versions },
    Check { name: "a version that never was conflicts", run: unknown_version },
    Check { name: "a large value is kept whole", run: large },
    Check { name: "the event is written with the change", run: event },
    Check { name: "events stand in the order of commits, without a gap", run: positions },
    Check { name: "a change that writes nothing is committed", run: nothing },
    Check { name: "no change writes events beside its own", run: no_forged_events },
];

fn absent(bench: &Bench) -> Finding {
    bench.commit(Change::new().insert(THINGS, "a", "1"))?;
    bench.conflict(Change::new().insert(THINGS, "a", "2"), THINGS, b"a")?;
    same("value", bench.value(THINGS, b"a")?, Some(b"1".to_vec()))
}

fn version(bench: &Bench) -> Finding {
    bench.commit(Change::new().insert(THINGS, "a", "1"))?;
    let first = bench.version(THINGS, b"a")?;
    bench.commit(Change::new().replace(THINGS, "a", first, "2"))?;
    bench.conflict(Change::new().replace(THINGS, "a", first, "3"), THINGS, b"a")?;
    bench.conflict(Change::new().replace(THINGS, "b", first, "3"), THINGS, b"b")?;
    same("value", bench.value(THINGS, b"a")?, Some(b"2".to_vec()))
}

fn deletion(bench: &Bench) -> Finding {
    bench.commit(Change::new().insert(THINGS, "a", "1"))?;
    let first = bench.version(THINGS, b"a")?;
    bench.commit(Change::new().replace(THINGS, "a", first, "2"))?;
    bench.conflict(Change::new().delete(THINGS, "a", first), THINGS, b"a")?;
    bench.commit(Change::new().delete(THINGS, "a", bench.version(THINGS, b"a")?))?;
    same("value", bench.find(THINGS, b"a")?, None)?;
    same("scan", bench.keys(THINGS, &KeyRange::all(), 10)?, Vec::new())?;
    bench.commit(Change::new().write(THINGS, "a", Expect::Anything, Operation::Delete))?;
    bench.commit(Change::new().insert(THINGS, "a", "3"))
}

fn anything(bench: &Bench) -> Finding {
    bench.commit(Change::new().put(THINGS, "a", "1"))?;
    bench.commit(Change::new().put(THINGS, "a", "2"))?;
    same("value", bench.value(THINGS, b"a")?, Some(b"2".to_vec()))
}

fn check(bench: &Bench) -> Finding {
    bench.commit(Change::new().insert(THINGS, "a", "1"))?;
    let before = bench.there(THINGS, b"a")?;
    let write = |expect, key| Change::new().check(THINGS, key, expect).put(OTHERS, "o", "1");
    bench.commit(write(Expect::Version(before.version), "a"))?;
    bench.commit(write(Expect::Absent, "b"))?;
    bench.commit(write(Expect::Anything, "b"))?;
    same("checked", bench.there(THINGS, b"a")?, before.clone())?;
    same("absent", bench.find(THINGS, b"b")?, None)?;
    bench.conflict(write(Expect::Absent, "a"), THINGS, b"a")?;
    bench.conflict(write(Expect::Version(before.version), "b"), THINGS, b"b")
}

fn nothing_on_conflict(bench: &Bench) -> Finding {
    bench.commit(Change::new().insert(THINGS, "taken", "1"))?;
    let events = bench.events()?.len();
    let before = bench.there(THINGS, b"taken")?;
    let change = Change::new().put(THINGS, "a", "x").put(OTHERS, "b", vec![1; 50_000]).replace(
        THINGS,
        "taken",
        before.version,
        "x",
    );
    bench.conflict(
        change.and(Change::new().check(OTHERS, "z", Expect::Version(Version(1)))),
        OTHERS,
        b"z",
    )?;
    same("things", bench.keys(THINGS, &KeyRange::all(), 10)?, vec![b"taken".to_vec()])?;
    same("others", bench.keys(OTHERS, &KeyRange::all(), 10)?, Vec::new())?;
    same("taken", bench.there(THINGS, b"taken")?, before)?;
    same("events", bench.events()?.len(), events)
}

fn all_tables(bench: &Bench) -> Finding {
    bench.commit(Change::new().insert(THINGS, "a", "1").insert(OTHERS, "a", "2").insert(OTHERS, "b", "3"))?;
    same("things", bench.value(THINGS, b"a")?, Some(b"1".to_vec()))?;
    same("others", bench.keys(OTHERS, &KeyRange::all(), 10)?.len(), 2)
}

fn twice(bench: &Bench) -> Finding {
    let events = bench.events()?.len();
    let change = Change::new().put(THINGS, "a", "1").put(OTHERS, "a", "1").put(THINGS, "a", "2");
    match bench.try_commit(change)? {
        Err(CommitError::Storage(error)) => holds("the fault is named", error.0.contains("twice"))?,
        other => return Err(format!("{other:?}")),
    }
    same("nothing written", (bench.find(THINGS, b"a")?, bench.find(OTHERS, b"a")?), (None, None))?;
    same("events", bench.events()?.len(), events)?;
    bench.commit(Change::new().put(THINGS, "a", "3"))
}

fn checked_and_written(bench: &Bench) -> Finding {
    let insert = Change::new().insert(THINGS, "a", "1");
    bench.commit(insert.clone().check(THINGS, "a", Expect::Absent).check(THINGS, "a", Expect::Anything))?;
    bench.conflict(Change::new().put(THINGS, "a", "2").check(THINGS, "a", Expect::Absent), THINGS, b"a")?;
    same("value", bench.value(THINGS, b"a")?, Some(b"1".to_vec()))
}

fn versions(bench: &Bench) -> Finding {
    let mut seen = BTreeSet::new();
    for round in 0..4 {
        bench.commit(Change::new().insert(THINGS, "a", "same"))?;
        let inserted = bench.version(THINGS, b"a")?;
        holds("an inserted version is new", seen.insert(inserted))?;
        bench.commit(Change::new().replace(THINGS, "a", inserted, "same"))?;
        let replaced = bench.version(THINGS, b"a")?;
        holds("a replaced version is new", seen.insert(replaced))?;
        if round % 2 == 0 {
            bench.commit(Change::new().insert(THINGS, format!("other {round}"), "1"))?;
        }
        bench.commit(Change::new().delete(THINGS, "a", replaced))?;
    }
    seen.into_iter()
        .try_for_each(|old| bench.conflict(Change::new().replace(THINGS, "a", old, "x"), THINGS, b"a"))
}

fn unknown_version(bench: &Bench) -> Finding {
    bench.commit(Change::new().insert(THINGS, "a", "1"))?;
    let Version(current) = bench.version(THINGS, b"a")?;
    for never in [current.wrapping_add(1), current.wrapping_sub(1), u64::MAX] {
        bench.conflict(Change::new().replace(THINGS, "a", Version(never), "2"), THINGS, b"a")?;
    }
    Ok(())
}

fn large(bench: &Bench) -> Finding {
    let value = |octets: usize, salt: usize| -> Vec<u8> {
        (0..octets).map(|i| (i.wrapping_mul(31).wrapping_add(salt) >> 3) as u8).collect()
    };
    for octets in [8 * 1024 - 1, 8 * 1024, 8 * 1024 + 1, 16 * 1024, 1024 * 1024] {
        let (a, b) = (value(octets, 1), value(octets, 2));
        bench.commit(Change::new().put(THINGS, "a", a.clone()).put(THINGS, "b", b.clone()))?;
        holds("the first is whole", bench.value(THINGS, b"a")? == Some(a))?;
        holds("the second is whole", bench.value(THINGS, b"b")? == Some(b))?;
    }
    bench.commit(Change::new().put(THINGS, "a", "small again"))?;
    same("small", bench.value(THINGS, b"a")?, Some(b"small again".to_vec()))?;
    holds("the other stays", bench.value(THINGS, b"b")? == Some(value(1024 * 1024, 2)))
}

fn event(bench: &Bench) -> Finding {
    let event = bench.event()?;
    let change = Change::new().insert(THINGS, "a", "1").check(OTHERS, "b", Expect::Absent);
    bench.store.commit(change.explained_by(&event)).map_err(|error| error.to_string())?;
    let found = bench.events()?;
    let effect =
        Effect { table: THINGS.name().to_owned(), key: b"a".to_vec(), value: Some(Written::of(b"1")) };
    same("events", found, vec![Event { effects: vec![effect], ..event }])
}

fn positions(bench: &Bench) -> Finding {
    let first = bench.committed(Change::new().insert(THINGS, "a", "1"))?;
    same("the first position", first.position, Position(0))?;
    bench.conflict(Change::new().insert(THINGS, "a", "2"), THINGS, b"a")?;
    let two = Change::new().delete(THINGS, "a", first.version).explained_by(&bench.event()?);
    let two = two.and(Change::new().insert(OTHERS, "b", "1").explained_by(&bench.event()?));
    let second = bench.store.commit(two).map_err(|error| error.to_string())?;
    same("a conflict takes no position", second.position, Position(1))?;
    let third = bench.committed(Change::new().insert(THINGS, "a", "3"))?;
    same("each event takes one", third.position, Position(3))?;
    same("the version is that of the record", bench.version(THINGS, b"a")?, third.version)?;
    same("size", bench.store.ledger_size().map_err(|error| error.to_string())?, 4)?;
    let keys = bench.keys(EVENTS, &KeyRange::all(), 10)?;
    same("keys", keys, (0..4).map(|place| Position(place).key().to_vec()).collect())
}

fn nothing(bench: &Bench) -> Finding {
    bench.store.commit(AuditedChange::nothing()).map_err(|error| error.to_string())?;
    same("events", bench.events()?.len(), 0)
}

fn no_forged_events(bench: &Bench) -> Finding {
    bench.commit(Change::new().insert(THINGS, "a", "1"))?;
    for position in [Position(0), Position(1)] {
        let forged = Change::new().put(EVENTS, position.key(), "{}").insert(THINGS, "b", "2");
        holds(
            "a forged event is refused",
            matches!(bench.try_commit(forged)?, Err(CommitError::Storage(_))),
        )?;
    }
    same("events", bench.events()?.len(), 1)?;
    same("nothing besides", bench.find(THINGS, b"b")?, None)
}
