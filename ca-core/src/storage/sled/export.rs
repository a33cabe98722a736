//! Reads everything as it stood at one moment, while commits go on.
//!
//! First the whole tree, page by page: each page as it stands when it is read. Meanwhile the gate notes which keys are
//! written, and what stands under those is read again, in rounds that become shorter. The last round is read while no
//! change can be applied, which makes its moment the moment of the whole: the keys not noted since they were read have
//! not changed since. Memory holds the keys noted, one page, and the last round.

use std::sync::atomic::Ordering;

use super::disk::engine;
use super::gate::{Keys, Watch};
use super::layout::{EVENT_PAGE, RECORDS, named};
use super::page::{self, PageNumber};
use super::{Exported, Moment, Shared, StorageError};
use crate::ledger::EVENTS;
use crate::storage::after_prefix;

/// Entries that are read while commits wait, in the tree's order.
const PAGE: usize = 64;
/// Keys that may be left for the last round, which is to take milliseconds.
const FEW: usize = 64;
/// Rounds after which the last one comes, however many keys are left: where commits are faster than this export, more
/// rounds would not help.
const ROUNDS: usize = 16;

/// A key of the tree, and the entries that lie under it.
type Read = (Vec<u8>, Vec<Exported>);

/// An export under way.
pub(super) struct Export<'a> {
    shared: &'a Shared,
    watch: Watch<'a>,
}

impl<'a> Export<'a> {
    pub(super) fn begin(shared: &'a Shared) -> Self {
        Self { shared, watch: shared.gate.watch() }
    }

    pub(super) fn run(
        self,
        take: &mut dyn FnMut(Exported) -> Result<(), StorageError>,
    ) -> Result<Moment, StorageError> {
        let until = after_prefix(RECORDS).unwrap_or_default();
        // Pages of events come just before the records.
        let mut from = EVENT_PAGE.to_vec();
        while let Some(last) = self.page(&from, &until)?.into_iter().try_fold(None, |_, (key, entries)| {
            entries.into_iter().try_for_each(&mut *take)?;
            Ok::<_, StorageError>(Some(key))
        })? {
            from = last;
            from.push(0);
        }
        for _ in 0..ROUNDS {
            if self.watch.count() <= FEW {
                break;
            }
            for key in self.watch.touched() {
                self.entries(&key)?.into_iter().try_for_each(&mut *take)?;
            }
        }
        let (entries, moment) = self.last_round()?;
        entries.into_iter().try_for_each(take)?;
        Ok(moment)
    }

    fn page(&self, from: &[u8], until: &[u8]) -> Result<Vec<Read>, StorageError> {
        let inside = self.shared.gate.enter();
        inside.trust_all(from, until)?;
        let found = self.shared.disk.tree.range(from..until).take(PAGE);
        let entries = found.map(|found| {
            let (key, octets) = found.map_err(|e| engine(&e))?;
            Ok((key.to_vec(), self.exported(&key, Some(&octets))?))
        });
        entries.collect()
    }

    fn entries(&self, key: &[u8]) -> Result<Vec<Exported>, StorageError> {
        let inside = self.shared.gate.enter();
        inside.trust(key)?;
        self.read(key)
    }

    fn last_round(&self) -> Result<(Vec<Exported>, Moment), StorageError> {
        let inside = self.shared.gate.enter();
        let touched: Keys = self.watch.touched();
        let entries = touched.iter().map(|key| inside.trust(key).and_then(|()| self.read(key)));
        let entries: Vec<Vec<Exported>> = entries.collect::<Result<_, _>>()?;
        let moment = Moment { ledger_size: self.shared.ledger_size.load(Ordering::Acquire) };
        Ok((entries.into_iter().flatten().collect(), moment))
    }

    fn read(&self, key: &[u8]) -> Result<Vec<Exported>, StorageError> {
        self.exported(key, self.shared.disk.find(key)?.as_deref())
    }

    /// What lies so under a key: one entry, or a page of events.
    fn exported(&self, key: &[u8], octets: Option<&[u8]>) -> Result<Vec<Exported>, StorageError> {
        let value = |record: &[u8]| Ok::<_, StorageError>(self.shared.disk.value_of(record)?.value);
        if key.starts_with(EVENT_PAGE) {
            let number = PageNumber::from_key(key)?;
            let events = page::entries(octets.unwrap_or_default())?.into_iter();
            let events = events.map(|(slot, record)| {
                let (table, key) = (EVENTS.name().to_owned(), number.position(slot).key().to_vec());
                Ok(Exported { table, key, value: Some(value(record)?) })
            });
            return events.collect();
        }
        let (table, key) = named(key)?;
        Ok(vec![Exported {
            table: table.to_owned(),
            key: key.to_vec(),
            value: octets.map(value).transpose()?,
        }])
    }
}
