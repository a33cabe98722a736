//! Deciding on proposals: never one's own, once, and on exactly what was proposed.

use ca_core::ledger::{Action, Actor};
use ca_core::profile::ProfileId;
use ca_core::profile_book::{Current, EditionState, Endorsement};
use ca_core::storage::{Change, StorageError, Version};

use super::{
    APPROVED, Against, DECISION_REFUSED, PROFILE_PROPOSALS, ProfileChangeError, Proposal, ProposalState,
    ProposalStatus, REJECTED, RETIRED, WITHDRAWN, index,
};
use crate::fault::{Attempt, Fault, until_settled};
use crate::id::ProposalId;
use crate::identity::reason_line;
use crate::permission::{ChangeProfiles, Permit};
use crate::record::encode;
use crate::registry::Registry;

impl Registry {
    /// Approves a proposal with this SHA-256: from here on it is in force.
    ///
    /// # Errors
    /// It is the administrator's own, decided already, made against an edition that is no longer in force, has another
    /// digest, does not fit what is in force by now, or the registry failed.
    pub fn approve_profile(
        &self,
        permit: &Permit<ChangeProfiles>,
        id: ProposalId,
        sha256: &str,
    ) -> Result<Proposal, ProfileChangeError> {
        until_settled(|| {
            let (mut proposal, version) = self.of_another(permit, id)?;
            if !proposal.sha256.eq_ignore_ascii_case(sha256.trim()) {
                return Err(ProfileChangeError::OtherDigest { id, sha256: proposal.sha256 });
            }
            let current = self.profiles_in_force()?;
            if let Err(stale) = proposal.demand_fresh(&current) {
                // What somebody else approved between the two looks is approved, and stale for no other reason.
                self.waiting(id)?;
                return Err(stale);
            }
            let judged = self.authorities().judge(&current, &proposal.profile, proposal.wish.wanted())?;
            if judged.sha256() != proposal.sha256 {
                return Err(StorageError(format!("proposal {id} was altered")).into());
            }
            let edition = judged.number();
            let action = if judged.state() == EditionState::Retired { RETIRED } else { APPROVED };
            let proposed_by = Actor(format!("staff:{}", proposal.proposed_by));
            let event = self
                .event(&permit.actor(), action, format!("profile:{}", proposal.profile))?
                .with("proposal", id.to_string())
                .with("proposed-by", proposed_by.to_string())
                .with("edition", edition.to_string())
                .with("sha256", proposal.sha256.clone())
                .because(proposal.reason.clone());
            let word = Endorsement {
                proposal: id.to_string(),
                proposed_by,
                approved_by: permit.actor(),
                reason: proposal.reason.clone(),
            };
            proposal.state = ProposalState::Approved { by: permit.staff(), at: self.now(), edition };
            let change = judged.entered(word, &event)?.and(decided(&proposal, version)?);
            Ok(Attempt::of(self.commit(change.explained_by(&event)), || proposal))
        })
    }

    /// Rejects a proposal.
    ///
    /// # Errors
    /// It is the administrator's own, decided already, there is no reason, or the registry failed.
    pub fn reject_profile(
        &self,
        permit: &Permit<ChangeProfiles>,
        id: ProposalId,
        reason: &str,
    ) -> Result<Proposal, ProfileChangeError> {
        let reason = reason_line("reason", reason)?;
        until_settled(|| {
            let (mut proposal, version) = self.of_another(permit, id)?;
            let (by, at) = (permit.staff(), self.now());
            proposal.state = ProposalState::Rejected { by, at, reason: reason.clone() };
            self.end(permit, proposal, version, REJECTED, Some(&reason))
        })
    }

    /// Withdraws a proposal of one's own.
    ///
    /// # Errors
    /// It is somebody else's, decided already, or the registry failed.
    pub fn withdraw_profile(
        &self,
        permit: &Permit<ChangeProfiles>,
        id: ProposalId,
    ) -> Result<Proposal, ProfileChangeError> {
        until_settled(|| {
            let (mut proposal, version) = self.waiting(id)?;
            if proposal.proposed_by != permit.staff() {
                return Err(ProfileChangeError::NotYours { id, by: proposal.proposed_by });
            }
            proposal.state = ProposalState::Withdrawn { at: self.now() };
            self.end(permit, proposal, version, WITHDRAWN, None)
        })
    }

    /// Ends a proposal of which nothing comes.
    fn end(
        &self,
        permit: &Permit<ChangeProfiles>,
        proposal: Proposal,
        version: Version,
        action: Action,
        reason: Option<&str>,
    ) -> Result<Attempt<Proposal, ProfileChangeError>, ProfileChangeError> {
        let event = self
            .event(&permit.actor(), action, format!("profile:{}", proposal.profile))?
            .with("proposal", proposal.id.to_string())
            .with("sha256", proposal.sha256.clone());
        let event = match reason {
            Some(reason) => event.because(reason),
            None => event,
        };
        let change = decided(&proposal, version)?;
        Ok(Attempt::of(self.commit(change.explained_by(&event)), || proposal))
    }

    /// A proposal that waits, and that somebody else made.
    fn of_another(
        &self,
        permit: &Permit<ChangeProfiles>,
        id: ProposalId,
    ) -> Result<(Proposal, Version), ProfileChangeError> {
        let (proposal, version) = self.waiting(id)?;
        if proposal.proposed_by != permit.staff() {
            return Ok((proposal, version));
        }
        // An attempt to get around dual control is for the auditor to see.
        let event = self
            .event(&permit.actor(), DECISION_REFUSED, format!("profile:{}", proposal.profile))?
            .with("proposal", id.to_string())
            .because("own proposal");
        self.commit(Change::new().explained_by(&event.refused())).map_err(Fault::from)?;
        Err(ProfileChangeError::Own(id))
    }

    fn waiting(&self, id: ProposalId) -> Result<(Proposal, Version), ProfileChangeError> {
        let (proposal, version) = self.proposal_record(id)?;
        match proposal.status() {
            ProposalStatus::Waiting => Ok((proposal, version)),
            status => Err(ProfileChangeError::Decided { id, status }),
        }
    }
}

fn decided(proposal: &Proposal, version: Version) -> Result<Change, StorageError> {
    let kept = Change::new().replace(PROFILE_PROPOSALS, proposal.id.to_string(), version, encode(proposal)?);
    Ok(index::decided(kept, proposal))
}

impl Against {
    /// The edition of a profile that is the newest now.
    pub(super) fn in_force(current: &Current, profile: &ProfileId) -> Option<Self> {
        let newest = current.number_of(profile).zip(current.digest_of(profile));
        newest.map(|(number, sha256)| Self { number, sha256: sha256.to_owned() })
    }
}

impl Proposal {
    /// Whether the profile was changed since it was made.
    pub fn is_stale(&self, current: &Current) -> bool {
        self.status() == ProposalStatus::Waiting && Against::in_force(current, &self.profile) != self.against
    }

    fn demand_fresh(&self, current: &Current) -> Result<(), ProfileChangeError> {
        if !self.is_stale(current) {
            return Ok(());
        }
        let in_words = |edition: Option<Against>| {
            edition.map_or_else(|| "no edition".to_owned(), |it| format!("edition {}", it.number))
        };
        Err(ProfileChangeError::Stale {
            id: self.id,
            profile: self.profile.clone(),
            against: in_words(self.against.clone()),
            now: in_words(Against::in_force(current, &self.profile)),
        })
    }
}
