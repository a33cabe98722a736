//! A client that lost the answer may send the same request again and gets the same outcome, once.

use ca_core::storage::{Change, StorageError, Table};
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::RequestError;
use crate::id::{RequestId, StaffId};
use crate::record::{self, encode};
use crate::registry::Registry;

/// What an idempotency key of a member of staff was used for: HMAC of both under the installation's secret, hex. A client
/// may make its keys of anything, also of a national number.
pub const IDEMPOTENCY_KEYS: Table = Table::records("idempotency_keys");

/// A client's own name for one submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Takes 1 to 255 visible ASCII characters.
    ///
    /// # Errors
    /// Any other text.
    pub fn new(text: &str) -> Result<Self, InvalidIdempotencyKey> {
        let fits = (1..=255).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_graphic());
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidIdempotencyKey) }
    }
}

/// Not an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an Idempotency-Key has 1 to 255 visible ASCII characters")]
pub struct InvalidIdempotencyKey;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Use {
    content: String,
    request: RequestId,
}

/// A submission under an idempotency key.
pub(super) struct Keyed {
    place: String,
    content: String,
}

impl Keyed {
    /// The key belongs to the member of staff who sent it: others' keys are their own.
    pub(super) fn new(
        registry: &Registry,
        key: &IdempotencyKey,
        staff: StaffId,
        content: String,
    ) -> Result<Self, RequestError> {
        let place = registry.blinded(&["idempotency key", &staff.to_string(), &key.0])?;
        Ok(Self { place: hex::encode(place), content })
    }

    /// The request that this very submission came to before.
    pub(super) fn earlier(&self, registry: &Registry) -> Result<Option<RequestId>, RequestError> {
        match record::find::<Use>(registry.store(), IDEMPOTENCY_KEYS, &self.place)? {
            None => Ok(None),
            Some((used, _)) if used.content == self.content => Ok(Some(used.request)),
            Some((used, _)) => Err(RequestError::KeyReused(used.request)),
        }
    }

    pub(super) fn used_for(&self, request: RequestId) -> Result<Change, StorageError> {
        let used = Use { content: self.content.clone(), request };
        Ok(Change::new().insert(IDEMPOTENCY_KEYS, self.place.clone(), encode(&used)?))
    }
}

/// SHA-256 over parts, each with its length in front, so that no two lists of parts read the same. Hex.
pub(super) fn digest(parts: &[&str]) -> String {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    hex::encode(context.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_ascii() {
        assert!(IdempotencyKey::new("8e03978e-40d5-43dd-bc93-6894a57f9324").is_ok());
        for wrong in ["", "a b", "ä", "a\n", &"x".repeat(256)] {
            assert!(IdempotencyKey::new(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_ne!(digest(&["a"]), digest(&["a", ""]));
    }
}
