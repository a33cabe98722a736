//! Reading webhooks. An agency sees its own.

use std::collections::BTreeMap;

use ca_core::ledger::index::Query;
use ca_core::ledger::{Outcome, Position};
use ca_core::storage::StorageError;
use time::OffsetDateTime;

use super::follow::Bounds;
use super::{WEBHOOKS, Webhook, WebhookError};
use crate::id::{IdentityId, WebhookId};
use crate::page::{Page, PageSize, collect};
use crate::permission::{Permit, ReadWebhooks, Scope};
use crate::record;
use crate::registry::Registry;
use crate::timed;

/// How far is looked for what waits.
const LOOKED_FOR: Bounds = Bounds { notices: 1_000, events: 20_000 };

/// A webhook, and what waits to be told by it.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The webhook.
    pub webhook: Webhook,
    /// What waits.
    pub behind: Behind,
}

/// How much waits to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behind {
    /// How many messages.
    pub messages: usize,
    /// Whether these are all: at most 1000, among the next 20 000 events, are counted.
    pub complete: bool,
}

/// Something that was done with a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// Its place in the ledger.
    pub position: Position,
    /// When, UTC.
    pub at: OffsetDateTime,
    /// What.
    pub action: String,
    /// Who did it.
    pub by: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, where a reason was given.
    pub reason: Option<String>,
    /// Which events it is about, how many messages were taken, what became of the first that was not.
    pub detail: BTreeMap<String, String>,
}

impl Registry {
    /// Webhooks in the order of their identifiers, beginning after `after`.
    ///
    /// # Errors
    /// The store failed.
    pub fn webhooks(
        &self,
        permit: &Permit<ReadWebhooks>,
        of: Option<IdentityId>,
        after: Option<WebhookId>,
        size: PageSize,
    ) -> Result<Page<Webhook, WebhookId>, WebhookError> {
        let fetch = |after: Option<&WebhookId>, limit| {
            let range = timed::range("", after.map(ToString::to_string));
            let found = self.store().scan(WEBHOOKS, &range, limit)?;
            let read = found.iter().map(|(_, entry)| record::decode::<Webhook>(WEBHOOKS, entry));
            read.map(|webhook| webhook.map(|webhook| (webhook.id, webhook)))
                .collect::<Result<Vec<_>, StorageError>>()
        };
        let wanted = |webhook: &Webhook| {
            webhook.is_within(permit.scope())
                && of.is_none_or(|organisation| organisation == webhook.organisation)
        };
        Ok(collect(after, size, fetch, wanted)?)
    }

    /// One webhook, and what waits to be told by it.
    ///
    /// # Errors
    /// No such webhook, it is another organisation's, or the registry failed.
    pub fn webhook(&self, permit: &Permit<ReadWebhooks>, id: WebhookId) -> Result<Standing, WebhookError> {
        let webhook = self.readable_webhook(permit, id)?;
        let batch = self.batch(&webhook, webhook.cursor, LOOKED_FOR)?;
        let behind = Behind { messages: batch.notices.len(), complete: batch.complete };
        Ok(Standing { webhook, behind })
    }

    /// What was done with a webhook, from a place in the ledger on: the ledger is its log.
    ///
    /// # Errors
    /// No such webhook, it is another organisation's, or the store failed.
    pub fn webhook_deeds(
        &self,
        permit: &Permit<ReadWebhooks>,
        id: WebhookId,
        from: Position,
        size: PageSize,
    ) -> Result<Page<Deed, Position>, WebhookError> {
        let webhook = self.readable_webhook(permit, id)?;
        let query = Query { about: Some(webhook.about()), ..Query::default() };
        let found = query.run(self.store(), from, size.entries())?;
        let deeds = found.items.iter().map(|recorded| {
            let event = recorded.event()?;
            Ok(Deed {
                position: recorded.position,
                at: event.at,
                action: event.action.as_str().to_owned(),
                by: event.actor.0,
                outcome: event.outcome,
                reason: event.reason,
                detail: event.detail,
            })
        });
        Ok(Page { items: deeds.collect::<Result<_, StorageError>>()?, next: found.next })
    }

    fn readable_webhook(
        &self,
        permit: &Permit<ReadWebhooks>,
        id: WebhookId,
    ) -> Result<Webhook, WebhookError> {
        let (webhook, _) = self.webhook_record(id)?;
        if webhook.is_within(permit.scope()) { Ok(webhook) } else { Err(WebhookError::OfAnother(id)) }
    }
}

impl Webhook {
    fn is_within(&self, scope: Scope) -> bool {
        match scope {
            Scope::Country => true,
            Scope::Organisation(own) => self.organisation == own,
        }
    }
}
