//! Notifications: a civil register, a court or a hospital tells the registry of a birth, a death or a change of a fact, from
//! machine to machine. A source is an application of its own, which an administrator allowed to tell of this and nothing else.
//!
//! What a notification causes is what an officer's entry of it would: a death is one source's word, and suspends; a change is
//! proposed, and an officer confirms it; a birth waits for an officer, as nobody is registered without one. What cannot be
//! taken as it came waits for an officer with the reason: nothing is lost, and nothing is guessed. The notification, its event
//! and what it causes are one commit.
//!
//! The words are those of OSIA's event types (live birth, death, change of name), and so is that the sender repeats until it is
//! answered. What is not OSIA's: its messages are text for topics that somebody else defines, sent by a broker under a JWT;
//! here the members are named and judged, and a source is known by its client certificate.

use ca_core::ledger::{Action, EventId};
use ca_core::storage::{StorageError, Table};
use ca_core::vault::{SealedText, VaultError};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::fault::{Fault, by_fault};
use crate::id::{IdentityId, NotificationId, StaffId};
use crate::identity::{FieldError, IdentityError};
use crate::life::{DeathSource, LifeError};
use crate::words::words;

mod content;
mod receive;
mod settle;
mod source;

pub use content::{Content, NewNotification};
pub use settle::{Opened, Settling};
pub use source::{NewSource, Source, SourcePermit};

/// Applications that may notify, by identifier.
pub const NOTIFICATION_SOURCES: Table = Table::records("notification_sources");
/// What they told, by identifier; sealed.
pub const NOTIFICATIONS: Table = Table::records("notifications");
/// Index: digest of a source and its event's name → the notification.
pub const NOTIFICATIONS_BY_EVENT: Table = Table::octets("notifications_by_event");
/// Index: `all/time/notification` and `waits/time/notification`, empty.
pub const NOTIFICATIONS_BY_TIME: Table = Table::octets("notifications_by_time");

/// An administrator let an application notify.
pub const SOURCE_ADDED: Action = Action::named("notification-source.added");
/// It may not any more.
pub const SOURCE_ENDED: Action = Action::named("notification-source.ended");
/// A source told of something.
pub const RECEIVED: Action = Action::named("notification.received");
/// An officer has done what a notification waited for, or decided that nothing is to be done.
pub const SETTLED: Action = Action::named("notification.settled");

pub(crate) const ALL: &str = "all/";
pub(crate) const WAITING: &str = "waits/";

words! {
    /// What a source tells of.
    Kind {
        /// Somebody was born.
        Birth = "birth",
        /// Somebody has died.
        Death = "death",
        /// A fact of somebody is another, such as the name.
        Change = "change",
    }
}

words! {
    /// What became of a notification.
    State {
        /// The person is reported dead, and suspended.
        Reported = "reported",
        /// A change of the person's entry waits for an officer.
        Proposed = "proposed",
        /// It is known already: nothing was done.
        Known = "known",
        /// An officer has to look at it.
        Waits = "waits",
        /// An officer has.
        Settled = "settled",
    }
}

words! {
    /// Why an officer has to look at a notification.
    Why {
        /// Nobody is registered without an officer.
        Birth = "birth",
        /// Nobody has the number.
        UnknownPerson = "unknown-person",
        /// There is no such day, it has not come, or it lies before the person was born.
        Date = "date-unfit",
        /// What it says of the person does not fit.
        Facts = "facts-unfit",
        /// Another change of the person's entry waits.
        ChangeWaits = "change-waits",
        /// The person's entry is closed or erased.
        Closed = "person-closed",
    }
}

/// A notification. What was told is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notification {
    /// Its identifier.
    pub id: NotificationId,
    /// The application that told.
    pub source: IdentityId,
    /// Of what.
    pub kind: Kind,
    /// When it came, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub received_at: OffsetDateTime,
    /// The person, where one was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<IdentityId>,
    /// What became of it.
    pub state: State,
    /// Why an officer has to look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
    /// The change that was proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<EventId>,
    /// Who looked at it, and what came of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Settled>,
    /// Digest of what was told, under a secret.
    digest: String,
    /// What was told, sealed under the person, or under the notification where none was found; left out once it is settled
    /// and of nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<SealedText>,
}

/// How a notification was settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settled {
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// By whom.
    pub by: StaffId,
    /// What was done.
    #[serde(rename = "as")]
    pub as_: Settling,
    /// Why. It stays in the ledger for good: no personal data.
    pub reason: String,
}

/// A notification was refused, or something about notifications failed.
#[derive(Debug, thiserror::Error)]
pub enum NotificationError {
    /// A field does not fit.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// An identity is not there, or not fit.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// What it causes could not be done.
    #[error(transparent)]
    Life(#[from] LifeError),
    /// There is no such notification.
    #[error("no notification is called {0}")]
    Unknown(NotificationId),
    /// The application is no source.
    #[error("application {0} is no source of notifications")]
    NoSource(IdentityId),
    /// It is one already.
    #[error("application {0} is a source of notifications already")]
    SourceExists(IdentityId),
    /// It does not tell of this.
    #[error("{source_id} tells of {}, and not of {asked}", .admitted.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", "))]
    NotAdmitted {
        /// The application.
        source_id: IdentityId,
        /// What it may tell of.
        admitted: Vec<Kind>,
        /// What it tells of.
        asked: Kind,
    },
    /// The source told something else under the same name before.
    #[error("you told something else under this event_id before: {0}")]
    OtherContent(NotificationId),
    /// It does not wait.
    #[error("notification {0} is {1}: nothing is left to settle")]
    Elsewhere(NotificationId, State),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

by_fault!(NotificationError: StorageError, VaultError);
