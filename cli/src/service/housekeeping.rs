//! What the service does by itself, a page at a time: it counts, and erases what nobody needs any more.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration as StdDuration;

use id_registry::Registry;
use id_registry::fault::Fault;
use id_registry::retention::{RetentionError, Sweeping};
use id_registry::statistics::Counting;

/// How often a page is looked at.
const TICK: StdDuration = StdDuration::from_secs(1);

/// How many entries a page has.
const PAGE: usize = 500;

/// Counts and erases.
#[derive(Debug)]
pub(crate) struct Housekeeper {
    registry: Arc<Registry>,
}

impl Housekeeper {
    pub(crate) const fn new(registry: Arc<Registry>) -> Self {
        Self { registry }
    }

    /// Works until `stop` says so or is dropped.
    pub(crate) fn run(self, stop: &Receiver<()>) {
        let (mut counting, mut sweeping) = (Counting::default(), Sweeping::default());
        while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(TICK) {
            match self.registry.carry_on_statistics(&mut counting, PAGE) {
                // Another node was faster.
                Ok(_) | Err(Fault::Contended(_)) => {}
                Err(error) => {
                    tracing::error!(%error, "the statistics could not be counted; it is begun anew")
                }
            }
            match self.registry.carry_on_retention(&mut sweeping, PAGE) {
                Ok(0) | Err(RetentionError::Fault(Fault::Contended(_))) => {}
                Ok(erased) => tracing::info!(erased, "what had been kept long enough was erased"),
                Err(error) => {
                    tracing::error!(%error, "something could not be erased; it is tried again tomorrow")
                }
            }
        }
    }
}
