//! The life of identities: suspended and resumed, dead and found alive, closed and reopened, handed to another sponsor.
//!
//! One event changes the status of every credential that it touches, of the identity and of what depends on it, in the same
//! commit. An issuance that overtakes it is seen by [`IDENTITY_ISSUANCES`]: then the event is decided anew.
//!
//! Which step leads where, and who may take it, is in [`step`] alone; the other modules carry steps out.

use ca_core::authority::RevokeError;
use ca_core::ledger::{Action, Actor};
use ca_core::serial::SerialNumber;
use ca_core::storage::{StorageError, Table};
use ca_core::vault::VaultError;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::fault::{Fault, by_fault};
use crate::id::{IdentityId, StaffId};
use crate::identity::{FieldError, IdentityError, IdentityStatus};
use crate::permission::{actor_of, staff_of};

mod cascade;
mod cause;
pub mod change;
mod due;
pub mod guardianship;
mod history;
mod hold;
mod sponsor;
mod step;
mod take;
pub mod token;

pub use crate::words::UnknownWord;
pub use cause::{Cause, ClosureCause, DeathSource, SuspensionCause};
pub use history::{Entry, Former};
pub use take::{Outcome, Touched};

pub(crate) use cascade::{Cascade, Status, issued};
pub(crate) use step::Step;

/// What happened to identities, by `identity/time-event`. What officers wrote is sealed under the identity.
pub const IDENTITY_HISTORY: Table = Table::records("identity_history");
/// What is to happen to an identity at a moment: `time/identity`, empty, its sponsor's successor must be there;
/// `time/replace/change/identity`, certificates that say what was known before must be replaced, and which;
/// `time/guardianship/identity`, empty, a guardianship ends.
pub const IDENTITY_DUE: Table = Table::octets("identity_due");
/// The serial number of the latest certificate of each identity, and of all that an organisation owns. A step demands that it stands, so that none is left out that is
/// issued at the same moment.
pub const IDENTITY_ISSUANCES: Table = Table::octets("identity_issuances");

/// An identity was suspended.
pub const SUSPENDED: Action = Action::named("identity.suspended");
/// An identity was resumed.
pub const RESUMED: Action = Action::named("identity.resumed");
/// Somebody said that a person has died.
pub const DEATH_REPORTED: Action = Action::named("identity.death-reported");
/// A person's death was confirmed.
pub const DIED: Action = Action::named("identity.died");
/// A person who was said to be dead is alive.
pub const FOUND_ALIVE: Action = Action::named("identity.found-alive");
/// A closed identity was opened again.
pub const REOPENED: Action = Action::named("identity.reopened");
/// A device or application was handed to another sponsor.
pub const HANDED_OVER: Action = Action::named("identity.handed-over");
/// The sponsor of a device or application has gone; a successor must be found by a day.
pub const ORPHANED: Action = Action::named("identity.orphaned");
/// The sponsor of a device or application has come back.
pub const SPONSOR_BACK: Action = Action::named("identity.sponsor-back");
/// What was due of an identity had lost its meaning when its day came.
pub const LAPSED: Action = Action::named("identity.due-lapsed");
/// A token is lost: what is in it is on hold.
pub const TOKEN_LOST: Action = Action::named("identity.token-lost");
/// A token was stolen: what is in it is revoked.
pub const TOKEN_STOLEN: Action = Action::named("identity.token-stolen");
/// A lost token is found.
pub const TOKEN_FOUND: Action = Action::named("identity.token-found");
/// Somebody tried a step that takes another officer.
pub const STEP_REFUSED: Action = Action::named("identity.step-refused");

/// Why an identity is not active, since when, and what comes back with it. Nothing personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// Why.
    pub cause: Cause,
    /// Since when, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// Who decided it.
    pub by: Actor,
    /// Why it was suspended before somebody said that the person has died.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Cause>,
    /// Who said that the person has died.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<DeathSignal>,
    /// The certificates that were put on hold for it, and are released with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<SerialNumber>,
}

/// Word that a person has died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeathSignal {
    /// Where it comes from.
    pub source: DeathSource,
    /// When it was entered, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who entered it.
    pub by: Teller,
}

/// Who says of an identity what another confirms: an officer, or an application that notifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Teller {
    /// An officer.
    Officer(StaffId),
    /// An application (see [`notification`](crate::notification)).
    Source(IdentityId),
}

impl Teller {
    /// The same, as an actor of the ledger.
    pub(crate) fn actor(self) -> Actor {
        match self {
            Self::Officer(id) => actor_of(id),
            Self::Source(id) => Actor(format!("application:{id}")),
        }
    }

    /// Whom the ledger names as an actor; `None` for the installation itself.
    fn of(actor: &Actor) -> Option<Self> {
        let source = || actor.0.strip_prefix("application:")?.parse().ok().map(Self::Source);
        staff_of(actor).map(Self::Officer).or_else(source)
    }
}

impl std::fmt::Display for Teller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Officer(id) => id.fmt(f),
            Self::Source(id) => id.fmt(f),
        }
    }
}

/// A step was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum LifeError {
    /// The identity is not where the step begins.
    #[error("identity {id} is {status}{}: {needed}", .cause.map(|cause| format!(" ({cause})")).unwrap_or_default())]
    Elsewhere {
        /// The identity.
        id: IdentityId,
        /// Where it stands.
        status: IdentityStatus,
        /// Why.
        cause: Option<Cause>,
        /// What the step needs.
        needed: &'static str,
    },
    /// The step takes another officer than the one before.
    #[error("you took the step before this one on identity {0}: it takes another officer")]
    SamePerson(IdentityId),
    /// Too little says that the person has died.
    #[error(
        "one report of the kind {source_named} does not confirm a death: it takes one of the civil register or of a \
         court, or two of different kinds"
    )]
    TooFewSignals {
        /// The identity.
        id: IdentityId,
        /// What there is.
        source_named: &'static str,
    },
    /// This source has said so already.
    #[error("the {0} has said so already: another kind of source adds to it")]
    SignalTwice(DeathSource),
    /// The step is for identities of another kind.
    #[error("this is for {wanted}, and {id} is none")]
    WrongKind {
        /// The identity.
        id: IdentityId,
        /// Whom it is for.
        wanted: &'static str,
    },
    /// The successor cannot be the one who leaves.
    #[error("{0} cannot be its own successor")]
    OwnSuccessor(IdentityId),
    /// The loss of a token is not entered.
    #[error(transparent)]
    Token(token::TokenRefused),
    /// A change is not proposed or confirmed.
    #[error(transparent)]
    Change(change::ChangeRefused),
    /// A guardianship is not proposed, confirmed or ended.
    #[error(transparent)]
    Guardianship(guardianship::GuardianshipRefused),
    /// What was written does not fit.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The identity, or one that the step needs, is not there or not fit.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A certificate's status could not be changed.
    #[error(transparent)]
    Revoke(RevokeError),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl LifeError {
    /// Whether somebody tried what takes a colleague: that is for the auditor to see.
    pub(crate) const fn takes_a_colleague(&self) -> bool {
        match self {
            Self::SamePerson(_)
            | Self::Change(change::ChangeRefused::Own(_) | change::ChangeRefused::OwnEntry(_)) => true,
            Self::Guardianship(refused) => refused.takes_a_colleague(),
            Self::Identity(error) => error.is_own(),
            _ => false,
        }
    }
}

by_fault!(LifeError: StorageError, VaultError);
