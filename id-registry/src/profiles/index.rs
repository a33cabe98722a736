//! The lists that proposals stand in, each in the order in which they were made.

use ca_core::storage::{Change, KeyRange, StorageError, Table};

use super::{Proposal, ProposalStatus};
use crate::id::ProposalId;
use crate::timed;

/// Index: `list/time/proposal`, empty values. Lists are `all` and `status/…`.
pub const PROFILE_PROPOSAL_INDEX: Table = Table::octets("profile_proposal_index");

fn list(status: Option<ProposalStatus>) -> String {
    status.map_or_else(|| "all/".to_owned(), |status| format!("status/{status}/"))
}

fn key(status: Option<ProposalStatus>, proposal: &Proposal) -> String {
    timed::key(&list(status), proposal.proposed_at, proposal.id)
}

/// The proposals of one status, or all, or what comes after `after` in that list.
pub(super) fn range(status: Option<ProposalStatus>, after: Option<&Proposal>) -> KeyRange {
    timed::range(&list(status), after.map(|proposal| key(status, proposal)))
}

/// Which proposal an index entry names.
pub(super) fn named(key: &[u8]) -> Result<ProposalId, StorageError> {
    timed::named(PROFILE_PROPOSAL_INDEX, key)
}

/// Enters a new proposal into its lists.
pub(super) fn enter(change: Change, proposal: &Proposal) -> Change {
    [None, Some(proposal.status())]
        .into_iter()
        .fold(change, |change, status| change.insert(PROFILE_PROPOSAL_INDEX, key(status, proposal), []))
}

/// Moves a proposal that waited to the list of its present status.
pub(super) fn decided(change: Change, proposal: &Proposal) -> Change {
    let waiting = key(Some(ProposalStatus::Waiting), proposal);
    timed::moved(change, PROFILE_PROPOSAL_INDEX, waiting, key(Some(proposal.status()), proposal))
}
