//! Looking at notifications, and settling those that wait.

use std::fmt;

use ca_core::storage::{Change, Expect, Operation, StorageError};

use super::receive::{keeper, purpose, waiting};
use super::{
    ALL, Content, NOTIFICATIONS, NOTIFICATIONS_BY_TIME, Notification, NotificationError, SETTLED, Settled,
    State, WAITING,
};
use crate::fault::{Attempt, until_settled};
use crate::id::{IdentityId, IdentityKind, NotificationId};
use crate::identity::{FieldError, demand_kind, reason_line};
use crate::look::Work;
use crate::page::{Page, PageSize};
use crate::permission::{Permit, ReadNotifications, SettleNotifications};
use crate::record::encode;
use crate::registry::{Registry, reference};
use crate::timed;
use crate::words::words;

words! {
    /// How a notification is settled.
    Settling {
        /// What it told was entered.
        Done = "done",
        /// Nothing is to be done.
        Nothing = "nothing",
    }
}

/// A notification, opened.
#[derive(Clone)]
pub struct Opened {
    /// The notification.
    pub notification: Notification,
    /// What was told; `None` where it is not kept any more, or the person was erased.
    pub content: Option<Content>,
}

impl fmt::Debug for Opened {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("notification", &self.notification.id).finish_non_exhaustive()
    }
}

impl Registry {
    /// Notifications in the order in which they came, beginning after `after`: those that wait, or all. Without what they told.
    ///
    /// # Errors
    /// The store failed.
    pub fn notifications(
        &self,
        _permit: &Permit<ReadNotifications>,
        waits: bool,
        after: Option<NotificationId>,
        size: PageSize,
    ) -> Result<Page<Notification, NotificationId>, NotificationError> {
        let list = if waits { WAITING } else { ALL };
        let after = after.map(|id| self.notification_record(id)).transpose()?;
        let after = after.map(|(last, _)| timed::key(list, last.received_at, last.id));
        let range = timed::range(list, after);
        let found = self.store().scan(NOTIFICATIONS_BY_TIME, &range, size.entries() + 1)?;
        let read = found.iter().map(|(key, _)| {
            let id = timed::named(NOTIFICATIONS_BY_TIME, key)?;
            Ok(self.notification_record(id)?.0)
        });
        let read: Vec<Notification> = read.collect::<Result<_, NotificationError>>()?;
        Ok(Page::cut(read, size, |last| last.id))
    }

    /// One notification with what it told. It is a look at the person.
    ///
    /// # Errors
    /// No such notification, or the registry failed.
    pub fn notification(
        &self,
        permit: &Permit<ReadNotifications>,
        id: NotificationId,
    ) -> Result<Opened, NotificationError> {
        let (notification, _) = self.notification_record(id)?;
        let content = self.content_of(&notification)?;
        self.record_looks(permit, notification.person, &Work::on("notification", id))?;
        Ok(Opened { notification, content })
    }

    /// Settles a notification that waits: what it told was entered, of `person` where that was not known before; or nothing is
    /// to be done. What nobody turned out to be told of is not kept.
    ///
    /// # Errors
    /// No such notification, it does not wait, there is no such person, it is the officer's own or a relative's, no reason, or
    /// the registry failed.
    pub fn settle_notification(
        &self,
        permit: &Permit<SettleNotifications>,
        id: NotificationId,
        (as_, person): (Settling, Option<IdentityId>),
        reason: &str,
    ) -> Result<Notification, NotificationError> {
        let reason = reason_line("reason", reason)?;
        if as_ == Settling::Nothing && person.is_some() {
            let why = "nothing is to be done of anybody".to_owned();
            return Err(FieldError { field: "person", why, fits: "leave it out" }.into());
        }
        until_settled(|| {
            let (found, version) = self.notification_record(id)?;
            if found.state != State::Waits {
                return Err(NotificationError::Elsewhere(id, found.state));
            }
            let whose = person.or(found.person);
            if let Some(whose) = whose {
                demand_kind(whose, IdentityKind::Person)?;
                self.identity_record(whose)?;
                self.demand_not_own(permit.staff(), whose)?;
            }
            let (content, stands) = match (self.content_of(&found)?, whose) {
                (Some(content), Some(whose)) => {
                    let (envelope, stands) = self.vault().for_writing(&reference(whose))?;
                    let text = String::from_utf8_lossy(&encode(&content)?).into_owned();
                    (Some(envelope.seal_text(&purpose(id), &text)?), stands)
                }
                _ => (None, Change::new()),
            };
            let by = permit.staff();
            let settled = Settled { at: self.now(), by, as_, reason: reason.clone() };
            let key = waiting(&found);
            let notification = Notification {
                state: State::Settled,
                person: whose,
                settled: Some(settled),
                content,
                ..found
            };
            let event = self.event(&permit.actor(), SETTLED, format!("notification:{id}"))?;
            let event = event.with("as", as_.name()).because(reason.clone());
            let event = whose.into_iter().fold(event, |event, id| event.with("identity", id.to_string()));
            let change = stands
                .replace(NOTIFICATIONS, id.to_string(), version, encode(&notification)?)
                .write(NOTIFICATIONS_BY_TIME, key, Expect::Anything, Operation::Delete)
                .explained_by(&event);
            Ok(Attempt::of(self.commit(change), || notification))
        })
    }

    fn content_of(&self, notification: &Notification) -> Result<Option<Content>, NotificationError> {
        let Some(sealed) = &notification.content else { return Ok(None) };
        let keeper = keeper(notification.id, notification.person);
        let Some(envelope) = self.vault().for_reading(&keeper)? else { return Ok(None) };
        let text = envelope.open_text(&purpose(notification.id), sealed)?;
        let damaged = |_| StorageError(format!("notification {} is damaged", notification.id));
        Ok(Some(serde_json::from_str(&text).map_err(damaged)?))
    }
}
