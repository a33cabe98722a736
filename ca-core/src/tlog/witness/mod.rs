//! A witness: sees every checkpoint of the logs it knows, and cosigns those that follow from what it saw before
//! (C2SP tlog-witness).
//!
//! [`Witness::add_checkpoint`] answers one request. Nothing here knows HTTP: [`WitnessError::status`] says what to
//! answer with.

mod decision;
mod request;
mod state;

pub use decision::{Claim, Refusal, decide};
pub use request::{AddCheckpoint, MAX_BODY, MAX_PROOF, RequestError};
pub use state::{State, StateError, name_of};

use super::checkpoint::{Log, Origin, SignedCheckpoint};
use super::cosignature::{CosignError, Cosigner};
use super::note::Signature;
use super::tree::TreeHead;
use crate::clock::Clock;

/// A witness: the logs it knows, the key it cosigns with, and what it remembers.
#[derive(Debug)]
pub struct Witness {
    logs: Vec<Log>,
    cosigner: Cosigner,
    state: State,
}

/// A checkpoint was not cosigned.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The request is at fault.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What this witness remembers could not be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// The checkpoint was remembered, and could not be cosigned: the same request with its size as the old one, and no
    /// proof, may be sent again.
    #[error(transparent)]
    Cosign(#[from] CosignError),
}

impl WitnessError {
    /// The HTTP status to answer with.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Refused(refusal) => refusal.status(),
            Self::State(_) | Self::Cosign(_) => 500,
        }
    }
}

/// How far a witness has cosigned a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// The log.
    pub origin: Origin,
    /// The largest tree that was cosigned; the empty one if none was.
    pub head: TreeHead,
    /// That tree's checkpoint as the log signed it, for whoever believes the log more than the way the answer came.
    pub checkpoint: Option<SignedCheckpoint>,
}

/// The same log twice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the log {0} is named twice")]
pub struct LogTwice(pub Origin);

impl Witness {
    /// A witness of these logs.
    ///
    /// # Errors
    /// A log is named twice: its keys belong into one [`Log`].
    pub fn new(logs: Vec<Log>, cosigner: Cosigner, state: State) -> Result<Self, LogTwice> {
        for (at, log) in logs.iter().enumerate() {
            if logs[..at].iter().any(|other| other.origin() == log.origin()) {
                return Err(LogTwice(log.origin().clone()));
            }
        }
        Ok(Self { logs, cosigner, state })
    }

    /// Answers an `add-checkpoint` request with cosignature lines, each ending in a newline: the body of the answer.
    ///
    /// What was cosigned is durable when this returns. Requests for one log wait for each other, also those of other
    /// processes that use the same folder.
    ///
    /// # Errors
    /// The request is refused, or this witness is in trouble.
    pub fn add_checkpoint(&self, body: &[u8], clock: &dyn Clock) -> Result<String, WitnessError> {
        let (checkpoint, claim) = AddCheckpoint::parse(body).map_err(Refusal::from)?.verify(&self.logs)?;
        // tlog-witness, "add-checkpoint": "checking the old size against the latest checkpoint and persisting the new
        // checkpoint must be performed atomically".
        let latest = self.state.lock(checkpoint.checkpoint().origin())?;
        decide(&latest.head()?, checkpoint.head(), &claim)?;
        // "The witness MUST persist the new checkpoint before responding."
        latest.remember(&checkpoint)?;
        // Still under the lock: the time that is signed is one at which nothing larger was known.
        let cosignature = self.cosigner.cosign(&checkpoint, clock)?;
        drop(latest);
        Ok(answer(&[cosignature]))
    }

    /// How far this witness has cosigned the log of this name ([`name_of`] its origin); `None` for a log that it does not
    /// know.
    ///
    /// # Errors
    /// What it remembers could not be read.
    pub fn latest(&self, name: &str) -> Result<Option<Latest>, StateError> {
        let Some(log) = self.logs.iter().find(|log| name_of(log.origin()) == name) else { return Ok(None) };
        let checkpoint = self.state.recall(log.origin())?;
        let head = checkpoint.as_ref().map_or_else(TreeHead::empty, |checkpoint| *checkpoint.claimed_head());
        Ok(Some(Latest { origin: log.origin().clone(), head, checkpoint }))
    }

    /// The logs it knows.
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// The key its cosignatures are verified with.
    pub const fn cosigner(&self) -> &Cosigner {
        &self.cosigner
    }
}

/// The body of an answer with these cosignatures.
fn answer(cosignatures: &[Signature]) -> String {
    cosignatures.iter().map(|signature| format!("{signature}\n")).collect()
}
