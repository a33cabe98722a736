//! What the sled store acknowledged is there after the process is killed, and no change is there by half.
//!
//! This test binary starts itself a second time as the process to be killed: at a random moment, in every second round
//! late enough for sled to flush and for the journal to be retired.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ca_core::clock::{Entropy, SystemClock, SystemEntropy};
use ca_core::ledger::{self, Action, Actor, Ledger, Position};
use ca_core::storage::sled::SledStore;
use ca_core::storage::{Change, KeyRange, Store, Table};

const FOLDER: &str = "NPKI_TEST_KILLED_STORE";
const ROUND: &str = "NPKI_TEST_KILLED_ROUND";
const LEFT: Table = Table::octets("left");
const RIGHT: Table = Table::octets("right");
const COUNTER: Table = Table::octets("counter");
const WRITERS: u64 = 8;
const ROUNDS: u32 = 8;

/// What stands under a key of [`RIGHT`]: for every fourth key a value of several chunks.
fn right_value(key: &str) -> Vec<u8> {
    let large = key.bytes().last().is_some_and(|last| last % 4 == 0);
    key.repeat(if large { 3_000 } else { 10 }).into_bytes()
}

/// The process to be killed: commits for ever, and prints each key once its change is acknowledged. Does nothing when
/// it runs as a test of its own.
#[test]
fn commit_until_killed() {
    let (Ok(folder), Ok(round)) = (std::env::var(FOLDER), std::env::var(ROUND)) else { return };
    let store = SledStore::open(folder).unwrap();
    let ledger = Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
    let next = AtomicU64::new(0);
    std::thread::scope(|threads| {
        for writer in 0..WRITERS {
            let (store, ledger, next, round) = (&store, &ledger, &next, &round);
            threads.spawn(move || {
                loop {
                    let key = format!("{round}-{:08}", next.fetch_add(1, Ordering::SeqCst));
                    let event =
                        ledger.event(&Actor::system("test"), Action::named("pair.made"), &key).unwrap();
                    let change = Change::new()
                        .insert(LEFT, key.as_str(), key.as_str())
                        .insert(RIGHT, key.as_str(), right_value(&key))
                        .put(COUNTER, writer.to_string(), key.as_str());
                    store.commit(change.explained_by(&event)).unwrap();
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "acknowledged {key}").unwrap();
                    out.flush().unwrap();
                }
            });
        }
    });
}

fn start(folder: &Path, round: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "commit_until_killed", "--nocapture"])
        .env(FOLDER, folder)
        .env(ROUND, format!("{round:02}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Runs the process until some moment after its first acknowledgement; returns what it acknowledged.
fn run_and_kill(folder: &Path, round: u32) -> Vec<String> {
    let mut child = start(folder, round);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    let mut note = |line: std::io::Result<String>| {
        // The last line may be cut off by the kill: its length tells.
        let key = line.ok()?.split_once("acknowledged ")?.1.to_owned();
        (key.len() == 11).then(|| acknowledged.push(key))
    };
    while note(lines.next().expect("the process ended before it committed anything")).is_none() {}
    let killer = std::thread::spawn(move || {
        let mut random = [0; 1];
        SystemEntropy.fill(&mut random).unwrap();
        let longest = if round.is_multiple_of(2) { 1 } else { 16 };
        std::thread::sleep(Duration::from_millis(longest * u64::from(random[0])));
        child.kill().unwrap();
        child.wait().unwrap();
    });
    lines.for_each(|line| {
        note(line);
    });
    killer.join().unwrap();
    acknowledged
}

fn keys(store: &SledStore, table: Table) -> BTreeSet<String> {
    let entries = store.scan(table, &KeyRange::all(), usize::MAX).unwrap();
    entries.into_iter().map(|(key, _)| String::from_utf8(key).unwrap()).collect()
}

fn assert_whole(folder: &Path, acknowledged: &[String]) {
    let store = SledStore::open(folder).unwrap();
    let left = keys(&store, LEFT);
    for key in acknowledged {
        assert!(left.contains(key), "{key} was acknowledged and is lost");
    }
    assert_eq!(left, keys(&store, RIGHT), "a change is there by half");
    for key in &left {
        let found = store.get(RIGHT, key.as_bytes()).unwrap().unwrap();
        assert!(found.value == right_value(key), "the value of {key} is damaged");
        let beside = store.get(LEFT, key.as_bytes()).unwrap().unwrap();
        assert_eq!(found.version, beside.version, "{key} is of two changes");
    }
    let events = ledger::events(&store, Position(0), usize::MAX).unwrap();
    let explained: BTreeSet<String> = events.into_iter().map(|event| event.subject).collect();
    assert_eq!(explained, left, "events and changes differ");
    assert!(keys(&store, COUNTER).len() <= usize::try_from(WRITERS).unwrap());
}

#[test]
fn what_was_acknowledged_survives_kill_and_nothing_is_there_by_half() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        let of_this_round = run_and_kill(folder.path(), round);
        assert!(!of_this_round.is_empty());
        acknowledged.extend(of_this_round);
        assert_whole(folder.path(), &acknowledged);
    }
}

#[test]
fn versions_are_not_used_again_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut newest = BTreeSet::new();
    for round in 0..3 {
        run_and_kill(folder.path(), round);
        let store = SledStore::open(folder.path()).unwrap();
        for (_, entry) in store.scan(COUNTER, &KeyRange::all(), usize::MAX).unwrap() {
            newest.insert(entry.version.0);
        }
        let ledger = Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
        let event = ledger.event(&Actor::system("test"), Action::named("thing.made"), "after").unwrap();
        store.commit(Change::new().put(COUNTER, "after", "x").explained_by(&event)).unwrap();
        let after = store.get(COUNTER, b"after").unwrap().unwrap().version.0;
        assert!(newest.iter().all(|version| *version < after), "{after} is not newer than {newest:?}");
    }
}
