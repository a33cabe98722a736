//! Receipts: an event together with the proof that it stands in the ledger, for whoever it concerns to keep. Verifies
//! offline, with the log's public key alone.

use serde::{Deserialize, Serialize};

use super::heads::{self, LEDGER_COSIGNATURES, LEDGER_HEADS};
use super::tree::{StoredTiles, leaf};
use super::{Event, Position, Recorded, index};
use crate::storage::{StorageError, Store};
use crate::tlog::checkpoint::{CheckpointError, Log, SignedCheckpoint};
use crate::tlog::cosignature::{Cosignature, CosignatureError, WitnessPolicy};
use crate::tlog::hash::Hash;
use crate::tlog::proof::{ProofError, verify_inclusion};
use crate::tlog::tree::{TreeError, inclusion_proof};

/// A receipt. Unverified: anybody can write one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// `npki-receipt-1`.
    pub format: String,
    /// The event's place in the ledger.
    pub position: Position,
    /// The event, as it is stored: every character counts.
    pub event: String,
    /// The inclusion proof (RFC 9162 section 2.1.3), hashes in base64.
    pub proof: Vec<String>,
    /// The checkpoint that the proof leads to, a C2SP signed note, with the cosignatures of witnesses where there are.
    pub checkpoint: String,
}

const FORMAT: &str = "npki-receipt-1";

/// What a verified receipt proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The event.
    pub event: Event,
    /// Its place.
    pub position: Position,
    /// How many events the ledger had when the checkpoint was signed.
    pub ledger_size: u64,
    /// The witnesses that cosigned, of those asked for.
    pub witnesses: Vec<Cosignature>,
}

impl Receipt {
    /// The receipt for the event at a position. Leads to the latest checkpoint that witnesses have cosigned, where that
    /// covers the event, otherwise to the latest.
    ///
    /// # Errors
    /// There is no such event, it is not sealed yet (it is within a second or two), or the store failed.
    pub fn of(store: &dyn Store, log: &Log, position: Position) -> Result<Self, ReceiptError> {
        let recorded = index::one(store, position)?;
        let cosigned = heads::latest(store, LEDGER_COSIGNATURES, log)?.0;
        let cosigned = cosigned.filter(|checkpoint| checkpoint.head().size > position.0);
        let checkpoint = match cosigned {
            Some(checkpoint) => checkpoint,
            None => heads::latest(store, LEDGER_HEADS, log)?
                .0
                .filter(|checkpoint| checkpoint.head().size > position.0)
                .ok_or(ReceiptError::NotSealed(position))?,
        };
        let proof = inclusion_proof(&StoredTiles(store), position.0, checkpoint.head().size)?;
        let event = String::from_utf8(recorded.octets).map_err(|_| ReceiptError::Event)?;
        Ok(Self {
            format: FORMAT.to_owned(),
            position,
            event,
            proof: proof.iter().map(Hash::to_base64).collect(),
            checkpoint: checkpoint.to_string(),
        })
    }

    /// Verifies that the log, and as many witnesses as the policy asks for, vouch for the event.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn verify(&self, log: &Log, policy: &WitnessPolicy) -> Result<Proven, ReceiptError> {
        if self.format != FORMAT {
            return Err(ReceiptError::Format(self.format.clone()));
        }
        let checkpoint = SignedCheckpoint::parse(self.checkpoint.as_bytes())?.verify(log)?;
        let witnesses = policy.verify(&checkpoint)?;
        let proof: Option<Vec<Hash>> = self.proof.iter().map(|hash| Hash::from_base64(hash)).collect();
        let proof = proof.ok_or(ReceiptError::Hash)?;
        verify_inclusion(&leaf(self.event.as_bytes()), self.position.0, checkpoint.head(), &proof)?;
        let recorded = Recorded { position: self.position, octets: self.event.as_bytes().to_vec() };
        let event = recorded.event().map_err(|_| ReceiptError::Event)?;
        Ok(Proven { event, position: self.position, ledger_size: checkpoint.head().size, witnesses })
    }
}

/// There is no receipt, or it proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// The tree does not cover the event yet.
    #[error("event {0} is recorded and not sealed yet; ask again in a second")]
    NotSealed(Position),
    /// A receipt of another form.
    #[error("{0:?} is no receipt that this version of npki reads")]
    Format(String),
    /// The event is none.
    #[error("the event in the receipt cannot be read")]
    Event,
    /// A hash is none.
    #[error("a hash in the receipt's proof is not 32 octets in base64")]
    Hash,
    /// The log did not sign it.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Too few witnesses.
    #[error(transparent)]
    Witnesses(#[from] CosignatureError),
    /// The event is not where the receipt says, or not as it says.
    #[error("the ledger does not hold this event at this position: {0}")]
    Proof(#[from] ProofError),
    /// The tree could not be read.
    #[error(transparent)]
    Tree(#[from] TreeError<StorageError>),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
