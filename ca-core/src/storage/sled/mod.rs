//! The embedded store: sled 0.34 behind a journal of our own.
//!
//! A change goes this way:
//! 1. its caller makes it ready and waits in line ([`group`](super::group));
//! 2. the committing thread takes all that wait, judges them one on top of the other, and appends what holds to the
//!    journal as one frame: one write, one fdatasync ([`committer`], [`journal`]). From here on it is durable;
//! 3. the batch is applied to the tree, in memory, while readers are kept out for some hundred microseconds
//!    ([`gate`]), and everyone is answered ([`applier`]). The next batch is on its way to the disk meanwhile;
//! 4. every few seconds sled flushes, and the journal files that this covers are used again ([`keeper`]).
//!
//! Why not sled alone: its flush costs several writes and syncs, and its batches more than its single inserts. With the
//! journal in front, a batch need not be atomic in sled: whatever part of it a crash leaves there, opening the store
//! does all frames since the last flush again, in order, and the same writes give the same state.
//!
//! All tables lie in one sled tree, told apart by a prefix of the key (`layout.rs`); events lie in pages of eight
//! (`page.rs`).
//!
//! What is promised:
//! - A commit that returned `Ok` survives a kill of the process and, if the drive obeys fdatasync(2), a power cut
//!   (tests kill the process, none cuts the power).
//! - [`get`](Store::get) and [`scan`](Store::scan) show durable state only, and each change all at once.
//! - After an I/O error, a full disk, or a panic of one of its threads, no commit succeeds and none hangs. Records can
//!   still be read, except those of a batch that was applied by half.
//! - `flush_async` is never called: it hangs under load (as do transactions that wait for it).

mod applier;
mod committer;
mod disk;
mod draft;
mod export;
mod frame;
mod gate;
mod journal;
mod keeper;
mod layout;
mod ops;
mod page;
mod reading;
mod restore;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use self::committer::{Committer, Journaled};
use self::disk::Disk;
use self::draft::Prepared;
use self::gate::Gate;
use self::journal::Shelf;
use self::reading::Reading;
use super::group::Group;
use super::{
    AuditedChange, CommitError, Committed, Entry, Exported, KeyRange, Moment, Restore, StorageError, Store,
    Table, Versioned,
};

/// Batches that may be durable and wait to be shown: enough to keep the disk and the processor busy together.
const AHEAD: usize = 1;

type Verdict = Result<Committed, CommitError>;
/// What a caller is told, and the change it handed in, whose memory is its own to free.
type Done = (Verdict, Prepared);

/// A [`Store`] in a folder of this machine. One process at a time.
pub struct SledStore {
    shared: Arc<Shared>,
    /// They end in this order, each because the one before did.
    committing: Vec<JoinHandle<()>>,
    keeper: Option<JoinHandle<()>>,
}

/// What readers and the store's threads share.
struct Shared {
    group: Group<Prepared, Done>,
    shelf: Shelf,
    gate: Gate,
    disk: Disk,
    /// The last frame that readers see.
    shown: AtomicU64,
    /// The ledger's size that readers see.
    ledger_size: AtomicU64,
    closing: AtomicBool,
    /// Why the store takes no more changes, once it does not.
    stopped: OnceLock<String>,
    #[cfg(test)]
    fault: tests::Fault,
}

impl Shared {
    /// Lets a reader in.
    fn reading(&self) -> Reading<'_> {
        let inside = self.gate.enter();
        Reading::new(&self.disk, inside, self.ledger_size.load(Ordering::Acquire))
    }

    /// Applies a durable batch and answers its callers.
    fn show(&self, journaled: Journaled) -> Result<(), StorageError> {
        let Journaled { frame, ops, answers } = journaled;
        let apply = |op: ops::Op<'_>| {
            #[cfg(test)]
            self.fault.strike(tests::At::Apply)?;
            self.disk.apply(op)
        };
        let shown = |ledger_size| self.ledger_size.store(ledger_size, Ordering::Release);
        // Stopped before those who wait are sent away, so that they hear why.
        self.gate.pass(&ops, apply, shown).inspect_err(|error| self.stop(error))?;
        self.shown.store(frame, Ordering::Release);
        answers.into_iter().for_each(|(answer, done)| answer.give(done));
        Ok(())
    }

    /// The last frame whose writes are all in the tree.
    fn shown(&self) -> u64 {
        self.shown.load(Ordering::Acquire)
    }

    /// Takes no more changes; who waits is sent away.
    fn stop(&self, cause: &StorageError) {
        if self.stopped.set(cause.0.clone()).is_ok() {
            tracing::error!(%cause, "the store failed; it takes no more changes until npki is restarted");
        }
        self.group.abandon();
        self.shelf.give_up();
    }

    /// What a caller is told whose change was not answered.
    fn unanswered(&self) -> StorageError {
        let cause = self.stopped.get().map_or("its committing thread died", String::as_str);
        StorageError(format!("the store takes no more changes until npki is restarted: {cause}"))
    }
}

/// Stops the store when a thread of it panics.
struct Alive<'a>(&'a Shared);

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop(&StorageError("one of its threads died".to_owned()));
        }
    }
}

impl SledStore {
    /// Opens the store in `folder`; makes it if it is not there. What was committed and not yet flushed when the store
    /// was last in use is done again first.
    ///
    /// # Errors
    /// Another npki holds it, it was written by another version, a restore into it was not finished, it is damaged, or
    /// the system refused.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, StorageError> {
        let (disk, shelf) = (Disk::open(folder.as_ref())?, Shelf::new(folder.as_ref()));
        let known = disk.known()?;
        let last =
            journal::replay(&shelf, known, |batch| ops::read(batch).try_for_each(|op| disk.apply(op?)))?;
        if last > known.flushed {
            disk.keep(last)?;
        }
        shelf.retire(last)?;
        Self::start(disk, shelf, last)
    }

    /// Begins to fill a new store in `folder`, which must be empty or absent. Until that is finished, the folder cannot
    /// be opened as a store.
    ///
    /// # Errors
    /// The folder is not empty, or the system refused.
    pub fn begin_restore(folder: &Path) -> Result<impl Restore + use<>, StorageError> {
        restore::Filling::begin(folder)
    }

    fn start(disk: Disk, shelf: Shelf, last: u64) -> Result<Self, StorageError> {
        let end = disk.end()?;
        let shared = Arc::new(Shared {
            group: Group::default(),
            shelf,
            gate: Gate::default(),
            disk,
            shown: AtomicU64::new(last),
            ledger_size: AtomicU64::new(end.counts.ledger_size),
            closing: AtomicBool::new(false),
            stopped: OnceLock::new(),
            #[cfg(test)]
            fault: tests::Fault::default(),
        });
        let mut store = Self { shared: Arc::clone(&shared), committing: Vec::new(), keeper: None };
        let (hand_on, journaled) = sync_channel(AHEAD);
        let committing = move |shared: &Shared| Committer::new(shared, last, end, hand_on).run();
        store.committing.push(thread("store-committer", &shared, committing)?);
        store.committing.push(thread("store-applier", &shared, |shared| applier::run(shared, journaled))?);
        store.keeper = Some(thread("store-keeper", &shared, move |shared| keeper::run(shared, last))?);
        Ok(store)
    }
}

/// A thread of the store; the store stops when it panics.
fn thread(
    name: &str,
    shared: &Arc<Shared>,
    run: impl FnOnce(&Shared) + Send + 'static,
) -> Result<JoinHandle<()>, StorageError> {
    let shared = Arc::clone(shared);
    let alive = move || {
        let alive = Alive(&shared);
        run(alive.0);
    };
    let started = std::thread::Builder::new().name(name.to_owned()).spawn(alive);
    started.map_err(|error| StorageError(format!("no thread for the store: {error}")))
}

impl Drop for SledStore {
    fn drop(&mut self) {
        // The committing threads end after the changes that wait; then the keeper flushes and retires the journal. A
        // panic there was its callers' to hear of.
        self.shared.group.close();
        for committing in self.committing.drain(..) {
            let _ = committing.join();
        }
        self.shared.closing.store(true, Ordering::Release);
        self.shared.shelf.give_up();
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
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
        self.shared.reading().get(table, key)
    }

    fn get_many(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>, StorageError> {
        let reading = self.shared.reading();
        keys.iter().map(|key| reading.get(table, key)).collect()
    }

    fn scan(&self, table: Table, range: &KeyRange, limit: usize) -> Result<Vec<Entry>, StorageError> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        self.shared.reading().scan(table, range, limit)
    }

    fn commit(&self, change: AuditedChange) -> Result<Committed, CommitError> {
        let prepared = Prepared::new(change)?;
        // Answered, or sent away: this never hangs.
        let (verdict, _) = self.shared.group.submit(prepared).ok_or_else(|| self.shared.unanswered())?;
        verdict
    }

    fn ledger_size(&self) -> Result<u64, StorageError> {
        Ok(self.shared.ledger_size.load(Ordering::Acquire))
    }

    fn export(
        &self,
        take: &mut dyn FnMut(Exported) -> Result<(), StorageError>,
    ) -> Result<Moment, StorageError> {
        export::Export::begin(&self.shared).run(take)
    }
}

#[cfg(test)]
mod tests;
