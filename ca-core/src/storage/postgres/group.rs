//! Committing together: one thread takes all changes that wait, has them made durable as one batch, and answers
//! everyone. A durable write costs a flush of a disk; here it is shared.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::storage::{AuditedChange, CommitError, Committed, Operation, StorageError};

/// The most changes, and about the most octets of values, that are made durable together: what one batch keeps in
/// memory, and how long its first caller waits for the last.
const MOST_CHANGES: usize = 512;
const MOST_OCTETS: usize = 8 * 1024 * 1024;

/// What became of one change.
pub(super) type Verdict = Result<Committed, CommitError>;

/// What makes a batch durable.
pub(super) trait Engine: Send + 'static {
    /// Waits until it can write, where others write as well; changes that come meanwhile join the batch.
    fn wait_for_turn(&mut self) -> Waited;

    /// Makes those changes of the group durable that still hold, one on top of the other, and says of each whether it
    /// is among them.
    ///
    /// # Errors
    /// The engine failed, and none of the group's callers can be told more than that.
    fn persist(&mut self, group: &[AuditedChange]) -> Result<Vec<Verdict>, StorageError>;

    /// What follows a failure.
    fn failed(&mut self, error: &StorageError) -> AfterFailure;
}

/// Whether an engine waited for its turn and has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waited {
    /// It did: others wait for it now.
    Yes,
    /// It need not, or could not.
    No,
}

/// What the committing thread does after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "an embedded engine stops, one behind a network goes on")]
pub(super) enum AfterFailure {
    /// It takes the next group.
    GoOn,
    /// It ends: all that wait and all that come are refused.
    Stop,
}

/// The way to the committing thread; ends it when dropped, after the changes that wait.
pub(super) struct Committing {
    /// Taken when this is dropped: the thread ends when nobody can send any more.
    queue: Option<Sender<Waiting>>,
    thread: Option<JoinHandle<()>>,
    longest_wait: Duration,
}

/// A change whose caller waits.
struct Waiting {
    change: AuditedChange,
    answer: Sender<Verdict>,
}

impl Committing {
    /// Starts the committing thread. Nobody waits longer for its answer than `longest_wait`.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(engine: impl Engine, longest_wait: Duration) -> Result<Self, StorageError> {
        let (queue, waiting) = channel();
        let thread = std::thread::Builder::new()
            .name("store-committer".to_owned())
            .spawn(|| Loop { engine, queue: waiting, pace: Pace::default() }.run())
            .map_err(|error| StorageError(format!("no thread for the store: {error}")))?;
        Ok(Self { queue: Some(queue), thread: Some(thread), longest_wait })
    }

    /// Commits one change.
    ///
    /// # Errors
    /// As [`Store::commit`](super::Store::commit).
    pub(super) fn commit(&self, change: AuditedChange) -> Verdict {
        let (answer, answered) = channel();
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        queue.send(Waiting { change, answer }).map_err(|_| stopped())?;
        match answered.recv_timeout(self.longest_wait) {
            Ok(verdict) => verdict,
            Err(RecvTimeoutError::Disconnected) => Err(stopped().into()),
            Err(RecvTimeoutError::Timeout) => Err(unanswered(self.longest_wait).into()),
        }
    }
}

impl Drop for Committing {
    fn drop(&mut self) {
        self.queue.take();
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

struct Loop<E> {
    engine: E,
    queue: Receiver<Waiting>,
    pace: Pace,
}

impl<E: Engine> Loop<E> {
    fn run(mut self) {
        while let Some(group) = self.gather() {
            let (changes, answers): (Vec<_>, Vec<_>) =
                group.into_iter().map(|waiting| (waiting.change, waiting.answer)).unzip();
            let begun = Instant::now();
            let verdicts = self.engine.persist(&changes);
            self.pace.note(changes.len(), begun.elapsed());
            match verdicts {
                Ok(verdicts) => answer(answers, verdicts),
                Err(error) => {
                    let verdicts = answers.iter().map(|_| Err(error.clone().into())).collect();
                    answer(answers, verdicts);
                    if self.engine.failed(&error) == AfterFailure::Stop {
                        return;
                    }
                }
            }
        }
    }

    /// The next group; `None` when nobody can send any more.
    fn gather(&mut self) -> Option<Vec<Waiting>> {
        let (first, crowd) = match self.queue.try_recv() {
            Ok(first) => (first, true),
            Err(_) => (self.queue.recv().ok()?, self.pace.crowded()),
        };
        let open = match self.engine.wait_for_turn() {
            Waited::No if crowd => self.pace.most(),
            Waited::No | Waited::Yes => Duration::ZERO,
        };
        let until = Instant::now() + open;
        let mut octets = size(&first.change);
        let mut group = vec![first];
        while group.len() < MOST_CHANGES
            && octets < MOST_OCTETS
            && let Some(next) = self.next(until)
        {
            octets += size(&next.change);
            group.push(next);
        }
        Some(group)
    }

    fn next(&self, until: Instant) -> Option<Waiting> {
        if let Ok(waiting) = self.queue.try_recv() {
            return Some(waiting);
        }
        let left = until.saturating_duration_since(Instant::now()).min(Pace::GAP);
        if left.is_zero() { None } else { self.queue.recv_timeout(left).ok() }
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

    const fn crowded(&self) -> bool {
        self.changes > 1
    }

    fn most(&self) -> Duration {
        (self.took / 4).min(Self::MOST)
    }
}

/// Everyone is answered after the batch is durable, those refused too: a conflict with a change of the same batch
/// tells of that change. A caller that no longer listens has its change all the same.
fn answer(answers: Vec<Sender<Verdict>>, verdicts: Vec<Verdict>) {
    for (answer, verdict) in answers.into_iter().zip(verdicts) {
        let _ = answer.send(verdict);
    }
}

fn size(change: &AuditedChange) -> usize {
    let written = change.writes().iter().map(|write| match &write.operation {
        Operation::Put(value) => value.len(),
        Operation::Delete | Operation::Check => 0,
    });
    written.chain(change.events().iter().map(Vec::len)).sum()
}
