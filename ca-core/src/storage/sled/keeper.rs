//! The thread that keeps the journal short: every few seconds, and whenever a journal file is full, it lets sled flush
//! what was applied, and then retires the files that hold nothing else. Commits go on meanwhile in the next file; when
//! too many files wait for the flush, they wait too (see `journal.rs`).

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Shared;
use crate::storage::StorageError;

/// How long what was applied may stay unflushed: what opening after a crash has to do again.
const PAUSE: Duration = Duration::from_secs(2);

/// Keeps the journal short until the store is closed or stopped.
pub(super) fn run(shared: &Shared, mut kept: u64) {
    loop {
        // Asked before the last round, so that it covers what was committed before the store was closed.
        let closing = shared.closing.load(Ordering::Acquire);
        if !closing {
            shared.shelf.wait_for_news(PAUSE);
        }
        if shared.stopped.get().is_some() {
            return;
        }
        if let Err(error) = keep(shared, &mut kept) {
            shared.stop(&error);
        }
        if closing {
            return;
        }
    }
}

fn keep(shared: &Shared, kept: &mut u64) -> Result<(), StorageError> {
    // Read before the flush: the flush covers at least what is applied by now.
    let shown = shared.shown();
    if shown > *kept {
        shared.disk.keep(shown)?;
        *kept = shown;
    }
    shared.shelf.retire(shown)
}
