//! CRL numbers (RFC 5280 section 5.2.3): they never go back, also over a crash.

use serde::{Deserialize, Serialize};

use super::{CRL_NUMBERS, CrlName};
use crate::storage::{Expect, StorageError, Store};

/// A reserved CRL number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CrlNumber {
    pub(crate) number: u64,
    /// SHA-256 of the to-be-signed bytes, hex.
    pub(crate) to_be_signed_sha256: String,
}

/// The next number for a CRL in the scope of `name`, whose newest have no number above `newest` (0: there is none), and
/// what reserving it must find.
pub(crate) fn next_number(
    store: &dyn Store,
    name: &CrlName,
    newest: u64,
) -> Result<(u64, Expect), StorageError> {
    let Some(entry) = store.get(CRL_NUMBERS, name.scope_key().as_bytes())? else {
        return Ok((newest + 1, Expect::Absent));
    };
    let reserved: CrlNumber = serde_json::from_slice(&entry.value)
        .map_err(|error| StorageError(format!("the CRL number of {name} cannot be read: {error}")))?;
    Ok((reserved.number.max(newest) + 1, Expect::Version(entry.version)))
}
