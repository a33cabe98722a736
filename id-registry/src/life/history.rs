//! The history of an identity, as those who work with it read it. The ledger proves it.

use ca_core::ledger::{Action, Actor, Event, EventId};
use ca_core::storage::{Change, StorageError};
use ca_core::vault::{Envelope, SealedText, VaultError, purpose_of_field};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::change::FieldChange;
use super::{Cause, IDENTITY_HISTORY, LifeError};
use crate::fault::Fault;
use crate::id::IdentityId;
use crate::identity::{Details, IdentityError};
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
    /// What was known before, where it was changed; `None` also when the identity was erased.
    pub former: Option<Former>,
    /// The ledger's event.
    pub event: EventId,
}

/// What was known of an identity before a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Former {
    /// The fields that were changed.
    pub changes: Vec<FieldChange>,
    /// All that was known.
    pub details: Details,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    former: Option<SealedText>,
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
            let key = String::from_utf8_lossy(key);
            let open = |field: &str, text: &Option<SealedText>| {
                let sealed = text.as_ref().zip(envelope.as_ref());
                sealed.map(|(text, envelope)| envelope.open_text(&purpose(&key, field), text)).transpose()
            };
            let (note, former) = (open("note", &kept.note)?, open("former", &kept.former)?);
            let former = former.map(|former| serde_json::from_str(&former).map_err(|_| damaged()));
            let Kept { action, cause, at, by, event, .. } = kept;
            items.push(Entry { action, cause, at, by, note, former: former.transpose()?, event });
        }
        self.look_up(permit, [id])?;
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
        self.history_with(id, event, cause, [("note", note), ("former", None)])
    }

    /// The same where the identity may be erased: then nothing more is kept of it.
    pub(crate) fn history_if_known(
        &self,
        id: IdentityId,
        event: &Event,
        note: Option<&str>,
    ) -> Result<Change, LifeError> {
        match self.history_of(id, event, None, note) {
            Err(LifeError::Identity(IdentityError::Erased(_))) => Ok(Change::new()),
            entered => entered,
        }
    }

    /// The same of a change of what is known, with what was known before.
    pub(super) fn history_of_change(
        &self,
        id: IdentityId,
        event: &Event,
        note: &str,
        former: &Former,
    ) -> Result<Change, LifeError> {
        let former = String::from_utf8(encode(former)?).map_err(|_| damaged())?;
        self.history_with(id, event, None, [("note", Some(note)), ("former", Some(&former))])
    }

    fn history_with(
        &self,
        id: IdentityId,
        event: &Event,
        cause: Option<Cause>,
        texts: [(&str, Option<&str>); 2],
    ) -> Result<Change, LifeError> {
        let (envelope, key_stands) = match self.vault().for_writing(&reference(id)) {
            Err(VaultError::Erased(_)) => return Err(IdentityError::Erased(id).into()),
            opened => opened?,
        };
        Ok(key_stands.and(self.history_under(&envelope, id, event, cause, texts)?))
    }

    /// The same under an envelope that the caller has: also of an identity that enters in the same commit.
    pub(crate) fn history_under(
        &self,
        envelope: &Envelope,
        id: IdentityId,
        event: &Event,
        cause: Option<Cause>,
        texts: [(&str, Option<&str>); 2],
    ) -> Result<Change, Fault> {
        let key = timed::key(&format!("{id}/"), event.at, event.id);
        let seal = |(field, text): (&str, Option<&str>)| {
            text.map(|text| envelope.seal_text(&purpose(&key, field), text)).transpose()
        };
        let [note, former] = texts.map(seal);
        let (note, former, by) = (note?, former?, event.actor.clone());
        let kept =
            Kept { action: event.action.clone(), cause, at: self.now(), by, note, former, event: event.id };
        Ok(Change::new().insert(IDENTITY_HISTORY, key, encode(&kept)?))
    }
}

fn damaged() -> StorageError {
    StorageError("an entry of identity_history is damaged".to_owned())
}

fn purpose(key: &str, field: &str) -> String {
    purpose_of_field(IDENTITY_HISTORY, key, field)
}
