//! Fills the status index from the store, and keeps it level with what other nodes commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::followed::status;
use super::serials::{Noted, NotedBy};
use super::{SerialStatus, StatusIndex};
use crate::authority::ISSUED;
use crate::certificate::{CERTIFICATES, CertificatePlace};
use crate::clock::Clock;
use crate::ledger::{self, Glimpse, Position};
use crate::storage::{KeyRange, StorageError, Store};

/// How many certificates one step of loading reads.
const PAGE: usize = 1_000;
/// How many events one step of following reads.
const EVENTS_AT_ONCE: u64 = 256;

/// Makes a [`StatusIndex`] follow a store, in steps that are short enough to stop between two of them.
#[derive(Debug)]
pub struct StatusFollower {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    index: Arc<StatusIndex>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Begin,
    /// What stood after so many events, or later, is being read.
    Loading {
        rest: KeyRange,
        after: u64,
    },
    Following,
}

/// How far a step came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// There is more to read at once.
    Behind,
    /// Everything that was committed when the step began is in the index.
    Level,
}

impl StatusFollower {
    /// Follows `store`.
    pub const fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, index: Arc<StatusIndex>) -> Self {
        Self { store, clock, index, stage: Stage::Begin }
    }

    /// Reads on.
    ///
    /// # Errors
    /// Storage failed, or holds what cannot be read. The next step tries the same again.
    pub fn step(&mut self) -> Result<Progress, StorageError> {
        match &self.stage {
            Stage::Begin => {
                // Before the first certificate is read: what changes from here on is told by its event.
                let after = self.store.ledger_size()?;
                self.index.begin(after);
                self.stage = Stage::Loading { rest: KeyRange::all(), after };
                Ok(Progress::Behind)
            }
            Stage::Loading { rest, after } => {
                let (rest, after) = (rest.clone(), *after);
                self.stage = match self.load(rest, after)? {
                    Some(rest) => Stage::Loading { rest, after },
                    None => Stage::Following,
                };
                Ok(Progress::Behind)
            }
            Stage::Following => self.follow(),
        }
    }

    /// Reads one page of certificates; what is left.
    fn load(&self, rest: KeyRange, after: u64) -> Result<Option<KeyRange>, StorageError> {
        let page = self.store.scan(CERTIFICATES, &rest, PAGE)?;
        for (key, entry) in &page {
            let noted = Noted { status: status(&entry.value)?, after, by: NotedBy::Issuance };
            self.index.note(&place(key)?, &noted);
        }
        let last = page.last().filter(|_| page.len() == PAGE);
        Ok(last.map(|(key, _)| rest.after(key)))
    }

    fn follow(&mut self) -> Result<Progress, StorageError> {
        // In this order: the ledger is at least as large as what was noted of it before it is asked, and what it says is
        // of this moment or later.
        let (noted, doubts, moment) = (self.index.next(), self.index.doubts(), self.clock.now());
        let size = self.store.ledger_size()?;
        if size < noted {
            tracing::error!(noted, size, "the ledger is shorter than it was: the status index begins anew");
            self.index.forget();
            self.stage = Stage::Begin;
            return Ok(Progress::Behind);
        }
        let Some((from, until)) = self.index.missing(size) else {
            self.index.level(moment, doubts);
            return Ok(Progress::Level);
        };
        self.read(from, until.min(from.saturating_add(EVENTS_AT_ONCE)))?;
        Ok(Progress::Behind)
    }

    /// Takes note of what these events changed, as it stands now.
    fn read(&self, from: u64, until: u64) -> Result<(), StorageError> {
        let limit = usize::try_from(until.saturating_sub(from)).unwrap_or(usize::MAX);
        let events = ledger::read(self.store.as_ref(), Position(from), limit)?;
        let Some(last) = events.last().filter(|last| last.position.0 < until) else {
            return Err(StorageError(format!("the ledger does not show event {from}")));
        };
        let mut changed: BTreeMap<Vec<u8>, (u64, NotedBy)> = BTreeMap::new();
        for recorded in &events {
            let event = Glimpse::of(recorded)?;
            let issued = event.action() == ISSUED.as_str();
            let by = if issued { NotedBy::Issuance } else { NotedBy::Change };
            for key in event.touched(CERTIFICATES) {
                changed.insert(key?, (recorded.position.0.saturating_add(1), by));
            }
        }
        let changed: Vec<(Vec<u8>, (u64, NotedBy))> = changed.into_iter().collect();
        for part in changed.chunks(PAGE) {
            let keys: Vec<Vec<u8>> = part.iter().map(|(key, _)| key.clone()).collect();
            let found = self.store.get_many(CERTIFICATES, &keys)?;
            for ((key, (after, by)), entry) in part.iter().zip(found) {
                let status = entry.map_or(Ok(SerialStatus::Unknown), |entry| status(&entry.value))?;
                self.index.note(&place(key)?, &Noted { status, after: *after, by: *by });
            }
        }
        self.index.has_read(from, last.position.0.saturating_add(1));
        Ok(())
    }
}

fn place(key: &[u8]) -> Result<CertificatePlace, StorageError> {
    let damaged = || StorageError(format!("the key of a certificate cannot be read: {}", hex::encode(key)));
    CertificatePlace::from_key(key).ok_or_else(damaged)
}
