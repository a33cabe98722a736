//! Guardianships as officers read them.

use ca_core::storage::KeyRange;
use time::OffsetDateTime;

use super::propose::purpose;
use super::{GUARDIANSHIP_PROPOSALS, GUARDIANSHIPS, Guardianship, GuardianshipReach, ProposedGuardianship};
use crate::id::IdentityId;
use crate::life::LifeError;
use crate::page::{Page, PageSize};
use crate::permission::{ChangeIdentities, Permit, ReadRegistry};
use crate::record;
use crate::registry::{Registry, reference};
use crate::timed;

/// What there is over a person: the guardianship that counts, and one that waits with what was shown for it.
#[derive(Debug, Clone)]
pub struct OpenGuardianship {
    /// The one that counts.
    pub current: Option<Guardianship>,
    /// The one that waits, and its note, which an erased person has no more.
    pub waiting: Option<(ProposedGuardianship, Option<String>)>,
}

/// A person under guardianship, in a list. Nothing personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ward {
    /// The person.
    pub ward: IdentityId,
    /// The guardian.
    pub guardian: IdentityId,
    /// What the guardian decides.
    pub reach: GuardianshipReach,
    /// Since when there has been no guardian, UTC.
    pub vacant_since: Option<OffsetDateTime>,
}

impl Registry {
    /// The guardianship over a person, and one that waits. It is a look at the person.
    ///
    /// # Errors
    /// No such person, no case was named, or the registry failed.
    pub fn guardianship(
        &self,
        permit: &Permit<ReadRegistry>,
        ward: IdentityId,
    ) -> Result<OpenGuardianship, LifeError> {
        let (record, _) = self.identity_record(ward)?;
        record.within(permit.scope())?;
        let waiting = match self.proposal_over(ward)? {
            None => None,
            Some((proposed, _)) => {
                let envelope = self.vault().for_reading(&reference(ward))?;
                let open =
                    |envelope: ca_core::vault::Envelope| envelope.open_text(&purpose(ward), &proposed.note);
                let note = envelope.map(open).transpose()?;
                Some((proposed, note))
            }
        };
        self.look_up(permit, [ward])?;
        Ok(OpenGuardianship { current: record.guardianship, waiting })
    }

    /// Guardianships that wait for another officer, in the order of the wards, beginning after `after`.
    ///
    /// # Errors
    /// The store failed.
    pub fn waiting_guardianships(
        &self,
        _permit: &Permit<ChangeIdentities>,
        after: Option<IdentityId>,
        size: PageSize,
    ) -> Result<Page<ProposedGuardianship, IdentityId>, LifeError> {
        let range = timed::range("", after.map(|after| after.to_string()));
        let found = self.store().scan(GUARDIANSHIP_PROPOSALS, &range, size.entries() + 1)?;
        let found = found.iter().map(|(_, entry)| record::decode(GUARDIANSHIP_PROPOSALS, entry));
        let found: Vec<ProposedGuardianship> = found.collect::<Result<_, _>>()?;
        Ok(Page::cut(found, size, |proposed| proposed.ward))
    }

    /// Whose guardian somebody is; without a guardian, those whose guardian is gone. In the order of the wards, beginning
    /// after `after`.
    ///
    /// # Errors
    /// The store failed.
    pub fn wards_of(
        &self,
        _permit: &Permit<ChangeIdentities>,
        guardian: Option<IdentityId>,
        after: Option<IdentityId>,
        size: PageSize,
    ) -> Result<Page<Ward, IdentityId>, LifeError> {
        let list = guardian.map_or_else(|| "vacant/".to_owned(), |guardian| format!("of/{guardian}/"));
        let range: KeyRange = timed::range(&list, after.map(|after| format!("{list}{after}")));
        let found = self.store().scan(GUARDIANSHIPS, &range, size.entries() + 1)?;
        let ids = found.iter().map(|(key, _)| timed::named(GUARDIANSHIPS, key));
        let Page { items, next } = Page::cut(ids.collect::<Result<Vec<_>, _>>()?, size, |ward| *ward);
        let records = self.identity_records(items.iter().copied().collect())?;
        let ward = |(record, _): &(crate::identity::IdentityRecord, _)| {
            let Guardianship { guardian, reach, vacant_since, .. } = record.guardianship.clone()?;
            Some(Ward { ward: record.id, guardian, reach, vacant_since })
        };
        Ok(Page { items: records.values().filter_map(ward).collect(), next })
    }
}
