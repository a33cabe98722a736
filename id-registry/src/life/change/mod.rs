//! Changes of what is known of an identity: a new name, another seat, a mistake that is put right. One officer proposes a
//! change, another confirms it; until then nothing is changed.
//!
//! The confirmation is one commit: what is known and the numbers by which it is found, what becomes of the certificates that
//! say what was known before, the history, where the former facts stay sealed, and the event.

use ca_core::ledger::{Action, EventId};
use ca_core::storage::Table;
use ca_core::vault::SealedText;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use crate::id::{IdentityId, IdentityKind, StaffId};
use crate::identity::IdentityRecord;
use crate::life::Teller;

mod confirm;
mod facts;
mod outdated;
mod propose;
mod reason;
mod replaced;

pub use confirm::Confirmed;
pub use facts::NewFacts;
pub use propose::{ChangeAsked, OpenChange};
pub use reason::ChangeReason;

pub(super) use replaced::MARK;

/// Changes that wait for another officer, by identity: each has one at most. What is proposed is sealed under the identity.
pub const IDENTITY_CHANGES: Table = Table::records("identity_changes");

/// An officer proposed a change.
pub const CHANGE_PROPOSED: Action = Action::named("identity.change-proposed");
/// Another officer confirmed it.
pub const CHANGED: Action = Action::named("identity.changed");
/// It was taken back or rejected.
pub const CHANGE_DROPPED: Action = Action::named("identity.change-dropped");
/// The day came by which certificates that say what was known before were to be replaced.
pub const REPLACED: Action = Action::named("identity.replaced");

/// The longest that certificates stay which say what was known before, in days.
pub const LONGEST_REPLACEMENT: u16 = 90;

/// A change that waits for another officer. Nothing personal but what is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposedChange {
    /// Its name: the ledger's event that proposed it.
    pub id: EventId,
    /// Whose facts it changes.
    pub identity: IdentityId,
    /// Why.
    pub reason: ChangeReason,
    /// How long certificates that say what was known before stay, in days; at once they end without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replace_within: Option<u16>,
    /// The names of the fields that are given.
    pub fields: Vec<String>,
    /// When it was proposed, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who did.
    pub by: Teller,
    facts: SealedText,
    note: SealedText,
}

/// One field, before and after. A look at it is a look at the identity.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldChange {
    /// Its name in JSON.
    pub field: String,
    /// What was known; null when nothing was.
    pub before: Value,
    /// What is known from then on; null when nothing is.
    pub after: Value,
}

impl std::fmt::Debug for FieldChange {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FieldChange").field("field", &self.field).finish_non_exhaustive()
    }
}

/// Why a change is not proposed, or not confirmed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefused {
    /// Everything is known as it is said to be already.
    #[error("{0} is known so already: nothing would change")]
    Nothing(IdentityId),
    /// A change of it waits already.
    #[error("a change of {identity} waits already: {change}")]
    WaitsAlready {
        /// The identity.
        identity: IdentityId,
        /// What waits.
        change: EventId,
    },
    /// No such change waits.
    #[error("of {identity} no change waits{}", if .change.is_empty() { String::new() } else { format!(" that is called {}", .change) })]
    Unknown {
        /// The identity.
        identity: IdentityId,
        /// What was named.
        change: String,
    },
    /// The reason is for identities of another kind.
    #[error("{reason} is no reason for a change of {kind}: choose one of {}", .fits.join(", "))]
    Reason {
        /// The reason.
        reason: ChangeReason,
        /// The kind of identity.
        kind: IdentityKind,
        /// The reasons that fit.
        fits: Vec<&'static str>,
    },
    /// The days do not fit.
    #[error("certificates are replaced within 1 to {LONGEST_REPLACEMENT} days")]
    Days,
    /// What a thief got is not left to be replaced.
    #[error("what somebody got under another's name ends at once")]
    AtOnce,
    /// Whoever proposed it does not confirm it.
    #[error("you proposed this change of {0}: another officer confirms it")]
    Own(IdentityId),
    /// Whoever entered what is to be put right does not confirm it.
    #[error("you entered {0}: another officer confirms that it is put right")]
    OwnEntry(IdentityId),
}

impl ProposedChange {
    /// Goes on only for an officer who may confirm it.
    fn demand_another(&self, record: &IdentityRecord, by: StaffId) -> Result<(), ChangeRefused> {
        if self.by == Teller::Officer(by) {
            return Err(ChangeRefused::Own(self.identity));
        }
        if self.reason.puts_right() && record.registered_by == by {
            return Err(ChangeRefused::OwnEntry(self.identity));
        }
        Ok(())
    }
}
