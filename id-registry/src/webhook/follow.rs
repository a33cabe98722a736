//! Reading on in the ledger: what a webhook tells next.

use std::borrow::Cow;

use ca_core::ledger::{Position, Recorded, read};
use serde::Deserialize;

use super::audience::Notice;
use super::{Kind, Webhook, WebhookError};
use crate::registry::Registry;

/// How many events are read at once.
const READ_AT_ONCE: usize = 500;

/// What follows in the ledger.
#[derive(Debug)]
pub(super) struct Batch {
    /// What is told, in the ledger's order.
    pub(super) notices: Vec<Notice>,
    /// The first event that was not looked at.
    pub(super) until: Position,
    /// Whether that is the end of the ledger.
    pub(super) complete: bool,
}

/// How far is looked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// The most notices.
    pub(super) notices: usize,
    /// About how many events at most.
    pub(super) events: usize,
}

impl Registry {
    /// What a webhook tells of the events from `from` on.
    pub(super) fn batch(
        &self,
        webhook: &Webhook,
        from: Position,
        bounds: Bounds,
    ) -> Result<Batch, WebhookError> {
        let size = self.store().ledger_size()?;
        let mut batch = Batch { notices: Vec::new(), until: from, complete: from.0 >= size };
        let mut examined = 0;
        while !batch.complete && examined < bounds.events {
            let page = read(self.store(), batch.until, READ_AT_ONCE)?;
            if page.is_empty() {
                break;
            }
            for recorded in page {
                if batch.notices.len() == bounds.notices {
                    return Ok(batch);
                }
                examined += 1;
                batch.until = Position(recorded.position.0 + 1);
                if may_be_told(&recorded) {
                    batch.notices.extend(self.notice(webhook, &recorded)?);
                }
            }
            batch.complete = batch.until.0 >= size;
        }
        Ok(batch)
    }
}

/// Most events are told to nobody, and are not read whole.
fn may_be_told(recorded: &Recorded) -> bool {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(borrow)]
        action: Cow<'a, str>,
    }
    // What cannot be read is not passed over: reading it whole says so.
    serde_json::from_slice::<Head<'_>>(&recorded.octets)
        .map_or(true, |head| Kind::named(&head.action).is_some())
}
