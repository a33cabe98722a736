//! The history of an identity, as those who work with it read it. The ledger proves it.

use ca_core::ledger::{Action, Actor, Event, EventId};
use ca_core::storage::Change;
use ca_core::vault::{SealedText, VaultError, purpose_of_field};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Cause, IDENTITY_HISTORY, LifeError};
use crate::id::IdentityId;
use crate::identity::IdentityError;
use crate::page::{Page, PageSize};
use crate::permission::{Permit, ReadRegistry};
use crate::record::{self, encode};
use crate::registry::{Registry, reference};
use crate::timed;

/// What happened to an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the ledger.
    pub action: Action,
    /// Why it stands as it does since then.
    pub cause: Option<Cause>,
    /// When, UTC.
    pub at: OffsetDateTime,
    /// Who did it.
    pub by: Actor,
    /// What was written about it; `None` also when the identity was erased.
    pub note: Option<String>,
    /// The ledger's event.
    pub event: EventId,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    action: Action,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cause: Option<Cause>,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    by: Actor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<SealedText>,
    event: EventId,
}

impl Registry {
    /// What happened to an identity since it was entered, the oldest first, beginning after `after`.
    ///
    /// # Errors
    /// No such identity, it belongs to somebody else, or key or store failed.
    pub fn history(
        &self,
        permit: &Permit<ReadRegistry>,
        id: IdentityId,
        after: Option<&str>,
        size: PageSize,
    ) -> Result<Page<Entry, String>, LifeError> {
        self.identity_record(id)?.0.within(permit.scope())?;
        let prefix = format!("{id}/");
        let range = timed::range(&prefix, after.map(|place| format!("{prefix}{place}")));
        let found = self.store().scan(IDENTITY_HISTORY, &range, size.entries() + 1)?;
        let place =
            |key: &[u8]| String::from_utf8_lossy(key.get(prefix.len()..).unwrap_or_default()).into_owned();
        let Page { items: found, next } = Page::cut(found, size, |(key, _)| place(key));
        let envelope = self.vault().for_reading(&reference(id))?;
        let mut items = Vec::new();
        for (key, entry) in &found {
            let kept: Kept = record::decode(IDENTITY_HISTORY, entry)?;
            let purpose = purpose(&String::from_utf8_lossy(key));
            let note = kept.note.as_ref().zip(envelope.as_ref());
            let note = note.map(|(note, envelope)| envelope.open_text(&purpose, note)).transpose()?;
            let Kept { action, cause, at, by, event, .. } = kept;
            items.push(Entry { action, cause, at, by, note, event });
        }
        self.record_views(permit, [id])?;
        Ok(Page { items, next })
    }

    /// The change that enters an event into an identity's history.
    pub(super) fn history_of(
        &self,
        id: IdentityId,
        event: &Event,
        cause: Option<Cause>,
        note: Option<&str>,
    ) -> Result<Change, LifeError> {
        let key = timed::key(&format!("{id}/"), event.at, event.id);
        let (envelope, key_stands) = match self.vault().for_writing(&reference(id)) {
            Err(VaultError::Erased(_)) => return Err(IdentityError::Erased(id).into()),
            opened => opened?,
        };
        let note = note.map(|note| envelope.seal_text(&purpose(&key), note)).transpose()?;
        let by = event.actor.clone();
        let kept = Kept { action: event.action.clone(), cause, at: self.now(), by, note, event: event.id };
        Ok(key_stands.insert(IDENTITY_HISTORY, key, encode(&kept)?))
    }
}

fn purpose(key: &str) -> String {
    purpose_of_field(IDENTITY_HISTORY, key, "note")
}
