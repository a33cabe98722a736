//! The one thread that writes: it takes all changes that wait, applies those that still hold as one batch, makes the
//! batch durable once, and answers everyone.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use super::Shared;
use super::draft::{Counts, Draft};
use crate::storage::{AuditedChange, CommitError, Committed, Operation, StorageError};

/// The most changes, and about the most octets of values, that are made durable together: what one batch keeps in
/// memory, and how long its first caller waits for the last.
const MOST_CHANGES: usize = 512;
const MOST_OCTETS: usize = 8 * 1024 * 1024;

/// A change whose caller waits.
pub(super) struct Waiting {
    pub(super) change: AuditedChange,
    pub(super) answer: Sender<Result<Committed, CommitError>>,
}

/// The committing thread's state.
pub(super) struct Committer {
    shared: Arc<Shared>,
    queue: Receiver<Waiting>,
    counts: Counts,
}

impl Committer {
    pub(super) fn new(shared: Arc<Shared>, queue: Receiver<Waiting>) -> Result<Self, StorageError> {
        let counts = shared.disk.counts()?;
        Ok(Self { shared, queue, counts })
    }

    /// Commits until the store is closed or the engine fails. After a failure nothing is committed any more: what
    /// waits and what comes is refused, because the queue is gone with this thread.
    pub(super) fn run(mut self) {
        while let Ok(first) = self.queue.recv() {
            let group = self.gather(first);
            match self.persist(&group) {
                // Everyone is answered after the batch is durable, those refused too: a conflict with a change of the
                // same batch tells of that change. A caller that no longer listens has its change all the same.
                Ok(verdicts) => group.into_iter().zip(verdicts).for_each(|(waiting, verdict)| {
                    let _ = waiting.answer.send(verdict);
                }),
                Err(error) => {
                    tracing::error!(%error, "the store failed; it takes no more changes until npki is restarted");
                    self.shared.stop(&error);
                    return;
                }
            }
        }
    }

    fn gather(&self, first: Waiting) -> Vec<Waiting> {
        let mut octets = size(&first.change);
        let mut group = vec![first];
        while group.len() < MOST_CHANGES
            && octets < MOST_OCTETS
            && let Ok(next) = self.queue.try_recv()
        {
            octets += size(&next.change);
            group.push(next);
        }
        group
    }

    /// Makes those changes of the group durable that still hold, and says of each whether it is among them.
    fn persist(&mut self, group: &[Waiting]) -> Result<Vec<Result<Committed, CommitError>>, StorageError> {
        let mut draft = Draft::new(&self.shared.disk, self.counts);
        let verdicts = group.iter().map(|waiting| draft.add(&waiting.change)).collect::<Result<_, _>>()?;
        if let Some(finished) = draft.finish() {
            let veil = self.shared.veil.draw(finished.before);
            self.shared.apply(finished.batch)?;
            self.shared.disk.make_durable()?;
            veil.lift();
            self.counts = finished.counts;
        }
        Ok(verdicts)
    }
}

fn size(change: &AuditedChange) -> usize {
    let written = change.writes().iter().map(|write| match &write.operation {
        Operation::Put(value) => value.len(),
        Operation::Delete | Operation::Check => 0,
    });
    written.chain(change.events().iter().map(Vec::len)).sum()
}
