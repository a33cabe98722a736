//! The server or the way to it fails.

use std::sync::atomic::AtomicBool;

use super::*;

/// A change that writes its name to two tables.
fn twin(name: &str) -> AuditedChange {
    explained(Change::new().insert(THINGS, name, name.repeat(20)).insert(OTHERS, name, ""))
}

/// Commits twins on several threads until told to stop, and gives the names of those acknowledged and of those that
/// failed. A conflict is a fault: nobody else uses these names, so the change would have been written twice.
fn hammer(store: &PostgresStore, stop: &AtomicBool) -> (Vec<String>, Vec<String>) {
    let (kept, failed) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    std::thread::scope(|threads| {
        for writer in 0..8 {
            let (kept, failed) = (&kept, &failed);
            threads.spawn(move || {
                for round in (0..).take_while(|_| !stop.load(Ordering::SeqCst)) {
                    let name = format!("{writer}/{round:06}");
                    match store.commit(twin(&name)) {
                        Ok(_) => kept.lock().unwrap().push(name),
                        Err(CommitError::Storage(_)) => failed.lock().unwrap().push(name),
                        Err(conflict) => panic!("written twice: {conflict}"),
                    }
                }
            });
        }
    });
    (kept.into_inner().unwrap(), failed.into_inner().unwrap())
}

/// Every acknowledged twin is there, and each that is there is whole and has its event.
fn assert_nothing_lost(store: &PostgresStore, kept: &[String]) {
    let there = names(store, THINGS);
    assert_eq!(there, names(store, OTHERS));
    assert_eq!(store.ledger_size().unwrap(), there.len() as u64);
    assert_eq!(ledger::read(store, Position(0), usize::MAX).unwrap().len(), there.len());
    let there: std::collections::BTreeSet<_> = there.into_iter().collect();
    let lost: Vec<_> = kept.iter().filter(|name| !there.contains(*name)).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
}

/// Waits until the ledger has so many events more.
fn progress(store: &PostgresStore, more: u64) {
    let enough = store.ledger_size().unwrap() + more;
    while store.ledger_size().unwrap() < enough {
        std::thread::yield_now();
    }
}

#[test]
fn a_server_killed_under_load_loses_nothing_and_the_store_goes_on() {
    let server = PostgresServer::start();
    let settings = settings(&server);
    let (store, stop) = (PostgresStore::open(&settings).unwrap(), AtomicBool::new(false));
    let (kept, failed) = std::thread::scope(|threads| {
        let hammering = threads.spawn(|| hammer(&store, &stop));
        for _ in 0..2 {
            progress(&store, 200);
            server.kill();
            server.restart();
        }
        progress(&store, 200);
        stop.store(true, Ordering::SeqCst);
        hammering.join().unwrap()
    });
    assert!(failed.is_empty(), "the server was back in time, but these failed: {failed:?}");
    assert_nothing_lost(&store, &kept);
    drop(store);
    assert_nothing_lost(&PostgresStore::open(&settings).unwrap(), &kept);
}

#[test]
fn connections_cut_under_load_lose_and_double_nothing() {
    let server = PostgresServer::start();
    let settings = settings(&server);
    let (store, stop) = (PostgresStore::open(&settings).unwrap(), AtomicBool::new(false));
    let (kept, failed) = std::thread::scope(|threads| {
        let hammering = threads.spawn(|| hammer(&store, &stop));
        for _ in 0..40 {
            progress(&store, 8);
            server.sql(
                "test_0",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            );
        }
        stop.store(true, Ordering::SeqCst);
        hammering.join().unwrap()
    });
    assert!(failed.is_empty(), "{failed:?}");
    assert_nothing_lost(&store, &kept);
    assert_eq!(kept.len() as u64, store.ledger_size().unwrap());
}

#[test]
fn a_server_that_stays_away_is_an_error_and_not_a_wait_for_ever() {
    let server = PostgresServer::start();
    let address = server.database() + "?patience=1";
    let settings = PostgresSettings::parse(&address).unwrap();
    PostgresStore::create_tables(&settings, &EXTRA).unwrap();
    let store = PostgresStore::open(&settings).unwrap();
    store.commit(twin("before")).unwrap();
    server.kill();
    let said = store.commit(twin("during")).unwrap_err().to_string();
    assert!(said.contains("PostgreSQL is away"), "{said}");
    assert!(store.get(THINGS, b"before").unwrap_err().0.contains("PostgreSQL is away"));
    server.restart();
    store.commit(twin("after")).unwrap();
    assert_nothing_lost(&store, &["before".to_owned(), "after".to_owned()]);
}

#[test]
fn a_lock_held_by_somebody_else_delays_and_does_not_fail() {
    let server = PostgresServer::shared();
    let settings = settings(&server);
    let store = PostgresStore::open(&settings).unwrap();
    let mut holder = Session::open(&settings).unwrap();
    statements::lock(&mut holder, &store.shared.catalog).unwrap();
    std::thread::scope(|threads| {
        let waiting = threads.spawn(|| store.commit(twin("a")));
        let blocked = "SELECT 1 FROM pg_catalog.pg_stat_activity \
             WHERE wait_event_type = 'Lock' AND datname = current_database()";
        while holder.query(blocked, &[], &[]).unwrap().is_empty() {}
        holder.run("UPDATE npki.turn SET sequence = sequence + 1; COMMIT").unwrap();
        assert_eq!(waiting.join().unwrap().unwrap().version, Version(2));
    });
}

#[test]
fn a_batch_of_unknown_outcome_cannot_be_written_after_it_was_settled() {
    let server = PostgresServer::shared();
    let store = PostgresStore::open(&settings(&server)).unwrap();
    let (settings, catalog) = (&store.shared.settings, &store.shared.catalog);
    let (mut late, mut settling) = (Session::open(settings).unwrap(), Session::open(settings).unwrap());
    let token = |batch| statements::Token { node: b"node", batch };
    let (from, found) = statements::look(&mut late, catalog, &Wanted::new()).unwrap();
    let change = Confirmed::new(twin("a"), catalog).unwrap();
    let supposed = batch::Supposed::new();
    let mut batch = batch::Batch::new(from, &found);
    batch.add(&change).unwrap();
    let (to, left) = batch.finish().unwrap();
    let step = statements::Step { from, to, supposed: &supposed, left: &left };

    assert!(!statements::settle(&mut settling, catalog, token(1)).unwrap());
    assert!(!statements::write(&mut late, catalog, token(1), step).unwrap());
    assert_eq!(store.ledger_size().unwrap(), 0);

    let (from, _) = statements::look(&mut late, catalog, &Wanted::new()).unwrap();
    let mut batch = batch::Batch::new(from, &found);
    batch.add(&change).unwrap();
    let (to, left) = batch.finish().unwrap();
    let step = statements::Step { from, to, supposed: &supposed, left: &left };
    assert!(statements::write(&mut late, catalog, token(2), step).unwrap());
    assert!(statements::settle(&mut settling, catalog, token(2)).unwrap());
    assert!(store.get(THINGS, b"a").unwrap().is_some());
}
