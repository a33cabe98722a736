//! Reading parties. Who may be told what is no secret: everybody who works here sees it.

use ca_core::storage::{StorageError, Table};
use serde::de::DeserializeOwned;

use super::{Party, PartyError, ProposedParty, RELYING_PARTIES, RELYING_PARTY_CHANGES};
use crate::id::IdentityId;
use crate::page::{Page, PageSize};
use crate::permission::{Permit, ReadParties};
use crate::record;
use crate::registry::Registry;
use crate::timed;

impl Registry {
    /// A party, and what is proposed of it; one that is only proposed has no record yet.
    ///
    /// # Errors
    /// It is none and nothing is proposed of it, or the store failed.
    pub fn party(
        &self,
        _permit: &Permit<ReadParties>,
        id: IdentityId,
    ) -> Result<(Option<Party>, Option<ProposedParty>), PartyError> {
        let party = self.party_record(id)?.map(|(party, _)| party);
        let waits = self.proposed_of(id)?.map(|(proposed, _)| proposed);
        if party.is_none() && waits.is_none() {
            return Err(PartyError::Unknown(id));
        }
        Ok((party, waits))
    }

    /// Parties in the order of their organisations' identifiers, ended ones too, beginning after `after`.
    ///
    /// # Errors
    /// The store failed.
    pub fn parties(
        &self,
        _permit: &Permit<ReadParties>,
        after: Option<IdentityId>,
        size: PageSize,
    ) -> Result<Page<Party, IdentityId>, PartyError> {
        Ok(Page::cut(self.of_parties(RELYING_PARTIES, after, size)?, size, |party: &Party| {
            party.organisation
        }))
    }

    /// What waits for another administrator, in the order of the organisations, beginning after `after`.
    ///
    /// # Errors
    /// The store failed.
    pub fn proposed_parties(
        &self,
        _permit: &Permit<ReadParties>,
        after: Option<IdentityId>,
        size: PageSize,
    ) -> Result<Page<ProposedParty, IdentityId>, PartyError> {
        let found = self.of_parties(RELYING_PARTY_CHANGES, after, size)?;
        Ok(Page::cut(found, size, |proposed: &ProposedParty| proposed.organisation))
    }

    /// The party that an organisation is at this moment.
    pub(crate) fn current_party(&self, id: IdentityId) -> Result<Option<Party>, StorageError> {
        let found: Option<(Party, _)> = record::find(self.store(), RELYING_PARTIES, id.to_string())?;
        Ok(found.map(|(party, _)| party).filter(|party| party.ended.is_none()))
    }

    fn of_parties<T: DeserializeOwned>(
        &self,
        table: Table,
        after: Option<IdentityId>,
        size: PageSize,
    ) -> Result<Vec<T>, StorageError> {
        let range = timed::range("", after.map(|after| after.to_string()));
        let found = self.store().scan(table, &range, size.entries() + 1)?;
        found.iter().map(|(_, entry)| record::decode(table, entry)).collect()
    }
}
