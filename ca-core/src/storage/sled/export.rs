//! Reads everything as it stood at one moment, while commits go on.
//!
//! First the whole tree, page by page: each page as it stands when it is read. Meanwhile the gate notes which keys are
//! written, and what stands under those is read again, in rounds that become shorter. The last round is read while no
//! change can be applied, which makes its moment the moment of the whole: the keys not noted since they were read have
//! not changed since. Memory holds the keys noted, one page, and the last round.

use std::sync::atomic::Ordering;

use super::gate::{Keys, Watch};
use super::layout::{RECORDS, named};
use super::{Exported, Moment, Shared, StorageError, after_prefix, engine};

/// Entries that are read while commits wait, in the tree's order.
const PAGE: usize = 64;
/// Keys that may be left for the last round, which is to take milliseconds.
const FEW: usize = 64;
/// Rounds after which the last one comes, however many keys are left: where commits are faster than this export, more
/// rounds would not help.
const ROUNDS: usize = 16;

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
        let mut from = RECORDS.to_vec();
        while let Some(last) = self.page(&from, &until)?.into_iter().try_fold(None, |_, (key, entry)| {
            take(entry)?;
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
                take(self.entry(&key)?)?;
            }
        }
        let (entries, moment) = self.last_round()?;
        entries.into_iter().try_for_each(take)?;
        Ok(moment)
    }

    fn page(&self, from: &[u8], until: &[u8]) -> Result<Vec<(Vec<u8>, Exported)>, StorageError> {
        let inside = self.shared.gate.enter();
        inside.trust_all(from, until)?;
        let found = self.shared.disk.tree.range(from..until).take(PAGE);
        let entries = found.map(|found| {
            let (key, octets) = found.map_err(|e| engine(&e))?;
            let value = self.shared.disk.value_of(&octets)?.value;
            Ok((key.to_vec(), exported(&key, Some(value))?))
        });
        entries.collect()
    }

    fn entry(&self, key: &[u8]) -> Result<Exported, StorageError> {
        let inside = self.shared.gate.enter();
        inside.trust(key)?;
        self.read(key)
    }

    fn last_round(&self) -> Result<(Vec<Exported>, Moment), StorageError> {
        let inside = self.shared.gate.enter();
        let touched: Keys = self.watch.touched();
        let entries = touched.iter().map(|key| inside.trust(key).and_then(|()| self.read(key)));
        let entries = entries.collect::<Result<_, _>>()?;
        Ok((entries, Moment { ledger_size: self.shared.ledger_size.load(Ordering::Acquire) }))
    }

    fn read(&self, key: &[u8]) -> Result<Exported, StorageError> {
        let found = self.shared.disk.find(key)?;
        let value = found.map(|octets| self.shared.disk.value_of(&octets)).transpose()?;
        exported(key, value.map(|value| value.value))
    }
}

fn exported(key: &[u8], value: Option<Vec<u8>>) -> Result<Exported, StorageError> {
    let (table, key) = named(key)?;
    Ok(Exported { table: table.to_owned(), key: key.to_vec(), value })
}
