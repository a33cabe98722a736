//! Certificate revocation lists (RFC 5280 section 5) as kept and published.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::certificate::CaId;
use crate::clock::EntropyError;
use crate::issuance::EncodingError;
use crate::keys::KeyError;
use crate::storage::{CommitError, Expect, StorageError, Store, Table, Version};

/// The newest CRL of each CA, by the CA's name: a header of 24 octets (number, thisUpdate, nextUpdate as big-endian
/// integers, times in seconds since 1970), then the DER.
pub const CRLS: Table = Table::octets("crls");

/// The last CRL number that each CA reserved, by the CA's name: it is durable before a CRL with it is signed.
pub const CRL_NUMBERS: Table = Table::records("crl_numbers");

const HEADER: usize = 24;

/// A reserved CRL number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CrlNumber {
    pub(crate) number: u64,
    /// SHA-256 of the to-be-signed bytes, hex.
    pub(crate) to_be_signed_sha256: String,
}

/// What part of a CRL's life is left when its end is near: time enough to hold a ceremony.
const ENDING: i32 = 4;

/// How near a CRL is to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Not near.
    Fresh,
    /// Less than a quarter of its life is left.
    Ending,
    /// nextUpdate is past: whoever insists on a current CRL accepts nothing of this CA any more.
    Ended,
}

/// A published CRL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crl {
    /// Its cRLNumber (RFC 5280 section 5.2.3).
    pub number: u64,
    /// When it was made, UTC.
    pub this_update: OffsetDateTime,
    /// When the next is due at the latest, UTC.
    pub next_update: OffsetDateTime,
    /// The CertificateList, DER.
    pub der: Vec<u8>,
}

impl Crl {
    /// The form in which it is kept under [`CRLS`].
    pub fn to_stored(&self) -> Vec<u8> {
        let mut stored = Vec::with_capacity(HEADER + self.der.len());
        stored.extend_from_slice(&self.number.to_be_bytes());
        stored.extend_from_slice(&self.this_update.unix_timestamp().to_be_bytes());
        stored.extend_from_slice(&self.next_update.unix_timestamp().to_be_bytes());
        stored.extend_from_slice(&self.der);
        stored
    }

    /// How near it is to its end. A CA at work makes its next one long before; one that is offline must be asked.
    pub fn freshness(&self, now: OffsetDateTime) -> Freshness {
        if now >= self.next_update {
            return Freshness::Ended;
        }
        let left = self.next_update - now;
        if left < (self.next_update - self.this_update) / ENDING {
            Freshness::Ending
        } else {
            Freshness::Fresh
        }
    }

    fn from_stored(stored: &[u8]) -> Option<Self> {
        let (header, der) = stored.split_at_checked(HEADER)?;
        let (number, times) = header.split_first_chunk()?;
        let (this_update, next_update) = times.split_first_chunk()?;
        let moment = |octets| OffsetDateTime::from_unix_timestamp(i64::from_be_bytes(octets)).ok();
        Some(Self {
            number: u64::from_be_bytes(*number),
            this_update: moment(*this_update)?,
            next_update: moment(next_update.try_into().ok()?)?,
            der: der.to_vec(),
        })
    }
}

/// The newest CRL of `ca`; `None` before the first was made.
///
/// # Errors
/// Storage failed.
pub fn newest(store: &dyn Store, ca: &CaId) -> Result<Option<Crl>, StorageError> {
    Ok(newest_versioned(store, ca)?.map(|(crl, _)| crl))
}

pub(crate) fn newest_versioned(store: &dyn Store, ca: &CaId) -> Result<Option<(Crl, Version)>, StorageError> {
    let Some(entry) = store.get(CRLS, ca.as_str().as_bytes())? else { return Ok(None) };
    let crl = Crl::from_stored(&entry.value)
        .ok_or_else(|| StorageError(format!("the stored CRL of {ca} cannot be read")))?;
    Ok(Some((crl, entry.version)))
}

/// The next number for a CRL of `ca`, whose newest has the number `newest` (0: it has none), and what reserving it must
/// find.
pub(crate) fn next_number(store: &dyn Store, ca: &CaId, newest: u64) -> Result<(u64, Expect), StorageError> {
    let Some(entry) = store.get(CRL_NUMBERS, ca.as_str().as_bytes())? else {
        return Ok((newest + 1, Expect::Absent));
    };
    let reserved: CrlNumber = serde_json::from_slice(&entry.value)
        .map_err(|error| StorageError(format!("the CRL number of {ca} cannot be read: {error}")))?;
    Ok((reserved.number.max(newest) + 1, Expect::Version(entry.version)))
}

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
}

impl From<StorageError> for PublishError {
    fn from(error: StorageError) -> Self {
        Self::Commit(error.into())
    }
}
