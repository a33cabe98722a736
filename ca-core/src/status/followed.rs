//! A store that tells the status index what is committed through it.

use std::sync::Arc;

use serde::Deserialize;

use super::index::Changed;
use super::serials::NotedBy;
use super::{Revocation, SerialStatus, StatusIndex};
use crate::certificate::{CERTIFICATES, CertificatePlace};
use crate::storage::{
    AuditedChange, CommitError, Committed, Entry, Expect, Exported, KeyRange, Moment, Operation,
    StorageError, Store, Table, Versioned, Write,
};

/// A [`Store`] whose changes of certificates are in a [`StatusIndex`] before whoever commits them hears that they are
/// made: nobody is told that a certificate is revoked while this node still says that it is good.
#[derive(Debug)]
pub struct FollowedStore {
    store: Arc<dyn Store>,
    index: Arc<StatusIndex>,
}

impl FollowedStore {
    /// The same store; `index` is told.
    pub const fn new(store: Arc<dyn Store>, index: Arc<StatusIndex>) -> Self {
        Self { store, index }
    }
}

impl Store for FollowedStore {
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
        let events = change.events().len();
        let changes = change.writes().iter().filter(|write| write.table == CERTIFICATES);
        let changes: Option<Vec<_>> = changes.filter_map(changed).collect();
        let outcome = self.store.commit(change);
        match (&outcome, changes) {
            (Ok(committed), Some(changes)) => self.index.committed(committed.position, events, changes),
            // It may have been kept all the same; or it is nothing that the index can read. The ledger will tell.
            (Ok(_), None) | (Err(CommitError::Storage(_)), _) => self.index.doubt(),
            (Err(CommitError::Conflict { .. }), _) => {}
        }
        outcome
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

/// What a write makes of a certificate; nothing for a mere check. `Some(None)`: it cannot be read.
fn changed(write: &Write) -> Option<Option<Changed>> {
    let status = match &write.operation {
        Operation::Check => return None,
        Operation::Delete => Some(SerialStatus::Unknown),
        Operation::Put(value) => status(value).ok(),
    };
    let by = if write.expect == Expect::Absent { NotedBy::Issuance } else { NotedBy::Change };
    let read = CertificatePlace::from_key(&write.key).zip(status);
    Some(read.map(|(place, status)| Changed { place, status, by }))
}

/// Of a certificate's record, what its status is made of.
#[derive(Debug, Deserialize)]
struct OfRecord {
    #[serde(default)]
    revocation: Option<Revocation>,
}

/// The status that a certificate's record tells.
pub(super) fn status(record: &[u8]) -> Result<SerialStatus, StorageError> {
    let read: OfRecord = serde_json::from_slice(record)
        .map_err(|error| StorageError(format!("a certificate's record cannot be read: {error}")))?;
    Ok(read.revocation.map_or(SerialStatus::Good, SerialStatus::Revoked))
}
