//! The status feed: what an installation says of all serial numbers, signed, for responders on other machines.
//!
//! A *snapshot* says everything as it stood at a place in the ledger; an *increment* says what changed from one place to
//! a later one. An increment in which nothing changed says that nothing did, and is a few hundred octets. Whoever follows
//! needs neither the CA nor its store, and believes the signature alone: over HTTP and on a memory stick the octets are
//! the same.
//!
//! - [`FeedPublisher`] makes both out of the store and the [`StatusIndex`](super::StatusIndex). It keeps nothing: every node
//!   of an installation says the same.
//! - [`FeedMessage`] reads one and verifies it; [`VerifiedMessage`] is the only thing that
//! - [`HeldStatus`] takes: the statuses on the responder's side, in memory.
//!
//! The form: a line that names it, the length of the head (4 octets, big-endian), the head, which is a C2SP signed note,
//! and the body, whose length and SHA-256 stand in the head.

mod body;
mod head;
mod held;
mod message;
mod publisher;

pub use head::{Head, Kind, Level};
pub use held::{Acceptance, HeldCaStatus, HeldStatus, NotTaken, Speaking, Taken};
pub use message::{FeedError, FeedMessage, Gist, MAX_BODY, MessageReader, VerifiedMessage};
pub use publisher::{FeedFault, FeedPublisher, FeedSource, Increment};

use crate::ledger::tree::leaf;
use crate::ledger::{self, Position};
use crate::storage::{StorageError, Store};
use crate::tlog::hash::Hash;

/// A place in a ledger: after so many events, of which the last one has this digest. Two histories that part before a place
/// have different places there, as an old copy of a store has that was put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// How many events came before.
    pub position: u64,
    /// The last event's leaf in the ledger's Merkle tree; zeros where there was none.
    pub digest: Hash,
}

impl Place {
    /// Before the first event.
    pub const BEGINNING: Self = Self { position: 0, digest: Hash::new([0; Hash::LENGTH]) };

    /// The place after so many events of this ledger; `None` if it has not so many.
    ///
    /// # Errors
    /// The store failed.
    pub fn after(store: &dyn Store, position: u64) -> Result<Option<Self>, StorageError> {
        let Some(last) = position.checked_sub(1) else { return Ok(Some(Self::BEGINNING)) };
        let found = ledger::read(store, Position(last), 1)?;
        let found = found.first().filter(|event| event.position.0 == last);
        Ok(found.map(|event| Self { position, digest: leaf(&event.octets) }))
    }
}

/// The position and the digest in hexadecimal: `1234 00ff…`.
impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.position, self.digest)
    }
}

impl std::str::FromStr for Place {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (position, digest) = text.split_once(' ').ok_or(InvalidPlace)?;
        let place = Self { position: position.parse().map_err(|_| InvalidPlace)?, digest: hash(digest)? };
        // One spelling: no signs, no leading zeros, no capitals.
        if place.to_string() == text { Ok(place) } else { Err(InvalidPlace) }
    }
}

fn hash(digits: &str) -> Result<Hash, InvalidPlace> {
    let mut octets = [0; Hash::LENGTH];
    hex::decode_to_slice(digits, &mut octets).map_err(|_| InvalidPlace)?;
    Ok(Hash::new(octets))
}

/// Not a place in a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a place in a ledger is a number of events, a space and 64 hexadecimal digits")]
pub struct InvalidPlace;
