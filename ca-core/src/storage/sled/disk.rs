//! The sled tree on disk: opened once, read record by record, made durable.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

use super::draft::{Counts, End};
use super::journal::Known;
use super::layout::{
    Blob, Body, FLUSHED_KEY, FORMAT, FORMAT_KEY, LEDGER_KEY, RESTORING, Record, SEEN_KEY, SEQUENCE_KEY,
};
use super::ops::Op;
use super::page::PageNumber;
use crate::ledger::Position;
use crate::storage::{HELD, StorageError, Versioned};

/// Memory sled may use for pages it has read, in octets. Its default is 1 GiB, more than a small server can spare.
const CACHE: u64 = 256 * 1024 * 1024;

/// How often, and how long apart, opening is tried while an earlier store of this process is still letting go: sled's
/// own threads keep its lock for some moments after the last handle is dropped.
const ATTEMPTS: u32 = 250;
const PAUSE: Duration = Duration::from_millis(20);

/// An open store folder.
pub(super) struct Disk {
    pub(super) tree: ::sled::Db,
    /// sled's log, opened a second time for [`Disk::make_durable`].
    log: File,
    /// Held for as long as the store is open: a second npki is told so in plain words, not by sled.
    _lock: File,
}

impl Disk {
    /// Opens a folder that holds a store, or nothing yet.
    pub(super) fn open(folder: &Path) -> Result<Self, StorageError> {
        let disk = Self::take(folder)?;
        disk.claim(folder)?;
        Ok(disk)
    }

    /// Opens a folder that must hold nothing yet, and marks it as being restored into.
    pub(super) fn begin_restore(folder: &Path) -> Result<Self, StorageError> {
        make_folder(folder)?;
        if fs::read_dir(folder).map_err(|e| failed_at(folder, &e))?.next().is_some() {
            return Err(StorageError(format!(
                "{} is not empty; restore into a folder that is new or empty",
                folder.display()
            )));
        }
        let disk = Self::take(folder)?;
        disk.name(RESTORING)?;
        sync_folder_and_parent(folder)?;
        Ok(disk)
    }

    fn take(folder: &Path) -> Result<Self, StorageError> {
        make_folder(folder)?;
        let lock = lock(folder)?;
        let tree = open_tree(folder)?;
        let log = File::open(folder.join("db")).map_err(|e| failed_at(folder, &e))?;
        Ok(Self { tree, log, _lock: lock })
    }

    /// Writes the layout's name into a new store; refuses one that is laid out otherwise.
    fn claim(&self, folder: &Path) -> Result<(), StorageError> {
        match self.tree.get(FORMAT_KEY).map_err(|e| engine(&e))? {
            Some(format) if format == FORMAT => Ok(()),
            Some(format) if format == RESTORING => Err(StorageError(format!(
                "a restore into {} was not finished; delete the folder and restore again",
                folder.display()
            ))),
            None if self.tree.is_empty() => {
                self.name(FORMAT)?;
                sync_folder_and_parent(folder)
            }
            _ => Err(StorageError(format!(
                "{} was not written by this version of npki; restore it with the version that wrote it",
                folder.display()
            ))),
        }
    }

    /// Names the layout, durably.
    pub(super) fn name(&self, format: &[u8]) -> Result<(), StorageError> {
        self.tree.insert(FORMAT_KEY, format).map_err(|e| engine(&e))?;
        self.make_durable()
    }

    /// Makes all that was applied durable.
    ///
    /// sled 0.34 ends `flush()` on Linux with sync_file_range(2), which its manual page calls "extremely dangerous":
    /// neither the file's metadata nor the drive's write cache is flushed, so a power cut could take back what was
    /// acknowledged. fdatasync(2) on the same file closes that gap.
    pub(super) fn make_durable(&self) -> Result<(), StorageError> {
        self.tree.flush().map_err(|e| engine(&e))?;
        self.log.sync_data().map_err(|e| StorageError(format!("the store could not be synced: {e}")))
    }

    /// Where the next change goes on, after the last batch applied.
    pub(super) fn end(&self) -> Result<End, StorageError> {
        let counts = Counts { sequence: self.count(SEQUENCE_KEY)?, ledger_size: self.count(LEDGER_KEY)? };
        let page = self.find(&PageNumber::of(Position(counts.ledger_size)).key())?;
        Ok(End { counts, page: page.map(|page| page.to_vec()).unwrap_or_default() })
    }

    fn count(&self, key: &[u8]) -> Result<u64, StorageError> {
        let Some(octets) = self.tree.get(key).map_err(|e| engine(&e))? else { return Ok(0) };
        let octets = octets.as_ref().try_into().map_err(|_| damaged("one of its counts"))?;
        Ok(u64::from_be_bytes(octets))
    }

    /// What the tree knows of the journal.
    pub(super) fn known(&self) -> Result<Known, StorageError> {
        Ok(Known { flushed: self.count(FLUSHED_KEY)?, seen: self.count(SEEN_KEY)? })
    }

    /// Makes all frames up to `number` durable, which were applied, and notes it.
    pub(super) fn keep(&self, number: u64) -> Result<(), StorageError> {
        self.make_durable()?;
        // Noted only when it is so, and a journal file is retired only when that is noted.
        self.tree.insert(FLUSHED_KEY, &number.to_be_bytes()).map_err(|e| engine(&e))?;
        self.make_durable()
    }

    /// Does one write. No durability: the journal has it.
    pub(super) fn apply(&self, op: Op<'_>) -> Result<(), StorageError> {
        let done = match op {
            Op::Put(key, value) => self.tree.insert(key, value),
            Op::Remove(key) => self.tree.remove(key),
            Op::End(_) => Ok(None),
        };
        done.map(|_| ()).map_err(|e| engine(&e))
    }

    /// What lies under a key of the tree.
    pub(super) fn find(&self, key: &[u8]) -> Result<Option<::sled::IVec>, StorageError> {
        self.tree.get(key).map_err(|e| engine(&e))
    }

    /// The value of a record that lies so in the tree.
    pub(super) fn value_of(&self, octets: &[u8]) -> Result<Versioned, StorageError> {
        let Record { version, body } = Record::decode(octets)?;
        let value = match body {
            Body::Inline(value) => value.to_vec(),
            Body::Chunked(blob) => self.whole(blob)?,
        };
        Ok(Versioned { value, version })
    }

    fn whole(&self, blob: Blob) -> Result<Vec<u8>, StorageError> {
        let mut value = Vec::new();
        for key in blob.chunk_keys() {
            let chunk = self.find(&key)?;
            value.extend_from_slice(&chunk.ok_or_else(|| damaged("a part of a large value"))?);
        }
        if value.len() as u64 != blob.length {
            return Err(damaged("a part of a large value"));
        }
        Ok(value)
    }
}

/// Makes the folder if it is not there. Personal data lies in it: for this account only.
pub(super) fn make_folder(folder: &Path) -> Result<(), StorageError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|e| failed_at(folder, &e))
}

fn lock(folder: &Path) -> Result<File, StorageError> {
    let path = folder.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|e| failed_at(&path, &e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(StorageError(format!("{HELD} {}; stop it first, or choose another folder", folder.display())))
        }
        Err(TryLockError::Error(error)) => Err(failed_at(&path, &error)),
    }
}

fn open_tree(folder: &Path) -> Result<::sled::Db, StorageError> {
    // Flushing is our own keeper's; sled's thread for it would only add flushes that nobody waits for.
    let config = ::sled::Config::new().path(folder).cache_capacity(CACHE).flush_every_ms(None);
    let mut attempt = 0;
    loop {
        match config.open() {
            // Whoever asks holds our lock: only the remains of an earlier store of our own can be in the way.
            Err(error) if attempt < ATTEMPTS && is_locked(&error) => {
                attempt += 1;
                std::thread::sleep(PAUSE);
            }
            other => return other.map_err(|e| StorageError(format!("{}: {e}", folder.display()))),
        }
    }
}

/// sled tells a taken lock from other faults by its text alone.
fn is_locked(error: &::sled::Error) -> bool {
    matches!(error, ::sled::Error::Io(io) if io.to_string().starts_with("could not acquire lock"))
}

fn sync_folder_and_parent(folder: &Path) -> Result<(), StorageError> {
    sync_folder(folder)?;
    folder.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), sync_folder)
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StorageError> {
    crate::durable::sync_folder(folder).map_err(|e| failed_at(folder, &e))
}

/// The engine's failure as ours.
pub(super) fn engine(error: &::sled::Error) -> StorageError {
    StorageError(error.to_string())
}

/// The system's refusal as ours.
pub(super) fn failed_at(path: &Path, error: &io::Error) -> StorageError {
    StorageError(format!("{}: {error}", path.display()))
}

fn damaged(what: &str) -> StorageError {
    StorageError(format!("the store is damaged: {what} is missing; restore it from a backup"))
}
