//! Export and restore.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::ledger::EVENTS;

type State = BTreeMap<(String, Vec<u8>), Vec<u8>>;

fn exported(store: &dyn Store) -> (State, Moment) {
    let mut state = State::new();
    let moment = store.export(&mut |Exported { table, key, value }| {
        match value {
            Some(value) => state.insert((table, key), value),
            None => state.remove(&(table, key)),
        };
        Ok(())
    });
    (state, moment.unwrap())
}

fn table(name: &str) -> Table {
    if name == EVENTS.name() { EVENTS } else { T }
}

fn restored(state: &State, moment: Moment) -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let mut restore = Box::new(SledStore::begin_restore(folder.path()).unwrap());
    for ((name, key), value) in state {
        restore.put(table(name), key, Some(value)).unwrap();
    }
    restore.finish(moment).unwrap();
    Kept(SledStore::open(folder.path()).unwrap(), folder)
}

fn pair(writer: u8, turn: u32) -> AuditedChange {
    // Every fourth value lies in chunks.
    let value = turn.to_be_bytes().repeat(if turn.is_multiple_of(4) { 3_000 } else { 1 });
    let side = |side: u8| Change::new().put(T, vec![side, writer], value.clone());
    side(b'a')
        .and(side(b'z'))
        .and(Change::new().put(T, format!("m{writer}-{turn}"), "between"))
        .explained_by(&ledger_event())
}

fn ledger_event() -> ledger::Event {
    let ledger = Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
    ledger.event(&Actor::system("test"), Action::named("pair.made"), "a pair").unwrap()
}

#[test]
fn an_export_under_load_shows_one_moment_and_restores_to_the_same_octets() {
    let kept = Kept::new();
    for filler in 0..2_000 {
        kept.commit(change(&format!("filler {filler:05}"), "x")).unwrap();
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        for writer in 0..4 {
            let (kept, done) = (&kept, &done);
            threads.spawn(move || {
                (1..).take_while(|_| !done.load(Ordering::Acquire)).for_each(|turn| {
                    kept.commit(pair(writer, turn)).unwrap();
                });
            });
        }
        for _ in 0..3 {
            let before = kept.ledger_size().unwrap();
            let (state, moment) = exported(&kept);
            assert!((before..=kept.ledger_size().unwrap()).contains(&moment.ledger_size));
            let events = state.keys().filter(|(name, _)| name == EVENTS.name()).count() as u64;
            assert_eq!(events, moment.ledger_size);
            let between = state.keys().filter(|(_, key)| key.starts_with(b"m")).count() as u64;
            assert_eq!(between + 2_000, events, "each event's change is there, and no other");
            let side = |side: u8, writer| state.get(&("things".to_owned(), vec![side, writer]));
            (0..4).for_each(|writer| assert_eq!(side(b'a', writer), side(b'z', writer)));
            assert_eq!(exported(&restored(&state, moment)), (state, moment));
        }
        done.store(true, Ordering::Release);
    });
}

#[test]
fn a_restored_store_goes_on_where_the_other_was() {
    let kept = Kept::new();
    kept.commit(change("a", "x")).unwrap();
    kept.commit(change("large", vec![1; BIG])).unwrap();
    let (state, moment) = exported(&kept);
    let new = restored(&state, moment);
    let found = new.get(T, b"large").unwrap().unwrap();
    assert_eq!(found.value, vec![1; BIG]);
    let replaced = Change::new().replace(T, "large", found.version, "y").explained_by(&ledger_event());
    let committed = new.commit(replaced.clone()).unwrap();
    assert_eq!(committed.position, Position(2));
    assert!(committed.version > found.version);
    assert!(matches!(new.commit(replaced), Err(CommitError::Conflict { .. })), "versions are not used again");
    assert_eq!(new.0.shared.disk.tree.scan_prefix(b"b").count(), 0, "no chunk is left");
}

#[test]
fn what_comes_last_in_an_export_counts() {
    let folder = tempfile::tempdir().unwrap();
    let mut restore = Box::new(SledStore::begin_restore(folder.path()).unwrap());
    for value in [Some(&[1; BIG][..]), Some(&[2; BIG]), None, Some(b"last")] {
        restore.put(T, b"a", value).unwrap();
        restore.put(T, b"b", value).unwrap();
    }
    restore.put(T, b"b", None).unwrap();
    for value in [Some(&b"event"[..]), None, Some(b"event"), Some(b"event")] {
        restore.put(EVENTS, &Position(0).key(), value).unwrap();
    }
    restore.finish(Moment { ledger_size: 1 }).unwrap();
    let store = SledStore::open(folder.path()).unwrap();
    assert_eq!(store.get(T, b"a").unwrap().unwrap().value, b"last");
    assert_eq!(store.get(T, b"b").unwrap(), None);
    assert_eq!(store.ledger_size().unwrap(), 1);
    assert_eq!(store.shared.disk.tree.scan_prefix(b"b").count(), 0, "no chunk is left");
}

#[test]
fn an_unfinished_restore_cannot_be_opened_and_nothing_is_restored_over_something() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("new");
    let mut restore = Box::new(SledStore::begin_restore(&inside).unwrap());
    restore.put(EVENTS, &Position(0).key(), Some(b"event")).unwrap();
    let refused = restore.finish(Moment { ledger_size: 2 }).unwrap_err().to_string();
    assert!(refused.contains("1 ledger events instead of 2"), "{refused}");
    let refused = SledStore::open(&inside).unwrap_err().to_string();
    assert!(refused.contains("was not finished; delete the folder and restore again"), "{refused}");
    let refused = SledStore::begin_restore(&inside).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("not empty"), "{refused}");
}

#[test]
fn an_export_stops_when_its_taker_fails() {
    let kept = Kept::new();
    kept.commit(change("a", "x")).unwrap();
    let refused = kept.export(&mut |_| Err(StorageError("the tape is full".to_owned()))).unwrap_err();
    assert!(refused.to_string().contains("the tape is full"));
    kept.commit(change("b", "x")).unwrap();
}
