#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::os::unix::fs::PermissionsExt;
use std::sync::RwLock;
use std::sync::atomic::{AtomicU8, Ordering};

use tempfile::TempDir;

use super::*;
use crate::clock::{SystemClock, SystemEntropy};
use crate::ledger::{self, Action, Actor, Ledger, Position};
use crate::storage::{Change, conformance};

const T: Table = Table::octets("things");
const BIG: usize = 100_000;

/// Fails the committing thread between applying a batch and making it durable.
#[derive(Debug, Default)]
pub(super) struct Fault(AtomicU8);

impl Fault {
    const ERROR: u8 = 1;
    const PANIC: u8 = 2;

    fn arm(&self, how: u8) {
        self.0.store(how, Ordering::SeqCst);
    }

    pub(super) fn strike(&self) -> Result<(), StorageError> {
        match self.0.load(Ordering::SeqCst) {
            Self::ERROR => Err(StorageError("the disk is gone".to_owned())),
            Self::PANIC => panic!("struck on demand"),
            _ => Ok(()),
        }
    }
}

fn change(key: &str, value: impl Into<Vec<u8>>) -> AuditedChange {
    let ledger = Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
    let event = ledger.event(&Actor::system("test"), Action::named("thing.made"), key).unwrap();
    Change::new().put(T, key, value).explained_by(&event)
}

/// Closes and opens the store again after each commit.
struct Reopening {
    store: RwLock<Option<SledStore>>,
    folder: TempDir,
}

impl Reopening {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { store: RwLock::new(Some(SledStore::open(folder.path()).unwrap())), folder }
    }
}

impl std::fmt::Debug for Reopening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reopening")
    }
}

impl Store for Reopening {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StorageError> {
        self.store.read().unwrap().as_ref().unwrap().get(table, key)
    }

    fn scan(&self, table: Table, range: &KeyRange, limit: usize) -> Result<Vec<Entry>, StorageError> {
        self.store.read().unwrap().as_ref().unwrap().scan(table, range, limit)
    }

    fn commit(&self, change: AuditedChange) -> Result<Committed, CommitError> {
        let mut store = self.store.write().unwrap();
        let verdict = store.as_ref().unwrap().commit(change);
        drop(store.take());
        *store = Some(SledStore::open(self.folder.path()).unwrap());
        verdict
    }

    fn ledger_size(&self) -> Result<u64, StorageError> {
        self.store.read().unwrap().as_ref().unwrap().ledger_size()
    }

    fn export(
        &self,
        take: &mut dyn FnMut(Exported) -> Result<(), StorageError>,
    ) -> Result<Moment, StorageError> {
        self.store.read().unwrap().as_ref().unwrap().export(take)
    }
}

/// A store and the folder it lives in, dropped in this order.
#[derive(Debug)]
struct Kept(SledStore, #[allow(dead_code, reason = "removes the folder when it is dropped")] TempDir);

impl Kept {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self(SledStore::open(folder.path()).unwrap(), folder)
    }
}

impl Store for Kept {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StorageError> {
        self.0.get(table, key)
    }

    fn scan(&self, table: Table, range: &KeyRange, limit: usize) -> Result<Vec<Entry>, StorageError> {
        self.0.scan(table, range, limit)
    }

    fn commit(&self, change: AuditedChange) -> Result<Committed, CommitError> {
        self.0.commit(change)
    }

    fn ledger_size(&self) -> Result<u64, StorageError> {
        self.0.ledger_size()
    }

    fn export(
        &self,
        take: &mut dyn FnMut(Exported) -> Result<(), StorageError>,
    ) -> Result<Moment, StorageError> {
        self.0.export(take)
    }
}

#[test]
fn keeps_the_contract() {
    conformance::all(|| Arc::new(Kept::new())).unwrap();
}

#[test]
fn keeps_the_contract_when_reopened_after_each_commit() {
    conformance::all(|| Arc::new(Reopening::new())).unwrap();
}

#[test]
fn a_second_store_in_the_same_folder_is_refused_in_plain_words() {
    let folder = tempfile::tempdir().unwrap();
    let first = SledStore::open(folder.path()).unwrap();
    let refused = SledStore::open(folder.path()).unwrap_err().to_string();
    assert!(refused.contains("another npki holds"), "{refused}");
    assert!(refused.contains(&folder.path().display().to_string()), "{refused}");
    drop(first);
    SledStore::open(folder.path()).unwrap();
}

#[test]
fn a_new_folder_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("data/store");
    SledStore::open(&inside).unwrap();
    assert_eq!(std::fs::metadata(&inside).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_folder_of_another_layout_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = ::sled::open(folder.path()).unwrap();
    foreign.insert("f", "npki-store-2").unwrap();
    drop(foreign);
    let refused = SledStore::open(folder.path()).unwrap_err().to_string();
    assert!(refused.contains("not written by this version"), "{refused}");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "in the way").unwrap();
    let refused = SledStore::open(&path).unwrap_err().to_string();
    assert!(refused.contains(&path.display().to_string()), "{refused}");
}

#[test]
fn replaced_and_deleted_large_values_leave_no_chunks() {
    let kept = Kept::new();
    let records = || kept.0.shared.disk.tree.scan_prefix(b"b").count();
    kept.commit(change("a", vec![1; BIG])).unwrap();
    assert_eq!(records(), BIG.div_ceil(layout::CHUNK));
    kept.commit(change("a", vec![2; 2 * BIG])).unwrap();
    assert_eq!(records(), (2 * BIG).div_ceil(layout::CHUNK));
    kept.commit(change("a", "small")).unwrap();
    assert_eq!(records(), 0);
    kept.commit(change("a", vec![3; BIG])).unwrap();
    let version = kept.get(T, b"a").unwrap().unwrap().version;
    let event = change("b", "");
    kept.commit(AuditedChange::nothing().and(event)).unwrap();
    let ledger = Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
    let event = ledger.event(&Actor::system("test"), Action::named("thing.removed"), "a").unwrap();
    kept.commit(Change::new().delete(T, "a", version).explained_by(&event)).unwrap();
    assert_eq!(records(), 0);
}

#[test]
fn a_missing_chunk_is_an_error_never_a_shorter_value() {
    let kept = Kept::new();
    kept.commit(change("a", vec![1; BIG])).unwrap();
    let chunk = kept.0.shared.disk.tree.scan_prefix(b"b").keys().next().unwrap().unwrap();
    kept.0.shared.disk.tree.remove(chunk).unwrap();
    assert!(kept.get(T, b"a").is_err());
    assert!(kept.scan(T, &KeyRange::all(), 10).is_err());
}

#[test]
fn while_a_batch_is_on_its_way_readers_see_the_state_before_it() {
    let kept = Kept::new();
    kept.commit(change("b", "old").and(change("d", vec![7; BIG]))).unwrap();
    let shared = &kept.0.shared;
    let mut draft = draft::Draft::new(&shared.disk, shared.disk.counts().unwrap());
    for (key, value) in [("a", "new"), ("b", "new"), ("d", "new"), ("e", "new")] {
        draft.add(&change(key, value)).unwrap().unwrap();
    }
    let finished = draft.finish().unwrap();
    let seen = || kept.scan(T, &KeyRange::all(), 10).unwrap();
    let before = seen();
    let drawn = shared.veil.draw(finished.before);
    shared.apply(finished.batch).unwrap();
    assert_eq!(kept.get(T, b"a").unwrap(), None);
    assert_eq!(kept.get(T, b"b").unwrap().unwrap().value, b"old");
    assert_eq!(kept.get(T, b"d").unwrap().unwrap().value, vec![7; BIG]);
    assert_eq!(seen(), before);
    assert_eq!(kept.scan(T, &KeyRange::all(), 1).unwrap(), before[..1]);
    assert_eq!(ledger::read(&kept, Position(0), 10).unwrap().len(), 2);
    drawn.lift();
    let keys: Vec<_> = seen().into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, [b"a", b"b", b"d", b"e"]);
    assert_eq!(kept.get(T, b"b").unwrap().unwrap().value, b"new");
}

/// After a fault: no commit succeeds or hangs, the doubtful record cannot be read, others can.
fn assert_stopped(kept: &Kept, cause: &str) {
    let message = |verdict: Result<Committed, CommitError>| match verdict {
        Err(CommitError::Storage(error)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    for key in ["b", "c"] {
        let refused = message(kept.commit(change(key, "x")));
        assert!(refused.contains("restart") && refused.contains(cause), "{refused}");
    }
    assert!(kept.get(T, b"b").is_err());
    assert!(kept.scan(T, &KeyRange::all(), 10).is_err());
    assert_eq!(kept.get(T, b"a").unwrap().unwrap().value, b"kept");
}

#[test]
fn an_engine_error_stops_the_store() {
    let kept = Kept::new();
    kept.commit(change("a", "kept")).unwrap();
    kept.0.shared.fault.arm(Fault::ERROR);
    assert_stopped(&kept, "the disk is gone");
}

#[test]
fn a_panic_of_the_committing_thread_stops_the_store() {
    let kept = Kept::new();
    kept.commit(change("a", "kept")).unwrap();
    kept.0.shared.fault.arm(Fault::PANIC);
    assert_stopped(&kept, "died");
}

#[test]
fn all_who_wait_are_answered_when_the_engine_fails() {
    let kept = Kept::new();
    kept.0.shared.fault.arm(Fault::ERROR);
    std::thread::scope(|threads| {
        for writer in 0..16 {
            let kept = &kept;
            threads.spawn(move || assert!(kept.commit(change(&format!("k{writer}"), "x")).is_err()));
        }
    });
}
