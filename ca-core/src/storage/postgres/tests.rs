#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::clock::SystemClock;
use crate::ledger::{self, Action, Actor, EVENTS, Ledger, Position};
use crate::storage::{Change, Expect, Operation, conformance};

mod access;
mod failing;
mod layout;
mod moving;
#[path = "../../../../tests/src/postgres.rs"]
#[allow(dead_code, missing_docs, unreachable_pub, reason = "other tests use the rest of it")]
mod server;
mod together;

use server::PostgresServer;

const THINGS: Table = Table::octets("things");
const OTHERS: Table = Table::octets("others");
const EXTRA: [Table; 3] = [THINGS, OTHERS, Table::octets("things_too")];
const CERTIFICATES: Table = Table::records("certificates");

/// Settings of a new database that has the tables of the tests.
fn settings(server: &PostgresServer) -> PostgresSettings {
    let settings = PostgresSettings::parse(&server.database()).unwrap();
    PostgresStore::create_tables(&settings, &EXTRA).unwrap();
    settings
}

/// Runs the conformance suite on one database, emptied for each check: making a new one takes most of a second.
fn conforms(open: impl Fn(&PostgresSettings) -> Arc<dyn Store>) {
    let server = PostgresServer::shared();
    let settings = settings(&server);
    let empty = "DELETE FROM npki.events; DELETE FROM npki.things; DELETE FROM npki.others; \
         DELETE FROM npki.things_too; UPDATE npki.turn SET sequence = 0, ledger_size = 0";
    let checked = conformance::all(|| {
        Session::open(&settings).unwrap().run(empty).unwrap();
        open(&settings)
    });
    checked.unwrap();
}

fn explained(change: Change) -> AuditedChange {
    let ledger = Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
    change.explained_by(&ledger.event(&Actor::system("test"), Action::named("thing.made"), "thing").unwrap())
}

fn names(store: &dyn Store, table: Table) -> Vec<String> {
    let entries = store.scan(table, &KeyRange::all(), usize::MAX).unwrap();
    entries.into_iter().map(|(key, _)| String::from_utf8(key).unwrap()).collect()
}

#[test]
fn keeps_the_contract() {
    conforms(|settings| Arc::new(PostgresStore::open(settings).unwrap()));
}

#[test]
fn a_json_record_is_kept_octet_for_octet() {
    let server = PostgresServer::shared();
    let store = PostgresStore::open(&settings(&server)).unwrap();
    let odd = "{ \"b\":1.50e0,\t\"a\" : [ ],\"a\":\"\\u00e9\u{e9}\\ud800 \\u0000\",\n\"n\":123456789012345678901234567890 } ";
    store.commit(explained(Change::new().insert(CERTIFICATES, "a", odd))).unwrap();
    assert_eq!(store.get(CERTIFICATES, b"a").unwrap().unwrap().value, odd.as_bytes());
    assert_eq!(store.scan(CERTIFICATES, &KeyRange::all(), 1).unwrap()[0].1.value, odd.as_bytes());
}

#[test]
fn what_the_database_cannot_keep_is_refused_and_takes_nothing_down_with_it() {
    let server = PostgresServer::shared();
    let store = PostgresStore::open(&settings(&server)).unwrap();
    let deep = "[".repeat(513) + &"]".repeat(513);
    for (table, key, value, why) in [
        (CERTIFICATES, "a".to_owned(), b"not json".to_vec(), "expected"),
        (CERTIFICATES, "a".to_owned(), b"\"\xff\"".to_vec(), "utf-8"),
        (CERTIFICATES, "a".to_owned(), Vec::new(), "EOF"),
        (CERTIFICATES, "a".to_owned(), deep.into_bytes(), "nested deeper"),
        (THINGS, "k".repeat(2_001), b"1".to_vec(), "longer than"),
        (Table::octets("nowhere"), "a".to_owned(), b"1".to_vec(), "no table npki.nowhere"),
        (Table::records("things"), "a".to_owned(), b"1".to_vec(), "holds octets"),
    ] {
        let change = Change::new().put(OTHERS, "beside", "1").put(table, key, value);
        let refused = store.commit(explained(change)).unwrap_err();
        assert!(matches!(refused, CommitError::Storage(_)) && refused.to_string().contains(why), "{refused}");
    }
    assert_eq!(store.ledger_size().unwrap(), 0);
    assert!(store.get(OTHERS, b"beside").unwrap().is_none());
    assert!(store.get(Table::octets("nowhere"), b"a").unwrap_err().0.contains("no table"));
    assert!(store.scan(Table::octets("nowhere"), &KeyRange::all(), 1).is_err());
    store.commit(explained(Change::new().insert(THINGS, "k".repeat(2_000), "1"))).unwrap();
}

#[test]
fn a_store_is_read_from_and_dropped_on_any_thread_that_may_block() {
    let server = PostgresServer::shared();
    let store = PostgresStore::open(&settings(&server)).unwrap();
    store.commit(explained(Change::new().insert(THINGS, "a", "1"))).unwrap();
    std::thread::scope(|threads| {
        for _ in 0..32 {
            threads.spawn(|| (0..20).for_each(|_| assert!(store.get(THINGS, b"a").unwrap().is_some())));
        }
    });
}
