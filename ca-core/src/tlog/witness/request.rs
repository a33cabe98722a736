//! The body of an `add-checkpoint` request.

use super::decision::{Claim, Refusal};
use crate::tlog::checkpoint::{CheckpointError, Log, SignedCheckpoint, VerifiedCheckpoint};
use crate::tlog::decimal;
use crate::tlog::hash::Hash;
use crate::tlog::note::MAX_NOTE;

/// The most hashes a consistency proof may have.
pub const MAX_PROOF: usize = 63;

/// The longest body that is read, in octets: a note, and before it an old size, a full proof of lines with 44 characters
/// and a newline, and an empty line.
pub const MAX_BODY: usize = MAX_NOTE + "old 18446744073709551615\n\n".len() + MAX_PROOF * 45;

/// A request to cosign a checkpoint, of which nothing has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    old_size: u64,
    proof: Vec<Hash>,
    checkpoint: SignedCheckpoint,
}

/// Octets that are no such request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Longer than [`MAX_BODY`].
    #[error("the body is longer than {MAX_BODY} octets")]
    TooLong,
    /// No empty line after the proof.
    #[error("the body is not an old size line, proof lines, an empty line and a checkpoint")]
    Form,
    /// The first line.
    #[error("the first line is not `old <size>`")]
    OldSize,
    /// More than [`MAX_PROOF`] proof lines.
    #[error("the proof has more than {MAX_PROOF} lines")]
    LongProof,
    /// A proof line.
    #[error("line {0} of the proof is not a hash in base64")]
    ProofLine(usize),
    /// No checkpoint.
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
}

impl AddCheckpoint {
    /// Asks to cosign `checkpoint`, which the proof shows to follow from the tree of `old_size` leaves.
    ///
    /// # Errors
    /// The proof is too long.
    pub fn new(old_size: u64, proof: Vec<Hash>, checkpoint: SignedCheckpoint) -> Result<Self, RequestError> {
        // tlog-witness, "add-checkpoint": "The client MUST NOT send more than 63 consistency proof lines."
        if proof.len() > MAX_PROOF {
            return Err(RequestError::LongProof);
        }
        Ok(Self { old_size, proof, checkpoint })
    }

    /// Reads a request's body.
    ///
    /// # Errors
    /// The octets are no such request.
    pub fn parse(body: &[u8]) -> Result<Self, RequestError> {
        if body.len() > MAX_BODY {
            return Err(RequestError::TooLong);
        }
        // tlog-witness, "add-checkpoint": "an old size line, zero or more consistency proof lines, and an empty line,
        // followed by a checkpoint. Each line MUST terminate in a newline character (U+000A)."
        let end = body.windows(2).position(|pair| pair == b"\n\n").ok_or(RequestError::Form)?;
        let head = std::str::from_utf8(&body[..end]).map_err(|_| RequestError::Form)?;
        let mut lines = head.split('\n');
        // "[…] the string `old`, a single space (0x20), and the tree size of the previous checkpoint encoded as an
        // ASCII decimal with no leading zeroes".
        let old_size = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(decimal::parse);
        let old_size = old_size.ok_or(RequestError::OldSize)?;
        let proof = parse_proof(lines)?;
        Self::new(old_size, proof, SignedCheckpoint::parse(&body[end + 2..])?)
    }

    /// Finds the log among those that are known and verifies its signature.
    pub(super) fn verify(self, logs: &[Log]) -> Result<(VerifiedCheckpoint, Claim), Refusal> {
        let Self { old_size, proof, checkpoint } = self;
        let origin = checkpoint.claimed_origin();
        let log = logs.iter().find(|log| log.origin() == origin);
        let log = log.ok_or_else(|| Refusal::UnknownLog(origin.clone()))?;
        let checkpoint = checkpoint.verify(log).map_err(Refusal::Signature)?;
        Ok((checkpoint, Claim { old_size, proof }))
    }
}

fn parse_proof<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Vec<Hash>, RequestError> {
    let mut proof = Vec::new();
    for (number, line) in lines.enumerate() {
        if number == MAX_PROOF {
            return Err(RequestError::LongProof);
        }
        // "Each consistency proof line MUST encode a single hash in base64."
        proof.push(Hash::from_base64(line).ok_or(RequestError::ProofLine(number + 1))?);
    }
    Ok(proof)
}

/// The request's body.
impl std::fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", hash.to_base64()))?;
        write!(f, "\n{}", self.checkpoint)
    }
}
