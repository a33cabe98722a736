//! Unwrapped subject keys, a bounded number of them, so that reading does not ask the master key each time.
//!
//! It never decides whether a subject may be read: the vault reads the subject's record first, and a key is found here
//! only by the wrapped octets of that record.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::octets::RawKey;
use crate::subject::IdentityRef;

/// Unwrapped keys, those used last. Wiped when they leave.
pub(super) struct KeyCache {
    capacity: usize,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    keys: HashMap<IdentityRef, Entry>,
    /// Subjects by their last use.
    used: BTreeMap<u64, IdentityRef>,
    uses: u64,
    /// How many subjects were forgotten on purpose.
    forgotten: u64,
}

struct Entry {
    wrapped: Vec<u8>,
    key: Arc<RawKey>,
    used: u64,
}

/// Taken before a subject's record is read: a key that was unwrapped from a record read before an erasure is not kept
/// after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket(u64);

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyCache").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

impl KeyCache {
    /// Keeps the keys of at most `capacity` subjects.
    pub(super) fn of(capacity: usize) -> Self {
        Self { capacity, held: Mutex::default() }
    }

    pub(super) fn ticket(&self) -> Ticket {
        Ticket(self.held().forgotten)
    }

    /// The subject's key, if these are the octets it was unwrapped from.
    pub(super) fn find(&self, subject: &IdentityRef, wrapped: &[u8]) -> Option<Arc<RawKey>> {
        let mut held = self.held();
        let entry = held.keys.get(subject).filter(|entry| entry.wrapped == wrapped)?;
        let (key, before) = (entry.key.clone(), entry.used);
        let now = held.next_use();
        held.used.remove(&before);
        held.used.insert(now, subject.clone());
        if let Some(entry) = held.keys.get_mut(subject) {
            entry.used = now;
        }
        Some(key)
    }

    /// Keeps a key, in the place of the one not used for longest. Does nothing when a subject was forgotten since
    /// `ticket`: it may be this one.
    pub(super) fn keep(&self, ticket: Ticket, subject: &IdentityRef, wrapped: &[u8], key: &Arc<RawKey>) {
        let mut held = self.held();
        if self.capacity == 0 || held.forgotten != ticket.0 {
            return;
        }
        held.remove(subject);
        while held.keys.len() >= self.capacity {
            let Some((_, oldest)) = held.used.pop_first() else { break };
            held.keys.remove(&oldest);
        }
        let used = held.next_use();
        held.used.insert(used, subject.clone());
        held.keys.insert(subject.clone(), Entry { wrapped: wrapped.to_vec(), key: key.clone(), used });
    }

    /// Wipes the key of a subject whose record says that it was erased, by whomever.
    pub(super) fn let_go(&self, subject: &IdentityRef) {
        self.held().remove(subject);
    }

    /// Wipes the key of a subject that was just erased, and sees to it that nobody who read it before keeps it.
    pub(super) fn forget(&self, subject: &IdentityRef) {
        let mut held = self.held();
        held.forgotten += 1;
        held.remove(subject);
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Nothing panics half way through a change of it; and at worst a key is unwrapped once more.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    const fn next_use(&mut self) -> u64 {
        self.uses += 1;
        self.uses
    }

    fn remove(&mut self, subject: &IdentityRef) {
        if let Some(entry) = self.keys.remove(subject) {
            self.used.remove(&entry.used);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use zeroize::Zeroizing;

    use super::*;

    fn subject(number: u8) -> IdentityRef {
        IdentityRef(format!("person/{number}"))
    }

    fn key(octet: u8) -> Arc<RawKey> {
        Arc::new(Zeroizing::new([octet; 32]))
    }

    fn keep(cache: &KeyCache, number: u8) {
        cache.keep(cache.ticket(), &subject(number), &[number], &key(number));
    }

    #[test]
    fn the_subject_not_used_for_longest_leaves() {
        let cache = KeyCache::of(2);
        keep(&cache, 1);
        keep(&cache, 2);
        assert!(cache.find(&subject(1), &[1]).is_some());
        keep(&cache, 3);
        assert!(cache.find(&subject(2), &[2]).is_none());
        assert!(cache.find(&subject(1), &[1]).is_some() && cache.find(&subject(3), &[3]).is_some());
        let held = cache.held();
        assert_eq!((held.keys.len(), held.used.len()), (2, 2));
    }

    #[test]
    fn a_key_is_found_by_its_wrapped_octets_alone() {
        let cache = KeyCache::of(2);
        keep(&cache, 1);
        assert!(cache.find(&subject(1), &[2]).is_none());
        cache.keep(cache.ticket(), &subject(1), &[2], &key(9));
        assert_eq!(**cache.find(&subject(1), &[2]).unwrap(), [9; 32]);
        assert!(cache.find(&subject(1), &[1]).is_none());
        assert_eq!(cache.held().used.len(), 1);
    }

    #[test]
    fn what_was_read_before_an_erasure_is_not_kept_after_it() {
        let cache = KeyCache::of(2);
        keep(&cache, 1);
        let before = cache.ticket();
        cache.forget(&subject(1));
        cache.keep(before, &subject(1), &[1], &key(1));
        assert!(cache.find(&subject(1), &[1]).is_none());
        assert!(cache.held().used.is_empty());
    }

    #[test]
    fn no_capacity_keeps_nothing_and_nothing_prints() {
        let cache = KeyCache::of(0);
        keep(&cache, 1);
        assert!(cache.held().keys.is_empty());
        let cache = KeyCache::of(1);
        keep(&cache, 77);
        assert!(!format!("{cache:?}").contains("77"));
    }
}
