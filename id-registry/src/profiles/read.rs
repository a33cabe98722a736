//! Reading proposals, and the editions that a profile had.

use ca_core::profile::ProfileId;
use ca_core::profile_book::Edition;
use ca_core::storage::Version;

use super::{PROFILE_PROPOSAL_INDEX, PROFILE_PROPOSALS, ProfileChangeError, Proposal, ProposalStatus, index};
use crate::id::ProposalId;
use crate::page::{Page, PageSize, collect};
use crate::permission::{Permit, ReadProfiles};
use crate::record;
use crate::registry::Registry;

impl Registry {
    /// One proposal.
    ///
    /// # Errors
    /// There is none, or the store failed.
    pub fn profile_proposal(
        &self,
        _permit: &Permit<ReadProfiles>,
        id: ProposalId,
    ) -> Result<Proposal, ProfileChangeError> {
        Ok(self.proposal_record(id)?.0)
    }

    /// Proposals in the order in which they were made, of one status or of all, beginning after `after`.
    ///
    /// # Errors
    /// `after` is no proposal, or the store failed.
    pub fn profile_proposals(
        &self,
        _permit: &Permit<ReadProfiles>,
        status: Option<ProposalStatus>,
        after: Option<ProposalId>,
        size: PageSize,
    ) -> Result<Page<Proposal, ProposalId>, ProfileChangeError> {
        collect(after, size, |after, limit| self.listed_proposals(status, after, limit), |_| true)
    }

    fn listed_proposals(
        &self,
        status: Option<ProposalStatus>,
        after: Option<&ProposalId>,
        limit: usize,
    ) -> Result<Vec<(ProposalId, Proposal)>, ProfileChangeError> {
        let after = after.map(|id| self.proposal_record(*id)).transpose()?;
        let range = index::range(status, after.as_ref().map(|(proposal, _)| proposal));
        let found = self.store().scan(PROFILE_PROPOSAL_INDEX, &range, limit)?;
        let read = |key: &[u8]| {
            let id = index::named(key)?;
            Ok((id, self.proposal_record(id)?.0))
        };
        found.iter().map(|(key, _)| read(key)).collect()
    }

    /// The editions of a profile, the oldest first, beginning after number `after`.
    ///
    /// # Errors
    /// There never was such a profile, or the store failed.
    pub fn profile_editions(
        &self,
        _permit: &Permit<ReadProfiles>,
        profile: &ProfileId,
        after: Option<u32>,
        size: PageSize,
    ) -> Result<Page<Edition, u32>, ProfileChangeError> {
        self.profiles_in_force()?.knows(profile)?;
        let fetch = |after: Option<&u32>, limit| {
            let found = self.book().editions(profile, after.copied(), limit)?;
            Ok(found.into_iter().map(|edition| (edition.number, edition)).collect())
        };
        collect(after, size, fetch, |_| true)
    }

    /// One edition of a profile; without a number, the newest.
    ///
    /// # Errors
    /// There is none, or the store failed.
    pub fn profile_edition(
        &self,
        _permit: &Permit<ReadProfiles>,
        profile: &ProfileId,
        number: Option<u32>,
    ) -> Result<Edition, ProfileChangeError> {
        let current = self.profiles_in_force()?;
        current.knows(profile)?;
        let number = number.or_else(|| current.number_of(profile)).unwrap_or_default();
        let unknown = || ProfileChangeError::UnknownEdition { profile: profile.clone(), number };
        self.book().edition(profile, number)?.ok_or_else(unknown)
    }

    /// A proposal's record and the version to expect when changing it.
    pub(super) fn proposal_record(&self, id: ProposalId) -> Result<(Proposal, Version), ProfileChangeError> {
        let found = record::find(self.store(), PROFILE_PROPOSALS, id.to_string())?;
        found.ok_or(ProfileChangeError::Unknown(id))
    }
}
