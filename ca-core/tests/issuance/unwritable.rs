//! Where the ledger cannot be written, nothing is signed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ca_core::algorithm::KeyAlgorithm;
use ca_core::authority::{Addresses, Authority, RootParts, found_root};
use ca_core::certificate::CaId;
use ca_core::clock::{SetClock, SystemEntropy};
use ca_core::csr::Wishes;
use ca_core::keys::software::SoftwareKey;
use ca_core::keys::{KeyError, Signer};
use ca_core::ledger::{self, Position};
use ca_core::profile::ProfileSet;
use ca_core::profile_book::ProfileBook;
use ca_core::status::{RevocationReason, SerialStatus, StatusSource};
use ca_core::storage::memory::{Failure, MemoryStore};
use ca_core::storage::{
    AuditedChange, CommitError, Committed, Entry, Exported, KeyRange, Moment, StorageError, Store, Table,
    Versioned,
};
use time::{Duration, OffsetDateTime};

use crate::authority::{actor, ca_subject, subject, vault};
use crate::new_key;

/// A key that counts what it signs.
#[derive(Debug)]
struct CountingKey {
    key: SoftwareKey,
    signed: AtomicUsize,
}

impl Signer for CountingKey {
    fn algorithm(&self) -> KeyAlgorithm {
        self.key.algorithm()
    }

    fn public_key_info(&self) -> &[u8] {
        self.key.public_key_info()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.signed.fetch_add(1, Ordering::Relaxed);
        self.key.sign(message)
    }
}

/// A disk that can be read, and written until it is full.
#[derive(Debug, Default)]
struct Disk {
    store: MemoryStore,
    full: AtomicBool,
}

impl Store for Disk {
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
        if self.full.load(Ordering::Relaxed) {
            return Err(StorageError("no space left on device".to_owned()).into());
        }
        self.store.commit(change)
    }

    fn ledger_size(&self) -> Result<u64, StorageError> {
        self.store.ledger_size()
    }

    fn export(
        &self,
        take: &mut dyn FnMut(Exported) -> Result<(), StorageError>,
    ) -> Result<Moment, StorageError> {
        self.store.export(take)
    }
}

struct Bench {
    disk: Arc<Disk>,
    key: Arc<CountingKey>,
    profiles: Arc<ProfileBook>,
}

impl Bench {
    fn new() -> Self {
        let key = SoftwareKey::generate(KeyAlgorithm::P384).unwrap();
        let key = Arc::new(CountingKey { key, signed: AtomicUsize::new(0) });
        Self {
            disk: Arc::default(),
            key,
            profiles: Arc::new(ProfileBook::of(ProfileSet::built_in().unwrap())),
        }
    }

    fn found(&self) -> Result<Authority, ca_core::authority::RootError> {
        let id = CaId::new("root").unwrap();
        let store = Arc::clone(&self.disk) as Arc<dyn Store>;
        let clock = Arc::new(SetClock::at(OffsetDateTime::now_utc()));
        let parts = RootParts {
            vault: Arc::new(vault(Arc::clone(&store), &clock)),
            store,
            clock,
            entropy: Arc::new(SystemEntropy),
            signer: Arc::clone(&self.key) as Arc<dyn Signer>,
            addresses: Addresses::under("http://pki.example.org", &id),
            id,
            profile: &self.profiles.find("root-ca").unwrap(),
            subject: &ca_subject("Example National Root CA G1"),
            profiles: self.profiles.clone(),
        };
        Ok(Authority::new(found_root(parts, &actor())?).unwrap())
    }

    fn signed(&self) -> usize {
        self.key.signed.load(Ordering::Relaxed)
    }

    fn fill_up(&self) {
        self.disk.full.store(true, Ordering::Relaxed);
    }

    fn events(&self) -> Vec<String> {
        let events = ledger::events(self.disk.as_ref(), Position(0), 1_000).unwrap();
        events.iter().map(|event| event.action.as_str().to_owned()).collect()
    }
}

fn device(authority: &Authority) -> ca_core::issuance::IssuanceRequest {
    let identity = subject("device", ca_core::subject::IdentityRef("D-1".to_owned()));
    let profile = authority.profiles().find("device").unwrap();
    authority.admit_key(new_key(), &Wishes::none(), identity, &profile).unwrap()
}

#[test]
fn no_root_is_signed() {
    let bench = Bench::new();
    bench.fill_up();
    assert!(bench.found().is_err());
    assert_eq!(bench.signed(), 0);
    // Once it can be written again, the same is done, once.
    bench.disk.full.store(false, Ordering::Relaxed);
    bench.found().unwrap();
    assert_eq!(bench.signed(), 1);
}

#[test]
fn no_certificate_is_signed() {
    let bench = Bench::new();
    let authority = bench.found().unwrap();
    let before = (bench.signed(), bench.events());
    bench.fill_up();
    assert!(authority.prepare(device(&authority), &actor()).is_err());
    assert_eq!((bench.signed(), bench.events()), before);
}

#[test]
fn a_certificate_that_cannot_be_recorded_reaches_nobody_and_its_intent_is_in_the_ledger() {
    let bench = Bench::new();
    let authority = bench.found().unwrap();
    let prepared = authority.prepare(device(&authority), &actor()).unwrap();
    let events = bench.events();
    bench.fill_up();
    assert!(authority.sign(prepared, &actor(), |_, _| Ok(AuditedChange::nothing())).is_err());
    assert_eq!(bench.events(), events);
    assert_eq!(events.last().unwrap(), "serial.reserved");
}

#[test]
fn no_crl_is_signed_without_its_number() {
    let bench = Bench::new();
    let authority = bench.found().unwrap();
    let before = bench.signed();
    bench.fill_up();
    assert!(authority.publish_crl(Duration::hours(24), &actor()).is_err());
    assert_eq!(bench.signed(), before);
    bench.disk.full.store(false, Ordering::Relaxed);
    bench.disk.store.fail_next_commit(Failure::BeforePersisting);
    assert!(authority.publish_crl(Duration::hours(24), &actor()).is_err());
    assert_eq!(bench.signed(), before);
    // The number was reserved after all, and its caller not told: it is never used for another CRL.
    bench.disk.store.fail_next_commit(Failure::AfterPersisting);
    assert!(authority.publish_crl(Duration::hours(24), &actor()).is_err());
    assert_eq!(bench.signed(), before);
    let crl = authority.publish_crl(Duration::hours(24), &actor()).unwrap();
    assert_eq!((bench.signed(), crl.number), (before + 1, 2));
}

#[test]
fn nothing_is_revoked() {
    let bench = Bench::new();
    let authority = bench.found().unwrap();
    let prepared = authority.prepare(device(&authority), &actor()).unwrap();
    let issued = authority.sign(prepared, &actor(), |_, _| Ok(AuditedChange::nothing())).unwrap();
    let serial = &issued.record.serial;
    let before = (bench.signed(), bench.events());
    bench.fill_up();
    let reason = RevocationReason::KeyCompromise;
    assert!(authority.revoke(serial, reason, &actor(), AuditedChange::nothing()).is_err());
    assert_eq!(authority.certificates().status(serial).unwrap(), SerialStatus::Good);
    assert_eq!((bench.signed(), bench.events()), before);
}
