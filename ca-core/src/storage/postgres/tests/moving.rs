//! Export and restore.

use super::*;
use crate::storage::memory::MemoryStore;

fn store(server: &PostgresServer) -> Arc<dyn Store> {
    Arc::new(PostgresStore::open(&settings(server)).unwrap())
}

#[test]
fn an_export_fills_a_store_in_memory() {
    let (to, restore) = MemoryStore::begin_restore();
    conformance::moves(store(&PostgresServer::shared()), restore, || to).unwrap();
}

#[test]
fn an_export_fills_another_database() {
    let server = PostgresServer::shared();
    let to = settings(&server);
    let restore = Box::new(PostgresStore::begin_restore(&to).unwrap());
    let opened = || Arc::new(PostgresStore::open(&to).unwrap()) as Arc<dyn Store>;
    conformance::moves(store(&server), restore, opened).unwrap();
}

#[test]
fn an_export_of_a_store_in_memory_fills_a_database_that_two_nodes_open() {
    let server = PostgresServer::shared();
    let to = settings(&server);
    let restore = Box::new(PostgresStore::begin_restore(&to).unwrap());
    let opened = || Arc::new(together::Alternating::new(&to)) as Arc<dyn Store>;
    conformance::moves(Arc::new(MemoryStore::new()), restore, opened).unwrap();
}

#[test]
fn an_unfinished_restore_is_no_store() {
    let server = PostgresServer::shared();
    let to = settings(&server);
    let open_already = PostgresStore::open(&to).unwrap();
    let mut restore = PostgresStore::begin_restore(&to).unwrap();
    restore.put(THINGS, b"a", Some(b"1")).unwrap();
    let refused = PostgresStore::open(&to).unwrap_err().to_string();
    assert!(refused.contains("restore") && refused.contains("drop the schemas"), "{refused}");
    let refused =
        open_already.commit(explained(Change::new().insert(THINGS, "b", "1"))).unwrap_err().to_string();
    assert!(refused.contains("restore"), "{refused}");
    conformance::refuses_what_is_incomplete(Box::new(restore)).unwrap();
    assert!(PostgresStore::open(&to).is_err());
    assert!(PostgresStore::begin_restore(&to).err().unwrap().0.contains("not empty"));
}

#[test]
fn a_store_in_use_is_not_restored_into() {
    let server = PostgresServer::shared();
    let to = settings(&server);
    let store = PostgresStore::open(&to).unwrap();
    store.commit(explained(Change::new().write(THINGS, "a", Expect::Anything, Operation::Delete))).unwrap();
    assert!(PostgresStore::begin_restore(&to).err().unwrap().0.contains("not empty"));
    store.commit(explained(Change::new().insert(THINGS, "a", "1"))).unwrap();
}
