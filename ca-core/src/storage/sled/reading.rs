//! What a reader finds in the tree while it is inside the gate.

use super::disk::{Disk, engine};
use super::gate::Inside;
use super::layout::{record_key, table_prefix};
use super::page::{self, PageNumber};
use crate::ledger::{EVENTS, Position};
use crate::storage::{Entry, KeyRange, StorageError, Table, Versioned, after_prefix};

/// A reader; what it sees does not change as long as it is there.
pub(super) struct Reading<'a> {
    disk: &'a Disk,
    inside: Inside<'a>,
    /// How many events the reader sees. These are whole, also where a batch was applied by half that shares a page
    /// with the last of them.
    ledger_size: u64,
}

impl<'a> Reading<'a> {
    /// A reader inside, where the ledger has so many events.
    pub(super) const fn new(disk: &'a Disk, inside: Inside<'a>, ledger_size: u64) -> Self {
        Self { disk, inside, ledger_size }
    }

    /// What stands under a key.
    pub(super) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StorageError> {
        if table == EVENTS {
            // No event has a key that is no position.
            return Position::from_key(key).map_or(Ok(None), |position| self.event(position));
        }
        let key = record_key(table, key)?;
        self.inside.trust(&key)?;
        self.disk.find(&key)?.map(|octets| self.disk.value_of(&octets)).transpose()
    }

    fn event(&self, position: Position) -> Result<Option<Versioned>, StorageError> {
        let key = PageNumber::of(position).key();
        if position.0 >= self.ledger_size {
            return self.inside.trust(&key).map(|()| None);
        }
        let Some(page) = self.disk.find(&key)? else { return Ok(None) };
        page::find(&page, position)?.map(|record| self.disk.value_of(record)).transpose()
    }

    /// At most `limit` entries of a range that is not empty.
    pub(super) fn scan(
        &self,
        table: Table,
        range: &KeyRange,
        limit: usize,
    ) -> Result<Vec<Entry>, StorageError> {
        if table == EVENTS {
            return self.events(range, limit);
        }
        let prefix = table_prefix(table)?;
        let from = [prefix.as_slice(), range.from.as_deref().unwrap_or_default()].concat();
        let until = match &range.until {
            Some(until) => [prefix.as_slice(), until].concat(),
            // A table's prefix begins with `r`, so there always is a key beyond it.
            None => after_prefix(&prefix).unwrap_or_default(),
        };
        self.inside.trust_all(&from, &until)?;
        let found = self.disk.tree.range(from..until).take(limit);
        let entries = found.map(|found| {
            let (key, octets) = found.map_err(|e| engine(&e))?;
            let key = key.get(prefix.len()..).unwrap_or_default().to_vec();
            Ok((key, self.disk.value_of(&octets)?))
        });
        entries.collect()
    }

    fn events(&self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>, StorageError> {
        let from = range.from.as_deref().unwrap_or_default();
        let beyond = |key: &[u8]| range.until.as_deref().is_some_and(|until| key >= until);
        let (first, until) = (PageNumber::of(not_after(from)).key(), PageNumber::beyond_all());
        let trust = self.inside.trust_all(&first, &until);
        let mut found = Vec::new();
        'pages: for page in self.disk.tree.range(first..until) {
            let (key, octets) = page.map_err(|e| engine(&e))?;
            let number = PageNumber::from_key(&key)?;
            for (slot, record) in page::entries(&octets)? {
                let position = number.position(slot);
                let key = position.key();
                if found.len() == limit || beyond(&key) {
                    return Ok(found);
                }
                if position.0 >= self.ledger_size {
                    break 'pages;
                }
                if key.as_slice() >= from {
                    found.push((key.to_vec(), self.disk.value_of(record)?));
                }
            }
        }
        // Here the range may go on behind the last event.
        trust.map(|()| found)
    }
}

/// A position whose key is not after this one, and whose page is the first that can hold a later key.
fn not_after(key: &[u8]) -> Position {
    let mut octets = [0; 8];
    octets.iter_mut().zip(key).for_each(|(octet, given)| *octet = *given);
    Position(u64::from_be_bytes(octets))
}
