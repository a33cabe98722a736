//! Has the ledger's heads cosigned, on a thread of its own: a witness that is slow or away delays no sealing, and whoever
//! comes back is shown the newest head only.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use ca_core::ledger::sealer::Sealer;
use ca_core::storage::Store;
use ca_core::tlog::checkpoint::VerifiedCheckpoint;
use ca_core::tlog::cosignature::WitnessPolicy;

use super::settings::LedgerSettings;
use super::witnesses::{Complaint, Witness};
use crate::failure::Failure;

/// How often those are asked again that did not cosign the newest head.
const AGAIN: Duration = Duration::from_millis(500);

/// The witnesses of this installation's ledger, and what they said of the newest head.
#[derive(Debug)]
pub(super) struct Cosigning {
    store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
    policy: WitnessPolicy,
    witnesses: Vec<Watched>,
    /// The newest head, with the cosignatures that there are.
    newest: Option<VerifiedCheckpoint>,
    /// The size of the last head that is kept as cosigned by enough witnesses.
    kept: u64,
}

#[derive(Debug)]
struct Watched {
    witness: Witness,
    /// The size of the last head to which its cosignature was added.
    collected: u64,
}

impl Cosigning {
    pub(super) fn new(
        store: Arc<dyn Store>,
        sealer: Arc<Sealer>,
        settings: &LedgerSettings,
    ) -> Result<Self, Failure> {
        let watched = |settings| Ok(Watched { witness: Witness::new(settings)?, collected: 0 });
        let witnesses = settings.witnesses.iter().map(watched).collect::<Result<_, Failure>>()?;
        Ok(Self { store, sealer, policy: settings.policy.clone(), witnesses, newest: None, kept: 0 })
    }

    /// Works until nobody can send a head any more; the last one is asked for once.
    pub(super) fn run(mut self, heads: &Receiver<VerifiedCheckpoint>) {
        loop {
            match heads.recv_timeout(AGAIN) {
                Ok(head) => self.see(heads.try_iter().last().unwrap_or(head)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.ask_and_keep();
        }
    }

    /// From now on this head is to be cosigned, if it is a newer one.
    pub(super) fn see(&mut self, head: VerifiedCheckpoint) {
        if self.newest.as_ref().is_none_or(|newest| newest.head().size < head.head().size) {
            self.newest = Some(head);
        }
    }

    /// Asks all at once that have not cosigned the newest head, and keeps it if they are enough.
    pub(super) fn ask_and_keep(&mut self) {
        let Some(newest) = &mut self.newest else { return };
        let size = newest.head().size;
        for (watched, answer) in ask(&mut self.witnesses, self.store.as_ref(), newest) {
            let collected = answer.and_then(|lines| match self.policy.collect(newest, &lines) {
                Ok(added) if added.is_empty() => Err(Complaint::Answer("it is not of its key".to_owned())),
                Ok(_) => Ok(()),
                Err(error) => Err(Complaint::Answer(error.to_string())),
            });
            if collected.is_ok() {
                watched.collected = size;
            }
            watched.witness.note(collected.err());
        }
        if size > self.kept && self.policy.verify(newest).is_ok() {
            match self.sealer.keep_cosigned(newest) {
                Ok(()) => self.kept = size,
                Err(error) => tracing::error!(%error, "a cosigned head is not kept; it is tried again"),
            }
        }
    }
}

type Asked<'a> = (&'a mut Watched, Result<Vec<u8>, Complaint>);

fn ask<'a>(witnesses: &'a mut [Watched], store: &dyn Store, newest: &VerifiedCheckpoint) -> Vec<Asked<'a>> {
    let size = newest.head().size;
    let missing =
        witnesses.iter_mut().filter(|watched| watched.collected != size && watched.witness.is_ready());
    std::thread::scope(|scope| {
        let asking: Vec<_> = missing
            .map(|watched| {
                scope.spawn(move || {
                    let answer = watched.witness.ask(store, newest);
                    (watched, answer)
                })
            })
            .collect();
        asking.into_iter().filter_map(|asking| asking.join().ok()).collect()
    })
}

#[cfg(test)]
mod tests;
