//! A new master key takes over: every subject's key is re-wrapped, page by page, while others read and write.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};

use super::master::{KeyRing, MasterKey, MasterKeyId};
use super::record::{KeyRecord, SUBJECT_KEYS};
use super::{Vault, VaultError, key_context, wrapped};
use crate::ledger::{Action, Actor};
use crate::storage::{Change, CommitError, Entry, KeyRange};

/// Some subjects' keys were re-wrapped under the current master key.
pub const ROTATED: Action = Action::named("master-key.rotated");

/// A master key became the one that wraps.
pub const MADE_CURRENT: Action = Action::named("master-key.made-current");

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
    /// Makes a master key the one that wraps, from now on; the former one only unwraps. The key must be durable already:
    /// what it wraps opens with nothing else. Nothing is re-wrapped yet: see [`Vault::rotate`].
    ///
    /// # Errors
    /// The event could not be committed; then nothing changed.
    pub fn make_current(&self, next: Arc<dyn MasterKey>, actor: &Actor) -> Result<(), VaultError> {
        let id = next.id().clone();
        let event = self
            .ledger
            .event(actor, MADE_CURRENT, format!("master-key:{id}"))?
            .with("from", self.ring().current().id().0.clone());
        self.store.commit(Change::new().explained_by(&event))?;
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        *keys = Arc::new(keys.succeeded_by(next));
        Ok(())
    }

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
        let mut in_use = self.master_keys_in_use()?;
        in_use.remove(self.ring().current().id());
        Ok(in_use.into_values().sum())
    }

    /// How many subjects' keys each master key wraps. Reads all of them.
    ///
    /// # Errors
    /// The store failed.
    pub fn master_keys_in_use(&self) -> Result<BTreeMap<MasterKeyId, u64>, VaultError> {
        let (mut in_use, mut rest) = (BTreeMap::new(), KeyRange::all());
        loop {
            let entries = self.store.scan(SUBJECT_KEYS, &rest, COUNTED_AT_ONCE)?;
            let Some((last, _)) = entries.last() else { return Ok(in_use) };
            rest = rest.after(last);
            for (key, entry) in &entries {
                if let KeyRecord::Kept(kept) = KeyRecord::decode(key, &entry.value)? {
                    *in_use.entry(kept.master_key).or_default() += 1;
                }
            }
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
            let entries = self.store.scan(SUBJECT_KEYS, rest, page.get())?;
            let ring = self.ring();
            let done = self.rewrapped_page(&entries, &ring)?;
            if done.rewrapped == 0 {
                return Ok(done.last.is_some().then_some(done));
            }
            let left = so_far.left.saturating_sub(done.rewrapped);
            let current = ring.current().id();
            let from: Vec<_> = done.from.iter().map(|id| id.0.as_str()).collect();
            let event = self
                .ledger
                .event(actor, ROTATED, format!("master-key:{current}"))?
                .with("from", from.join(" "))
                .with("rewrapped", done.rewrapped.to_string())
                .with("left", left.to_string());
            match self.store.commit(done.change.clone().explained_by(&event)) {
                Ok(_) => return Ok(Some(done)),
                // Each conflict is somebody else's progress with a key of this page: its erasure or its re-wrapping.
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn rewrapped_page(&self, entries: &[Entry], ring: &KeyRing) -> Result<Page, VaultError> {
        let last = entries.last().map(|(key, _)| key.clone());
        let mut page = Page { change: Change::new(), rewrapped: 0, from: BTreeSet::new(), last };
        for (place, entry) in entries {
            let KeyRecord::Kept(kept) = KeyRecord::decode(place, &entry.value)? else { continue };
            if kept.master_key == *ring.current().id() {
                continue;
            }
            let subject = String::from_utf8_lossy(place);
            let key = ring.named(&kept.master_key)?.unwrap(&kept.wrapped, &key_context(&subject))?;
            let again =
                KeyRecord::Kept(wrapped(ring.current(), &subject, &key, kept.created_at)?).encode()?;
            page.change = page.change.replace(SUBJECT_KEYS, place.clone(), entry.version, again);
            page.rewrapped += 1;
            page.from.insert(kept.master_key);
        }
        Ok(page)
    }
}
