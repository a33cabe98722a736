//! The thread that commits: it takes all changes that wait, has them made durable as one batch, and answers everyone.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::batch::Confirmed;
use crate::storage::group::{Group, Heard, Linger, Most};
use crate::storage::{CommitError, Committed, StorageError};

/// The most changes, and about the most octets of values, that are made durable together: what one batch keeps in
/// memory, and how long its first caller waits for the last.
const MOST: Most = Most { items: 512, octets: 8 * 1024 * 1024 };

/// What became of one change.
pub(super) type Verdict = Result<Committed, CommitError>;

type Callers = Group<Confirmed, Verdict>;

/// What makes a batch durable.
pub(super) trait Engine: Send + 'static {
    /// Waits until it can write, where others write as well; changes that come meanwhile join the batch.
    fn wait_for_turn(&mut self) -> Waited;

    /// Makes those changes of the group durable that still hold, one on top of the other, and says of each whether it
    /// is among them.
    ///
    /// # Errors
    /// The engine failed, and none of the group's callers can be told more than that.
    fn persist(&mut self, group: &[Confirmed]) -> Result<Vec<Verdict>, StorageError>;

    /// Hears of a failure. The next group is tried all the same: a server may come back.
    fn failed(&mut self, error: &StorageError);
}

/// Whether an engine waited for its turn and has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waited {
    /// It did: others wait for it now.
    Yes,
    /// It need not, or could not.
    No,
}

/// The way to the committing thread; ends it when dropped, after the changes that wait.
pub(super) struct Committing {
    callers: Arc<Callers>,
    thread: Option<JoinHandle<()>>,
    longest_wait: Duration,
}

impl Committing {
    /// Starts the committing thread. Nobody waits longer for its answer than `longest_wait`.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(engine: impl Engine, longest_wait: Duration) -> Result<Self, StorageError> {
        let callers = Arc::new(Callers::default());
        let turns = Turns { engine, callers: Arc::clone(&callers), pace: Pace::default() };
        let thread = std::thread::Builder::new()
            .name("store-committer".to_owned())
            .spawn(|| turns.run())
            .map_err(|error| StorageError(format!("no thread for the store: {error}")))?;
        Ok(Self { callers, thread: Some(thread), longest_wait })
    }

    /// Commits one change.
    ///
    /// # Errors
    /// As [`Store::commit`](crate::storage::Store::commit).
    pub(super) fn commit(&self, change: Confirmed) -> Verdict {
        match self.callers.submit_within(change, self.longest_wait) {
            Heard::Answer(verdict) => verdict,
            Heard::Nothing => Err(stopped().into()),
            Heard::TooLate => Err(unanswered(self.longest_wait).into()),
        }
    }
}

impl Drop for Committing {
    fn drop(&mut self) {
        self.callers.close();
        if let Some(thread) = self.thread.take() {
            // A panic there was its callers' to hear of.
            let _ = thread.join();
        }
    }
}

fn stopped() -> StorageError {
    StorageError(
        "the committing thread has stopped; no more changes are taken until npki is restarted".to_owned(),
    )
}

fn unanswered(waited: Duration) -> StorageError {
    StorageError(format!(
        "no answer within {} s; whether the change was kept is not known until it is read back",
        waited.as_secs()
    ))
}

struct Turns<E> {
    engine: E,
    callers: Arc<Callers>,
    pace: Pace,
}

/// However the thread ends, nobody waits for it.
impl<E> Drop for Turns<E> {
    fn drop(&mut self) {
        self.callers.abandon();
    }
}

impl<E: Engine> Turns<E> {
    fn run(mut self) {
        while self.callers.come() {
            let linger = match self.engine.wait_for_turn() {
                Waited::No => self.pace.linger(),
                Waited::Yes => Linger::NOT,
            };
            let Some(group) = self.callers.take(MOST, linger, Confirmed::octets) else { return };
            let (changes, answers): (Vec<_>, Vec<_>) =
                group.into_iter().map(|waiting| (waiting.item, waiting.answer)).unzip();
            let begun = Instant::now();
            let verdicts = self.engine.persist(&changes);
            self.pace.note(changes.len(), begun.elapsed());
            let verdicts = verdicts.unwrap_or_else(|error| {
                self.engine.failed(&error);
                changes.iter().map(|_| Err(error.clone().into())).collect()
            });
            // Everyone is answered after the batch is durable, those refused too: a conflict with a change of the same
            // batch tells of that change.
            answers.into_iter().zip(verdicts).for_each(|(answer, verdict)| answer.give(verdict));
        }
    }
}

/// How long a group is left open. Callers that were just answered come back with their next change within a fraction
/// of the time that a batch takes: waiting for them a little doubles the batch and halves the flushes. A lone caller
/// is never made to wait.
#[derive(Debug, Default)]
struct Pace {
    changes: usize,
    took: Duration,
}

impl Pace {
    /// A group is closed when nobody came for so long.
    const GAP: Duration = Duration::from_micros(150);
    /// It is never open for longer than this.
    const MOST: Duration = Duration::from_millis(2);

    const fn note(&mut self, changes: usize, took: Duration) {
        (self.changes, self.took) = (changes, took);
    }

    fn linger(&self) -> Linger {
        if self.changes > 1 {
            Linger { most: (self.took / 4).min(Self::MOST), gap: Self::GAP }
        } else {
            Linger::NOT
        }
    }
}
