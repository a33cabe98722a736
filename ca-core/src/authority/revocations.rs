//! Reads what is revoked in a partition, in the order of the serial numbers, and writes it as entries of a CRL.
//!
//! Reading is most of the work of a large CRL, so several readers share it. Serial numbers are random: slices by their
//! first octet are of about one size, and reader N of R takes every R-th slice.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::listing::{Since, listed};
use super::revoke::RevocationEntry;
use crate::certificate::REVOCATIONS;
use crate::crl::list::{Entries, ListWriter};
use crate::storage::{KeyRange, StorageError, Store};

/// How many revocations one look into the store reads. What fits one look has one reader.
const PAGE: usize = 1_000;
/// The most readers: more would not be faster than the one who joins what they read.
const MOST_READERS: usize = 4;
/// How many pages a reader may be ahead: it bounds memory, and is a slice of a CRL of a million entries.
const AHEAD: usize = 32;

/// The revocations of one partition.
pub(super) struct Revocations<'a> {
    pub(super) store: &'a dyn Store,
    /// What their keys begin with.
    pub(super) prefix: &'a [u8],
    pub(super) since: Since,
}

/// What a reader hands on.
enum Read {
    Page(Entries),
    EndOfSlice,
}

impl Revocations<'_> {
    /// Adds all of them to a list.
    pub(super) fn list(&self, list: &mut ListWriter) -> Result<(), StorageError> {
        let (entries, rest) = self.page(KeyRange::prefix(self.prefix))?;
        if rest.is_none() {
            list.append(&entries);
            return Ok(());
        }
        let readers = std::thread::available_parallelism().map_or(1, |processors| processors.get());
        self.list_by(readers.min(MOST_READERS), list)
    }

    fn list_by(&self, readers: usize, list: &mut ListWriter) -> Result<(), StorageError> {
        std::thread::scope(|scope| {
            let start = |reader: usize| {
                let (hand_on, pages) = sync_channel(AHEAD);
                scope.spawn(move || {
                    let mut slices = (0..=u8::MAX).skip(reader).step_by(readers);
                    slices.try_for_each(|slice| self.read_slice(slice, &hand_on))
                });
                pages
            };
            let reading: Vec<Receiver<_>> = (0..readers).map(start).collect();
            // When this returns early, the readers find nobody to hand on to, and end.
            reading.iter().cycle().take(usize::from(u8::MAX) + 1).try_for_each(|pages| join(pages, list))
        })
    }

    /// Hands on what a slice holds; `None` when nobody wants more.
    fn read_slice(&self, slice: u8, hand_on: &SyncSender<Result<Read, StorageError>>) -> Option<()> {
        let mut rest = Some(KeyRange::prefix(&[self.prefix, &[slice]].concat()));
        while let Some(range) = rest {
            let read = match self.page(range) {
                Ok((entries, further)) => {
                    rest = further;
                    Ok(Read::Page(entries))
                }
                Err(error) => {
                    rest = None;
                    Err(error)
                }
            };
            hand_on.send(read).ok()?;
        }
        hand_on.send(Ok(Read::EndOfSlice)).ok()
    }

    /// The first page of a range, and the range behind it if it was full.
    fn page(&self, range: KeyRange) -> Result<(Entries, Option<KeyRange>), StorageError> {
        let page = self.store.scan(REVOCATIONS, &range, PAGE)?;
        let mut entries = Entries::default();
        for (key, entry) in &page {
            let found: RevocationEntry = serde_json::from_slice(&entry.value)
                .map_err(|error| StorageError(format!("a revocation cannot be read: {error}")))?;
            if self.since.keeps(&found) {
                let serial = key.get(self.prefix.len()..).unwrap_or_default();
                entries.push(&listed(serial, &found.revocation));
            }
        }
        let last = page.last().filter(|_| page.len() == PAGE);
        Ok((entries, last.map(|(last, _)| range.after(last))))
    }
}

/// Adds a slice to the list.
fn join(pages: &Receiver<Result<Read, StorageError>>, list: &mut ListWriter) -> Result<(), StorageError> {
    loop {
        let read = pages.recv().map_err(|_| StorageError("a reader of revocations died".to_owned()))?;
        match read? {
            Read::Page(entries) => list.append(&entries),
            Read::EndOfSlice => return Ok(()),
        }
    }
}
