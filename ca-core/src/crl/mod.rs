//! Certificate revocation lists (RFC 5280 section 5): what they are called, how they are written and kept, and when
//! the next one is due. Making them is [`Authority`](crate::authority::Authority)'s.
//!
//! A CA publishes one list, or several: certificates are spread over shards when they are issued (`partitioned` CRLs,
//! RFC 5280 section 5.2.5), and between full CRLs changes can be published as delta CRLs (section 5.2.4).

use time::OffsetDateTime;
use time::macros::datetime;

use crate::clock::EntropyError;
use crate::issuance::EncodingError;
use crate::keys::KeyError;
use crate::lint::Findings;
use crate::serial::SerialNumber;
use crate::storage::{CommitError, StorageError, Table};

mod encoding;
pub(crate) mod extensions;
pub(crate) mod list;
mod name;
mod number;
mod plan;
mod schedule;
mod stored;
mod watch;

pub use name::{CrlName, Form, Partition};
pub(crate) use number::{CrlNumber, next_number};
pub use plan::{Contains, CrlPlan, DeltaPlan, MOST_SHARDS, NamedIn};
pub use schedule::CrlSchedule;
pub(crate) use schedule::Due;
pub(crate) use stored::{CHUNK, CHUNKS_AT_ONCE, Manifest, chunk_key, newest_versioned, superseded_chunks};
pub use stored::{Crl, Freshness, StoredCrl, find, newest, published_partitions};
pub(crate) use watch::{COVERS, FOR_SCHEDULE, SHARD, WAITS};

/// The newest CRL of each [`CrlName`], by [`CrlName::key`]. What a value holds: see [`StoredCrl`].
pub const CRLS: Table = Table::octets("crls");

/// The octets of CRLs too large for one value: the CRL's key, a zero octet, its number, and the place of the chunk,
/// both big-endian.
pub const CRL_CHUNKS: Table = Table::octets("crl_chunks");

/// The last CRL number that was reserved for each CA and partition: it is durable before a CRL with it is signed.
pub const CRL_NUMBERS: Table = Table::records("crl_numbers");

/// When the CRL after the last one is due: never (99991231235959Z, as RFC 5280 section 4.1.2.5 writes what has no end, and ETSI
/// EN 319 411-1 section 6.3.9 demands of a last CRL).
pub const NO_NEXT_UPDATE: OffsetDateTime = datetime!(9999-12-31 23:59:59 UTC);

/// A CRL was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The change could not be committed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The signing key could not be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The CRL could not be encoded.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// The list would have broken a rule: a fault of ours, never of whoever asked.
    #[error("lint refused the CRL: {0}")]
    Lint(#[from] Findings),
    /// The CRL would say that it is about one kind of certificate, and the CA has issued the other.
    #[error("the CRLs of {ca} would be about {contains}, and it issued certificate {serial} under {profile}")]
    Contrary {
        /// The CA.
        ca: String,
        /// What its CRLs would say.
        contains: Contains,
        /// A certificate of the other kind.
        serial: SerialNumber,
        /// Its profile.
        profile: String,
    },
    /// The last one of this scope was made: its CA ended.
    #[error("the last CRL {0} was made, as its CA was retired: none comes after it")]
    Last(CrlName),
    /// There is no full CRL that a delta CRL could begin from.
    #[error("there is no full CRL of the same scope that a delta CRL could begin from")]
    NoBase,
}

impl From<StorageError> for PublishError {
    fn from(error: StorageError) -> Self {
        Self::Commit(error.into())
    }
}
