//! Administrative revocation of a person's certificates: with notice, time to reply, a second officer's decision, and an
//! appeal that undoes it. What endangers others is revoked at once, elsewhere, and reviewed afterwards: see [`review`].
//!
//! A revocation cannot be undone (RFC 5280 section 5.3.1), a hold can. So a decision puts on hold, and what was put on hold is
//! revoked when the time for an appeal has passed, or the appeal was dismissed.

use ca_core::authority::RevokeError;
use ca_core::clock::in_words;
use ca_core::ledger::{Action, Actor};
use ca_core::serial::SerialNumber;
use ca_core::storage::{StorageError, Table};
use ca_core::vault::{SealedText, VaultError};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::fault::{Fault, by_fault};
use crate::id::{IdentityId, WithdrawalId};
use crate::identity::{FieldError, IdentityError};
use crate::life::LifeError;
use crate::words::words;

mod due;
mod read;
mod review;
mod step;
mod take;

pub use read::Told;
pub use review::{REVOCATION_REVIEWS, Review, ReviewError, Verdict};
pub use step::Word;
pub use take::Notice;

pub(crate) use review::person_of;

/// Withdrawals by identifier. What was written is sealed under the identity.
pub const WITHDRAWALS: Table = Table::records("withdrawals");
/// Index: `person/withdrawal`, empty values.
pub const WITHDRAWALS_BY_IDENTITY: Table = Table::octets("withdrawals_by_identity");
/// Which open withdrawal a certificate is in, by serial number: one at a time.
pub const WITHDRAWALS_OPEN: Table = Table::records("withdrawals_open");
/// Upheld withdrawals by the moment at which the time for an appeal ends, `time/withdrawal`, empty values.
pub const WITHDRAWALS_DUE: Table = Table::octets("withdrawals_due");

/// Something was said in a withdrawal; `word` tells what.
pub const WITHDRAWAL: Action = Action::named("withdrawal.step");
/// Somebody tried a step that takes another officer.
pub const WITHDRAWAL_REFUSED: Action = Action::named("withdrawal.step-refused");

/// An administrative revocation on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// Its identifier.
    pub id: WithdrawalId,
    /// Whose certificates.
    pub identity: IdentityId,
    /// Which of them.
    pub certificates: Vec<SerialNumber>,
    /// Where it stands.
    pub stage: Stage,
    /// Until when the holder may reply before anything is decided, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub reply_until: OffsetDateTime,
    /// Until when the holder may appeal, UTC, once it was upheld.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub appeal_until: Option<OffsetDateTime>,
    /// What was said, in its order.
    pub said: Vec<Said>,
    /// The certificates that it put on hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<SerialNumber>,
}

words! {
    /// Where a withdrawal stands.
    Stage {
        /// The holder was given notice and may reply.
        Noticed = "noticed",
        /// It was upheld: the certificates are on hold, and the holder may appeal.
        Upheld = "upheld",
        /// The holder appealed.
        Appealed = "appealed",
        /// It was dropped: nothing happened.
        Dropped = "dropped",
        /// The appeal was granted: what was on hold counts again.
        Undone = "undone",
        /// The certificates are revoked.
        Revoked = "revoked",
    }
}

impl Stage {
    /// Whether anything is still to come.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Noticed | Self::Upheld | Self::Appealed)
    }
}

/// A step of a withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// What was done.
    pub word: Word,
    /// By whom.
    pub by: Actor,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What was written, sealed under the identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<SealedText>,
}

/// A step of a withdrawal was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawalError {
    /// There is no such withdrawal.
    #[error("no withdrawal is called {0}")]
    Unknown(WithdrawalId),
    /// It is not where the step begins.
    #[error("withdrawal {id} is {stage}: {needed}")]
    Elsewhere {
        /// The withdrawal.
        id: WithdrawalId,
        /// Where it stands.
        stage: Stage,
        /// What the step needs.
        needed: &'static str,
    },
    /// The holder still has time to reply.
    #[error("the holder may reply until {}, and has not: it is decided after that", in_words(*until))]
    TooEarly {
        /// Until when.
        until: OffsetDateTime,
    },
    /// The time for an appeal has passed.
    #[error("an appeal was possible until {}", in_words(*until))]
    TooLate {
        /// Until when.
        until: OffsetDateTime,
    },
    /// Who gave notice does not decide, and who decided does not rule on the appeal.
    #[error("you took part in withdrawal {0} before: this step takes another officer")]
    SamePerson(WithdrawalId),
    /// A certificate is not the person's, or does not count.
    #[error("certificate {0} is not an active certificate of this person")]
    NotTheirs(SerialNumber),
    /// There is nothing to withdraw.
    #[error("identity {0} has no certificate that counts")]
    Nothing(IdentityId),
    /// Another withdrawal of the same certificate is open.
    #[error("withdrawal {0} of the same certificates is open already")]
    OpenAlready(WithdrawalId),
    /// What was written does not fit.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The identity is not there, or no person.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A certificate's status could not be changed.
    #[error(transparent)]
    Revoke(RevokeError),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl WithdrawalError {
    /// Whether somebody tried what takes a colleague: that is for the auditor to see.
    const fn takes_a_colleague(&self) -> bool {
        match self {
            Self::SamePerson(_) => true,
            Self::Identity(error) => error.is_own(),
            _ => false,
        }
    }
}

by_fault!(WithdrawalError: StorageError, VaultError);

impl From<LifeError> for WithdrawalError {
    fn from(error: LifeError) -> Self {
        match error {
            LifeError::Revoke(error) => Self::Revoke(error),
            LifeError::Identity(error) => Self::Identity(error),
            LifeError::Field(error) => Self::Field(error),
            LifeError::Fault(fault) => Self::Fault(fault),
            // Steps of lives are not taken here; what they say is told all the same.
            other => Self::Fault(StorageError(other.to_string()).into()),
        }
    }
}
