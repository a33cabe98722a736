//! Keys that nobody gets a certificate for any more: their private halves are in others' hands, or can be computed.
//!
//! A key is blocked for all time, by a digest, so that lists of compromised keys can be taken over without the keys
//! themselves. Admission looks a key up, and an issuance demands in its own commit that the key is still free: there is
//! no moment at which a key is blocked and gets a certificate. Revoking a certificate for compromise of its key blocks
//! the key in the same change.

mod digest;

pub use digest::{InvalidDigest, KeyDigest, SpkiDigest};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::ledger::{Action, Actor};
use crate::storage::{Change, Expect, KeyRange, StorageError, Store, Table};

/// Blocked keys: digest ([`KeyDigest::octets`]) → [`BlockedKey`].
pub const BLOCKED_KEYS: Table = Table::records("blocked_keys");

/// Keys were blocked.
pub const BLOCKED: Action = Action::named("keys.blocked");

/// Why a key is blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockReason {
    /// The private key was published, lost or stolen.
    Compromised,
    /// The private key can be computed: it shares a prime, or its generator was broken.
    Weak,
}

impl BlockReason {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Compromised, Self::Weak];

    /// The name on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compromised => "compromised",
            Self::Weak => "weak",
        }
    }
}

impl std::str::FromStr for BlockReason {
    type Err = UnknownBlockReason;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|reason| reason.name() == text).ok_or(UnknownBlockReason)
    }
}

/// Not a name of [`BlockReason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown reason: choose compromised or weak")]
pub struct UnknownBlockReason;

/// Why, by whose word, when and by whom a key was blocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockedKey {
    /// Why.
    pub reason: BlockReason,
    /// Where it is known from, in words. It names nobody.
    pub source: String,
    /// When it was blocked, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who blocked it.
    pub by: Actor,
}

/// One blocked key, by its digest.
///
/// # Errors
/// Storage failed; absence is `Ok(None)`.
pub fn find(store: &dyn Store, digest: &KeyDigest) -> Result<Option<BlockedKey>, StorageError> {
    let entry = store.get(BLOCKED_KEYS, digest.octets())?;
    entry.map(|entry| decode(&entry.value)).transpose()
}

/// Whether a key is blocked, by any of its digests.
///
/// # Errors
/// Storage failed, or a record cannot be read.
pub fn blocked(store: &dyn Store, public_key_info: &[u8]) -> Result<Option<BlockedKey>, StorageError> {
    for digest in KeyDigest::all_of(public_key_info) {
        if let Some(found) = find(store, &digest)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// At most `limit` blocked keys in the order of their digests, beginning after `after`.
///
/// # Errors
/// Storage failed, or a record cannot be read.
pub fn list(
    store: &dyn Store,
    after: Option<&KeyDigest>,
    limit: usize,
) -> Result<Vec<(KeyDigest, BlockedKey)>, StorageError> {
    let range = after.map_or_else(KeyRange::all, |digest| KeyRange::all().after(digest.octets()));
    let entries = store.scan(BLOCKED_KEYS, &range, limit)?;
    let read = |(key, entry): (Vec<u8>, crate::storage::Versioned)| {
        let digest = KeyDigest::from_octets(&key);
        let digest =
            digest.ok_or_else(|| StorageError("the key of a blocked key cannot be read".to_owned()))?;
        Ok((digest, decode(&entry.value)?))
    };
    entries.into_iter().map(read).collect()
}

/// What blocks those of `digests` that are free, and how many they are. Whoever is blocked already keeps the record
/// that is there.
///
/// # Errors
/// Storage failed.
pub fn blocking(
    store: &dyn Store,
    digests: &[KeyDigest],
    record: &BlockedKey,
) -> Result<(Change, usize), StorageError> {
    let value = serde_json::to_vec(record).map_err(|error| StorageError(error.to_string()))?;
    let (mut change, mut count) = (Change::new(), 0);
    for digest in digests {
        if store.get(BLOCKED_KEYS, digest.octets())?.is_none() {
            change = change.insert(BLOCKED_KEYS, digest.octets(), value.clone());
            count += 1;
        }
    }
    Ok((change, count))
}

/// Demands of a change that a key is not blocked when it takes effect.
pub(crate) fn still_free(change: Change, public_key_info: &[u8]) -> Change {
    KeyDigest::all_of(public_key_info)
        .iter()
        .fold(change, |change, digest| change.check(BLOCKED_KEYS, digest.octets(), Expect::Absent))
}

fn decode(value: &[u8]) -> Result<BlockedKey, StorageError> {
    serde_json::from_slice(value)
        .map_err(|error| StorageError(format!("the record of a blocked key cannot be read: {error}")))
}
