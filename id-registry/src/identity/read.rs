//! Reading identities. A look at a person's record is in the ledger before the answer leaves.

use std::collections::{BTreeMap, BTreeSet};

use ca_core::storage::{KeyRange, StorageError, Table, Version, Versioned};
use ca_core::vault::purpose_of;

use super::{
    IDENTITIES, IDENTITIES_BY_ORGANISATION, IDENTITY_DETAILS, Identity, IdentityError, IdentityRecord,
};
use crate::fault::Fault;
use crate::id::{IdentityId, IdentityKind};
use crate::page::{Page, PageSize};
use crate::permission::{Permit, ReadRegistry, Scope};
use crate::record;
use crate::registry::{Registry, reference};

impl Registry {
    /// One identity.
    ///
    /// # Errors
    /// No such identity, it belongs to somebody else, or the store failed.
    pub fn identity(&self, permit: &Permit<ReadRegistry>, id: IdentityId) -> Result<Identity, IdentityError> {
        let (record, _) = self.identity_record(id)?;
        record.within(permit.scope())?;
        let identity = self.with_details(record)?;
        self.look_up(permit, [id])?;
        Ok(identity)
    }

    /// Identities in the order of their identifiers, of one kind or of all, beginning after `after`.
    ///
    /// # Errors
    /// The store failed.
    pub fn identities(
        &self,
        permit: &Permit<ReadRegistry>,
        kind: Option<IdentityKind>,
        after: Option<IdentityId>,
        size: PageSize,
    ) -> Result<Page<Identity, IdentityId>, IdentityError> {
        let found = match permit.scope() {
            Scope::Country => self.all_records(kind, after, size.entries() + 1)?,
            Scope::Organisation(own) => self.records_of(own, kind, after, size.entries() + 1)?,
        };
        let Page { items, next } = Page::cut(found, size, |record| record.id);
        let items: Vec<Identity> =
            items.into_iter().map(|record| self.with_details(record)).collect::<Result<_, _>>()?;
        self.look_up(permit, items.iter().map(Identity::id))?;
        Ok(Page { items, next })
    }

    pub(crate) fn all_records(
        &self,
        kind: Option<IdentityKind>,
        after: Option<IdentityId>,
        limit: usize,
    ) -> Result<Vec<IdentityRecord>, StorageError> {
        let range = range("", kind, after);
        let found = self.store().scan(IDENTITIES, &range, limit)?;
        found.iter().map(|(_, entry)| record::decode(IDENTITIES, entry)).collect()
    }

    fn records_of(
        &self,
        organisation: IdentityId,
        kind: Option<IdentityKind>,
        after: Option<IdentityId>,
        limit: usize,
    ) -> Result<Vec<IdentityRecord>, IdentityError> {
        let prefix = format!("{organisation}/");
        let found = self.store().scan(IDENTITIES_BY_ORGANISATION, &range(&prefix, kind, after), limit)?;
        Ok(self.indexed_records(&found, prefix.len())?.into_iter().map(|(record, _)| record).collect())
    }

    /// What an index of identities says depends on one, `identity/dependant`, in the index's order.
    pub(crate) fn dependants(
        &self,
        index: Table,
        of: IdentityId,
    ) -> Result<Vec<(IdentityRecord, Version)>, IdentityError> {
        let prefix = format!("{of}/");
        let mut range = KeyRange::prefix(prefix.as_bytes());
        let mut all = Vec::new();
        loop {
            let page = self.store().scan(index, &range, PageSize::MOST)?;
            let Some((last, _)) = page.last() else { return Ok(all) };
            range = range.after(last);
            all.extend(self.indexed_records(&page, prefix.len())?);
        }
    }

    /// The records that entries of an index name, read at once, in their order.
    fn indexed_records(
        &self,
        entries: &[(Vec<u8>, Versioned)],
        prefix: usize,
    ) -> Result<Vec<(IdentityRecord, Version)>, IdentityError> {
        let ids = entries.iter().map(|(key, _)| indexed(key, prefix)).collect::<Result<Vec<_>, _>>()?;
        let mut records = self.identity_records(ids.iter().copied().collect())?;
        ids.into_iter().map(|id| records.remove(&id).ok_or(IdentityError::Unknown(id))).collect()
    }

    /// The records of these identities and the versions to expect when changing them, read at once; those that are not
    /// there are left out.
    pub(crate) fn identity_records(
        &self,
        ids: BTreeSet<IdentityId>,
    ) -> Result<BTreeMap<IdentityId, (IdentityRecord, Version)>, StorageError> {
        let keys: Vec<Vec<u8>> = ids.iter().map(|id| id.to_string().into_bytes()).collect();
        let mut records = BTreeMap::new();
        if keys.is_empty() {
            return Ok(records);
        }
        for (id, entry) in ids.into_iter().zip(self.store().get_many(IDENTITIES, &keys)?) {
            if let Some(entry) = entry {
                records.insert(id, (record::decode(IDENTITIES, &entry)?, entry.version));
            }
        }
        Ok(records)
    }

    /// An identity's record and the version to expect when changing it.
    pub(crate) fn identity_record(&self, id: IdentityId) -> Result<(IdentityRecord, Version), IdentityError> {
        record::find(self.store(), IDENTITIES, id.to_string())?.ok_or(IdentityError::Unknown(id))
    }

    pub(crate) fn with_details(&self, record: IdentityRecord) -> Result<Identity, Fault> {
        let key = record.id.to_string();
        let missing = || StorageError(format!("identity {key} has no details"));
        let sealed = self.store().get(IDENTITY_DETAILS, key.as_bytes())?.ok_or_else(missing)?;
        let purpose = purpose_of(IDENTITY_DETAILS, &key);
        let details = self.vault().open_record(&reference(record.id), &purpose, &sealed.value)?;
        Ok(Identity { record, details })
    }
}

fn range(prefix: &str, kind: Option<IdentityKind>, after: Option<IdentityId>) -> KeyRange {
    let kind = kind.map(|kind| format!("{}-", char::from(kind.letter()))).unwrap_or_default();
    let range = KeyRange::prefix(format!("{prefix}{kind}").as_bytes());
    let Some(after) = after else { return range };
    let next = format!("{prefix}{after}\0").into_bytes();
    // A cursor of another kind lies outside: the range then keeps its own beginning.
    let from = range.from.map(|from| from.max(next));
    KeyRange { from, ..range }
}

fn indexed(key: &[u8], prefix: usize) -> Result<IdentityId, StorageError> {
    let id = key.get(prefix..).and_then(|id| std::str::from_utf8(id).ok()).and_then(|id| id.parse().ok());
    id.ok_or_else(|| StorageError("an index entry of an identity is damaged".to_owned()))
}
