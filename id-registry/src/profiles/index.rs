//! The lists that proposals stand in, each in the order in which they were made.

use ca_core::storage::{Change, Expect, KeyRange, Operation, StorageError, Table};

use super::{Proposal, ProposalStatus};
use crate::id::ProposalId;

/// Index: `list/time/proposal`, empty values. Lists are `all` and `status/…`.
pub const PROFILE_PROPOSAL_INDEX: Table = Table::octets("profile_proposal_index");

fn list(status: Option<ProposalStatus>) -> String {
    status.map_or_else(|| "all/".to_owned(), |status| format!("status/{status}/"))
}

fn key(status: Option<ProposalStatus>, proposal: &Proposal) -> String {
    let seconds = u64::try_from(proposal.proposed_at.unix_timestamp()).unwrap_or(0);
    format!("{}{seconds:016x}/{}", list(status), proposal.id)
}

/// The proposals of one status, or all, or what comes after `after` in that list.
pub(super) fn range(status: Option<ProposalStatus>, after: Option<&Proposal>) -> KeyRange {
    let range = KeyRange::prefix(list(status).as_bytes());
    match after {
        Some(proposal) => range.after(key(status, proposal).as_bytes()),
        None => range,
    }
}

/// Which proposal an index entry names.
pub(super) fn named(key: &[u8]) -> Result<ProposalId, StorageError> {
    let id = key.rsplit(|byte| *byte == b'/').next().and_then(|id| std::str::from_utf8(id).ok());
    id.and_then(|id| id.parse().ok())
        .ok_or_else(|| StorageError("an entry of profile_proposal_index is damaged".to_owned()))
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
    change.write(PROFILE_PROPOSAL_INDEX, waiting, Expect::Anything, Operation::Delete).put(
        PROFILE_PROPOSAL_INDEX,
        key(Some(proposal.status()), proposal),
        [],
    )
}
