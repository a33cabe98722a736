#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use serde::Deserialize;

use super::master::{MasterKey, SoftwareMasterKey};
use super::*;
use crate::clock::{SystemClock, SystemEntropy};
use crate::ledger::{self, Event};
use crate::storage::memory::{Failure, MemoryStore};
use crate::storage::{KeyRange, Table};

mod erasing;
mod rotating;
mod sealing;

const VALUES: Table = Table::octets("values");

fn entropy() -> Arc<dyn Entropy> {
    Arc::new(SystemEntropy)
}

fn master() -> Arc<dyn MasterKey> {
    Arc::new(SoftwareMasterKey::generate(entropy()).unwrap())
}

fn subject(number: usize) -> IdentityRef {
    IdentityRef(format!("person/P-{number:04}"))
}

fn actor() -> Actor {
    Actor("staff:S-1".to_owned())
}

/// A store and vaults over it, as of several nodes.
struct House {
    store: Arc<MemoryStore>,
    ledger: Ledger,
}

impl House {
    fn new() -> Self {
        let ledger = Ledger::new(Arc::new(SystemClock), entropy());
        Self { store: Arc::new(MemoryStore::new()), ledger }
    }

    fn vault(&self, keys: KeyRing) -> Vault {
        Vault::new(VaultParts {
            store: self.store.clone(),
            keys,
            ledger: self.ledger.clone(),
            clock: Arc::new(SystemClock),
            entropy: entropy(),
            cached_subjects: 16,
        })
    }

    fn audited(&self, change: Change) -> AuditedChange {
        change.explained_by(&self.ledger.event(&actor(), Action::named("value.kept"), "value").unwrap())
    }

    fn commit(&self, change: Change) -> Result<(), CommitError> {
        self.store.commit(self.audited(change))?;
        Ok(())
    }

    /// Seals and stores a value under its purpose, from the beginning again on a conflict, as a caller does.
    fn keep(&self, vault: &Vault, subject: &IdentityRef, purpose: &str, value: &[u8]) {
        loop {
            let (sealed, change) = vault.seal(subject, purpose, value).unwrap();
            match self.commit(change.put(VALUES, purpose, sealed)) {
                Ok(()) => return,
                Err(CommitError::Conflict { table, .. }) => assert_eq!(table, SUBJECT_KEYS),
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn kept(&self, vault: &Vault, subject: &IdentityRef, purpose: &str) -> Option<Vec<u8>> {
        let sealed = self.store.get(VALUES, purpose.as_bytes()).unwrap().unwrap().value;
        vault.open(subject, purpose, &sealed).unwrap().map(|value| value.to_vec())
    }

    fn events(&self, action: &Action) -> Vec<Event> {
        let all = ledger::events(self.store.as_ref(), ledger::Position(0), 100_000).unwrap();
        all.into_iter().filter(|event| event.action == *action).collect()
    }

    /// Which master keys the stored records name.
    fn named_master_keys(&self) -> Vec<MasterKeyId> {
        let entries = self.store.scan(SUBJECT_KEYS, &KeyRange::all(), 100_000).unwrap();
        let records = entries.into_iter().map(|(key, entry)| KeyRecord::decode(&key, &entry.value).unwrap());
        let mut names: Vec<_> = records
            .filter_map(|record| match record {
                KeyRecord::Kept(kept) => Some(kept.master_key),
                KeyRecord::Erased { .. } => None,
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }
}
