//! Packets: what an officer enrolled on a machine without a network, brought in days later by anybody.
//!
//! The officer's machine knows the registry's [`Terms`], judges each entry by the registry's own code and seals it at once
//! for the registry ([`ca_core::letter`]): who steals the machine reads nothing, and the only secret on it is the key that
//! the officer signs in with. [`Packet`] is the file; the officer signs it whole, so what is in it counts as entered by the
//! officer who signed, not by whoever carries it.
//!
//! The signer must count when the packet comes in, as if signing in at that moment. When it was signed only the signer
//! says: a stolen key could be made to sign days back, so a certificate that was revoked or ended since does not count. The
//! officer seals the same entries again under the next certificate.
//!
//! All that a packet enters is one commit, with what became of it: brought in again, after whatever happened, it enters
//! nobody twice.

use ca_core::csr::CsrError;
use ca_core::jws::JwsError;
use ca_core::ledger::Action;
use ca_core::storage::{StorageError, Table};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::enrolment::RequestError;
use crate::fault::{Fault, by_fault};
use crate::id::{IdentityId, RequestId, StaffId};
use crate::identity::{FieldError, IdentityError};
use crate::permission::NotPermitted;
use crate::staff::SignInError;

mod entry;
mod file;
mod key;
mod take;

pub use entry::{Piece, Terms};
pub use file::{MOST_CONTENT, MOST_ENTRIES, MOST_OCTETS, Manifest, PACKET_TYPE, Packet, Sealed, VERSION};

/// What became of each packet, by its identifier.
pub const PACKETS: Table = Table::records("packets");
/// Index: `device/number/packet`, and the digest of its content.
pub const PACKETS_BY_DEVICE: Table = Table::octets("packets_by_device");
/// The key that opens what is in packets, sealed under a subject of its own, which is never erased.
pub const PACKET_KEYS: Table = Table::octets("packet_keys");

/// A packet was brought in.
pub const IMPORTED: Action = Action::named("packet.imported");
/// A person had been enrolled without a network.
pub const COLLECTED: Action = Action::named("identity.collected");
/// The key that opens packets was made.
pub const KEY_MADE: Action = Action::named("packet-key.made");

/// How far the clock of an officer's machine may be ahead.
pub const AHEAD: Duration = Duration::minutes(5);

/// A record of [`PACKETS`]. Nothing personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptPacket {
    /// SHA-256 of its content, hexadecimal.
    pub content_sha256: String,
    /// The machine it was made on.
    pub device: String,
    /// Which of that machine's packets it is.
    pub number: u64,
    /// Who signed it when it came in first.
    pub signed_by: StaffId,
    /// Who brought it then.
    pub carried_by: StaffId,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What was entered, entry by entry; `None` where one was refused.
    pub entered: Vec<Option<IdentityId>>,
}

/// What became of a packet.
#[derive(Debug)]
pub struct Taken {
    /// What its signer says of it.
    pub manifest: Manifest,
    /// Who signed it.
    pub signed_by: StaffId,
    /// Whether it had been brought in before.
    pub before: bool,
    /// What is remarkable about its place among its machine's packets.
    pub order: Order,
    /// Its entries.
    pub entries: Vec<TakenEntry>,
}

/// What is remarkable about a packet's place among the packets of its machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    /// Numbers shortly before it that have not come in.
    pub missing: Vec<u64>,
    /// Packets with greater numbers came in before it.
    pub late: bool,
    /// Another packet has its number, or the one before it is not the one that it was made after: the machine's folder was
    /// copied, or put back from a copy.
    pub forked: bool,
}

/// What became of an entry.
#[derive(Debug)]
pub struct TakenEntry {
    /// Its number on the machine.
    pub number: u32,
    /// What became of it.
    pub outcome: Outcome,
    /// What became of the certificate that was asked for with it.
    pub request: Option<Result<RequestId, RequestError>>,
}

/// What became of an entry's person.
#[derive(Debug)]
pub enum Outcome {
    /// Entered now.
    Registered(IdentityId),
    /// Entered when the packet was brought in before.
    Already(IdentityId),
    /// It would be entered.
    Fits,
    /// It was not entered.
    Refused(EntryError),
}

/// An entry was refused; the others of its packet are not touched by that.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EntryError {
    /// It cannot be opened or read.
    #[error("it cannot be read: {0}")]
    Unreadable(&'static str),
    /// It was collected too long ago, or after the packet was sealed.
    #[error("it was collected on {at}: {why}")]
    Time {
        /// When, as the machine's clock said.
        at: OffsetDateTime,
        /// What does not fit.
        why: &'static str,
    },
    /// An item of evidence does not fit.
    #[error("evidence: {0}")]
    Evidence(FieldError),
    /// The certification request is not good.
    #[error(transparent)]
    Csr(#[from] CsrError),
    /// The person cannot be registered.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// A packet was refused whole: nothing of it was entered.
#[derive(Debug, thiserror::Error)]
pub enum PacketError {
    /// It is no packet, or not whole.
    #[error("this is no whole packet: {0}")]
    Unfit(&'static str),
    /// The signature does not hold.
    #[error("the packet's signature does not hold: {0}")]
    Signature(#[from] JwsError),
    /// Whoever signed it does not count now.
    #[error("whoever signed the packet cannot sign in now: {0}")]
    Signer(Box<SignInError>),
    /// Whoever signed it registers nobody.
    #[error("whoever signed the packet may not register persons: {0}")]
    NotPermitted(#[from] NotPermitted),
    /// It was made for another registry.
    #[error("the packet was made for {meant}, and this is {here}")]
    Elsewhere {
        /// For which, as it says.
        meant: String,
        /// Which this is.
        here: String,
    },
    /// It was sealed too long ago.
    #[error("the packet was sealed on {at}, and packets are taken for {days} days")]
    Old {
        /// When.
        at: OffsetDateTime,
        /// For how long they are.
        days: i64,
    },
    /// It was sealed after the present moment.
    #[error("the packet says that it was sealed on {at}, which is still to come")]
    Early {
        /// When.
        at: OffsetDateTime,
    },
    /// Another packet has its identifier.
    #[error("another packet with this identifier came in on {at}")]
    Another {
        /// When.
        at: OffsetDateTime,
    },
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

by_fault!(PacketError: StorageError);

impl From<SignInError> for PacketError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Fault(fault) => Self::Fault(fault),
            error => Self::Signer(Box::new(error)),
        }
    }
}
