//! Changes of profiles, under dual control: one administrator proposes, another approves what was proposed, to the octet.
//! Only then is it in force, at once, on every node.

use ca_core::certificate::CaId;
use ca_core::ledger::Action;
use ca_core::profile::{ProfileId, UnknownProfile};
use ca_core::profile_book::{Objection, Wanted};
use ca_core::storage::{StorageError, Table};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::fault::{Fault, by_fault};
use crate::id::{ProposalId, StaffId};
use crate::identity::FieldError;

mod decide;
mod index;
mod propose;
mod read;

pub use index::PROFILE_PROPOSAL_INDEX;

/// Proposals by identifier, kept for good.
pub const PROFILE_PROPOSALS: Table = Table::records("profile_proposals");

/// A change, or the retirement, of a profile was proposed.
pub const PROPOSED: Action = Action::named("profile.proposed");
/// A change was approved: its text is in force from here on.
pub const APPROVED: Action = Action::named("profile.approved");
/// A retirement was approved: nothing is issued under the profile from here on.
pub const RETIRED: Action = Action::named("profile.retired");
/// A proposal was rejected.
pub const REJECTED: Action = Action::named("profile.rejected");
/// A proposal was withdrawn by who made it.
pub const WITHDRAWN: Action = Action::named("profile.withdrawn");
/// Somebody tried to decide on a proposal of one's own.
pub const DECISION_REFUSED: Action = Action::named("profile.decision-refused");

/// What is proposed of one profile. Nothing of it changes but its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// Its identifier.
    pub id: ProposalId,
    /// The profile.
    pub profile: ProfileId,
    /// What is to become of it.
    pub wish: Wish,
    /// SHA-256 of the text, lower-case hex; of a retirement, of the text that is in force. It is what is approved.
    pub sha256: String,
    /// The edition that it was made against; `None` for a new profile.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub against: Option<Against>,
    /// Why. It names nobody: the ledger keeps it for good.
    pub reason: String,
    /// Who proposed it.
    pub proposed_by: StaffId,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub proposed_at: OffsetDateTime,
    /// What became of it.
    pub state: ProposalState,
}

/// What is to become of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Wish {
    /// It is to have this text.
    Change {
        /// Its TOML.
        text: String,
        /// The CA that is to issue under it, where that is not settled.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        issued_by: Option<CaId>,
    },
    /// Nothing is to be issued under it any more.
    Retirement,
}

impl Wish {
    /// The same, as it is judged.
    pub(crate) fn wanted(&self) -> Wanted<'_> {
        match self {
            Self::Change { text, issued_by } => Wanted::Text { text, issued_by: issued_by.as_ref() },
            Self::Retirement => Wanted::Retirement,
        }
    }
}

/// The edition that a proposal was made against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Against {
    /// Its number.
    pub number: u32,
    /// SHA-256 of its text, lower-case hex.
    pub sha256: String,
}

/// What became of a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ProposalState {
    /// It waits for another administrator.
    Waiting,
    /// It was approved, and became an edition.
    Approved {
        /// By whom.
        by: StaffId,
        /// When, UTC.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        /// The edition's number.
        edition: u32,
    },
    /// It was rejected.
    Rejected {
        /// By whom.
        by: StaffId,
        /// When, UTC.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        /// Why.
        reason: String,
    },
    /// Who made it withdrew it.
    Withdrawn {
        /// When, UTC.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
}

/// A proposal's state without its circumstances, for lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProposalStatus {
    /// It waits for another administrator.
    Waiting,
    /// It is an edition.
    Approved,
    /// It was rejected.
    Rejected,
    /// It was withdrawn.
    Withdrawn,
}

impl ProposalStatus {
    const ALL: [Self; 4] = [Self::Waiting, Self::Approved, Self::Rejected, Self::Withdrawn];

    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl std::fmt::Display for ProposalStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for ProposalStatus {
    type Err = UnknownProposalStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.name() == text).ok_or(UnknownProposalStatus)
    }
}

/// Not a name of [`ProposalStatus`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown status of a proposal: choose waiting, approved, rejected or withdrawn")]
pub struct UnknownProposalStatus;

impl Proposal {
    /// Its state without the circumstances.
    pub const fn status(&self) -> ProposalStatus {
        match self.state {
            ProposalState::Waiting => ProposalStatus::Waiting,
            ProposalState::Approved { .. } => ProposalStatus::Approved,
            ProposalState::Rejected { .. } => ProposalStatus::Rejected,
            ProposalState::Withdrawn { .. } => ProposalStatus::Withdrawn,
        }
    }
}

/// A profile was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ProfileChangeError {
    /// A field does not fit.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The change does not fit.
    #[error(transparent)]
    Objection(Objection),
    /// There is no such profile.
    #[error(transparent)]
    UnknownProfile(#[from] UnknownProfile),
    /// The profile has no such edition.
    #[error("profile {profile} has no edition {number}")]
    UnknownEdition {
        /// The profile.
        profile: ProfileId,
        /// The number that was asked for.
        number: u32,
    },
    /// There is no such proposal.
    #[error("no proposal is called {0}")]
    Unknown(ProposalId),
    /// Nobody decides on a proposal of one's own.
    #[error("proposal {0} is your own; another administrator must decide on it")]
    Own(ProposalId),
    /// Only who made a proposal withdraws it.
    #[error("proposal {id} was made by {by}, who alone can withdraw it")]
    NotYours {
        /// The proposal.
        id: ProposalId,
        /// Who made it.
        by: StaffId,
    },
    /// It was decided before.
    #[error("proposal {id} is {status} already")]
    Decided {
        /// The proposal.
        id: ProposalId,
        /// What became of it.
        status: ProposalStatus,
    },
    /// The profile was changed since.
    #[error("proposal {id} was made against {against}, and profile {profile} is at {now} now")]
    Stale {
        /// The proposal.
        id: ProposalId,
        /// The profile.
        profile: ProfileId,
        /// What it was made against, in words.
        against: String,
        /// What is in force, in words.
        now: String,
    },
    /// Something else is approved than was proposed.
    #[error("proposal {id} has the SHA-256 {sha256}, and you approve another one")]
    OtherDigest {
        /// The proposal.
        id: ProposalId,
        /// What it has.
        sha256: String,
    },
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

by_fault!(ProfileChangeError: StorageError);

impl From<Objection> for ProfileChangeError {
    fn from(objection: Objection) -> Self {
        match objection {
            Objection::Storage(error) => error.into(),
            Objection::Unknown(unknown) => unknown.into(),
            objection => Self::Objection(objection),
        }
    }
}
