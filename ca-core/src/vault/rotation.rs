//! A new master key takes over: every subject's key is re-wrapped, page by page, while others read and write.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use super::master::MasterKeyId;
use super::record::{KeptKey, KeyRecord, SUBJECT_KEYS};
use super::{Vault, VaultError, key_context};
use crate::ledger::{Action, Actor};
use crate::storage::{Change, CommitError, Entry, KeyRange};

/// Some subjects' keys were re-wrapped under the current master key.
pub const ROTATED: Action = Action::named("master-key.rotated");

/// How many keys are counted at a time.
const COUNTED_AT_ONCE: usize = 1_000;

/// How far a rotation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// How many keys it re-wrapped.
    pub rewrapped: u64,
    /// How many keys other master keys still wrap. While it runs, an estimate: those there at its beginning, less those
    /// it has passed. In its result, counted at its end; when that is 0 and no other node writes under an older
    /// master key any more, the older ones have nothing left to unwrap.
    pub left: u64,
}

/// A page of keys, re-wrapped but not committed.
struct Page {
    change: Change,
    rewrapped: u64,
    from: BTreeSet<MasterKeyId>,
    /// The last key looked at; `None` when there were no more.
    last: Option<Vec<u8>>,
}

impl Vault {
    /// Re-wraps every subject's key under the current master key: `page` keys in one change, each with its event.
    ///
    /// A key that changes meanwhile is read again. When the process ends half way, what was committed stays; the next
    /// call goes on with the rest. `progress` is called after each page and may end it early.
    ///
    /// # Errors
    /// A key of the store names a master key that is not in the ring, or key, randomness or store failed. What was
    /// committed before stays.
    pub fn rotate(
        &self,
        page: NonZeroUsize,
        actor: &Actor,
        progress: &mut dyn FnMut(Rotation) -> ControlFlow<()>,
    ) -> Result<Rotation, VaultError> {
        let mut so_far = Rotation { rewrapped: 0, left: self.left_to_rotate()? };
        let mut rest = KeyRange::all();
        while let Some(done) = self.rotate_page(&rest, page, actor, so_far)? {
            so_far.rewrapped += done.rewrapped;
            so_far.left = so_far.left.saturating_sub(done.rewrapped);
            let Some(last) = done.last else { break };
            rest = rest.after(&last);
            if progress(so_far).is_break() {
                break;
            }
        }
        Ok(Rotation { left: self.left_to_rotate()?, ..so_far })
    }

    /// How many subjects' keys other master keys than the current one wrap. Reads all of them.
    ///
    /// # Errors
    /// The store failed.
    pub fn left_to_rotate(&self) -> Result<u64, VaultError> {
        let (mut left, mut rest) = (0, KeyRange::all());
        loop {
            let entries = self.parts.store.scan(SUBJECT_KEYS, &rest, COUNTED_AT_ONCE)?;
            let Some((last, _)) = entries.last() else { return Ok(left) };
            rest = rest.after(last);
            for (key, entry) in &entries {
                left += u64::from(self.behind(KeyRecord::decode(key, &entry.value)?).is_some());
            }
        }
    }

    /// The key, if another master key than the current one wraps it.
    fn behind(&self, record: KeyRecord) -> Option<KeptKey> {
        match record {
            KeyRecord::Kept(kept) if kept.master_key != *self.parts.keys.current().id() => Some(kept),
            KeyRecord::Kept(_) | KeyRecord::Erased { .. } => None,
        }
    }

    /// Re-wraps and commits the first page of `rest`; `None` when nothing is there.
    fn rotate_page(
        &self,
        rest: &KeyRange,
        page: NonZeroUsize,
        actor: &Actor,
        so_far: Rotation,
    ) -> Result<Option<Page>, VaultError> {
        loop {
            let entries = self.parts.store.scan(SUBJECT_KEYS, rest, page.get())?;
            let done = self.rewrapped_page(&entries)?;
            if done.rewrapped == 0 {
                return Ok(done.last.is_some().then_some(done));
            }
            let left = so_far.left.saturating_sub(done.rewrapped);
            let current = self.parts.keys.current().id();
            let from: Vec<_> = done.from.iter().map(|id| id.0.as_str()).collect();
            let event = self
                .parts
                .ledger
                .event(actor, ROTATED, format!("master-key:{current}"))?
                .with("from", from.join(" "))
                .with("rewrapped", done.rewrapped.to_string())
                .with("left", left.to_string());
            match self.parts.store.commit(done.change.clone().explained_by(&event)) {
                Ok(_) => return Ok(Some(done)),
                // Each conflict is somebody else's progress with a key of this page: its erasure or its re-wrapping.
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn rewrapped_page(&self, entries: &[Entry]) -> Result<Page, VaultError> {
        let last = entries.last().map(|(key, _)| key.clone());
        let mut page = Page { change: Change::new(), rewrapped: 0, from: BTreeSet::new(), last };
        for (place, entry) in entries {
            let Some(kept) = self.behind(KeyRecord::decode(place, &entry.value)?) else { continue };
            let subject = String::from_utf8_lossy(place);
            let key =
                self.parts.keys.named(&kept.master_key)?.unwrap(&kept.wrapped, &key_context(&subject))?;
            let again = KeyRecord::Kept(self.wrapped(&subject, &key, kept.created_at)?).encode()?;
            page.change = page.change.replace(SUBJECT_KEYS, place.clone(), entry.version, again);
            page.rewrapped += 1;
            page.from.insert(kept.master_key);
        }
        Ok(page)
    }
}
