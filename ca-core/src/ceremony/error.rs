//! Why a ceremony did not go on.

use std::path::PathBuf;

use super::CeremonyId;
use super::custody::{ShareError, SplitError};
use super::exchange::ExchangeError;
use super::foreign::ForeignError;
use super::journal::JournalError;
use super::room::RoomError;
use super::script::ScriptError;
use super::transcript::TranscriptError;
use crate::authority::retire::RetireError;
use crate::authority::{AuthorityError, RevokeError, RootError};
use crate::clock::EntropyError;
use crate::crl::PublishError;
use crate::issuance::{AbandonError, EncodingError, IssueError};
use crate::keys::KeyError;
use crate::profile::ProfileError;
use crate::storage::{CommitError, StorageError};
use crate::vault::VaultError;

/// A ceremony did not go on. Whatever was recorded stands; it can be resumed once the cause is gone.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyError {
    /// The script was not taken.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// The script and what is on the medium do not fit together. Nothing was done.
    #[error("the script cannot be carried out: {0}")]
    Unfit(String),
    /// The ceremony was begun before.
    #[error("the ceremony {0} was begun already; resume it")]
    Begun(CeremonyId),
    /// The ceremony was finished before.
    #[error("the ceremony {0} is finished; every ceremony has an id of its own")]
    Finished(CeremonyId),
    /// There is nothing to resume.
    #[error("{} holds no ceremony that was begun and is not finished", .0.display())]
    NothingToResume(PathBuf),
    /// Several ceremonies were begun: it must be said which.
    #[error("several ceremonies were begun: {0}; say which one to resume")]
    SeveralBegun(String),
    /// Somebody did not confirm.
    #[error("{0} did not confirm the script: what was typed is not how its fingerprint begins")]
    NotConfirmed(String),
    /// A share was not accepted.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// The secret could not be split.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Somebody in the room did not answer, or the ceremony was stopped.
    #[error(transparent)]
    Room(#[from] RoomError),
    /// A request or response was refused.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// A foreign CA cannot be certified.
    #[error(transparent)]
    Foreign(#[from] ForeignError),
    /// The transcript was not made.
    #[error(transparent)]
    Transcript(#[from] TranscriptError),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is there and says something else: nothing is written over.
    #[error("{} is there already, with another content", .0.display())]
    Taken(PathBuf),
    /// A key could not be made, opened or used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The root was not founded.
    #[error(transparent)]
    Root(#[from] RootError),
    /// Key and certificate do not make a CA.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// A certificate was not issued.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// A certificate was not revoked.
    #[error(transparent)]
    Revoke(#[from] RevokeError),
    /// The root was not retired.
    #[error(transparent)]
    Retire(#[from] RetireError),
    /// The CRL was not made.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// Open reservations could not be closed.
    #[error(transparent)]
    Abandon(#[from] AbandonError),
    /// Something could not be encoded.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// A profile cannot be used.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// What is sealed on the medium could not be opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The medium's store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The medium's store did not take a change.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl CeremonyError {
    pub(super) fn unfit(why: impl Into<String>) -> Self {
        Self::Unfit(why.into())
    }
}
