//! Proposing a change. What does not fit is refused here, not when somebody approves it.

use ca_core::profile::ProfileId;
use ca_core::storage::Change;

use super::{Against, PROFILE_PROPOSALS, PROPOSED, ProfileChangeError, Proposal, ProposalState, Wish, index};
use crate::fault::{Attempt, Fault, until_settled};
use crate::id::ProposalId;
use crate::identity::reason_line;
use crate::permission::{ChangeProfiles, Permit};
use crate::record::encode;
use crate::registry::Registry;

impl Registry {
    /// Proposes a new profile, another text for one, or that one is retired. Nothing changes before another administrator
    /// approves it.
    ///
    /// # Errors
    /// It does not fit what is in force, there is no reason, or the registry failed.
    pub fn propose_profile(
        &self,
        permit: &Permit<ChangeProfiles>,
        profile: &ProfileId,
        wish: &Wish,
        reason: &str,
    ) -> Result<Proposal, ProfileChangeError> {
        let reason = reason_line("reason", reason)?;
        until_settled(|| {
            let current = self.profiles_in_force()?;
            let judged = self.authorities().judge(&current, profile, wish.wanted())?;
            let proposal = Proposal {
                id: ProposalId::draw(self.entropy()).map_err(Fault::from)?,
                profile: judged.id().clone(),
                wish: wish.clone(),
                sha256: judged.sha256().to_owned(),
                against: Against::in_force(&current, profile),
                reason: reason.clone(),
                proposed_by: permit.staff(),
                proposed_at: self.now(),
                state: ProposalState::Waiting,
            };
            let event = self
                .event(&permit.actor(), PROPOSED, format!("profile:{}", proposal.profile))?
                .with("proposal", proposal.id.to_string())
                .with("act", proposal.wish.name())
                .with("sha256", proposal.sha256.clone())
                .because(reason.clone());
            let event = match &proposal.against {
                Some(against) => event.with("against-sha256", against.sha256.clone()),
                None => event,
            };
            let change = index::enter(Change::new(), &proposal);
            let change = change.insert(PROFILE_PROPOSALS, proposal.id.to_string(), encode(&proposal)?);
            Ok(Attempt::of(self.commit(change.explained_by(&event)), || proposal))
        })
    }
}

impl Wish {
    /// The name in JSON and in the ledger.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Change { .. } => "change",
            Self::Retirement => "retirement",
        }
    }
}
