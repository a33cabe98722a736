//! The thread that judges and makes durable: it takes all changes that wait, drafts a batch of those that still hold,
//! and appends it to the journal with one fdatasync. What then remains, applying the batch to the tree and answering
//! its callers, is another thread's (see `applier.rs`), so that the disk and the processor work at the same time. A
//! lone caller does not pay for that: when nobody else waits, this thread does it itself.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;

use super::draft::{Draft, End, Prepared, Written};
use super::journal::Journal;
use super::{Done, Shared, Verdict};
use crate::storage::StorageError;
use crate::storage::group::{Answer, Linger, Most};

/// The most changes, and about the most octets of values, that are made durable together: what one batch keeps in
/// memory, and how long its first caller waits for the last.
const MOST: Most = Most { items: 512, octets: 8 * 1024 * 1024 };

/// A batch that is durable and not yet shown.
pub(super) struct Journaled {
    /// The number of its frame, or of the last one where it writes nothing.
    pub(super) frame: u64,
    /// Its writes.
    pub(super) ops: Vec<u8>,
    /// What its callers are to be told once it is shown.
    pub(super) answers: Vec<(Answer<Done>, Done)>,
}

/// The committing thread's state.
pub(super) struct Committer<'a> {
    shared: &'a Shared,
    journal: Journal<'a>,
    /// Where the next change goes on.
    end: End,
    /// What the batches wrote that were handed on, as long as the tree may not show it.
    handed_on: VecDeque<(u64, Written)>,
    applier: SyncSender<Journaled>,
}

impl<'a> Committer<'a> {
    pub(super) fn new(shared: &'a Shared, last_frame: u64, end: End, applier: SyncSender<Journaled>) -> Self {
        let journal = Journal::after(&shared.shelf, last_frame);
        Self { shared, journal, end, handed_on: VecDeque::new(), applier }
    }

    /// Commits until the store is closed or the engine fails.
    pub(super) fn run(mut self) {
        while let Some(waiting) = self.shared.group.take(MOST, Linger::NOT, Prepared::size) {
            let (changes, answers) = waiting.into_iter().map(|one| (one.item, one.answer)).unzip();
            if let Err(error) = self.commit(changes, answers) {
                self.shared.stop(&error);
                return;
            }
        }
        self.journal.close();
    }

    fn commit(&mut self, mut changes: Vec<Prepared>, answers: Vec<Answer<Done>>) -> Result<(), StorageError> {
        let shown = self.shared.shown();
        self.handed_on.retain(|(frame, _)| *frame > shown);
        // Stopped before those who wait are sent away, so that they hear why.
        let before = self.journal.last();
        let (verdicts, ops) = self.persist(&mut changes).inspect_err(|error| self.shared.stop(error))?;
        let frame = self.journal.last();
        // Everyone is answered after the batch is shown, those refused too: a conflict with a change of the same batch
        // tells of that change. A caller that no longer listens has its change all the same.
        let answers = answers.into_iter().zip(verdicts.into_iter().zip(changes)).collect();
        let journaled = Journaled { frame, ops, answers };
        let caught_up = self.shared.shown() >= before;
        if caught_up && self.shared.group.is_empty() {
            return self.shared.show(journaled);
        }
        self.applier.send(journaled).map_err(|_| self.shared.unanswered())
    }

    /// Makes those changes durable that still hold, and says of each whether it is among them.
    fn persist(&mut self, changes: &mut [Prepared]) -> Result<(Vec<Verdict>, Vec<u8>), StorageError> {
        let mut draft = Draft::new(&self.shared.disk, &self.handed_on, &self.end);
        let verdicts = changes.iter_mut().map(|change| draft.add(change)).collect::<Result<_, _>>()?;
        let Some(finished) = draft.finish(self.journal.last() + 1)? else {
            return Ok((verdicts, Vec::new()));
        };
        self.journal.append(&finished.ops)?;
        #[cfg(test)]
        self.shared.fault.strike(super::tests::At::Journal)?;
        self.end = finished.end;
        self.handed_on.push_back((self.journal.last(), finished.written));
        Ok((verdicts, finished.ops))
    }
}
