//! What the ledger meant to have signed, and which of it is still without an entry in a journal.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::super::{Event, Position};
use super::{TO_BE_SIGNED, ca_of};
use crate::certificate::CaId;
use crate::keys::journal::Digest;

/// How long an intent whose result is there is kept for a journal that is not at hand: far longer than clocks go back.
const GRACE: Duration = Duration::hours(1);

/// Intents that no entry was found for yet.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Intents {
    open: BTreeMap<Digest, Intent>,
    /// By what their result will be called, as far as that is unique.
    by_name: BTreeMap<String, Option<Digest>>,
    /// Those whose result was seen, in the order of the ledger.
    resulted: VecDeque<Resulted>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Intent {
    pub(super) ca: CaId,
    pub(super) subject: String,
    name: String,
    /// The event that calls it signed.
    pub(super) result: Option<Position>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Resulted {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    digest: Digest,
}

impl Intents {
    /// Takes the intent that an event states, if it does: whose it is, and the digest of what is to be signed.
    pub(super) fn intend(&mut self, event: &Event) -> Option<(CaId, Digest)> {
        let digest: Digest = event.detail.get(TO_BE_SIGNED)?.parse().ok()?;
        let ca = CaId::new(ca_of(&event.subject)?).ok()?;
        let name = name_of(event);
        // Two at once under one name: their results cannot be told apart.
        self.by_name.entry(name.clone()).and_modify(|known| *known = None).or_insert(Some(digest));
        let subject = event.subject.clone();
        self.open.insert(digest, Intent { ca: ca.clone(), subject, name, result: None });
        Some((ca, digest))
    }

    /// Notes that an event calls an open intent signed.
    pub(super) fn result(&mut self, position: Position, event: &Event) -> Option<()> {
        // Every event that tells a signature's result gives the digest of the whole.
        event.detail.get("sha256")?;
        let digest = (*self.by_name.get(&name_of(event))?)?;
        self.open.get_mut(&digest)?.result = Some(position);
        self.resulted.push_back(Resulted { at: event.at, digest });
        Some(())
    }

    /// Takes the intent that explains an entry.
    pub(super) fn explain(&mut self, ca: &CaId, digest: &Digest) -> Option<Intent> {
        if self.open.get(digest)?.ca != *ca {
            return None;
        }
        let intent = self.open.remove(digest)?;
        self.by_name.remove(&intent.name);
        Some(intent)
    }

    /// Forgets intents with a result, older than any under way, of CAs that `apart` names: their entries are in journals
    /// that are not at hand.
    pub(super) fn forget(&mut self, now: OffsetDateTime, apart: impl Fn(&CaId) -> bool) {
        while self.resulted.front().is_some_and(|oldest| oldest.at + GRACE < now) {
            let Some(Resulted { digest, .. }) = self.resulted.pop_front() else { return };
            if self.open.get(&digest).is_some_and(|intent| apart(&intent.ca)) {
                let intent = self.open.remove(&digest);
                intent.and_then(|intent| self.by_name.remove(&intent.name));
            }
        }
    }

    /// Intents with a result and without an entry.
    pub(super) fn unrecorded(&self) -> impl Iterator<Item = (&Digest, &Intent)> {
        self.open.iter().filter(|(_, intent)| intent.result.is_some())
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }
}

/// What intent and result have in common: the subject, and the number of a CRL.
pub(super) fn name_of(event: &Event) -> String {
    format!("{}#{}", event.subject, event.detail.get("number").map_or("", String::as_str))
}
