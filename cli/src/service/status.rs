//! Keeps the status index level with the store: on a thread of its own, as a store may block.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ca_core::status::{Progress, StatusFollower};

/// How often it is looked what other nodes have committed; what this node commits is in the index at once.
const TICK: Duration = Duration::from_millis(250);

/// The thread that follows.
#[derive(Debug)]
pub(super) struct Following {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Following {
    /// Begins to follow.
    pub(super) fn begin(follower: StatusFollower) -> Self {
        let (stop, stopped) = channel();
        Self { stop, thread: std::thread::spawn(move || follow(follower, &stopped)) }
    }

    /// Ends, and returns when nothing is read any more.
    pub(super) fn end(self) {
        drop(self.stop);
        let _ = self.thread.join();
    }
}

/// Follows until `stop` says so or is dropped.
fn follow(mut follower: StatusFollower, stop: &Receiver<()>) {
    let begun = Instant::now();
    let (mut loaded, mut failing) = (false, false);
    loop {
        let outcome = follower.step();
        match &outcome {
            Ok(_) if failing => tracing::info!("the status index follows the store again"),
            // Once, and not four times a second.
            Err(error) if !failing => {
                tracing::error!(%error, "the status index cannot follow the store; it is tried again");
            }
            _ => {}
        }
        failing = outcome.is_err();
        if matches!(outcome, Ok(Progress::Behind)) {
            match stop.try_recv() {
                Err(TryRecvError::Empty) => continue,
                Ok(()) | Err(TryRecvError::Disconnected) => return,
            }
        }
        if !loaded && outcome.is_ok() {
            loaded = true;
            tracing::info!(after = ?begun.elapsed(), "the status index is filled");
        }
        if !matches!(stop.recv_timeout(TICK), Err(RecvTimeoutError::Timeout)) {
            return;
        }
    }
}
