//! Reading a backup to its end: to know that it is whole, or to fill a new store with it.

use std::io::Read;

use super::reader::{Item, Reader};
use super::{BackupError, BackupFile, Header, Identity, Progress, Summary, Trailer};
use crate::storage::{Moment, Restore, Table};

/// Reads all of a backup and keeps nothing of it: that each octet is what was written, that each entry belongs to one
/// of `tables`, and that the ledger's events are all there, without a gap.
///
/// # Errors
/// Whatever would keep [`restore`] from succeeding, as far as the file is concerned.
pub fn verify(
    input: impl Read,
    identities: &[Identity],
    tables: &[Table],
    progress: &mut dyn FnMut(Progress),
) -> Result<Summary, BackupError> {
    let mut reader = Reader::open(input, identities, tables)?;
    loop {
        if let Item::End(trailer) = reader.next()? {
            progress(reader.progress());
            return Ok(Summary { header: reader.header().clone(), trailer });
        }
        progress(reader.progress());
    }
}

/// Where a backup is restored to. Asked in this order: all files, then the store, then the judgement.
pub trait Destination {
    /// Takes a file. It counts only once [`restore`] returned `Ok`: it belongs in a draft folder until then.
    ///
    /// # Errors
    /// It could not be kept.
    fn file(&mut self, file: BackupFile) -> Result<(), BackupError>;

    /// Begins the new store. The settings are among the files that came before.
    ///
    /// # Errors
    /// The engine failed, or the files do not say which.
    fn store(&mut self) -> Result<Box<dyn Restore>, BackupError>;

    /// Decides, when all was read and found whole, whether it may be put into use: an installation must never go back
    /// behind a checkpoint that was cosigned.
    ///
    /// # Errors
    /// It may not.
    fn judge(&mut self, header: &Header, trailer: &Trailer) -> Result<(), BackupError>;
}

/// Restores a backup to a new place; its store is put into use when all of it was read, found whole and agreed to.
///
/// # Errors
/// The file is no backup, not for these identities, damaged, cut short, or has a table that is none of `tables`; the
/// engine failed, or `to` refused. The new store is then left unfinished, and no engine opens such a one.
pub fn restore(
    input: impl Read,
    identities: &[Identity],
    tables: &[Table],
    to: &mut dyn Destination,
    progress: &mut dyn FnMut(Progress),
) -> Result<Summary, BackupError> {
    let mut reader = Reader::open(input, identities, tables)?;
    let mut item = reader.next()?;
    while let Item::File(file) = item {
        to.file(file)?;
        item = reader.next()?;
    }
    let mut store = to.store()?;
    loop {
        progress(reader.progress());
        match item {
            Item::File(file) => to.file(file)?,
            Item::Entry(entry) => store.put(entry.table, &entry.key, entry.value.as_deref())?,
            Item::End(trailer) => {
                to.judge(reader.header(), &trailer)?;
                store.finish(Moment { ledger_size: trailer.ledger_size })?;
                return Ok(Summary { header: reader.header().clone(), trailer });
            }
        }
        item = reader.next()?;
    }
}
