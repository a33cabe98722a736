//! Webhooks: an organisation is told, at an address of its own, that something happened to whom or what it may know. A
//! message says what happened, to whom and when; what it was the receiver looks up under its own permission.
//!
//! The ledger is the source, and nothing else is: each webhook keeps how far it has come ([`Webhook::cursor`]), and what lies
//! behind that place is sent in the ledger's order, at least once. There is no list of what is to be sent that could say
//! something else than the ledger. Who is told what is decided in [`audience`] alone.

use ca_core::ledger::{Action, Actor, Position};
use ca_core::storage::{StorageError, Table};
use ca_core::vault::{SealedText, VaultError};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::fault::{Fault, by_fault};
use crate::id::{IdentityId, StaffId, WebhookId};
use crate::identity::{FieldError, IdentityError};
use crate::words::words;

mod address;
mod audience;
mod carrier;
mod follow;
mod kind;
mod message;
mod read;
mod secret;
mod send;
mod subscribe;

pub use address::Address;
pub use carrier::{Carrier, Undelivered, Why};
pub use kind::Kind;
pub use message::Message;
pub use read::{Behind, Deed, Standing};
pub use secret::WebhookSecret;
pub use send::{Followed, Shift, Turn};
pub use subscribe::{Former, FormerSecret, NewWebhook};

/// Webhooks, by identifier. Secrets in them are sealed.
pub const WEBHOOKS: Table = Table::records("webhooks");

/// An administrator added a webhook.
pub const ADDED: Action = Action::named("webhook.added");
/// A webhook was paused, by an administrator or by itself.
pub const PAUSED: Action = Action::named("webhook.paused");
/// A paused webhook goes on where it was.
pub const RESUMED: Action = Action::named("webhook.resumed");
/// A webhook was ended for good.
pub const ENDED: Action = Action::named("webhook.ended");
/// A webhook has a new secret.
pub const SECRET_ROTATED: Action = Action::named("webhook.secret-rotated");
/// A receiver was sent a message that tells nothing.
pub const TESTED: Action = Action::named("webhook.tested");
/// A node begins to send.
pub const SENDING: Action = Action::named("webhook.sending");
/// What was sent was taken.
pub const DELIVERED: Action = Action::named("webhook.delivered");
/// Something was not taken; it is sent again.
pub const FAILED: Action = Action::named("webhook.failed");
/// Much happened that the webhook is not for.
pub const PASSED: Action = Action::named("webhook.passed");
/// An organisation is told, by its webhook, that something happened to a person.
pub const TOLD: Action = Action::named("identity.told");

words! {
    /// Whether a webhook is sent.
    State {
        /// It is.
        Active = "active",
        /// It is not, and goes on where it was when it is resumed.
        Paused = "paused",
        /// It never is again.
        Ended = "ended",
    }
}

/// A webhook: whom it is for, what it tells, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Its identifier.
    pub id: WebhookId,
    /// The organisation that is told.
    pub organisation: IdentityId,
    /// Where.
    pub address: Address,
    /// What it is told of.
    pub kinds: Vec<Kind>,
    /// Whether it is sent.
    pub state: State,
    /// Why it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// When it was added, UTC. It tells what happened from then on.
    #[serde(with = "time::serde::rfc3339")]
    pub added_at: OffsetDateTime,
    /// Who added it.
    pub added_by: StaffId,
    /// The first event that was not looked at yet, or not taken.
    pub cursor: Position,
    /// How many messages were taken.
    pub delivered: u64,
    /// The last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Last>,
    /// Since when nothing is taken any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<Failing>,
    /// The node that sends at this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sending: Option<Claim>,
    /// What lies before this place and is about a person stands in that person's log.
    told: Position,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<SealedText>,
    /// The secret before, under which messages are signed as well for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    former_secret: Option<FormerSecret>,
}

/// Why a webhook is not sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stopped {
    /// Since when, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who stopped it; npki itself where nothing was taken for days.
    pub by: Actor,
    /// Why.
    pub reason: String,
}

/// The last message that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Last {
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The event that it told of.
    pub position: Position,
}

/// Messages are not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failing {
    /// Since when, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried again, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub next_try: OffsetDateTime,
    /// What became of the last attempt.
    pub error: Undelivered,
}

/// A node that sends, and until when no other does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    node: String,
    #[serde(with = "time::serde::rfc3339")]
    until: OffsetDateTime,
}

impl Webhook {
    /// What the ledger calls it.
    fn about(&self) -> String {
        format!("webhook:{}", self.id)
    }

    /// Goes on only for what has not ended.
    fn demand_not_ended(&self) -> Result<(), WebhookError> {
        if self.state == State::Ended { Err(WebhookError::Ended(self.id)) } else { Ok(()) }
    }
}

/// Something about a webhook was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// A field does not fit.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The organisation is not there, or not active.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// There is no such webhook.
    #[error("no webhook is called {0}")]
    Unknown(WebhookId),
    /// It is another organisation's.
    #[error("webhook {0} is another organisation's")]
    OfAnother(WebhookId),
    /// It was ended, for good.
    #[error("webhook {0} was ended")]
    Ended(WebhookId),
    /// It is so already.
    #[error("webhook {0} is {1} already")]
    Already(WebhookId, State),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

by_fault!(WebhookError: StorageError, VaultError);
