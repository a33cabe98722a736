//! Faults that are ours, not the caller's.

use std::sync::Arc;

use ca_core::clock::EntropyError;
use ca_core::storage::{CommitError, StorageError};
use ca_core::vault::VaultError;

/// The registry could not do its work. Never the caller's fault; its text is for the operator's log, not for clients.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Fault {
    /// The store failed, or holds what cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness")]
    NoEntropy,
    /// What is personal could not be sealed or opened: the master key cannot be used, or a value was altered.
    #[error(transparent)]
    Vault(Arc<VaultError>),
    /// Others changed the same records again and again while this was tried.
    #[error("the same records changed too often meanwhile: {0}")]
    Contended(String),
}

impl From<EntropyError> for Fault {
    fn from(_: EntropyError) -> Self {
        Self::NoEntropy
    }
}

impl From<VaultError> for Fault {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Storage(error) => error.into(),
            VaultError::Commit(error) => error.into(),
            VaultError::Entropy(error) => error.into(),
            error => Self::Vault(Arc::new(error)),
        }
    }
}

impl From<CommitError> for Fault {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Storage(storage) => Self::Storage(storage),
            conflict @ CommitError::Conflict { .. } => Self::Contended(conflict.to_string()),
        }
    }
}

/// An error with a variant for [`Fault`] takes what becomes a fault as one.
macro_rules! by_fault {
    ($error:ty: $($from:ty),+) => {$(
        impl From<$from> for $error {
            fn from(error: $from) -> Self {
                Self::Fault(error.into())
            }
        }
    )+};
}

pub(crate) use by_fault;

/// How often an act is tried again after somebody else was faster. Each round lost is a round another caller won, so
/// more than this many in a row means that something is wrong.
const ATTEMPTS: usize = 8;

/// What one attempt at a change came to.
pub(crate) enum Attempt<T, E> {
    /// It is settled, one way or the other.
    Settled(Result<T, E>),
    /// Somebody else changed a record meanwhile: read again and decide again.
    Overtaken(CommitError),
}

impl<T, E: From<Fault>> Attempt<T, E> {
    /// Sorts a commit's outcome.
    pub(crate) fn of<C>(outcome: Result<C, CommitError>, done: impl FnOnce() -> T) -> Self {
        match outcome {
            Ok(_) => Self::Settled(Ok(done())),
            Err(conflict @ CommitError::Conflict { .. }) => Self::Overtaken(conflict),
            Err(error) => Self::Settled(Err(Fault::from(error).into())),
        }
    }
}

/// Decides again, from what is then stored, whenever somebody else was faster.
pub(crate) fn until_settled<T, E: From<Fault>>(
    mut attempt: impl FnMut() -> Result<Attempt<T, E>, E>,
) -> Result<T, E> {
    let mut last = String::new();
    for _ in 0..ATTEMPTS {
        match attempt()? {
            Attempt::Settled(outcome) => return outcome,
            Attempt::Overtaken(conflict) => last = conflict.to_string(),
        }
    }
    Err(Fault::Contended(last).into())
}
