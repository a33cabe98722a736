//! Follows the ledger to see which certificates changed since a CA's newest CRLs, whichever node of a cluster revoked
//! or published.

use std::collections::BTreeMap;

use super::name::{CrlName, Form, Partition};
use crate::authority::{CRL_PUBLISHED, HELD, RELEASED, REVOKED};
use crate::certificate::CaId;
use crate::ledger::index::Query;
use crate::ledger::{self, Action, Glimpse, Position};
use crate::serial::SerialNumber;
use crate::storage::{StorageError, Store};

/// A detail of [`CRL_PUBLISHED`]: the CRL lists whatever stands in the ledger before this position.
pub(crate) const COVERS: &str = "covers";
/// A detail of a change of status: the shard of the certificate.
pub(crate) const SHARD: &str = "crl-shard";
/// A detail of a change of status that waits for the next CRL: the certificate's profile says so.
pub(crate) const WAITS: &str = "crl";
/// Its value.
pub(crate) const FOR_SCHEDULE: &str = "scheduled";

/// How many events one pass reads at a time.
const PAGE: usize = 1_000;

/// How many events one look into the ledger's index asks for, and how many such looks a start may take: beyond, signing
/// is faster than reading.
const LOOK: usize = 5_000;
const MOST_LOOKS: usize = 40;

/// The most changes that are remembered between two full CRLs of a partition. Beyond, a full CRL is shorter to make
/// than to explain.
const MOST_CHANGES: usize = 100_000;

/// What changed since a CA's newest CRLs.
#[derive(Debug, Clone)]
pub(super) struct CrlWatch {
    ca: CaId,
    /// Nothing is known of what stands before this.
    from: Position,
    /// Where to go on reading.
    next: Position,
    partitions: BTreeMap<Partition, Seen>,
}

#[derive(Debug, Clone, Default)]
struct Seen {
    /// The last change that is to be published at once.
    urgent: Option<Position>,
    /// What changed since the newest full CRL, with the place of its last change.
    changed: BTreeMap<SerialNumber, Position>,
    /// Changes before this were forgotten, since there were too many.
    forgotten: Position,
    /// The newest CRL covers what stands before this.
    covered: Position,
}

impl CrlWatch {
    /// Begins to watch from `from` on; what came before counts as covered.
    pub(super) const fn from(ca: CaId, from: Position) -> Self {
        Self { ca, from, next: from, partitions: BTreeMap::new() }
    }

    /// As [`Self::from`], and has read what stands there now, by the ledger's index; `None` where that is too much.
    pub(super) fn caught_up(
        store: &dyn Store,
        ca: CaId,
        from: Position,
    ) -> Result<Option<Self>, StorageError> {
        let size = Position(store.ledger_size()?);
        let mut watch = Self { next: size, ..Self::from(ca, from) };
        let mut looks = 0;
        for action in [REVOKED, HELD, RELEASED, CRL_PUBLISHED] {
            let query = Query { action: Some(action.as_str().to_owned()), ..Query::default() };
            let mut place = Some(from);
            while let Some(from) = place.filter(|from| *from < size) {
                if looks == MOST_LOOKS {
                    return Ok(None);
                }
                looks += 1;
                let found = query.run(store, from, LOOK)?;
                // What came meanwhile is for the next look.
                for recorded in found.items.iter().filter(|recorded| recorded.position < size) {
                    watch.see(recorded.position, &Glimpse::of(recorded)?);
                }
                place = found.next;
            }
        }
        Ok(Some(watch))
    }

    /// Reads what came since the last look.
    pub(super) fn look(&mut self, store: &dyn Store) -> Result<(), StorageError> {
        loop {
            let batch = ledger::read(store, self.next, PAGE)?;
            for recorded in &batch {
                self.see(recorded.position, &Glimpse::of(recorded)?);
            }
            match batch.last() {
                Some(last) => self.next = Position(last.position.0 + 1),
                None => return Ok(()),
            }
        }
    }

    /// Whether there is a change that the newest CRLs of this partition do not cover and that does not wait.
    pub(super) fn lacks(&self, partition: Partition) -> bool {
        self.partitions.get(&partition).is_some_and(Seen::lacks)
    }

    /// What changed from `since` on; `None` when that is not known.
    pub(super) fn changes(&self, partition: Partition, since: Position) -> Option<Vec<SerialNumber>> {
        let seen = self.partitions.get(&partition);
        if since < self.from || seen.is_some_and(|seen| since < seen.forgotten) {
            return None;
        }
        let changed = seen.map(|seen| &seen.changed).into_iter().flatten();
        Some(changed.filter(|(_, at)| **at >= since).map(|(serial, _)| serial.clone()).collect())
    }

    fn see(&mut self, position: Position, event: &Glimpse<'_>) {
        let is = |action: &Action| event.action() == action.as_str();
        if [REVOKED, HELD, RELEASED].iter().any(is) {
            let of = event.subject().strip_prefix("certificate:").and_then(|of| of.split_once('/'));
            let serial =
                of.filter(|(ca, _)| *ca == self.ca.as_str()).and_then(|(_, serial)| serial.parse().ok());
            if let Some(serial) = serial {
                let shard = event.detail(SHARD).and_then(|number| number.parse().ok());
                let partition = shard.map_or(Partition::FIRST, Partition::shard);
                let waits = event.detail(WAITS) == Some(FOR_SCHEDULE);
                self.partitions.entry(partition).or_default().change(serial, position, waits);
            }
        } else if is(&CRL_PUBLISHED) {
            let name = event.subject().strip_prefix("crl:").and_then(CrlName::from_key);
            if let Some(name) = name.filter(|name| name.ca == self.ca) {
                let covers = event.detail(COVERS).and_then(|text| text.parse().ok());
                let seen = self.partitions.entry(name.partition).or_default();
                seen.published(name.form, Position(covers.unwrap_or(0)));
            }
        }
    }
}

impl Seen {
    fn lacks(&self) -> bool {
        self.urgent.is_some_and(|changed| changed >= self.covered)
    }

    fn change(&mut self, serial: SerialNumber, position: Position, waits: bool) {
        // A start reads action by action, not in the ledger's order.
        if !waits {
            self.urgent = self.urgent.max(Some(position));
        }
        let last = self.changed.entry(serial).or_insert(position);
        *last = position.max(*last);
        if self.changed.len() > MOST_CHANGES {
            let last = self.changed.values().max().copied().unwrap_or(position);
            self.changed.clear();
            self.forgotten = self.forgotten.max(Position(last.0 + 1));
        }
    }

    fn published(&mut self, form: Form, covers: Position) {
        self.covered = self.covered.max(covers);
        if form == Form::Full {
            self.changed.retain(|_, at| *at >= covers);
        }
    }
}
