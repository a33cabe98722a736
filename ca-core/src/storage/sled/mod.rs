//! The embedded store, on sled 0.34.
//!
//! All tables lie in one sled tree, told apart by a prefix of the key. sled applies a `Batch` to one tree atomically,
//! crash included: the log marks where the batch begins and ends, and recovery keeps all of it or none. A transaction
//! over several trees would give the same promise by means of a closure that sled runs again at will, without range
//! scans and one tree for each table; the batch is simpler and is computed once, by the one thread that writes.
//!
//! What is promised:
//! - A commit that returned `Ok` survives a kill of the process and, if the drive obeys fdatasync(2), a power cut (see
//!   `disk.rs`; tests kill the process, none cuts the power).
//! - [`get`](Store::get) and [`scan`](Store::scan) show durable state only, and each batch all at once (see `veil.rs`).
//! - After an I/O error, or a panic of the committing thread, no commit succeeds and none hangs; records of the batch
//!   that was under way cannot be read, as nobody knows what a restart will find; all others can.
//! - `flush_async` is never called: it hangs under load (as do transactions that wait for it).

mod committer;
mod disk;
mod draft;
mod layout;
mod veil;

use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use self::committer::{Committer, Waiting};
use self::disk::{Disk, engine};
use self::layout::{Record, record_key, table_prefix};
use self::veil::{Look, Veil};
use super::{
    AuditedChange, CommitError, Committed, Entry, Exported, KeyRange, Moment, Restore, StorageError, Store,
    Table, Versioned, after_prefix,
};

/// A [`Store`] in a folder of this machine. One process at a time.
pub struct SledStore {
    shared: Arc<Shared>,
    /// Taken when the store is dropped: the committing thread ends when nobody can send any more.
    queue: Option<Sender<Waiting>>,
    committer: Option<JoinHandle<()>>,
}

/// What readers and the committing thread share.
struct Shared {
    disk: Disk,
    veil: Veil,
    /// Why the committing thread stopped, once it has.
    stopped: OnceLock<String>,
    #[cfg(test)]
    fault: tests::Fault,
}

impl Shared {
    fn apply(&self, batch: ::sled::Batch) -> Result<(), StorageError> {
        self.disk.tree.apply_batch(batch).map_err(|e| engine(&e))?;
        #[cfg(test)]
        self.fault.strike()?;
        Ok(())
    }

    fn stop(&self, cause: &StorageError) {
        // Only the committing thread stops the store, once.
        let _ = self.stopped.set(cause.0.clone());
    }

    /// What a caller is told whose change was not answered.
    fn unanswered(&self) -> StorageError {
        let cause = self.stopped.get().map_or("its committing thread died", String::as_str);
        StorageError(format!("the store takes no more changes until npki is restarted: {cause}"))
    }
}

impl SledStore {
    /// Opens the store in `folder`; makes it if it is not there.
    ///
    /// # Errors
    /// Another npki holds it, it was written by another version, it is damaged, or the system refused.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, StorageError> {
        let shared = Arc::new(Shared {
            disk: Disk::open(folder.as_ref())?,
            veil: Veil::default(),
            stopped: OnceLock::new(),
            #[cfg(test)]
            fault: tests::Fault::default(),
        });
        let (queue, waiting) = channel();
        let committer = Committer::new(Arc::clone(&shared), waiting)?;
        let committer = std::thread::Builder::new()
            .name("store-committer".to_owned())
            .spawn(|| committer.run())
            .map_err(|error| StorageError(format!("no thread for the store: {error}")))?;
        Ok(Self { shared, queue: Some(queue), committer: Some(committer) })
    }
}

impl SledStore {
    /// Begins to fill a new store in `folder`, which must hold nothing yet.
    ///
    /// # Errors
    /// The folder holds something, or the system refused.
    pub fn begin_restore(_folder: impl AsRef<Path>) -> Result<Box<dyn Restore>, StorageError> {
        Err(StorageError("WIP".to_owned()))
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        self.queue.take();
        if let Some(committer) = self.committer.take() {
            // It ends after the changes that wait. A panic there was its callers' to hear of.
            let _ = committer.join();
        }
    }
}

impl std::fmt::Debug for SledStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SledStore").field("stopped", &self.shared.stopped.get()).finish_non_exhaustive()
    }
}

impl Store for SledStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StorageError> {
        let key = record_key(table, key)?;
        let look = self.shared.veil.look();
        if let Some(seen) = look.at(&key)? {
            return Ok(seen);
        }
        let record = self.shared.disk.record(&key)?;
        record.map(|record| self.shared.disk.value_of(record)).transpose()
    }

    fn scan(&self, table: Table, range: &KeyRange, limit: usize) -> Result<Vec<Entry>, StorageError> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let prefix = table_prefix(table)?;
        let from = [prefix.as_slice(), range.from.as_deref().unwrap_or_default()].concat();
        let until = match &range.until {
            Some(until) => [prefix.as_slice(), until].concat(),
            // A table's prefix begins with `r`, so there always is a key beyond it.
            None => after_prefix(&prefix).unwrap_or_default(),
        };
        let entries = Scan { disk: &self.shared.disk, look: &self.shared.veil.look() };
        let entries = entries.read(&from, &until, limit)?;
        Ok(entries
            .into_iter()
            .map(|(key, seen)| (key.get(prefix.len()..).unwrap_or_default().to_vec(), seen))
            .collect())
    }

    fn commit(&self, change: AuditedChange) -> Result<Committed, CommitError> {
        let (answer, answered) = channel();
        let queue = self.queue.as_ref().ok_or_else(|| self.shared.unanswered())?;
        queue.send(Waiting { change, answer }).map_err(|_| self.shared.unanswered())?;
        // The committing thread answers, or drops the sender: this never hangs.
        answered.recv().map_err(|_| self.shared.unanswered())?
    }

    fn ledger_size(&self) -> Result<u64, StorageError> {
        Ok(self.shared.disk.counts()?.ledger_size)
    }

    fn export(
        &self,
        _take: &mut dyn FnMut(Exported) -> Result<(), StorageError>,
    ) -> Result<Moment, StorageError> {
        Err(StorageError("WIP".to_owned()))
    }
}

/// Merges what the tree holds with what the veil shows instead.
struct Scan<'a> {
    disk: &'a Disk,
    look: &'a Look<'a>,
}

impl Scan<'_> {
    fn read(&self, from: &[u8], until: &[u8], limit: usize) -> Result<Vec<Entry>, StorageError> {
        let mut veiled = self.look.within(from, until)?.peekable();
        let mut entries = Vec::new();
        for found in self.disk.tree.range(from..until) {
            let (key, octets) = found.map_err(|e| engine(&e))?;
            while let Some((earlier, seen)) = veiled.next_if(|(veiled, _)| veiled.as_slice() < key.as_ref()) {
                entries.extend(seen.clone().map(|seen| (earlier.clone(), seen)));
            }
            if entries.len() >= limit {
                break;
            }
            match veiled.next_if(|(veiled, _)| veiled.as_slice() == key.as_ref()) {
                Some((_, seen)) => entries.extend(seen.clone().map(|seen| (key.to_vec(), seen))),
                None => entries.push((key.to_vec(), self.disk.value_of(Record::decode(&octets)?)?)),
            }
        }
        entries.extend(veiled.filter_map(|(key, seen)| Some((key.clone(), seen.clone()?))));
        entries.truncate(limit);
        Ok(entries)
    }
}

#[cfg(test)]
mod tests;
