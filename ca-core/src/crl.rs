//! Certificate revocation lists (RFC 5280 section 5).

use crate::certificate::CaId;
use crate::storage::{StorageError, Store, Table};

/// The newest CRL of each CA: DER, by the CA's name.
pub const CRLS: Table = Table("crls");

/// The newest CRL of `ca`, DER; `None` before the first was made.
///
/// # Errors
/// Storage failed.
pub fn newest(store: &dyn Store, ca: &CaId) -> Result<Option<Vec<u8>>, StorageError> {
    Ok(store.get(CRLS, ca.as_str().as_bytes())?.map(|entry| entry.value))
}
