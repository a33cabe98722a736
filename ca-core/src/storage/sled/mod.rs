//! The embedded store, on sled 0.34.7.
//!
//! One thread commits: it takes all changes that wait, applies each that still holds, makes the batch durable with one
//! `flush`, and then answers everyone. `flush_async` is never used: on this version it can wait for ever when several
//! callers do.
//!
//! Everything lies in one sled tree, a table being a prefix of its keys: sled applies a batch to one tree atomically
//! and logs it as one record, so a change is there whole or not at all after a crash, whichever tables it touches.
//!
//! Readers see committed state only. While a batch is applied and not yet durable, what stood under its keys before
//! is kept in an overlay that readers look into first: no answer rests on a write that a power cut could take back.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::thread::JoinHandle;

use super::{AuditedChange, CommitError, Entry, KeyRange, StorageError, Store, Table, Versioned};

mod committer;
mod layout;

use committer::Committer;
use layout::Slot;

/// The store of a one-machine installation. Dropping it waits for changes under way and closes the files.
#[derive(Debug)]
pub struct SledStore {
    shared: Arc<Shared>,
    submit: Mutex<Option<Sender<Submission>>>,
    committer: Option<JoinHandle<()>>,
}

/// What readers and the committer share.
#[derive(Debug)]
struct Shared {
    tree: ::sled::Db,
    /// For keys of the batch that is not durable yet: what stood there before it.
    before: RwLock<Overlay>,
}

type Overlay = BTreeMap<Vec<u8>, Option<Versioned>>;

/// A change and where its answer goes.
struct Submission {
    change: AuditedChange,
    answer: Sender<Result<(), CommitError>>,
}

impl SledStore {
    /// Opens the store in `folder`, or makes it.
    ///
    /// # Errors
    /// Another process has it open, its files are damaged, or the system refused.
    pub fn open(folder: &Path) -> Result<Self, StorageError> {
        let opened = ::sled::Config::new()
            .path(folder)
            // The committer flushes; sled's own timer would only add wear.
            .flush_every_ms(None)
            .open();
        let tree = opened.map_err(|error| unopened(folder, &error))?;
        let shared = Arc::new(Shared { tree, before: RwLock::default() });
        let (submit, submissions) = channel();
        let committer = Committer::new(Arc::clone(&shared))?;
        let committer = std::thread::Builder::new()
            .name("npki-committer".to_owned())
            .spawn(move || committer.run(&submissions))
            .map_err(|error| StorageError(format!("no thread for the committer: {error}")))?;
        Ok(Self { shared, submit: Mutex::new(Some(submit)), committer: Some(committer) })
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        // Closing the channel ends the committer after the changes that wait.
        drop(self.submit.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(committer) = self.committer.take() {
            let _ = committer.join();
        }
    }
}

impl Store for SledStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StorageError> {
        let slot = layout::key(table, key);
        let before = self.shared.overlay();
        match before.get(&slot) {
            Some(entry) => Ok(entry.clone()),
            None => self.shared.read(&slot),
        }
    }

    fn scan(&self, table: Table, range: &KeyRange, limit: usize) -> Result<Vec<Entry>, StorageError> {
        let bounds = layout::range(table, range);
        // Held over the whole scan, so that the batch under way cannot become half visible in the middle.
        let before = self.shared.overlay();
        let mut hidden = before.range::<Vec<u8>, _>(bounds.clone()).peekable();
        let mut stored = self.shared.tree.range(bounds).map(|found| found.map_err(|e| failed(&e))).peekable();
        let mut entries = Vec::new();
        while entries.len() < limit {
            let next_stored = match stored.peek() {
                Some(Ok((slot, _))) => Some(slot.to_vec()),
                Some(Err(error)) => return Err(error.clone()),
                None => None,
            };
            let (slot, entry) = match (next_stored, hidden.peek()) {
                (None, None) => break,
                (Some(slot), Some((earlier, _))) if slot < **earlier => (slot, self.take(&mut stored)?),
                (Some(slot), None) => (slot, self.take(&mut stored)?),
                (stored_slot, Some((earlier, entry))) => {
                    let taken = ((*earlier).clone(), (*entry).clone());
                    if stored_slot.as_ref() == Some(*earlier) {
                        stored.next();
                    }
                    hidden.next();
                    taken
                }
            };
            if let Some(entry) = entry {
                entries.push((layout::key_of(table, &slot), entry));
            }
        }
        Ok(entries)
    }

    fn commit(&self, change: AuditedChange) -> Result<(), CommitError> {
        super::refuse_repeated_keys(&change)?;
        let (answer, answered) = channel();
        let stopped = || StorageError("the store is closed".to_owned());
        self.submit
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .and_then(|submit| submit.send(Submission { change, answer }).ok())
            .ok_or_else(stopped)?;
        answered.recv().map_err(|_| stopped())?
    }
}

impl SledStore {
    fn take(
        &self,
        stored: &mut impl Iterator<Item = Result<(::sled::IVec, ::sled::IVec), StorageError>>,
    ) -> Result<Option<Versioned>, StorageError> {
        let Some(found) = stored.next() else { return Ok(None) };
        let (slot, bytes) = found?;
        self.shared.assemble(&slot, &bytes).map(Some)
    }
}

impl Shared {
    fn overlay(&self) -> RwLockReadGuard<'_, Overlay> {
        self.before.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what sled holds, durable or not.
    fn read(&self, slot: &[u8]) -> Result<Option<Versioned>, StorageError> {
        let found = self.tree.get(slot).map_err(|error| failed(&error))?;
        found.map(|bytes| self.assemble(slot, &bytes)).transpose()
    }

    /// Puts a value together from its entry and, when it is a large one, its parts.
    fn assemble(&self, slot: &[u8], bytes: &[u8]) -> Result<Versioned, StorageError> {
        let damaged = || StorageError(format!("the entry {} is damaged", hex::encode(slot)));
        match layout::decode(bytes).ok_or_else(damaged)? {
            Slot::Whole { version, value } => Ok(Versioned { value: value.to_vec(), version }),
            Slot::Parts { version, count, length } => {
                let mut value = Vec::with_capacity(length);
                for part in 0..count {
                    let found = self.tree.get(layout::part(version, part)).map_err(|e| failed(&e))?;
                    value.extend_from_slice(&found.ok_or_else(damaged)?);
                }
                if value.len() == length { Ok(Versioned { value, version }) } else { Err(damaged()) }
            }
        }
    }
}

fn failed(error: &::sled::Error) -> StorageError {
    StorageError(error.to_string())
}

fn unopened(folder: &Path, error: &::sled::Error) -> StorageError {
    let locked = matches!(error, ::sled::Error::Io(io) if io.kind() == std::io::ErrorKind::WouldBlock)
        || error.to_string().contains("could not acquire lock");
    if locked {
        StorageError(format!(
            "{} is open in another process: one npki serves a folder at a time",
            folder.display()
        ))
    } else {
        StorageError(format!("{} cannot be opened: {error}", folder.display()))
    }
}

/// Bounds of a sled range.
type Bounds = (Bound<Vec<u8>>, Bound<Vec<u8>>);
