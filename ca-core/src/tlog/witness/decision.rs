//! Whether a witness may cosign: a function of what it remembers and what it is shown.

use super::request::RequestError;
use crate::tlog::checkpoint::{CheckpointError, Origin};
use crate::tlog::hash::Hash;
use crate::tlog::proof::{ProofError, verify_consistency};
use crate::tlog::tree::TreeHead;

/// How a request says that its checkpoint follows from an older one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The older checkpoint's size.
    pub old_size: u64,
    /// The consistency proof.
    pub proof: Vec<Hash>,
}

/// Why a request is refused. Each has its HTTP status in tlog-witness, "add-checkpoint".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 400: the body is no such request.
    #[error(transparent)]
    Malformed(#[from] RequestError),
    /// 404: a log that this witness does not know.
    #[error("the log {0} is not known here")]
    UnknownLog(Origin),
    /// 403: not signed by a trusted key of the log.
    #[error("the log did not sign this: {0}")]
    Signature(CheckpointError),
    /// 400: the checkpoint is smaller than what it is said to follow from.
    #[error("the checkpoint has {size} leaves, fewer than the old size {old_size}")]
    Shrunk {
        /// The size it is said to follow from.
        old_size: u64,
        /// The checkpoint's size.
        size: u64,
    },
    /// 409: it does not follow from the latest checkpoint that this witness cosigned. The answer's body is that one's
    /// size and a newline, its type [`Refusal::SIZE_TYPE`].
    #[error("the latest checkpoint cosigned here has {latest} leaves")]
    NotFromLatest {
        /// The latest checkpoint's size.
        latest: u64,
    },
    /// 409: the log signed two trees of one size.
    #[error("the latest checkpoint cosigned here has the same size, {}, and another root: {}", .latest.size, .latest.root)]
    Forked {
        /// The tree this witness cosigned.
        latest: TreeHead,
    },
    /// 422: the proof does not prove it.
    #[error("the consistency proof is wrong: {0}")]
    Proof(ProofError),
}

impl Refusal {
    /// The content type of the answer to [`Refusal::NotFromLatest`].
    pub const SIZE_TYPE: &'static str = "text/x.tlog.size";

    /// The HTTP status to answer with.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::Shrunk { .. } => 400,
            Self::Signature(_) => 403,
            Self::UnknownLog(_) => 404,
            Self::NotFromLatest { .. } | Self::Forked { .. } => 409,
            Self::Proof(_) => 422,
        }
    }
}

/// Whether a witness that cosigned `latest` (the empty tree if it cosigned nothing of this log) may cosign `next`, a
/// checkpoint that the log signed.
///
/// # Errors
/// It may not.
pub fn decide(latest: &TreeHead, next: &TreeHead, claim: &Claim) -> Result<(), Refusal> {
    // tlog-witness, "add-checkpoint": "The old size MUST be equal to or lower than the checkpoint size. Otherwise, the
    // witness MUST respond with a "400 Bad Request" HTTP status code."
    if claim.old_size > next.size {
        return Err(Refusal::Shrunk { old_size: claim.old_size, size: next.size });
    }
    // "The witness MUST check that the old size matches the size of the latest checkpoint it cosigned for the
    // checkpoint's origin (or zero if it never cosigned a checkpoint for that origin). If it doesn't match, the witness
    // MUST respond with a "409 Conflict" HTTP status code."
    if claim.old_size != latest.size {
        return Err(Refusal::NotFromLatest { latest: latest.size });
    }
    // "If the old size matches the checkpoint size, the witness MUST check that the root hashes are also identical. If
    // they don't match, the witness MUST respond with a "409 Conflict" HTTP status code."
    if latest.size == next.size && latest.root != next.root {
        return Err(Refusal::Forked { latest: *latest });
    }
    // "If the Merkle Consistency Proof doesn't verify, the witness MUST respond with a "422 Unprocessable Entity" HTTP
    // status code."
    verify_consistency(latest, next, &claim.proof).map_err(Refusal::Proof)
}
