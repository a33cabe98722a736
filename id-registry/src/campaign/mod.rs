//! Campaigns: every certificate of a broken algorithm, a bad model or batch of tokens, or another thing in common is found,
//! its holder told, and replaced by a date; what is left then is put on hold or revoked.

use ca_core::profile::UnknownProfile;
use ca_core::storage::StorageError;
use ca_core::vault::VaultError;

use crate::certificates::CertificateError;
use crate::fault::Fault;
use crate::identity::{FieldError, IdentityError};

mod addressee;
mod examined;
mod plan;
pub mod selection;

pub use addressee::{Addressee, Sponsor};
pub use plan::{Aside, BlastRadius, Counts, Detail, PlanPage, Selected};

use selection::SelectionError;

/// Something about a campaign was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// The selection does not say what it means.
    #[error("the selection does not say what it means: {0}")]
    Selection(#[from] SelectionError),
    /// The selection names a CA that there is not.
    #[error("no CA is called {0}")]
    UnknownCa(String),
    /// The selection names a profile that there is not.
    #[error(transparent)]
    UnknownProfile(#[from] UnknownProfile),
    /// A field does not fit.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// An identity that is named is not there.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A certificate that is named is not there, or was not revoked.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StorageError> for CampaignError {
    fn from(error: StorageError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<VaultError> for CampaignError {
    fn from(error: VaultError) -> Self {
        Self::Fault(error.into())
    }
}
