//! What is wrong between ledger and journals.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::super::Position;
use crate::certificate::CaId;
use crate::clock::in_words;
use crate::keys::journal::{Digest, JournalId, NodeName};

/// Something that ledger and journals do not agree about. Each is an alarm.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SignatureFinding {
    /// The key was used for something that the ledger has no intent for, or whose intent was used already.
    Unexplained {
        /// The CA.
        ca: CaId,
        /// The node that used the key.
        node: NodeName,
        /// The journal.
        journal: JournalId,
        /// The entry.
        sequence: u64,
        /// When.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        /// SHA-256 of what was signed.
        digest: Digest,
    },
    /// The ledger calls something signed that no journal has.
    Unrecorded {
        /// The CA.
        ca: CaId,
        /// What was signed, as the ledger names it.
        subject: String,
        /// The event that says so.
        position: Position,
        /// SHA-256 of what was signed.
        digest: Digest,
    },
    /// An entry does not continue the one before it, or cannot be read.
    Broken {
        /// The node.
        node: NodeName,
        /// The journal.
        journal: JournalId,
        /// The entry.
        sequence: u64,
    },
    /// A journal has fewer entries than the ledger remembers.
    Truncated {
        /// The node.
        node: NodeName,
        /// The journal.
        journal: JournalId,
        /// How many the ledger remembers.
        recorded: u64,
        /// How many there are.
        held: u64,
        /// The event that remembers.
        position: Position,
    },
    /// A journal is another one, up to an entry, than the ledger remembers.
    Rewritten {
        /// The node.
        node: NodeName,
        /// The journal.
        journal: JournalId,
        /// The entry.
        sequence: u64,
        /// The event that remembers.
        position: Position,
    },
    /// A journal that the ledger knows is not at hand.
    Missing {
        /// The CA.
        ca: CaId,
        /// The node.
        node: NodeName,
        /// The journal.
        journal: JournalId,
        /// How many entries the ledger last recorded.
        recorded: u64,
        /// The event that began it.
        position: Position,
    },
    /// A journal with entries that the ledger does not know.
    Unannounced {
        /// The CA.
        ca: CaId,
        /// The node.
        node: NodeName,
        /// The journal.
        journal: JournalId,
    },
}

impl SignatureFinding {
    /// Its name.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Unexplained { .. } => "unexplained",
            Self::Unrecorded { .. } => "unrecorded",
            Self::Broken { .. } => "broken",
            Self::Truncated { .. } => "truncated",
            Self::Rewritten { .. } => "rewritten",
            Self::Missing { .. } => "missing",
            Self::Unannounced { .. } => "unannounced",
        }
    }

    /// What makes it this finding and no other: it is reported once under this name.
    pub fn name(&self) -> String {
        let kind = self.kind();
        match self {
            Self::Unexplained { journal, sequence, .. }
            | Self::Broken { journal, sequence, .. }
            | Self::Rewritten { journal, sequence, .. } => format!("{kind}/{journal}/{sequence}"),
            Self::Unrecorded { position, .. } => format!("{kind}/{position}"),
            Self::Truncated { journal, position, .. } => format!("{kind}/{journal}/{position}"),
            Self::Missing { journal, .. } | Self::Unannounced { journal, .. } => format!("{kind}/{journal}"),
        }
    }

    /// Whom it concerns, as an event's subject.
    pub fn subject(&self) -> String {
        match self {
            Self::Unexplained { ca, .. }
            | Self::Unrecorded { ca, .. }
            | Self::Missing { ca, .. }
            | Self::Unannounced { ca, .. } => format!("ca:{ca}"),
            Self::Broken { journal, .. }
            | Self::Truncated { journal, .. }
            | Self::Rewritten { journal, .. } => format!("journal:{journal}"),
        }
    }
}

impl std::fmt::Display for SignatureFinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unexplained { ca, node, journal, sequence, at, digest } => write!(
                f,
                "the key of CA {ca} signed something on node {node}, {} (entry {sequence} of journal {journal}), that the \
                 ledger has no unused intent for: SHA-256 {digest}",
                in_words(*at)
            ),
            Self::Unrecorded { ca, subject, position, digest } => write!(
                f,
                "event {position} says that {subject} was signed by CA {ca}, and no journal has it: SHA-256 {digest}"
            ),
            Self::Broken { node, journal, sequence } => write!(
                f,
                "entry {sequence} of journal {journal} of node {node} does not continue the one before it: the file was \
                 altered or is damaged"
            ),
            Self::Truncated { node, journal, recorded, held, position } => write!(
                f,
                "journal {journal} of node {node} has {held} entries, and event {position} remembers {recorded}: its end \
                 was cut off"
            ),
            Self::Rewritten { node, journal, sequence, position } => write!(
                f,
                "journal {journal} of node {node} is not, up to entry {sequence}, the one that event {position} remembers: \
                 it was written anew"
            ),
            Self::Missing { ca, node, journal, recorded, position } => write!(
                f,
                "journal {journal} of CA {ca} on node {node}, begun in event {position}, is not at hand; the ledger \
                 remembers {recorded} entries"
            ),
            Self::Unannounced { ca, node, journal } => write!(
                f,
                "journal {journal} of CA {ca} on node {node} has entries, and the ledger does not know of it"
            ),
        }
    }
}
