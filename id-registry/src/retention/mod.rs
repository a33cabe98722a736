//! Retention: what is no longer needed is erased when its time has come, by the service itself, and each erasure is an event.
//!
//! The rules are data ([`RetentionRules`]): what, after how many days, by which law; without a rule everything is kept. Once a
//! day, and at every start, the service goes through requests and identities a page at a time ([`Registry::carry_on_retention`]), so
//! that no call costs more than a page. Nothing goes that a certificate which counts, or a case that is open, depends on:
//! that is held back, and looked at again the next day.

use ca_core::ledger::Action;
use ca_core::storage::StorageError;
use ca_core::vault::VaultError;

use crate::fault::{Fault, by_fault};
use crate::identity::IdentityError;
use crate::words::words;

mod due;
mod rules;
mod sweep;

pub use due::Due;
pub use rules::{RetentionRules, Rule};
pub use sweep::Sweeping;

/// Something was erased because its time had come; `matter` tells what, `basis` by which law.
pub const ERASED: Action = Action::named("retention.erased");

words! {
    /// What a rule is about.
    Matter {
        /// Of requests that were rejected: the certification request, the names asked for, and what officers wrote. That there was
        /// one, and who rejected it, stays.
        RejectedRequests = "rejected-requests",
        /// Of requests that led to a certificate which does not count any more: what officers wrote and signed. Who approved
        /// stays, and the ledger has the digests of what was signed.
        Approvals = "approvals",
        /// Of identities that are closed: what they were proven by.
        Evidence = "evidence",
        /// Of persons who have died: everything personal.
        Deceased = "deceased",
        /// Of persons who have left the country for good: everything personal.
        Emigrated = "emigrated",
    }
}

impl Matter {
    /// The shortest time that a rule may say, in days: a death that was confirmed in error is undone within it.
    pub const fn least_days(self) -> u32 {
        match self {
            Self::RejectedRequests | Self::Approvals | Self::Evidence => 0,
            Self::Deceased | Self::Emigrated => 365,
        }
    }
}

/// Retention could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// An identity could not be erased.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

by_fault!(RetentionError: StorageError, VaultError);
