//! Every backend passes the same suite; the embedded one also survives reopening and being killed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use ca_core::clock::{SystemClock, SystemEntropy};
use ca_core::ledger::{Action, Actor, Ledger};
use ca_core::storage::conformance::CHECKS;
use ca_core::storage::memory::{Failure, MemoryStore};
use ca_core::storage::sled::SledStore;
use ca_core::storage::{AuditedChange, Change, KeyRange, Store, Table};

const LEFT: Table = Table("left");
const RIGHT: Table = Table("right");

fn audited(change: Change) -> AuditedChange {
    let ledger = Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
    change.explained_by(&ledger.event(&Actor::system("test"), Action::named("test.done"), "store").unwrap())
}

#[test]
fn the_memory_backend_keeps_the_contract() {
    for (name, check) in CHECKS {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        check(&store).unwrap_or_else(|why| panic!("{name}: {why}"));
    }
}

#[test]
fn the_sled_backend_keeps_the_contract() {
    for (name, check) in CHECKS {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(SledStore::open(folder.path()).unwrap());
        check(&store).unwrap_or_else(|why| panic!("{name}: {why}"));
    }
}

#[test]
fn a_failing_commit_is_told_whether_or_not_it_was_kept() {
    let store = MemoryStore::new();
    let insert = || audited(Change::new().insert(LEFT, b"k".as_slice(), b"v".as_slice()));
    store.fail_next_commit(Failure::BeforePersisting);
    store.commit(insert()).unwrap_err();
    assert!(store.get(LEFT, b"k").unwrap().is_none());
    store.fail_next_commit(Failure::AfterPersisting);
    store.commit(insert()).unwrap_err();
    assert!(store.get(LEFT, b"k").unwrap().is_some());
}

#[test]
fn sled_keeps_values_and_versions_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let large = vec![7; 100_000];
    let store = SledStore::open(folder.path()).unwrap();
    store.commit(audited(Change::new().insert(LEFT, b"k".as_slice(), large.clone()))).unwrap();
    let before = store.get(LEFT, b"k").unwrap().unwrap();
    drop(store);
    let store = SledStore::open(folder.path()).unwrap();
    assert_eq!(store.get(LEFT, b"k").unwrap().unwrap(), before);
    store.commit(audited(Change::new().delete(LEFT, b"k".as_slice(), before.version))).unwrap();
    store.commit(audited(Change::new().insert(LEFT, b"k".as_slice(), large))).unwrap();
    assert!(store.get(LEFT, b"k").unwrap().unwrap().version > before.version);
}

#[test]
fn a_second_process_is_told_that_the_store_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let _open = SledStore::open(folder.path()).unwrap();
    let refused = SledStore::open(folder.path()).unwrap_err();
    assert!(refused.to_string().contains("open in another process"), "{refused}");
}

/// Names the folder to a child that writes until it is killed.
const CHILD: &str = "NPKI_TEST_KILLED_WRITER";

/// Not a test of its own: the body of the child process of the next one.
#[test]
fn killed_writer() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let store = Arc::new(SledStore::open(Path::new(&folder)).unwrap());
    let writers: Vec<_> = (0..4_u32)
        .map(|writer| {
            let store = Arc::clone(&store);
            std::thread::spawn(move || {
                for index in 0_u32.. {
                    let key = format!("{}-{writer}-{index}", std::process::id());
                    // Every tenth value is large, so that parts are written as well.
                    let value = vec![b'v'; if index % 10 == 0 { 20_000 } else { 200 }];
                    let change = Change::new().insert(LEFT, key.as_bytes(), value.clone()).insert(
                        RIGHT,
                        key.as_bytes(),
                        value,
                    );
                    store.commit(audited(change)).unwrap();
                    println!("told {key}");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
}

#[test]
fn kill_9_takes_back_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut told = Vec::new();
    for round in 0..5_usize {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed_writer", "--nocapture"])
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let enough = 20 + 37 * round;
        let mut seen = 0;
        for line in lines.map_while(Result::ok) {
            // The test runner's own words may stand before the first of ours on a line.
            if let Some((_, key)) = line.split_once("told ") {
                told.push(key.to_owned());
                seen += 1;
                if seen == enough {
                    child.kill().unwrap();
                }
            }
        }
        child.wait().unwrap();
        assert!(seen >= enough, "round {round}: the writer stopped by itself after {seen}");
    }
    let store = SledStore::open(folder.path()).unwrap();
    for key in &told {
        let left = store.get(LEFT, key.as_bytes()).unwrap().unwrap_or_else(|| panic!("{key} was lost"));
        assert_eq!(Some(left.value), store.get(RIGHT, key.as_bytes()).unwrap().map(|entry| entry.value));
    }
    let names = |table| -> Vec<Vec<u8>> {
        store.scan(table, &KeyRange::all(), usize::MAX).unwrap().into_iter().map(|(key, _)| key).collect()
    };
    assert_eq!(names(LEFT), names(RIGHT), "a change was kept in half");
}
