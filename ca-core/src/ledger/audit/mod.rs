//! The audit: whether the ledger is the one that was signed, and whether what is stored is what the ledger says.
//!
//! Trusted are the log's public key, the witnesses' keys, and whatever checkpoint the auditor brought along. Everything
//! in the store is under suspicion, its tiles and checkpoints included: those serve to name the place where something
//! was done, and count only as far as signatures carry them.

use crate::storage::{StorageError, Store};
use crate::tlog::checkpoint::{CheckpointError, Log, VerifiedCheckpoint};
use crate::tlog::cosignature::{CosignatureError, WitnessPolicy};

use super::Position;

pub use replay::Replay;

mod classify;
mod history;
mod replay;
mod state;

#[cfg(test)]
mod tests;

/// What the auditor trusts, and how much memory may be used.
#[derive(Debug)]
pub struct Audit<'a> {
    /// The log whose ledger this should be, and the names it had in earlier epochs: at least one.
    pub logs: &'a [Log],
    /// The witnesses whose word counts.
    pub policy: &'a WitnessPolicy,
    /// Checkpoints that came another way than through this store: from a witness, a receipt, an earlier audit.
    pub known: &'a [VerifiedCheckpoint],
    /// About how much memory comparing the state may take, in octets; less memory takes more passes.
    pub memory: u64,
}

/// How far an audit has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Events read, of how many.
    Events(u64, u64),
    /// Records read, in which pass of how many.
    Records(u64, u64, u64),
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Events in the ledger.
    pub events: u64,
    /// Events covered by a head that the log signed.
    pub sealed: u64,
    /// Events covered by a head that enough witnesses cosigned.
    pub cosigned: u64,
    /// Signed heads that agree with the events.
    pub heads: u64,
    /// Records compared with what the ledger says of them.
    pub records: u64,
    /// What is wrong, in the order of the ledger; not more than [`Report::MOST`].
    pub findings: Vec<Finding>,
    /// Whether there was more that is wrong than `findings` holds.
    pub more: bool,
}

impl Report {
    /// How many findings are kept: whoever rewrote a ledger wholesale need not be told each event of it.
    pub const MOST: usize = 1_000;

    fn add(&mut self, finding: Finding) {
        if self.findings.len() < Self::MOST { self.findings.push(finding) } else { self.more = true }
    }

    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Something that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// An event is not what was signed.
    #[error("event {0} was changed: it is not the one that was sealed")]
    Changed(Position),
    /// An event is not there.
    #[error("event {0} was removed")]
    Removed(Position),
    /// An event was put among the others.
    #[error("event {0} was inserted: it was never sealed")]
    Inserted(Position),
    /// Two events changed places.
    #[error("events {0} and {1} were exchanged")]
    Reordered(Position, Position),
    /// The ledger ends too early.
    #[error("the ledger was cut off: events {from} to {until} were signed and are not there", until = .until.0 - 1)]
    Truncated {
        /// The first that is missing.
        from: Position,
        /// The first that was never signed.
        until: Position,
    },
    /// A signed head says otherwise, and the stored tree does not tell where.
    #[error(
        "the history between events {from} and {until} was rewritten: the head that was signed at {until} says otherwise"
    )]
    Rewritten {
        /// The last size at which events and a signed head agree.
        from: Position,
        /// The size of the head that does not.
        until: Position,
    },
    /// A stored checkpoint is not the log's.
    #[error("a stored checkpoint is not to be trusted: {0}")]
    Checkpoint(String),
    /// The tree's tiles are damaged, though the events are right.
    #[error("the stored tree is damaged at event {0}, which is itself as it was sealed")]
    Tile(Position),
    /// A record is there that no event wrote.
    #[error("{table}/{key}: no event explains this record")]
    Unexplained {
        /// The table.
        table: String,
        /// The key, as text or hex.
        key: String,
    },
    /// A record is not what the last event that wrote it says.
    #[error("{table}/{key}: the record is not what event {event} wrote")]
    Differs {
        /// The table.
        table: String,
        /// The key, as text or hex.
        key: String,
        /// The last event that wrote it.
        event: Position,
    },
    /// A record is gone that an event wrote.
    #[error("{table}/{key}: the record that event {event} wrote is not there")]
    Lost {
        /// The table.
        table: String,
        /// The key, as text or hex.
        key: String,
        /// The last event that wrote it.
        event: Position,
    },
    /// A record is there that an event removed.
    #[error("{table}/{key}: event {event} removed this record, and it is there again")]
    Returned {
        /// The table.
        table: String,
        /// The key, as text or hex.
        key: String,
        /// The event that removed it.
        event: Position,
    },
}

impl Finding {
    /// A stable name for programs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Changed(_) => "event-changed",
            Self::Removed(_) => "event-removed",
            Self::Inserted(_) => "event-inserted",
            Self::Reordered(..) => "events-reordered",
            Self::Truncated { .. } => "ledger-truncated",
            Self::Rewritten { .. } => "history-rewritten",
            Self::Checkpoint(_) => "checkpoint-untrusted",
            Self::Tile(_) => "tile-damaged",
            Self::Unexplained { .. } => "record-unexplained",
            Self::Differs { .. } => "record-differs",
            Self::Lost { .. } => "record-lost",
            Self::Returned { .. } => "record-returned",
        }
    }
}

impl Audit<'_> {
    /// Audits a store, which may be in use meanwhile.
    ///
    /// # Errors
    /// The store could not be read. What is wrong with its content is in the report.
    pub fn run(&self, store: &dyn Store, progress: &mut dyn FnMut(Progress)) -> Result<Report, AuditError> {
        let mut report = Report {
            events: store.ledger_size()?,
            sealed: 0,
            cosigned: 0,
            heads: 0,
            records: 0,
            findings: Vec::new(),
            more: false,
        };
        history::audit(self, store, &mut report, progress)?;
        state::audit(self, store, &mut report, progress)?;
        Ok(report)
    }
}

/// An audit could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The store could not be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A checkpoint that was brought along is not the log's.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A checkpoint that was brought along lacks witnesses.
    #[error(transparent)]
    Witnesses(#[from] CosignatureError),
}
