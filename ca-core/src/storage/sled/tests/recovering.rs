//! Opening a store that was left in a hurry.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::storage::sled::frame::BLOCK;

/// A copy of a store as a kill at this moment would leave it: taken while it is open.
fn killed(kept: &Kept) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    // The journal first: the keeper may retire it meanwhile, but only once the tree holds the same.
    copy_folder(&kept.1.path().join("journal"), &copy.path().join("journal"));
    for file in ["conf", "db"] {
        fs::copy(kept.1.path().join(file), copy.path().join(file)).unwrap();
    }
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn journal_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(folder.join("journal")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.file_name().unwrap() != "spare");
    files.sort();
    files
}

/// A closed store, and a journal beside it that holds a frame for each of these changes: as if the process had been
/// killed after their acknowledgement and before sled wrote anything.
fn unflushed(changes: &[AuditedChange]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    drop(SledStore::open(folder.path()).unwrap());
    let disk = Disk::open(folder.path()).unwrap();
    let (shelf, mut before) = (Shelf::new(folder.path()), std::collections::VecDeque::new());
    let (mut end, mut journal) = (disk.end().unwrap(), journal::Journal::after(&shelf, 0));
    for change in changes {
        let mut draft = draft::Draft::new(&disk, &before, &end);
        draft.add(&mut Prepared::new(change.clone()).unwrap()).unwrap().unwrap();
        let finished = draft.finish(journal.last() + 1).unwrap().unwrap();
        journal.append(&finished.ops).unwrap();
        end = finished.end;
        before.push_back((journal.last(), finished.written));
    }
    folder
}

fn things(store: &dyn Store) -> Vec<(Vec<u8>, Vec<u8>)> {
    let entries = store.scan(T, &KeyRange::all(), usize::MAX).unwrap();
    entries.into_iter().map(|(key, entry)| (key, entry.value)).collect()
}

fn expected(keys: &[&str], value: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    keys.iter().map(|key| (key.as_bytes().to_vec(), value.to_vec())).collect()
}

#[test]
fn what_only_the_journal_holds_is_there_again() {
    let folder =
        unflushed(&[change("a", vec![1; BIG]), change("b", vec![1; BIG]), change("a", vec![2; BIG])]);
    let store = SledStore::open(folder.path()).unwrap();
    assert_eq!(store.get(T, b"a").unwrap().unwrap().value, vec![2; BIG]);
    assert_eq!(store.get(T, b"b").unwrap().unwrap().value, vec![1; BIG]);
    assert_eq!(store.ledger_size().unwrap(), 3);
    assert_eq!(ledger::events(&store, Position(0), 10).unwrap().len(), 3);
    assert_eq!(store.shared.disk.tree.scan_prefix(b"b").count(), 2 * BIG.div_ceil(layout::CHUNK));
    assert!(journal_files(folder.path()).is_empty(), "flushed, so not needed any more");
    assert_eq!(store.commit(change("c", "new")).unwrap().position, Position(3));
}

#[test]
fn a_kill_after_an_acknowledgement_loses_nothing_also_when_the_journal_is_done_twice() {
    let kept = Kept::new();
    let version = kept.commit(change("a", vec![1; BIG])).unwrap().version;
    kept.commit(
        Change::new().delete(T, "a", version).and(Change::new().put(T, "b", "x")).explained_by(&event()),
    )
    .unwrap();
    let copy = killed(&kept);
    let journal = tempfile::tempdir().unwrap();
    copy_folder(&copy.path().join("journal"), journal.path());
    for _ in 0..2 {
        let store = SledStore::open(copy.path()).unwrap();
        assert_eq!(things(&store), expected(&["b"], b"x"));
        assert_eq!(store.ledger_size().unwrap(), 2);
        assert_eq!(store.shared.disk.tree.scan_prefix(b"b").count(), 0, "no chunk is left");
        drop(store);
        // As if the power had failed before it was noted that sled has it all.
        let disk = Disk::open(copy.path()).unwrap();
        disk.tree.remove(layout::FLUSHED_KEY).unwrap();
        disk.make_durable().unwrap();
        copy_folder(journal.path(), &copy.path().join("journal"));
    }
}

fn event() -> ledger::Event {
    let ledger = Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
    ledger.event(&Actor::system("test"), Action::named("thing.made"), "thing").unwrap()
}

#[test]
fn a_torn_last_frame_is_as_if_it_had_never_been_begun() {
    let folder = unflushed(&[change("a", "x"), change("b", "x"), change("c", vec![b'x'; 5_000])]);
    let journal = journal_files(folder.path()).remove(0);
    let whole = fs::read(&journal).unwrap();
    let (begins, ends) = (2 * BLOCK, 4 * BLOCK);
    let torn = (begins..ends).step_by(97).map(|at| whole[..at].to_vec());
    let changed = (begins..begins + 5_000).step_by(211).map(|at| {
        let mut octets = whole.clone();
        octets[at] ^= 1;
        octets
    });
    for octets in torn.chain(changed) {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(folder.path(), copy.path());
        fs::write(copy.path().join("journal").join(journal.file_name().unwrap()), octets).unwrap();
        let store = SledStore::open(copy.path()).unwrap();
        assert_eq!(things(&store), expected(&["a", "b"], b"x"));
        assert_eq!(store.ledger_size().unwrap(), 2);
        store.commit(change("d", "x")).unwrap();
        drop(store);
        assert_eq!(things(&SledStore::open(copy.path()).unwrap()), expected(&["a", "b", "d"], b"x"));
    }
}

#[test]
fn a_damaged_frame_before_the_last_is_refused() {
    let folder = unflushed(&[change("a", "x"), change("b", "x"), change("c", "x")]);
    let journal = journal_files(folder.path()).remove(0);
    let whole = fs::read(&journal).unwrap();
    for at in [0, 17, 100, BLOCK, BLOCK + 40] {
        let mut octets = whole.clone();
        octets[at] ^= 1;
        fs::write(&journal, octets).unwrap();
        let refused = SledStore::open(folder.path()).unwrap_err().to_string();
        assert!(refused.contains("damaged") && refused.contains("backup"), "{refused}");
    }
    fs::write(&journal, whole).unwrap();
    assert_eq!(things(&SledStore::open(folder.path()).unwrap()), expected(&["a", "b", "c"], b"x"));
}

#[test]
fn a_lost_journal_is_refused() {
    let folder = unflushed(&[change("a", "x")]);
    // sled writes by itself what is applied, before the keeper notes it as kept.
    let disk = Disk::open(folder.path()).unwrap();
    disk.tree.insert(layout::SEEN_KEY, &1_u64.to_be_bytes()).unwrap();
    disk.make_durable().unwrap();
    drop(disk);
    fs::remove_dir_all(folder.path().join("journal")).unwrap();
    let refused = SledStore::open(folder.path()).unwrap_err().to_string();
    assert!(refused.contains("damaged"), "{refused}");
}

#[test]
fn the_journal_is_retired_once_sled_has_flushed_and_its_files_are_used_again() {
    let kept = Kept::new();
    let journal = || journal_files(kept.1.path());
    // Each change fills more than a tenth of a file.
    for round in 0..40 {
        kept.commit(change("a", vec![round; 4_000_000])).unwrap();
        assert!(journal().len() <= 6, "the journal is bounded");
    }
    let begun = std::time::Instant::now();
    while journal().len() > 1 {
        assert!(begun.elapsed().as_secs() < 60, "the journal is never retired");
        std::thread::yield_now();
    }
    let Kept(store, folder) = kept;
    drop(store);
    assert!(journal_files(folder.path()).is_empty());
    assert!(folder.path().join("journal/spare").exists());
    let store = SledStore::open(folder.path()).unwrap();
    assert_eq!(store.get(T, b"a").unwrap().unwrap().value, vec![39; 4_000_000]);
    store.commit(change("b", "x")).unwrap();
    assert!(!folder.path().join("journal/spare").exists());
    drop(store);
    assert_eq!(SledStore::open(folder.path()).unwrap().get(T, b"b").unwrap().unwrap().value, b"x");
}

#[test]
fn a_full_disk_refuses_changes_and_what_was_acknowledged_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(folder.path()).unwrap();
    store.commit(change("a", "x")).unwrap();
    drop(store);
    // The next journal file is a device that is always full.
    let spare = folder.path().join("journal/spare");
    fs::remove_file(&spare).unwrap();
    std::os::unix::fs::symlink("/dev/full", &spare).unwrap();
    let store = SledStore::open(folder.path()).unwrap();
    for key in ["b", "c"] {
        let refused = store.commit(change(key, "x")).unwrap_err().to_string();
        assert!(refused.contains("No space left on device") && refused.contains("restart"), "{refused}");
    }
    assert_eq!(things(&store), expected(&["a"], b"x"));
    drop(store);
    journal_files(folder.path()).into_iter().for_each(|file| fs::remove_file(file).unwrap());
    let store = SledStore::open(folder.path()).unwrap();
    assert_eq!(things(&store), expected(&["a"], b"x"));
    assert_eq!(store.commit(change("b", "x")).unwrap().position, Position(1));
}
