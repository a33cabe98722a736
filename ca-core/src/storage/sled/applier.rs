//! The thread that shows durable batches to readers, and answers their callers.

use std::sync::mpsc::Receiver;

use super::Shared;
use super::committer::Journaled;

/// Shows each batch, in order, until no more can come or the engine fails.
pub(super) fn run(shared: &Shared, journaled: Receiver<Journaled>) {
    for batch in journaled {
        if shared.show(batch).is_err() {
            // The batches that still wait are dropped with the receiver, and their callers sent away.
            return;
        }
    }
}
