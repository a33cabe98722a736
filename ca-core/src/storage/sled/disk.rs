//! The sled tree on disk: opened once, read record by record, made durable.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

use super::draft::Counts;
use super::layout::{Body, FORMAT, FORMAT_KEY, LEDGER_KEY, Record, SEQUENCE_KEY};
use crate::storage::{HELD, StorageError, Version, Versioned};

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
    pub(super) fn open(folder: &Path) -> Result<Self, StorageError> {
        // Personal data lies here: for this account only.
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|e| failed_at(folder, &e))?;
        let lock = lock(folder)?;
        let tree = open_tree(folder)?;
        let log = File::open(folder.join("db")).map_err(|e| failed_at(folder, &e))?;
        let disk = Self { tree, log, _lock: lock };
        disk.claim(folder)?;
        Ok(disk)
    }

    /// Writes the layout's name into a new store; refuses one that is laid out otherwise.
    fn claim(&self, folder: &Path) -> Result<(), StorageError> {
        match self.tree.get(FORMAT_KEY).map_err(|e| engine(&e))? {
            Some(format) if format == FORMAT => Ok(()),
            None if self.tree.is_empty() => {
                self.tree.insert(FORMAT_KEY, FORMAT).map_err(|e| engine(&e))?;
                self.make_durable()?;
                sync_folder(folder)?;
                folder.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), sync_folder)
            }
            _ => Err(StorageError(format!(
                "{} was not written by this version of npki; restore it with the version that wrote it",
                folder.display()
            ))),
        }
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

    /// What the store counts, as of the last batch applied.
    pub(super) fn counts(&self) -> Result<Counts, StorageError> {
        Ok(Counts { sequence: self.count(SEQUENCE_KEY)?, ledger_size: self.count(LEDGER_KEY)? })
    }

    fn count(&self, key: &[u8]) -> Result<u64, StorageError> {
        let Some(octets) = self.tree.get(key).map_err(|e| engine(&e))? else { return Ok(0) };
        let octets = octets.as_ref().try_into().map_err(|_| damaged("one of its counts"))?;
        Ok(u64::from_be_bytes(octets))
    }

    /// The record under a key of the tree.
    pub(super) fn record(&self, key: &[u8]) -> Result<Option<Record>, StorageError> {
        let found = self.tree.get(key).map_err(|e| engine(&e))?;
        found.map(|octets| Record::decode(&octets)).transpose()
    }

    /// A record with its value.
    pub(super) fn value_of(&self, record: Record) -> Result<Versioned, StorageError> {
        let Record { version, body } = record;
        let blob = match body {
            Body::Inline(value) => return Ok(Versioned { value, version }),
            Body::Chunked(blob) => blob,
        };
        let mut value = Vec::new();
        for key in blob.chunk_keys() {
            let chunk = self.tree.get(key).map_err(|e| engine(&e))?;
            value.extend_from_slice(&chunk.ok_or_else(|| damaged("a part of a large value"))?);
        }
        if value.len() as u64 != blob.length {
            return Err(damaged("a part of a large value"));
        }
        Ok(Versioned { value, version })
    }

    /// The version under a key of the tree.
    pub(super) fn version(&self, key: &[u8]) -> Result<Option<Version>, StorageError> {
        Ok(self.record(key)?.map(|record| record.version))
    }
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
    let config = ::sled::Config::new().path(folder).cache_capacity(CACHE);
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

fn sync_folder(folder: &Path) -> Result<(), StorageError> {
    File::open(folder).and_then(|opened| opened.sync_all()).map_err(|e| failed_at(folder, &e))
}

/// The engine's failure as ours.
pub(super) fn engine(error: &::sled::Error) -> StorageError {
    StorageError(error.to_string())
}

fn failed_at(path: &Path, error: &io::Error) -> StorageError {
    StorageError(format!("{}: {error}", path.display()))
}

fn damaged(what: &str) -> StorageError {
    StorageError(format!("the store is damaged: {what} is missing; restore it from a backup"))
}
