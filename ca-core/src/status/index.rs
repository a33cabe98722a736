//! The status of every certificate, in memory: follows the store, and answers without it.
//!
//! What this node commits is noted in the commit, before the committer hears of it ([`FollowedStore`](super::FollowedStore)).
//! What other nodes commit is read from the ledger ([`StatusFollower`](super::StatusFollower)), and is known here within a
//! moment; every answer says up to when.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use time::{Duration, OffsetDateTime};

use super::serials::{Noted, NotedBy, Serials};
use super::{Edition, Known, SerialStatus, StatusSource};
use crate::certificate::{CaId, CertificatePlace, Certificates};
use crate::clock::Clock;
use crate::ledger::Position;
use crate::serial::SerialNumber;
use crate::storage::StorageError;

/// For how long the index speaks without having heard from the store. X-Road refuses what is older than an hour, and
/// thisUpdate is to stay under 30 minutes; an answer may be kept for a part of that.
const LONGEST_SILENCE: Duration = Duration::minutes(25);

/// [`StatusIndex::heard`] before anything was.
const NEVER: i64 = i64::MIN;

/// The status of every certificate of an installation.
#[derive(Debug)]
pub struct StatusIndex {
    clock: Arc<dyn Clock>,
    issuers: RwLock<BTreeMap<CaId, Arc<Serials>>>,
    read: Mutex<Read>,
    /// What stood after so many events was loaded, or is being loaded.
    loaded: AtomicU64,
    /// How often nobody could tell whether a change was committed.
    doubts: AtomicU64,
    /// How many of these are settled, since the ledger was read afterwards.
    settled: AtomicU64,
    /// Everything that was committed anywhere before this moment is known: milliseconds since 1970.
    heard: AtomicI64,
}

/// What a commit makes of one certificate.
#[derive(Debug)]
pub(super) struct Changed {
    pub(super) place: CertificatePlace,
    pub(super) status: SerialStatus,
    pub(super) by: NotedBy,
}

/// Which events of the ledger are taken note of.
#[derive(Debug, Default)]
struct Read {
    /// All before this one.
    next: u64,
    /// Further on: from where, and up to where.
    ahead: BTreeMap<u64, u64>,
}

impl Read {
    fn note(&mut self, from: u64, until: u64) {
        let known = self.ahead.entry(from).or_insert(until);
        *known = until.max(*known);
        while let Some(first) = self.ahead.first_entry().filter(|first| *first.key() <= self.next) {
            self.next = self.next.max(first.remove());
        }
    }

    /// The first that are not taken note of, of so many.
    fn missing(&self, size: u64) -> Option<(u64, u64)> {
        let until = self.ahead.keys().next().copied().unwrap_or(size).min(size);
        (self.next < until).then_some((self.next, until))
    }
}

impl StatusIndex {
    /// One that knows nothing yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            issuers: RwLock::default(),
            read: Mutex::default(),
            loaded: AtomicU64::new(0),
            doubts: AtomicU64::new(0),
            settled: AtomicU64::new(0),
            heard: AtomicI64::new(NEVER),
        }
    }

    /// What a CA says of serial numbers: out of the index while that follows the store, else out of the store.
    pub fn of(self: &Arc<Self>, certificates: Certificates) -> IndexedStatus {
        IndexedStatus { serials: self.serials(certificates.ca()), index: Arc::clone(self), certificates }
    }

    /// Up to which moment every change is known; `None` before all that was issued is read, and while it is in doubt whether a
    /// change of this node was committed.
    pub fn known_until(&self) -> Option<OffsetDateTime> {
        let heard = self.heard.load(Ordering::Acquire);
        let certain = self.settled.load(Ordering::Acquire) == self.doubts.load(Ordering::Acquire);
        if heard == NEVER || !certain {
            return None;
        }
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(heard) * 1_000_000).ok()
    }

    /// Takes note of what this node has committed.
    pub(super) fn committed(&self, position: Position, events: usize, changes: Vec<Changed>) {
        let after = position.0.saturating_add(u64::try_from(events).unwrap_or(u64::MAX));
        for Changed { place, status, by } in changes {
            self.note(&place, &Noted { status, after, by });
        }
        if events > 0 {
            self.read().note(position.0, after);
        }
    }

    /// Takes note that a change may have been committed, or not.
    pub(super) fn doubt(&self) {
        self.doubts.fetch_add(1, Ordering::AcqRel);
    }

    /// Takes note of a status.
    pub(super) fn note(&self, place: &CertificatePlace, noted: &Noted) {
        // What is older than all that is being loaded, or was, is in what is loaded.
        if noted.after >= self.loaded.load(Ordering::Acquire) {
            self.serials(place.ca()).note(place.serial(), noted);
        }
    }

    /// Everything that stood after so many events, or later, is about to be loaded.
    pub(super) fn begin(&self, next: u64) {
        self.loaded.store(next, Ordering::Release);
        let mut read = self.read();
        read.next = next;
        read.ahead.retain(|_, until| *until > next);
        read.note(next, next);
    }

    /// Forgets everything: the store is another one than it was.
    pub(super) fn forget(&self) {
        self.heard.store(NEVER, Ordering::Release);
        self.loaded.store(0, Ordering::Release);
        for serials in self.issuers.read().unwrap_or_else(PoisonError::into_inner).values() {
            serials.forget();
        }
        *self.read() = Read::default();
    }

    /// All events before this one are taken note of.
    pub(super) fn next(&self) -> u64 {
        self.read().next
    }

    /// The first events that are not taken note of, of so many: from where, and up to where.
    pub(super) fn missing(&self, size: u64) -> Option<(u64, u64)> {
        self.read().missing(size)
    }

    /// These events are taken note of.
    pub(super) fn has_read(&self, from: u64, until: u64) {
        self.read().note(from, until);
    }

    pub(super) fn doubts(&self) -> u64 {
        self.doubts.load(Ordering::Acquire)
    }

    /// Everything that was committed before this moment is known, and with it what came of the first so many doubts.
    pub(super) fn level(&self, moment: OffsetDateTime, doubts: u64) {
        let milliseconds = moment.unix_timestamp_nanos() / 1_000_000;
        self.heard.store(i64::try_from(milliseconds).unwrap_or(NEVER), Ordering::Release);
        self.settled.store(doubts, Ordering::Release);
    }

    /// Gives the status of everything that this CA has issued to `take`: at least as new as [`Self::known_until`] and
    /// [`Self::next`] said before.
    pub fn each(&self, ca: &CaId, take: &mut dyn FnMut(&[u8], &SerialStatus)) {
        self.serials(ca).each(take);
    }

    fn serials(&self, ca: &CaId) -> Arc<Serials> {
        if let Some(known) = self.issuers.read().unwrap_or_else(PoisonError::into_inner).get(ca) {
            return Arc::clone(known);
        }
        let mut issuers = self.issuers.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(issuers.entry(ca.clone()).or_default())
    }

    fn read(&self) -> MutexGuard<'_, Read> {
        // Nothing panics while it holds the lock.
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one CA says of serial numbers, out of a [`StatusIndex`].
#[derive(Debug)]
pub struct IndexedStatus {
    index: Arc<StatusIndex>,
    serials: Arc<Serials>,
    certificates: Certificates,
}

impl IndexedStatus {
    /// Up to when the index knows, where it may speak.
    fn known_until(&self) -> Option<OffsetDateTime> {
        let until = self.index.known_until()?;
        (self.index.clock.now() - until <= LONGEST_SILENCE).then_some(until)
    }
}

impl StatusSource for IndexedStatus {
    fn status(&self, serial: &SerialNumber) -> Result<SerialStatus, StorageError> {
        Ok(self.known(serial)?.status)
    }

    fn known(&self, serial: &SerialNumber) -> Result<Known, StorageError> {
        if let Some(known) = self.at_hand(serial) {
            return Ok(known);
        }
        // Also of what is not in the index: another node may have issued it a moment ago.
        Ok(Known { status: self.certificates.status(serial)?, as_of: None, edition: None, until: None })
    }

    fn at_hand(&self, serial: &SerialNumber) -> Option<Known> {
        // Both before the status is looked up: it is then at least as new as they say.
        let (edition, until) = (self.edition(serial), self.known_until()?);
        let status = self.serials.find(serial)?;
        let as_of = match &status {
            SerialStatus::Revoked(revocation) => until.max(revocation.at),
            _ => until,
        };
        Some(Known { status, as_of: Some(as_of), edition, until: None })
    }

    fn edition(&self, serial: &SerialNumber) -> Option<Edition> {
        self.index.known_until()?;
        self.serials.edition(serial)
    }
}
