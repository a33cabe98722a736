//! Several nodes on one database.

use super::*;

/// Two nodes that are asked in turn.
#[derive(Debug)]
pub(super) struct Alternating {
    nodes: [PostgresStore; 2],
    asked: AtomicUsize,
}

impl Alternating {
    pub(super) fn new(settings: &PostgresSettings) -> Self {
        let node = || PostgresStore::open(settings).unwrap();
        Self { nodes: [node(), node()], asked: AtomicUsize::new(0) }
    }

    fn next(&self) -> &PostgresStore {
        &self.nodes[self.asked.fetch_add(1, Ordering::SeqCst) % 2]
    }
}

impl Store for Alternating {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StorageError> {
        self.next().get(table, key)
    }

    fn get_many(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>, StorageError> {
        self.next().get_many(table, keys)
    }

    fn scan(&self, table: Table, range: &KeyRange, limit: usize) -> Result<Vec<Entry>, StorageError> {
        self.next().scan(table, range, limit)
    }

    fn commit(&self, change: AuditedChange) -> Result<Committed, CommitError> {
        self.next().commit(change)
    }

    fn ledger_size(&self) -> Result<u64, StorageError> {
        self.next().ledger_size()
    }

    fn export(
        &self,
        take: &mut dyn FnMut(Exported) -> Result<(), StorageError>,
    ) -> Result<Moment, StorageError> {
        self.next().export(take)
    }
}

#[test]
fn two_nodes_keep_the_contract_together() {
    conforms(|settings| Arc::new(Alternating::new(settings)));
}

/// Adds one to the counter, and notes the number under its own key.
fn add_one(store: &dyn Store) {
    loop {
        let found = store.get(THINGS, b"counter").unwrap().unwrap();
        let next: u64 = String::from_utf8(found.value).unwrap().parse::<u64>().unwrap() + 1;
        let change = Change::new().replace(THINGS, "counter", found.version, next.to_string());
        match store.commit(explained(change.insert(OTHERS, format!("{next:08}"), ""))) {
            Ok(_) => return,
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn nodes_that_count_together_lose_nothing() {
    const WRITERS: usize = 4;
    const ROUNDS: usize = 25;
    let server = PostgresServer::shared();
    let settings = settings(&server);
    let nodes: Vec<_> = (0..3).map(|_| PostgresStore::open(&settings).unwrap()).collect();
    nodes[0].commit(explained(Change::new().insert(THINGS, "counter", "0"))).unwrap();
    std::thread::scope(|threads| {
        for node in &nodes {
            for _ in 0..WRITERS {
                threads.spawn(|| (0..ROUNDS).for_each(|_| add_one(node)));
            }
        }
    });
    let count = nodes.len() * WRITERS * ROUNDS;
    let counter = nodes[1].get(THINGS, b"counter").unwrap().unwrap();
    assert_eq!(counter.value, count.to_string().into_bytes());
    assert_eq!(names(&nodes[2], OTHERS), (1..=count).map(|n| format!("{n:08}")).collect::<Vec<_>>());
    let events = ledger::read(&nodes[0], Position(0), usize::MAX).unwrap();
    let positions: Vec<u64> = events.iter().map(|event| event.position.0).collect();
    assert_eq!(positions, (0..=count as u64).collect::<Vec<_>>());
}

#[test]
fn of_nodes_that_insert_the_same_key_one_succeeds() {
    let server = PostgresServer::shared();
    let settings = settings(&server);
    let nodes: Vec<_> = (0..3).map(|_| PostgresStore::open(&settings).unwrap()).collect();
    let winners = AtomicUsize::new(0);
    std::thread::scope(|threads| {
        for node in nodes.iter().chain(&nodes) {
            threads.spawn(|| {
                for round in 0..30 {
                    match node.commit(explained(Change::new().insert(THINGS, format!("{round}"), ""))) {
                        Ok(_) => _ = winners.fetch_add(1, Ordering::SeqCst),
                        Err(CommitError::Conflict { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
    assert_eq!(winners.into_inner(), 30);
    assert_eq!(nodes[0].ledger_size().unwrap(), 30);
}

/// A new entry is not asked for beforehand: the primary key refuses the whole batch, and the batch is judged anew.
#[test]
fn who_inserts_what_is_there_takes_nobody_down() {
    let server = PostgresServer::shared();
    let settings = settings(&server);
    let alone = vec![PostgresStore::open(&settings).unwrap()];
    let competing = (0..2).map(|_| PostgresStore::open(&settings).unwrap()).collect();
    alone[0].commit(explained(Change::new().insert(THINGS, "there", "first"))).unwrap();
    for nodes in [alone, competing] {
        let round = nodes.len();
        std::thread::scope(|threads| {
            for writer in 0..8 {
                let node = &nodes[writer % round];
                threads.spawn(move || {
                    for turn in 0..20 {
                        let own = format!("{round}/{writer}/{turn}");
                        let change = Change::new().insert(OTHERS, own, "");
                        let refused = writer % 4 == 0;
                        let change = if refused { change.insert(THINGS, "there", "again") } else { change };
                        match node.commit(explained(change)) {
                            Ok(_) => assert!(!refused),
                            Err(CommitError::Conflict { key, .. }) => assert!(refused && key == b"there"),
                            Err(error) => panic!("{error}"),
                        }
                    }
                });
            }
        });
        let kept = names(&nodes[0], OTHERS);
        let of_this_round = kept.iter().filter(|name| name.starts_with(&format!("{round}/"))).count();
        assert_eq!(of_this_round, 6 * 20);
        assert_eq!(nodes[0].get(THINGS, b"there").unwrap().unwrap().value, b"first");
    }
}
