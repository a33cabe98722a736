//! Reading a backup to its end: to know that it is whole, or to fill a new store with it.

use std::io::Read;

use super::reader::{Item, Reader};
use super::{BackupError, BackupFile, Identity, Progress, Summary, Trailer};
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

/// Fills `into` with a backup's entries and gives its files to `files`; puts the store into use when all of it was
/// read, found whole, and `judge` agreed to its trailer.
///
/// What `files` is given counts only once this returned `Ok`: it belongs in a draft folder until then.
///
/// # Errors
/// The file is no backup, not for these identities, damaged, cut short, or has a table that is none of `tables`; the
/// engine failed; `files` or `judge` refused. The new store is then left unfinished, and no engine opens such a one.
pub fn restore(
    input: impl Read,
    identities: &[Identity],
    tables: &[Table],
    mut into: Box<dyn Restore>,
    files: &mut dyn FnMut(BackupFile) -> Result<(), BackupError>,
    judge: &dyn Fn(&Trailer) -> Result<(), BackupError>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Summary, BackupError> {
    let mut reader = Reader::open(input, identities, tables)?;
    loop {
        match reader.next()? {
            Item::File(file) => files(file)?,
            Item::Entry(entry) => into.put(entry.table, &entry.key, entry.value.as_deref())?,
            Item::End(trailer) => {
                judge(&trailer)?;
                into.finish(Moment { ledger_size: trailer.ledger_size })?;
                progress(reader.progress());
                return Ok(Summary { header: reader.header().clone(), trailer });
            }
        }
        progress(reader.progress());
    }
}
