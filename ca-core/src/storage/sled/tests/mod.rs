#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::os::unix::fs::PermissionsExt;
use std::sync::RwLock;

use tempfile::TempDir;

use super::*;
use crate::clock::{SystemClock, SystemEntropy};
use crate::ledger::{self, Action, Actor, Ledger, Position};
use crate::storage::{Change, conformance};

const T: Table = Table::octets("things");
const BIG: usize = 100_000;

/// Where the store can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// Once a batch is in the journal, before anybody is told.
    Journal,
    /// While it is applied.
    Apply,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Error,
    Panic,
}

/// Makes the store fail, from the moment it is armed.
#[derive(Debug, Default)]
pub(super) struct Fault(RwLock<Option<(At, How)>>);

impl Fault {
    fn arm(&self, at: At, how: How) {
        *self.0.write().unwrap() = Some((at, how));
    }

    pub(super) fn strike(&self, here: At) -> Result<(), StorageError> {
        let armed = *self.0.read().unwrap();
        match armed.filter(|(at, _)| *at == here) {
            Some((_, How::Error)) => Err(StorageError("the disk is gone".to_owned())),
            Some((_, How::Panic)) => panic!("struck on demand"),
            None => Ok(()),
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

    fn get_many(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>, StorageError> {
        self.store.read().unwrap().as_ref().unwrap().get_many(table, keys)
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

    fn get_many(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>, StorageError> {
        self.0.get_many(table, keys)
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
    foreign.insert("f", "npki-store-9").unwrap();
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

/// After a fault: no commit succeeds or hangs, and what was kept before can be read.
fn assert_stopped(kept: &Kept, cause: &str) {
    let message = |verdict: Verdict| match verdict {
        Err(CommitError::Storage(error)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    for key in ["b", "c"] {
        let refused = message(kept.commit(change(key, "x")));
        assert!(refused.contains("restart") && refused.contains(cause), "{refused}");
    }
    assert_eq!(kept.get(T, b"a").unwrap().unwrap().value, b"kept");
}

#[test]
fn a_fault_stops_the_store_and_what_was_written_half_way_cannot_be_read() {
    for (at, how, cause) in [
        (At::Journal, How::Error, "the disk is gone"),
        (At::Journal, How::Panic, "died"),
        (At::Apply, How::Error, "the disk is gone"),
        (At::Apply, How::Panic, "died"),
    ] {
        let kept = Kept::new();
        kept.commit(change("a", "kept")).unwrap();
        kept.0.shared.fault.arm(at, how);
        assert_stopped(&kept, cause);
        assert_eq!(kept.get(T, b"b").is_err(), at == At::Apply);
        assert_eq!(kept.scan(T, &KeyRange::all(), 10).is_err(), at == At::Apply);
        let Kept(store, folder) = kept;
        drop(store);
        // The batch was in the journal: at the next start it is there, whole.
        let store = SledStore::open(folder.path()).unwrap();
        assert_eq!(store.get(T, b"b").unwrap().unwrap().value, b"x");
        assert_eq!(store.get(T, b"c").unwrap(), None);
        assert_eq!(store.ledger_size().unwrap(), 2);
    }
}

#[test]
fn all_who_wait_are_answered_when_the_engine_fails() {
    for at in [At::Journal, At::Apply] {
        let kept = Kept::new();
        kept.0.shared.fault.arm(at, How::Error);
        std::thread::scope(|threads| {
            for writer in 0..16 {
                let kept = &kept;
                threads.spawn(move || assert!(kept.commit(change(&format!("k{writer}"), "x")).is_err()));
            }
        });
    }
}

mod moving;
mod recovering;
