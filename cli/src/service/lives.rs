//! What is due of identities is carried out by the service itself: a date does not wait for somebody to type.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration as StdDuration;

use id_registry::Registry;
use id_registry::fault::Fault;
use id_registry::life::LifeError;
use id_registry::withdrawal::WithdrawalError;

/// How often it is looked whether anything is due.
const TICK: StdDuration = StdDuration::from_secs(1);

/// How many are carried out before it is looked whether to stop.
const BATCH: usize = 100;

/// Carries out what is due.
#[derive(Debug)]
pub(crate) struct LifeKeeper {
    registry: Arc<Registry>,
}

impl LifeKeeper {
    pub(crate) const fn new(registry: Arc<Registry>) -> Self {
        Self { registry }
    }

    /// Works until `stop` says so or is dropped.
    pub(crate) fn run(self, stop: &Receiver<()>) {
        while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(TICK) {
            match self.registry.carry_on_lives(BATCH) {
                Ok(0) => {}
                Ok(done) => tracing::info!(done, "what was due of identities was carried out"),
                // Another node was faster: the next tick sees what is left.
                Err(LifeError::Fault(Fault::Contended(_))) => {}
                Err(error) => {
                    tracing::error!(%error, "what is due could not be carried out; it is tried again")
                }
            }
            match self.registry.carry_on_withdrawals(BATCH) {
                Ok(0) => {}
                Ok(done) => tracing::info!(done, "withdrawals became final"),
                Err(WithdrawalError::Fault(Fault::Contended(_))) => {}
                Err(error) => {
                    tracing::error!(%error, "a withdrawal could not be made final; it is tried again")
                }
            }
        }
    }
}
