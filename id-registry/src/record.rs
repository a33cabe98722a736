//! Records as stored: JSON, refused when it has fields we do not know.

use ca_core::storage::{StorageError, Store, Table, Version, Versioned};
use serde::Serialize;
use serde::de::DeserializeOwned;

time::serde::format_description!(pub(crate) day, Date, "[year]-[month]-[day]");

/// Writes a record.
pub(crate) fn encode(record: &impl Serialize) -> Result<Vec<u8>, StorageError> {
    serde_json::to_vec(record).map_err(|error| StorageError(format!("a record cannot be written: {error}")))
}

/// Reads a record.
pub(crate) fn decode<T: DeserializeOwned>(table: Table, entry: &Versioned) -> Result<T, StorageError> {
    serde_json::from_slice(&entry.value)
        .map_err(|error| StorageError(format!("a record of {} cannot be read: {error}", table.name())))
}

/// Looks one record up, with the version to expect when replacing it.
pub(crate) fn find<T: DeserializeOwned>(
    store: &dyn Store,
    table: Table,
    key: impl AsRef<[u8]>,
) -> Result<Option<(T, Version)>, StorageError> {
    let Some(entry) = store.get(table, key.as_ref())? else { return Ok(None) };
    Ok(Some((decode(table, &entry)?, entry.version)))
}
