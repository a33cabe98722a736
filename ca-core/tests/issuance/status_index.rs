//! The status index beside the store, on one node and on another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ca_core::certificate::Certificates;
use ca_core::clock::{Clock, SetClock};
use ca_core::serial::SerialNumber;
use ca_core::status::{
    FollowedStore, Known, Progress, RevocationReason, SerialStatus, StatusFollower, StatusIndex, StatusSource,
};
use ca_core::storage::memory::{Failure, MemoryStore};
use ca_core::storage::{
    AuditedChange, CommitError, Committed, Entry, Exported, KeyRange, Moment, StorageError, Store, Table,
    Versioned,
};
use time::{Duration, OffsetDateTime};

use super::authority::{Ca, actor};
use super::new_key;

/// A store that several nodes share; told to, it seems to have lost its ledger.
#[derive(Debug, Default)]
struct Shared {
    store: MemoryStore,
    shrunk: AtomicBool,
}

/// One node on the shared store.
struct Node {
    store: Arc<FollowedStore>,
    index: Arc<StatusIndex>,
    clock: Arc<SetClock>,
    follower: StatusFollower,
}

impl Node {
    fn on(shared: &Arc<Shared>) -> Self {
        let clock = Arc::new(SetClock::at(OffsetDateTime::now_utc()));
        let index = Arc::new(StatusIndex::new(clock.clone()));
        let store = Arc::new(FollowedStore::new(shared.clone(), index.clone()));
        let follower = StatusFollower::new(store.clone(), clock.clone(), index.clone());
        Self { store, index, clock, follower }
    }

    /// Reads until there is nothing left to read.
    fn catch_up(&mut self) {
        while self.follower.step().unwrap() == Progress::Behind {}
    }

    fn status(&self, ca: &Ca<FollowedStore>) -> impl StatusSource + use<> {
        self.index.of(Certificates::new(self.store.clone(), ca.issuing.id().clone()))
    }
}

/// A CA on a node of its own.
fn founded() -> (Arc<Shared>, Node, Ca<FollowedStore>) {
    let shared = Arc::new(Shared::default());
    let node = Node::on(&shared);
    let ca = Ca::founded_on(FollowedStore::new(shared.clone(), node.index.clone()));
    (shared, node, ca)
}

fn issue(ca: &Ca<FollowedStore>) -> SerialNumber {
    ca.issue("device", new_key()).unwrap().record.serial
}

fn revoke(ca: &Ca<FollowedStore>, serial: &SerialNumber, reason: RevocationReason) {
    ca.issuing.revoke(serial, reason, &actor(), AuditedChange::nothing()).unwrap();
}

fn is_revoked(known: &Known) -> bool {
    matches!(known.status, SerialStatus::Revoked(_))
}

#[test]
fn what_a_node_commits_it_knows_at_once() {
    let (_shared, mut node, ca) = founded();
    let early = issue(&ca);
    node.catch_up();
    let status = node.status(&ca);
    let late = issue(&ca);
    for serial in [&early, &late] {
        let good = status.known(serial).unwrap();
        assert_eq!((&good.status, good.edition), (&SerialStatus::Good, status.edition(serial)));
        assert!(good.edition.is_some() && good.as_of.is_some());
        revoke(&ca, serial, RevocationReason::CertificateHold);
        let held = status.known(serial).unwrap();
        assert!(is_revoked(&held) && held.edition.is_some() && held.edition != good.edition);
        ca.issuing.release(serial, &actor(), AuditedChange::nothing()).unwrap();
        let released = status.known(serial).unwrap();
        assert_eq!(released.status, SerialStatus::Good);
        assert!(![good.edition, held.edition].contains(&released.edition));
        revoke(&ca, serial, RevocationReason::KeyCompromise);
        assert!(is_revoked(&status.known(serial).unwrap()));
        assert_eq!(status.status(serial).unwrap(), ca.issuing.certificates().status(serial).unwrap());
    }
    // Following the ledger afterwards finds nothing new in it.
    node.catch_up();
    assert!(is_revoked(&status.known(&late).unwrap()));
    let never: SerialNumber = "4100000000000000000000000000000a".parse().unwrap();
    assert_eq!(status.status(&never).unwrap(), SerialStatus::Unknown);
}

#[test]
fn until_all_is_read_the_store_answers() {
    let (_shared, mut node, ca) = founded();
    let (good, gone) = (issue(&ca), issue(&ca));
    revoke(&ca, &gone, RevocationReason::Superseded);
    let status = node.status(&ca);
    for _ in 0..3 {
        let known = status.known(&good).unwrap();
        assert_eq!((known.status, known.edition, known.as_of), (SerialStatus::Good, None, None));
        assert!(is_revoked(&status.known(&gone).unwrap()));
        assert_eq!(status.edition(&gone), None);
        let _ = node.follower.step().unwrap();
        if node.index.known_until().is_some() {
            break;
        }
    }
    node.catch_up();
    assert!(is_revoked(&status.known(&gone).unwrap()));
    assert!(status.edition(&gone).is_some());
}

#[test]
fn a_change_that_may_have_been_made_is_looked_up() {
    let (shared, mut node, ca) = founded();
    let serial = issue(&ca);
    node.catch_up();
    let status = node.status(&ca);
    for failure in [Failure::BeforePersisting, Failure::AfterPersisting] {
        assert!(status.edition(&serial).is_some());
        shared.store.fail_next_commit(failure);
        let reason = RevocationReason::Superseded;
        assert!(ca.issuing.revoke(&serial, reason, &actor(), AuditedChange::nothing()).is_err());
        // Nothing that was kept for others is given any more, and the store itself is asked.
        assert_eq!(status.edition(&serial), None);
        assert_eq!(is_revoked(&status.known(&serial).unwrap()), failure == Failure::AfterPersisting);
        node.catch_up();
        let known = status.known(&serial).unwrap();
        assert_eq!(is_revoked(&known), failure == Failure::AfterPersisting);
        assert!(known.edition.is_some());
    }
}

#[test]
fn another_node_knows_when_it_has_looked_and_says_as_of_when() {
    let (shared, _first, ca) = founded();
    let mut second = Node::on(&shared);
    let early = issue(&ca);
    second.catch_up();
    let looked = second.clock.now();
    let status = second.status(&ca);
    // What was just issued is never unknown.
    let late = issue(&ca);
    assert_eq!(status.known(&late).unwrap().status, SerialStatus::Good);
    assert_eq!(status.known(&late).unwrap().edition, None);

    revoke(&ca, &early, RevocationReason::KeyCompromise);
    revoke(&ca, &late, RevocationReason::CertificateHold);
    second.clock.set(looked + Duration::minutes(3));
    let before = status.known(&early).unwrap();
    let milliseconds = |moment: OffsetDateTime| moment.unix_timestamp_nanos() / 1_000_000;
    assert_eq!(
        before.as_of.map(milliseconds),
        Some(milliseconds(looked)),
        "it claims to know what it does not"
    );
    second.catch_up();
    let after = status.known(&early).unwrap();
    assert!(is_revoked(&after) && after.edition != before.edition && after.as_of > before.as_of);
    assert!(is_revoked(&status.known(&late).unwrap()));
    ca.issuing.release(&late, &actor(), AuditedChange::nothing()).unwrap();
    second.catch_up();
    assert_eq!(status.known(&late).unwrap().status, SerialStatus::Good);

    // After a long silence of the store it no longer speaks from memory.
    revoke(&ca, &late, RevocationReason::Superseded);
    second.clock.set(looked + Duration::minutes(30));
    let known = status.known(&late).unwrap();
    assert!(is_revoked(&known) && known.as_of.is_none());
}

#[test]
fn a_ledger_that_is_shorter_than_it_was_is_another_one() {
    let (shared, mut node, ca) = founded();
    let serial = issue(&ca);
    node.catch_up();
    let status = node.status(&ca);
    let before = status.edition(&serial);
    shared.shrunk.store(true, Ordering::SeqCst);
    assert_eq!(node.follower.step().unwrap(), Progress::Behind);
    assert_eq!((status.edition(&serial), node.index.known_until()), (None, None));
    shared.shrunk.store(false, Ordering::SeqCst);
    node.catch_up();
    assert_eq!(status.known(&serial).unwrap().status, SerialStatus::Good);
    assert!(status.edition(&serial).is_some_and(|edition| Some(edition) != before));
}

/// While the index is being filled, and while it follows, several revoke: none is told so before the index says so.
#[test]
fn nobody_hears_of_a_revocation_before_the_index_knows() {
    const REVOKERS: usize = 3;
    let (_shared, mut node, ca) = founded();
    let serials: Vec<SerialNumber> = (0..60).map(|_| issue(&ca)).collect();
    let status = node.status(&ca);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let revoking: Vec<_> = (0..REVOKERS)
            .map(|revoker| {
                let (ca, status, serials) = (&ca, &status, &serials);
                scope.spawn(move || {
                    for serial in serials.iter().skip(revoker).step_by(REVOKERS) {
                        revoke(ca, serial, RevocationReason::CertificateHold);
                        assert!(is_revoked(&status.known(serial).unwrap()), "{serial} is good again");
                        revoke(ca, serial, RevocationReason::KeyCompromise);
                        let known = status.known(serial).unwrap();
                        let SerialStatus::Revoked(revocation) = known.status else {
                            panic!("{serial} is good")
                        };
                        assert_eq!(revocation.reason, RevocationReason::KeyCompromise);
                    }
                })
            })
            .collect();
        let follower = scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                let _ = node.follower.step().unwrap();
            }
        });
        let outcomes: Vec<_> = revoking.into_iter().map(|thread| thread.join()).collect();
        done.store(true, Ordering::SeqCst);
        follower.join().unwrap();
        outcomes.into_iter().for_each(|outcome| outcome.unwrap());
    });
    for serial in &serials {
        assert!(is_revoked(&status.known(serial).unwrap()));
    }
}

impl Store for Shared {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StorageError> {
        self.store.get(table, key)
    }

    fn get_many(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>, StorageError> {
        self.store.get_many(table, keys)
    }

    fn scan(&self, table: Table, range: &KeyRange, limit: usize) -> Result<Vec<Entry>, StorageError> {
        self.store.scan(table, range, limit)
    }

    fn commit(&self, change: AuditedChange) -> Result<Committed, CommitError> {
        self.store.commit(change)
    }

    fn ledger_size(&self) -> Result<u64, StorageError> {
        if self.shrunk.load(Ordering::SeqCst) { Ok(1) } else { self.store.ledger_size() }
    }

    fn export(
        &self,
        take: &mut dyn FnMut(Exported) -> Result<(), StorageError>,
    ) -> Result<Moment, StorageError> {
        self.store.export(take)
    }
}
