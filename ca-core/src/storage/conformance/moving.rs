//! Moving: what one store exports, another is filled with.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{
    Bench, Change, Expect, Finding, KeyRange, OTHERS, Operation, SystemClock, SystemEntropy, THINGS,
    THINGS_TOO, holds, same,
};
use crate::ledger::{self, EVENTS, Ledger, Position, Recorded};
use crate::storage::{Entry, Exported, Moment, Restore, StorageError, Store, Table};

const TABLES: [Table; 4] = [THINGS, OTHERS, THINGS_TOO, EVENTS];

/// Keys and values, in the order of keys.
type Contents = Vec<(Vec<u8>, Vec<u8>)>;

/// Fills `from`, moves it while it is being written to, and compares. `restore` fills a new store of any engine, which
/// `opened` opens afterwards.
///
/// # Errors
/// What was not moved as it should be.
pub fn moves(
    from: Arc<dyn Store>,
    restore: Box<dyn Restore>,
    opened: impl FnOnce() -> Arc<dyn Store>,
) -> Finding {
    let from = bench(from);
    fill(&from)?;
    let moment = move_under_load(&from, restore)?;
    let to = bench(opened());
    same("the ledger's size", said(to.store.ledger_size())?, moment.ledger_size)?;
    let events = |bench: &Bench| read_events(bench, moment);
    holds("events are the same octets", events(&from)? == events(&to)?)?;
    holds("what did not change is the same", still(&from)? == still(&to)?)?;
    same("nothing deleted comes back", to.value(THINGS, b"still/deleted")?, None)?;
    one_moment(&to)?;
    goes_on(&to, moment)
}

/// A restore that did not bring all events is refused by `restore`, which is new.
///
/// # Errors
/// It was not.
pub fn refuses_what_is_incomplete(mut restore: Box<dyn Restore>) -> Finding {
    said(restore.put(EVENTS, &Position(0).key(), Some(b"{}")))?;
    match restore.finish(Moment { ledger_size: 2 }) {
        Err(error) => holds("the fault is named", error.0.contains("incomplete")),
        Ok(()) => Err("a restore without its events was put into use".to_owned()),
    }
}

fn bench(store: Arc<dyn Store>) -> Bench {
    Bench { store, ledger: Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy)) }
}

fn said<T>(outcome: Result<T, StorageError>) -> Result<T, String> {
    outcome.map_err(|error| error.to_string())
}

fn fill(bench: &Bench) -> Finding {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    bench.commit(
        Change::new()
            .insert(THINGS, "still/all octets", all.clone())
            .insert(THINGS, "still/empty", Vec::new())
            .insert(THINGS, "still/large", all.repeat(3_000))
            .insert(THINGS, "still/deleted", "x")
            .insert(OTHERS, all, "under all octets")
            .insert(THINGS_TOO, Vec::new(), "under the empty key"),
    )?;
    bench.commit(Change::new().write(THINGS, "still/deleted", Expect::Anything, Operation::Delete))?;
    for part in 0..20 {
        let keys = (0..100).map(|key| format!("still/{part}/{key}"));
        bench.commit(keys.fold(Change::new(), |change, key| change.insert(THINGS, key.clone(), key)))?;
    }
    bench.commit(count(0))
}

/// The counter, and one entry for each time it was moved on.
fn count(number: u32) -> Change {
    let change = Change::new().put(THINGS, "counter", number.to_string());
    if number == 0 { change } else { change.insert(OTHERS, format!("count/{number:08}"), "") }
}

fn move_under_load(from: &Bench, mut restore: Box<dyn Restore>) -> Result<Moment, String> {
    let enough = AtomicBool::new(false);
    let moment = std::thread::scope(|threads| {
        let load = threads.spawn(|| {
            (1..)
                .take_while(|_| !enough.load(Ordering::SeqCst))
                .try_for_each(|number| from.commit(count(number)))
        });
        let moment = said(from.store.export(&mut |entry| take(restore.as_mut(), &entry)));
        enough.store(true, Ordering::SeqCst);
        load.join().map_err(|_| "a thread panicked".to_owned())??;
        moment
    })?;
    said(restore.finish(moment))?;
    Ok(moment)
}

fn take(restore: &mut dyn Restore, entry: &Exported) -> Result<(), StorageError> {
    match TABLES.into_iter().find(|table| table.name() == entry.table) {
        Some(table) => restore.put(table, &entry.key, entry.value.as_deref()),
        None => Err(StorageError(format!("the export speaks of a table {}", entry.table))),
    }
}

fn read_events(bench: &Bench, moment: Moment) -> Result<Vec<Recorded>, String> {
    let size = usize::try_from(moment.ledger_size).map_err(|error| error.to_string())?;
    said(ledger::read(bench.store.as_ref(), Position(0), size))
}

/// Everything that the load leaves alone, without versions: those may differ.
fn still(bench: &Bench) -> Result<Contents, String> {
    let mut entries: Vec<Entry> = bench.scan(THINGS, &KeyRange::prefix(b"still/"), usize::MAX)?;
    entries.extend(bench.scan(THINGS_TOO, &KeyRange::all(), usize::MAX)?);
    let others = bench.scan(OTHERS, &KeyRange::all(), usize::MAX)?;
    entries.extend(others.into_iter().filter(|(key, _)| !key.starts_with(b"count/")));
    Ok(entries.into_iter().map(|(key, entry)| (key, entry.value)).collect())
}

/// What changed together is there together.
fn one_moment(to: &Bench) -> Finding {
    let counter = to.there(THINGS, b"counter")?.value;
    let counted = to.keys(OTHERS, &KeyRange::prefix(b"count/"), usize::MAX)?.len();
    same(
        "the counter and what it counted",
        String::from_utf8_lossy(&counter).into_owned(),
        counted.to_string(),
    )?;
    let before = 23;
    same("events and what they explain", said(to.store.ledger_size())?, before + counted as u64)
}

fn goes_on(to: &Bench, moment: Moment) -> Finding {
    let found = to.there(THINGS, b"counter")?;
    to.conflict(Change::new().insert(THINGS, "counter", "x"), THINGS, b"counter")?;
    let next = to.committed(Change::new().replace(THINGS, "counter", found.version, "x"))?;
    same("the next position", next.position, Position(moment.ledger_size))?;
    to.conflict(Change::new().replace(THINGS, "counter", found.version, "y"), THINGS, b"counter")
}
